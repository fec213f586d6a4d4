/*
 * Leases: which node does what only one may do, where several serve one database.
 *
 * A lease is a row: its holder, a fencing number that grows with each new holder, and a beat that
 * its holder moves on three times in the span that a lease lasts. A lease whose beat has stood
 * still for that span is over: by the clock of whoever watches it, so that no two machines' clocks
 * are ever compared. A holder who could not renew counts it as lost after two thirds of the span,
 * before anybody else may take it.
 *
 * That much keeps the work going. What keeps it right is the fence: whoever writes under a lease
 * loads its row in the same group (lease_slot), and commits only if it still is theirs
 * (lease_confirm). A node that was merely asleep finds out there: PROBLEM_LEASE_LOST.
 *
 * Nodes that are alive have rows, too, and share the delivery slots out evenly among them.
 */
#pragma once

#include "store/store.h"

#define DELIVERY_SLOTS 8

enum lease {
    LEASE_LOG,        /* giving acts their places in the log */
    LEASE_TIMERS,     /* submitting what is due */
    LEASE_WITNESSES,  /* asking for cosignatures */
    LEASE_MAIL,       /* notices by mail */
    LEASE_DELIVERIES, /* the first of DELIVERY_SLOTS: webhooks of a part of the organisations */
    LEASES = LEASE_DELIVERIES + DELIVERY_SLOTS,
    LEASE_NONE = LEASES, /* what needs none */
};

enum lease lease_of_deliveries(int64_t org);

struct lease_row {
    struct text name;
    struct text holder; /* none: free */
    int64_t fence;
    int64_t renewed_at; /* for people; by the holder's clock */
    int64_t beat;
};
extern const struct table leases_table;

struct leases;

void leases_free(struct leases *leases); /* gives back what is held */
/*
 * Takes what is free, then keeps at it on a thread of its own. WRITER is borrowed and nobody
 * else's. LASTS_US: the span. CHANGED is called on that thread when what is held has changed.
 */
struct leases *leases_new(struct store *store, struct writer *writer, int64_t lasts_us,
                          void (*changed)(void *context), void *context, struct problem *problem)
    OWNED_BY(leases_free);

/* Is it ours now? *fence, if not NULL, then is its number: it changes when it was lost between. */
bool leases_hold(struct leases *leases, enum lease lease, int64_t *fence);

/*
 * Is any node alive on STORE? Watches for a span if there are rows of nodes; *HOLDER then is one's
 * name, memory of ARENA, or none.
 */
MUST_CHECK bool leases_look(struct store *store, int64_t lasts_us, struct arena *arena,
                            struct text *holder, struct problem *problem);

/* A row's key, to load it by. */
struct lease_row lease_key(enum lease lease);
/* Is the loaded row ours still? Then moves its beat on: save it with what was written under it. */
MUST_CHECK bool lease_confirm(struct leases *leases, enum lease lease, struct row_slot *slot,
                              struct problem *problem);
