/*
 * An authenticator and browser in software that does what it is told, also what is wrong: a `struct
 * soft` that is zero makes a good registration or assertion for the relying party below; each
 * member changes one thing of it. What is signed is signed as it then stands.
 */
#pragma once

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/digest.h"
#include "identity/authenticator_data.h"
#include "identity/cose_key.h"
#include "identity/webauthn.h"

#define SOFT_RP_ID "market.example"
#define SOFT_ORIGIN "https://market.example"
#define SOFT_CHALLENGE "0123456789abcdef0123456789abcdef"
#define SOFT_USER "a person's user handle"
#define SOFT_ID_BYTES 32
#define SOFT_FLAGS (AUTHENTICATOR_USER_PRESENT | AUTHENTICATOR_USER_VERIFIED)
/* For members of a static table: bytes of a literal, also zero bytes. */
#define SOFT_BYTES(literal)                                                                        \
    {                                                                                              \
        "" literal, sizeof(literal) - 1                                                            \
    }

struct soft {
    /* client data */
    const char *type;
    const char *challenge; /* as it stands in the JSON */
    const char *origin;
    const char *more;        /* further members: `,"name":value` */
    struct text client_data; /* instead of all these */
    size_t padding;          /* spaces behind the JSON object */
    /* authenticator data */
    const char *rp_id;
    unsigned set, clear; /* flags, beside those that are right */
    uint32_t sign_count;
    size_t id_length;
    struct text key;        /* instead of the credential's own */
    struct text extensions; /* bytes in the place of their map */
    size_t cut;             /* bytes missing at the end */
    size_t zeros;           /* bytes behind the end */
    /* attestation */
    const char *format;
    struct text statement; /* CBOR, instead of the right one */
    bool self;
    struct text object_from; /* instead of the head and `fmt` of the attestation object … */
    struct text object_end;  /* … and behind its end */
    size_t object_padding;
    /* signature */
    struct text signature; /* instead of the right one */
    bool flip;             /* one bit of it */
    struct text behind;    /* bytes behind it */
    struct text changed;   /* client data that is handed over instead of what was signed */
};

struct soft_key {
    EVP_PKEY *pair;
    struct buffer cose;
    int64_t algorithm;
};

/* What came out; owned. */
struct soft_made {
    struct buffer client_data;
    struct buffer authenticator_data;
    struct buffer attestation_object;
    struct buffer signature;
    uint8_t id[2048];
    size_t id_length;
};

static inline struct webauthn_ceremony soft_ceremony(void)
{
    static const struct text origins[] = {SOFT_BYTES("https://shop.market.example"),
                                          SOFT_BYTES(SOFT_ORIGIN)};
    return (struct webauthn_ceremony){.rp_id = TEXT(SOFT_RP_ID),
                                      .origins = origins,
                                      .origin_count = COUNT_OF(origins),
                                      .challenge = TEXT(SOFT_CHALLENGE)};
}

/* --- CBOR --- */

static inline void soft_head(struct buffer *out, unsigned major, uint64_t argument)
{
    const unsigned bytes = argument < 24            ? 0
                           : argument <= UINT8_MAX  ? 1
                           : argument <= UINT16_MAX ? 2
                                                    : 4;
    const unsigned code = bytes == 0 ? (unsigned)argument : bytes == 1 ? 24 : bytes == 2 ? 25 : 26;
    buffer_char(out, (char)(major << 5 | code));
    for (unsigned i = bytes; i > 0; i--)
        buffer_char(out, (char)(argument >> (8 * (i - 1))));
}

static inline void soft_integer(struct buffer *out, int64_t number)
{
    if (number < 0)
        soft_head(out, 1, (uint64_t)(-1 - number));
    else
        soft_head(out, 0, (uint64_t)number);
}

static inline void soft_bytes(struct buffer *out, const void *bytes, size_t length)
{
    soft_head(out, 2, length);
    buffer_add(out, bytes, length);
}

static inline void soft_text(struct buffer *out, const char *text)
{
    soft_head(out, 3, strlen(text));
    buffer_string(out, text);
}

/* --- keys --- */

static inline void soft_key_free(struct soft_key *key)
{
    EVP_PKEY_free(key->pair);
    buffer_done(&key->cose);
}

static inline void soft_number(const EVP_PKEY *pair, const char *name, uint8_t *out, size_t length)
{
    BIGNUM *number = NULL;
    MUST(EVP_PKEY_get_bn_param(pair, name, &number) == 1);
    MUST(BN_bn2binpad(number, out, (int)length) == (int)length);
    BN_free(number);
}

/* A map's first members: 1 (kty), 3 (alg). */
static inline void soft_key_begin(struct soft_key *key, unsigned members, int64_t type)
{
    soft_head(&key->cose, 5, members);
    soft_integer(&key->cose, 1);
    soft_integer(&key->cose, type);
    soft_integer(&key->cose, 3);
    soft_integer(&key->cose, key->algorithm);
}

