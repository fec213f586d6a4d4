/*
 * The engine: signer, store and kernel of one data folder, opened together in this process.
 * The daemon runs on one; the commands that change something use one while no daemon does.
 */
#pragma once

#include "act/kernel.h"
#include "base/config.h"
#include "cmd/home.h"
#include "cmd/signer.h"

struct engine {
    struct signer *signer;
    struct store *store;
    struct kernel *kernel;
    char verifier_key[HOME_LINE_BYTES_MAX];
    char origin[NOTE_NAME_MAX + 1];
};

struct engine_options {
    const struct config *config;
    bool timers;  /* the daemon's own acts, when they are due */
    bool history; /* acts of the past are told to nobody: no deadline is near */
};

void engine_done(struct engine *engine);
/*
 * Starts the signer with our rights, then gives up root for the configured user, or else for the
 * owner of the folder. PROBLEM_STORE_LOCKED if a daemon has the store.
 */
MUST_CHECK bool engine_init(struct engine *engine, const struct engine_options *options,
                            struct problem *problem);
/* Gives up root for the configured user, or else for the owner of the data folder. */
MUST_CHECK bool engine_become(const struct config *config, struct problem *problem);
/* The store's URL, which may hold a password. */
void engine_store_url(const struct config *config, char url[HOME_PATH_BYTES]);
