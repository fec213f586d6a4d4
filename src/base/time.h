/*
 * Time: microseconds since 1970-01-01T00:00:00Z, UTC, in an int64_t named `…_at` (a moment) or
 * `…_us` (a span). Text form: RFC 3339 with `Z`, fraction only where it is not zero.
 */
#pragma once

#include "base/text.h"

#define TIME_SECOND INT64_C(1000000)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR (60 * TIME_MINUTE)
#define TIME_DAY (24 * TIME_HOUR)
/* 2000-01-01 and 2100-01-01: what the API takes as a date of a marketplace. */
#define TIME_EARLIEST INT64_C(946684800000000)
#define TIME_LATEST INT64_C(4102444800000000)
#define TIME_TEXT_BYTES 28 /* "2026-11-23T11:00:00.123456Z" and a NUL */

int64_t time_now(void);       /* the wall clock */
int64_t time_monotonic(void); /* for spans: never steps */
size_t time_format(int64_t at, char out[TIME_TEXT_BYTES]);
void buffer_time(struct buffer *buffer, int64_t at);
/* RFC 3339 with any offset; the result is UTC. False if it is none or out of the years 1 to 9999.
 */
MUST_CHECK bool time_parse(struct text text, int64_t *at);
/* Days since 1970-01-01 of a Gregorian date (proleptic). */
int64_t time_days(int year, int month, int day);
