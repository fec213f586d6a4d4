#include <string.h>

#include "policy/letters.h"
#include "policy/scan.h"

#define DIGITS_MAX 40
#define GROUPS_MAX 24
#define KEYCAP_BYTES 4 /* of a digit in a box: it is written so to hide it */
#define NUMBER_MIN 7   /* digits; fewer are a price, a size, a year */
#define PHONE_MAX 15   /* ITU-T E.164 */
#define REMARK_MAX 64  /* bytes in brackets between the digits of a number */
#define CARD_MIN 13
#define CARD_MAX 19

/* A row of digits with separators between, as it stands in the text. */
struct run {
    char digits[DIGITS_MAX];
    size_t count;
    size_t groups[GROUPS_MAX];   /* how many digits between separators */
    char separators[GROUPS_MAX]; /* the first byte behind each group */
    size_t group_count;
    size_t start, end;
    bool plus;     /* "+" stands before it */
    bool replaced; /* a letter stands for a digit, or a kanji */
    bool cut;      /* longer than anything that is looked for */
};

void candidate_add(struct candidates *candidates, enum scanner scanner, size_t start, size_t end,
                   struct text list)
{
    if (candidates->count == CANDIDATES_MAX) {
        candidates->crowded = true;
        return;
    }
    candidates->all[candidates->count++] = (struct candidate){scanner, start, end, list};
}

/* --- what the server knows --- */

/* Where the known id that starts at AT ends, passing over signs within it; AT if none starts. */
static size_t known_end(const struct folded *folded, const struct known *known, size_t at)
{
    for (size_t i = 0; i < known->count; i++) {
        struct text id = known->all[i];
        size_t end = at, matched = 0;
        while (matched < id.length && end < folded->length && end - at < 2 * id.length) {
            if (folded->bytes[end] == (unsigned char)id.bytes[matched])
                matched++;
            else if (is_word_byte(folded->bytes, end) || folded->bytes[end] == '\n' || matched == 0)
                break;
            end++;
        }
        if (matched == id.length && !is_digit(folded->bytes[end]))
            return end;
    }
    return at;
}

bool scan_is_known(const struct folded *folded, const struct known *known, size_t start, size_t end)
{
    size_t at = known_end(folded, known, start);
    if (at == start)
        return false;
    while (at < end && !is_word_byte(folded->bytes, at) && folded->bytes[at] < 0x80)
        at++;
    return at >= end;
}

/* The start of the word that the digit at AT belongs to; ids may have letters before digits. */
static size_t id_start(const struct folded *folded, size_t at, size_t from)
{
    while (at > from && (is_word_byte(folded->bytes, at - 1) || folded->bytes[at - 1] == '-'))
        at--;
    while (folded->bytes[at] == '-')
        at++;
    return at;
}

/* --- runs --- */

/* Signs that may stand between the digits of a number. */
static const bool number_signs[256] = {
    [' '] = true,  ['-'] = true,  ['.'] = true, ['('] = true,  [')'] = true,
    ['/'] = true,  ['_'] = true,  ['*'] = true, [':'] = true,  ['~'] = true,
    ['|'] = true,  ['\\'] = true, [','] = true, [';'] = true,  ['+'] = true,
    ['\n'] = true, ['='] = true,  ['#'] = true, ['\''] = true, ['"'] = true,
};

/* "ー" is typed for a dash, "の" read for one. */
static size_t sign_length(const unsigned char *bytes)
{
    if (*bytes != 0xE3)
        return number_signs[*bytes];
    bool dash = memcmp(bytes, "\xe3\x83\xbc", 3) == 0 || memcmp(bytes, "\xe3\x81\xae", 3) == 0;
    return dash ? 3 : 0;
}

static bool is_like_digit(unsigned char c)
{
    return is_digit(c) || c == 'o' || c == 'l' || c == 'i';
}

/* AT is in a word of digits and letters that look like digits: "o77oo", "6i", "ooo"; not "10l". */
static bool in_disguise(const unsigned char *bytes, size_t at, bool after_digit)
{
    size_t start = at, end = at, digits = 0, noughts = 0;
    while (start > 0 && at - start < DIGITS_MAX && is_like_digit(bytes[start - 1]))
        start--;
    while (end - at < DIGITS_MAX && is_like_digit(bytes[end]))
        end++;
    if ((start > 0 && is_word_byte(bytes, start - 1)) || is_word_byte(bytes, end) ||
        end - start < 2)
        return false;
    for (size_t i = start; i < end; i++) {
        digits += is_digit(bytes[i]);
        noughts += bytes[i] == 'o';
    }
    return bytes[end - 1] != 'l' &&
           (digits >= 2 || (after_digit && (digits == 1 || noughts == end - start)));
}

