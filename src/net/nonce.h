/*
 * Nonces of WebAuthn challenges and of signatures: 32 bytes that say when they were made and that
 * only this server (on any node) can have made, so nothing has to be kept until they come back.
 *
 *   8  random
 *   8  when it was made, microseconds, big-endian
 *  16  HMAC-SHA-256 (its first half) of purpose, session and the 16 bytes before, under a key that
 *      derives from the signer's
 *
 * That a nonce works once is seen by whoever keeps when the newest one was made that was used with
 * an authenticator: older ones are worth nothing (identity/signing.h).
 */
#pragma once

#include "net/call.h"

enum nonce_purpose { NONCE_LOGIN, NONCE_ENROLMENT, NONCE_CONFIRM, NONCE_REGISTER, NONCE_SIGNATURE };

/* ABOUT: the session, or the invitation's id; zero: nothing. */
MUST_CHECK bool nonce_make(const struct service *service, enum nonce_purpose purpose,
                           struct id about, struct digest *nonce, struct problem *problem);
/*
 * Is it ours, for this, and at most `people.nonce` old? Else PROBLEM_CHALLENGE_INVALID, also if the
 * signer is gone. A signature's is looked at again on the road, against SIGNATURE_US.
 */
MUST_CHECK bool nonce_check(const struct service *service, enum nonce_purpose purpose,
                            struct id about, const struct digest *nonce, struct problem *problem);
