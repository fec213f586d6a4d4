/* Signatures, checked again offline: from an act's record, and from a bundle of evidence. */
#include "market.h"

#include "identity/recheck.h"

static void a_signature_is_checked_again_from_the_record(void **state)
{
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    struct submission *activated = activate(&market, market.owner);
    assert_accepted(activated);
    struct act act = activated->act;
    struct signature signature = *act.signature;
    act.signature = &signature;
    assert_true(signature_recheck(&act, road->arena, &road->problem));

    struct service_consent_body german = {.present = 1, .language = TEXT("de")};
    act.body = &german;
    assert_false(signature_recheck(&act, road->arena, &road->problem));
    act.body = activated->act.body;
    act.org++;
    assert_false(signature_recheck(&act, road->arena, &road->problem));
    act.org--;
    act.at += SIGNATURE_US + TIME_SECOND;
    assert_false(signature_recheck(&act, road->arena, &road->problem));
    act.at -= SIGNATURE_US + TIME_SECOND;
    /* A price that nobody signed. */
    struct buffer cheaper;
    buffer_init(&cheaper);
    buffer_text(&cheaper, signature.terms);
    char *price = memmem(cheaper.bytes, cheaper.length, "1250000", 7);
    assert_non_null(price);
    price[0] = '2';
    signature.terms = buffer_view(&cheaper);
    assert_false(signature_recheck(&act, road->arena, &road->problem));
    buffer_done(&cheaper);
    signature = *activated->act.signature;
    signature.public_key =
        people_base64url(road, market.second->key.cose.bytes, market.second->key.cose.length);
    assert_false(signature_recheck(&act, road->arena, &road->problem));
    finish(&market);
}

/* What a signature says of its authenticator is what the row says; otherwise nothing is accepted.
 */
static void a_signature_names_the_authenticator_as_it_is(void **state)
{
    static const char *const what[] = {"public_key", "rp_id", "registered_at", "algorithm"};
    struct market market;
    begin(&market, *state);
    struct road *road = market.road;
    for (size_t i = 0; i < COUNT_OF(what); i++) {
        struct submission *sent =
            people_prepare(road, &service_activated, market.owner, market.subscription, &english);
        struct signature lie = *sent->act.signature;
        if (i == 0)
            lie.public_key = people_base64url(road, market.second->key.cose.bytes,
                                              market.second->key.cose.length);
        else if (i == 1)
            lie.rp_id = TEXT("elsewhere.example");
        else if (i == 2)
            lie.registered_at -= TIME_DAY;
        else
            lie.algorithm = COSE_EDDSA;
        sent->act.signature = &lie;
        kernel_act(road->kernel, sent);
        if (sent->accepted || sent->problem.code != PROBLEM_SIGNATURE_INVALID ||
            strcmp(sent->problem.detail, "evidence") != 0)
            fail_msg("%s: %s", what[i], sent->accepted ? "accepted" : sent->problem.detail);
    }
    struct submission *activated = activate(&market, market.owner);
    assert_accepted(activated);
    struct signature later = *activated->act.signature;
    struct act act = activated->act;
    act.signature = &later;
    later.registered_at = act.at + 1;
    assert_false(signature_recheck(&act, road->arena, &road->problem));
    finish(&market);
}

/* What a bundle of the subscription says when it is read; of its own arena. */
struct read_bundle {
    struct buffer text;
    struct trust_policy *policy;
    struct arena *arena;
    struct evidence evidence;
};

static void bundle_write(struct read_bundle *bundle, const struct market *market, enum role role)
{
    struct road *road = market->road;
    const struct principal who = {.role = role};
    struct buffer trusted;
    buffer_init(&trusted);
    buffer_init(&bundle->text);
    buffer_format(&trusted, "log %s\nquorum none\n", road->vkey.bytes);
    bundle->policy = trust_policy_new(buffer_view(&trusted), &road->problem);
    bundle->arena = arena_new();
    buffer_done(&trusted);
    assert_non_null(bundle->policy);
    assert_true(evidence_write(road->kernel, road->org, market->subscription, &who, NULL, 0,
                               &bundle->text, &road->problem));
}

static bool bundle_fits(struct read_bundle *bundle, struct text text, struct problem *problem)
{
    return evidence_check(&catalogue, text, bundle->policy, bundle->arena, &bundle->evidence,
                          problem) &&
           evidence_recheck(&bundle->evidence, bundle->arena, problem);
}

static void bundle_done(struct read_bundle *bundle)
{
    buffer_done(&bundle->text);
    trust_policy_free(bundle->policy);
    arena_free(bundle->arena);
}

/* TEXT with its member `registrations` changed by CHANGE, in canonical form again. */
static struct text with_registrations(struct road *road, struct text text,
                                      void (*change)(json_t *bundle))
{
    struct buffer changed;
    json_t *json = json_read(text, &road->problem);
    assert_non_null(json);
    change(json);
    buffer_init(&changed);
    json_canonical(&changed, json);
    struct text kept = arena_text(road->arena, buffer_view(&changed));
    buffer_done(&changed);
    json_free(json);
    return kept;
}

static void drop_registrations(json_t *bundle)
{
    assert_int_equal(json_object_del(bundle, "registrations"), 0);
}

static void empty_registrations(json_t *bundle)
{
    assert_int_equal(json_array_clear(json_object_get(bundle, "registrations")), 0);
}

