#include "policy/phrase.h"

#include <stdlib.h>
#include <string.h>

#include "policy/array.h"
#include "policy/common_words.h"
#include "policy/letters.h"
#include "policy/phrase_read.h"

#define STAR_BYTES 32
#define SIGN "[^0-9a-z\\x80-\\xff]"

struct compiler {
    struct phrase_code *code;
    struct phrase_reader reader;
    struct folded folded;
    bool dense; /* the phrase has letters that are written without spaces */
    size_t depth;
};

void phrase_code_done(struct phrase_code *code)
{
    buffer_done(&code->exact);
    buffer_done(&code->bytes);
    free(code->atoms);
}

/* --- the exact expression --- */

static void add_byte(struct buffer *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (is_digit(c) || is_ascii_letter(c)) {
        buffer_char(out, (char)c);
        return;
    }
    const char escaped[] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
    buffer_add(out, escaped, sizeof escaped);
}

/* "e-mail" is also "e mail" and "email"; what begins or ends a word must be there. */
static bool is_loose(const struct folded *folded, size_t at)
{
    unsigned char c = folded->bytes[at];
    return (c == '-' || c == '\'') && at > 0 && at + 1 < folded->length;
}

static bool is_blank(const struct folded *folded)
{
    return text_trim((struct text){(const char *)folded->bytes, folded->length}).length == 0;
}

static void write_fixed(struct compiler *compiler, struct item *item, struct buffer *exact)
{
    const struct folded *folded = &compiler->folded;
    phrase_fold(&compiler->folded, item->text);
    if (is_blank(folded)) { /* an arrow, an emoji: any signs */
        buffer_string(exact, SIGN "{1,4}");
        item->longest = 4;
        return;
    }
    for (size_t i = 0; i < folded->length; i++) {
        if (is_loose(folded, i))
            buffer_string(exact, SIGN "{0,2}");
        else
            add_byte(exact, folded->bytes[i]);
    }
    item->longest = 2 * folded->length;
}

static bool write_sequence(struct compiler *compiler, struct text text, struct buffer *exact,
                           size_t *longest);

/* --- alternatives, by their first letters --- */

/* An alternative's expression, within `all`: its first letter, if it begins with one, and the rest.
 */
struct alternative {
    size_t start, letter_end, end;
    uint64_t letter; /* its bytes; 0: it begins with none */
    bool written;
};

struct alternatives {
    struct buffer all;
    struct alternative *each;
    size_t count, capacity;
};

/* The end of what add_byte wrote for one byte at AT; AT if there is something else. */
static size_t byte_end(struct text expression, size_t at)
{
    if (at >= expression.length)
        return at;
    unsigned char c = (unsigned char)expression.bytes[at];
    if (is_digit(c) || is_ascii_letter(c))
        return at + 1;
    bool escaped = at + 4 <= expression.length && c == '\\' && expression.bytes[at + 1] == 'x';
    return escaped ? at + 4 : at;
}

/* A letter of several bytes is written as several of "\xd0"; only its first two are one place. */
static size_t letter_end(struct text expression)
{
    size_t end = byte_end(expression, 0);
    bool several = end == 4 && expression.bytes[2] >= 'c';
    return several ? byte_end(expression, end) : end;
}

/*
 * Those that begin with the same letter stand together in their order, so that a place of the text
 * is compared with the letters and not with each alternative. What matches stays the same: at one
 * place only those with its letter can.
 */
static void write_alternatives(struct alternatives *alternatives, struct buffer *exact)
{
    struct text all = buffer_view(&alternatives->all);
    for (size_t i = 0; i < alternatives->count; i++) {
        const struct alternative *first = &alternatives->each[i];
        if (first->written)
            continue;
        buffer_string(exact, i == 0 ? "(?:" : "|");
        buffer_text(exact, text_slice(all, first->start, first->letter_end));
        for (size_t j = i; j < alternatives->count; j++) {
            struct alternative *other = &alternatives->each[j];
            if (j > i && (first->letter == 0 || first->letter != other->letter))
                continue;
            buffer_string(exact, j == i ? "(?:" : "|");
            buffer_text(exact, text_slice(all, other->letter_end, other->end));
            other->written = true;
        }
        buffer_char(exact, ')');
    }
    buffer_char(exact, ')');
}

