/* The command line: what is understood, what is refused, and what help says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/command.h"

static int never_run(const struct invocation *invocation)
{
    (void)invocation;
    fail_msg("parsing runs nothing");
    return 0;
}

static const struct option serve_options[] = {
    {"listen", "ADDRESS", 0, "where"},
    {"quick", NULL, 0, "at once"},
};
static const struct option make_options[] = {
    {"role", "ROLE", OPTION_REQUIRED, "which role"},
    {"tag", "TAG", OPTION_REPEATED, "any tag"},
};

static const struct command serve = {.name = "serve",
                                     .arguments = "",
                                     .options = serve_options,
                                     .option_count = COUNT_OF(serve_options),
                                     .configured = true,
                                     .summary = "run it",
                                     .help = "Long words.",
                                     .examples = "  counterfoil serve",
                                     .run = never_run};
static const struct command make = {.name = "key make",
                                    .arguments = "FILE",
                                    .argument_min = 1,
                                    .argument_max = 2,
                                    .options = make_options,
                                    .option_count = COUNT_OF(make_options),
                                    .summary = "make one",
                                    .help = "",
                                    .examples = "",
                                    .run = never_run};
static const struct command key = {.name = "key",
                                   .arguments = "",
                                   .summary = "all keys",
                                   .help = "",
                                   .examples = "",
                                   .run = never_run};
static const struct command role = {.name = "secret-role",
                                    .arguments = "",
                                    .hidden = true,
                                    .summary = "inside",
                                    .help = "",
                                    .examples = "",
                                    .run = never_run};
static const struct command *const commands[] = {&serve, &key, &make, &role, NULL};

#define WORDS_MAX 10

static enum parse_outcome parse(const char *const *words, struct invocation *invocation,
                                char topic[64], struct problem *problem)
{
    size_t count = 0;
    while (count < WORDS_MAX && words[count] != NULL)
        count++;
    problem_clear(problem);
    return command_parse(commands, count, words, invocation, topic, problem);
}

static const struct {
    const char *words[WORDS_MAX];
    enum parse_outcome outcome;
    const char *said; /* the command's name, the topic, or a part of the refusal */
} lines[] = {
    {{"serve"}, PARSE_RUN, "serve"},
    {{"serve", "--listen", "x", "--quick"}, PARSE_RUN, "serve"},
    {{"serve", "--listen=x", "--set", "a=b", "--set=c=d"}, PARSE_RUN, "serve"},
    {{"key"}, PARSE_RUN, "key"},
    {{"key", "make", "f", "--role", "r"}, PARSE_RUN, "key make"},
    {{"key", "make", "--role=r", "f", "g"}, PARSE_RUN, "key make"},
    {{"key", "make", "--role=r", "--", "--f"}, PARSE_RUN, "key make"},
    {{"key", "make", "--role=r", "-"}, PARSE_RUN, "key make"},
    {{NULL}, PARSE_HELP, ""},
    {{"--help"}, PARSE_HELP, ""},
    {{"-h"}, PARSE_HELP, ""},
    {{"serve", "--nonsense", "--help"}, PARSE_HELP, "serve"},
    {{"key", "make", "--help"}, PARSE_HELP, "key make"},
    {{"--version"}, PARSE_VERSION, ""},
    {{"nothing"}, PARSE_REFUSED, "there is no command nothing"},
    {{"--listen"}, PARSE_REFUSED, "there is no command --listen"},
    {{"serve", "--lisen"}, PARSE_REFUSED, "there is no option --lisen"},
    {{"serve", "-q"}, PARSE_REFUSED, "there is no option -q"},
    {{"serve", "--listen"}, PARSE_REFUSED, "a value is missing behind --listen"},
    {{"serve", "--listen", "a", "--listen", "b"}, PARSE_REFUSED, "given twice"},
    {{"serve", "--quick=yes"}, PARSE_REFUSED, "there is no value for --quick"},
    {{"serve", "here"}, PARSE_REFUSED, "one argument too many: here"},
    {{"key", "make", "f"}, PARSE_REFUSED, "missing: --role ROLE"},
    {{"key", "make", "--role", "r"}, PARSE_REFUSED, "missing: FILE"},
    {{"key", "make", "--role", "r", "f", "--data", "d"}, PARSE_REFUSED, "no option --data"},
};

