/*
 * WebAuthn: the relying party's side of a registration and of a log-in or signature with a passkey
 * (W3C Web Authentication Level 3, §7.1 and §7.2, in their order). Pure: no store, clock or
 * randomness. All that is given is borrowed; what comes out borrows from it.
 *
 * Stricter than the standard asks: user presence and user verification always, frames of other
 * sites never, canonical CBOR, no attestation but "none" and self ("packed"), since we ask for
 * none. As the standard says: unknown members of the client data (and tokenBinding, which is
 * reserved) are ignored; so are the outputs of extensions and reserved flags, which nothing is
 * asked of.
 *
 * The caller's part, for which there must be a store: that the challenge was given out, to this
 * session, lately, and is used once (§7.1 step 8); that a new credential's id is nobody's yet
 * (§7.1 step 27); that the sign count and backup state are kept after a success (§7.2 step 24).
 */
#pragma once

#include "base/problem.h"
#include "base/text.h"

enum webauthn_reason {
    WEBAUTHN_OK = 0,
#define REASON(name, slug, words) WEBAUTHN_##name,
#include "identity/webauthn_reasons.def"
#undef REASON
    WEBAUTHN_REASONS
};

const char *webauthn_reason_slug(enum webauthn_reason reason);
const char *webauthn_reason_words(enum webauthn_reason reason);
/* PROBLEM_PASSKEY_REFUSED, which carries the words and, as `reason`, the slug; returns false. */
bool webauthn_refuse(struct problem *problem, enum webauthn_reason reason);

#define WEBAUTHN_CLIENT_DATA_MAX 4096
#define WEBAUTHN_ATTESTATION_MAX 16384
#define WEBAUTHN_AUTHENTICATOR_DATA_MAX 4096
#define WEBAUTHN_CREDENTIAL_ID_MIN 16
#define WEBAUTHN_CREDENTIAL_ID_MAX 1023
#define WEBAUTHN_CHALLENGE_MIN 16
#define WEBAUTHN_CHALLENGE_MAX 128
#define WEBAUTHN_AAGUID_BYTES 16

/* What we asked, and whom. */
struct webauthn_ceremony {
    struct text rp_id;          /* "market.example" */
    const struct text *origins; /* "https://market.example", …: exactly these */
    size_t origin_count;
    struct text challenge; /* the bytes; for a signature, of signed_terms_challenge() */
};

/* What a registration brings. */
struct webauthn_registration {
    struct text client_data; /* clientDataJSON, as the browser gave it */
    struct text attestation_object;
};

enum webauthn_attestation { WEBAUTHN_ATTESTATION_NONE, WEBAUTHN_ATTESTATION_SELF };

/* What is kept of a passkey. */
struct webauthn_credential {
    struct text id;
    struct text public_key; /* COSE_Key */
    int64_t algorithm;      /* of enum in cose_key.h */
    struct text aaguid;     /* 16 bytes: the authenticator's model, as it says itself */
    uint32_t sign_count;
    bool backup_eligible;
    bool backed_up;
    enum webauthn_attestation attestation;
};

/* What was signed, byte by byte, and the signature: kept as evidence. */
struct webauthn_signature {
    struct text client_data; /* clientDataJSON */
    struct text authenticator_data;
    struct text signature;
};

/* What a log-in or a signature over terms brings. */
struct webauthn_assertion {
    struct text credential_id; /* rawId */
    struct text user_handle;   /* TEXT_NONE if the authenticator sent none */
    struct webauthn_signature signed_by;
};

/* The account that the credential was found in. */
struct webauthn_account {
    struct text user_handle;
    const struct webauthn_credential *credential; /* of it: id, key, count and eligibility count */
    bool found_by_handle; /* nobody was known before: the user handle must be there (§7.2 step 6) */
};

/* What to keep of a success (§7.2 step 24). */
struct webauthn_use {
    uint32_t sign_count;
    bool backed_up;
};

MUST_CHECK enum webauthn_reason webauthn_register(const struct webauthn_ceremony *ceremony,
                                                  const struct webauthn_registration *registration,
                                                  struct webauthn_credential *credential);
MUST_CHECK enum webauthn_reason webauthn_assert(const struct webauthn_ceremony *ceremony,
                                                const struct webauthn_account *account,
                                                const struct webauthn_assertion *assertion,
                                                struct webauthn_use *use);
/* Checks a kept signature again, without the account: steps 8 to 18, 20 and 21 of §7.2. */
MUST_CHECK enum webauthn_reason webauthn_recheck(const struct webauthn_ceremony *ceremony,
                                                 struct text public_key,
                                                 const struct webauthn_signature *signed_by);