static bool read_alternatives(struct compiler *compiler, struct item *item,
                              struct alternatives *alternatives)
{
    struct text rest = item->text, alternative;
    while (phrase_alternative(&rest, &alternative)) {
        size_t longest = 0, start = alternatives->all.length;
        if (!write_sequence(compiler, alternative, &alternatives->all, &longest))
            return false;
        struct text written =
            text_slice(buffer_view(&alternatives->all), start, alternatives->all.length);
        alternatives->each = array_with(alternatives->each, alternatives->count,
                                        &alternatives->capacity, sizeof *alternatives->each);
        struct alternative *added = &alternatives->each[alternatives->count++];
        *added = (struct alternative){.start = start,
                                      .letter_end = start + letter_end(written),
                                      .end = alternatives->all.length};
        memcpy(&added->letter, written.bytes, added->letter_end - start);
        item->longest = longest > item->longest ? longest : item->longest;
    }
    return alternatives->count > 0 ||
           phrase_refuse(&compiler->reader, "brackets with nothing in them", item->text);
}

static bool write_group(struct compiler *compiler, struct item *item, struct buffer *exact)
{
    if (++compiler->depth > NESTING_MAX)
        return phrase_refuse(&compiler->reader, "brackets are nested too deeply", item->text);
    struct alternatives alternatives = {0};
    buffer_init(&alternatives.all);
    bool read = read_alternatives(compiler, item, &alternatives);
    if (read)
        write_alternatives(&alternatives, exact);
    buffer_done(&alternatives.all);
    free(alternatives.each);
    compiler->depth--;
    return read;
}

