#include "cmd/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option configured_options[] = {
    {"data", "FOLDER", 0, "the data folder (default: data)"},
    {"store", "URL", 0, "postgresql://…, where the store is not a file in the data folder"},
    {"config", "FILE", 0, "settings, instead of counterfoil.conf in the data folder"},
    {"set", "KEY=VALUE", OPTION_REPEATED, "one setting; see `counterfoil config`"},
};

static const struct option *find_option(const struct command *command, struct text name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (text_is(name, command->options[i].name))
            return &command->options[i];
    for (size_t i = 0; command->configured && i < COUNT_OF(configured_options); i++)
        if (text_is(name, configured_options[i].name))
            return &configured_options[i];
    return NULL;
}

/* How many of the command's words begin ARGUMENTS: all of them, or 0. */
static size_t words_matched(const struct command *command, size_t count,
                            const char *const *arguments)
{
    struct text rest = text_of(command->name);
    size_t at = 0;
    for (; rest.length > 0; at++)
        if (at == count || !text_is(text_cut(&rest, ' '), arguments[at]))
            return 0;
    return at;
}

/* "witness init" goes before "witness". */
static const struct command *find_command(const struct command *const *commands, size_t count,
                                          const char *const *arguments, size_t *words)
{
    const struct command *found = NULL;
    *words = 0;
    for (; *commands != NULL; commands++) {
        size_t matched = words_matched(*commands, count, arguments);
        if (matched > *words) {
            *words = matched;
            found = *commands;
        }
    }
    return found;
}

static bool refuse(const struct invocation *invocation, struct problem *problem, const char *what,
                   const char *which)
{
    const char *name = invocation->command == NULL ? "" : invocation->command->name;
    return problem_set(problem, PROBLEM_USAGE, "%s %.100s; see `counterfoil %s%s--help`", what,
                       which, name, name[0] == '\0' ? "" : " ");
}

/* Takes ARGUMENT, which begins with two dashes; *used says how many words it was. */
static bool take_option(struct invocation *invocation, const char *argument, const char *next,
                        size_t *used, struct problem *problem)
{
    struct text value = text_of(argument + 2);
    struct text name = text_cut(&value, '=');
    bool attached = argument[2 + name.length] == '=';
    const struct option *option = find_option(invocation->command, name);
    if (option == NULL)
        return refuse(invocation, problem, "there is no option", argument);
    if (option->value == NULL && attached)
        return refuse(invocation, problem, "there is no value for", argument);
    if (option->value != NULL && !attached && next == NULL)
        return refuse(invocation, problem, "a value is missing behind", argument);
    if (!(option->flags & OPTION_REPEATED) && invocation_option(invocation, option->name) != NULL)
        return refuse(invocation, problem, "given twice:", argument);
    if (invocation->option_count == COMMAND_OPTIONS_MAX)
        return refuse(invocation, problem, "too many options at", argument);
    bool separate = option->value != NULL && !attached;
    invocation->options[invocation->option_count].option = option;
    invocation->options[invocation->option_count++].value = separate ? next : value.bytes;
    *used = separate ? 2 : 1;
    return true;
}

static bool take_arguments(struct invocation *invocation, size_t count,
                           const char *const *arguments, struct problem *problem)
{
    bool options = true;
    for (size_t at = 0, used; at < count; at += used) {
        const char *argument = arguments[at];
        used = 1;
        if (options && strcmp(argument, "--") == 0) {
            options = false;
        } else if (options && strncmp(argument, "--", 2) == 0) {
            if (!take_option(invocation, argument, at + 1 < count ? arguments[at + 1] : NULL, &used,
                             problem))
                return false;
        } else if (options && argument[0] == '-' && argument[1] != '\0') {
            return refuse(invocation, problem, "there is no option", argument);
        } else if (invocation->argument_count == invocation->command->argument_max) {
            return refuse(invocation, problem, "one argument too many:", argument);
        } else {
            invocation->arguments[invocation->argument_count++] = argument;
        }
    }
    return true;
}

static bool check_complete(const struct invocation *invocation, struct problem *problem)
{
    const struct command *command = invocation->command;
    if (invocation->argument_count < command->argument_min)
        return refuse(invocation, problem, "missing:", command->arguments);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct option *option = &command->options[i];
        if ((option->flags & OPTION_REQUIRED) && !invocation_option(invocation, option->name)) {
            char name[64];
            snprintf(name, sizeof name, "--%s %s", option->name,
                     option->value ? option->value : "");
            return refuse(invocation, problem, "missing:", name);
        }
    }
    return true;
}

static bool is_help(const char *argument)
{
    return strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0;
}

/* `--help` anywhere before `--` asks for help about the words that stand first. */
static bool wants_help(size_t count, const char *const *arguments, char topic[64])
{
    size_t length = 0;
    size_t words = 0;
    topic[0] = '\0';
    while (words < count && words < 2 && arguments[words][0] != '-') {
        int added =
            snprintf(topic + length, 64 - length, "%s%s", words > 0 ? " " : "", arguments[words]);
        length = added < 0 || length + (size_t)added > 63 ? 63 : length + (size_t)added;
        words++;
    }
    for (size_t i = 0; i < count && strcmp(arguments[i], "--") != 0; i++)
        if (is_help(arguments[i]))
            return true;
    return count == 0;
}

