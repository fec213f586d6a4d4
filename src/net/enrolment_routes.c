/*
 * Enrolment: somebody who was invited makes an account, with a passkey or with password and TOTP,
 * and is a member and logged in. Who has an account accepts the invitation in a session.
 */
#include <string.h>

#include "identity/identity.h"
#include "identity/totp.h"
#include "net/api.h"
#include "net/handlers.h"
#include "net/people.h"
#include "net/service_private.h"
#include "net/sessions.h"

/* The first request: for what is a ceremony needed? */

struct invitation_body {
    uint32_t present;
    struct text invitation;
};

static const struct field invitation_fields[] = {
    FIELD(struct invitation_body, invitation, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "As it stood in the link."),
};

void write_totp(struct json_writer *json, struct text seed, struct id authenticator,
                const struct service *service, struct text account)
{
    struct buffer secret;
    buffer_init(&secret);
    base32_add(&secret, seed.bytes, seed.length);
    json_open(json);
    json_name(json, "id");
    json_id(json, "atn", authenticator);
    json_member(json, "secret", buffer_view(&secret));
    buffer_clear(&secret);
    totp_uri(&secret, seed, text_of(service->options.rp_id), account);
    json_member(json, "uri", buffer_view(&secret));
    json_close(json);
    explicit_bzero(secret.bytes, secret.capacity);
    buffer_done(&secret);
}

static void write_organisation(struct json_writer *json, const struct call *call, int64_t org)
{
    struct org_row row = {.org = org};
    struct problem ignored;
    bool found = false;
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_load(reader, &orgs_table, &row, call->request->arena, &found, &ignored);
    store_reader_give(store, reader);
    json_name(json, "organisation");
    json_text(json, read && found ? row.name : TEXT("The marketplace"));
}

static void answer_challenge(struct call *call, const struct invitation_row *invitation,
                             struct id person, const struct digest *nonce, struct text seed,
                             struct id generator)
{
    struct arena *arena = call->request->arena;
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    write_algorithms(&json);
    json_member(&json, "challenge",
                base64url_of(arena, (struct text){(const char *)nonce->bytes, DIGEST_BYTES}));
    if (invitation->email.length > 0)
        json_member(&json, "email", invitation->email);
    if (invitation->name.length > 0)
        json_member(&json, "name", invitation->name);
    write_ceremony(&json, call->service, nonce);
    write_organisation(&json, call, invitation->org);
    json_name(&json, "person");
    json_id(&json, "per", person);
    json_member(&json, "role", text_of(member_role_names[invitation->role]));
    json_name(&json, "totp");
    write_totp(&json, seed, generator, call->service,
               invitation->email.length > 0 ? invitation->email : TEXT("account"));
    json_member(
        &json, "user_id",
        base64url_of(arena, (struct text){(const char *)person.bytes, sizeof person.bytes}));
    json_close(&json);
    call_json(call, 200, &body);
    buffer_done(&body);
}

static void challenge_work(struct call *call)
{
    struct invitation_body body = {0};
    struct invitation_row invitation;
    struct problem problem;
    struct digest nonce;
    uint8_t seed[DIGEST_BYTES];
    struct id person = id_new(person_random());
    struct id generator = id_new(id_org(person));
    problem_clear(&problem);
    if (!people_body(call, invitation_fields, COUNT_OF(invitation_fields), &body, &problem) ||
        !invitation_load(call, body.invitation, &invitation, &problem) ||
        !nonce_make(call->service, NONCE_ENROLMENT, person, &nonce, &problem) ||
        !totp_seed(call->service, generator, seed, &problem)) {
        call_problem(call, &problem);
        return;
    }
    answer_challenge(call, &invitation, person, &nonce,
                     (struct text){(const char *)seed, TOTP_SECRET_BYTES}, generator);
    explicit_bzero(seed, sizeof seed);
}

void enrolment_challenge_handle(struct call *call)
{
    workers_run(call->service->workers, call, challenge_work);
}

/* The second: the account. */

struct enrolment_body {
    uint32_t present;
    struct text attestation_object;
    struct text authenticator_name;
    struct text client_data;
    struct text code;
    struct text email;
    struct text invitation;
    struct text language;
    struct text name;
    struct digest nonce;
    struct text password;
    struct id person;
    struct id totp;
};

#define BODY struct enrolment_body
static const struct field enrolment_fields[] = {
    FIELD(BODY, attestation_object, FIELD_TEXT, .max = 22000,
          .doc = "Of the passkey, base64url; or else password, totp and code."),
    FIELD(BODY, authenticator_name, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "What you call the passkey or generator."),
    FIELD(BODY, client_data, FIELD_TEXT, .max = 8192, .doc = "Of the passkey, base64url."),
    FIELD(BODY, code, FIELD_TEXT, .max = 40, .doc = "Of the TOTP generator."),
    FIELD(BODY, email, FIELD_TEXT, .min = 3, .max = 254,
          .doc = "Where notices go; needed to log in with a password."),
    FIELD(BODY, invitation, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "As it stood in the link."),
    FIELD(BODY, language, FIELD_TEXT, .min = 2, .max = 35, .doc = "BCP 47."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "What people call you."),
    FIELD(BODY, nonce, FIELD_DIGEST, .required = true, .doc = "As the challenge gave it."),
    FIELD(BODY, password, FIELD_TEXT, .max = 512, .doc = "The password."),
    FIELD(BODY, person, FIELD_ID, .required = true, .prefix = "per",
          .doc = "As the challenge gave it."),
    FIELD(BODY, totp, FIELD_ID, .prefix = "atn", .doc = "The generator, as the challenge gave it."),
};
#undef BODY

