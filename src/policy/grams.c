#include "policy/grams.h"

#include <string.h>

#include "policy/letters.h"

#define PIECE_MIN 160 /* bytes: a sentence that ends sooner takes the next one in */
#define PIECE_MAX 480
#define STEM_LETTERS 5
#define SIGNS "?$*@+"

/* What a hash is of, so that a word alone is not the same gram as a word's beginning. */
enum salt { SALT_WORD = 1, SALT_STEM, SALT_PAIR, SALT_APART, SALT_THREE };

static uint32_t mix(uint32_t hash, uint32_t value)
{
    hash = (hash ^ value) * UINT32_C(0x9E3779B1);
    return hash ^ hash >> 15;
}

size_t piece_end(const struct folded *folded, size_t start)
{
    const unsigned char *bytes = folded->bytes;
    size_t at = start + PIECE_MIN, most = start + PIECE_MAX;
    if (folded->length <= most && folded->length <= at)
        return folded->length;
    while (at < folded->length && at < most && !ends_sentence(bytes, at))
        at++;
    if (at >= folded->length)
        return folded->length;
    if (at < most)
        return at + 1;
    while (at > start + PIECE_MIN && !is_edge(bytes, at))
        at--;
    while (at < folded->length && (bytes[at] & 0xC0) == 0x80)
        at++;
    return at;
}

struct gram_reader gram_reader(const struct folded *folded, size_t start, size_t end)
{
    return (struct gram_reader){.folded = folded, .at = start, .end = end};
}

/* A word's hash, and that of its first letters. */
static size_t read_word(const struct gram_reader *reader, uint32_t *word, uint32_t *stem)
{
    const unsigned char *bytes = reader->folded->bytes;
    size_t at = reader->at;
    unsigned letters = 0;
    bool number = true;
    uint32_t hash = 0;
    *stem = 0;
    for (; at < reader->end && is_word_byte(bytes, at); at++) {
        letters += (bytes[at] & 0xC0) != 0x80;
        if (letters == STEM_LETTERS + 1 && *stem == 0)
            *stem = hash;
        hash = mix(hash, bytes[at]);
        number = number && is_digit(bytes[at]);
    }
    if (number) { /* what a number says is for scanners; only how long it is */
        hash = letters < 3 ? '0' : letters < 6 ? '1' : '2';
        *stem = hash;
    }
    *stem = *stem == 0 ? hash : *stem;
    *word = hash;
    return at;
}

static void add(struct token *token, enum salt salt, uint32_t hash)
{
    token->grams[token->gram_count++] = mix(hash, salt);
}

static void add_grams(struct gram_reader *reader, struct token *token, uint32_t word, uint32_t stem)
{
    token->gram_count = 0;
    add(token, SALT_STEM, stem);
    if (word != stem)
        add(token, SALT_WORD, word);
    if (reader->last != 0) {
        uint32_t pair = mix(mix(reader->last, SALT_PAIR), stem);
        add(token, SALT_PAIR, pair);
        if (reader->before_last != 0) {
            add(token, SALT_APART, mix(mix(reader->before_last, SALT_APART), stem));
            add(token, SALT_THREE, mix(pair, reader->before_last));
        }
    }
    reader->before_last = reader->last;
    reader->last = stem;
}

bool gram_next(struct gram_reader *reader, struct token *token)
{
    const unsigned char *bytes = reader->folded->bytes;
    while (reader->at < reader->end) {
        size_t start = reader->at;
        uint32_t word, stem;
        if (is_word_byte(bytes, start)) {
            reader->at = read_word(reader, &word, &stem);
        } else if (bytes[start] >= 0xE0) {
            stem = bytes[start];
            for (reader->at++; reader->at < reader->end && (bytes[reader->at] & 0xC0) == 0x80;
                 reader->at++)
                stem = mix(stem, bytes[reader->at]);
            word = stem;
        } else {
            reader->at++;
            if (bytes[start] == 0 || strchr(SIGNS, bytes[start]) == NULL)
                continue;
            word = stem = bytes[start];
        }
        token->start = (uint32_t)start;
        token->end = (uint32_t)reader->at;
        add_grams(reader, token, word, stem);
        return true;
    }
    return false;
}
