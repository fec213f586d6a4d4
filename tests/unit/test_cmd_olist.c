/* The clock of São Paulo and the amounts of the Olist data set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/olist.h"
#include "cmd/sao_paulo.h"

/* Expected values are those of the IANA zone America/Sao_Paulo. */
static const struct {
    const char *local, *utc;
} times[] = {
    {"10/2/2017 10:56", "2017-10-02T13:56:00Z"},
    {"2017-10-02 10:56:33", "2017-10-02T13:56:33Z"},
    {"7/4/2018 17:11", "2018-07-04T20:11:00Z"},
    {"12/25/2016 0:00", "2016-12-25T02:00:00Z"},
    {"2/29/2016 12:00", "2016-02-29T15:00:00Z"},
    /* Summer begins: 00:00 does not exist. */
    {"10/15/2016 23:59", "2016-10-16T02:59:00Z"},
    {"10/16/2016 0:30", "2016-10-16T03:30:00Z"},
    {"10/16/2016 1:00", "2016-10-16T03:00:00Z"},
    {"10/15/2017 1:00", "2017-10-15T03:00:00Z"},
    {"11/3/2018 23:59", "2018-11-04T02:59:00Z"},
    {"11/4/2018 1:00", "2018-11-04T03:00:00Z"},
    /* Summer ends: 23:00 comes twice. */
    {"2/20/2016 22:59", "2016-02-21T00:59:00Z"},
    {"2/20/2016 23:30", "2016-02-21T01:30:00Z"},
    {"2/21/2016 0:00", "2016-02-21T03:00:00Z"},
    {"2/19/2017 0:00", "2017-02-19T03:00:00Z"},
    {"2/18/2018 0:00", "2018-02-18T03:00:00Z"},
    /* No summer time any more. */
    {"12/1/2020 12:00", "2020-12-01T15:00:00Z"},
};

static void local_times_become_utc(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        int64_t at;
        char text[TIME_TEXT_BYTES];
        assert_true(sao_paulo_parse(text_of(times[i].local), &at));
        time_format(at, text);
        assert_string_equal(text, times[i].utc);
    }
}

static const char *const no_times[] = {
    "",
    "10/2/2017",
    "10/2/2017 10:5",
    "10/2/17 10:56",
    "13/2/2017 10:56",
    "2/29/2017 10:56",
    "0/2/2017 10:56",
    "4/31/2017 10:56",
    "1/2/2017 24:00",
    "1/2/2017 10:60",
    "1/2/2017 10:56 ",
    " 1/2/2017 10:56",
    "1/2/2017 10:56Z",
    "2017-1-02 10:56:33",
    "2017-10-02T10:56:33",
    "2017-10-02 10:56:61",
    "10/17/2015 23:59",
    "001/2/2017 10:56",
    "-1/2/2017 10:56",
};

static void other_words_are_no_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(no_times); i++) {
        int64_t at;
        assert_false(sao_paulo_parse(text_of(no_times[i]), &at));
    }
}

static const struct {
    const char *text;
    int64_t amount; /* -1: none */
} amounts[] = {
    {"109.9", 10990},
    {"25.51", 2551},
    {"99", 9900},
    {"0", 0},
    {"0.05", 5},
    {"6726.66", 672666},
    {"", -1},
    {"1.", -1},
    {".5", -1},
    {"-1", -1},
    {"1.234", -1},
    {"1,5", -1},
    {"01", -1},
    {"1e3", -1},
    {" 1", -1},
    {"1.2x", -1},
    {"99999999999999999999", -1},
};

static void amounts_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(amounts); i++) {
        int64_t amount = -1;
        bool read = olist_amount(text_of(amounts[i].text), &amount);
        assert_int_equal(read, amounts[i].amount >= 0);
        assert_int_equal(read ? amount : -1, amounts[i].amount);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_times_become_utc),
        cmocka_unit_test(other_words_are_no_times),
        cmocka_unit_test(amounts_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
