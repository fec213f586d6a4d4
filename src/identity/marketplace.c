/*
 * What the marketplace's side does about organisations: verification, support that was let in, and
 * the keys by which the shop hands buyers over.
 */
#include "identity/identity.h"
#include "identity/people_acts.h"

static void key_of_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

/* org.verified */

static bool decide_verified(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct org_verified_body *body = act->body;
    if (decision_row(decision, 1) == NULL)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/org", "there is no such organisation");
    if (body->valid_until != 0 && body->valid_until <= act->at)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/valid_until", "must be in the future");
    struct verification_row *row = decision_change(decision, 0);
    row->what = body->what;
    row->result = body->result;
    row->shown = body->shown;
    row->note = body->note;
    row->checked_by = act->actor.person;
    row->checked_at = act->at;
    row->valid_until = body->valid_until;
    return true;
}

#define BODY struct org_verified_body
static const struct field verified_fields[] = {
    FIELD(BODY, note, FIELD_TEXT, .max = 1000, .doc = "What was seen; not for buyers."),
    FIELD(BODY, org, FIELD_ORG, .required = true, .doc = "Which organisation."),
    FIELD(BODY, result, FIELD_ENUM, .required = true, .names = verification_result_names,
          .doc = "What came out."),
    FIELD(BODY, shown, FIELD_TEXT, .max = 300, .doc = "What buyers may read.",
          .example = "\"Nordlicht Lamps OÜ, Tallinn\""),
    FIELD(BODY, valid_until, FIELD_TIME, .doc = "Until when it holds."),
    FIELD(BODY, what, FIELD_ENUM, .required = true, .names = verification_what_names,
          .doc = "What was checked."),
};
#undef BODY

const struct act_type org_verified = {
    .name = "org.verified",
    .method = "POST",
    .path = "/v1/verifications",
    .subject_prefix = "ver",
    .subject = SUBJECT_NEW,
    .org_field = "org",
    .roles = ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .fields = verified_fields,
    .field_count = COUNT_OF(verified_fields),
    .body_bytes = sizeof(struct org_verified_body),
    .need_count = 2,
    .needs = {{.table = &verifications_table, .mode = NEED_ABSENT, .what = "a check"},
              {.table = &orgs_table, .mode = NEED_EITHER, .key = key_of_org}},
    .decide = decide_verified,
    .story = "The marketplace checked the organisation’s {what}: {result}.",
    .doc = "Records what was checked of an organisation, and what came out.",
};

const struct view verifications_view = {
    .name = "verifications",
    .path = "/v1/verifications",
    .roles = ROLE_SELLER | ROLE_SUPPORT,
    .table = &verifications_table,
    .for_seller = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "What was checked of your organisation, when, by whom, and what came out.",
};

/* support_code.made */

static void key_of_code(const struct act *act, struct text code, void *row)
{
    *(struct support_code_row *)row = (struct support_code_row){.org = act->org, .code = code};
}

static void key_of_new_code(const struct act *act, void *row)
{
    key_of_code(act, ((const struct support_code_body *)act->body)->code, row);
}

static bool decide_code_made(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    struct support_code_row *row = decision_change(decision, 0);
    (void)problem;
    row->made_by = act->actor.person;
    row->made_at = act->at;
    row->expires_at = act->at + SUPPORT_CODE_US;
    return true;
}

#define CODE_FIELD(body_type)                                                                      \
    FIELD(body_type, code, FIELD_TEXT, .required = true, .min = 64, .max = 64,                     \
          .doc = "SHA-256 of the code, in hexadecimal digits.")

static const struct field support_code_fields[] = {CODE_FIELD(struct support_code_body)};

