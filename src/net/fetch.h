/*
 * One HTTP request of ours to a server that the operator named (a witness, this machine's own
 * daemon). Webhooks, whose addresses strangers choose, do not go this way: webhook.h.
 *
 * Only http and https, no redirects, no proxies; blocks until the answer, the time limit or `stop`.
 */
#pragma once

#include <stdatomic.h>

#include "base/problem.h"

struct fetch {
    const char *method;
    const char *url;
    const char *socket;       /* a Unix socket to connect to instead of the URL's host; or NULL */
    const char *content_type; /* of the body, or NULL */
    struct text body;
    const char *bearer;          /* a key to authenticate with, or NULL */
    const char *idempotency_key; /* or NULL */
    size_t answer_bytes_max;
    int64_t timeout_us;
    const atomic_bool *stop; /* ends it early when it becomes true; or NULL */
};

/* True for any HTTP answer; its body is added to ANSWER. NETWORK_FAILED if there was none. */
MUST_CHECK bool fetch(const struct fetch *request, unsigned *status, struct buffer *answer,
                      struct problem *problem);
