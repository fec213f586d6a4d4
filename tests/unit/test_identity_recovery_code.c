/* Recovery codes: how they are written, read and found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "identity/recovery_code.h"

static void make_code(uint8_t seed, char text[RECOVERY_CODE_TEXT_BYTES])
{
    uint8_t random[RECOVERY_CODE_RANDOM_BYTES];
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)(seed + i * 17);
    recovery_code_format(random, text);
}

static struct digest digest(const char *text)
{
    struct digest result = {{0}};
    assert_true(recovery_code_digest(text_of(text), &result));
    return result;
}

static void codes_have_six_groups_of_four(void **state)
{
    static const uint8_t zeros[RECOVERY_CODE_RANDOM_BYTES] = {0};
    static const uint8_t ones[RECOVERY_CODE_RANDOM_BYTES] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t counted[RECOVERY_CODE_RANDOM_BYTES] = {
        0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf, 0x84, 0x65, 0x3a, 0x56, 0xd7};
    char text[RECOVERY_CODE_TEXT_BYTES];
    (void)state;
    recovery_code_format(zeros, text);
    assert_string_equal(text, "0000-0000-0000-0000-0000-0000");
    recovery_code_format(ones, text);
    assert_string_equal(text, "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz");
    recovery_code_format(counted, text); /* 0 to 23, five bits each */
    assert_string_equal(text, "0123-4567-89ab-cdef-ghjk-mnpq");
}

static void a_code_is_read_however_it_is_typed(void **state)
{
    static const char *const same[] = {"0123456789abcdefghjkmnpq", "0123 4567 89AB CDEF GHJK MNPQ",
                                       "OI23-4567-89ab-cdef-ghjk-mnpq",
                                       " oL23-4567-89ab-cdef-ghjk-mnpq "};
    static const char *const none[] = {"",
                                       "0123-4567-89ab-cdef-ghjk-mnp",
                                       "0123-4567-89ab-cdef-ghjk-mnpqr",
                                       "0123-4567-89ab-cdef-ghjk-mnpu",
                                       "0123-4567-89ab-cdef-ghjk-mnp!",
                                       "0123-4567-89ab-cdef-ghjk-mnp\xff"};
    const struct digest kept = digest("0123-4567-89ab-cdef-ghjk-mnpq");
    struct digest ignored;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++)
        assert_true(digest_equal(digest(same[i]), kept));
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_false(recovery_code_digest(text_of(none[i]), &ignored));
}

static void each_code_is_found_in_its_place(void **state)
{
    struct digest kept[RECOVERY_CODES];
    char text[RECOVERY_CODE_TEXT_BYTES];
    size_t index = 99;
    (void)state;
    for (uint8_t i = 0; i < RECOVERY_CODES; i++) {
        make_code(i, text);
        kept[i] = digest(text);
    }
    for (uint8_t i = 0; i < RECOVERY_CODES; i++) {
        make_code(i, text);
        assert_true(recovery_code_find(digest(text), kept, RECOVERY_CODES, &index));
        assert_int_equal(index, i);
    }
    make_code(200, text);
    index = 99;
    assert_false(recovery_code_find(digest(text), kept, RECOVERY_CODES, &index));
    assert_false(recovery_code_find(digest(text), kept, 0, &index));
    assert_int_equal(index, 99);
}

/* What is kept is no plain SHA-256 of the code. */
static void what_is_kept_has_a_domain(void **state)
{
    (void)state;
    assert_false(digest_equal(digest("0123456789abcdefghjkmnpq"),
                              digest_of("0123456789abcdefghjkmnpq", 24)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_have_six_groups_of_four),
        cmocka_unit_test(a_code_is_read_however_it_is_typed),
        cmocka_unit_test(each_code_is_found_in_its_place),
        cmocka_unit_test(what_is_kept_has_a_domain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
