#include "policy/fold.h"

#include <stdlib.h>
#include <string.h>

#include "policy/letters.h"

#include "policy/fold_table.inc"

/* As in tools/fold_table.c: the low bits of an entry; above them length (5 bits) and place. */
enum entry_kind { KEEP = 0, DROP = 1, SPACE = 2, VOICED = 3, BYTES = 4, KIND_MASK = 7 };

#define PAGE_BITS 7
#define LONGEST 31 /* bytes that one character becomes */
#define SHORT 4    /* most become no more */

void folded_done(struct folded *folded)
{
    free(folded->bytes);
    free(folded->from);
    *folded = (struct folded){0};
}

static void grow(struct folded *folded, size_t wanted)
{
    if (wanted <= folded->capacity)
        return;
    size_t capacity = wanted + wanted / 2;
    folded->bytes = realloc(folded->bytes, capacity + FOLD_PADDING);
    folded->from = realloc(folded->from, (capacity + FOLD_PADDING) * sizeof *folded->from);
    MUST(folded->bytes != NULL && folded->from != NULL);
    folded->capacity = capacity;
}

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

/* The length of the character at BYTES, 0 if it is no UTF-8; the code point into *POINT. */
static size_t decode(const unsigned char *bytes, size_t length, uint32_t *point)
{
    uint32_t lead = bytes[0];
    if (lead >= 0xC2 && lead < 0xE0 && length >= 2 && is_tail(bytes[1])) {
        *point = (lead & 0x1F) << 6 | (bytes[1] & 0x3F);
        return 2;
    }
    if (lead >= 0xE0 && lead < 0xF0 && length >= 3 && is_tail(bytes[1]) && is_tail(bytes[2])) {
        uint32_t c = (lead & 0xF) << 12 | (uint32_t)(bytes[1] & 0x3F) << 6 | (bytes[2] & 0x3F);
        *point = c;
        return c < 0x800 || (c >= 0xD800 && c < 0xE000) ? 0 : 3;
    }
    if (lead >= 0xF0 && lead < 0xF5 && length >= 4 && is_tail(bytes[1]) && is_tail(bytes[2]) &&
        is_tail(bytes[3])) {
        uint32_t c = (lead & 7) << 18 | (uint32_t)(bytes[1] & 0x3F) << 12 |
                     (uint32_t)(bytes[2] & 0x3F) << 6 | (bytes[3] & 0x3F);
        *point = c;
        return c < 0x10000 || c > 0x10FFFF ? 0 : 4;
    }
    return 0;
}

/* Eight bytes of ASCII at once: letters to lower case, control signs to spaces. */
static bool fold_ascii(uint64_t eight, uint64_t *out)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    if ((eight & tops) != 0)
        return false;
    uint64_t from_a = eight + ones * (0x80 - 'A'), after_z = eight + ones * (0x7F - 'Z');
    uint64_t upper = (from_a & ~after_z & tops) >> 7;
    uint64_t printed = (eight + ones * (0x80 - 0x20)) & tops;
    if (printed != tops)
        return false;
    *out = eight | upper * 0x20;
    return true;
}

/* A half-width voicing mark belongs to the kana before it: か and ﾞ are が. */
static void voice(unsigned char *end, bool half)
{
    if (end[-3] != 0xE3 || (end[-2] != 0x81 && end[-2] != 0x82))
        return;
    uint32_t kana = 0x3000u | (uint32_t)(end[-2] & 0x3F) << 6 | (end[-1] & 0x3F);
    bool to_voiced = (kana >= 0x304B && kana <= 0x3062 && kana % 2 == 1) || kana == 0x3064 ||
                     kana == 0x3066 || kana == 0x3068;
    bool of_ha = kana >= 0x306F && kana <= 0x307D && kana % 3 == 0;
    if (to_voiced || of_ha)
        end[-1] = (unsigned char)(end[-1] + (half && of_ha ? 2 : 1));
}

/* COUNT bytes of BECOME, of which THERE can be read, come from the character at FROM. */
static void put(struct folded *folded, const unsigned char *become, size_t count, size_t there,
                uint32_t from)
{
    unsigned char *out = folded->bytes + folded->length;
    uint32_t *out_from = folded->from + folded->length;
    folded->length += count;
    if (count <= SHORT && there >= SHORT) { /* nearly always: what is too much is written over */
        memcpy(out, become, SHORT);
        for (size_t i = 0; i < SHORT; i++)
            out_from[i] = from;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = become[i];
        out_from[i] = from;
    }
}

