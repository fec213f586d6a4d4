#include "net/people.h"

#include <openssl/crypto.h>
#include <string.h>

#include "identity/cose_key.h"
#include "identity/password.h"
#include "identity/totp.h"
#include "net/api.h"
#include "net/service_private.h"
#include "net/sessions.h"

#define AUTHENTICATORS_MAX 50
#define MEMBERSHIPS_MAX 100

struct text base64url_of(struct arena *arena, struct text bytes)
{
    struct buffer out;
    buffer_init(&out);
    base64url_add(&out, bytes.bytes, bytes.length);
    struct text text = arena_text(arena, buffer_view(&out));
    buffer_done(&out);
    return text;
}

struct text base64url_bytes(struct arena *arena, struct text encoded)
{
    return body_bytes_of(arena, encoded);
}

struct text secret_new(struct arena *arena, struct digest *digest)
{
    uint8_t bytes[DIGEST_BYTES];
    random_bytes(bytes, sizeof bytes);
    struct text text = base64url_of(arena, (struct text){(const char *)bytes, sizeof bytes});
    OPENSSL_cleanse(bytes, sizeof bytes);
    *digest = digest_of_pieces(&text, 1);
    return text;
}

bool people_act(const struct call *call, const struct act_type *type, int64_t org,
                struct id subject, const struct principal *actor, const void *body,
                struct submission *submission, struct problem *problem)
{
    struct submission *own = ARENA_NEW(call->request->arena, struct submission);
    api_actor(call, own);
    own->act.type = type;
    own->act.org = org;
    own->act.subject = subject;
    own->act.actor = *actor;
    own->act.body = body;
    kernel_act(call->service->kernel, own);
    if (submission != NULL)
        *submission = *own;
    if (own->accepted)
        return true;
    *problem = own->problem;
    return false;
}

bool people_body(const struct call *call, const struct field *fields, size_t count, void *body,
                 struct problem *problem)
{
    json_t *json = api_body(call, problem);
    bool read =
        json != NULL && fields_read(fields, count, json, body, call->request->arena, problem);
    json_free(json);
    return read;
}

struct principal person_principal(const struct person_row *person, enum auth_method method)
{
    return (struct principal){.role = ROLE_PERSON,
                              .org = person->org,
                              .person = person->id,
                              .method = method,
                              .authenticated_at = time_now()};
}

void write_ceremony(struct json_writer *json, const struct service *service,
                    const struct digest *nonce)
{
    struct buffer hex;
    buffer_init(&hex);
    hex_add(&hex, nonce->bytes, DIGEST_BYTES);
    json_member(json, "nonce", buffer_view(&hex));
    json_member(json, "rp_id", text_of(service->options.rp_id));
    json_member_int(json, "timeout_ms", service->options.nonce_us / 1000);
    json_member(json, "user_verification", TEXT("required"));
    buffer_done(&hex);
}

void write_algorithms(struct json_writer *json)
{
    json_name(json, "algorithms");
    json_open_list(json);
    for (size_t i = 0; i < COSE_ALGORITHMS; i++)
        json_int(json, cose_algorithms[i]);
    json_close_list(json);
}

void people_answer(struct call *call, struct http_answer *answer, struct id person)
{
    struct buffer body;
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_name(&json, "person");
    json_id(&json, "per", person);
    json_close(&json);
    answer->status = 200;
    answer->media_type = "application/json";
    answer->body = buffer_view(&body);
    call_answer(call, answer);
    buffer_done(&body);
}

#define BODY struct assertion_body
const struct field assertion_fields[ASSERTION_FIELDS] = {
    FIELD(BODY, authenticator_data, FIELD_TEXT, .required = true, .min = 1, .max = 4096,
          .doc = "base64url, as the browser gave it; so the others."),
    FIELD(BODY, client_data, FIELD_TEXT, .required = true, .min = 1, .max = 8192,
          .doc = "clientDataJSON."),
    FIELD(BODY, credential, FIELD_TEXT, .required = true, .min = 1, .max = 1400,
          .doc = "The credential's id."),
    FIELD(BODY, nonce, FIELD_DIGEST, .required = true, .doc = "As the challenge gave it."),
    FIELD(BODY, signature, FIELD_TEXT, .required = true, .min = 1, .max = 1024,
          .doc = "The signature."),
    FIELD(BODY, user_handle, FIELD_TEXT, .max = 100, .doc = "The user handle."),
};
#undef BODY

