/* The webhooks' queue: order by subject, retries, replays, restarts; without a network. */
#include "road.h"

#include "net/webhook_private.h"

struct queue {
    struct road *road;
    struct feed *feed;
    struct webhooks webhooks;
    struct endpoint endpoint;
    struct share share;
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
    queue->webhooks.held = ~0U;
    queue->endpoint.row.org = road->org;
    queue->endpoint.row.id = id;
    queue->endpoint.row.since = 1; /* behind org.created */
    queue->endpoint.who = road_seller(road);
    queue->endpoint.parallel = PARALLEL_MAX;
    queue->endpoint.share = &queue->share;
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

static void an_organisation_has_its_share(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct delivery *delivery;
    road_order(road, "1001");
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    queue.share.under_way = SHARE_MAX; /* by its other endpoints */
    send_next(&queue, &delivery);
    assert_null(delivery);
    assert_int_equal(queue_next_at(&queue.endpoint), INT64_MAX); /* nothing to wake up for */
    queue.share.under_way--;
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

/* As if the feed had grown to there. */
static void move_cursor(struct queue *queue, int64_t position)
{
    queue->endpoint.cursor.position = position;
    queue->endpoint.cursor_changed = queue->webhooks.unsaved = true;
    if (!queue_save(&queue->webhooks, &queue->road->problem))
        fail_msg("%s", queue->road->problem.detail);
}

static bool is_kept(struct queue *queue, int64_t position, struct delivery_row *row)
{
    *row = (struct delivery_row){
        .org = queue->road->org, .endpoint = queue->endpoint.row.id, .position = position};
    return road_load(queue->road, &deliveries_table, row);
}

/* Which of the positions 2, 3 … are in the store, as digits. */
static const char *kept(struct queue *queue, char out[16])
{
    struct delivery_row row;
    char *at = out;
    for (int64_t position = 2; position < 9; position++)
        if (is_kept(queue, position, &row))
            *at++ = (char)('0' + position);
    *at = '\0';
    return out;
}

static void what_is_done_is_forgotten_behind_the_window(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct delivery *delivery[5];
    char out[16];
    static const char *const references[] = {"2", "3", "4", "5", "6"}; /* their positions */
    for (size_t i = 0; i < COUNT_OF(references); i++)
        road_order(road, references[i]);
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    for (size_t i = 0; i < COUNT_OF(delivery); i++)
        send_next(&queue, &delivery[i]);
    settle_as(&queue, delivery[0], DELIVERY_DELIVERED);
    settle_as(&queue, delivery[1], DELIVERY_FAILED);
    settle_as(&queue, delivery[3], DELIVERY_DELIVERED);
    settle_as(&queue, delivery[4], DELIVERY_DELIVERED);
    move_cursor(&queue, DELIVERIES_KEPT + 1);
    assert_string_equal(kept(&queue, out), "23456");
    move_cursor(&queue, DELIVERIES_KEPT + 5);
    assert_string_equal(kept(&queue, out), "46"); /* 4 is pending */
    settle_as(&queue, delivery[2], DELIVERY_DELIVERED);
    move_cursor(&queue, DELIVERIES_KEPT + 5);
    assert_string_equal(kept(&queue, out), "6");
    queue_close(&queue);
}

/* Behind the window too: only once it was sent again it may go. */
static void a_replay_behind_the_window_is_sent(void **state)
{
    struct queue queue;
    struct road *road = *state;
    struct delivery *delivery;
    char out[16];
    road_order(road, "2");
    queue_open(&queue, road, id_new(road->org));
    take_all(&queue);
    send_next(&queue, &delivery);
    settle_as(&queue, delivery, DELIVERY_DELIVERED);
    queue.endpoint.cursor.replay_position = 1;
    queue.endpoint.cursor.replay_through = 2;
    queue.endpoint.grown = true;
    assert_true(queue_take(&queue.webhooks, &queue.endpoint, &road->problem));
    move_cursor(&queue, DELIVERIES_KEPT + 5);
    assert_string_equal(kept(&queue, out), "2");
    send_next(&queue, &delivery);
    assert_non_null(delivery);
    settle_as(&queue, delivery, DELIVERY_DELIVERED);
    move_cursor(&queue, DELIVERIES_KEPT + 6);
    assert_string_equal(kept(&queue, out), "");
    queue_close(&queue);
}

static struct id add_endpoint(struct road *road)
{
    static const struct endpoint_created_body body = {.present = 2,
                                                      .url = {"https://a.example/", 18}};
    struct submission *made =
        road_act(road, &endpoint_created, road_seller(road), (struct id){{0}}, &body);
    assert_accepted(made);
    return made->act.subject;
}

/* Takes one order for the endpoint, which is then as ACT leaves it. */
static void check_off(struct road *road, const struct act_type *act, struct principal actor,
                      const char *reason)
{
    static const struct endpoint_disabled_body body = {.present = 1, .reason = {"it is tired", 11}};
    struct queue queue;
    struct delivery_row row;
    struct id id = add_endpoint(road);
    queue_open(&queue, road, id);
    take_all(&queue);
    int64_t position = queue.endpoint.first->row.position;
    queue.webhooks.may_have_unsendable = true;
    assert_true(forget_unsendable(&queue.webhooks, &road->problem));
    assert_true(is_kept(&queue, position, &row));
    assert_int_equal(row.state, DELIVERY_PENDING);
    if (act != NULL)
        assert_accepted(road_act(road, act, actor, id, &body));
    queue.webhooks.may_have_unsendable = true;
    assert_true(forget_unsendable(&queue.webhooks, &road->problem));
    assert_true(is_kept(&queue, position, &row));
    assert_int_equal(row.state, reason == NULL ? DELIVERY_PENDING : DELIVERY_FAILED);
    assert_int_equal(row.next_at == 0, reason != NULL);
    if (reason != NULL)
        assert_non_null(memmem(row.attempts.bytes, row.attempts.length, reason, strlen(reason)));
    queue_close(&queue);
}

static void what_is_pending_of_an_endpoint_that_is_off_has_failed(void **state)
{
    static const struct principal nobody = {.role = ROLE_SYSTEM};
    struct road *road = *state;
    road_order(road, "1001");
    check_off(road, NULL, nobody, NULL);
    check_off(road, &endpoint_removed, road_seller(road), "the endpoint was removed");
    check_off(road, &endpoint_disabled, nobody, "it is tired");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_at_a_time_of_a_subject),
        TEST(a_slow_endpoint_is_left_alone),
        TEST(an_organisation_has_its_share),
        TEST(a_restart_forgets_nothing),
        TEST(a_replay_sends_again_and_once),
        TEST(only_wanted_types_are_taken),
        TEST(more_than_the_window),
        TEST(what_is_done_is_forgotten_behind_the_window),
        TEST(a_replay_behind_the_window_is_sent),
        TEST(what_is_pending_of_an_endpoint_that_is_off_has_failed),
    };
    return cmocka_run_group_tests_name("net_webhook", tests, NULL, NULL);
}
