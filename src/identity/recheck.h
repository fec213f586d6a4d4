/*
 * Signatures, checked again from an act's record alone: offline, years later, by somebody who does
 * not trust us. Pure.
 *
 * Of a passkey's signature: that it is over these very terms, by the key that the record names, for
 * this act and organisation (signed_terms.h), made with presence and verification (WebAuthn L3
 * §7.2); and that the terms say what the record says: the act, its body, organisation, person and
 * subject. That the key was that person's is what the act says that registered it, or with which
 * the organisation learned of it.
 *
 * Of a code (TOTP) only the latter two: it is not bound to terms, and its secret is nobody else's.
 */
#pragma once

#include "act/evidence.h"

/* PROBLEM_PROOF_INVALID, with what does not fit. The act must carry a signature. */
MUST_CHECK bool signature_recheck(const struct act *act, struct arena *arena,
                                  struct problem *problem);
/*
 * Of a bundle whose proofs fit: each act that was accepted with a signature, or needs one, has one
 * that holds, and all its registrations of that authenticator say what the signature says (whose it
 * is, its key, relying party, and when it was registered; not removed before). One of them at least
 * must precede the act. PROBLEM_PROOF_INVALID says which act, and what does not fit.
 */
MUST_CHECK bool evidence_recheck(const struct evidence *evidence, struct arena *arena,
                                 struct problem *problem);
/* What registered the authenticator of a signed act, or by which the organisation learned of it. */
const struct evidence_act *signature_registration(const struct evidence *evidence,
                                                  const struct act *act);
/* What was agreed to, in a sentence: the terms' own words, or the act's story. */
void signature_words(struct buffer *out, const struct act *act);
