/*
 * Keys and organisations as an operator makes them. While a daemon holds the store they go through
 * its API with the key in operator.key; otherwise they are done in this process.
 */
#pragma once

#include "cmd/door.h"
#include "cmd/engine.h"
#include "identity/identity.h"

struct key_wish {
    const char *role;  /* a name of key_role_names */
    const char *org;   /* "org_…", NULL unless role is seller */
    const char *buyer; /* NULL unless role is buyer */
    const char *label; /* or NULL */
};

/* Makes a key in this process; TEXT is its only copy. */
MUST_CHECK bool key_make(struct door *door, const struct key_wish *wish, char text[KEY_TEXT_BYTES],
                         struct problem *problem);
/* The operator's own key of a fresh data folder, into operator.key. */
MUST_CHECK bool key_make_operator(struct door *door, const char *folder, struct problem *problem);
