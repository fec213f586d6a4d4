/*
 * Migration: the schema's files applied in order, each in one transaction together with its row in
 * schema_migrations. A file is never edited once it was applied anywhere: its digest is compared.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/time.h"
#include "store/store_private.h"

#define ATTEMPTS 100
#define ATTEMPT_EVERY_US 50000

struct migration_row {
    int64_t version;
    struct text name;
    struct text digest;
    int64_t applied_at;
};

static const struct column migration_columns[] = {
    COLUMN(struct migration_row, version, COLUMN_INT,
           .doc = "The number its file's name begins with."),
    COLUMN(struct migration_row, name, COLUMN_TEXT, .doc = "The file."),
    COLUMN(struct migration_row, digest, COLUMN_TEXT, .doc = "SHA-256 of the file, in hex."),
    COLUMN(struct migration_row, applied_at, COLUMN_TIME, .doc = "When it was applied."),
};

static const struct table migrations_table = {
    .name = "schema_migrations",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(struct migration_row),
    .columns = migration_columns,
    .column_count = COUNT_OF(migration_columns),
    .key_count = 1,
    .doc = "The schema's files that were applied to this store.",
};

/* "0001_foundation.sql" is the first. What is not so named, or out of order, is a bug of the build.
 */
static void check_name(const struct embedded_file *file, size_t index)
{
    uint64_t version = 0;
    struct text rest = text_of(file->path);
    struct text digits = text_cut(&rest, '_');
    while (digits.length > 1 && digits.bytes[0] == '0')
        digits = text_slice(digits, 1, digits.length);
    MUST(text_to_u64(digits, 9999, &version) && version == index + 1);
}

static struct text digest_text(const struct embedded_file *file, struct arena *arena)
{
    struct digest digest = digest_of(file->bytes, file->length);
    struct buffer hex;
    buffer_init(&hex);
    hex_add(&hex, digest.bytes, DIGEST_BYTES);
    struct text text = arena_text(arena, buffer_view(&hex));
    buffer_done(&hex);
    return text;
}

struct migration {
    struct store *store;
    const struct embedded_file *schema;
    size_t count;   /* of files that this program has */
    size_t applied; /* of them, by this store */
    struct arena *arena;
};

/* One row of schema_migrations; the rows come in order of their versions. */
static bool check_applied(void *context, const void *row, struct problem *problem)
{
    struct migration *migration = context;
    const struct migration_row *applied = row;
    if (applied->version > (int64_t)migration->count)
        return problem_set(problem, PROBLEM_STORE_NEWER,
                           "its schema has version %" PRId64 " (%.*s); this program knows %zu",
                           applied->version, TEXT_ARG(applied->name), migration->count);
    if (applied->version != (int64_t)migration->applied + 1)
        return problem_set(problem, PROBLEM_STORE_CORRUPT, "schema_migrations lacks version %zu",
                           migration->applied + 1);
    const struct embedded_file *file = &migration->schema[migration->applied];
    if (!text_equal(applied->digest, digest_text(file, migration->arena)))
        return problem_set(problem, PROBLEM_STORE_FAILED,
                           "this program's %s is not the one that the store was made with",
                           file->path);
    migration->applied++;
    return true;
}

static bool save_applied(struct migration *migration, const struct embedded_file *file,
                         struct problem *problem)
{
    struct migration_row row = {
        .version = (int64_t)migration->applied + 1,
        .name = text_of(file->path),
        .digest = digest_text(file, migration->arena),
        .applied_at = time_now(),
    };
    struct row_slot slot = {.table = &migrations_table, .row = &row, .changed = true};
    return writer_save(store_writer(migration->store, 0), &(struct row_slot *){&slot}, 1, problem);
}

static bool apply_next(struct migration *migration, struct problem *problem)
{
    const struct embedded_file *file = &migration->schema[migration->applied];
    struct text script = {(const char *)file->bytes, file->length};
    struct writer *writer = store_writer(migration->store, 0);
    if (!writer_begin(writer, problem))
        return false;
    if (!migration->store->driver->execute(writer, script, problem) ||
        !save_applied(migration, file, problem)) {
        writer_rollback(writer);
        return false;
    }
    if (!writer_commit(writer, problem))
        return false;
    migration->applied++;
    return true;
}

static bool create_table(struct store *store, struct problem *problem)
{
    struct buffer sql;
    struct writer *writer = store_writer(store, 0);
    if (!writer_begin(writer, problem))
        return false;
    buffer_init(&sql);
    table_sql_create(&sql, &migrations_table);
    bool created = store->driver->execute(writer, buffer_view(&sql), problem);
    buffer_done(&sql);
    if (!created) {
        writer_rollback(writer);
        return false;
    }
    return writer_commit(writer, problem);
}

/* Makes the table where it is missing, and reads what it says. */
static bool read_applied(struct migration *migration, struct problem *problem)
{
    struct store *store = migration->store;
    struct store_column columns[COUNT_OF(migration_columns)];
    size_t count;
    if (!store_describe(store, migrations_table.name, columns, COUNT_OF(columns), &count, problem))
        return false;
    if (count == 0)
        return store->writable ? create_table(store, problem)
                               : problem_set(problem, PROBLEM_STORE_FAILED, "it is empty");
    struct reader *reader = store_reader_take(store);
    bool read = reader_rows(reader, &migrations_table, "ORDER BY version", NULL, 0,
                            migration->arena, check_applied, migration, problem);
    store_reader_give(store, reader);
    return read;
}

static bool migrate(struct migration *migration, struct problem *problem)
{
    while (migration->schema[migration->count].path != NULL) {
        check_name(&migration->schema[migration->count], migration->count);
        migration->count++;
    }
    if (!read_applied(migration, problem))
        return false;
    if (!migration->store->writable && migration->applied < migration->count)
        return problem_set(problem, PROBLEM_STORE_FAILED,
                           "its schema has version %zu, this program needs %zu: start the server "
                           "once, which brings it up to date",
                           migration->applied, migration->count);
    while (migration->applied < migration->count)
        if (!apply_next(migration, problem))
            return false;
    return true;
}

/* Where several servers start at once on one database, one is faster; the others look again. */
bool store_migrate(struct store *store, const struct embedded_file *schema, struct problem *problem)
{
    for (int attempt = 1;; attempt++) {
        struct arena *arena = arena_new();
        struct migration migration = {.store = store, .schema = schema, .arena = arena};
        bool migrated = migrate(&migration, problem);
        arena_free(arena);
        if (migrated || problem->code != PROBLEM_STORE_CONFLICT || attempt == ATTEMPTS)
            return migrated;
        usleep(ATTEMPT_EVERY_US);
    }
}
