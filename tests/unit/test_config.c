/* The configuration: what each type of value takes, and what stops the start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"
#include "base/time.h"

static void defaults_are_valid(void **state)
{
    (void)state;
    struct config *config = config_new();
    assert_string_equal(config_text(config, CONFIG_DATA), "data");
    assert_string_equal(config_text(config, CONFIG_LISTEN), "127.0.0.1:8080");
    assert_int_equal(config_number(config, CONFIG_ORDERS_DELIVER_WITHIN), TIME_HOUR);
    assert_int_equal(config_number(config, CONFIG_ORDERS_DECIDE_WITHIN), 48 * TIME_HOUR);
    assert_int_equal(config_number(config, CONFIG_HTTP_BODY_MAX), 1024 * 1024);
    assert_int_equal(config_number(config, CONFIG_WEBHOOK_TIME_SCALE), 1000000);
    assert_false(config_switch(config, CONFIG_WEBHOOK_ALLOW_PRIVATE));
    assert_int_equal(config_count(config, CONFIG_LOG_WITNESSES), 0);
    config_free(config);
}

struct number_case {
    const char *assignment;
    enum config_key key;
    int64_t expected;
};

static const struct number_case good_numbers[] = {
    {"orders.deliver_within=2s", CONFIG_ORDERS_DELIVER_WITHIN, 2 * TIME_SECOND},
    {"orders.deliver_within = 500ms", CONFIG_ORDERS_DELIVER_WITHIN, TIME_SECOND / 2},
    {"orders.decide_within=365d", CONFIG_ORDERS_DECIDE_WITHIN, 365 * TIME_DAY},
    {"http.head_time=5m", CONFIG_HTTP_HEAD_TIME, 5 * TIME_MINUTE},
    {"http.body_max=2048", CONFIG_HTTP_BODY_MAX, 2048},
    {"http.body_max=64KiB", CONFIG_HTTP_BODY_MAX, 65536},
    {"http.body_max=16MiB", CONFIG_HTTP_BODY_MAX, 16777216},
    {"http.rate=0", CONFIG_HTTP_RATE, 0},
    {"webhook.time_scale=0.001", CONFIG_WEBHOOK_TIME_SCALE, 1000},
    {"webhook.time_scale=0.000001", CONFIG_WEBHOOK_TIME_SCALE, 1},
    {"webhook.time_scale=12.5", CONFIG_WEBHOOK_TIME_SCALE, 12500000},
    {"webhook.allow_private=on", CONFIG_WEBHOOK_ALLOW_PRIVATE, 1},
    {"webhook.allow_private=off", CONFIG_WEBHOOK_ALLOW_PRIVATE, 0},
    {"log_level=error", CONFIG_LOG_LEVEL, 3},
};

static void values_are_read_by_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good_numbers); i++) {
        struct problem problem;
        struct config *config = config_new();
        assert_true(config_assign(config, text_of(good_numbers[i].assignment), &problem));
        assert_int_equal(config_number(config, good_numbers[i].key), good_numbers[i].expected);
        config_free(config);
    }
}

/* What is refused, and what the refusal must name. */
static const char *const refused[][2] = {
    {"nothing.such=1", "nothing.such"},
    {"http.rate", "key=value"},
    {"=1", "no setting"},
    {"", "key=value"},
    {"http.rate=", "http.rate"},
    {"http.rate=-1", "http.rate"},
    {"http.rate=1.5", "http.rate"},
    {"http.rate=1s", "http.rate"},
    {"http.rate=01", "http.rate"},
    {"http.rate=1000001", "http.rate"},
    {"http.rate=99999999999999999999", "http.rate"},
    {"http.threads=0", "from 1 to 64"},
    {"orders.deliver_within=2", "span like 30s"},
    {"orders.deliver_within=2 s", "orders.deliver_within"},
    {"orders.deliver_within=2S", "orders.deliver_within"},
    {"orders.deliver_within=31d", "30d"},
    {"orders.decide_within=9223372036854775807d", "orders.decide_within"},
    {"http.body_max=1KB", "size like 64KiB"},
    {"http.body_max=17MiB", "16MiB"},
    {"webhook.time_scale=0", "webhook.time_scale"},
    {"webhook.time_scale=.5", "webhook.time_scale"},
    {"webhook.time_scale=1.", "webhook.time_scale"},
    {"webhook.time_scale=0.0000001", "webhook.time_scale"},
    {"webhook.time_scale=1e3", "webhook.time_scale"},
    {"webhook.allow_private=yes", "on or off"},
    {"log_level=verbose", "debug, info, warn, error"},
    {"listen=", "listen"},
    {"listen=a\tb", "listen"},
    {"user=abcdefghijabcdefghijabcdefghijabc", "32 bytes"},
    {"data=\xff", "data"},
};

