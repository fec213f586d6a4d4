/* One store's rows brought over to another. */
#include "test_store_fixture.h"

#include "store/mirror.h"

#define MANY 1234 /* several pages */

/* The same tables as the fixture's, where one is a log's and one stays. */
struct places {
    struct fixture *fixture;
    struct fixture *second;
    struct store *from, *to;
    struct table parcels;
    struct table stops;
    const struct table *tables[3];
    void (*progress)(void *context, uint64_t done, uint64_t total);
};

static int set_up_both(void **state)
{
    struct places *places = calloc(1, sizeof *places);
    assert_non_null(places);
    assert_int_equal(set_up((void **)&places->fixture), 0);
    assert_int_equal(set_up((void **)&places->second), 0);
    places->from = open_store(places->fixture);
    places->to = open_store(places->second);
    places->parcels = parcels_table;
    places->stops = stops_table;
    places->tables[0] = &places->parcels;
    places->tables[1] = &places->stops;
    *state = places;
    return 0;
}

static int tear_down_both(void **state)
{
    struct places *places = *state;
    store_close(places->from);
    store_close(places->to);
    tear_down((void **)&places->fixture);
    tear_down((void **)&places->second);
    free(places);
    return 0;
}

static bool pass(struct places *places, struct mirror_report *report)
{
    const struct mirror mirror = {.from = places->from,
                                  .to = places->to,
                                  .tables = places->tables,
                                  .progress = places->progress,
                                  .context = places};
    return mirror_pass(&mirror, report, &places->fixture->problem);
}

static void assert_pass(struct places *places, uint64_t compared, uint64_t inserted,
                        uint64_t replaced, uint64_t removed)
{
    struct mirror_report report;
    if (!pass(places, &report))
        fail_msg("%s", places->fixture->problem.detail);
    assert_int_equal(report.compared, compared);
    assert_int_equal(report.inserted, inserted);
    assert_int_equal(report.replaced, replaced);
    assert_int_equal(report.removed, removed);
}

/* One group; a row of each of COUNT ids, of which every third differs in all that may be none. */
static void add_parcels(struct store *store, struct parcel_row *rows, size_t count)
{
    struct problem problem;
    struct writer *writer = store_writer(store, 0);
    assert_true(writer_begin(writer, &problem));
    for (size_t i = 0; i < count; i++) {
        rows[i] = parcel((int64_t)(i % 7), "Ærø, 'x' \\ \"y\"");
        rows[i].state = (int64_t)(i % 3);
        rows[i].sent_at = i % 3 == 0 ? 0 : (int64_t)i;
        rows[i].contents = i % 3 == 1 ? TEXT("{\"a\":1}") : TEXT_NONE;
        rows[i].seal = i % 3 == 1 ? TEXT("\0\xff\n") : TEXT_NONE;
        assert_true(save(store, &parcels_table, &rows[i], false, &problem));
    }
    assert_true(writer_commit(writer, &problem));
}

static void remove_parcel(struct store *store, struct parcel_row *row)
{
    struct problem problem;
    struct row_slot slot = {.table = &parcels_table, .row = row, .found = true, .removed = true};
    struct writer *writer = store_writer(store, 0);
    assert_true(writer_begin(writer, &problem));
    assert_true(writer_save(writer, &(struct row_slot *){&slot}, 1, &problem));
    assert_true(writer_commit(writer, &problem));
}

static void all_comes_over_and_then_nothing_more(void **state)
{
    static struct parcel_row rows[MANY];
    struct places *places = *state;
    struct stop_row stop = {.town = TEXT("Odense"), .number = 4};
    assert_pass(places, 0, 0, 0, 0);
    add_parcels(places->from, rows, MANY);
    assert_true(writer_begin(store_writer(places->from, 0), &places->fixture->problem));
    assert_true(save(places->from, &stops_table, &stop, false, &places->fixture->problem));
    assert_true(writer_commit(store_writer(places->from, 0), &places->fixture->problem));
    assert_pass(places, MANY + 1, MANY + 1, 0, 0);
    assert_pass(places, MANY + 1, 0, 0, 0);
    assert_int_equal(count_parcels(places->second, places->to), MANY);
}

static void what_changed_is_replaced_and_what_went_removed(void **state)
{
    static struct parcel_row rows[MANY];
    struct places *places = *state;
    struct problem problem;
    add_parcels(places->from, rows, MANY);
    assert_pass(places, MANY, MANY, 0, 0);
    rows[3].label = TEXT("another");
    assert_true(write_parcel(places->from, &rows[3], true, &problem));
    /* Made again under its key, with another value in a column that no change touches. */
    remove_parcel(places->from, &rows[700]);
    rows[700].weight++;
    assert_true(write_parcel(places->from, &rows[700], false, &problem));
    for (size_t i = 10; i < 20; i++)
        remove_parcel(places->from, &rows[i]);
    struct parcel_row fresh = parcel(3, "fresh");
    assert_true(write_parcel(places->from, &fresh, false, &problem));
    struct parcel_row strange = parcel(6, "only there");
    assert_true(write_parcel(places->to, &strange, false, &problem));
    assert_pass(places, MANY - 10 + 1, 1, 2, 11);
    assert_pass(places, MANY - 10 + 1, 0, 0, 0);
}

