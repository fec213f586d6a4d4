/* The webhooks' queue: order by subject, retries, replays, restarts; without a network. */
#include "road.h"

#include "net/webhook_private.h"

struct queue {
    struct road *road;
    struct feed *feed;
    struct webhooks webhooks;
    struct endpoint endpoint;
};

static void queue_open(struct queue *queue, struct road *road, struct id id)
{
    memset(queue, 0, sizeof *queue);
    queue->road = road;
    queue->feed = feed_new(&catalogue);
    queue->webhooks.options.kernel = road->kernel;
    queue->webhooks.options.feed = queue->feed;
    queue->webhooks.arena = arena_new();
    queue->webhooks.endpoints = &queue->endpoint;
    queue->endpoint.row.org = road->org;
    queue->endpoint.row.id = id;
    queue->endpoint.row.since = 1; /* behind org.created */
    queue->endpoint.who = road_seller(road);
    queue->endpoint.parallel = PARALLEL_MAX;
    queue->endpoint.grown = true;
    struct reader *reader = store_reader_take(road->store);
    if (!queue_load(&queue->webhooks, &queue->endpoint, reader, road->arena, &road->problem))
        fail_msg("%s", road->problem.detail);
    store_reader_give(road->store, reader);
}

static void queue_close(struct queue *queue)
{
    queue_clear(&queue->endpoint);
    arena_free(queue->webhooks.arena);
    feed_free(queue->feed);
}

static void take_all(struct queue *queue)
{
    queue->endpoint.grown = true;
    while (queue->endpoint.grown && queue->endpoint.pending < PENDING_MAX)
        if (!queue_take(&queue->webhooks, &queue->endpoint, &queue->road->problem))
            fail_msg("%s", queue->road->problem.detail);
    if (!queue_save(&queue->webhooks, &queue->road->problem))
        fail_msg("%s", queue->road->problem.detail);
}

/* What would be sent now, as if it were under way from then on. */
static const char *send_next(struct queue *queue, struct delivery **delivery)
{
    *delivery = queue_due(&queue->endpoint, time_now() + TIME_SECOND);
    if (*delivery == NULL)
        return "";
    (*delivery)->row.next_at = INT64_MAX / 2;
    return (*delivery)->type.bytes;
}

static void settle_as(struct queue *queue, struct delivery *delivery, enum delivery_state state)
{
    delivery->row.state = (int64_t)state;
    delivery->row.next_at = 0;
    delivery->changed = true;
    assert_true(queue_save(&queue->webhooks, &queue->road->problem));
}

static bool is_type(struct text type, const char *name)
{
    return text_is(type, name);
}

static void one_at_a_time_of_a_subject(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct id first = road_order(road, "1001");
    struct id second = road_order(road, "1002");
    struct delivery *a, *b, *none;
    road_cancel_request(road, first);
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    assert_int_equal(queue.endpoint.pending, 3);
    send_next(&queue, &a);
    send_next(&queue, &b);
    assert_true(id_equal(a->row.subject, first) && id_equal(b->row.subject, second));
    assert_true(is_type(a->row.type, "order.created") && is_type(b->row.type, "order.created"));
    send_next(&queue, &none); /* the cancel request waits for its order */
    assert_null(none);
    settle_as(&queue, a, DELIVERY_DELIVERED);
    send_next(&queue, &a);
    assert_true(is_type(a->row.type, "order.cancel_requested"));
    queue_close(&queue);
}

static void a_slow_endpoint_is_left_alone(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct delivery *delivery;
    int64_t later = time_now() + TIME_HOUR;
    road_order(road, "1001");
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    queue.endpoint.not_before = later;
    send_next(&queue, &delivery);
    assert_null(delivery);
    assert_int_equal(queue_next_at(&queue.endpoint), later);
    queue.endpoint.not_before = 0;
    queue.endpoint.parallel = queue.endpoint.under_way = 1;
    send_next(&queue, &delivery);
    assert_null(delivery);
    queue.endpoint.under_way = 0;
    send_next(&queue, &delivery);
    assert_non_null(delivery);
    queue_close(&queue);
}

