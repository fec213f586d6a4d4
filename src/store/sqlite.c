/*
 * SQLite behind store.h; the only file that knows its library.
 *
 * WAL and synchronous=FULL: a commit costs one fdatasync of the WAL. One connection writes; readers
 * have a read-only connection each. Versions 3.7.0 to 3.51.2 (but for two backports) can damage a
 * WAL file that several connections use (sqlite.org/wal.html#walresetbug): with those, one
 * connection under a mutex serves everybody.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_file.h"
#include "store/store_private.h"

#define APPLICATION_ID 1129727060 /* "CFLT", in the file's header */
#define BUSY_TIMEOUT_MS 5000
#define BACKUP_STEP_PAGES 256
/* The default of 1,000 pages makes the slowest groups five times slower. */
#define CHECKPOINT_PAGES 20000
#define STATEMENTS_MAX 256 /* different SELECTs in the program */
#define TABLES_MAX 64

struct statement {
    const struct table *table;
    const char *sql; /* by address */
    sqlite3_stmt *handle;
};

struct connection {
    sqlite3 *handle;
    struct statement statements[STATEMENTS_MAX];
    size_t count;
};

/* The write path's statements of one table, prepared when first needed. */
struct table_statements {
    const struct table *table;
    sqlite3_stmt *load, *insert, *update, *remove;
};

struct sqlite_store {
    struct store base;
    char *path;
    const char *file_system;
    int lock;   /* the open lock file, or -1 */
    bool alone; /* one connection serves everybody, whoever holds the mutex */
    bool still; /* nobody writes or can begin to: the file may be read without its WAL */
    pthread_mutex_t mutex;
    struct connection connection; /* the writer's */
    struct table_statements tables[TABLES_MAX];
    size_t table_count;
    bool writing;
    atomic_bool failed; /* a write may not have reached the disk: no more of them */
    int wal_pages, checkpoint_pages, checkpoint_at;
};

struct sqlite_reader {
    struct reader base;
    struct connection connection; /* where the store is not `alone` */
    bool looking;                 /* between its first query and `rest` */
};

static struct sqlite_store *sqlite_store(struct store *store)
{
    return (struct sqlite_store *)store;
}

static enum problem_code code_of_io(int code, int error)
{
    if (code == SQLITE_IOERR_SHORT_READ || code == SQLITE_IOERR_CORRUPTFS)
        return PROBLEM_STORE_CORRUPT;
    if (is_disk_full(error))
        return PROBLEM_STORE_FULL;
    return is_forbidden(error) ? PROBLEM_STORE_READ_ONLY : PROBLEM_STORE_FAILED;
}

static enum problem_code code_of(int code, int error)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return PROBLEM_STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return PROBLEM_STORE_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return PROBLEM_STORE_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return PROBLEM_STORE_LOCKED;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return code_of_io(code, error);
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return PROBLEM_INTERNAL; /* SQL or a row that does not fit the schema */
    default:
        return PROBLEM_STORE_FAILED;
    }
}

/* Says what SQLite refused. False, for returning. */
static bool fail(struct sqlite_store *store, sqlite3 *handle, const char *doing,
                 struct problem *problem)
{
    int code = sqlite3_extended_errcode(handle);
    MUST((code & 0xff) != SQLITE_NOMEM);
    bool system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
    int error = system ? sqlite3_system_errno(handle) : 0;
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
        store->failed = true;
    return problem_set(problem, code_of(code, error), "%s %s: %s%s%s", doing, store->path,
                       sqlite3_errmsg(handle), error == 0 ? "" : ": ",
                       error == 0 ? "" : strerrordesc_np(error));
}

/* In the range of the WAL-reset bug? */
static bool is_version_affected(int version)
{
    if (version >= 3044006 && version < 3045000)
        return false;
    if (version >= 3050007 && version < 3051000)
        return false;
    return version >= 3007000 && version <= 3051002;
}

/* Statements. */