/* One digit at AT, also "o" for 0 and "l", "i" for 1 beside digits; its length, 0 if there is none.
 */
static size_t digit_at(const unsigned char *bytes, size_t at, bool after_digit, char *digit)
{
    unsigned char c = bytes[at];
    *digit = (char)c;
    if (is_digit(c))
        return 1;
    bool replaced = after_digit && (c == 'o' || c == 'l' || c == 'i') &&
                    !is_ascii_letter(bytes[at + 1]) && !is_pair(bytes[at + 1]);
    replaced = replaced && (is_digit(bytes[at + 1]) || is_digit(bytes[at + 2]));
    if (!replaced && !(is_like_digit(c) && in_disguise(bytes, at, after_digit)))
        return 0;
    *digit = c == 'o' ? '0' : '1';
    return 1;
}

/* "0 0 (without blanks) 7 1": behind a remark in brackets that stands at AT, or AT. */
static size_t pass_remark(const struct folded *folded, size_t at)
{
    size_t end = at;
    while (folded->bytes[end] == ' ' && end - at < 2)
        end++;
    if (folded->bytes[end] != '(')
        return at;
    for (size_t open = end++; end < folded->length && end - open < REMARK_MAX; end++) {
        if (is_digit(folded->bytes[end]) || folded->bytes[end] == '(')
            return at;
        if (folded->bytes[end] == ')')
            return end + 1 + (folded->bytes[end + 1] == ' ');
    }
    return at;
}

/* Commas and line ends stand between the numbers of a list, unless each is one digit. */
static bool breaks_run(const struct run *run, const unsigned char *bytes, size_t from, size_t to)
{
    bool list = false;
    for (size_t i = from; i < to; i++)
        list = list || strchr(",\n:/;=+", bytes[i]) != NULL;
    return list && (run->groups[run->group_count] != 1 || is_digit(bytes[to + 1]));
}

static void end_group(struct run *run, unsigned char separator)
{
    run->separators[run->group_count] = (char)separator;
    if (run->group_count + 1 < GROUPS_MAX)
        run->group_count++;
    else
        run->cut = true;
}

static void read_run(const struct folded *folded, size_t at, bool loose, struct run *run)
{
    const unsigned char *bytes = folded->bytes;
    *run = (struct run){.start = at, .end = at};
    run->plus = at > 0 && bytes[at - 1] == '+';
    size_t strange = 0;
    while (at < folded->length) {
        char digit;
        size_t used = digit_at(bytes, at, run->count > 0 || at == run->start, &digit);
        if (used > 0) {
            run->replaced = run->replaced || !is_digit(bytes[at]);
            strange +=
                is_digit(bytes[at]) && folded->from[at + 1] - folded->from[at] >= KEYCAP_BYTES;
            run->cut = run->cut || run->count == DIGITS_MAX;
            run->digits[run->cut ? 0 : run->count++] = digit;
            run->groups[run->group_count]++;
            at = run->end = at + used;
            continue;
        }
        size_t next = at;
        while (next < folded->length && next - at < 4 && sign_length(bytes + next) > 0)
            next += sign_length(bytes + next);
        size_t remark = loose ? pass_remark(folded, at) : at;
        next = remark > at ? remark : next - at < 4 ? next : at;
        if (next == at || digit_at(bytes, next, true, &digit) == 0 ||
            (loose ? run->cut : breaks_run(run, bytes, at, next)))
            break;
        end_group(run, bytes[at]);
        at = next;
    }
    run->group_count++;
    run->replaced = run->replaced || strange >= NUMBER_MIN;
}

/* --- what a run is --- */

static bool starts(const char *digits, const char *prefix)
{
    return strncmp(digits, prefix, strlen(prefix)) == 0;
}

static bool is_luhn(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        digit = i % 2 == 1 ? digit * 2 : digit;
        sum += digit > 9 ? digit - 9 : digit;
    }
    return sum % 10 == 0;
}

/* Mobile numbers that are told by their digits alone. */
static bool is_certain_phone(const char *d, size_t count)
{
    if (count == 11) /* Russia; China; Japan's mobiles; Spain with its prefix; Britain's mobiles */
        return ((d[0] == '7' || d[0] == '8') && strchr("3489", d[1]) != NULL) ||
               (d[0] == '1' && d[1] >= '3') ||
               (d[0] == '0' && strchr("5789", d[1]) != NULL && d[2] == '0') ||
               (starts(d, "34") && strchr("679", d[2]) != NULL) || starts(d, "07");
    if (count == 12)
        return (starts(d, "52") && d[2] != '0') || (starts(d, "44") && d[2] == '7') ||
               (starts(d, "81") && strchr("5789", d[2]) != NULL && d[3] == '0');
    if (count == 13)
        return (starts(d, "86") && d[2] == '1' && d[3] >= '3') || starts(d, "549");
    return false;
}

