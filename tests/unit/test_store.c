/* The store, on either engine: groups and readers; test_store_faults.c has what goes wrong. */
#include "test_store_fixture.h"

#include <pthread.h>

#include "base/time.h"

static void assert_same(const struct parcel_row *a, const struct parcel_row *b)
{
    assert_true(row_equal(&parcels_table, a, b));
}

static struct parcel_row load(struct fixture *fixture, struct store *store,
                              const struct parcel_row *key, bool expected)
{
    struct parcel_row row = {.org = key->org, .id = key->id};
    struct row_slot slot = {.table = &parcels_table, .row = &row};
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_true(writer_load(store_writer(store, 0), &(struct row_slot *){&slot}, 1, fixture->arena,
                            &fixture->problem));
    writer_rollback(store_writer(store, 0));
    assert_int_equal(slot.found, expected);
    return row;
}

/* Every type of column, with and without a value, goes in and comes out. */
static void rows_come_back_as_they_were(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row bare = parcel(7, "bare");
    struct parcel_row full = parcel(7, "Größe \xf0\x9f\x93\xa6");
    full.state = 2;
    full.insured = 1;
    full.weight = INT64_MIN;
    full.contents = TEXT("{\"a\":1}");
    full.seal = TEXT("\0\xff\0");
    full.courier = id_new(9);
    full.sent_at = TIME_LATEST;
    full.sent_by = TEXT("shop");
    assert_true(write_parcel(store, &bare, false, &fixture->problem));
    assert_true(write_parcel(store, &full, false, &fixture->problem));
    struct parcel_row loaded = load(fixture, store, &bare, true);
    assert_same(&loaded, &bare);
    loaded = load(fixture, store, &full, true);
    assert_same(&loaded, &full);

    struct reader *reader = store_reader_take(store);
    struct parcel_row read = {.org = full.org, .id = full.id};
    bool found = false;
    assert_true(
        reader_load(reader, &parcels_table, &read, fixture->arena, &found, &fixture->problem));
    assert_true(found);
    assert_same(&read, &full);
    read.id = id_new(7);
    assert_true(
        reader_load(reader, &parcels_table, &read, fixture->arena, &found, &fixture->problem));
    assert_false(found);
    store_reader_give(store, reader);
    store_close(store);
}

static void update_keeps_key_and_fixed_columns(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "first");
    row.seal = TEXT("wax");
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    struct parcel_row changed = row;
    changed.label = TEXT("second");
    changed.seal = TEXT_NONE;
    changed.weight = 999; /* fixed */
    changed.version = 2;
    assert_true(write_parcel(store, &changed, true, &fixture->problem));
    struct parcel_row loaded = load(fixture, store, &row, true);
    changed.weight = row.weight;
    assert_same(&loaded, &changed);
    store_close(store);
}

static void removed_rows_are_gone(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct stop_row row = {TEXT("Turku"), 4};
    struct row_slot slot = {.table = &stops_table, .row = &row, .changed = true};
    struct row_slot *slots = &slot;
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_true(writer_save(store_writer(store, 0), &slots, 1, &fixture->problem));
    assert_true(writer_load(store_writer(store, 0), &slots, 1, fixture->arena, &fixture->problem));
    assert_true(slot.found);
    slot.removed = true;
    assert_true(writer_save(store_writer(store, 0), &slots, 1, &fixture->problem));
    assert_true(writer_load(store_writer(store, 0), &slots, 1, fixture->arena, &fixture->problem));
    assert_false(slot.found);
    assert_true(writer_save(store_writer(store, 0), &slots, 1,
                            &fixture->problem)); /* not there: nothing to do */
    assert_true(writer_commit(store_writer(store, 0), &fixture->problem));
    store_close(store);
}

/* Within one call, too: what comes first is done first. */
static void rows_are_made_and_removed_in_order(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    struct parcel_row again = row;
    again.weight = 999; /* fixed: it takes a new row */
    struct row_slot make = {.table = &parcels_table, .row = &row, .changed = true};
    struct row_slot remove = {.table = &parcels_table, .row = &row, .found = true, .removed = true};
    struct row_slot remake = {.table = &parcels_table, .row = &again, .changed = true};
    struct row_slot *const slots[] = {&make, &remove, &remake};
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_true(writer_save(store_writer(store, 0), slots, 2, &fixture->problem));
    assert_true(writer_save(store_writer(store, 0), slots, 3, &fixture->problem));
    assert_true(writer_commit(store_writer(store, 0), &fixture->problem));
    struct parcel_row loaded = load(fixture, store, &row, true);
    assert_same(&loaded, &again);
    store_close(store);
}

