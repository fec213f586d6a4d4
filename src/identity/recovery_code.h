/*
 * Recovery codes: 120 random bits each, for who lost every authenticator. Shown once; kept as a
 * SHA-256, which is enough for more than 112 bits (OWASP ASVS 6.5.2). The caller marks a code as
 * used in the transaction that accepts it.
 *
 * Written in Crockford's base32, as w0sz-9c2m-…: six groups of four. Read without regard to case,
 * spaces and hyphens; o is 0, i and l are 1.
 */
#pragma once

#include "base/digest.h"

#define RECOVERY_CODES 10 /* how many a person gets */
#define RECOVERY_CODE_RANDOM_BYTES 15
#define RECOVERY_CODE_TEXT_BYTES 30 /* 24 characters, 5 hyphens and a NUL */

void recovery_code_format(const uint8_t random[RECOVERY_CODE_RANDOM_BYTES],
                          char text[RECOVERY_CODE_TEXT_BYTES]);
/* What is kept of a code and compared later; false if the text is not of the form of one. */
MUST_CHECK bool recovery_code_digest(struct text text, struct digest *digest);
/* Which of the kept ones it is. The time taken does not depend on which, or whether. */
MUST_CHECK bool recovery_code_find(struct digest given, const struct digest *kept, size_t count,
                                   size_t *index);
