/* Readers of PostgreSQL: a connection each, that looks at one moment between take and give. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "store/postgres_private.h"

#define FETCH_ROWS 500

const char postgres_reader_settings[] =
    "SET client_min_messages = warning; SET jit = off; SET default_transaction_read_only = on; "
    "SET statement_timeout = '60s'";

struct postgres_reader {
    struct reader base;
    struct postgres_connection connection;
    bool looking; /* between its first query and `rest` */
    bool resting; /* its COMMIT was sent; nobody waits for the answer before the next query */
};

/* A query under way. */
struct asking {
    struct postgres_statement *statement;
    PGresult *rows;
    query_row each;
    void *context;
};

struct reader *postgres_reader_new(struct store *store)
{
    struct postgres_reader *reader = calloc(1, sizeof *reader);
    MUST(reader != NULL);
    reader->base.store = store;
    return (struct reader *)reader;
}

/* Ends the look, whatever became of it. */
static void look_away(struct postgres_reader *reader, const char *how)
{
    struct problem problem;
    reader->looking = false;
    if (!reader->connection.lost &&
        connection_send_once(&reader->connection, how, NULL, NULL, &problem) &&
        connection_run(&reader->connection, &problem))
        return;
    if (!reader->connection.lost)
        log_problem(LOG_WARN, "store.reader_failed", &problem);
    connection_close(&reader->connection);
}

void postgres_reader_rest(struct reader *base)
{
    struct postgres_reader *reader = (struct postgres_reader *)base;
    struct postgres_connection *connection = &reader->connection;
    struct problem problem;
    if (!reader->looking)
        return;
    reader->looking = false;
    reader->resting = !connection->lost &&
                      connection_send_once(connection, "COMMIT", NULL, NULL, &problem) &&
                      connection_start(connection, &problem);
    if (!reader->resting)
        connection_close(connection);
}

/* A connection to ask, which is not in the middle of anything. */
static bool wake_up(struct postgres_reader *reader, struct problem *problem)
{
    struct postgres_connection *connection = &reader->connection;
    if (connection->handle == NULL)
        return connection_open(connection, postgres_url(reader->base.store),
                               postgres_reader_settings, problem);
    bool rested = !reader->resting || connection_finish(connection, problem);
    reader->resting = false;
    if (!rested)
        connection_close(connection);
    return rested;
}

void postgres_reader_free(struct reader *base)
{
    struct postgres_reader *reader = (struct postgres_reader *)base;
    connection_close(&reader->connection);
    free(reader);
}

static bool send_fetch(struct postgres_reader *reader, struct asking *asking,
                       struct problem *problem)
{
    char sql[64];
    snprintf(sql, sizeof sql, "FETCH %d FROM %s", FETCH_ROWS, asking->statement->name);
    return connection_send_once(&reader->connection, sql, NULL, &asking->rows, problem);
}

/* The query and its first rows, behind a BEGIN where none was sent. */
static bool send_query(struct postgres_reader *reader, const struct query *asked,
                       struct asking *asking, struct problem *problem)
{
    struct postgres_connection *connection = &reader->connection;
    struct postgres_parameters parameters = {.count = 0};
    struct postgres_statement *statement =
        connection_statement(connection, STATEMENT_QUERY, asked->table, asked->sql);
    for (size_t i = 0; i < statement->parameter_count; i++) {
        MUST(statement->value_of[i] < asked->value_count);
        parameters_add(&parameters, &asked->values[statement->value_of[i]]);
    }
    asking->statement = statement;
    if (!reader->looking &&
        !connection_send_once(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL,
                              NULL, problem))
        return false;
    if (!statement->cursor)
        return connection_send(connection, statement, &parameters, &asking->rows, problem);
    return connection_send(connection, statement, &parameters, NULL, problem) &&
           send_fetch(reader, asking, problem);
}

static bool ask(struct postgres_reader *reader, const struct query *asked, struct asking *asking,
                struct problem *problem)
{
    struct postgres_connection *connection = &reader->connection;
    if (!wake_up(reader, problem))
        return false;
    bool answered =
        send_query(reader, asked, asking, problem) && connection_run(connection, problem);
    reader->looking = true;
    if (!answered) {
        PQclear(asking->rows);
        asking->rows = NULL;
        look_away(reader, "ROLLBACK");
    }
    return answered;
}

