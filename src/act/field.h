/*
 * Fields: what an act's body consists of, declared once. Reading and checking a JSON body, writing
 * it back as canonical JSON, OpenAPI and the reference pages derive from the same rows.
 *
 * A body is a plain C struct whose first member is `uint32_t present` (bit i: field i was given).
 * Fields stand in the order of their names, so that what is written is canonical (RFC 8785).
 * All memory is of the arena that the caller passes.
 */
#pragma once

#include "base/arena.h"
#include "base/digest.h"
#include "base/json.h"

enum field_type {
    FIELD_TEXT,   /* struct text; min and max count bytes of UTF-8 */
    FIELD_INT,    /* int64_t; min, max */
    FIELD_BOOL,   /* bool */
    FIELD_TIME,   /* int64_t, between 2000 and 2100 */
    FIELD_MONEY,  /* struct money; min and max bound the amount */
    FIELD_ENUM,   /* int64_t, an index into `names` */
    FIELD_ID,     /* struct id with `prefix` */
    FIELD_ORG,    /* int64_t */
    FIELD_DIGEST, /* struct digest, 64 hex digits */
    FIELD_LIST,   /* struct list of structs described by `fields`; min and max count them */
};

struct money {
    int64_t amount;   /* minor units */
    char currency[4]; /* ISO 4217 */
};

/* {"amount":…,"currency":…} */
void money_write(struct json_writer *json, const struct money *money);

struct list {
    size_t count;
    void *items;
};

struct field {
    const char *name;
    enum field_type type;
    bool required;
    size_t offset;
    int64_t min, max;
    const char *prefix;
    const char *const *names;   /* ended by NULL */
    const struct field *fields; /* FIELD_LIST: of an item */
    size_t field_count;
    size_t item_bytes;
    const char *doc;
    const char *example; /* JSON */
};

#define FIELD(body_type, member, field_type, ...)                                                  \
    {                                                                                              \
        .name = #member, .type = field_type, .offset = offsetof(body_type, member), __VA_ARGS__    \
    }

/* The most that any money field takes: amounts stay exact in every JSON reader, sums in int64_t. */
#define MONEY_MAX INT64_C(1000000000000)

/* Every error of the body is added to PROBLEM (BODY_INVALID, a JSON Pointer each). */
MUST_CHECK bool fields_read(const struct field *fields, size_t count, const json_t *object,
                            void *body, struct arena *arena, struct problem *problem);
/* The object, with present fields only. */
void fields_write(struct json_writer *json, const struct field *fields, size_t count,
                  const void *body);
bool field_present(const void *body, size_t index);
/* Is there one of that name? */
bool field_of_name(const struct field *fields, size_t count, const char *name);
/* Of a body that was made here: every field that holds something is present; also required ones. */
void fields_mark_given(const struct field *fields, size_t count, void *body);
/* The JSON Schema of the object (2020-12), for OpenAPI. */
void fields_schema(struct json_writer *json, const struct field *fields, size_t count);
/* Stops the process unless the fields stand in the order of their names, everywhere. */
void fields_check(const struct field *fields, size_t count);
