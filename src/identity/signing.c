#include "identity/signing.h"

#include "identity/authenticator_data.h"
#include "identity/difference.h"
#include "identity/signed_terms.h"

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
    problem->extension =
        arena_format(arena, "\"difference\":%.*s,\"terms\":%.*s",
                     TEXT_ARG(terms_difference(signature->terms, terms, arena)), TEXT_ARG(terms));
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
                       const struct authenticator_row *authenticator, struct arena *arena,
                       struct problem *problem)
{
    if (signature->step == 0)
        return signature_refuse(problem, arena, "code");
    return signature->step > authenticator->last_step ||
           problem_set(problem, PROBLEM_SIGNATURE_USED, "the code was used before");
}

static bool decode(struct arena *arena, struct text encoded, struct text *bytes)
{
    size_t length;
    char *place = arena_take(arena, encoded.length + 1);
    bool decoded = base64url_decode(encoded, place, encoded.length, &length);
    *bytes = (struct text){place, decoded ? length : 0};
    return decoded;
}

bool signature_bytes(const struct signature *signature, struct arena *arena,
                     struct webauthn_signature *bytes)
{
    return decode(arena, signature->client_data, &bytes->client_data) &&
           decode(arena, signature->authenticator_data, &bytes->authenticator_data) &&
           decode(arena, signature->signature, &bytes->signature);
}

struct digest signature_challenge(const struct act *act)
{
    const struct signed_terms signed_terms = {
        .terms = act->signature->terms,
        .nonce = {(const char *)act->signature->nonce.bytes, DIGEST_BYTES},
        .purpose = text_of(act->type->name),
        .org = act->org};
    return signed_terms_challenge(&signed_terms);
}

static struct webauthn_credential credential_of(const struct authenticator_row *row)
{
    return (struct webauthn_credential){.id = row->credential,
                                        .public_key = row->public_key,
                                        .algorithm = row->algorithm,
                                        .sign_count = (uint32_t)row->sign_count,
                                        .backup_eligible = row->backup_eligible != 0,
                                        .backed_up = row->backed_up != 0};
}

/* What the record will say of the authenticator is what is known of it. */
static bool check_evidence(const struct signature *signature, const struct authenticator_row *row,
                           struct arena *arena, struct problem *problem)
{
    struct text key;
    bool fits = decode(arena, signature->public_key, &key) && text_equal(key, row->public_key) &&
                text_equal(signature->rp_id, row->rp_id) &&
                signature->algorithm == row->algorithm &&
                signature->registered_at == row->registered_at;
    return fits || signature_refuse(problem, arena, "evidence");
}

static bool check_assertion(const struct act *act, const struct authenticator_row *row,
                            struct webauthn_use *use, struct arena *arena, struct problem *problem)
{
    const struct signature *signature = act->signature;
    struct digest challenge = signature_challenge(act);
    struct webauthn_credential credential = credential_of(row);
    const struct webauthn_ceremony ceremony = {
        .rp_id = row->rp_id,
        .origins = &signature->origin,
        .origin_count = 1,
        .challenge = {(const char *)challenge.bytes, DIGEST_BYTES}};
    const struct webauthn_account account = {
        .user_handle = {(const char *)row->person.bytes, sizeof row->person.bytes},
        .credential = &credential};
    struct webauthn_assertion assertion = {.credential_id = row->credential};
    if (!signature_bytes(signature, arena, &assertion.signed_by))
        return signature_refuse(problem, arena, "encoding");
    enum webauthn_reason reason = webauthn_assert(&ceremony, &account, &assertion, use);
    return reason == WEBAUTHN_OK || signature_refuse(problem, arena, webauthn_reason_slug(reason));
}

bool signature_holds(const struct act *act, const struct authenticator_row *authenticator,
                     struct text terms, struct arena *arena, struct problem *problem)
{
    const struct signature *signature = act->signature;
    struct webauthn_use use;
    return check_authenticator(act, authenticator, arena, problem) &&
           check_terms(signature, terms, arena, problem) &&
           check_nonce(act, authenticator, problem) &&
           (signature->kind == SIGNATURE_TOTP
                ? check_code(signature, authenticator, arena, problem)
                : check_evidence(signature, authenticator, arena, problem) &&
                      check_assertion(act, authenticator, &use, arena, problem));
}

void signature_note(const struct act *act, struct authenticator_row *row, struct arena *arena)
{
    const struct signature *signature = act->signature;
    struct webauthn_signature bytes;
    struct authenticator_data data;
    row->last_nonce_at = signature_nonce_at(&signature->nonce);
    if (signature->kind == SIGNATURE_TOTP) {
        row->last_step = signature->step;
        return;
    }
    /* It held, so it is well-formed. */
    MUST(signature_bytes(signature, arena, &bytes) &&
         authenticator_data_read(bytes.authenticator_data, &data) == WEBAUTHN_OK);
    row->sign_count = data.sign_count;
    row->backed_up = (data.flags & AUTHENTICATOR_BACKED_UP) != 0;
}