static sqlite3_stmt *prepare(struct sqlite_store *store, sqlite3 *handle, struct text sql,
                             struct problem *problem)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(handle, sql.bytes, (int)sql.length, SQLITE_PREPARE_PERSISTENT,
                           &statement, NULL) != SQLITE_OK)
        fail(store, handle, "preparing a statement for", problem);
    return statement;
}

static bool is_same_sql(sqlite3_stmt *statement, const char *sql)
{
    struct text kept = text_of(sqlite3_sql(statement));
    struct text tail = text_of(sql);
    return kept.length >= tail.length &&
           text_equal(text_slice(kept, kept.length - tail.length, kept.length), tail);
}

/* The connection's statement for a query: kept, or prepared and kept. */
static sqlite3_stmt *statement_of(struct sqlite_store *store, struct connection *connection,
                                  const struct query *query, struct problem *problem)
{
    for (size_t i = 0; i < connection->count; i++) {
        struct statement *kept = &connection->statements[i];
        if (kept->table != query->table || kept->sql != query->sql)
            continue;
        MUST(!sqlite3_stmt_busy(kept->handle) && is_same_sql(kept->handle, query->sql));
        return kept->handle;
    }
    struct buffer sql;
    buffer_init(&sql);
    query_sql(&sql, query);
    sqlite3_stmt *handle = prepare(store, connection->handle, buffer_view(&sql), problem);
    buffer_done(&sql);
    if (handle == NULL)
        return NULL;
    MUST(connection->count < STATEMENTS_MAX);
    connection->statements[connection->count++] =
        (struct statement){query->table, query->sql, handle};
    return handle;
}

static int bind_value(sqlite3_stmt *statement, int position, const struct value *value)
{
    const char *bytes = value->text.bytes == NULL ? "" : value->text.bytes;
    switch (value->type) {
    case VALUE_NONE:
        break;
    case VALUE_INT:
        return sqlite3_bind_int64(statement, position, value->integer);
    case VALUE_TEXT:
        return sqlite3_bind_text64(statement, position, bytes, value->text.length, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case VALUE_BYTES:
        return sqlite3_bind_blob64(statement, position, bytes, value->text.length, SQLITE_STATIC);
    }
    return sqlite3_bind_null(statement, position);
}

static struct value column_value(sqlite3_stmt *statement, int column)
{
    struct value value = {.type = VALUE_NONE};
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        return value;
    case SQLITE_TEXT:
        value.type = VALUE_TEXT;
        value.text.bytes = (const char *)sqlite3_column_text(statement, column);
        break;
    case SQLITE_BLOB:
        value.type = VALUE_BYTES;
        value.text.bytes = sqlite3_column_blob(statement, column);
        break;
    default:
        return VALUE_OF_INT(sqlite3_column_int64(statement, column));
    }
    value.text.length = (size_t)sqlite3_column_bytes(statement, column);
    return value;
}

/* The columns of the row that the statement stands at. */
static size_t read_values(sqlite3_stmt *statement, struct value values[STORE_COLUMNS_MAX])
{
    int count = sqlite3_column_count(statement);
    MUST(count >= 0 && count <= STORE_COLUMNS_MAX);
    for (int i = 0; i < count; i++)
        values[i] = column_value(statement, i);
    return (size_t)count;
}

/* Steps through the rows; EACH may be NULL for statements that give none. */
static bool run(struct sqlite_store *store, sqlite3 *handle, sqlite3_stmt *statement,
                query_row each, void *context, struct problem *problem)
{
    struct value values[STORE_COLUMNS_MAX];
    bool going = true;
    int code;
    while (going && (code = sqlite3_step(statement)) == SQLITE_ROW)
        going = each == NULL || each(context, values, read_values(statement, values), problem);
    if (going && code != SQLITE_DONE)
        going = fail(store, handle, "using", problem);
    sqlite3_reset(statement);
    return going;
}

