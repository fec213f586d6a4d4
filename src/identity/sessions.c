/*
 * Sessions. What proved the person was checked before (net/login.c); here it is used up: a
 * passkey's nonce, a TOTP step, a recovery code and a hand-over each work once.
 *
 * A session from a device that the account was never used on is on hold, unless a passkey that is
 * not itself on hold opened it: then an older passkey has approved the device.
 */
#include <string.h>

#include "identity/people_acts.h"

enum { ROW_SESSION, ROW_HOME, ROW_AUTHENTICATOR, ROW_DEVICE, ROW_HAND_OVER, ROW_USE };

static void key_of_authenticator(const struct act *act, void *row)
{
    const struct session_body *body = act->body;
    struct authenticator_row *authenticator = row;
    authenticator->org = act->org;
    authenticator->id = body->authenticator;
}

static void key_of_device(const struct act *act, void *row)
{
    const struct session_body *body = act->body;
    *(struct device_row *)row = (struct device_row){.org = act->org, .key = body->device_key};
}

static void key_of_hand_over(const struct act *act, void *row)
{
    const struct session_body *body = act->body;
    *(struct hand_over_row *)row = (struct hand_over_row){.org = act->org, .jti = body->jti};
}

static void key_of_use(const struct act *act, void *row)
{
    *(struct session_use_row *)row =
        (struct session_use_row){.org = act->org, .session = act->subject};
}

bool session_is_open(const struct session_row *session, const struct person_row *person,
                     int64_t now)
{
    return session->ended_at == 0 && session->expires_at > now &&
           (session->opened_at > person->sessions_from ||
            id_equal(session->id, person->kept_session));
}

static bool used_up(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_LOGIN_FAILED, "the %s was used before", what);
}

static bool check_authenticator(const struct session_body *body,
                                const struct authenticator_row *authenticator,
                                struct problem *problem)
{
    if (authenticator == NULL || authenticator->removed_at != 0)
        return problem_set(problem, PROBLEM_LOGIN_FAILED, "no such authenticator");
    if (body->method == AUTH_TOTP)
        return body->step > authenticator->last_step || used_up(problem, "code");
    return body->nonce_at > authenticator->last_nonce_at || used_up(problem, "challenge");
}

/* Where it stands among the codes that are left, or SIZE_MAX. */
static size_t find_code(struct text codes, const struct digest *code)
{
    for (size_t at = 0; at + DIGEST_BYTES <= codes.length; at += DIGEST_BYTES)
        if (memcmp(codes.bytes + at, code->bytes, DIGEST_BYTES) == 0)
            return at;
    return SIZE_MAX;
}

static bool check_proof(struct decision *decision, struct problem *problem)
{
    const struct session_body *body = decision->act->body;
    const struct person_row *home = decision_row(decision, ROW_HOME);
    switch ((enum auth_method)body->method) {
    case AUTH_PASSKEY:
    case AUTH_TOTP:
        return check_authenticator(body, decision_row(decision, ROW_AUTHENTICATOR), problem);
    case AUTH_RECOVERY_CODE:
        return find_code(home->recovery, &body->recovery_code) != SIZE_MAX ||
               used_up(problem, "code");
    case AUTH_HAND_OVER:
        return decision_row(decision, ROW_HAND_OVER) == NULL ||
               problem_set(problem, PROBLEM_HAND_OVER_INVALID, "it was used before");
    case AUTH_NONE:
    case AUTH_INVITATION:
        break;
    }
    return problem_set(problem, PROBLEM_LOGIN_FAILED, "nothing proves who it is");
}

static void use_authenticator(struct authenticator_row *authenticator,
                              const struct session_body *body)
{
    if (body->method == AUTH_TOTP) {
        authenticator->last_step = body->step;
        return;
    }
    authenticator->last_nonce_at = body->nonce_at;
    authenticator->sign_count = body->sign_count;
    authenticator->backed_up = body->backed_up;
}

static void use_code(struct decision *decision, const struct digest *code)
{
    struct person_row *home = decision_change(decision, ROW_HOME);
    size_t at = find_code(home->recovery, code);
    size_t left = home->recovery.length - DIGEST_BYTES;
    char *codes = arena_take(decision->arena, left + 1);
    memcpy(codes, home->recovery.bytes, at);
    memcpy(codes + at, home->recovery.bytes + at + DIGEST_BYTES, left - at);
    home->recovery = left == 0 ? TEXT_NONE : (struct text){codes, left};
}

