#include "policy/phrase_read.h"

#include <string.h>

#include "policy/letters.h"

#define EDGE PHRASE_EDGE
#define AMOUNT_DIGITS 14 /* of `<money>`, with signs among and spaces behind them */
#define LETTER "(?:[0-9a-z]|[\\xc3-\\xdf][\\x80-\\xbf])"
#define CURRENCY                                                                                   \
    "(?:\\$|%|rub|rur|eur|usd|cny|rmb|jpy|mxn|dollar|dolar|peso|buck|pound|cent|yuan|yen|ebpo|"    \
    "p(?![a-z\\xc3-\\xdf])|py\\xd0\\xb1|\\xe5\\x85\\x83|\\xe5\\x9d\\x97|\\xe5\\x86\\x86|"          \
    "\\xe3\\x81\\x88\\xe3\\x82\\x93)"

/* What CURRENCY begins with: its first byte, and those that may be the second; "": any. */
static const char *const currency_starts[256] = {
    ['$'] = "",      ['%'] = "",
    ['b'] = "u",     ['c'] = "en",
    ['d'] = "o",     ['e'] = "ub",
    ['j'] = "p",     ['m'] = "x",
    ['p'] = "",      ['r'] = "um",
    ['u'] = "s",     ['y'] = "eu",
    [0xE3] = "\x81", [0xE5] = "\x85\x9d\x86",
};

static const struct token tokens[] = {
    {"number", "[0-9](?:[ ().-]{0,2}[0-9]){4,19}", 58, ATOM_DIGITS},
    {"digits", "[0-9]{1,20}", 20, ATOM_DIGITS},
    {"money",
     "(?:(?:us)?\\$ ?[0-9][0-9.,]{0,11}|(?<![0-9])[0-9](?:[0-9.,]| (?=[0-9]{3})){0,11} "
     "{0,2}" CURRENCY LETTER "{0,8})",
     48, ATOM_MONEY},
    {"name", EDGE "[0-9a-z_.]{4,32}" EDGE, 32, ATOM_TEXT},
};

bool phrase_may_be_amount(const struct folded *folded, size_t start, uint64_t *work)
{
    const unsigned char *bytes = folded->bytes;
    size_t at = start;
    if ((start > 0 && bytes[start - 1] == '$') ||
        (start > 1 && bytes[start - 1] == ' ' && bytes[start - 2] == '$'))
        return true;
    while (at < start + AMOUNT_DIGITS &&
           (is_digit(bytes[at]) || bytes[at] == '.' || bytes[at] == ',' || bytes[at] == ' '))
        at++;
    *work += at - start;
    const char *seconds = currency_starts[bytes[at]];
    return seconds != NULL &&
           (seconds[0] == 0 || (bytes[at + 1] != 0 && strchr(seconds, bytes[at + 1]) != NULL));
}

bool phrase_refuse(const struct phrase_reader *reader, const char *why, struct text what)
{
    if (what.length > 100)
        what.length = 100;
    return problem_set(reader->problem, PROBLEM_RULES_INVALID, "%s: \"%.*s\"", why, TEXT_ARG(what));
}

const struct word_list *phrase_list(const struct phrase_reader *reader, struct text name)
{
    for (size_t i = 0; i < reader->list_count; i++)
        if (text_equal(reader->lists[i].name, name))
            return &reader->lists[i];
    return NULL;
}

void phrase_fold(struct folded *folded, struct text text)
{
    struct buffer plain;
    if (memchr(text.bytes, '\\', text.length) == NULL) {
        fold_text(folded, text);
        return;
    }
    buffer_init(&plain);
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\\' && i + 1 < text.length)
            i++;
        buffer_char(&plain, text.bytes[i]);
    }
    fold_text(folded, buffer_view(&plain));
    buffer_done(&plain);
}

static const struct token *find_token(struct text name)
{
    for (size_t i = 0; i < COUNT_OF(tokens); i++)
        if (text_is(name, tokens[i].name))
            return &tokens[i];
    return NULL;
}

static bool stops_text(const char *at, size_t left)
{
    return strchr(" (|){}<>*", *at) != NULL || (left >= 2 && at[0] == '.' && at[1] == '.');
}

static size_t closing(struct text text, char open, char close)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\\')
            i++;
        else if (text.bytes[i] == open)
            depth++;
        else if (text.bytes[i] == close && --depth == 0)
            return i;
    }
    return 0;
}

