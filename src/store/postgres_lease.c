/* The lease of a database's one writer; see postgres_private.h. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/time.h"
#include "store/postgres_private.h"

#define LEASE_US (10 * TIME_SECOND)
#define TRIES 12
#define TRY_EVERY_US 25000

#define NOW_US "(extract(epoch FROM now()) * 1000000)::bigint"
#define SERVER_US "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint"

void lease_init(struct postgres_lease *lease)
{
    char host[64] = "";
    uint32_t number;
    gethostname(host, sizeof host - 1);
    random_bytes(&number, sizeof number);
    *lease = (struct postgres_lease){0};
    snprintf(lease->holder, sizeof lease->holder, "%s, process %ld, %08x", host, (long)getpid(),
             (unsigned)number);
}

bool lease_prepare(struct postgres_connection *connection, struct problem *problem)
{
    static const char create[] = "CREATE TABLE IF NOT EXISTS store_leases ("
                                 "name TEXT PRIMARY KEY, fence BIGINT NOT NULL, "
                                 "groups BIGINT NOT NULL, holder TEXT NOT NULL, "
                                 "server BIGINT NOT NULL, session BIGINT NOT NULL, "
                                 "expires_at BIGINT NOT NULL)";
    static const char insert[] = "INSERT INTO store_leases VALUES ('writer', 0, 0, '', 0, 0, 0) "
                                 "ON CONFLICT (name) DO NOTHING";
    PGresult *found = NULL;
    if (!connection_send_once(connection, "SELECT to_regclass('store_leases') IS NOT NULL", NULL,
                              &found, problem) ||
        !connection_run(connection, problem))
        return false;
    bool exists = PQgetvalue(found, 0, 0)[0] != 0;
    PQclear(found);
    return exists || (connection_send_once(connection, create, NULL, NULL, problem) &&
                      connection_send_once(connection, insert, NULL, NULL, problem) &&
                      connection_run(connection, problem));
}

/*
 * A holder whose session has ended is gone; so is one whose lease expired, where its session cannot
 * be seen because it is, or was, one of another server.
 */
static bool try_take(struct postgres_lease *lease, struct postgres_connection *connection,
                     bool *taken, struct problem *problem)
{
    static const char sql[] =
        "UPDATE store_leases SET holder = $1, session = pg_backend_pid(), server = " SERVER_US
        ", expires_at = " NOW_US " + $2, "
        "fence = CASE WHEN holder = $1 THEN fence ELSE fence + 1 END, "
        "groups = CASE WHEN holder = $1 THEN groups ELSE 0 END "
        "WHERE name = 'writer' AND (holder = $1 OR holder = '' OR CASE WHEN server = " SERVER_US
        " THEN NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = store_leases.session) "
        "ELSE expires_at < " NOW_US " END) RETURNING fence, groups";
    const struct value values[] = {VALUE_OF_TEXT(text_of(lease->holder)), VALUE_OF_INT(LEASE_US)};
    struct postgres_parameters parameters = {.count = 0};
    struct value fence, groups;
    PGresult *result = NULL;
    for (size_t i = 0; i < COUNT_OF(values); i++)
        parameters_add(&parameters, &values[i]);
    if (!connection_send_once(connection, sql, &parameters, &result, problem) ||
        !connection_run(connection, problem))
        return false;
    *taken = PQntuples(result) == 1;
    bool read = !*taken || (result_value(result, 0, 0, &fence, problem) &&
                            result_value(result, 0, 1, &groups, problem));
    if (*taken && read) {
        lease->fence = fence.integer;
        lease->groups = groups.integer;
    }
    PQclear(result);
    return read;
}

static bool fail_held(struct postgres_connection *connection, struct problem *problem)
{
    PGresult *result = NULL;
    struct value holder;
    if (!connection_send_once(connection, "SELECT holder FROM store_leases WHERE name = 'writer'",
                              NULL, &result, problem) ||
        !connection_run(connection, problem))
        return false;
    if (PQntuples(result) != 1)
        problem_set(problem, PROBLEM_STORE_CORRUPT, "store_leases lacks the writer's row");
    else if (result_value(result, 0, 0, &holder, problem))
        problem_set(problem, PROBLEM_STORE_LOCKED, "another server writes to this database: %.*s",
                    TEXT_ARG(holder.text));
    PQclear(result);
    return false;
}

/* The session of a process that was just killed may need a moment to end. */
bool lease_take(struct postgres_lease *lease, struct postgres_connection *connection,
                struct problem *problem)
{
    bool taken = false;
    for (int i = 0; i < TRIES; i++) {
        if (!try_take(lease, connection, &taken, problem))
            return false;
        if (taken)
            return true;
        usleep(TRY_EVERY_US);
    }
    return fail_held(connection, problem);
}

void lease_release(struct postgres_lease *lease, struct postgres_connection *connection)
{
    static const char sql[] =
        "UPDATE store_leases SET holder = '' WHERE name = 'writer' AND fence = $1";
    struct postgres_parameters parameters = {.count = 0};
    struct problem problem;
    if (lease->fence == 0 || connection->handle == NULL)
        return;
    parameters_add(&parameters, &VALUE_OF_INT(lease->fence));
    /* Where this fails, the session's end does the same. */
    if (connection_send_once(connection, sql, &parameters, NULL, &problem) &&
        connection_run(connection, &problem))
        lease->fence = 0;
}

bool lease_send(const struct postgres_lease *lease, struct postgres_connection *connection,
                PGresult **keep, struct problem *problem)
{
    static const char sql[] = "UPDATE store_leases SET groups = ?1, expires_at = " NOW_US
                              " + ?2 WHERE name = 'writer' AND fence = ?3 AND groups = ?1 - 1";
    struct postgres_statement *statement =
        connection_statement(connection, STATEMENT_QUERY, NULL, sql);
    const struct value values[] = {VALUE_OF_INT(lease->groups + 1), VALUE_OF_INT(LEASE_US),
                                   VALUE_OF_INT(lease->fence)};
    struct postgres_parameters parameters = {.count = 0};
    for (size_t i = 0; i < COUNT_OF(values); i++)
        parameters_add(&parameters, &values[i]);
    return connection_send(connection, statement, &parameters, keep, problem);
}
