/*
 * Activity: "who did that?", of one organisation. Each recorded act, accepted or refused, with the
 * person or app, on whose behalf, when, from where, with which authenticator, by which steps in the
 * interface, what was before and after, and why.
 *
 * Newest first. The acts are read in batches and compared in memory: a filter that finds little
 * looks at no more than ACTIVITY_LOOKS_MAX acts and then says where to go on.
 */
#pragma once

#include "act/feed.h"

#define ACTIVITY_LOOKS_MAX 20000

enum activity_form { ACTIVITY_JSON, ACTIVITY_JSON_LINES, ACTIVITY_CSV };

struct activity_query {
    int64_t org;
    unsigned permissions; /* the reader's: what needs others is left out */
    int64_t before;       /* seq; 0: from the newest */
    int64_t limit;        /* entries */
    size_t bytes_max;     /* of what is written; the entry that passes it is the last */
    struct id person;     /* zero: any … */
    struct id key;        /* … API key */
    struct text type;     /* "service.activated", or "service." for all of them */
    struct text object;   /* id with its prefix */
    struct text outcome;  /* "accepted" or "refused" */
    int64_t from, until;  /* moments; 0: any */
    struct text words;    /* somewhere in the entry, upper and lower case alike */
    enum activity_form form;
};

/* *next: the `before` that goes on, 0 if everything was looked at. */
MUST_CHECK bool activity_write(const struct catalogue *catalogue, struct reader *reader,
                               const struct activity_query *query, struct buffer *out,
                               int64_t *next, struct problem *problem);
