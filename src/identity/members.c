/* Who may act for an organisation: invitations, members, what they may, and the panic switch. */
#include "identity/identity.h"
#include "identity/people_acts.h"

struct nothing {
    uint32_t present;
};

static void key_of_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

static void key_of_actor(const struct act *act, void *row)
{
    struct member_row *member = row;
    member->org = act->org;
    member->id = member_id(act->actor.person, act->org);
}

#define NEED_ORG                                                                                   \
    {                                                                                              \
        .table = &orgs_table, .mode = NEED_EITHER, .key = key_of_org                               \
    }
#define NEED_ACTOR                                                                                 \
    {                                                                                              \
        .table = &members_table, .mode = NEED_EITHER, .key = key_of_actor                          \
    }

/* The marketplace's own row comes to be with its first invitation. */
static struct org_row *change_org(struct decision *decision, size_t need)
{
    bool is_new = decision_row(decision, need) == NULL;
    struct org_row *org = decision_change(decision, need);
    if (is_new) {
        org->name = TEXT("The marketplace");
        org->created_at = decision->act->at;
    }
    return org;
}

static bool check_permissions(enum member_role role, struct text names, unsigned *permissions,
                              struct problem *problem)
{
    if (!permissions_parse(names, permissions))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/permissions",
                           "must be names of permissions, a space between them");
    if (role != MEMBER_STAFF && *permissions != 0)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/permissions",
                           "are of staff: owners and admins have all");
    return true;
}

/* Nobody gives what they do not have. ACTOR is NULL for who runs the server. */
static bool may_give(const struct member_row *actor, enum member_role role, unsigned permissions,
                     struct problem *problem)
{
    if (actor == NULL || actor->role == MEMBER_OWNER)
        return true;
    if (role == MEMBER_OWNER)
        return problem_set(problem, PROBLEM_OWNER_REQUIRED, "owners are made by owners");
    if (actor->role == MEMBER_ADMIN ||
        (role == MEMBER_STAFF && (permissions & ~member_permissions(actor)) == 0))
        return true;
    return problem_set(problem, PROBLEM_PERMISSION_REQUIRED,
                       "you do not have yourself what you would give");
}

/* owner.invited, member.invited */

static void fill_invitation(struct decision *decision, enum member_role role)
{
    const struct act *act = decision->act;
    const struct member_invited_body *body = act->body;
    struct invitation_row *row = decision_change(decision, 0);
    row->name = body->name;
    row->email = body->email;
    row->role = role;
    row->permissions = body->permissions;
    row->secret = (struct text){(const char *)body->secret.bytes, DIGEST_BYTES};
    row->invited_by = act->actor.person;
    row->made_at = act->at;
    row->expires_at = act->deadlines[0];
}

static bool decide_owner_invited(struct decision *decision, struct problem *problem)
{
    const struct org_row *org = decision_row(decision, 1);
    if (org == NULL && decision->act->org != ORG_MARKETPLACE)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/org", "there is no such organisation");
    if (org != NULL && org->owners > 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE,
                           "it has an owner, who invites everybody else");
    fill_invitation(decision, MEMBER_OWNER);
    return true;
}

#define BODY struct member_invited_body
static const struct field owner_invited_fields[] = {
    FIELD(BODY, email, FIELD_TEXT, .min = 3, .max = 254, .doc = "Where the invitation is sent."),
    FIELD(BODY, name, FIELD_TEXT, .min = 1, .max = 200, .doc = "Whom it is for."),
    FIELD(BODY, org, FIELD_ORG, .doc = "The organisation; none: the marketplace itself."),
    FIELD(BODY, secret, FIELD_DIGEST, .required = true, .doc = "SHA-256 of its secret."),
};
static const struct field member_invited_fields[] = {
    FIELD(BODY, email, FIELD_TEXT, .min = 3, .max = 254, .doc = "Where the invitation is sent."),
    FIELD(BODY, name, FIELD_TEXT, .min = 1, .max = 200, .doc = "Whom it is for."),
    FIELD(BODY, permissions, FIELD_TEXT, .max = 200, .doc = "Of staff: what they will be allowed.",
          .example = "\"orders messages\""),
    FIELD(BODY, role, FIELD_ENUM, .required = true, .names = member_role_names,
          .doc = "What they will be."),
    FIELD(BODY, secret, FIELD_DIGEST, .required = true, .doc = "SHA-256 of its secret."),
};
#undef BODY