static bool query(struct sqlite_store *store, struct connection *connection,
                  const struct query *query, query_row each, void *context, struct problem *problem)
{
    sqlite3_stmt *statement = statement_of(store, connection, query, problem);
    if (statement == NULL)
        return false;
    int parameters = sqlite3_bind_parameter_count(statement);
    MUST(parameters >= 0 && (size_t)parameters <= query->value_count);
    MUST(parameters == 0 || query->values != NULL);
    for (int i = 0; i < parameters; i++)
        if (bind_value(statement, i + 1, &query->values[i]) != SQLITE_OK)
            return fail(store, connection->handle, "binding a value for", problem);
    return run(store, connection->handle, statement, each, context, problem);
}

/* SQL must be a constant. */
static bool execute(struct sqlite_store *store, struct connection *connection, const char *sql,
                    struct problem *problem)
{
    return query(store, connection, &(struct query){.sql = sql}, NULL, NULL, problem);
}

/* Opening and closing. */

static void disconnect(struct connection *connection)
{
    for (size_t i = 0; i < connection->count; i++)
        sqlite3_finalize(connection->statements[i].handle);
    MUST(sqlite3_close(connection->handle) == SQLITE_OK);
    connection->handle = NULL;
    connection->count = 0;
}

/* "file:PATH?immutable=1", for a file that nobody writes: SQLite then makes no files beside it. */
static char *immutable_name(const char *path)
{
    struct buffer name;
    buffer_init(&name);
    buffer_string(&name, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '?' || *at == '#' || *at == '%')
            buffer_format(&name, "%%%02x", (unsigned)*at);
        else
            buffer_char(&name, *at);
    }
    buffer_string(&name, "?immutable=1");
    return buffer_release(&name);
}

static bool set_up(struct sqlite_store *store, struct connection *connection,
                   const char *const *settings, struct problem *problem)
{
    sqlite3 *handle = connection->handle;
    sqlite3_extended_result_codes(handle, 1);
    sqlite3_busy_timeout(handle, BUSY_TIMEOUT_MS);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, (int)STORE_TEXT_MAX);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    for (size_t i = 0; settings[i] != NULL; i++)
        if (sqlite3_exec(handle, settings[i], NULL, NULL, NULL) != SQLITE_OK)
            return fail(store, handle, "opening", problem);
    return true;
}

static bool connect_to(struct sqlite_store *store, struct connection *connection, bool writable,
                       struct problem *problem)
{
    static const char *const writer_settings[] = {
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = FULL",
        "PRAGMA cache_size = -16384",
        "PRAGMA mmap_size = 0",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA secure_delete = ON",
        "PRAGMA wal_autocheckpoint = 0",
        "PRAGMA journal_size_limit = 134217728",
        NULL,
    };
    static const char *const reader_settings[] = {
        "PRAGMA cache_size = -2048",
        "PRAGMA mmap_size = 0",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA query_only = ON",
        NULL,
    };
    int flags = SQLITE_OPEN_NOMUTEX;
    flags |= writable ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    char *name = store->still ? immutable_name(store->path) : NULL;
    if (name != NULL)
        flags |= SQLITE_OPEN_URI;
    int code = sqlite3_open_v2(name != NULL ? name : store->path, &connection->handle, flags,
                               store->file_system);
    free(name);
    MUST(connection->handle != NULL);
    bool connected =
        code == SQLITE_OK
            ? set_up(store, connection, writable ? writer_settings : reader_settings, problem)
            : fail(store, connection->handle, "opening", problem);
    if (!connected)
        disconnect(connection);
    return connected;
}

/*
 * Finds out whether somebody writes. If nobody does and there is no WAL, the file is complete in
 * itself, and our lock keeps it so.
 */
static bool look_for_writer(struct sqlite_store *store, struct problem *problem)
{
    char path[PATH_MAX];
    bool written;
    lock_for_reading(store->path, &store->lock, &written);
    if (written && store->alone)
        return fail_locked(store->path, store->lock, problem);
    path_with(path, store->path, "-wal");
    store->still = !written && access(path, F_OK) != 0;
    return true;
}

