/*
 * PostgreSQL behind store.h, on libpq: the writers with their groups. (Readers: postgres_reader.c.)
 *
 * A group is three round trips: its rows by key, locked in key order; what changed; the commit. The
 * rows of a table travel as one array a column. READ COMMITTED: the locks keep what was read true,
 * and an UPDATE compares the version that was loaded. Citus refuses to lock rows of several
 * organisations in one statement: there nothing is locked, and versions and keys alone tell that
 * another group was faster (STORE_CONFLICT).
 *
 * Several programs may write. A lost connection before COMMIT was sent is a conflict: the server
 * rolls back what a session leaves. After it, the outcome is uncertain, and the caller looks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "store/postgres_private.h"

#define TABLES_MAX 64

/*
 * Keys find their rows by index, whatever a table's statistics say. A process that was put to sleep
 * inside a group must not keep others from its rows for long. There is no statement_timeout: it
 * would end a commit's wait for a standby, and the server would then answer as if that had it.
 */
static const char writer_settings[] =
    "SET client_min_messages = warning; SET jit = off; SET plan_cache_mode = force_generic_plan; "
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '3s'; "
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') = 'off'";

/* The slots of a group that one statement takes. */
struct slot_list {
    struct buffer slots; /* pointers to them */
    size_t count;
    PGresult *result;
};

struct table_lists {
    const struct table *table;
    struct slot_list load, insert, update, remove;
};

struct postgres_store {
    struct store base;
    char *url;
    bool unlocked; /* rows cannot be locked, or shall not be */
};

struct postgres_writer {
    struct writer base;
    struct postgres_connection connection;
    bool begun;  /* between begin and commit or rollback */
    bool opened; /* BEGIN was sent */
    struct table_lists tables[TABLES_MAX];
    size_t table_count;
    struct table_lists *order[TABLES_MAX]; /* of those that this call names */
    size_t order_count;
    struct buffer arrays[STORE_COLUMNS_MAX + 1];
};

static struct postgres_store *postgres_store(struct store *store)
{
    return (struct postgres_store *)store;
}

static struct postgres_writer *postgres_writer(struct writer *writer)
{
    return (struct postgres_writer *)writer;
}

/* Opening and closing. */

/* A server is known by the microsecond of its start, whichever of its names it was called by. */
static void name_place(struct postgres_store *store, const struct postgres_connection *connection,
                       const char *schema, const char *started)
{
    const char *database = PQdb(connection->handle);
    MUST(asprintf(&store->base.place, "postgresql: schema %s of database %s at %s:%s", schema,
                  database, PQhost(connection->handle), PQport(connection->handle)) > 0);
    MUST(asprintf(&store->base.identity, "%s, %s, %s", schema, database, started) > 0);
}

/* What an answer confirmed must survive the database's crash, too. */
static bool check_server(struct postgres_store *store, struct postgres_connection *connection,
                         struct problem *problem)
{
    static const char sql[] = "SELECT current_setting('fsync') = 'on', "
                              "EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citus'), "
                              "coalesce(current_schema()::text, ''), "
                              "pg_postmaster_start_time()::text";
    PGresult *result = NULL;
    if (!connection_send_once(connection, sql, NULL, &result, problem) ||
        !connection_run(connection, problem))
        return false;
    bool safe = PQgetvalue(result, 0, 0)[0] != 0;
    bool spread = PQgetvalue(result, 0, 1)[0] != 0;
    name_place(store, connection, PQgetvalue(result, 0, 2), PQgetvalue(result, 0, 3));
    PQclear(result);
    store->unlocked = store->unlocked || spread;
    const char *version = PQparameterStatus(connection->handle, "server_version");
    snprintf(store->base.engine, sizeof store->base.engine, "PostgreSQL %s%s",
             version == NULL ? "" : version, spread ? " with Citus" : "");
    return safe || problem_set(problem, PROBLEM_CONFIGURATION,
                               "the database runs with fsync = off and would lose what was "
                               "answered");
}

/* A first connection, to see what is there. */
static bool look_at_server(struct postgres_store *store, struct problem *problem)
{
    struct postgres_connection connection;
    if (!connection_open(&connection, store->url, postgres_reader_settings, problem))
        return false;
    bool fits = check_server(store, &connection, problem);
    connection_close(&connection);
    return fits;
}

static void postgres_close(struct store *base)
{
    struct postgres_store *store = postgres_store(base);
    free(store->url);
    free(store);
}

