/*
 * Rows: one descriptor a table, from which schema, load by key, store, replay comparison, digest,
 * JSON and OpenAPI derive. Nobody writes SQL for the write path.
 *
 * A row is a plain C struct. Its descriptor lists the columns with their offsets, the key's columns
 * first; `org` leads every key of a table that belongs to organisations. "None" is a zero id, a
 * zero time or a text without bytes; it is SQL NULL and allowed only where the column is optional.
 *
 * Columns with an `api` name appear in JSON under it; "a/b" nests b in an object a, which is null
 * as long as its first column is none. Columns without one are internal.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/json.h"

enum column_type {
    COLUMN_INT,   /* int64_t */
    COLUMN_BOOL,  /* int64_t, 0 or 1 */
    COLUMN_ENUM,  /* int64_t, an index into `names` */
    COLUMN_TIME,  /* int64_t, microseconds UTC */
    COLUMN_ORG,   /* int64_t */
    COLUMN_ID,    /* struct id */
    COLUMN_TEXT,  /* struct text, UTF-8 */
    COLUMN_JSON,  /* struct text, canonical JSON */
    COLUMN_BYTES, /* struct text */
};

enum column_flags {
    COLUMN_OPTIONAL = 1, /* may be none */
    COLUMN_FIXED = 2,    /* never changes after the row was made (keys are so anyway) */
};

struct column {
    const char *name;
    enum column_type type;
    unsigned flags;
    size_t offset;
    const char *prefix;       /* COLUMN_ID: of the text form … */
    size_t prefix_at;         /* … or NULL: what the text there in the row says */
    const char *const *names; /* COLUMN_ENUM: ended by NULL */
    const char *api;
    const char *doc;
};

enum table_kind {
    TABLE_STATE,       /* a function of the acts: replay makes and compares it (I8) */
    TABLE_LOG,         /* the acts themselves and the log over them: replay reads it */
    TABLE_OPERATIONAL, /* what happened around the acts (attempts, cursors): not compared */
    TABLE_VIEW,        /* a SELECT over others, for readers */
};

struct table {
    const char *name;
    enum table_kind kind;
    size_t row_bytes;
    const struct column *columns;
    size_t column_count;
    size_t key_count;             /* the first columns are the key */
    const struct column *version; /* set to the act's seq on each change; NULL: none */
    const char *definition;       /* of a view: its SELECT */
    bool stays;                   /* about this very store: not taken along to another */
    const char *doc;
};

#define COLUMN(row_type, member, column_type, ...)                                                 \
    {                                                                                              \
        .name = #member, .type = column_type, .offset = offsetof(row_type, member), __VA_ARGS__    \
    }

/* A row on its way from the store or to it. The key's columns of *row are set by the caller. */
struct row_slot {
    const struct table *table;
    void *row;
    bool found;   /* it is in the store */
    bool changed; /* it has to be written */
    bool removed; /* it has to be deleted */
    bool loaded;  /* by writer_load; then `version` is what its table's version column said */
    int64_t version;
};

int64_t row_int(const struct column *column, const void *row);
struct id row_id(const struct column *column, const void *row);
struct text row_text(const struct column *column, const void *row);
bool row_is_none(const struct column *column, const void *row);
const struct column *table_column(const struct table *table, const char *name); /* or NULL */

uint64_t row_key_hash(const struct table *table, const void *row); /* differs between processes */
bool row_key_equal(const struct table *table, const void *a, const void *b);
bool column_equal(const struct column *column, const void *a, const void *b);
/* By all columns; for replay. */
bool row_equal(const struct table *table, const void *a, const void *b);
/* The order in which the store gives rows ORDER BY their key. */
int row_key_compare(const struct table *table, const void *a, const void *b);
/* The members of the row's object (without the braces), nested as `api` says. */
void row_write_members(struct json_writer *json, const struct table *table, const void *row);
void row_write(struct json_writer *json, const struct table *table, const void *row);
/* One column's value, as JSON. */
void column_write(struct json_writer *json, const struct column *column, const void *row);

/* SQL that derives from the descriptor, in the dialect-free form that drivers adapt. */
void table_sql_create(struct buffer *sql, const struct table *table);
void table_sql_columns(struct buffer *sql, const struct table *table); /* "a, b, c" */
/* The columns behind the key (of a table without any: the key's first), WHERE the key is ?1, ?2 …
 */
void table_sql_load(struct buffer *sql, const struct table *table);
/* ?1, ?2 … are the columns in their order. */
void table_sql_insert(struct buffer *sql, const struct table *table);
/* ?1, ?2 … are the key, then what column_is_updated names. No such column: no SQL. */
void table_sql_update(struct buffer *sql, const struct table *table);
void table_sql_remove(struct buffer *sql, const struct table *table);
/* Is this column set by table_sql_update? */
bool column_is_updated(const struct table *table, size_t index);
