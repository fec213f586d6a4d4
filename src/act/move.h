/*
 * A move: a log, and all that is kept with it, goes from one store to another.
 *
 * While it is on its way the new store says so, and no server begins on it. At the end the old one
 * says where the log went, and no server begins on that one any more: one key never signs two
 * histories. What is moved is copied in passes (store/mirror.h), most of them while the old
 * store's server works; the last ones while it rests, and then all is verified.
 *
 * A store is moved into when it is empty, was left by a move that broke off, or is one that this
 * log has moved away from (the way back).
 *
 * Problems: STORE_MOVED, STORE_OTHER (the second store holds another log), STORE_LOCKED (a server
 * works on the first one), STATE_DIFFERS (what was moved is not what was there), and the store's.
 */
#pragma once

#include "act/act.h"
#include "base/digest.h"
#include "store/mirror.h"

enum move_direction { MOVE_HERE, MOVE_AWAY };

struct move_row {
    int64_t direction;
    struct text place; /* the other store */
    int64_t at;
};
extern const struct table moves_table;

/* May a server work on this store? STORE_MOVED if its log went elsewhere, or is on its way here. */
MUST_CHECK bool move_check(struct store *store, struct problem *problem);

struct move_options {
    const struct catalogue *catalogue;
    struct store *from;   /* writable for the end of the move: so it is nobody else's */
    struct store *to;     /* writable */
    const char *log_vkey; /* the log's verifier key, or NULL where it is not known */
    int64_t lease_us;     /* how long leases last on the old store: who may be alive is watched */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};

/* The log as a store holds it, computed from its entries alone. */
struct move_log {
    uint64_t size;
    struct digest root;
};

struct move;

void move_free(struct move *move);
struct move *move_new(const struct move_options *options) OWNED_BY(move_free);
/* Is this a move that can be made? Then the new store is marked. */
MUST_CHECK bool move_begin(struct move *move, struct problem *problem);
MUST_CHECK bool move_pass(struct move *move, struct mirror_report *report, struct problem *problem);
/* The last passes, until one changes nothing; CONTEXT's progress as before. Nobody may write. */
MUST_CHECK bool move_settle(struct move *move, struct mirror_report *report,
                            struct problem *problem);
/* Compares both logs, and the newest cosigned checkpoint with them. */
MUST_CHECK bool move_verify_log(struct move *move, struct move_log *log, struct problem *problem);
/* From now on the log stands in the new store. */
MUST_CHECK bool move_end(struct move *move, struct problem *problem);
