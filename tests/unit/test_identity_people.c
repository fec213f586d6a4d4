/*
 * People on the road: what the authority's rule and the decide functions refuse, without a server.
 * Passkeys' signatures are made and refused in tests/story/people.test.mjs; here a TOTP code stands
 * for a signature, whose step is all that the road sees of it.
 */
#include "road.h"

#include "act/replay.h"
#include "identity/people_acts.h"

struct person {
    struct id id;
    struct id generator;
    int64_t steps; /* codes that were used */
};

static const struct principal local = {.role = ROLE_SYSTEM};
static const struct principal operator= {.role = ROLE_OPERATOR};
static const uint32_t nothing[8] = {0};
static const struct digest secret = {{7}};

/* As the road sees somebody who logged in now, as a member of the road's organisation. */
static struct principal as_member(const struct road *road, const struct person *person)
{
    return (struct principal){.role = ROLE_SELLER,
                              .org = road->org,
                              .person = person->id,
                              .method = AUTH_TOTP,
                              .authenticated_at = time_now()};
}

static struct principal as_self(const struct person *person)
{
    return (struct principal){.role = ROLE_PERSON,
                              .org = id_org(person->id),
                              .person = person->id,
                              .method = AUTH_TOTP,
                              .authenticated_at = time_now()};
}

static struct authenticator_body *generator_body(struct road *road, const struct person *person)
{
    struct authenticator_body *body = ARENA_NEW(road->arena, struct authenticator_body);
    *body = (struct authenticator_body){.kind = AUTHENTICATOR_TOTP,
                                        .name = TEXT("App"),
                                        .person = person->id,
                                        .registered_at = TIME_EARLIEST,
                                        .step = 10};
    fields_mark_given(authenticator_copied.fields, authenticator_copied.field_count, body);
    return body;
}

static struct person new_person(struct road *road, const char *name)
{
    int64_t number = person_random();
    struct person person = {.id = id_new(number), .generator = id_new(number), .steps = 100};
    struct person_joined_body *joined = ARENA_NEW(road->arena, struct person_joined_body);
    struct authenticator_body *own = generator_body(road, &person);
    *joined = (struct person_joined_body){.present = 8, .name = text_of(name)};
    own->present &= ~(UINT32_C(1) << 9 | UINT32_C(1) << 11); /* person, registered_at: of copies */
    own->person = (struct id){{0}};
    own->registered_at = 0;
    assert_accepted(road_act_of(road, number, &person_joined, local, person.id, joined, 0));
    assert_accepted(road_act_of(road, number, &authenticator_registered, as_self(&person),
                                person.generator, own, 0));
    return person;
}

static struct id invite(struct road *road, const struct act_type *type, struct principal actor,
                        enum member_role role, const char *permissions)
{
    struct member_invited_body *body = ARENA_NEW(road->arena, struct member_invited_body);
    *body = (struct member_invited_body){
        .org = road->org, .permissions = text_of(permissions), .role = role, .secret = secret};
    fields_mark_given(type->fields, type->field_count, body);
    struct submission *made = road_act(road, type, actor, (struct id){{0}}, body);
    assert_accepted(made);
    return made->act.subject;
}

static struct submission *join(struct road *road, const struct person *person, struct id invitation)
{
    struct member_joined_body *body = ARENA_NEW(road->arena, struct member_joined_body);
    *body = (struct member_joined_body){
        .invitation = invitation, .name = TEXT("Somebody"), .person = person->id, .secret = secret};
    fields_mark_given(member_joined.fields, member_joined.field_count, body);
    return road_act(road, &member_joined, as_self(person), member_id(person->id, road->org), body);
}

static void copy_generator(struct road *road, const struct person *person, int64_t held_until)
{
    struct authenticator_body *body = generator_body(road, person);
    body->held_until = held_until;
    fields_mark_given(authenticator_copied.fields, authenticator_copied.field_count, body);
    assert_accepted(road_act(road, &authenticator_copied, local, person->generator, body));
}

static struct person new_owner(struct road *road)
{
    struct person owner = new_person(road, "Ana");
    assert_accepted(join(road, &owner, invite(road, &owner_invited, operator, MEMBER_OWNER, NULL)));
    copy_generator(road, &owner, 0);
    return owner;
}

static struct person new_staff(struct road *road, const struct person *owner,
                               const char *permissions)
{
    struct person staff = new_person(road, "Ben");
    assert_accepted(
        join(road, &staff,
             invite(road, &member_invited, as_member(road, owner), MEMBER_STAFF, permissions)));
    copy_generator(road, &staff, 0);
    return staff;
}

