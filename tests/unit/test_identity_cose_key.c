/* Public keys of credentials: which are refused, and Wycheproof's signatures. */
#include "test_tlog_data.h"

#include <jansson.h>

#include "soft_authenticator.h"

#define MESSAGE TEXT("what is signed")

static struct text view(const struct buffer *buffer)
{
    return buffer_view(buffer);
}

/* --- keys --- */

static void offered_algorithms_have_names(void **state)
{
    (void)state;
    assert_string_equal(cose_algorithm_name(cose_algorithms[0]), "ES256");
    assert_string_equal(cose_algorithm_name(cose_algorithms[1]), "EdDSA");
    assert_string_equal(cose_algorithm_name(cose_algorithms[2]), "RS256");
    assert_null(cose_algorithm_name(-35));
}

static void keys_verify_what_they_signed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COSE_ALGORITHMS; i++) {
        struct soft_key key;
        struct buffer signature;
        int64_t algorithm;
        buffer_init(&signature);
        soft_key_make(&key, cose_algorithms[i]);
        soft_key_sign(&key, MESSAGE, &signature);
        assert_true(cose_key_is_valid(view(&key.cose)));
        assert_true(cose_key_algorithm(view(&key.cose), &algorithm));
        assert_int_equal(algorithm, cose_algorithms[i]);
        assert_true(cose_key_verify(view(&key.cose), MESSAGE, view(&signature)));
        assert_false(cose_key_verify(view(&key.cose), TEXT("something else"), view(&signature)));
        assert_false(cose_key_verify(view(&key.cose), MESSAGE, TEXT_NONE));
        buffer_done(&signature);
        soft_key_free(&key);
    }
}

/* A key with one byte changed, at an index into its encoding. */
static void assert_refused_with(const struct soft_key *key, size_t at, char byte, const char *why)
{
    struct buffer changed;
    buffer_init(&changed);
    buffer_text(&changed, view(&key->cose));
    assert_int_not_equal(changed.bytes[at], byte);
    changed.bytes[at] = byte;
    if (cose_key_is_valid(view(&changed)))
        fail_msg("taken: %s", why);
    buffer_done(&changed);
}

static void assert_refused(struct text key, const char *why)
{
    if (cose_key_is_valid(key))
        fail_msg("taken: %s", why);
}

static void malformed_keys_are_refused(void **state)
{
    struct soft_key key;
    struct buffer longer;
    (void)state;
    soft_key_make(&key, COSE_ES256);
    assert_refused_with(&key, 2, 1, "kty OKP for ES256");
    assert_refused_with(&key, 4, 0x27, "alg EdDSA for a key of P-256");
    assert_refused_with(&key, 4, 0x38, "alg of two bytes");
    assert_refused_with(&key, 6, 2, "crv P-384");
    assert_refused_with(&key, 20, (char)(key.cose.bytes[20] ^ 1), "off the curve");
    assert_refused(text_slice(view(&key.cose), 0, key.cose.length - 1), "cut");
    assert_refused(TEXT_NONE, "nothing");
    assert_refused(TEXT("\x01"), "a number");
    buffer_init(&longer);
    buffer_text(&longer, view(&key.cose));
    buffer_char(&longer, '\0');
    assert_refused(view(&longer), "a byte behind it");
    buffer_clear(&longer);
    buffer_text(&longer, view(&key.cose));
    longer.bytes[0] = (char)0xa6;
    buffer_string(&longer, "\x23\x01"); /* -4: 1 */
    assert_refused(view(&longer), "another parameter");
    buffer_done(&longer);
    soft_key_free(&key);
}

/* An ES256 key whose y coordinate is the sign bit of a compressed point. */
static void compressed_points_are_refused(void **state)
{
    struct soft_key key;
    struct buffer compressed;
    (void)state;
    soft_key_make(&key, COSE_ES256);
    buffer_init(&compressed);
    buffer_text(&compressed, text_slice(view(&key.cose), 0, key.cose.length - 34));
    buffer_string(&compressed, "\xf5");
    assert_refused(view(&compressed), "a compressed point");
    buffer_done(&compressed);
    soft_key_free(&key);
}

