/* Texts and buffers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void compare_by_bytes(void **state)
{
    const struct {
        struct text a, b;
        int order;
    } cases[] = {
        {TEXT(""), TEXT(""), 0},      {TEXT("a"), TEXT("a"), 0},
        {TEXT("a"), TEXT("b"), -1},   {TEXT("a"), TEXT("aa"), -1},
        {TEXT("b"), TEXT("aa"), 1},   {TEXT("\x7f"), TEXT("\x80"), -1},
        {TEXT("a\0b"), TEXT("a"), 1}, {TEXT("a\0b"), TEXT("a\0c"), -1},
        {{NULL, 0}, TEXT(""), 0},     {{NULL, 0}, TEXT("x"), -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int order = text_compare(cases[i].a, cases[i].b);
        assert_int_equal((order > 0) - (order < 0), cases[i].order);
        order = text_compare(cases[i].b, cases[i].a);
        assert_int_equal((order > 0) - (order < 0), -cases[i].order);
        assert_int_equal(text_equal(cases[i].a, cases[i].b), cases[i].order == 0);
        assert_int_equal(text_equal_secret(cases[i].a, cases[i].b), cases[i].order == 0);
    }
}

static void cut_takes_all_pieces(void **state)
{
    struct text rest = TEXT("a,,b,");
    (void)state;
    assert_true(text_is(text_cut(&rest, ','), "a"));
    assert_true(text_is(text_cut(&rest, ','), ""));
    assert_true(text_is(text_cut(&rest, ','), "b"));
    assert_int_equal(rest.length, 0);
    assert_true(text_is(text_cut(&rest, ','), ""));
    rest = TEXT("whole");
    assert_true(text_is(text_cut(&rest, ','), "whole"));
    assert_int_equal(rest.length, 0);
}

static void trim_and_prefix(void **state)
{
    (void)state;
    assert_true(text_is(text_trim(TEXT(" \t a b\t ")), "a b"));
    assert_true(text_is(text_trim(TEXT(" \t ")), ""));
    assert_true(text_is(text_trim(TEXT("\na\n")), "\na\n"));
    assert_true(text_starts(TEXT("prefix"), "pre"));
    assert_true(text_starts(TEXT("pre"), "pre"));
    assert_false(text_starts(TEXT("pr"), "pre"));
    assert_true(text_is(text_slice(TEXT("prefix"), 3, 6), "fix"));
    assert_int_equal(text_of(NULL).length, 0);
}

/* Unicode 15, table 3-7: the ends of each range, and one beyond. */
static void utf8_is_strict(void **state)
{
    const struct {
        struct text text;
        bool valid;
    } cases[] = {
        {TEXT(""), true},
        {TEXT("plain \x7f"), true},
        {TEXT("a\0b"), true},
        {TEXT("\xc2\x80 \xdf\xbf"), true},
        {TEXT("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"), true},
        {TEXT("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"), true},
        {TEXT("\x80"), false},
        {TEXT("\xc0\xaf"), false}, /* overlong */
        {TEXT("\xc1\xbf"), false},
        {TEXT("\xe0\x9f\xbf"), false},
        {TEXT("\xed\xa0\x80"), false}, /* surrogate */
        {TEXT("\xf0\x8f\xbf\xbf"), false},
        {TEXT("\xf4\x90\x80\x80"), false}, /* beyond U+10FFFF */
        {TEXT("\xf5\x80\x80\x80"), false},
        {TEXT("\xc3"), false}, /* cut off */
        {TEXT("\xe2\x82"), false},
        {TEXT("\xf0\x9f\x98"), false},
        {TEXT("\xc3\x28"), false},
        {TEXT("\xe2\x82\x28"), false},
        {TEXT("\xff"), false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (text_is_utf8(cases[i].text) != cases[i].valid)
            fail_msg("case %zu", i);
}

static void numbers_are_plain_decimals(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        bool valid;
        uint64_t number;
    } cases[] = {
        {"0", 0, true, 0},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, false, 0},
        {"99999999999999999999", UINT64_MAX, false, 0},
        {"100000000000000000000", UINT64_MAX, false, 0},
        {"", 9, false, 0},
        {"00", 9, false, 0},
        {"01", 9, false, 0},
        {"+1", 9, false, 0},
        {"-1", 9, false, 0},
        {" 1", 9, false, 0},
        {"1 ", 9, false, 0},
        {"1.0", 9, false, 0},
        {"0x1", 9, false, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t number = 0;
        bool valid = text_to_u64(text_of(cases[i].text), cases[i].max, &number);
        if (valid != cases[i].valid || (valid && number != cases[i].number))
            fail_msg("\"%s\"", cases[i].text);
    }
}

static void buffers_grow_and_keep(void **state)
{
    struct buffer buffer;
    (void)state;
    buffer_init(&buffer);
    assert_int_equal(buffer_view(&buffer).length, 0);
    assert_non_null(buffer_view(&buffer).bytes);
    for (int i = 0; i < 1000; i++)
        buffer_format(&buffer, "%d,", i);
    assert_int_equal(buffer.length, 10 * 2 + 90 * 3 + 900 * 4);
    assert_true(text_starts(buffer_view(&buffer), "0,1,2,"));
    buffer_clear(&buffer);
    buffer_i64(&buffer, INT64_MIN);
    buffer_char(&buffer, ' ');
    buffer_u64(&buffer, UINT64_MAX);
    buffer_char(&buffer, ' ');
    buffer_i64(&buffer, 0);
    buffer_text(&buffer, TEXT_NONE);
    buffer_add(&buffer, "\0", 1);
    assert_true(
        text_equal(buffer_view(&buffer), TEXT("-9223372036854775808 18446744073709551615 0\0")));
    char *released = buffer_release(&buffer);
    assert_string_equal(released, "-9223372036854775808 18446744073709551615 0");
    assert_int_equal(buffer.length, 0);
    free(released);
    buffer_done(&buffer);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(compare_by_bytes),
    cmocka_unit_test(cut_takes_all_pieces),
    cmocka_unit_test(trim_and_prefix),
    cmocka_unit_test(utf8_is_strict),
    cmocka_unit_test(numbers_are_plain_decimals),
    cmocka_unit_test(buffers_grow_and_keep),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
