/*
 * Tables over the machines of a Citus cluster (PostgreSQL in parts; docs.citusdata.com).
 *
 * Where `org` leads the key, rows are spread by it, all of one organisation on one machine: a group
 * of acts of one organisation is a transaction of one machine. A table without it is about the
 * whole log or the servers: it stays a plain table of the coordinator. None is made a reference
 * table, which has a copy on each machine and is written on all of them at once: nothing joins
 * them with the others, and leases and the log's nodes are written all the time.
 */
#pragma once

#include "store/row.h"

bool table_is_distributed(const struct table *table);
/* The statements that spread TABLES (ended by NULL), for tables that exist and are empty. */
void distribution_write(struct buffer *sql, const struct table *const *tables);