static inline void soft_key_p256(struct soft_key *key)
{
    uint8_t coordinate[32];
    key->pair = EVP_EC_gen("P-256");
    MUST(key->pair != NULL);
    soft_key_begin(key, 5, 2);
    soft_integer(&key->cose, -1);
    soft_integer(&key->cose, 1);
    soft_integer(&key->cose, -2);
    soft_number(key->pair, OSSL_PKEY_PARAM_EC_PUB_X, coordinate, sizeof coordinate);
    soft_bytes(&key->cose, coordinate, sizeof coordinate);
    soft_integer(&key->cose, -3);
    soft_number(key->pair, OSSL_PKEY_PARAM_EC_PUB_Y, coordinate, sizeof coordinate);
    soft_bytes(&key->cose, coordinate, sizeof coordinate);
}

static inline void soft_key_ed25519(struct soft_key *key)
{
    uint8_t point[32];
    size_t length = sizeof point;
    key->pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    MUST(key->pair != NULL && EVP_PKEY_get_raw_public_key(key->pair, point, &length) == 1);
    soft_key_begin(key, 4, 1);
    soft_integer(&key->cose, -1);
    soft_integer(&key->cose, 6);
    soft_integer(&key->cose, -2);
    soft_bytes(&key->cose, point, sizeof point);
}

static inline void soft_key_rsa(struct soft_key *key)
{
    uint8_t modulus[256];
    key->pair = EVP_RSA_gen(2048);
    MUST(key->pair != NULL);
    soft_number(key->pair, OSSL_PKEY_PARAM_RSA_N, modulus, sizeof modulus);
    soft_key_begin(key, 4, 3);
    soft_integer(&key->cose, -1);
    soft_bytes(&key->cose, modulus, sizeof modulus);
    soft_integer(&key->cose, -2);
    soft_bytes(&key->cose, "\x01\x00\x01", 3);
}

static inline void soft_key_make(struct soft_key *key, int64_t algorithm)
{
    *key = (struct soft_key){.algorithm = algorithm};
    buffer_init(&key->cose);
    if (algorithm == COSE_ES256)
        soft_key_p256(key);
    else if (algorithm == COSE_EDDSA)
        soft_key_ed25519(key);
    else
        soft_key_rsa(key);
}

static inline void soft_key_sign(const struct soft_key *key, struct text message,
                                 struct buffer *signature)
{
    uint8_t bytes[512];
    size_t length = sizeof bytes;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const char *hash = key->algorithm == COSE_EDDSA ? NULL : "SHA256";
    MUST(EVP_DigestSignInit_ex(context, NULL, hash, NULL, NULL, key->pair, NULL) == 1);
    MUST(EVP_DigestSign(context, bytes, &length, (const uint8_t *)message.bytes, message.length) ==
         1);
    EVP_MD_CTX_free(context);
    buffer_clear(signature);
    buffer_add(signature, bytes, length);
}

/* --- what it makes --- */

static inline void soft_made_init(struct soft_made *made)
{
    memset(made, 0, sizeof *made);
    buffer_init(&made->client_data);
    buffer_init(&made->authenticator_data);
    buffer_init(&made->attestation_object);
    buffer_init(&made->signature);
}

static inline void soft_made_done(struct soft_made *made)
{
    buffer_done(&made->client_data);
    buffer_done(&made->authenticator_data);
    buffer_done(&made->attestation_object);
    buffer_done(&made->signature);
}

static inline void soft_client_data(const struct soft *soft, const char *type, struct buffer *out)
{
    struct buffer challenge;
    if (soft->client_data.bytes != NULL) {
        buffer_text(out, soft->client_data);
        return;
    }
    buffer_init(&challenge);
    if (soft->challenge != NULL)
        buffer_string(&challenge, soft->challenge);
    else
        base64url_add(&challenge, SOFT_CHALLENGE, strlen(SOFT_CHALLENGE));
    buffer_format(out, "{\"type\":\"%s\",\"challenge\":\"%.*s\",\"origin\":\"%s\"%s}",
                  soft->type ? soft->type : type, TEXT_ARG(buffer_view(&challenge)),
                  soft->origin ? soft->origin : SOFT_ORIGIN, soft->more ? soft->more : "");
    for (size_t i = 0; i < soft->padding; i++)
        buffer_char(out, ' ');
    buffer_done(&challenge);
}

