#include <string.h>

#include "policy/letters.h"
#include "policy/scan.h"
#include "policy/told.h"

/*
 * Addresses whose signs are told: "ivan77 собака mail точка ru", "shop (dot) example", "t点me".
 * The index finds the words; what stands on both sides says whether it is an address.
 */

#define LOCAL_MAX 64
#define LABELS_MAX 4
#define WRAPS_MAX 4 /* signs around a word: "[at]", " - arroba - " */
#define HOST_TEXT_MAX 256

struct words {
    const struct folded *folded;
    const struct told_word *all;
    size_t count, at; /* AT: the one that is looked at */
};

/* A host as it was told, and as it is written. */
struct told_host {
    size_t end;    /* behind the last good ending, 0: there is none */
    bool told;     /* a dot was a word, or in brackets */
    bool weak;     /* its ending is a word, too */
    size_t joined; /* length of TEXT up to END */
    size_t length;
    char text[HOST_TEXT_MAX];
};

static bool is_wrap(unsigned char c)
{
    return c != 0 && strchr(" ()[]{}<>*-_\"'|~", c) != NULL;
}

static bool is_bracket(unsigned char c)
{
    return c != 0 && strchr("()[]{}<>", c) != NULL;
}

static size_t skip_wraps(const struct folded *folded, size_t at)
{
    size_t end = at;
    while (end < folded->length && end - at < WRAPS_MAX && is_wrap(folded->bytes[end]))
        end++;
    return end;
}

static size_t skip_wraps_back(const struct folded *folded, size_t at)
{
    size_t start = at;
    while (start > 0 && at - start < WRAPS_MAX && is_wrap(folded->bytes[start - 1]))
        start--;
    return start;
}

static size_t label_end(const struct folded *folded, size_t at)
{
    size_t end = at;
    while (end < folded->length && end - at < LOCAL_MAX && is_host_byte(folded->bytes, end))
        end++;
    while (end > at && folded->bytes[end - 1] == '-')
        end--;
    return end;
}

/* Adds the label at AT to HOST; where it ends, AT if there is none. */
static size_t add_label(const struct folded *folded, struct told_host *host, size_t at)
{
    size_t end = label_end(folded, at);
    const char *written = (const char *)folded->bytes + at;
    size_t length = end - at;
    size_t told;
    const char *ending = host->length > 0 ? told_ending(folded, at, &told) : NULL;
    if (ending != NULL) {
        end = at + told;
        written = ending;
        length = strlen(ending);
    }
    if (length == 0 || host->length + length + 1 >= sizeof host->text)
        return at;
    if (host->length > 0)
        host->text[host->length++] = '.';
    memcpy(host->text + host->length, written, length);
    host->length += length;
    return end;
}

static const struct told_word *dot_word(const struct words *words, size_t at)
{
    for (size_t i = words->at; i < words->count && words->all[i].start <= at; i++)
        if (words->all[i].start == at && words->all[i].kind == WORD_DOT)
            return &words->all[i];
    return NULL;
}

/* Behind a dot, or the word for it, that stands at AT; AT if there is none. */
static size_t pass_dot(const struct words *words, size_t at, bool *told)
{
    const unsigned char *bytes = words->folded->bytes;
    size_t dot = skip_wraps(words->folded, at);
    const struct told_word *word = dot_word(words, dot);
    *told = word != NULL;
    if (word != NULL)
        return skip_wraps(words->folded, word->end);
    if (bytes[dot] != '.')
        return at;
    size_t behind = skip_wraps(words->folded, dot + 1);
    *told = dot > at && is_bracket(bytes[dot - 1]);
    return behind > dot + 1 && dot == at ? at : behind;
}

/* Words, too: behind a dot that is told they end an address only where no word goes on. */
static const char weak_endings[] =
    " es de me it in us at tv so be top club fun shop store link live page app site ";

static bool goes_on(const struct folded *folded, size_t at)
{
    return folded->bytes[at] == ' ' && is_word_byte(folded->bytes, at + 1);
}

/* The last label of HOST ends at END: is it an ending? */
static void see_ending(const struct words *words, struct told_host *host, size_t end)
{
    size_t label = host->length;
    while (label > 0 && host->text[label - 1] != '.')
        label--;
    const char *ending = host->text + label;
    size_t length = host->length - label;
    bool weak = in_list(weak_endings, (const unsigned char *)ending, length);
    if (label == 0 || !(weak || is_host_ending((const unsigned char *)ending, length)))
        return;
    host->weak = weak && goes_on(words->folded, end);
    host->end = end;
    host->joined = host->length;
}

/* Reads the host at AT, whose labels before it HOST may have already. */
static void read_host(const struct words *words, size_t at, struct told_host *host)
{
    for (size_t i = 0; i < LABELS_MAX; i++) {
        bool told;
        size_t end = add_label(words->folded, host, at);
        if (end == at)
            return;
        see_ending(words, host, end);
        at = pass_dot(words, end, &told);
        if (at == end)
            return;
        host->told = host->told || told;
    }
}

