#include "policy/index.h"

#include <stdlib.h>
#include <string.h>

#include "policy/array.h"
#include "policy/hash.h"
#include "policy/letters.h"

/* --- names that are numbered --- */

/* Runs of bytes, each once; an open table of 1 + their numbers. */
struct names {
    struct buffer bytes;
    size_t *starts; /* count + 1 of them */
    size_t count, capacity;
    uint32_t *table;
    size_t table_size;
};

static void names_done(struct names *names)
{
    buffer_done(&names->bytes);
    free(names->starts);
    free(names->table);
}

static uint64_t hash_of(struct text text)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < text.length; i++)
        hash = hash_byte(hash, (unsigned char)text.bytes[i]);
    return hash ^ hash >> 29;
}

static struct text name_of(const struct names *names, size_t index)
{
    return (struct text){names->bytes.bytes + names->starts[index],
                         names->starts[index + 1] - names->starts[index]};
}

static uint32_t *slot_of(const struct names *names, struct text name)
{
    size_t at = hash_of(name) & (names->table_size - 1);
    while (names->table[at] != 0 && !text_equal(name_of(names, names->table[at] - 1), name))
        at = (at + 1) & (names->table_size - 1);
    return &names->table[at];
}

static void grow_names(struct names *names)
{
    names->table_size = names->table_size == 0 ? 1024 : names->table_size * 2;
    free(names->table);
    names->table = calloc(names->table_size, sizeof *names->table);
    names->starts = realloc(names->starts, (names->table_size + 1) * sizeof *names->starts);
    MUST(names->table != NULL && names->starts != NULL);
    names->starts[0] = 0;
    for (size_t i = 0; i < names->count; i++)
        *slot_of(names, name_of(names, i)) = (uint32_t)i + 1;
}

/* The number of NAME; a new one if it was not there. */
static uint32_t names_number(struct names *names, struct text name)
{
    if (2 * (names->count + 1) > names->table_size)
        grow_names(names);
    uint32_t *slot = slot_of(names, name);
    if (*slot == 0) {
        buffer_text(&names->bytes, name);
        *slot = (uint32_t)++names->count;
        names->starts[names->count] = names->bytes.length;
    }
    return *slot - 1;
}

/* --- building --- */

#define NO_PART UINT32_MAX
#define NO_TEXT UINT32_MAX /* less the kind of an atom that is none */

static enum atom_kind kind_of_text(uint32_t text)
{
    return NO_TEXT - text < ATOM_KINDS ? (enum atom_kind)(NO_TEXT - text) : ATOM_TEXT;
}

struct part_text {
    uint32_t part, text;
    uint16_t lead, trail;
    uint8_t edges;
};

struct part_facts {
    bool noted;
    gate_set gates;
};

struct index_builder {
    struct names texts, parts;
    struct part_facts *facts; /* of each part */
    size_t fact_capacity;
    struct part_text *uses;
    size_t use_count, use_capacity;
    struct index_phrase *phrases;
    uint32_t *anchors; /* of each phrase: its rarest part */
    size_t phrase_count, phrase_capacity, anchor_capacity;
    uint32_t *told; /* of each text that is told: 1 + its word */
    size_t told_capacity;
};

void index_builder_free(struct index_builder *builder)
{
    if (builder == NULL)
        return;
    names_done(&builder->texts);
    names_done(&builder->parts);
    free(builder->facts);
    free(builder->uses);
    free(builder->phrases);
    free(builder->anchors);
    free(builder->told);
    free(builder);
}

struct index_builder *index_builder_new(void)
{
    struct index_builder *builder = calloc(1, sizeof *builder);
    MUST(builder != NULL);
    buffer_init(&builder->texts.bytes);
    buffer_init(&builder->parts.bytes);
    return builder;
}

static struct text atom_text(const struct phrase_code *code, size_t atom)
{
    size_t start = code->atoms[atom].start, length = code->atoms[atom].length;
    /* A phrase without a literal has no bytes to point into. */
    return length > 0 ? (struct text){code->bytes.bytes + start, length} : TEXT("");
}

#define WORD_BYTES_MAX 8

