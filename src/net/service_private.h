/* What the parts of the service share; each part's own state stands behind its header. */
#pragma once

#include <stdatomic.h>

#include "act/feed.h"
#include "net/attempts.h"
#include "net/call.h"
#include "net/metrics.h"
#include "net/rules.h"
#include "net/service.h"
#include "net/streams.h"
#include "net/webhook.h"
#include "net/worker.h"

struct service {
    struct service_options options;
    struct kernel *kernel;
    const struct catalogue *catalogue;
    struct routes *routes;
    struct auth *auth;
    struct rate *rate;     /* of keys */
    struct rate *failures; /* of addresses that fail to authenticate */
    struct feed *feed;
    struct streams *streams;
    struct webhooks *webhooks;
    struct mailer *mailer; /* or NULL */
    struct metrics *metrics;
    struct workers *workers;   /* for what takes long */
    struct attempts *attempts; /* to log in */
    struct rules *rules;       /* of messages */
    struct buffer openapi;
    int64_t started_at;
    atomic_uint port;    /* that is listened on; 0 until then */
    atomic_bool probing; /* /healthz tries whether the store can be written again */
    struct http_server *http;
};