const struct act_type owner_invited = {
    .name = "owner.invited",
    .method = "POST",
    .path = "/v1/owners",
    .subject_prefix = "inv",
    .subject = SUBJECT_NEW,
    .org_field = "org",
    .roles = ROLE_OPERATOR | ROLE_SHOP,
    .parties = ROLE_SELLER,
    .flags = ACT_HELD,
    .fields = owner_invited_fields,
    .field_count = COUNT_OF(owner_invited_fields),
    .body_bytes = sizeof(struct member_invited_body),
    .need_count = 2,
    .needs = {{.table = &invitations_table, .mode = NEED_ABSENT, .what = "an invitation"},
              NEED_ORG},
    .deadline_count = 1,
    .deadlines = {{"expires_at", offsetof(struct rules, invitation_us)}},
    TELLS_PERSON,
    .decide = decide_owner_invited,
    .story = "The first owner was invited[: {name}].",
    .doc = "Invites the first owner of an organisation that has none. The answer carries the "
           "invitation, this once.",
};

/*
 * Who owned it has lost everything that proves it. It is no shorter way than enrolment: it opens
 * only after the time of a hold, in which everybody whose address is known was told and any member
 * may refuse it; and the passkey that is registered with it is on hold again.
 */
static bool decide_recovery_invited(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct org_row *org = decision_row(decision, 1);
    if (org == NULL || org->owners == 0)
        return problem_set(problem, PROBLEM_NOT_FOUND, "it has no owner: invite the first one");
    if (act->deadlines[1] >= act->deadlines[0])
        return problem_set(problem, PROBLEM_INVITATION_INVALID,
                           "it would expire before it opens: `people.invitation` is not longer "
                           "than `people.hold`");
    fill_invitation(decision, MEMBER_OWNER);
    ((struct invitation_row *)decision_change(decision, 0))->opens_at = act->deadlines[1];
    return true;
}

const struct act_type owner_recovery_invited = {
    .name = "owner.recovery_invited",
    .method = "POST",
    .path = "/v1/owners/recover",
    .subject_prefix = "inv",
    .subject = SUBJECT_NEW,
    .org_field = "org",
    .roles = ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .flags = ACT_HELD,
    .fields = owner_invited_fields,
    .field_count = COUNT_OF(owner_invited_fields),
    .body_bytes = sizeof(struct member_invited_body),
    .need_count = 2,
    .needs = {{.table = &invitations_table, .mode = NEED_ABSENT, .what = "an invitation"},
              NEED_ORG},
    .deadline_count = 2,
    .deadlines = {{"expires_at", offsetof(struct rules, invitation_us)},
                  {"opens_at", offsetof(struct rules, hold_us)}},
    TELLS_PERSON,
    .decide = decide_recovery_invited,
    .story = "The marketplace invited somebody to recover the organisation as its owner[: {name}].",
    .doc = "Invites an owner who has lost every passkey and code, where no other owner can. It "
           "opens after the time of a hold; everybody of the organisation is told at once and any "
           "member or key may refuse it, or freeze the organisation. The answer carries the "
           "invitation, this once.",
};

/* invitation.refused */

static bool decide_refused(struct decision *decision, struct problem *problem)
{
    const struct invitation_row *row = decision_row(decision, 0);
    if (row->opens_at == 0)
        return problem_set(problem, PROBLEM_PERMISSION_REQUIRED,
                           "it is no recovery: who may invite withdraws it");
    if (row->used_at != 0 || row->withdrawn_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was %s before",
                           row->used_at != 0 ? "used" : "refused or withdrawn");
    ((struct invitation_row *)decision_change(decision, 0))->withdrawn_at = decision->act->at;
    return true;
}

const struct act_type invitation_refused = {
    .name = "invitation.refused",
    .method = "POST",
    .path = "/v1/invitations/{subject}/refuse",
    .subject_prefix = "inv",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER,
    .parties = ROLE_SELLER,
    .flags = ACT_FREEZING,
    .body_bytes = sizeof(struct nothing),
    .need_count = 1,
    .needs = {{.table = &invitations_table, .mode = NEED_PRESENT, .what = "invitation"}},
    TELLS_PERSON,
    .decide = decide_refused,
    .story = "The recovery of the organisation was refused.",
    .doc = "Refuses a recovery: any member or key of the organisation may.",
};

