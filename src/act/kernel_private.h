/*
 * What the kernel's own files share: kernel.c (queues, threads), group.c (the road), ledger.c (the
 * log), sequencer.c (the log of a store that several nodes write to).
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "act/kernel.h"
#include "act/tables.h"
#include "tlog/checkpoint.h"

#define GROUP_ACTS_MAX 512
#define GROUP_WRITERS_MAX 6

/* Rows of operational tables that come with the next group. */
struct saving {
    struct row_slot *const *slots;
    size_t count;
    enum lease lease;            /* under which they are written, or LEASE_NONE */
    struct row_slot *lease_slot; /* its row in the group that is under way */
    bool finished, saved;
    struct problem problem;
    struct saving *next;
};

/* One of the threads that run groups, with the acts that wait for it: those of its organisations.
 */
struct group_writer {
    struct kernel *kernel;
    struct writer *store;
    pthread_t thread;
    bool runs;
    struct arena *arena;

    /* Under the kernel's lock: */
    pthread_cond_t arrived;
    struct submission *first, **last;
    struct saving *savings;
};

/* Organisations by their numbers: their acts stay with one writer as long as any of them is there.
 */
#define ORG_BUCKETS 256
struct org_bucket {
    size_t acts; /* that wait or are being run */
    size_t writer;
};

/* Submissions that are committed, or about to be, and wait for their places in the log. */
#define UNLOGGED_BUCKETS 4096
struct unlogged {
    struct submission *buckets[UNLOGGED_BUCKETS]; /* by organisation and seq */
    size_t count;
};

/*
 * Threads: one or more writers run groups; the finisher signs the checkpoint over what was
 * committed and calls the acts' `done`, while the writers are at their next groups already (under
 * load one signature serves several groups); the timekeeper submits what is due.
 *
 * Where the store is ours alone there is one writer, which appends to the log in the group's own
 * transaction. Where it is shared, groups of any node only queue their entries, and the sequencer
 * of the node that holds LEASE_LOG gives them their places; each node's finisher follows the log as
 * it stands in the store, and answers an act when its entry is there.
 */
struct kernel {
    struct kernel_options options;
    struct note_key log_key;
    bool is_shared;
    struct leases *leases; /* where the store is shared; else NULL: all is ours */
    struct group_writer writers[GROUP_WRITERS_MAX];
    size_t writer_count;
    pthread_t finisher, timekeeper, sequencer;
    bool finisher_runs, timekeeper_runs, sequencer_runs;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t committed, queued, finished, closing;
    struct submission *done_first, **done_last; /* waiting for the finisher */
    struct merkle_tree committed_tree;          /* that the newest of them are in */
    bool has_committed;                         /* something was since the finisher looked */
    bool has_queued;                            /* entries were since the sequencer looked */
    struct unlogged unlogged;
    struct org_bucket orgs[ORG_BUCKETS];
    size_t waiting;
    bool stopping, written; /* written: nothing more will be committed */
    bool sequenced;         /* nor given a place in the log by us */
    struct kernel_listener *listeners;
    struct kernel_state state;
    struct buffer checkpoint; /* signed note of state.log_size */
    struct buffer cosigned;   /* the newest one that witnesses cosigned */
    uint64_t cosigned_size;

    /* The writer's own where it appends to the log, else the finisher's. */
    struct merkle_tree tree;
    int64_t looked_at; /* the finisher's */
};

/* Takes a whole group down the road; calls no `done`. */
void group_run(struct group_writer *writer, struct submission *acts, struct saving *savings);
/* What a completed node of the tree makes: its row, or none (level 0 of tiles is not stored). */
bool log_node_of(unsigned level, uint64_t index, const struct digest *hash,
                 struct log_node_row *node);

/* The tree as the store holds it, and its checkpoint. */
MUST_CHECK bool ledger_open(struct kernel *kernel, struct problem *problem);
MUST_CHECK bool ledger_load_tree(struct kernel *kernel, struct merkle_tree *tree,
                                 struct problem *problem);
/* The newest cosigned checkpoint, which another node may have stored. */
MUST_CHECK bool ledger_refresh_cosigned(struct kernel *kernel, struct problem *problem);
/* Signs and publishes the checkpoint of TREE. */
MUST_CHECK bool ledger_publish(struct kernel *kernel, const struct merkle_tree *tree,
                               struct problem *problem);

void *timekeeper_run(void *kernel);

/* sequencer.c, of a shared store. */
void *sequencer_run(void *kernel);
/* Acts of a group are about to be committed, so the finisher may meet their entries. */
void unlogged_add(struct kernel *kernel, struct submission *acts);
/* They were not. */
void unlogged_remove(struct kernel *kernel, struct submission *acts);
/* Its writer is through with it: it is done, or waits. Under the lock. */
void unlogged_settle(struct kernel *kernel, struct submission *submission);
/*
 * Reads what the log has grown by; *ACTS are the submissions whose entries are there now, or that
 * have waited too long. Waits until there is anything, or it is time to look; false at the end.
 */
bool follow_log(struct kernel *kernel, struct submission **acts, bool *grown);