static struct store *postgres_open(const char *location, const struct store_options *options,
                                   struct problem *problem)
{
    struct postgres_store *store = calloc(1, sizeof *store);
    MUST(store != NULL);
    MUST(asprintf(&store->url, "postgresql:%s", location) > 0);
    store->unlocked = options->unlocked;
    if (look_at_server(store, problem))
        return &store->base;
    free(store->base.place);
    free(store->base.identity);
    postgres_close(&store->base);
    return NULL;
}

static struct writer *postgres_writer_new(struct store *store)
{
    struct postgres_writer *writer = calloc(1, sizeof *writer);
    MUST(writer != NULL);
    writer->base.store = store;
    for (size_t i = 0; i < COUNT_OF(writer->arrays); i++)
        buffer_init(&writer->arrays[i]);
    return (struct writer *)writer;
}

static void postgres_writer_free(struct writer *base)
{
    struct postgres_writer *writer = postgres_writer(base);
    MUST(!writer->begun);
    connection_close(&writer->connection);
    for (size_t i = 0; i < writer->table_count; i++) {
        buffer_done(&writer->tables[i].load.slots);
        buffer_done(&writer->tables[i].insert.slots);
        buffer_done(&writer->tables[i].update.slots);
        buffer_done(&writer->tables[i].remove.slots);
    }
    for (size_t i = 0; i < COUNT_OF(writer->arrays); i++)
        buffer_done(&writer->arrays[i]);
    free(writer);
}

/* Groups. */

static bool postgres_begin(struct writer *base, struct problem *problem)
{
    struct postgres_writer *writer = postgres_writer(base);
    struct postgres_connection *connection = &writer->connection;
    MUST(!writer->begun);
    if (connection->handle != NULL && connection->lost)
        connection_close(connection);
    writer->begun =
        connection->handle != NULL ||
        connection_open(connection, postgres_url(base->store), writer_settings, problem);
    writer->opened = false;
    return writer->begun;
}

static void postgres_rollback(struct writer *base)
{
    struct postgres_writer *writer = postgres_writer(base);
    struct problem problem;
    if (writer->begun && writer->opened && !writer->connection.lost &&
        !(connection_send_once(&writer->connection, "ROLLBACK", NULL, NULL, &problem) &&
          connection_run(&writer->connection, &problem))) {
        log_problem(LOG_WARN, "store.rollback_failed", &problem);
        writer->connection.lost = true; /* the server rolls back what its session leaves */
    }
    writer->begun = writer->opened = false;
}

/* Queues what opens the group, with its first statements. */
static bool send_begin(struct postgres_writer *writer, struct problem *problem)
{
    if (writer->opened)
        return true;
    writer->opened = true;
    return connection_send_once(&writer->connection, "BEGIN ISOLATION LEVEL READ COMMITTED", NULL,
                                NULL, problem);
}

static struct table_lists *lists_of(struct postgres_writer *writer, const struct table *table)
{
    for (size_t i = 0; i < writer->table_count; i++)
        if (writer->tables[i].table == table)
            return &writer->tables[i];
    MUST(table->column_count <= STORE_COLUMNS_MAX && table->key_count >= 1);
    MUST(writer->table_count < TABLES_MAX);
    struct table_lists *lists = &writer->tables[writer->table_count++];
    *lists = (struct table_lists){.table = table};
    return lists;
}

static void list_add(struct slot_list *list, struct row_slot *slot)
{
    buffer_add(&list->slots, &slot, sizeof slot);
    list->count++;
}

static struct row_slot *const *list_slots(const struct slot_list *list)
{
    return (struct row_slot *const *)(const void *)list->slots.bytes;
}

static void list_clear(struct slot_list *list)
{
    PQclear(list->result);
    list->result = NULL;
    list->count = 0;
    buffer_clear(&list->slots);
}

/* Queues the statement that takes the list's rows: their keys, or all that it writes. */
static bool send_list(struct postgres_writer *writer, enum statement_kind kind,
                      const struct table *table, struct slot_list *list, struct problem *problem)
{
    struct postgres_parameters parameters = {.count = 0};
    if (list->count == 0)
        return true;
    for (size_t i = 0; i < table->column_count; i++)
        if (i < table->key_count || kind == STATEMENT_INSERT ||
            (kind == STATEMENT_UPDATE && column_is_updated(table, i)))
            parameters_add_array(&parameters, &table->columns[i], list_slots(list), list->count,
                                 &writer->arrays[i]);
    if (kind == STATEMENT_UPDATE && table->version != NULL)
        parameters_add_versions(&parameters, list_slots(list), list->count,
                                &writer->arrays[STORE_COLUMNS_MAX]);
    return connection_send(&writer->connection,
                           connection_statement(&writer->connection, kind, table, NULL),
                           &parameters, &list->result, problem);
}

