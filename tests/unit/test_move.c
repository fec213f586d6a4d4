/* A log moves from one store to another: who may serve when, and what stops a move. */
#include "road.h"

#include "act/move.h"

/* From the road's store to its second place. */
struct moving {
    struct road *road;
    struct store *from, *to;
    struct move *move;
};

static struct moving moving_open(struct road *road, const char *from, const char *to)
{
    struct moving moving = {
        .road = road, .from = road_store_open(road, from), .to = road_store_open(road, to)};
    const struct move_options options = {.catalogue = &catalogue,
                                         .from = moving.from,
                                         .to = moving.to,
                                         .log_vkey = road->vkey.bytes,
                                         .lease_us = 3 * TIME_SECOND};
    moving.move = move_new(&options);
    return moving;
}

static void moving_close(struct moving *moving)
{
    move_free(moving->move);
    store_close(moving->from);
    store_close(moving->to);
}

static struct moving moving_begin(struct road *road, const char *from, const char *to)
{
    struct moving moving = moving_open(road, from, to);
    if (!move_begin(moving.move, &road->problem))
        fail_msg("%s", road->problem.detail);
    return moving;
}

static void finish(struct moving *moving)
{
    struct mirror_report report;
    struct move_log log;
    struct problem *problem = &moving->road->problem;
    if (!move_settle(moving->move, &report, problem) ||
        !move_verify_log(moving->move, &log, problem) || !move_end(moving->move, problem))
        fail_msg("%s", problem->detail);
    assert_int_equal(log.size, 4);
}

