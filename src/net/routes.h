/*
 * Routes: which code answers which method and path.
 *
 * The table is made of the catalogue's acts and views and of the fixed routes. In a path, {subject}
 * stands for one segment; "*" at the end for everything that follows. HEAD goes where GET goes.
 */
#pragma once

#include "act/act.h"

struct call;
typedef void (*route_handler)(struct call *call);

/* A query parameter, for checking and for OpenAPI. */
struct route_parameter {
    const char *name;
    const char *schema; /* JSON */
    const char *doc;
};

struct route {
    const char *method, *path;
    route_handler handle;
    unsigned roles;             /* who may; 0: anybody, without a key */
    enum permission permission; /* that a member needs to read it; what acts need is ruled there */
    bool is_page_only;          /* anybody, from a page of ours (net/sessions.h) */
    bool is_work; /* anybody, but it costs: so many a key, or an address without one */
    const char *subject_prefix; /* of {subject}, which then is an id; or NULL */
    const struct act_type *act; /* what the route was made of … */
    const struct view *view;
    /* … or, for fixed routes, what OpenAPI says about it. */
    const char *name, *doc, *media_type, *answer; /* answer: name of a schema, or NULL */
    const char *request;                          /* name of the body's schema, or NULL */
    unsigned status;
    const struct route_parameter *parameters; /* ended by a NULL name */
};

struct routes;

void routes_free(struct routes *routes);
struct routes *routes_new(const struct catalogue *catalogue) OWNED_BY(routes_free);
size_t routes_count(const struct routes *routes);
const struct route *routes_get(const struct routes *routes, size_t index);
/*
 * The route for METHOD and PATH. SUBJECT becomes what stood for {subject} or "*" (borrowed from
 * PATH). NOT_FOUND, or METHOD_NOT_ALLOWED and then ALLOW lists the methods that there are.
 */
MUST_CHECK const struct route *routes_find(const struct routes *routes, struct text method,
                                           struct text path, struct text *subject,
                                           struct buffer *allow, struct problem *problem);
