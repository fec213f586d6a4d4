/*
 * Periods of a contract: days, calendar months or years from an anchor. The n-th end is reckoned
 * from the anchor and not from the end before it, so what begins on the 31st ends on the last day
 * of shorter months and on the 31st of the others.
 */
#pragma once

#include "base/time.h"

enum period_unit { PERIOD_DAY, PERIOD_MONTH, PERIOD_YEAR };
extern const char *const period_unit_names[];

struct period {
    int64_t unit; /* enum period_unit */
    int64_t count;
};

/* When NUMBER periods from ANCHOR have passed; the time of day stays, UTC. */
int64_t period_end(int64_t anchor_at, struct period period, int64_t number);
/* "a month", "3 months": what a price is for. */
void period_words(struct buffer *out, struct period period);
