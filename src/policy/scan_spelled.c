#include <string.h>

#include "policy/letters.h"
#include "policy/scan.h"
#include "policy/told.h"

/*
 * Numbers that are told: "восемь девятьсот шестнадцать", "double seven", "四个零", mixed with
 * digits. The index finds the words; a row of them becomes the digits that a hearer writes down.
 */

#define DIGITS_MAX 24
#define TOLD_MIN 7
#define TOLD_MAX 15 /* ITU-T E.164 */
#define REACH 48    /* bytes before the first word where digits of the row may begin */
#define SIGNS_MAX 5 /* between two parts of a row */
#define REPEAT_MAX 8
#define TYPED_MIN 4     /* digits beside fewer words than three */
#define ALONE 20        /* bytes to the next word that no filler and signs fill */
#define DENSE_OF_WORD 2 /* characters that say as much as a word */

struct row {
    char digits[DIGITS_MAX];
    size_t count;
    size_t start, end;
    size_t words, units, parts; /* words, those of one digit, words and groups of digits */
    int values[DIGITS_MAX];     /* of the parts */
    bool open_one, open_two;    /* the last digits are noughts that a smaller number fills */
    bool single;                /* the last part is one digit, which may count what follows */
    bool nought;                /* a nought was said */
    bool typed, typed_first, typed_last;
    bool replaced; /* a letter stands for a digit */
    bool cut;
    size_t repeat; /* how often the next digit stands there, 0: once */
};

static bool is_number(const struct told_word *word)
{
    return word->kind <= WORD_REPEAT;
}

static void sort_words(struct told_word *words, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct told_word word = words[i];
        size_t place = i;
        while (place > 0 &&
               (words[place - 1].start > word.start ||
                (words[place - 1].start == word.start && words[place - 1].end < word.end))) {
            words[place] = words[place - 1];
            place--;
        }
        words[place] = word;
    }
}

/* A word ends at an edge, or where another does that ends well: "нольноль", also "ноль0ноль". */
static void mark_ends(const struct folded *folded, struct told_word *words, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        struct told_word *word = &words[i];
        word->ends_well = is_number_edge(folded->bytes, word->end);
        if (word->kind == WORD_MANY) /* "fivesfive" was "five5five" */
            continue;
        size_t next = word->end + (fold_hidden_digit(folded->bytes[word->end]) >= 0);
        for (size_t j = i + 1; j < count && words[j].start <= next && !word->ends_well; j++)
            word->ends_well = words[j].ends_well && is_number(&words[j]) &&
                              (words[j].start == next || words[j].start == word->end);
    }
}

static void add_digit(struct row *row, int digit)
{
    size_t times = row->repeat > 0 ? row->repeat : 1;
    for (; times > 0; times--) {
        row->cut = row->cut || row->count == DIGITS_MAX;
        if (!row->cut)
            row->digits[row->count++] = (char)('0' + digit);
    }
    row->repeat = 0;
}

static void add_part(struct row *row, int value)
{
    if (row->parts < DIGITS_MAX)
        row->values[row->parts] = value;
    row->parts++;
}

/* Takes the last digit away, if it may count what follows; how much it counts, or 0. */
static size_t take_count(struct row *row)
{
    size_t count = row->single && row->count > 0 ? (size_t)(row->digits[row->count - 1] - '0') : 0;
    if (count < 2 || count > REPEAT_MAX)
        return 0;
    row->count--;
    row->parts -= row->parts > 0;
    return count;
}

static void add_tens(struct row *row, int value, bool ends_open)
{
    if (row->open_two)
        row->count -= 2;
    add_digit(row, value / 10);
    add_digit(row, value % 10);
    row->open_one = ends_open;
    row->open_two = false;
}

static void add_unit(struct row *row, int value)
{
    bool fills = value > 0 && (row->open_one || row->open_two) && row->count > 0;
    row->count -= fills;
    add_digit(row, value);
    row->single = !fills;
    row->nought = row->nought || value == 0;
    row->units++;
    row->open_one = row->open_two = false;
}

static void add_hundreds(struct row *row, int value)
{
    add_digit(row, value);
    add_digit(row, 0);
    add_digit(row, 0);
    row->open_two = true;
    row->open_one = false;
}

static void add_word(struct row *row, const struct told_word *word)
{
    bool single = row->single;
    size_t times;
    row->single = single && (word->kind == WORD_MANY || word->kind == WORD_HUNDRED);
    row->words++;
    switch (word->kind) {
    case WORD_UNIT:
        add_unit(row, word->value);
        break;
    case WORD_TEEN:
        add_tens(row, word->value, false);
        break;
    case WORD_TENS:
        add_tens(row, word->value, true);
        break;
    case WORD_HUNDREDS:
        add_hundreds(row, word->value);
        break;
    case WORD_HUNDRED:
        times = take_count(row);
        add_hundreds(row, times > 0 ? (int)times : 1);
        break;
    case WORD_MANY:
        row->repeat = take_count(row);
        add_unit(row, word->value);
        break;
    case WORD_TIMES:
        row->repeat = word->value;
        return;
    default: /* WORD_REPEAT */
        row->repeat = row->count > 0 && word->value > 1 ? (size_t)word->value - 1 : 0;
        if (row->repeat > 0)
            add_digit(row, row->digits[row->count - 1] - '0');
        return;
    }
    add_part(row, word->value);
    row->typed_last = false;
}

