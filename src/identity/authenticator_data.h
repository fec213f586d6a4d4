/*
 * Authenticator data (WebAuthn L3 §6.1): what an authenticator says about itself, its user and, at
 * a registration, the new credential (§6.5.1). Only its form is checked here, strictly: everything
 * must be there that the flags announce, and nothing behind it.
 */
#pragma once

#include "identity/webauthn.h"

enum authenticator_flag {
    AUTHENTICATOR_USER_PRESENT = 1 << 0,
    AUTHENTICATOR_USER_VERIFIED = 1 << 2,
    AUTHENTICATOR_BACKUP_ELIGIBLE = 1 << 3,
    AUTHENTICATOR_BACKED_UP = 1 << 4,
    AUTHENTICATOR_HAS_CREDENTIAL = 1 << 6,
    AUTHENTICATOR_HAS_EXTENSIONS = 1 << 7,
};

struct authenticator_data {
    struct text rp_id_hash; /* 32 bytes */
    unsigned flags;
    uint32_t sign_count;
    /* If AUTHENTICATOR_HAS_CREDENTIAL */
    struct text aaguid;
    struct text credential_id;
    struct text public_key;
};

/* The result borrows from BYTES. */
MUST_CHECK enum webauthn_reason authenticator_data_read(struct text bytes,
                                                        struct authenticator_data *data);