const struct act_type support_code_made = {
    .name = "support_code.made",
    .method = "POST",
    .path = "/v1/support/codes",
    .subject_prefix = "sup",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SELLER,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_RECENT,
    .fields = support_code_fields,
    .field_count = COUNT_OF(support_code_fields),
    .body_bytes = sizeof(struct support_code_body),
    .need_count = 1,
    .needs = {{.table = &support_codes_table,
               .mode = NEED_ABSENT,
               .key = key_of_new_code,
               .what = "a code; ask again"}},
    .decide = decide_code_made,
    .story = "A member made a code for the marketplace's support.",
    .doc = "Makes a code that you read to the marketplace's support: with it they prove that it "
           "is you whom they talk to, and see your organisation for an hour. The answer carries "
           "the code, this once; it works once, within ten minutes.",
};

/* support.let_in */

static void key_of_given_code(const struct act *act, void *row)
{
    key_of_code(act, ((const struct support_let_in_body *)act->body)->code, row);
}

static void key_of_own_contact(const struct act *act, void *row)
{
    struct support_contact_row *contact = row;
    contact->org = act->org;
    contact->person = act->actor.person;
}

static bool decide_let_in(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct support_let_in_body *body = act->body;
    const struct support_code_row *code = decision_row(decision, 0);
    if (id_is_zero(act->actor.person))
        return problem_set(problem, PROBLEM_PERSON_REQUIRED, "support are people");
    if (code == NULL || code->used_at != 0 || code->expires_at <= act->at)
        return problem_set(problem, PROBLEM_SUPPORT_CODE_INVALID, "%s",
                           code == NULL         ? "there is none like that"
                           : code->used_at != 0 ? "it was used before"
                                                : "it has expired");
    struct support_contact_row *contact = decision_change(decision, 1);
    contact->name = body->name;
    contact->let_in_by = code->made_by;
    contact->opened_at = act->at;
    contact->ends_at = act->at + SUPPORT_CONTACT_US;
    ((struct support_code_row *)decision_change(decision, 0))->used_at = act->at;
    return true;
}

#define BODY struct support_let_in_body
static const struct field let_in_fields[] = {
    CODE_FIELD(BODY),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "What you are called: the organisation sees it."),
    FIELD(BODY, org, FIELD_ORG, .required = true, .doc = "The organisation."),
};
#undef BODY

const struct act_type support_let_in = {
    .name = "support.let_in",
    .method = "POST",
    .path = "/v1/support/contacts",
    .subject_prefix = "sup",
    .subject = SUBJECT_NEW,
    .org_field = "org",
    .roles = ROLE_SUPPORT | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .fields = let_in_fields,
    .field_count = COUNT_OF(let_in_fields),
    .body_bytes = sizeof(struct support_let_in_body),
    .need_count = 2,
    .needs = {{.table = &support_codes_table, .mode = NEED_EITHER, .key = key_of_given_code},
              {.table = &support_contacts_table, .mode = NEED_EITHER, .key = key_of_own_contact}},
    TELLS_PERSON,
    .decide = decide_let_in,
    .story = "The marketplace’s support, {name}, was let in with a member's code.",
    .doc = "Support enters the code that a member read to them, and may see and propose for an "
           "hour what the organisation's members see.",
};

/* support.contact_ended */

static void key_of_contact(const struct act *act, void *row)
{
    struct support_contact_row *contact = row;
    contact->org = act->org;
    contact->person = ((const struct support_contact_ended_body *)act->body)->person;
}

static bool decide_contact_ended(struct decision *decision, struct problem *problem)
{
    const struct support_contact_row *contact = decision_row(decision, 0);
    if (contact->ends_at <= decision->act->at)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it has ended");
    ((struct support_contact_row *)decision_change(decision, 0))->ends_at = decision->act->at;
    return true;
}

static const struct field contact_ended_fields[] = {
    FIELD(struct support_contact_ended_body, person, FIELD_ID, .required = true, .prefix = "per",
          .doc = "The member of staff."),
};

