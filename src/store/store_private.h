/*
 * What stands between store.h and its drivers: the driver's table of functions, rows as values,
 * schema files. Only src/store and its tests include this.
 *
 * A driver's files (sqlite*.c, postgres*.c) are the only ones that know its engine's library. It
 * receives portable SQL and adapts it; rows cross the boundary as arrays of struct value.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/embedded.h"
#include "store/store.h"

#define STORE_COLUMNS_MAX 64
#define STORE_READERS 8
#define STORE_WRITERS 8                   /* of a database */
#define STORE_TEXT_MAX ((size_t)16 << 20) /* bytes in one value */

/* May several connections of this process use the store at once? */
enum store_sharing { STORE_SHARED_IF_SAFE, STORE_SHARED, STORE_ALONE };

struct store_options {
    bool writable;
    const struct embedded_file *schema; /* in order, ended by an entry without path */
    enum store_sharing sharing;         /* other than IF_SAFE: for tests */
    const char *file_system;            /* the name of an sqlite3_vfs, NULL: the usual; for tests */
    int checkpoint_pages;               /* 0: the usual; for tests */
    bool unlocked; /* rows are never locked, as if the database were spread out; for tests */
};

/* SELECTs: a whole statement; or TABLE's columns + SQL as tail; or, without SQL, TABLE by key. */
struct query {
    const struct table *table;
    const char *sql;
    const struct value *values;
    size_t value_count;
};

struct store_column {
    char name[64];
    char type[16];
    bool optional;
    size_t key_position; /* from 1; 0: not in the key */
};

struct store_driver {
    const char *scheme;                  /* before the colon of the URL */
    char *(*schema)(struct text script); /* a schema file in its own SQL; owned by the caller */
    size_t writers;
    bool shared;
    struct store *(*open)(const char *location, const struct store_options *options,
                          struct problem *problem);
    void (*close)(struct store *store);
    uint64_t (*file_bytes)(struct store *store);
    /* A writer connects at its first group. */
    struct writer *(*writer_new)(struct store *store);
    void (*writer_free)(struct writer *writer);
    bool (*begin)(struct writer *writer, struct problem *problem);
    bool (*load)(struct writer *writer, struct row_slot *const *slots, size_t count,
                 struct arena *arena, struct problem *problem);
    bool (*save)(struct writer *writer, struct row_slot *const *slots, size_t count,
                 struct problem *problem);
    bool (*execute)(struct writer *writer, struct text script, struct problem *problem);
    bool (*commit)(struct writer *writer, struct problem *problem);
    void (*rollback)(struct writer *writer);
    /* Of table ?1, in order: name, type as in schema files, NOT NULL, position in the key or 0. */
    const char *describe_sql;
    /* A reader connects at its first query, and sees one moment until `rest`. */
    struct reader *(*reader_new)(struct store *store);
    bool (*reader_query)(struct reader *reader, const struct query *query, query_row each,
                         void *context, struct problem *problem);
    void (*reader_rest)(struct reader *reader);
    void (*reader_free)(struct reader *reader);
    bool (*backup)(struct store *store, const char *path,
                   void (*progress)(void *context, uint64_t done, uint64_t total), void *context,
                   struct problem *problem);
};

extern const struct store_driver sqlite_driver;
extern const struct store_driver postgres_driver;

/* Drivers embed these as their first members. */
struct store {
    const struct store_driver *driver;
    bool writable;
    char engine[160];
    char *place;    /* set by the driver's open; freed by store_close */
    char *identity; /* the same, of one file or database alone, however its URL was written */
    atomic_uint_fast64_t commits, rows_loaded, rows_saved;
    struct writer *writers[STORE_WRITERS];
    pthread_mutex_t lock; /* of the readers below */
    pthread_cond_t reader_given;
    struct reader *readers[STORE_READERS];
};

struct writer {
    struct store *store;
};

struct reader {
    struct store *store;
    bool taken;
};

struct store *store_open_with(const char *url, const struct store_options *options,
                              struct problem *problem) OWNED_BY(store_close);
/* The columns of a table as the engine has them; *count is 0 if there is no such table. */
MUST_CHECK bool store_describe(struct store *store, const char *table, struct store_column *columns,
                               size_t capacity, size_t *count, struct problem *problem);
extern const struct table migrations_table; /* which files were applied */
/* Applies what is missing of the schema's files, each in a transaction; see migrate.c. */
MUST_CHECK bool store_migrate(struct store *store, const struct embedded_file *schema,
                              struct problem *problem);

/* A schema file as SQLite takes it; owned by the caller (free). */
char *sqlite_schema(struct text script);
/* The SQL of a query, portable. */
void query_sql(struct buffer *sql, const struct query *query);
/* One column as a value; its bytes are the row's. None becomes VALUE_NONE. */
struct value row_value(const struct column *column, const void *row);
/*
 * Sets the columns from FROM on; bytes are copied to ARENA. PROBLEM_STORE_CORRUPT if a value does
 * not fit its column: whatever is above may rely on what a descriptor says.
 */
MUST_CHECK bool row_read(const struct table *table, size_t from, const struct value *values,
                         size_t count, void *row, struct arena *arena, struct problem *problem);
