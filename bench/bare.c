#include "bare.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/tables.h"
#include "base/embedded.h"
#include "base/time.h"
#include "market/orders.h"

/* What one act wrote, by table: read once, so that reading costs nothing later. */
struct written {
    sqlite3_value *act[16], *entry[8], *order[40], *notice[24];
    bool has_act;
    bool order_is_new, has_order, notice_is_new, has_notice;
};

struct bare {
    sqlite3 *from, *to;
    struct written *acts;
    size_t count;
    sqlite3_stmt *insert_act, *insert_entry, *insert_order, *update_order, *insert_reference,
        *insert_notice, *update_notice, *upsert_feed;
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
    sqlite3_stmt *statement = prepare(database, text);
    free(text);
    return statement;
}

/* Steps a SELECT of one row and keeps its values; false if there is none. */
static bool keep_row(sqlite3_stmt *select, sqlite3_value **values)
{
    bool found = sqlite3_step(select) == SQLITE_ROW;
    int count = found ? sqlite3_column_count(select) : 0;
    for (int i = 0; i < count; i++)
        values[i] = sqlite3_value_dup(sqlite3_column_value(select, i));
    sqlite3_reset(select);
    return found;
}

static bool is_act(const struct written *written, const char *type)
{
    return strcmp((const char *)sqlite3_value_text(written->act[4]), type) == 0;
}

/* The final row of the order stands for each of its versions: they are of one length. */
static void keep_changes(struct written *written, sqlite3_stmt *order, sqlite3_stmt *notice)
{
    written->order_is_new = is_act(written, "order.created");
    sqlite3_bind_value(order, 1, written->act[0]);
    sqlite3_bind_value(order, 2, written->act[3]);
    written->has_order = keep_row(order, written->order);
    written->notice_is_new =
        is_act(written, "order.cancel_requested") || is_act(written, "order.shipped");
    if (!written->notice_is_new && !is_act(written, "order.cancel_seen"))
        return;
    sqlite3_bind_value(notice, 1, written->act[0]);
    sqlite3_bind_value(notice, 2, written->notice_is_new ? written->act[2] : written->order[11]);
    written->has_notice = keep_row(notice, written->notice);
}

static sqlite3_stmt *prepare_select(sqlite3 *database, const struct table *table, const char *tail)
{
    struct buffer sql;
    buffer_init(&sql);
    buffer_string(&sql, "SELECT ");
    table_sql_columns(&sql, table);
    buffer_format(&sql, " FROM %s %s", table->name, tail);
    char *text = buffer_release(&sql);
    sqlite3_stmt *statement = prepare(database, text);
    free(text);
    return statement;
}

static void read_acts(struct bare *bare, size_t skip, size_t acts_max)
{
    sqlite3_stmt *entries =
        prepare_select(bare->from, &log_entries_table, "WHERE position >= ?1 ORDER BY position");
    sqlite3_stmt *act = prepare_select(bare->from, &acts_table, "WHERE org = ?1 AND seq = ?2");
    sqlite3_stmt *order = prepare_select(bare->from, &orders_table, "WHERE org = ?1 AND id = ?2");
    sqlite3_stmt *notice =
        prepare_select(bare->from, &notices_table, "WHERE org = ?1 AND act = ?2");
    bare->acts = calloc(acts_max, sizeof *bare->acts);
    MUST(bare->acts != NULL);
    sqlite3_bind_int64(entries, 1, (sqlite3_int64)skip);
    while (bare->count < acts_max && sqlite3_step(entries) == SQLITE_ROW) {
        struct written *written = &bare->acts[bare->count++];
        for (int i = 0; i < 4; i++)
            written->entry[i] = sqlite3_value_dup(sqlite3_column_value(entries, i));
        sqlite3_bind_value(act, 1, written->entry[2]);
        sqlite3_bind_value(act, 2, written->entry[3]);
        written->has_act = keep_row(act, written->act);
        if (written->has_act)
            keep_changes(written, order, notice);
    }
    sqlite3_finalize(entries);
    sqlite3_finalize(act);
    sqlite3_finalize(order);
    sqlite3_finalize(notice);
}