/* A short word that is only looked for as a whole one. */
static bool is_short_word(struct text text, unsigned edges)
{
    if (text.length > WORD_BYTES_MAX || edges != (EDGE_LEFT | EDGE_RIGHT))
        return false;
    for (size_t i = 0; i < text.length; i++)
        if (!is_word_byte((const unsigned char *)text.bytes, i))
            return false;
    return true;
}

/* What is looked up and what Vectorscan looks for are told apart by a byte behind the text. */
static uint32_t text_number(struct index_builder *builder, struct text text, bool is_word)
{
    struct buffer name;
    buffer_init(&name);
    buffer_text(&name, text);
    buffer_char(&name, is_word ? 'w' : 'v');
    uint32_t number = names_number(&builder->texts, buffer_view(&name));
    buffer_done(&name);
    return number;
}

static struct text text_of_number(const struct index_builder *builder, size_t number, bool *is_word)
{
    struct text name = name_of(&builder->texts, number);
    *is_word = name.bytes[--name.length] == 'w';
    return name;
}

static void add_use(struct index_builder *builder, struct part_text use)
{
    builder->uses = array_with(builder->uses, builder->use_count, &builder->use_capacity,
                               sizeof *builder->uses);
    builder->uses[builder->use_count++] = use;
}

/* PART is noted from now on, if NOTED, and looked for if one of GATES is open, too. */
static void add_facts(struct index_builder *builder, uint32_t part, bool noted, gate_set gates)
{
    builder->facts =
        array_with(builder->facts, part, &builder->fact_capacity, sizeof *builder->facts);
    builder->facts[part].noted = builder->facts[part].noted || noted;
    builder->facts[part].gates |= gates;
}

static uint16_t bounded(size_t bytes)
{
    return bytes < UINT16_MAX ? (uint16_t)bytes : UINT16_MAX;
}

/* The number of the part with the atoms from FIRST to END; parts with the same ones are the same.
 */
static uint32_t add_part(struct index_builder *builder, const struct phrase_code *code,
                         size_t first, size_t end, bool noted, gate_set gates)
{
    struct buffer name;
    buffer_init(&name);
    for (size_t i = first; i < end; i++) {
        buffer_text(&name, atom_text(code, i));
        buffer_format(&name, "%c%zu,%zu;",
                      1 + code->atoms[i].left_edge + 2 * code->atoms[i].right_edge,
                      code->atoms[i].lead, code->atoms[i].trail);
    }
    size_t before = builder->parts.count;
    uint32_t part = names_number(&builder->parts, buffer_view(&name));
    buffer_done(&name);
    add_facts(builder, part, noted, gates);
    for (size_t i = first; i < end && builder->parts.count > before; i++) {
        const struct atom *atom = &code->atoms[i];
        struct text text = atom_text(code, i);
        unsigned edges = (atom->left_edge ? EDGE_LEFT : 0u) | (atom->right_edge ? EDGE_RIGHT : 0u);
        bool is_text = atom->kind == ATOM_TEXT;
        add_facts(builder, part, !is_text, gates);
        struct part_text use = {
            .part = part, .lead = bounded(atom->lead), .trail = bounded(atom->trail)};
        use.text =
            is_text ? text_number(builder, text, is_short_word(text, edges)) : NO_TEXT - atom->kind;
        use.edges = is_text ? (uint8_t)edges : 0;
        add_use(builder, use);
    }
    return part;
}

static size_t rarest_part(const struct phrase_code *code)
{
    size_t first = 0, best = 0, least = SIZE_MAX;
    for (size_t i = 0; i < code->part_count && code->part_count > 1; i++) {
        size_t common = phrase_commonness(code, first, code->parts[i].atom_end);
        if (common < least) {
            least = common;
            best = i;
        }
        first = code->parts[i].atom_end;
    }
    return best;
}

static unsigned script_of(const unsigned char *bytes, size_t length)
{
    unsigned scripts = has_kana(bytes, length) ? SCRIPT_KANA : 0;
    for (size_t i = 0; i < length; i++)
        scripts |= is_ascii_letter(bytes[i]) ? SCRIPT_LATIN
                   : is_pair(bytes[i])       ? SCRIPT_PAIRS
                   : bytes[i] >= 0xE0        ? SCRIPT_DENSE
                                             : 0;
    return scripts;
}

