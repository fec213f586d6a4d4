/*
 * Prints the table by which src/policy/fold.c folds a message, made with ICU when the program is
 * built: what a code point becomes, so that texts that look alike are alike.
 *
 * In this order: what is invisible goes; digits of all scripts become 0 to 9; NFKC and case
 * folding; marks go; a letter that looks like a Latin one becomes it (Unicode TR 39, also by its
 * capital: Cyrillic "В" is "B", so "в" becomes "b"); katakana become hiragana; traditional
 * characters become simplified ones; other signs become spaces. Texts and rules are folded by the
 * same table, so that it may be coarse as long as words stay different.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/uspoof.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

#define PAGE_BITS 7
#define PAGE_SIZE (1 << PAGE_BITS)
#define PAGES (0x110000 >> PAGE_BITS)
#define UNITS 40 /* of UTF-16, the longest that one code point becomes */
#define POOL_MAX 65536

/* As in src/policy/fold.c. */
enum { KEEP = 0, DROP = 1, SPACE = 2, VOICED = 3, BYTES = 4 };

static const UNormalizer2 *nfd, *nfkc_fold;
static USpoofChecker *spoof;
static UTransliterator *simplify;
static uint32_t pages[PAGES][PAGE_SIZE];
static char pool[POOL_MAX];
static size_t pool_length;

static void check(UErrorCode status, const char *what)
{
    if (U_FAILURE(status)) {
        fprintf(stderr, "fold_table: %s: %s\n", what, u_errorName(status));
        exit(1);
    }
}

static int32_t code_points(const UChar *from, int32_t length, UChar32 *out)
{
    int32_t count = 0;
    for (int32_t i = 0; i < length; count++)
        U16_NEXT(from, i, length, out[count]);
    return count;
}

/* The one code point that C is confused with, if it is an ASCII letter; or 0. */
static UChar32 skeleton_letter(UChar32 c)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar source[2], skeleton[UNITS], parts[UNITS];
    int32_t length = 0;
    U16_APPEND_UNSAFE(source, length, c);
    length = uspoof_getSkeleton(spoof, 0, source, length, skeleton, UNITS, &status);
    check(status, "uspoof_getSkeleton");
    length = unorm2_normalize(nfd, skeleton, length, parts, UNITS, &status);
    check(status, "unorm2_normalize");
    UChar32 found = 0, points[UNITS];
    int32_t count = code_points(parts, length, points);
    for (int32_t i = 0; i < count; i++) {
        if (u_charType(points[i]) == U_NON_SPACING_MARK)
            continue;
        if (found != 0 || points[i] >= 0x80 || !u_isalpha(points[i]))
            return 0;
        found = u_tolower(points[i]);
    }
    return found;
}

/* "LATIN LETTER SMALL CAPITAL T" and the like, which TR 39 leaves alone. */
static UChar32 named_letter(UChar32 c)
{
    static const char *const prefixes[] = {
        "LATIN LETTER SMALL CAPITAL ", "NEGATIVE SQUARED LATIN CAPITAL LETTER ",
        "NEGATIVE CIRCLED LATIN CAPITAL LETTER ", "MODIFIER LETTER SMALL "};
    UErrorCode status = U_ZERO_ERROR;
    char name[128];
    u_charName(c, U_UNICODE_CHAR_NAME, name, sizeof name, &status);
    for (size_t i = 0; U_SUCCESS(status) && i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t length = strlen(prefixes[i]);
        if (strncmp(name, prefixes[i], length) == 0 && strlen(name) == length + 1)
            return u_tolower((UChar32)name[length]);
    }
    return 0;
}

static UChar32 look_alike(UChar32 c)
{
    /* Russian letters stay different from each other: "б" and "ь" are not "b", which "в" is. */
    if (c < 0x80 || c == 0x431 || c == 0x44C)
        return c;
    UScriptCode script;
    UErrorCode status = U_ZERO_ERROR;
    script = uscript_getScript(c, &status);
    check(status, "uscript_getScript");
    if (script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
        script == USCRIPT_HANGUL || !u_isalpha(c))
        return c;
    UChar32 letter = skeleton_letter(c);
    if (letter == 0)
        letter = skeleton_letter(u_toupper(c));
    if (letter == 0)
        letter = named_letter(c);
    return letter != 0 ? letter : c;
}