/* Everything there goes where nothing is here, across pages. */
static void an_empty_store_empties_the_other(void **state)
{
    static struct parcel_row rows[MANY];
    struct places *places = *state;
    add_parcels(places->to, rows, MANY);
    assert_pass(places, 0, 0, 0, MANY);
    assert_int_equal(count_parcels(places->second, places->to), 0);
}

static void what_stays_is_left_alone(void **state)
{
    static struct parcel_row rows[3];
    struct places *places = *state;
    places->parcels.stays = true;
    add_parcels(places->from, rows, 3);
    assert_false(mirror_takes(&places->parcels));
    assert_pass(places, 0, 0, 0, 0);
}

static void assert_other_log(struct places *places)
{
    struct mirror_report report;
    assert_false(pass(places, &report));
    assert_int_equal(places->fixture->problem.code, PROBLEM_STORE_OTHER);
}

static void a_log_loses_no_row(void **state)
{
    static struct parcel_row rows[5];
    struct places *places = *state;
    places->parcels.kind = TABLE_LOG;
    add_parcels(places->from, rows, 5);
    assert_pass(places, 5, 5, 0, 0);
    remove_parcel(places->from, &rows[2]);
    assert_other_log(places);
    assert_int_equal(count_parcels(places->second, places->to), 5);
}

static void a_log_of_another_history_is_noticed(void **state)
{
    static struct parcel_row rows[5];
    struct places *places = *state;
    struct problem problem;
    places->parcels.kind = TABLE_LOG;
    add_parcels(places->from, rows, 5);
    assert_pass(places, 5, 5, 0, 0);
    rows[4].label = TEXT("may change"); /* as a record that is erased */
    assert_true(write_parcel(places->from, &rows[4], true, &problem));
    assert_pass(places, 5, 0, 1, 0);
    remove_parcel(places->from, &rows[2]);
    rows[2].weight++; /* which is fixed */
    assert_true(write_parcel(places->from, &rows[2], false, &problem));
    assert_other_log(places);
}

/* Ends all sessions on the second schema, but for this one. */
static void cut(void *context, uint64_t done, uint64_t total)
{
    struct places *places = context;
    char sql[512];
    if (done == 0 || done == total)
        return;
    places->progress = NULL;
    snprintf(sql, sizeof sql,
             "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity "
             "WHERE application_name = 'counterfoil' AND query LIKE '%%parcels%%' "
             "AND pid <> pg_backend_pid(); END $$");
    test_schema_run(sql);
}

static void a_database_that_was_away_is_waited_for(void **state)
{
    static struct parcel_row rows[MANY];
    struct places *places = *state;
    struct mirror_report report;
    if (!on_postgres())
        skip(); /* a file has no connections */
    add_parcels(places->from, rows, MANY);
    places->progress = cut;
    if (!pass(places, &report))
        fail_msg("%s", places->fixture->problem.detail);
    assert_int_equal(count_parcels(places->second, places->to), MANY);
}

static void a_store_is_itself_however_it_is_named(void **state)
{
    struct places *places = *state;
    char url[600];
    places->fixture->options.writable = false;
    if (on_postgres())
        snprintf(url, sizeof url, "%s&connect_timeout=7", places->fixture->folder.url);
    else
        snprintf(url, sizeof url, "sqlite:%s/../%s", places->fixture->folder.path,
                 strchr(places->fixture->folder.file + 1, '/') + 1);
    struct store *again =
        store_open_with(url, &places->fixture->options, &places->fixture->problem);
    if (again == NULL)
        fail_msg("%s: %s", url, places->fixture->problem.detail);
    assert_true(store_same(places->from, again));
    assert_false(store_same(places->to, again));
    assert_string_equal(store_place(places->from), store_place(again));
    assert_null(strstr(store_place(again), "password"));
    store_close(again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_both, tear_down_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_comes_over_and_then_nothing_more),
        TEST(what_changed_is_replaced_and_what_went_removed),
        TEST(an_empty_store_empties_the_other),
        TEST(what_stays_is_left_alone),
        TEST(a_log_loses_no_row),
        TEST(a_log_of_another_history_is_noticed),
        TEST(a_database_that_was_away_is_waited_for),
        TEST(a_store_is_itself_however_it_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
