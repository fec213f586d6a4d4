/*
 * What the webhook thread's files share: webhook.c (the thread, endpoints), webhook_queue.c (which
 * events are due), webhook_send.c (one attempt), webhook_forget.c (what need not be kept or tried).
 * All of it belongs to that thread.
 */
#pragma once

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "act/outbox.h"
#include "net/sending.h"
#include "net/webhook.h"

#define PENDING_MAX 500       /* deliveries of an endpoint taken and not done */
#define DELIVERIES_KEPT 10000 /* positions of an endpoint's feed, the newest */
#define UNDER_WAY_MAX 64      /* attempts at once, of all endpoints */
#define SHARE_MAX 8           /* of all endpoints of one organisation */
#define PARALLEL_MAX 8        /* of one endpoint */
#define TRIES_MAX 10
#define ANSWER_KEPT 1024 /* bytes */

struct endpoint;
struct webhooks;

/* webhook.c */
struct endpoint *endpoint_find(const struct webhooks *webhooks, int64_t org, struct id id);

struct delivery {
    struct delivery *next; /* of the endpoint, by position */
    struct endpoint *endpoint;
    struct delivery_row row; /* texts lie in the buffers below */
    bool found;              /* the store has the row */
    bool changed;            /* the row must be saved */
    bool waits;              /* for an earlier one of the same subject */
    bool hurried;            /* tried early, as the endpoint had come back */
    struct buffer type, attempts;

    /* The attempt under way, if any. */
    CURL *handle;
    struct curl_slist *headers;
    struct buffer body, answer;
    int64_t began_at; /* time_monotonic */
    bool address_refused;
    bool allow_private;
};

/* What an organisation's endpoints have in common; the last of them frees it. */
struct share {
    size_t endpoints;
    unsigned under_way;
};

struct endpoint {
    struct endpoint *next;
    struct share *share;
    struct endpoint_row row; /* texts lie in the buffers below */
    struct buffer url, events;
    struct principal who; /* whose feed it is */
    struct endpoint_cursor_row cursor;
    bool cursor_found, cursor_changed;
    bool listed; /* seen by the reading of endpoints that is under way */
    bool grown;  /* its feed may have events behind the cursor */
    uint8_t key[32];
    bool has_key;
    bool failing; /* the last attempt did */
    int64_t not_before;
    unsigned parallel, under_way;
    size_t pending;
    struct delivery *first;
};

/*
 * A part of the organisations, by their numbers, for which one node delivers: the one that holds
 * its lease. Of a store that is not shared there is one part, of all.
 */
struct part {
    enum lease lease;
    int64_t of, number;
};

struct webhooks {
    struct webhook_options options;
    struct kernel_listener listener;
    pthread_t thread;
    CURLM *multi;
    atomic_bool stopping, committed, changed, ordered;
    atomic_uint_fast64_t count_endpoints, count_pending, count_attempts, count_delivered,
        count_failed;
    /* The thread's own. */
    struct arena *arena; /* of one reading of a feed */
    struct endpoint *endpoints;
    unsigned under_way;
    int64_t log_read;         /* entries looked at for whose feed has grown */
    bool unsaved;             /* rows changed since the last saving */
    int64_t pause_until;      /* the store failed */
    bool may_have_unsendable; /* an endpoint went, or may have before the start */
    unsigned held;            /* parts, a bit each, when endpoints were read last */
    int64_t orders_read;      /* when replay orders were looked for last (time_monotonic) */
};

/* webhook_queue.c */
/* Takes events behind the endpoint's cursor, as many as there is place for. */
MUST_CHECK bool queue_take(struct webhooks *webhooks, struct endpoint *endpoint,
                           struct problem *problem);
/* Reads what was pending when the process ended. */
MUST_CHECK bool queue_load(struct webhooks *webhooks, struct endpoint *endpoint,
                           struct reader *reader, struct arena *arena, struct problem *problem);
/* The next delivery to attempt at NOW (time_now), or NULL. */
struct delivery *queue_due(struct endpoint *endpoint, int64_t now);
/* When that may be, INT64_MAX: not without something happening. */
int64_t queue_next_at(const struct endpoint *endpoint);
/* Saves what changed, of all endpoints; forgets deliveries that are done. */
MUST_CHECK bool queue_save(struct webhooks *webhooks, struct problem *problem);
void queue_clear(struct endpoint *endpoint);
/* True, too, where the part's lease was lost: then endpoints are read again. */
MUST_CHECK bool part_save(struct webhooks *webhooks, const struct part *part,
                          const struct saving_list *list, struct problem *problem);

/* webhook_parts.c */
unsigned parts_count(const struct webhooks *webhooks);
struct part part_at(const struct webhooks *webhooks, unsigned index);
bool part_has(const struct part *part, int64_t org);
unsigned parts_held(const struct webhooks *webhooks); /* now; a bit each */
/* Was its part held when endpoints were read last? */
bool parts_are_ours(const struct webhooks *webhooks, int64_t org);

/* webhook_replays.c */
/* Obeys the orders of endpoints that are ours. */
MUST_CHECK bool replays_obey(struct webhooks *webhooks, struct problem *problem);

/* webhook_forget.c */
/* Adds the removal of deliveries behind the endpoint's window that are not pending. */
MUST_CHECK bool forget_old(struct webhooks *webhooks, struct endpoint *endpoint,
                           struct saving_list *list, struct problem *problem);
/* Pending deliveries of endpoints that were removed or disabled become failed, with the reason. */
MUST_CHECK bool forget_unsendable(struct webhooks *webhooks, struct problem *problem);

/* webhook_send.c */
/* Starts an attempt; false with a problem if it could not even be started. */
MUST_CHECK bool send_start(struct webhooks *webhooks, struct delivery *delivery,
                           struct problem *problem);
/* The attempt ended with RESULT: sets the row to what follows from it. */
void send_finish(struct webhooks *webhooks, struct delivery *delivery, CURLcode result);
/* Ends an attempt without a result. */
void send_abort(struct webhooks *webhooks, struct delivery *delivery);