static bool read_slot(const PGresult *result, int row, const struct slot_list *list,
                      struct arena *arena, struct problem *problem)
{
    struct value values[STORE_COLUMNS_MAX + 1];
    int fields = PQnfields(result);
    MUST(fields >= 1 && fields <= STORE_COLUMNS_MAX + 1);
    for (int i = 0; i < fields; i++)
        if (!result_value(result, row, i, &values[i], problem))
            return false;
    MUST(values[0].integer >= 1 && (size_t)values[0].integer <= list->count);
    struct row_slot *slot = list_slots(list)[values[0].integer - 1];
    const struct table *table = slot->table;
    slot->found = true;
    return table->key_count == table->column_count ||
           row_read(table, table->key_count, &values[1], (size_t)fields - 1, slot->row, arena,
                    problem);
}

static bool read_list(const struct slot_list *list, struct arena *arena, struct problem *problem)
{
    int rows = list->result == NULL ? 0 : PQntuples(list->result);
    for (int i = 0; i < rows; i++)
        if (!read_slot(list->result, i, list, arena, problem))
            return false;
    return true;
}

/* Lists the slots by table; `order` is that of the tables' first slots. */
static void list_by_table(struct postgres_writer *writer, struct row_slot *const *slots,
                          size_t count)
{
    writer->order_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct table_lists *lists = lists_of(writer, slots[i]->table);
        if (lists->load.count == 0)
            writer->order[writer->order_count++] = lists;
        slots[i]->found = false;
        list_add(&lists->load, slots[i]);
    }
}

static bool postgres_load(struct writer *base, struct row_slot *const *slots, size_t count,
                          struct arena *arena, struct problem *problem)
{
    struct postgres_writer *writer = postgres_writer(base);
    enum statement_kind kind =
        postgres_store(base->store)->unlocked ? STATEMENT_LOAD_UNLOCKED : STATEMENT_LOAD;
    MUST(writer->begun);
    list_by_table(writer, slots, count);
    bool loaded = send_begin(writer, problem);
    for (size_t i = 0; i < writer->order_count && loaded; i++)
        loaded = send_list(writer, kind, writer->order[i]->table, &writer->order[i]->load, problem);
    loaded = loaded && connection_run(&writer->connection, problem);
    for (size_t i = 0; i < writer->order_count; i++) {
        loaded = loaded && read_list(&writer->order[i]->load, arena, problem);
        list_clear(&writer->order[i]->load);
    }
    return loaded;
}

static bool add_saved(struct postgres_writer *writer, struct row_slot *slot,
                      struct problem *problem)
{
    struct table_lists *lists = lists_of(writer, slot->table);
    if (slot->removed) {
        if (slot->found)
            list_add(&lists->remove, slot);
        return true;
    }
    if (!slot->changed)
        return true;
    list_add(slot->found ? &lists->update : &lists->insert, slot);
    if (!slot->found)
        return true;
    for (size_t i = slot->table->key_count; i < slot->table->column_count; i++)
        if (column_is_updated(slot->table, i))
            return true;
    return problem_set(problem, PROBLEM_INTERNAL, "no column of %s may change", slot->table->name);
}

static bool send_lists(struct postgres_writer *writer, struct table_lists *lists,
                       struct problem *problem)
{
    return send_list(writer, STATEMENT_INSERT, lists->table, &lists->insert, problem) &&
           send_list(writer, STATEMENT_UPDATE, lists->table, &lists->update, problem) &&
           send_list(writer, STATEMENT_REMOVE, lists->table, &lists->remove, problem);
}

/* Every row that was changed or removed was there, as it was loaded. */
static bool check_list(const struct slot_list *list, struct problem *problem)
{
    uint64_t count = 0;
    if (list->result == NULL)
        return true;
    return (text_to_u64(text_of(PQcmdTuples(list->result)), SIZE_MAX, &count) &&
            count == list->count) ||
           problem_set(problem, PROBLEM_STORE_CONFLICT, "a row of %s was changed meanwhile",
                       list_slots(list)[0]->table->name);
}

/* Saves what is listed, in one round trip. */
static bool save_listed(struct postgres_writer *writer, struct problem *problem)
{
    bool saved = send_begin(writer, problem);
    for (size_t i = 0; i < writer->table_count && saved; i++)
        saved = send_lists(writer, &writer->tables[i], problem);
    saved = saved && connection_run(&writer->connection, problem);
    for (size_t i = 0; i < writer->table_count && saved; i++)
        saved = check_list(&writer->tables[i].insert, problem) &&
                check_list(&writer->tables[i].update, problem) &&
                check_list(&writer->tables[i].remove, problem);
    return saved;
}