static void assert_not_served(struct road *road, const char *url)
{
    struct store *store = road_store_open(road, url);
    assert_false(move_check(store, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_STORE_MOVED);
    const struct kernel_options options = {.catalogue = &catalogue,
                                           .store = store,
                                           .log_origin = ROAD_ORIGIN,
                                           .sign = note_secret_sign,
                                           .sign_context = &road->log,
                                           .log_vkey = road->vkey.bytes,
                                           .waiting_max = 10};
    assert_null(kernel_open(&options, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_STORE_MOVED);
    store_close(store);
}

/* Four acts, the road's own with them; then nobody works on the store. */
static void work_and_rest(struct road *road)
{
    struct id order = road_order(road, "A-1");
    road_cancel_request(road, order);
    road_order(road, "A-2");
    road_stop(road);
}

static void serve_from(struct road *road, const char *url)
{
    if (url != road->url)
        memmove(road->url, url, sizeof road->url);
    road_start(road);
}

static void the_log_stands_in_one_store(void **state)
{
    struct road *road = *state;
    struct kernel_state before;
    struct kernel_state after;
    char old[512];
    memcpy(old, road->url, sizeof old);
    work_and_rest(road);
    struct moving moving = moving_begin(road, road->url, road->again_url);
    moving_close(&moving);
    assert_not_served(road, road->again_url);
    road_start(road); /* the old one is served until the end */
    kernel_state(road->kernel, &before);
    road_stop(road);
    moving = moving_begin(road, road->url, road->again_url);
    finish(&moving);
    moving_close(&moving);
    assert_not_served(road, old);
    serve_from(road, road->again_url);
    kernel_state(road->kernel, &after);
    assert_int_equal(after.log_size, 4);
    assert_memory_equal(&after.log_root, &before.log_root, sizeof before.log_root);
    road_order(road, "A-3");
}

/* Between its last two steps neither store is served; the same move is taken up again. */
static void a_move_that_broke_off_at_the_very_end(void **state)
{
    struct road *road = *state;
    work_and_rest(road);
    struct moving moving = moving_begin(road, road->url, road->again_url);
    struct move_row away = {
        .direction = MOVE_AWAY, .place = text_of(store_place(moving.to)), .at = TIME_DAY};
    struct row_slot slot = {.table = &moves_table, .row = &away, .changed = true};
    struct writer *writer = store_writer(moving.from, 0);
    assert_true(writer_begin(writer, &road->problem));
    assert_true(writer_save(writer, &(struct row_slot *){&slot}, 1, &road->problem));
    assert_true(writer_commit(writer, &road->problem));
    moving_close(&moving);
    assert_not_served(road, road->url);
    assert_not_served(road, road->again_url);
    moving = moving_begin(road, road->url, road->again_url);
    finish(&moving);
    moving_close(&moving);
    serve_from(road, road->again_url);
}

static void assert_not_begun(struct road *road, const char *from, const char *to,
                             enum problem_code code)
{
    struct moving moving = moving_open(road, from, to);
    assert_false(move_begin(moving.move, &road->problem));
    assert_int_equal(road->problem.code, code);
    moving_close(&moving);
}

static void a_move_that_was_ended_is_not_made_again(void **state)
{
    struct road *road = *state;
    work_and_rest(road);
    struct moving moving = moving_begin(road, road->url, road->again_url);
    finish(&moving);
    moving_close(&moving);
    assert_not_begun(road, road->url, road->again_url, PROBLEM_STORE_OTHER);
    serve_from(road, road->again_url);
}

/* What the new store has done since would be lost. */
static void the_way_back_takes_along_what_was_done_since(void **state)
{
    struct road *road = *state;
    char old[512];
    memcpy(old, road->url, sizeof old);
    work_and_rest(road);
    struct moving moving = moving_begin(road, old, road->again_url);
    finish(&moving);
    moving_close(&moving);
    serve_from(road, road->again_url);
    struct id order = road_order(road, "B-1");
    road_stop(road);
    moving = moving_begin(road, road->again_url, old);
    struct mirror_report report;
    struct move_log log;
    assert_true(move_settle(moving.move, &report, &road->problem));
    assert_true(move_verify_log(moving.move, &log, &road->problem));
    assert_int_equal(log.size, 5);
    assert_true(move_end(moving.move, &road->problem));
    moving_close(&moving);
    assert_not_served(road, road->again_url);
    serve_from(road, old);
    assert_true(text_is(road_load_order(road, order).reference, "B-1"));
}

static void run_one(struct road *road, const char *url, const struct table *table, void *row,
                    bool found)
{
    struct store *store = road_store_open(road, url);
    struct writer *writer = store_writer(store, 0);
    struct row_slot slot = {.table = table, .row = row, .found = found, .changed = true};
    assert_true(writer_begin(writer, &road->problem));
    assert_true(writer_save(writer, &(struct row_slot *){&slot}, 1, &road->problem));
    assert_true(writer_commit(writer, &road->problem));
    store_close(store);
}

static void another_log_is_not_written_over(void **state)
{
    struct road *road = *state;
    struct log_entry_row entry = {.org = 1, .seq = 1, .entry = TEXT("0123456789abcdef")};
    struct move_row here = {.direction = MOVE_HERE, .place = TEXT("elsewhere"), .at = 1};
    work_and_rest(road);
    run_one(road, road->again_url, &log_entries_table, &entry, false);
    assert_not_begun(road, road->url, road->again_url, PROBLEM_STORE_OTHER); /* not empty */
    run_one(road, road->again_url, &moves_table, &here, false);
    assert_not_begun(road, road->url, road->again_url, PROBLEM_STORE_OTHER); /* another log */
    road_start(road);
}

static void a_log_signed_by_another_key_is_not_joined(void **state)
{
    struct road *road = *state;
    struct log_identity_row identity = {.name = TEXT("log"), .key = TEXT("other.example+x")};
    work_and_rest(road);
    run_one(road, road->again_url, &log_identity_table, &identity, false);
    assert_not_begun(road, road->url, road->again_url, PROBLEM_STORE_OTHER);
    road_start(road);
}

static void what_was_moved_is_compared(void **state)
{
    struct road *road = *state;
    struct mirror_report report;
    struct move_log log;
    work_and_rest(road);
    struct moving moving = moving_begin(road, road->url, road->again_url);
    assert_true(move_settle(moving.move, &report, &road->problem));
    struct log_entry_row entry = {.org = 77, .seq = 1, .position = 4, .entry = TEXT("x")};
    struct row_slot slot = {.table = &log_entries_table, .row = &entry, .changed = true};
    struct writer *writer = store_writer(moving.to, 0);
    assert_true(writer_begin(writer, &road->problem));
    assert_true(writer_save(writer, &(struct row_slot *){&slot}, 1, &road->problem));
    assert_true(writer_commit(writer, &road->problem));
    assert_false(move_verify_log(moving.move, &log, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_STATE_DIFFERS);
    moving_close(&moving);
    road_start(road);
}

static void assert_not_settled(struct road *road, const char *pattern)
{
    struct mirror_report report;
    struct moving moving = moving_begin(road, road->url, road->again_url);
    assert_false(move_settle(moving.move, &report, &road->problem));
    assert_int_equal(road->problem.code, PROBLEM_STORE_LOCKED);
    if (strstr(road->problem.detail, pattern) == NULL)
        fail_msg("%s", road->problem.detail);
    moving_close(&moving);
}

static void a_database_at_work_is_not_left(void **state)
{
    struct road *road = *state;
    struct log_queue_row queued = {.org = road->org, .seq = 9, .entry = TEXT("x")};
    if (test_postgres() == NULL)
        skip(); /* a file that a server works on cannot be opened */
    assert_not_settled(road, "a server works on");
    work_and_rest(road);
    run_one(road, road->url, &log_queue_table, &queued, false);
    assert_not_settled(road, "still wait for their places");
    road_start(road);
}

/* Its row stands still. */
static void a_node_that_died_is_not_waited_for(void **state)
{
    struct road *road = *state;
    struct lease_row node = {
        .name = TEXT("node/dead"), .holder = TEXT("dead"), .fence = 1, .renewed_at = 1, .beat = 9};
    if (test_postgres() == NULL)
        skip(); /* files have no nodes */
    work_and_rest(road);
    run_one(road, road->url, &leases_table, &node, false);
    struct moving moving = moving_begin(road, road->url, road->again_url);
    finish(&moving);
    moving_close(&moving);
    serve_from(road, road->again_url);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_log_stands_in_one_store),
        TEST(a_move_that_broke_off_at_the_very_end),
        TEST(a_move_that_was_ended_is_not_made_again),
        TEST(the_way_back_takes_along_what_was_done_since),
        TEST(another_log_is_not_written_over),
        TEST(a_log_signed_by_another_key_is_not_joined),
        TEST(what_was_moved_is_compared),
        TEST(a_database_at_work_is_not_left),
        TEST(a_node_that_died_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
