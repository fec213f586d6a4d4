/*
 * Logging in: with a passkey, with password and code, with a recovery code, by a hand-over from the
 * shop; confirming that it is still the same person; logging out.
 *
 * Answers to wrong attempts say nothing about which part was wrong, and take as long where there is
 * no such account. Passkeys are not slowed: there is nothing to guess.
 */
#include <string.h>

#include "base/log.h"
#include "identity/password.h"
#include "identity/recovery_code.h"
#include "net/api.h"
#include "net/hand_over.h"
#include "net/handlers.h"
#include "net/people.h"
#include "net/service_private.h"
#include "net/sessions.h"

/* What must not tell more than that it failed: 401, whatever the reason; its slug stays for a
   passkey, whose owner should know. */
static void answer_failed(struct call *call, struct problem *problem)
{
    unsigned status = problem_kind(problem->code)->status;
    if (problem->code == PROBLEM_NOT_FOUND || problem->code == PROBLEM_PASSKEY_REFUSED ||
        status == 409) {
        struct text extension = problem->extension;
        char detail[sizeof problem->detail];
        memcpy(detail, problem->detail, sizeof detail);
        problem_set(problem, PROBLEM_LOGIN_FAILED, "%s", detail);
        problem->extension = extension;
    }
    call_problem(call, problem);
}

/* Challenges. */

static void answer_challenge(struct call *call, enum nonce_purpose purpose, struct id about)
{
    struct digest nonce;
    struct problem problem;
    struct buffer body;
    if (!nonce_make(call->service, purpose, about, &nonce, &problem)) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_member(
        &json, "challenge",
        base64url_of(call->request->arena, (struct text){(const char *)nonce.bytes, DIGEST_BYTES}));
    write_ceremony(&json, call->service, &nonce);
    json_close(&json);
    call_json(call, 200, &body);
    buffer_done(&body);
}

void login_challenge_handle(struct call *call)
{
    answer_challenge(call, NONCE_LOGIN, (struct id){{0}});
}

void confirm_challenge_handle(struct call *call)
{
    answer_challenge(call, NONCE_CONFIRM, call->principal.session);
}

/* With a passkey. */

static bool log_in_by_passkey(struct call *call, struct http_answer *answer,
                              struct person_row *person, struct problem *problem)
{
    struct assertion_body body = {0};
    struct session_body *use = ARENA_NEW(call->request->arena, struct session_body);
    struct id id;
    if (!people_body(call, assertion_fields, ASSERTION_FIELDS, &body, problem) ||
        !nonce_check(call->service, NONCE_LOGIN, (struct id){{0}}, &body.nonce, problem))
        return false;
    struct text handle = base64url_bytes(call->request->arena, body.user_handle);
    if (handle.length != sizeof id.bytes)
        return webauthn_refuse(problem, WEBAUTHN_USER_HANDLE_MISSING);
    memcpy(id.bytes, handle.bytes, sizeof id.bytes);
    return person_load(call, id, person, problem) &&
           passkey_check(call, person, &body, true, use, problem) &&
           session_open(call, person, use, answer, problem);
}

typedef bool (*log_in)(struct call *call, struct http_answer *answer, struct person_row *person,
                       struct problem *problem);

static void run_log_in(struct call *call, log_in way)
{
    struct http_answer answer = {0};
    struct person_row person;
    struct problem problem;
    problem_clear(&problem);
    if (way(call, &answer, &person, &problem))
        people_answer(call, &answer, person.id);
    else
        answer_failed(call, &problem);
}

static void passkey_work(struct call *call)
{
    run_log_in(call, log_in_by_passkey);
}

void login_passkey_handle(struct call *call)
{
    workers_run(call->service->workers, call, passkey_work);
}

/* With a password and a code. */

struct password_body {
    uint32_t present;
    struct text code;
    struct text email;
    struct text password;
};

#define BODY struct password_body
static const struct field password_fields[] = {
    FIELD(BODY, code, FIELD_TEXT, .required = true, .min = 1, .max = 40,
          .doc = "Of the TOTP generator, or a recovery code."),
    FIELD(BODY, email, FIELD_TEXT, .required = true, .min = 3, .max = 254,
          .doc = "The account's address."),
    FIELD(BODY, password, FIELD_TEXT, .max = 512, .doc = "The password, if there is one."),
};
#undef BODY

struct finding {
    bool found;
    struct person_row *person;
};

static bool take_person(void *context, const void *row, struct problem *problem)
{
    struct finding *finding = context;
    (void)problem;
    finding->found = true;
    *finding->person = *(const struct person_row *)row;
    return true;
}

