#include "policy/wording.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "policy/array.h"
#include "policy/hash.h"
#include "policy/letters.h"

#define TOKENS_MAX 8192 /* of a message; what is behind them is not read */
#define PREFIX_LETTERS 4
#define DENSE_RUN 3 /* characters of a script without spaces, one after another */
#define FEATURES_MAX (1u << 20)
#define FEATURES_LEAST 20 /* that a message is taken to have: two words prove little */
#define PASSAGE_MARGIN 30 /* points by which one of several passages must tell more than needed */
/* From one passage to the next; a passage is twice as long: some twenty words, forty characters.
 */
#define STEP_UNITS 60
#define WORD_UNITS                                                                                 \
    2 /* of a word's feature; a run of characters has one unit: it has more features */
#define WEIGHT_MAX 500
#define NUMBER_MAX 1000000
#define SHARES 6 /* of a weight: one to three tokens share it */
#define POINTS_LIMIT 10000

/* A word, a sign, or a character of a script without spaces. */
struct token {
    uint32_t start, end, prefix_end;
    bool dense;
    uint64_t hash, prefix; /* of all of it and of its first letters */
};

/* Which features it has: kinds as they stand in the file before the colon. */
enum feature_kind {
    FEATURE_WORD = 'w',
    FEATURE_PREFIX = 'p',
    FEATURE_PAIR = 'b', /* of prefixes */
    FEATURE_RUN = 'c',
    FEATURE_FACT = 'f',
};

enum fact { FACT_SELLER, FACT_BUYER, FACTS };

static const char *const fact_names[FACTS] = {[FACT_SELLER] = "seller", [FACT_BUYER] = "buyer"};

struct feature {
    uint64_t hash;
    uint32_t first; /* of its tokens */
    uint8_t count;  /* of them */
    uint8_t kind;
};

#define FEATURES_OF_MESSAGE (DENSE_RUN * TOKENS_MAX) /* at the most */

/* --- hashes --- */