#define BODY struct passkey_body
const struct field passkey_fields[PASSKEY_FIELDS] = {
    FIELD(BODY, attestation_object, FIELD_TEXT, .required = true, .min = 1, .max = 22000,
          .doc = "base64url, as the browser gave it."),
    FIELD(BODY, client_data, FIELD_TEXT, .required = true, .min = 1, .max = 8192,
          .doc = "clientDataJSON, base64url."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "What you call the passkey.", .example = "\"Phone\""),
    FIELD(BODY, nonce, FIELD_DIGEST, .required = true, .doc = "As the challenge gave it."),
};
#undef BODY

/* The ceremony over a nonce; the origin that was claimed is checked to be one of ours. */
struct ceremony {
    struct webauthn_ceremony asked;
    struct text origin;
};

struct text claimed_origin(const struct call *call, struct text client_data)
{
    struct problem ignored;
    const struct service_options *options = &call->service->options;
    json_t *json = json_read(client_data, &ignored);
    const json_t *origin = json_object_get(json, "origin");
    struct text claimed = json_is_string(origin)
                              ? arena_text(call->request->arena, json_string_view(origin))
                              : TEXT_NONE;
    json_free(json);
    if (claimed.length > 0 && origin_is_ours(call->service, claimed))
        return claimed;
    return options->origin_count > 0 ? text_of(options->origins[0])
                                     : arena_format(call->request->arena, "http://localhost:%u",
                                                    atomic_load(&call->service->port));
}

static void ceremony_init(struct ceremony *ceremony, const struct call *call,
                          const struct digest *nonce, struct text client_data)
{
    ceremony->origin = claimed_origin(call, client_data);
    ceremony->asked =
        (struct webauthn_ceremony){.rp_id = text_of(call->service->options.rp_id),
                                   .origins = &ceremony->origin,
                                   .origin_count = 1,
                                   .challenge = {(const char *)nonce->bytes, DIGEST_BYTES}};
}

/* Authenticators. */

static bool take_authenticator(void *context, const void *row, struct problem *problem)
{
    struct authenticators *found = context;
    (void)problem;
    if (found->count < AUTHENTICATORS_MAX)
        found->rows[found->count++] = *(const struct authenticator_row *)row;
    return true;
}

bool authenticators_load(const struct call *call, int64_t org, struct id person,
                         struct authenticators *found, struct problem *problem)
{
    const struct value values[] = {VALUE_OF_INT(org), VALUE_OF_ID(person),
                                   VALUE_OF_INT(AUTHENTICATORS_MAX)};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    found->count = 0;
    found->rows =
        arena_array(call->request->arena, AUTHENTICATORS_MAX, sizeof(struct authenticator_row));
    bool read = reader_rows(reader, &authenticators_table,
                            "WHERE org = ?1 AND person = ?2 ORDER BY id DESC LIMIT ?3", values, 3,
                            call->request->arena, take_authenticator, found, problem);
    store_reader_give(store, reader);
    return read;
}

static const struct authenticator_row *find_row(const struct authenticators *rows, struct id id)
{
    for (size_t i = 0; i < rows->count; i++)
        if (id_equal(rows->rows[i].id, id))
            return &rows->rows[i];
    return NULL;
}

static bool is_current(const struct authenticator_row *copy, const struct authenticator_row *own)
{
    return copy == NULL
               ? own->removed_at != 0
               : copy->removed_at == own->removed_at && copy->held_until == own->held_until;
}