/* Cuts *REST at the first "|" that stands in no brackets; false at the end. */
static bool cut_alternative(struct text *rest, struct text *alternative)
{
    size_t depth = 0, at = 0;
    if (rest->bytes == NULL)
        return false;
    for (; at < rest->length; at++) {
        char c = rest->bytes[at];
        if (c == '\\')
            at++;
        else if (c == '|' && depth == 0)
            break;
        depth += c == '(';
        depth -= c == ')' && depth > 0;
    }
    bool last = at >= rest->length;
    *alternative = text_trim(text_slice(*rest, 0, last ? rest->length : at));
    *rest = last ? TEXT_NONE : text_slice(*rest, at + 1, rest->length);
    return true;
}

bool phrase_alternative(struct text *rest, struct text *alternative)
{
    while (cut_alternative(rest, alternative))
        if (alternative->length > 0)
            return true;
    return false;
}

static bool may_be_empty(struct text text)
{
    struct text alternative;
    while (cut_alternative(&text, &alternative))
        if (alternative.length == 0)
            return true;
    return false;
}

static size_t read_fixed(struct item *item, struct text rest)
{
    size_t end = 0;
    while (end < rest.length && (end == 0 || !stops_text(rest.bytes + end, rest.length - end)))
        end += rest.bytes[end] == '\\' && end + 1 < rest.length ? 2 : 1;
    *item = (struct item){.kind = ITEM_TEXT, .text = text_slice(rest, 0, end)};
    return end;
}

static bool read_named(const struct phrase_reader *reader, struct text name, char open,
                       struct item *item)
{
    if (open == '<') {
        item->kind = ITEM_TOKEN;
        item->token = find_token(name);
        return item->token != NULL || phrase_refuse(reader, "there is no such token", name);
    }
    const struct word_list *list = phrase_list(reader, name);
    if (list == NULL)
        return phrase_refuse(reader, "no list of words of this name stands above", name);
    item->kind = ITEM_GROUP;
    item->text = list->alternatives;
    return true;
}

static bool read_bracket(const struct phrase_reader *reader, struct text rest, struct item *item,
                         size_t *used)
{
    char open = rest.bytes[0], close = open == '(' ? ')' : open == '{' ? '}' : '>';
    size_t end = closing(rest, open, close);
    if (end == 0)
        return phrase_refuse(reader, "a bracket is not closed", rest);
    struct text inside = text_slice(rest, 1, end);
    *item = (struct item){.kind = ITEM_GROUP, .text = inside};
    *used = end + 1;
    if (open != '(' && !read_named(reader, inside, open, item))
        return false;
    item->optional = item->kind == ITEM_GROUP && may_be_empty(item->text);
    return true;
}

static bool read_item(const struct phrase_reader *reader, struct text rest, struct item *item,
                      size_t *used)
{
    char c = rest.bytes[0];
    *used = 1;
    if (c == ' ') {
        *item = (struct item){.kind = ITEM_SPACE};
        return true;
    }
    if (c == '*') {
        *item = (struct item){.kind = ITEM_STAR, .longest = 32};
        return true;
    }
    if (c == '(' || c == '{' || c == '<')
        return read_bracket(reader, rest, item, used);
    if (c == '|' || c == ')' || c == '}' || c == '>')
        return phrase_refuse(reader, "a sign that needs a \\ before it or a bracket", rest);
    if (text_starts(rest, "..")) {
        bool wide = text_starts(rest, "...");
        *item = (struct item){.kind = ITEM_GAP, .bytes = wide ? 100 : 40};
        *used = wide ? 3 : 2;
        return true;
    }
    *used = read_fixed(item, rest);
    return true;
}

/* Spaces beside gaps mean nothing. */
static size_t drop_spaces(struct item *items, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool beside_gap = (kept > 0 && items[kept - 1].kind == ITEM_GAP) ||
                          (i + 1 < count && items[i + 1].kind == ITEM_GAP);
        if (items[i].kind == ITEM_SPACE &&
            (beside_gap || kept == 0 || i + 1 == count || items[kept - 1].kind == ITEM_SPACE))
            continue;
        items[kept++] = items[i];
    }
    return kept;
}

bool phrase_items(const struct phrase_reader *reader, struct text text, struct item *items,
                  size_t *count)
{
    struct text whole = text;
    *count = 0;
    while (text.length > 0) {
        size_t used;
        if (*count == ITEMS_MAX)
            return phrase_refuse(reader, "a phrase has too many parts", text);
        if (!read_item(reader, text, &items[*count], &used))
            return false;
        ++*count;
        text = text_slice(text, used, text.length);
    }
    *count = drop_spaces(items, *count);
    if (*count > 0 && (items[0].kind == ITEM_GAP || items[*count - 1].kind == ITEM_GAP))
        return phrase_refuse(reader, "a phrase may not begin or end with a gap", whole);
    return true;
}
