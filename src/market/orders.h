/*
 * Orders: placed by the shop, asked to be cancelled by the buyer, decided and shipped by the
 * seller.
 *
 * The rule that the domain exists for (I4): no shipment is confirmed over a cancel request that the
 * seller has not seen. An order row carries its current cancel request, so that one row tells a
 * decide function all it must know; earlier requests live on in the acts.
 *
 * A cancel request of an order that is not under way yet waits for the seller's decision, however
 * long; of an order under way it counts as accepted when the seller lets `decide_by` pass.
 */
#pragma once

#include "act/act.h"
#include "identity/identity.h"

enum order_state { ORDER_PLACED, ORDER_SHIPPED, ORDER_DELIVERED, ORDER_CANCELED };
enum cancel_state {
    CANCEL_NONE,
    CANCEL_OPEN,
    CANCEL_ACCEPTED,
    CANCEL_REFUSED,
    CANCEL_OVERTAKEN, /* the seller saw it and shipped all the same */
    CANCEL_LAPSED,    /* under way and not decided in time: counts as accepted */
};

struct order_row {
    int64_t org;
    struct id id;
    struct text reference; /* the shop's number of it */
    struct text buyer;     /* the shop's name of the buyer */
    int64_t state;
    int64_t placed_at;
    int64_t total_amount;
    struct text currency;
    struct text items;    /* as the shop sent them */
    struct text payments; /* likewise */
    struct text destination;
    struct id cancel_id; /* the act that asked */
    int64_t cancel_state;
    struct text cancel_reason;
    int64_t cancel_requested_at;
    int64_t cancel_seen_at;
    struct text cancel_seen_by;
    int64_t cancel_decide_by; /* only of orders under way */
    int64_t cancel_decided_at;
    struct text cancel_decision_reason;
    struct text carrier, tracking;
    int64_t shipped_at, delivered_at, canceled_at;
    int64_t stars; /* of the review, 0: none */
    int64_t version;
};
extern const struct table orders_table;

/* One order a shop's number and organisation. */
struct order_reference_row {
    int64_t org;
    struct text reference;
    struct id order_id;
};
extern const struct table order_references_table;

struct order_item {
    uint32_t present;
    struct text category;
    struct money freight, price;
    int64_t quantity;
    int64_t ship_by;
    struct text sku, title;
};

struct order_payment {
    uint32_t present;
    struct money amount;
    int64_t installments;
    struct text method;
};

struct order_created_body {
    uint32_t present;
    struct text buyer;
    struct text destination;
    struct list items; /* of struct order_item */
    int64_t org;
    struct list payments; /* of struct order_payment */
    int64_t placed_at;
    struct text reference;
    struct money total;
};

struct cancel_requested_body {
    uint32_t present;
    struct text reason;
};

struct cancel_seen_body {
    uint32_t present;
    struct text by; /* which person or app */
    struct id cancel_request;
    int64_t means;
};

struct cancel_decided_body {
    uint32_t present;
    struct id cancel_request;
    struct text reason;
};

struct order_shipped_body {
    uint32_t present;
    struct text carrier;
    int64_t handed_over_at;
    struct text tracking;
};

struct order_delivered_body {
    uint32_t present;
    int64_t delivered_at;
};

struct order_canceled_body {
    uint32_t present;
    struct text reason;
};

struct order_reviewed_body {
    uint32_t present;
    int64_t answered_at;
    int64_t reviewed_at;
    int64_t stars;
};

struct receipt_relayed_body {
    uint32_t present;
    struct id act;
    int64_t means;
};

struct cancel_lapsed_body {
    uint32_t present;
    struct id cancel_request;
};

extern const struct act_type order_created, order_cancel_requested, order_cancel_seen,
    order_cancel_accepted, order_cancel_refused, order_cancel_lapsed, order_shipped,
    order_delivered, order_canceled, order_reviewed, receipt_relayed;
extern const struct view orders_view, order_view, order_notices_view, seller_verifications_view;
extern const struct timer lapse_timer;