static bool write_item(struct compiler *compiler, struct item *item, struct buffer *exact)
{
    switch (item->kind) {
    case ITEM_TEXT:
        write_fixed(compiler, item, exact);
        return true;
    case ITEM_STAR:
        buffer_format(exact, "[0-9a-z\\x80-\\xff]{0,%d}?", STAR_BYTES);
        item->longest = STAR_BYTES;
        return true;
    case ITEM_SPACE:
        buffer_string(exact, compiler->dense ? SIGN "{0,4}" : SIGN "{1,4}");
        item->longest = 4;
        return true;
    case ITEM_GAP:
        buffer_format(exact, PHRASE_EDGE "(?:[^!?.\\n]|\\.(?![ \\n])){0,%zu}?" PHRASE_EDGE,
                      item->bytes);
        item->longest = item->bytes;
        return true;
    case ITEM_GROUP:
        return write_group(compiler, item, exact);
    case ITEM_TOKEN:
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
    bool space_first = items[*at].kind == ITEM_SPACE;
    size_t group = space_first ? *at + 1 : *at;
    bool space_last = !space_first && group + 1 < count && items[group + 1].kind == ITEM_SPACE;
    buffer_string(exact, "(?:");
    if ((space_first && !write_item(compiler, &items[*at], exact)) ||
        !write_item(compiler, &items[group], exact) ||
        (space_last && !write_item(compiler, &items[group + 1], exact)))
        return false;
    buffer_string(exact, ")?");
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

static bool write_items(struct compiler *compiler, struct text text, struct item *items,
                        size_t *count, struct buffer *exact)
{
    if (!phrase_items(&compiler->reader, text, items, count))
        return false;
    if (is_optional(items, items + *count))
        return phrase_refuse(&compiler->reader, "nothing of this phrase need be there", text);
    for (size_t i = 0; i < *count; i++) {
        bool rest_optional =
            items[i].kind == ITEM_SPACE && is_optional(items + i + 1, items + *count);
        if (items[i].optional || rest_optional ? !write_optional(compiler, items, *count, &i, exact)
                                               : !write_item(compiler, &items[i], exact))
            return false;
    }
    return true;
}

static size_t longest_of(const struct item *items, size_t from, size_t to)
{
    size_t longest = 0;
    for (size_t i = from; i < to; i++)
        longest += items[i].longest;
    return longest;
}

static bool write_sequence(struct compiler *compiler, struct text text, struct buffer *exact,
                           size_t *longest)
{
    struct item items[ITEMS_MAX];
    size_t count;
    if (!write_items(compiler, text, items, &count, exact))
        return false;
    *longest = longest_of(items, 0, count);
    return true;
}

/* --- parts --- */

static void add_atom(struct phrase_code *code, struct atom atom, struct text text)
{
    code->atoms =
        array_with(code->atoms, code->atom_count, &code->atom_capacity, sizeof *code->atoms);
    atom.start = (uint32_t)code->bytes.length;
    atom.length = (uint32_t)text.length;
    code->atoms[code->atom_count++] = atom;
    buffer_text(&code->bytes, text);
}

/* The longest piece of a fixed text that must be there as it stands. */
static void add_piece(struct compiler *compiler, const struct item *item, bool left, bool right)
{
    const struct folded *folded = &compiler->folded;
    size_t best = 0, best_end = 0, start = 0;
    phrase_fold(&compiler->folded, item->text);
    for (size_t i = 0; i <= folded->length; i++) {
        if (i < folded->length && !is_loose(folded, i))
            continue;
        if (i - start > best_end - best) {
            best = start;
            best_end = i;
        }
        start = i + 1;
    }
    if (best_end > best && !is_blank(folded))
        add_atom(compiler->code,
                 (struct atom){.left_edge = left && best == 0,
                               .right_edge = right && best_end == folded->length,
                               .lead = 2 * best, /* see write_fixed */
                               .trail = 2 * (folded->length - best_end)},
                 (struct text){(const char *)folded->bytes + best, best_end - best});
}

/* A word ends between items AT - 1 and AT; OUTSIDE: at the ends of the sequence. */
static bool has_edge(const struct compiler *compiler, const struct item *items, size_t count,
                     size_t at, bool outside)
{
    if (at == 0 || at == count)
        return outside;
    if (items[at - 1].kind == ITEM_GAP || items[at].kind == ITEM_GAP)
        return true;
    return !compiler->dense && (items[at - 1].kind == ITEM_SPACE || items[at].kind == ITEM_SPACE);
}

/* Forgets the atoms from COUNT on. */
static void drop_atoms(struct phrase_code *code, size_t count)
{
    if (count < code->atom_count)
        code->bytes.length = code->atoms[count].start;
    code->atom_count = count;
}

size_t phrase_commonness(const struct phrase_code *code, size_t first, size_t end)
{
    size_t sum = 0;
    for (size_t i = first; i < end; i++) {
        const struct atom *atom = &code->atoms[i];
        sum += common_estimate(
            text_slice(buffer_view(&code->bytes), atom->start, (size_t)atom->start + atom->length),
            atom->left_edge && atom->right_edge);
    }
    return sum;
}

static void add_best_part(struct compiler *compiler, struct text text, bool left, bool right);

/* One atom or more for each alternative; none at all if one has none. */
static void add_item_part(struct compiler *compiler, const struct item *item, bool left, bool right)
{
    struct text rest = item->text, alternative;
    size_t first = compiler->code->atom_count;
    if (item->kind == ITEM_TEXT)
        add_piece(compiler, item, left, right);
    if (item->kind == ITEM_TOKEN && item->token->atom != ATOM_TEXT)
        add_atom(compiler->code,
                 (struct atom){.kind = item->token->atom,
                               .lead = item->token->longest,
                               .trail = item->token->longest},
                 TEXT(""));
    if (item->kind != ITEM_GROUP || item->optional)
        return;
    while (phrase_alternative(&rest, &alternative)) {
        size_t before = compiler->code->atom_count;
        add_best_part(compiler, alternative, left, right);
        if (compiler->code->atom_count == before) {
            drop_atoms(compiler->code, first);
            return;
        }
    }
}

/* Of a sequence, the part that is rarest. */
static void add_best_part(struct compiler *compiler, struct text text, bool left, bool right)
{
    struct item items[ITEMS_MAX];
    struct phrase_code *code = compiler->code;
    size_t count, first = code->atom_count, best = 0, least = SIZE_MAX;
    MUST(phrase_items(&compiler->reader, text, items, &count));
    if (count == 1) {
        add_item_part(compiler, &items[0], left, right);
        return;
    }
    struct buffer exact;
    buffer_init(&exact); /* written once more only for the lengths of its items */
    MUST(write_items(compiler, text, items, &count, &exact));
    buffer_done(&exact);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            if (pass == 1 && (i != best || least == SIZE_MAX))
                continue;
            add_item_part(compiler, &items[i], has_edge(compiler, items, count, i, left),
                          has_edge(compiler, items, count, i + 1, right));
            if (pass == 1) {
                for (size_t j = first; j < code->atom_count; j++) {
                    code->atoms[j].lead += longest_of(items, 0, i);
                    code->atoms[j].trail += longest_of(items, i + 1, count);
                }
                return;
            }
            size_t common = phrase_commonness(code, first, code->atom_count);
            if (code->atom_count > first && common < least) {
                least = common;
                best = i;
            }
            drop_atoms(code, first);
        }
    }
}

