/* Problems: the table, and RFC 9457 answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/problem.h"

/* Slugs are interface: unique, in kebab case; a status fits its class. */
static void the_table_is_sound(void **state)
{
    (void)state;
    for (int code = PROBLEM_NONE + 1; code < PROBLEM_CODES; code++) {
        const struct problem_kind *kind = problem_kind((enum problem_code)code);
        assert_int_equal(strspn(kind->slug, "abcdefghijklmnopqrstuvwxyz-"), strlen(kind->slug));
        assert_true(kind->title[0] != '\0' && kind->remedy[strlen(kind->remedy) - 1] == '.');
        unsigned hundreds = kind->status / 100;
        if (hundreds != (kind->class == PROBLEM_CLASS_CLIENT ? 4 : 5))
            fail_msg("%s has status %u", kind->name, kind->status);
        for (int other = PROBLEM_NONE + 1; other < code; other++)
            assert_string_not_equal(kind->slug, problem_kind((enum problem_code)other)->slug);
    }
}

static json_t *written(const struct problem *problem, struct text request_id)
{
    struct buffer out;
    struct problem of_reading;
    buffer_init(&out);
    problem_write(&out, problem, request_id);
    json_t *json = json_read(buffer_view(&out), &of_reading);
    if (json == NULL)
        fail_msg("%.*s: %s", TEXT_ARG(buffer_view(&out)), of_reading.detail);
    buffer_done(&out);
    return json;
}

static const char *string_of(const json_t *json, const char *name)
{
    const char *string = json_string_value(json_object_get(json, name));
    return string == NULL ? "" : string;
}

static void a_problem_as_json(void **state)
{
    struct problem problem;
    (void)state;
    assert_false(problem_set(&problem, PROBLEM_NOT_FOUND, "no order \"%s\"", "x\n"));
    problem.extension = TEXT("\"hint\":{\"a\":1}");
    json_t *json = written(&problem, TEXT("req_1"));
    assert_string_equal(string_of(json, "type"), "urn:counterfoil:problem:not-found");
    assert_string_equal(string_of(json, "code"), "not-found");
    assert_string_equal(string_of(json, "detail"), "no order \"x\n\"");
    assert_string_equal(string_of(json, "request_id"), "req_1");
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 404);
    assert_non_null(json_object_get(json_object_get(json, "hint"), "a"));
    assert_null(json_object_get(json, "errors"));
    json_free(json);
    problem_clear(&problem);
    assert_int_equal(problem.code, PROBLEM_NONE);
}

static void fields_errors_are_counted_and_capped(void **state)
{
    struct problem problem;
    (void)state;
    problem_set(&problem, PROBLEM_INTERNAL, "something older");
    for (int i = 0; i < PROBLEM_ERRORS_MAX + 3; i++)
        assert_false(problem_add(&problem, PROBLEM_BODY_INVALID, "/items/0", "error %d", i));
    assert_int_equal(problem.code, PROBLEM_BODY_INVALID);
    assert_int_equal(problem.error_count, PROBLEM_ERRORS_MAX + 3);
    assert_string_equal(problem.detail, "");
    json_t *json = written(&problem, TEXT_NONE);
    const json_t *errors = json_object_get(json, "errors");
    assert_int_equal(json_array_size(errors), PROBLEM_ERRORS_MAX);
    assert_string_equal(string_of(json_array_get(errors, 7), "detail"), "error 7");
    assert_string_equal(string_of(json_array_get(errors, 7), "pointer"), "/items/0");
    assert_null(json_object_get(json, "request_id"));
    json_free(json);
}

/* Cut anywhere, the detail stays UTF-8. */
static void long_details_are_cut_between_characters(void **state)
{
    char detail[1000];
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        struct problem problem;
        memset(detail, 'x', shift);
        for (size_t at = shift; at + 4 < sizeof detail; at += 4)
            memcpy(detail + at, "\xf0\x9f\x93\xa6", 5);
        problem_set(&problem, PROBLEM_INTERNAL, "%s", detail);
        assert_true(text_is_utf8(text_of(problem.detail)));
        assert_true(strlen(problem.detail) >= sizeof problem.detail - 4);
        problem_add(&problem, PROBLEM_BODY_INVALID, "/a", "%s", detail);
        assert_true(text_is_utf8(text_of(problem.errors[0].detail)));
    }
}

static void a_problem_for_people(void **state)
{
    struct buffer out;
    struct problem problem;
    (void)state;
    buffer_init(&out);
    problem_set(&problem, PROBLEM_STORE_FULL, "writing %s", "x.db");
    problem_print(&out, &problem);
    assert_true(text_starts(buffer_view(&out), "The disk is full: writing x.db. Free space"));
    buffer_clear(&out);
    problem_clear(&problem);
    problem_add(&problem, PROBLEM_BODY_INVALID, "/a", "is wrong");
    problem_print(&out, &problem);
    buffer_char(&out, '\0');
    assert_non_null(strstr(out.bytes, "; /a: is wrong."));
    buffer_done(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_table_is_sound),
    cmocka_unit_test(a_problem_as_json),
    cmocka_unit_test(fields_errors_are_counted_and_capped),
    cmocka_unit_test(long_details_are_cut_between_characters),
    cmocka_unit_test(a_problem_for_people),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
