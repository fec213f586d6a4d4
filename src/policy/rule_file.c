#include <stdlib.h>
#include <string.h>

#include "policy/array.h"
#include "policy/rules.h"

/* Reads a rule file, line by line; docs/rules.md describes it. */

#define FILE_BYTES_MAX (16u << 20)
#define LISTS_MAX 512
#define TEXT_MAX 400

/* What the indented lines below a key are. */
enum list_kind {
    LIST_NONE,
    LIST_WORDS,
    LIST_LINKS,
    LIST_PHRASES,
    LIST_EXCEPT,
    LIST_UNLESS,
    LIST_WITH,
    LIST_HITS,
    LIST_MISSES,
};

struct reader {
    struct policy *policy;
    struct text name, language;
    struct word_list lists[LISTS_MAX];
    size_t list_count;
    struct buffer words; /* alternatives of the list that is being read */
    struct text links;   /* name of the list of links that is being read */
    enum list_kind list;
    struct signal signal; /* what the phrases of the list have in common */
    bool in_block;
    unsigned line;
    struct problem *problem;
};

const char *const scanner_names[SCANNERS] = {
    [SCANNER_PHRASE] = "phrase",   [SCANNER_PHONE] = "phone",     [SCANNER_NUMBER] = "number",
    [SCANNER_EMAIL] = "email",     [SCANNER_LINK] = "link",       [SCANNER_HANDLE] = "handle",
    [SCANNER_CARD] = "card",       [SCANNER_PIECES] = "pieces",   [SCANNER_ONEWORD] = "oneword",
    [SCANNER_MESSAGE] = "message", [SCANNER_WORDING] = "wording",
};

static bool refuse(struct reader *reader, const char *why, struct text what)
{
    if (what.length > 120)
        what.length = 120;
    return problem_set(reader->problem, PROBLEM_RULES_INVALID, "%.*s:%u: %s: \"%.*s\"",
                       TEXT_ARG(reader->name), reader->line, why, TEXT_ARG(what));
}

/* Puts file and line before a problem that another function found. */
static bool refuse_in_place(struct reader *reader)
{
    char detail[sizeof reader->problem->detail];
    memcpy(detail, reader->problem->detail, sizeof detail);
    return problem_set(reader->problem, PROBLEM_RULES_INVALID, "%.*s:%u: %.200s",
                       TEXT_ARG(reader->name), reader->line, detail);
}

static struct block *current(struct reader *reader)
{
    return &reader->policy->blocks[reader->policy->block_count - 1];
}

static struct policy_rule *rule_of(struct reader *reader)
{
    return &reader->policy->rules[current(reader)->rule];
}

/* --- rules and blocks --- */

static bool find_rule(struct reader *reader, struct text id, size_t *index)
{
    struct policy *policy = reader->policy;
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (text_is(id, policy->rules[i].id)) {
            *index = i;
            return true;
        }
    }
    if (id.length == 0 || id.length > POLICY_ID_MAX)
        return refuse(reader, "the rule needs an id of 1 to 47 signs", id);
    for (size_t i = 0; i < id.length; i++)
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789.-_", id.bytes[i]) == NULL)
            return refuse(reader, "an id has only a-z, 0-9, \".\", \"-\" and \"_\"", id);
    if (policy->rule_count == RULES_MAX)
        return refuse(reader, "there are too many rules", id);
    struct policy_rule *rule = &policy->rules[policy->rule_count];
    memcpy(rule->id, id.bytes, id.length);
    rule->first_block = policy->block_count;
    *index = policy->rule_count++;
    return true;
}

static size_t tongue_of(struct text language)
{
    size_t found = 0;
    while (found < POLICY_LANGUAGES && !text_is(language, policy_language_name(found)))
        found++;
    return found;
}

static bool open_block(struct reader *reader, struct text id)
{
    struct policy *policy = reader->policy;
    size_t rule;
    if (!find_rule(reader, id, &rule))
        return false;
    if (reader->language.length == 0)
        return refuse(reader, "a line \"language: …\" must stand above the first rule", id);
    policy->blocks = array_with(policy->blocks, policy->block_count, &policy->block_capacity,
                                sizeof *policy->blocks);
    struct block *block = &policy->blocks[policy->block_count++];
    *block = (struct block){.source = arena_text(policy->arena, reader->name),
                            .language = reader->language,
                            .tongue = tongue_of(reader->language),
                            .line = reader->line,
                            .weight = POINTS_TO_SPEAK,
                            .rule = rule};
    reader->in_block = true;
    return true;
}

