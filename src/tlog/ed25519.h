/*
 * Ed25519 signatures (RFC 8032) by OpenSSL. Keys are plain bytes: 32 of seed, 32 of public key.
 * Failure of the library is a bug or a broken machine and stops the process.
 */
#pragma once

#include "base/text.h"

#define ED25519_KEY_BYTES 32
#define ED25519_SIGNATURE_BYTES 64

void ed25519_public(const uint8_t seed[ED25519_KEY_BYTES], uint8_t public[ED25519_KEY_BYTES]);
void ed25519_sign(const uint8_t seed[ED25519_KEY_BYTES], struct text message,
                  uint8_t signature[ED25519_SIGNATURE_BYTES]);
/* False also for a public key that is no point of the curve. */
MUST_CHECK bool ed25519_verify(const uint8_t public[ED25519_KEY_BYTES], struct text message,
                               const uint8_t signature[ED25519_SIGNATURE_BYTES]);
