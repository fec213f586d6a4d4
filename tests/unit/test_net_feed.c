/* Feeds: each reader sees their own acts, all of them, once, in order. */
#include "road.h"

#include "act/feed.h"

/* One for all tests, as a process has it: a store keeps its SQL by address. */
static struct feed *feed;

/* Reads a whole feed in pages of LIMIT; returns how many events there were. */
static size_t read_all(struct road *road, const struct principal *who, const struct id *subject,
                       size_t limit, struct feed_event *events, size_t capacity)
{
    int64_t after = 0;
    size_t count = 0;
    for (;;) {
        struct feed_page page;
        struct reader *reader = store_reader_take(road->store);
        assert_true(feed_read(feed, reader, who, subject, after, limit, road->arena, &page,
                              &road->problem));
        store_reader_give(road->store, reader);
        if (page.count == 0)
            return count;
        assert_true(page.count <= limit && page.next > after);
        for (size_t i = 0; i < page.count; i++) {
            assert_true(count < capacity && page.events[i].position > after);
            after = page.events[i].position;
            events[count++] = page.events[i];
        }
        after = page.next;
    }
}

#define EVENTS 64

static size_t read_types(struct road *road, const struct principal *who, const struct id *subject,
                         size_t limit, struct buffer *types)
{
    struct feed_event events[EVENTS];
    size_t count = read_all(road, who, subject, limit, events, EVENTS);
    buffer_clear(types);
    for (size_t i = 0; i < count; i++)
        buffer_format(types, "%s%s", i == 0 ? "" : " ", events[i].type->name);
    return count;
}

static void each_role_sees_what_it_is_party_to(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    road_order(road, "1002");
    struct id request = road_cancel_request(road, order);
    assert_accepted(road_see(road, order, request));
    const struct principal seller = road_seller(road);
    const struct principal buyer = road_buyer("b-17");
    const struct principal stranger = road_buyer("b-18");
    const struct principal other = {.role = ROLE_SELLER, .org = road->org == 1 ? 2 : 1};
    struct buffer types;
    buffer_init(&types);
    for (size_t limit = 1; limit <= 7; limit++) {
        read_types(road, &road_shop, NULL, limit, &types);
        assert_true(text_is(buffer_view(&types), "org.created order.created order.created "
                                                 "order.cancel_requested order.cancel_seen"));
        read_types(road, &seller, NULL, limit, &types);
        assert_true(text_is(buffer_view(&types), "org.created order.created order.created "
                                                 "order.cancel_requested order.cancel_seen"));
        read_types(road, &seller, &order, limit, &types);
        assert_true(
            text_is(buffer_view(&types), "order.created order.cancel_requested order.cancel_seen"));
        read_types(road, &road_shop, &order, limit, &types);
        assert_true(
            text_is(buffer_view(&types), "order.created order.cancel_requested order.cancel_seen"));
        assert_int_equal(read_types(road, &buyer, NULL, limit, &types), 4);
        assert_int_equal(read_types(road, &buyer, &order, limit, &types), 3);
        assert_int_equal(read_types(road, &stranger, NULL, limit, &types), 0);
        assert_int_equal(read_types(road, &stranger, &order, limit, &types), 0);
        assert_int_equal(read_types(road, &other, NULL, limit, &types), 0);
    }
    buffer_done(&types);
}

static void newest_is_behind_the_last_event(void **state)
{
    struct road *road = *state;
    const struct principal readers[] = {road_shop, road_seller(road), road_buyer("b-17")};
    road_order(road, "1001");
    for (size_t i = 0; i < COUNT_OF(readers); i++) {
        struct feed_event events[EVENTS];
        int64_t newest = 0;
        size_t count = read_all(road, &readers[i], NULL, 100, events, EVENTS);
        struct reader *reader = store_reader_take(road->store);
        assert_true(feed_newest(reader, &readers[i], &newest, &road->problem));
        store_reader_give(road->store, reader);
        assert_int_equal(newest, events[count - 1].position);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_role_sees_what_it_is_party_to),
        TEST(newest_is_behind_the_last_event),
    };
    feed = feed_new(&catalogue);
    int failed = cmocka_run_group_tests_name("net_feed", tests, NULL, NULL);
    feed_free(feed);
    return failed;
}
