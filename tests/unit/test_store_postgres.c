/* The store over PostgreSQL when sessions end, answers are lost, or others write, too. */
#include "test_store_fixture.h"

#include "test_relay.h"

/* Ends the sessions that hold locks on this test's tables, and its writers that are idle. */
static void cut_connections(struct fixture *fixture)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "DO $$ BEGIN PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
             "WHERE application_name = '%s' AND pid <> pg_backend_pid(); END $$",
             fixture->folder.schema.name);
    test_schema_run(sql);
}

/* So that its sessions can be told from those of other tests. */
static struct store *open_named(struct fixture *fixture)
{
    char *url = fixture->folder.url;
    size_t length = strlen(url);
    snprintf(url + length, sizeof fixture->folder.url - length, "&application_name=%s",
             fixture->folder.schema.name);
    struct store *store = open_store(fixture);
    url[length] = '\0';
    return store;
}

static struct parcel_row load_parcel(struct fixture *fixture, struct writer *writer,
                                     const struct parcel_row *key, struct row_slot *slot)
{
    struct parcel_row *row = ARENA_NEW(fixture->arena, struct parcel_row);
    row->org = key->org;
    row->id = key->id;
    *slot = (struct row_slot){.table = &parcels_table, .row = row};
    assert_true(writer_load(writer, &slot, 1, fixture->arena, &fixture->problem));
    assert_true(slot->found);
    return *row;
}

static bool save_slot(struct fixture *fixture, struct writer *writer, struct row_slot *slot)
{
    return writer_save(writer, &slot, 1, &fixture->problem);
}