static bool decide_member_invited(struct decision *decision, struct problem *problem)
{
    const struct member_invited_body *body = decision->act->body;
    unsigned permissions;
    if (!check_permissions((enum member_role)body->role, body->permissions, &permissions,
                           problem) ||
        !may_give(decision_row(decision, 1), (enum member_role)body->role, permissions, problem))
        return false;
    fill_invitation(decision, (enum member_role)body->role);
    return true;
}

const struct act_type member_invited = {
    .name = "member.invited",
    .method = "POST",
    .path = "/v1/invitations",
    .subject_prefix = "inv",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_RECENT,
    .permission = PERMISSION_PEOPLE,
    .flags = ACT_HELD,
    .fields = member_invited_fields,
    .field_count = COUNT_OF(member_invited_fields),
    .body_bytes = sizeof(struct member_invited_body),
    .need_count = 2,
    .needs = {{.table = &invitations_table, .mode = NEED_ABSENT, .what = "an invitation"},
              NEED_ACTOR},
    .deadline_count = 1,
    .deadlines = {{"expires_at", offsetof(struct rules, invitation_us)}},
    TELLS_PERSON,
    .decide = decide_member_invited,
    .story = "[{name} ]was invited to be {role} of the organisation.",
    .doc = "Invites somebody to act for the organisation. The answer carries the invitation, this "
           "once.",
};

/* invitation.withdrawn */

static bool decide_withdrawn(struct decision *decision, struct problem *problem)
{
    const struct invitation_row *row = decision_row(decision, 0);
    if (row->used_at != 0 || row->withdrawn_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was %s before",
                           row->used_at != 0 ? "used" : "withdrawn");
    ((struct invitation_row *)decision_change(decision, 0))->withdrawn_at = decision->act->at;
    return true;
}

const struct act_type invitation_withdrawn = {
    .name = "invitation.withdrawn",
    .method = "POST",
    .path = "/v1/invitations/{subject}/withdraw",
    .subject_prefix = "inv",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .permission = PERMISSION_PEOPLE,
    .body_bytes = sizeof(struct nothing),
    .need_count = 1,
    .needs = {{.table = &invitations_table, .mode = NEED_PRESENT, .what = "invitation"}},
    .decide = decide_withdrawn,
    .story = "An invitation was withdrawn.",
    .doc = "Takes an invitation back that was not used.",
};

/* member.joined */

static void key_of_invitation(const struct act *act, void *row)
{
    struct invitation_row *invitation = row;
    invitation->org = act->org;
    invitation->id = ((const struct member_joined_body *)act->body)->invitation;
}

static bool check_recovery(const struct act *act, const struct invitation_row *invitation,
                           const struct org_row *org, struct problem *problem)
{
    if (invitation->opens_at == 0)
        return true;
    if (invitation->opens_at > act->at)
        return problem_set(problem, PROBLEM_INVITATION_INVALID, "it has not opened yet");
    return org == NULL || org->frozen_at == 0 ||
           problem_set(problem, PROBLEM_FROZEN, "it is the organisation's");
}

static bool check_invitation(const struct act *act, const struct invitation_row *invitation,
                             struct problem *problem)
{
    const struct member_joined_body *body = act->body;
    const struct text given = {(const char *)body->secret.bytes, DIGEST_BYTES};
    if (!text_equal_secret(invitation->secret, given))
        return problem_set(problem, PROBLEM_INVITATION_INVALID, "it is another one");
    if (invitation->used_at != 0 || invitation->withdrawn_at != 0)
        return problem_set(problem, PROBLEM_INVITATION_INVALID, "it was %s",
                           invitation->used_at != 0 ? "used before" : "withdrawn");
    return invitation->expires_at > act->at ||
           problem_set(problem, PROBLEM_INVITATION_INVALID, "it has expired");
}

