#include "policy/phrase.h"

#include <string.h>

#include "policy/letters.h"

/* No letter or digit before and behind this place: no word goes through it. */
#define EDGE "(?![\\x80-\\xbf]|(?<=[0-9a-z]|[\\xc3-\\xdf][\\x80-\\xbf])[0-9a-z\\xc3-\\xdf])"
#define LETTER "(?:[0-9a-z]|[\\xc3-\\xdf][\\x80-\\xbf])"
#define SIGN "[^0-9a-z\\x80-\\xff]"
#define NESTING_MAX 4
#define COARSE_GAPS_MAX 1
#define COARSE_BYTES_MAX 1200

enum item_kind {
    ITEM_TEXT,  /* fixed text; a sign in it stands for up to two of any */
    ITEM_STAR,  /* more letters of the word */
    ITEM_SPACE, /* between words */
    ITEM_GAP,
    ITEM_GROUP, /* alternatives */
    ITEM_TOKEN, /* <number> */
};

struct token {
    const char *name, *coarse, *exact;
    size_t longest;
};

#define CURRENCY                                                                                   \
    "(?:\\$|%|rub|rur|eur|usd|cny|rmb|jpy|mxn|dollar|dolar|peso|buck|pound|cent|yuan|yen|"         \
    "p(?![a-z\\xc3-\\xdf])|py\\xd0\\xb1|e\\xd0\\xb2p|\\xe5\\x85\\x83|\\xe5\\x9d\\x97|"             \
    "\\xe5\\x86\\x86|"                                                                             \
    "\\xe3\\x81\\x88\\xe3\\x82\\x93)"
#define CURRENCY_COARSE "(?:\\$|%|r|e|u|c|j|m|d|p|b|y|\\xe5|\\xe3)"

static const struct token tokens[] = {
    {"number", "[0-9](?:[ ().-]{0,2}[0-9]){4}", "[0-9](?:[ ().-]{0,2}[0-9]){4,19}", 58},
    {"digits", "[0-9]", "[0-9]{1,20}", 20},
    {"money", "(?:\\$ {0,1}[0-9]|[0-9][0-9., ]{0,13}" CURRENCY_COARSE ")",
     "(?:(?:us)?\\$ ?[0-9][0-9.,]{0,11}|(?<![0-9])[0-9](?:[0-9.,]| (?=[0-9]{3})){0,11} "
     "{0,2}" CURRENCY LETTER "{0,8})",
     48},
    {"name", "[0-9a-z_.]{4}", EDGE "[0-9a-z_.]{4,32}" EDGE, 32},
};

struct item {
    enum item_kind kind;
    struct text text; /* as it was written */
    bool optional;
    size_t longest, bytes;
    const struct token *token;
};

#define ITEMS_MAX 64

struct compiler {
    struct phrase_code *code;
    const struct word_list *lists;
    size_t list_count;
    struct folded *scratch;
    bool dense;      /* the phrase has letters that are written without spaces */
    bool fixed;      /* it is nothing but fixed text */
    bool head, tail; /* what is written now begins, ends the phrase */
    size_t depth;
    /* The coarse expression need not be the whole phrase: it stops before the second gap, or before
       the first if there is much before it. Vectorscan then compiles in a moment. */
    size_t gaps;
    bool stopped;
    struct buffer unused; /* where it is written when it has stopped */
    size_t behind;        /* bytes that the rest can be long */
    struct problem *problem;
};

void phrase_code_done(struct phrase_code *code)
{
    buffer_done(&code->coarse);
    buffer_done(&code->exact);
    folded_done(&code->folded);
}

static bool refuse(struct compiler *compiler, const char *why, struct text what)
{
    if (what.length > 100)
        what.length = 100;
    return problem_set(compiler->problem, PROBLEM_RULES_INVALID, "%s: \"%.*s\"", why,
                       TEXT_ARG(what));
}

static const struct word_list *find_list(const struct compiler *compiler, struct text name)
{
    for (size_t i = 0; i < compiler->list_count; i++)
        if (text_equal(compiler->lists[i].name, name))
            return &compiler->lists[i];
    return NULL;
}

static const struct token *find_token(struct text name)
{
    for (size_t i = 0; i < COUNT_OF(tokens); i++)
        if (text_is(name, tokens[i].name))
            return &tokens[i];
    return NULL;
}

/* --- reading --- */

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

