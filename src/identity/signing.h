/*
 * Signatures over the terms of acts: what makes one hold, and what its authenticator's row keeps of
 * it. Pure. The rule is WebAuthn L3 §7.2 as identity/webauthn.h does it, and on top of it:
 *
 * - the authenticator is the actor's, registered in this organisation and not removed;
 * - what was signed are the act's terms as its rows give them now (else TERMS_CHANGED, which
 * carries the terms of now);
 * - the nonce is of the last SIGNATURE_US, and newer than that of any signature accepted from this
 *   authenticator before: so a signature works once, without a list of nonces.
 *
 * Whether the nonce was made by this server and the origin is one of its own is checked by whoever
 * takes the signature from the network (net/signing.c): that depends on keys and configuration.
 */
#pragma once

#include "identity/people.h"
#include "identity/webauthn.h"

/* AUTHENTICATOR may be NULL: there is none of that id in the act's organisation. */
MUST_CHECK bool signature_holds(const struct act *act,
                                const struct authenticator_row *authenticator, struct text terms,
                                struct arena *arena, struct problem *problem);
/* After the act was accepted. */
void signature_note(const struct act *act, struct authenticator_row *authenticator,
                    struct arena *arena);
/* What a passkey had to sign for this act. */
struct digest signature_challenge(const struct act *act);
/* The evidence as bytes, of ARENA; false if it is not base64url. */
MUST_CHECK bool signature_bytes(const struct signature *signature, struct arena *arena,
                                struct webauthn_signature *bytes);
/* PROBLEM_SIGNATURE_INVALID with `reason` in the answer. */
bool signature_refuse(struct problem *problem, struct arena *arena, const char *reason);