/* Numbers that are telephone numbers where the language is spoken. */
static bool is_phone_of(struct text language, const char *d, size_t count)
{
    if (text_is(language, "ru"))
        return count == 10 && d[0] == '9';
    if (text_is(language, "es"))
        return count == 9 && (d[0] == '6' || d[0] == '7');
    if (text_is(language, "ja"))
        return count == 10 && d[0] == '0' && d[1] != '0';
    return false;
}

static bool groups_are(const struct run *run, const char *wanted)
{
    size_t count = strlen(wanted);
    if (run->group_count != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (run->groups[i] != (size_t)(wanted[i] - '0'))
            return false;
    return true;
}

/* As the countries of our languages write them. */
static bool is_phone_format(const struct run *run)
{
    static const char *const formats[] = {
        "334",  "3322",  "133",   "13322", "1334", "333",  "3222",  "2223", "234",
        "244",  "344",   "343",   "424",   "324",  "3232", "333",   "433",  "2322",
        "2333", "23222", "34222", "12322", "1433", "3334", "24322",
    };
    const char *d = run->digits;
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (!groups_are(run, formats[i]))
            continue;
        if (run->count == 9)
            return strchr(groups_are(run, "2322") ? "89" : "6789", d[0]) != NULL;
        if (run->count == 10 && i == 0)
            return d[0] >= '2' || d[0] == '0';
        return run->count > 10 || (run->count == 10 && strchr("0235469", d[0]) != NULL) ||
               (run->count == 10 && groups_are(run, "244") && (starts(d, "11") || starts(d, "15")));
    }
    return false;
}

/* "36 37 38 39 40": sizes, years; not the pairs of a telephone number. */
static bool is_series(const struct run *run)
{
    int step = 0;
    size_t at = 0;
    long before = 0;
    for (size_t i = 0; i < run->group_count; i++) {
        long number = 0;
        if (run->groups[i] != run->groups[0] || run->groups[i] > 4 || run->group_count < 3)
            return false;
        for (size_t j = 0; j < run->groups[i] && at < run->count; j++)
            number = number * 10 + (run->digits[at++] - '0');
        if (i == 1)
            step = (int)(number - before);
        if (i > 0 && (number - before != step || step == 0))
            return false;
        before = number;
    }
    return true;
}

/* 12.05.2024, 2024-05-12, 12/5/24, and perhaps a time behind. */
static bool is_date(const struct run *run)
{
    static const char *const dates[] = {"224",  "422",   "124",   "214",  "114", "222",
                                        "4222", "22422", "42222", "2242", "44",  "442"};
    if (run->plus || strchr("./-: ", run->separators[0]) == NULL || run->separators[0] == ' ')
        return false;
    bool year = false;
    for (size_t i = 0; i + 1 < run->count; i++)
        year = year || starts(run->digits + i, "20") || starts(run->digits + i, "19");
    for (size_t i = 0; year && i < COUNT_OF(dates); i++)
        if (groups_are(run, dates[i]))
            return true;
    return false;
}

/* "734 000 000", "1 299 000": an amount. */
static bool is_thousands(const struct run *run)
{
    bool threes = run->group_count > 1 && !run->plus && run->separators[0] == ' ';
    for (size_t i = 1; i < run->group_count; i++)
        threes = threes && run->groups[i] == 3;
    return threes && memcmp(run->digits + run->count - 3, "000", 3) == 0;
}

static bool is_spaced_out(const struct run *run)
{
    size_t ones = 0;
    for (size_t i = 0; i < run->group_count; i++)
        ones += run->groups[i] == 1;
    return run->group_count >= 7 && ones + 1 >= run->group_count;
}

bool is_phone_shape(const char *digits, size_t count)
{
    return is_certain_phone(digits, count) ||
           (count == 10 && strchr("9023456", digits[0]) != NULL) ||
           (count == 9 && strchr("679", digits[0]) != NULL);
}

