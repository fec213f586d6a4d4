/* Several nodes on one database: they behave as one, and none does what another one holds. */
#include "road.h"

#include <stdatomic.h>

#include "act/ledger.h"
#include "base/log.h"
#include "base/time.h"
#include "test_relay.h"

#define NODES 2
#define LEASE_SPAN_US TIME_SECOND

/* Node 0 is the road's own. */
struct nodes {
    struct road *road;
    struct store *stores[NODES];
    struct kernel *kernels[NODES];
};

static struct nodes nodes_start(struct road *road)
{
    struct nodes nodes = {.road = road};
    nodes.stores[0] = road->store;
    nodes.kernels[0] = road->kernel;
    for (size_t i = 1; i < NODES; i++) {
        nodes.stores[i] = road_store_open(road, road->url);
        nodes.kernels[i] = road_kernel_open(road, nodes.stores[i]);
    }
    return nodes;
}

static void nodes_stop(struct nodes *nodes)
{
    for (size_t i = 1; i < NODES; i++) {
        kernel_close(nodes->kernels[i]);
        store_close(nodes->stores[i]);
    }
}

static int set_up(void **state)
{
    int status = road_set_up(state);
    struct road *road = *state;
    road->lease_us = LEASE_SPAN_US;
    road_stop(road);
    road_start(road);
    return status;
}

static int set_up_unlocked(void **state)
{
    int status = set_up(state);
    struct road *road = *state;
    road->unlocked = true;
    road_stop(road);
    road_start(road);
    return status;
}

/* An act that goes to one of the nodes while others do. */
struct concurrent {
    struct kernel *kernel;
    struct submission *submission;
    pthread_barrier_t *barrier;
    pthread_t thread;
};

static void *act_concurrently(void *context)
{
    struct concurrent *concurrent = context;
    pthread_barrier_wait(concurrent->barrier);
    kernel_act(concurrent->kernel, concurrent->submission);
    return NULL;
}

/* SUBMISSIONS go out at the same moment, each to the node of its index. */
static void act_at_once(struct nodes *nodes, struct submission *submissions[NODES])
{
    struct concurrent acts[NODES];
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, NODES);
    for (size_t i = 0; i < NODES; i++) {
        submissions[i]->arena = arena_new();
        acts[i] = (struct concurrent){nodes->kernels[i], submissions[i], &barrier, 0};
        assert_int_equal(pthread_create(&acts[i].thread, NULL, act_concurrently, &acts[i]), 0);
    }
    for (size_t i = 0; i < NODES; i++)
        pthread_join(acts[i].thread, NULL);
    pthread_barrier_destroy(&barrier);
}

static void free_arenas(struct submission *submissions[NODES])
{
    for (size_t i = 0; i < NODES; i++)
        arena_free(submissions[i]->arena);
}

static int64_t number(struct road *road, const char *sql)
{
    int64_t count = -1;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_number(reader, sql, NULL, 0, &count, &road->problem));
    store_reader_give(road->store, reader);
    return count;
}

/* Every act has its place, the places have no gaps, and an organisation's come in its order. */
static void check_log(struct road *road)
{
    int64_t size = number(road, "SELECT count(*) FROM acts");
    assert_int_equal(number(road, "SELECT count(*) FROM log_queue"), 0);
    assert_int_equal(number(road, "SELECT count(*) FROM logged_acts"), size);
    assert_int_equal(number(road, "SELECT count(DISTINCT position) FROM log_entries"), size);
    assert_int_equal(number(road, "SELECT max(position) + 1 FROM log_entries"), size);
    assert_int_equal(
        number(road, "SELECT count(*) FROM log_entries AS a JOIN log_entries AS b ON b.org = a.org "
                     "AND b.seq > a.seq AND b.position < a.position"),
        0);
    assert_int_equal(number(road, "SELECT count(*) FROM feeds WHERE last_seq <> "
                                  "(SELECT count(*) FROM acts WHERE acts.org = feeds.org)"),
                     0);
}

static void wait_until_logged(struct nodes *nodes, uint64_t size)
{
    for (size_t i = 0; i < NODES; i++) {
        struct kernel_state state = {0};
        for (int tries = 0; tries < 1000 && state.log_size < size; tries++) {
            kernel_state(nodes->kernels[i], &state);
            usleep(10000);
        }
        assert_true(state.log_size >= size);
    }
}

