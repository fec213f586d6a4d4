#include "market/orders.h"

#include <string.h>

#include "act/tables.h"
#include "market/bodies.h"

/* Every act but the first needs the order, as the first of its rows. */
#define NEED_ORDER                                                                                 \
    {                                                                                              \
        .table = &orders_table, .mode = NEED_PRESENT, .what = "order"                              \
    }
#define BUYER_AND_SELLER (ROLE_SELLER | ROLE_BUYER)

/* A buyer acts on their own orders only; others do not exist for them. */
static bool is_party(const struct act *act, const void *subject)
{
    const struct order_row *order = subject;
    return act->actor.role != ROLE_BUYER || text_equal(act->actor.buyer, order->buyer);
}

/* The order's current cancel request as a member of JSON, for a 409 that carries it. */
static struct text cancel_request_member(const struct order_row *order, struct arena *arena)
{
    struct buffer members;
    buffer_init(&members);
    struct json_writer json = json_writer(&members);
    json_name(&json, "cancel_request");
    json_open(&json);
    json_name(&json, "id");
    json_id(&json, "cr", order->cancel_id);
    if (order->cancel_reason.bytes != NULL)
        json_member(&json, "reason", order->cancel_reason);
    json_name(&json, "requested_at");
    json_time(&json, order->cancel_requested_at);
    json_close(&json);
    struct text text = arena_text(arena, buffer_view(&members));
    buffer_done(&members);
    return text;
}

/* Adds the order's cancel request to PROBLEM: whoever is refused learns what they had not seen. */
static bool refuse_with_request(struct decision *decision, enum problem_code code,
                                const char *detail, struct problem *problem)
{
    problem_set(problem, code, "%s", detail);
    problem->extension = cancel_request_member(decision_row(decision, 0), decision->arena);
    return false;
}

/* --- order.created --- */

static void key_of_reference(const struct act *act, void *row)
{
    const struct order_created_body *body = act->body;
    struct order_reference_row *reference = row;
    reference->org = act->org;
    reference->reference = body->reference;
}

static void key_of_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

static bool one_currency(const struct order_created_body *body, struct problem *problem)
{
    const struct order_item *items = body->items.items;
    const struct order_payment *payments = body->payments.items;
    for (size_t i = 0; i < body->items.count; i++)
        if (strcmp(items[i].price.currency, body->total.currency) != 0 ||
            (items[i].freight.currency[0] != '\0' &&
             strcmp(items[i].freight.currency, body->total.currency) != 0))
            return problem_add(problem, PROBLEM_BODY_INVALID, "/items",
                               "element %zu is priced in another currency than the total", i);
    for (size_t i = 0; i < body->payments.count; i++)
        if (strcmp(payments[i].amount.currency, body->total.currency) != 0)
            return problem_add(problem, PROBLEM_BODY_INVALID, "/payments",
                               "element %zu is paid in another currency than the total", i);
    return true;
}

static bool decide_created(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct order_created_body *body = act->body;
    if (!one_currency(body, problem))
        return false;
    struct order_row *order = decision_change(decision, 0);
    order->reference = body->reference;
    order->buyer = body->buyer;
    order->state = ORDER_PLACED;
    order->placed_at = body->placed_at != 0 ? body->placed_at : act->at;
    order->total_amount = body->total.amount;
    order->currency = (struct text){body->total.currency, 3};
    order->items = body_list(act, "items", &body->items, decision->arena);
    order->payments = body_list(act, "payments", &body->payments, decision->arena);
    order->destination = body->destination;
    ((struct order_reference_row *)decision_change(decision, 1))->order_id = order->id;
    return true;
}

static const struct field item_fields[] = {
    FIELD(struct order_item, category, FIELD_TEXT, .min = 1, .max = 100,
          .doc = "The category that the fee goes by.", .example = "\"lamps\""),
    FIELD(struct order_item, freight, FIELD_MONEY, .min = 0, .max = MONEY_MAX,
          .doc = "What the buyer pays for its transport."),
    FIELD(struct order_item, price, FIELD_MONEY, .required = true, .min = 0, .max = MONEY_MAX,
          .doc = "Of one piece."),
    FIELD(struct order_item, quantity, FIELD_INT, .required = true, .min = 1, .max = 100000,
          .doc = "How many.", .example = "1"),
    FIELD(struct order_item, ship_by, FIELD_TIME, .doc = "Until then it must be handed over."),
    FIELD(struct order_item, sku, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "The article.", .example = "\"LAMP-3\""),
    FIELD(struct order_item, title, FIELD_TEXT, .min = 1, .max = 300, .doc = "What it is called.",
          .example = "\"Reading lamp\""),
};

