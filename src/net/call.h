/*
 * A call: one request on its way through a route, and how it is answered. Lives in the request's
 * arena, so until the answer.
 */
#pragma once

#include "net/auth.h"
#include "net/http.h"
#include "net/rate.h"
#include "net/routes.h"

struct service;

struct call {
    struct service *service;
    struct http_request *request;
    const struct route *route;
    struct text subject; /* what stood for {subject} or "*" */
    struct id subject_id;
    struct claim claim;
    struct principal principal; /* role 0: the route needs no key */
    struct rate_verdict rate;
    struct text allow; /* the methods that the path takes, if it does not take this one */
    void *context;     /* of whoever hands it from one thread to another */
    bool replayed;     /* it is answered what an earlier act with its Idempotency-Key became */
};

/* Each answers and ends the call. */
void call_answer(struct call *call, struct http_answer *answer);
void call_json(struct call *call, unsigned status, const struct buffer *body);
void call_problem(struct call *call, const struct problem *problem);

/* Query parameters: VALUES[i] is set for each of NAMES (ended by NULL) that was given; any other
 * is QUERY_INVALID. */
MUST_CHECK bool call_query(const struct call *call, const char *const *names, struct text *values,
                           struct problem *problem);
/* A number from LEAST to INT64_MAX, or *number unchanged if VALUE is none. */
MUST_CHECK bool query_number(const char *name, struct text value, int64_t least, int64_t *number,
                             struct problem *problem);
/* The page size: 50 unless told, at most 500 whatever is asked. */
MUST_CHECK bool query_limit(struct text value, int64_t *limit, struct problem *problem);

/* Does If-None-Match name ETAG (RFC 9110 §13.1.2)? */
bool call_matches_etag(const struct call *call, struct text etag);
