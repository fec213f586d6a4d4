#include "bare.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLES_MAX 16

struct statements {
    const struct table *table;
    sqlite3_stmt *insert, *update;
};

struct bare {
    const struct written *written;
    sqlite3 *database;
    sqlite3_stmt *begin, *commit;
    struct statements tables[TABLES_MAX];
    size_t table_count;
};

_Noreturn static void give_up(sqlite3 *database, const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, sqlite3_errmsg(database));
    exit(1);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        give_up(database, sql);
    return statement;
}

static sqlite3_stmt *prepare_for(sqlite3 *database, const struct table *table,
                                 void (*write)(struct buffer *sql, const struct table *table))
{
    struct buffer sql;
    buffer_init(&sql);
    write(&sql, table);
    char *text = buffer_release(&sql);
    sqlite3_stmt *statement = prepare(database, text == NULL ? "" : text);
    free(text);
    return statement;
}

/* The schema is made as the daemon makes it. */
static void make_fresh(const char *path)
{
    char url[512];
    struct problem problem;
    snprintf(url, sizeof url, "sqlite:%s", path);
    struct store *store = store_open(url, true, &problem);
    if (store == NULL) {
        fprintf(stderr, "bench: %s\n", problem.detail);
        exit(1);
    }
    store_close(store);
}

static void open_fresh(struct bare *bare, const char *path)
{
    make_fresh(path);
    if (sqlite3_open_v2(path, &bare->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL) !=
        SQLITE_OK)
        give_up(bare->database, path);
    sqlite3_exec(bare->database,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                 "PRAGMA wal_autocheckpoint=20000; PRAGMA cache_size=-16384; "
                 "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY",
                 NULL, NULL, NULL);
    bare->begin = prepare(bare->database, "BEGIN IMMEDIATE");
    bare->commit = prepare(bare->database, "COMMIT");
    for (size_t i = 0; written_tables[i] != NULL; i++) {
        MUST(i < TABLES_MAX);
        bare->tables[bare->table_count++] = (struct statements){
            written_tables[i], prepare_for(bare->database, written_tables[i], table_sql_insert),
            prepare_for(bare->database, written_tables[i], table_sql_update)};
    }
}

static void bind(sqlite3_stmt *statement, int parameter, const struct column *column,
                 const void *row)
{
    struct text text;
    const char *at = (const char *)row + column->offset;
    if (row_is_none(column, row)) {
        sqlite3_bind_null(statement, parameter);
        return;
    }
    switch (column->type) {
    case COLUMN_ID:
        sqlite3_bind_blob(statement, parameter, at, sizeof(struct id), SQLITE_STATIC);
        break;
    case COLUMN_TEXT:
    case COLUMN_JSON:
        text = row_text(column, row);
        sqlite3_bind_text(statement, parameter, text.bytes, (int)text.length, SQLITE_STATIC);
        break;
    case COLUMN_BYTES:
        text = row_text(column, row);
        sqlite3_bind_blob(statement, parameter, text.bytes, (int)text.length, SQLITE_STATIC);
        break;
    case COLUMN_INT:
    case COLUMN_BOOL:
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
        sqlite3_bind_int64(statement, parameter, row_int(column, row));
        break;
    }
}

static void execute(struct bare *bare, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        give_up(bare->database, sqlite3_sql(statement));
    sqlite3_reset(statement);
}

/* A derived UPDATE takes the key first, then the columns that it sets. */
static void write_row(struct bare *bare, const struct row_slot *slot)
{
    const struct table *table = slot->table;
    size_t at = 0;
    while (bare->tables[at].table != table)
        at++;
    sqlite3_stmt *statement = slot->found ? bare->tables[at].update : bare->tables[at].insert;
    int parameter = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (!slot->found || i < table->key_count || column_is_updated(table, i))
            bind(statement, ++parameter, &table->columns[i], slot->row);
    execute(bare, statement);
}

static void write_group(void *context, size_t index)
{
    struct bare *bare = context;
    const struct written_group *group = &bare->written->groups[index];
    execute(bare, bare->begin);
    for (size_t i = 0; i < group->save_count; i++)
        write_row(bare, group->save[i]);
    execute(bare, bare->commit);
}

static void compare(struct bare *bare, const char *store)
{
    char attach[600];
    snprintf(attach, sizeof attach, "ATTACH 'file:%s?mode=ro' AS store", store);
    if (sqlite3_exec(bare->database, attach, NULL, NULL, NULL) != SQLITE_OK)
        give_up(bare->database, attach);
    for (size_t i = 0; i < bare->table_count; i++) {
        char *sql = written_difference(bare->tables[i].table, "main.", "store.");
        sqlite3_stmt *count = prepare(bare->database, sql);
        if (sqlite3_step(count) != SQLITE_ROW || sqlite3_column_int64(count, 0) != 0) {
            fprintf(stderr, "bench: bare SQLite wrote other rows into %s than the daemon\n",
                    bare->tables[i].table->name);
            exit(1);
        }
        sqlite3_finalize(count);
        free(sql);
    }
}

void bare_sqlite(const char *store, const char *fresh, const struct written *written,
                 struct bare_report *report)
{
    struct bare bare = {.written = written};
    open_fresh(&bare, fresh);
    bare_measure(written, write_group, &bare, report);
    compare(&bare, store);
    sqlite3_finalize(bare.begin);
    sqlite3_finalize(bare.commit);
    for (size_t i = 0; i < bare.table_count; i++) {
        sqlite3_finalize(bare.tables[i].insert);
        sqlite3_finalize(bare.tables[i].update);
    }
    sqlite3_close(bare.database);
}
