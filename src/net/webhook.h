/*
 * Webhooks: a thread that posts events to endpoints (Standard Webhooks 1.0.0).
 *
 * Each endpoint's feed is read from its cursor. One attempt at a time for each of an endpoint's
 * subjects, in order, so that one object that fails holds no other. 2xx is success and makes a
 * receipt; anything else is tried again by the schedule; 410 switches the endpoint off; 429, 502
 * and 504 slow it down; Retry-After is honoured. Addresses are checked after resolution and
 * connected to as checked (address.h). At least once: a crash between an answer and its record
 * repeats the event under the same webhook-id.
 */
#pragma once

#include "act/feed.h"
#include "act/kernel.h"

struct webhook_options {
    struct kernel *kernel;
    const struct feed *feed;
    bool allow_private; /* loopback and private networks */
    double time_scale;  /* of the schedule; 1: as specified */
    const char *version;
    bool (*derive)(void *context, struct text label, uint8_t out[32], struct problem *problem);
    void *derive_context;
};

struct webhooks;

/* Attempts under way are broken off; they stay pending and are made again at the next start. */
void webhooks_free(struct webhooks *webhooks);
struct webhooks *webhooks_new(const struct webhook_options *options, struct problem *problem)
    OWNED_BY(webhooks_free);
/* Endpoints were added, removed or told to replay: read them again. Any thread. */
void webhooks_changed(struct webhooks *webhooks);

/* Orders that the events after AFTER and through THROUGH are sent again; waits for the store. */
MUST_CHECK bool webhooks_replay(struct webhooks *webhooks, int64_t org, struct id endpoint,
                                int64_t after, int64_t through, struct problem *problem);

/* "whsec_" and the base64 of the endpoint's key. */
MUST_CHECK bool webhook_secret(struct webhooks *webhooks, struct id endpoint, struct buffer *out,
                               struct problem *problem);

struct webhook_counters {
    uint64_t endpoints, pending, attempts, delivered, failed;
};
void webhooks_counters(struct webhooks *webhooks, struct webhook_counters *counters);
