/* Times: RFC 3339, with the limits that API and store rely on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/time.h"

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t at;
        const char *written; /* NULL: the same */
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0, NULL},
        {"2000-01-01T00:00:00Z", TIME_EARLIEST, NULL},
        {"2100-01-01T00:00:00Z", TIME_LATEST, NULL},
        {"1969-12-31T23:59:59.999999Z", -1, NULL},
        {"2026-11-23T11:00:00.123456Z", INT64_C(1795431600123456), NULL},
        {"2026-11-23T11:00:00.5Z", INT64_C(1795431600500000), "2026-11-23T11:00:00.500000Z"},
        {"2026-11-23T11:00:00.123456789Z", INT64_C(1795431600123456),
         "2026-11-23T11:00:00.123456Z"},
        /* RFC 3339 §5.8 */
        {"1985-04-12T23:20:50.52Z", INT64_C(482196050520000), "1985-04-12T23:20:50.520000Z"},
        {"1996-12-19T16:39:57-08:00", INT64_C(851042397000000), "1996-12-20T00:39:57Z"},
        {"1937-01-01T12:00:27.87+00:20", INT64_C(-1041337172130000), "1937-01-01T11:40:27.870000Z"},
        {"2024-02-29T00:00:00Z", INT64_C(1709164800000000), NULL},
        {"2000-02-29T12:00:00Z", INT64_C(951825600000000), NULL},
        {"0001-01-01T00:00:00Z", INT64_C(-62135596800000000), NULL},
        {"9999-12-31T23:59:59.999999Z", INT64_C(253402300799999999), NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char written[TIME_TEXT_BYTES];
        int64_t at;
        if (!time_parse(text_of(cases[i].text), &at) || at != cases[i].at)
            fail_msg("%s", cases[i].text);
        size_t length = time_format(at, written);
        assert_int_equal(length, strlen(written));
        assert_string_equal(written, cases[i].written == NULL ? cases[i].text : cases[i].written);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2026-11-23",
        "2026-11-23T11:00:00",
        "2026-11-23 11:00:00Z",
        "2026-11-23t11:00:00Z",
        "2026-11-23T11:00:00z",
        "2026-11-23T11:00Z",
        "2026-11-23T11:00:00.Z",
        "2026-11-23T11:00:00.1234567890Z",
        "2026-11-23T11:00:00,5Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T11:60:00Z",
        "2026-11-23T23:59:60Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "26-11-23T11:00:00Z",
        "+2026-11-23T11:00:00Z",
        "2026-1-23T11:00:00Z",
        "2026-11-23T11:00:00+01",
        "2026-11-23T11:00:00+24:00",
        "2026-11-23T11:00:00+01:60",
        "2026-11-23T11:00:00+0100",
        "2026-11-23T11:00:00Z ",
        " 2026-11-23T11:00:00Z",
        "2026-11-23T11:00:00ZZ",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t at;
        if (time_parse(text_of(cases[i]), &at))
            fail_msg("\"%s\" was taken", cases[i]);
    }
}

/* Each day of eight centuries, against counting. */
static void days_follow_one_another(void **state)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = time_days(1600, 1, 1);
    (void)state;
    assert_int_equal(time_days(1970, 1, 1), 0);
    for (int year = 1600; year < 2400; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++)
            for (int day = 1; day <= lengths[month - 1] + (month == 2 && leap); day++) {
                char written[TIME_TEXT_BYTES];
                char date[24];
                assert_int_equal(time_days(year, month, day), expected);
                time_format(expected * TIME_DAY, written);
                snprintf(date, sizeof date, "%04d-%02d-%02dT", year % 10000, month % 100,
                         day % 100);
                assert_memory_equal(written, date, 11);
                expected++;
            }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(times_are_read),
    cmocka_unit_test(what_is_no_time_is_refused),
    cmocka_unit_test(days_follow_one_another),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