/* "5 cinco O I 3": a letter alone that looks like a digit, with digits behind. */
static bool is_letter_digit(const struct folded *folded, size_t at)
{
    const unsigned char *bytes = folded->bytes;
    unsigned char c = bytes[at];
    if ((c != 'o' && c != 'i' && c != 'l') || !is_edge(bytes, at) || !is_edge(bytes, at + 1))
        return false;
    unsigned char next = bytes[at + 1] == ' ' || bytes[at + 1] == '-' ? bytes[at + 2] : 0;
    return is_digit(next) || next == 'i' || next == 'l';
}

/* Digits as they stand, or one letter in a digit's place. Returns where they end. */
static size_t add_typed(const struct folded *folded, struct row *row, size_t at)
{
    size_t start = at;
    int value = 0;
    row->open_one = row->open_two = false;
    for (; at < folded->length && is_digit(folded->bytes[at]); at++) {
        int digit = folded->bytes[at] - '0';
        value = value > 100000 ? value : value * 10 + digit;
        add_digit(row, digit);
    }
    if (at == start) {
        add_digit(row, folded->bytes[at++] == 'o' ? 0 : 1);
        row->replaced = true;
    }
    row->single = at - start == 1;
    row->typed_first = row->typed_first || row->words == 0;
    row->typed = row->typed_last = true;
    add_part(row, value);
    return at;
}

/* "один, два, три …", "ten, twenty, thirty": a count, or the same again and again. */
static bool is_series(const struct row *row)
{
    size_t parts = row->parts < DIGITS_MAX ? row->parts : DIGITS_MAX;
    if (parts < 3)
        return false;
    for (size_t i = 2; i < parts; i++)
        if (row->values[i] - row->values[i - 1] != row->values[1] - row->values[0])
            return false;
    return true;
}