static bool count_row(void *context, const struct value *columns, size_t count,
                      struct problem *problem)
{
    (void)problem;
    MUST(count == 1);
    *(int64_t *)context = columns[0].integer;
    return true;
}

/* Refuses a database of some other program; marks a new one as ours. */
static bool check_application(struct sqlite_store *store, struct problem *problem)
{
    struct connection *connection = &store->connection;
    struct query application = {.sql = "PRAGMA application_id"};
    struct query tables = {.sql = "SELECT count(*) FROM sqlite_schema"};
    int64_t id = 0;
    int64_t count = 0;
    char set[64];
    if (!query(store, connection, &application, count_row, &id, problem) ||
        !query(store, connection, &tables, count_row, &count, problem))
        return false;
    if (id == APPLICATION_ID)
        return true;
    if (id != 0 || count != 0)
        return problem_set(problem, PROBLEM_STORE_FAILED, "%s is not a Counterfoil store",
                           store->path);
    if (!store->base.writable)
        return true;
    snprintf(set, sizeof set, "PRAGMA application_id = %d", APPLICATION_ID);
    return sqlite3_exec(connection->handle, set, NULL, NULL, NULL) == SQLITE_OK ||
           fail(store, connection->handle, "marking", problem);
}

static bool note_wal_mode(void *context, const struct value *columns, size_t count,
                          struct problem *problem)
{
    (void)problem;
    MUST(count == 1);
    *(bool *)context = text_is(columns[0].text, "wal");
    return true;
}

/* A file system without shared memory would leave another mode, and another promise. */
static bool check_journal(struct sqlite_store *store, struct problem *problem)
{
    struct query mode = {.sql = "PRAGMA journal_mode"};
    bool wal = false;
    if (!query(store, &store->connection, &mode, note_wal_mode, &wal, problem))
        return false;
    return wal || problem_set(problem, PROBLEM_STORE_FAILED,
                              "%s lies on a file system that cannot hold a WAL", store->path);
}

/* How long the WAL is after a commit; begin() checkpoints, when answers are out. */
static int note_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
    struct sqlite_store *store = context;
    (void)handle;
    (void)name;
    if (pages < store->wal_pages)
        store->checkpoint_at = store->checkpoint_pages; /* it began anew */
    store->wal_pages = pages;
    return SQLITE_OK;
}

static bool open_files(struct sqlite_store *store, bool writable, struct problem *problem)
{
    if (strlen(store->path) > PATH_MAX - 16)
        return problem_set(problem, PROBLEM_CONFIGURATION, "the store's path is too long");
    if (writable ? !lock_for_writing(store->path, &store->lock, problem)
                 : !look_for_writer(store, problem))
        return false;
    if (writable && access(store->path, F_OK) != 0 && !file_make(store->path, problem))
        return false;
    if (!connect_to(store, &store->connection, writable, problem))
        return false;
    if (writable && sqlite3_db_readonly(store->connection.handle, "main") != 0)
        return problem_set(problem, PROBLEM_STORE_READ_ONLY, "%s", store->path);
    sqlite3_wal_hook(store->connection.handle, note_wal, store);
    return (!writable || check_journal(store, problem)) && check_application(store, problem);
}

static void sqlite_close(struct store *base)
{
    struct sqlite_store *store = sqlite_store(base);
    bool writing = store->lock >= 0 && base->writable && store->connection.handle != NULL;
    MUST(!store->writing);
    for (size_t i = 0; i < store->table_count; i++) {
        sqlite3_finalize(store->tables[i].load);
        sqlite3_finalize(store->tables[i].insert);
        sqlite3_finalize(store->tables[i].update);
        sqlite3_finalize(store->tables[i].remove);
    }
    disconnect(&store->connection);
    lock_release(store->lock, writing);
    pthread_mutex_destroy(&store->mutex);
    free(store->path);
    free(store);
}

/* Waiting for oneself would be for ever: the mutex notices. */
static void mutex_init(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attributes;
    MUST(pthread_mutexattr_init(&attributes) == 0);
    MUST(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK) == 0);
    MUST(pthread_mutex_init(mutex, &attributes) == 0);
    pthread_mutexattr_destroy(&attributes);
}