/* True if one of the alternatives of TEXT is empty. */
static bool may_be_empty(struct text text)
{
    size_t depth = 0, start = 0;
    bool empty = false;
    for (size_t i = 0; i <= text.length; i++) {
        char c = i < text.length ? text.bytes[i] : '|';
        if (c == '\\') {
            i++;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (c == '|' && depth == 0) {
            empty = empty || text_trim(text_slice(text, start, i)).length == 0;
            start = i + 1;
        }
    }
    return empty;
}

/* A word of fixed text; escapes are taken out only when it is folded. */
static size_t read_fixed(struct item *item, struct text rest)
{
    size_t end = 0;
    while (end < rest.length && (end == 0 || !stops_text(rest.bytes + end, rest.length - end)))
        end += rest.bytes[end] == '\\' && end + 1 < rest.length ? 2 : 1;
    *item = (struct item){.kind = ITEM_TEXT, .text = text_slice(rest, 0, end)};
    return end;
}

static bool read_named(struct compiler *compiler, struct text name, char open, struct item *item)
{
    if (open == '<') {
        item->kind = ITEM_TOKEN;
        item->token = find_token(name);
        return item->token != NULL || refuse(compiler, "there is no such token", name);
    }
    const struct word_list *list = find_list(compiler, name);
    if (list == NULL)
        return refuse(compiler, "no list of words of this name stands above", name);
    item->kind = ITEM_GROUP;
    item->text = list->alternatives;
    return true;
}

static bool read_bracket(struct compiler *compiler, struct text rest, struct item *item,
                         size_t *used)
{
    char open = rest.bytes[0], close = open == '(' ? ')' : open == '{' ? '}' : '>';
    size_t end = closing(rest, open, close);
    if (end == 0)
        return refuse(compiler, "a bracket is not closed", rest);
    struct text inside = text_slice(rest, 1, end);
    *item = (struct item){.kind = ITEM_GROUP, .text = inside};
    *used = end + 1;
    if (open != '(' && !read_named(compiler, inside, open, item))
        return false;
    item->optional = item->kind == ITEM_GROUP && may_be_empty(item->text);
    return true;
}

static bool read_item(struct compiler *compiler, struct text rest, struct item *item, size_t *used)
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
        return read_bracket(compiler, rest, item, used);
    if (c == '|' || c == ')' || c == '}' || c == '>')
        return refuse(compiler, "a sign that needs a \\ before it or a bracket", rest);
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

static bool read_items(struct compiler *compiler, struct text text, struct item *items,
                       size_t *count)
{
    struct text whole = text;
    *count = 0;
    while (text.length > 0) {
        size_t used;
        if (*count == ITEMS_MAX)
            return refuse(compiler, "a phrase has too many parts", text);
        if (!read_item(compiler, text, &items[*count], &used))
            return false;
        ++*count;
        text = text_slice(text, used, text.length);
    }
    *count = drop_spaces(items, *count);
    if (*count > 0 && (items[0].kind == ITEM_GAP || items[*count - 1].kind == ITEM_GAP))
        return refuse(compiler, "a phrase may not begin or end with a gap", whole);
    return true;
}

/* --- writing --- */

static void add_byte(struct buffer *out, unsigned char c)
{
    if (is_digit(c) || is_ascii_letter(c))
        buffer_char(out, (char)c);
    else
        buffer_format(out, "\\x%02x", c);
}

/* Folds fixed text without its escapes into the compiler's scratch. */
static void fold_fixed(struct compiler *compiler, struct text text)
{
    struct buffer plain;
    buffer_init(&plain);
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\\' && i + 1 < text.length)
            i++;
        buffer_char(&plain, text.bytes[i]);
    }
    fold_text(compiler->scratch, buffer_view(&plain));
    buffer_done(&plain);
}

static void write_fixed(struct compiler *compiler, struct item *item, struct buffer *coarse,
                        struct buffer *exact)
{
    fold_fixed(compiler, item->text);
    const struct folded *folded = compiler->scratch;
    for (size_t i = 0; i < folded->length; i++) {
        unsigned char c = folded->bytes[i];
        /* "e-mail" is also "e mail" and "email"; what begins or ends a word must be there. */
        if ((c == '-' || c == '\'') && i > 0 && i + 1 < folded->length) {
            buffer_string(coarse, SIGN "{0,2}");
            buffer_string(exact, SIGN "{0,2}");
            compiler->fixed = false;
            item->longest += 2;
            continue;
        }
        add_byte(coarse, c);
        add_byte(exact, c);
        item->longest++;
    }
    if (compiler->fixed)
        fold_text(&compiler->code->folded,
                  (struct text){(const char *)folded->bytes, folded->length});
}