/* The schema as the daemon's SQLite has it, and its settings. */
static void prepare_fresh(struct bare *bare)
{
    sqlite3_stmt *schema =
        prepare(bare->from, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid");
    sqlite3_exec(bare->to,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                 "PRAGMA wal_autocheckpoint=20000; PRAGMA cache_size=-16384; "
                 "PRAGMA secure_delete=ON; PRAGMA temp_store=MEMORY",
                 NULL, NULL, NULL);
    while (sqlite3_step(schema) == SQLITE_ROW)
        sqlite3_exec(bare->to, (const char *)sqlite3_column_text(schema, 0), NULL, NULL, NULL);
    sqlite3_finalize(schema);
    bare->insert_act = prepare_for(bare->to, &acts_table, table_sql_insert);
    bare->insert_entry = prepare_for(bare->to, &log_entries_table, table_sql_insert);
    bare->insert_order = prepare_for(bare->to, &orders_table, table_sql_insert);
    bare->update_order = prepare_for(bare->to, &orders_table, table_sql_update);
    bare->insert_reference = prepare_for(bare->to, &order_references_table, table_sql_insert);
    bare->insert_notice = prepare_for(bare->to, &notices_table, table_sql_insert);
    bare->update_notice = prepare_for(bare->to, &notices_table, table_sql_update);
    bare->upsert_feed =
        prepare(bare->to, "INSERT INTO feeds (org, last_seq) VALUES (?1, ?2) "
                          "ON CONFLICT (org) DO UPDATE SET last_seq = excluded.last_seq");
}

static void execute(struct bare *bare, sqlite3_stmt *statement)
{
    if (sqlite3_step(statement) != SQLITE_DONE)
        give_up(bare->to, "writing");
    sqlite3_reset(statement);
}

static void insert(struct bare *bare, sqlite3_stmt *statement, sqlite3_value **values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_bind_value(statement, (int)i + 1, values[i]);
    execute(bare, statement);
}

/* A derived UPDATE takes the key first, then the columns that it sets. */
static void update(struct bare *bare, sqlite3_stmt *statement, const struct table *table,
                   sqlite3_value **values)
{
    int parameter = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (i < table->key_count || column_is_updated(table, i))
            sqlite3_bind_value(statement, ++parameter, values[i]);
    execute(bare, statement);
}

static void write_order(struct bare *bare, struct written *written)
{
    if (!written->order_is_new) {
        update(bare, bare->update_order, &orders_table, written->order);
        return;
    }
    sqlite3_value *reference[] = {written->order[0], written->order[2], written->order[1]};
    insert(bare, bare->insert_order, written->order, orders_table.column_count);
    insert(bare, bare->insert_reference, reference, COUNT_OF(reference));
}

static void write_act(struct bare *bare, struct written *written)
{
    if (!written->has_act)
        return;
    insert(bare, bare->insert_act, written->act, acts_table.column_count);
    insert(bare, bare->insert_entry, written->entry, log_entries_table.column_count);
    if (written->has_order)
        write_order(bare, written);
    if (written->has_notice && written->notice_is_new)
        insert(bare, bare->insert_notice, written->notice, notices_table.column_count);
    else if (written->has_notice)
        update(bare, bare->update_notice, &notices_table, written->notice);
    insert(bare, bare->upsert_feed, written->act, 2);
}

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void write_all(struct bare *bare, size_t group, struct bare_report *report)
{
    size_t groups = bare->count / group;
    int64_t *times = calloc(groups + 1, sizeof *times);
    int64_t began = time_monotonic();
    MUST(times != NULL && groups > 0);
    for (size_t i = 0; i < groups; i++) {
        int64_t group_began = time_monotonic();
        sqlite3_exec(bare->to, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (size_t j = 0; j < group; j++)
            write_act(bare, &bare->acts[i * group + j]);
        if (sqlite3_exec(bare->to, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            give_up(bare->to, "COMMIT");
        times[i] = time_monotonic() - group_began;
    }
    report->elapsed_us = time_monotonic() - began;
    report->acts = groups * group;
    qsort(times, groups, sizeof *times, compare_times);
    report->group_p99_us = times[groups - 1 - groups / 100];
    free(times);
}

static void release_values(sqlite3_value **values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sqlite3_value_free(values[i]);
}

static void bare_done(struct bare *bare)
{
    sqlite3_stmt *statements[] = {bare->insert_act,       bare->insert_entry,  bare->insert_order,
                                  bare->update_order,     bare->insert_notice, bare->update_notice,
                                  bare->insert_reference, bare->upsert_feed};
    for (size_t i = 0; i < COUNT_OF(statements); i++)
        sqlite3_finalize(statements[i]);
    for (size_t i = 0; i < bare->count; i++) {
        struct written *written = &bare->acts[i];
        release_values(written->act, COUNT_OF(written->act));
        release_values(written->entry, COUNT_OF(written->entry));
        release_values(written->order, COUNT_OF(written->order));
        release_values(written->notice, COUNT_OF(written->notice));
    }
    free(bare->acts);
    sqlite3_close(bare->from);
    sqlite3_close(bare->to);
}

void bare_run(const char *store_path, const char *fresh_path, size_t skip, size_t acts_max,
              size_t group, struct bare_report *report)
{
    struct bare bare = {0};
    if (sqlite3_open_v2(store_path, &bare.from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_open_v2(fresh_path, &bare.to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
            SQLITE_OK)
        give_up(bare.from, "opening");
    read_acts(&bare, skip, acts_max);
    prepare_fresh(&bare);
    write_all(&bare, group, report);
    bare_done(&bare);
}