/* RFC 7748's and RFC 8032's points of small order: with them, everybody can sign. */
static void points_of_small_order_are_refused(void **state)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(points); i++) {
        struct buffer key;
        char point[32];
        size_t length;
        buffer_init(&key);
        assert_true(hex_decode(text_of(points[i]), point, sizeof point, &length));
        buffer_add(&key, "\xa4\x01\x01\x03\x27\x20\x06\x21", 8);
        soft_bytes(&key, point, length);
        assert_refused(view(&key), points[i]);
        buffer_done(&key);
    }
}

static void add_rsa(struct buffer *key, struct text modulus, struct text exponent)
{
    buffer_clear(key);
    soft_head(key, 5, 4);
    soft_integer(key, 1);
    soft_integer(key, 3);
    soft_integer(key, 3);
    soft_integer(key, COSE_RS256);
    soft_integer(key, -1);
    soft_bytes(key, modulus.bytes, modulus.length);
    soft_integer(key, -2);
    soft_bytes(key, exponent.bytes, exponent.length);
}

static void weak_rsa_keys_are_refused(void **state)
{
    static char bytes[600];
    struct buffer key;
    const struct text usual = TEXT("\x01\x00\x01");
    (void)state;
    buffer_init(&key);
    memset(bytes, 0xff, sizeof bytes);
    add_rsa(&key, (struct text){bytes, 256}, usual);
    assert_true(cose_key_is_valid(view(&key)));
    add_rsa(&key, (struct text){bytes, 512}, usual);
    assert_true(cose_key_is_valid(view(&key)));
    add_rsa(&key, (struct text){bytes, 513}, usual);
    assert_refused(view(&key), "4104 bits");
    add_rsa(&key, (struct text){bytes, 255}, usual);
    assert_refused(view(&key), "2040 bits");
    add_rsa(&key, (struct text){bytes, 256}, TEXT("\x01"));
    assert_refused(view(&key), "the exponent 1");
    add_rsa(&key, (struct text){bytes, 256}, TEXT("\x03"));
    assert_refused(view(&key), "the exponent 3");
    bytes[0] = 0x7f;
    add_rsa(&key, (struct text){bytes, 256}, usual);
    assert_refused(view(&key), "2047 bits");
    bytes[0] = 0;
    add_rsa(&key, (struct text){bytes, 257}, usual);
    assert_refused(view(&key), "a leading zero byte");
    buffer_done(&key);
}

/* --- Wycheproof --- */

static json_t *read_vectors(const char *name)
{
    struct buffer bytes;
    json_error_t error;
    buffer_init(&bytes);
    data_read(name, &bytes);
    json_t *json = json_loadb(bytes.bytes, bytes.length, 0, &error);
    assert_non_null(json);
    buffer_done(&bytes);
    return json;
}

static const char *member(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    assert_non_null(value);
    return value;
}

static void add_hex(struct buffer *out, const char *hex)
{
    size_t length = strlen(hex) / 2;
    buffer_reserve(out, length + 1);
    assert_true(hex_decode(text_of(hex), out->bytes + out->length, length, &length));
    out->length += length;
}

static void es256_key(const json_t *group, struct buffer *key)
{
    const char *point = member(json_object_get(group, "publicKey"), "uncompressed");
    assert_int_equal(strlen(point), 130);
    add_hex(key, "a5010203262001215820");
    char x[65] = {0};
    memcpy(x, point + 2, 64);
    add_hex(key, x);
    add_hex(key, "225820");
    add_hex(key, point + 66);
}

static void ed25519_key(const json_t *group, struct buffer *key)
{
    add_hex(key, "a4010103272006215820");
    add_hex(key, member(json_object_get(group, "publicKey"), "pk"));
}

static void check_vector(const json_t *vector, struct text key, size_t counts[2])
{
    struct buffer message;
    struct buffer signature;
    buffer_init(&message);
    buffer_init(&signature);
    add_hex(&message, member(vector, "msg"));
    add_hex(&signature, member(vector, "sig"));
    const bool valid = strcmp(member(vector, "result"), "valid") == 0;
    if (cose_key_verify(key, view(&message), view(&signature)) != valid)
        fail_msg("test %d (%s): not %s", (int)json_integer_value(json_object_get(vector, "tcId")),
                 member(vector, "comment"), member(vector, "result"));
    counts[valid]++;
    buffer_done(&message);
    buffer_done(&signature);
}