/* A code's signature over `org.settings_changed`, as it would be right. */
static struct signature *sign_settings(struct road *road, struct person *person, bool four_eyes)
{
    struct signature *signature = ARENA_NEW(road->arena, struct signature);
    char org[ID_TEXT_BYTES];
    char id[ID_TEXT_BYTES];
    int64_t now = time_now();
    org_format(road->org, org);
    id_format("per", person->id, id);
    *signature = (struct signature){
        .authenticator = person->generator,
        .kind = SIGNATURE_TOTP,
        .step = ++person->steps,
        .terms = arena_format(road->arena,
                              "{\"act\":\"org.settings_changed\",\"body\":{\"four_eyes\":%s},"
                              "\"org\":\"%s\",\"person\":\"%s\"}",
                              four_eyes ? "true" : "false", org, id)};
    for (size_t i = 0; i < 8; i++)
        signature->nonce.bytes[8 + i] = (uint8_t)((uint64_t)now >> (56 - 8 * i));
    return signature;
}

static struct submission *change_settings(struct road *road, struct principal actor,
                                          const struct signature *signature, bool four_eyes)
{
    struct org_settings_body *body = ARENA_NEW(road->arena, struct org_settings_body);
    struct signature *given = NULL;
    *body = (struct org_settings_body){.present = 1, .four_eyes = four_eyes};
    struct submission *submission = ARENA_NEW(road->arena, struct submission);
    if (signature != NULL) {
        given = ARENA_NEW(road->arena, struct signature);
        *given = *signature;
        fields_mark_given(signature_fields, SIGNATURE_FIELDS, given);
    }
    submission->arena = road->arena;
    submission->act.type = &org_settings_changed;
    submission->act.actor = actor;
    submission->act.org = road->org;
    submission->act.signature = given;
    submission->act.body = body;
    kernel_act(road->kernel, submission);
    return submission;
}

static void assert_denied(const struct submission *submission, enum problem_code code)
{
    assert_refused(submission, code);
    assert_true(submission->recorded);
}

static void signatures_fit_or_are_refused(void **state)
{
    struct road *road = *state;
    struct person ana = new_owner(road);
    struct person ben = new_staff(road, &ana, "settings");
    struct principal owner = as_member(road, &ana);
    struct principal key = {.role = ROLE_SELLER, .key = id_new(road->org), .org = road->org};
    assert_denied(change_settings(road, owner, NULL, true), PROBLEM_SIGNATURE_REQUIRED);
    assert_denied(change_settings(road, key, NULL, true), PROBLEM_SIGNATURE_REQUIRED);
    assert_denied(change_settings(road, operator, NULL, true), PROBLEM_SIGNATURE_REQUIRED);
    struct signature *signature = sign_settings(road, &ana, true);
    assert_denied(change_settings(road, owner, signature, false), PROBLEM_TERMS_CHANGED);
    assert_denied(change_settings(road, as_member(road, &ben), signature, true),
                  PROBLEM_OWNER_REQUIRED);
    struct signature other = *signature;
    other.authenticator = ben.generator;
    assert_denied(change_settings(road, owner, &other, true), PROBLEM_SIGNATURE_INVALID);
    other = *signature;
    other.kind = SIGNATURE_PASSKEY;
    assert_denied(change_settings(road, owner, &other, true), PROBLEM_SIGNATURE_INVALID);
    other = *signature;
    other.step = 0; /* the door found that the code is not right */
    assert_denied(change_settings(road, owner, &other, true), PROBLEM_SIGNATURE_INVALID);
    other = *signature;
    other.nonce = (struct digest){{0}};
    assert_denied(change_settings(road, owner, &other, true), PROBLEM_SIGNATURE_EXPIRED);
    assert_accepted(change_settings(road, owner, signature, true));
    assert_denied(change_settings(road, owner, signature, true), PROBLEM_SIGNATURE_USED);
    struct org_row org = {.org = road->org};
    assert_true(road_load(road, &orgs_table, &org));
    assert_int_equal(org.four_eyes, 1);
}

static void a_nonce_lives_five_minutes(void **state)
{
    struct road *road = *state;
    struct person ana = new_owner(road);
    struct signature *signature = sign_settings(road, &ana, true);
    int64_t late = time_now() - SIGNATURE_US - TIME_SECOND;
    for (size_t i = 0; i < 8; i++)
        signature->nonce.bytes[8 + i] = (uint8_t)((uint64_t)late >> (56 - 8 * i));
    assert_denied(change_settings(road, as_member(road, &ana), signature, true),
                  PROBLEM_SIGNATURE_EXPIRED);
}