/* What proved it works no second time. */
static void use_proof(struct decision *decision)
{
    const struct session_body *body = decision->act->body;
    if (body->method == AUTH_PASSKEY || body->method == AUTH_TOTP)
        use_authenticator(decision_change(decision, ROW_AUTHENTICATOR), body);
    else if (body->method == AUTH_RECOVERY_CODE)
        use_code(decision, &body->recovery_code);
    else
        ((struct hand_over_row *)decision_change(decision, ROW_HAND_OVER))->used_at =
            decision->act->at;
}

/* A passkey vouches for the device, unless it is on hold itself. */
static int64_t hold_of_passkey(const struct decision *decision)
{
    const struct authenticator_row *authenticator =
        decision_row((struct decision *)(uintptr_t)decision, ROW_AUTHENTICATOR);
    return authenticator->held_until > decision->act->at ? authenticator->held_until : 0;
}

static int64_t hold_of_session(struct decision *decision)
{
    const struct act *act = decision->act;
    const struct session_body *body = act->body;
    const struct person_row *home = decision_row(decision, ROW_HOME);
    const struct device_row *device = decision_row(decision, ROW_DEVICE);
    if (body->method == AUTH_PASSKEY)
        return hold_of_passkey(decision);
    if (body->method == AUTH_RECOVERY_CODE)
        return act->deadlines[1];
    if (body->method == AUTH_HAND_OVER)
        return 0;
    if (device != NULL)
        return device->held_until > act->at ? device->held_until : 0;
    return home->has_device ? act->deadlines[1] : 0;
}

static void know_device(struct decision *decision, int64_t held_until)
{
    const struct session_body *body = decision->act->body;
    if (body->method == AUTH_HAND_OVER)
        return; /* what the shop vouches for makes no device known */
    bool is_new = decision_row(decision, ROW_DEVICE) == NULL;
    struct device_row *device = decision_change(decision, ROW_DEVICE);
    if (is_new)
        device->first_at = decision->act->at;
    device->held_until = held_until;
    ((struct person_row *)decision_change(decision, ROW_HOME))->has_device = true;
}

static bool decide_opened(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct session_body *body = act->body;
    if (!check_proof(decision, problem))
        return false;
    int64_t held_until = hold_of_session(decision);
    use_proof(decision);
    know_device(decision, held_until);
    struct session_row *session = decision_change(decision, ROW_SESSION);
    session->authenticator = body->authenticator;
    session->method = body->method;
    session->secret =
        arena_text(decision->arena, (struct text){(const char *)body->secret.bytes, DIGEST_BYTES});
    session->authenticated_at = session->opened_at = act->at;
    session->expires_at = act->deadlines[0];
    session->held_until = held_until;
    session->device_key = body->device_key;
    session->device = act->device;
    session->place = act->from;
    ((struct session_use_row *)decision_change(decision, ROW_USE))->used_at = act->at;
    if (held_until == 0)
        decision->waived |= 2;
    return true;
}

#define BODY struct session_body
static const struct field session_fields[] = {
    FIELD(BODY, authenticator, FIELD_ID, .prefix = "atn", .doc = "What proved it."),
    FIELD(BODY, backed_up, FIELD_BOOL, .doc = "The passkey's state."),
    FIELD(BODY, device_key, FIELD_TEXT, .max = 64, .doc = "SHA-256 of the device's cookie."),
    FIELD(BODY, jti, FIELD_TEXT, .max = 100, .doc = "The hand-over."),
    FIELD(BODY, method, FIELD_ENUM, .required = true, .names = auth_method_names,
          .doc = "How the person proved who they are."),
    FIELD(BODY, nonce_at, FIELD_TIME, .doc = "When the passkey's challenge was made."),
    FIELD(BODY, recovery_code, FIELD_DIGEST, .doc = "SHA-256 of the code."),
    FIELD(BODY, secret, FIELD_DIGEST, .required = true, .doc = "SHA-256 of the cookie's secret."),
    FIELD(BODY, sign_count, FIELD_INT, .min = 0, .max = UINT32_MAX, .doc = "The passkey's."),
    FIELD(BODY, step, FIELD_INT, .min = 0, .max = INT64_C(1) << 40,
          .doc = "The time step of the TOTP code."),
};
#undef BODY

#define NEED_HOME                                                                                  \
    {                                                                                              \
        .table = &persons_table, .mode = NEED_PRESENT, .key = key_of_home, .what = "person"        \
    }
#define NEED_AUTHENTICATOR                                                                         \
    {                                                                                              \
        .table = &authenticators_table, .mode = NEED_EITHER, .key = key_of_authenticator           \
    }
#define NEED_DEVICE                                                                                \
    {                                                                                              \
        .table = &devices_table, .mode = NEED_EITHER, .key = key_of_device                         \
    }
#define NEED_HAND_OVER                                                                             \
    {                                                                                              \
        .table = &hand_overs_table, .mode = NEED_EITHER, .key = key_of_hand_over                   \
    }