static void they_have_one_log(void **state)
{
    struct road *road = *state;
    struct nodes nodes = nodes_start(road);
    for (int i = 0; i < 20; i++) {
        char reference[2][16];
        struct submission *orders[NODES];
        for (size_t node = 0; node < NODES; node++) {
            snprintf(reference[node], sizeof reference[node], "%d-%zu", i, node);
            orders[node] = road_submission(road, &order_created, road_shop, (struct id){{0}},
                                           road_order_body(road, reference[node]));
        }
        act_at_once(&nodes, orders);
        assert_accepted(orders[0]);
        assert_accepted(orders[1]);
        assert_int_not_equal(orders[0]->log_index, orders[1]->log_index);
        assert_int_not_equal(orders[0]->act.seq, orders[1]->act.seq);
        free_arenas(orders);
    }
    check_log(road);
    uint64_t size = (uint64_t)number(road, "SELECT count(*) FROM log_entries");
    wait_until_logged(&nodes, size);
    struct kernel_state states[NODES];
    for (size_t i = 0; i < NODES; i++)
        kernel_state(nodes.kernels[i], &states[i]);
    assert_memory_equal(&states[0].log_root, &states[1].log_root, sizeof states[0].log_root);
    nodes_stop(&nodes);
}

static struct submission *cancel_of(struct road *road, struct id order)
{
    static const struct cancel_requested_body body = {.present = 1, .reason = {"Twice", 5}};
    return road_submission(road, &order_cancel_requested, road_buyer("b-17"), order, &body);
}

static struct submission *shipment_of(struct road *road, struct id order)
{
    static const struct order_shipped_body body = {.present = 1, .carrier = {"DHL", 3}};
    return road_submission(road, &order_shipped, road_seller(road), order, &body);
}

/* I4: whichever came first, no shipment stands over a request that nobody has seen. */
static void a_race_is_not_lost_between_them(void **state)
{
    struct road *road = *state;
    struct nodes nodes = nodes_start(road);
    for (int i = 0; i < 50; i++) {
        char reference[32];
        snprintf(reference, sizeof reference, "race-%d", i);
        struct id order = road_order(road, reference);
        struct submission *acts[NODES] = {cancel_of(road, order), shipment_of(road, order)};
        if (i % 2 == 1) {
            struct submission *swapped = acts[0];
            acts[0] = acts[1];
            acts[1] = swapped;
        }
        act_at_once(&nodes, acts);
        struct submission *canceled = acts[i % 2];
        struct submission *shipped = acts[1 - i % 2];
        assert_accepted(canceled); /* also of an order under way */
        struct order_row row = road_load_order(road, order);
        if (shipped->accepted)
            assert_true(shipped->act.seq < canceled->act.seq);
        else
            assert_refused(shipped, PROBLEM_CANCEL_REQUEST_UNSEEN);
        assert_int_equal(row.state, shipped->accepted ? ORDER_SHIPPED : ORDER_PLACED);
        free_arenas(acts);
    }
    check_log(road);
    nodes_stop(&nodes);
}

/* The same key to both nodes at once: one act, one answer. */
static void a_key_counts_on_all_of_them(void **state)
{
    struct road *road = *state;
    struct nodes nodes = nodes_start(road);
    struct id sender = id_new(ORG_MARKETPLACE);
    int64_t before = number(road, "SELECT count(*) FROM orders");
    for (int i = 0; i < 30; i++) {
        char reference[32];
        char key[16];
        struct submission *orders[NODES];
        snprintf(reference, sizeof reference, "key-%d", i);
        snprintf(key, sizeof key, "k-%d", i);
        for (size_t node = 0; node < NODES; node++) {
            orders[node] = road_submission(road, &order_created, road_shop, (struct id){{0}},
                                           road_order_body(road, reference));
            orders[node]->idempotency_key = text_of(key);
            orders[node]->act.actor.key = sender;
        }
        act_at_once(&nodes, orders);
        assert_accepted(orders[0]);
        assert_accepted(orders[1]);
        assert_int_equal(orders[0]->replayed + orders[1]->replayed, 1);
        assert_true(id_equal(orders[0]->act.id, orders[1]->act.id));
        assert_int_equal(orders[0]->log_index, orders[1]->log_index);
        free_arenas(orders);
    }
    assert_int_equal(number(road, "SELECT count(*) FROM orders") - before, 30);
    check_log(road);
    nodes_stop(&nodes);
}

static void count_down(struct submission *submission)
{
    atomic_fetch_sub((atomic_int *)submission->context, 1);
}