static void check_vectors(const char *name, void (*make_key)(const json_t *, struct buffer *),
                          size_t invalid, size_t valid)
{
    size_t counts[2] = {0};
    size_t i;
    size_t j;
    json_t *group;
    json_t *vector;
    json_t *json = read_vectors(name);
    json_array_foreach(json_object_get(json, "testGroups"), i, group)
    {
        struct buffer key;
        buffer_init(&key);
        make_key(group, &key);
        assert_true(cose_key_is_valid(view(&key)));
        json_array_foreach(json_object_get(group, "tests"), j, vector)
            check_vector(vector, view(&key), counts);
        buffer_done(&key);
    }
    assert_int_equal(counts[0], invalid);
    assert_int_equal(counts[1], valid);
    json_decref(json);
}

static void es256_follows_wycheproof(void **state)
{
    (void)state;
    check_vectors("wycheproof/ecdsa_secp256r1_sha256_test.json", es256_key, 310, 174);
}

static void ed25519_follows_wycheproof(void **state)
{
    (void)state;
    check_vectors("wycheproof/ed25519_test.json", ed25519_key, 63, 88);
}

static struct text decode_base64url(const char *text, char *out, size_t capacity)
{
    size_t length;
    assert_true(base64url_decode(text_of(text), out, capacity, &length));
    return (struct text){out, length};
}

/* What is wrong with the signature, and not with the token around it. */
static bool is_about_the_signature(const json_t *vector)
{
    const char *flag = json_string_value(json_array_get(json_object_get(vector, "flags"), 0));
    return strcmp(member(vector, "result"), "valid") == 0 ||
           (flag != NULL && strcmp(flag, "ModifiedPadding") == 0);
}

static void check_token(const json_t *vector, struct text key, size_t counts[2])
{
    char bytes[1024];
    size_t length;
    struct text rest = text_of(member(vector, "jws"));
    if (!is_about_the_signature(vector))
        return;
    const char *begin = rest.bytes;
    text_cut(&rest, '.');
    text_cut(&rest, '.');
    const struct text signed_text = {begin, (size_t)(rest.bytes - begin) - 1};
    if (!base64url_decode(rest, bytes, sizeof bytes, &length))
        length = 0;
    const bool valid = strcmp(member(vector, "result"), "valid") == 0;
    if (cose_key_verify(key, signed_text, (struct text){bytes, length}) != valid)
        fail_msg("%s: not %s", member(vector, "comment"), member(vector, "result"));
    counts[valid]++;
}

/* There are no plain RS256 vectors here, but those of JSON web signatures with modified padding. */
static void rs256_follows_wycheproof(void **state)
{
    json_t *json = read_vectors("wycheproof/json_web_signature_test.json");
    size_t counts[2] = {0};
    size_t i;
    size_t j;
    json_t *group;
    json_t *vector;
    (void)state;
    json_array_foreach(json_object_get(json, "testGroups"), i, group)
    {
        const json_t *public = json_object_get(group, "public");
        const char *algorithm = json_string_value(json_object_get(public, "alg"));
        char modulus[512];
        char exponent[8];
        struct buffer key;
        if (algorithm == NULL || strcmp(algorithm, "RS256") != 0)
            continue;
        buffer_init(&key);
        add_rsa(&key, decode_base64url(member(public, "n"), modulus, sizeof modulus),
                decode_base64url(member(public, "e"), exponent, sizeof exponent));
        json_array_foreach(json_object_get(group, "tests"), j, vector)
            check_token(vector, view(&key), counts);
        buffer_done(&key);
    }
    assert_true(counts[0] > 200);
    assert_int_equal(counts[1], 8);
    json_decref(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offered_algorithms_have_names),
        cmocka_unit_test(keys_verify_what_they_signed),
        cmocka_unit_test(malformed_keys_are_refused),
        cmocka_unit_test(compressed_points_are_refused),
        cmocka_unit_test(points_of_small_order_are_refused),
        cmocka_unit_test(weak_rsa_keys_are_refused),
        cmocka_unit_test(es256_follows_wycheproof),
        cmocka_unit_test(ed25519_follows_wycheproof),
        cmocka_unit_test(rs256_follows_wycheproof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
