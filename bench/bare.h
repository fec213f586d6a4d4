/*
 * The baselines: the rows that a round of bench/acts has written, written again by a bare program
 * of the store's own library, in groups, into a fresh store of the same schema and settings.
 *
 * No HTTP, no JSON, no decisions, no Merkle tree, no signature. Afterwards every row is compared
 * with the daemon's. Whatever fails stops the process.
 */
#pragma once

#include <sys/types.h>

#include "written.h"

struct bare_report {
    uint64_t acts;
    int64_t elapsed_us;
    int64_t group_p99_us;
    double server_cpu; /* seconds, of a database's server whose process is known */
};

/* Writes each group with WRITE and takes the time. */
void bare_measure(const struct written *written, void (*write)(void *context, size_t group),
                  void *context, struct bare_report *report);

/* STORE: the daemon's file; FRESH: one that does not exist yet. Prepared statements. */
void bare_sqlite(const char *store, const char *fresh, const struct written *written,
                 struct bare_report *report);
/*
 * URL: the daemon's database (SERVER: its process, or 0), in which a schema "bare" is made and
 * removed. One connection, three round trips a group in pipeline mode: load for update, store,
 * commit; an array a column. The group's log entries get their places with the next group's store.
 */
void bare_postgres(const char *url, pid_t server, const struct written *written,
                   struct bare_report *report);