/* Folds the one character at BYTES; returns how many bytes it had. */
static size_t fold_one(struct folded *folded, const unsigned char *bytes, size_t length, size_t at)
{
    uint32_t point = bytes[0];
    size_t used = point < 0x80 ? 1 : decode(bytes, length, &point);
    uint32_t entry = SPACE;
    if (used == 0)
        used = 1;
    else
        entry = fold_entries[fold_pages[point >> PAGE_BITS]][point & ((1u << PAGE_BITS) - 1)];
    unsigned char *out = folded->bytes + folded->length;
    const unsigned char *become = bytes;
    size_t count = used;
    switch (entry & KIND_MASK) {
    case DROP:
        return used;
    case VOICED:
        if (folded->length >= 3)
            voice(out, point == 0x309A || point == 0xFF9F);
        return used;
    case SPACE: /* many signs are one space */
        if (folded->length > 0 && out[-1] == ' ')
            return used;
        become = (const unsigned char *)"    ";
        count = 1;
        break;
    case BYTES:
        become = fold_pool + (entry >> 8);
        count = entry >> 3 & LONGEST;
        break;
    default:
        break;
    }
    put(folded, become, count, become == bytes ? length : SHORT, (uint32_t)at);
    return used;
}

void fold_text(struct folded *folded, struct text text)
{
    MUST(text.length <= UINT32_C(1) << 30);
    const unsigned char *bytes = (const unsigned char *)text.bytes;
    folded->length = 0;
    grow(folded, text.length + LONGEST + 1);
    for (size_t at = 0; at < text.length;) {
        uint64_t eight, lower;
        size_t left = text.length - at;
        if (folded->capacity < folded->length + left + LONGEST)
            grow(folded, folded->length + left + left / 2 + LONGEST);
        if (left >= 8) {
            memcpy(&eight, bytes + at, 8);
            if (fold_ascii(eight, &lower)) {
                memcpy(folded->bytes + folded->length, &lower, 8);
                uint32_t *from = folded->from + folded->length;
                for (uint32_t i = 0; i < 8; i++)
                    from[i] = (uint32_t)at + i;
                folded->length += 8;
                at += 8;
                continue;
            }
        }
        at += fold_one(folded, bytes + at, left, at);
    }
    memset(folded->bytes + folded->length, 0, FOLD_PADDING);
    folded->from[folded->length] = (uint32_t)text.length;
}

struct text folded_original(const struct folded *folded, struct text original, size_t start,
                            size_t end)
{
    MUST(start < end && end <= folded->length);
    size_t from = folded->from[start], last = folded->from[end - 1];
    uint32_t point;
    size_t length =
        decode((const unsigned char *)original.bytes + last, original.length - last, &point);
    return text_slice(original, from, last + (length > 0 ? length : 1));
}

/* --- unhiding --- */

/* Letters are put for digits only within words of so many; "a4" and "usb3.0" stay. */
#define LEET_LETTERS_MIN 4
#define SPACED_MIN 4 /* so many single letters in a row are one word */
#define SEPARATORS_MAX 3

static bool hides_words(unsigned char c)
{
    return c == ' ' || c == '_' || c == '|' || c == '~' ||
           (c >= '*' && c <= '/' && c != ',' && c != '+');
}

static bool is_vowel(unsigned char c)
{
    return c != 0 && strchr("aeiou", c) != NULL;
}

static const char letters_of_digits[] = "oi?eas?tbg"; /* ?: none looks like it */

int fold_hidden_digit(unsigned char letter)
{
    const char *found = is_ascii_letter(letter) ? strchr(letters_of_digits, letter) : NULL;
    return found != NULL ? (int)(found - letters_of_digits) : -1;
}

/* Only letters of one byte can stand in a digit's place; in Cyrillic words that is "о" alone. */
static unsigned char letter_for(const unsigned char *at, bool cyrillic)
{
    if (cyrillic)
        return *at == '0' ? 'o' : '?';
    if (*at == '1')
        return is_vowel(at[-1]) && is_vowel(at[1]) ? 'l' : 'i';
    return (unsigned char)letters_of_digits[*at - '0'];
}

/* The end of the word (letters and digits of scripts with words) that starts at AT. */
static size_t word_end(const struct folded *folded, size_t at, size_t *letters, size_t *lone_digits)
{
    const unsigned char *bytes = folded->bytes;
    size_t start = at;
    *letters = *lone_digits = 0;
    while (at < folded->length && is_word_byte(bytes, at)) {
        if (is_digit(bytes[at])) {
            bool between = at > start && !is_digit(bytes[at - 1]) && !is_digit(bytes[at + 1]) &&
                           is_word_byte(bytes, at + 1);
            *lone_digits = between ? *lone_digits + 1 : *lone_digits;
        } else {
            *letters += (bytes[at] & 0xC0) != 0x80;
        }
        at++;
    }
    return at;
}

