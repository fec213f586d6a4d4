/* Accounts: who a person is, the password, recovery codes, the panic switch. */
#include <string.h>

#include "identity/identity.h"
#include "identity/people_acts.h"
#include "identity/recovery_code.h"

struct nothing {
    uint32_t present;
};

void key_of_home(const struct act *act, void *row)
{
    ((struct person_row *)row)->org = act->org;
}

struct text body_bytes_of(struct arena *arena, struct text encoded)
{
    size_t length = 0;
    char *bytes = arena_take(arena, encoded.length + 1);
    if (encoded.length == 0 || !base64url_decode(encoded, bytes, encoded.length, &length))
        return TEXT_NONE;
    return (struct text){bytes, length};
}

struct text email_normal(struct arena *arena, struct text email)
{
    struct text trimmed = text_trim(email);
    char *bytes = arena_string(arena, trimmed);
    for (size_t i = 0; i < trimmed.length; i++)
        if (bytes[i] >= 'A' && bytes[i] <= 'Z')
            bytes[i] = (char)(bytes[i] - 'A' + 'a');
    return (struct text){bytes, trimmed.length};
}

#define NEED_HOME                                                                                  \
    {                                                                                              \
        .table = &persons_table, .mode = NEED_PRESENT, .key = key_of_home, .what = "person"        \
    }

/* person.joined */

static bool decide_joined(struct decision *decision, struct problem *problem)
{
    const struct person_joined_body *body = decision->act->body;
    struct person_row *person = decision_change(decision, 0);
    (void)problem;
    person->id = decision->act->subject;
    person->name = body->name;
    person->email = email_normal(decision->arena, body->email);
    person->language = body->language;
    person->buyer = body->buyer;
    person->created_at = decision->act->at;
    return true;
}

#define BODY struct person_joined_body
static const struct field joined_fields[] = {
    FIELD(BODY, buyer, FIELD_TEXT, .min = 1, .max = 100, .doc = "The shop's name of the buyer."),
    FIELD(BODY, email, FIELD_TEXT, .min = 3, .max = 254, .doc = "Where notices go."),
    FIELD(BODY, language, FIELD_TEXT, .min = 2, .max = 35, .doc = "BCP 47."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "What people call them."),
};
#undef BODY

const struct act_type person_joined = {
    .name = "person.joined",
    .subject_prefix = "per",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .fields = joined_fields,
    .field_count = COUNT_OF(joined_fields),
    .body_bytes = sizeof(struct person_joined_body),
    .need_count = 1,
    .needs = {{.table = &persons_table,
               .mode = NEED_ABSENT,
               .key = key_of_home,
               .what = "a person of that number; send it again"}},
    .decide = decide_joined,
    .story = "{name} got an account.",
    .doc = "A person gets an account.",
};

/* person.changed */

static bool decide_changed(struct decision *decision, struct problem *problem)
{
    const struct person_changed_body *body = decision->act->body;
    const struct person_row *before = decision_row(decision, 0);
    if (body->email.length == 0 && body->email_before.length > 0)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/email_before",
                           "says what `email` was before: it is given with it");
    if (body->email.length > 0 && !text_equal(body->email_before, before->email))
        return problem_set(problem, PROBLEM_ALREADY_DONE, "email_before is not the address of now");
    struct person_row *person = decision_change(decision, 0);
    if (body->email.length > 0)
        person->email = email_normal(decision->arena, body->email);
    if (body->language.length > 0)
        person->language = body->language;
    if (body->name.length > 0)
        person->name = body->name;
    return true;
}

#define BODY struct person_changed_body
static const struct field changed_fields[] = {
    FIELD(BODY, email, FIELD_TEXT, .min = 3, .max = 254, .doc = "Where notices go."),
    FIELD(BODY, email_before, FIELD_TEXT, .max = 254,
          .doc = "With `email`: the address until now, which is told of the change."),
    FIELD(BODY, language, FIELD_TEXT, .min = 2, .max = 35, .doc = "BCP 47, of notices."),
    FIELD(BODY, name, FIELD_TEXT, .min = 1, .max = 200, .doc = "What people call you."),
};
#undef BODY

const struct act_type person_changed = {
    .name = "person.changed",
    .method = "POST",
    .path = "/v1/me/profile",
    .subject_prefix = "per",
    .subject = SUBJECT_SELF,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_RECENT,
    .flags = ACT_HELD,
    .fields = changed_fields,
    .field_count = COUNT_OF(changed_fields),
    .body_bytes = sizeof(struct person_changed_body),
    .need_count = 1,
    .needs = {NEED_HOME},
    TELLS_PERSON,
    .decide = decide_changed,
    .story = "The account's details were changed[; notices go to {email}].",
    .doc = "Changes your name, language or the address for notices.",
};

/* person.frozen, person.unfrozen */

