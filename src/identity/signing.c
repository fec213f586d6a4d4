#include "identity/signing.h"

bool signature_refuse(struct problem *problem, struct arena *arena, const char *reason)
{
    problem_set(problem, PROBLEM_SIGNATURE_INVALID, "%s", reason);
    problem->extension = arena_format(arena, "\"reason\":\"%s\"", reason);
    return false;
}

static bool check_authenticator(const struct act *act,
                                const struct authenticator_row *authenticator, struct arena *arena,
                                struct problem *problem)
{
    if (authenticator == NULL || !id_equal(authenticator->person, act->actor.person))
        return signature_refuse(problem, arena, "unknown-authenticator");
    if (authenticator->removed_at != 0)
        return signature_refuse(problem, arena, "authenticator-removed");
    if (authenticator->kind != act->signature->kind)
        return signature_refuse(problem, arena, "another-kind");
    return true;
}

static bool check_terms(const struct signature *signature, struct text terms, struct arena *arena,
                        struct problem *problem)
{
    if (text_equal(signature->terms, terms))
        return true;
    problem_set(problem, PROBLEM_TERMS_CHANGED, "they differ");
    problem->extension = arena_format(arena, "\"terms\":%.*s", TEXT_ARG(terms));
    return false;
}

static bool check_nonce(const struct act *act, const struct authenticator_row *authenticator,
                        struct problem *problem)
{
    int64_t made_at = signature_nonce_at(&act->signature->nonce);
    if (made_at <= 0 || made_at > act->at || act->at - made_at > SIGNATURE_US)
        return problem_set(problem, PROBLEM_SIGNATURE_EXPIRED, "its nonce is not of now");
    return made_at > authenticator->last_nonce_at ||
           problem_set(problem, PROBLEM_SIGNATURE_USED, "its nonce is not newer");
}

static bool check_code(const struct signature *signature,
                       const struct authenticator_row *authenticator, struct problem *problem)
{
    return signature->step > authenticator->last_step ||
           problem_set(problem, PROBLEM_SIGNATURE_USED, "the code was used before");
}

static bool check_assertion(const struct signature *signature,
                            const struct authenticator_row *authenticator, struct arena *arena,
                            struct problem *problem)
{
    (void)signature;
    (void)authenticator;
    return signature_refuse(problem, arena, "not-verified");
}

bool signature_holds(const struct act *act, const struct authenticator_row *authenticator,
                     struct text terms, struct arena *arena, struct problem *problem)
{
    const struct signature *signature = act->signature;
    return check_authenticator(act, authenticator, arena, problem) &&
           check_terms(signature, terms, arena, problem) &&
           check_nonce(act, authenticator, problem) &&
           (signature->kind == SIGNATURE_TOTP
                ? check_code(signature, authenticator, problem)
                : check_assertion(signature, authenticator, arena, problem));
}

void signature_note(const struct act *act, struct authenticator_row *authenticator)
{
    const struct signature *signature = act->signature;
    authenticator->last_nonce_at = signature_nonce_at(&signature->nonce);
    if (signature->kind == SIGNATURE_TOTP)
        authenticator->last_step = signature->step;
}
