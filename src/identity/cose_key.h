/*
 * A credential's public key, COSE_Key-encoded (RFC 9052 §7) as WebAuthn L3 §5.8.5 and §6.5.1 want
 * it: the parameters of its algorithm and no others. Signatures are checked by OpenSSL.
 *
 *   ES256 (−7)    P-256, an uncompressed point; signature: ASN.1 DER, as authenticators send it
 *   EdDSA (−8)    Ed25519, a point of the prime-order group; signature: 64 bytes
 *   RS256 (−257)  2048 to 4096 bits, exponent 65537; signature: as long as the modulus
 *
 * Keys that would let anybody sign (a point of small order, the exponent 1) are refused, so that
 * whoever registered a key cannot say later that a signature may be anybody's.
 */
#pragma once

#include "base/text.h"

#define COSE_ES256 INT64_C(-7)
#define COSE_EDDSA INT64_C(-8)
#define COSE_RS256 INT64_C(-257)
#define COSE_SIGNATURE_BYTES_MAX 512
#define COSE_MESSAGE_BYTES_MAX 8192

/* What is offered at registration (pubKeyCredParams), the best first. */
#define COSE_ALGORITHMS 3
extern const int64_t cose_algorithms[COSE_ALGORITHMS];

const char *cose_algorithm_name(int64_t algorithm); /* "ES256"; NULL if it is not offered */
/* The algorithm that a key says it is for; false if it is no key at all. */
MUST_CHECK bool cose_key_algorithm(struct text key, int64_t *algorithm);
MUST_CHECK bool cose_key_is_valid(struct text key);
/* False also if the key is not valid. */
MUST_CHECK bool cose_key_verify(struct text key, struct text message, struct text signature);