static bool close_block(struct reader *reader)
{
    if (!reader->in_block)
        return true;
    const struct block *block = current(reader);
    size_t hits = 0;
    for (size_t i = 0; i < block->example_count; i++)
        hits += block->examples[i].hit;
    reader->line = block->line;
    reader->in_block = false;
    struct text id = text_of(rule_of(reader)->id);
    if (block->version == 0)
        return refuse(reader, "a block needs a line \"version: …\"", id);
    if (block->phrase_count > 0 && hits == 0)
        return refuse(reader, "a block with phrases needs an example under \"hits:\"", id);
    return true;
}

/* --- phrases and scanners --- */

static struct signal *add_signal(struct reader *reader)
{
    struct policy *policy = reader->policy;
    policy->signals = array_with(policy->signals, policy->signal_count, &policy->signal_capacity,
                                 sizeof *policy->signals);
    struct signal *signal = &policy->signals[policy->signal_count++];
    *signal = reader->signal;
    signal->block = policy->block_count - 1;
    signal->line = reader->line;
    return signal;
}

bool rules_add_phrase(struct policy *policy, const struct phrase_code *code,
                      const struct phrase *phrase, bool watched, gate_set gates,
                      struct problem *problem)
{
    struct phrase added = *phrase;
    if (code->part_count == 0 && watched)
        return problem_set(problem, PROBLEM_RULES_INVALID,
                           "a phrase needs a word that must be there");
    if (!code->fixed && (added.exact = exact_new(buffer_view(&code->exact), problem)) == NULL)
        return false;
    index_add_phrase(policy->builder, code, watched, gates);
    policy->phrases = array_with(policy->phrases, policy->phrase_count, &policy->phrase_capacity,
                                 sizeof *policy->phrases);
    policy->phrases[policy->phrase_count++] = added;
    return true;
}

/* The gate of the rule of this block. */
static gate_set gate_of(struct reader *reader)
{
    struct policy *policy = reader->policy;
    struct policy_rule *rule = rule_of(reader);
    if (rule->gate != 0)
        return rule->gate;
    rule->gate_block = policy->block_count - 1;
    rule->gate_line = reader->line;
    rule->gate = policy->gate_count < GATES_MAX ? UINT32_C(1) << policy->gate_count++ : GATE_ALWAYS;
    return rule->gate;
}

/* What must be open for a phrase of this block (WATCHED), or for one of its exceptions. */
static gate_set gates_of(struct reader *reader, bool watched)
{
    const struct block *block = current(reader);
    for (size_t i = 0; i < block->condition_count; i++)
        if (block->conditions[i].kind == CONDITION_LIKELY)
            return block->conditions[i].gate;
    for (size_t i = 0; watched && i < reader->signal.condition_count; i++)
        if (reader->signal.conditions[i].kind == CONDITION_LIKELY)
            return reader->signal.conditions[i].gate;
    return GATE_ALWAYS;
}

static bool compile_phrase(struct reader *reader, struct text words, bool watched)
{
    struct phrase_code code = {0};
    const struct phrase phrase = {.signal = reader->policy->signal_count};
    bool done = phrase_compile(&code, words, reader->lists, reader->list_count, reader->problem) &&
                rules_add_phrase(reader->policy, &code, &phrase, watched, gates_of(reader, watched),
                                 reader->problem);
    phrase_code_done(&code);
    return done || refuse_in_place(reader);
}

static bool add_phrase(struct reader *reader, struct text words)
{
    if (!compile_phrase(reader, words, true))
        return false;
    add_signal(reader)->phrase = arena_text(reader->policy->arena, words);
    current(reader)->phrase_count++;
    return true;
}

static bool add_to_list(struct reader *reader, struct phrase_ids *list, struct text words)
{
    if (!compile_phrase(reader, words, false))
        return false;
    list->ids = array_with(list->ids, list->count, &list->capacity, sizeof *list->ids);
    list->texts = array_with(list->texts, list->count, &list->text_capacity, sizeof *list->texts);
    list->texts[list->count] = arena_text(reader->policy->arena, words);
    list->ids[list->count++] = reader->policy->phrase_count - 1;
    return true;
}