static uint64_t hash_next(uint64_t hash, uint64_t token)
{
    hash = (hash ^ token) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

/* All digits of eight bytes become 0. */
static uint64_t level_digits(uint64_t eight)
{
    const uint64_t low = UINT64_C(0x7F7F7F7F7F7F7F7F);
    uint64_t from_zero = eight ^ UINT64_C(0x3030303030303030);
    uint64_t over_nine = ((from_zero & low) + UINT64_C(0x7676767676767676)) | from_zero;
    return eight & ~(((~over_nine & ~low) >> 7) * 0x0F);
}

/* HASH goes on with COUNT bytes, at most eight, of which eight can be read. */
static uint64_t hash_eight(uint64_t hash, const unsigned char *bytes, size_t count)
{
    uint64_t eight;
    memcpy(&eight, bytes, 8);
    uint64_t mask = count < 8 ? (UINT64_C(1) << 8 * count) - 1 : UINT64_MAX;
    return hash_next(hash, level_digits(eight & mask));
}

/* Of the bytes from START to END; eight more can be read. */
static uint64_t hash_bytes(const unsigned char *bytes, size_t start, size_t end)
{
    uint64_t hash = HASH_START;
    for (; start + 8 < end; start += 8)
        hash = hash_eight(hash, bytes + start, 8);
    return hash_eight(hash, bytes + start, end - start);
}

static uint64_t hash_text(struct text text)
{
    uint64_t hash = HASH_START;
    for (size_t at = 0; at < text.length; at += 8) {
        unsigned char eight[8] = {0};
        size_t count = text.length - at < 8 ? text.length - at : 8;
        memcpy(eight, text.bytes + at, count);
        hash = hash_eight(hash, eight, count);
    }
    return hash;
}

/* --- the words of a message --- */

static size_t letter_length(const unsigned char *bytes, size_t at, size_t length)
{
    size_t letter = bytes[at] < 0x80 ? 1 : bytes[at] < 0xE0 ? 2 : bytes[at] < 0xF0 ? 3 : 4;
    return letter < length - at ? letter : length - at;
}

static struct token read_token(const struct folded *folded, const struct shape *shape, size_t start)
{
    const unsigned char *bytes = folded->bytes;
    bool word = shape_is_word(shape, start);
    size_t letter = start + letter_length(bytes, start, folded->length);
    size_t end = word ? shape_word_end(shape, start) : letter, prefix_end = letter;
    for (size_t letters = 1; letters < PREFIX_LETTERS && prefix_end < end; letters++)
        prefix_end += letter_length(bytes, prefix_end, end);
    /* Letters of words are two bytes long at the most, so that a prefix has eight. */
    uint64_t prefix = hash_eight(HASH_START, bytes + start, prefix_end - start);
    return (struct token){.start = (uint32_t)start,
                          .end = (uint32_t)end,
                          .prefix_end = (uint32_t)prefix_end,
                          .dense = bytes[start] >= 0xE0,
                          .hash = end > prefix_end ? hash_bytes(bytes, start, end) : prefix,
                          .prefix = prefix};
}

static bool is_sign(unsigned char c)
{
    return c == '!' || c == '?' || c == '%' || c == '$' || c == '*' || c == '"';
}

static size_t read_tokens(const struct folded *folded, const struct shape *shape,
                          struct token *tokens)
{
    const unsigned char *bytes = folded->bytes;
    size_t count = 0, at = 0;
    while (at < folded->length && count < TOKENS_MAX) {
        if (shape_is_word(shape, at) || bytes[at] >= 0xE0 || is_sign(bytes[at])) {
            tokens[count] = read_token(folded, shape, at);
            at = tokens[count++].end;
        } else {
            at++;
        }
    }
    return count;
}

/* --- features --- */

static struct feature feature_of(enum feature_kind kind, size_t first, size_t count, uint64_t hash)
{
    return (struct feature){hash, (uint32_t)first, (uint8_t)count, (uint8_t)kind};
}

/* Those that begin with the token at AT; returns how many. */
static size_t list_dense(const struct token *tokens, size_t count, size_t at,
                         struct feature *features)
{
    uint64_t hash = FEATURE_RUN;
    size_t found = 0;
    for (size_t i = at; i < count && i < at + DENSE_RUN && tokens[i].dense; i++) {
        hash = hash_next(hash, tokens[i].hash);
        features[found++] = feature_of(FEATURE_RUN, at, i + 1 - at, hash);
    }
    return found;
}

static size_t list_word(const struct token *tokens, size_t count, size_t at,
                        struct feature *features)
{
    const struct token *token = &tokens[at];
    uint64_t pair = hash_next(FEATURE_PAIR, token->prefix);
    size_t found = 0;
    features[found++] = feature_of(FEATURE_WORD, at, 1, hash_next(FEATURE_WORD, token->hash));
    if (token->prefix_end < token->end)
        features[found++] =
            feature_of(FEATURE_PREFIX, at, 1, hash_next(FEATURE_PREFIX, token->prefix));
    if (at + 1 < count && !token[1].dense)
        features[found++] = feature_of(FEATURE_PAIR, at, 2, hash_next(pair, token[1].prefix));
    return found;
}

/* FEATURES has room for FEATURES_OF_MESSAGE. */
static size_t list_features(const struct token *tokens, size_t count, struct feature *features)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += (tokens[i].dense ? list_dense : list_word)(tokens, count, i, features + found);
    return found;
}

/* --- the model --- */

/* For each rule. */
struct weights {
    int16_t of[WORDING_RULES_MAX];
};

struct model_feature {
    uint64_t hash;
    struct weights weights;
};

/* Of the table: by 32 bits of its hash a feature is known well enough. */
struct slot {
    uint32_t tag, number; /* 1 + the feature's; 0: none */
};

/* Lines of the file that say one thing each. */
enum setting {
    SETTING_RULES,
    SETTING_BIAS,
    SETTING_SPARE,
    SETTING_GATE,
    SETTING_SCALE,
    SETTING_FLOOR,
    SETTINGS
};

#define SETTING_NAMES "rules, bias, spare, gate, scale and floor"

