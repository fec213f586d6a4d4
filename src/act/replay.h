/*
 * Replay: the state is a function of the log (invariant I8).
 *
 * Runs every recorded act again, in the order of the log, into an empty store beside the first; on
 * the way it checks each entry against its record, and at the end it compares every table of kind
 * TABLE_STATE row by row, and the log's root. Acts that a shared store has on record and that wait
 * for their places in the log come last, in the order in which they would get them.
 */
#pragma once

#include "act/kernel.h"

struct replay_report {
    uint64_t acts;     /* run again */
    uint64_t queued;   /* of them, those that had no place in the log yet */
    uint64_t rows;     /* compared */
    uint64_t findings; /* what differs; each was told to `finding` */
    uint64_t log_size;
};

struct replay_options {
    const struct catalogue *catalogue;
    struct store *store; /* the one to check; only read */
    struct store *empty; /* a fresh one */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void (*finding)(void *context, const char *what);
    void *context;
};

/* False only if it could not be carried out; differences are findings. */
MUST_CHECK bool replay_check(const struct replay_options *options, struct replay_report *report,
                             struct problem *problem);
