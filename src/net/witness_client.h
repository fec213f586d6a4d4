/*
 * The log's side of witnessing: a thread that shows the newest checkpoint to the configured
 * witnesses (c2sp.org/tlog-witness) and keeps the cosigned checkpoint in the ledger.
 *
 * A witness that is away, slow or refuses is logged once per change and asked again later; nothing
 * else ever waits for one. What a witness has last cosigned is asked of itself (409), not stored.
 */
#pragma once

#include "act/ledger.h"

#define WITNESSES_MAX 16

struct witness_client;

struct witness_client_options {
    struct kernel *kernel;
    int64_t every_us; /* between two rounds, while the log grows */
    size_t count;
    const char *witnesses[WITNESSES_MAX]; /* "vkey url"; borrowed until _free */
};

void witness_client_free(struct witness_client *client);
struct witness_client *witness_client_new(const struct witness_client_options *options,
                                          struct problem *problem) OWNED_BY(witness_client_free);
/* The witnesses' vkeys, as many and in the order as in the options; NULL of NULL. */
const char *const *witness_client_keys(const struct witness_client *client);