struct wording {
    bool set[SETTINGS];
    size_t rule_count, feature_count, feature_capacity;
    struct text rules[WORDING_RULES_MAX]; /* in `ids` */
    struct buffer ids;
    int64_t bias[WORDING_RULES_MAX], spare[WORDING_RULES_MAX], gate[WORDING_RULES_MAX];
    int64_t floor, scale;
    struct model_feature *features;
    struct slot *table;
    unsigned shift; /* of a hash, to come to a place of the table */
    struct weights facts[FACTS];
};

void wording_free(struct wording *wording)
{
    if (wording == NULL)
        return;
    buffer_done(&wording->ids);
    free(wording->features);
    free(wording->table);
    free(wording);
}

size_t wording_rule(const struct wording *wording, struct text id)
{
    for (size_t i = 0; i < wording->rule_count; i++)
        if (text_equal(wording->rules[i], id))
            return i;
    return WORDING_RULES_MAX;
}

/* Where the feature of this HASH stands, or would. */
static struct slot *slot_of(const struct wording *wording, uint64_t hash)
{
    size_t place = hash >> wording->shift;
    while (wording->table[place].number != 0 && wording->table[place].tag != (uint32_t)hash)
        place = (place + 1) & ((UINT64_C(1) << (64 - wording->shift)) - 1);
    return &wording->table[place];
}

static uint64_t hash_fact(const char *name)
{
    return hash_next(FEATURE_FACT, hash_text(text_of(name)));
}

static void make_table(struct wording *wording)
{
    size_t size = 64;
    for (wording->shift = 58; size < 2 * wording->feature_count; size *= 2)
        wording->shift--;
    wording->table = array_new(size, sizeof *wording->table);
    for (size_t i = 0; i < wording->feature_count; i++) {
        uint64_t hash = wording->features[i].hash;
        *slot_of(wording, hash) = (struct slot){(uint32_t)hash, (uint32_t)i + 1};
    }
    for (size_t fact = 0; fact < FACTS; fact++) {
        uint32_t number = slot_of(wording, hash_fact(fact_names[fact]))->number;
        if (number > 0)
            wording->facts[fact] = wording->features[number - 1].weights;
    }
}

/* --- reading a file --- */

struct model_file {
    struct wording *wording;
    struct text name;
    unsigned line;
    struct problem *problem;
};

static bool refuse(const struct model_file *file, const char *why)
{
    return problem_set(file->problem, PROBLEM_RULES_INVALID, "%.*s:%u: %s", TEXT_ARG(file->name),
                       file->line, why);
}

static bool read_number(struct text *rest, int64_t least, int64_t most, int64_t *number)
{
    struct text word = text_cut(rest, ' ');
    uint64_t read;
    bool negative = text_starts(word, "-");
    if (!text_to_u64(text_slice(word, negative, word.length), INT32_MAX, &read))
        return false;
    *number = negative ? -(int64_t)read : (int64_t)read;
    return *number >= least && *number <= most;
}

static bool read_rules(struct model_file *file, struct text rest)
{
    struct wording *wording = file->wording;
    buffer_text(&wording->ids, rest);
    rest = buffer_view(&wording->ids);
    while (rest.length > 0) {
        struct text id = text_cut(&rest, ' ');
        if (id.length == 0 || wording_rule(wording, id) != WORDING_RULES_MAX)
            return refuse(file, "each rule is named once");
        if (wording->rule_count == WORDING_RULES_MAX)
            return refuse(file, "there are too many rules");
        wording->rules[wording->rule_count++] = id;
    }
    return wording->rule_count > 0 || refuse(file, "the ids of rules are missing");
}

static bool read_numbers(struct model_file *file, struct text rest, int64_t least, int64_t *numbers)
{
    for (size_t i = 0; i < file->wording->rule_count; i++)
        if (!read_number(&rest, least, NUMBER_MAX, &numbers[i]))
            return refuse(file, least < 0 ? "a whole number for each rule is needed"
                                          : "a whole number from 0 on for each rule is needed");
    return rest.length == 0 || refuse(file, "there are more numbers than rules");
}

