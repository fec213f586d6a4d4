/*
 * bench/signin: assertions of passkeys verified per second, as a log-in and as a kept signature,
 * beside bare ES256 verification over the same bytes with a key that is ready, in the same run.
 *
 *   signin [--rounds N]
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/time.h"
#include "identity/signed_terms.h"
#include "identity/webauthn.h"

#define RP_ID "market.example"
#define ORIGIN "https://market.example"
#define SIGNATURE_BYTES_MAX 80
#define SLICES 50

struct signing {
    EVP_PKEY *key;
    struct digest challenge;
    struct buffer client_data;
    char authenticator_data[DIGEST_BYTES + 5];
    char message[2 * DIGEST_BYTES + 5]; /* what is signed */
    uint8_t signature[SIGNATURE_BYTES_MAX];
    size_t signature_length;
    char public_key[77];
};

static void make_public_key(struct signing *signing)
{
    static const char head[] = "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20";
    uint8_t point[65];
    size_t length = 0;
    MUST(EVP_PKEY_get_octet_string_param(signing->key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                         &length) == 1);
    MUST(length == sizeof point);
    memcpy(signing->public_key, head, 10);
    memcpy(signing->public_key + 10, point + 1, 32);
    memcpy(signing->public_key + 42, "\x22\x58\x20", 3);
    memcpy(signing->public_key + 45, point + 33, 32);
}

static void make_message(struct signing *signing)
{
    static const char nonce[SIGNED_TERMS_NONCE_BYTES] = {1};
    const struct signed_terms terms = {
        .terms = TEXT("{\"amount\":1250000,\"currency\":\"RUB\",\"period\":\"P1M\"}"),
        .nonce = {nonce, sizeof nonce},
        .purpose = TEXT("service.activated"),
        .org = 7,
    };
    const struct digest rp_id = digest_of(RP_ID, strlen(RP_ID));
    signing->challenge = signed_terms_challenge(&terms);
    buffer_init(&signing->client_data);
    buffer_string(&signing->client_data, "{\"type\":\"webauthn.get\",\"challenge\":\"");
    base64url_add(&signing->client_data, signing->challenge.bytes, DIGEST_BYTES);
    buffer_string(&signing->client_data, "\",\"origin\":\"" ORIGIN "\",\"crossOrigin\":false}");
    memcpy(signing->authenticator_data, rp_id.bytes, DIGEST_BYTES);
    memcpy(signing->authenticator_data + DIGEST_BYTES, "\x05\0\0\0\0", 5);
    const struct digest hash = digest_of(signing->client_data.bytes, signing->client_data.length);
    memcpy(signing->message, signing->authenticator_data, sizeof signing->authenticator_data);
    memcpy(signing->message + sizeof signing->authenticator_data, hash.bytes, DIGEST_BYTES);
}

static void sign_message(struct signing *signing)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    signing->signature_length = sizeof signing->signature;
    MUST(EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, signing->key, NULL) == 1);
    MUST(EVP_DigestSign(context, signing->signature, &signing->signature_length,
                        (const uint8_t *)signing->message, sizeof signing->message) == 1);
    EVP_MD_CTX_free(context);
}

static int64_t verify_bare(const struct signing *signing, size_t rounds)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    const int64_t began = time_monotonic();
    for (size_t i = 0; i < rounds; i++) {
        MUST(EVP_DigestVerifyInit(context, NULL, sha256, NULL, signing->key) == 1);
        MUST(EVP_DigestVerify(context, signing->signature, signing->signature_length,
                              (const uint8_t *)signing->message, sizeof signing->message) == 1);
        EVP_MD_CTX_reset(context);
    }
    const int64_t elapsed_us = time_monotonic() - began;
    EVP_MD_free(sha256);
    EVP_MD_CTX_free(context);
    return elapsed_us;
}

static int64_t verify_log_in(const struct webauthn_ceremony *ceremony,
                             const struct webauthn_signature *signed_by, struct text public_key,
                             size_t rounds)
{
    const struct webauthn_credential credential = {.id = TEXT("0123456789abcdef"),
                                                   .public_key = public_key};
    const struct webauthn_account account = {TEXT("somebody"), &credential, true};
    const struct webauthn_assertion assertion = {credential.id, account.user_handle, *signed_by};
    struct webauthn_use use;
    const int64_t began = time_monotonic();
    for (size_t i = 0; i < rounds; i++)
        MUST(webauthn_assert(ceremony, &account, &assertion, &use) == WEBAUTHN_OK);
    return time_monotonic() - began;
}

static int64_t verify_kept(const struct webauthn_ceremony *ceremony,
                           const struct webauthn_signature *signed_by, struct text public_key,
                           size_t rounds)
{
    const int64_t began = time_monotonic();
    for (size_t i = 0; i < rounds; i++)
        MUST(webauthn_recheck(ceremony, public_key, signed_by) == WEBAUTHN_OK);
    return time_monotonic() - began;
}

static void print_rate(const char *what, size_t rounds, int64_t elapsed_us, int64_t bare_us)
{
    printf("%-24s %10.0f assertions/s   verified / bare %.4f\n", what,
           (double)rounds * 1e6 / (double)elapsed_us, (double)bare_us / (double)elapsed_us);
}

/* In slices, one after the other, so that all three meet the same moods of the machine. */
static void measure(const struct signing *signing, size_t rounds)
{
    const struct text origin = TEXT(ORIGIN);
    const struct text public_key = {signing->public_key, sizeof signing->public_key};
    const struct webauthn_ceremony ceremony = {
        TEXT(RP_ID), &origin, 1, {(const char *)signing->challenge.bytes, DIGEST_BYTES}};
    const struct webauthn_signature signed_by = {
        buffer_view(&signing->client_data),
        {signing->authenticator_data, sizeof signing->authenticator_data},
        {(const char *)signing->signature, signing->signature_length}};
    int64_t bare_us = 0;
    int64_t log_in_us = 0;
    int64_t kept_us = 0;
    for (size_t i = 0; i < SLICES; i++) {
        bare_us += verify_bare(signing, rounds / SLICES);
        log_in_us += verify_log_in(&ceremony, &signed_by, public_key, rounds / SLICES);
        kept_us += verify_kept(&ceremony, &signed_by, public_key, rounds / SLICES);
    }
    printf("bare ES256               %10.0f signatures/s\n",
           (double)rounds * 1e6 / (double)bare_us);
    print_rate("log-in verified", rounds, log_in_us, bare_us);
    print_rate("kept signature rechecked", rounds, kept_us, bare_us);
}

int main(int count, char **arguments)
{
    struct signing signing = {0};
    size_t rounds = 20000;
    if (count == 3 && strcmp(arguments[1], "--rounds") == 0)
        rounds = strtoul(arguments[2], NULL, 10) / SLICES * SLICES;
    if (rounds == 0 || (count != 1 && count != 3)) {
        fputs("usage: signin [--rounds N], at least 50\n", stderr);
        return 2;
    }
    signing.key = EVP_EC_gen("P-256");
    MUST(signing.key != NULL);
    make_public_key(&signing);
    make_message(&signing);
    sign_message(&signing);
    measure(&signing, rounds);
    EVP_PKEY_free(signing.key);
    buffer_done(&signing.client_data);
    return 0;
}