static bool decide_joined(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct member_joined_body *body = act->body;
    const struct member_row *before = decision_row(decision, 0);
    const struct invitation_row *invitation = decision_row(decision, 1);
    if (!check_invitation(act, invitation, problem) ||
        !check_recovery(act, invitation, decision_row(decision, 2), problem))
        return false;
    if (before != NULL && before->left_at == 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "you are a member");
    struct member_row *member = decision_change(decision, 0);
    member->person = body->person;
    member->name = body->name;
    member->email = body->email;
    member->role = invitation->role;
    member->permissions = invitation->permissions;
    member->invited_by = invitation->invited_by;
    member->joined_at = act->at;
    member->left_at = 0;
    struct invitation_row *used = decision_change(decision, 1);
    used->used_at = act->at;
    used->used_by = body->person;
    if (member->role == MEMBER_OWNER)
        change_org(decision, 2)->owners++;
    return true;
}

#define BODY struct member_joined_body
static const struct field joined_fields[] = {
    FIELD(BODY, email, FIELD_TEXT, .max = 254, .doc = "Where notices go."),
    FIELD(BODY, invitation, FIELD_ID, .required = true, .prefix = "inv", .doc = "By which."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "What people call them."),
    FIELD(BODY, person, FIELD_ID, .required = true, .prefix = "per", .doc = "Who."),
    FIELD(BODY, secret, FIELD_DIGEST, .required = true, .doc = "SHA-256 of its secret."),
};
#undef BODY

const struct act_type member_joined = {
    .name = "member.joined",
    .subject_prefix = "mem",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_PERSON,
    .parties = ROLE_SELLER,
    .fields = joined_fields,
    .field_count = COUNT_OF(joined_fields),
    .body_bytes = sizeof(struct member_joined_body),
    .need_count = 3,
    .needs = {{.table = &members_table, .mode = NEED_EITHER},
              {.table = &invitations_table,
               .mode = NEED_PRESENT,
               .key = key_of_invitation,
               .what = "invitation"},
              NEED_ORG},
    TELLS_PERSON,
    .decide = decide_joined,
    .story = "{name} joined the organisation.",
    .doc = "Somebody who was invited becomes a member.",
};

/* member.changed, member.made_owner */

static bool check_target(struct decision *decision, struct problem *problem)
{
    const struct member_row *target = decision_row(decision, 0);
    const struct member_row *actor = decision_row(decision, 1);
    const struct org_row *org = decision_row(decision, 2);
    if (target->left_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "they have left");
    if (target->role != MEMBER_OWNER)
        return true;
    if (actor != NULL && actor->role != MEMBER_OWNER)
        return problem_set(problem, PROBLEM_OWNER_REQUIRED, "it is about an owner");
    return (org != NULL && org->owners > 1) ||
           problem_set(problem, PROBLEM_LAST_OWNER, "it is about the last one");
}

static bool decide_changed(struct decision *decision, struct problem *problem)
{
    const struct member_changed_body *body = decision->act->body;
    unsigned permissions;
    if (body->role == MEMBER_OWNER)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/role",
                           "owners are made by `make-owner`, with a signature");
    if (!check_permissions((enum member_role)body->role, body->permissions, &permissions,
                           problem) ||
        !check_target(decision, problem) ||
        !may_give(decision_row(decision, 1), (enum member_role)body->role, permissions, problem))
        return false;
    struct member_row *member = decision_change(decision, 0);
    if (member->role == MEMBER_OWNER)
        change_org(decision, 2)->owners--;
    member->role = body->role;
    member->permissions = body->permissions;
    return true;
}

#define BODY struct member_changed_body
static const struct field changed_fields[] = {
    FIELD(BODY, permissions, FIELD_TEXT, .max = 200, .doc = "Of staff: what they may.",
          .example = "\"orders messages\""),
    FIELD(BODY, role, FIELD_ENUM, .required = true, .names = member_role_names,
          .doc = "admin or staff."),
};
#undef BODY

#define NEED_TARGET                                                                                \
    {                                                                                              \
        .table = &members_table, .mode = NEED_PRESENT, .what = "member"                            \
    }