static bool read_setting(struct model_file *file, enum setting setting, struct text rest)
{
    struct wording *wording = file->wording;
    switch (setting) {
    case SETTING_RULES:
        return read_rules(file, rest);
    case SETTING_BIAS:
        return read_numbers(file, rest, -NUMBER_MAX, wording->bias);
    case SETTING_SPARE:
        return read_numbers(file, rest, 0, wording->spare);
    case SETTING_GATE:
        return read_numbers(file, rest, -NUMBER_MAX, wording->gate);
    case SETTING_SCALE:
        return (read_number(&rest, 1, NUMBER_MAX, &wording->scale) && rest.length == 0) ||
               refuse(file, "the scale is a whole number from 1 on");
    case SETTING_FLOOR:
        return (read_number(&rest, -NUMBER_MAX, 0, &wording->floor) && rest.length == 0) ||
               refuse(file, "the floor is a whole number, 0 or less");
    case SETTINGS:
        break;
    }
    return refuse(file, "a line is one of " SETTING_NAMES ", or a feature and its weights");
}

/* Each is said once, in this order. */
static bool read_next_setting(struct model_file *file, struct text line)
{
    static const char *const names[SETTINGS] = {"rules", "bias", "spare", "gate", "scale", "floor"};
    struct text key = text_cut(&line, ' ');
    size_t setting = 0;
    while (setting < SETTINGS && !text_is(key, names[setting]))
        setting++;
    if (setting < SETTINGS &&
        (file->wording->set[setting] || (setting > 0 && !file->wording->set[setting - 1])))
        return refuse(file, SETTING_NAMES " stand once, in this order");
    if (!read_setting(file, (enum setting)setting, line))
        return false;
    file->wording->set[setting] = true;
    return true;
}

/* The next token of a feature: a character of a run, or a word. */
static struct text cut_token(struct text *feature, bool run)
{
    if (!run)
        return text_cut(feature, ' ');
    size_t length = letter_length((const unsigned char *)feature->bytes, 0, feature->length);
    struct text token = text_slice(*feature, 0, length);
    *feature = text_slice(*feature, length, feature->length);
    return token;
}

/* "w:word", "b:two word", "c:字": the hash that a message's feature would have. */
static bool read_feature(struct text feature, uint64_t *hash)
{
    if (feature.length < 3 || feature.bytes[1] != ':' || feature.bytes[0] == 0 ||
        strchr("wpbcf", feature.bytes[0]) == NULL)
        return false;
    *hash = (unsigned char)feature.bytes[0];
    bool run = *hash == FEATURE_RUN;
    feature = text_slice(feature, 2, feature.length);
    while (feature.length > 0) {
        struct text token = cut_token(&feature, run);
        *hash = hash_next(*hash, hash_text(token));
    }
    return true;
}

/* "b:take down<tab>12 -3 0". */
static bool read_weights(struct model_file *file, struct text line)
{
    struct wording *wording = file->wording;
    struct text feature = text_cut(&line, '\t');
    struct model_feature read = {0};
    if (!wording->set[SETTINGS - 1])
        return refuse(file, SETTING_NAMES " come first");
    if (wording->feature_count == FEATURES_MAX)
        return refuse(file, "there are too many features");
    if (!read_feature(feature, &read.hash))
        return refuse(file, "a feature is \"w:word\", \"p:\", \"b:\", \"c:\" or \"f:\"");
    for (size_t i = 0; i < wording->rule_count; i++) {
        int64_t weight;
        if (!read_number(&line, -WEIGHT_MAX, WEIGHT_MAX, &weight))
            return refuse(file, "a weight from -500 to 500 for each rule is needed");
        read.weights.of[i] = (int16_t)weight;
    }
    wording->features = array_with(wording->features, wording->feature_count,
                                   &wording->feature_capacity, sizeof *wording->features);
    wording->features[wording->feature_count++] = read;
    return line.length == 0 || refuse(file, "there are more weights than rules");
}

