#include "net/signing.h"

#include <openssl/crypto.h>
#include <string.h>

#include "identity/signed_terms.h"
#include "identity/totp.h"
#include "net/api.h"
#include "net/handlers.h"
#include "net/people.h"
#include "net/service_private.h"
#include "net/sessions.h"

/* What comes back. */

struct signature_body {
    uint32_t present;
    struct text authenticator_data;
    struct text client_data;
    struct text code;
    struct text credential;
    struct digest nonce;
    struct text signature;
    struct text terms;
};

#define BODY struct signature_body
static const struct field given_fields[] = {
    FIELD(BODY, authenticator_data, FIELD_TEXT, .min = 1, .max = 4096,
          .doc = "Of a passkey, base64url; so the next ones."),
    FIELD(BODY, client_data, FIELD_TEXT, .min = 1, .max = 8192, .doc = "clientDataJSON."),
    FIELD(BODY, code, FIELD_TEXT, .min = 6, .max = 40,
          .doc = "Or else of a TOTP generator, where that is enough."),
    FIELD(BODY, credential, FIELD_TEXT, .min = 1, .max = 1400, .doc = "The credential's id."),
    FIELD(BODY, nonce, FIELD_DIGEST, .required = true, .doc = "As it was given."),
    FIELD(BODY, signature, FIELD_TEXT, .min = 1, .max = 1024, .doc = "The signature."),
    FIELD(BODY, terms, FIELD_TEXT, .required = true, .min = 2, .max = 65536,
          .doc = "As they were given, byte for byte."),
};
#undef BODY

static bool check_parts(const struct signature_body *body, struct problem *problem)
{
    bool passkey = body->authenticator_data.length > 0 && body->client_data.length > 0 &&
                   body->credential.length > 0 && body->signature.length > 0;
    bool code = body->code.length > 0 && body->client_data.length == 0;
    return passkey != code || problem_add(problem, PROBLEM_BODY_INVALID, "/signature",
                                          "is a passkey's (authenticator_data, client_data, "
                                          "credential, signature) or a code");
}

static const struct authenticator_row *find_passkey(const struct authenticators *rows,
                                                    struct text credential)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->rows[i].kind == AUTHENTICATOR_PASSKEY && rows->rows[i].removed_at == 0 &&
            text_equal(rows->rows[i].credential, credential))
            return &rows->rows[i];
    return NULL;
}

static void describe(struct signature *signature, const struct authenticator_row *row,
                     struct arena *arena)
{
    signature->authenticator = row->id;
    signature->registered_at = row->registered_at;
    signature->algorithm = row->algorithm;
    signature->public_key = base64url_of(arena, row->public_key);
    signature->rp_id = row->rp_id;
}

static void take_passkey(const struct call *call, const struct signature_body *body,
                         const struct authenticators *rows, struct signature *signature)
{
    struct arena *arena = call->request->arena;
    const struct authenticator_row *row =
        find_passkey(rows, base64url_bytes(arena, body->credential));
    signature->kind = SIGNATURE_PASSKEY;
    signature->authenticator_data = body->authenticator_data;
    signature->client_data = body->client_data;
    signature->signature = body->signature;
    signature->origin = claimed_origin(call, base64url_bytes(arena, body->client_data));
    if (row != NULL)
        describe(signature, row, arena);
}

/* Which of the person's generators gave the code: its time step, or 0. */
static bool take_code(const struct call *call, const struct signature_body *body,
                      const struct authenticators *rows, struct signature *signature,
                      struct problem *problem)
{
    uint8_t seed[DIGEST_BYTES];
    signature->kind = SIGNATURE_TOTP;
    for (size_t i = 0; i < rows->count && signature->step == 0; i++) {
        const struct authenticator_row *row = &rows->rows[i];
        if (row->kind != AUTHENTICATOR_TOTP || row->removed_at != 0)
            continue;
        if (!totp_seed(call->service, row->id, seed, problem))
            return false;
        describe(signature, row, call->request->arena);
        if (totp_verify((struct text){(const char *)seed, TOTP_SECRET_BYTES}, body->code,
                        time_now(), 0, row->last_step, &signature->step) != TOTP_ACCEPTED ||
            !attempts_take_code(call->service->attempts, row->id, signature->step))
            signature->step = 0;
    }
    OPENSSL_cleanse(seed, sizeof seed);
    return true;
}

