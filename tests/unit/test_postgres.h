/*
 * Schemas of a test's own in the database that $COUNTERFOIL_TEST_POSTGRES names, where it is set:
 * then the tests that include this run on PostgreSQL, else on SQLite.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "base/digest.h"

struct test_schema {
    char name[32];
    char url[512];
};

static inline const char *test_postgres(void)
{
    const char *url = getenv("COUNTERFOIL_TEST_POSTGRES");
    return url == NULL || url[0] == '\0' ? NULL : url;
}

static inline void test_schema_run(const char *sql)
{
    PGconn *connection = PQconnectdb(test_postgres());
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
    PQclear(result);
    PQfinish(connection);
}

static inline void test_schema_make(struct test_schema *schema)
{
    char sql[64];
    uint64_t number;
    random_bytes(&number, sizeof number);
    snprintf(schema->name, sizeof schema->name, "test_%016llx", (unsigned long long)number);
    snprintf(schema->url, sizeof schema->url, "%s%coptions=-csearch_path%%3D%s", test_postgres(),
             strchr(test_postgres(), '?') == NULL ? '?' : '&', schema->name);
    snprintf(sql, sizeof sql, "CREATE SCHEMA %s", schema->name);
    test_schema_run(sql);
}

static inline void test_schema_drop(const struct test_schema *schema)
{
    char sql[96];
    snprintf(sql, sizeof sql, "SET client_min_messages = warning; DROP SCHEMA %s CASCADE",
             schema->name);
    test_schema_run(sql);
}