static struct store *sqlite_open(const char *path, const struct store_options *options,
                                 struct problem *problem)
{
    struct sqlite_store *store = calloc(1, sizeof *store);
    MUST(store != NULL);
    store->path = strdup(path);
    MUST(store->path != NULL);
    store->file_system = options->file_system;
    store->lock = -1;
    store->checkpoint_pages =
        options->checkpoint_pages > 0 ? options->checkpoint_pages : CHECKPOINT_PAGES;
    store->checkpoint_at = store->checkpoint_pages;
    store->base.writable = options->writable;
    store->alone = options->sharing == STORE_SHARED_IF_SAFE
                       ? is_version_affected(sqlite3_libversion_number())
                       : options->sharing == STORE_ALONE;
    mutex_init(&store->mutex);
    snprintf(store->base.engine, sizeof store->base.engine, "SQLite %s%s", sqlite3_libversion(),
             store->alone ? " (this version can damage a file that several connections use: one "
                            "connection serves all)"
                          : "");
    if (open_files(store, options->writable, problem)) {
        store->base.identity = realpath(path, NULL);
        MUST(store->base.identity != NULL);
        MUST(asprintf(&store->base.place, "sqlite:%s", store->base.identity) > 0);
        return &store->base;
    }
    sqlite_close(&store->base);
    return NULL;
}

static uint64_t sqlite_file_bytes(struct store *base)
{
    const struct sqlite_store *store = sqlite_store(base);
    static const char *const endings[] = {"", "-wal"};
    uint64_t bytes = 0;
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        char path[PATH_MAX];
        struct stat status;
        path_with(path, store->path, endings[i]);
        if (stat(path, &status) == 0)
            bytes += (uint64_t)status.st_size;
    }
    return bytes;
}

/* Writing. */

static struct writer *sqlite_writer_new(struct store *store)
{
    struct writer *writer = calloc(1, sizeof *writer);
    MUST(writer != NULL);
    writer->store = store;
    return writer;
}

static void sqlite_writer_free(struct writer *writer)
{
    free(writer);
}

static void hold(struct sqlite_store *store)
{
    if (store->alone)
        MUST(pthread_mutex_lock(&store->mutex) == 0);
}

static void let_go(struct sqlite_store *store)
{
    if (store->alone)
        MUST(pthread_mutex_unlock(&store->mutex) == 0);
}

/*
 * Moves the WAL's pages to the main file. Only a failed sync ends the store's life: what else goes
 * wrong leaves the WAL as it is, to be tried again later.
 */
static void checkpoint(struct sqlite_store *store)
{
    struct problem problem = {.code = PROBLEM_NONE};
    sqlite3 *handle = store->connection.handle;
    store->checkpoint_at = store->wal_pages + store->checkpoint_pages;
    if (sqlite3_wal_checkpoint_v2(handle, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) ==
        SQLITE_OK)
        return;
    fail(store, handle, "checkpointing", &problem);
    log_problem(LOG_ERROR, "store.checkpoint_failed", &problem);
}

static bool sqlite_begin(struct writer *writer, struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(writer->store);
    MUST(!store->writing);
    hold(store);
    if (!store->failed && store->wal_pages >= store->checkpoint_at)
        checkpoint(store);
    store->writing = store->failed
                         ? problem_set(problem, PROBLEM_STORE_FAILED,
                                       "a write to %s did not reach the disk; nothing more is "
                                       "written until the server was restarted",
                                       store->path)
                         : execute(store, &store->connection, "BEGIN IMMEDIATE", problem);
    if (!store->writing)
        let_go(store);
    return store->writing;
}

static void sqlite_rollback(struct writer *writer)
{
    struct sqlite_store *store = sqlite_store(writer->store);
    struct problem problem = {.code = PROBLEM_NONE};
    if (!store->writing)
        return;
    /* After some errors SQLite has rolled back by itself. */
    if (sqlite3_get_autocommit(store->connection.handle) == 0 &&
        !execute(store, &store->connection, "ROLLBACK", &problem)) {
        store->failed = true;
        log_problem(LOG_ERROR, "store.rollback_failed", &problem);
    }
    store->writing = false;
    let_go(store);
}

