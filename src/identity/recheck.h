/*
 * Signatures, checked again from an act's record alone: offline, years later, by somebody who does
 * not trust us. Pure.
 *
 * Of a passkey's signature: that it is over these very terms, by the key that the record names, for
 * this act and organisation (signed_terms.h), made with presence and verification (WebAuthn L3
 * §7.2); and that the terms say what the record says: the act, its body, organisation, person and
 * subject. That the key was that person's is what the act says that registered it; the server and a
 * replay compare with that (signing.h), and signatures of one authenticator must agree about it.
 *
 * Of a code (TOTP) only the latter: it is not bound to terms, and its secret is nobody else's.
 */
#pragma once

#include "act/act.h"

/* PROBLEM_PROOF_INVALID, with what does not fit. The act must carry a signature. */
MUST_CHECK bool signature_recheck(const struct act *act, struct arena *arena,
                                  struct problem *problem);
/* By one authenticator, do both say the same of it: key, relying party, when it was registered? */
bool signatures_agree(const struct signature *one, const struct signature *other);
/* What was agreed to, in a sentence: the terms' own words, or the act's story. */
void signature_words(struct buffer *out, const struct act *act);
