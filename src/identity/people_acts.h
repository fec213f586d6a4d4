/*
 * What people do: the acts about accounts, authenticators, sessions, members, verification and
 * support. Those without a route of their own (path NULL) are made by net/, which first checks what
 * must not be recorded or depends on keys of the server: passwords, codes, WebAuthn ceremonies.
 *
 * Digests in bodies are of random secrets (SHA-256); bytes are base64url.
 */
#pragma once

#include "identity/people.h"

/* Accounts, in a person's home. */
extern const struct act_type person_joined, person_changed, person_frozen, person_unfrozen,
    password_set, recovery_codes_made, login_attacked;

struct person_joined_body {
    uint32_t present;
    struct text buyer;
    struct text email;
    struct text language;
    struct text name;
};
struct person_changed_body {
    uint32_t present;
    struct text email;
    struct text email_before; /* what it was: notices of the change go there */
    struct text language;
    struct text name;
};
struct password_set_body {
    uint32_t present;
    struct text hash;
};
struct recovery_code_digest {
    uint32_t present;
    struct digest digest;
};
struct recovery_codes_made_body {
    uint32_t present;
    struct list codes; /* struct recovery_code_digest */
};
struct login_attacked_body {
    uint32_t present;
    int64_t attempts;
    struct text from;
};

/* Authenticators: the person's own, and their copies in organisations. */
extern const struct act_type authenticator_registered, authenticator_removed,
    authenticator_approved, authenticator_copied;

struct authenticator_body {
    uint32_t present;
    int64_t algorithm;
    struct text attestation_object; /* registered: evidence, as client_data */
    bool backed_up;
    bool backup_eligible;
    struct text client_data;
    struct text credential;
    int64_t held_until; /* copied */
    int64_t kind;
    struct text name;
    struct id person; /* copied */
    struct text public_key;
    int64_t registered_at; /* copied */
    int64_t removed_at;    /* copied */
    struct text rp_id;
    int64_t sign_count;
    int64_t step; /* registered, TOTP: of the code that proved it */
};

/* Sessions. */
extern const struct act_type session_opened, session_confirmed, session_ended, sessions_ended;

struct session_body {
    uint32_t present;
    struct id authenticator;
    bool backed_up;
    struct text device_key;
    struct text jti; /* of a hand-over */
    int64_t method;
    int64_t nonce_at; /* passkey: when the challenge's nonce was made */
    struct digest recovery_code;
    struct digest secret;
    int64_t sign_count;
    int64_t step;
};

/* Members of organisations. */
extern const struct act_type owner_invited, owner_recovery_invited, invitation_refused,
    member_invited, invitation_withdrawn, member_joined, member_changed, member_made_owner,
    member_removed, member_left, org_frozen, org_unfrozen, org_settings_changed;

struct member_invited_body {
    uint32_t present;
    struct text email;
    struct text name;
    int64_t org;
    struct text permissions;
    int64_t role;
    struct digest secret;
};
struct member_joined_body {
    uint32_t present;
    struct text email;
    struct id invitation;
    struct text name;
    struct id person;
    struct digest secret;
};
struct member_changed_body {
    uint32_t present;
    struct text permissions;
    int64_t role;
};
struct org_settings_body {
    uint32_t present;
    bool four_eyes;
};

/* Verification of organisations, support, hand-over keys. */
extern const struct act_type org_verified, support_code_made, support_let_in, support_contact_ended,
    hand_over_key_added, hand_over_key_revoked;

struct org_verified_body {
    uint32_t present;
    struct text note;
    int64_t org;
    int64_t result;
    struct text shown;
    int64_t valid_until;
    int64_t what;
};
#define SUPPORT_CODE_US (10 * TIME_MINUTE)
#define SUPPORT_CONTACT_US TIME_HOUR
struct support_code_body {
    uint32_t present;
    struct text code; /* hex SHA-256 */
};
struct support_let_in_body {
    uint32_t present;
    struct text code;
    struct text name;
    int64_t org;
};
struct support_contact_ended_body {
    uint32_t present;
    struct id person;
};
struct hand_over_key_body {
    uint32_t present;
    struct text label;
    struct text public_key;
};

extern const struct view authenticators_view, members_view, invitations_view, verifications_view,
    support_contacts_view, hand_over_keys_view;

/* Of a field in a body: base64url to bytes; what is not base64url was checked before. */
struct text body_bytes_of(struct arena *arena, struct text encoded);
/* Keys of rows that acts of people need: the home's account, and the authenticator that signed. */
void key_of_home(const struct act *act, void *row);
/* An address as it is kept and looked for: without spaces around it, ASCII in lower case. */
struct text email_normal(struct arena *arena, struct text email);
