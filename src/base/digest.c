#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

#define HMAC_BLOCK_BYTES 64

/* Fetched once, and one context a thread: looking either up costs more than hashing an act. */
static EVP_MD *sha256;
static pthread_key_t context_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local EVP_MD_CTX *context_of_thread;

static void context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

static void digest_prepare(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    MUST(sha256 != NULL && pthread_key_create(&context_key, context_free) == 0);
}

static EVP_MD_CTX *context_take(void)
{
    if (context_of_thread == NULL) {
        pthread_once(&once, digest_prepare);
        context_of_thread = EVP_MD_CTX_new();
        MUST(context_of_thread != NULL);
        pthread_setspecific(context_key, context_of_thread);
    }
    return context_of_thread;
}

struct digest digest_of_pieces(const struct text *pieces, size_t count)
{
    struct digest digest;
    EVP_MD_CTX *context = context_take();
    MUST(EVP_DigestInit_ex2(context, sha256, NULL) == 1);
    for (size_t i = 0; i < count; i++)
        MUST(EVP_DigestUpdate(context, pieces[i].bytes, pieces[i].length) == 1);
    MUST(EVP_DigestFinal_ex(context, digest.bytes, NULL) == 1);
    return digest;
}

struct digest digest_of(const void *bytes, size_t length)
{
    return digest_of_pieces(&(struct text){bytes, length}, 1);
}

/* RFC 2104. */
struct digest hmac_of(struct text key, const struct text *pieces, size_t count)
{
    uint8_t inner[HMAC_BLOCK_BYTES] = {0};
    uint8_t outer[HMAC_BLOCK_BYTES];
    struct text inside[8];
    struct digest shortened;
    MUST(count < COUNT_OF(inside));
    if (key.length > HMAC_BLOCK_BYTES) {
        shortened = digest_of(key.bytes, key.length);
        key = (struct text){(const char *)shortened.bytes, DIGEST_BYTES};
    }
    if (key.length > 0)
        memcpy(inner, key.bytes, key.length);
    for (size_t i = 0; i < HMAC_BLOCK_BYTES; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
    inside[0] = (struct text){(const char *)inner, sizeof inner};
    for (size_t i = 0; i < count; i++)
        inside[i + 1] = pieces[i];
    struct digest message = digest_of_pieces(inside, count + 1);
    struct text outside[] = {{(const char *)outer, sizeof outer},
                             {(const char *)message.bytes, DIGEST_BYTES}};
    struct digest result = digest_of_pieces(outside, COUNT_OF(outside));
    OPENSSL_cleanse(inner, sizeof inner);
    OPENSSL_cleanse(outer, sizeof outer);
    return result;
}

bool digest_equal(struct digest a, struct digest b)
{
    return CRYPTO_memcmp(a.bytes, b.bytes, DIGEST_BYTES) == 0;
}

void random_bytes(void *out, size_t length)
{
    uint8_t *at = out;
    while (length > 0) {
        size_t piece = length < 256 ? length : 256; /* getrandom never splits so few */
        MUST(getrandom(at, piece, 0) == (ssize_t)piece);
        at += piece;
        length -= piece;
    }
}