/* What all atoms from FIRST to END are written with. */
static unsigned common_scripts(const struct phrase_code *code, size_t first, size_t end)
{
    unsigned scripts = ~0u;
    for (size_t i = first; i < end; i++) {
        struct text text = atom_text(code, i);
        scripts &= script_of((const unsigned char *)text.bytes, text.length);
    }
    return scripts;
}

/* One of its texts is a single byte that may stand within a word: it would be found everywhere. */
static bool is_everywhere(const struct phrase_code *code, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const struct atom *atom = &code->atoms[i];
        if (atom->kind == ATOM_TEXT && atom->length == 1 && !(atom->left_edge && atom->right_edge))
            return true;
    }
    return false;
}

void index_add_phrase(struct index_builder *builder, const struct phrase_code *code, bool watched,
                      gate_set gates)
{
    struct index_phrase phrase = {.ordered = true, .gates = gates};
    size_t first = 0, rarest = rarest_part(code), reach = 0;
    uint32_t anchor = NO_PART;
    MUST(code->part_count > 0 || !watched);
    for (size_t i = 0; i < code->part_count; i++) {
        const struct phrase_part *of_code = &code->parts[i];
        phrase.scripts |= common_scripts(code, first, of_code->atom_end);
        reach += of_code->before;
        if (i != rarest && is_everywhere(code, first, of_code->atom_end)) {
            reach += of_code->longest;
        } else {
            uint32_t part = add_part(builder, code, first, of_code->atom_end, watched, gates);
            phrase.reaches[phrase.part_count] = (uint32_t)reach;
            phrase.parts[phrase.part_count++] = part;
            anchor = i == rarest && watched ? part : anchor;
            reach = 0;
        }
        first = of_code->atom_end;
    }
    for (size_t i = 0; i < code->atom_count; i++)
        phrase.ordered = phrase.ordered && code->atoms[i].kind == ATOM_TEXT;
    phrase.behind = (uint32_t)(reach + code->behind + PHRASE_EDGE_BYTES);
    builder->phrases = array_with(builder->phrases, builder->phrase_count,
                                  &builder->phrase_capacity, sizeof *builder->phrases);
    builder->anchors = array_with(builder->anchors, builder->phrase_count,
                                  &builder->anchor_capacity, sizeof *builder->anchors);
    builder->anchors[builder->phrase_count] = anchor;
    builder->phrases[builder->phrase_count++] = phrase;
}

void index_add_told(struct index_builder *builder, const struct phrase_code *code, size_t number)
{
    uint32_t text = text_number(builder, atom_text(code, 0), false);
    builder->told = array_with(builder->told, text, &builder->told_capacity, sizeof *builder->told);
    builder->told[text] = (uint32_t)number + 1;
}

/* --- short words --- */

#define WORD_TABLE_SPARE 4 /* places for each word: nearly every look-up ends at its first */

static uint64_t letters_of(const unsigned char *bytes, size_t length)
{
    uint64_t letters;
    memcpy(&letters, bytes, sizeof letters);
    return letters & UINT64_MAX >> (64 - 8 * length);
}

static size_t word_place(const struct index *index, uint64_t letters)
{
    return (letters * UINT64_C(0x9E3779B97F4A7C15)) >> index->word_shift;
}

static size_t next_place(const struct index *index, size_t place)
{
    return (place + 1) & ((UINT64_C(1) << (64 - index->word_shift)) - 1);
}

uint32_t index_word(const struct index *index, const unsigned char *bytes, size_t start, size_t end)
{
    if (end - start > WORD_BYTES_MAX)
        return UINT32_MAX;
    uint64_t letters = letters_of(bytes + start, end - start);
    size_t place = word_place(index, letters);
    while (index->words[place].letters != 0) {
        if (index->words[place].letters == letters)
            return index->words[place].text;
        place = next_place(index, place);
    }
    return UINT32_MAX;
}