/* What does not fit the schema or the store's state is our bug, said so and rolled back. */
static void rows_that_do_not_fit_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "one");
    struct parcel_row nameless = parcel(1, "");
    struct stop_row stop = {TEXT("Oulu"), 1};
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    assert_false(write_parcel(store, &row, false, &fixture->problem)); /* twice */
    /* Where there may be other writers, one of them could have made it. */
    assert_int_equal(fixture->problem.code,
                     on_postgres() ? PROBLEM_STORE_CONFLICT : PROBLEM_INTERNAL);
    assert_false(write_parcel(store, &nameless, false, &fixture->problem)); /* required */
    assert_int_equal(fixture->problem.code, PROBLEM_INTERNAL);
    assert_non_null(strstr(fixture->problem.detail, "parcels.label"));
    nameless.label = TEXT("now");
    assert_false(write_parcel(store, &nameless, true, &fixture->problem)); /* not there */
    assert_int_equal(fixture->problem.code,
                     on_postgres() ? PROBLEM_STORE_CONFLICT : PROBLEM_INTERNAL);
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_false(save(store, &stops_table, &stop, true, &fixture->problem)); /* all key */
    assert_int_equal(fixture->problem.code, PROBLEM_INTERNAL);
    writer_rollback(store_writer(store, 0));
    assert_int_equal(count_parcels(fixture, store), 1);
    store_close(store);
}

static void values_that_do_not_fit_are_corruption(void **state)
{
    const char *const damages[] = {
        "UPDATE parcels SET state = 3;",
        "UPDATE parcels SET state = -1;",
        "UPDATE parcels SET insured = 2;",
        on_postgres() ? "UPDATE parcels SET courier = '\\x00';"
                      : "UPDATE parcels SET courier = x'00';",
        "UPDATE parcels SET sent_at = 9223372036854775807;",
    };
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "one");
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    for (size_t i = 0; i < COUNT_OF(damages); i++) {
        struct row_slot slot = {.table = &parcels_table, .row = &row};
        assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
        assert_true(
            store->driver->execute(store_writer(store, 0), text_of(damages[i]), &fixture->problem));
        assert_false(writer_load(store_writer(store, 0), &(struct row_slot *){&slot}, 1,
                                 fixture->arena, &fixture->problem));
        assert_int_equal(fixture->problem.code, PROBLEM_STORE_CORRUPT);
        writer_rollback(store_writer(store, 0));
    }
    store_close(store);
}

static void rollback_undoes_and_commit_keeps(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(3, "x");
    struct store_statistics statistics;
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 0); /* a reader sees whole groups only */
    writer_rollback(store_writer(store, 0));
    writer_rollback(store_writer(store, 0));
    assert_int_equal(count_parcels(fixture, store), 0);
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 1);
    store_statistics(store, &statistics);
    assert_int_equal(statistics.rows_saved, 3); /* with the schema's own */
    assert_true(statistics.file_bytes > 4096);
    store_close(store);
    store = open_store(fixture);
    assert_int_equal(count_parcels(fixture, store), 1);
    store_close(store);
}

static void a_reader_sees_one_moment(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row rows[] = {parcel(3, "x"), parcel(3, "y")};
    assert_true(write_parcel(store, &rows[0], false, &fixture->problem));
    struct reader *reader = store_reader_take(store);
    assert_int_equal(reader_count(fixture, reader), 1);
    assert_true(write_parcel(store, &rows[1], false, &fixture->problem));
    assert_int_equal(reader_count(fixture, reader), 1);
    store_reader_give(store, reader);
    assert_int_equal(count_parcels(fixture, store), 2);
    store_close(store);
}

struct page {
    int64_t org;
    size_t count;
    struct id last;
    size_t stop_after; /* 0: never */
};

static bool read_parcel(void *context, const void *row, struct problem *problem)
{
    const struct parcel_row *found = row;
    struct page *page = context;
    assert_int_equal(found->org, page->org);
    assert_true(memcmp(page->last.bytes, found->id.bytes, sizeof page->last.bytes) < 0);
    page->last = found->id;
    page->count++;
    return page->count != page->stop_after || problem_set(problem, PROBLEM_STOPPING, "enough");
}

