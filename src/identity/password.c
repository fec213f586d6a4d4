#include "identity/password.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "identity/common_passwords.h"

#define HASH_BYTES 32
#define PASSWORD_BYTES_MAX ((size_t)4 * PASSWORD_CHARACTERS_MAX)
#define WORD_BYTES_MIN 4

_Static_assert(PASSWORD_HASH_TEXT_BYTES >= crypto_pwhash_STRBYTES, "libsodium copies as many");

static void prepare_once(void)
{
    MUST(sodium_init() >= 0);
}

static void prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_once);
}

static size_t count_characters(struct text utf8)
{
    size_t count = 0;
    for (size_t i = 0; i < utf8.length; i++)
        count += ((unsigned char)utf8.bytes[i] & 0xc0) != 0x80;
    return count;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_common(struct text password)
{
    char lowered[PASSWORD_BYTES_MAX + 1];
    const char *key = lowered;
    for (size_t i = 0; i < password.length; i++)
        lowered[i] = lower(password.bytes[i]);
    lowered[password.length] = '\0';
    const bool found = bsearch(&key, common_passwords, common_password_count,
                               sizeof *common_passwords, compare_strings) != NULL;
    sodium_memzero(lowered, sizeof lowered);
    return found;
}

static bool contains(struct text password, struct text word)
{
    for (size_t at = 0; at + word.length <= password.length; at++) {
        size_t same = 0;
        while (same < word.length && lower(password.bytes[at + same]) == lower(word.bytes[same]))
            same++;
        if (same == word.length)
            return true;
    }
    return false;
}

/* What is left without the word must be enough by itself. */
static bool is_named(struct text password, const struct text *words, size_t word_count)
{
    for (size_t i = 0; i < word_count; i++)
        if (words[i].length >= WORD_BYTES_MIN &&
            password.length < words[i].length + PASSWORD_CHARACTERS_MIN &&
            contains(password, words[i]))
            return true;
    return false;
}

enum password_fault password_judge(struct text password, const struct text *words,
                                   size_t word_count)
{
    if (password.length > PASSWORD_BYTES_MAX)
        return PASSWORD_TOO_LONG;
    if (!text_is_utf8(password) || memchr(password.bytes, '\0', password.length) != NULL)
        return PASSWORD_NOT_TEXT;
    const size_t characters = count_characters(password);
    if (characters < PASSWORD_CHARACTERS_MIN)
        return PASSWORD_TOO_SHORT;
    if (characters > PASSWORD_CHARACTERS_MAX)
        return PASSWORD_TOO_LONG;
    if (is_common(password))
        return PASSWORD_COMMON;
    return is_named(password, words, word_count) ? PASSWORD_NAMED : PASSWORD_GOOD;
}

const char *password_fault_words(enum password_fault fault)
{
    static const char *const words[PASSWORD_FAULTS] = {
        [PASSWORD_GOOD] = "is good",
        [PASSWORD_TOO_SHORT] = "is shorter than 8 characters; 15 or more are better",
        [PASSWORD_TOO_LONG] = "is longer than 128 characters",
        [PASSWORD_NOT_TEXT] = "is not text in UTF-8",
        [PASSWORD_COMMON] = "is one of the commonest passwords, which are tried first",
        [PASSWORD_NAMED] = "is little more than a name or address that others know",
    };
    MUST(fault < PASSWORD_FAULTS);
    return words[fault];
}

/* The PHC form has base64 without padding. */
static void add_unpadded(struct buffer *buffer, const void *bytes, size_t length)
{
    base64_add(buffer, bytes, length);
    while (buffer->bytes[buffer->length - 1] == '=')
        buffer->length--;
}

bool password_hash(struct text password, const uint8_t salt[PASSWORD_SALT_BYTES],
                   char hash[PASSWORD_HASH_TEXT_BYTES], struct problem *problem)
{
    uint8_t bytes[HASH_BYTES];
    struct buffer text;
    prepare();
    if (crypto_pwhash_argon2id(bytes, sizeof bytes, password.bytes, password.length, salt,
                               PASSWORD_PASSES, PASSWORD_MEMORY_BYTES,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
        return problem_set(problem, PROBLEM_OVERLOADED, "there is no memory to hash a password");
    buffer_init(&text);
    buffer_format(&text, "$argon2id$v=19$m=%u,t=%u,p=1$", PASSWORD_MEMORY_BYTES / 1024,
                  PASSWORD_PASSES);
    add_unpadded(&text, salt, PASSWORD_SALT_BYTES);
    buffer_char(&text, '$');
    add_unpadded(&text, bytes, sizeof bytes);
    snprintf(hash, PASSWORD_HASH_TEXT_BYTES, "%.*s", TEXT_ARG(buffer_view(&text)));
    buffer_done(&text);
    sodium_memzero(bytes, sizeof bytes);
    return true;
}

/* With today's parameters; the unit test holds it to that. */
#define NOBODYS_HASH                                                                               \
    "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"                                       \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void copy_hash(struct text hash, char out[PASSWORD_HASH_TEXT_BYTES])
{
    memset(out, 0, PASSWORD_HASH_TEXT_BYTES);
    if (hash.length < PASSWORD_HASH_TEXT_BYTES)
        memcpy(out, hash.bytes, hash.length);
}

bool password_verify(struct text password, struct text hash)
{
    char text[PASSWORD_HASH_TEXT_BYTES];
    const bool somebody = hash.bytes != NULL;
    prepare();
    copy_hash(somebody ? hash : TEXT(NOBODYS_HASH), text);
    return password.length <= PASSWORD_BYTES_MAX &&
           crypto_pwhash_argon2id_str_verify(text, password.bytes, password.length) == 0 &&
           somebody;
}

bool password_is_outdated(struct text hash)
{
    char text[PASSWORD_HASH_TEXT_BYTES];
    prepare();
    copy_hash(hash, text);
    return crypto_pwhash_argon2id_str_needs_rehash(text, PASSWORD_PASSES, PASSWORD_MEMORY_BYTES) !=
           0;
}