/* "примерпочта ру", "gmail com": a blank for the dot, behind a word that says "at" for sure. */
static void read_blank_ending(const struct words *words, size_t at, struct told_host *host)
{
    static const char *const list[] = {"py", "p\xd1\x84", "ru", "com"};
    const struct folded *folded = words->folded;
    size_t end = label_end(folded, at);
    for (size_t i = 0; i < COUNT_OF(list) && end > at && folded->bytes[end] == ' '; i++) {
        size_t length = strlen(list[i]);
        if (end + 1 + length <= folded->length &&
            memcmp(folded->bytes + end + 1, list[i], length) == 0 &&
            is_edge(folded->bytes, end + 1 + length))
            host->end = end + 1 + length;
    }
}

static bool is_local_byte(const unsigned char *bytes, size_t at)
{
    unsigned char c = bytes[at];
    return is_word_byte(bytes, at) || c == '.' || c == '_' || c == '-' || c == '+';
}

static size_t local_start(const struct folded *folded, size_t end)
{
    size_t at = end;
    while (at > 0 && end - at < LOCAL_MAX && is_local_byte(folded->bytes, at - 1))
        at--;
    while (at < end && (folded->bytes[at] == '.' || folded->bytes[at] == '-'))
        at++;
    return at;
}

/* "look at", "available at": no name. */
static bool is_ordinary(const unsigned char *name, size_t length)
{
    static const char list[] =
        " look looks looking find found shop more sale site website store them us me it is are "
        "available details photos online page here located visit work works order out up check "
        "that this sold buy go website's catalogue catalog shops aim meet arrive arrived stay ";
    return in_list(list, name, length);
}

/* "at" alone is a mail address's only beside a name that is one, or a dot that is told. */
static bool is_sure(const struct folded *folded, size_t start, size_t end, bool bracketed,
                    const struct told_host *host)
{
    bool named = false;
    if (bracketed)
        return true;
    for (size_t i = start; i < end; i++)
        named = named || is_digit(folded->bytes[i]) ||
                (!is_word_byte(folded->bytes, i) && folded->bytes[i] != '-');
    return !host->weak && (named || host->told) && !is_ordinary(folded->bytes + start, end - start);
}

/* A mail address around the word for "@"; how far was looked. */
static size_t try_worded_mail(const struct words *words, struct candidates *candidates)
{
    const struct folded *folded = words->folded;
    const struct told_word *word = &words->all[words->at];
    size_t end = skip_wraps_back(folded, word->start), start = local_start(folded, end);
    size_t at = skip_wraps(folded, word->end);
    bool bracketed = is_bracket(folded->bytes[word->end]) && word->start > 0 &&
                     is_bracket(folded->bytes[word->start - 1]);
    struct told_host host = {0};
    if (end - start < 2)
        return LOCAL_MAX;
    read_host(words, at, &host);
    if (host.end == 0 && word->kind == WORD_AT)
        read_blank_ending(words, at, &host);
    size_t label = label_end(folded, at);
    if (host.end == 0 && (bracketed || word->kind == WORD_AT) &&
        is_mail_host(folded->bytes + at, label - at))
        host.end = label;
    if (host.end > 0 && (word->kind == WORD_AT || is_sure(folded, start, end, bracketed, &host)))
        candidate_add(candidates, SCANNER_EMAIL, start, host.end, TEXT_NONE);
    return LOCAL_MAX + host.length;
}

/* A name of a host: not only digits, and no "polka". */
static bool is_name(const struct folded *folded, size_t start, size_t end)
{
    bool letters = false;
    for (size_t i = start; i < end; i++)
        letters = letters || !is_digit(folded->bytes[i]);
    return letters && !(end - start == 5 && memcmp(folded->bytes + start, "polka", 5) == 0);
}

/* A host around the word for a dot; how far was looked. */
static size_t try_worded_link(const struct policy *policy, const struct words *words,
                              struct candidates *candidates)
{
    const struct folded *folded = words->folded;
    const struct told_word *word = &words->all[words->at];
    size_t end = skip_wraps_back(folded, word->start), start = end;
    bool bracketed = is_bracket(folded->bytes[word->end]);
    while (start > 0 && end - start < LOCAL_MAX && is_host_byte(folded->bytes, start - 1))
        start--;
    while (start < end && folded->bytes[start] == '-')
        start++;
    struct told_host host = {.told = true};
    if (start == end || !is_name(folded, start, end) || add_label(folded, &host, start) != end)
        return LOCAL_MAX;
    read_host(words, skip_wraps(folded, word->end), &host);
    if (host.end == 0)
        return LOCAL_MAX + host.length;
    struct text list = list_of_host(policy, (struct text){host.text, host.joined});
    bool marked = bracketed || memchr(host.text, '-', host.joined) != NULL;
    if (list.length > 0 || (end - start > 2 && (!host.weak || marked)))
        candidate_add(candidates, SCANNER_LINK, start, host.end, list);
    return LOCAL_MAX + host.length;
}

size_t scan_worded(const struct policy *policy, const struct folded *folded,
                   const struct told_word *words, size_t count, struct candidates *candidates)
{
    struct words here = {folded, words, count, 0};
    size_t work = 0, passed = 0;
    for (size_t i = 0; i < count; i++) {
        if (words[i].kind < WORD_AT || words[i].start < passed)
            continue;
        here.at = i;
        work += words[i].kind == WORD_DOT ? try_worded_link(policy, &here, candidates)
                                          : try_worded_mail(&here, candidates);
        passed = words[i].end;
    }
    return work;
}