static const struct field payment_fields[] = {
    FIELD(struct order_payment, amount, FIELD_MONEY, .required = true, .min = 0, .max = MONEY_MAX,
          .doc = "How much."),
    FIELD(struct order_payment, installments, FIELD_INT, .min = 0, .max = 1000,
          .doc = "In how many parts.", .example = "1"),
    FIELD(struct order_payment, method, FIELD_TEXT, .required = true, .min = 1, .max = 50,
          .doc = "By which means.", .example = "\"card\""),
};

#define BODY struct order_created_body
static const struct field created_fields[] = {
    FIELD(BODY, buyer, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "The shop's name of the buyer.", .example = "\"b-17\""),
    FIELD(BODY, destination, FIELD_TEXT, .min = 1, .max = 100,
          .doc = "Where it goes: a region, not an address.", .example = "\"Hamburg\""),
    FIELD(BODY, items, FIELD_LIST, .required = true, .min = 1, .max = 200, .fields = item_fields,
          .field_count = COUNT_OF(item_fields), .item_bytes = sizeof(struct order_item),
          .doc = "What is ordered."),
    FIELD(BODY, org, FIELD_ORG, .required = true, .doc = "The seller."),
    FIELD(BODY, payments, FIELD_LIST, .min = 0, .max = 50, .fields = payment_fields,
          .field_count = COUNT_OF(payment_fields), .item_bytes = sizeof(struct order_payment),
          .doc = "How it is paid."),
    FIELD(BODY, placed_at, FIELD_TIME, .doc = "When the buyer placed it; otherwise now."),
    FIELD(BODY, reference, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "The shop's number of it; one order a number and seller.",
          .example = "\"2026-1001\""),
    FIELD(BODY, total, FIELD_MONEY, .required = true, .min = 0, .max = MONEY_MAX,
          .doc = "What the buyer pays."),
};
#undef BODY

const struct act_type order_created = {
    .name = "order.created",
    .method = "POST",
    .path = "/v1/orders",
    .subject_prefix = "ord",
    .subject = SUBJECT_NEW,
    .org_field = "org",
    .roles = ROLE_SHOP,
    .parties = BUYER_AND_SELLER,
    .fields = created_fields,
    .field_count = COUNT_OF(created_fields),
    .body_bytes = sizeof(struct order_created_body),
    .need_count = 3,
    .needs =
        {{.table = &orders_table, .mode = NEED_ABSENT, .what = "an order of that id"},
         {.table = &order_references_table,
          .mode = NEED_ABSENT,
          .key = key_of_reference,
          .what = "an order of this seller has that reference"},
         {.table = &orgs_table, .mode = NEED_PRESENT, .key = key_of_org, .what = "organisation"}},
    .decide = decide_created,
    .story = "{buyer} ordered for {total}: order {reference}[, placed on {placed_at} as the shop "
             "states].",
    .doc = "The shop tells of an order: one act with all of its items.",
};

/* --- order.cancel_requested --- */

static bool decide_cancel_requested(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct cancel_requested_body *body = act->body;
    const struct order_row *row = decision_row(decision, 0);
    if (row->cancel_state == CANCEL_OPEN)
        return refuse_with_request(decision, PROBLEM_CANCEL_REQUEST_OPEN,
                                   "the seller has not decided yet", problem);
    if (row->state == ORDER_DELIVERED || row->state == ORDER_CANCELED)
        return problem_set(problem, PROBLEM_ORDER_STATE, "it was %s before",
                           row->state == ORDER_DELIVERED ? "delivered" : "cancelled");
    struct order_row *order = decision_change(decision, 0);
    order->cancel_id = act->id;
    order->cancel_state = CANCEL_OPEN;
    order->cancel_reason = body->reason;
    order->cancel_requested_at = act->at;
    order->cancel_seen_at = order->cancel_decided_at = 0;
    order->cancel_seen_by = order->cancel_decision_reason = TEXT_NONE;
    order->cancel_decide_by = order->state == ORDER_SHIPPED ? act->deadlines[0] : 0;
    decision->waived = order->state == ORDER_SHIPPED ? 0 : 1; /* `decided` */
    return true;
}

