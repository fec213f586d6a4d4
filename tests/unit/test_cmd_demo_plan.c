/* The plan of the demonstration: the same for the same seed, in order, and with every story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/demo_plan.h"

static bool same_events(const struct demo_plan *a, const struct demo_plan *b)
{
    bool same = a->event_count == b->event_count;
    for (size_t i = 0; same && i < a->event_count; i++)
        same = a->events[i].minutes_ago == b->events[i].minutes_ago &&
               a->events[i].order == b->events[i].order && a->events[i].kind == b->events[i].kind;
    return same;
}

static void the_seed_decides_all(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct demo_plan one;
    struct demo_plan same;
    struct demo_plan other;
    demo_plan_make(&one, 7, arena);
    demo_plan_make(&same, 7, arena);
    demo_plan_make(&other, 8, arena);
    assert_true(same_events(&one, &same));
    assert_int_equal(one.event_count, other.event_count);
    assert_false(same_events(&one, &other));
    arena_free(arena);
}

static void events_come_in_order_and_are_past(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct arena *arena = arena_new();
        struct demo_plan plan;
        demo_plan_make(&plan, seed, arena);
        size_t *steps = arena_array(arena, plan.order_count, sizeof(size_t));
        for (size_t i = 0; i < plan.event_count; i++) {
            const struct demo_event *event = &plan.events[i];
            assert_true(event->minutes_ago > 0);
            assert_true(i == 0 || event->minutes_ago <= plan.events[i - 1].minutes_ago);
            assert_int_equal(event->step, steps[event->order]++);
            assert_int_equal(event->kind == DEMO_CREATE, event->step == 0);
        }
        arena_free(arena);
    }
}

static void every_script_is_played(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct demo_plan plan;
    size_t counts[DEMO_SCRIPTS] = {0};
    demo_plan_make(&plan, 1, arena);
    for (size_t i = 0; i < plan.order_count; i++) {
        const struct demo_order *order = &plan.orders[i];
        counts[order->script]++;
        assert_true(order->seller < DEMO_SELLERS && order->buyer < DEMO_BUYERS);
        assert_true(order->quantity > 0 && order->stars >= 1 && order->stars <= 5);
        assert_non_null(order->article);
    }
    for (size_t i = 0; i < DEMO_SCRIPTS; i++)
        assert_true(counts[i] > 0);
    assert_int_equal(plan.orders[0].script, DEMO_UNREACHED); /* the welcome text shows it */
    assert_true(plan.order_count >= 300);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_seed_decides_all),
        cmocka_unit_test(events_come_in_order_and_are_past),
        cmocka_unit_test(every_script_is_played),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
