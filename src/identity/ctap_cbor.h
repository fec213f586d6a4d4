/*
 * CBOR as authenticators must send it: the CTAP2 canonical CBOR encoding form (CTAP 2.1 §8), which
 * WebAuthn L3 §2 says others should be refused. Heads by libcbor's streaming decoder.
 *
 * Definite lengths, shortest heads, map keys (integers, text or bytes) ascending and so none of
 * them twice, text in UTF-8, no tags, no floating point, at most CTAP_CBOR_DEPTH_MAX levels.
 * Nothing is allocated: items borrow from the bytes that were read, whose size the caller caps.
 */
#pragma once

#include "base/text.h"

#define CTAP_CBOR_DEPTH_MAX 4

enum ctap_cbor_kind {
    CTAP_CBOR_INTEGER,
    CTAP_CBOR_BYTES,
    CTAP_CBOR_TEXT,
    CTAP_CBOR_ARRAY,
    CTAP_CBOR_MAP,
    CTAP_CBOR_SIMPLE, /* false, true, null, undefined */
};

struct ctap_cbor {
    enum ctap_cbor_kind kind;
    int64_t integer;
    struct text content; /* of bytes and text; of arrays and maps what they hold, encoded */
    size_t count;        /* of an array's elements, of a map's pairs */
};

/* One item with all that is in it; *REST then begins behind it. */
MUST_CHECK bool ctap_cbor_read(struct text *rest, struct ctap_cbor *item);
/* The same, and nothing may stand behind it. */
MUST_CHECK bool ctap_cbor_read_only(struct text bytes, struct ctap_cbor *item);
/* The value of the member with that name, or with that label, if the map has it. */
MUST_CHECK bool ctap_cbor_named(const struct ctap_cbor *map, const char *name,
                                struct ctap_cbor *value);
MUST_CHECK bool ctap_cbor_labelled(const struct ctap_cbor *map, int64_t label,
                                   struct ctap_cbor *value);