static struct authenticator_body *copy_body(struct arena *arena,
                                            const struct authenticator_row *own)
{
    struct authenticator_body *body = ARENA_NEW(arena, struct authenticator_body);
    *body = (struct authenticator_body){.algorithm = own->algorithm,
                                        .backed_up = own->backed_up != 0,
                                        .backup_eligible = own->backup_eligible != 0,
                                        .credential = base64url_of(arena, own->credential),
                                        .held_until = own->held_until,
                                        .kind = own->kind,
                                        .name = own->name,
                                        .person = own->person,
                                        .public_key = base64url_of(arena, own->public_key),
                                        .registered_at = own->registered_at,
                                        .removed_at = own->removed_at,
                                        .rp_id = own->rp_id,
                                        .sign_count = own->sign_count,
                                        .step = own->last_step};
    fields_mark_given(authenticator_copied.fields, authenticator_copied.field_count, body);
    return body;
}

bool authenticators_copy(const struct call *call, struct id person, int64_t org,
                         struct problem *problem)
{
    static const struct principal system = {.role = ROLE_SYSTEM};
    struct authenticators own;
    struct authenticators copies;
    if (!authenticators_load(call, id_org(person), person, &own, problem) ||
        !authenticators_load(call, org, person, &copies, problem))
        return false;
    for (size_t i = 0; i < own.count; i++) {
        const struct authenticator_row *row = &own.rows[i];
        if (!is_current(find_row(&copies, row->id), row) &&
            !people_act(call, &authenticator_copied, org, row->id, &system,
                        copy_body(call->request->arena, row), NULL, problem))
            return false;
    }
    return true;
}

struct orgs {
    size_t count;
    int64_t orgs[MEMBERSHIPS_MAX];
};

static bool take_org(void *context, const void *row, struct problem *problem)
{
    struct orgs *orgs = context;
    (void)problem;
    if (orgs->count < MEMBERSHIPS_MAX)
        orgs->orgs[orgs->count++] = ((const struct member_row *)row)->org;
    return true;
}

bool authenticators_copy_everywhere(const struct call *call, struct id person,
                                    struct problem *problem)
{
    struct orgs orgs = {0};
    const struct value values[] = {VALUE_OF_ID(person)};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read =
        reader_rows(reader, &members_table, "WHERE person = ?1 AND left_at IS NULL ORDER BY org",
                    values, 1, call->request->arena, take_org, &orgs, problem);
    store_reader_give(store, reader);
    for (size_t i = 0; read && i < orgs.count; i++)
        read = authenticators_copy(call, person, orgs.orgs[i], problem);
    return read;
}

static const struct authenticator_row *find_credential(const struct authenticators *rows,
                                                       struct text credential)
{
    for (size_t i = 0; i < rows->count; i++)
        if (rows->rows[i].removed_at == 0 && text_equal(rows->rows[i].credential, credential))
            return &rows->rows[i];
    return NULL;
}

static bool read_assertion(const struct call *call, const struct assertion_body *body,
                           struct webauthn_assertion *assertion, struct problem *problem)
{
    struct arena *arena = call->request->arena;
    *assertion = (struct webauthn_assertion){
        .credential_id = base64url_bytes(arena, body->credential),
        .user_handle = base64url_bytes(arena, body->user_handle),
        .signed_by = {.client_data = base64url_bytes(arena, body->client_data),
                      .authenticator_data = base64url_bytes(arena, body->authenticator_data),
                      .signature = base64url_bytes(arena, body->signature)}};
    return (assertion->credential_id.length > 0 && assertion->signed_by.client_data.length > 0 &&
            assertion->signed_by.authenticator_data.length > 0 &&
            assertion->signed_by.signature.length > 0) ||
           problem_add(problem, PROBLEM_BODY_INVALID, "", "bytes are base64url without padding");
}