static bool sqlite_commit(struct writer *writer, struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(writer->store);
    MUST(store->writing);
    if (!execute(store, &store->connection, "COMMIT", problem)) {
        /* The WAL was written but not synced: after a restart it may count or not. */
        if (store->failed)
            problem->code = PROBLEM_OUTCOME_UNCERTAIN;
        sqlite_rollback(writer);
        return false;
    }
    store->writing = false;
    let_go(store);
    return true;
}

static struct table_statements *table_statements(struct sqlite_store *store,
                                                 const struct table *table)
{
    for (size_t i = 0; i < store->table_count; i++)
        if (store->tables[i].table == table)
            return &store->tables[i];
    MUST(table->column_count <= STORE_COLUMNS_MAX && table->key_count >= 1);
    MUST(store->table_count < TABLES_MAX);
    struct table_statements *statements = &store->tables[store->table_count++];
    *statements = (struct table_statements){.table = table};
    return statements;
}

/* Prepares what WRITE says about TABLE, once. */
static bool prepare_once(struct sqlite_store *store, sqlite3_stmt **statement,
                         void (*write)(struct buffer *sql, const struct table *table),
                         const struct table *table, struct problem *problem)
{
    struct buffer sql;
    if (*statement != NULL)
        return true;
    buffer_init(&sql);
    write(&sql, table);
    *statement = sql.length == 0
                     ? NULL
                     : prepare(store, store->connection.handle, buffer_view(&sql), problem);
    if (sql.length == 0)
        problem_set(problem, PROBLEM_INTERNAL, "no column of %s may change", table->name);
    buffer_done(&sql);
    return *statement != NULL;
}

static bool bind_column(struct sqlite_store *store, sqlite3_stmt *statement, int position,
                        const struct column *column, const void *row, struct problem *problem)
{
    struct value value = row_value(column, row);
    return bind_value(statement, position, &value) == SQLITE_OK ||
           fail(store, store->connection.handle, "binding a value for", problem);
}

static bool bind_columns(struct sqlite_store *store, sqlite3_stmt *statement,
                         const struct row_slot *slot, size_t count, struct problem *problem)
{
    for (size_t i = 0; i < count; i++)
        if (!bind_column(store, statement, (int)i + 1, &slot->table->columns[i], slot->row,
                         problem))
            return false;
    return true;
}

struct slot_reader {
    struct row_slot *slot;
    struct arena *arena;
};

static bool read_slot(void *context, const struct value *columns, size_t count,
                      struct problem *problem)
{
    struct slot_reader *reader = context;
    const struct table *table = reader->slot->table;
    reader->slot->found = true;
    if (table->key_count == table->column_count)
        return true;
    return row_read(table, table->key_count, columns, count, reader->slot->row, reader->arena,
                    problem);
}

static bool load_slot(struct sqlite_store *store, struct row_slot *slot, struct arena *arena,
                      struct problem *problem)
{
    struct table_statements *statements = table_statements(store, slot->table);
    struct slot_reader reader = {slot, arena};
    slot->found = false;
    return prepare_once(store, &statements->load, table_sql_load, slot->table, problem) &&
           bind_columns(store, statements->load, slot, slot->table->key_count, problem) &&
           run(store, store->connection.handle, statements->load, read_slot, &reader, problem);
}

static bool sqlite_load(struct writer *writer, struct row_slot *const *slots, size_t count,
                        struct arena *arena, struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(writer->store);
    MUST(store->writing);
    for (size_t i = 0; i < count; i++)
        if (!load_slot(store, slots[i], arena, problem))
            return false;
    return true;
}