static bool read_line(struct model_file *file, struct text line)
{
    if (line.length == 0 || line.bytes[0] == '#')
        return true;
    return memchr(line.bytes, '\t', line.length) != NULL ? read_weights(file, line)
                                                         : read_next_setting(file, line);
}

struct wording *wording_new(struct text name, struct text content, struct problem *problem)
{
    struct wording *wording = array_new(1, sizeof *wording);
    struct model_file file = {wording, name, 0, problem};
    bool done = true;
    buffer_init(&wording->ids);
    while (done && content.length > 0) {
        file.line++;
        done = read_line(&file, text_cut(&content, '\n'));
    }
    if (done && !wording->set[SETTINGS - 1])
        done = refuse(&file, SETTING_NAMES " are needed");
    if (done) {
        make_table(wording);
        return wording;
    }
    wording_free(wording);
    return NULL;
}

/* --- reading a message --- */

/* A feature of the message that the model knows. */
struct known_feature {
    uint32_t number, first, count;
};

/* The features between the starts of two passages; what they weigh does not come over 16 bits. */
struct step {
    uint32_t count;
    struct weights fresh, again; /* of those that no step before had, and of the others */
};

_Static_assert(STEP_UNITS *WEIGHT_MAX <= INT16_MAX, "a step's weights are 16 bits");

#define STEPS_MAX (WORD_UNITS * FEATURES_OF_MESSAGE / STEP_UNITS + 3)

struct wording_reader {
    const struct wording *wording;
    const struct folded *folded;
    struct token *tokens;
    size_t token_count;
    struct feature *features; /* of the message */
    struct known_feature *known;
    size_t known_count;
    uint64_t *counted; /* of each feature of the model: the last step that had it, … */
    uint64_t last_step, first_step;   /* … of all there ever were; and the message's first */
    double points[WORDING_RULES_MAX]; /* before spare and floor */
    struct step *steps;               /* and two empty ones behind them */
    size_t step_count;
    bool likely[WORDING_RULES_MAX];
};

struct wording_reader *wording_reader_new(const struct wording *wording)
{
    struct wording_reader *reader = array_new(1, sizeof *reader);
    *reader = (struct wording_reader){
        .wording = wording,
        .tokens = array_new(TOKENS_MAX, sizeof(struct token)),
        .features = array_new(FEATURES_OF_MESSAGE, sizeof(struct feature)),
        .known = array_new(FEATURES_OF_MESSAGE, sizeof(struct known_feature)),
        .counted = array_new(wording->feature_count + 1, sizeof(uint64_t)),
        .steps = array_new(STEPS_MAX, sizeof(struct step)),
    };
    return reader;
}

void wording_reader_free(struct wording_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->tokens);
    free(reader->features);
    free(reader->known);
    free(reader->counted);
    free(reader->steps);
    free(reader);
}

static void add_weights(struct weights *restrict sums, const struct weights *restrict weights)
{
    for (size_t rule = 0; rule < WORDING_RULES_MAX; rule++)
        sums->of[rule] = (int16_t)(sums->of[rule] + weights->of[rule]);
}

/* A feature counts once for the message, and once for a step. */
static void weigh_feature(struct wording_reader *reader, const struct feature *feature,
                          struct step *step)
{
    uint32_t found = slot_of(reader->wording, feature->hash)->number;
    uint64_t *counted = &reader->counted[found];
    if (found == 0 || *counted == reader->last_step)
        return;
    bool fresh = *counted < reader->first_step;
    *counted = reader->last_step;
    add_weights(fresh ? &step->fresh : &step->again, &reader->wording->features[found - 1].weights);
    if (fresh)
        reader->known[reader->known_count++] =
            (struct known_feature){found - 1, feature->first, feature->count};
}

