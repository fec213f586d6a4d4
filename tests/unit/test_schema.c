/* The schema's files make the tables that the descriptors describe, of all floors. */
#include "test_store_fixture.h"

#include "market/market.h"
#include "market/orders.h"

static const char *sql_type(const struct column *column)
{
    switch (column->type) {
    case COLUMN_ID:
    case COLUMN_BYTES:
        return "BLOB";
    case COLUMN_TEXT:
    case COLUMN_JSON:
        return "TEXT";
    default:
        return "INTEGER";
    }
}

static void compare_table(struct store *store, const struct table *table, struct problem *problem)
{
    struct store_column columns[STORE_COLUMNS_MAX];
    size_t count;
    if (!store_describe(store, table->name, columns, COUNT_OF(columns), &count, problem))
        fail_msg("%s", problem->detail);
    if (count != table->column_count)
        fail_msg("%s has %zu columns, not %zu", table->name, count, table->column_count);
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &table->columns[i];
        assert_string_equal(columns[i].name, column->name);
        if (strcmp(columns[i].type, sql_type(column)) != 0)
            fail_msg("%s.%s is %s", table->name, column->name, columns[i].type);
        if (table->kind == TABLE_VIEW)
            continue; /* engines do not say more about those */
        if (columns[i].optional != ((column->flags & COLUMN_OPTIONAL) != 0))
            fail_msg("%s.%s differs in whether it is optional", table->name, column->name);
        if (columns[i].key_position != (i < table->key_count ? i + 1 : 0))
            fail_msg("%s.%s differs in whether it is in the key", table->name, column->name);
    }
}

/* On empty tables PostgreSQL would prefer what is wrong on full ones. */
static void forbid_scans(struct fixture *fixture)
{
    char *url = fixture->folder.url;
    size_t length = strlen(url);
    snprintf(url + length, sizeof fixture->folder.url - length,
             "%%20-cenable_seqscan%%3Doff%%20-cenable_sort%%3Doff");
}

static struct store *open_real_store(struct fixture *fixture)
{
    fixture->options.schema = embedded_schema;
    if (on_postgres())
        forbid_scans(fixture);
    return open_store(fixture);
}

static void a_fresh_store_has_what_descriptors_say(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_real_store(fixture);
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++)
        compare_table(store, *table, &fixture->problem);
    store_close(store);
}

/* A NUL stands behind each file. */
static bool a_file_has(const char *words)
{
    for (const struct embedded_file *file = embedded_schema; file->path != NULL; file++)
        if (strstr((const char *)file->bytes, words) != NULL)
            return true;
    return false;
}

/* By its words, with the comments: how a table is now is seen in one place, as long as there is no
   release. */
static void the_files_are_what_the_program_prints(void **state)
{
    struct buffer sql;
    (void)state;
    for (const struct table *const *table = catalogue.tables; *table != NULL; table++) {
        buffer_init(&sql);
        table_sql_create(&sql, *table);
        char *expected = buffer_release(&sql);
        if (!a_file_has(expected))
            fail_msg("the schema's files lack:\n%s", expected);
        free(expected);
    }
}

struct plan {
    bool sorts, scans;
    bool by_id; /* rows are looked up by their id, not passed through in its order */
};

/* PostgreSQL's EXPLAIN: a line of the plan. The table is empty, but it may not scan unless forced.
 */
static bool read_postgres_plan(struct plan *plan, struct text line)
{
    plan->sorts = plan->sorts || memmem(line.bytes, line.length, "Sort ", 5) != NULL;
    plan->scans = plan->scans || memmem(line.bytes, line.length, "Seq Scan", 8) != NULL;
    return true;
}

/* EXPLAIN QUERY PLAN: id, parent, not used, detail. */
static bool read_plan(void *context, const struct value *columns, size_t count,
                      struct problem *problem)
{
    struct plan *plan = context;
    char detail[200];
    (void)problem;
    if (on_postgres())
        return read_postgres_plan(plan, columns[0].text);
    assert_int_equal(count, 4);
    snprintf(detail, sizeof detail, "%.*s", TEXT_ARG(columns[3].text));
    if (strcmp(detail, "USE TEMP B-TREE FOR ORDER BY") == 0)
        plan->sorts = true;
    if (text_starts(columns[3].text, "SCAN") && strstr(detail, "INDEX") == NULL)
        plan->scans = true;
    if (text_starts(columns[3].text, "SEARCH orders ") && strstr(detail, "id=?") != NULL)
        plan->by_id = true;
    return true;
}