enum parse_outcome command_parse(const struct command *const *commands, size_t count,
                                 const char *const *arguments, struct invocation *invocation,
                                 char topic[64], struct problem *problem)
{
    size_t words = 0;
    *invocation = (struct invocation){0};
    if (wants_help(count, arguments, topic))
        return PARSE_HELP;
    if (strcmp(arguments[0], "--version") == 0)
        return PARSE_VERSION;
    invocation->command = find_command(commands, count, arguments, &words);
    if (invocation->command == NULL) {
        refuse(invocation, problem, "there is no command", topic[0] ? topic : arguments[0]);
        return PARSE_REFUSED;
    }
    if (!take_arguments(invocation, count - words, arguments + words, problem) ||
        !check_complete(invocation, problem))
        return PARSE_REFUSED;
    return PARSE_RUN;
}

const char *invocation_repeated(const struct invocation *invocation, const char *name, size_t index)
{
    for (size_t i = 0; i < invocation->option_count; i++)
        if (strcmp(invocation->options[i].option->name, name) == 0 && index-- == 0)
            return invocation->options[i].value;
    return NULL;
}

const char *invocation_option(const struct invocation *invocation, const char *name)
{
    return invocation_repeated(invocation, name, 0);
}

bool invocation_switch(const struct invocation *invocation, const char *name)
{
    return invocation_option(invocation, name) != NULL;
}

static bool read_config_file(const struct invocation *invocation, struct config *config,
                             struct problem *problem)
{
    const char *named = invocation_option(invocation, "config");
    const char *data = invocation_option(invocation, "data");
    char path[4096];
    if (named != NULL)
        return config_read_file(config, named, problem);
    int length = snprintf(path, sizeof path, "%s/counterfoil.conf",
                          data == NULL ? config_text(config, CONFIG_DATA) : data);
    if (length < 0 || (size_t)length >= sizeof path)
        return problem_set(problem, PROBLEM_CONFIGURATION, "--data: the path is too long");
    return access(path, F_OK) != 0 || config_read_file(config, path, problem);
}

static bool apply_options(const struct invocation *invocation, struct config *config,
                          struct problem *problem)
{
    static const char *const settings[] = {"data", "store", "listen", "user"};
    const char *value;
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        value = invocation_option(invocation, settings[i]);
        if (value && !config_set(config, text_of(settings[i]), text_of(value), problem))
            return false;
    }
    for (size_t i = 0; (value = invocation_repeated(invocation, "set", i)) != NULL; i++)
        if (!config_assign(config, text_of(value), problem))
            return false;
    return true;
}

struct config *invocation_config(const struct invocation *invocation, struct problem *problem)
{
    struct config *config = config_new();
    if (read_config_file(invocation, config, problem) && apply_options(invocation, config, problem))
        return config;
    config_free(config);
    return NULL;
}