static void holds_and_freezes(void **state)
{
    struct road *road = *state;
    struct person ana = new_owner(road);
    struct principal owner = as_member(road, &ana);
    copy_generator(road, &ana, time_now() + TIME_HOUR);
    assert_denied(change_settings(road, owner, sign_settings(road, &ana, true), true),
                  PROBLEM_ON_HOLD);
    copy_generator(road, &ana, 0);
    struct principal new_device = owner;
    new_device.held_until = time_now() + TIME_HOUR;
    assert_denied(change_settings(road, new_device, sign_settings(road, &ana, true), true),
                  PROBLEM_ON_HOLD);
    assert_accepted(road_act(road, &org_frozen, owner, (struct id){{0}}, nothing));
    assert_denied(change_settings(road, owner, sign_settings(road, &ana, true), true),
                  PROBLEM_FROZEN);
}

static void recency_and_permissions(void **state)
{
    struct road *road = *state;
    struct person ana = new_owner(road);
    struct person ben = new_staff(road, &ana, "orders");
    struct principal late = as_member(road, &ana);
    struct member_invited_body body = {.present = 1U << 3 | 1U << 4, .role = MEMBER_ADMIN};
    late.authenticated_at = time_now() - RECENT_US - TIME_SECOND;
    assert_denied(road_act(road, &member_invited, late, (struct id){{0}}, &body),
                  PROBLEM_RECENT_REQUIRED);
    assert_denied(road_act(road, &member_invited, as_member(road, &ben), (struct id){{0}}, &body),
                  PROBLEM_PERMISSION_REQUIRED);
    struct principal key = {.role = ROLE_SELLER, .key = id_new(road->org), .org = road->org};
    assert_denied(road_act(road, &member_invited, key, (struct id){{0}}, &body),
                  PROBLEM_PERSON_REQUIRED);
    struct person eve = new_person(road, "Eve");
    assert_denied(road_act(road, &member_invited, as_member(road, &eve), (struct id){{0}}, &body),
                  PROBLEM_FORBIDDEN);
    assert_accepted(road_act(road, &member_removed, as_member(road, &ana),
                             member_id(ben.id, road->org), nothing));
    struct id order = road_order(road, "1001");
    static const struct order_shipped_body shipped = {.present = 1, .carrier = {"DHL", 3}};
    assert_denied(road_act(road, &order_shipped, as_member(road, &ben), order, &shipped),
                  PROBLEM_FORBIDDEN);
}

static void the_last_owner_stays(void **state)
{
    struct road *road = *state;
    struct person ana = new_owner(road);
    struct id member = member_id(ana.id, road->org);
    assert_refused(road_act(road, &member_left, as_member(road, &ana), member, nothing),
                   PROBLEM_LAST_OWNER);
    assert_refused(road_act(road, &member_removed, as_member(road, &ana), member, nothing),
                   PROBLEM_LAST_OWNER);
    struct member_changed_body body = {.present = 2, .role = MEMBER_ADMIN};
    assert_refused(road_act(road, &member_changed, as_member(road, &ana), member, &body),
                   PROBLEM_LAST_OWNER);
}

static void invitations_hold_once(void **state)
{
    struct road *road = *state;
    struct person ana = new_owner(road);
    struct id invitation =
        invite(road, &member_invited, as_member(road, &ana), MEMBER_STAFF, "orders");
    struct person ben = new_person(road, "Ben");
    struct person kim = new_person(road, "Kim");
    assert_accepted(join(road, &ben, invitation));
    assert_refused(join(road, &kim, invitation), PROBLEM_INVITATION_INVALID);
    struct id withdrawn =
        invite(road, &member_invited, as_member(road, &ana), MEMBER_STAFF, "orders");
    assert_accepted(
        road_act(road, &invitation_withdrawn, as_member(road, &ana), withdrawn, nothing));
    assert_refused(join(road, &kim, withdrawn), PROBLEM_INVITATION_INVALID);
    assert_refused(road_act(road, &owner_invited, operator,(struct id){{0}},
                            &(struct member_invited_body){.present = 1U << 3, .secret = secret}),
                   PROBLEM_ALREADY_DONE);
}

