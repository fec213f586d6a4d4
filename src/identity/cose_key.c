#include "identity/cose_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <sodium.h>
#include <string.h>

#include "identity/ctap_cbor.h"

/* RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4. */
enum label {
    LABEL_KTY = 1,
    LABEL_ALG = 3,
    LABEL_CRV = -1,
    LABEL_X = -2,
    LABEL_Y = -3,
    LABEL_N = -1,
    LABEL_E = -2,
};
#define KTY_OKP 1
#define KTY_EC2 2
#define KTY_RSA 3
#define CRV_P256 1
#define CRV_ED25519 6
#define COORDINATE_BYTES 32
#define RSA_BYTES_MIN (2048 / 8)
#define RSA_BYTES_MAX (4096 / 8)

const int64_t cose_algorithms[COSE_ALGORITHMS] = {COSE_ES256, COSE_EDDSA, COSE_RS256};

const char *cose_algorithm_name(int64_t algorithm)
{
    switch (algorithm) {
    case COSE_ES256:
        return "ES256";
    case COSE_EDDSA:
        return "EdDSA";
    case COSE_RS256:
        return "RS256";
    default:
        return NULL;
    }
}

static bool read_integer(const struct ctap_cbor *map, enum label label, int64_t *integer)
{
    struct ctap_cbor value;
    if (!ctap_cbor_labelled(map, label, &value) || value.kind != CTAP_CBOR_INTEGER)
        return false;
    *integer = value.integer;
    return true;
}

static bool integer_is(const struct ctap_cbor *map, enum label label, int64_t wanted)
{
    int64_t integer;
    return read_integer(map, label, &integer) && integer == wanted;
}

static bool read_bytes(const struct ctap_cbor *map, enum label label, size_t min, size_t max,
                       struct text *bytes)
{
    struct ctap_cbor value;
    if (!ctap_cbor_labelled(map, label, &value) || value.kind != CTAP_CBOR_BYTES)
        return false;
    *bytes = value.content;
    return bytes->length >= min && bytes->length <= max;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM *parameters)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    MUST(context != NULL && EVP_PKEY_fromdata_init(context) == 1);
    if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

/* OpenSSL refuses a point that does not lie on the curve. */
static EVP_PKEY *read_p256(const struct ctap_cbor *map)
{
    struct text x;
    struct text y;
    char group[] = "P-256";
    uint8_t point[1 + 2 * COORDINATE_BYTES] = {0x04};
    if (map->count != 5 || !integer_is(map, LABEL_KTY, KTY_EC2) ||
        !integer_is(map, LABEL_CRV, CRV_P256) ||
        !read_bytes(map, LABEL_X, COORDINATE_BYTES, COORDINATE_BYTES, &x) ||
        !read_bytes(map, LABEL_Y, COORDINATE_BYTES, COORDINATE_BYTES, &y))
        return NULL;
    memcpy(point + 1, x.bytes, COORDINATE_BYTES);
    memcpy(point + 1 + COORDINATE_BYTES, y.bytes, COORDINATE_BYTES);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    return key_from("EC", parameters);
}

static EVP_PKEY *read_ed25519(const struct ctap_cbor *map)
{
    struct text x;
    if (map->count != 4 || !integer_is(map, LABEL_KTY, KTY_OKP) ||
        !integer_is(map, LABEL_CRV, CRV_ED25519) ||
        !read_bytes(map, LABEL_X, COORDINATE_BYTES, COORDINATE_BYTES, &x) ||
        crypto_core_ed25519_is_valid_point((const uint8_t *)x.bytes) != 1)
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, (const uint8_t *)x.bytes,
                                          x.length);
}

static EVP_PKEY *make_rsa(struct text n, struct text e)
{
    BIGNUM *modulus = BN_bin2bn((const uint8_t *)n.bytes, (int)n.length, NULL);
    BIGNUM *exponent = BN_bin2bn((const uint8_t *)e.bytes, (int)e.length, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    MUST(modulus != NULL && exponent != NULL && builder != NULL &&
         OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
         OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1);
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    MUST(parameters != NULL);
    EVP_PKEY *key = key_from("RSA", parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

/* RFC 8230 §4: without leading zero bytes. */
static EVP_PKEY *read_rsa(const struct ctap_cbor *map)
{
    static const struct text usual_exponent = {"\x01\x00\x01", 3};
    struct text n;
    struct text e;
    if (map->count != 4 || !integer_is(map, LABEL_KTY, KTY_RSA) ||
        !read_bytes(map, LABEL_N, RSA_BYTES_MIN, RSA_BYTES_MAX, &n) ||
        !read_bytes(map, LABEL_E, usual_exponent.length, usual_exponent.length, &e))
        return NULL;
    const bool short_of_2048_bits = n.length == RSA_BYTES_MIN && (uint8_t)n.bytes[0] < 0x80;
    if (n.bytes[0] == 0 || short_of_2048_bits || !text_equal(e, usual_exponent))
        return NULL;
    return make_rsa(n, e);
}

static EVP_PKEY *read_key(struct text encoded, int64_t *algorithm)
{
    struct ctap_cbor map;
    if (!ctap_cbor_read_only(encoded, &map) || !read_integer(&map, LABEL_ALG, algorithm))
        return NULL;
    switch (*algorithm) {
    case COSE_ES256:
        return read_p256(&map);
    case COSE_EDDSA:
        return read_ed25519(&map);
    case COSE_RS256:
        return read_rsa(&map);
    default:
        return NULL;
    }
}

bool cose_key_algorithm(struct text encoded, int64_t *algorithm)
{
    struct ctap_cbor map;
    return ctap_cbor_read_only(encoded, &map) && read_integer(&map, LABEL_ALG, algorithm);
}

bool cose_key_is_valid(struct text encoded)
{
    int64_t algorithm;
    EVP_PKEY *key = read_key(encoded, &algorithm);
    ERR_clear_error();
    EVP_PKEY_free(key);
    return key != NULL;
}

bool cose_key_verify(struct text encoded, struct text message, struct text signature)
{
    int64_t algorithm;
    if (signature.length == 0 || signature.length > COSE_SIGNATURE_BYTES_MAX ||
        message.length > COSE_MESSAGE_BYTES_MAX)
        return false;
    EVP_PKEY *key = read_key(encoded, &algorithm);
    if (key == NULL) {
        ERR_clear_error();
        return false;
    }
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *hash = algorithm == COSE_EDDSA ? NULL : "SHA256";
    MUST(context != NULL &&
         EVP_DigestVerifyInit_ex(context, NULL, hash, NULL, NULL, key, NULL) == 1);
    const bool good = EVP_DigestVerify(context, (const uint8_t *)signature.bytes, signature.length,
                                       (const uint8_t *)message.bytes, message.length) == 1;
    ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}