static bool give_rows(const struct asking *asking, const PGresult *rows, struct problem *problem)
{
    struct value values[STORE_COLUMNS_MAX];
    int fields = PQnfields(rows);
    int count = PQntuples(rows);
    MUST(fields >= 0 && fields <= STORE_COLUMNS_MAX);
    for (int row = 0; row < count; row++) {
        for (int i = 0; i < fields; i++)
            if (!result_value(rows, row, i, &values[i], problem))
                return false;
        if (asking->each != NULL && !asking->each(asking->context, values, (size_t)fields, problem))
            return false;
    }
    return true;
}

/* Gives the rows that came; *MORE says whether others may follow. EACH may use the connection. */
static bool give_piece(struct asking *asking, bool *more, struct problem *problem)
{
    PGresult *rows = asking->rows;
    asking->rows = NULL;
    *more = asking->statement->cursor && PQntuples(rows) == FETCH_ROWS;
    bool given = give_rows(asking, rows, problem);
    PQclear(rows);
    return given;
}

static bool fetch_more(struct postgres_reader *reader, struct asking *asking,
                       struct problem *problem)
{
    if (reader->looking && send_fetch(reader, asking, problem) &&
        connection_run(&reader->connection, problem))
        return true;
    if (!reader->looking)
        problem_set(problem, PROBLEM_STORE_FAILED, "a query inside the query failed");
    else
        look_away(reader, "ROLLBACK");
    return false;
}

static bool close_cursor(struct postgres_reader *reader, const struct asking *asking,
                         struct problem *problem)
{
    char sql[32];
    snprintf(sql, sizeof sql, "CLOSE %s", asking->statement->name);
    return connection_send_once(&reader->connection, sql, NULL, NULL, problem) &&
           connection_run(&reader->connection, problem);
}

/* A connection that idled may have broken meanwhile: then the first query gets another. */
bool postgres_reader_query(struct reader *base, const struct query *asked, query_row each,
                           void *context, struct problem *problem)
{
    struct postgres_reader *reader = (struct postgres_reader *)base;
    struct asking asking = {.each = each, .context = context};
    bool first = !reader->looking && reader->connection.handle != NULL;
    bool asked_well = ask(reader, asked, &asking, problem);
    if (!asked_well && first && reader->connection.handle == NULL)
        asked_well = ask(reader, asked, &asking, problem);
    if (!asked_well)
        return false;
    bool more = true;
    bool given = give_piece(&asking, &more, problem);
    while (given && more)
        given = fetch_more(reader, &asking, problem) && give_piece(&asking, &more, problem);
    if (!asking.statement->cursor || !reader->looking)
        return given;
    struct problem ignored;
    return close_cursor(reader, &asking, given ? problem : &ignored) && given;
}

/* Types by the names that schema files give them. */
const char postgres_describe_sql[] =
    "SELECT a.attname, CASE format_type(a.atttypid, a.atttypmod) WHEN 'bigint' THEN 'INTEGER' "
    "WHEN 'bytea' THEN 'BLOB' WHEN 'text' THEN 'TEXT' ELSE 'another' END, a.attnotnull, "
    "coalesce(array_position(k.conkey, a.attnum), 0) FROM pg_attribute AS a "
    "LEFT JOIN pg_constraint AS k ON k.conrelid = a.attrelid AND k.contype = 'p' "
    "WHERE a.attrelid = to_regclass(?1) AND a.attnum > 0 AND NOT a.attisdropped "
    "ORDER BY a.attnum LIMIT 1000";

static bool take_bytes(void *context, const struct value *columns, size_t count,
                       struct problem *problem)
{
    (void)count;
    (void)problem;
    *(uint64_t *)context = (uint64_t)columns[0].integer;
    return true;
}

uint64_t postgres_file_bytes(struct store *base)
{
    struct query query = {.sql = "SELECT pg_database_size(current_database()) LIMIT 1"};
    struct problem problem;
    uint64_t bytes = 0;
    struct reader *reader = store_reader_take(base);
    if (!postgres_reader_query(reader, &query, take_bytes, &bytes, &problem))
        log_problem(LOG_WARN, "store.size_unknown", &problem);
    store_reader_give(base, reader);
    return bytes;
}
