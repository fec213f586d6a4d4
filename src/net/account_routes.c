/* A person's own account: who am I, my sessions, more authenticators, password, recovery codes. */
#include <string.h>

#include "identity/identity.h"
#include "identity/recovery_code.h"
#include "identity/totp.h"
#include "net/api.h"
#include "net/handlers.h"
#include "net/people.h"
#include "net/service_private.h"
#include "net/sessions.h"

/* GET /v1/me */

struct me {
    struct json_writer json;
    struct reader *reader;
    struct arena *arena;
    size_t count;
    struct member_row members[100];
    struct id current;
};

static bool take_member(void *context, const void *row, struct problem *problem)
{
    struct me *me = context;
    (void)problem;
    if (me->count < COUNT_OF(me->members))
        me->members[me->count++] = *(const struct member_row *)row;
    return true;
}

static bool write_membership(struct me *me, const struct member_row *member,
                             struct problem *problem)
{
    struct org_row org = {.org = member->org};
    bool found;
    if (!reader_load(me->reader, &orgs_table, &org, me->arena, &found, problem))
        return false;
    json_open(&me->json);
    json_name(&me->json, "four_eyes");
    json_bool(&me->json, found && org.four_eyes != 0);
    json_name(&me->json, "frozen");
    json_bool(&me->json, found && org.frozen_at != 0);
    json_name(&me->json, "member");
    json_id(&me->json, "mem", member->id);
    json_member(&me->json, "name", found ? org.name : TEXT("The marketplace"));
    json_name(&me->json, "org");
    json_org(&me->json, member->org);
    json_member(&me->json, "permissions",
                permissions_format(member_permissions(member), me->arena));
    json_member(&me->json, "role", text_of(member_role_names[member->role]));
    json_close(&me->json);
    return true;
}

static bool write_memberships(struct me *me, struct id person, struct problem *problem)
{
    const struct value value = VALUE_OF_ID(person);
    bool written = reader_rows(me->reader, &members_table,
                               "WHERE person = ?1 AND left_at IS NULL ORDER BY org", &value, 1,
                               me->arena, take_member, me, problem);
    json_name(&me->json, "memberships");
    json_open_list(&me->json);
    for (size_t i = 0; written && i < me->count; i++)
        written = write_membership(me, &me->members[i], problem);
    json_close_list(&me->json);
    return written;
}

static bool write_me(struct me *me, const struct principal *principal, struct problem *problem)
{
    struct person_row person = {.org = id_org(principal->person)};
    struct session_row session = {.org = person.org, .id = principal->session};
    bool found;
    if (!reader_load(me->reader, &persons_table, &person, me->arena, &found, problem) ||
        !reader_load(me->reader, &sessions_table, &session, me->arena, &found, problem))
        return false;
    json_open(&me->json);
    json_member_int(&me->json, "authenticators", person.authenticators);
    json_name(&me->json, "has_password");
    json_bool(&me->json, person.password.length > 0);
    bool written = write_memberships(me, person.id, problem);
    json_name(&me->json, "person");
    row_write(&me->json, &persons_table, &person);
    json_member_int(&me->json, "recovery_codes", (int64_t)(person.recovery.length / DIGEST_BYTES));
    json_name(&me->json, "session");
    row_write(&me->json, &sessions_table, &session);
    json_close(&me->json);
    return written;
}

void me_handle(struct call *call)
{
    struct problem problem;
    struct buffer body;
    struct store *store = kernel_store(call->service->kernel);
    struct me *me = ARENA_NEW(call->request->arena, struct me);
    buffer_init(&body);
    me->json = json_writer(&body);
    me->arena = call->request->arena;
    me->reader = store_reader_take(store);
    bool written = write_me(me, &call->principal, &problem);
    store_reader_give(store, me->reader);
    if (written)
        call_json(call, 200, &body);
    else
        call_problem(call, &problem);
    buffer_done(&body);
}

/* GET /v1/me/sessions */

#define SESSIONS_SHOWN 100

struct my_sessions {
    size_t count;
    struct session_row rows[SESSIONS_SHOWN];
};

static bool take_session(void *context, const void *row, struct problem *problem)
{
    struct my_sessions *sessions = context;
    (void)problem;
    if (sessions->count < SESSIONS_SHOWN)
        sessions->rows[sessions->count++] = *(const struct session_row *)row;
    return true;
}