/* By address; and is this a device that the account knows? */
static bool find_account(const struct call *call, struct text email, struct person_row *person,
                         bool *found, bool *device_is_known, struct problem *problem)
{
    struct text fresh;
    struct finding finding = {.person = person};
    const struct value value = VALUE_OF_TEXT(email);
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    *device_is_known = false;
    bool read = reader_rows(reader, &persons_table, "WHERE email = ?1 ORDER BY org LIMIT 1", &value,
                            1, call->request->arena, take_person, &finding, problem);
    if (read && finding.found) {
        struct device_row device = {.org = person->org, .key = device_key_of(call, &fresh)};
        read = reader_load(reader, &devices_table, &device, call->request->arena, device_is_known,
                           problem);
    }
    store_reader_give(store, reader);
    *found = finding.found;
    return read;
}

static void tell_of_attack(struct call *call, const struct person_row *person, int64_t failures)
{
    static const struct principal system = {.role = ROLE_SYSTEM};
    struct problem problem;
    struct login_attacked_body *body = ARENA_NEW(call->request->arena, struct login_attacked_body);
    *body = (struct login_attacked_body){
        .present = 3, .attempts = failures, .from = call->request->address};
    if (!people_act(call, &login_attacked, person->org, person->id, &system, body, NULL, &problem))
        log_problem(LOG_WARN, "login.notice_failed", &problem);
}

/* Runs CHECK unless there were too many failures; counts those. */
static bool slowed(struct call *call, struct attempt *attempt, const struct person_row *person,
                   bool (*check)(struct call *call, const struct person_row *person,
                                 const struct password_body *body, struct session_body *use,
                                 struct problem *problem),
                   const struct password_body *body, struct session_body *use,
                   struct problem *problem)
{
    struct attempts *attempts = call->service->attempts;
    struct rate_verdict verdict = attempts_look(attempts, attempt);
    int64_t failures;
    if (!verdict.allowed) {
        call->rate = verdict;
        return problem_set(problem, PROBLEM_LOGIN_SLOWED, "for this account from here");
    }
    if (check(call, person, body, use, problem)) {
        attempts_went_well(attempts, attempt->account);
        return true;
    }
    if (problem->code == PROBLEM_LOGIN_FAILED && attempts_failed(attempts, attempt, &failures) &&
        person != NULL)
        tell_of_attack(call, person, failures);
    return false;
}

static bool failed(struct problem *problem)
{
    return problem_set(problem, PROBLEM_LOGIN_FAILED, "address, password or code is not right");
}

/* Password and code are both looked at, always. PERSON is NULL if there is none. */
static bool check_password(struct call *call, const struct person_row *person,
                           const struct password_body *body, struct session_body *use,
                           struct problem *problem)
{
    struct text peppered;
    struct id id = person != NULL ? person->id : id_new(ORG_MARKETPLACE);
    if (!password_pepper(call, id, body->password, &peppered, problem))
        return false;
    bool is_right = password_verify(peppered, person != NULL ? person->password : TEXT_NONE);
    if (person == NULL)
        return failed(problem);
    bool is_code = code_check(call, person, body->code, use, problem);
    if (!is_code && problem->code != PROBLEM_LOGIN_FAILED)
        return false;
    return (is_right && is_code) || failed(problem);
}

/* With the password, where there is one. */
static bool check_recovery(struct call *call, const struct person_row *person,
                           const struct password_body *body, struct session_body *use,
                           struct problem *problem)
{
    struct text peppered;
    size_t index;
    struct digest kept[RECOVERY_CODES];
    size_t count = 0;
    bool has_form = recovery_code_digest(body->code, &use->recovery_code);
    bool has_password = person != NULL && person->password.length > 0;
    struct text password = TEXT_NONE;
    if (person != NULL && has_password)
        password = person->password;
    struct id id = person != NULL ? person->id : id_new(ORG_MARKETPLACE);
    if (!password_pepper(call, id, body->password, &peppered, problem))
        return false;
    bool is_right = password_verify(peppered, password);
    if (person == NULL || !has_form)
        return failed(problem);
    count = person->recovery.length / DIGEST_BYTES;
    count = count > RECOVERY_CODES ? RECOVERY_CODES : count;
    if (count > 0)
        memcpy(kept, person->recovery.bytes, count * DIGEST_BYTES);
    use->method = AUTH_RECOVERY_CODE;
    return (recovery_code_find(use->recovery_code, kept, count, &index) &&
            (is_right || !has_password)) ||
           failed(problem);
}

