#include "market/orders.h"

#include "act/tables.h"
#include "identity/people.h"

static const char *const state_names[] = {"placed", "shipped", "delivered", "canceled", NULL};
static const char *const cancel_state_names[] = {"none",      "open",   "accepted", "refused",
                                                 "overtaken", "lapsed", NULL};

#define ROW struct order_row
#define CANCEL "cancel_request/"
static const struct column order_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The seller's organisation."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "ord", .api = "id", .doc = "The order."),
    COLUMN(ROW, reference, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "reference",
           .doc = "The shop's number of it."),
    COLUMN(ROW, buyer, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "buyer",
           .doc = "The shop's name of the buyer."),
    COLUMN(ROW, state, COLUMN_ENUM, .names = state_names, .api = "state",
           .doc = "How far it has come."),
    COLUMN(ROW, placed_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "placed_at",
           .doc = "When the buyer placed it."),
    COLUMN(ROW, total_amount, COLUMN_INT, .flags = COLUMN_FIXED, .api = "total/amount",
           .doc = "What the buyer pays, in minor units."),
    COLUMN(ROW, currency, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "total/currency",
           .doc = "ISO 4217."),
    COLUMN(ROW, items, COLUMN_JSON, .flags = COLUMN_FIXED, .api = "items",
           .doc = "What was ordered, as the shop sent it."),
    COLUMN(ROW, payments, COLUMN_JSON, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "payments",
           .doc = "How it was paid, as the shop sent it."),
    COLUMN(ROW, destination, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .api = "destination", .doc = "Where it goes: a region, not an address."),
    COLUMN(ROW, cancel_id, COLUMN_ID, .flags = COLUMN_OPTIONAL, .prefix = "cr", .api = CANCEL "id",
           .doc = "The cancel request; the same number as the act that asked."),
    COLUMN(ROW, cancel_state, COLUMN_ENUM, .names = cancel_state_names, .api = CANCEL "state",
           .doc = "What became of it."),
    COLUMN(ROW, cancel_reason, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = CANCEL "reason",
           .doc = "Why the buyer asks."),
    COLUMN(ROW, cancel_requested_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL,
           .api = CANCEL "requested_at", .doc = "When."),
    COLUMN(ROW, cancel_seen_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = CANCEL "seen_at",
           .doc = "When the seller saw it."),
    COLUMN(ROW, cancel_seen_by, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = CANCEL "seen_by",
           .doc = "Which person or app saw it."),
    COLUMN(ROW, cancel_decide_by, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = CANCEL "decide_by",
           .doc = "Orders under way: if nothing is decided by then, it counts as accepted."),
    COLUMN(ROW, cancel_decided_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL,
           .api = CANCEL "decided_at", .doc = "When it was decided."),
    COLUMN(ROW, cancel_decision_reason, COLUMN_TEXT, .flags = COLUMN_OPTIONAL,
           .api = CANCEL "decision_reason", .doc = "Why it was decided so."),
    COLUMN(ROW, carrier, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "carrier",
           .doc = "Who carries it."),
    COLUMN(ROW, tracking, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "tracking",
           .doc = "The carrier's number of it."),
    COLUMN(ROW, shipped_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "shipped_at",
           .doc = "When it was handed over."),
    COLUMN(ROW, delivered_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "delivered_at",
           .doc = "When it reached the buyer."),
    COLUMN(ROW, canceled_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "canceled_at",
           .doc = "When it was cancelled."),
    COLUMN(ROW, stars, COLUMN_INT, .api = "stars", .doc = "Of the buyer's review; 0: none."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table orders_table = {
    .name = "orders",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = order_columns,
    .column_count = COUNT_OF(order_columns),
    .key_count = 2,
    .version = &order_columns[COUNT_OF(order_columns) - 1],
    .doc = "Orders, one a seller and shop's number, with their current cancel request.",
};
#undef ROW

#define ROW struct order_reference_row
static const struct column order_reference_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The seller's organisation."),
    COLUMN(ROW, reference, COLUMN_TEXT, .doc = "The shop's number."),
    COLUMN(ROW, order_id, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "ord", .doc = "Its order."),
};
const struct table order_references_table = {
    .name = "order_references",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = order_reference_columns,
    .column_count = COUNT_OF(order_reference_columns),
    .key_count = 2,
    .doc = "That no shop's number makes two orders.",
};
#undef ROW