static void refusals_name_the_key(void **state)
{
    (void)state;
    struct config *config = config_new();
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct problem problem;
        problem_clear(&problem);
        assert_false(config_assign(config, text_of(refused[i][0]), &problem));
        assert_int_equal(problem.code, PROBLEM_CONFIGURATION);
        assert_non_null(strstr(problem.detail, refused[i][1]));
    }
    assert_string_equal(config_text(config, CONFIG_LISTEN), "127.0.0.1:8080");
    config_free(config);
}

static void files_have_comments_and_lists(void **state)
{
    (void)state;
    struct problem problem;
    struct config *config = config_new();
    struct text lines = TEXT("# a comment\n\n  data = /srv/trust  \r\nhttp.rate=7\n"
                             "http.rate = 8\nlog.witnesses = w+1 http://a/ # kept\n"
                             "log.witnesses=x+2 http://b/\nlisten=unix:/a=b");
    assert_true(config_read(config, lines, "test.conf", &problem));
    assert_string_equal(config_text(config, CONFIG_DATA), "/srv/trust");
    assert_string_equal(config_text(config, CONFIG_LISTEN), "unix:/a=b");
    assert_int_equal(config_number(config, CONFIG_HTTP_RATE), 8);
    assert_int_equal(config_count(config, CONFIG_LOG_WITNESSES), 2);
    assert_string_equal(config_item(config, CONFIG_LOG_WITNESSES, 0), "w+1 http://a/ # kept");
    assert_string_equal(config_item(config, CONFIG_LOG_WITNESSES, 1), "x+2 http://b/");
    config_free(config);
}

static void faults_in_files_name_the_line(void **state)
{
    (void)state;
    struct problem problem;
    struct config *config = config_new();
    assert_false(config_read(config, TEXT("\n# x\nhttp.rate = many\n"), "test.conf", &problem));
    assert_non_null(strstr(problem.detail, "test.conf, line 3: http.rate"));
    assert_false(config_read_file(config, "/nonexistent/counterfoil.conf", &problem));
    assert_int_equal(problem.code, PROBLEM_FILE_FAILED);
    config_free(config);
}

static void lists_have_an_end(void **state)
{
    (void)state;
    struct problem problem;
    struct config *config = config_new();
    for (size_t i = 0; i < CONFIG_LIST_MAX; i++)
        assert_true(config_assign(config, TEXT("log.witnesses=w+1 http://a/"), &problem));
    assert_false(config_assign(config, TEXT("log.witnesses=w+1 http://a/"), &problem));
    assert_int_equal(config_count(config, CONFIG_LOG_WITNESSES), CONFIG_LIST_MAX);
    config_free(config);
}

static void the_reference_shows_every_key(void **state)
{
    (void)state;
    struct buffer page;
    buffer_init(&page);
    config_print_reference(&page);
    char *text = buffer_release(&page);
    for (enum config_key key = 0; key < CONFIG_KEYS; key++) {
        struct buffer heading;
        buffer_init(&heading);
        buffer_format(&heading, "\n## `%s`\n", config_kind(key)->name);
        char *wanted = buffer_release(&heading);
        assert_non_null(strstr(text, wanted));
        free(wanted);
    }
    assert_non_null(strstr(text, "- Default: `48h`"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_valid),
        cmocka_unit_test(values_are_read_by_type),
        cmocka_unit_test(refusals_name_the_key),
        cmocka_unit_test(files_have_comments_and_lists),
        cmocka_unit_test(faults_in_files_name_the_line),
        cmocka_unit_test(lists_have_an_end),
        cmocka_unit_test(the_reference_shows_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