bool passkey_check(const struct call *call, const struct person_row *person,
                   const struct assertion_body *body, bool found_by_handle,
                   struct session_body *use, struct problem *problem)
{
    struct authenticators rows;
    struct webauthn_assertion assertion;
    struct webauthn_use used;
    struct ceremony ceremony;
    if (!read_assertion(call, body, &assertion, problem) ||
        !authenticators_load(call, person->org, person->id, &rows, problem))
        return false;
    const struct authenticator_row *row = find_credential(&rows, assertion.credential_id);
    if (row == NULL)
        return webauthn_refuse(problem, WEBAUTHN_CREDENTIAL_ID);
    const struct webauthn_credential credential = {.id = row->credential,
                                                   .public_key = row->public_key,
                                                   .algorithm = row->algorithm,
                                                   .sign_count = (uint32_t)row->sign_count,
                                                   .backup_eligible = row->backup_eligible != 0};
    const struct webauthn_account account = {
        .user_handle = {(const char *)person->id.bytes, sizeof person->id.bytes},
        .credential = &credential,
        .found_by_handle = found_by_handle};
    ceremony_init(&ceremony, call, &body->nonce, assertion.signed_by.client_data);
    enum webauthn_reason reason = webauthn_assert(&ceremony.asked, &account, &assertion, &used);
    if (reason != WEBAUTHN_OK)
        return webauthn_refuse(problem, reason);
    use->authenticator = row->id;
    use->method = AUTH_PASSKEY;
    use->nonce_at = signature_nonce_at(&body->nonce);
    use->sign_count = used.sign_count;
    use->backed_up = used.backed_up;
    return true;
}

bool totp_seed(const struct service *service, struct id authenticator, uint8_t seed[DIGEST_BYTES],
               struct problem *problem)
{
    struct buffer label;
    buffer_init(&label);
    buffer_string(&label, "totp/");
    buffer_id(&label, "atn", authenticator);
    bool derived = service->options.derive(service->options.derive_context, buffer_view(&label),
                                           seed, problem);
    buffer_done(&label);
    return derived;
}

bool code_check(const struct call *call, const struct person_row *person, struct text code,
                struct session_body *use, struct problem *problem)
{
    struct authenticators rows;
    uint8_t seed[DIGEST_BYTES];
    if (!authenticators_load(call, person->org, person->id, &rows, problem))
        return false;
    for (size_t i = 0; i < rows.count; i++) {
        const struct authenticator_row *row = &rows.rows[i];
        if (row->kind != AUTHENTICATOR_TOTP || row->removed_at != 0)
            continue;
        if (!totp_seed(call->service, row->id, seed, problem))
            return false;
        enum totp_verdict verdict =
            totp_verify((struct text){(const char *)seed, TOTP_SECRET_BYTES}, code, time_now(), 0,
                        row->last_step, &use->step);
        OPENSSL_cleanse(seed, sizeof seed);
        if (verdict != TOTP_ACCEPTED ||
            !attempts_take_code(call->service->attempts, row->id, use->step))
            continue;
        use->authenticator = row->id;
        use->method = AUTH_TOTP;
        return true;
    }
    return problem_set(problem, PROBLEM_LOGIN_FAILED, "the code is not right, or was used");
}

static bool credential_is_free(const struct call *call, struct text credential, bool *is_free,
                               struct problem *problem)
{
    static const char sql[] = "SELECT count(*) FROM authenticators WHERE credential = ?1";
    const struct value value = {.type = VALUE_BYTES, .text = credential};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    int64_t count = 0;
    bool read = reader_number(reader, sql, &value, 1, &count, problem);
    store_reader_give(store, reader);
    *is_free = count == 0;
    return read;
}

static struct authenticator_body *passkey_act(const struct call *call,
                                              const struct passkey_body *body,
                                              const struct webauthn_credential *credential)
{
    struct arena *arena = call->request->arena;
    struct authenticator_body *act = ARENA_NEW(arena, struct authenticator_body);
    *act = (struct authenticator_body){.algorithm = credential->algorithm,
                                       .attestation_object = body->attestation_object,
                                       .backed_up = credential->backed_up,
                                       .backup_eligible = credential->backup_eligible,
                                       .client_data = body->client_data,
                                       .credential = base64url_of(arena, credential->id),
                                       .held_until = body->is_recovery ? time_now() : 0,
                                       .kind = AUTHENTICATOR_PASSKEY,
                                       .name = body->name,
                                       .public_key = base64url_of(arena, credential->public_key),
                                       .rp_id = text_of(call->service->options.rp_id),
                                       .sign_count = credential->sign_count};
    fields_mark_given(authenticator_registered.fields, authenticator_registered.field_count, act);
    return act;
}