static void unhide_digits(struct folded *folded, size_t start, size_t end)
{
    unsigned char *bytes = folded->bytes;
    bool cyrillic = false;
    for (size_t i = start; i < end; i++)
        cyrillic = cyrillic || bytes[i] >= 0x80;
    for (size_t i = start + 1; i + 1 < end; i++) {
        if (is_digit(bytes[i]) && !is_digit(bytes[i - 1]) && !is_digit(bytes[i + 1])) {
            unsigned char letter = letter_for(bytes + i, cyrillic);
            bytes[i] = letter == '?' ? bytes[i] : letter;
        }
    }
}

static void unhide_words(struct folded *folded)
{
    for (size_t at = 0; at < folded->length;) {
        size_t letters, digits;
        if (!is_word_byte(folded->bytes, at)) {
            at++;
            continue;
        }
        size_t end = word_end(folded, at, &letters, &digits);
        if (digits > 0 && letters >= LEET_LETTERS_MIN && letters >= 2 * digits)
            unhide_digits(folded, at, end);
        at = end;
    }
}

/* A separator run from AT that may be taken out; returns its end, AT if there is none. */
static size_t separators(const struct folded *folded, size_t at)
{
    size_t end = at;
    while (end < folded->length && end - at <= SEPARATORS_MAX && hides_words(folded->bytes[end]))
        end++;
    return end - at <= SEPARATORS_MAX ? end : at;
}

/* If a single letter stands at AT (no other before or behind it), its length; or 0. */
static size_t single_letter(const struct folded *folded, size_t at)
{
    const unsigned char *bytes = folded->bytes;
    size_t length = bytes[at] >= 0xC3 && bytes[at] <= 0xDF ? 2 : 1;
    if (at >= folded->length || !is_word_byte(bytes, at) || is_digit(bytes[at]) ||
        (at > 0 && is_word_byte(bytes, at - 1)) || is_word_byte(bytes, at + length))
        return 0;
    return length;
}

/* Where the row of single letters that starts at AT ends, and how many they are. */
static size_t spaced_end(const struct folded *folded, size_t at, size_t *count)
{
    size_t end = at, length = single_letter(folded, at);
    *count = 0;
    while (length > 0) {
        end = at + length;
        ++*count;
        at = separators(folded, end);
        length = at > end ? single_letter(folded, at) : 0;
    }
    return end;
}

static bool is_dense(const struct folded *folded, size_t at)
{
    return at < folded->length && folded->bytes[at] >= 0xE0;
}

/* True if the separators from START to END stand in what is written without any. */
static bool in_dense_text(const struct folded *folded, size_t start, size_t end)
{
    const unsigned char *bytes = folded->bytes;
    if (start == 0 || end >= folded->length)
        return false;
    bool dense_left = is_dense_tail(bytes, start - 1), dense_right = is_dense(folded, end);
    if (dense_left && dense_right)
        return true;
    if (dense_left)
        return single_letter(folded, end) == 1;
    return dense_right && single_letter(folded, start - 1) == 1;
}

static void move_bytes(struct folded *folded, size_t *to, size_t from, size_t count)
{
    memmove(folded->bytes + *to, folded->bytes + from, count);
    memmove(folded->from + *to, folded->from + from, count * sizeof *folded->from);
    *to += count;
}

/* The row of letters without its separators; a dot among spaces belongs to what is spelled. */
static void move_spaced(struct folded *folded, size_t *to, size_t from, size_t end)
{
    size_t first = from;
    while (first < end && !hides_words(folded->bytes[first]))
        first++;
    bool by_spaces = first + 1 < end && folded->bytes[first] == ' ';
    while (from < end) {
        bool dot = by_spaces && folded->bytes[from] == '.';
        if (hides_words(folded->bytes[from]) && !dot)
            from++;
        else
            move_bytes(folded, to, from++, 1);
    }
}

static void unhide_spaced(struct folded *folded)
{
    size_t to = 0;
    /* What is read lies behind what is written, but a look back needs the original: a copy. */
    struct folded copy = {0};
    grow(&copy, folded->length + 1);
    MUST(copy.bytes != NULL);
    memcpy(copy.bytes, folded->bytes, folded->length + FOLD_PADDING);
    copy.length = folded->length;
    for (size_t at = 0; at < copy.length;) {
        size_t count, end = spaced_end(&copy, at, &count);
        if (count >= SPACED_MIN) {
            move_spaced(folded, &to, at, end);
            at = end;
            continue;
        }
        end = count > 0 ? end : separators(&copy, at);
        if (count == 0 && end > at && in_dense_text(&copy, at, end)) {
            at = end;
            continue;
        }
        end = end > at ? end : at + 1;
        move_bytes(folded, &to, at, end - at);
        at = end;
    }
    folded->from[to] = folded->from[folded->length];
    folded->length = to;
    memset(folded->bytes + to, 0, FOLD_PADDING);
    folded_done(&copy);
}

void fold_unhide(struct folded *folded)
{
    unhide_spaced(folded);
    unhide_words(folded);
}
