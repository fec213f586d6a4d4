/*
 * Organisations and API keys; people and what proves who they are stand in people.h.
 *
 * A key's text is `cf_<role>_<26 characters of its id>_<43 characters of secret>`. The id tells the
 * organisation whose row to read; of the secret only its SHA-256 is kept, and that is what the act
 * key.created records. 256 random bits need no slow hash.
 */
#pragma once

#include "act/act.h"

struct org_row {
    int64_t org;
    struct text name;
    struct text reference; /* the shop's name for it */
    int64_t created_at;
    int64_t version;
    int64_t frozen_at; /* a member pressed the panic switch: nothing sensitive goes */
    int64_t owners;    /* members who are owners and have not left */
    int64_t four_eyes; /* what is signed needs two: staff propose and a second one confirms */
};
extern const struct table orgs_table;

struct key_row {
    int64_t org;
    struct id id;
    int64_t role; /* bit number of enum role; an index into role_names */
    struct text buyer;
    struct text label;
    struct text secret; /* 32 bytes: SHA-256 of the secret's text */
    int64_t created_at;
    int64_t revoked_at;
    int64_t version;
};
extern const struct table keys_table;

extern const struct act_type org_created, key_created, key_revoked;
extern const struct view orgs_view, keys_view;

struct org_created_body {
    uint32_t present;
    struct text name;
    struct text reference;
};

struct key_created_body {
    uint32_t present;
    struct text buyer;
    struct text label;
    int64_t org;          /* whose: a seller key's organisation; else the marketplace's */
    int64_t role;         /* index into key_role_names */
    struct digest secret; /* SHA-256 of the secret's text; made by whoever submits the act */
};
/* The roles that a key can have: an index into this is an index into role_names too. */
extern const char *const key_role_names[];

#define KEY_TEXT_BYTES 96

/* Makes a fresh secret: its text form for the key whose id is ID, and what key.created records. */
void key_secret_new(enum role role, struct id id, char text[KEY_TEXT_BYTES], struct digest *secret);
/* Takes a key's text apart; false if it is not of the form. SECRET is the digest to compare. */
MUST_CHECK bool key_parse(struct text text, enum role *role, struct id *id, struct digest *secret);
/* Does this row belong to that secret, and is it not revoked? Constant time in the secret. */
bool key_matches(const struct key_row *row, enum role role, const struct digest *secret);
struct principal key_principal(const struct key_row *row, struct arena *arena);
