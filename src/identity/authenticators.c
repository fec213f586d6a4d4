/*
 * Authenticators. The first one is trusted as far as the invitation was (that of a recovery is on
 * hold, and its act names a `held_until`); each later one is on hold
 * until an older passkey signs for it, or for the time of the rules.
 */
#include "identity/people_acts.h"

enum { ROW_AUTHENTICATOR, ROW_HOME };

static void fill(struct authenticator_row *row, const struct authenticator_body *body,
                 struct arena *arena)
{
    row->kind = body->kind;
    row->name = body->name;
    row->credential = body_bytes_of(arena, body->credential);
    row->public_key = body_bytes_of(arena, body->public_key);
    row->algorithm = body->algorithm;
    row->rp_id = body->rp_id;
    row->backup_eligible = body->backup_eligible;
    row->backed_up = body->backed_up;
    row->sign_count = body->sign_count;
    row->last_step = body->step;
}

static bool check_kind(const struct authenticator_body *body, struct problem *problem)
{
    bool passkey = body->kind == AUTHENTICATOR_PASSKEY;
    return passkey == (body->credential.length > 0 && body->public_key.length > 0) ||
           problem_add(problem, PROBLEM_BODY_INVALID, "/credential",
                       "and `public_key` are of passkeys, and only of them");
}

static bool decide_registered(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct authenticator_body *body = act->body;
    const struct person_row *home = decision_row(decision, ROW_HOME);
    if (!check_kind(body, problem))
        return false;
    bool first = home->authenticators == 0;
    bool trusted = first && body->held_until == 0;
    struct authenticator_row *row = decision_change(decision, ROW_AUTHENTICATOR);
    fill(row, body, decision->arena);
    row->person = home->id;
    row->registered_at = act->at;
    if (first && row->last_step > 0)
        row->last_step--; /* the code that proved it opens the first session, too */
    if (trusted)
        decision->waived |= 1;
    else
        row->held_until = act->deadlines[0];
    ((struct person_row *)decision_change(decision, ROW_HOME))->authenticators++;
    return true;
}

#define BODY struct authenticator_body
static const struct field authenticator_fields[] = {
    FIELD(BODY, algorithm, FIELD_INT, .required = true, .min = -1000, .max = 0,
          .doc = "Of COSE; 0: TOTP."),
    FIELD(BODY, attestation_object, FIELD_TEXT, .max = 22000,
          .doc = "WebAuthn's attestationObject: evidence of the registration."),
    FIELD(BODY, backed_up, FIELD_BOOL, .doc = "Was it copied to other devices?"),
    FIELD(BODY, backup_eligible, FIELD_BOOL, .doc = "May it be?"),
    FIELD(BODY, client_data, FIELD_TEXT, .max = 8192,
          .doc = "WebAuthn's clientDataJSON: evidence of the registration."),
    FIELD(BODY, credential, FIELD_TEXT, .max = 1400, .doc = "WebAuthn's credential id."),
    FIELD(BODY, held_until, FIELD_TIME,
          .doc = "A copy: sensitive acts wait until then. Registered: it was in a "
                 "recovery, and is on hold though it is the first."),
    FIELD(BODY, kind, FIELD_ENUM, .required = true, .names = signature_kind_names,
          .doc = "What it is."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "What its owner calls it."),
    FIELD(BODY, person, FIELD_ID, .prefix = "per", .doc = "A copy: whose."),
    FIELD(BODY, public_key, FIELD_TEXT, .max = 2048, .doc = "COSE_Key."),
    FIELD(BODY, registered_at, FIELD_TIME, .doc = "A copy: when the original was registered."),
    FIELD(BODY, removed_at, FIELD_TIME, .doc = "A copy: when the original was removed."),
    FIELD(BODY, rp_id, FIELD_TEXT, .max = 255, .doc = "WebAuthn's relying party."),
    FIELD(BODY, sign_count, FIELD_INT, .min = 0, .max = UINT32_MAX, .doc = "Its counter."),
    FIELD(BODY, step, FIELD_INT, .min = 0, .max = INT64_C(1) << 40,
          .doc = "TOTP: the time step of the code that proved it."),
};
#undef BODY

const struct act_type authenticator_registered = {
    .name = "authenticator.registered",
    .subject_prefix = "atn",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_RECENT,
    .flags = ACT_REGISTERS,
    .fields = authenticator_fields,
    .field_count = COUNT_OF(authenticator_fields),
    .body_bytes = sizeof(struct authenticator_body),
    .need_count = 2,
    .needs =
        {{.table = &authenticators_table, .mode = NEED_ABSENT, .what = "an authenticator"},
         {.table = &persons_table, .mode = NEED_PRESENT, .key = key_of_home, .what = "person"}},
    .deadline_count = 1,
    .deadlines = {{"held_until", offsetof(struct rules, hold_us)}},
    .tell_count = 1,
    .tells = {{AUDIENCE_PERSON, 0}}, /* not of the first one */
    .decide = decide_registered,
    .story = "The {kind} “{name}” was registered.",
    .doc = "A person registers a passkey or TOTP generator.",
};

