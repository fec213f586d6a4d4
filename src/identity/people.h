/*
 * People: what is kept of them, of how they prove who they are, and of what they may in
 * organisations.
 *
 * A person has a number of their own, as an organisation has (base/id.h): their account, sessions,
 * devices and authenticators are rows of that number, their *home*. What an act in an organisation
 * needs stands in that organisation's rows: members, and copies of their authenticators, which have
 * the same id as the original. So an act touches one organisation, and a signature is checked
 * against rows of the same one.
 *
 * No row and no record holds what could be used to pose as somebody: of sessions, invitations and
 * codes there are digests of random secrets; a password's hash is peppered with a key of the
 * signer's (net/login.c); a TOTP seed is derived by the signer and kept nowhere.
 */
#pragma once

#include "act/act.h"

/* A person's account, one row a home. */
struct person_row {
    int64_t org; /* the person's number */
    struct id id;
    struct text name;
    struct text email;
    struct text language; /* BCP 47, of notices */
    struct text buyer;    /* the shop's name of them, or none */
    struct text password; /* Argon2id over the peppered password, or none */
    int64_t password_at;
    struct text recovery; /* SHA-256 of each recovery code that is left */
    int64_t recovery_at;
    int64_t frozen_at;      /* the panic switch was pressed */
    int64_t sessions_from;  /* sessions that were opened before are ended … */
    struct id kept_session; /* … but this one */
    int64_t authenticators; /* how many there are, not counting removed ones */
    int64_t has_device;     /* they were logged in somewhere before */
    int64_t created_at;
    int64_t version;
};
extern const struct table persons_table;

enum authenticator_kind { AUTHENTICATOR_PASSKEY, AUTHENTICATOR_TOTP };

/* A passkey or TOTP generator: the person's own row, and a copy in each of their organisations. */
struct authenticator_row {
    int64_t org;
    struct id id, person;
    int64_t kind;
    struct text name;
    struct text credential; /* WebAuthn's credential id */
    struct text public_key; /* COSE_Key */
    int64_t algorithm;      /* of COSE */
    struct text rp_id;
    int64_t backup_eligible, backed_up;
    int64_t sign_count;
    int64_t registered_at;
    int64_t held_until;    /* ACT_HELD waits until then; 0: it does not */
    struct id approved_by; /* the older authenticator that ended the hold, or none */
    int64_t last_nonce_at; /* of the newest signature that was accepted: older ones are replays */
    int64_t last_step;     /* of the newest TOTP code */
    int64_t removed_at;
    int64_t version;
};
extern const struct table authenticators_table;

struct session_row {
    int64_t org;
    struct id id;
    struct id authenticator;
    int64_t method;     /* enum auth_method */
    struct text secret; /* 32 bytes: SHA-256 of the cookie's secret */
    int64_t authenticated_at;
    int64_t opened_at, expires_at;
    int64_t held_until;
    struct text device_key; /* of devices */
    struct text device;     /* what it said that it is */
    struct text place;      /* the client's address */
    int64_t ended_at;
    struct text ended_why;
    int64_t version;
};
extern const struct table sessions_table;

/* A browser in which the person was logged in before. */
struct device_row {
    int64_t org;
    struct text key; /* hex SHA-256 of the device cookie */
    int64_t first_at;
    int64_t held_until;
};
extern const struct table devices_table;

/* When and from where a session was last used; operational. */
struct session_use_row {
    int64_t org;
    struct id session;
    int64_t used_at;
    struct text place;
};
extern const struct table session_uses_table;

enum member_role { MEMBER_OWNER, MEMBER_ADMIN, MEMBER_STAFF };
extern const char *const member_role_names[];

struct member_row {
    int64_t org;
    struct id id; /* member_id() */
    struct id person;
    struct text name;
    struct text email;
    int64_t role;
    struct text permissions; /* of staff: "orders messages" */
    struct id invited_by;    /* a person, or none: the operator */
    int64_t joined_at;
    int64_t left_at;
    int64_t version;
};
extern const struct table members_table;

/* A member's id is the person's with the organisation's number in it: who knows one knows both. */
struct id member_id(struct id person, int64_t org);
/* Of a member who has not left. */
unsigned member_permissions(const struct member_row *member);
/* PROBLEM_PERMISSION_REQUIRED, which names what is wanted. */
MUST_CHECK bool member_may(const struct member_row *member, enum permission wanted,
                           struct arena *arena, struct problem *problem);

struct invitation_row {
    int64_t org;
    struct id id;
    struct text name;
    struct text email;
    int64_t role;
    struct text permissions;
    struct text secret; /* 32 bytes */
    struct id invited_by;
    int64_t made_at, expires_at;
    int64_t opens_at; /* of a recovery: not before; 0: it is none */
    int64_t used_at;
    struct id used_by;
    int64_t withdrawn_at;
    int64_t version;
};
extern const struct table invitations_table;

enum verification_what {
    VERIFIED_NAME,
    VERIFIED_REGISTER,
    VERIFIED_ADDRESS,
    VERIFIED_TAX_NUMBER,
    VERIFIED_BANK_ACCOUNT,
    VERIFIED_PERSON,
};
extern const char *const verification_what_names[];
enum verification_result { VERIFICATION_PASSED, VERIFICATION_FAILED, VERIFICATION_WITHDRAWN };
extern const char *const verification_result_names[];

/* What was checked of an organisation. */
struct verification_row {
    int64_t org;
    struct id id;
    int64_t what;      /* enum verification_what */
    int64_t result;    /* enum verification_result */
    struct text shown; /* what buyers may read: "Nordlicht Lamps OÜ, Tallinn" */
    struct text note;  /* what they may not */
    struct id checked_by;
    int64_t checked_at, valid_until;
    int64_t version;
};
extern const struct table verifications_table;

/* A code that a member reads to the marketplace's support, and the contact that it opened. */
struct support_code_row {
    int64_t org;
    struct text code; /* hex SHA-256 */
    struct id made_by;
    int64_t made_at, expires_at, used_at;
};
extern const struct table support_codes_table;

struct support_contact_row {
    int64_t org;
    struct id person; /* the member of staff */
    struct text name; /* of them, as the organisation sees it */
    struct id let_in_by;
    int64_t opened_at, ends_at;
    int64_t version;
};
extern const struct table support_contacts_table;

/* A shop's public key, for hand-overs of buyers. */
struct hand_over_key_row {
    int64_t org;
    struct id id;
    struct text public_key; /* 32 bytes, Ed25519 */
    struct text label;
    int64_t created_at, revoked_at;
    int64_t version;
};
extern const struct table hand_over_keys_table;

/* A hand-over that was used, in the buyer's home. */
struct hand_over_row {
    int64_t org;
    struct text jti;
    int64_t used_at;
};
extern const struct table hand_overs_table;

/* May this session be used at NOW? */
bool session_is_open(const struct session_row *session, const struct person_row *person,
                     int64_t now);

/* The catalogue's rule: members, permissions, recency, signatures, holds, freezing. */
extern const struct authority_rule people_authority;
