/*
 * The outbox: endpoints that want to be told by webhook, and what became of telling them.
 *
 * The feed itself is the outbox: an endpoint has a cursor into its owner's feed (a seller's, or the
 * marketplace's for endpoints of the shop). Events behind the cursor have been taken: each has a
 * delivery row, which stays pending until an attempt succeeds or the schedule is used up. Endpoints
 * are state made by acts; deliveries and cursors are operational and saved by kernel_save. Of what
 * was delivered or has failed, only each endpoint's newest are kept.
 */
#pragma once

#include "act/act.h"

struct endpoint_row {
    int64_t org;
    struct id id;
    struct text url;
    struct text events; /* JSON list of act types, or none: all */
    int64_t since;      /* seq of the act that made it: older acts are not sent */
    int64_t created_at;
    int64_t removed_at;
    int64_t disabled_at;
    struct text disabled_reason;
    int64_t version;
};
extern const struct table endpoints_table;

struct endpoint_cursor_row {
    int64_t org;
    struct id endpoint;
    int64_t position;        /* events up to here were taken */
    int64_t replay_position; /* the same of a replay that somebody asked for … */
    int64_t replay_through;  /* … which ends here */
};
extern const struct table endpoint_cursors_table;

/* Somebody asked for events to be sent again; whoever delivers for the endpoint obeys it. */
struct endpoint_replay_row {
    int64_t org;
    struct id endpoint;
    struct id id;
    int64_t after, through;
};
extern const struct table endpoint_replays_table;

enum delivery_state { DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_FAILED };

struct delivery_row {
    int64_t org;
    struct id endpoint;
    int64_t position; /* in the feed of the endpoint's owner */
    struct id act;
    int64_t act_org, act_seq;
    struct id subject;
    struct text type;
    int64_t state; /* enum delivery_state */
    int64_t tries; /* of the schedule; a replay starts anew */
    int64_t next_at;
    int64_t delivered_at;
    struct text attempts; /* JSON list, the newest 20: {answer, at, error, ms, status};
                             of an endpoint that is off, at last {at, error} */
};
extern const struct table deliveries_table;

#define ENDPOINTS_MAX 20 /* of an organisation, neither removed nor disabled */

struct endpoint_event {
    uint32_t present;
    struct text type;
};

struct endpoint_created_body {
    uint32_t present;
    struct list events; /* of struct endpoint_event */
    struct text url;
};

struct endpoint_disabled_body {
    uint32_t present;
    struct text reason;
};

extern const struct act_type endpoint_created, endpoint_removed, endpoint_disabled;
extern const struct view endpoints_view, deliveries_view;