static void clear_saved(struct postgres_writer *writer)
{
    for (size_t i = 0; i < writer->table_count; i++) {
        list_clear(&writer->tables[i].insert);
        list_clear(&writer->tables[i].update);
        list_clear(&writer->tables[i].remove);
    }
}

static bool has_key_of(const struct slot_list *list, const struct row_slot *slot)
{
    for (size_t i = 0; i < list->count; i++)
        if (row_key_equal(slot->table, list_slots(list)[i]->row, slot->row))
            return true;
    return false;
}

/* Is a row removed that was made just before, or made that was removed? Then in two steps. */
static bool undoes_listed(struct postgres_writer *writer, const struct row_slot *slot)
{
    const struct table_lists *lists = lists_of(writer, slot->table);
    return slot->removed ? has_key_of(&lists->insert, slot) || has_key_of(&lists->update, slot)
                         : slot->changed && has_key_of(&lists->remove, slot);
}

static bool postgres_save(struct writer *base, struct row_slot *const *slots, size_t count,
                          struct problem *problem)
{
    struct postgres_writer *writer = postgres_writer(base);
    bool saved = true;
    MUST(writer->begun);
    for (size_t i = 0; i < count && saved; i++) {
        if (undoes_listed(writer, slots[i])) {
            saved = save_listed(writer, problem);
            clear_saved(writer);
        }
        saved = saved && add_saved(writer, slots[i], problem);
    }
    saved = saved && save_listed(writer, problem);
    clear_saved(writer);
    return saved;
}

static bool postgres_execute(struct writer *base, struct text script, struct problem *problem)
{
    struct postgres_writer *writer = postgres_writer(base);
    MUST(writer->begun);
    if (!send_begin(writer, problem) ||
        !connection_send_once(&writer->connection, "SET LOCAL statement_timeout = 0", NULL, NULL,
                              problem) ||
        !connection_run(&writer->connection, problem))
        return false;
    char *adapted = postgres_schema(script);
    bool executed = connection_script(&writer->connection, adapted, problem);
    free(adapted);
    return executed;
}

/* Only a refusal that everybody understands is one: what else went wrong is uncertain. */
static bool commit(struct postgres_writer *writer, struct problem *problem)
{
    PGresult *result = NULL;
    if (!connection_send_once(&writer->connection, "COMMIT", NULL, &result, problem) ||
        !connection_run(&writer->connection, problem)) {
        if (problem->code == PROBLEM_STORE_CONFLICT || problem->code == PROBLEM_STORE_FAILED) {
            writer->connection.lost = true;
            problem->code = PROBLEM_OUTCOME_UNCERTAIN;
        }
        return false;
    }
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0 ||
                     problem_set(problem, PROBLEM_STORE_FAILED, "the group was rolled back");
    PQclear(result);
    return committed;
}

static bool postgres_commit(struct writer *base, struct problem *problem)
{
    struct postgres_writer *writer = postgres_writer(base);
    MUST(writer->begun);
    bool committed = !writer->opened || commit(writer, problem);
    if (!committed)
        postgres_rollback(base);
    writer->begun = writer->opened = false;
    return committed;
}

static bool postgres_backup(struct store *base, const char *path,
                            void (*progress)(void *context, uint64_t done, uint64_t total),
                            void *context, struct problem *problem)
{
    (void)base;
    (void)path;
    (void)progress;
    (void)context;
    return problem_set(problem, PROBLEM_USAGE,
                       "a store in PostgreSQL is copied by PostgreSQL's own tools: pg_dump for one "
                       "moment of this database, pg_basebackup for the whole server");
}

const char *postgres_url(const struct store *base)
{
    return ((const struct postgres_store *)base)->url;
}

const struct store_driver postgres_driver = {
    .scheme = "postgresql",
    .schema = postgres_schema,
    .writers = STORE_WRITERS,
    .shared = true,
    .open = postgres_open,
    .close = postgres_close,
    .file_bytes = postgres_file_bytes,
    .writer_new = postgres_writer_new,
    .writer_free = postgres_writer_free,
    .begin = postgres_begin,
    .load = postgres_load,
    .save = postgres_save,
    .execute = postgres_execute,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .describe_sql = postgres_describe_sql,
    .reader_new = postgres_reader_new,
    .reader_query = postgres_reader_query,
    .reader_rest = postgres_reader_rest,
    .reader_free = postgres_reader_free,
    .backup = postgres_backup,
};