bool passkey_register(const struct call *call, struct id person, const struct principal *actor,
                      const struct passkey_body *body, struct session_body *use,
                      struct problem *problem)
{
    struct arena *arena = call->request->arena;
    struct webauthn_credential credential;
    struct ceremony ceremony;
    const struct webauthn_registration registration = {
        .client_data = base64url_bytes(arena, body->client_data),
        .attestation_object = base64url_bytes(arena, body->attestation_object)};
    bool is_free;
    ceremony_init(&ceremony, call, &body->nonce, registration.client_data);
    enum webauthn_reason reason = webauthn_register(&ceremony.asked, &registration, &credential);
    if (reason != WEBAUTHN_OK)
        return webauthn_refuse(problem, reason);
    if (!credential_is_free(call, credential.id, &is_free, problem))
        return false;
    if (!is_free)
        return problem_set(problem, PROBLEM_ALREADY_EXISTS, "a passkey of that id is registered");
    use->authenticator = id_new(id_org(person));
    use->method = AUTH_PASSKEY;
    use->nonce_at = signature_nonce_at(&body->nonce);
    use->sign_count = credential.sign_count;
    use->backed_up = credential.backed_up;
    return people_act(call, &authenticator_registered, id_org(person), use->authenticator, actor,
                      passkey_act(call, body, &credential), NULL, problem);
}

bool totp_register(const struct call *call, struct id person, const struct principal *actor,
                   struct id authenticator, struct text name, struct text code,
                   struct problem *problem)
{
    uint8_t seed[DIGEST_BYTES];
    struct authenticator_body *body = ARENA_NEW(call->request->arena, struct authenticator_body);
    if (id_org(authenticator) != id_org(person))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/totp/id", "is not as it was given");
    if (!totp_seed(call->service, authenticator, seed, problem))
        return false;
    enum totp_verdict verdict = totp_verify((struct text){(const char *)seed, TOTP_SECRET_BYTES},
                                            code, time_now(), 0, 0, &body->step);
    OPENSSL_cleanse(seed, sizeof seed);
    if (verdict != TOTP_ACCEPTED)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/code", "is not the code of now");
    body->kind = AUTHENTICATOR_TOTP;
    body->name = name;
    fields_mark_given(authenticator_registered.fields, authenticator_registered.field_count, body);
    return people_act(call, &authenticator_registered, id_org(person), authenticator, actor, body,
                      NULL, problem);
}

/* Passwords. */

bool password_pepper(const struct call *call, struct id person, struct text password,
                     struct text *peppered, struct problem *problem)
{
    const struct service_options *options = &call->service->options;
    uint8_t key[DIGEST_BYTES];
    struct buffer label;
    buffer_init(&label);
    buffer_string(&label, "password/");
    buffer_id(&label, "per", person);
    bool derived = options->derive(options->derive_context, buffer_view(&label), key, problem);
    buffer_done(&label);
    if (!derived)
        return false;
    struct digest digest = hmac_of((struct text){(const char *)key, sizeof key}, &password, 1);
    OPENSSL_cleanse(key, sizeof key);
    *peppered =
        base64url_of(call->request->arena, (struct text){(const char *)digest.bytes, DIGEST_BYTES});
    return true;
}

bool password_change(const struct call *call, const struct person_row *person,
                     const struct principal *actor, struct text password, struct problem *problem)
{
    const struct text words[] = {person->name, person->email, text_of(call->service->options.rp_id),
                                 TEXT("counterfoil")};
    enum password_fault fault = password_judge(password, words, COUNT_OF(words));
    uint8_t salt[PASSWORD_SALT_BYTES];
    char hash[PASSWORD_HASH_TEXT_BYTES];
    struct text peppered;
    if (fault != PASSWORD_GOOD)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/password", "%s",
                           password_fault_words(fault));
    random_bytes(salt, sizeof salt);
    if (!password_pepper(call, person->id, password, &peppered, problem) ||
        !password_hash(peppered, salt, hash, problem))
        return false;
    struct password_set_body *body = ARENA_NEW(call->request->arena, struct password_set_body);
    *body = (struct password_set_body){.present = 1,
                                       .hash = arena_text(call->request->arena, text_of(hash))};
    return people_act(call, &password_set, person->org, person->id, actor, body, NULL, problem);
}