static void forge_registered_key(json_t *bundle)
{
    json_t *first = json_array_get(json_object_get(bundle, "registrations"), 0);
    json_t *body = json_object_get(json_object_get(first, "record"), "body");
    assert_int_equal(json_object_set_new(body, "public_key", json_string("pQECAyYgASFYIA")), 0);
}

/* An act that is in the log, and registers nothing. */
static void register_with_another_act(json_t *bundle)
{
    json_t *act = json_array_get(json_object_get(bundle, "acts"), 0);
    assert_int_equal(json_array_append(json_object_get(bundle, "registrations"), act), 0);
}

static void a_bundle_proves_who_registered_the_key(void **state)
{
    static const struct {
        void (*change)(json_t *bundle);
        const char *said;
    } cases[] = {
        {drop_registrations, "act 2: the signature: the act that registered its authenticator is "
                             "missing"},
        {empty_registrations, "registrations: there are none"},
        {forge_registered_key, "registration 1: "},
        {register_with_another_act, "registration 2: it registers nothing"},
    };
    struct market market;
    struct read_bundle bundle;
    struct problem problem;
    begin(&market, *state);
    assert_accepted(activate(&market, market.owner));
    bundle_write(&bundle, &market, ROLE_SELLER);
    if (!bundle_fits(&bundle, buffer_view(&bundle.text), &problem))
        fail_msg("%s", problem.detail);
    assert_int_equal(bundle.evidence.registration_count, 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text changed =
            with_registrations(market.road, buffer_view(&bundle.text), cases[i].change);
        if (bundle_fits(&bundle, changed, &problem) ||
            strstr(problem.detail, cases[i].said) == NULL)
            fail_msg("%zu: %s", i, problem.detail);
    }
    bundle_done(&bundle);
    finish(&market);
}

/* What whoever runs the log could have had it say: all of it is proved, and it does not fit. */
static void a_registration_says_what_the_signature_says(void **state)
{
    static const char *const said[] = {"its key is not the one that was registered",
                                       "by somebody else",
                                       "for another relying party",
                                       "at another time",
                                       "removed before",
                                       "its key is not the one that was registered",
                                       "is missing, so nothing shows whose key it is"};
    struct market market;
    struct read_bundle bundle;
    struct problem problem;
    begin(&market, *state);
    assert_accepted(activate(&market, market.owner));
    bundle_write(&bundle, &market, ROLE_OPERATOR);
    assert_true(bundle_fits(&bundle, buffer_view(&bundle.text), &problem));
    struct act *registration = &bundle.evidence.registrations[0].record.act;
    const struct act *activated = &bundle.evidence.acts[1].record.act;
    const struct act kept = *registration;
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct authenticator_body body = *(const struct authenticator_body *)kept.body;
        *registration = kept;
        registration->body = &body;
        if (i == 0)
            body.public_key = people_base64url(market.road, market.second->key.cose.bytes,
                                               market.second->key.cose.length);
        else if (i == 1)
            body.person = market.second->person;
        else if (i == 2)
            body.rp_id = TEXT("elsewhere.example");
        else if (i == 3)
            body.registered_at -= TIME_DAY;
        else if (i == 4)
            body.removed_at = kept.at;
        else if (i == 5)
            body.kind = SIGNATURE_TOTP;
        else
            registration->seq = activated->seq + 1;
        if (evidence_recheck(&bundle.evidence, bundle.arena, &problem) ||
            strstr(problem.detail, said[i]) == NULL)
            fail_msg("%zu: %s", i, problem.detail);
    }
    *registration = kept;
    assert_true(evidence_recheck(&bundle.evidence, bundle.arena, &problem));
    assert_ptr_equal(signature_registration(&bundle.evidence, activated),
                     bundle.evidence.registrations);
    bundle_done(&bundle);
    finish(&market);
}

/* A passkey that was removed after it signed did sign. */
static void removed_afterwards_it_still_signed(void **state)
{
    struct market market;
    struct read_bundle bundle;
    struct problem problem;
    begin(&market, *state);
    struct submission *activated = activate(&market, market.owner);
    assert_accepted(activated);
    struct authenticator_body removed = {
        .present = 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13,
        .algorithm = COSE_ES256,
        .credential = people_base64url(market.road, market.owner->credential.bytes,
                                       market.owner->credential.length),
        .kind = SIGNATURE_PASSKEY,
        .name = TEXT("Key on the keyring"),
        .person = market.owner->person,
        .public_key = people_base64url(market.road, market.owner->key.cose.bytes,
                                       market.owner->key.cose.length),
        .registered_at = market.owner->registered_at,
        .removed_at = time_now(),
        .rp_id = TEXT(SOFT_RP_ID)};
    assert_accepted(road_act(market.road, &authenticator_copied, people_system,
                             market.owner->authenticator, &removed));
    bundle_write(&bundle, &market, ROLE_SELLER);
    if (!bundle_fits(&bundle, buffer_view(&bundle.text), &problem))
        fail_msg("%s", problem.detail);
    assert_int_equal(bundle.evidence.registration_count, 2);
    bundle_done(&bundle);
    finish(&market);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signature_is_checked_again_from_the_record),
        TEST(a_signature_names_the_authenticator_as_it_is),
        TEST(a_bundle_proves_who_registered_the_key),
        TEST(a_registration_says_what_the_signature_says),
        TEST(removed_afterwards_it_still_signed),
    };
    return cmocka_run_group_tests_name("recheck", tests, NULL, NULL);
}