static const struct field cancel_requested_fields[] = {
    FIELD(struct cancel_requested_body, reason, FIELD_TEXT, .min = 1, .max = 1000,
          .doc = "Why, in the buyer's words.", .example = "\"Ordered twice by mistake\""),
};

const struct act_type order_cancel_requested = {
    .name = "order.cancel_requested",
    .method = "POST",
    .path = "/v1/orders/{subject}/cancel-requests",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_BUYER | ROLE_SHOP,
    .parties = BUYER_AND_SELLER,
    .fields = cancel_requested_fields,
    .field_count = COUNT_OF(cancel_requested_fields),
    .body_bytes = sizeof(struct cancel_requested_body),
    .need_count = 1,
    .needs = {NEED_ORDER},
    .is_party = is_party,
    .deadline_count = 2,
    .deadlines = {{"decided", offsetof(struct rules, decide_within_us)},
                  {"delivered", offsetof(struct rules, deliver_within_us)}},
    .tell_count = 1,
    .tells = {{AUDIENCE_SELLER, 1}},
    .decide = decide_cancel_requested,
    .story = "The buyer asked to cancel[: {reason}].",
    .doc = "The buyer (or the shop for them) asks to cancel. The seller must be reached by the "
           "deadline `delivered`; an order under way counts as cancelled if nothing is decided by "
           "the deadline `decided`.",
};

/* --- seen and decided by the seller --- */

static void key_of_request_notice(const struct act *act, void *row)
{
    /* Every body that decides about a request begins alike. */
    const struct cancel_decided_body *body = act->body;
    struct notice_row *notice = row;
    notice->org = act->org;
    notice->act = body->cancel_request;
    notice->audience = AUDIENCE_SELLER;
}

static void key_of_seen_notice(const struct act *act, void *row)
{
    const struct cancel_seen_body *body = act->body;
    struct notice_row *notice = row;
    notice->org = act->org;
    notice->act = body->cancel_request;
    notice->audience = AUDIENCE_SELLER;
}

/* Is this the order's request, and open? */
static bool is_open_request(struct decision *decision, struct id request, struct problem *problem)
{
    const struct order_row *order = decision_row(decision, 0);
    if (!id_equal(order->cancel_id, request))
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such cancel request of this order");
    if (order->cancel_state != CANCEL_OPEN)
        return refuse_with_request(decision, PROBLEM_CANCEL_REQUEST_CLOSED, "it was decided before",
                                   problem);
    return true;
}

/* Who says so: their own name for themselves, or who they are, or the key that they used. */
static struct text name_of_actor(const struct act *act, struct text by, struct arena *arena)
{
    char key[ID_TEXT_BYTES];
    if (by.length > 0)
        return by;
    bool is_person = !id_is_zero(act->actor.person);
    size_t length =
        id_format(is_person ? "per" : "key", is_person ? act->actor.person : act->actor.key, key);
    return arena_text(arena, (struct text){key, length});
}

/* MEANS may be NULL: not stated. */
static void mark_seen(struct decision *decision, struct text by, const char *means)
{
    const struct act *act = decision->act;
    const struct order_row *row = decision_row(decision, 0);
    if (row->cancel_seen_at != 0)
        return;
    struct text name = name_of_actor(act, by, decision->arena);
    struct order_row *order = decision_change(decision, 0);
    order->cancel_seen_at = act->at;
    order->cancel_seen_by = name;
    struct notice_row *notice = decision_change(decision, 1);
    notice->seen_at = act->at;
    notice->seen_by = name;
    notice->seen_means = text_of(means);
    if (notice->delivered_at != 0)
        return;
    /* Who has seen it was reached, whatever the transport knows. */
    notice->delivered_at = act->at;
    notice->delivered_by = TEXT("seen");
    notice->delivered_to = name;
}

static const char *const seen_means_names[] = {"app", "mail", "page", "phone", NULL};

