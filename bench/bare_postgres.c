#include "bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"
#include "store/postgres_private.h"

#define STATEMENTS_MAX 64
#define SCHEMA "bare"

/* One statement of a group: all rows of one table to which the same is done. */
struct batch {
    enum statement_kind kind;
    const struct table *table;
    struct row_slot **slots;
    size_t count;
    struct batch *next;
};

struct bare {
    PGconn *connection;
    struct arena *arena;
    struct batch **load, **store; /* of each group; one more: the places of the last */
    size_t group_count;
    struct buffer arrays[STORE_COLUMNS_MAX + 1];
    struct {
        enum statement_kind kind;
        const struct table *table;
    } prepared[STATEMENTS_MAX]; /* as s0, s1 … */
    size_t prepared_count;
};

_Noreturn static void give_up(const struct bare *bare, const char *what)
{
    fprintf(stderr, "bench: bare PostgreSQL: %s: %s\n", what, PQerrorMessage(bare->connection));
    exit(1);
}

static void script(struct bare *bare, const char *sql)
{
    PGresult *result = PQexec(bare->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        give_up(bare, sql);
    PQclear(result);
}

/* The schema is made as the daemon makes it, in a namespace of its own. */
static void make_fresh(struct bare *bare, const char *url)
{
    char fresh[1024];
    struct problem problem;
    script(bare, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS " SCHEMA
                 " CASCADE; CREATE SCHEMA " SCHEMA);
    snprintf(fresh, sizeof fresh, "%s%coptions=-csearch_path%%3D" SCHEMA, url,
             strchr(url, '?') == NULL ? '?' : '&');
    struct store *store = store_open(fresh, true, &problem);
    if (store == NULL) {
        fprintf(stderr, "bench: %s\n", problem.detail);
        exit(1);
    }
    store_close(store);
}

static void connect_to(struct bare *bare, const char *url)
{
    bare->connection = PQconnectdb(url);
    if (PQstatus(bare->connection) != CONNECTION_OK)
        give_up(bare, "connecting");
    make_fresh(bare, url);
    script(bare, "SET search_path = " SCHEMA "; SET jit = off; "
                 "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; "
                 "SET enable_hashjoin = off; SET enable_mergejoin = off");
}

/* Which batch of the list the slot goes to; made at the end if there is none yet. */
static struct batch *batch_for(struct bare *bare, struct batch **list, enum statement_kind kind,
                               const struct table *table, size_t slots_max)
{
    for (; *list != NULL; list = &(*list)->next)
        if ((*list)->kind == kind && (*list)->table == table)
            return *list;
    *list = ARENA_NEW(bare->arena, struct batch);
    **list = (struct batch){.kind = kind, .table = table};
    (*list)->slots = arena_array(bare->arena, slots_max, sizeof *(*list)->slots);
    return *list;
}

static void add_batches(struct bare *bare, struct batch **list, struct row_slot **slots,
                        size_t count, bool load)
{
    for (size_t i = 0; i < count; i++) {
        enum statement_kind kind = load                ? STATEMENT_LOAD
                                   : slots[i]->removed ? STATEMENT_REMOVE
                                   : slots[i]->found   ? STATEMENT_UPDATE
                                                       : STATEMENT_INSERT;
        struct batch *batch = batch_for(bare, list, kind, slots[i]->table, count - i);
        batch->slots[batch->count++] = slots[i];
    }
}

static void make_batches(struct bare *bare, const struct written *written)
{
    size_t groups = bare->group_count = written->group_count;
    bare->load = arena_array(bare->arena, groups + 1, sizeof(struct batch *));
    bare->store = arena_array(bare->arena, groups + 1, sizeof(struct batch *));
    for (size_t i = 0; i < groups; i++) {
        const struct written_group *group = &written->groups[i];
        add_batches(bare, &bare->load[i], group->load, group->load_count, true);
        add_batches(bare, &bare->store[i], group->save, group->save_count, false);
        add_batches(bare, &bare->store[i + 1], group->places, group->place_count, false);
    }
}

static void fill_parameters(struct bare *bare, const struct batch *batch,
                            struct postgres_parameters *parameters)
{
    const struct table *table = batch->table;
    *parameters = (struct postgres_parameters){.count = 0};
    for (size_t i = 0; i < table->column_count; i++)
        if (i < table->key_count || batch->kind == STATEMENT_INSERT ||
            (batch->kind == STATEMENT_UPDATE && column_is_updated(table, i)))
            parameters_add_array(parameters, &table->columns[i], batch->slots, batch->count,
                                 &bare->arrays[i]);
    if (batch->kind == STATEMENT_UPDATE && table->version != NULL)
        parameters_add_versions(parameters, batch->slots, batch->count,
                                &bare->arrays[STORE_COLUMNS_MAX]);
}

/* Outside the pipeline, before any time is taken. */
static void prepare_batches(struct bare *bare, const struct batch *batch)
{
    for (; batch != NULL; batch = batch->next) {
        size_t at = 0;
        while (at < bare->prepared_count &&
               (bare->prepared[at].kind != batch->kind || bare->prepared[at].table != batch->table))
            at++;
        if (at < bare->prepared_count)
            continue;
        MUST(at < STATEMENTS_MAX);
        struct postgres_statement statement = {.kind = batch->kind, .table = batch->table};
        struct postgres_parameters parameters;
        struct buffer sql;
        char name[16];
        buffer_init(&sql);
        postgres_sql(&sql, &statement);
        fill_parameters(bare, batch, &parameters);
        char *text = buffer_release(&sql);
        snprintf(name, sizeof name, "s%zu", at);
        PGresult *result =
            PQprepare(bare->connection, name, text, (int)parameters.count, parameters.types);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            give_up(bare, text);
        PQclear(result);
        free(text);
        bare->prepared[at].kind = batch->kind;
        bare->prepared[at].table = batch->table;
        bare->prepared_count++;
    }
}

static void send_batch(struct bare *bare, const struct batch *batch)
{
    struct postgres_parameters parameters;
    char name[16];
    size_t at = 0;
    while (bare->prepared[at].kind != batch->kind || bare->prepared[at].table != batch->table)
        at++;
    snprintf(name, sizeof name, "s%zu", at);
    fill_parameters(bare, batch, &parameters);
    if (PQsendQueryPrepared(bare->connection, name, (int)parameters.count, parameters.values,
                            parameters.lengths, parameters.formats, 1) != 1)
        give_up(bare, "sending");
}

static void send_words(struct bare *bare, const char *sql)
{
    if (PQsendQueryParams(bare->connection, sql, 0, NULL, NULL, NULL, NULL, 1) != 1)
        give_up(bare, sql);
}

/* A statement's one result; AFFECTED: so many rows, or less than 0: whatever. */
static void take_result(struct bare *bare, long affected)
{
    PGresult *result = PQgetResult(bare->connection);
    ExecStatusType status = PQresultStatus(result);
    if ((status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) ||
        (affected >= 0 && strtol(PQcmdTuples(result), NULL, 10) != affected))
        give_up(bare, "writing");
    PQclear(result);
    MUST(PQgetResult(bare->connection) == NULL);
}

static void take_sync(struct bare *bare)
{
    PGresult *result = PQgetResult(bare->connection);
    if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        give_up(bare, "the end of the pipeline");
    PQclear(result);
}

/* One round trip: WORDS or nothing, then the batches. */
static void trip(struct bare *bare, const char *words, const struct batch *batches)
{
    if (words != NULL)
        send_words(bare, words);
    for (const struct batch *batch = batches; batch != NULL; batch = batch->next)
        send_batch(bare, batch);
    if (PQpipelineSync(bare->connection) != 1)
        give_up(bare, "sending");
    if (words != NULL)
        take_result(bare, -1);
    for (const struct batch *batch = batches; batch != NULL; batch = batch->next)
        take_result(bare, batch->kind == STATEMENT_LOAD ? -1 : (long)batch->count);
    take_sync(bare);
}

static void write_group(void *context, size_t group)
{
    struct bare *bare = context;
    trip(bare, "BEGIN", bare->load[group]);
    trip(bare, NULL, bare->store[group]);
    trip(bare, "COMMIT", NULL);
    if (group + 1 < bare->group_count)
        return;
    trip(bare, "BEGIN", bare->store[group + 1]);
    trip(bare, "COMMIT", NULL);
}

static void compare(struct bare *bare)
{
    for (size_t i = 0; written_tables[i] != NULL; i++) {
        char *sql = written_difference(written_tables[i], SCHEMA ".", "public.");
        PGresult *result = PQexec(bare->connection, sql);
        if (PQresultStatus(result) != PGRES_TUPLES_OK)
            give_up(bare, sql);
        if (strcmp(PQgetvalue(result, 0, 0), "0") != 0) {
            fprintf(stderr, "bench: bare PostgreSQL wrote other rows into %s than the daemon\n",
                    written_tables[i]->name);
            exit(1);
        }
        PQclear(result);
        free(sql);
    }
}

void bare_postgres(const char *url, pid_t server, const struct written *written,
                   struct bare_report *report)
{
    struct bare bare = {.arena = arena_new()};
    for (size_t i = 0; i < COUNT_OF(bare.arrays); i++)
        buffer_init(&bare.arrays[i]);
    connect_to(&bare, url);
    make_batches(&bare, written);
    for (size_t i = 0; i <= bare.group_count; i++) {
        prepare_batches(&bare, bare.load[i]);
        prepare_batches(&bare, bare.store[i]);
    }
    MUST(PQenterPipelineMode(bare.connection) == 1);
    double cpu = server == 0 ? 0 : process_cpu_seconds(server);
    bare_measure(written, write_group, &bare, report);
    report->server_cpu = server == 0 ? 0 : process_cpu_seconds(server) - cpu;
    MUST(PQexitPipelineMode(bare.connection) == 1);
    compare(&bare);
    script(&bare, "DROP SCHEMA " SCHEMA " CASCADE");
    PQfinish(bare.connection);
    for (size_t i = 0; i < COUNT_OF(bare.arrays); i++)
        buffer_done(&bare.arrays[i]);
    arena_free(bare.arena);
}