/* Sessions. */

bool session_open(const struct call *call, const struct person_row *person,
                  struct session_body *use, struct http_answer *answer, struct problem *problem)
{
    struct text fresh;
    struct principal actor = person_principal(person, (enum auth_method)use->method);
    struct id session = id_new(person->org);
    struct text secret = secret_new(call->request->arena, &use->secret);
    use->device_key = device_key_of(call, &fresh);
    fields_mark_given(session_opened.fields, session_opened.field_count, use);
    actor.authenticator = use->authenticator;
    actor.session = session;
    if (!people_act(call, &session_opened, person->org, session, &actor, use, NULL, problem))
        return false;
    session_cookie_add(call, answer, session, secret);
    device_cookie_add(call, answer, fresh);
    return true;
}

/* Invitations. */

bool invitation_parse(struct text text, struct id *id, struct digest *secret,
                      struct problem *problem)
{
    struct text rest = text;
    if (!id_parse("inv", text_cut(&rest, '.'), id) || rest.length == 0)
        return problem_set(problem, PROBLEM_INVITATION_INVALID, "that is not the form of one");
    *secret = digest_of_pieces(&rest, 1);
    return true;
}

static bool recovery_waits(int64_t opens_at, struct problem *problem)
{
    char at[TIME_TEXT_BYTES];
    time_format(opens_at, at);
    return problem_set(problem, PROBLEM_INVITATION_INVALID,
                       "it is a recovery and opens at %s; until then it may be refused", at);
}

bool invitation_load(const struct call *call, struct text text, struct invitation_row *row,
                     struct problem *problem)
{
    struct digest secret;
    struct id id;
    bool found = false;
    if (!invitation_parse(text, &id, &secret, problem))
        return false;
    *row = (struct invitation_row){.org = id_org(id), .id = id};
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_load(reader, &invitations_table, row, call->request->arena, &found, problem);
    store_reader_give(store, reader);
    if (!read)
        return false;
    const struct text given = {(const char *)secret.bytes, DIGEST_BYTES};
    if (!found || !text_equal_secret(row->secret, given) || row->used_at != 0 ||
        row->withdrawn_at != 0 || row->expires_at <= time_now())
        return problem_set(problem, PROBLEM_INVITATION_INVALID, "it does not hold, or no longer");
    return row->opens_at <= time_now() || recovery_waits(row->opens_at, problem);
}

bool invitation_accept(const struct call *call, const struct person_row *person,
                       const struct principal *actor, struct text invitation,
                       struct problem *problem)
{
    struct member_joined_body *body = ARENA_NEW(call->request->arena, struct member_joined_body);
    if (!invitation_parse(invitation, &body->invitation, &body->secret, problem))
        return false;
    int64_t org = id_org(body->invitation);
    body->email = person->email;
    body->name = person->name;
    body->person = person->id;
    fields_mark_given(member_joined.fields, member_joined.field_count, body);
    return people_act(call, &member_joined, org, member_id(person->id, org), actor, body, NULL,
                      problem) &&
           authenticators_copy(call, person->id, org, problem);
}

bool email_is_free(const struct call *call, struct text email, int64_t own, struct problem *problem)
{
    static const char sql[] = "SELECT count(*) FROM persons WHERE email = ?1 AND org <> ?2";
    const struct value values[] = {VALUE_OF_TEXT(email_normal(call->request->arena, email)),
                                   VALUE_OF_INT(own)};
    struct store *store = kernel_store(call->service->kernel);
    int64_t others = 0;
    if (email.length == 0)
        return true;
    struct reader *reader = store_reader_take(store);
    bool read = reader_number(reader, sql, values, 2, &others, problem);
    store_reader_give(store, reader);
    return read && (others == 0 || problem_set(problem, PROBLEM_ALREADY_EXISTS,
                                               "another account has this address"));
}