/* Parameters as words of which PostgreSQL makes what it needs. */
static const char *with_words(struct fixture *fixture, const char *tail)
{
    struct buffer words;
    buffer_init(&words);
    for (; *tail != '\0'; tail++) {
        buffer_string(&words, *tail == '?' ? "'1'" : (const char[]){*tail, '\0'});
        tail += *tail == '?';
    }
    char *copy = arena_string(fixture->arena, buffer_view(&words));
    buffer_done(&words);
    return copy;
}

static struct plan plan_of(struct fixture *fixture, struct store *store, const struct table *table,
                           const char *tail)
{
    const struct value values[] = {VALUE_OF_INT(1), VALUE_OF_INT(1), VALUE_OF_INT(1),
                                   VALUE_OF_INT(1), VALUE_OF_INT(1), VALUE_OF_INT(1),
                                   VALUE_OF_INT(1)};
    struct plan plan = {false, false, false};
    struct text sql = arena_format(fixture->arena, "EXPLAIN %s SELECT * FROM %s %s",
                                   on_postgres() ? "" : "QUERY PLAN", table->name,
                                   on_postgres() ? with_words(fixture, tail) : tail);
    struct reader *reader = store_reader_take(store);
    if (!reader_query(reader, sql.bytes, values, COUNT_OF(values), read_plan, &plan,
                      &fixture->problem))
        fail_msg("%s %s: %s", table->name, tail, fixture->problem.detail);
    store_reader_give(store, reader);
    return plan;
}

/* What runs every second or so must find its few rows without reading a table. */
static void timers_use_an_index(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_real_store(fixture);
    for (const struct timer *const *timer = catalogue.timers; *timer != NULL; timer++) {
        struct plan plan = plan_of(fixture, store, (*timer)->table, (*timer)->due);
        if (plan.sorts || plan.scans)
            fail_msg("the timer %s reads or sorts all of its table", (*timer)->name);
    }
    store_close(store);
}

/* A page comes from an index in its order, however many rows there are. */
static void views_do_not_sort(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_real_store(fixture);
    for (const struct view *const *view = catalogue.views; *view != NULL; view++) {
        const char *const tails[] = {(*view)->for_all, (*view)->for_seller, (*view)->for_buyer};
        if (strcmp((*view)->table->name, "api_keys") == 0)
            continue; /* a few hundred rows, and only operators list them */
        for (size_t i = 0; i < COUNT_OF(tails); i++)
            if (tails[i] != NULL && plan_of(fixture, store, (*view)->table, tails[i]).sorts)
                fail_msg("the view %s sorts all of its rows: %s", (*view)->name, tails[i]);
    }
    store_close(store);
}

/* However many orders there are, those of one reference are found by key. */
static void orders_of_a_reference_are_found_by_key(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_real_store(fixture);
    const struct view *view = &orders_view;
    assert_false(plan_of(fixture, store, view->table, view->for_all).by_id);
    assert_false(plan_of(fixture, store, view->table, view->for_seller).by_id);
    const struct view_filter *filter = &view->filters[1];
    assert_string_equal(filter->name, "reference");
    const char *const tails[] = {filter->for_all, filter->for_seller};
    for (size_t i = 0; i < COUNT_OF(tails); i++) {
        struct plan plan = plan_of(fixture, store, view->table, tails[i]);
        /* PostgreSQL decides by its statistics how to join, and here are no rows. */
        if (!on_postgres() && (plan.sorts || !plan.by_id))
            fail_msg("reads or sorts all orders: %s", tails[i]);
    }
    store_close(store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(a_fresh_store_has_what_descriptors_say, set_up, tear_down),
    cmocka_unit_test(the_files_are_what_the_program_prints),
    cmocka_unit_test_setup_teardown(timers_use_an_index, set_up, tear_down),
    cmocka_unit_test_setup_teardown(views_do_not_sort, set_up, tear_down),
    cmocka_unit_test_setup_teardown(orders_of_a_reference_are_found_by_key, set_up, tear_down),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
