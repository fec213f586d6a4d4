#include "identity/recovery_code.h"

#include <openssl/crypto.h>
#include <string.h>

#define CHARACTERS 24
#define GROUP 4

void recovery_code_format(const uint8_t random[RECOVERY_CODE_RANDOM_BYTES],
                          char text[RECOVERY_CODE_TEXT_BYTES])
{
    struct buffer characters;
    size_t length = 0;
    buffer_init(&characters);
    crockford_add(&characters, random, RECOVERY_CODE_RANDOM_BYTES);
    MUST(characters.length == CHARACTERS);
    for (size_t i = 0; i < CHARACTERS; i++) {
        if (i > 0 && i % GROUP == 0)
            text[length++] = '-';
        text[length++] = characters.bytes[i];
    }
    text[length] = '\0';
    OPENSSL_cleanse(characters.bytes, characters.capacity);
    buffer_done(&characters);
}

/* NUL for what stands in no code. */
static char normal_character(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'o')
        return '0';
    if (c == 'i' || c == 'l')
        return '1';
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z' && c != 'u') ? c : '\0';
}

bool recovery_code_digest(struct text text, struct digest *digest)
{
    static const char tag[] = "counterfoil/recovery-code/v1"; /* with its zero byte */
    char characters[CHARACTERS];
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == ' ' || text.bytes[i] == '-')
            continue;
        const char c = normal_character(text.bytes[i]);
        if (c == '\0' || count == CHARACTERS)
            return false;
        characters[count++] = c;
    }
    const struct text pieces[] = {{tag, sizeof tag}, {characters, CHARACTERS}};
    if (count == CHARACTERS)
        *digest = digest_of_pieces(pieces, COUNT_OF(pieces));
    OPENSSL_cleanse(characters, sizeof characters);
    return count == CHARACTERS;
}

bool recovery_code_find(struct digest given, const struct digest *kept, size_t count, size_t *index)
{
    size_t found = count;
    for (size_t i = 0; i < count; i++)
        if (digest_equal(given, kept[i]))
            found = i;
    if (found < count)
        *index = found;
    return found < count;
}
