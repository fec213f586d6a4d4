/*
 * PostgreSQL behind store.h, on libpq: the writer with its groups, the readers.
 *
 * A group is three round trips: its rows by key, locked in key order; what changed; the commit. The
 * rows of a table travel as one array a column. READ COMMITTED: the locks keep what was read true.
 * A commit whose answer was lost is settled by the count on the writer's lease.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "store/postgres_private.h"

#define TABLES_MAX 64
#define SETTLE_US (10 * TIME_SECOND)
#define SETTLE_EVERY_US 100000

/* Keys find their rows by index, whatever a table's statistics say. */
static const char writer_settings[] =
    "SET client_min_messages = warning; SET jit = off; SET plan_cache_mode = force_generic_plan; "
    "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
    "SET lock_timeout = '5s'; SET statement_timeout = '60s'; "
    "SET idle_in_transaction_session_timeout = '30s'; "
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
    struct postgres_connection writer;
    struct postgres_lease lease;
    bool begun;  /* between begin and commit or rollback */
    bool opened; /* BEGIN was sent */
    struct table_lists tables[TABLES_MAX];
    size_t table_count;
    struct buffer arrays[STORE_COLUMNS_MAX];
};

static struct postgres_store *postgres_store(struct store *store)
{
    return (struct postgres_store *)store;
}

/* Opening and closing. */

/* What an answer confirmed must survive the database's crash, too. */
static bool check_durability(struct postgres_connection *connection, struct problem *problem)
{
    PGresult *result = NULL;
    if (!connection_send_once(connection, "SELECT current_setting('fsync') = 'on'", NULL, &result,
                              problem) ||
        !connection_run(connection, problem))
        return false;
    bool safe = PQgetvalue(result, 0, 0)[0] != 0;
    PQclear(result);
    return safe || problem_set(problem, PROBLEM_CONFIGURATION,
                               "the database runs with fsync = off and would lose what was "
                               "answered");
}

static void name_engine(struct postgres_store *store)
{
    const char *version = PQparameterStatus(store->writer.handle, "server_version");
    snprintf(store->base.engine, sizeof store->base.engine, "PostgreSQL %s",
             version == NULL ? "" : version);
}

static bool open_store(struct postgres_store *store, bool writable, struct problem *problem)
{
    struct postgres_connection *writer = &store->writer;
    if (!connection_open(writer, store->url, writable ? writer_settings : postgres_reader_settings,
                         problem))
        return false;
    name_engine(store);
    if (writable)
        return check_durability(writer, problem) && lease_prepare(writer, problem) &&
               lease_take(&store->lease, writer, problem);
    connection_close(writer);
    return true;
}

static void postgres_close(struct store *base)
{
    struct postgres_store *store = postgres_store(base);
    MUST(!store->begun);
    lease_release(&store->lease, &store->writer);
    connection_close(&store->writer);
    for (size_t i = 0; i < store->table_count; i++) {
        buffer_done(&store->tables[i].load.slots);
        buffer_done(&store->tables[i].insert.slots);
        buffer_done(&store->tables[i].update.slots);
        buffer_done(&store->tables[i].remove.slots);
    }
    for (size_t i = 0; i < STORE_COLUMNS_MAX; i++)
        buffer_done(&store->arrays[i]);
    free(store->url);
    free(store);
}

static struct store *postgres_open(const char *location, const struct store_options *options,
                                   struct problem *problem)
{
    struct postgres_store *store = calloc(1, sizeof *store);
    MUST(store != NULL);
    MUST(asprintf(&store->url, "postgresql:%s", location) > 0);
    for (size_t i = 0; i < STORE_COLUMNS_MAX; i++)
        buffer_init(&store->arrays[i]);
    store->base.writable = options->writable;
    lease_init(&store->lease);
    if (open_store(store, options->writable, problem))
        return &store->base;
    postgres_close(&store->base);
    return NULL;
}

/* Groups. */

/* A new connection after the old one broke. Whoever wrote meanwhile has made our state stale. */
static bool reconnect(struct postgres_store *store, struct problem *problem)
{
    int64_t fence = store->lease.fence;
    if (store->writer.handle != NULL && !store->writer.lost && fence != 0)
        return true;
    connection_close(&store->writer);
    if (!connection_open(&store->writer, store->url, writer_settings, problem))
        return false;
    if (!lease_take(&store->lease, &store->writer, problem)) {
        connection_close(&store->writer);
        return false;
    }
    return store->lease.fence == fence ||
           problem_set(problem, PROBLEM_STORE_LOCKED, "another server has written meanwhile");
}

static bool postgres_begin(struct store *base, struct problem *problem)
{
    struct postgres_store *store = postgres_store(base);
    MUST(!store->begun);
    store->begun = reconnect(store, problem);
    store->opened = false;
    return store->begun;
}

