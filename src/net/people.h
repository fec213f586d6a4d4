/*
 * What the routes of people share: acts that are waited for, secrets, what WebAuthn brings.
 *
 * These routes run on a worker (net/worker.h): several acts one after another, Argon2id. If one of
 * the acts fails, those before it stand: a person without an authenticator, an authenticator
 * without a session. Each is harmless, and the same request may come again.
 */
#pragma once

#include "identity/people_acts.h"
#include "identity/webauthn.h"
#include "net/call.h"
#include "net/nonce.h"

/* A random secret as text, and its digest. */
struct text secret_new(struct arena *arena, struct digest *digest);
struct text base64url_of(struct arena *arena, struct text bytes);
/* The bytes, or TEXT_NONE if it is not base64url. */
struct text base64url_bytes(struct arena *arena, struct text encoded);

/* Submits an act and waits; false with its problem if it was refused. SUBMISSION may be NULL. */
MUST_CHECK bool people_act(const struct call *call, const struct act_type *type, int64_t org,
                           struct id subject, const struct principal *actor, const void *body,
                           struct submission *submission, struct problem *problem);
/* Reads the body by FIELDS into BODY. */
MUST_CHECK bool people_body(const struct call *call, const struct field *fields, size_t count,
                            void *body, struct problem *problem);

/* What a passkey's log-in, confirmation or signature brings, as the API takes it. */
struct assertion_body {
    uint32_t present;
    struct text authenticator_data;
    struct text client_data;
    struct text credential;
    struct digest nonce;
    struct text signature;
    struct text user_handle;
};
#define ASSERTION_FIELDS 6
extern const struct field assertion_fields[ASSERTION_FIELDS];

/*
 * Checks an assertion over NONCE's own bytes by an authenticator of PERSON's; FOUND_BY_HANDLE: it
 * was not known before whose it is. USE is what the session's act needs to know.
 */
MUST_CHECK bool passkey_check(const struct call *call, const struct person_row *person,
                              const struct assertion_body *body, bool found_by_handle,
                              struct session_body *use, struct problem *problem);
/* The person's TOTP generator whose code this is; last_step is checked again by the act. */
MUST_CHECK bool code_check(const struct call *call, const struct person_row *person,
                           struct text code, struct session_body *use, struct problem *problem);
/* The seed of a generator; it is kept nowhere. */
MUST_CHECK bool totp_seed(const struct service *service, struct id authenticator,
                          uint8_t seed[DIGEST_BYTES], struct problem *problem);
/* The password as it is hashed: with a key of the person's that derives from the signer's. */
MUST_CHECK bool password_pepper(const struct call *call, struct id person, struct text password,
                                struct text *peppered, struct problem *problem);

/* Rows of one person's authenticators in ORG: their home, or an organisation. */
struct authenticators {
    size_t count;
    struct authenticator_row *rows;
};
MUST_CHECK bool authenticators_load(const struct call *call, int64_t org, struct id person,
                                    struct authenticators *found, struct problem *problem);
/* Brings an organisation's copies up to date with the person's own. */
MUST_CHECK bool authenticators_copy(const struct call *call, struct id person, int64_t org,
                                    struct problem *problem);
/* The same in all organisations that the person is a member of. */
MUST_CHECK bool authenticators_copy_everywhere(const struct call *call, struct id person,
                                               struct problem *problem);

/* Registers what a ceremony brought for PERSON; the nonce was checked. */
struct passkey_body {
    uint32_t present;
    struct text attestation_object;
    struct text client_data;
    struct text name;
    struct digest nonce;
    bool is_recovery; /* not of the request: it is on hold, though the first */
};
#define PASSKEY_FIELDS 4
extern const struct field passkey_fields[PASSKEY_FIELDS];
/* USE is what a session that the registration opens needs to know. */
MUST_CHECK bool passkey_register(const struct call *call, struct id person,
                                 const struct principal *actor, const struct passkey_body *body,
                                 struct session_body *use, struct problem *problem);
MUST_CHECK bool totp_register(const struct call *call, struct id person,
                              const struct principal *actor, struct id authenticator,
                              struct text name, struct text code, struct problem *problem);

/* Hashes and sets a password. */
MUST_CHECK bool password_change(const struct call *call, const struct person_row *person,
                                const struct principal *actor, struct text password,
                                struct problem *problem);

/* Opens a session for PERSON by what USE proves; ANSWER gets its cookies. */
MUST_CHECK bool session_open(const struct call *call, const struct person_row *person,
                             struct session_body *use, struct http_answer *answer,
                             struct problem *problem);
/* Makes the person a member; INVITATION is its text. */
MUST_CHECK bool invitation_accept(const struct call *call, const struct person_row *person,
                                  const struct principal *actor, struct text invitation,
                                  struct problem *problem);
/* Takes an invitation's text apart: "inv_….secret". */
MUST_CHECK bool invitation_parse(struct text text, struct id *id, struct digest *secret,
                                 struct problem *problem);
/* Is it one that holds now? */
MUST_CHECK bool invitation_load(const struct call *call, struct text text,
                                struct invitation_row *row, struct problem *problem);

/* The origin that the client data name, if it is ours; else the first of ours, which does not fit.
 */
struct text claimed_origin(const struct call *call, struct text client_data);

/* `algorithms`: what a new passkey may be of. */
void write_algorithms(struct json_writer *json);
/* The object with which somebody sets up a TOTP generator. */
void write_totp(struct json_writer *json, struct text seed, struct id authenticator,
                const struct service *service, struct text account);
/* `{"person": …}`, 200, with ANSWER's header fields. */
void people_answer(struct call *call, struct http_answer *answer, struct id person);

/* Somebody's self, in their own account. */
struct principal person_principal(const struct person_row *person, enum auth_method method);
/* Members of the object that a WebAuthn call takes. */
void write_ceremony(struct json_writer *json, const struct service *service,
                    const struct digest *nonce);

/* PROBLEM_ALREADY_EXISTS if another account has this address, by which people log in. */
MUST_CHECK bool email_is_free(const struct call *call, struct text email, int64_t own,
                              struct problem *problem);
