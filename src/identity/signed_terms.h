/*
 * The challenge that a passkey signs when it agrees to terms. An authenticator does not show what
 * it signs, but the signature then fits these terms, for this organisation and purpose, asked this
 * once, and nothing else: a changed price needs a new signature.
 *
 * challenge = SHA-256 of these bytes, one after another:
 *
 *   bytes  what
 *      28  "counterfoil/signed-terms/v1" and a zero byte
 *      32  the nonce, random, used once
 *       8  the organisation's number, big-endian
 *       1  the length of the purpose's name, 1 to 255
 *       n  the purpose's name, ASCII: the act that the signature is for ("service.activated")
 *      32  SHA-256 of the canonical terms (RFC 8785), as they are kept
 *
 * Every part has a fixed length or says it, so no two inputs share an encoding. The terms enter by
 * their digest: who may see that there was a signature, but not the terms, can check it too.
 */
#pragma once

#include "base/digest.h"

#define SIGNED_TERMS_NONCE_BYTES 32

struct signed_terms {
    struct text terms;   /* canonical JSON */
    struct text nonce;   /* SIGNED_TERMS_NONCE_BYTES */
    struct text purpose; /* 1 to 255 bytes of ASCII */
    int64_t org;
};

struct digest signed_terms_challenge(const struct signed_terms *signed_terms);
