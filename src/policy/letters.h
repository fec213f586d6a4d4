/* Bytes of folded text (fold.h). All may look one byte behind the text's end: zeros stand there. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_ascii_letter(unsigned char c)
{
    return c >= 'a' && c <= 'z';
}

/* The first byte of a letter of two bytes: of a script that writes words. */
static inline bool is_pair(unsigned char c)
{
    return c >= 0xC3 && c <= 0xDF;
}

/* The byte at AT belongs to a letter or digit of a script that writes words. */
static inline bool is_word_byte(const unsigned char *bytes, size_t at)
{
    unsigned char c = bytes[at];
    return is_digit(c) || is_ascii_letter(c) || is_pair(c) ||
           ((c & 0xC0) == 0x80 && at > 0 && is_pair(bytes[at - 1]));
}

/* The byte at AT ends a letter of a script that writes without spaces. */
static inline bool is_dense_tail(const unsigned char *bytes, size_t at)
{
    return (bytes[at] & 0xC0) == 0x80 && !(at > 0 && is_pair(bytes[at - 1]));
}

/* Some of the bytes are hiragana or katakana: only Japanese has them. */
static inline bool has_kana(const unsigned char *bytes, size_t length)
{
    const unsigned char *end = bytes + length;
    while ((bytes = memchr(bytes, 0xE3, (size_t)(end - bytes))) != NULL && bytes + 1 < end) {
        if (bytes[1] >= 0x81 && bytes[1] <= 0x83)
            return true;
        bytes++;
    }
    return false;
}

/* No word goes through the place before AT. */
static inline bool is_edge(const unsigned char *bytes, size_t at)
{
    return at == 0 || !is_word_byte(bytes, at - 1) || !is_word_byte(bytes, at);
}

/* "9три5": digits may stand right beside a word for a number. */
static inline bool is_number_edge(const unsigned char *bytes, size_t at)
{
    return is_edge(bytes, at) || is_digit(bytes[at - 1]) || is_digit(bytes[at]);
}

/* Sentences end here; a dot within a number or an address ends none. */
static inline bool ends_sentence(const unsigned char *bytes, size_t at)
{
    unsigned char c = bytes[at];
    return c == '!' || c == '?' || c == '\n' ||
           (c == '.' && (bytes[at + 1] == ' ' || bytes[at + 1] == '\n' || bytes[at + 1] == 0));
}
