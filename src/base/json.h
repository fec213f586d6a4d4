/*
 * JSON: strict reading (jansson) and canonical writing (RFC 8785 for objects of integers, strings,
 * booleans, arrays and objects; Counterfoil uses no fractions).
 *
 * Reading: UTF-8 only, duplicate keys refused, integers within ±(2^53 − 1), at most JSON_DEPTH_MAX
 * levels, and the size capped by the caller. The tree is owned by the caller (json_free).
 *
 * Writing: a `struct json_writer` adds to a buffer and places commas itself. It does not sort: to
 * be canonical the caller adds members in the order of their names (all our names are ASCII);
 * json_canonical() sorts a tree that came from elsewhere.
 */
#pragma once

#include <jansson.h>

#include "base/id.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/time.h"

#define JSON_INTEGER_MAX ((INT64_C(1) << 53) - 1)
#define JSON_DEPTH_MAX 16

static inline void json_free(json_t *json)
{
    json_decref(json);
}
/* NULL and PROBLEM_BODY_SYNTAX with line and column if it is not JSON as described above. */
json_t *json_read(struct text text, struct problem *problem);
struct text json_string_view(const json_t *string); /* borrowed from the tree */
void json_canonical(struct buffer *buffer, const json_t *json);

struct json_writer {
    struct buffer *buffer;
    bool comma; /* the next value needs one before it */
};

struct json_writer json_writer(struct buffer *buffer);
void json_open(struct json_writer *json);  /* { */
void json_close(struct json_writer *json); /* } */
void json_open_list(struct json_writer *json);
void json_close_list(struct json_writer *json);
void json_name(struct json_writer *json, const char *name);
void json_text(struct json_writer *json, struct text value); /* must be UTF-8 */
void json_int(struct json_writer *json, int64_t value);
void json_bool(struct json_writer *json, bool value);
void json_null_value(struct json_writer *json);
void json_time(struct json_writer *json, int64_t at);
void json_id(struct json_writer *json, const char *prefix, struct id id);
void json_org(struct json_writer *json, int64_t org);
void json_base64(struct json_writer *json, const void *bytes, size_t length);
void json_raw(struct json_writer *json, struct text json_text); /* a value that is JSON already */
/* json_name and a value, for the common cases. */
void json_member(struct json_writer *json, const char *name, struct text value);
void json_member_int(struct json_writer *json, const char *name, int64_t value);
