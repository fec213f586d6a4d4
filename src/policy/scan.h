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

/* What a word is that stands for digits or for a sign of an address. */
enum word_kind {
    WORD_UNIT,     /* "seven": one digit */
    WORD_TEEN,     /* "seventeen", "veintidós": two */
    WORD_TENS,     /* "seventy", which a unit may fill */
    WORD_HUNDREDS, /* "девятьсот", which tens and a unit may fill */
    WORD_HUNDRED,  /* behind a unit */
    WORD_TIMES,    /* "double": the next digit so often */
    WORD_MANY,     /* "sevens": so often as the digit before says */
    WORD_REPEAT,   /* "よっつ": the digit before so often */
    WORD_AT,       /* "arroba" */
    WORD_WEAK_AT,  /* "at", which is a word of its own, too */
    WORD_DOT,
};

/* Such a word, as it was found. */
struct told_word {
    uint32_t start, end;
    unsigned char kind, value;
    bool ends_well; /* scan_spelled: no other word goes on there */
};

/* scan_number.c: true if from START to END there is nothing but an id that the server knows. */
bool scan_is_known(const struct folded *folded, const struct known *known, size_t start,
                   size_t end);
/* scan_number.c: false if scan_numbers would find nothing. Adds the bytes looked at to WORK. */
bool scan_may_have_numbers(const struct folded *folded, const struct shape *shape, uint64_t *work);
/* scan_number.c: SCANNER_PHONE, _NUMBER, _CARD. Returns how many bytes were looked at. */
size_t scan_numbers(const struct folded *folded, const struct known *known, struct text language,
                    struct candidates *candidates);
/* scan_spelled.c: SCANNER_PHONE in words, beside TYPED digits of the message. Sorts WORDS. Returns
 * how many bytes were looked at. */
size_t scan_spelled(const struct folded *folded, struct told_word *words, size_t count,
                    size_t typed, struct candidates *candidates);
/* True if a telephone number could be written with exactly these digits. */
bool is_phone_shape(const char *digits, size_t count);

#define PIECE_ROWS_MAX 8
#define PIECE_WORDS_MAX 20 /* characters that are written without spaces; a word is two */

/* The digits of a short message, one after another. */
struct piece {
    char digits[POLICY_PIECES_MAX];
    size_t count, words;                /* words beside the digits */
    unsigned char ends[PIECE_ROWS_MAX]; /* where each row of them ends */
    size_t rows;
};

/* scan_spelled.c: false if there are too many digits or words, or next to no digits. */
bool scan_piece(const struct folded *folded, struct told_word *words, size_t count,
                struct piece *piece);

/* scan_address.c: SCANNER_EMAIL, _LINK, _HANDLE around the marks of SHAPE. */
size_t scan_addresses(const struct policy *policy, const struct folded *folded,
                      const struct shape *shape, struct candidates *candidates);

/* Links whose dots are hidden in brackets or between spaces. Returns how much was looked at. */
size_t scan_masked_links(const struct policy *policy, const struct folded *folded,
                         struct candidates *candidates);
/*
 * scan_worded.c: SCANNER_EMAIL, _LINK whose signs are told ("arroba", "точка"), at WORDS, which
 * are sorted. Returns how many bytes were looked at.
 */
size_t scan_worded(const struct policy *policy, const struct folded *folded,
                   const struct told_word *words, size_t count, struct candidates *candidates);

/* scan_address.c: WORD is one of LIST, which are short and each between spaces. */
bool in_list(const char *list, const unsigned char *word, size_t length);
/* scan_address.c: endings of hosts, and what list a host is in (none: TEXT_NONE). */
bool is_host_ending(const unsigned char *ending, size_t length);
bool is_mail_host(const unsigned char *name, size_t length);
struct text list_of_host(const struct policy *policy, struct text host);
bool is_host_byte(const unsigned char *bytes, size_t at);

/* builtin.c: phrases that belong to scanners, and words for digits and signs. */
struct builtin_phrase {
    enum scanner scanner;
    const char *phrase;
};
struct builtin_word {
    const char *word;
    unsigned char kind, value; /* enum word_kind */
};
extern const struct builtin_phrase builtin_phrases[];
extern const size_t builtin_phrase_count;
extern const struct builtin_word builtin_words[];
extern const size_t builtin_word_count;
