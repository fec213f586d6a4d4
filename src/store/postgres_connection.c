/* Connections to PostgreSQL: opening, pipelines, what went wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres_private.h"

/* Notices are for people at a terminal. */
static void ignore_notice(void *context, const PGresult *result)
{
    (void)context;
    (void)result;
}

/* libpq's messages end in a line break and may have several lines; the first says it. */
static struct text first_line(const char *message)
{
    struct text rest = text_of(message);
    return text_trim(text_cut(&rest, '\n'));
}

static bool fail_lost(struct postgres_connection *connection, struct problem *problem)
{
    connection->lost = true;
    return problem_set(problem, PROBLEM_STORE_CONFLICT,
                       "the connection to the database broke: %.*s",
                       TEXT_ARG(first_line(PQerrorMessage(connection->handle))));
}

struct state_code {
    const char *prefix; /* of an SQLSTATE; the first that fits counts */
    enum problem_code code;
};

static enum problem_code code_of(const char *state)
{
    static const struct state_code codes[] = {
        {"40", PROBLEM_STORE_CONFLICT},    /* serialization, deadlock, outcome unknown */
        {"55P03", PROBLEM_STORE_CONFLICT}, /* a lock was not free in time */
        {"23505", PROBLEM_STORE_CONFLICT}, /* another writer made the row first */
        {"42P07", PROBLEM_STORE_CONFLICT}, /* or the table */
        {"42710", PROBLEM_STORE_CONFLICT}, /* or its type, a moment before the table */
        {"XX001", PROBLEM_STORE_CORRUPT},   {"XX002", PROBLEM_STORE_CORRUPT},
        {"XX000", PROBLEM_STORE_CONFLICT}, /* Citus: a part of the database refused to commit */
        {"08", PROBLEM_STORE_CONFLICT},    /* the connection */
        {"57P", PROBLEM_STORE_CONFLICT},   /* the server was stopped */
        {"25P03", PROBLEM_STORE_CONFLICT}, /* the transaction idled too long */
        {"25006", PROBLEM_STORE_READ_ONLY}, {"42501", PROBLEM_STORE_READ_ONLY},
        {"53100", PROBLEM_STORE_FULL},      {"28", PROBLEM_CONFIGURATION},
        {"3D", PROBLEM_CONFIGURATION},      {"3F", PROBLEM_CONFIGURATION},
        {"0A", PROBLEM_INTERNAL}, /* SQL or a row that does not fit the schema */
        {"22", PROBLEM_INTERNAL},           {"23", PROBLEM_INTERNAL},
        {"42", PROBLEM_INTERNAL},
    };
    for (size_t i = 0; state != NULL && i < COUNT_OF(codes); i++)
        if (strncmp(state, codes[i].prefix, strlen(codes[i].prefix)) == 0)
            return codes[i].code;
    return PROBLEM_STORE_FAILED;
}

/* Says what the server refused; never its DETAIL, which holds rows' values. False. */
static bool fail_result(struct postgres_connection *connection, const PGresult *result,
                        struct problem *problem)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    const char *column = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (state == NULL || PQstatus(connection->handle) != CONNECTION_OK)
        return fail_lost(connection, problem);
    return problem_set(problem, code_of(state), "the database: %.*s (%s%s%s%s%s)",
                       TEXT_ARG(first_line(message)), state, table == NULL ? "" : ", ",
                       table == NULL ? "" : table, column == NULL ? "" : ".",
                       column == NULL ? "" : column);
}

static bool fail_to_open(struct postgres_connection *connection, struct problem *problem)
{
    return problem_set(problem, PROBLEM_STORE_AWAY, "%.*s",
                       TEXT_ARG(first_line(PQerrorMessage(connection->handle))));
}

static bool set_up(struct postgres_connection *connection, const char *settings,
                   struct problem *problem)
{
    const char *encoding = PQparameterStatus(connection->handle, "server_encoding");
    if (encoding == NULL || strcmp(encoding, "UTF8") != 0)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "the database's encoding is %s; it must be UTF8",
                           encoding == NULL ? "unknown" : encoding);
    if (PQenterPipelineMode(connection->handle) != 1)
        return fail_to_open(connection, problem);
    return connection_script(connection, settings, problem);
}

/* libpq's own message about a bad URL would show its password. */
static bool check_url(const char *url, struct problem *problem)
{
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    PQconninfoFree(options);
    return options != NULL ||
           problem_set(problem, PROBLEM_CONFIGURATION,
                       "the store's URL is not a postgresql://… that libpq takes");
}

/* The URL's own parameters replace those before it. */
bool connection_open(struct postgres_connection *connection, const char *url, const char *settings,
                     struct problem *problem)
{
    static const char *const names[] = {"connect_timeout",
                                        "tcp_user_timeout",
                                        "keepalives_idle",
                                        "fallback_application_name",
                                        "dbname",
                                        "client_encoding",
                                        NULL};
    const char *const values[] = {"5", "10000", "10", "counterfoil", url, "UTF8", NULL};
    *connection = (struct postgres_connection){0};
    if (!check_url(url, problem))
        return false;
    connection->handle = PQconnectdbParams(names, values, 1);
    MUST(connection->handle != NULL);
    PQsetNoticeReceiver(connection->handle, ignore_notice, NULL);
    bool opened = PQstatus(connection->handle) == CONNECTION_OK
                      ? set_up(connection, settings, problem)
                      : fail_to_open(connection, problem);
    if (!opened)
        connection_close(connection);
    return opened;
}

void connection_close(struct postgres_connection *connection)
{
    PQfinish(connection->handle);
    connection->handle = NULL;
    for (size_t i = 0; i < connection->statement_count; i++)
        free(connection->statements[i].text);
    connection->statement_count = connection->awaited_count = 0;
}

