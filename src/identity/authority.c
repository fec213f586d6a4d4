/*
 * The rule of who may what, beyond roles: members and their permissions, recency, signatures,
 * holds, frozen accounts, and support that was let in. Pure over rows of the act's organisation.
 */
#include <string.h>

#include "identity/identity.h"
#include "identity/people_acts.h"
#include "identity/signing.h"

enum { ROW_ORG, ROW_PERSON, ROW_MEMBER, ROW_AUTHENTICATOR, ROW_CONTACT };

static void key_of_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

static void key_of_person(const struct act *act, void *row)
{
    ((struct person_row *)row)->org = act->org;
}

static void key_of_member(const struct act *act, void *row)
{
    struct member_row *member = row;
    member->org = act->org;
    member->id = member_id(act->actor.person, act->org);
}

static void key_of_authenticator(const struct act *act, void *row)
{
    struct authenticator_row *authenticator = row;
    authenticator->org = act->org;
    if (act->signature != NULL)
        authenticator->id = act->signature->authenticator;
}

static void key_of_contact(const struct act *act, void *row)
{
    struct support_contact_row *contact = row;
    contact->org = act->org;
    contact->person = act->actor.person;
}

static bool is_by_person(const struct act *act)
{
    return !id_is_zero(act->actor.person);
}

static bool concerns(const struct act *act)
{
    return is_by_person(act) || act->type->authority != AUTHORITY_SESSION ||
           act->signature != NULL || (act->type->flags & ACT_HELD) != 0;
}

/* The system, or whoever runs the program on this machine: no key, no person. */
static bool is_local(const struct act *act)
{
    return id_is_zero(act->actor.key) && !is_by_person(act) &&
           (act->actor.role == ROLE_SYSTEM || act->actor.role == ROLE_OPERATOR);
}

static bool without_person(const struct act *act, struct problem *problem)
{
    if (act->type->authority == AUTHORITY_SIGNED)
        return problem_set(problem, PROBLEM_SIGNATURE_REQUIRED, "%s cannot sign",
                           is_local(act) ? "the server itself" : "an API key");
    if (act->type->authority == AUTHORITY_RECENT && !is_local(act))
        return problem_set(problem, PROBLEM_PERSON_REQUIRED, "it was an API key");
    return true;
}

bool member_may(const struct member_row *member, enum permission wanted, struct arena *arena,
                struct problem *problem)
{
    if ((member_permissions(member) & (unsigned)wanted) == (unsigned)wanted)
        return true;
    const char *name = permission_names[__builtin_ctz((unsigned)wanted)];
    problem_set(problem, PROBLEM_PERMISSION_REQUIRED, "%s", name);
    problem->extension = arena_format(arena, "\"permission\":\"%s\"", name);
    return false;
}

static bool check_member(const struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct member_row *member =
        decision_row((struct decision *)(uintptr_t)decision, ROW_MEMBER);
    if (member == NULL || member->left_at != 0)
        return problem_set(problem, PROBLEM_FORBIDDEN, "no member of the organisation");
    if ((act->type->flags & ACT_OWNER) != 0 && member->role != MEMBER_OWNER)
        return problem_set(problem, PROBLEM_OWNER_REQUIRED, "you are %s",
                           member_role_names[member->role]);
    return member_may(member, act->type->permission, decision->arena, problem);
}

static bool check_contact(struct decision *decision, struct problem *problem)
{
    const struct support_contact_row *contact = decision_row(decision, ROW_CONTACT);
    if (decision->act->org == ORG_MARKETPLACE)
        return true;
    return (contact != NULL && contact->ends_at > decision->act->at) ||
           problem_set(problem, PROBLEM_SUPPORT_NOT_LET_IN, "no code was given");
}

/* Staff of the marketplace are members of its own organisation; who admitted them to the road has
   looked there (net/hat.c). Here it is what they do in somebody else's that is ruled. */
static bool check_standing(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    if (act->actor.role == ROLE_SELLER ||
        (act->actor.role == ROLE_OPERATOR && act->org == ORG_MARKETPLACE))
        return check_member(decision, problem);
    return act->actor.role != ROLE_SUPPORT || act->type == &support_let_in ||
           check_contact(decision, problem);
}

static bool check_frozen(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct person_row *person = decision_row(decision, ROW_PERSON);
    const struct org_row *org = decision_row(decision, ROW_ORG);
    if ((act->type->flags & ACT_FREEZING) != 0)
        return true;
    if (act->actor.role == ROLE_PERSON && person != NULL && person->frozen_at != 0)
        return problem_set(problem, PROBLEM_FROZEN, "it is yours");
    if ((act->type->flags & ACT_HELD) != 0 && org != NULL && org->frozen_at != 0)
        return problem_set(problem, PROBLEM_FROZEN, "it is the organisation's");
    return true;
}

static bool check_recent(const struct act *act, struct problem *problem)
{
    return act->type->authority != AUTHORITY_RECENT ||
           act->at - act->actor.authenticated_at <= RECENT_US ||
           problem_set(problem, PROBLEM_RECENT_REQUIRED, "the last one was earlier");
}

/* An older passkey's signature over this very act approves it on a device that is new. */
static bool check_hold(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct authenticator_row *authenticator = decision_row(decision, ROW_AUTHENTICATOR);
    char until[TIME_TEXT_BYTES];
    int64_t held_until = act->actor.held_until;
    if ((act->type->flags & ACT_HELD) == 0)
        return true;
    bool approves = act->signature != NULL && authenticator != NULL &&
                    authenticator->kind == AUTHENTICATOR_PASSKEY;
    if (authenticator != NULL && (approves || authenticator->held_until > held_until))
        held_until = authenticator->held_until;
    if (held_until <= act->at)
        return true;
    time_format(held_until, until);
    problem_set(problem, PROBLEM_ON_HOLD, "until %s", until);
    problem->extension = arena_format(decision->arena, "\"held_until\":\"%s\"", until);
    return false;
}

static bool check_signature(struct decision *decision, struct text terms, struct problem *problem)
{
    const struct act *act = decision->act;
    if (act->signature == NULL)
        return act->type->authority != AUTHORITY_SIGNED ||
               problem_set(problem, PROBLEM_SIGNATURE_REQUIRED, "there is none");
    return signature_holds(act, decision_row(decision, ROW_AUTHENTICATOR), terms, decision->arena,
                           problem);
}

static bool admit(struct decision *decision, struct text terms, struct problem *problem)
{
    const struct act *act = decision->act;
    if (!is_by_person(act))
        return without_person(act, problem) && check_frozen(decision, problem);
    return check_standing(decision, problem) && check_frozen(decision, problem) &&
           check_recent(act, problem) && check_signature(decision, terms, problem) &&
           check_hold(decision, problem);
}

static void note(struct decision *decision)
{
    const struct act *act = decision->act;
    if (act->signature != NULL)
        signature_note(act, decision_change(decision, ROW_AUTHENTICATOR), decision->arena);
}

const struct authority_rule people_authority = {
    .concerns = concerns,
    .need_count = 5,
    .needs = {{.table = &orgs_table, .mode = NEED_EITHER, .key = key_of_org},
              {.table = &persons_table, .mode = NEED_EITHER, .key = key_of_person},
              {.table = &members_table, .mode = NEED_EITHER, .key = key_of_member},
              {.table = &authenticators_table, .mode = NEED_EITHER, .key = key_of_authenticator},
              {.table = &support_contacts_table, .mode = NEED_EITHER, .key = key_of_contact}},
    .admit = admit,
    .note = note,
};
