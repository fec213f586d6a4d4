/* Bodies against their declared fields: every wrong thing is named by its JSON Pointer. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "act/field.h"

static const char *const colours[] = {"red", "green", NULL};

struct part {
    uint32_t present;
    int64_t count;
};

struct body {
    uint32_t present;
    struct id act;
    int64_t colour;
    bool flag;
    int64_t number;
    struct list parts;
    struct money price;
    int64_t when;
    struct text words;
};

static const struct field part_fields[] = {
    FIELD(struct part, count, FIELD_INT, .required = true, .min = 1, .max = 9),
};

static const struct field fields[] = {
    FIELD(struct body, act, FIELD_ID, .prefix = "act"),
    FIELD(struct body, colour, FIELD_ENUM, .names = colours),
    FIELD(struct body, flag, FIELD_BOOL),
    FIELD(struct body, number, FIELD_INT, .min = -5, .max = 5),
    FIELD(struct body, parts, FIELD_LIST, .min = 1, .max = 3, .fields = part_fields,
          .field_count = 1, .item_bytes = sizeof(struct part)),
    FIELD(struct body, price, FIELD_MONEY, .min = 0, .max = MONEY_MAX),
    FIELD(struct body, when, FIELD_TIME),
    FIELD(struct body, words, FIELD_TEXT, .required = true, .min = 1, .max = 10),
};

static bool read(const char *json, struct body *body, struct arena *arena, struct problem *problem)
{
    json_t *tree = json_read(text_of(json), problem);
    if (tree == NULL)
        return false;
    memset(body, 0, sizeof *body);
    bool fits = fields_read(fields, COUNT_OF(fields), tree, body, arena, problem);
    json_free(tree);
    return fits;
}

static void test_reads_and_writes_back(void **state)
{
    (void)state;
    static const char json[] =
        "{\"colour\":\"green\",\"flag\":true,\"number\":-5,"
        "\"parts\":[{\"count\":1},{\"count\":9}],"
        "\"price\":{\"amount\":12500,\"currency\":\"EUR\"},\"when\":\"2026-11-23T11:00:00Z\","
        "\"words\":\"a\\\"b\"}";
    struct arena *arena = arena_new();
    struct body body;
    struct problem problem;
    struct buffer out;
    buffer_init(&out);
    assert_true(read(json, &body, arena, &problem));
    assert_false(field_present(&body, 0));
    assert_int_equal(body.parts.count, 2);
    struct json_writer writer = json_writer(&out);
    fields_write(&writer, fields, COUNT_OF(fields), &body);
    assert_true(text_is(buffer_view(&out), json));
    buffer_done(&out);
    arena_free(arena);
}

static void test_wrong_bodies(void **state)
{
    (void)state;
    static const struct {
        const char *json, *pointer;
    } cases[] = {
        {"{}", "/words"},
        {"{\"words\":null}", "/words"},
        {"{\"words\":\"\"}", "/words"},
        {"{\"words\":\"12345678901\"}", "/words"},
        {"{\"words\":7}", "/words"},
        {"{\"words\":\"a\",\"wrods\":1}", "/wrods"},
        {"{\"words\":\"a\",\"a/b~c\":1}", "/a~1b~0c"},
        {"{\"words\":\"a\",\"number\":6}", "/number"},
        {"{\"words\":\"a\",\"number\":-6}", "/number"},
        {"{\"words\":\"a\",\"number\":\"5\"}", "/number"},
        {"{\"words\":\"a\",\"flag\":1}", "/flag"},
        {"{\"words\":\"a\",\"colour\":\"blue\"}", "/colour"},
        {"{\"words\":\"a\",\"act\":\"ord_01jdm7k3n8fqrb2v5x9w4y6z0h\"}", "/act"},
        {"{\"words\":\"a\",\"when\":\"yesterday\"}", "/when"},
        {"{\"words\":\"a\",\"when\":\"1999-12-31T23:59:59Z\"}", "/when"},
        {"{\"words\":\"a\",\"when\":\"2100-01-01T00:00:00Z\"}", "/when"},
        {"{\"words\":\"a\",\"when\":\"2026-02-30T00:00:00Z\"}", "/when"},
        {"{\"words\":\"a\",\"price\":5}", "/price"},
        {"{\"words\":\"a\",\"price\":{\"amount\":1}}", "/price/currency"},
        {"{\"words\":\"a\",\"price\":{\"amount\":-1,\"currency\":\"EUR\"}}", "/price/amount"},
        {"{\"words\":\"a\",\"price\":{\"amount\":1000000000001,\"currency\":\"EUR\"}}",
         "/price/amount"},
        {"{\"words\":\"a\",\"price\":{\"amount\":1,\"currency\":\"eur\"}}", "/price"},
        {"{\"words\":\"a\",\"parts\":{}}", "/parts"},
        {"{\"words\":\"a\",\"parts\":[]}", "/parts"},
        {"{\"words\":\"a\",\"parts\":[{\"count\":1},{\"count\":1},{\"count\":1},{\"count\":1}]}",
         "/parts"},
        {"{\"words\":\"a\",\"parts\":[{\"count\":1},7]}", "/parts/1"},
        {"{\"words\":\"a\",\"parts\":[{\"count\":1},{\"count\":10}]}", "/parts/1/count"},
    };
    struct arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct body body;
        struct problem problem;
        if (read(cases[i].json, &body, arena, &problem))
            fail_msg("%s was taken", cases[i].json);
        assert_int_equal(problem.code, PROBLEM_BODY_INVALID);
        assert_int_equal(problem.error_count, 1);
        assert_string_equal(problem.errors[0].pointer, cases[i].pointer);
    }
    arena_free(arena);
}

static void test_all_errors_are_named(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct body body;
    struct problem problem;
    assert_false(read("{\"number\":9,\"flag\":\"no\"}", &body, arena, &problem));
    assert_int_equal(problem.error_count, 3);
    assert_string_equal(problem.errors[0].pointer, "/flag");
    assert_string_equal(problem.errors[1].pointer, "/number");
    assert_string_equal(problem.errors[2].pointer, "/words");
    arena_free(arena);
}

static void test_more_errors_than_are_kept(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct body body;
    struct problem problem;
    assert_false(read("{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,\"i\":1}",
                      &body, arena, &problem));
    assert_int_equal(problem.error_count, 10);
    arena_free(arena);
}

static void test_not_an_object(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct body body;
    struct problem problem;
    static const char *const texts[] = {"[]",
                                        "7",
                                        "\"x\"",
                                        "null",
                                        "",
                                        "{",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"words\":1.5}",
                                        "{\"number\":9007199254740992}"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_false(read(texts[i], &body, arena, &problem));
        assert_int_equal(problem.code, PROBLEM_BODY_SYNTAX);
    }
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_writes_back),
        cmocka_unit_test(test_wrong_bodies),
        cmocka_unit_test(test_all_errors_are_named),
        cmocka_unit_test(test_more_errors_than_are_kept),
        cmocka_unit_test(test_not_an_object),
    };
    return cmocka_run_group_tests_name("field", tests, NULL, NULL);
}
