/* base64, base64url, base32 and hex: RFC 4648 §10, and what a strict decoder refuses (§3, §12). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static const struct {
    const char *plain, *base64, *base64url, *base32, *hex;
} vectors[] = {
    {"", "", "", "", ""},
    {"f", "Zg==", "Zg", "MY", "66"},
    {"fo", "Zm8=", "Zm8", "MZXQ", "666f"},
    {"foo", "Zm9v", "Zm9v", "MZXW6", "666f6f"},
    {"foob", "Zm9vYg==", "Zm9vYg", "MZXW6YQ", "666f6f62"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE", "MZXW6YTB", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy", "MZXW6YTBOI", "666f6f626172"},
    {"\xfb\xff\xbe", "+/++", "-_--", "7P734", "fbffbe"}, /* where the alphabets differ */
};

static void check_encoder(void (*add)(struct buffer *buffer, const void *bytes, size_t length),
                          const char *plain, const char *expected)
{
    struct buffer buffer;
    buffer_init(&buffer);
    add(&buffer, plain, strlen(plain));
    assert_true(text_is(buffer_view(&buffer), expected));
    buffer_done(&buffer);
}

static void encoders_follow_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        check_encoder(base64_add, vectors[i].plain, vectors[i].base64);
        check_encoder(base64url_add, vectors[i].plain, vectors[i].base64url);
        check_encoder(base32_add, vectors[i].plain, vectors[i].base32);
        check_encoder(hex_add, vectors[i].plain, vectors[i].hex);
    }
}

typedef bool decoder(struct text in, void *out, size_t capacity, size_t *length);

static void check_decoder(decoder *decode, const char *in, const char *expected)
{
    char out[8];
    size_t length = 99;
    size_t expected_length = strlen(expected);
    assert_true(decode(text_of(in), out, expected_length, &length));
    assert_int_equal(length, expected_length);
    assert_memory_equal(out, expected, length);
    if (expected_length > 0)
        assert_false(decode(text_of(in), out, expected_length - 1, &length));
}

static void decoders_follow_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        check_decoder(base64_decode, vectors[i].base64, vectors[i].plain);
        check_decoder(base64url_decode, vectors[i].base64url, vectors[i].plain);
        check_decoder(hex_decode, vectors[i].hex, vectors[i].plain);
    }
}

static void check_refused(decoder *decode, const char *const *cases)
{
    char out[16];
    size_t length;
    for (size_t i = 0; cases[i] != NULL; i++)
        if (decode(text_of(cases[i]), out, sizeof out, &length))
            fail_msg("\"%s\" was decoded", cases[i]);
}

static void decoders_are_strict(void **state)
{
    static const char *const base64[] = {
        "Zg",           "Zg=",  "Zg===", "Z",    "Zh==", "Zm9=", "Zg==\n", " Zg==",
        "Zm9vZg==Zg==", "-_--", "Z===",  "====", "=",    "Zg=A", NULL};
    static const char *const base64url[] = {"Zg==", "Z",     "Zh",  "Zm9", "+/++",
                                            "Zg\n", "Zm9v=", "Z g", NULL};
    static const char *const hex[] = {"6", "6G", "6F", "0x", " 66", "66 ", NULL};
    (void)state;
    check_refused(base64_decode, base64);
    check_refused(base64url_decode, base64url);
    check_refused(hex_decode, hex);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(encoders_follow_the_vectors),
    cmocka_unit_test(decoders_follow_the_vectors),
    cmocka_unit_test(decoders_are_strict),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