static void readers_page_by_key(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    for (int i = 0; i < 30; i++) {
        struct parcel_row row = parcel(i % 3, "p");
        assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
    }
    assert_true(writer_commit(store_writer(store, 0), &fixture->problem));
    struct reader *reader = store_reader_take(store);
    struct page page = {.org = 2};
    static const char tail[] = "WHERE org = ?1 AND id > ?2 ORDER BY org, id LIMIT ?3";
    for (int pages = 0; pages < 2; pages++) {
        struct value values[] = {VALUE_OF_INT(2), VALUE_OF_ID(page.last), VALUE_OF_INT(6),
                                 VALUE_IS_NONE}; /* more than the SQL names */
        assert_true(reader_rows(reader, &parcels_table, tail, values, COUNT_OF(values),
                                fixture->arena, read_parcel, &page, &fixture->problem));
    }
    assert_int_equal(page.count, 10);
    page = (struct page){.org = 2, .stop_after = 3};
    struct value values[] = {VALUE_OF_INT(2), VALUE_OF_ID(page.last), VALUE_OF_INT(6)};
    assert_false(reader_rows(reader, &parcels_table, tail, values, COUNT_OF(values), fixture->arena,
                             read_parcel, &page, &fixture->problem));
    assert_int_equal(page.count, 3);
    assert_int_equal(fixture->problem.code, PROBLEM_STOPPING);
    store_reader_give(store, reader);
    store_close(store);
}

static void readers_cannot_write(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct reader *reader = store_reader_take(store);
    assert_false(
        reader_query(reader, "DELETE FROM parcels", NULL, 0, NULL, NULL, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_READ_ONLY);
    assert_false(reader_query(reader, "SELECT nothing FROM nowhere", NULL, 0, NULL, NULL,
                              &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_INTERNAL);
    store_reader_give(store, reader);
    store_close(store);
}

struct crowd {
    struct fixture *fixture;
    struct store *store;
    atomic_bool done;
    atomic_int wrong;
};

/* The writer adds two rows a group: whoever sees an odd number has seen half of one. */
static void *read_in_crowd(void *context)
{
    struct crowd *crowd = context;
    while (!crowd->done) {
        int64_t count = -1;
        struct problem problem;
        struct reader *reader = store_reader_take(crowd->store);
        if (!reader_number(reader, "SELECT count(*) FROM parcels", NULL, 0, &count, &problem) ||
            count % 2 != 0)
            crowd->wrong++;
        store_reader_give(crowd->store, reader);
    }
    return NULL;
}

static void readers_see_whole_groups(struct fixture *fixture)
{
    pthread_t threads[STORE_READERS + 2];
    struct crowd crowd = {.fixture = fixture, .store = open_store(fixture)};
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_in_crowd, &crowd), 0);
    for (int i = 0; i < 200; i++) {
        assert_true(writer_begin(store_writer(crowd.store, 0), &fixture->problem));
        for (int j = 0; j < 2; j++) {
            struct parcel_row row = parcel(i, "p");
            assert_true(save(crowd.store, &parcels_table, &row, false, &fixture->problem));
        }
        assert_true(writer_commit(store_writer(crowd.store, 0), &fixture->problem));
    }
    crowd.done = true;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.wrong, 0);
    assert_int_equal(count_parcels(fixture, crowd.store), 400);
    store_close(crowd.store);
}

static void readers_beside_the_writer(void **state)
{
    readers_see_whole_groups(*state);
}

static void readers_on_the_only_connection(void **state)
{
    struct fixture *fixture = *state;
    if (on_postgres())
        skip(); /* only a file of SQLite may want that */
    fixture->options.sharing = STORE_ALONE;
    readers_see_whole_groups(fixture);
    struct store *store = open_store(fixture);
    assert_non_null(strstr(store_engine(store), "one connection"));
    store_close(store);
}

static const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    TEST(rows_come_back_as_they_were),
    TEST(update_keeps_key_and_fixed_columns),
    TEST(removed_rows_are_gone),
    TEST(rows_are_made_and_removed_in_order),
    TEST(rows_that_do_not_fit_are_refused),
    TEST(values_that_do_not_fit_are_corruption),
    TEST(rollback_undoes_and_commit_keeps),
    TEST(a_reader_sees_one_moment),
    TEST(readers_page_by_key),
    TEST(readers_cannot_write),
    TEST(readers_beside_the_writer),
    TEST(readers_on_the_only_connection),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
