#include "net/nonce.h"

#include <openssl/crypto.h>
#include <string.h>

#include "net/service_private.h"

#define RANDOM_BYTES 8
#define STAMP_BYTES 16 /* random and time */
#define LABEL "nonces"

static bool seal(const struct service *service, enum nonce_purpose purpose, struct id about,
                 const struct digest *nonce, struct digest *mac, struct problem *problem)
{
    uint8_t key[DIGEST_BYTES];
    const char kind = (char)purpose;
    const struct text pieces[] = {{&kind, 1},
                                  {(const char *)about.bytes, sizeof about.bytes},
                                  {(const char *)nonce->bytes, STAMP_BYTES}};
    const struct service_options *options = &service->options;
    if (!options->derive(options->derive_context, TEXT(LABEL), key, problem))
        return false;
    *mac = hmac_of((struct text){(const char *)key, sizeof key}, pieces, COUNT_OF(pieces));
    OPENSSL_cleanse(key, sizeof key);
    return true;
}

bool nonce_make(const struct service *service, enum nonce_purpose purpose, struct id about,
                struct digest *nonce, struct problem *problem)
{
    struct digest mac;
    uint64_t at = (uint64_t)time_now();
    random_bytes(nonce->bytes, RANDOM_BYTES);
    for (size_t i = 0; i < 8; i++)
        nonce->bytes[RANDOM_BYTES + i] = (uint8_t)(at >> (56 - 8 * i));
    if (!seal(service, purpose, about, nonce, &mac, problem))
        return false;
    memcpy(nonce->bytes + STAMP_BYTES, mac.bytes, DIGEST_BYTES - STAMP_BYTES);
    return true;
}

static bool is_ours(const struct service *service, enum nonce_purpose purpose, struct id about,
                    const struct digest *nonce)
{
    struct digest mac;
    struct problem problem;
    return seal(service, purpose, about, nonce, &mac, &problem) &&
           CRYPTO_memcmp(nonce->bytes + STAMP_BYTES, mac.bytes, DIGEST_BYTES - STAMP_BYTES) == 0;
}

bool nonce_check(const struct service *service, enum nonce_purpose purpose, struct id about,
                 const struct digest *nonce, struct problem *problem)
{
    int64_t age = time_now() - signature_nonce_at(nonce);
    if (!is_ours(service, purpose, about, nonce))
        return problem_set(problem, PROBLEM_CHALLENGE_INVALID, "it is not ours, or for this");
    return (age >= 0 && age <= service->options.nonce_us) ||
           problem_set(problem, PROBLEM_CHALLENGE_INVALID, "it is too old");
}