static bool decide_frozen(struct decision *decision, struct problem *problem)
{
    const struct person_row *person = decision_row(decision, 0);
    if (person->frozen_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it is frozen");
    ((struct person_row *)decision_change(decision, 0))->frozen_at = decision->act->at;
    return true;
}

const struct act_type person_frozen = {
    .name = "person.frozen",
    .method = "POST",
    .path = "/v1/me/freeze",
    .subject_prefix = "per",
    .subject = SUBJECT_SELF,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .flags = ACT_FREEZING,
    .body_bytes = sizeof(struct nothing),
    .need_count = 1,
    .needs = {NEED_HOME},
    TELLS_PERSON,
    .decide = decide_frozen,
    .story = "The account was frozen.",
    .doc = "The panic switch: nothing may be done with your account until you unfreeze it with a "
           "passkey.",
};

static bool decide_unfrozen(struct decision *decision, struct problem *problem)
{
    const struct person_row *person = decision_row(decision, 0);
    if (person->frozen_at == 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it is not frozen");
    ((struct person_row *)decision_change(decision, 0))->frozen_at = 0;
    return true;
}

const struct act_type person_unfrozen = {
    .name = "person.unfrozen",
    .method = "POST",
    .path = "/v1/me/unfreeze",
    .subject_prefix = "per",
    .subject = SUBJECT_SELF,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_SIGNED,
    .flags = ACT_FREEZING | ACT_HELD,
    .body_bytes = sizeof(struct nothing),
    .need_count = 1,
    .needs = {NEED_HOME},
    TELLS_PERSON,
    .decide = decide_unfrozen,
    .story = "The account was unfrozen.",
    .doc = "Ends the freeze, signed with a passkey that is not new.",
};

/* password.set */

static bool decide_password(struct decision *decision, struct problem *problem)
{
    const struct password_set_body *body = decision->act->body;
    struct person_row *person = decision_change(decision, 0);
    (void)problem;
    person->password = body->hash;
    person->password_at = decision->act->at;
    return true;
}

static const struct field password_fields[] = {
    FIELD(struct password_set_body, hash, FIELD_TEXT, .required = true, .min = 1, .max = 128,
          .doc = "Argon2id over the password, peppered with a key that only the signer holds."),
};

const struct act_type password_set = {
    .name = "password.set",
    .subject_prefix = "per",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_RECENT,
    .flags = ACT_HELD,
    .fields = password_fields,
    .field_count = COUNT_OF(password_fields),
    .body_bytes = sizeof(struct password_set_body),
    .need_count = 1,
    .needs = {NEED_HOME},
    TELLS_PERSON,
    .decide = decide_password,
    .story = "A password was set.",
    .doc = "A person sets their password.",
};

/* recovery_codes.made */

static bool decide_recovery_codes(struct decision *decision, struct problem *problem)
{
    const struct recovery_codes_made_body *body = decision->act->body;
    const struct recovery_code_digest *codes = body->codes.items;
    char *kept = arena_take(decision->arena, body->codes.count * DIGEST_BYTES);
    (void)problem;
    for (size_t i = 0; i < body->codes.count; i++)
        memcpy(kept + i * DIGEST_BYTES, codes[i].digest.bytes, DIGEST_BYTES);
    struct person_row *person = decision_change(decision, 0);
    person->recovery = (struct text){kept, body->codes.count * DIGEST_BYTES};
    person->recovery_at = decision->act->at;
    return true;
}

static const struct field recovery_code_fields[] = {
    FIELD(struct recovery_code_digest, digest, FIELD_DIGEST, .required = true,
          .doc = "SHA-256 of one code."),
};
static const struct field recovery_codes_fields[] = {
    FIELD(struct recovery_codes_made_body, codes, FIELD_LIST, .required = true, .min = 1,
          .max = RECOVERY_CODES, .fields = recovery_code_fields, .field_count = 1,
          .item_bytes = sizeof(struct recovery_code_digest), .doc = "The new ones."),
};

const struct act_type recovery_codes_made = {
    .name = "recovery_codes.made",
    .subject_prefix = "per",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_PERSON,
    .authority = AUTHORITY_RECENT,
    .flags = ACT_HELD,
    .fields = recovery_codes_fields,
    .field_count = COUNT_OF(recovery_codes_fields),
    .body_bytes = sizeof(struct recovery_codes_made_body),
    .need_count = 1,
    .needs = {NEED_HOME},
    TELLS_PERSON,
    .decide = decide_recovery_codes,
    .story = "New recovery codes were made; older ones are void.",
    .doc = "A person gets new recovery codes.",
};

/* login.attacked */

static bool decide_attacked(struct decision *decision, struct problem *problem)
{
    (void)problem;
    decision_change(decision, 0); /* nothing but its version */
    return true;
}

#define BODY struct login_attacked_body
static const struct field attacked_fields[] = {
    FIELD(BODY, attempts, FIELD_INT, .required = true, .min = 1, .max = 1000000,
          .doc = "How many in a row failed."),
    FIELD(BODY, from, FIELD_TEXT, .max = 64, .doc = "The address of the last one."),
};
#undef BODY

const struct act_type login_attacked = {
    .name = "login.attacked",
    .subject_prefix = "per",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_PERSON,
    .fields = attacked_fields,
    .field_count = COUNT_OF(attacked_fields),
    .body_bytes = sizeof(struct login_attacked_body),
    .need_count = 1,
    .needs = {NEED_HOME},
    TELLS_PERSON,
    .decide = decide_attacked,
    .story = "{attempts} attempts to log in failed[, the last from {from}].",
    .doc = "Somebody tries to guess a password or code; attempts are slowed.",
};