int command_failed(const struct problem *problem)
{
    struct buffer words;
    buffer_init(&words);
    problem_print(&words, problem);
    fprintf(stderr, "counterfoil: %.*s\n", TEXT_ARG(buffer_view(&words)));
    buffer_done(&words);
    return problem->code == PROBLEM_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

int command_output(struct buffer *out)
{
    bool ok = (out->length == 0 || fwrite(out->bytes, 1, out->length, stdout) == out->length) &&
              fflush(stdout) == 0;
    if (!ok)
        fprintf(stderr, "counterfoil: writing the output: %s\n", strerror(errno));
    buffer_done(out);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

/* ---- help ---- */

static void print_usage(struct buffer *out, const struct command *command)
{
    buffer_format(out, "counterfoil %s", command->name);
    if (command->arguments[0] != '\0')
        buffer_format(out, " %s", command->arguments);
    for (size_t i = 0; i < command->option_count; i++)
        if (command->options[i].flags & OPTION_REQUIRED)
            buffer_format(out, " --%s%s%s", command->options[i].name,
                          command->options[i].value ? " " : "",
                          command->options[i].value ? command->options[i].value : "");
    if (command->configured || command->option_count > 0)
        buffer_string(out, " [OPTION…]");
}

static void each_option(struct buffer *out, const struct command *command,
                        void (*print)(struct buffer *out, const struct option *option))
{
    for (size_t i = 0; i < command->option_count; i++)
        print(out, &command->options[i]);
    for (size_t i = 0; command->configured && i < COUNT_OF(configured_options); i++)
        if (find_option(command, text_of(configured_options[i].name)) == &configured_options[i])
            print(out, &configured_options[i]);
}

static void option_head(const struct option *option, char head[80])
{
    snprintf(head, 80, "--%s%s%s%s", option->name, option->value != NULL ? " " : "",
             option->value != NULL ? option->value : "",
             option->flags & OPTION_REPEATED ? " …" : "");
}

static void print_option(struct buffer *out, const struct option *option)
{
    char head[80];
    option_head(option, head);
    buffer_format(out, "  %-24s  %s\n", head, option->doc);
}

static void print_command(struct buffer *out, const struct command *command)
{
    buffer_string(out, "usage: ");
    print_usage(out, command);
    buffer_format(out, "\n\n%s\n", command->summary);
    if (command->help[0] != '\0')
        buffer_format(out, "\n%s\n", command->help);
    if (command->configured || command->option_count > 0) {
        buffer_string(out, "\nOptions:\n");
        each_option(out, command, print_option);
    }
    if (command->examples[0] != '\0')
        buffer_format(out, "\nExamples:\n%s\n", command->examples);
}

static bool in_topic(const struct command *command, struct text topic)
{
    struct text name = text_of(command->name);
    if (command->hidden || topic.length == 0)
        return !command->hidden;
    return name.length > topic.length && name.bytes[topic.length] == ' ' &&
           text_equal(text_slice(name, 0, topic.length), topic);
}

bool command_print_help(const struct command *const *commands, struct text topic,
                        struct buffer *out)
{
    bool found = false;
    for (const struct command *const *at = commands; *at != NULL; at++)
        if (!(*at)->hidden && text_is(topic, (*at)->name)) {
            print_command(out, *at);
            return true;
        }
    buffer_format(out, "usage: counterfoil %.*s%sCOMMAND [ARGUMENT…] [OPTION…]\n", TEXT_ARG(topic),
                  topic.length > 0 ? " " : "");
    if (topic.length == 0)
        buffer_string(out, "\nCounterfoil is the trust server that a marketplace runs beside its "
                           "shop.\n");
    buffer_string(out, "\nCommands:\n");
    for (; *commands != NULL; commands++)
        if (in_topic(*commands, topic)) {
            buffer_format(out, "  %-16s  %s\n", (*commands)->name, (*commands)->summary);
            found = true;
        }
    buffer_string(out, "\n`counterfoil COMMAND --help` says more. Exit codes: 0 done, 1 failed or "
                       "found something,\n2 not understood.\n");
    return found;
}

/* A character outside of ASCII as man(7) takes it everywhere; returns its last byte. */
static const char *add_roff_character(struct buffer *out, const char *text)
{
    unsigned char first = (unsigned char)*text;
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    unsigned code = first & (0x3fU >> more);
    for (unsigned i = 0; i < more; i++)
        code = code << 6 | ((unsigned char)*++text & 0x3fU);
    buffer_format(out, "\\[u%04X]", code);
    return text;
}

/* Text for man(7): a dot or an apostrophe that begins a line would be a request. */
static void add_roff(struct buffer *out, const char *text)
{
    for (bool begins = true; *text != '\0'; text++) {
        if (begins && (*text == '.' || *text == '\''))
            buffer_string(out, "\\&");
        if (*text == '\\')
            buffer_string(out, "\\e");
        else if (*text == '-')
            buffer_string(out, "\\-");
        else if ((unsigned char)*text >= 0x80)
            text = add_roff_character(out, text);
        else if (*text != '`')
            buffer_char(out, *text);
        begins = *text == '\n';
    }
}

static void print_option_roff(struct buffer *out, const struct option *option)
{
    char head[80];
    option_head(option, head);
    buffer_string(out, ".TP\n.B ");
    add_roff(out, head);
    buffer_char(out, '\n');
    add_roff(out, option->doc);
    buffer_char(out, '\n');
}

void command_print_manual(const struct command *const *commands, struct buffer *out)
{
    buffer_string(out, ".TH COUNTERFOIL 1\n.SH NAME\ncounterfoil \\- the trust server of a "
                       "marketplace\n.SH SYNOPSIS\n.B counterfoil\nCOMMAND [ARGUMENT...] "
                       "[OPTION...]\n.SH COMMANDS\n");
    for (; *commands != NULL; commands++) {
        const struct command *command = *commands;
        if (command->hidden)
            continue;
        struct buffer usage;
        buffer_init(&usage);
        print_usage(&usage, command);
        char *words = buffer_release(&usage);
        buffer_string(out, ".SS ");
        add_roff(out, words);
        buffer_char(out, '\n');
        free(words);
        add_roff(out, command->summary);
        buffer_char(out, '\n');
        if (command->help[0] != '\0') {
            buffer_string(out, ".PP\n");
            add_roff(out, command->help);
            buffer_char(out, '\n');
        }
        each_option(out, command, print_option_roff);
        if (command->examples[0] != '\0') {
            buffer_string(out, ".PP\nExamples:\n.nf\n");
            add_roff(out, command->examples);
            buffer_string(out, "\n.fi\n");
        }
    }
    buffer_string(out, ".SH EXIT STATUS\n0 done, 1 failed or found something, 2 not "
                       "understood.\n");
}

void command_print_markdown(const struct command *const *commands, struct buffer *out)
{
    buffer_string(out, "# Commands\n\nExit codes: 0 done, 1 failed or found something, 2 not "
                       "understood.\n");
    for (; *commands != NULL; commands++) {
        if ((*commands)->hidden)
            continue;
        buffer_format(out, "\n## `counterfoil %s`\n\n```text\n", (*commands)->name);
        print_command(out, *commands);
        buffer_string(out, "```\n");
    }
}
