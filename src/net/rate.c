#include "net/rate.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/time.h"

#define SETS 4096 /* a power of two */
#define WAYS 4

struct bucket {
    uint64_t name; /* hash; 0: free */
    int64_t full_at;
};

struct rate {
    int64_t interval_us; /* between requests of a steady client; 0: no limit */
    int64_t depth_us;    /* how far full_at may lie ahead */
    unsigned burst;
    uint64_t salt; /* nobody can choose names that share a bucket */
    pthread_mutex_t lock;
    struct bucket buckets[SETS][WAYS];
};

struct rate *rate_new_every(int64_t every_us, unsigned burst)
{
    struct rate *rate = calloc(1, sizeof *rate);
    MUST(rate != NULL && pthread_mutex_init(&rate->lock, NULL) == 0);
    rate->burst = burst == 0 ? 1 : burst;
    rate->interval_us = every_us;
    rate->depth_us = rate->interval_us * rate->burst;
    random_bytes(&rate->salt, sizeof rate->salt);
    return rate;
}

struct rate *rate_new(unsigned per_second, unsigned burst)
{
    return rate_new_every(per_second == 0 ? 0 : TIME_SECOND / per_second, burst);
}

void rate_free(struct rate *rate)
{
    if (rate == NULL)
        return;
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}

static uint64_t hash_name(const struct rate *rate, struct text name)
{
    const struct text pieces[] = {{(const char *)&rate->salt, sizeof rate->salt}, name};
    struct digest digest = digest_of_pieces(pieces, COUNT_OF(pieces));
    uint64_t hash;
    memcpy(&hash, digest.bytes, sizeof hash);
    return hash | 1;
}

static struct bucket *find_bucket(struct rate *rate, uint64_t hash)
{
    struct bucket *set = rate->buckets[(hash >> 1) % SETS];
    struct bucket *oldest = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].name == hash)
            return &set[i];
        if (set[i].full_at < oldest->full_at)
            oldest = &set[i];
    }
    *oldest = (struct bucket){.name = hash};
    return oldest;
}

static int64_t seconds_up(int64_t span_us)
{
    return span_us <= 0 ? 0 : (span_us + TIME_SECOND - 1) / TIME_SECOND;
}

static struct rate_verdict ask(struct rate *rate, struct text name, int64_t now, bool take)
{
    if (rate->interval_us == 0)
        return (struct rate_verdict){.allowed = true};
    uint64_t hash = hash_name(rate, name);
    pthread_mutex_lock(&rate->lock);
    struct bucket *bucket = find_bucket(rate, hash);
    int64_t full_at = bucket->full_at > now ? bucket->full_at : now;
    bool allowed = full_at + rate->interval_us - now <= rate->depth_us;
    if (allowed && take)
        bucket->full_at = full_at += rate->interval_us;
    pthread_mutex_unlock(&rate->lock);
    return (struct rate_verdict){
        .limited = true,
        .allowed = allowed,
        .remaining = (rate->depth_us - (full_at - now)) / rate->interval_us,
        .reset_s = seconds_up(full_at - now),
        .retry_after_s =
            allowed ? 0 : seconds_up(full_at + rate->interval_us - now - rate->depth_us),
    };
}

struct rate_verdict rate_take(struct rate *rate, struct text name, int64_t now)
{
    return ask(rate, name, now, true);
}

struct rate_verdict rate_look(struct rate *rate, struct text name, int64_t now)
{
    return ask(rate, name, now, false);
}

void rate_policy_write(struct buffer *out, const struct rate *rate)
{
    int64_t window = seconds_up(rate->depth_us);
    buffer_format(out, "\"key\";q=%u;w=%lld", rate->burst, (long long)(window == 0 ? 1 : window));
}

void rate_verdict_write(struct buffer *out, const struct rate_verdict *verdict)
{
    buffer_format(out, "\"key\";r=%lld;t=%lld", (long long)verdict->remaining,
                  (long long)verdict->reset_s);
}