static bool write_sequence(struct compiler *compiler, struct text text, struct buffer *coarse,
                           struct buffer *exact, size_t *longest);

/* "(?:a|b)" of the alternatives that are not empty. */
static bool write_group(struct compiler *compiler, struct item *item, struct buffer *coarse,
                        struct buffer *exact)
{
    size_t depth = 0, start = 0, written = 0;
    struct text text = item->text;
    if (++compiler->depth > NESTING_MAX)
        return refuse(compiler, "brackets are nested too deeply", text);
    buffer_string(coarse, "(?:");
    buffer_string(exact, "(?:");
    for (size_t i = 0; i <= text.length; i++) {
        char c = i < text.length ? text.bytes[i] : '|';
        if (c == '\\' && i + 1 < text.length) {
            i++;
        } else if (c == '(') {
            depth++;
        } else if (c == ')') {
            depth--;
        } else if (c == '|' && depth == 0) {
            struct text part = text_trim(text_slice(text, start, i));
            size_t longest = 0;
            start = i + 1;
            if (part.length == 0)
                continue;
            if (written++ > 0) {
                buffer_char(coarse, '|');
                buffer_char(exact, '|');
            }
            if (!write_sequence(compiler, part, coarse, exact, &longest))
                return false;
            item->longest = longest > item->longest ? longest : item->longest;
        }
    }
    compiler->depth--;
    buffer_char(coarse, ')');
    buffer_char(exact, ')');
    return written > 0 || refuse(compiler, "brackets with nothing in them", text);
}

static const char *space_of(const struct compiler *compiler)
{
    return compiler->dense ? SIGN "{0,4}" : SIGN "{1,4}";
}

static bool write_item(struct compiler *compiler, struct item *item, struct buffer *coarse,
                       struct buffer *exact)
{
    if (item->kind != ITEM_TEXT)
        compiler->fixed = false;
    switch (item->kind) {
    case ITEM_TEXT:
        write_fixed(compiler, item, coarse, exact);
        return true;
    case ITEM_STAR: /* at an end of the phrase it only makes more hits of the same */
        if (!compiler->head && !compiler->tail)
            buffer_string(coarse, "[0-9a-z\\x80-\\xff]{0,32}");
        buffer_string(exact, "[0-9a-z\\x80-\\xff]{0,32}?");
        return true;
    case ITEM_SPACE:
        buffer_string(coarse, space_of(compiler));
        buffer_string(exact, space_of(compiler));
        item->longest = 4;
        return true;
    case ITEM_GAP:
        buffer_format(coarse, "[^!?\\n]{0,%zu}", item->bytes);
        buffer_format(exact, EDGE "(?:[^!?.\\n]|\\.(?![ \\n])){0,%zu}?" EDGE, item->bytes);
        item->longest = item->bytes;
        return true;
    case ITEM_GROUP:
        return write_group(compiler, item, coarse, exact);
    case ITEM_TOKEN:
        buffer_string(coarse, item->token->coarse);
        buffer_string(exact, item->token->exact);
        item->longest = item->token->longest;
        return true;
    }
    return true;
}

/* An optional group takes the space on one of its sides with it. */
static bool write_optional(struct compiler *compiler, struct item *items, size_t count, size_t *at,
                           struct buffer *exact)
{
    struct buffer *unused = &compiler->unused;
    bool space_first = items[*at].kind == ITEM_SPACE;
    size_t group = space_first ? *at + 1 : *at;
    bool space_last = !space_first && group + 1 < count && items[group + 1].kind == ITEM_SPACE;
    buffer_string(exact, "(?:");
    if ((space_first && !write_item(compiler, &items[*at], unused, exact)) ||
        !write_item(compiler, &items[group], unused, exact) ||
        (space_last && !write_item(compiler, &items[group + 1], unused, exact)))
        return false;
    buffer_string(exact, "){0,1}");
    *at = space_last ? group + 1 : group;
    return true;
}

/* Nothing from ITEM to END need be there. */
static bool is_optional(const struct item *item, const struct item *end)
{
    while (item < end && (item->optional || item->kind == ITEM_SPACE))
        item++;
    return item == end;
}

/*
 * Where the coarse expression is written: on, or nowhere from the place on where the compiler
 * stops. OPTIONAL bytes may stand before what comes next, which is a gap or not.
 */