static void a_restart_forgets_nothing(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct id endpoint = id_new(road->org);
    struct delivery *delivery;
    road_order(road, "1001");
    struct id second = road_order(road, "1002");
    queue_open(&queue, road, endpoint);
    take_all(&queue);
    send_next(&queue, &delivery);
    settle_as(&queue, delivery, DELIVERY_DELIVERED);
    queue_close(&queue);

    struct id third = road_order(road, "1003");
    queue_open(&queue, road, endpoint);
    assert_int_equal(queue.endpoint.pending, 1); /* not the one that was delivered */
    take_all(&queue);
    assert_int_equal(queue.endpoint.pending, 2);
    send_next(&queue, &delivery);
    assert_true(id_equal(delivery->row.subject, second));
    send_next(&queue, &delivery);
    assert_true(id_equal(delivery->row.subject, third));
    queue_close(&queue);
}

static void a_replay_sends_again_and_once(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct delivery *delivery;
    struct id orders[4];
    static const char *const references[] = {"1", "2", "3", "4"};
    for (size_t i = 0; i < COUNT_OF(orders); i++)
        orders[i] = road_order(road, references[i]);
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    for (size_t i = 0; i < COUNT_OF(orders); i++) {
        send_next(&queue, &delivery);
        settle_as(&queue, delivery, DELIVERY_DELIVERED);
    }
    assert_int_equal(queue.endpoint.pending, 0);
    queue.endpoint.cursor.replay_position = 2; /* seq 2 is the first order */
    queue.endpoint.cursor.replay_through = 4;
    take_all(&queue);
    assert_int_equal(queue.endpoint.pending, 2);
    send_next(&queue, &delivery);
    assert_true(delivery->found && id_equal(delivery->row.subject, orders[1]));
    settle_as(&queue, delivery, DELIVERY_FAILED);
    send_next(&queue, &delivery);
    assert_true(id_equal(delivery->row.subject, orders[2]));
    settle_as(&queue, delivery, DELIVERY_DELIVERED);
    take_all(&queue);
    assert_int_equal(queue.endpoint.pending, 0);
    queue_close(&queue);
}

static void only_wanted_types_are_taken(void **state)
{
    struct queue queue;
    struct road *road = *state;
    road_cancel_request(road, road_order(road, "1001"));
    queue_open(&queue, road, id_new(road->org));
    queue.endpoint.row.events = TEXT("[\"order.cancel_requested\"]");
    take_all(&queue);
    assert_int_equal(queue.endpoint.pending, 1);
    assert_true(is_type(queue.endpoint.first->row.type, "order.cancel_requested"));
    queue_close(&queue);
}

/* The window is full: nothing is lost, the rest is taken when there is place. */
static void more_than_the_window(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct delivery *delivery;
    char reference[16];
    size_t sent = 0;
    for (int i = 0; i < PENDING_MAX + 30; i++) {
        snprintf(reference, sizeof reference, "%d", i);
        road_order(road, reference);
    }
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    assert_int_equal(queue.endpoint.pending, PENDING_MAX);
    for (send_next(&queue, &delivery); delivery != NULL; send_next(&queue, &delivery)) {
        delivery->row.state = DELIVERY_DELIVERED;
        delivery->row.next_at = 0;
        delivery->changed = true;
        if (++sent % 100 == 0)
            take_all(&queue);
        if (queue_due(&queue.endpoint, time_now() + TIME_SECOND) == NULL)
            take_all(&queue);
    }
    assert_int_equal(sent, PENDING_MAX + 30);
    queue_close(&queue);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_at_a_time_of_a_subject),  TEST(a_slow_endpoint_is_left_alone),
        TEST(a_restart_forgets_nothing),   TEST(a_replay_sends_again_and_once),
        TEST(only_wanted_types_are_taken), TEST(more_than_the_window),
    };
    return cmocka_run_group_tests_name("net_webhook", tests, NULL, NULL);
}
