/*
 * Time-based one-time passwords (RFC 6238: HMAC-SHA-1, 30 seconds, 6 digits, which is what every
 * authenticator application does), the lower level of authentication: a code says nothing of what
 * it is used for.
 *
 * A code works once: the caller keeps the step of the last one that was accepted, in the
 * transaction that accepts it, and codes of that step or earlier are TOTP_USED (RFC 6238 §5.2).
 * A code of the current step is accepted; with LATE_STEPS 1 also that of the step before, for slow
 * typists (RFC 6238 §5.2 allows it). OWASP ASVS 6.5.5 wants a code to live 30 seconds: LATE_STEPS
 * 0.
 */
#pragma once

#include "base/text.h"

#define TOTP_SECRET_BYTES 20
#define TOTP_DIGITS 6
#define TOTP_STEP_SECONDS 30
#define TOTP_LATE_STEPS_MAX 1

enum totp_verdict { TOTP_ACCEPTED, TOTP_WRONG, TOTP_USED };

/* The code of a step (seconds since 1970 / 30), with a NUL. */
void totp_code(struct text secret, int64_t step, char code[TOTP_DIGITS + 1]);
/*
 * AT in microseconds; LAST_STEP is 0 if none was accepted yet. On TOTP_ACCEPTED, *STEP is what to
 * keep. CODE may have spaces between its digits. The time taken does not depend on the digits.
 */
MUST_CHECK enum totp_verdict totp_verify(struct text secret, struct text code, int64_t at,
                                         unsigned late_steps, int64_t last_step, int64_t *step);
/* otpauth://totp/… for the QR code that an application reads; holds the secret. */
void totp_uri(struct buffer *buffer, struct text secret, struct text issuer, struct text account);
