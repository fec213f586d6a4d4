/* What keeps the schema fit for engines that spread rows by organisation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/embedded.h"
#include "market/market.h"
#include "store/distribute.h"
#include "store/store.h"

/* They are about the log as a whole, or about the servers. A new one needs such a reason. */
static const char *const without_org[] = {"leases", "log_identity", "log_nodes", "log_checkpoints",
                                          "moves"};

static bool is_excepted(const struct table *table)
{
    for (size_t i = 0; i < COUNT_OF(without_org); i++)
        if (strcmp(table->name, without_org[i]) == 0)
            return true;
    return false;
}

static char *distribution(void)
{
    struct buffer sql;
    buffer_init(&sql);
    distribution_write(&sql, catalogue.tables);
    return buffer_release(&sql);
}

static bool has_line(const char *sql, const char *format, const char *name)
{
    struct buffer line;
    buffer_init(&line);
    buffer_string(&line, "\n");
    for (const char *at = format; *at != '\0'; at++) {
        if (*at == '@')
            buffer_string(&line, name);
        else
            buffer_char(&line, *at);
    }
    char *wanted = buffer_release(&line);
    bool found = strstr(sql, wanted) != NULL;
    free(wanted);
    return found;
}

static void every_table_with_an_organisation_is_spread(void **state)
{
    char *sql = distribution();
    (void)state;
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++) {
        bool spread = has_line(sql, "SELECT create_distributed_table('@', 'org'", (*table)->name);
        bool local = has_line(sql, "--   @: ", (*table)->name);
        if ((*table)->kind == TABLE_VIEW ? spread || local : spread == is_excepted(*table))
            fail_msg("%s: spread %d", (*table)->name, spread);
        if ((*table)->kind != TABLE_VIEW && local != is_excepted(*table))
            fail_msg("%s: its key must begin with org, or a reason stand here", (*table)->name);
    }
    assert_true(has_line(sql, "--   @: ", "schema_migrations"));
    free(sql);
}

static void all_are_together(void **state)
{
    char *sql = distribution();
    size_t alone = 0;
    (void)state;
    for (const char *at = sql; (at = strstr(at, "SELECT create_distributed_table(")) != NULL;) {
        const char *end = strchr(at, '\n');
        struct text line = {at, (size_t)(end - at)};
        alone += memmem(line.bytes, line.length, "colocate_with => 'acts'", 23) == NULL;
        at = end;
    }
    assert_int_equal(alone, 1); /* the first, which the others are put with */
    free(sql);
}

static bool stands_in(const char *const *words, struct text word)
{
    for (; *words != NULL; words++)
        if (text_is(word, *words))
            return true;
    return false;
}

/* What some engine that speaks PostgreSQL's protocol lacks, or has only on one machine. */
static void check_words(const char *what, const char *sql)
{
    static const char *const lacking[] = {"SERIAL",
                                          "BIGSERIAL",
                                          "IDENTITY",
                                          "GENERATED",
                                          "AUTOINCREMENT",
                                          "SEQUENCE",
                                          "NOTIFY",
                                          "LISTEN",
                                          "TRIGGER",
                                          "DEFERRABLE",
                                          "TEMP",
                                          "TEMPORARY",
                                          "SAVEPOINT",
                                          "REFERENCES",
                                          "UNIQUE",
                                          "TRUNCATE",
                                          "PARTITION",
                                          "TABLESPACE",
                                          "pg_notify",
                                          "pg_advisory_lock",
                                          "pg_advisory_xact_lock",
                                          "rowid",
                                          "nextval",
                                          "FUNCTION",
                                          "EXTENSION",
                                          NULL};
    struct buffer word;
    buffer_init(&word);
    bool comment = false;
    for (const char *at = sql; at == sql || at[-1] != '\0'; at++) {
        comment = *at == '\n' ? false : comment || strncmp(at, "--", 2) == 0;
        bool inside = *at == '_' || (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        if (inside && !comment) {
            buffer_char(&word, *at);
            continue;
        }
        if (stands_in(lacking, buffer_view(&word)))
            fail_msg("%s: %.*s", what, TEXT_ARG(buffer_view(&word)));
        buffer_clear(&word);
    }
    buffer_done(&word);
}

static void the_schema_is_portable(void **state)
{
    (void)state;
    for (const struct embedded_file *file = embedded_schema; file->path != NULL; file++)
        check_words(file->path, (const char *)file->bytes);
}

static void views_and_timers_are_portable(void **state)
{
    (void)state;
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++)
        if ((*table)->definition != NULL)
            check_words((*table)->name, (*table)->definition);
    for (const struct view *const *each = catalogue.views; *each != NULL; each++) {
        const struct view *view = *each;
        const char *const tails[] = {view->for_all, view->for_seller, view->for_buyer, view->tells};
        for (size_t i = 0; i < COUNT_OF(tails); i++)
            if (tails[i] != NULL)
                check_words(view->name, tails[i]);
    }
    for (const struct timer *const *timer = catalogue.timers; *timer != NULL; timer++)
        check_words((*timer)->name, (*timer)->due);
}

static void each_engine_has_its_sql(void **state)
{
    struct buffer sql;
    (void)state;
    buffer_init(&sql);
    assert_true(store_schema_write(&sql, "sqlite"));
    assert_non_null(memmem(sql.bytes, sql.length, " STRICT", 7));
    buffer_clear(&sql);
    assert_true(store_schema_write(&sql, "postgresql"));
    assert_null(memmem(sql.bytes, sql.length, " BLOB", 5));
    assert_non_null(memmem(sql.bytes, sql.length, "TEXT COLLATE \"C\"", 16));
    assert_false(store_schema_write(&sql, "mysql"));
    buffer_done(&sql);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_with_an_organisation_is_spread),
        cmocka_unit_test(all_are_together),
        cmocka_unit_test(the_schema_is_portable),
        cmocka_unit_test(views_and_timers_are_portable),
        cmocka_unit_test(each_engine_has_its_sql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