/* Runs an UPDATE or DELETE of one row, which must be there. */
static bool run_one(struct sqlite_store *store, sqlite3_stmt *statement, const struct table *table,
                    struct problem *problem)
{
    if (!run(store, store->connection.handle, statement, NULL, NULL, problem))
        return false;
    return sqlite3_changes(store->connection.handle) == 1 ||
           problem_set(problem, PROBLEM_INTERNAL, "a row of %s was not there any more",
                       table->name);
}

static bool update_slot(struct sqlite_store *store, struct table_statements *statements,
                        const struct row_slot *slot, struct problem *problem)
{
    const struct table *table = slot->table;
    if (!prepare_once(store, &statements->update, table_sql_update, table, problem) ||
        !bind_columns(store, statements->update, slot, table->key_count, problem))
        return false;
    int position = (int)table->key_count;
    for (size_t i = table->key_count; i < table->column_count; i++)
        if (column_is_updated(table, i) && !bind_column(store, statements->update, ++position,
                                                        &table->columns[i], slot->row, problem))
            return false;
    return run_one(store, statements->update, table, problem);
}

static bool save_slot(struct sqlite_store *store, const struct row_slot *slot,
                      struct problem *problem)
{
    const struct table *table = slot->table;
    struct table_statements *statements = table_statements(store, table);
    if (slot->removed)
        return !slot->found ||
               (prepare_once(store, &statements->remove, table_sql_remove, table, problem) &&
                bind_columns(store, statements->remove, slot, table->key_count, problem) &&
                run_one(store, statements->remove, table, problem));
    if (!slot->changed)
        return true;
    if (slot->found)
        return update_slot(store, statements, slot, problem);
    return prepare_once(store, &statements->insert, table_sql_insert, table, problem) &&
           bind_columns(store, statements->insert, slot, table->column_count, problem) &&
           run(store, store->connection.handle, statements->insert, NULL, NULL, problem);
}

static bool sqlite_save(struct writer *writer, struct row_slot *const *slots, size_t count,
                        struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(writer->store);
    MUST(store->writing);
    for (size_t i = 0; i < count; i++)
        if (!save_slot(store, slots[i], problem))
            return false;
    return true;
}

static bool sqlite_execute(struct writer *writer, struct text script, struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(writer->store);
    sqlite3 *handle = store->connection.handle;
    MUST(store->writing);
    char *adapted = sqlite_schema(script);
    int code = sqlite3_exec(handle, adapted, NULL, NULL, NULL);
    free(adapted);
    return code == SQLITE_OK || fail(store, handle, "applying a schema file to", problem);
}

/* Reading. */

static struct reader *sqlite_reader_new(struct store *base)
{
    struct sqlite_reader *reader = calloc(1, sizeof *reader);
    MUST(reader != NULL);
    reader->base.store = base;
    return (struct reader *)reader;
}

/* Where the store is `alone`, the mutex keeps writers away; elsewhere a transaction's snapshot. */
static bool look(struct sqlite_reader *reader, struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(reader->base.store);
    if (reader->looking)
        return true;
    if (store->alone)
        hold(store);
    else if ((reader->connection.handle == NULL &&
              !connect_to(store, &reader->connection, false, problem)) ||
             !execute(store, &reader->connection, "BEGIN", problem))
        return false;
    reader->looking = true;
    return true;
}

static void sqlite_reader_rest(struct reader *base)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)base;
    struct sqlite_store *store = sqlite_store(base->store);
    struct problem problem = {.code = PROBLEM_NONE};
    if (!reader->looking)
        return;
    if (store->alone)
        let_go(store);
    else if (!execute(store, &reader->connection, "COMMIT", &problem)) {
        log_problem(LOG_WARN, "store.reader_failed", &problem);
        disconnect(&reader->connection);
    }
    reader->looking = false;
}

static bool sqlite_reader_query(struct reader *base, const struct query *asked, query_row each,
                                void *context, struct problem *problem)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)base;
    struct sqlite_store *store = sqlite_store(base->store);
    return look(reader, problem) &&
           query(store, store->alone ? &store->connection : &reader->connection, asked, each,
                 context, problem);
}