static void weigh_features(struct wording_reader *reader, size_t count)
{
    struct step *step = reader->steps;
    size_t units = 0;
    reader->known_count = 0;
    reader->first_step = ++reader->last_step;
    *step = (struct step){0};
    for (size_t i = 0; i < count; i++) {
        const struct feature *feature = &reader->features[i];
        if (units >= STEP_UNITS) {
            units -= STEP_UNITS;
            reader->last_step++;
            *++step = (struct step){0};
        }
        units += feature->kind == FEATURE_RUN ? 1 : WORD_UNITS;
        step->count++;
        weigh_feature(reader, feature, step);
    }
    step[1] = step[2] = (struct step){0};
    reader->step_count = (size_t)(step - reader->steps) + (count > 0);
}

/* What stands before the root of the number of features. */
static double scale_of(const struct wording *wording, size_t count)
{
    return (double)wording->scale / 1000 /
           sqrt((double)(count > FEATURES_LEAST ? count : FEATURES_LEAST));
}

/* What a passage of COUNT features comes to for RULE, its weights being SUM. */
static double points_of_sum(const struct wording *wording, size_t rule, int32_t sum, double scale)
{
    return (double)wording->bias[rule] + scale * sum;
}

/* Returns how many facts there are. */
static size_t weigh_facts(const struct wording *wording, struct wording_facts facts,
                          int32_t weights[WORDING_RULES_MAX])
{
    const bool has[FACTS] = {[FACT_SELLER] = facts.from_seller, [FACT_BUYER] = facts.from_buyer};
    memset(weights, 0, WORDING_RULES_MAX * sizeof *weights);
    for (size_t fact = 0; fact < FACTS; fact++)
        for (size_t rule = 0; rule < WORDING_RULES_MAX && has[fact]; rule++)
            weights[rule] += wording->facts[fact].of[rule];
    return (size_t)facts.from_seller + facts.from_buyer;
}

static int32_t weight_of_step(const struct step *step, size_t rule)
{
    return step->fresh.of[rule] + step->again.of[rule];
}

/*
 * Which rules are likely in one of the passages, and whether one tells much more than the message
 * as a whole, because ordinary sentences stand around it.
 */
static void look_at_passages(struct wording_reader *reader, const int32_t *facts)
{
    const struct wording *wording = reader->wording;
    bool several = reader->step_count > 2;
    /* Behind what was read anything may stand. */
    memset(reader->likely, reader->token_count == TOKENS_MAX, sizeof reader->likely);
    for (size_t at = 0; at == 0 || at + 1 < reader->step_count; at++) {
        const struct step *first = &reader->steps[at], *second = first + 1;
        double scale = scale_of(wording, first->count + second->count);
        for (size_t i = 0; i < wording->rule_count; i++) {
            int32_t sum = weight_of_step(first, i) + weight_of_step(second, i);
            double points = points_of_sum(wording, i, sum, scale);
            double told = points_of_sum(wording, i, sum + facts[i], scale) - PASSAGE_MARGIN;
            reader->likely[i] = reader->likely[i] || points >= (double)wording->gate[i];
            if (several && told > reader->points[i])
                reader->points[i] = told;
        }
    }
}

static void look_at_message(struct wording_reader *reader, size_t count, const int32_t *facts)
{
    const struct wording *wording = reader->wording;
    for (size_t i = 0; i < wording->rule_count; i++) {
        int32_t sum = facts[i]; /* FEATURES_OF_MESSAGE * WEIGHT_MAX is far from the end */
        for (size_t at = 0; at < reader->step_count; at++)
            sum += reader->steps[at].fresh.of[i];
        reader->points[i] = points_of_sum(wording, i, sum, scale_of(wording, count));
    }
}

size_t wording_read(struct wording_reader *reader, const struct folded *folded,
                    const struct shape *shape, struct wording_facts facts)
{
    int32_t fact_weights[WORDING_RULES_MAX];
    reader->folded = folded;
    reader->token_count = read_tokens(folded, shape, reader->tokens);
    size_t count = list_features(reader->tokens, reader->token_count, reader->features);
    weigh_features(reader, count);
    size_t fact_count = weigh_facts(reader->wording, facts, fact_weights);
    look_at_message(reader, count + fact_count, fact_weights);
    look_at_passages(reader, fact_weights);
    return folded->length + DENSE_RUN * reader->token_count;
}

