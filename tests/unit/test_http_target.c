/* Request targets: one spelling of a path, strict percent-encoding, no parameter twice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/http_target.h"

struct row {
    const char *raw;
    const char *path;  /* NULL: refused */
    const char *query; /* "name=value|" for each parameter */
};

static const struct row rows[] = {
    {"/", "/", ""},
    {"/v1/orders", "/v1/orders", ""},
    {"/a%41%2B+", "/aA++", ""},
    {"/%d0%bf", "/\xd0\xbf", ""},
    {"/a//b/", "/a//b/", ""},
    {"/...", "/...", ""},
    {"/a?", "/a", ""},
    {"/a?b", "/a", "b=|"},
    {"/a?b=c&d=e=f&", "/a", "b=c|d=e=f|"},
    {"/a?b=c+d%2B%26", "/a", "b=c d+&|"},
    {"/a?=b", "/a", "=b|"},
    {"/a?b=%0a", "/a", "b=\n|"},
    {"/a?b=?/", "/a", "b=?/|"},
    {"/a%2fb", NULL, NULL},
    {"/a%00", NULL, NULL},
    {"/a%0d%0a", NULL, NULL},
    {"/a%7f", NULL, NULL},
    {"/.", NULL, NULL},
    {"/a/../b", NULL, NULL},
    {"/a/%2e%2E", NULL, NULL},
    {"/%ff", NULL, NULL},
    {"/%c0%af", NULL, NULL},
    {"/%", NULL, NULL},
    {"/%4", NULL, NULL},
    {"/%4g", NULL, NULL},
    {"/a?b=1&b=2", NULL, NULL},
    {"/a?b&%62", NULL, NULL},
    {"/a?b=%00", NULL, NULL},
    {"/a?%ff=b", NULL, NULL},
    {"/a?b=%", NULL, NULL},
};

static void check(const struct row *row)
{
    struct arena *arena = arena_new();
    struct http_target target;
    struct problem problem;
    struct buffer query;
    problem_clear(&problem);
    buffer_init(&query);
    bool fine = http_target_parse(arena, text_of(row->raw), &target, &problem);
    if (fine != (row->path != NULL))
        fail_msg("%s: %s", row->raw, fine ? "taken" : problem.detail);
    if (fine) {
        for (size_t i = 0; i < target.parameter_count; i++)
            buffer_format(&query, "%.*s=%.*s|", TEXT_ARG(target.parameters[i].name),
                          TEXT_ARG(target.parameters[i].value));
        if (!text_is(target.path, row->path) || !text_is(buffer_view(&query), row->query))
            fail_msg("%s: path %.*s, query %.*s", row->raw, TEXT_ARG(target.path),
                     (int)query.length, query.bytes);
    } else {
        assert_int_equal(problem_kind(problem.code)->status, 400);
    }
    buffer_done(&query);
    arena_free(arena);
}

static void test_targets(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

static void test_number_of_parameters(void **state)
{
    struct arena *arena = arena_new();
    struct http_target target;
    struct problem problem;
    struct buffer raw;
    (void)state;
    problem_clear(&problem);
    buffer_init(&raw);
    buffer_string(&raw, "/a?");
    for (int i = 0; i < HTTP_PARAMETERS_MAX; i++)
        buffer_format(&raw, "%d&", i);
    assert_true(http_target_parse(arena, buffer_view(&raw), &target, &problem));
    assert_int_equal(target.parameter_count, HTTP_PARAMETERS_MAX);
    buffer_string(&raw, "one-more");
    assert_false(http_target_parse(arena, buffer_view(&raw), &target, &problem));
    assert_int_equal(problem.code, PROBLEM_QUERY_INVALID);
    buffer_done(&raw);
    arena_free(arena);
}

/* A name longer than a problem has room for must not be cut inside a character. */
static void test_long_name_given_twice(void **state)
{
    struct arena *arena = arena_new();
    struct http_target target;
    struct problem problem;
    struct buffer raw;
    struct buffer answer;
    (void)state;
    problem_clear(&problem);
    buffer_init(&raw);
    buffer_init(&answer);
    buffer_string(&raw, "/a?");
    for (int twice = 0; twice < 2; twice++) {
        buffer_char(&raw, 'x');
        for (int i = 0; i < 100; i++)
            buffer_string(&raw, "%d0%bf");
        buffer_char(&raw, '&');
    }
    assert_false(http_target_parse(arena, buffer_view(&raw), &target, &problem));
    problem_write(&answer, &problem, TEXT_NONE);
    assert_true(text_is_utf8(buffer_view(&answer)));
    buffer_done(&answer);
    buffer_done(&raw);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_number_of_parameters),
        cmocka_unit_test(test_long_name_given_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