/* "50 when stars <= 3 and from seller", each part optional. */
static bool read_signal_options(struct reader *reader, struct text words, struct signal *signal)
{
    uint64_t points = current(reader)->weight;
    words = text_trim(words);
    if (words.length > 0 && !text_starts(words, "when ")) {
        struct text number = text_cut(&words, ' ');
        if (!text_to_u64(number, POINTS_MAX, &points) || points == 0)
            return refuse(reader, "points are a number from 1 to 200", number);
        words = text_trim(words);
    }
    signal->points = (unsigned)points;
    if (words.length == 0)
        return true;
    if (!text_starts(words, "when "))
        return refuse(reader, "here stands nothing but points and \"when …\"", words);
    words = text_slice(words, 5, words.length);
    while (words.length > 0) {
        const char *and = memmem(words.bytes, words.length, " and ", 5);
        struct text one = and != NULL ? text_slice(words, 0, (size_t)(and-words.bytes)) : words;
        words = and != NULL ? text_slice(words, one.length + 5, words.length) : TEXT_NONE;
        if (signal->condition_count == BLOCK_CONDITIONS_MAX)
            return refuse(reader, "there are too many conditions", one);
        struct condition *condition = &signal->conditions[signal->condition_count++];
        if (!condition_read(one, condition, reader->problem))
            return refuse_in_place(reader);
        if (condition->kind == CONDITION_LIKELY)
            condition->gate = gate_of(reader);
        condition->language = arena_text(reader->policy->arena, condition->language);
    }
    return true;
}

static bool read_scan(struct reader *reader, struct text words)
{
    struct text name = text_cut(&words, ' ');
    reader->signal = (struct signal){0};
    for (enum scanner scanner = SCANNER_PHONE; scanner < SCANNERS; scanner++)
        if (text_is(name, scanner_names[scanner]))
            reader->signal.scanner = scanner;
    enum scanner scanner = reader->signal.scanner;
    if (scanner == SCANNER_PHRASE)
        return refuse(reader, "there is no such scanner", name);
    words = text_trim(words);
    bool named = words.length > 0 && (words.bytes[0] < '0' || words.bytes[0] > '9') &&
                 !text_starts(words, "when ");
    if (named && scanner == SCANNER_LINK)
        reader->signal.argument = arena_text(reader->policy->arena, text_cut(&words, ' '));
    if (scanner == SCANNER_WORDING && words.length > 0 && !text_starts(words, "when "))
        return refuse(reader, "the model gives its own points", words);
    if (!read_signal_options(reader, words, &reader->signal))
        return false;
    add_signal(reader);
    return true;
}

/* --- keys of a block --- */

static bool read_when(struct reader *reader, struct text value)
{
    struct block *block = current(reader);
    struct signal options = {0};
    struct buffer words;
    buffer_init(&words);
    buffer_string(&words, "when ");
    buffer_text(&words, value);
    bool done = read_signal_options(reader, buffer_view(&words), &options);
    for (size_t i = 0; done && i < options.condition_count; i++) {
        if (block->condition_count == BLOCK_CONDITIONS_MAX)
            done = refuse(reader, "there are too many conditions", value);
        else
            block->conditions[block->condition_count++] = options.conditions[i];
    }
    buffer_done(&words);
    return done;
}

static bool read_number(struct reader *reader, struct text value, uint64_t max, unsigned *number)
{
    uint64_t read;
    if (!text_to_u64(value, max, &read) || read == 0)
        return refuse(reader, "a number from 1 on is needed", value);
    *number = (unsigned)read;
    return true;
}

static bool read_mode(struct reader *reader, struct text value)
{
    struct block *block = current(reader);
    for (enum policy_mode mode = POLICY_SHADOW; mode <= POLICY_BLOCK; mode++) {
        if (text_is(value, policy_mode_name(mode))) {
            block->has_mode = true;
            block->mode = mode;
            return true;
        }
    }
    return refuse(reader, "a mode is shadow, warn, hold or block", value);
}