const struct act_type member_changed = {
    .name = "member.changed",
    .method = "POST",
    .path = "/v1/members/{subject}/change",
    .subject_prefix = "mem",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_RECENT,
    .permission = PERMISSION_PEOPLE,
    .flags = ACT_HELD,
    .fields = changed_fields,
    .field_count = COUNT_OF(changed_fields),
    .body_bytes = sizeof(struct member_changed_body),
    .need_count = 3,
    .needs = {NEED_TARGET, NEED_ACTOR, NEED_ORG},
    TELLS_PERSON,
    .decide = decide_changed,
    .story = "A member is {role} now[ and may: {permissions}].",
    .doc = "Changes what a member is and may.",
};

static bool decide_made_owner(struct decision *decision, struct problem *problem)
{
    const struct member_row *target = decision_row(decision, 0);
    if (target->left_at != 0 || target->role == MEMBER_OWNER)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "they %s",
                           target->left_at != 0 ? "have left" : "are an owner");
    struct member_row *member = decision_change(decision, 0);
    member->role = MEMBER_OWNER;
    member->permissions = TEXT_NONE;
    change_org(decision, 1)->owners++;
    return true;
}

static void made_owner_terms(const struct decision *decision, struct json_writer *json)
{
    const struct member_row *target = decision_row((struct decision *)(uintptr_t)decision, 0);
    json_member(json, "name", target->name);
    json_name(json, "person");
    json_id(json, "per", target->person);
}

const struct act_type member_made_owner = {
    .name = "member.made_owner",
    .method = "POST",
    .path = "/v1/members/{subject}/make-owner",
    .subject_prefix = "mem",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_SIGNED,
    .flags = ACT_HELD | ACT_OWNER,
    .body_bytes = sizeof(struct nothing),
    .need_count = 2,
    .needs = {NEED_TARGET, NEED_ORG},
    .terms = made_owner_terms,
    TELLS_PERSON,
    .decide = decide_made_owner,
    .story = "A member was made an owner.",
    .doc = "Makes a member an owner, signed by an owner.",
};

/* member.removed, member.left */

struct reason_body {
    uint32_t present;
    struct text reason;
};

static void end_membership(struct decision *decision)
{
    struct member_row *member = decision_change(decision, 0);
    member->left_at = decision->act->at;
    if (member->role == MEMBER_OWNER)
        change_org(decision, 2)->owners--;
}

static bool decide_removed(struct decision *decision, struct problem *problem)
{
    const struct member_row *target = decision_row(decision, 0);
    unsigned permissions = target->role == MEMBER_STAFF ? 0 : ~0U;
    if (!check_target(decision, problem) ||
        !may_give(decision_row(decision, 1), (enum member_role)target->role, permissions, problem))
        return false;
    end_membership(decision);
    return true;
}

static const struct field reason_fields[] = {
    FIELD(struct reason_body, reason, FIELD_TEXT, .min = 1, .max = 500, .doc = "Why."),
};

const struct act_type member_removed = {
    .name = "member.removed",
    .method = "POST",
    .path = "/v1/members/{subject}/remove",
    .subject_prefix = "mem",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_RECENT,
    .permission = PERMISSION_PEOPLE,
    .flags = ACT_HELD,
    .fields = reason_fields,
    .field_count = COUNT_OF(reason_fields),
    .body_bytes = sizeof(struct reason_body),
    .need_count = 3,
    .needs = {NEED_TARGET, NEED_ACTOR, NEED_ORG},
    TELLS_PERSON,
    .decide = decide_removed,
    .story = "A member was removed[: {reason}].",
    .doc = "Ends somebody's membership: they lose access at once.",
};

static bool decide_left(struct decision *decision, struct problem *problem)
{
    const struct member_row *target = decision_row(decision, 0);
    if (!id_equal(target->person, decision->act->actor.person))
        return problem_set(problem, PROBLEM_PERMISSION_REQUIRED,
                           "others are removed, not made to leave");
    if (!check_target(decision, problem))
        return false;
    end_membership(decision);
    return true;
}

const struct act_type member_left = {
    .name = "member.left",
    .method = "POST",
    .path = "/v1/members/{subject}/leave",
    .subject_prefix = "mem",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | ROLE_OPERATOR | ROLE_SUPPORT,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_RECENT,
    .fields = reason_fields,
    .field_count = COUNT_OF(reason_fields),
    .body_bytes = sizeof(struct reason_body),
    .need_count = 3,
    .needs = {NEED_TARGET, NEED_ACTOR, NEED_ORG},
    TELLS_PERSON,
    .decide = decide_left,
    .story = "A member left[: {reason}].",
    .doc = "You leave the organisation.",
};

