/* Keys: which are let in, and that a revoked one is out at once although it was remembered. */
#include "road.h"

#include "net/auth.h"

static void what_is_no_key_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer cf_seller",
        "Bearer cf_seller_01jdm7k3n8fqrb2v5x9w4y6z0h",
        "Bearer cf_seller_01jdm7k3n8fqrb2v5x9w4y6z0h_",
        "Bearer cf_system_01jdm7k3n8fqrb2v5x9w4y6z0h_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "Bearer cf_Seller_01jdm7k3n8fqrb2v5x9w4y6z0h_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "cf_seller_01jdm7k3n8fqrb2v5x9w4y6z0h_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct claim claim;
        struct problem problem;
        if (auth_claim(text_of(cases[i]), &claim, &problem))
            fail_msg("%s", cases[i]);
        assert_int_equal(problem.code, PROBLEM_UNAUTHENTICATED);
    }
}

/* A seller's key on record; TEXT is what its owner sends. */
static struct id make_key(struct road *road, char authorization[KEY_TEXT_BYTES + 8])
{
    struct key_created_body *body = ARENA_NEW(road->arena, struct key_created_body);
    char text[KEY_TEXT_BYTES];
    struct id id = id_new(road->org);
    *body =
        (struct key_created_body){.present = 1 << 2 | 1 << 3 | 1 << 4, .org = road->org, .role = 1};
    key_secret_new(ROLE_SELLER, id, text, &body->secret);
    snprintf(authorization, KEY_TEXT_BYTES + 8, "Bearer %s", text);
    assert_accepted(
        road_act(road, &key_created, (struct principal){.role = ROLE_OPERATOR}, id, body));
    return id;
}

static bool is_let_in(struct auth *auth, struct road *road, const char *authorization)
{
    struct claim claim;
    struct principal principal;
    if (!auth_claim(text_of(authorization), &claim, &road->problem))
        return false;
    if (!auth_check(auth, &claim, road->arena, &principal, &road->problem)) {
        assert_int_equal(road->problem.code, PROBLEM_UNAUTHENTICATED);
        return false;
    }
    assert_int_equal(principal.role, ROLE_SELLER);
    assert_int_equal(principal.org, road->org);
    return true;
}

static void a_key_is_let_in_until_it_is_revoked(void **state)
{
    struct road *road = *state;
    struct auth *auth = auth_new(road->kernel);
    char authorization[KEY_TEXT_BYTES + 8];
    struct id id = make_key(road, authorization);
    static const uint32_t nothing[8] = {0};
    assert_true(key_revoked.body_bytes <= sizeof nothing);
    assert_true(is_let_in(auth, road, authorization));
    assert_true(is_let_in(auth, road, authorization)); /* remembered */
    assert_accepted(
        road_act(road, &key_revoked, (struct principal){.role = ROLE_OPERATOR}, id, nothing));
    auth_forget(auth, id);
    assert_false(is_let_in(auth, road, authorization));
    auth_free(auth);
}

static void another_secret_or_role_is_not(void **state)
{
    struct road *road = *state;
    struct auth *auth = auth_new(road->kernel);
    char authorization[KEY_TEXT_BYTES + 8];
    make_key(road, authorization);
    assert_true(is_let_in(auth, road, authorization));
    char *last = authorization + strlen(authorization) - 2;
    char was = *last;
    *last = was == 'A' ? 'B' : 'A';
    assert_false(is_let_in(auth, road, authorization));
    *last = was;
    assert_true(is_let_in(auth, road, authorization));
    struct claim claim;
    struct principal principal;
    assert_true(auth_claim(text_of(authorization), &claim, &road->problem));
    claim.role = ROLE_OPERATOR;
    assert_false(auth_check(auth, &claim, road->arena, &principal, &road->problem));
    claim.role = ROLE_SELLER;
    claim.key = id_new(road->org); /* one that does not exist */
    assert_false(auth_check(auth, &claim, road->arena, &principal, &road->problem));
    auth_free(auth);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, road_set_up, road_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_key_is_refused),
        TEST(a_key_is_let_in_until_it_is_revoked),
        TEST(another_secret_or_role_is_not),
    };
    return cmocka_run_group_tests_name("net_auth", tests, NULL, NULL);
}