static struct buffer *coarse_before(struct compiler *compiler, struct buffer *coarse,
                                    size_t optional, bool gap)
{
    if (compiler->stopped)
        return &compiler->unused;
    if (compiler->depth == 0) {
        compiler->gaps += gap || optional > 0;
        compiler->stopped = (compiler->gaps > COARSE_GAPS_MAX && (gap || optional > 0)) ||
                            (coarse->length > COARSE_BYTES_MAX);
    }
    if (compiler->stopped)
        return &compiler->unused;
    if (optional > 0)
        buffer_format(coarse, ".{0,%zu}", optional);
    return coarse;
}

static size_t longest_of(const struct item *items, size_t from, size_t to)
{
    size_t longest = 0;
    for (size_t i = from; i < to; i++)
        longest += items[i].longest;
    return longest;
}

/* What is optional at an end of the phrase is not in the coarse expression; elsewhere it is a gap.
 */
static bool write_items(struct compiler *compiler, struct item *items, size_t count,
                        struct buffer *coarse, struct buffer *exact)
{
    bool head = compiler->head, tail = compiler->tail, started = !head;
    size_t optional = 0;
    for (size_t i = 0; i < count; i++) {
        size_t first = i;
        bool space = items[i].kind == ITEM_SPACE;
        compiler->head = head && !started;
        compiler->tail = tail && i + 1 == count;
        if (items[i].optional || (space && is_optional(items + i + 1, items + count))) {
            if (!write_optional(compiler, items, count, &i, exact))
                return false;
            optional += started ? longest_of(items, first, i + 1) : 0;
            continue;
        }
        coarse = coarse_before(compiler, coarse, optional, items[i].kind == ITEM_GAP);
        started = true;
        optional = 0;
        if (!write_item(compiler, &items[i], coarse, exact))
            return false;
    }
    if (optional > 0 && !tail)
        buffer_format(coarse, ".{0,%zu}", optional);
    compiler->head = head;
    compiler->tail = tail;
    return true;
}

static bool write_sequence(struct compiler *compiler, struct text text, struct buffer *coarse,
                           struct buffer *exact, size_t *longest)
{
    struct item items[ITEMS_MAX];
    size_t count;
    if (!read_items(compiler, text, items, &count))
        return false;
    if (is_optional(items, items + count))
        return refuse(compiler, "nothing of this phrase need be there", text);
    compiler->fixed = compiler->fixed && count == 1;
    if (!write_items(compiler, items, count, coarse, exact))
        return false;
    *longest += longest_of(items, 0, count);
    if (compiler->stopped && compiler->depth == 0)
        compiler->behind = *longest;
    return true;
}

/* It has letters that are written without spaces, or one of the lists that it names has. */
static bool is_dense_phrase(struct compiler *compiler, struct text phrase, size_t depth)
{
    fold_fixed(compiler, phrase);
    for (size_t i = 0; i < compiler->scratch->length; i++)
        if (compiler->scratch->bytes[i] >= 0xE0)
            return true;
    while (phrase.length > 0 && depth < NESTING_MAX) {
        (void)text_cut(&phrase, '{');
        struct text name = text_cut(&phrase, '}');
        const struct word_list *list = find_list(compiler, name);
        if (list != NULL && is_dense_phrase(compiler, list->alternatives, depth + 1))
            return true;
    }
    return false;
}

bool phrase_compile(struct phrase_code *code, struct text phrase, const struct word_list *lists,
                    size_t list_count, struct problem *problem)
{
    struct folded scratch = {0};
    struct compiler compiler = {.code = code,
                                .lists = lists,
                                .list_count = list_count,
                                .scratch = &scratch,
                                .fixed = true,
                                .head = true,
                                .tail = true,
                                .problem = problem};
    phrase = text_trim(phrase);
    if (phrase.length == 0 || phrase.length > PHRASE_BYTES_MAX)
        return refuse(&compiler, phrase.length == 0 ? "a phrase is empty" : "a phrase is too long",
                      phrase);
    compiler.dense = is_dense_phrase(&compiler, phrase, 0);
    buffer_string(&code->exact, EDGE);
    buffer_init(&compiler.unused);
    bool done = write_sequence(&compiler, phrase, &code->coarse, &code->exact, &code->longest);
    code->behind = compiler.behind + PHRASE_BEHIND_MAX;
    buffer_done(&compiler.unused);
    buffer_string(&code->exact, EDGE);
    folded_done(&scratch);
    if (!done)
        return false;
    if (compiler.fixed)
        code->literal = (struct text){(const char *)code->folded.bytes, code->folded.length};
    if (compiler.fixed && text_trim(code->literal).length == 0)
        return refuse(&compiler, "nothing is left of this phrase when it is folded", phrase);
    return true;
}
