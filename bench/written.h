/*
 * What a run of bench/acts has written, read back from its store as the groups of rows in which a
 * bare program writes them again.
 *
 * Acts are taken in the order of the log, with their log entries, the tree's nodes, feeds, orders,
 * references and notices, each as it was after its act: what has an index then is in it again. A
 * row that several acts of a group changed is written once, as the daemon's groups do.
 */
#pragma once

#include "store/store.h"

struct written_group {
    struct row_slot **load; /* what a program that decides has to look at first */
    size_t load_count, load_capacity;
    struct row_slot **save;
    size_t save_count, save_capacity;
    struct row_slot **places; /* of a queued log: the entries, and what leaves the queue */
    size_t place_count, place_capacity;
};

struct written {
    struct arena *arena;
    struct written_group *groups;
    size_t group_count, acts;
};

/* How many entries the log of the store at URL has. Whatever fails here stops the process. */
size_t written_log_size(const char *url);
/*
 * The COUNT acts from FIRST on, in groups of GROUP. QUEUED: entries of a group wait in the queue
 * before they get their places, as in a store that several nodes write to.
 */
void written_read(struct written *written, const char *url, size_t first, size_t count,
                  size_t group, bool queued);
void written_done(struct written *written);

/*
 * Tables that a bare program writes, ended by NULL, and the SQL that counts the rows of one of them
 * which are not in the store: names are "schema.", and free releases it.
 */
extern const struct table *const written_tables[];
char *written_difference(const struct table *table, const char *fresh, const char *store);
