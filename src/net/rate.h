/*
 * Rates: how many requests a key (or an address that fails to authenticate) may make.
 *
 * A token bucket a name, kept as one moment (GCRA). The number of buckets is fixed; one that was
 * not used for longest makes room for another, which forgives, never blocks, the innocent. Any
 * thread.
 */
#pragma once

#include "base/text.h"

struct rate;

struct rate_verdict {
    bool limited; /* there is a limit at all; otherwise the rest means nothing */
    bool allowed;
    int64_t remaining;     /* requests that could follow at once */
    int64_t reset_s;       /* until the bucket is full again */
    int64_t retry_after_s; /* until a request is allowed; 0 if it is */
};

void rate_free(struct rate *rate);
/* PER_SECOND steadily, BURST at once; PER_SECOND 0: no limit. */
struct rate *rate_new(unsigned per_second, unsigned burst) OWNED_BY(rate_free);
/* One EVERY that many microseconds steadily. */
struct rate *rate_new_every(int64_t every_us, unsigned burst) OWNED_BY(rate_free);
/* What rate_take would say, taking nothing. */
struct rate_verdict rate_look(struct rate *rate, struct text name, int64_t now);
/* Takes one request out of NAME's bucket, at NOW (time_monotonic). */
struct rate_verdict rate_take(struct rate *rate, struct text name, int64_t now);
/* `"key";q=20;w=2`, the value of RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11). */
void rate_policy_write(struct buffer *out, const struct rate *rate);
/* `"key";r=19;t=1`, the value of RateLimit. */
void rate_verdict_write(struct buffer *out, const struct rate_verdict *verdict);