/* Guessing a code is slowed as at the log-in. */
static bool take_slowed_code(const struct call *call, const struct signature_body *body,
                             const struct authenticators *rows, struct signature *signature,
                             struct problem *problem)
{
    char name[ID_TEXT_BYTES];
    size_t length = id_format("per", call->principal.person, name);
    const struct attempt attempt = {.account = {name, length}, .address = call->request->address};
    int64_t failures;
    if (!attempts_look(call->service->attempts, &attempt).allowed)
        return problem_set(problem, PROBLEM_LOGIN_SLOWED, "codes of this account from here");
    if (!take_code(call, body, rows, signature, problem))
        return false;
    if (signature->step == 0)
        (void)attempts_failed(call->service->attempts, &attempt, &failures);
    return true;
}

/* Described by the person's own row, which knows first that it was removed; the road compares it
   with the organisation's copy. */
static bool complete(const struct call *call, const struct signature_body *body, int64_t org,
                     struct signature *signature, struct problem *problem)
{
    struct authenticators rows;
    struct problem unfit; /* what is no nonce of now is none: the road refuses that on record */
    struct id person = call->principal.person;
    if (!authenticators_load(call, id_org(person), person, &rows, problem))
        return false;
    signature->terms = body->terms;
    signature->authenticator = id_new(org); /* nobody's, unless one is found */
    if (nonce_check(call->service, NONCE_SIGNATURE, call->principal.session, &body->nonce, &unfit))
        signature->nonce = body->nonce;
    if (body->code.length > 0) {
        if (!take_slowed_code(call, body, &rows, signature, problem))
            return false;
    } else {
        take_passkey(call, body, &rows, signature);
    }
    fields_mark_given(signature_fields, SIGNATURE_FIELDS, signature);
    return true;
}

bool signature_take(const struct call *call, json_t *json, const struct act *act,
                    const struct signature **signature, struct problem *problem)
{
    struct arena *arena = call->request->arena;
    struct signature_body body = {0};
    *signature = NULL;
    json_t *given = json_object_get(json, "signature");
    if (given == NULL || field_of_name(act->type->fields, act->type->field_count, "signature"))
        return true;
    if (id_is_zero(call->principal.person))
        return problem_set(problem, PROBLEM_PERSON_REQUIRED, "signatures are made in a session");
    struct signature *made = ARENA_NEW(arena, struct signature);
    bool read = fields_read(given_fields, COUNT_OF(given_fields), given, &body, arena, problem) &&
                check_parts(&body, problem) && complete(call, &body, act->org, made, problem);
    json_object_del(json, "signature");
    *signature = made;
    return read;
}

/* What is to be signed. */

struct signing_body {
    uint32_t present;
    struct text act;
    struct text subject;
};

#define BODY struct signing_body
static const struct field signing_fields[] = {
    FIELD(BODY, act, FIELD_TEXT, .required = true, .min = 1, .max = 60, .doc = "The act's type.",
          .example = "\"member.made_owner\""),
    FIELD(BODY, subject, FIELD_TEXT, .max = 60, .doc = "The object it is about, if it has one."),
};
#undef BODY

struct signing {
    struct call *call;
    struct act act;
    struct row_slot slots[NEEDS_MAX];
    struct decision decision;
};

static bool find_type(struct signing *signing, struct text name, struct problem *problem)
{
    const struct act_type *type = catalogue_act(signing->call->service->catalogue, name);
    signing->act.type = type;
    return (type != NULL && type->path != NULL) ||
           problem_add(problem, PROBLEM_BODY_INVALID, "/act", "is no act that can be signed");
}

static bool find_subject(struct signing *signing, const struct signing_body *body,
                         struct problem *problem)
{
    const struct act_type *type = signing->act.type;
    if ((type->subject == SUBJECT_PATH) != (body->subject.length > 0) ||
        (body->subject.length > 0 &&
         !id_parse(type->subject_prefix, body->subject, &signing->act.subject)))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/subject",
                           "must be the id of what the act is about, if it is about something");
    return true;
}

/* The hat that the act itself will be done in. */
static bool put_on_hat(struct signing *signing, struct problem *problem)
{
    struct call *call = signing->call;
    struct claim claim = call->claim;
    const struct act_type *type = signing->act.type;
    claim.roles = type->roles;
    claim.is_change = true;
    if (type->subject == SUBJECT_PATH) {
        claim.has_org = true;
        claim.org = id_org(signing->act.subject);
    }
    if (!auth_check(call->service->auth, &claim, call->request->arena, &signing->act.actor,
                    problem))
        return false;
    signing->act.org = type->subject == SUBJECT_PATH ? claim.org : signing->act.actor.org;
    if (type->subject == SUBJECT_SELF)
        signing->act.subject = signing->act.actor.person;
    return true;
}

