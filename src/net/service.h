/*
 * The service: everything that the daemon offers over the network, over one kernel.
 *
 * JSON API, feeds (pull, stream, webhooks), the transparency log's files, the console, OpenAPI,
 * health and metrics. The caller opens the kernel before and closes it after the service; texts in
 * the options live as long as the service does. Spans are microseconds.
 */
#pragma once

#include "act/kernel.h"
#include "net/http.h"
#include "net/mail.h"

struct service_options {
    struct kernel *kernel;
    const char *rules;  /* folder of the message rules; NULL: those that the program carries */
    const char *listen; /* as http_server_new takes it */
    struct http_limits http;
    const char *version; /* of the program */
    const char *log_origin, *log_vkey;
    const char *const *witnesses; /* vkeys of those that are asked for cosignatures */
    size_t witness_count;
    /* Requests a key may make: steadily, and at once after a pause. 0: no limit. */
    unsigned rate_per_second, rate_burst;
    /* Webhooks: tests shorten the schedule and send to loopback. */
    bool webhook_allow_private;
    double webhook_time_scale;  /* 1: as specified */
    struct mail_options mail;   /* kernel and feed are the service's own */
    int64_t nonce_us;           /* how long a challenge may be answered; at most SIGNATURE_US */
    const char *rp_id;          /* WebAuthn's relying party */
    const char *const *origins; /* of the console; none: http://localhost with the port */
    size_t origin_count;
    /* HMAC of LABEL under a key that only the signer holds; any thread. */
    bool (*derive)(void *context, struct text label, uint8_t out[32], struct problem *problem);
    void *derive_context;
    /* May the daemon do its work (is the signer alive)? NULL: yes. Any thread. */
    bool (*healthy)(void *context, struct problem *problem);
    void *healthy_context;
};

struct service;

/* Finishes what is under way (answers, attempts), ends streams, stops. */
void service_free(struct service *service);
struct service *service_new(const struct service_options *options, struct problem *problem)
    OWNED_BY(service_free);
/* No new connections; streams end. service_free follows. */
void service_quiesce(struct service *service);
/* Reads the message rules again. If a file is refused, those in use stay. */
MUST_CHECK bool service_reload_rules(struct service *service, struct problem *problem);
unsigned service_port(const struct service *service);
