/*
 * SHA-256, HMAC-SHA-256 and random bytes, by OpenSSL with algorithms fetched once.
 * Failure of the library is a bug or a broken machine and stops the process.
 */
#pragma once

#include "base/text.h"

#define DIGEST_BYTES 32

struct digest {
    uint8_t bytes[DIGEST_BYTES];
};

struct digest digest_of(const void *bytes, size_t length);
/* The digest of the pieces one after another. */
struct digest digest_of_pieces(const struct text *pieces, size_t count);
struct digest hmac_of(struct text key, const struct text *pieces, size_t count);
bool digest_equal(struct digest a, struct digest b); /* constant time */
void random_bytes(void *out, size_t length);