/* authenticator.removed */

struct removed_body {
    uint32_t present;
    struct text reason;
};

static bool decide_removed(struct decision *decision, struct problem *problem)
{
    const struct authenticator_row *row = decision_row(decision, ROW_AUTHENTICATOR);
    const struct person_row *home = decision_row(decision, ROW_HOME);
    if (row->removed_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was removed before");
    if (home->authenticators <= 1)
        return problem_set(problem, PROBLEM_LAST_AUTHENTICATOR, "there is no other");
    ((struct authenticator_row *)decision_change(decision, ROW_AUTHENTICATOR))->removed_at =
        decision->act->at;
    ((struct person_row *)decision_change(decision, ROW_HOME))->authenticators--;
    return true;
}

static const struct field removed_fields[] = {
    FIELD(struct removed_body, reason, FIELD_TEXT, .min = 1, .max = 500, .doc = "Why."),
};

const struct act_type authenticator_removed = {
    .name = "authenticator.removed",
    .method = "POST",
    .path = "/v1/me/authenticators/{subject}/remove",
    .subject_prefix = "atn",
    .subject = SUBJECT_PATH,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_RECENT,
    .flags = ACT_HELD | ACT_FREEZING,
    .fields = removed_fields,
    .field_count = COUNT_OF(removed_fields),
    .body_bytes = sizeof(struct removed_body),
    .need_count = 2,
    .needs =
        {{.table = &authenticators_table, .mode = NEED_PRESENT, .what = "authenticator"},
         {.table = &persons_table, .mode = NEED_PRESENT, .key = key_of_home, .what = "person"}},
    TELLS_PERSON,
    .decide = decide_removed,
    .story = "An authenticator was removed[: {reason}].",
    .doc = "Ends a passkey or TOTP generator at once, in all of your organisations.",
};

/* authenticator.approved */

static bool decide_approved(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct authenticator_row *row = decision_row(decision, ROW_AUTHENTICATOR);
    if (row->removed_at != 0 || row->held_until <= act->at)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it is not on hold");
    if (act->signature->kind != SIGNATURE_PASSKEY)
        return problem_set(problem, PROBLEM_PASSKEY_REQUIRED, "it was a code");
    struct authenticator_row *approved = decision_change(decision, ROW_AUTHENTICATOR);
    approved->held_until = 0;
    approved->approved_by = act->signature->authenticator;
    return true;
}

const struct act_type authenticator_approved = {
    .name = "authenticator.approved",
    .method = "POST",
    .path = "/v1/me/authenticators/{subject}/approve",
    .subject_prefix = "atn",
    .subject = SUBJECT_PATH,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_SIGNED,
    .flags = ACT_HELD,
    .body_bytes = sizeof(uint32_t),
    .need_count = 1,
    .needs = {{.table = &authenticators_table, .mode = NEED_PRESENT, .what = "authenticator"}},
    TELLS_PERSON,
    .decide = decide_approved,
    .story = "A new authenticator was approved with an older passkey.",
    .doc = "Ends the hold of a new authenticator, signed with an older passkey.",
};

/* authenticator.copied */

static bool decide_copied(struct decision *decision, struct problem *problem)
{
    const struct authenticator_body *body = decision->act->body;
    bool is_new = decision_row(decision, ROW_AUTHENTICATOR) == NULL;
    struct authenticator_row *row = decision_change(decision, ROW_AUTHENTICATOR);
    (void)problem;
    if (is_new) {
        fill(row, body, decision->arena);
        row->person = body->person;
        row->registered_at = body->registered_at;
    }
    row->held_until = body->held_until;
    row->removed_at = body->removed_at;
    return true;
}

const struct act_type authenticator_copied = {
    .name = "authenticator.copied",
    .subject_prefix = "atn",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER,
    .flags = ACT_REGISTERS,
    .fields = authenticator_fields,
    .field_count = COUNT_OF(authenticator_fields),
    .body_bytes = sizeof(struct authenticator_body),
    .need_count = 1,
    .needs = {{.table = &authenticators_table, .mode = NEED_EITHER}},
    .decide = decide_copied,
    .story = "The organisation learned of a member's {kind} “{name}”.",
    .doc = "An organisation gets what it needs to check a member's signatures: the authenticator "
           "as it stands in the member's own account.",
};

const struct view authenticators_view = {
    .name = "authenticators",
    .path = "/v1/me/authenticators",
    .roles = ROLE_PERSON,
    .table = &authenticators_table,
    .for_seller = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "Your passkeys and TOTP generators.",
};
