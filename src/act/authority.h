/*
 * Authority: what an act needs besides its role, and what is kept of it in the act's record.
 *
 * An act type declares AUTHORITY_SESSION, _RECENT or _SIGNED and a permission; floor 3 declares the
 * rule that the kernel asks before it decides (struct authority_rule). A rule is pure, as decide
 * functions are: it sees rows of the act's own organisation, named by key, and replay asks it
 * again.
 *
 * A signature is a person's over the exact terms of one act: a WebAuthn assertion whose challenge
 * is
 *
 *     SHA-256("counterfoil-terms-v1" NUL || nonce (32 bytes) || SHA-256(terms))
 *
 * with terms in canonical JSON (act_terms), or a TOTP code, which is not bound to terms by itself
 * and therefore the lower level. All that is needed to check a signature again, without us, stands
 * in the record.
 */
#pragma once

#include "act/field.h"

enum authority {
    AUTHORITY_SESSION, /* an API key, or a person's session, of a role that may */
    AUTHORITY_RECENT,  /* a person who authenticated within the last RECENT_US */
    AUTHORITY_SIGNED,  /* a person's signature over the exact terms */
};
#define RECENT_US (5 * TIME_MINUTE)
/* From when the nonce was made; no more than this may pass until the signature is decided on. */
#define SIGNATURE_US (5 * TIME_MINUTE)

/* What a member of an organisation may be allowed; owners and admins have all of them. */
enum permission {
    PERMISSION_NONE = 0,          /* any member may */
    PERMISSION_ORDERS = 1,        /* decide about orders, ship */
    PERMISSION_MESSAGES = 2,      /* answer buyers */
    PERMISSION_SERVICES = 4,      /* propose and cancel paid services */
    PERMISSION_APPS = 8,          /* let apps in, stop them */
    PERMISSION_MONEY = 16,        /* payouts, fees, invoices */
    PERMISSION_PEOPLE = 32,       /* invite people, change and end what they may do */
    PERMISSION_SETTINGS = 64,     /* endpoints, settings of the organisation */
    PERMISSION_SUPPORT = 128,     /* staff of the marketplace: help organisations */
    PERMISSION_ENFORCEMENT = 256, /* staff of the marketplace: decide about rules */
};
#define PERMISSION_COUNT 9
#define PERMISSIONS_ALL (~0U) /* of an owner, an admin, the organisation's own API key */
extern const char *const permission_names[PERMISSION_COUNT + 1]; /* by bit number */
/* "orders messages": names in the order of the bits, a space between them. */
struct text permissions_format(unsigned permissions, struct arena *arena);
/* Strict: known names, each once, in any order. */
MUST_CHECK bool permissions_parse(struct text names, unsigned *permissions);

/* How somebody proved to be that person. */
enum auth_method {
    AUTH_NONE,
    AUTH_PASSKEY,
    AUTH_TOTP,          /* password and TOTP code */
    AUTH_RECOVERY_CODE, /* may add an authenticator, and nothing that is held back */
    AUTH_HAND_OVER,     /* the shop says who it is: buyers only */
    AUTH_INVITATION,    /* nobody yet: an account is being made with it */
};
extern const char *const auth_method_names[];

enum signature_kind { SIGNATURE_PASSKEY, SIGNATURE_TOTP };
extern const char *const signature_kind_names[];

struct signature {
    uint32_t present;
    int64_t algorithm; /* COSE: -7 ES256, -8 EdDSA, -257 RS256 */
    struct id authenticator;
    struct text authenticator_data; /* base64url, as the next ones */
    struct text client_data;
    int64_t kind;
    struct digest nonce; /* bytes 8 to 15: when it was made, microseconds, big-endian */
    struct text origin;
    struct text public_key; /* COSE_Key */
    int64_t registered_at;  /* the authenticator */
    struct text rp_id;
    struct text signature;
    int64_t step;      /* TOTP: the time step whose code it was */
    struct text terms; /* canonical JSON, byte for byte what was signed */
};
/* By number of their bit in `present`. */
enum signature_field {
    SIGNATURE_ALGORITHM,
    SIGNATURE_AUTHENTICATOR,
    SIGNATURE_AUTHENTICATOR_DATA,
    SIGNATURE_CLIENT_DATA,
    SIGNATURE_KIND,
    SIGNATURE_NONCE,
    SIGNATURE_ORIGIN,
    SIGNATURE_PUBLIC_KEY,
    SIGNATURE_REGISTERED_AT,
    SIGNATURE_RP_ID,
    SIGNATURE_SIGNATURE,
    SIGNATURE_STEP,
    SIGNATURE_TERMS,
    SIGNATURE_FIELDS
};
extern const struct field signature_fields[SIGNATURE_FIELDS];
/* When the nonce was made. */
int64_t signature_nonce_at(const struct digest *nonce);

/* A step in the interface that led to the act: "services/consent", "sign". */
struct interface_step {
    uint32_t present;
    struct text control;
    struct text page;
};
#define STEPS_MAX 16
extern const struct field interface_step_fields[2];
