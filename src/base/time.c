#include "base/time.h"

#include <stdio.h>
#include <time.h>

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;
    MUST(clock_gettime(clock, &now) == 0);
    return (int64_t)now.tv_sec * TIME_SECOND + now.tv_nsec / 1000;
}

int64_t time_now(void)
{
    return clock_read(CLOCK_REALTIME);
}

int64_t time_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

/* Howard Hinnant's days_from_civil and civil_from_days: eras of 400 years that begin in March. */
int64_t time_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void date_of(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static char *put_digits(char *at, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + digits;
}

size_t time_format(int64_t at, char out[TIME_TEXT_BYTES])
{
    int64_t days = at / TIME_DAY - (at % TIME_DAY < 0);
    int64_t rest = at - days * TIME_DAY;
    int seconds = (int)(rest / TIME_SECOND);
    int fraction = (int)(rest % TIME_SECOND);
    int year;
    int month;
    int day;
    date_of(days, &year, &month, &day);
    MUST(year >= 0 && year <= 9999);
    char *end = put_digits(out, year, 4);
    *end++ = '-';
    end = put_digits(end, month, 2);
    *end++ = '-';
    end = put_digits(end, day, 2);
    *end++ = 'T';
    end = put_digits(end, seconds / 3600, 2);
    *end++ = ':';
    end = put_digits(end, seconds / 60 % 60, 2);
    *end++ = ':';
    end = put_digits(end, seconds % 60, 2);
    if (fraction != 0) {
        *end++ = '.';
        end = put_digits(end, fraction, 6);
    }
    *end++ = 'Z';
    *end = '\0';
    return (size_t)(end - out);
}

void buffer_time(struct buffer *buffer, int64_t at)
{
    char text[TIME_TEXT_BYTES];
    buffer_add(buffer, text, time_format(at, text));
}

/* Takes exactly DIGITS decimal digits from *rest. */
static bool take_number(struct text *rest, size_t digits, int low, int high, int *number)
{
    if (rest->length < digits)
        return false;
    int value = 0;
    for (size_t i = 0; i < digits; i++) {
        char c = rest->bytes[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *rest = text_slice(*rest, digits, rest->length);
    *number = value;
    return value >= low && value <= high;
}

static bool take_char(struct text *rest, char c)
{
    if (rest->length == 0 || rest->bytes[0] != c)
        return false;
    *rest = text_slice(*rest, 1, rest->length);
    return true;
}

static bool take_date(struct text *rest, int64_t *days)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year;
    int month;
    int day;
    if (!take_number(rest, 4, 1, 9999, &year) || !take_char(rest, '-') ||
        !take_number(rest, 2, 1, 12, &month) || !take_char(rest, '-') ||
        !take_number(rest, 2, 1, 31, &day))
        return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (day > lengths[month - 1] + (month == 2 && leap))
        return false;
    *days = time_days(year, month, day);
    return true;
}

/* Up to nine digits; what is finer than a microsecond is cut off. */
static bool take_fraction(struct text *rest, int64_t *microseconds)
{
    *microseconds = 0;
    if (!take_char(rest, '.'))
        return true;
    size_t digits = 0;
    int64_t unit = TIME_SECOND;
    while (rest->length > 0 && rest->bytes[0] >= '0' && rest->bytes[0] <= '9') {
        unit /= 10;
        *microseconds += unit * (rest->bytes[0] - '0');
        *rest = text_slice(*rest, 1, rest->length);
        digits++;
    }
    return digits >= 1 && digits <= 9;
}

static bool take_offset(struct text *rest, int64_t *offset_us)
{
    int hours;
    int minutes;
    *offset_us = 0;
    if (take_char(rest, 'Z'))
        return true;
    bool ahead = rest->length > 0 && rest->bytes[0] == '+';
    if (!take_char(rest, '+') && !take_char(rest, '-'))
        return false;
    if (!take_number(rest, 2, 0, 23, &hours) || !take_char(rest, ':') ||
        !take_number(rest, 2, 0, 59, &minutes))
        return false;
    *offset_us = (hours * TIME_HOUR + minutes * TIME_MINUTE) * (ahead ? 1 : -1);
    return true;
}

bool time_parse(struct text text, int64_t *at)
{
    struct text rest = text;
    int64_t days;
    int64_t fraction;
    int64_t offset;
    int hour;
    int minute;
    int second;
    if (!take_date(&rest, &days) || !take_char(&rest, 'T') ||
        !take_number(&rest, 2, 0, 23, &hour) || !take_char(&rest, ':') ||
        !take_number(&rest, 2, 0, 59, &minute) || !take_char(&rest, ':') ||
        !take_number(&rest, 2, 0, 59, &second) || !take_fraction(&rest, &fraction) ||
        !take_offset(&rest, &offset) || rest.length != 0)
        return false;
    *at = days * TIME_DAY + hour * TIME_HOUR + minute * TIME_MINUTE + second * TIME_SECOND +
          fraction - offset;
    /* An offset may carry it out of the years that can be written back. */
    return *at >= time_days(1, 1, 1) * TIME_DAY && *at < time_days(10000, 1, 1) * TIME_DAY;
}