static enum scanner classify(const struct folded *folded, const struct run *run,
                             struct text language)
{
    const unsigned char *bytes = folded->bytes;
    if (run->count < NUMBER_MIN || run->cut || is_date(run) || is_series(run) ||
        is_thousands(run) || groups_are(run, "377")) /* an order's number at Amazon */
        return SCANNER_PHRASE;
    bool glued =
        (run->start > 0 && is_word_byte(bytes, run->start - 1)) || is_word_byte(bytes, run->end);
    bool numbered = run->start > 0 && bytes[run->start - 1] == '#';
    bool four = groups_are(run, "4444") || (run->count == 16 && run->group_count == 1);
    if (!glued && !numbered && four && run->digits[0] >= '2' && run->digits[0] <= '6' &&
        is_luhn(run->digits, run->count))
        return SCANNER_CARD;
    if (run->count > PHONE_MAX || numbered)
        return SCANNER_NUMBER;
    if (run->plus && run->count >= 8)
        return SCANNER_PHONE;
    if (glued)
        return is_certain_phone(run->digits, run->count) && run->count == 11 &&
                       !is_word_byte(bytes, run->end)
                   ? SCANNER_PHONE
                   : SCANNER_NUMBER;
    bool phone = is_certain_phone(run->digits, run->count) || run->replaced ||
                 (run->group_count > 1 && is_phone_format(run)) ||
                 (is_spaced_out(run) && run->count >= 9) ||
                 is_phone_of(language, run->digits, run->count);
    return phone ? SCANNER_PHONE : SCANNER_NUMBER;
}

/* Signs of a list and remarks stand between: only what is a telephone number in form and digits. */
static bool is_loose_phone(const struct run *run)
{
    return !run->cut && run->count >= 10 && run->count <= PHONE_MAX && !is_series(run) &&
           (run->plus || is_phone_shape(run->digits, run->count)) &&
           (is_spaced_out(run) || is_phone_format(run));
}

/*
 * The run that the digit at AT belongs to, FROM on at the earliest; what it is. A letter that looks
 * like a digit may be the first.
 */
static enum scanner read_number(const struct folded *folded, size_t at, size_t from,
                                struct text language, struct run *run)
{
    size_t start = at;
    while (start > from && is_like_digit(folded->bytes[start - 1]))
        start--;
    bool sure = start < at && in_disguise(folded->bytes, start, false);
    bool weak = start < at && !sure && in_disguise(folded->bytes, start, true);
    read_run(folded, sure || weak ? start : at, false, run);
    enum scanner scanner = classify(folded, run, language);
    if (weak && (scanner != SCANNER_PHONE || !is_phone_shape(run->digits, run->count))) {
        read_run(folded, at, false, run);
        scanner = classify(folded, run, language);
    }
    unsigned char behind = folded->bytes[run->end];
    bool list = behind != 0 && strchr(",\n:/;=+( ", behind) != NULL;
    if (list && (scanner == SCANNER_PHRASE || scanner == SCANNER_NUMBER)) {
        struct run loose;
        read_run(folded, run->start, true, &loose);
        if (loose.end > run->end && is_loose_phone(&loose)) {
            *run = loose;
            scanner = SCANNER_PHONE;
        }
    }
    return scanner;
}

/*
 * The digit at AT may belong to a number: there are enough digits, or letters that look like them,
 * or a remark in brackets, with nothing but signs between.
 */
static bool may_be_number(const unsigned char *bytes, size_t at, uint64_t *work)
{
    size_t start = at, digits = 0, used = 1;
    while (start > 0 && at - start < NUMBER_MIN && is_like_digit(bytes[start - 1]))
        start--;
    for (at = start; digits < NUMBER_MIN && bytes[at] != '(' && used > 0; at += used) {
        bool digit = is_like_digit(bytes[at]);
        digits += digit;
        used = digit ? 1 : sign_length(bytes + at);
    }
    *work += at - start;
    return used > 0;
}

bool scan_may_have_numbers(const struct folded *folded, const struct shape *shape, uint64_t *work)
{
    for (size_t at = shape_next_digit(shape, 0); at < folded->length;
         at = shape_next_digit(shape, at + 1))
        if (may_be_number(folded->bytes, at, work))
            return true;
    return false;
}

size_t scan_numbers(const struct folded *folded, const struct known *known, struct text language,
                    struct candidates *candidates)
{
    size_t passed = 0; /* what stands before was looked at */
    size_t work = folded->length;
    for (size_t at = 0; at < folded->length; at++) {
        if (!is_digit(folded->bytes[at]))
            continue;
        size_t id = id_start(folded, at, passed), end = known_end(folded, known, id);
        if (end == id)
            end = known_end(folded, known, at);
        if (end > at) {
            passed = at = end;
            at--;
            continue;
        }
        struct run run;
        enum scanner scanner = read_number(folded, at, passed, language, &run);
        work += run.end - run.start;
        if (scanner != SCANNER_PHRASE)
            candidate_add(candidates, scanner, run.start - run.plus, run.end, TEXT_NONE);
        passed = run.end;
        at = run.end - 1;
    }
    return work;
}