static UChar32 east_asian(UChar32 c)
{
    if (c >= 0x30A1 && c <= 0x30F6)
        return c - 0x60;
    if (c < 0x3400 || !u_isalpha(c))
        return c;
    UErrorCode status = U_ZERO_ERROR;
    UChar units[UNITS];
    int32_t length = 0;
    U16_APPEND_UNSAFE(units, length, c);
    int32_t limit = length;
    utrans_transUChars(simplify, units, &length, UNITS, 0, &limit, &status);
    check(status, "utrans_transUChars");
    UChar32 points[UNITS];
    return code_points(units, length, points) == 1 ? points[0] : c;
}

/* What is no letter and no digit: a sign of ASCII, or 0 for a space. */
static UChar32 sign(UChar32 c)
{
    switch (c) {
    case 0x3002: /* 。 ends a sentence; "." may stand between letters to hide a word */
        return '!';
    case 0x3001:
        return ',';
    case 0x2018:
    case 0x2019:
        return '\'';
    case 0x2028:
    case 0x2029:
        return '\n';
    case 0x3010:
        return '(';
    case 0x3011:
        return ')';
    case 0x2212:
        return '-';
    case 0x2795:
        return '+';
    case 0x2605: /* stars are what reviews are counted in */
    case 0x2606:
    case 0x2729:
    case 0x272D:
    case 0x2B50:
    case 0x1F31F:
        return '*';
    case 0xBF:
    case 0xA1:
        return 0;
    default:
        break;
    }
    switch (u_charType(c)) {
    case U_DASH_PUNCTUATION:
        return '-';
    case U_INITIAL_PUNCTUATION:
    case U_FINAL_PUNCTUATION:
    case U_START_PUNCTUATION:
    case U_END_PUNCTUATION:
        return '"';
    case U_CURRENCY_SYMBOL:
        return '$';
    default:
        return 0;
    }
}

static void add_utf8(char *out, size_t *length, UChar32 c)
{
    U8_APPEND_UNSAFE(out, *length, c);
}

static uint32_t bytes_entry(const char *bytes, size_t length)
{
    for (size_t i = 0; i + length <= pool_length; i++)
        if (memcmp(pool + i, bytes, length) == 0)
            return (uint32_t)(i << 8 | length << 3 | BYTES);
    if (pool_length + length > POOL_MAX || length > 31) {
        fprintf(stderr, "fold_table: %zu bytes more than the pool holds\n", length);
        exit(1);
    }
    memcpy(pool + pool_length, bytes, length);
    pool_length += length;
    return (uint32_t)((pool_length - length) << 8 | length << 3 | BYTES);
}

/* A telephone or an envelope says what the number beside it is. */
static const char *picture(UChar32 c)
{
    switch (c) {
    case 0x260E:
    case 0x260F:
    case 0x2706:
    case 0x1F4DE:
    case 0x1F4F1:
    case 0x1F4F2:
    case 0x1F57F:
    case 0x1F581:
        return " tel ";
    case 0x2709:
    case 0x1F4E7:
    case 0x1F4E8:
    case 0x1F4E9:
        return " mail ";
    default:
        return NULL;
    }
}

static int digit(UChar32 c)
{
    int value = c == 0x3007 ? 0 : u_charDigitValue(c); /* 〇 */
    if (value >= 0)
        return value;
    if (u_charType(c) != U_OTHER_NUMBER)
        return -1;
    double number = u_getNumericValue(c);
    return number >= 0 && number <= 9 && number == (int)number ? (int)number : -1;
}

static void fold_point(UChar32 c, char *out, size_t *length)
{
    int value = digit(c);
    if (value >= 0) {
        out[(*length)++] = (char)('0' + value);
    } else if (u_isalpha(c)) {
        add_utf8(out, length, east_asian(look_alike(c)));
    } else if (u_charType(c) == U_NON_SPACING_MARK || u_charType(c) == U_ENCLOSING_MARK) {
        return;
    } else if (c < 0x80) {
        out[(*length)++] = (char)(c == '\t' || c == '\r' || c == 0x0b || c == 0x0c ? ' ' : c);
    } else {
        UChar32 became = sign(c);
        out[(*length)++] = (char)(became != 0 ? became : ' ');
    }
}