static void postgres_rollback(struct store *base)
{
    struct postgres_store *store = postgres_store(base);
    struct problem problem;
    if (store->begun && store->opened && !store->writer.lost &&
        !(connection_send_once(&store->writer, "ROLLBACK", NULL, NULL, &problem) &&
          connection_run(&store->writer, &problem))) {
        log_problem(LOG_WARN, "store.rollback_failed", &problem);
        store->writer.lost = true; /* the server rolls back what its session leaves */
    }
    store->begun = store->opened = false;
}

/* Queues what opens the group, with its first statements. */
static bool send_begin(struct postgres_store *store, PGresult **lease, struct problem *problem)
{
    *lease = NULL;
    if (store->opened)
        return true;
    store->opened = true;
    return connection_send_once(&store->writer, "BEGIN ISOLATION LEVEL READ COMMITTED", NULL, NULL,
                                problem) &&
           lease_send(&store->lease, &store->writer, lease, problem);
}

/* Runs what was queued; the group ends where the lease was lost. */
static bool run_group(struct postgres_store *store, PGresult **lease, struct problem *problem)
{
    bool ran = connection_run(&store->writer, problem);
    if (ran && *lease != NULL && strcmp(PQcmdTuples(*lease), "1") != 0) {
        store->lease.fence = 0;
        ran = problem_set(problem, PROBLEM_STORE_LOCKED, "another server has taken the lease");
    }
    PQclear(*lease);
    return ran;
}