/* org.frozen, org.unfrozen, org.settings_changed */

#define NEED_THIS_ORG                                                                              \
    {                                                                                              \
        .table = &orgs_table, .mode = NEED_PRESENT, .key = key_of_org, .what = "organisation"      \
    }

static bool decide_frozen(struct decision *decision, struct problem *problem)
{
    const struct org_row *org = decision_row(decision, 0);
    if (org->frozen_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it is frozen");
    ((struct org_row *)decision_change(decision, 0))->frozen_at = decision->act->at;
    return true;
}

const struct act_type org_frozen = {
    .name = "org.frozen",
    .method = "POST",
    .path = "/v1/org/freeze",
    .subject_prefix = "orgact",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .flags = ACT_FREEZING,
    .fields = reason_fields,
    .field_count = COUNT_OF(reason_fields),
    .body_bytes = sizeof(struct reason_body),
    .need_count = 1,
    .needs = {NEED_THIS_ORG},
    TELLS_PERSON,
    .decide = decide_frozen,
    .story = "The organisation was frozen[: {reason}].",
    .doc = "The panic switch: nothing sensitive is done for the organisation until an owner "
           "unfreezes it with a passkey. Any member may press it.",
};

static bool decide_unfrozen(struct decision *decision, struct problem *problem)
{
    const struct org_row *org = decision_row(decision, 0);
    if (org->frozen_at == 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it is not frozen");
    if (decision->act->signature->kind != SIGNATURE_PASSKEY)
        return problem_set(problem, PROBLEM_PASSKEY_REQUIRED, "it was a code");
    ((struct org_row *)decision_change(decision, 0))->frozen_at = 0;
    return true;
}

const struct act_type org_unfrozen = {
    .name = "org.unfrozen",
    .method = "POST",
    .path = "/v1/org/unfreeze",
    .subject_prefix = "orgact",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_SIGNED,
    .flags = ACT_FREEZING | ACT_HELD | ACT_OWNER,
    .body_bytes = sizeof(struct nothing),
    .need_count = 1,
    .needs = {NEED_THIS_ORG},
    TELLS_PERSON,
    .decide = decide_unfrozen,
    .story = "The organisation was unfrozen.",
    .doc = "Ends the freeze, signed by an owner with a passkey that is not new.",
};

static bool decide_settings(struct decision *decision, struct problem *problem)
{
    const struct org_settings_body *body = decision->act->body;
    struct org_row *org = decision_change(decision, 0);
    (void)problem;
    org->four_eyes = body->four_eyes;
    return true;
}

static const struct field settings_fields[] = {
    FIELD(struct org_settings_body, four_eyes, FIELD_BOOL, .required = true,
          .doc = "Does what is signed need two of its people?"),
};

const struct act_type org_settings_changed = {
    .name = "org.settings_changed",
    .method = "POST",
    .path = "/v1/org/settings",
    .subject_prefix = "orgact",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .parties = ROLE_SELLER,
    .authority = AUTHORITY_SIGNED,
    .flags = ACT_HELD | ACT_OWNER,
    .fields = settings_fields,
    .field_count = COUNT_OF(settings_fields),
    .body_bytes = sizeof(struct org_settings_body),
    .need_count = 1,
    .needs = {NEED_THIS_ORG},
    TELLS_PERSON,
    .decide = decide_settings,
    .story = "The organisation's settings were changed: four eyes {four_eyes}.",
    .doc = "Changes how the organisation protects itself, signed by an owner.",
};

const struct view members_view = {
    .name = "members",
    .path = "/v1/members",
    .roles = ROLE_SELLER | ROLE_OPERATOR | ROLE_SUPPORT,
    .table = &members_table,
    .for_all = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "Who may act for the organisation, and who might until they left.",
};

const struct view invitations_view = {
    .name = "invitations",
    .path = "/v1/invitations",
    .roles = ROLE_SELLER | ROLE_OPERATOR,
    .table = &invitations_table,
    .for_all = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND id > ?4 ORDER BY id LIMIT ?5",
    .cursor = "id",
    .doc = "Invitations to act for the organisation.",
};