static uint32_t fold_entry(UChar32 c)
{
    int type = u_charType(c);
    if (c == 0x3099 || c == 0x309A || c == 0xFF9E || c == 0xFF9F)
        return VOICED;
    if (c < 0x20 && c != '\n')
        return SPACE;
    if (picture(c) != NULL)
        return bytes_entry(picture(c), strlen(picture(c)));
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) || type == U_NON_SPACING_MARK ||
        type == U_ENCLOSING_MARK || type == U_FORMAT_CHAR)
        return DROP;
    UErrorCode status = U_ZERO_ERROR;
    UChar source[2], folded[UNITS], parts[UNITS];
    int32_t length = 0;
    U16_APPEND_UNSAFE(source, length, c);
    length = unorm2_normalize(nfkc_fold, source, length, folded, UNITS, &status);
    bool syllables = (c >= 0x3040 && c < 0x3400) || (c >= 0xA960 && c < 0xD800) ||
                     (c >= 0xFF61 && c < 0xFFE0) || (c >= 0x1F200 && c < 0x1F300);
    if (!syllables) { /* kana keep their marks, Hangul its syllables */
        length = unorm2_normalize(nfd, folded, length, parts, UNITS, &status);
        memcpy(folded, parts, (size_t)length * sizeof *parts);
    }
    check(status, "normalising");
    char out[UNITS * 4], same[4];
    size_t out_length = 0, same_length = 0;
    UChar32 points[UNITS];
    int32_t count = digit(c) >= 0 ? 0 : code_points(folded, length, points);
    if (count == 0)
        fold_point(c, out, &out_length);
    for (int32_t i = 0; i < count && out_length < 24; i++)
        fold_point(points[i], out, &out_length);
    add_utf8(same, &same_length, c);
    if (out_length == same_length && memcmp(out, same, same_length) == 0)
        return KEEP;
    if (out_length == 0)
        return DROP;
    if (out_length == 1 && out[0] == ' ')
        return SPACE;
    return bytes_entry(out, out_length);
}

static void print_tables(void)
{
    static uint16_t index[PAGES];
    static int order[PAGES];
    int distinct = 0;
    for (int page = 0; page < PAGES; page++) {
        int found = 0;
        while (found < distinct &&
               memcmp(pages[order[found]], pages[page], sizeof pages[page]) != 0)
            found++;
        if (found == distinct)
            order[distinct++] = page;
        index[page] = (uint16_t)found;
    }
    printf("/* Made by tools/fold_table.c with ICU %s, Unicode %s. */\n", U_ICU_VERSION,
           U_UNICODE_VERSION);
    printf("static const uint16_t fold_pages[%d] = {\n", PAGES);
    for (int page = 0; page < PAGES; page++)
        printf("%u,%s", index[page], page % 16 == 15 ? "\n" : "");
    printf("};\nstatic const uint32_t fold_entries[%d][%d] = {\n", distinct, PAGE_SIZE);
    for (int page = 0; page < distinct; page++) {
        printf("{");
        for (int i = 0; i < PAGE_SIZE; i++)
            printf("%u,%s", pages[order[page]][i], i % 16 == 15 ? "\n" : "");
        printf("},\n");
    }
    /* Four bytes can be read wherever an entry begins. */
    printf("};\nstatic const unsigned char fold_pool[%zu] = {\n", pool_length + 3);
    for (size_t i = 0; i < pool_length; i++)
        printf("%u,%s", (unsigned char)pool[i], i % 16 == 15 ? "\n" : "");
    printf("};\n");
}

int main(void)
{
    UErrorCode status = U_ZERO_ERROR;
    nfd = unorm2_getNFDInstance(&status);
    nfkc_fold = unorm2_getNFKCCasefoldInstance(&status);
    spoof = uspoof_open(&status);
    check(status, "opening ICU's data");
    static const UChar name[] = u"Traditional-Simplified";
    simplify = utrans_openU(name, -1, UTRANS_FORWARD, NULL, 0, NULL, &status);
    check(status, "opening Traditional-Simplified");
    for (UChar32 c = 0; c < 0x110000; c++) {
        int type = u_charType(c);
        bool none = type == U_UNASSIGNED || type == U_PRIVATE_USE_CHAR || type == U_SURROGATE;
        pages[c >> PAGE_BITS][c & (PAGE_SIZE - 1)] = none ? SPACE : fold_entry(c);
    }
    print_tables();
    utrans_close(simplify);
    uspoof_close(spoof);
    return 0;
}
