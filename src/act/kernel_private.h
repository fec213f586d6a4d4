/* What the kernel's own files share: kernel.c (queue, threads), group.c (the road), ledger.c. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "act/kernel.h"
#include "act/tables.h"
#include "tlog/checkpoint.h"

#define GROUP_ACTS_MAX 512

/* Rows of operational tables that come with the next group. */
struct saving {
    struct row_slot *const *slots;
    size_t count;
    bool finished, saved;
    struct problem problem;
    struct saving *next;
};

/*
 * Three threads. The writer runs groups; the finisher signs the checkpoint over what was committed
 * and calls the acts' `done`, while the writer is at the next group already (under load one
 * signature serves several groups); the timekeeper submits what is due.
 */
struct kernel {
    struct kernel_options options;
    struct note_key log_key;
    pthread_t writer, finisher, timekeeper;
    bool writer_runs, finisher_runs, timekeeper_runs;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t arrived, committed, finished, closing;
    struct submission *first, **last;           /* waiting for the writer */
    struct submission *done_first, **done_last; /* waiting for the finisher */
    struct merkle_tree committed_tree;          /* that the newest of them are in */
    bool has_committed;                         /* something was since the finisher looked */
    struct saving *savings;
    size_t waiting;
    bool stopping, written; /* written: nothing more will be committed */
    struct kernel_listener *listeners;
    struct kernel_state state;
    struct buffer checkpoint; /* signed note of state.log_size */
    struct buffer cosigned;   /* the newest one that witnesses cosigned */
    uint64_t cosigned_size;

    /* The writer's own. */
    struct merkle_tree tree;
    bool is_stale; /* the store's log may have grown beyond the tree */
    struct arena *arena;
};

/* Takes a whole group down the road; calls no `done`. */
void group_run(struct kernel *kernel, struct submission *acts, struct saving *savings);

/* The tree as the store holds it, and its checkpoint. */
MUST_CHECK bool ledger_open(struct kernel *kernel, struct problem *problem);
/* The tree anew, where it is not known how a group ended, or another writer was there. */
MUST_CHECK bool ledger_refresh(struct kernel *kernel, struct problem *problem);
/* Signs and publishes the checkpoint of TREE. */
MUST_CHECK bool ledger_publish(struct kernel *kernel, const struct merkle_tree *tree,
                               struct problem *problem);

void *timekeeper_run(void *kernel);
