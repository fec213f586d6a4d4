/* Two tables of an imagined shop and a store with them, for the tests of src/store. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store_private.h"
#include "test_postgres.h"

static const char *const parcel_states[] = {"waiting", "sent", "arrived", NULL};

struct parcel_row {
    int64_t org;
    struct id id;
    int64_t state;
    int64_t insured;
    int64_t weight;
    struct text label;
    struct text contents;
    struct text seal;
    struct id courier;
    int64_t sent_at;
    struct text sent_by;
    int64_t version;
};

static const struct column parcel_columns[] = {
    COLUMN(struct parcel_row, org, COLUMN_ORG, .api = "organisation", .doc = "Whose it is."),
    COLUMN(struct parcel_row, id, COLUMN_ID, .prefix = "par", .api = "id", .doc = "The parcel."),
    COLUMN(struct parcel_row, state, COLUMN_ENUM, .names = parcel_states, .api = "state",
           .doc = "Where it is."),
    COLUMN(struct parcel_row, insured, COLUMN_BOOL, .api = "insured", .doc = "Is it?"),
    COLUMN(struct parcel_row, weight, COLUMN_INT, .api = "weight", .flags = COLUMN_FIXED,
           .doc = "In grams."),
    COLUMN(struct parcel_row, label, COLUMN_TEXT, .api = "label", .doc = "What stands on it."),
    COLUMN(struct parcel_row, contents, COLUMN_JSON, .flags = COLUMN_OPTIONAL, .api = "contents",
           .doc = "What is in it."),
    COLUMN(struct parcel_row, seal, COLUMN_BYTES, .flags = COLUMN_OPTIONAL, .api = "seal",
           .doc = "Of the sender."),
    COLUMN(struct parcel_row, courier, COLUMN_ID, .prefix = "cou", .flags = COLUMN_OPTIONAL,
           .api = "courier", .doc = "Who has it."),
    COLUMN(struct parcel_row, sent_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "sent/at",
           .doc = "When it was sent."),
    COLUMN(struct parcel_row, sent_by, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "sent/by",
           .doc = "By whom."),
    COLUMN(struct parcel_row, version, COLUMN_INT, .doc = "Of its last change."),
};

static const struct table parcels_table = {
    .name = "parcels",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(struct parcel_row),
    .columns = parcel_columns,
    .column_count = COUNT_OF(parcel_columns),
    .key_count = 2,
    .version = &parcel_columns[11],
    .doc = "Parcels.",
};

/* Nothing but a key. */
struct stop_row {
    struct text town;
    int64_t number;
};

static const struct column stop_columns[] = {
    COLUMN(struct stop_row, town, COLUMN_TEXT, .api = "town", .doc = "Where."),
    COLUMN(struct stop_row, number, COLUMN_INT, .api = "number", .doc = "Which."),
};

static const struct table stops_table = {
    .name = "stops",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(struct stop_row),
    .columns = stop_columns,
    .column_count = COUNT_OF(stop_columns),
    .key_count = 2,
    .doc = "Stops on the way.",
};

static inline struct embedded_file schema_file(const char *path, const char *sql)
{
    return (struct embedded_file){
        .path = path, .bytes = (const unsigned char *)sql, .length = strlen(sql)};
}

/* A folder of a test's own, and a store's URL in it or, but for tests of files, in PostgreSQL. */
struct test_folder {
    char path[64];
    char url[512];
    char file[128];
    struct test_schema schema;
};

#ifdef STORE_IS_A_FILE
static const bool store_is_a_file = true;
#else
static const bool store_is_a_file = false;
#endif

static inline bool on_postgres(void)
{
    return !store_is_a_file && test_postgres() != NULL;
}

static inline void folder_make(struct test_folder *folder)
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder->path, sizeof folder->path, "%s/counterfoil-XXXXXX",
             parent == NULL ? "/tmp" : parent);
    assert_non_null(mkdtemp(folder->path));
    snprintf(folder->file, sizeof folder->file, "%s/store.db", folder->path);
    snprintf(folder->url, sizeof folder->url, "sqlite:%s", folder->file);
    if (!on_postgres())
        return;
    test_schema_make(&folder->schema);
    memcpy(folder->url, folder->schema.url, sizeof folder->url);
}

static inline void folder_remove(const struct test_folder *folder)
{
    static const char *const endings[] = {"",      "-wal",          "-shm",      ".lock",
                                          ".copy", ".copy-journal", ".copy.lock"};
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        char path[160];
        snprintf(path, sizeof path, "%s%s", folder->file, endings[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(folder->path), 0);
    if (on_postgres())
        test_schema_drop(&folder->schema);
}

/* A store of its own for each test. */
struct fixture {
    struct test_folder folder;
    struct embedded_file schema[3]; /* one file with both tables, and room for another */
    char *sql;
    struct store_options options;
    struct arena *arena;
    struct problem problem;
};

static inline int set_up(void **state)
{
    struct buffer sql;
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    folder_make(&fixture->folder);
    buffer_init(&sql);
    table_sql_create(&sql, &parcels_table);
    table_sql_create(&sql, &stops_table);
    buffer_string(&sql, "CREATE INDEX parcels_by_state ON parcels (org, state);\n");
    fixture->sql = buffer_release(&sql);
    fixture->schema[0] = schema_file("0001_parcels.sql", fixture->sql);
    fixture->options = (struct store_options){
        .writable = true, .schema = fixture->schema, .sharing = STORE_SHARED};
    fixture->arena = arena_new();
    *state = fixture;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;
    folder_remove(&fixture->folder);
    free(fixture->sql);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static inline struct store *open_store(struct fixture *fixture)
{
    struct store *store =
        store_open_with(fixture->folder.url, &fixture->options, &fixture->problem);
    if (store == NULL)
        fail_msg("%s", fixture->problem.detail);
    return store;
}

static inline struct parcel_row parcel(int64_t org, const char *label)
{
    return (struct parcel_row){
        .org = org, .id = id_new(org), .weight = 250, .label = text_of(label), .version = 1};
}

static inline bool save(struct store *store, const struct table *table, void *row, bool found,
                        struct problem *problem)
{
    struct row_slot slot = {.table = table, .row = row, .found = found, .changed = true};
    return writer_save(store_writer(store, 0), &(struct row_slot *){&slot}, 1, problem);
}

/* One group with one row. */
static inline bool write_parcel(struct store *store, struct parcel_row *row, bool found,
                                struct problem *problem)
{
    if (!writer_begin(store_writer(store, 0), problem))
        return false;
    if (!save(store, &parcels_table, row, found, problem)) {
        writer_rollback(store_writer(store, 0));
        return false;
    }
    return writer_commit(store_writer(store, 0), problem);
}

static inline int64_t reader_count(struct fixture *fixture, struct reader *reader)
{
    int64_t count = -1;
    if (!reader_number(reader, "SELECT count(*) FROM parcels", NULL, 0, &count, &fixture->problem))
        fail_msg("%s", fixture->problem.detail);
    return count;
}

static inline int64_t count_parcels(struct fixture *fixture, struct store *store)
{
    struct reader *reader = store_reader_take(store);
    int64_t count = reader_count(fixture, reader);
    store_reader_give(store, reader);
    return count;
}
