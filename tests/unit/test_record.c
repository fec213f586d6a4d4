/* Records read back as they were written, and nothing else is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "act/receipts.h"
#include "act/record.h"
#include "market/market.h"
#include "market/orders.h"

static struct record record_of(const struct act_type *type, const void *body)
{
    struct record record = {.accepted = true};
    record.act = (struct act){.type = type,
                              .org = 5,
                              .seq = 3,
                              .at = INT64_C(1795345200000000),
                              .actor = {.role = ROLE_BUYER, .buyer = TEXT("b-17")},
                              .body = body};
    record.act.id = record.act.subject = id_new(5);
    for (size_t i = 0; i < type->deadline_count; i++)
        record.act.deadlines[i] = record.act.at + (int64_t)(i + 1) * TIME_HOUR;
    return record;
}

static bool reads_back(struct text text, struct record *record, struct arena *arena)
{
    struct problem problem;
    return record_read(&catalogue, text, record, arena, &problem);
}

static void test_record_reads_back(void **state)
{
    (void)state;
    const struct cancel_requested_body body = {.present = 1, .reason = TEXT("„Ж\"\n\x01“")};
    struct arena *arena = arena_new();
    struct record record = record_of(&order_cancel_requested, &body);
    struct record again;
    struct buffer text;
    buffer_init(&text);
    record.accepted = false;
    problem_set(&record.problem, PROBLEM_CANCEL_REQUEST_OPEN, "not decided");
    record.problem.extension = TEXT("\"cancel_request\":{\"id\":\"cr_x\"}");
    record_write(&text, &record.act, &record.problem);
    assert_true(reads_back(buffer_view(&text), &again, arena));
    assert_false(again.accepted);
    assert_int_equal(again.problem.code, PROBLEM_CANCEL_REQUEST_OPEN);
    assert_true(text_equal(again.problem.extension, record.problem.extension));
    const struct cancel_requested_body *read = again.act.body;
    assert_true(text_equal(read->reason, body.reason));
    assert_int_equal(again.act.deadlines[1], record.act.deadlines[1]);
    assert_true(text_is(again.act.actor.buyer, "b-17"));
    buffer_done(&text);
    arena_free(arena);
}

/* What a receipt is about stands in its record, whatever its text says, and in no declaration. */
static void test_record_says_its_subject(void **state)
{
    (void)state;
    const struct receipt_delivered_body body = {.present = 15,
                                                .act = id_new(5),
                                                .audience = AUDIENCE_SELLER,
                                                .means = MEANS_MAIL,
                                                .to = TEXT(",\"subject\":\"ord_x\"")};
    static const char *const prefixes[] = {"ord", "sub", "later"};
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        struct arena *arena = arena_new();
        struct record record = record_of(&receipt_delivered, &body);
        struct record again;
        struct buffer text, subject;
        record.act.actor = (struct principal){.role = ROLE_SYSTEM};
        record.act.prefix = prefixes[i];
        buffer_init(&text);
        buffer_init(&subject);
        buffer_id(&subject, prefixes[i], record.act.subject);
        record_write(&text, &record.act, NULL);
        assert_true(text_equal(record_subject(buffer_view(&text)), buffer_view(&subject)));
        assert_true(reads_back(buffer_view(&text), &again, arena));
        assert_string_equal(act_prefix(&again.act), prefixes[i]);
        buffer_done(&subject);
        buffer_done(&text);
        arena_free(arena);
    }
    assert_int_equal(record_subject(TEXT("{}")).length, 0);
}

static void test_record_is_strict(void **state)
{
    (void)state;
    const struct cancel_requested_body body = {.present = 1, .reason = TEXT("x")};
    struct arena *arena = arena_new();
    struct record record = record_of(&order_cancel_requested, &body);
    struct record again;
    struct buffer text;
    buffer_init(&text);
    record_write(&text, &record.act, NULL);
    assert_true(reads_back(buffer_view(&text), &again, arena));
    /* A space, a further member, another order of names: all JSON, none of it ours. */
    static const struct {
        const char *from, *to;
    } edits[] = {{"\"seq\":3", "\"seq\": 3"},
                 {"\"v\":1", "\"v\":1,\"w\":2"},
                 {"\"v\":1", "\"v\":2"},
                 {"order.cancel_requested", "order.unknown"},
                 {"\"seq\":3", "\"seq\":0"},
                 {"\"role\":\"buyer\"", "\"role\":\"boss\""},
                 {"\"reason\":\"x\"", "\"reason\":7"},
                 {"\"outcome\":\"accepted\"", "\"outcome\":\"x\""}};
    for (size_t i = 0; i < COUNT_OF(edits); i++) {
        struct buffer edited;
        buffer_init(&edited);
        const char *at = memmem(text.bytes, text.length, edits[i].from, strlen(edits[i].from));
        assert_non_null(at);
        size_t before = (size_t)(at - text.bytes);
        size_t behind = before + strlen(edits[i].from);
        buffer_add(&edited, text.bytes, before);
        buffer_string(&edited, edits[i].to);
        buffer_add(&edited, text.bytes + behind, text.length - behind);
        if (reads_back(buffer_view(&edited), &again, arena))
            fail_msg("%s was taken", edits[i].to);
        buffer_done(&edited);
    }
    buffer_done(&text);
    arena_free(arena);
}

static void test_every_declaration_holds(void **state)
{
    (void)state;
    catalogue_check(&catalogue); /* stops the process if not */
    assert_non_null(catalogue_act(&catalogue, TEXT("order.shipped")));
    assert_null(catalogue_act(&catalogue, TEXT("order.shippe")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_reads_back),
        cmocka_unit_test(test_record_says_its_subject),
        cmocka_unit_test(test_record_is_strict),
        cmocka_unit_test(test_every_declaration_holds),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
