#include "net/attempts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/time.h"

/* At once, and steadily: one more each … */
#define HERE_BURST 5 /* an account from one address, or from one known device */
#define HERE_EVERY (30 * TIME_SECOND)
#define ACCOUNT_BURST 30 /* an account from wherever it is not known */
#define ACCOUNT_EVERY (2 * TIME_MINUTE)
#define ADDRESS_BURST 30 /* an address, at any accounts */
#define ADDRESS_EVERY (10 * TIME_SECOND)

#define NOTICE_FROM 5
#define NOTICE_EVERY TIME_HOUR
#define COUNTS 4096 /* a power of two */

struct count {
    struct digest account;
    int64_t failures;
    int64_t told_at;
};

struct used_code {
    struct id generator;
    int64_t step;
};

struct attempts {
    struct rate *here, *account, *address;
    pthread_mutex_t lock; /* of the counts */
    struct count counts[COUNTS];
    struct used_code codes[COUNTS];
};

struct attempts *attempts_new(void)
{
    struct attempts *attempts = calloc(1, sizeof *attempts);
    MUST(attempts != NULL && pthread_mutex_init(&attempts->lock, NULL) == 0);
    attempts->here = rate_new_every(HERE_EVERY, HERE_BURST);
    attempts->account = rate_new_every(ACCOUNT_EVERY, ACCOUNT_BURST);
    attempts->address = rate_new_every(ADDRESS_EVERY, ADDRESS_BURST);
    return attempts;
}

void attempts_free(struct attempts *attempts)
{
    if (attempts == NULL)
        return;
    rate_free(attempts->here);
    rate_free(attempts->account);
    rate_free(attempts->address);
    pthread_mutex_destroy(&attempts->lock);
    free(attempts);
}

typedef struct rate_verdict (*rate_ask)(struct rate *rate, struct text name, int64_t now);

static struct text name_here(const struct attempt *attempt, char name[2 * DIGEST_BYTES])
{
    const struct text pieces[] = {attempt->account, TEXT("\n"),
                                  attempt->device_is_known ? TEXT("known") : attempt->address};
    struct digest digest = digest_of_pieces(pieces, COUNT_OF(pieces));
    memcpy(name, digest.bytes, DIGEST_BYTES);
    return (struct text){name, DIGEST_BYTES};
}

/* The strictest of the buckets that count. */
static struct rate_verdict ask_all(struct attempts *attempts, const struct attempt *attempt,
                                   rate_ask ask)
{
    char name[2 * DIGEST_BYTES];
    int64_t now = time_monotonic();
    struct rate_verdict verdict = ask(attempts->here, name_here(attempt, name), now);
    if (attempt->device_is_known)
        return verdict;
    const struct rate_verdict others[] = {ask(attempts->account, attempt->account, now),
                                          ask(attempts->address, attempt->address, now)};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (others[i].retry_after_s > verdict.retry_after_s)
            verdict = others[i];
    return verdict;
}

struct rate_verdict attempts_look(struct attempts *attempts, const struct attempt *attempt)
{
    return ask_all(attempts, attempt, rate_look);
}

static struct count *count_of(struct attempts *attempts, struct text account)
{
    struct digest digest = digest_of_pieces(&account, 1);
    uint32_t hash;
    memcpy(&hash, digest.bytes, sizeof hash);
    struct count *count = &attempts->counts[hash % COUNTS];
    if (memcmp(&count->account, &digest, sizeof digest) != 0)
        *count = (struct count){.account = digest};
    return count;
}

bool attempts_failed(struct attempts *attempts, const struct attempt *attempt, int64_t *failures)
{
    int64_t now = time_monotonic();
    ask_all(attempts, attempt, rate_take);
    pthread_mutex_lock(&attempts->lock);
    struct count *count = count_of(attempts, attempt->account);
    *failures = ++count->failures;
    bool tell = count->failures >= NOTICE_FROM &&
                (count->told_at == 0 || now - count->told_at >= NOTICE_EVERY);
    if (tell) {
        count->told_at = now;
        count->failures = 0;
    }
    pthread_mutex_unlock(&attempts->lock);
    return tell;
}

void attempts_went_well(struct attempts *attempts, struct text account)
{
    pthread_mutex_lock(&attempts->lock);
    count_of(attempts, account)->failures = 0;
    pthread_mutex_unlock(&attempts->lock);
}

bool attempts_take_code(struct attempts *attempts, struct id generator, int64_t step)
{
    uint32_t hash;
    memcpy(&hash, generator.bytes + sizeof generator.bytes - sizeof hash, sizeof hash);
    pthread_mutex_lock(&attempts->lock);
    struct used_code *used = &attempts->codes[hash % COUNTS];
    bool taken = !id_equal(used->generator, generator) || used->step < step;
    if (taken)
        *used = (struct used_code){generator, step};
    pthread_mutex_unlock(&attempts->lock);
    return taken;
}