/* A recovery is by passkey alone, and not while the organisation is frozen. */
static bool check_recovery(const struct call *call, const struct enrolment_body *body,
                           const struct invitation_row *invitation, struct problem *problem)
{
    struct org_row org = {.org = invitation->org};
    bool found = false;
    if (invitation->opens_at == 0)
        return true;
    if (body->client_data.length == 0)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/client_data",
                           "is required: a recovery takes a passkey");
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_load(reader, &orgs_table, &org, call->request->arena, &found, problem);
    store_reader_give(store, reader);
    return read &&
           (org.frozen_at == 0 || problem_set(problem, PROBLEM_FROZEN, "it is the organisation's"));
}

static bool read_enrolment(const struct call *call, struct enrolment_body *body, bool *is_recovery,
                           struct problem *problem)
{
    struct invitation_row invitation = {0};
    if (!people_body(call, enrolment_fields, COUNT_OF(enrolment_fields), body, problem))
        return false;
    if (body->client_data.length == 0 && (body->password.length == 0 || body->email.length == 0))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/client_data",
                           "is required, or else password, email, totp and code");
    bool holds = invitation_load(call, body->invitation, &invitation, problem);
    *is_recovery = invitation.opens_at != 0;
    return holds && check_recovery(call, body, &invitation, problem) &&
           nonce_check(call->service, NONCE_ENROLMENT, body->person, &body->nonce, problem) &&
           email_is_free(call, body->email, id_org(body->person), problem);
}

static bool make_person(const struct call *call, const struct enrolment_body *body,
                        struct person_row *person, struct problem *problem)
{
    static const struct principal system = {.role = ROLE_SYSTEM};
    struct person_joined_body *joined = ARENA_NEW(call->request->arena, struct person_joined_body);
    *joined = (struct person_joined_body){
        .email = body->email, .language = body->language, .name = body->name};
    fields_mark_given(person_joined.fields, person_joined.field_count, joined);
    return people_act(call, &person_joined, id_org(body->person), body->person, &system, joined,
                      NULL, problem) &&
           person_load(call, body->person, person, problem);
}

static bool make_authenticator(struct call *call, const struct enrolment_body *body,
                               const struct person_row *person, bool is_recovery,
                               struct session_body *use, struct problem *problem)
{
    const struct principal actor = person_principal(person, AUTH_INVITATION);
    const struct passkey_body passkey = {.attestation_object = body->attestation_object,
                                         .client_data = body->client_data,
                                         .name = body->authenticator_name,
                                         .nonce = body->nonce,
                                         .is_recovery = is_recovery};
    if (body->client_data.length > 0)
        return passkey_register(call, person->id, &actor, &passkey, use, problem);
    return totp_register(call, person->id, &actor, body->totp, body->authenticator_name, body->code,
                         problem) &&
           password_change(call, person, &actor, body->password, problem) &&
           code_check(call, person, body->code, use, problem);
}

static bool enrol(struct call *call, struct http_answer *answer, struct person_row *person,
                  struct problem *problem)
{
    struct enrolment_body *body = ARENA_NEW(call->request->arena, struct enrolment_body);
    struct session_body *use = ARENA_NEW(call->request->arena, struct session_body);
    bool is_recovery = false;
    if (!read_enrolment(call, body, &is_recovery, problem) ||
        !make_person(call, body, person, problem) ||
        !make_authenticator(call, body, person, is_recovery, use, problem))
        return false;
    const struct principal actor = person_principal(person, (enum auth_method)use->method);
    return invitation_accept(call, person, &actor, body->invitation, problem) &&
           session_open(call, person, use, answer, problem);
}

static void enrolment_work(struct call *call)
{
    struct http_answer answer = {0};
    struct person_row person;
    struct problem problem;
    problem_clear(&problem);
    if (enrol(call, &answer, &person, &problem))
        people_answer(call, &answer, person.id);
    else
        call_problem(call, &problem);
}

void enrolment_handle(struct call *call)
{
    workers_run(call->service->workers, call, enrolment_work);
}

/* In a session. */

static void accept_work(struct call *call)
{
    struct invitation_body body = {0};
    struct invitation_row invitation;
    struct http_answer answer = {0};
    struct person_row person;
    struct problem problem;
    problem_clear(&problem);
    if (people_body(call, invitation_fields, COUNT_OF(invitation_fields), &body, &problem) &&
        invitation_load(call, body.invitation, &invitation, &problem) &&
        (invitation.opens_at == 0 ||
         problem_set(&problem, PROBLEM_INVITATION_INVALID,
                     "a recovery makes an account of its own, by enrolment")) &&
        person_load(call, call->principal.person, &person, &problem) &&
        invitation_accept(call, &person, &call->principal, body.invitation, &problem))
        people_answer(call, &answer, person.id);
    else
        call_problem(call, &problem);
}

void accept_invitation_handle(struct call *call)
{
    workers_run(call->service->workers, call, accept_work);
}