static struct table_lists *lists_of(struct postgres_store *store, const struct table *table)
{
    for (size_t i = 0; i < store->table_count; i++)
        if (store->tables[i].table == table)
            return &store->tables[i];
    MUST(table->column_count <= STORE_COLUMNS_MAX && table->key_count >= 1);
    MUST(store->table_count < TABLES_MAX);
    struct table_lists *lists = &store->tables[store->table_count++];
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
static bool send_list(struct postgres_store *store, enum statement_kind kind,
                      const struct table *table, struct slot_list *list, struct problem *problem)
{
    struct postgres_parameters parameters = {.count = 0};
    if (list->count == 0)
        return true;
    for (size_t i = 0; i < table->column_count; i++)
        if (i < table->key_count || kind == STATEMENT_INSERT ||
            (kind == STATEMENT_UPDATE && column_is_updated(table, i)))
            parameters_add_array(&parameters, &table->columns[i], list_slots(list), list->count,
                                 &store->arrays[i]);
    return connection_send(&store->writer, connection_statement(&store->writer, kind, table, NULL),
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

static bool postgres_load(struct store *base, struct row_slot *const *slots, size_t count,
                          struct arena *arena, struct problem *problem)
{
    struct postgres_store *store = postgres_store(base);
    PGresult *lease;
    MUST(store->begun);
    for (size_t i = 0; i < count; i++) {
        slots[i]->found = false;
        list_add(&lists_of(store, slots[i]->table)->load, slots[i]);
    }
    bool loaded = send_begin(store, &lease, problem);
    for (size_t i = 0; i < store->table_count && loaded; i++)
        loaded = send_list(store, STATEMENT_LOAD, store->tables[i].table, &store->tables[i].load,
                           problem);
    loaded = loaded && run_group(store, &lease, problem);
    for (size_t i = 0; i < store->table_count; i++) {
        loaded = loaded && read_list(&store->tables[i].load, arena, problem);
        list_clear(&store->tables[i].load);
    }
    return loaded;
}

static bool add_saved(struct postgres_store *store, struct row_slot *slot, struct problem *problem)
{
    struct table_lists *lists = lists_of(store, slot->table);
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

static bool send_lists(struct postgres_store *store, struct table_lists *lists,
                       struct problem *problem)
{
    return send_list(store, STATEMENT_INSERT, lists->table, &lists->insert, problem) &&
           send_list(store, STATEMENT_UPDATE, lists->table, &lists->update, problem) &&
           send_list(store, STATEMENT_REMOVE, lists->table, &lists->remove, problem);
}

/* Every row that was changed or removed was there. */
static bool check_list(const struct slot_list *list, struct problem *problem)
{
    uint64_t count = 0;
    if (list->result == NULL)
        return true;
    return (text_to_u64(text_of(PQcmdTuples(list->result)), SIZE_MAX, &count) &&
            count == list->count) ||
           problem_set(problem, PROBLEM_INTERNAL, "a row of %s was not there any more",
                       list_slots(list)[0]->table->name);
}

/* Saves what is listed, in one round trip. */
static bool save_listed(struct postgres_store *store, struct problem *problem)
{
    PGresult *lease;
    bool saved = send_begin(store, &lease, problem);
    for (size_t i = 0; i < store->table_count && saved; i++)
        saved = send_lists(store, &store->tables[i], problem);
    saved = saved && run_group(store, &lease, problem);
    for (size_t i = 0; i < store->table_count && saved; i++)
        saved = check_list(&store->tables[i].insert, problem) &&
                check_list(&store->tables[i].update, problem) &&
                check_list(&store->tables[i].remove, problem);
    return saved;
}

static void clear_saved(struct postgres_store *store)
{
    for (size_t i = 0; i < store->table_count; i++) {
        list_clear(&store->tables[i].insert);
        list_clear(&store->tables[i].update);
        list_clear(&store->tables[i].remove);
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
static bool undoes_listed(struct postgres_store *store, const struct row_slot *slot)
{
    const struct table_lists *lists = lists_of(store, slot->table);
    return slot->removed ? has_key_of(&lists->insert, slot) || has_key_of(&lists->update, slot)
                         : slot->changed && has_key_of(&lists->remove, slot);
}

static bool postgres_save(struct store *base, struct row_slot *const *slots, size_t count,
                          struct problem *problem)
{
    struct postgres_store *store = postgres_store(base);
    bool saved = true;
    MUST(store->begun);
    for (size_t i = 0; i < count && saved; i++) {
        if (undoes_listed(store, slots[i])) {
            saved = save_listed(store, problem);
            clear_saved(store);
        }
        saved = saved && add_saved(store, slots[i], problem);
    }
    saved = saved && save_listed(store, problem);
    clear_saved(store);
    return saved;
}

static bool postgres_execute(struct store *base, struct text script, struct problem *problem)
{
    struct postgres_store *store = postgres_store(base);
    PGresult *lease;
    MUST(store->begun);
    if (!send_begin(store, &lease, problem) ||
        !connection_send_once(&store->writer, "SET LOCAL statement_timeout = 0", NULL, NULL,
                              problem) ||
        !run_group(store, &lease, problem))
        return false;
    char *adapted = postgres_schema(script);
    bool executed = connection_script(&store->writer, adapted, problem);
    free(adapted);
    return executed;
}

/*
 * The commit's answer was lost, or says nothing certain. Taking the lease up again waits for the
 * end of the old transaction; the count on it then tells whether it was committed.
 */
static bool settle(struct postgres_store *store, struct problem *problem)
{
    int64_t until = time_monotonic() + SETTLE_US;
    int64_t fence = store->lease.fence;
    int64_t group = store->lease.groups + 1;
    struct problem again = *problem;
    store->writer.lost = true;
    store->opened = false;
    do {
        if (reconnect(store, &again))
            return store->lease.groups == group ||
                   problem_set(problem, PROBLEM_STORE_CONFLICT,
                               "the connection broke before the commit");
        if (store->lease.fence != fence)
            break;
        usleep(SETTLE_EVERY_US);
    } while (time_monotonic() < until);
    return problem_set(problem, PROBLEM_OUTCOME_UNCERTAIN,
                       "the commit's answer was lost, and then: %.200s", again.detail);
}

static bool commit(struct postgres_store *store, struct problem *problem)
{
    PGresult *result = NULL;
    if (!connection_send_once(&store->writer, "COMMIT", NULL, &result, problem) ||
        !connection_run(&store->writer, problem)) {
        /* Only a refusal that everybody understands is one: the rest is looked up. */
        return problem->code != PROBLEM_STORE_CONFLICT && problem->code != PROBLEM_STORE_FAILED
                   ? false
                   : settle(store, problem);
    }
    bool committed = strcmp(PQcmdStatus(result), "COMMIT") == 0 ||
                     problem_set(problem, PROBLEM_STORE_FAILED, "the group was rolled back");
    PQclear(result);
    if (committed)
        store->lease.groups++;
    return committed;
}

static bool postgres_commit(struct store *base, struct problem *problem)
{
    struct postgres_store *store = postgres_store(base);
    MUST(store->begun);
    bool committed = !store->opened || commit(store, problem);
    if (!committed)
        postgres_rollback(base);
    store->begun = store->opened = false;
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
    .open = postgres_open,
    .close = postgres_close,
    .file_bytes = postgres_file_bytes,
    .begin = postgres_begin,
    .load = postgres_load,
    .save = postgres_save,
    .execute = postgres_execute,
    .commit = postgres_commit,
    .rollback = postgres_rollback,
    .describe = postgres_describe,
    .reader_new = postgres_reader_new,
    .reader_query = postgres_reader_query,
    .reader_rest = postgres_reader_rest,
    .reader_free = postgres_reader_free,
    .backup = postgres_backup,
};