/* Telephone numbers of more countries than typed digits may have: words are said for a reason. */
static bool is_told_phone(const char *d, size_t count)
{
    static const char *const prefixes[] = {"1",  "7",  "8",  "34", "44", "51", "52", "54", "55",
                                           "56", "57", "58", "59", "81", "86", "9",  "0"};
    if (is_phone_shape(d, count) || count == 10)
        return true;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (count >= 10 && count <= 13 && memcmp(d, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool is_row_phone(const struct row *row)
{
    size_t count = row->count;
    if (row->words == 0 || row->cut || count < TOLD_MIN || count > TOLD_MAX || is_series(row))
        return false;
    bool shape = count >= TOLD_MIN + 2 && is_told_phone(row->digits, count);
    if (row->words < 3)
        return shape && (row->words == 2 || (row->typed_first && row->typed_last));
    if (row->replaced || row->units == 0)
        return shape;
    if (row->typed)
        return shape || (count < 9 && (row->nought || row->words > 3));
    return shape || row->units >= TOLD_MIN - 2 || row->nought;
}

static void end_row(struct row *row, struct candidates *candidates)
{
    if (row->end == 0) /* it has not begun */
        return;
    if (row->parts > 0 && is_row_phone(row))
        candidate_add(candidates, SCANNER_PHONE, row->start, row->end, TEXT_NONE);
    *row = (struct row){0};
}

/* What may stand between two parts of a row, from AT on; its end, SIZE_MAX if the row ends. */
static size_t pass_between(const struct folded *folded, struct row *row, size_t at)
{
    const unsigned char *bytes = folded->bytes;
    for (size_t signs = 0; at < folded->length && signs <= SIGNS_MAX;) {
        size_t filler = told_filler(folded, at), counter = told_counter(folded, at);
        if (counter > 0 && row->single) {
            row->repeat = take_count(row);
            row->single = false;
            return at + counter;
        }
        if (filler > 0) {
            row->open_one = row->open_one && filler == 1;
            row->open_two = row->open_two && filler < 4;
            row->single = false;
            at += filler;
            signs = 0;
        } else if (!is_word_byte(bytes, at) && bytes[at] < 0x80) {
            bool closes = bytes[at] != ' ' && bytes[at] != '-';
            row->open_one = row->open_one && !closes;
            row->open_two = row->open_two && !closes;
            row->single = row->single && !closes;
            at++;
            signs++;
        } else {
            return at;
        }
    }
    return SIZE_MAX;
}

/* The word that starts at AT and ends well; *NEXT is the first that may. NULL if there is none. */
static const struct told_word *word_at(const struct told_word *words, size_t count, size_t *next,
                                       size_t at)
{
    while (*next < count && words[*next].start < at)
        ++*next;
    for (size_t i = *next; i < count && words[i].start == at; i++)
        if (is_number(&words[i]) && words[i].ends_well)
            return &words[i];
    return NULL;
}

/* One part of the row at AT, of which the row may not have any yet; its end, AT if there is none.
 */
static size_t read_part(const struct folded *folded, const struct told_word *words, size_t count,
                        size_t *next, struct row *row, size_t at)
{
    const unsigned char *bytes = folded->bytes;
    bool edge = row->parts > 0 && row->end == at;
    const struct told_word *word = word_at(words, count, next, at);
    if (word != NULL && (edge || is_number_edge(bytes, at))) {
        add_word(row, word);
        return word->end;
    }
    if (edge && fold_hidden_digit(bytes[at]) >= 0 && word_at(words, count, next, at + 1) != NULL) {
        add_unit(row, fold_hidden_digit(bytes[at]));
        return at + 1;
    }
    if (is_digit(bytes[at]) || (row->parts > 0 && is_letter_digit(folded, at)))
        return add_typed(folded, row, at);
    return at;
}

/* Where a row that has the word at WORD may begin. */
static size_t row_begin(const struct folded *folded, size_t word, size_t from)
{
    size_t at = word > from + REACH ? word - REACH : from;
    while (at < word &&
           ((folded->bytes[at] & 0xC0) == 0x80 ||
            (at > 0 && is_digit(folded->bytes[at]) && is_digit(folded->bytes[at - 1]))))
        at++;
    return at;
}

/* Reads rows from AT until one ends at or behind the word at WORD; where it ends. */
static size_t read_rows(const struct folded *folded, const struct told_word *words, size_t count,
                        size_t at, size_t word, struct candidates *candidates)
{
    struct row row = {0};
    size_t next = 0, passed = at;
    while (next < count && words[next].start < at)
        next++;
    while (at < folded->length) {
        size_t end = read_part(folded, words, count, &next, &row, at);
        if (end > at) {
            row.start = row.end == 0 ? at : row.start;
            passed = row.end = at = end;
            size_t behind = pass_between(folded, &row, at);
            if (behind != SIZE_MAX) {
                at = behind;
                continue;
            }
        }
        end_row(&row, candidates);
        if (at >= word)
            break;
        at++;
    }
    end_row(&row, candidates);
    return passed > word ? passed : word + 1;
}

size_t scan_spelled(const struct folded *folded, struct told_word *words, size_t count,
                    size_t typed, struct candidates *candidates)
{
    size_t passed = 0, work = count * 16;
    sort_words(words, count);
    if (count < 3 && typed < TYPED_MIN)
        return work;
    mark_ends(folded, words, count);
    for (size_t i = 0; i < count; i++) {
        if (words[i].start < passed || !is_number(&words[i]))
            continue;
        if (typed == 0 && (i + 1 == count || words[i + 1].start > words[i].end + ALONE))
            continue;
        size_t from = row_begin(folded, words[i].start, passed);
        passed = read_rows(folded, words + i, count - i, from, words[i].start, candidates);
        work += passed - from;
    }
    return work;
}

/* Adds the digits of ROW, if it is more than a lone word, to PIECE; false if they are too many. */
static bool add_piece(struct row *row, struct piece *piece)
{
    bool counts = row->parts > 1 || row->typed;
    size_t left = sizeof piece->digits - piece->count;
    piece->words += counts ? 0 : DENSE_OF_WORD * row->words;
    if (counts && (row->cut || row->count > left || piece->rows == PIECE_ROWS_MAX))
        return false;
    if (counts) {
        memcpy(piece->digits + piece->count, row->digits, row->count);
        piece->count += row->count;
        piece->ends[piece->rows++] = (unsigned char)piece->count;
    }
    *row = (struct row){0};
    return true;
}

bool scan_piece(const struct folded *folded, struct told_word *words, size_t count,
                struct piece *piece)
{
    const unsigned char *bytes = folded->bytes;
    struct row row = {0};
    size_t next = 0;
    *piece = (struct piece){0};
    sort_words(words, count);
    mark_ends(folded, words, count);
    for (size_t at = 0; at < folded->length && piece->words <= PIECE_WORDS_MAX;) {
        size_t end = read_part(folded, words, count, &next, &row, at);
        if (end > at) {
            row.end = end;
            size_t behind = pass_between(folded, &row, end);
            at = behind == SIZE_MAX ? end : behind;
            if (behind != SIZE_MAX)
                continue;
        }
        if (!add_piece(&row, piece))
            return false;
        if (at < folded->length && (is_word_byte(bytes, at) || bytes[at] >= 0xE0))
            piece->words += bytes[at] >= 0xE0                         ? 1
                            : at == 0 || !is_word_byte(bytes, at - 1) ? DENSE_OF_WORD
                                                                      : 0;
        at++;
    }
    return add_piece(&row, piece) && piece->words <= PIECE_WORDS_MAX && piece->count >= 2;
}
