/*
 * Scanners for what is no phrase: numbers, links, mail addresses, nicknames. They work on folded,
 * unhidden text and find candidates; rules say what they are worth. Only inside src/policy.
 */
#pragma once

#include "policy/rules.h"
#include "policy/shape.h"

#define CANDIDATES_MAX 128

struct candidate {
    enum scanner scanner;
    size_t start, end;
    struct text list; /* of a link: the list that its host is in, or none */
};

struct candidates {
    size_t count;
    bool crowded; /* more than fit */
    struct candidate all[CANDIDATES_MAX];
};

void candidate_add(struct candidates *candidates, enum scanner scanner, size_t start, size_t end,
                   struct text list);

/* What was known of a message, folded: only letters and digits. */
struct known {
    size_t count;
    struct text all[POLICY_KNOWN_MAX];
    struct buffer bytes;
};

/* A number that is written as a word ("nine", "девять", "九"), as it was found. */
struct number_word {
    uint32_t start, end;
    unsigned char digits; /* how many it stands for */
    char value;           /* its digit, or 'x' if it is more than one */
};

/* scan_number.c: true if from START to END there is nothing but an id that the server knows. */
bool scan_is_known(const struct folded *folded, const struct known *known, size_t start,
                   size_t end);
/* scan_number.c: SCANNER_PHONE, _NUMBER, _CARD. Returns how many bytes were looked at. */
size_t scan_numbers(const struct folded *folded, const struct known *known, struct text language,
                    struct candidates *candidates);
size_t scan_spelled(const struct folded *folded, struct number_word *words, size_t count,
                    struct candidates *candidates);
/* True if a telephone number could be written with exactly these digits. */
bool is_phone_shape(const char *digits, size_t count);
/* The digits of TEXT one after another; false if there are more than MAX, or words beside them. */
bool scan_piece(const struct folded *folded, char *digits, size_t max, size_t *count);

/* scan_address.c: SCANNER_EMAIL, _LINK, _HANDLE around the marks of SHAPE. */
size_t scan_addresses(const struct policy *policy, const struct folded *folded,
                      const struct shape *shape, struct candidates *candidates);

/* Links whose dots are hidden in brackets or between spaces. Returns how much was looked at. */
size_t scan_masked_links(const struct folded *folded, struct candidates *candidates);

/* builtin.c: phrases that belong to scanners, and words for numbers. */
struct builtin_phrase {
    enum scanner scanner;
    const char *phrase;
};
struct builtin_number {
    const char *word;
    unsigned char digits;
    char value;
};
extern const struct builtin_phrase builtin_phrases[];
extern const size_t builtin_phrase_count;
extern const struct builtin_number builtin_numbers[];
extern const size_t builtin_number_count;