static void add_word(struct index *index, struct text text, uint32_t number)
{
    unsigned char bytes[WORD_BYTES_MAX] = {0};
    memcpy(bytes, text.bytes, text.length);
    uint64_t letters = letters_of(bytes, text.length);
    size_t place = word_place(index, letters);
    while (index->words[place].letters != 0)
        place = next_place(index, place);
    index->words[place] = (struct index_word){letters, number};
}

static void place_words(struct index *index, const struct index_builder *builder)
{
    size_t size = 64;
    bool is_word;
    for (index->word_shift = 58; size < WORD_TABLE_SPARE * index->text_count; size *= 2)
        index->word_shift--;
    index->words = array_new(size, sizeof *index->words);
    for (uint32_t i = 0; i < index->text_count; i++) {
        struct text text = text_of_number(builder, i, &is_word);
        if (is_word)
            add_word(index, text, i);
    }
}

/* --- the index --- */

static void release(struct index *index)
{
    matcher_free(index->always);
    matcher_free(index->gated);
    free(index->texts);
    free(index->words);
    free(index->uses);
    free(index->asked);
    free(index->parts);
    free(index->phrases);
    free(index->anchored);
    for (size_t i = 0; i < ATOM_KINDS; i++)
        free(index->kind_uses[i]);
    free(index);
}

void index_free(struct index *index)
{
    if (index != NULL)
        release(index);
}

static void place_use(struct index *index, const struct part_text *use, gate_set gates)
{
    enum atom_kind kind = kind_of_text(use->text);
    struct index_use placed = {.part = use->part,
                               .lead = use->lead,
                               .trail = use->trail,
                               .edges = use->edges,
                               .anchors = index->parts[use->part].phrase_count > 0,
                               .gates = gates};
    if (kind != ATOM_TEXT) {
        index->kind_uses[kind][index->kind_use_counts[kind]++] = placed;
        index->kind_gates[kind] |= gates;
    } else if (index->parts[use->part].noted) {
        struct index_text *text = &index->texts[use->text];
        index->uses[text->use_first + text->use_count++] = placed;
    }
}

/* Those that are looked for in every message, or the others. */
static void place_uses_of(struct index *index, const struct index_builder *builder, bool always)
{
    for (size_t i = 0; i < builder->use_count; i++) {
        gate_set gates = builder->facts[builder->uses[i].part].gates;
        if (((gates & GATE_ALWAYS) != 0) == always)
            place_use(index, &builder->uses[i], gates);
    }
}

/* Uses by text, phrases by anchor: counted, then placed. */
static void place_uses(struct index *index, const struct index_builder *builder)
{
    uint32_t next = 0;
    for (size_t i = 0; i < index->text_count; i++)
        index->texts[i].edges = EDGE_LEFT | EDGE_RIGHT;
    for (size_t i = 0; i < builder->use_count; i++) {
        const struct part_text *use = &builder->uses[i];
        if (kind_of_text(use->text) != ATOM_TEXT)
            continue;
        index->texts[use->text].use_count += builder->facts[use->part].noted;
        index->texts[use->text].edges &= use->edges;
        index->texts[use->text].gates |= builder->facts[use->part].gates;
    }
    for (size_t i = 0; i < index->text_count; i++) {
        index->texts[i].use_first = next;
        next += index->texts[i].use_count;
        index->texts[i].use_count = 0;
    }
    place_uses_of(index, builder, true);
    for (size_t i = 0; i < index->text_count; i++)
        index->texts[i].always_count = index->texts[i].use_count;
    for (size_t i = 0; i < ATOM_KINDS; i++)
        index->kind_always_counts[i] = index->kind_use_counts[i];
    place_uses_of(index, builder, false);
}

static int by_text(const void *a, const void *b)
{
    const struct index_asked *left = a, *right = b;
    return (left->text > right->text) - (left->text < right->text);
}

