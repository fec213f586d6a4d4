/* "Who did that?": what an organisation sees of its own activity. */
#include "people.h"

#include <jansson.h>

#include "net/activity.h"

struct page {
    struct buffer out;
    json_t *entries; /* of ACTIVITY_JSON */
    int64_t next;
};

static struct page read_page(struct road *road, struct activity_query query)
{
    struct page page = {0};
    struct buffer list;
    query.org = road->org;
    query.limit = query.limit == 0 ? 100 : query.limit;
    query.bytes_max = (size_t)1 << 20;
    buffer_init(&page.out);
    struct reader *reader = store_reader_take(road->store);
    query.permissions = PERMISSIONS_ALL;
    if (!activity_write(&catalogue, reader, &query, &page.out, &page.next, &road->problem))
        fail_msg("%s", road->problem.detail);
    store_reader_give(road->store, reader);
    if (query.form != ACTIVITY_JSON)
        return page;
    buffer_init(&list);
    buffer_format(&list, "[%.*s]", TEXT_ARG(buffer_view(&page.out)));
    page.entries = json_loadb(list.bytes, list.length, 0, NULL);
    assert_non_null(page.entries);
    buffer_done(&list);
    return page;
}

static void page_done(struct page *page)
{
    json_free(page->entries);
    buffer_done(&page->out);
}

static size_t count_of(struct road *road, struct activity_query query)
{
    struct page page = read_page(road, query);
    size_t count = json_array_size(page.entries);
    page_done(&page);
    return count;
}

static const char *string_at(const json_t *entry, const char *outer, const char *name)
{
    const json_t *object = outer == NULL ? entry : json_object_get(entry, outer);
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_value(value) : "";
}

static struct submission *ship_as(struct road *road, struct principal actor, struct id order,
                                  const char *carrier)
{
    static const struct interface_step steps[] = {
        {.present = 3, .control = {"ship", 4}, .page = {"orders/1001", 11}}};
    struct order_shipped_body *body = ARENA_NEW(road->arena, struct order_shipped_body);
    struct submission *submission = ARENA_NEW(road->arena, struct submission);
    *body = (struct order_shipped_body){.present = 1, .carrier = text_of(carrier)};
    submission->arena = road->arena;
    submission->act.type = &order_shipped;
    submission->act.actor = actor;
    submission->act.org = road->org;
    submission->act.subject = order;
    submission->act.body = body;
    submission->act.from = TEXT("203.0.113.7");
    submission->act.device = TEXT("Firefox on Linux");
    submission->act.steps = (struct list){1, (void *)(uintptr_t)steps};
    kernel_act(road->kernel, submission);
    return submission;
}

static void an_act_tells_who_and_how(void **state)
{
    struct road *road = *state;
    struct signer *owner = people_new(road, NULL, MEMBER_OWNER, NULL, "Ana");
    struct id order = road_order(road, "1001");
    assert_accepted(ship_as(road, people_actor(road, owner), order, "DHL"));
    struct page page = read_page(road, (struct activity_query){.type = TEXT("order.shipped")});
    const json_t *entry = json_array_get(page.entries, 0);
    assert_int_equal(json_array_size(page.entries), 1);
    assert_string_equal(string_at(entry, NULL, "outcome"), "accepted");
    assert_string_equal(string_at(entry, NULL, "sentence"),
                        "The seller shipped the goods with DHL.");
    assert_string_equal(string_at(entry, "who", "name"), "Ana");
    assert_string_equal(string_at(entry, "who", "role"), "seller");
    assert_string_equal(string_at(entry, "who", "method"), "passkey");
    const json_t *who = json_object_get(entry, "who");
    assert_string_equal(string_at(who, "authenticator", "name"), "Key on the keyring");
    assert_null(json_object_get(who, "on_behalf_of"));
    assert_string_equal(string_at(entry, "where", "address"), "203.0.113.7");
    assert_string_equal(string_at(entry, "where", "device"), "Firefox on Linux");
    const json_t *step = json_array_get(json_object_get(entry, "steps"), 0);
    assert_string_equal(string_at(step, NULL, "control"), "ship");
    const json_t *change = json_array_get(json_object_get(entry, "changes"), 0);
    assert_string_equal(string_at(change, NULL, "column"), "state");
    assert_string_equal(string_at(change, NULL, "from"), "placed");
    assert_string_equal(string_at(change, NULL, "to"), "shipped");
    page_done(&page);
    soft_key_free(&owner->key);
}

static void what_was_refused_is_in_it(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct principal app = road_seller(road);
    app.key = id_new(road->org);
    road_cancel_request(road, order);
    assert_refused(ship_as(road, app, order, "DHL"), PROBLEM_CANCEL_REQUEST_UNSEEN);
    struct page page = read_page(road, (struct activity_query){.outcome = TEXT("refused")});
    assert_int_equal(json_array_size(page.entries), 1);
    const json_t *entry = json_array_get(page.entries, 0);
    assert_string_equal(string_at(entry, "problem", "code"), "cancel-request-unseen");
    assert_true(strlen(string_at(entry, "who", "on_behalf_of")) > 0);
    assert_true(strlen(string_at(entry, "who", "key")) > 0);
    assert_null(json_object_get(entry, "changes"));
    page_done(&page);
}