/* Acts of one object that were sent one behind the other are decided so, however many wait. */
static void acts_keep_their_order(void **state)
{
    static const struct order_shipped_body shipped = {.present = 1, .carrier = {"DHL", 3}};
    enum { ORDERS = 300 };
    struct road *road = *state;
    struct submission *acts[ORDERS * 2];
    atomic_int outstanding = ORDERS * 2;
    for (int i = 0; i < ORDERS; i++) {
        char *reference = arena_take(road->arena, 16);
        snprintf(reference, 16, "row-%d", i);
        struct id order = id_new(road->org);
        acts[i * 2] = road_submission(road, &order_created, road_shop, order,
                                      road_order_body(road, reference));
        acts[i * 2 + 1] = road_submission(road, &order_shipped, road_seller(road), order, &shipped);
    }
    for (size_t i = 0; i < COUNT_OF(acts); i++) {
        acts[i]->arena = arena_new();
        acts[i]->done = count_down;
        acts[i]->context = &outstanding;
        kernel_submit(road->kernel, acts[i]);
    }
    while (outstanding > 0)
        usleep(1000);
    for (size_t i = 0; i < COUNT_OF(acts); i++) {
        assert_accepted(acts[i]);
        arena_free(acts[i]->arena);
    }
    check_log(road);
}

/* --- leases --- */

static unsigned slots_of(struct kernel *kernel)
{
    struct kernel_state state;
    kernel_state(kernel, &state);
    return state.delivery_slots;
}

static void wait_for_slots(struct kernel *kernel, unsigned slots)
{
    for (int i = 0; i < 1000 && slots_of(kernel) != slots; i++)
        usleep(10000);
    assert_int_equal(slots_of(kernel), slots);
}

/* On a busy machine a renewal may come late. */
static void wait_for_lease(struct kernel *kernel, enum lease lease)
{
    for (int i = 0; i < 1000 && !kernel_holds(kernel, lease); i++)
        usleep(10000);
    assert_true(kernel_holds(kernel, lease));
}

static void each_thing_is_one_nodes(void **state)
{
    struct road *road = *state;
    wait_for_lease(road->kernel, LEASE_LOG);
    wait_for_slots(road->kernel, DELIVERY_SLOTS);
    struct nodes nodes = nodes_start(road);
    wait_for_slots(nodes.kernels[0], DELIVERY_SLOTS / 2);
    wait_for_slots(nodes.kernels[1], DELIVERY_SLOTS / 2);
    assert_int_equal(number(road, "SELECT count(DISTINCT holder) FROM leases"), NODES);
    assert_false(kernel_holds(nodes.kernels[1], LEASE_LOG));
    nodes_stop(&nodes);
    wait_for_slots(road->kernel, DELIVERY_SLOTS);
}

/* A node that ends in order leaves its work to the other at once. */
static void work_is_handed_over(void **state)
{
    struct road *road = *state;
    struct nodes nodes = nodes_start(road);
    kernel_close(road->kernel);
    store_close(road->store);
    road->store = nodes.stores[1];
    road->kernel = nodes.kernels[1];
    road_order(road, "after");
    wait_for_lease(road->kernel, LEASE_LOG);
    check_log(road);
}

/* As if another node had taken everything while this one was asleep, and then died. */
static void take_all_leases(struct road *road)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "UPDATE %s.leases SET holder = 'another', fence = fence + 1, beat = beat + 1 "
             "WHERE name NOT LIKE 'node/%%'",
             road->place.name);
    test_schema_run(sql);
}