static bool log_in_slowed(struct call *call, struct http_answer *answer, struct person_row *person,
                          bool recovers, struct problem *problem)
{
    struct arena *arena = call->request->arena;
    struct password_body body = {0};
    struct session_body *use = ARENA_NEW(arena, struct session_body);
    bool found;
    struct attempt attempt = {.address = call->request->address};
    if (!people_body(call, password_fields, COUNT_OF(password_fields), &body, problem))
        return false;
    attempt.account = email_normal(arena, body.email);
    return find_account(call, attempt.account, person, &found, &attempt.device_is_known, problem) &&
           slowed(call, &attempt, found ? person : NULL, recovers ? check_recovery : check_password,
                  &body, use, problem) &&
           session_open(call, person, use, answer, problem);
}

static bool log_in_by_password(struct call *call, struct http_answer *answer,
                               struct person_row *person, struct problem *problem)
{
    return log_in_slowed(call, answer, person, false, problem);
}

static bool log_in_by_recovery(struct call *call, struct http_answer *answer,
                               struct person_row *person, struct problem *problem)
{
    return log_in_slowed(call, answer, person, true, problem);
}

static void password_work(struct call *call)
{
    run_log_in(call, log_in_by_password);
}

static void recovery_work(struct call *call)
{
    run_log_in(call, log_in_by_recovery);
}

void login_password_handle(struct call *call)
{
    workers_run(call->service->workers, call, password_work);
}

void login_recovery_handle(struct call *call)
{
    workers_run(call->service->workers, call, recovery_work);
}

/* By the shop's hand-over. */

static void hand_over_work(struct call *call)
{
    run_log_in(call, hand_over_log_in);
}

void login_hand_over_handle(struct call *call)
{
    workers_run(call->service->workers, call, hand_over_work);
}

/* Confirming. */

static bool confirm_proof(struct call *call, json_t *json, const struct person_row *person,
                          struct session_body *use, struct problem *problem)
{
    struct arena *arena = call->request->arena;
    struct assertion_body assertion = {0};
    struct password_body body = {0};
    if (json_object_get(json, "client_data") != NULL)
        return fields_read(assertion_fields, ASSERTION_FIELDS, json, &assertion, arena, problem) &&
               nonce_check(call->service, NONCE_CONFIRM, call->principal.session, &assertion.nonce,
                           problem) &&
               passkey_check(call, person, &assertion, false, use, problem);
    if (json_object_get(json, "email") == NULL)
        json_object_set_new(json, "email", json_string("self"));
    if (!fields_read(password_fields, COUNT_OF(password_fields), json, &body, arena, problem))
        return false;
    char name[ID_TEXT_BYTES];
    size_t length = id_format("per", person->id, name);
    struct attempt attempt = {.account = {name, length}, .address = call->request->address};
    return slowed(call, &attempt, person, check_password, &body, use, problem);
}

static bool confirm(struct call *call, struct http_answer *answer, struct person_row *person,
                    struct problem *problem)
{
    struct arena *arena = call->request->arena;
    struct session_body *use = ARENA_NEW(arena, struct session_body);
    json_t *json = api_body(call, problem);
    bool proved = json != NULL && person_load(call, call->principal.person, person, problem) &&
                  confirm_proof(call, json, person, use, problem);
    json_free(json);
    if (!proved)
        return false;
    struct text secret = secret_new(arena, &use->secret);
    fields_mark_given(session_confirmed.fields, session_confirmed.field_count, use);
    if (!people_act(call, &session_confirmed, person->org, call->principal.session,
                    &call->principal, use, NULL, problem))
        return false;
    session_cookie_add(call, answer, call->principal.session, secret);
    return true;
}

static void confirm_work(struct call *call)
{
    run_log_in(call, confirm);
}

void confirm_handle(struct call *call)
{
    workers_run(call->service->workers, call, confirm_work);
}

/* Logging out. */

static void logout_work(struct call *call)
{
    static const uint32_t nothing[8] = {0};
    struct http_answer answer = {0};
    struct problem problem;
    if (!people_act(call, &session_ended, call->principal.org, call->principal.session,
                    &call->principal, nothing, NULL, &problem)) {
        call_problem(call, &problem);
        return;
    }
    session_cookie_remove(call, &answer);
    http_answer_header(&answer, "Clear-Site-Data", TEXT("\"cache\", \"storage\""));
    people_answer(call, &answer, call->principal.person);
}

void logout_handle(struct call *call)
{
    workers_run(call->service->workers, call, logout_work);
}