static bool read_body(struct signing *signing, const json_t *given, struct problem *problem)
{
    const struct act_type *type = signing->act.type;
    struct arena *arena = signing->call->request->arena;
    void *body = arena_take(arena, type->body_bytes);
    signing->act.body = body;
    if (given == NULL && type->field_count == 0)
        return true;
    return fields_read(type->fields, type->field_count, given, body, arena, problem) &&
           api_complete(signing->call, &signing->act, body, problem);
}

static bool load_needs(struct signing *signing, struct problem *problem)
{
    const struct act_type *type = signing->act.type;
    struct store *store = kernel_store(signing->call->service->kernel);
    struct arena *arena = signing->call->request->arena;
    struct reader *reader = store_reader_take(store);
    bool read = true;
    for (size_t i = 0; read && i < type->need_count; i++) {
        struct row_slot *slot = &signing->slots[i];
        slot->table = type->needs[i].table;
        slot->row = act_need_key(&signing->act, &type->needs[i], arena);
        signing->decision.rows[i] = slot;
        read = reader_load(reader, slot->table, slot->row, arena, &slot->found, problem);
        if (read && !slot->found && type->needs[i].mode == NEED_PRESENT)
            read = problem_set(problem, PROBLEM_NOT_FOUND, "no such %s", type->needs[i].what);
    }
    store_reader_give(store, reader);
    signing->decision.act = &signing->act;
    signing->decision.arena = arena;
    return read;
}

static void write_credentials(struct json_writer *json, const struct authenticators *rows,
                              struct arena *arena)
{
    bool has_generator = false;
    json_name(json, "credentials");
    json_open_list(json);
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->rows[i].removed_at != 0)
            continue;
        if (rows->rows[i].kind == AUTHENTICATOR_PASSKEY)
            json_text(json, base64url_of(arena, rows->rows[i].credential));
        else
            has_generator = true;
    }
    json_close_list(json);
    json_name(json, "has_totp");
    json_bool(json, has_generator);
}

static void answer_terms(struct signing *signing, const struct authenticators *rows,
                         const struct digest *nonce)
{
    struct call *call = signing->call;
    struct arena *arena = call->request->arena;
    struct buffer terms;
    struct buffer body;
    buffer_init(&terms);
    buffer_init(&body);
    act_terms(&signing->decision, &terms);
    const struct signed_terms signed_terms = {.terms = buffer_view(&terms),
                                              .nonce = {(const char *)nonce->bytes, DIGEST_BYTES},
                                              .purpose = text_of(signing->act.type->name),
                                              .org = signing->act.org};
    struct digest challenge = signed_terms_challenge(&signed_terms);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_member(&json, "challenge",
                base64url_of(arena, (struct text){(const char *)challenge.bytes, DIGEST_BYTES}));
    write_credentials(&json, rows, arena);
    write_ceremony(&json, call->service, nonce);
    json_name(&json, "org");
    json_org(&json, signing->act.org);
    json_member(&json, "terms", buffer_view(&terms));
    json_close(&json);
    call_json(call, 200, &body);
    buffer_done(&terms);
    buffer_done(&body);
}

static bool prepare(struct signing *signing, json_t *json, struct problem *problem)
{
    struct signing_body body = {0};
    json_t *given = json_incref(json_object_get(json, "body"));
    json_object_del(json, "body");
    bool ready = fields_read(signing_fields, COUNT_OF(signing_fields), json, &body,
                             signing->call->request->arena, problem) &&
                 find_type(signing, body.act, problem) && find_subject(signing, &body, problem) &&
                 put_on_hat(signing, problem) && read_body(signing, given, problem) &&
                 load_needs(signing, problem);
    json_free(given);
    return ready;
}

static void signing_work(struct call *call)
{
    struct signing *signing = ARENA_NEW(call->request->arena, struct signing);
    struct id person = call->principal.person;
    struct authenticators rows;
    struct digest nonce;
    struct problem problem;
    problem_clear(&problem);
    signing->call = call;
    json_t *json = api_body(call, &problem);
    bool ready =
        json != NULL && prepare(signing, json, &problem) &&
        (signing->act.org == id_org(person) ||
         authenticators_copy(call, person, signing->act.org, &problem)) &&
        authenticators_load(call, signing->act.org, person, &rows, &problem) &&
        nonce_make(call->service, NONCE_SIGNATURE, call->principal.session, &nonce, &problem);
    json_free(json);
    if (ready)
        answer_terms(signing, &rows, &nonce);
    else
        call_problem(call, &problem);
}

void signing_handle(struct call *call)
{
    workers_run(call->service->workers, call, signing_work);
}