/* "reason.ru" and the like, and the clause: what declares a rule. */
static bool read_declaration(struct reader *reader, struct text key, struct text value)
{
    struct policy_rule *rule = rule_of(reader);
    struct text *target = NULL;
    bool reason = text_starts(key, "reason."), mend = text_starts(key, "mend.");
    struct text code = reason || mend ? text_slice(key, reason ? 7 : 5, key.length) : TEXT_NONE;
    if (text_is(key, "clause")) {
        target = &rule->clause;
        current(reader)->declares = true;
    }
    for (size_t i = 0; (reason || mend) && i < POLICY_LANGUAGES; i++)
        if (text_is(code, policy_language_name(i)))
            target = reason ? &rule->reasons[i] : &rule->mends[i];
    if (target == NULL)
        return refuse(reader, "nothing is called so in a rule", key);
    if (target->length > 0)
        return refuse(reader, "this was said before", key);
    if (value.length == 0 || value.length > TEXT_MAX)
        return refuse(reader, "1 to 400 bytes are needed", value);
    *target = arena_text(reader->policy->arena, value);
    return true;
}

static bool read_list_key(struct reader *reader, struct text key)
{
    static const struct {
        const char *key;
        enum list_kind list;
    } lists[] = {{"except", LIST_EXCEPT},
                 {"unless", LIST_UNLESS},
                 {"with", LIST_WITH},
                 {"hits", LIST_HITS},
                 {"misses", LIST_MISSES}};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        if (text_is(key, lists[i].key)) {
            reader->list = lists[i].list;
            return true;
        }
    }
    return false;
}

static bool read_key(struct reader *reader, struct text key, struct text value)
{
    struct block *block = current(reader);
    reader->list = LIST_NONE;
    if (text_is(key, "version"))
        return read_number(reader, value, 1000000, &block->version);
    if (text_is(key, "weight")) {
        if (block->phrase_count > 0)
            return refuse(reader, "the weight must stand above the phrases", value);
        return read_number(reader, value, POINTS_MAX, &block->weight);
    }
    if (text_is(key, "mode"))
        return read_mode(reader, value);
    if (text_is(key, "when"))
        return read_when(reader, value);
    if (text_is(key, "phrases") || text_starts(key, "phrases ")) {
        reader->list = LIST_PHRASES;
        reader->signal = (struct signal){0};
        return read_signal_options(reader, text_slice(key, 7, key.length), &reader->signal);
    }
    if (read_list_key(reader, key))
        return value.length == 0 || refuse(reader, "what belongs to it stands below it", value);
    return read_declaration(reader, key, value);
}

/* --- lists --- */

static bool add_example(struct reader *reader, struct text line, bool hit)
{
    struct block *block = current(reader);
    struct arena *arena = reader->policy->arena;
    struct example example = {.hit = hit, .line = reader->line};
    if (text_starts(line, "[")) {
        line = text_slice(line, 1, line.length);
        example.notes = arena_text(arena, text_cut(&line, ']'));
        line = text_trim(line);
    }
    if (line.length == 0)
        return refuse(reader, "an example needs a text", example.notes);
    example.text = arena_text(arena, line);
    block->examples = array_with(block->examples, block->example_count, &block->example_capacity,
                                 sizeof *block->examples);
    block->examples[block->example_count++] = example;
    return true;
}

static bool add_link(struct reader *reader, struct text host)
{
    struct policy *policy = reader->policy;
    policy->links = array_with(policy->links, policy->link_count, &policy->link_capacity,
                               sizeof *policy->links);
    policy->links[policy->link_count++] =
        (struct link_list){reader->links, arena_text(policy->arena, host)};
    return true;
}

static bool read_item(struct reader *reader, struct text line)
{
    struct block *block = reader->in_block ? current(reader) : NULL;
    switch (reader->list) {
    case LIST_NONE:
        return refuse(reader, "to what does this line belong?", line);
    case LIST_WORDS:
        buffer_string(&reader->words, reader->words.length > 0 ? "|" : "");
        buffer_text(&reader->words, line);
        reader->lists[reader->list_count - 1].alternatives =
            arena_text(reader->policy->arena, buffer_view(&reader->words));
        return true;
    case LIST_LINKS:
        return add_link(reader, line);
    case LIST_PHRASES:
        return add_phrase(reader, line);
    case LIST_EXCEPT:
        return add_to_list(reader, &block->except, line);
    case LIST_UNLESS:
        return add_to_list(reader, &block->unless, line);
    case LIST_WITH:
        return add_to_list(reader, &block->with, line);
    case LIST_HITS:
    case LIST_MISSES:
        return add_example(reader, line, reader->list == LIST_HITS);
    }
    return true;
}