static void a_database_has_several_writers(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct store *other = open_store(fixture);
    struct parcel_row rows[] = {parcel(1, "x"), parcel(2, "y"), parcel(3, "z")};
    struct writer *writers[] = {store_writer(store, 0), store_writer(store, 1),
                                store_writer(other, 0)};
    assert_true(store_is_shared(store) && store_writers(store) > 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_true(writer_begin(writers[i], &fixture->problem));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct row_slot slot = {.table = &parcels_table, .row = &rows[i], .changed = true};
        assert_true(save_slot(fixture, writers[i], &slot));
    }
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_true(writer_commit(writers[i], &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 3);
    fixture->options.writable = false;
    struct store *reading = open_store(fixture);
    assert_false(writer_begin(store_writer(reading, 0), &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_READ_ONLY);
    store_close(reading);
    store_close(other);
    store_close(store);
}

struct waiting {
    struct fixture *fixture;
    struct writer *writer;
    const struct parcel_row *key;
    struct arena *arena;
    atomic_bool loaded;
    int64_t weight;
};

/* Loads the row, which another group has, and takes what that one left. */
static void *wait_for_row(void *context)
{
    struct waiting *waiting = context;
    struct problem problem;
    struct parcel_row row = {.org = waiting->key->org, .id = waiting->key->id};
    struct row_slot slot = {.table = &parcels_table, .row = &row};
    assert_true(writer_begin(waiting->writer, &problem));
    assert_true(
        writer_load(waiting->writer, &(struct row_slot *){&slot}, 1, waiting->arena, &problem));
    waiting->loaded = true;
    waiting->weight = row.version;
    writer_rollback(waiting->writer);
    return NULL;
}

/* Whoever loads a row has it alone; whoever comes second sees what the first has made of it. */
static void a_loaded_row_is_the_groups_alone(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    struct row_slot slot;
    pthread_t thread;
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    struct writer *writer = store_writer(store, 0);
    assert_true(writer_begin(writer, &fixture->problem));
    load_parcel(fixture, writer, &row, &slot);
    struct waiting waiting = {fixture, store_writer(store, 1), &row, arena_new(), false, 0};
    assert_int_equal(pthread_create(&thread, NULL, wait_for_row, &waiting), 0);
    usleep(100000);
    assert_false(waiting.loaded);
    ((struct parcel_row *)slot.row)->version = 7;
    slot.changed = true;
    assert_true(save_slot(fixture, writer, &slot));
    assert_true(writer_commit(writer, &fixture->problem));
    pthread_join(thread, NULL);
    assert_int_equal(waiting.weight, 7);
    arena_free(waiting.arena);
    store_close(store);
}

/* As on a database whose rows cannot be locked: the version tells who came second. */
static void without_locks_versions_tell(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.unlocked = true;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    struct row_slot slots[2];
    struct writer *writers[] = {store_writer(store, 0), store_writer(store, 1)};
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    for (int i = 0; i < 2; i++) {
        assert_true(writer_begin(writers[i], &fixture->problem));
        load_parcel(fixture, writers[i], &row, &slots[i]);
        ((struct parcel_row *)slots[i].row)->version = 7 + i;
        slots[i].changed = true;
    }
    assert_true(save_slot(fixture, writers[0], &slots[0]));
    assert_true(writer_commit(writers[0], &fixture->problem));
    assert_false(save_slot(fixture, writers[1], &slots[1]));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_CONFLICT);
    writer_rollback(writers[1]);
    store_close(store);
}

/* Rows that two groups make at once: one is told to run again. */
static void made_twice_is_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    assert_false(write_parcel(store, &row, false, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_CONFLICT);
    store_close(store);
}

/* A group that was not committed can be run again. */
static void a_cut_connection_is_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_named(fixture);
    struct parcel_row rows[] = {parcel(1, "x"), parcel(1, "y")};
    assert_true(write_parcel(store, &rows[0], false, &fixture->problem));
    cut_connections(fixture);
    assert_false(write_parcel(store, &rows[1], false, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_CONFLICT);
    assert_true(write_parcel(store, &rows[1], false, &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 2);
    store_close(store);
}

/* Whoever commits into a broken connection does not know, and the rows say what became of it. */
static void a_cut_before_the_commit_is_uncertain(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_named(fixture);
    struct parcel_row row = parcel(1, "x");
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
    cut_connections(fixture);
    assert_false(writer_commit(store_writer(store, 0), &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_OUTCOME_UNCERTAIN);
    assert_int_equal(count_parcels(fixture, store), 0);
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 1);
    store_close(store);
}

static void an_idle_reader_connects_again(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_named(fixture);
    assert_int_equal(count_parcels(fixture, store), 0);
    struct reader *reader = store_reader_take(store);
    assert_int_equal(reader_count(fixture, reader), 0);
    cut_connections(fixture);
    int64_t count;
    assert_false(reader_number(reader, "SELECT count(*) FROM parcels", NULL, 0, &count,
                               &fixture->problem)); /* its moment is over */
    store_reader_give(store, reader);
    assert_int_equal(count_parcels(fixture, store), 0);
    store_close(store);
}

static bool count_row(void *context, const void *row, struct problem *problem)
{
    const struct parcel_row *parcel = row;
    (void)problem;
    assert_int_equal(parcel->weight, 250);
    ++*(size_t *)context;
    return true;
}

/* More rows than are fetched at once, and a query inside the query. */
static bool load_inside(void *context, const struct value *columns, size_t count,
                        struct problem *problem)
{
    struct reader *reader = *(struct reader **)context;
    int64_t all = 0;
    (void)columns;
    (void)count;
    return reader_number(reader, "SELECT count(*) FROM stops", NULL, 0, &all, problem);
}

static void long_results_come_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    for (int i = 0; i < 1500; i++) {
        struct parcel_row row = parcel(i, "p");
        assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
    }
    assert_true(writer_commit(store_writer(store, 0), &fixture->problem));
    struct reader *reader = store_reader_take(store);
    size_t count = 0;
    assert_true(reader_rows(reader, &parcels_table, "ORDER BY org", NULL, 0, fixture->arena,
                            count_row, &count, &fixture->problem));
    assert_int_equal(count, 1500);
    assert_true(reader_query(reader, "SELECT org FROM parcels", NULL, 0, load_inside, &reader,
                             &fixture->problem));
    store_reader_give(store, reader);
    store_close(store);
}

static void urls_that_lead_nowhere(void **state)
{
    struct fixture *fixture = *state;
    assert_null(store_open_with("postgresql://nobody@/x?host=/nowhere", &fixture->options,
                                &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_AWAY);
    assert_null(store_open_with("postgresql://u:secret@[", &fixture->options, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_CONFIGURATION);
    assert_null(strstr(fixture->problem.detail, "secret"));
}

/* The commit happened, its answer did not arrive: the rows are there. */
static void a_lost_answer_to_a_commit_is_uncertain(void **state)
{
    struct fixture *fixture = *state;
    struct relay relay;
    char url[640];
    relay_start(&relay, fixture->folder.url, url);
    struct store *store = store_open_with(url, &fixture->options, &fixture->problem);
    if (store == NULL)
        fail_msg("%s", fixture->problem.detail);
    for (int i = 0; i < 20; i++) {
        struct parcel_row row = parcel(i, "x");
        assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
        assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
        relay.loses = true;
        assert_false(writer_commit(store_writer(store, 0), &fixture->problem));
        assert_int_equal(fixture->problem.code, PROBLEM_OUTCOME_UNCERTAIN);
        assert_false(relay.loses);
    }
    assert_int_equal(count_parcels(fixture, store), 20);
    store_close(store);
    relay_stop(&relay);
}

/* Servers that start at once on an empty database make its schema once. */
static void *open_and_close(void *context)
{
    struct fixture *fixture = context;
    struct problem problem;
    struct store *store = store_open_with(fixture->folder.url, &fixture->options, &problem);
    if (store == NULL) {
        print_error("%s: %s\n", problem_kind(problem.code)->slug, problem.detail);
        return NULL;
    }
    store_close(store);
    return fixture;
}

static void several_may_start_at_once(void **state)
{
    struct fixture *fixture = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_close, fixture), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        void *opened;
        pthread_join(threads[i], &opened);
        assert_non_null(opened);
    }
}

static void skipped_without_a_database(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_database_has_several_writers), TEST(a_loaded_row_is_the_groups_alone),
        TEST(without_locks_versions_tell),    TEST(made_twice_is_a_conflict),
        TEST(a_cut_connection_is_a_conflict), TEST(a_cut_before_the_commit_is_uncertain),
        TEST(an_idle_reader_connects_again),  TEST(long_results_come_in_pieces),
        TEST(urls_that_lead_nowhere),         TEST(a_lost_answer_to_a_commit_is_uncertain),
        TEST(several_may_start_at_once),
    };
    static const struct CMUnitTest none[] = {cmocka_unit_test(skipped_without_a_database)};
    return test_postgres() == NULL ? cmocka_run_group_tests(none, NULL, NULL)
                                   : cmocka_run_group_tests(tests, NULL, NULL);
}