/* The texts of parts that are not noted, by part (as they were added), then by text. */
static void place_asked(struct index *index, const struct index_builder *builder)
{
    uint32_t count = 0;
    for (size_t i = 0; i < builder->use_count; i++) {
        const struct part_text *use = &builder->uses[i];
        struct index_part *part = &index->parts[use->part];
        part->noted = builder->facts[use->part].noted;
        if (part->noted)
            continue;
        if (part->asked_count++ == 0)
            part->asked_first = count;
        part->filter |= index_filter(use->text);
        index->texts[use->text].asked = true;
        index->asked[count++] = (struct index_asked){use->text, use->lead, use->trail, use->edges};
    }
    for (size_t i = 0; i < index->part_count; i++)
        qsort(index->asked + index->parts[i].asked_first, index->parts[i].asked_count,
              sizeof *index->asked, by_text);
}

const struct index_asked *index_part_has(const struct index *index, uint32_t number, uint32_t text,
                                         unsigned edges)
{
    const struct index_part *part = &index->parts[number];
    const struct index_asked *asked = index->asked + part->asked_first;
    if ((part->filter & index_filter(text)) == 0)
        return NULL;
    size_t low = 0, high = part->asked_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (asked[middle].text < text)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < part->asked_count && asked[low].text == text; low++)
        if ((asked[low].edges & ~edges) == 0)
            return &asked[low];
    return NULL;
}

static void place_phrases(struct index *index, const struct index_builder *builder)
{
    uint32_t next = 0;
    for (size_t i = 0; i < builder->phrase_count; i++)
        if (builder->anchors[i] != NO_PART)
            index->parts[builder->anchors[i]].phrase_count++;
    for (size_t i = 0; i < index->part_count; i++) {
        index->parts[i].phrase_first = next;
        next += index->parts[i].phrase_count;
        index->parts[i].phrase_count = 0;
    }
    for (size_t i = 0; i < builder->phrase_count; i++) {
        if (builder->anchors[i] == NO_PART)
            continue;
        struct index_part *part = &index->parts[builder->anchors[i]];
        index->anchored[part->phrase_first + part->phrase_count++] = (uint32_t)i;
    }
}

/* Those that are looked for in every message, or the others; what words are is looked up. */
static struct matcher *compile_texts(const struct index *index, const struct index_builder *builder,
                                     bool always, struct problem *problem)
{
    struct text *texts = array_new(index->text_count, sizeof *texts);
    for (size_t i = 0; i < index->text_count; i++) {
        bool is_word;
        struct text text = text_of_number(builder, i, &is_word);
        bool for_all = index->texts[i].told > 0 || (index->texts[i].gates & GATE_ALWAYS) != 0;
        texts[i] = is_word || for_all != always ? TEXT_NONE : text;
    }
    struct matcher *matcher = matcher_new(texts, index->text_count, problem);
    free(texts);
    return matcher;
}

static void measure_texts(struct index *index, const struct index_builder *builder)
{
    bool is_word;
    for (size_t i = 0; i < index->text_count; i++) {
        index->texts[i].length = (uint32_t)text_of_number(builder, i, &is_word).length;
        index->texts[i].told = i < builder->told_capacity ? builder->told[i] : 0;
    }
}

struct index *index_new(struct index_builder *builder, struct problem *problem)
{
    struct index *index = calloc(1, sizeof *index);
    MUST(index != NULL);
    index->text_count = builder->texts.count;
    index->part_count = builder->parts.count;
    index->phrase_count = builder->phrase_count;
    index->texts = array_new(index->text_count, sizeof *index->texts);
    index->uses = array_new(builder->use_count, sizeof *index->uses);
    index->asked = array_new(builder->use_count, sizeof *index->asked);
    index->parts = array_new(index->part_count, sizeof *index->parts);
    for (size_t i = 0; i < ATOM_KINDS; i++)
        index->kind_uses[i] = array_new(builder->use_count, sizeof *index->kind_uses[i]);
    index->anchored = array_new(index->phrase_count, sizeof *index->anchored);
    index->phrases = builder->phrases;
    builder->phrases = NULL;
    place_phrases(index, builder);
    place_asked(index, builder);
    place_uses(index, builder);
    place_words(index, builder);
    measure_texts(index, builder);
    index->always = compile_texts(index, builder, true, problem);
    index->gated = index->always == NULL ? NULL : compile_texts(index, builder, false, problem);
    if (index->gated != NULL)
        return index;
    release(index);
    return NULL;
}
