/* JSON: strict reading, canonical writing (RFC 8785). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void canonical_form(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"{}", "{}"},
        {" [ ] ", "[]"},
        {"{ \"b\" : 1 , \"a\" : [ true , false , null ] }", "{\"a\":[true,false,null],\"b\":1}"},
        /* RFC 8785 §3.2.2, the literals and the string of its example. */
        {"{\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
         "\"literals\": [null, true, false]}",
         "{\"literals\":[null,true,false],"
         "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}"},
        /* RFC 8785 §3.2.3: names by UTF-16 units. */
        {"{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\","
         "\"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\", \"1\": \"One\","
         "\"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": \"Control\","
         "\"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
         "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
         "\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
         "\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
         "\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}"},
        {"{\"\":1,\"a\":{\"aa\":2,\"a\":1},\"A\":0}", "{\"\":1,\"A\":0,\"a\":{\"a\":1,\"aa\":2}}"},
        {"[\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"]", "[\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"]"},
        {"[9007199254740991,-9007199254740991,0,-0]", "[9007199254740991,-9007199254740991,0,0]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct problem problem;
        struct buffer out;
        json_t *json = json_read(text_of(cases[i].in), &problem);
        if (json == NULL)
            fail_msg("%s: %s", cases[i].in, problem.detail);
        buffer_init(&out);
        json_canonical(&out, json);
        if (!text_is(buffer_view(&out), cases[i].out))
            fail_msg("%s gave %.*s", cases[i].in, TEXT_ARG(buffer_view(&out)));
        buffer_done(&out);
        json_free(json);
    }
}

static void assert_refused(struct text text)
{
    struct problem problem;
    json_t *json = json_read(text, &problem);
    if (json != NULL)
        fail_msg("%.*s was taken", TEXT_ARG(text));
    assert_int_equal(problem.code, PROBLEM_BODY_SYNTAX);
    assert_true(problem.detail[0] != '\0');
}

static void what_is_not_strict_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        "{",
        "{\"a\":1,}",
        "[1,]",
        "{'a':1}",
        "{a:1}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "{} {}",
        "[] x",
        "[1.5]",
        "[1e2]",
        "[1.0]",
        "[01]",
        "[+1]",
        "[.5]",
        "[NaN]",
        "[Infinity]",
        "[9007199254740992]",
        "[-9007199254740992]",
        "[99999999999999999999]",
        "[\"\n\"]",
        "[\"\\x41\"]",
        "[\"\\ud83d\"]",
        "[\"\\ude00\"]",
        "[\"\\u0000\"]",
        "[\"\xff\"]",
        "[\"\xed\xa0\x80\"]",
        "\xef\xbb\xbf{}",
        "[\"open]",
        "// note\n{}",
        "{\"a\" 1}",
        "[tru]",
        "[True]",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused(text_of(cases[i]));
    assert_refused(TEXT_NONE);
    assert_refused(TEXT("{}\0"));
    assert_refused(TEXT("[\"a\0b\"]"));
}

/* DEPTH lists in one another. */
static struct text nested(char *out, size_t depth)
{
    memset(out, '[', depth);
    memset(out + depth, ']', depth);
    return (struct text){out, depth * 2};
}

static void depth_has_a_limit(void **state)
{
    static char text[200000];
    struct problem problem;
    (void)state;
    json_t *json = json_read(nested(text, JSON_DEPTH_MAX), &problem);
    assert_non_null(json);
    json_free(json);
    assert_refused(nested(text, JSON_DEPTH_MAX + 2));
    assert_refused(nested(text, 100000));
}

static void writers_place_commas(void **state)
{
    static const struct id id = {{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce, 0xb3,
                                  0x02, 0x09, 0x9a, 0x80, 0x57}};
    struct buffer out;
    (void)state;
    buffer_init(&out);
    struct json_writer json = json_writer(&out);
    json_open(&json);
    json_name(&json, "a");
    json_open_list(&json);
    json_close_list(&json);
    json_name(&json, "b");
    json_open_list(&json);
    json_int(&json, -1);
    json_open(&json);
    json_close(&json);
    json_bool(&json, true);
    json_null_value(&json);
    json_close_list(&json);
    json_member(&json, "c\"", TEXT("x\n"));
    json_member_int(&json, "d", 7);
    json_name(&json, "e");
    json_time(&json, 0);
    json_name(&json, "f");
    json_id(&json, "prefix", id);
    json_name(&json, "g");
    json_org(&json, 1);
    json_name(&json, "h");
    json_base64(&json, "\xff", 1);
    json_name(&json, "i");
    json_raw(&json, TEXT("{\"raw\":1}"));
    json_member(&json, "j", TEXT_NONE);
    json_close(&json);
    assert_true(text_is(buffer_view(&out),
                        "{\"a\":[],\"b\":[-1,{},true,null],\"c\\\"\":\"x\\n\",\"d\":7,"
                        "\"e\":\"1970-01-01T00:00:00Z\","
                        "\"f\":\"prefix_01h455vb4pex5vsknk084sn02q\",\"g\":\"org_00000001\","
                        "\"h\":\"/w==\",\"i\":{\"raw\":1},\"j\":\"\"}"));
    buffer_done(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(canonical_form),
    cmocka_unit_test(what_is_not_strict_is_refused),
    cmocka_unit_test(depth_has_a_limit),
    cmocka_unit_test(writers_place_commas),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