static void a_node_that_was_asleep_is_fenced(void **state)
{
    struct road *road = *state;
    struct log_checkpoint_row row = {.size = 1000, .note = TEXT("x")};
    struct row_slot slot = {.table = &log_checkpoints_table, .row = &row, .changed = true};
    struct row_slot *const slots[] = {&slot};
    wait_for_lease(road->kernel, LEASE_WITNESSES);
    take_all_leases(road);
    assert_false(kernel_save(road->kernel, LEASE_WITNESSES, slots, 1, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_LEASE_LOST);
    assert_int_equal(number(road, "SELECT count(*) FROM log_checkpoints"), 0);
    /* What the dead one held is taken up when it was not renewed for a while. */
    struct id order = road_order(road, "1");
    assert_false(id_is_zero(order));
    wait_for_slots(road->kernel, DELIVERY_SLOTS);
    wait_for_lease(road->kernel, LEASE_WITNESSES);
    assert_true(kernel_save(road->kernel, LEASE_WITNESSES, slots, 1, &road->problem));
    check_log(road);
}

/* The rows that a group and its savings under a lost lease bring: only the group's are there. */
static void acts_do_not_suffer_from_a_lost_lease(void **state)
{
    struct road *road = *state;
    take_all_leases(road);
    struct order_created_body *body = road_order_body(road, "1");
    struct submission *order =
        road_submission(road, &order_created, road_shop, (struct id){{0}}, body);
    kernel_act(road->kernel, order);
    assert_accepted(order);
    assert_true(order->log_index >= 0);
}

static void one_key_signs_the_log(void **state)
{
    static const uint8_t seed[ED25519_KEY_BYTES] = {9, 9, 9};
    struct road *road = *state;
    struct note_secret other;
    struct buffer vkey;
    assert_true(
        note_secret_from_seed(&other, TEXT(ROAD_ORIGIN), NOTE_ED25519, seed, &road->problem));
    buffer_init(&vkey);
    note_key_add(&vkey, &other.key);
    buffer_char(&vkey, '\0');
    struct store *store = road_store_open(road, road->url);
    const struct kernel_options options = {.catalogue = &catalogue,
                                           .store = store,
                                           .log_origin = ROAD_ORIGIN,
                                           .sign = note_secret_sign,
                                           .sign_context = &other,
                                           .log_vkey = vkey.bytes,
                                           .waiting_max = 100};
    assert_null(kernel_open(&options, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_CONFIGURATION);
    store_close(store);
    buffer_done(&vkey);
    note_secret_done(&other);
}

/* --- answers that are lost --- */

/* True if the act is on record. */
static bool is_recorded(struct road *road, const struct act *act)
{
    const struct value values[] = {VALUE_OF_INT(act->org), VALUE_OF_ID(act->id)};
    int64_t count = 0;
    struct reader *reader = store_reader_take(road->store);
    assert_true(reader_number(reader, "SELECT count(*) FROM acts WHERE org = ?1 AND id = ?2",
                              values, 2, &count, &road->problem));
    store_reader_give(road->store, reader);
    assert_true(count <= 1);
    return count == 1;
}

/* What was answered as done is done once, and what was answered as not done is not. */
static void check_answer(struct road *road, const struct submission *submission)
{
    if (submission->accepted)
        assert_true(is_recorded(road, &submission->act));
    else if (submission->problem.code != PROBLEM_OUTCOME_UNCERTAIN)
        assert_false(is_recorded(road, &submission->act));
}

/* Of whichever connection the next answer is: a group's, the sequencer's, a reader's. */
static void lost_answers_are_found_out(void **state)
{
    struct road *road = *state;
    struct relay relay;
    char url[640];
    size_t accepted = 0;
    relay_start(&relay, road->url, url);
    struct store *store = road_store_open(road, url);
    struct kernel *kernel = road_kernel_open(road, store);
    for (int i = 0; i < 120; i++) {
        char reference[32];
        snprintf(reference, sizeof reference, "lost-%d", i);
        struct submission *order = road_submission(
            road, &order_created, road_shop, (struct id){{0}}, road_order_body(road, reference));
        relay.loses = i % 2 == 0;
        kernel_act(kernel, order);
        check_answer(road, order);
        accepted += order->accepted;
    }
    assert_true(accepted >= 60);
    kernel_close(kernel);
    store_close(store);
    relay_stop(&relay);
    road_order(road, "behind"); /* the log has taken up all that came before */
    check_log(road);
}

static void skipped_without_a_database(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, road_tear_down)
#define UNLOCKED(function)                                                                         \
    cmocka_unit_test_setup_teardown(function, set_up_unlocked, road_tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(they_have_one_log),
        TEST(a_race_is_not_lost_between_them),
        UNLOCKED(a_race_is_not_lost_between_them),
        TEST(a_key_counts_on_all_of_them),
        UNLOCKED(a_key_counts_on_all_of_them),
        TEST(acts_keep_their_order),
        TEST(each_thing_is_one_nodes),
        TEST(work_is_handed_over),
        TEST(a_node_that_was_asleep_is_fenced),
        TEST(acts_do_not_suffer_from_a_lost_lease),
        TEST(one_key_signs_the_log),
        TEST(lost_answers_are_found_out),
    };
    static const struct CMUnitTest none[] = {cmocka_unit_test(skipped_without_a_database)};
    log_set_level(LOG_ERROR);
    return test_postgres() == NULL ? cmocka_run_group_tests(none, NULL, NULL)
                                   : cmocka_run_group_tests(tests, NULL, NULL);
}
