/* One-time passwords: RFC 6238 appendix B (its last six digits), and that a code works once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"
#include "identity/totp.h"

#define SECRET TEXT("12345678901234567890")
#define AT(seconds) ((seconds)*TIME_SECOND)

static const struct {
    int64_t seconds;
    const char *code;
} vectors[] = {
    {59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
    {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"},
};

static enum totp_verdict verify(const char *code, int64_t at, unsigned late, int64_t last,
                                int64_t *step)
{
    return totp_verify(SECRET, text_of(code), at, late, last, step);
}

static void codes_follow_rfc_6238(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        char code[TOTP_DIGITS + 1];
        int64_t step = 0;
        totp_code(SECRET, vectors[i].seconds / TOTP_STEP_SECONDS, code);
        assert_string_equal(code, vectors[i].code);
        assert_int_equal(verify(code, AT(vectors[i].seconds), 0, 0, &step), TOTP_ACCEPTED);
        assert_int_equal(step, vectors[i].seconds / TOTP_STEP_SECONDS);
    }
}

/* RFC 4226 appendix D: the same secret, counters 0 to 9. */
static void codes_follow_rfc_4226(void **state)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        char code[TOTP_DIGITS + 1];
        totp_code(SECRET, (int64_t)i, code);
        assert_string_equal(code, codes[i]);
    }
}

static void a_code_works_once(void **state)
{
    int64_t step = 0;
    (void)state;
    assert_int_equal(verify("287082", AT(59), 1, 0, &step), TOTP_ACCEPTED);
    assert_int_equal(step, 1);
    assert_int_equal(verify("287082", AT(59), 1, 1, &step), TOTP_USED);
    assert_int_equal(verify("287082", AT(60), 1, 1, &step), TOTP_USED);
    /* Whoever used the newer code cannot go back to the older one. */
    assert_int_equal(verify("287082", AT(60), 1, 2, &step), TOTP_USED);
    assert_int_equal(verify("359152", AT(60), 1, 1, &step), TOTP_ACCEPTED);
    assert_int_equal(step, 2);
}

static void a_code_lives_as_long_as_it_may(void **state)
{
    int64_t step = 77;
    (void)state;
    assert_int_equal(verify("287082", AT(30) - 1, 1, 0, &step), TOTP_WRONG);
    assert_int_equal(verify("287082", AT(30), 0, 0, &step), TOTP_ACCEPTED);
    assert_int_equal(verify("287082", AT(60) - 1, 0, 0, &step), TOTP_ACCEPTED);
    step = 77;
    assert_int_equal(verify("287082", AT(60), 0, 0, &step), TOTP_WRONG);
    assert_int_equal(step, 77);
    assert_int_equal(verify("287082", AT(60), 1, 0, &step), TOTP_ACCEPTED);
    assert_int_equal(verify("287082", AT(90) - 1, 1, 0, &step), TOTP_ACCEPTED);
    assert_int_equal(verify("287082", AT(90), 1, 0, &step), TOTP_WRONG);
}

static void only_six_digits_are_a_code(void **state)
{
    static const char *const wrong[] = {"",       "28708",        "2870820",  "0287082",
                                        "28708a", "-287082",      "287082\n", "287083",
                                        "187082", "２８７０８２", "287 0820", "      "};
    int64_t step = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(verify(wrong[i], AT(59), 1, 0, &step), TOTP_WRONG);
    assert_int_equal(verify("287 082", AT(59), 1, 0, &step), TOTP_ACCEPTED);
    assert_int_equal(verify(" 287082 ", AT(59), 1, 0, &step), TOTP_ACCEPTED);
    assert_int_equal(
        totp_verify(TEXT("another secret of twenty"), TEXT("287082"), AT(59), 1, 0, &step),
        TOTP_WRONG);
}

static void the_uri_is_what_applications_read(void **state)
{
    struct buffer uri;
    (void)state;
    buffer_init(&uri);
    totp_uri(&uri, SECRET, TEXT("Market & Söhne"), TEXT("ada@shop.example"));
    assert_true(text_is(buffer_view(&uri),
                        "otpauth://totp/Market%20%26%20S%C3%B6hne:ada%40shop.example"
                        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
                        "&issuer=Market%20%26%20S%C3%B6hne&algorithm=SHA1&digits=6&period=30"));
    buffer_done(&uri);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_follow_rfc_6238),
        cmocka_unit_test(codes_follow_rfc_4226),
        cmocka_unit_test(a_code_works_once),
        cmocka_unit_test(a_code_lives_as_long_as_it_may),
        cmocka_unit_test(only_six_digits_are_a_code),
        cmocka_unit_test(the_uri_is_what_applications_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