static bool write_session(struct me *me, const struct session_row *session, struct problem *problem)
{
    struct session_use_row use = {.org = session->org, .session = session->id};
    bool found;
    if (!reader_load(me->reader, &session_uses_table, &use, me->arena, &found, problem))
        return false;
    json_open(&me->json);
    json_name(&me->json, "current");
    json_bool(&me->json, id_equal(session->id, me->current));
    if (found) {
        json_name(&me->json, "last_used_at");
        json_time(&me->json, use.used_at);
        json_member(&me->json, "last_used_from", use.place.length > 0 ? use.place : session->place);
    }
    json_name(&me->json, "session");
    row_write(&me->json, &sessions_table, session);
    json_close(&me->json);
    return true;
}

static bool write_sessions(struct me *me, const struct principal *principal,
                           struct problem *problem)
{
    struct my_sessions *sessions = ARENA_NEW(me->arena, struct my_sessions);
    struct person_row person = {.org = id_org(principal->person)};
    const struct value values[] = {VALUE_OF_INT(person.org), VALUE_OF_INT(time_now()),
                                   VALUE_OF_INT(SESSIONS_SHOWN)};
    bool found;
    if (!reader_load(me->reader, &persons_table, &person, me->arena, &found, problem) ||
        !reader_rows(me->reader, &sessions_table,
                     "WHERE org = ?1 AND expires_at > ?2 AND ended_at IS NULL ORDER BY id DESC "
                     "LIMIT ?3",
                     values, 3, me->arena, take_session, sessions, problem))
        return false;
    json_open(&me->json);
    json_name(&me->json, "sessions");
    json_open_list(&me->json);
    bool written = true;
    for (size_t i = 0; written && i < sessions->count; i++)
        if (session_is_open(&sessions->rows[i], &person, time_now()))
            written = write_session(me, &sessions->rows[i], problem);
    json_close_list(&me->json);
    json_close(&me->json);
    return written;
}

void my_sessions_handle(struct call *call)
{
    struct problem problem;
    struct buffer body;
    struct store *store = kernel_store(call->service->kernel);
    struct me *me = ARENA_NEW(call->request->arena, struct me);
    buffer_init(&body);
    me->json = json_writer(&body);
    me->arena = call->request->arena;
    me->current = call->principal.session;
    me->reader = store_reader_take(store);
    bool written = write_sessions(me, &call->principal, &problem);
    store_reader_give(store, me->reader);
    if (written)
        call_json(call, 200, &body);
    else
        call_problem(call, &problem);
    buffer_done(&body);
}

/* Another passkey. */

void passkey_challenge_handle(struct call *call)
{
    struct arena *arena = call->request->arena;
    struct id person = call->principal.person;
    struct authenticators rows;
    struct digest nonce;
    struct problem problem;
    struct buffer body;
    if (!authenticators_load(call, id_org(person), person, &rows, &problem) ||
        !nonce_make(call->service, NONCE_REGISTER, call->principal.session, &nonce, &problem)) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    write_algorithms(&json);
    json_member(&json, "challenge",
                base64url_of(arena, (struct text){(const char *)nonce.bytes, DIGEST_BYTES}));
    json_name(&json, "exclude");
    json_open_list(&json);
    for (size_t i = 0; i < rows.count; i++)
        if (rows.rows[i].kind == AUTHENTICATOR_PASSKEY && rows.rows[i].removed_at == 0)
            json_text(&json, base64url_of(arena, rows.rows[i].credential));
    json_close_list(&json);
    write_ceremony(&json, call->service, &nonce);
    json_member(
        &json, "user_id",
        base64url_of(arena, (struct text){(const char *)person.bytes, sizeof person.bytes}));
    json_close(&json);
    call_json(call, 200, &body);
    buffer_done(&body);
}

static void answer_authenticator(struct call *call, struct id authenticator)
{
    struct authenticator_row row = {.org = id_org(authenticator), .id = authenticator};
    struct problem problem;
    struct buffer body;
    bool found = false;
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read =
        reader_load(reader, &authenticators_table, &row, call->request->arena, &found, &problem);
    store_reader_give(store, reader);
    if (!read) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    row_write(&json, &authenticators_table, &row);
    call_json(call, 201, &body);
    buffer_done(&body);
}

static void passkey_add_work(struct call *call)
{
    struct passkey_body body = {0};
    struct problem problem;
    struct session_body use = {0};
    struct id person = call->principal.person;
    problem_clear(&problem);
    if (people_body(call, passkey_fields, PASSKEY_FIELDS, &body, &problem) &&
        nonce_check(call->service, NONCE_REGISTER, call->principal.session, &body.nonce,
                    &problem) &&
        passkey_register(call, person, &call->principal, &body, &use, &problem) &&
        authenticators_copy_everywhere(call, person, &problem))
        answer_authenticator(call, use.authenticator);
    else
        call_problem(call, &problem);
}

