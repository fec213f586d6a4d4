#include "cmd/sao_paulo.h"

struct date {
    int year, month, day;
};

static const struct {
    struct date first, end;
} summers[] = {
    {{2015, 10, 18}, {2016, 2, 21}},
    {{2016, 10, 16}, {2017, 2, 19}},
    {{2017, 10, 15}, {2018, 2, 18}},
    {{2018, 11, 4}, {2019, 2, 17}},
};

static int64_t midnight(struct date date)
{
    return time_days(date.year, date.month, date.day) * TIME_DAY;
}

bool sao_paulo_to_utc(int64_t local, int64_t *at)
{
    int64_t offset = 3 * TIME_HOUR;
    if (local < midnight(summers[0].first))
        return false;
    for (size_t i = 0; i < COUNT_OF(summers); i++)
        /* At its start the clock jumps from 00:00 to 01:00. */
        if (local >= midnight(summers[i].first) + TIME_HOUR && local < midnight(summers[i].end))
            offset = 2 * TIME_HOUR;
    *at = local + offset;
    return true;
}

static bool take(struct text *rest, size_t digits_min, size_t digits_max, char end, int *number)
{
    uint64_t value = 0;
    size_t digits = 0;
    while (digits < rest->length && rest->bytes[digits] >= '0' && rest->bytes[digits] <= '9')
        value = value * 10 + (uint64_t)(rest->bytes[digits++] - '0');
    if (digits < digits_min || digits > digits_max)
        return false;
    *rest = text_slice(*rest, digits, rest->length);
    *number = (int)value;
    if (end == '\0')
        return rest->length == 0;
    if (rest->length == 0 || rest->bytes[0] != end)
        return false;
    *rest = text_slice(*rest, 1, rest->length);
    return true;
}

static bool is_date(struct date date)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = date.year % 4 == 0 && (date.year % 100 != 0 || date.year % 400 == 0);
    return date.year >= 2000 && date.month >= 1 && date.month <= 12 && date.day >= 1 &&
           date.day <= lengths[date.month - 1] + (date.month == 2 && leap);
}

static bool finish(struct date date, int hour, int minute, int second, int64_t *at)
{
    if (!is_date(date) || hour > 23 || minute > 59 || second > 59)
        return false;
    return sao_paulo_to_utc(
        midnight(date) + hour * TIME_HOUR + minute * TIME_MINUTE + second * TIME_SECOND, at);
}

bool sao_paulo_parse(struct text text, int64_t *at)
{
    struct date date;
    int hour;
    int minute;
    int second = 0;
    struct text rest = text;
    if (take(&rest, 1, 2, '/', &date.month) && take(&rest, 1, 2, '/', &date.day) &&
        take(&rest, 4, 4, ' ', &date.year) && take(&rest, 1, 2, ':', &hour) &&
        take(&rest, 2, 2, '\0', &minute))
        return finish(date, hour, minute, second, at);
    rest = text;
    return take(&rest, 4, 4, '-', &date.year) && take(&rest, 2, 2, '-', &date.month) &&
           take(&rest, 2, 2, ' ', &date.day) && take(&rest, 2, 2, ':', &hour) &&
           take(&rest, 2, 2, ':', &minute) && take(&rest, 2, 2, '\0', &second) &&
           finish(date, hour, minute, second, at);
}