static void add_parts(struct compiler *compiler, const struct item *items, size_t count)
{
    struct phrase_code *code = compiler->code;
    size_t last = 0;
    for (size_t i = 0; i < count && code->part_count < PHRASE_PARTS_MAX; i++) {
        size_t before = code->atom_count;
        add_item_part(compiler, &items[i], has_edge(compiler, items, count, i, true),
                      has_edge(compiler, items, count, i + 1, true));
        if (code->atom_count == before)
            continue;
        struct phrase_part *part = &code->parts[code->part_count++];
        *part = (struct phrase_part){.atom_end = code->atom_count,
                                     .longest = items[i].longest,
                                     .before = longest_of(items, last, i)};
        last = i + 1;
    }
    code->behind = longest_of(items, last, count);
    code->fixed = count == 1 && items[0].kind == ITEM_TEXT && code->atom_count == 1 &&
                  code->atoms[0].left_edge && code->atoms[0].right_edge;
}

/* It has letters that are written without spaces, or one of the lists that it names has. */
static bool is_dense_phrase(struct compiler *compiler, struct text phrase, size_t depth)
{
    phrase_fold(&compiler->folded, phrase);
    for (size_t i = 0; i < compiler->folded.length; i++)
        if (compiler->folded.bytes[i] >= 0xE0)
            return true;
    while (phrase.length > 0 && depth < NESTING_MAX) {
        (void)text_cut(&phrase, '{');
        const struct word_list *list = phrase_list(&compiler->reader, text_cut(&phrase, '}'));
        if (list != NULL && is_dense_phrase(compiler, list->alternatives, depth + 1))
            return true;
    }
    return false;
}

bool phrase_compile(struct phrase_code *code, struct text phrase, const struct word_list *lists,
                    size_t list_count, struct problem *problem)
{
    struct compiler compiler = {.code = code, .reader = {lists, list_count, problem}};
    phrase = text_trim(phrase);
    if (phrase.length == 0 || phrase.length > PHRASE_BYTES_MAX)
        return phrase_refuse(&compiler.reader,
                             phrase.length == 0 ? "a phrase is empty"
                                                : "a phrase is longer than 4000 bytes; write two",
                             phrase);
    compiler.dense = is_dense_phrase(&compiler, phrase, 0);
    struct item items[ITEMS_MAX];
    size_t count;
    buffer_string(&code->exact, PHRASE_EDGE);
    bool done = write_items(&compiler, phrase, items, &count, &code->exact);
    buffer_string(&code->exact, PHRASE_EDGE);
    if (done)
        add_parts(&compiler, items, count);
    folded_done(&compiler.folded);
    return done;
}