void passkey_add_handle(struct call *call)
{
    workers_run(call->service->workers, call, passkey_add_work);
}

/* A TOTP generator. */

void totp_setup_handle(struct call *call)
{
    uint8_t seed[DIGEST_BYTES];
    struct id generator = id_new(call->principal.org);
    struct person_row person;
    struct problem problem;
    struct buffer body;
    if (!person_load(call, call->principal.person, &person, &problem) ||
        !totp_seed(call->service, generator, seed, &problem)) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    write_totp(&json, (struct text){(const char *)seed, TOTP_SECRET_BYTES}, generator,
               call->service, person.email.length > 0 ? person.email : person.name);
    call_json(call, 200, &body);
    explicit_bzero(seed, sizeof seed);
    explicit_bzero(body.bytes, body.capacity);
    buffer_done(&body);
}

struct totp_body {
    uint32_t present;
    struct text code;
    struct id id;
    struct text name;
};

#define BODY struct totp_body
static const struct field totp_fields[] = {
    FIELD(BODY, code, FIELD_TEXT, .required = true, .min = 6, .max = 40, .doc = "Of now."),
    FIELD(BODY, id, FIELD_ID, .required = true, .prefix = "atn", .doc = "As it was given."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "What you call it."),
};
#undef BODY

static void totp_add_work(struct call *call)
{
    struct totp_body body = {0};
    struct problem problem;
    struct id person = call->principal.person;
    problem_clear(&problem);
    if (people_body(call, totp_fields, COUNT_OF(totp_fields), &body, &problem) &&
        totp_register(call, person, &call->principal, body.id, body.name, body.code, &problem) &&
        authenticators_copy_everywhere(call, person, &problem))
        answer_authenticator(call, body.id);
    else
        call_problem(call, &problem);
}

void totp_add_handle(struct call *call)
{
    workers_run(call->service->workers, call, totp_add_work);
}

/* A password. */

struct new_password_body {
    uint32_t present;
    struct text password;
};

static const struct field new_password_fields[] = {
    FIELD(struct new_password_body, password, FIELD_TEXT, .required = true, .max = 512,
          .doc = "8 to 128 characters; of any kind."),
};

static void password_work(struct call *call)
{
    struct new_password_body body = {0};
    struct http_answer answer = {0};
    struct person_row person;
    struct problem problem;
    problem_clear(&problem);
    if (people_body(call, new_password_fields, COUNT_OF(new_password_fields), &body, &problem) &&
        person_load(call, call->principal.person, &person, &problem) &&
        password_change(call, &person, &call->principal, body.password, &problem))
        people_answer(call, &answer, person.id);
    else
        call_problem(call, &problem);
}

void password_handle(struct call *call)
{
    workers_run(call->service->workers, call, password_work);
}

/* Recovery codes. */

static void write_code(struct json_writer *json, struct recovery_code_digest *digest)
{
    uint8_t bytes[RECOVERY_CODE_RANDOM_BYTES];
    char text[RECOVERY_CODE_TEXT_BYTES];
    random_bytes(bytes, sizeof bytes);
    recovery_code_format(bytes, text);
    MUST(recovery_code_digest(text_of(text), &digest->digest));
    digest->present = 1;
    json_text(json, text_of(text));
    explicit_bzero(bytes, sizeof bytes);
    explicit_bzero(text, sizeof text);
}

static void recovery_codes_work(struct call *call)
{
    struct arena *arena = call->request->arena;
    struct recovery_code_digest *digests = arena_array(arena, RECOVERY_CODES, sizeof *digests);
    struct recovery_codes_made_body *body = ARENA_NEW(arena, struct recovery_codes_made_body);
    struct problem problem;
    struct buffer answer;
    buffer_init(&answer);
    struct json_writer json = json_writer(&answer);
    json_open(&json);
    json_name(&json, "codes");
    json_open_list(&json);
    for (size_t i = 0; i < RECOVERY_CODES; i++)
        write_code(&json, &digests[i]);
    json_close_list(&json);
    json_close(&json);
    *body = (struct recovery_codes_made_body){.present = 1, .codes = {RECOVERY_CODES, digests}};
    if (people_act(call, &recovery_codes_made, call->principal.org, call->principal.person,
                   &call->principal, body, NULL, &problem))
        call_json(call, 201, &answer);
    else
        call_problem(call, &problem);
    explicit_bzero(answer.bytes, answer.capacity);
    buffer_done(&answer);
}

void recovery_codes_handle(struct call *call)
{
    workers_run(call->service->workers, call, recovery_codes_work);
}
