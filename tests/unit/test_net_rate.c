/* Rates, with a clock of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/time.h"
#include "net/rate.h"

#define START (100 * TIME_DAY)

static void a_burst_then_the_steady_rate(void **state)
{
    struct rate *rate = rate_new(10, 3);
    struct text name = TEXT("key");
    (void)state;
    for (int64_t left = 2; left >= 0; left--) {
        struct rate_verdict verdict = rate_take(rate, name, START);
        assert_true(verdict.limited && verdict.allowed);
        assert_int_equal(verdict.remaining, left);
    }
    struct rate_verdict refused = rate_take(rate, name, START);
    assert_false(refused.allowed);
    assert_int_equal(refused.remaining, 0);
    assert_int_equal(refused.retry_after_s, 1);
    assert_false(rate_take(rate, name, START + 99999).allowed);
    assert_true(rate_take(rate, name, START + 100000).allowed);
    assert_false(rate_take(rate, name, START + 100000).allowed);
    /* Refusals cost nothing; after a pause the burst is back, and no more than it. */
    for (int i = 0; i < 3; i++)
        assert_true(rate_take(rate, name, START + TIME_DAY).allowed);
    assert_false(rate_take(rate, name, START + TIME_DAY).allowed);
    rate_free(rate);
}

static void names_do_not_share(void **state)
{
    struct rate *rate = rate_new(1, 1);
    (void)state;
    assert_true(rate_take(rate, TEXT("a"), START).allowed);
    assert_false(rate_take(rate, TEXT("a"), START).allowed);
    assert_true(rate_take(rate, TEXT("b"), START).allowed);
    rate_free(rate);
}

static void zero_is_no_limit(void **state)
{
    struct rate *rate = rate_new(0, 0);
    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct rate_verdict verdict = rate_take(rate, TEXT("a"), START);
        assert_true(verdict.allowed && !verdict.limited);
    }
    rate_free(rate);
}

/* More names than there are buckets: the newest are still limited. */
static void many_names(void **state)
{
    struct rate *rate = rate_new(1, 1);
    (void)state;
    for (uint32_t i = 0; i < 100000; i++) {
        struct text name = {(const char *)&i, sizeof i};
        assert_true(rate_take(rate, name, START).allowed);
        assert_false(rate_take(rate, name, START).allowed);
    }
    rate_free(rate);
}

static void header_fields(void **state)
{
    struct rate *rate = rate_new(10, 25);
    struct buffer text;
    (void)state;
    buffer_init(&text);
    rate_policy_write(&text, rate);
    buffer_char(&text, ' ');
    struct rate_verdict verdict = rate_take(rate, TEXT("a"), START);
    rate_verdict_write(&text, &verdict);
    assert_true(text_is(buffer_view(&text), "\"key\";q=25;w=3 \"key\";r=24;t=1"));
    buffer_done(&text);
    rate_free(rate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_then_the_steady_rate),
        cmocka_unit_test(names_do_not_share),
        cmocka_unit_test(zero_is_no_limit),
        cmocka_unit_test(many_names),
        cmocka_unit_test(header_fields),
    };
    return cmocka_run_group_tests_name("net_rate", tests, NULL, NULL);
}
