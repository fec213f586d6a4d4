/* The challenge over terms: its bytes, and that each part of what was agreed to changes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "identity/signed_terms.h"

#define TERMS "{\"price\":1250000}"
#define PURPOSE "service.activated"
#define ORG INT64_C(0x0102030405)

static char nonce[SIGNED_TERMS_NONCE_BYTES];

static struct signed_terms usual(void)
{
    for (size_t i = 0; i < sizeof nonce; i++)
        nonce[i] = (char)i;
    return (struct signed_terms){
        .terms = TEXT(TERMS), .nonce = {nonce, sizeof nonce}, .purpose = TEXT(PURPOSE), .org = ORG};
}

/* Made by other means (Python's hashlib) from the description in the header. */
static void the_challenge_is_as_described(void **state)
{
    const struct signed_terms terms = usual();
    const struct digest challenge = signed_terms_challenge(&terms);
    struct buffer hex;
    (void)state;
    buffer_init(&hex);
    hex_add(&hex, challenge.bytes, DIGEST_BYTES);
    assert_true(text_is(buffer_view(&hex),
                        "5cd9d1de18877189edde7f7190be8bbd8b6d7e852c492724e87f190ab57f3cec"));
    buffer_done(&hex);
}

static void assert_differs(const struct signed_terms *changed)
{
    const struct signed_terms terms = usual();
    assert_false(digest_equal(signed_terms_challenge(&terms), signed_terms_challenge(changed)));
}

static void every_part_counts(void **state)
{
    struct signed_terms changed = usual();
    char other_nonce[SIGNED_TERMS_NONCE_BYTES] = {0};
    (void)state;
    changed.terms = TEXT("{\"price\":1250001}");
    assert_differs(&changed);
    changed = usual();
    changed.nonce.bytes = other_nonce;
    assert_differs(&changed);
    changed = usual();
    changed.purpose = TEXT("service.withdrawn");
    assert_differs(&changed);
    changed = usual();
    changed.org = ORG + 1;
    assert_differs(&changed);
    changed.org = ORG + (INT64_C(1) << 39);
    assert_differs(&changed);
    changed = usual();
    changed.terms = TEXT_NONE;
    assert_differs(&changed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_challenge_is_as_described),
        cmocka_unit_test(every_part_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
