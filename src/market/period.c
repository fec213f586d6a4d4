#include "market/period.h"

const char *const period_unit_names[] = {"day", "month", "year", NULL};

static int days_in_month(int year, int month)
{
    int next_year = month == 12 ? year + 1 : year;
    int next_month = month == 12 ? 1 : month + 1;
    return (int)(time_days(next_year, next_month, 1) - time_days(year, month, 1));
}

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

static int64_t add_months(int64_t at, int64_t months)
{
    char text[TIME_TEXT_BYTES]; /* YYYY-MM-DDTHH:MM:SS… */
    time_format(at, text);
    int year = two_digits(text) * 100 + two_digits(text + 2);
    int month = two_digits(text + 5);
    int day = two_digits(text + 8);
    int64_t time_of_day = at - time_days(year, month, day) * TIME_DAY;
    int64_t count = (int64_t)year * 12 + (month - 1) + months;
    int then_year = (int)(count / 12);
    int then_month = (int)(count % 12) + 1;
    int last = days_in_month(then_year, then_month);
    return time_days(then_year, then_month, day < last ? day : last) * TIME_DAY + time_of_day;
}

int64_t period_end(int64_t anchor_at, struct period period, int64_t number)
{
    switch (period.unit) {
    case PERIOD_DAY:
        return anchor_at + number * period.count * TIME_DAY;
    case PERIOD_MONTH:
        return add_months(anchor_at, number * period.count);
    default:
        return add_months(anchor_at, number * period.count * 12);
    }
}

void period_words(struct buffer *out, struct period period)
{
    if (period.count == 1)
        buffer_format(out, "a %s", period_unit_names[period.unit]);
    else
        buffer_format(out, "for %lld %ss", (long long)period.count, period_unit_names[period.unit]);
}