static struct submission *open_session(struct road *road, const struct person *person,
                                       const char *device, int64_t step)
{
    struct session_body *body = ARENA_NEW(road->arena, struct session_body);
    *body = (struct session_body){.authenticator = person->generator,
                                  .device_key = text_of(device),
                                  .method = AUTH_TOTP,
                                  .secret = secret,
                                  .step = step};
    fields_mark_given(session_opened.fields, session_opened.field_count, body);
    return road_act_of(road, id_org(person->id), &session_opened, as_self(person),
                       id_new(id_org(person->id)), body, 0);
}

static struct session_row load_session(struct road *road, const struct submission *opened)
{
    struct session_row row = {.org = opened->act.org, .id = opened->act.subject};
    assert_true(road_load(road, &sessions_table, &row));
    return row;
}

static void sessions_of_new_devices_are_held(void **state)
{
    struct road *road = *state;
    struct person ana = new_person(road, "Ana");
    struct submission *first = open_session(road, &ana, "phone", 20);
    assert_accepted(first);
    assert_int_equal(load_session(road, first).held_until, 0);
    assert_refused(open_session(road, &ana, "phone", 20), PROBLEM_LOGIN_FAILED); /* used */
    struct submission *same = open_session(road, &ana, "phone", 21);
    assert_accepted(same);
    assert_int_equal(load_session(road, same).held_until, 0);
    struct submission *other = open_session(road, &ana, "laptop", 22);
    assert_accepted(other);
    assert_int_equal(load_session(road, other).held_until, other->act.at + 72 * TIME_HOUR);
    struct submission *again = open_session(road, &ana, "laptop", 23);
    assert_accepted(again);
    assert_int_equal(load_session(road, again).held_until, other->act.at + 72 * TIME_HOUR);
}

static void sessions_end(void **state)
{
    struct road *road = *state;
    struct person ana = new_person(road, "Ana");
    struct submission *kept = open_session(road, &ana, "phone", 20);
    struct submission *other = open_session(road, &ana, "phone", 21);
    struct principal self = as_self(&ana);
    struct person_row home = {.org = id_org(ana.id)};
    self.session = kept->act.subject;
    assert_accepted(road_act_of(road, home.org, &sessions_ended, self, ana.id, nothing, 0));
    assert_true(road_load(road, &persons_table, &home));
    struct session_row row = load_session(road, kept);
    assert_true(session_is_open(&row, &home, time_now()));
    row = load_session(road, other);
    assert_false(session_is_open(&row, &home, time_now()));
    struct submission *later = open_session(road, &ana, "phone", 22);
    row = load_session(road, later);
    assert_true(session_is_open(&row, &home, time_now()));
    assert_false(session_is_open(&row, &home, row.expires_at));
    assert_accepted(
        road_act_of(road, home.org, &session_ended, self, later->act.subject, nothing, 0));
    row = load_session(road, later);
    assert_false(session_is_open(&row, &home, time_now()));
}

static void names_of_permissions(void **state)
{
    unsigned permissions;
    struct road *road = *state;
    assert_true(permissions_parse(TEXT("messages orders"), &permissions));
    assert_int_equal(permissions, PERMISSION_ORDERS | PERMISSION_MESSAGES);
    assert_true(text_is(permissions_format(permissions, road->arena), "orders messages"));
    assert_true(permissions_parse(TEXT_NONE, &permissions));
    assert_int_equal(permissions, 0);
    assert_false(permissions_parse(TEXT("orders orders"), &permissions));
    assert_false(permissions_parse(TEXT("orders  messages"), &permissions));
    assert_false(permissions_parse(TEXT("Orders"), &permissions));
}

static void people_and_organisations_have_numbers_apart(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        assert_false(is_person_number(org_random()));
        assert_true(is_person_number(person_random()));
    }
    assert_true(is_person_number(person_of_name(TEXT("b-17"), 0)));
    assert_int_equal(person_of_name(TEXT("b-17"), 0), person_of_name(TEXT("b-17"), 0));
    assert_int_not_equal(person_of_name(TEXT("b-17"), 0), person_of_name(TEXT("b-17"), 1));
    struct id person = id_new(person_random());
    assert_int_equal(id_org(id_in(person, 17)), 17);
    assert_true(id_equal(id_in(id_in(person, 17), id_org(person)), person));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signatures_fit_or_are_refused),
        TEST(a_nonce_lives_five_minutes),
        TEST(holds_and_freezes),
        TEST(recency_and_permissions),
        TEST(the_last_owner_stays),
        TEST(invitations_hold_once),
        TEST(sessions_of_new_devices_are_held),
        TEST(sessions_end),
        TEST(names_of_permissions),
        TEST(people_and_organisations_have_numbers_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
