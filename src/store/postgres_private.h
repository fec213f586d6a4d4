/*
 * What the files of the PostgreSQL driver share: connections with their pipelines, and the SQL that
 * derives from tables. They alone know libpq.
 *
 * A connection is always in pipeline mode: statements are queued, and connection_run sends them,
 * reads all their results and says what failed first. Parameters and results are binary.
 *
 * Problems: STORE_CONFLICT (nothing was changed; the group may be run again), STORE_AWAY (no
 * connection could be made), and those of store.h.
 */
#pragma once

#include <libpq-fe.h>

#include "store/store_private.h"

#define POSTGRES_STATEMENTS_MAX 256
#define POSTGRES_AWAITED_MAX 256

/* What of a table a statement does, or the SELECT that a query asks for. */
enum statement_kind {
    STATEMENT_QUERY,
    STATEMENT_LOAD,
    STATEMENT_LOAD_UNLOCKED,
    STATEMENT_INSERT,
    STATEMENT_UPDATE,
    STATEMENT_REMOVE,
};

struct postgres_statement {
    enum statement_kind kind;
    const struct table *table;
    const char *sql; /* by address */
    char name[16];
    char *text; /* as PostgreSQL takes it */
    bool prepared;
    /* Of STATEMENT_QUERY: */
    bool cursor; /* its rows are fetched piece by piece */
    size_t parameter_count;
    size_t value_of[STORE_COLUMNS_MAX]; /* $1, $2 … are these values of the query */
};

struct postgres_parameters {
    size_t count;
    Oid types[STORE_COLUMNS_MAX];
    const char *values[STORE_COLUMNS_MAX];
    int lengths[STORE_COLUMNS_MAX];
    int formats[STORE_COLUMNS_MAX];
    uint64_t integers[STORE_COLUMNS_MAX]; /* in network order; `values` points here */
};

/* A result that the pipeline will give: of PREPARE, or one that the caller keeps (PQclear). */
struct postgres_awaited {
    struct postgres_statement *prepares;
    PGresult **keep; /* or NULL */
};

struct postgres_connection {
    PGconn *handle; /* NULL: none */
    bool lost;      /* it broke while it was used */
    struct postgres_statement statements[POSTGRES_STATEMENTS_MAX];
    size_t statement_count;
    struct postgres_awaited awaited[POSTGRES_AWAITED_MAX];
    size_t awaited_count;
};

/* SETTINGS: statements for a fresh connection. */
MUST_CHECK bool connection_open(struct postgres_connection *connection, const char *url,
                                const char *settings, struct problem *problem);
void connection_close(struct postgres_connection *connection);
/* The statement that is kept under this name, or a new one that is not prepared yet. */
struct postgres_statement *connection_statement(struct postgres_connection *connection,
                                                enum statement_kind kind, const struct table *table,
                                                const char *sql);
/* Queues a statement, to be prepared where it is not; its result goes to *KEEP, if not NULL. */
MUST_CHECK bool connection_send(struct postgres_connection *connection,
                                struct postgres_statement *statement,
                                const struct postgres_parameters *parameters, PGresult **keep,
                                struct problem *problem);
/* Queues SQL that is not kept; PARAMETERS may be NULL. */
MUST_CHECK bool connection_send_once(struct postgres_connection *connection, const char *sql,
                                     const struct postgres_parameters *parameters, PGresult **keep,
                                     struct problem *problem);
/* Sends what is queued and reads the results. If one failed, those behind it were not run. */
MUST_CHECK bool connection_run(struct postgres_connection *connection, struct problem *problem);
/* The same in two steps, between which nothing is queued. */
MUST_CHECK bool connection_start(struct postgres_connection *connection, struct problem *problem);
MUST_CHECK bool connection_finish(struct postgres_connection *connection, struct problem *problem);
/* Runs several statements, outside the pipeline. */
MUST_CHECK bool connection_script(struct postgres_connection *connection, const char *sql,
                                  struct problem *problem);

void parameters_add(struct postgres_parameters *parameters, const struct value *value);
/* An array of COLUMN's values of ROWS, encoded into BYTES, which must live until it was sent. */
void parameters_add_array(struct postgres_parameters *parameters, const struct column *column,
                          struct row_slot *const *slots, size_t count, struct buffer *bytes);
/* An array of the versions that the rows had when they were loaded; NULL of those that were not. */
void parameters_add_versions(struct postgres_parameters *parameters, struct row_slot *const *slots,
                             size_t count, struct buffer *bytes);
/* A field of a result. PROBLEM_INTERNAL: of a type that values have not. */
MUST_CHECK bool result_value(const PGresult *result, int row, int field, struct value *value,
                             struct problem *problem);

/* A schema file as PostgreSQL takes it; owned by the caller (free). */
char *postgres_schema(struct text script);
/* The SQL of a statement, with $1, $2 …; fills in what only the SQL says about it. */
void postgres_sql(struct buffer *sql, struct postgres_statement *statement);

/* Reading; see store_private.h. */
extern const char postgres_reader_settings[];
void postgres_reader_free(struct reader *reader);
struct reader *postgres_reader_new(struct store *store) OWNED_BY(postgres_reader_free);
MUST_CHECK bool postgres_reader_query(struct reader *reader, const struct query *asked,
                                      query_row each, void *context, struct problem *problem);
void postgres_reader_rest(struct reader *reader);
extern const char postgres_describe_sql[];
uint64_t postgres_file_bytes(struct store *store);
const char *postgres_url(const struct store *store);