static void it_is_filtered(void **state)
{
    struct road *road = *state;
    struct signer *owner = people_new(road, NULL, MEMBER_OWNER, NULL, "Ана");
    struct principal app = road_seller(road);
    app.key = id_new(road->org);
    struct id first = road_order(road, "1001");
    struct id second = road_order(road, "1002");
    char object[ID_TEXT_BYTES];
    assert_accepted(ship_as(road, people_actor(road, owner), first, "Почта России"));
    int64_t between = time_now();
    assert_accepted(ship_as(road, app, second, "DHL"));
    id_format("ord", first, object);
    /* Joining and shipping. */
    assert_int_equal(count_of(road, (struct activity_query){.person = owner->person}), 2);
    assert_int_equal(count_of(road, (struct activity_query){.key = app.key}), 1);
    assert_int_equal(count_of(road, (struct activity_query){.object = text_of(object)}), 2);
    assert_int_equal(count_of(road, (struct activity_query){.type = TEXT("order.")}), 4);
    assert_int_equal(count_of(road, (struct activity_query){.type = TEXT("order")}), 0);
    assert_int_equal(
        count_of(road, (struct activity_query){.type = TEXT("order.shipped"), .until = between}),
        1);
    assert_int_equal(
        count_of(road, (struct activity_query){.type = TEXT("order.shipped"), .from = between}), 1);
    assert_int_equal(count_of(road, (struct activity_query){.words = TEXT("ПОЧТА россии")}), 1);
    assert_int_equal(count_of(road, (struct activity_query){.words = TEXT("dhl")}), 1);
    assert_int_equal(count_of(road, (struct activity_query){.words = TEXT("dhl ")}), 0);
    assert_int_equal(
        count_of(road, (struct activity_query){.person = owner->person, .words = TEXT("dhl")}), 0);
    assert_int_equal(count_of(road, (struct activity_query){.words = TEXT("ана")}), 2);
    soft_key_free(&owner->key);
}

static void pages_go_on_where_they_ended(void **state)
{
    struct road *road = *state;
    char reference[16];
    size_t found = 0;
    int64_t last = INT64_MAX;
    for (int i = 0; i < 450; i++) {
        snprintf(reference, sizeof reference, "%d", i);
        road_order(road, reference);
    }
    struct activity_query query = {.type = TEXT("order.created"), .limit = 101};
    do {
        struct page page = read_page(road, query);
        for (size_t i = 0; i < json_array_size(page.entries); i++) {
            const json_t *seq = json_object_get(json_array_get(page.entries, i), "seq");
            assert_true(json_integer_value(seq) < last); /* newest first, none twice */
            last = json_integer_value(seq);
        }
        found += json_array_size(page.entries);
        query.before = page.next;
        page_done(&page);
    } while (query.before != 0);
    assert_int_equal(found, 450);
}

/* A buyer's address is not the seller's business, nor is an account of somebody's own. */
static void what_is_not_theirs_is_not_shown(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    struct cancel_requested_body body = {.present = 1, .reason = TEXT("late")};
    struct submission asked = {.arena = road->arena};
    asked.act = (struct act){.type = &order_cancel_requested,
                             .actor = road_buyer("b-17"),
                             .org = road->org,
                             .subject = order,
                             .body = &body,
                             .from = TEXT("192.0.2.44")};
    kernel_act(road->kernel, &asked);
    assert_accepted(&asked);
    struct page page =
        read_page(road, (struct activity_query){.type = TEXT("order.cancel_requested")});
    assert_int_equal(json_array_size(page.entries), 1);
    assert_null(memmem(page.out.bytes, page.out.length, "192.0.2.44", 10));
    page_done(&page);
}

static void exports_are_lines_that_nobody_breaks(void **state)
{
    struct road *road = *state;
    struct id order = road_order(road, "1001");
    assert_accepted(ship_as(road, road_seller(road), order, "=1+1\r\n\"x\",y"));
    struct page lines = read_page(
        road, (struct activity_query){.type = TEXT("order.shipped"), .form = ACTIVITY_JSON_LINES});
    assert_int_equal(lines.out.bytes[lines.out.length - 1], '\n');
    assert_ptr_equal(memchr(lines.out.bytes, '\n', lines.out.length),
                     lines.out.bytes + lines.out.length - 1);
    page_done(&lines);
    static const struct order_canceled_body formula = {.present = 1,
                                                       .reason = {"=HYPERLINK(1)", 13}};
    assert_accepted(road_act(road, &order_canceled, road_shop, road_order(road, "1002"), &formula));
    struct page csv =
        read_page(road, (struct activity_query){.type = TEXT("order."), .form = ACTIVITY_CSV});
    assert_non_null(memmem(csv.out.bytes, csv.out.length, "\"'=HYPERLINK(1)\"", 16));
    /* Quotes are doubled: outside of them every line has as many cells as the head. */
    size_t cells = 1;
    bool quoted = false;
    for (size_t i = 0; i < csv.out.length; i++) {
        char c = csv.out.bytes[i];
        quoted = quoted != (c == '"');
        cells += !quoted && c == ',';
        if (!quoted && c == '\n') {
            assert_int_equal(cells, 20);
            cells = 1;
        }
    }
    assert_false(quoted);
    page_done(&csv);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_act_tells_who_and_how),
        TEST(what_was_refused_is_in_it),
        TEST(it_is_filtered),
        TEST(pages_go_on_where_they_ended),
        TEST(what_is_not_theirs_is_not_shown),
        TEST(exports_are_lines_that_nobody_breaks),
    };
    return cmocka_run_group_tests_name("activity", tests, NULL, NULL);
}
