/*
 * Who asks: from `Authorization: Bearer cf_…` (RFC 6750 §2.1) or a session's cookie to a principal.
 *
 * Rows of keys are kept in memory, so that a request costs no query. Whoever submits an act about a
 * key calls auth_forget before its answer goes out: a revoked key stops at once, and on other nodes
 * of a shared store within a second. Any thread.
 */
#pragma once

#include "act/kernel.h"

/* What a client claims to be; kept where it has to be checked again. */
struct claim {
    bool is_session;
    enum role role;       /* of an API key */
    struct id key;        /* the key or session */
    struct digest secret; /* of it */
    /* A session: what it asks as. */
    unsigned roles;             /* that may do what is asked */
    enum permission permission; /* that a member needs to read it */
    bool has_org;
    int64_t org;    /* for whom */
    bool is_change; /* it is an act: what support may is ruled on the road */
};

struct auth;

void auth_free(struct auth *auth);
struct auth *auth_new(struct kernel *kernel) OWNED_BY(auth_free);

/* PROBLEM_UNAUTHENTICATED unless AUTHORIZATION (a header's value) holds a key's text. */
MUST_CHECK bool auth_claim(struct text authorization, struct claim *claim, struct problem *problem);
/* Is the claim true now? Fails with PROBLEM_UNAUTHENTICATED, or because the store failed. */
MUST_CHECK bool auth_check(struct auth *auth, const struct claim *claim, struct arena *arena,
                           struct principal *principal, struct problem *problem);
void auth_forget(struct auth *auth, struct id key);
