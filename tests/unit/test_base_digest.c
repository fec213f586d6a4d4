/* SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 4231). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"

static void assert_digest(struct digest digest, const char *expected)
{
    struct buffer hex;
    buffer_init(&hex);
    hex_add(&hex, digest.bytes, DIGEST_BYTES);
    assert_true(text_is(buffer_view(&hex), expected));
    buffer_done(&hex);
}

static void sha256_follows_the_vectors(void **state)
{
    char *million = malloc(1000000);
    (void)state;
    assert_non_null(million);
    memset(million, 'a', 1000000);
    assert_digest(digest_of("", 0),
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(digest_of("abc", 3),
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest(digest_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    assert_digest(digest_of(million, 1000000),
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(million);
}

static void pieces_count_as_one_text(void **state)
{
    const struct text pieces[] = {TEXT("a"), TEXT(""), TEXT("bc"), TEXT_NONE};
    (void)state;
    assert_true(digest_equal(digest_of_pieces(pieces, COUNT_OF(pieces)), digest_of("abc", 3)));
    assert_false(digest_equal(digest_of_pieces(pieces, 2), digest_of("abc", 3)));
}

static void hmac_follows_rfc_4231(void **state)
{
    static const struct {
        size_t key_length;
        int key_byte; /* -1: 1, 2, 3 … */
        const char *data;
        size_t data_length; /* of the one byte in DATA, or 0: as it stands */
        const char *expected;
    } cases[] = {
        {20, 0x0b, "Hi There", 0,
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {20, 0xaa, "\xdd", 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {25, -1, "\xcd", 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {131, 0xaa, "Test Using Larger Than Block-Size Key - Hash Key First", 0,
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {131, 0xaa,
         "This is a test using a larger than block-size key and a larger than block-size data. "
         "The key needs to be hashed before being used by the HMAC algorithm.",
         0, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char key[131];
        char repeated[50];
        for (size_t j = 0; j < cases[i].key_length; j++)
            key[j] = (char)(cases[i].key_byte < 0 ? (int)j + 1 : cases[i].key_byte);
        memset(repeated, cases[i].data[0], sizeof repeated);
        struct text data = cases[i].data_length > 0 ? (struct text){repeated, cases[i].data_length}
                                                    : text_of(cases[i].data);
        struct text halves[] = {text_slice(data, 0, data.length / 2),
                                text_slice(data, data.length / 2, data.length)};
        struct text secret = {key, cases[i].key_length};
        assert_digest(hmac_of(secret, &data, 1), cases[i].expected);
        assert_digest(hmac_of(secret, halves, 2), cases[i].expected);
    }
    assert_digest(hmac_of(TEXT("Jefe"), &TEXT("what do ya want for nothing?"), 1),
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void random_bytes_fill_all(void **state)
{
    unsigned char bytes[1000];
    unsigned char again[1000];
    size_t seen = 0;
    bool values[256] = {false};
    (void)state;
    random_bytes(bytes, sizeof bytes);
    random_bytes(again, sizeof again);
    assert_memory_not_equal(bytes, again, sizeof bytes);
    assert_memory_not_equal(bytes + 900, again + 900, 100);
    for (size_t i = 0; i < sizeof bytes; i++) {
        seen += !values[bytes[i]];
        values[bytes[i]] = true;
    }
    assert_true(seen > 200); /* 251 on average; fewer than 201 never */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sha256_follows_the_vectors),
    cmocka_unit_test(pieces_count_as_one_text),
    cmocka_unit_test(hmac_follows_rfc_4231),
    cmocka_unit_test(random_bytes_fill_all),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
