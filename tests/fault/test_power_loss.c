/* The store when the power fails, and when single writes and syncs do. */
#include "../unit/test_store_fixture.h"

#include <sqlite3.h>

#include "lossy_files.h"

static int set_up_lossy(void **state)
{
    set_up(state);
    struct fixture *fixture = *state;
    fixture->options.file_system = "lossy";
    fixture->options.checkpoint_pages = 20;
    return 0;
}

static int tear_down_lossy(void **state)
{
    lossy_forget();
    return tear_down(state);
}

#define GROUP 3

/* A group of GROUP parcels of organisation NUMBER. */
static bool write_group(struct store *store, int64_t number, struct problem *problem)
{
    if (!writer_begin(store_writer(store, 0), problem))
        return false;
    for (int i = 0; i < GROUP; i++) {
        struct parcel_row row = parcel(number, "a label that takes some room on its page");
        if (!save(store, &parcels_table, &row, false, problem)) {
            writer_rollback(store_writer(store, 0));
            return false;
        }
    }
    return writer_commit(store_writer(store, 0), problem);
}

static bool read_verdict(void *context, const struct value *columns, size_t count,
                         struct problem *problem)
{
    (void)problem;
    assert_int_equal(count, 1);
    *(bool *)context = text_is(columns[0].text, "ok");
    return true;
}

/* Whole, and with each of the groups 1 to CONFIRMED; of the one after it all or nothing. */
static void check_store(struct fixture *fixture, struct store *store, int64_t confirmed)
{
    static const char groups[] = "SELECT count(*) FROM (SELECT org FROM parcels WHERE org <= ?1 "
                                 "GROUP BY org HAVING count(*) = 3)";
    struct reader *reader = store_reader_take(store);
    const struct value upto = VALUE_OF_INT(confirmed);
    bool sound = false;
    int64_t found = -1;
    if (!reader_query(reader, "PRAGMA integrity_check", NULL, 0, read_verdict, &sound,
                      &fixture->problem) ||
        !reader_number(reader, groups, &upto, 1, &found, &fixture->problem))
        fail_msg("%s", fixture->problem.detail);
    assert_true(sound);
    assert_int_equal(found, confirmed);
    int64_t all = reader_count(fixture, reader);
    assert_true(all == confirmed * GROUP || all == (confirmed + 1) * GROUP);
    store_reader_give(store, reader);
}

struct outage {
    struct fixture *fixture;
    struct test_folder folder; /* where the disk's remains go */
    uint64_t operations, images;
    int64_t confirmed;
    bool opened; /* before the first opening succeeded there may be no schema */
};

static void power_fails(void *context)
{
    struct outage *outage = context;
    struct store_options options = outage->fixture->options;
    if (!outage->opened || ++outage->operations % 5 != 0)
        return;
    options.file_system = NULL;
    lossy_power_fails(outage->folder.path, outage->operations);
    struct store *store = store_open_with(outage->folder.url, &options, &outage->fixture->problem);
    if (store == NULL)
        fail_msg("operation %d: %s", (int)outage->operations, outage->fixture->problem.detail);
    check_store(outage->fixture, store, outage->confirmed);
    store_close(store);
    outage->images++;
}

/* At every fifth write or sync of the store's life, closings and checkpoints included. */
static void confirmed_groups_outlive_the_power(void **state)
{
    struct fixture *fixture = *state;
    struct outage outage = {.fixture = fixture};
    folder_make(&outage.folder);
    lossy_watch(power_fails, &outage);
    for (int life = 0; life < 6; life++) {
        struct store *store = open_store(fixture);
        outage.opened = true;
        for (int i = 0; i < 15; i++) {
            if (!write_group(store, outage.confirmed + 1, &fixture->problem))
                fail_msg("%s", fixture->problem.detail);
            outage.confirmed++;
        }
        store_close(store);
    }
    lossy_watch(NULL, NULL);
    assert_true(outage.images > 100);
    folder_remove(&outage.folder);
}

/* After a failed sync the kernel may have dropped the data: nobody may rely on the next one. */
static void after_a_failed_sync_nothing_is_written(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    assert_true(write_group(store, 1, &fixture->problem));
    lossy_fail(LOSSY_SYNC, "-wal", 0, SQLITE_IOERR_FSYNC);
    assert_false(write_group(store, 2, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_OUTCOME_UNCERTAIN);
    lossy_fail(LOSSY_SYNC, "-wal", 0, SQLITE_OK);
    assert_false(write_group(store, 2, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_FAILED);
    assert_int_equal(count_parcels(fixture, store), GROUP); /* reading goes on */
    store_close(store);
    store = open_store(fixture);
    check_store(fixture, store, 1);
    store_close(store);
}

static void a_failed_sync_of_a_checkpoint_stops_writing(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    int64_t confirmed = 0;
    lossy_fail(LOSSY_SYNC, "store.db", 0, SQLITE_IOERR_FSYNC);
    while (confirmed < 100 && write_group(store, confirmed + 1, &fixture->problem))
        confirmed++;
    assert_true(confirmed > 0 && confirmed < 100);
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_FAILED);
    lossy_fail(LOSSY_SYNC, "store.db", 0, SQLITE_OK);
    store_close(store);
    store = open_store(fixture);
    check_store(fixture, store, confirmed);
    assert_int_equal(count_parcels(fixture, store), confirmed * GROUP);
    store_close(store);
}

/* The n-th write fails, for n = 0, 1, 2 … until all is written without meeting it. */
static void fail_each_write(struct fixture *fixture, int code, enum problem_code expected)
{
    int64_t confirmed = 0;
    bool met = true;
    for (size_t skip = 0; met && skip < 1000; skip++) {
        met = false;
        lossy_fail(LOSSY_WRITE, "", skip, code);
        struct store *store =
            store_open_with(fixture->folder.url, &fixture->options, &fixture->problem);
        for (int i = 0; store != NULL && i < 5 && !met; i++) {
            met = !write_group(store, confirmed + 1, &fixture->problem);
            confirmed += !met;
        }
        if (met || store == NULL)
            assert_int_equal(fixture->problem.code, expected);
        met = met || store == NULL;
        lossy_fail(LOSSY_WRITE, "", 0, SQLITE_OK);
        if (store != NULL) {
            check_store(fixture, store, confirmed);
            assert_true(write_group(store, confirmed + 1, &fixture->problem));
            confirmed++;
        }
        store_close(store);
    }
    assert_false(met);
    struct store *store = open_store(fixture);
    check_store(fixture, store, confirmed);
    store_close(store);
}

static void writes_that_fail_lose_nothing(void **state)
{
    fail_each_write(*state, SQLITE_IOERR_WRITE, PROBLEM_STORE_FAILED);
}

static void a_disk_that_is_full_loses_nothing(void **state)
{
    fail_each_write(*state, SQLITE_FULL, PROBLEM_STORE_FULL);
}

static const struct CMUnitTest tests[] = {
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up_lossy, tear_down_lossy)
    TEST(confirmed_groups_outlive_the_power),          TEST(after_a_failed_sync_nothing_is_written),
    TEST(a_failed_sync_of_a_checkpoint_stops_writing), TEST(writes_that_fail_lose_nothing),
    TEST(a_disk_that_is_full_loses_nothing),
};

int main(void)
{
    lossy_register();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