const struct act_type session_opened = {
    .name = "session.opened",
    .subject_prefix = "ses",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .flags = ACT_FREEZING,
    .fields = session_fields,
    .field_count = COUNT_OF(session_fields),
    .body_bytes = sizeof(struct session_body),
    .need_count = 6,
    .needs = {{.table = &sessions_table, .mode = NEED_ABSENT, .what = "a session"},
              NEED_HOME,
              NEED_AUTHENTICATOR,
              NEED_DEVICE,
              NEED_HAND_OVER,
              {.table = &session_uses_table, .mode = NEED_EITHER, .key = key_of_use}},
    .deadline_count = 2,
    .deadlines = {{"expires_at", offsetof(struct rules, session_us)},
                  {"held_until", offsetof(struct rules, hold_us)}},
    .tell_count = 1,
    .tells = {{AUDIENCE_PERSON, 1}}, /* if it is on hold */
    .decide = decide_opened,
    .story = "Somebody logged in by {method}.",
    .doc = "A person logs in.",
};

static bool decide_confirmed(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct session_body *body = act->body;
    const struct session_row *before = decision_row(decision, ROW_SESSION);
    if (before->ended_at != 0)
        return problem_set(problem, PROBLEM_LOGIN_FAILED, "the session was ended");
    if (body->method != AUTH_PASSKEY && body->method != AUTH_TOTP)
        return problem_set(problem, PROBLEM_LOGIN_FAILED, "it takes a passkey or a code");
    if (!check_proof(decision, problem))
        return false;
    use_proof(decision);
    struct session_row *session = decision_change(decision, ROW_SESSION);
    if (body->method == AUTH_PASSKEY)
        session->held_until = hold_of_passkey(decision);
    session->authenticator = body->authenticator;
    session->method = body->method;
    session->secret =
        arena_text(decision->arena, (struct text){(const char *)body->secret.bytes, DIGEST_BYTES});
    session->authenticated_at = act->at;
    return true;
}

const struct act_type session_confirmed = {
    .name = "session.confirmed",
    .subject_prefix = "ses",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .flags = ACT_FREEZING,
    .fields = session_fields,
    .field_count = COUNT_OF(session_fields),
    .body_bytes = sizeof(struct session_body),
    .need_count = 3,
    .needs = {{.table = &sessions_table, .mode = NEED_PRESENT, .what = "session"},
              NEED_HOME,
              NEED_AUTHENTICATOR},
    .decide = decide_confirmed,
    .story = "Somebody confirmed by {method} that it is still them.",
    .doc = "A person proves again, in a session, who they are; its cookie changes.",
};

struct ended_body {
    uint32_t present;
    struct text reason;
};

static bool decide_ended(struct decision *decision, struct problem *problem)
{
    const struct ended_body *body = decision->act->body;
    const struct session_row *session = decision_row(decision, ROW_SESSION);
    if (session->ended_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was ended before");
    struct session_row *ended = decision_change(decision, ROW_SESSION);
    ended->ended_at = decision->act->at;
    ended->ended_why = body->reason;
    return true;
}

static const struct field ended_fields[] = {
    FIELD(struct ended_body, reason, FIELD_TEXT, .min = 1, .max = 200, .doc = "Why."),
};

const struct act_type session_ended = {
    .name = "session.ended",
    .method = "POST",
    .path = "/v1/me/sessions/{subject}/end",
    .subject_prefix = "ses",
    .subject = SUBJECT_PATH,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .flags = ACT_FREEZING | ACT_QUIET,
    .fields = ended_fields,
    .field_count = COUNT_OF(ended_fields),
    .body_bytes = sizeof(struct ended_body),
    .need_count = 1,
    .needs = {{.table = &sessions_table, .mode = NEED_PRESENT, .what = "session"}},
    .decide = decide_ended,
    .story = "A session was ended[: {reason}].",
    .doc = "Ends one of your sessions at once; your own: you are logged out.",
};

static bool decide_all_ended(struct decision *decision, struct problem *problem)
{
    struct person_row *home = decision_change(decision, 0);
    (void)problem;
    home->sessions_from = decision->act->at;
    home->kept_session = decision->act->actor.session;
    return true;
}

const struct act_type sessions_ended = {
    .name = "sessions.ended",
    .method = "POST",
    .path = "/v1/me/sessions/end-others",
    .subject_prefix = "per",
    .subject = SUBJECT_SELF,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .flags = ACT_FREEZING,
    .body_bytes = sizeof(uint32_t),
    .need_count = 1,
    .needs = {NEED_HOME},
    .decide = decide_all_ended,
    .story = "All other sessions were ended.",
    .doc = "Ends all of your sessions but this one.",
};