const struct view orders_view = {
    .name = "orders",
    .path = "/v1/orders",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_BUYER | ROLE_AUDITOR | ROLE_OPERATOR,
    .table = &orders_table,
    .for_all = "WHERE id > ?4 AND (state = ?6 OR ?6 IS NULL) "
               "AND (reference = ?7 OR ?7 IS NULL) ORDER BY id LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND id > ?4 AND (state = ?6 OR ?6 IS NULL) "
                  "AND (reference = ?7 OR ?7 IS NULL) ORDER BY id LIMIT ?5",
    .for_buyer = "WHERE buyer = ?2 AND id > ?4 AND (state = ?6 OR ?6 IS NULL) "
                 "AND (reference = ?7 OR ?7 IS NULL) ORDER BY id LIMIT ?5",
    .cursor = "id",
    .filters =
        {{.name = "state", .column = "state"},
         {.name = "reference",
          .column = "reference",
          /* One look by key for each organisation: no index that every new order would pay for. */
          .for_all = "WHERE id IN (SELECT found.order_id FROM orgs CROSS JOIN order_references "
                     "AS found WHERE found.org = orgs.org AND found.reference = ?7) "
                     "AND id > ?4 AND (state = ?6 OR ?6 IS NULL) ORDER BY id LIMIT ?5",
          .for_seller = "WHERE org = ?1 AND id = (SELECT found.order_id FROM order_references "
                        "AS found WHERE found.org = ?1 AND found.reference = ?7) "
                        "AND id > ?4 AND (state = ?6 OR ?6 IS NULL) ORDER BY id LIMIT ?5"}},
    .doc = "Orders, oldest first.",
};

const struct view order_view = {
    .name = "order",
    .path = "/v1/orders/{subject}",
    .subject_prefix = "ord",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_BUYER | ROLE_AUDITOR | ROLE_OPERATOR,
    .table = &orders_table,
    .single = true,
    .for_all = "WHERE org = ?1 AND id = ?3",
    .for_seller = "WHERE org = ?1 AND id = ?3",
    .for_buyer = "WHERE org = ?1 AND id = ?3 AND buyer = ?2",
    /* Of cancel requests the row shows the newest alone; the rest stays once it is there. */
    .tells = "WHERE org = ?1 AND subject = ?2 AND audience = ?3 AND delivered_at IS NULL AND "
             "(type IN ('order.shipped', 'order.delivered', 'order.canceled') "
             "OR (type = 'order.cancel_requested' AND act = "
             "(SELECT cancel_id FROM orders WHERE org = ?1 AND id = ?2)) "
             "OR (type IN ('order.cancel_accepted', 'order.cancel_refused', 'order.cancel_lapsed') "
             "AND told_at = (SELECT cancel_decided_at FROM orders WHERE org = ?1 AND id = ?2))) "
             "ORDER BY act LIMIT 32",
    .doc = "One order, with its current cancel request.",
};

const struct view order_notices_view = {
    .name = "notices",
    .path = "/v1/orders/{subject}/notices",
    .subject_prefix = "ord",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_BUYER | ROLE_AUDITOR | ROLE_OPERATOR,
    .for_all = "WHERE org = ?1 AND subject = ?3 AND act > ?4 "
               "ORDER BY act, audience LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND subject = ?3 AND act > ?4 "
                  "ORDER BY act, audience LIMIT ?5",
    .for_buyer = "WHERE org = ?1 AND subject = ?3 AND act > ?4 AND EXISTS "
                 "(SELECT 1 FROM orders WHERE orders.org = notices.org "
                 "AND orders.id = notices.subject AND orders.buyer = ?2) "
                 "ORDER BY act, audience LIMIT ?5",
    .table = &notices_table,
    .cursor = "act",
    .doc = "Who had to be told what about the order, and whether they were: delivered and seen.",
};

/* By the order: a buyer sees what was checked of who they buy from, and only what passed. */
const struct view seller_verifications_view = {
    .name = "seller_verifications",
    .path = "/v1/orders/{subject}/seller-verifications",
    .subject_prefix = "ord",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_BUYER | ROLE_AUDITOR | ROLE_OPERATOR,
    .table = &verifications_table,
    .for_all = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .for_buyer = "WHERE org = ?1 AND id > ?4 AND result = 0 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "What was checked of the order's seller.",
};
