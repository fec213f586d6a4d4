#include "tlog/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>

static EVP_PKEY *key_of_seed(const uint8_t seed[ED25519_KEY_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key_ex(NULL, "ED25519", NULL, seed, ED25519_KEY_BYTES);
    MUST(key != NULL);
    return key;
}

static EVP_MD_CTX *context_new(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    MUST(context != NULL);
    return context;
}

void ed25519_public(const uint8_t seed[ED25519_KEY_BYTES], uint8_t public[ED25519_KEY_BYTES])
{
    EVP_PKEY *key = key_of_seed(seed);
    size_t length = ED25519_KEY_BYTES;
    MUST(EVP_PKEY_get_raw_public_key(key, public, &length) == 1);
    MUST(length == ED25519_KEY_BYTES);
    EVP_PKEY_free(key);
}

void ed25519_sign(const uint8_t seed[ED25519_KEY_BYTES], struct text message,
                  uint8_t signature[ED25519_SIGNATURE_BYTES])
{
    EVP_PKEY *key = key_of_seed(seed);
    EVP_MD_CTX *context = context_new();
    size_t length = ED25519_SIGNATURE_BYTES;
    MUST(EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key, NULL) == 1);
    MUST(EVP_DigestSign(context, signature, &length, (const uint8_t *)message.bytes,
                        message.length) == 1);
    MUST(length == ED25519_SIGNATURE_BYTES);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
}

bool ed25519_verify(const uint8_t public[ED25519_KEY_BYTES], struct text message,
                    const uint8_t signature[ED25519_SIGNATURE_BYTES])
{
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public, ED25519_KEY_BYTES);
    if (key == NULL) {
        ERR_clear_error();
        return false;
    }
    EVP_MD_CTX *context = context_new();
    MUST(EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key, NULL) == 1);
    const bool good = EVP_DigestVerify(context, signature, ED25519_SIGNATURE_BYTES,
                                       (const uint8_t *)message.bytes, message.length) == 1;
    if (!good)
        ERR_clear_error();
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return good;
}
