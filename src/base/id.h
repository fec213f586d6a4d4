/*
 * Ids: UUIDv7 (RFC 9562 §5.7), written `prefix_` + 26 characters of Crockford base32 (TypeID 0.3),
 * for example ord_01jdm7k3n8fqrb2v5x9w4y6z0h.
 *
 * An id carries the number of the organisation that it belongs to (40 bits of the field that
 * RFC 9562 leaves to the implementation), so whoever names an order by its id has also named the
 * shard it lives on: no look-up, and ids of other organisations are told apart without a query.
 * Ids made by one process ascend strictly; 22 random bits keep processes apart.
 */
#pragma once

#include "base/text.h"

#define ID_TEXT_BYTES 40 /* prefix of at most 12, '_', 26 characters and a NUL */
#define ORG_MAX ((INT64_C(1) << 40) - 1)
#define ORG_MARKETPLACE INT64_C(0) /* the marketplace's own organisation */

struct id {
    uint8_t bytes[16];
};

struct id id_new(int64_t org);
int64_t id_org(struct id id);
int64_t org_random(void);    /* a fresh organisation's number, 1 … ORG_MAX / 2 */
int64_t person_random(void); /* a fresh person's number: they have one, too; ORG_MAX / 2 + 1 … */
/* The number of a person that is found again by NAME; ATTEMPT after ATTEMPT if it is taken. */
int64_t person_of_name(struct text name, unsigned attempt);
bool is_person_number(int64_t number);
/* The same id with ORG's number in it: a thing's other half that lives with ORG. */
struct id id_in(struct id id, int64_t org);
bool id_is_zero(struct id id);
bool id_equal(struct id a, struct id b);
size_t id_format(const char *prefix, struct id id, char out[ID_TEXT_BYTES]);
void buffer_id(struct buffer *buffer, const char *prefix, struct id id);
/* Strict: this prefix, lower case, version and variant bits as they must be. */
MUST_CHECK bool id_parse(const char *prefix, struct text text, struct id *id);
/* Organisations are numbers inside and `org_` + 8 characters of base32 outside. */
size_t org_format(int64_t org, char out[ID_TEXT_BYTES]);
void buffer_org(struct buffer *buffer, int64_t org);
MUST_CHECK bool org_parse(struct text text, int64_t *org);