static inline void soft_authenticator_data(const struct soft *soft, unsigned flags,
                                           const struct soft_key *key, struct soft_made *made)
{
    struct buffer *out = &made->authenticator_data;
    const char *rp_id = soft->rp_id ? soft->rp_id : SOFT_RP_ID;
    const struct digest hash = digest_of(rp_id, strlen(rp_id));
    if (soft->extensions.length > 0)
        flags |= AUTHENTICATOR_HAS_EXTENSIONS;
    flags = (flags | soft->set) & ~soft->clear;
    buffer_add(out, hash.bytes, DIGEST_BYTES);
    buffer_char(out, (char)flags);
    for (unsigned i = 0; i < 4; i++)
        buffer_char(out, (char)(soft->sign_count >> (24 - 8 * i)));
    if (flags & AUTHENTICATOR_HAS_CREDENTIAL) {
        buffer_add(out, "an AAGUID of 16.", WEBAUTHN_AAGUID_BYTES);
        buffer_char(out, (char)(made->id_length >> 8));
        buffer_char(out, (char)made->id_length);
        buffer_add(out, made->id, made->id_length);
        buffer_text(out, soft->key.bytes ? soft->key : buffer_view(&key->cose));
    }
    buffer_text(out, soft->extensions);
    for (size_t i = 0; i < soft->zeros; i++)
        buffer_char(out, '\0');
    out->length -= soft->cut;
}

static inline void soft_sign_data(const struct soft *soft, const struct soft_key *key,
                                  struct soft_made *made)
{
    const struct digest hash = digest_of(made->client_data.bytes, made->client_data.length);
    struct buffer message;
    buffer_init(&message);
    buffer_text(&message, buffer_view(&made->authenticator_data));
    buffer_add(&message, hash.bytes, DIGEST_BYTES);
    soft_key_sign(key, buffer_view(&message), &made->signature);
    buffer_done(&message);
    if (soft->flip)
        made->signature.bytes[made->signature.length - 1] ^= 1;
    buffer_text(&made->signature, soft->behind);
    if (soft->signature.bytes != NULL) {
        buffer_clear(&made->signature);
        buffer_text(&made->signature, soft->signature);
    }
    if (soft->changed.bytes != NULL) {
        buffer_clear(&made->client_data);
        buffer_text(&made->client_data, soft->changed);
    }
}

static inline void soft_attestation_object(const struct soft *soft, const struct soft_key *key,
                                           struct soft_made *made)
{
    struct buffer *out = &made->attestation_object;
    if (soft->object_from.bytes != NULL) {
        buffer_text(out, soft->object_from);
    } else {
        soft_head(out, 5, 3);
        soft_text(out, "fmt");
        soft_text(out, soft->format ? soft->format : soft->self ? "packed" : "none");
    }
    soft_text(out, "attStmt");
    if (soft->statement.bytes != NULL) {
        buffer_text(out, soft->statement);
    } else if (soft->self) {
        soft_head(out, 5, 2);
        soft_text(out, "alg");
        soft_integer(out, key->algorithm);
        soft_text(out, "sig");
        soft_bytes(out, made->signature.bytes, made->signature.length);
    } else {
        soft_head(out, 5, 0);
    }
    soft_text(out, "authData");
    soft_bytes(out, made->authenticator_data.bytes, made->authenticator_data.length);
    buffer_text(out, soft->object_end);
    for (size_t i = 0; i < soft->object_padding; i++)
        buffer_char(out, '\0');
}

static inline void soft_register(const struct soft *soft, const struct soft_key *key,
                                 struct soft_made *made)
{
    soft_made_init(made);
    made->id_length = soft->id_length > 0 ? soft->id_length : SOFT_ID_BYTES;
    memset(made->id, 'i', sizeof made->id);
    soft_client_data(soft, "webauthn.create", &made->client_data);
    soft_authenticator_data(soft, SOFT_FLAGS | AUTHENTICATOR_HAS_CREDENTIAL, key, made);
    soft_sign_data(soft, key, made);
    soft_attestation_object(soft, key, made);
}

static inline void soft_assert(const struct soft *soft, const struct soft_key *key,
                               struct soft_made *made)
{
    soft_made_init(made);
    made->id_length = SOFT_ID_BYTES;
    memset(made->id, 'i', sizeof made->id);
    soft_client_data(soft, "webauthn.get", &made->client_data);
    soft_authenticator_data(soft, SOFT_FLAGS, key, made);
    soft_sign_data(soft, key, made);
}

static inline struct webauthn_registration soft_registration(const struct soft_made *made)
{
    return (struct webauthn_registration){buffer_view(&made->client_data),
                                          buffer_view(&made->attestation_object)};
}

static inline struct webauthn_assertion soft_assertion(const struct soft_made *made)
{
    return (struct webauthn_assertion){
        .credential_id = {(const char *)made->id, made->id_length},
        .user_handle = TEXT(SOFT_USER),
        .signed_by = {buffer_view(&made->client_data), buffer_view(&made->authenticator_data),
                      buffer_view(&made->signature)},
    };
}