bool wording_is_likely(const struct wording_reader *reader, size_t rule)
{
    return reader->likely[rule];
}

int wording_points(const struct wording_reader *reader, size_t rule)
{
    const struct wording *wording = reader->wording;
    double points = reader->points[rule], spare = (double)wording->spare[rule];
    if (points < 0)
        points = points + spare < 0 ? points + spare : 0;
    if (points < (double)wording->floor)
        return (int)wording->floor;
    return points > POINTS_LIMIT ? POINTS_LIMIT : (int)points;
}

/* --- the passages that weighed most --- */

/* The run of tokens whose SHARES come to the most; 0 if none is positive. */
static int64_t heaviest(const int64_t *shares, size_t count, size_t *first, size_t *end)
{
    int64_t best = 0, sum = 0;
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        if (sum <= 0) {
            sum = 0;
            start = i;
        }
        sum += shares[i];
        if (sum > best) {
            best = sum;
            *first = start;
            *end = i + 1;
        }
    }
    return best;
}

/* Of each token: what its features weigh, less what tokens weigh on average. */
static void share_weights(const struct wording_reader *reader, size_t rule, int64_t *shares)
{
    int64_t total = 0;
    for (size_t i = 0; i < reader->known_count; i++) {
        const struct known_feature *known = &reader->known[i];
        int64_t share = SHARES / (int64_t)known->count *
                        reader->wording->features[known->number].weights.of[rule];
        for (size_t j = 0; j < known->count; j++) {
            shares[known->first + j] += share;
            total += share;
        }
    }
    int64_t average = total > 0 ? total / (int64_t)(reader->token_count + 1) : 0;
    for (size_t i = 0; i < reader->token_count; i++)
        shares[i] -= average;
}

size_t wording_passages(struct wording_reader *reader, size_t rule,
                        struct wording_passage passages[WORDING_PASSAGES])
{
    size_t count = 0;
    int64_t least = 0;
    int64_t *shares = array_new(reader->token_count + 1, sizeof *shares);
    share_weights(reader, rule, shares);
    for (; count < WORDING_PASSAGES; count++) {
        size_t first = 0, end = 0;
        int64_t weight = heaviest(shares, reader->token_count, &first, &end);
        if (weight == 0 || weight < least)
            break;
        passages[count] =
            (struct wording_passage){reader->tokens[first].start, reader->tokens[end - 1].end};
        memset(shares + first, 0, (end - first) * sizeof *shares);
        shares[first] = INT64_MIN / 4; /* the next passage does not go through it */
        least = weight / 2;
    }
    free(shares);
    return count;
}

/* --- what the model is trained on --- */

static void write_feature(const struct feature *feature, const struct folded *folded,
                          const struct token *tokens, struct buffer *out)
{
    bool whole = feature->kind != FEATURE_PREFIX && feature->kind != FEATURE_PAIR;
    buffer_format(out, "%c:", feature->kind);
    for (size_t i = 0; i < feature->count; i++) {
        const struct token *token = &tokens[feature->first + i];
        if (i > 0 && !token->dense)
            buffer_char(out, ' ');
        for (size_t at = token->start; at < (whole ? token->end : token->prefix_end); at++) {
            char c = (char)folded->bytes[at];
            buffer_char(out, is_digit((unsigned char)c) ? '0' : c);
        }
    }
    buffer_char(out, '\n');
}

void wording_features(const struct folded *folded, const struct shape *shape,
                      struct wording_facts facts, struct buffer *out)
{
    struct token *tokens = array_new(TOKENS_MAX, sizeof *tokens);
    struct feature *features = array_new(FEATURES_OF_MESSAGE, sizeof *features);
    size_t count = list_features(tokens, read_tokens(folded, shape, tokens), features);
    if (facts.from_seller)
        buffer_format(out, "f:%s\n", fact_names[FACT_SELLER]);
    if (facts.from_buyer)
        buffer_format(out, "f:%s\n", fact_names[FACT_BUYER]);
    for (size_t i = 0; i < count; i++)
        write_feature(&features[i], folded, tokens, out);
    free(features);
    free(tokens);
}