static bool open_words(struct reader *reader, struct text name)
{
    if (reader->list_count == LISTS_MAX)
        return refuse(reader, "there are too many lists", name);
    for (size_t i = 0; i < reader->list_count; i++)
        if (text_equal(reader->lists[i].name, name))
            return refuse(reader, "a list of this name stands above", name);
    reader->lists[reader->list_count++] =
        (struct word_list){arena_text(reader->policy->arena, name), TEXT_NONE};
    buffer_clear(&reader->words);
    reader->list = LIST_WORDS;
    return true;
}

static bool read_top(struct reader *reader, struct text line)
{
    struct text rest = line, word = text_cut(&rest, ' ');
    unsigned at = reader->line;
    if (!close_block(reader))
        return false;
    reader->line = at;
    reader->list = LIST_NONE;
    rest = text_trim(rest);
    if (text_is(word, "rule"))
        return open_block(reader, rest);
    if (text_is(word, "language:")) {
        if (rest.length == 0 || rest.length > 8)
            return refuse(reader, "a language is a code like \"ru\", or \"any\"", rest);
        reader->language = arena_text(reader->policy->arena, rest);
        return true;
    }
    struct text name = rest;
    if (name.length < 2 || name.bytes[name.length - 1] != ':')
        return refuse(reader, "a line here begins with rule, words, links or language", line);
    name.length--;
    if (text_is(word, "words"))
        return open_words(reader, name);
    if (!text_is(word, "links"))
        return refuse(reader, "a line here begins with rule, words, links or language", line);
    reader->links = arena_text(reader->policy->arena, name);
    reader->list = LIST_LINKS;
    return true;
}

/* Where a key ends: at the colon; in "phrases 50 when …:" at the last one. */
static size_t key_end(struct text line)
{
    if (text_starts(line, "phrases") && line.bytes[line.length - 1] == ':')
        return line.length - 1;
    const char *colon = memchr(line.bytes, ':', line.length);
    return colon != NULL ? (size_t)(colon - line.bytes) : line.length;
}

static bool read_line(struct reader *reader, struct text line)
{
    size_t indent = 0;
    while (indent < line.length && (line.bytes[indent] == ' ' || line.bytes[indent] == '\t'))
        indent++;
    line = text_trim(line);
    if (line.length == 0 || line.bytes[0] == '#')
        return true;
    if (!text_is_utf8(line))
        return refuse(reader, "the line is not UTF-8", TEXT(""));
    if (indent == 0)
        return read_top(reader, line);
    if (reader->list == LIST_WORDS || reader->list == LIST_LINKS || indent >= 3)
        return read_item(reader, line);
    if (!reader->in_block)
        return refuse(reader, "an indented line belongs to a rule, and none stands above", line);
    if (text_starts(line, "scan ")) {
        reader->list = LIST_NONE;
        return read_scan(reader, text_slice(line, 5, line.length));
    }
    size_t end = key_end(line);
    if (end == line.length)
        return refuse(reader, "a line of a rule is \"key: value\" (a list is indented further)",
                      line);
    return read_key(reader, text_slice(line, 0, end),
                    text_trim(text_slice(line, end + 1, line.length)));
}

bool rules_read(struct policy *policy, struct text name, struct text content,
                struct problem *problem)
{
    struct reader *reader = calloc(1, sizeof *reader);
    MUST(reader != NULL);
    *reader = (struct reader){.policy = policy, .name = name, .problem = problem};
    buffer_init(&reader->words);
    if (text_starts(content, "\xef\xbb\xbf")) /* as some editors mark UTF-8 */
        content = text_slice(content, 3, content.length);
    bool done = content.length <= FILE_BYTES_MAX ||
                refuse(reader, "the file is larger than 16 MiB", TEXT(""));
    while (done && content.length > 0) {
        struct text line = text_cut(&content, '\n');
        reader->line++;
        if (line.length > 0 && line.bytes[line.length - 1] == '\r')
            line.length--;
        done = read_line(reader, line);
    }
    done = done && close_block(reader);
    buffer_done(&reader->words);
    free(reader);
    return done;
}
