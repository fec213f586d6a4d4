#include "identity/recheck.h"

#include "act/story.h"
#include "identity/people_acts.h"
#include "identity/signing.h"
#include "identity/webauthn.h"

static bool unfit(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_PROOF_INVALID, "the signature: %s", what);
}

static bool is_text(const json_t *terms, const char *name, struct text value)
{
    const json_t *member = json_object_get(terms, name);
    return json_is_string(member) && text_equal(json_string_view(member), value);
}

static bool is_id(const json_t *terms, const char *name, const char *prefix, struct id id)
{
    char text[ID_TEXT_BYTES];
    size_t length = id_format(prefix, id, text);
    return is_text(terms, name, (struct text){text, length});
}

static bool is_body(const json_t *terms, const struct act *act)
{
    struct buffer said, meant;
    buffer_init(&said);
    buffer_init(&meant);
    struct json_writer json = json_writer(&meant);
    fields_write(&json, act->type->fields, act->type->field_count, act->body);
    const json_t *body = json_object_get(terms, "body");
    if (json_is_object(body))
        json_canonical(&said, body);
    bool same = text_equal(buffer_view(&said), buffer_view(&meant));
    buffer_done(&said);
    buffer_done(&meant);
    return same;
}

/* Do the terms say what the record says? */
static bool check_terms(const struct act *act, struct problem *problem)
{
    char org[ID_TEXT_BYTES];
    size_t org_length = org_format(act->org, org);
    json_t *terms = json_read(act->signature->terms, problem);
    if (terms == NULL)
        return unfit(problem, "its terms cannot be read");
    bool fits = is_text(terms, "act", text_of(act->type->name)) && is_body(terms, act) &&
                is_text(terms, "org", (struct text){org, org_length}) &&
                is_id(terms, "person", "per", act->actor.person) &&
                (act->type->subject == SUBJECT_NEW ||
                 is_id(terms, "subject", act_prefix(act), act->subject));
    json_free(terms);
    return fits || unfit(problem, "its terms are of another act than the one recorded");
}

static bool check_time(const struct act *act, struct problem *problem)
{
    int64_t made_at = signature_nonce_at(&act->signature->nonce);
    if (act->signature->registered_at > act->at)
        return unfit(problem, "its authenticator was registered later");
    return (made_at > 0 && made_at <= act->at && act->at - made_at <= SIGNATURE_US) ||
           unfit(problem, "its nonce is not of that time");
}

static bool decode_key(const struct signature *signature, struct arena *arena, struct text *key)
{
    size_t length;
    char *place = arena_take(arena, signature->public_key.length + 1);
    bool decoded =
        base64url_decode(signature->public_key, place, signature->public_key.length, &length);
    *key = (struct text){place, decoded ? length : 0};
    return decoded;
}

static bool check_passkey(const struct act *act, struct arena *arena, struct problem *problem)
{
    const struct signature *signature = act->signature;
    struct digest challenge = signature_challenge(act);
    struct webauthn_signature bytes;
    struct text key;
    const struct webauthn_ceremony ceremony = {
        .rp_id = signature->rp_id,
        .origins = &signature->origin,
        .origin_count = 1,
        .challenge = {(const char *)challenge.bytes, DIGEST_BYTES}};
    if (!signature_bytes(signature, arena, &bytes) || !decode_key(signature, arena, &key))
        return unfit(problem, "its parts are not base64url");
    enum webauthn_reason reason = webauthn_recheck(&ceremony, key, &bytes);
    return reason == WEBAUTHN_OK || unfit(problem, webauthn_reason_words(reason));
}

bool signature_recheck(const struct act *act, struct arena *arena, struct problem *problem)
{
    return check_terms(act, problem) && check_time(act, problem) &&
           (act->signature->kind != SIGNATURE_PASSKEY || check_passkey(act, arena, problem));
}

/* A copy that was made later shows nothing of before. */
static bool precedes(const struct act *registration, const struct act *act)
{
    return registration->org == act->org ? registration->seq < act->seq
                                         : registration->at <= act->at;
}

/* The act in the person's own account tells it by itself, its copy in an organisation by fields. */
struct registered {
    struct id person;
    int64_t at;
};

static struct registered registered_by(const struct act *registration)
{
    const struct authenticator_body *body = registration->body;
    if (registration->type == &authenticator_registered)
        return (struct registered){registration->actor.person, registration->at};
    return (struct registered){body->person, body->registered_at};
}

/* Whose it is, its key, relying party, when it was registered; and that it was not removed before.
 */
static bool fits_registration(const struct act *act, const struct act *registration,
                              struct problem *problem)
{
    const struct signature *signature = act->signature;
    const struct authenticator_body *body = registration->body;
    const struct registered registered = registered_by(registration);
    if (!id_equal(registered.person, act->actor.person))
        return unfit(problem, "its authenticator was registered by somebody else");
    if (body->kind != signature->kind || body->algorithm != signature->algorithm ||
        !text_equal(body->public_key, signature->public_key))
        return unfit(problem, "its key is not the one that was registered");
    if (!text_equal(body->rp_id, signature->rp_id))
        return unfit(problem, "its authenticator was registered for another relying party");
    if (registered.at != signature->registered_at)
        return unfit(problem, "its authenticator was registered at another time");
    return body->removed_at == 0 || !precedes(registration, act) ||
           unfit(problem, "its authenticator was removed before");
}

const struct evidence_act *signature_registration(const struct evidence *evidence,
                                                  const struct act *act)
{
    for (size_t i = 0; i < evidence->registration_count; i++) {
        const struct act *registration = &evidence->registrations[i].record.act;
        if (id_equal(registration->subject, act->signature->authenticator) &&
            precedes(registration, act))
            return &evidence->registrations[i];
    }
    return NULL;
}

static bool check_registered(const struct evidence *evidence, const struct act *act,
                             struct problem *problem)
{
    for (size_t i = 0; i < evidence->registration_count; i++) {
        const struct act *registration = &evidence->registrations[i].record.act;
        if (id_equal(registration->subject, act->signature->authenticator) &&
            !fits_registration(act, registration, problem))
            return false;
    }
    return signature_registration(evidence, act) != NULL ||
           unfit(problem, "the act that registered its authenticator is missing, so nothing shows "
                          "whose key it is");
}

/* What was accepted with a signature must have one that holds, by a key that was registered. */
static bool recheck_signature(const struct evidence *evidence, const struct record *record,
                              struct arena *arena, struct problem *problem)
{
    const struct act *act = &record->act;
    if (!record->accepted)
        return true;
    if (act->signature == NULL)
        return act->type->authority != AUTHORITY_SIGNED ||
               problem_set(problem, PROBLEM_PROOF_INVALID, "it needs a signature and has none");
    return signature_recheck(act, arena, problem) && check_registered(evidence, act, problem);
}

bool evidence_recheck(const struct evidence *evidence, struct arena *arena, struct problem *problem)
{
    for (size_t i = 0; i < evidence->count; i++) {
        struct problem why;
        if (!recheck_signature(evidence, &evidence->acts[i].record, arena, &why))
            return problem_set(problem, PROBLEM_PROOF_INVALID, "act %zu: %s", i + 1, why.detail);
    }
    return true;
}

void signature_words(struct buffer *out, const struct act *act)
{
    struct problem unused;
    json_t *terms = json_read(act->signature->terms, &unused);
    const json_t *words = json_object_get(json_object_get(terms, "terms"), "words");
    if (json_is_string(words))
        story_words(out, json_string_view(words));
    else
        story_write(out, act);
    json_free(terms);
}
