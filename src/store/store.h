/*
 * The store: a small SQL interface behind which SQLite (and PostgreSQL) stand.
 *
 * Writing is done by writers, in groups: writer_begin, any number of writer_load and writer_save,
 * then writer_commit or writer_rollback. A file has one writer; a database has several, in this
 * process and in others, and each is one thread's at a time. A commit that returned true survives
 * kill -9 and power loss. A row that was loaded is the group's alone until the group ends; where a
 * store cannot lock rows, a group that another one overtook is refused as STORE_CONFLICT when it is
 * saved. A row's none in a column that is not optional is refused as PROBLEM_INTERNAL.
 *
 * Reading goes through readers, which any thread may take and give back; there are few, and more
 * wait. A reader sees one moment, whole groups only, from its first query until it is given back:
 * give it back soon (the WAL cannot be cut before), and do not read inside a group. EACH may query
 * the same reader with other SQL. Rows are loaded into memory of the arena that the caller passes.
 *
 * Problems: STORE_FULL, STORE_READ_ONLY, STORE_CORRUPT, STORE_NEWER, STORE_LOCKED, STORE_FAILED;
 * STORE_AWAY (no connection to a database server) and STORE_CONFLICT (nothing was changed: the
 * group may be run again, from writer_begin on). OUTCOME_UNCERTAIN comes from writer_commit alone:
 * of a file (a sync failed) nothing more is written until it is opened again; of a database the
 * answer was lost, and the rows say what became of the group.
 *
 * SQL for views is portable: parameters are ?1, ?2, …; no functions or syntax of one engine. What a
 * parameter is compared with says its type, so that comes before "?1 IS NULL".
 */
#pragma once

#include "store/row.h"

struct store;
struct writer;
struct reader;

struct value {
    enum { VALUE_NONE, VALUE_INT, VALUE_TEXT, VALUE_BYTES } type;
    int64_t integer;
    struct text text;
};

#define VALUE_OF_INT(number) ((struct value){.type = VALUE_INT, .integer = (number)})
#define VALUE_OF_TEXT(words) ((struct value){.type = VALUE_TEXT, .text = (words)})
#define VALUE_OF_ID(id) /* ID must be an lvalue that outlives the call */                          \
    ((struct value){.type = VALUE_BYTES, .text = {(const char *)(id).bytes, sizeof(id).bytes}})
#define VALUE_IS_NONE ((struct value){.type = VALUE_NONE})

struct store_statistics {
    uint64_t commits, rows_loaded, rows_saved;
    uint64_t file_bytes;
};

void store_close(struct store *store);
/*
 * URL: "sqlite:FOLDER/counterfoil.db" or "postgresql://…" as libpq takes it. Makes and migrates the
 * schema when WRITABLE (and then holds a file alone: PROBLEM_STORE_LOCKED if another process does).
 */
struct store *store_open(const char *url, bool writable, struct problem *problem)
    OWNED_BY(store_close);
const char *store_engine(const struct store *store); /* "SQLite 3.53.2", with its limits if any */
void store_statistics(struct store *store, struct store_statistics *statistics);

bool store_is_shared(const struct store *store); /* other processes may write to it, too */
size_t store_writers(const struct store *store); /* how many groups may be under way at once */
struct writer *store_writer(struct store *store, size_t index); /* from 0; the store's */

MUST_CHECK bool writer_begin(struct writer *writer, struct problem *problem);
/*
 * Fills the slots' rows by their keys; `found` says which exist. Tables are taken in the order in
 * which SLOTS first names them: groups that name theirs in the same order do not deadlock.
 */
MUST_CHECK bool writer_load(struct writer *writer, struct row_slot *const *slots, size_t count,
                            struct arena *arena, struct problem *problem);
/* Inserts, updates or deletes what is `changed` or `removed`. */
MUST_CHECK bool writer_save(struct writer *writer, struct row_slot *const *slots, size_t count,
                            struct problem *problem);
MUST_CHECK bool writer_commit(struct writer *writer, struct problem *problem);
void writer_rollback(struct writer *writer);

struct reader *store_reader_take(struct store *store); /* waits for a free one */
void store_reader_give(struct store *store, struct reader *reader);

typedef bool (*query_row)(void *context, const struct value *columns, size_t count,
                          struct problem *problem);
typedef bool (*table_row)(void *context, const void *row, struct problem *problem);

/* SQL must be a constant string: statements are kept by its address. Stops when EACH fails. */
MUST_CHECK bool reader_query(struct reader *reader, const char *sql, const struct value *values,
                             size_t value_count, query_row each, void *context,
                             struct problem *problem);
/* SELECT all columns of TABLE + TAIL ("WHERE org = ?1 ORDER BY …"), also kept by address. */
MUST_CHECK bool reader_rows(struct reader *reader, const struct table *table, const char *tail,
                            const struct value *values, size_t value_count, struct arena *arena,
                            table_row each, void *context, struct problem *problem);
/* One row by its key; *found says whether there is one. */
MUST_CHECK bool reader_load(struct reader *reader, const struct table *table, void *row,
                            struct arena *arena, bool *found, struct problem *problem);

/* The number in the only column of the last row; as it was if there is none. */
MUST_CHECK bool reader_number(struct reader *reader, const char *sql, const struct value *values,
                              size_t value_count, int64_t *number, struct problem *problem);

/* Copies a running store to PATH (which must not exist) as of one moment. */
MUST_CHECK bool store_backup(struct store *store, const char *path,
                             void (*progress)(void *context, uint64_t done, uint64_t total),
                             void *context, struct problem *problem);
