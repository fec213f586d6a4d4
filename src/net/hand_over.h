/*
 * Hand-over: the shop says who a buyer is, in a JSON Web Token (RFC 7519) that it signed with
 * Ed25519 (RFC 8037); docs/people.md specifies it. Strict: one algorithm, one type, no members
 * that are not listed, at most HAND_OVER_SECONDS_MAX to live, and each works once.
 */
#pragma once

#include "net/people.h"

#define HAND_OVER_BYTES_MAX 4096
#define HAND_OVER_SECONDS_MAX 60

struct hand_over {
    struct id key;
    struct text buyer;
    struct text name; /* or none */
    struct text jti;
};

/* Reads TOKEN and checks all of it but the signature. SIGNED is what was signed. */
MUST_CHECK bool hand_over_read(struct text token, struct text audience, int64_t now,
                               struct arena *arena, struct hand_over *hand_over,
                               struct text *signed_part, uint8_t signature[64],
                               struct problem *problem);
/* A log-in: `{"token": …}`. */
MUST_CHECK bool hand_over_log_in(struct call *call, struct http_answer *answer,
                                 struct person_row *person, struct problem *problem);