static bool decide_cancel_seen(struct decision *decision, struct problem *problem)
{
    const struct cancel_seen_body *body = decision->act->body;
    const struct order_row *order = decision_row(decision, 0);
    if (!is_open_request(decision, body->cancel_request, problem))
        return false;
    if (order->cancel_seen_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was seen before");
    bool has_means = field_present(body, 2);
    mark_seen(decision, body->by, has_means ? seen_means_names[body->means] : NULL);
    return true;
}

#define BODY struct cancel_seen_body
static const struct field cancel_seen_fields[] = {
    FIELD(BODY, by, FIELD_TEXT, .min = 1, .max = 100,
          .doc = "Which person or app saw it; otherwise the key.", .example = "\"Ana, warehouse\""),
    FIELD(BODY, cancel_request, FIELD_ID, .required = true, .prefix = "cr",
          .doc = "Which request."),
    FIELD(BODY, means, FIELD_ENUM, .names = seen_means_names, .doc = "By which means."),
};
#undef BODY

#define NEED_REQUEST_NOTICE(key_function)                                                          \
    {                                                                                              \
        .table = &notices_table, .mode = NEED_PRESENT, .key = (key_function),                      \
        .what = "cancel request of this order"                                                     \
    }

const struct act_type order_cancel_seen = {
    .name = "order.cancel_seen",
    .method = "POST",
    .path = "/v1/orders/{subject}/cancel-requests/seen",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER,
    .permission = PERMISSION_ORDERS,
    .parties = BUYER_AND_SELLER,
    .fields = cancel_seen_fields,
    .field_count = COUNT_OF(cancel_seen_fields),
    .body_bytes = sizeof(struct cancel_seen_body),
    .need_count = 2,
    .needs = {NEED_ORDER, NEED_REQUEST_NOTICE(key_of_seen_notice)},
    .decide = decide_cancel_seen,
    .story = "The seller saw the cancel request[ ({by})].",
    .doc = "The seller's side states that a person or an app saw the cancel request.",
};

/* What both decisions have in common; deciding about a request is seeing it. */
static struct order_row *close_request(struct decision *decision, enum cancel_state state,
                                       struct text reason)
{
    struct order_row *order = decision_change(decision, 0);
    order->cancel_state = state;
    order->cancel_decided_at = decision->act->at;
    order->cancel_decision_reason = reason;
    return order;
}

static void cancel_order(struct order_row *order, int64_t at)
{
    order->state = ORDER_CANCELED;
    order->canceled_at = at;
}

static bool decide_cancel_accepted(struct decision *decision, struct problem *problem)
{
    const struct cancel_decided_body *body = decision->act->body;
    if (!is_open_request(decision, body->cancel_request, problem))
        return false;
    mark_seen(decision, TEXT_NONE, "decision");
    cancel_order(close_request(decision, CANCEL_ACCEPTED, body->reason), decision->act->at);
    return true;
}

static bool decide_cancel_refused(struct decision *decision, struct problem *problem)
{
    const struct cancel_decided_body *body = decision->act->body;
    if (!is_open_request(decision, body->cancel_request, problem))
        return false;
    mark_seen(decision, TEXT_NONE, "decision");
    close_request(decision, CANCEL_REFUSED, body->reason);
    return true;
}

#define BODY struct cancel_decided_body
static const struct field cancel_accepted_fields[] = {
    FIELD(BODY, cancel_request, FIELD_ID, .required = true, .prefix = "cr",
          .doc = "Which request."),
    FIELD(BODY, reason, FIELD_TEXT, .min = 1, .max = 1000, .doc = "A word to the buyer."),
};
static const struct field cancel_refused_fields[] = {
    FIELD(BODY, cancel_request, FIELD_ID, .required = true, .prefix = "cr",
          .doc = "Which request."),
    FIELD(BODY, reason, FIELD_TEXT, .required = true, .min = 1, .max = 1000,
          .doc = "Why: the buyer reads it.", .example = "\"Already at the carrier\""),
};
#undef BODY

#define TELL_BUYER                                                                                 \
    .deadline_count = 1, .deadlines = {{"delivered", offsetof(struct rules, deliver_within_us)}},  \
    .tell_count = 1, .tells = {{AUDIENCE_BUYER, 0}}

const struct act_type order_cancel_accepted = {
    .name = "order.cancel_accepted",
    .method = "POST",
    .path = "/v1/orders/{subject}/cancel-requests/accept",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER,
    .permission = PERMISSION_ORDERS,
    .parties = BUYER_AND_SELLER,
    .flags = ACT_MOVES_MONEY,
    .fields = cancel_accepted_fields,
    .field_count = COUNT_OF(cancel_accepted_fields),
    .body_bytes = sizeof(struct cancel_decided_body),
    .need_count = 2,
    .needs = {NEED_ORDER, NEED_REQUEST_NOTICE(key_of_request_notice)},
    TELL_BUYER,
    .decide = decide_cancel_accepted,
    .story = "The seller accepted the cancel request[: {reason}]. The order is cancelled.",
    .doc = "The seller accepts; the order is cancelled.",
};

const struct act_type order_cancel_refused = {
    .name = "order.cancel_refused",
    .method = "POST",
    .path = "/v1/orders/{subject}/cancel-requests/refuse",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER,
    .permission = PERMISSION_ORDERS,
    .parties = BUYER_AND_SELLER,
    .fields = cancel_refused_fields,
    .field_count = COUNT_OF(cancel_refused_fields),
    .body_bytes = sizeof(struct cancel_decided_body),
    .need_count = 2,
    .needs = {NEED_ORDER, NEED_REQUEST_NOTICE(key_of_request_notice)},
    TELL_BUYER,
    .decide = decide_cancel_refused,
    .story = "The seller refused the cancel request: {reason}.",
    .doc = "The seller refuses, with a reason that the buyer reads.",
};

/* --- order.cancel_lapsed --- */

static bool decide_cancel_lapsed(struct decision *decision, struct problem *problem)
{
    const struct cancel_lapsed_body *body = decision->act->body;
    const struct order_row *order = decision_row(decision, 0);
    if (!id_equal(order->cancel_id, body->cancel_request) || order->cancel_state != CANCEL_OPEN ||
        order->cancel_decide_by == 0)
        return problem_set(problem, PROBLEM_CANCEL_REQUEST_CLOSED, "it was decided before");
    cancel_order(close_request(decision, CANCEL_LAPSED, TEXT_NONE), decision->act->at);
    return true;
}

static const struct field cancel_lapsed_fields[] = {
    FIELD(struct cancel_lapsed_body, cancel_request, FIELD_ID, .required = true, .prefix = "cr",
          .doc = "Which request."),
};

const struct act_type order_cancel_lapsed = {
    .name = "order.cancel_lapsed",
    .subject_prefix = "ord",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = BUYER_AND_SELLER,
    .flags = ACT_QUIET,
    .fields = cancel_lapsed_fields,
    .field_count = COUNT_OF(cancel_lapsed_fields),
    .body_bytes = sizeof(struct cancel_lapsed_body),
    .need_count = 1,
    .needs = {NEED_ORDER},
    .deadline_count = 1,
    .deadlines = {{"delivered", offsetof(struct rules, deliver_within_us)}},
    .tell_count = 2,
    .tells = {{AUDIENCE_BUYER, 0}, {AUDIENCE_SELLER, 0}},
    .decide = decide_cancel_lapsed,
    .story = "The seller did not decide in time, so the cancel request counts as accepted.",
    .doc = "The seller of an order under way let the deadline pass: by the marketplace's rule the "
           "cancel request counts as accepted.",
};

static void prepare_lapse(const void *row, struct act *act, struct arena *arena)
{
    const struct order_row *order = row;
    struct cancel_lapsed_body *body = ARENA_NEW(arena, struct cancel_lapsed_body);
    body->present = 1;
    body->cancel_request = order->cancel_id;
    act->org = order->org;
    act->subject = order->id;
    act->body = body;
}

const struct timer lapse_timer = {
    .name = "lapse",
    .table = &orders_table,
    .due = "WHERE cancel_decide_by <= ?1 AND cancel_decided_at IS NULL "
           "ORDER BY cancel_decide_by LIMIT ?2",
    .type = &order_cancel_lapsed,
    .prepare = prepare_lapse,
};

/* --- order.shipped --- */

static bool decide_shipped(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct order_shipped_body *body = act->body;
    const struct order_row *row = decision_row(decision, 0);
    if (row->state != ORDER_PLACED)
        return problem_set(problem, PROBLEM_ORDER_STATE, "it was %s before",
                           row->state == ORDER_CANCELED ? "cancelled" : "shipped");
    if (row->cancel_state == CANCEL_OPEN && row->cancel_seen_at == 0) /* I4 */
        return refuse_with_request(decision, PROBLEM_CANCEL_REQUEST_UNSEEN,
                                   "the buyer asked to cancel before you shipped", problem);
    if (row->cancel_state == CANCEL_OPEN)
        close_request(decision, CANCEL_OVERTAKEN, TEXT("shipped after it was seen"));
    else
        decision->waived = 1; /* nobody waits for a decision */
    struct order_row *order = decision_change(decision, 0);
    order->state = ORDER_SHIPPED;
    order->carrier = body->carrier;
    order->tracking = body->tracking;
    order->shipped_at = body->handed_over_at != 0 ? body->handed_over_at : act->at;
    return true;
}

#define BODY struct order_shipped_body
static const struct field shipped_fields[] = {
    FIELD(BODY, carrier, FIELD_TEXT, .min = 1, .max = 100, .doc = "Who carries it.",
          .example = "\"DHL\""),
    FIELD(BODY, handed_over_at, FIELD_TIME, .doc = "When it was handed over; otherwise now."),
    FIELD(BODY, tracking, FIELD_TEXT, .min = 1, .max = 100, .doc = "The carrier's number of it.",
          .example = "\"JJD000390007843\""),
};
#undef BODY

const struct act_type order_shipped = {
    .name = "order.shipped",
    .method = "POST",
    .path = "/v1/orders/{subject}/ship",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER,
    .permission = PERMISSION_ORDERS,
    .parties = BUYER_AND_SELLER,
    .fields = shipped_fields,
    .field_count = COUNT_OF(shipped_fields),
    .body_bytes = sizeof(struct order_shipped_body),
    .need_count = 1,
    .needs = {NEED_ORDER},
    TELL_BUYER,
    .decide = decide_shipped,
    .story =
        "The seller shipped the goods[ with {carrier}][, tracking {tracking}][, handed over on "
        "{handed_over_at} as the seller states].",
    .doc =
        "The seller confirms shipment. Refused with 409 `cancel-request-unseen`, which carries "
        "the request, as long as the buyer's cancel request has not been seen. Shipping over a "
        "request that was seen is the seller's decision, is recorded as such (overtaken), and the "
        "buyer must be told of it.",
};

/* --- the shop's own acts --- */

static bool decide_delivered(struct decision *decision, struct problem *problem)
{
    const struct order_delivered_body *body = decision->act->body;
    const struct order_row *row = decision_row(decision, 0);
    if (row->state != ORDER_SHIPPED)
        return problem_set(problem, PROBLEM_ORDER_STATE, "only a shipped order can be delivered");
    struct order_row *order = decision_change(decision, 0);
    order->state = ORDER_DELIVERED;
    order->delivered_at = body->delivered_at != 0 ? body->delivered_at : decision->act->at;
    if (order->cancel_state == CANCEL_OPEN)
        close_request(decision, CANCEL_OVERTAKEN, TEXT("delivered before it was decided"));
    else
        decision->waived = 1; /* nobody waits for a decision */
    return true;
}

static const struct field delivered_fields[] = {
    FIELD(struct order_delivered_body, delivered_at, FIELD_TIME,
          .doc = "When it reached the buyer; otherwise now."),
};

const struct act_type order_delivered = {
    .name = "order.delivered",
    .method = "POST",
    .path = "/v1/orders/{subject}/deliver",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SHOP,
    .parties = BUYER_AND_SELLER,
    .fields = delivered_fields,
    .field_count = COUNT_OF(delivered_fields),
    .body_bytes = sizeof(struct order_delivered_body),
    .need_count = 1,
    .needs = {NEED_ORDER},
    TELL_BUYER,
    .decide = decide_delivered,
    .story = "The goods reached the buyer[, as the shop states on {delivered_at}].",
    .doc =
        "The shop tells that the order reached the buyer. A cancel request that is still open is "
        "overtaken by it, and the buyer must be told.",
};

static bool decide_canceled(struct decision *decision, struct problem *problem)
{
    const struct order_canceled_body *body = decision->act->body;
    const struct order_row *row = decision_row(decision, 0);
    if (row->state != ORDER_PLACED)
        return problem_set(problem, PROBLEM_ORDER_STATE, "only a placed order can be cancelled");
    if (row->cancel_state == CANCEL_OPEN)
        close_request(decision, CANCEL_ACCEPTED, body->reason);
    cancel_order(decision_change(decision, 0), decision->act->at);
    return true;
}

static const struct field canceled_fields[] = {
    FIELD(struct order_canceled_body, reason, FIELD_TEXT, .required = true, .min = 1, .max = 1000,
          .doc = "Why: seller and buyer read it.", .example = "\"Payment failed\""),
};

const struct act_type order_canceled = {
    .name = "order.canceled",
    .method = "POST",
    .path = "/v1/orders/{subject}/cancel",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SHOP,
    .parties = BUYER_AND_SELLER,
    .flags = ACT_MOVES_MONEY,
    .fields = canceled_fields,
    .field_count = COUNT_OF(canceled_fields),
    .body_bytes = sizeof(struct order_canceled_body),
    .need_count = 1,
    .needs = {NEED_ORDER},
    .deadline_count = 1,
    .deadlines = {{"delivered", offsetof(struct rules, deliver_within_us)}},
    .tell_count = 2,
    .tells = {{AUDIENCE_SELLER, 0}, {AUDIENCE_BUYER, 0}},
    .decide = decide_canceled,
    .story = "The marketplace cancelled it: {reason}.",
    .doc = "The marketplace cancels an order that was not shipped, with a reason.",
};

static bool decide_reviewed(struct decision *decision, struct problem *problem)
{
    const struct order_reviewed_body *body = decision->act->body;
    const struct order_row *row = decision_row(decision, 0);
    if (row->stars != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was reviewed before");
    ((struct order_row *)decision_change(decision, 0))->stars = body->stars;
    return true;
}

#define BODY struct order_reviewed_body
static const struct field reviewed_fields[] = {
    FIELD(BODY, answered_at, FIELD_TIME, .doc = "When the seller's side answered it."),
    FIELD(BODY, reviewed_at, FIELD_TIME, .doc = "When the buyer wrote it; otherwise now."),
    FIELD(BODY, stars, FIELD_INT, .required = true, .min = 1, .max = 5, .doc = "The rating.",
          .example = "5"),
};
#undef BODY

const struct act_type order_reviewed = {
    .name = "order.reviewed",
    .method = "POST",
    .path = "/v1/orders/{subject}/review",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SHOP,
    .parties = BUYER_AND_SELLER,
    .fields = reviewed_fields,
    .field_count = COUNT_OF(reviewed_fields),
    .body_bytes = sizeof(struct order_reviewed_body),
    .need_count = 1,
    .needs = {NEED_ORDER},
    .decide = decide_reviewed,
    .story = "The buyer gave {stars} of 5 stars.",
    .doc = "The shop tells of the buyer's rating.",
};

/* --- receipt.relayed --- */

static const char *const relay_means_names[] = {"mail", "message", "page", "phone", NULL};

static void key_of_relayed_notice(const struct act *act, void *row)
{
    const struct receipt_relayed_body *body = act->body;
    struct notice_row *notice = row;
    notice->org = act->org;
    notice->act = body->act;
    notice->audience = AUDIENCE_BUYER;
}

static bool decide_relayed(struct decision *decision, struct problem *problem)
{
    const struct receipt_relayed_body *body = decision->act->body;
    const struct notice_row *notice = decision_row(decision, 1);
    if (!id_equal(notice->subject, decision->act->subject))
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such notice of this order");
    if (notice->delivered_at != 0)
        return problem_set(problem, PROBLEM_REACHED_ALREADY, "a receipt is on record");
    struct notice_row *changed = decision_change(decision, 1);
    changed->delivered_at = decision->act->at;
    changed->delivered_by = text_of(relay_means_names[body->means]);
    changed->delivered_to = name_of_actor(decision->act, TEXT_NONE, decision->arena);
    return true;
}

#define BODY struct receipt_relayed_body
static const struct field relayed_fields[] = {
    FIELD(BODY, act, FIELD_ID, .required = true, .prefix = "act",
          .doc = "What the buyer was told."),
    FIELD(BODY, means, FIELD_ENUM, .required = true, .names = relay_means_names,
          .doc = "How the shop told them."),
};
#undef BODY

const struct act_type receipt_relayed = {
    .name = "receipt.relayed",
    .method = "POST",
    .path = "/v1/orders/{subject}/receipts",
    .subject_prefix = "ord",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SHOP,
    .parties = BUYER_AND_SELLER,
    .fields = relayed_fields,
    .field_count = COUNT_OF(relayed_fields),
    .body_bytes = sizeof(struct receipt_relayed_body),
    .need_count = 2,
    .needs = {NEED_ORDER,
              {.table = &notices_table,
               .mode = NEED_PRESENT,
               .key = key_of_relayed_notice,
               .what = "notice to the buyer"}},
    .decide = decide_relayed,
    .story = "The shop told the buyer of {act} by {means}.",
    .doc = "The shop states that it told the buyer of an act, by its own means.",
};