static void sqlite_reader_free(struct reader *base)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)base;
    if (reader->connection.handle != NULL)
        disconnect(&reader->connection);
    free(reader);
}

/* Backup. */

struct backup {
    struct sqlite_store *store;
    struct connection *from;
    struct connection to;
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *context;
};

/* Copies a piece at a time; a store that is `alone` goes on writing between the pieces. */
static bool copy_pages(struct backup *backup, sqlite3_backup *pages)
{
    struct sqlite_store *store = backup->store;
    int code;
    do {
        hold(store);
        code = sqlite3_backup_step(pages, BACKUP_STEP_PAGES);
        let_go(store);
        uint64_t total = (uint64_t)sqlite3_backup_pagecount(pages);
        if (backup->progress != NULL)
            backup->progress(backup->context, total - (uint64_t)sqlite3_backup_remaining(pages),
                             total);
        if (store->alone)
            usleep(1000);
    } while (code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED);
    return code == SQLITE_DONE;
}

static bool copy_store(struct backup *backup, const char *path, struct problem *problem)
{
    static const char *const settings[] = {"PRAGMA cache_size = -2048", NULL};
    struct sqlite_store target = {.path = (char *)(uintptr_t)path}; /* for its name in problems */
    sqlite3 *to = NULL;
    int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    MUST(to != NULL);
    backup->to.handle = to;
    if (code != SQLITE_OK)
        return fail(&target, to, "opening", problem);
    if (!set_up(&target, &backup->to, settings, problem))
        return false;
    hold(backup->store);
    sqlite3_backup *pages = sqlite3_backup_init(to, "main", backup->from->handle, "main");
    let_go(backup->store);
    if (pages == NULL)
        return fail(&target, to, "copying to", problem);
    copy_pages(backup, pages);
    hold(backup->store);
    code = sqlite3_backup_finish(pages);
    let_go(backup->store);
    if (code != SQLITE_OK)
        return fail(&target, to, "copying to", problem);
    /* One file, complete in itself. */
    return sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL) == SQLITE_OK ||
           fail(&target, to, "closing", problem);
}

/* A transaction's moment is that of its first read. */
static bool see_moment(struct sqlite_store *store, struct connection *connection,
                       struct problem *problem)
{
    return execute(store, connection, "SELECT count(*) FROM sqlite_schema", problem);
}

static bool sqlite_backup(struct store *base, const char *path,
                          void (*progress)(void *context, uint64_t done, uint64_t total),
                          void *context, struct problem *problem)
{
    struct sqlite_store *store = sqlite_store(base);
    struct sqlite_reader *reader = NULL;
    struct backup backup = {
        .store = store, .from = &store->connection, .progress = progress, .context = context};
    if (!file_make(path, problem))
        return false;
    bool copied = true;
    if (!store->alone) {
        reader = (struct sqlite_reader *)store_reader_take(base);
        copied = look(reader, problem) && see_moment(store, &reader->connection, problem);
        backup.from = &reader->connection;
    }
    copied = copied && copy_store(&backup, path, problem);
    if (backup.to.handle != NULL)
        disconnect(&backup.to);
    if (reader != NULL)
        store_reader_give(base, &reader->base);
    copied = copied && file_sync(path, problem);
    if (!copied)
        unlink(path);
    return copied;
}

const struct store_driver sqlite_driver = {
    .scheme = "sqlite",
    .schema = sqlite_schema,
    .writers = 1,
    .open = sqlite_open,
    .close = sqlite_close,
    .file_bytes = sqlite_file_bytes,
    .writer_new = sqlite_writer_new,
    .writer_free = sqlite_writer_free,
    .begin = sqlite_begin,
    .load = sqlite_load,
    .save = sqlite_save,
    .execute = sqlite_execute,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .describe_sql = "SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid",
    .reader_new = sqlite_reader_new,
    .reader_query = sqlite_reader_query,
    .reader_rest = sqlite_reader_rest,
    .reader_free = sqlite_reader_free,
    .backup = sqlite_backup,
};
