/*
 * The kernel: the one road that every change travels.
 *
 * kernel_submit queues an act; one writer thread takes all that is waiting as a group, loads the
 * rows that they name, runs each decide function in memory, saves changed rows, acts and log
 * entries and commits once. A second thread signs the log's checkpoint over what was committed and
 * then calls each act's `done`. There is no timer: a lone act costs one fdatasync, a crowd shares
 * it.
 */
#pragma once

#include "act/act.h"
#include "store/store.h"
#include "tlog/checkpoint.h"

struct kernel;
struct act_row;
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
    int64_t log_index;
    /* The kernel's. */
    const struct act_row *replay; /* an act that is run again as it was recorded */
    struct submission *next;
};

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
    bool timers; /* run them (the daemon does; import and replay do not) */
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

/* Called on a thread of the kernel's after each commit, until removed; must not block. */
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
    uint64_t waiting;       /* in the queue now */
    int64_t last_commit_us; /* how long the last commit took */
    bool store_fails;       /* the last group could not be committed */
};
void kernel_state(struct kernel *kernel, struct kernel_state *state);

/* Saves rows of operational tables (attempts, cursors) with the next group; waits for it. */
MUST_CHECK bool kernel_save(struct kernel *kernel, struct row_slot *const *slots, size_t count,
                            struct problem *problem);