struct postgres_statement *connection_statement(struct postgres_connection *connection,
                                                enum statement_kind kind, const struct table *table,
                                                const char *sql)
{
    for (size_t i = 0; i < connection->statement_count; i++) {
        struct postgres_statement *kept = &connection->statements[i];
        if (kept->kind == kind && kept->table == table && kept->sql == sql)
            return kept;
    }
    MUST(connection->statement_count < POSTGRES_STATEMENTS_MAX);
    struct postgres_statement *fresh = &connection->statements[connection->statement_count];
    *fresh = (struct postgres_statement){.kind = kind, .table = table, .sql = sql};
    snprintf(fresh->name, sizeof fresh->name, "s%zu", connection->statement_count++);
    struct buffer text;
    buffer_init(&text);
    postgres_sql(&text, fresh);
    fresh->text = buffer_release(&text);
    return fresh;
}

static void await(struct postgres_connection *connection, struct postgres_statement *prepares,
                  PGresult **keep)
{
    MUST(connection->awaited_count < POSTGRES_AWAITED_MAX);
    if (keep != NULL)
        *keep = NULL;
    connection->awaited[connection->awaited_count++] =
        (struct postgres_awaited){.prepares = prepares, .keep = keep};
}

static bool send_prepare(struct postgres_connection *connection,
                         struct postgres_statement *statement,
                         const struct postgres_parameters *parameters, struct problem *problem)
{
    if (PQsendPrepare(connection->handle, statement->name, statement->text, (int)parameters->count,
                      parameters->types) != 1)
        return fail_lost(connection, problem);
    await(connection, statement, NULL);
    return true;
}

bool connection_send(struct postgres_connection *connection, struct postgres_statement *statement,
                     const struct postgres_parameters *parameters, PGresult **keep,
                     struct problem *problem)
{
    if (!statement->prepared && !send_prepare(connection, statement, parameters, problem))
        return false;
    if (PQsendQueryPrepared(connection->handle, statement->name, (int)parameters->count,
                            parameters->values, parameters->lengths, parameters->formats, 1) != 1)
        return fail_lost(connection, problem);
    await(connection, NULL, keep);
    return true;
}

bool connection_send_once(struct postgres_connection *connection, const char *sql,
                          const struct postgres_parameters *parameters, PGresult **keep,
                          struct problem *problem)
{
    static const struct postgres_parameters none;
    if (parameters == NULL)
        parameters = &none;
    if (PQsendQueryParams(connection->handle, sql, (int)parameters->count, parameters->types,
                          parameters->values, parameters->lengths, parameters->formats, 1) != 1)
        return fail_lost(connection, problem);
    await(connection, NULL, keep);
    return true;
}

/* One awaited result. False if it failed, or was not run because another had. */
static bool take_result(struct postgres_connection *connection,
                        const struct postgres_awaited *awaited, bool *failed,
                        struct problem *problem)
{
    PGresult *result = PQgetResult(connection->handle);
    ExecStatusType status = result == NULL ? PGRES_FATAL_ERROR : PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!ok && !*failed) {
        *failed = true;
        if (result == NULL)
            fail_lost(connection, problem);
        else
            fail_result(connection, result, problem);
    }
    if (PQstatus(connection->handle) != CONNECTION_OK)
        connection->lost = true;
    if (ok && awaited->prepares != NULL)
        awaited->prepares->prepared = true;
    if (ok && awaited->keep != NULL)
        *awaited->keep = result;
    else
        PQclear(result);
    if (!connection->lost)
        MUST(PQgetResult(connection->handle) == NULL); /* the end of this statement's results */
    return ok;
}

/* The end of the pipeline. */
static bool take_sync(struct postgres_connection *connection, struct problem *problem)
{
    PGresult *result = PQgetResult(connection->handle);
    bool ok = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return ok || fail_lost(connection, problem);
}

/* Of statements that succeeded before one failed: nobody wants them then. */
static void drop_results(const struct postgres_connection *connection, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        PGresult **keep = connection->awaited[i].keep;
        if (keep == NULL)
            continue;
        PQclear(*keep);
        *keep = NULL;
    }
}

static bool take_results(struct postgres_connection *connection, size_t count,
                         struct problem *problem)
{
    bool failed = false;
    for (size_t i = 0; i < count && !connection->lost; i++)
        take_result(connection, &connection->awaited[i], &failed, problem);
    struct problem ignored;
    if (connection->lost) /* perhaps behind a result that was well */
        return fail_lost(connection, failed ? &ignored : problem);
    return take_sync(connection, failed ? &ignored : problem) && !failed;
}

bool connection_start(struct postgres_connection *connection, struct problem *problem)
{
    if (!connection->lost && PQpipelineSync(connection->handle) == 1)
        return true;
    connection->awaited_count = 0;
    return fail_lost(connection, problem);
}

bool connection_finish(struct postgres_connection *connection, struct problem *problem)
{
    size_t count = connection->awaited_count;
    connection->awaited_count = 0;
    bool taken = take_results(connection, count, problem);
    if (!taken)
        drop_results(connection, count);
    return taken;
}

bool connection_run(struct postgres_connection *connection, struct problem *problem)
{
    return connection_start(connection, problem) && connection_finish(connection, problem);
}

bool connection_script(struct postgres_connection *connection, const char *sql,
                       struct problem *problem)
{
    MUST(connection->awaited_count == 0 && PQexitPipelineMode(connection->handle) == 1);
    PGresult *result = PQexec(connection->handle, sql);
    ExecStatusType status = PQresultStatus(result);
    bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
              fail_result(connection, result, problem);
    PQclear(result);
    if (PQstatus(connection->handle) == CONNECTION_OK)
        MUST(PQenterPipelineMode(connection->handle) == 1);
    return ok;
}
