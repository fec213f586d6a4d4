#include "identity/signed_terms.h"

#define PURPOSE_BYTES_MAX 255

struct digest signed_terms_challenge(const struct signed_terms *signed_terms)
{
    static const char tag[] = "counterfoil/signed-terms/v1"; /* with its zero byte */
    const struct digest terms = digest_of(signed_terms->terms.bytes, signed_terms->terms.length);
    const struct text purpose = signed_terms->purpose;
    char org[8];
    MUST(signed_terms->nonce.length == SIGNED_TERMS_NONCE_BYTES);
    MUST(purpose.length > 0 && purpose.length <= PURPOSE_BYTES_MAX);
    for (size_t i = 0; i < sizeof org; i++)
        org[i] = (char)((uint64_t)signed_terms->org >> (56 - 8 * i));
    const char purpose_length = (char)purpose.length;
    const struct text pieces[] = {
        {tag, sizeof tag}, signed_terms->nonce,
        {org, sizeof org}, {&purpose_length, 1},
        purpose,           {(const char *)terms.bytes, DIGEST_BYTES},
    };
    return digest_of_pieces(pieces, COUNT_OF(pieces));
}
