/*
 * Request targets (RFC 9112 §3.2.1, RFC 3986): the path and the query, percent-decoded.
 *
 * One path has one spelling: an encoded '/', dot segments, control bytes and bytes that are not
 * UTF-8 are refused, so that nobody in front of the server reads another path than we do. In the
 * query '+' is a space, as browsers write it; a parameter given twice is refused.
 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"

#define HTTP_PARAMETERS_MAX 64

struct http_parameter {
    struct text name, value;
};

struct http_target {
    struct text path; /* begins with '/' */
    struct http_parameter *parameters;
    size_t parameter_count;
};

/* RAW begins with '/' (the guard saw to it). What TARGET points to lives in ARENA. */
MUST_CHECK bool http_target_parse(struct arena *arena, struct text raw, struct http_target *target,
                                  struct problem *problem);
