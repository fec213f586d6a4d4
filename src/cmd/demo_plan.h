/*
 * The plan of the demonstration: who there is, what is sold, and what happened when, made from a
 * seed and nothing else. Times count minutes before now. Pure.
 */
#pragma once

#include "base/arena.h"

#define DEMO_SELLERS 12
#define DEMO_BUYERS 60

enum demo_kind {
    DEMO_CREATE,
    DEMO_SHIP, /* refused where the plan says so */
    DEMO_DELIVER,
    DEMO_REVIEW,
    DEMO_ASK, /* the buyer asks to cancel */
    DEMO_SEEN,
    DEMO_ACCEPT,
    DEMO_REFUSE,
    DEMO_CANCEL,      /* the marketplace cancels */
    DEMO_INCIDENT,    /* the seller was not reached in time */
    DEMO_TELL_SELLER, /* the last act reached … */
    DEMO_TELL_BUYER,
    DEMO_TELL_SHOP,
    DEMO_END
};

/* Orders with these scripts have names, so that the welcome text can point at them. */
enum demo_script {
    DEMO_UNREACHED,
    DEMO_INCIDENT_OPEN,
    DEMO_SHIP_REFUSED,
    DEMO_SEEN_UNDECIDED,
    DEMO_DECIDED_REFUSED,
    DEMO_DECIDED_ACCEPTED,
    DEMO_OVERTAKEN,
    DEMO_UNDER_WAY,
    DEMO_SHOP_CANCELED,
    DEMO_DELIVERED,
    DEMO_SHIPPED,
    DEMO_PLACED,
    DEMO_SCRIPTS
};

struct demo_article {
    const char *sku, *title, *category;
    int64_t price; /* cents */
};

struct demo_order {
    enum demo_script script;
    unsigned seller, buyer;
    const struct demo_article *article;
    int64_t quantity, stars;
    const char *reason; /* of a cancel request */
};

struct demo_event {
    int64_t minutes_ago;
    size_t order;
    size_t step; /* of the order's script; breaks ties */
    enum demo_kind kind;
};

struct demo_plan {
    size_t order_count, event_count;
    struct demo_order *orders;
    struct demo_event *events; /* the oldest first */
};

extern const char *const demo_seller_names[DEMO_SELLERS];

void demo_plan_make(struct demo_plan *plan, uint64_t seed, struct arena *arena);