const struct act_type support_contact_ended = {
    .name = "support.contact_ended",
    .method = "POST",
    .path = "/v1/support/contacts/end",
    .subject_prefix = "sup",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SELLER | ROLE_SUPPORT,
    .parties = ROLE_SELLER,
    .fields = contact_ended_fields,
    .field_count = COUNT_OF(contact_ended_fields),
    .body_bytes = sizeof(struct support_contact_ended_body),
    .need_count = 1,
    .needs = {{.table = &support_contacts_table,
               .mode = NEED_PRESENT,
               .key = key_of_contact,
               .what = "contact"}},
    .decide = decide_contact_ended,
    .story = "The contact with the marketplace's support was ended.",
    .doc = "Ends the contact with support at once.",
};

const struct view support_contacts_view = {
    .name = "support_contacts",
    .path = "/v1/support/contacts",
    .roles = ROLE_SELLER | ROLE_SUPPORT,
    .table = &support_contacts_table,
    .for_seller = "WHERE org = ?1 AND person > ?4 ORDER BY person LIMIT ?5",
    .cursor = "person",
    .doc = "With whom of the marketplace's support you talk (`ends_at` lies ahead), and did: who "
           "says to be from support and is not in this list is not.",
};

/* hand_over_key.added, hand_over_key.revoked */

static bool decide_key_added(struct decision *decision, struct problem *problem)
{
    const struct hand_over_key_body *body = decision->act->body;
    struct text key = body_bytes_of(decision->arena, body->public_key);
    if (key.length != 32)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/public_key",
                           "must be the 32 bytes of an Ed25519 public key in base64url");
    struct hand_over_key_row *row = decision_change(decision, 0);
    row->public_key = key;
    row->label = body->label;
    row->created_at = decision->act->at;
    return true;
}

#define BODY struct hand_over_key_body
static const struct field key_added_fields[] = {
    FIELD(BODY, label, FIELD_TEXT, .min = 1, .max = 100, .doc = "What it is used for."),
    FIELD(BODY, public_key, FIELD_TEXT, .required = true, .min = 43, .max = 43,
          .doc = "Ed25519, base64url (the `x` of its JWK)."),
};
#undef BODY

const struct act_type hand_over_key_added = {
    .name = "hand_over_key.added",
    .method = "POST",
    .path = "/v1/hand-over-keys",
    .subject_prefix = "hok",
    .subject = SUBJECT_NEW,
    .roles = ROLE_OPERATOR,
    .flags = ACT_HELD,
    .fields = key_added_fields,
    .field_count = COUNT_OF(key_added_fields),
    .body_bytes = sizeof(struct hand_over_key_body),
    .need_count = 1,
    .needs = {{.table = &hand_over_keys_table, .mode = NEED_ABSENT, .what = "a key"}},
    TELLS_PERSON,
    .decide = decide_key_added,
    .story = "A key for hand-overs of buyers was added[: {label}].",
    .doc = "Adds a public key of the shop's: hand-overs that its private key signed log buyers in.",
};

static bool decide_key_revoked(struct decision *decision, struct problem *problem)
{
    const struct hand_over_key_row *key = decision_row(decision, 0);
    if (key->revoked_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "the key was revoked before");
    ((struct hand_over_key_row *)decision_change(decision, 0))->revoked_at = decision->act->at;
    return true;
}

const struct act_type hand_over_key_revoked = {
    .name = "hand_over_key.revoked",
    .method = "POST",
    .path = "/v1/hand-over-keys/{subject}/revoke",
    .subject_prefix = "hok",
    .subject = SUBJECT_PATH,
    .roles = ROLE_OPERATOR,
    .body_bytes = sizeof(uint32_t),
    .need_count = 1,
    .needs = {{.table = &hand_over_keys_table, .mode = NEED_PRESENT, .what = "key"}},
    .decide = decide_key_revoked,
    .story = "A key for hand-overs of buyers was revoked.",
    .doc = "Ends a key of the shop's for hand-overs at once.",
};

const struct view hand_over_keys_view = {
    .name = "hand_over_keys",
    .path = "/v1/hand-over-keys",
    .roles = ROLE_OPERATOR | ROLE_AUDITOR,
    .table = &hand_over_keys_table,
    .for_all = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "Public keys by which the shop hands buyers over.",
};
