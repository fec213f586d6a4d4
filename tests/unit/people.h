/* People of the road's organisation: members with passkeys in software, who sign acts. */
#pragma once

#include "road.h"

#include "identity/cose_key.h"
#include "identity/people_acts.h"
#include "identity/signing.h"
#include "soft_authenticator.h"

struct signer {
    struct id person, authenticator;
    struct soft_key key;
    struct text credential;
    int64_t registered_at;
};

static const struct principal people_operator = {.role = ROLE_OPERATOR};
static const struct principal people_system = {.role = ROLE_SYSTEM};

static inline struct principal people_actor(const struct road *road, const struct signer *signer)
{
    return (struct principal){.role = ROLE_SELLER,
                              .org = road->org,
                              .person = signer->person,
                              .session = id_new(id_org(signer->person)),
                              .authenticator = signer->authenticator,
                              .method = AUTH_PASSKEY,
                              .authenticated_at = time_now()};
}

/* Invited by the operator if the first owner, else by INVITER. */
static inline void people_join(struct road *road, const struct signer *signer,
                               const struct signer *inviter, enum member_role role,
                               const char *permissions, const char *name)
{
    struct member_invited_body *invited = ARENA_NEW(road->arena, struct member_invited_body);
    struct member_joined_body *joined = ARENA_NEW(road->arena, struct member_joined_body);
    bool first = inviter == NULL;
    *invited = (struct member_invited_body){
        .present = first ? 1 << 2 | 1 << 3 : 1 << 3 | 1 << 4, .org = road->org, .role = role};
    if (permissions != NULL) {
        invited->present |= 1 << 2;
        invited->permissions = text_of(permissions);
    }
    struct submission *invitation =
        road_act(road, first ? &owner_invited : &member_invited,
                 first ? people_operator : people_actor(road, inviter), (struct id){{0}}, invited);
    assert_accepted(invitation);
    *joined = (struct member_joined_body){.present = 31,
                                          .email = text_of("someone@seller.example"),
                                          .invitation = invitation->act.subject,
                                          .name = text_of(name),
                                          .person = signer->person};
    struct principal actor = {
        .role = ROLE_PERSON, .org = id_org(signer->person), .person = signer->person};
    assert_accepted(
        road_act(road, &member_joined, actor, member_id(signer->person, road->org), joined));
}

static inline struct text people_base64url(struct road *road, const void *bytes, size_t length)
{
    struct buffer text;
    buffer_init(&text);
    base64url_add(&text, bytes, length);
    struct text copy = arena_text(road->arena, buffer_view(&text));
    buffer_done(&text);
    return copy;
}

static inline void people_register(struct road *road, struct signer *signer, int64_t kind,
                                   const char *name)
{
    struct authenticator_body *body = ARENA_NEW(road->arena, struct authenticator_body);
    signer->authenticator = id_new(id_org(signer->person));
    signer->registered_at = time_now() - 30 * TIME_DAY;
    *body = (struct authenticator_body){.present = 1 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 11,
                                        .algorithm = kind == SIGNATURE_PASSKEY ? COSE_ES256 : 0,
                                        .kind = kind,
                                        .name = text_of(name),
                                        .person = signer->person,
                                        .registered_at = signer->registered_at};
    if (kind == SIGNATURE_PASSKEY) {
        uint8_t credential[SOFT_ID_BYTES];
        soft_key_make(&signer->key, COSE_ES256);
        random_bytes(credential, sizeof credential);
        signer->credential =
            arena_text(road->arena, (struct text){(const char *)credential, sizeof credential});
        body->present |= 1 << 5 | 1 << 10 | 1 << 13;
        body->credential = people_base64url(road, credential, sizeof credential);
        body->public_key = people_base64url(road, signer->key.cose.bytes, signer->key.cose.length);
        body->rp_id = TEXT(SOFT_RP_ID);
    }
    assert_accepted(
        road_act(road, &authenticator_copied, people_system, signer->authenticator, body));
}

static inline struct signer *people_new(struct road *road, const struct signer *inviter,
                                        enum member_role role, const char *permissions,
                                        const char *name)
{
    struct signer *signer = ARENA_NEW(road->arena, struct signer);
    signer->person = id_new(person_random());
    people_join(road, signer, inviter, role, permissions, name);
    people_register(road, signer, SIGNATURE_PASSKEY, "Key on the keyring");
    return signer;
}

