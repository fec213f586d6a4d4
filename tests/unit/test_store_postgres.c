/* The store over PostgreSQL when sessions end, answers are lost, or another process writes. */
#include "test_store_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Ends the sessions that use this test's schema. */
static void cut_connections(struct fixture *fixture)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "DO $$ BEGIN PERFORM pg_terminate_backend(l.pid) FROM pg_locks AS l "
             "JOIN pg_class AS c ON c.oid = l.relation WHERE c.relnamespace = "
             "'%s'::regnamespace AND l.pid <> pg_backend_pid(); "
             "PERFORM pg_terminate_backend(session::int) FROM %s.store_leases; END $$",
             fixture->folder.schema.name, fixture->folder.schema.name);
    test_schema_run(sql);
}

static void a_database_has_one_writer(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    assert_null(store_open_with(fixture->folder.url, &fixture->options, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_LOCKED);
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    fixture->options.writable = false;
    struct store *reading = open_store(fixture);
    assert_int_equal(count_parcels(fixture, reading), 1);
    assert_false(writer_begin(store_writer(reading, 0), &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_READ_ONLY);
    store_close(reading);
    store_close(store);
    fixture->options.writable = true;
    store_close(open_store(fixture));
}

/* A group that was not committed can be run again; the lease is still ours. */
static void a_cut_connection_is_a_conflict(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    cut_connections(fixture);
    assert_false(write_parcel(store, &row, false, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_CONFLICT);
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 1);
    store_close(store);
}

static void a_cut_before_the_commit_is_known_to_be_one(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
    struct parcel_row row = parcel(1, "x");
    assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
    assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
    cut_connections(fixture);
    assert_false(writer_commit(store_writer(store, 0), &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_CONFLICT);
    assert_int_equal(count_parcels(fixture, store), 0);
    assert_true(write_parcel(store, &row, false, &fixture->problem));
    assert_int_equal(count_parcels(fixture, store), 1);
    store_close(store);
}

/* Whoever lost the lease cannot write, and is told that its state is stale, once. */
static void a_holder_of_an_old_lease_is_fenced(void **state)
{
    struct fixture *fixture = *state;
    struct store *asleep = open_store(fixture);
    struct parcel_row rows[] = {parcel(1, "x"), parcel(1, "y"), parcel(1, "z")};
    char sql[160];
    assert_true(write_parcel(asleep, &rows[0], false, &fixture->problem));
    assert_true(writer_begin(store_writer(asleep, 0), &fixture->problem));
    snprintf(sql, sizeof sql, "UPDATE %s.store_leases SET holder = ''",
             fixture->folder.schema.name);
    test_schema_run(sql);
    struct store *other = open_store(fixture);
    assert_true(write_parcel(other, &rows[1], false, &fixture->problem));
    assert_false(save(asleep, &parcels_table, &rows[2], false, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_LOCKED);
    writer_rollback(store_writer(asleep, 0));
    assert_false(write_parcel(asleep, &rows[2], false, &fixture->problem));
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_LOCKED);
    assert_int_equal(count_parcels(fixture, other), 2);
    store_close(other);
    assert_false(write_parcel(asleep, &rows[2], false, &fixture->problem)); /* told once */
    assert_int_equal(fixture->problem.code, PROBLEM_STORE_LOCKED);
    assert_true(write_parcel(asleep, &rows[2], false, &fixture->problem));
    store_close(asleep);
}

static void an_idle_reader_connects_again(void **state)
{
    struct fixture *fixture = *state;
    struct store *store = open_store(fixture);
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

/* Stands between the store and the server; told to, it loses the next answer. */
struct relay {
    char folder[64];
    struct sockaddr_un address, server;
    int listener;
    pthread_t thread;
    atomic_bool stopping, loses;
    size_t count;
    int clients[16], servers[16];
};

static int socket_to(const struct sockaddr_un *address)
{
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(handle, (const struct sockaddr *)address, sizeof *address), 0);
    return handle;
}

static void relay_drop(struct relay *relay, size_t at)
{
    close(relay->clients[at]);
    close(relay->servers[at]);
    relay->count--;
    relay->clients[at] = relay->clients[relay->count];
    relay->servers[at] = relay->servers[relay->count];
}

/* False if an end closed, or the answer was to be lost. */
static bool relay_pass(struct relay *relay, size_t at, bool answer)
{
    static char bytes[65536];
    int from = answer ? relay->servers[at] : relay->clients[at];
    int to = answer ? relay->clients[at] : relay->servers[at];
    ssize_t length = recv(from, bytes, sizeof bytes, 0);
    if (length <= 0 || (answer && atomic_exchange(&relay->loses, false)))
        return false;
    return send(to, bytes, (size_t)length, MSG_NOSIGNAL) == length;
}

static void relay_turn(struct relay *relay)
{
    struct pollfd ends[33] = {{.fd = relay->listener, .events = POLLIN}};
    size_t count = relay->count;
    for (size_t i = 0; i < count; i++) {
        ends[1 + i * 2] = (struct pollfd){.fd = relay->clients[i], .events = POLLIN};
        ends[2 + i * 2] = (struct pollfd){.fd = relay->servers[i], .events = POLLIN};
    }
    if (poll(ends, 1 + count * 2, 20) <= 0)
        return;
    for (size_t i = count; i-- > 0;)
        if ((ends[1 + i * 2].revents != 0 && !relay_pass(relay, i, false)) ||
            (ends[2 + i * 2].revents != 0 && !relay_pass(relay, i, true)))
            relay_drop(relay, i);
    if (ends[0].revents != 0 && relay->count < COUNT_OF(relay->clients)) {
        relay->clients[relay->count] = accept(relay->listener, NULL, NULL);
        relay->servers[relay->count++] = socket_to(&relay->server);
    }
}

static void *relay_run(void *context)
{
    struct relay *relay = context;
    while (!relay->stopping)
        relay_turn(relay);
    while (relay->count > 0)
        relay_drop(relay, 0);
    return NULL;
}

/* The same URL, through the relay: libpq takes the last of several hosts. */
static void relay_start(struct relay *relay, const struct fixture *fixture, char url[640])
{
    PGconn *direct = PQconnectdb(test_postgres());
    *relay = (struct relay){.address = {.sun_family = AF_UNIX}, .server = {.sun_family = AF_UNIX}};
    snprintf(relay->folder, sizeof relay->folder, "/tmp/counterfoil-relay-XXXXXX");
    assert_non_null(mkdtemp(relay->folder));
    snprintf(relay->server.sun_path, sizeof relay->server.sun_path, "%s/.s.PGSQL.%s",
             PQhost(direct), PQport(direct));
    snprintf(relay->address.sun_path, sizeof relay->address.sun_path, "%s/.s.PGSQL.%s",
             relay->folder, PQport(direct));
    snprintf(url, 640, "%s&host=%s", fixture->folder.url, relay->folder);
    PQfinish(direct);
    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(relay->listener, (struct sockaddr *)&relay->address, sizeof relay->address), 0);
    assert_int_equal(listen(relay->listener, 8), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

static void relay_stop(struct relay *relay)
{
    relay->stopping = true;
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    unlink(relay->address.sun_path);
    rmdir(relay->folder);
}

/* The commit happened, its answer did not arrive: it is found out, and nothing is done twice. */
static void a_lost_answer_to_a_commit_is_settled(void **state)
{
    struct fixture *fixture = *state;
    struct relay relay;
    char url[640];
    relay_start(&relay, fixture, url);
    struct store *store = store_open_with(url, &fixture->options, &fixture->problem);
    if (store == NULL)
        fail_msg("%s", fixture->problem.detail);
    for (int i = 0; i < 20; i++) {
        struct parcel_row row = parcel(i, "x");
        assert_true(writer_begin(store_writer(store, 0), &fixture->problem));
        assert_true(save(store, &parcels_table, &row, false, &fixture->problem));
        relay.loses = true;
        if (!writer_commit(store_writer(store, 0), &fixture->problem))
            fail_msg("%s", fixture->problem.detail);
        assert_false(relay.loses);
    }
    assert_int_equal(count_parcels(fixture, store), 20);
    store_close(store);
    relay_stop(&relay);
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
        TEST(a_database_has_one_writer),
        TEST(a_cut_connection_is_a_conflict),
        TEST(a_cut_before_the_commit_is_known_to_be_one),
        TEST(a_holder_of_an_old_lease_is_fenced),
        TEST(an_idle_reader_connects_again),
        TEST(long_results_come_in_pieces),
        TEST(urls_that_lead_nowhere),
        TEST(a_lost_answer_to_a_commit_is_settled),
    };
    static const struct CMUnitTest none[] = {cmocka_unit_test(skipped_without_a_database)};
    return test_postgres() == NULL ? cmocka_run_group_tests(none, NULL, NULL)
                                   : cmocka_run_group_tests(tests, NULL, NULL);
}
