/*
 * Mirror: makes the rows of one store those of another, as rsync does with files.
 *
 * A pass compares each table's rows on both sides (store/compare.h). What is missing, differs or is
 * too much on the second side is inserted, replaced or removed there, a group a page. A pass may
 * break off anywhere and be run again: rows that are right are only read. A store that is written
 * to meanwhile keeps a pass from finding everything; a pass that changed nothing while nobody
 * wrote is the proof that both hold the same.
 *
 * Rows of the log (TABLE_LOG) never go and their fixed columns never change: where that would be
 * needed, the second store holds something else (PROBLEM_STORE_OTHER). A database that was away for
 * a moment is waited for; other problems are those of store.h.
 */
#pragma once

#include "store/store.h"

struct mirror {
    struct store *from;                /* only read */
    struct store *to;                  /* writable */
    const struct table *const *tables; /* ended by NULL; views and what `stays` are left out */
    void (*progress)(void *context, uint64_t done, uint64_t total); /* or NULL */
    void *context;
};

struct mirror_report {
    uint64_t compared; /* rows of the first store */
    uint64_t inserted, replaced, removed;
};

MUST_CHECK bool mirror_pass(const struct mirror *mirror, struct mirror_report *report,
                            struct problem *problem);
/* Does a pass take this table along? */
bool mirror_takes(const struct table *table);
/* The number of rows that a pass over STORE would read. */
MUST_CHECK bool mirror_count(const struct mirror *mirror, struct store *store, uint64_t *rows,
                             struct problem *problem);
