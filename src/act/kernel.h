/*
 * The kernel: the one road that every change travels.
 *
 * kernel_submit queues an act; a writer thread takes all that is waiting as a group, loads the
 * rows that they name, runs each decide function in memory, saves changed rows, acts and log
 * entries and commits once. A second thread signs the log's checkpoint over what was committed and
 * then calls each act's `done`. There is no timer: a lone act costs one fdatasync, a crowd shares
 * it. A store that is shared has several writers, here and in other nodes; what only one node may
 * do is held by leases (act/lease.h).
 */
#pragma once

#include "act/act.h"
#include "act/lease.h"
#include "store/store.h"
#include "tlog/checkpoint.h"

struct kernel;
struct logged_act_row;
struct idempotency_row;

struct submission {
    /* In, set by the caller; memory lives until `done`. */
    struct act act; /* type, org, subject, actor, from, request_id, body; at: 0 for now */
    struct arena *arena;
    struct text idempotency_key; /* or TEXT_NONE */
    struct digest request;       /* of route and body, compared when the key comes again */
    struct text entry;           /* logged instead of the commitment to the record; or TEXT_NONE */
    int64_t if_match;            /* the version that the subject's row must have, or 0 */
    void (*done)(struct submission *submission); /* on a thread of the kernel's */
    void *context;
    /* Out. */
    bool accepted;
    bool replayed;          /* the answer of an earlier act with the same key */
    bool recorded;          /* it is in the feed and the log: accepted, or refused with reason */
    struct problem problem; /* why not */
    int64_t log_index;      /* LOG_INDEX_NONE: it has no place yet */
    /* The kernel's. */
    const struct logged_act_row *replay; /* an act that is run again as it was recorded */
    struct submission *next;             /* in the queue of whoever has it */
    struct submission *next_unlogged;
    int64_t unlogged_since;
    bool committing; /* its writer is at work with it */
    size_t bucket;   /* of its organisation */
};

#define LOG_INDEX_NONE (-1)

struct kernel_options {
    const struct catalogue *catalogue;
    struct store *store;
    struct rules rules;
    const char *log_origin;
    /* NULL: checkpoints are not signed (replay needs none). */
    bool (*sign)(void *context, struct text message, uint8_t signature[64],
                 struct problem *problem);
    void *sign_context;
    const char *log_vkey;
    bool timers;      /* run them (the daemon does; import and replay do not) */
    bool alone;       /* nobody else writes, though the store is one that others could share */
    size_t writers;   /* groups at once on a shared store; 0: the usual */
    int64_t lease_us; /* how long a lease lasts on it; 0: the usual */
    int64_t idempotency_keep_us;
    size_t waiting_max; /* acts in the queue; beyond: PROBLEM_OVERLOADED */
};

void kernel_close(struct kernel *kernel); /* after what is queued was done */
struct kernel *kernel_open(const struct kernel_options *options, struct problem *problem)
    OWNED_BY(kernel_close);

/* `done` is called in any case, also when the queue is full. */
void kernel_submit(struct kernel *kernel, struct submission *submission);
/* The same, waiting for it. */
void kernel_act(struct kernel *kernel, struct submission *submission);
struct store *kernel_store(struct kernel *kernel);
const struct catalogue *kernel_catalogue(const struct kernel *kernel);
const struct rules *kernel_rules(const struct kernel *kernel);
const char *kernel_log_vkey(const struct kernel *kernel);

/* Where the store has the submission's Idempotency-Key, if it came before; memory is of ARENA. */
struct idempotency_row submission_key(const struct submission *submission, struct arena *arena);

/* The answer to an act, made of its record alone: so a replay of its key gives the same bytes. */
void submission_write(struct buffer *out, const struct submission *submission);

/*
 * Called on a thread of the kernel's when the log has grown, here or by another node, and when
 * leases came or went, until removed; must not block.
 */
struct kernel_listener {
    void (*committed)(void *context);
    void *context;
    struct kernel_listener *next;
};
void kernel_listen(struct kernel *kernel, struct kernel_listener *listener);
void kernel_unlisten(struct kernel *kernel, struct kernel_listener *listener);

struct kernel_state {
    uint64_t log_size;
    struct digest log_root;
    uint64_t groups, accepted, refused, replayed;
    uint64_t waiting;         /* in the queue now */
    int64_t last_commit_us;   /* how long the last commit took */
    bool store_fails;         /* the last group could not be committed */
    uint64_t unlogged;        /* acts of ours that are committed and wait for the log */
    bool has_log, has_timers; /* leases that this node holds */
    unsigned delivery_slots;
};
void kernel_state(struct kernel *kernel, struct kernel_state *state);

/* Is this node the one that does it now? Of a store that is not shared it always is. */
bool kernel_holds(struct kernel *kernel, enum lease lease);
/*
 * Saves rows of operational tables (attempts, cursors) with the next group; waits for it.
 * PROBLEM_LEASE_LOST: LEASE is another node's now; nothing was saved.
 */
MUST_CHECK bool kernel_save(struct kernel *kernel, enum lease lease, struct row_slot *const *slots,
                            size_t count, struct problem *problem);
