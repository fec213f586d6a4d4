/*
 * The request guard: a strict parser of HTTP/1.1 framing (RFC 9112) that sees the bytes of a
 * connection before the HTTP library does.
 *
 * It is pure: it owns no memory and does no I/O. It is fed each byte once, in pieces of any size,
 * and knows where each request begins and ends, whether the client broke a rule, and since when it
 * waits for the client. Stricter than RFC 9112 where leniency lets two parsers disagree: no bare
 * LF, no empty line before a request, no obs-fold, no chunk extensions, no trailers, no repeated
 * Content-Length, only origin-form targets. Sizes are bytes, times microseconds (time_monotonic).
 */
#pragma once

#include "base/compiler.h"

struct guard_limits {
    size_t head_bytes_max; /* request line and fields with their line ends */
    size_t body_bytes_max; /* without the framing of chunks */
    unsigned fields_max;
};

/* How a connection is broken; nothing behind the first fault is looked at. */
enum guard_verdict {
    GUARD_FINE,
    GUARD_MALFORMED,       /* 400 */
    GUARD_BODY_TOO_LARGE,  /* 413 */
    GUARD_TARGET_TOO_LONG, /* 414 */
    GUARD_HEAD_TOO_LARGE,  /* 431 */
    GUARD_SLOW             /* 408; set by guard_check_pace alone */
};

enum guard_field {
    GUARD_FIELD_OTHER,
    GUARD_FIELD_HOST,
    GUARD_FIELD_CONTENT_LENGTH,
    GUARD_FIELD_TRANSFER_ENCODING,
    GUARD_FIELD_CONNECTION
};

#define GUARD_AHEAD_MAX 64  /* requests a client may send before the first is answered */
#define GUARD_NAME_BYTES 20 /* longer names are of no interest to framing */
#define GUARD_VALUE_BYTES                                                                          \
    264 /* longest value of a field of interest: a Host is at most 253 + ":65535" */

struct guard {
    const struct guard_limits *limits; /* borrowed */
    enum guard_verdict verdict;
    const char *reason; /* static; what the client did */

    uint64_t heads;    /* complete ones */
    uint64_t requests; /* complete ones: head and body */
    uint64_t answered; /* told by guard_answered */
    bool closing;      /* the last complete request was the connection's last */
    int64_t head_began_at, head_ended_at, body_ended_at, answered_at;
    size_t body_lengths[GUARD_AHEAD_MAX]; /* of request N at N % GUARD_AHEAD_MAX, N from 0 */

    /* The request under way. */
    bool (*step)(struct guard *guard, uint8_t byte); /* false: there is a verdict */
    size_t head_length;
    size_t matched; /* bytes of the method or of "HTTP/1." so far; digits of a chunk size */
    unsigned percent_digits, percent_value;
    unsigned fields;
    bool version_1_1, has_host, has_length, chunked, says_close, says_keep_alive;
    uint64_t content_length;
    uint64_t body_left; /* of the body or the chunk */
    size_t body_length;
    enum guard_field field;
    size_t name_length, value_length;
    char name[GUARD_NAME_BYTES];
    char value[GUARD_VALUE_BYTES];
};

void guard_init(struct guard *guard, const struct guard_limits *limits);
/*
 * Takes LENGTH bytes that arrived at NOW. Returns how many of them may be handed on: all of them,
 * or, once there is a verdict or the last request of the connection is complete, those up to the
 * end of the last complete request.
 */
size_t guard_feed(struct guard *guard, const void *bytes, size_t length, int64_t now);
/* The oldest complete request has been answered. */
void guard_answered(struct guard *guard, int64_t now);
/* Sets GUARD_SLOW and returns true if the client, not we, has been late since a time limit. */
bool guard_check_pace(struct guard *guard, int64_t head_us_max, int64_t body_us_max, int64_t now);
