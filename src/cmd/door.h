/*
 * The door for acts of this process itself: bodies are JSON as in the API, acts are handed to the
 * kernel in batches, so that a crowd of them shares a commit. Used by the commands that run
 * without a daemon. One thread.
 */
#pragma once

#include "act/kernel.h"

#define DOOR_BATCH_MAX 512

struct door;

struct door_act {
    const struct act_type *type;
    int64_t org;
    struct id subject;
    const char *prefix; /* of the subject, if the type does not say it (ACT_ANY_SUBJECT) */
    enum role role;     /* on whose behalf */
    struct text buyer;
    int64_t at;                  /* 0: now */
    struct text idempotency_key; /* copied, as the body is */
    struct text body;
};

void door_free(struct door *door);
struct door *door_new(struct kernel *kernel) OWNED_BY(door_free);
/*
 * Hands it in; at most DOOR_BATCH_MAX until the next door_wait. Returns its number in the batch.
 * A body that does not fit its fields is a bug of the caller's and told by door_wait.
 */
size_t door_act(struct door *door, const struct door_act *act);
/* Waits until all are done. */
void door_wait(struct door *door);
/* What became of number INDEX; valid until door_clear. */
const struct submission *door_result(const struct door *door, size_t index);
size_t door_count(const struct door *door);
void door_clear(struct door *door); /* begins the next batch */

/* The three at once, for a single act; false with what was refused. */
MUST_CHECK bool door_single(struct door *door, const struct door_act *act, struct submission *done,
                            struct problem *problem);