/* A copy of BODY with what the server adds to it. */
static inline void *people_complete(struct road *road, const struct act_type *type,
                                    struct id subject, const void *body)
{
    void *copy = arena_take(road->arena, type->body_bytes);
    const struct act act = {.type = type, .org = road->org, .subject = subject, .body = copy};
    memcpy(copy, body, type->body_bytes);
    if (type->complete == NULL)
        return copy;
    struct reader *reader = store_reader_take(road->store);
    bool completed = type->complete(reader, &act, copy, road->arena, &road->problem);
    store_reader_give(road->store, reader);
    assert_true(completed);
    return copy;
}

/* The terms of ACT as the rows give them now. */
static inline struct text people_terms(struct road *road, const struct act *act)
{
    struct decision decision = {.act = act, .arena = road->arena};
    struct buffer terms;
    for (size_t i = 0; i < act->type->need_count; i++) {
        const struct need *need = &act->type->needs[i];
        struct row_slot *slot = ARENA_NEW(road->arena, struct row_slot);
        slot->table = need->table;
        slot->row = arena_take(road->arena, need->table->row_bytes);
        if (need->key != NULL) {
            need->key(act, slot->row);
        } else {
            memcpy((char *)slot->row + need->table->columns[0].offset, &act->org, sizeof act->org);
            memcpy((char *)slot->row + need->table->columns[1].offset, &act->subject,
                   sizeof act->subject);
        }
        slot->found = road_load(road, need->table, slot->row);
        decision.rows[i] = slot;
    }
    buffer_init(&terms);
    act_terms(&decision, &terms);
    struct text text = arena_text(road->arena, buffer_view(&terms));
    buffer_done(&terms);
    return text;
}

static inline struct digest people_nonce(int64_t made_at)
{
    struct digest nonce;
    random_bytes(nonce.bytes, sizeof nonce.bytes);
    for (size_t i = 0; i < 8; i++)
        nonce.bytes[8 + i] = (uint8_t)(made_at >> (56 - 8 * i));
    return nonce;
}

/* SOFT may lie. */
static inline struct signature *people_sign(struct road *road, const struct signer *signer,
                                            const struct act *act, struct text terms,
                                            int64_t nonce_at, const struct soft *lie)
{
    struct signature *signature = ARENA_NEW(road->arena, struct signature);
    struct soft soft = lie == NULL ? (struct soft){0} : *lie;
    struct soft_made made;
    struct act signed_act = *act;
    *signature = (struct signature){.present = (1 << SIGNATURE_FIELDS) - 1 - (1 << SIGNATURE_STEP),
                                    .algorithm = COSE_ES256,
                                    .authenticator = signer->authenticator,
                                    .kind = SIGNATURE_PASSKEY,
                                    .nonce = people_nonce(nonce_at),
                                    .origin = TEXT(SOFT_ORIGIN),
                                    .registered_at = signer->registered_at,
                                    .rp_id = TEXT(SOFT_RP_ID),
                                    .terms = terms};
    signed_act.signature = signature;
    struct digest challenge = signature_challenge(&signed_act);
    soft.challenge = people_base64url(road, challenge.bytes, sizeof challenge.bytes).bytes;
    soft_assert(&soft, &signer->key, &made);
    signature->client_data =
        people_base64url(road, made.client_data.bytes, made.client_data.length);
    signature->authenticator_data =
        people_base64url(road, made.authenticator_data.bytes, made.authenticator_data.length);
    signature->signature = people_base64url(road, made.signature.bytes, made.signature.length);
    signature->public_key = people_base64url(road, signer->key.cose.bytes, signer->key.cose.length);
    soft_made_done(&made);
    return signature;
}

/* An act of SIGNER's, signed, not yet submitted. */
static inline struct submission *people_prepare(struct road *road, const struct act_type *type,
                                                const struct signer *signer, struct id subject,
                                                const void *body)
{
    struct submission *submission = ARENA_NEW(road->arena, struct submission);
    submission->arena = road->arena;
    submission->act.type = type;
    submission->act.actor = people_actor(road, signer);
    submission->act.org = road->org;
    submission->act.subject = subject;
    submission->act.body = people_complete(road, type, subject, body);
    submission->act.from = TEXT("203.0.113.7");
    submission->act.device = TEXT("Firefox on Linux");
    submission->act.signature = people_sign(road, signer, &submission->act,
                                            people_terms(road, &submission->act), time_now(), NULL);
    return submission;
}

static inline struct submission *people_act(struct road *road, const struct act_type *type,
                                            const struct signer *signer, struct id subject,
                                            const void *body)
{
    struct submission *submission = people_prepare(road, type, signer, subject, body);
    kernel_act(road->kernel, submission);
    return submission;
}