static void lines_are_understood_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct invocation invocation;
        struct problem problem;
        char topic[64];
        assert_int_equal(parse(lines[i].words, &invocation, topic, &problem), lines[i].outcome);
        if (lines[i].outcome == PARSE_RUN)
            assert_string_equal(invocation.command->name, lines[i].said);
        else if (lines[i].outcome == PARSE_HELP)
            assert_string_equal(topic, lines[i].said);
        else if (lines[i].outcome == PARSE_REFUSED) {
            assert_int_equal(problem.code, PROBLEM_USAGE);
            assert_non_null(strstr(problem.detail, lines[i].said));
        }
    }
}

static void values_are_found(void **state)
{
    (void)state;
    struct invocation invocation;
    struct problem problem;
    char topic[64];
    const char *const words[WORDS_MAX] = {"key",      "make",  "a",      "--tag", "one",
                                          "--role=r", "--tag", "--role", "b"};
    assert_int_equal(parse(words, &invocation, topic, &problem), PARSE_RUN);
    assert_string_equal(invocation_option(&invocation, "role"), "r");
    assert_string_equal(invocation_repeated(&invocation, "tag", 0), "one");
    assert_string_equal(invocation_repeated(&invocation, "tag", 1), "--role");
    assert_null(invocation_repeated(&invocation, "tag", 2));
    assert_false(invocation_switch(&invocation, "quick"));
    assert_int_equal(invocation.argument_count, 2);
    assert_string_equal(invocation.arguments[1], "b");
}

static void settings_go_by_rank(void **state)
{
    (void)state;
    struct invocation invocation;
    struct problem problem;
    char topic[64];
    const char *const words[WORDS_MAX] = {"serve",   "--data", "/nonexistent/data", "--listen",
                                          "[::1]:1", "--set",  "http.rate=3",       NULL};
    assert_int_equal(parse(words, &invocation, topic, &problem), PARSE_RUN);
    struct config *config = invocation_config(&invocation, &problem);
    assert_non_null(config);
    assert_string_equal(config_text(config, CONFIG_DATA), "/nonexistent/data");
    assert_string_equal(config_text(config, CONFIG_LISTEN), "[::1]:1");
    assert_int_equal(config_number(config, CONFIG_HTTP_RATE), 3);
    config_free(config);
    const char *const bad[WORDS_MAX] = {"serve", "--set", "http.rate=many"};
    assert_int_equal(parse(bad, &invocation, topic, &problem), PARSE_RUN);
    assert_null(invocation_config(&invocation, &problem));
    assert_int_equal(problem.code, PROBLEM_CONFIGURATION);
}

static char *help_of(const char *topic, bool *found)
{
    struct buffer out;
    buffer_init(&out);
    *found = command_print_help(commands, text_of(topic), &out);
    return buffer_release(&out);
}

static const struct {
    const char *topic, *shown, *not_shown;
} helps[] = {
    {"", "key make", "secret-role"},
    {"serve", "usage: counterfoil serve [OPTION…]", "key make"},
    {"serve", "--set KEY=VALUE …", "--role"},
    {"key make", "usage: counterfoil key make FILE --role ROLE [OPTION…]", "--data"},
};

static void help_shows_what_it_is_asked_for(void **state)
{
    (void)state;
    bool found;
    for (size_t i = 0; i < COUNT_OF(helps); i++) {
        char *help = help_of(helps[i].topic, &found);
        assert_true(found);
        assert_non_null(strstr(help, helps[i].shown));
        assert_null(strstr(help, helps[i].not_shown));
        free(help);
    }
    free(help_of("secret-role", &found));
    assert_false(found);
    free(help_of("nothing", &found));
    assert_false(found);
}

static void pages_show_every_command(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out);
    command_print_manual(commands, &out);
    char *manual = buffer_release(&out);
    assert_non_null(strstr(manual, ".SS counterfoil key make FILE \\-\\-role ROLE"));
    assert_null(strstr(manual, "secret"));
    free(manual);
    command_print_markdown(commands, &out);
    char *page = buffer_release(&out);
    assert_non_null(strstr(page, "## `counterfoil key make`"));
    assert_null(strstr(page, "secret-role"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_understood_or_refused),
        cmocka_unit_test(values_are_found),
        cmocka_unit_test(settings_go_by_rank),
        cmocka_unit_test(help_shows_what_it_is_asked_for),
        cmocka_unit_test(pages_show_every_command),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
