/*
 * Attempts: failed log-ins are slowed by account and by address, and noticed.
 *
 * A stranger cannot lock an owner out: a device that the account knows has buckets of its own, and
 * a passkey is never slowed. Counted in this process; each node of several counts for itself.
 */
#pragma once

#include "base/id.h"
#include "net/rate.h"

struct attempts;

void attempts_free(struct attempts *attempts);
struct attempts *attempts_new(void) OWNED_BY(attempts_free);

/* Who tries, from where. ACCOUNT: the address that was entered, or a person's id. */
struct attempt {
    struct text account;
    struct text address;
    bool device_is_known; /* the account was logged in on this device before */
};
/* May this one be tried? Counts nothing. */
struct rate_verdict attempts_look(struct attempts *attempts, const struct attempt *attempt);
/* It failed. True if the account's owner has to be told: once an hour, with the number since. */
bool attempts_failed(struct attempts *attempts, const struct attempt *attempt, int64_t *failures);
/* It went well: the account's notice starts anew. */
void attempts_went_well(struct attempts *attempts, struct text account);

/*
 * Takes the time step of a generator's code: false if it, or a later one, was taken before. A
 * person's account and each of their organisations keep the newest step for themselves; this makes
 * a code of one that was used in another worthless, too.
 */
MUST_CHECK bool attempts_take_code(struct attempts *attempts, struct id generator, int64_t step);
