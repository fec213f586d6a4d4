#include "policy/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "counterfoil wording model 1"
#define ROW_BYTES (4 + MODEL_RULES_MAX)
#define ROWS_MAX 65535
#define SLOT_BITS 16 /* as in tools/train_model.py, which puts one gram into a slot */
#define FILTER_BITS 17
#define FILTER_SHIFT (32 - FILTER_BITS)
#define PASSAGE_TOKENS_MAX 512 /* of a piece; the rest of a long one is not shown */
#define SECOND_SHARE 0.4f      /* a second passage weighs so much of the first one */
#define ID_MAX 47

/* 16 bytes: a row never lies in two cache lines. */
struct row {
    uint32_t gram;
    int8_t weights[MODEL_RULES_MAX];
};

struct rule_facts {
    char id[ID_MAX + 1];
    float scale, bias, buyer; /* of a weight of 1; added; added if the buyer writes */
    float ordinary, likely, sure;
};

struct model {
    size_t rule_count;
    struct rule_facts rules[MODEL_RULES_MAX];
    uint64_t filter[(1u << FILTER_BITS) / 64]; /* bits of the grams that it has: 16 KiB */
    struct row rows[1u << SLOT_BITS];
};

void model_free(struct model *model)
{
    free(model);
}

static bool refuse(struct problem *problem, struct text name, const char *why)
{
    return problem_set(problem, PROBLEM_RULES_INVALID, "%.*s: %s", TEXT_ARG(name), why);
}

/* "rule ID SCALE BIAS BUYER ORDINARY LIKELY SURE" */
static bool read_rule(struct model *model, struct text line)
{
    if (model->rule_count == MODEL_RULES_MAX || line.length >= 200)
        return false;
    struct rule_facts *rule = &model->rules[model->rule_count];
    char words[200];
    memcpy(words, line.bytes, line.length);
    words[line.length] = 0;
    if (sscanf(words, "rule %47s %f %f %f %f %f %f", rule->id, &rule->scale, &rule->bias,
               &rule->buyer, &rule->ordinary, &rule->likely, &rule->sure) != 7)
        return false;
    const float numbers[] = {rule->scale,    rule->bias,   rule->buyer,
                             rule->ordinary, rule->likely, rule->sure};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (!isfinite(numbers[i]))
            return false;
    model->rule_count++;
    return true;
}

static void keep_row(struct model *model, const unsigned char *bytes)
{
    uint32_t gram = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                    (uint32_t)bytes[3] << 24;
    struct row *row = &model->rows[gram & ((1u << SLOT_BITS) - 1)];
    row->gram = gram;
    memcpy(row->weights, bytes + 4, MODEL_RULES_MAX);
    uint32_t bit = gram >> FILTER_SHIFT;
    model->filter[bit / 64] |= UINT64_C(1) << bit % 64;
}

static bool read(struct model *model, struct text name, struct text content,
                 struct problem *problem)
{
    if (!text_is(text_cut(&content, '\n'), MAGIC))
        return refuse(problem, name, "the first line is not \"" MAGIC "\"");
    for (;;) {
        struct text line = text_cut(&content, '\n');
        if (line.length == 0)
            break;
        if (!read_rule(model, line))
            return refuse(problem, name, "a line of its head is not \"rule ID\" and six numbers");
    }
    if (model->rule_count == 0)
        return refuse(problem, name, "it is about no rule");
    if (content.length % ROW_BYTES != 0 || content.length / ROW_BYTES > ROWS_MAX)
        return refuse(problem, name, "it was cut off or is too long");
    for (size_t at = 0; at < content.length; at += ROW_BYTES)
        keep_row(model, (const unsigned char *)content.bytes + at);
    return true;
}

struct model *model_new(struct text name, struct text content, struct problem *problem)
{
    struct model *model = calloc(1, sizeof *model);
    MUST(model != NULL);
    if (read(model, name, content, problem))
        return model;
    model_free(model);
    return NULL;
}

bool model_find(const struct model *model, struct text rule, size_t *place)
{
    for (*place = 0; *place < model->rule_count; ++*place)
        if (text_is(rule, model->rules[*place].id))
            return true;
    return false;
}

/* The weights of a gram; NULL if it tells nothing. Most grams stop at the filter. */
static const struct row *find_row(const struct model *model, uint32_t gram)
{
    uint32_t bit = gram >> FILTER_SHIFT;
    if ((model->filter[bit / 64] >> bit % 64 & 1) == 0)
        return NULL;
    const struct row *row = &model->rows[gram & ((1u << SLOT_BITS) - 1)];
    return row->gram == gram ? row : NULL;
}

/* Adds up the weights of a piece; returns how many grams it has. */
static unsigned sum_piece(const struct model *model, const struct folded *folded, size_t start,
                          size_t end, int32_t sums[MODEL_RULES_MAX])
{
    struct gram_reader reader = gram_reader(folded, start, end);
    struct token token;
    unsigned count = 0;
    memset(sums, 0, MODEL_RULES_MAX * sizeof *sums);
    while (gram_next(&reader, &token)) {
        count += token.gram_count;
        for (unsigned i = 0; i < token.gram_count; i++) {
            const struct row *row = find_row(model, token.grams[i]);
            for (size_t j = 0; row != NULL && j < MODEL_RULES_MAX; j++)
                sums[j] += row->weights[j];
        }
    }
    return count;
}

static enum model_level level_of(const struct rule_facts *rule, float score)
{
    return score >= rule->sure      ? MODEL_SURE
           : score >= rule->likely  ? MODEL_LIKELY
           : score < rule->ordinary ? MODEL_ORDINARY
                                    : MODEL_UNSURE;
}

uint64_t model_judge(const struct model *model, const struct folded *folded, bool from_buyer,
                     struct model_opinion opinions[MODEL_RULES_MAX])
{
    uint64_t work = folded->length;
    size_t start = 0;
    do {
        int32_t sums[MODEL_RULES_MAX];
        size_t end = piece_end(folded, start);
        unsigned count = sum_piece(model, folded, start, end, sums);
        float shrink = 1 / sqrtf((float)(count > 0 ? count : 1));
        work += count;
        for (size_t i = 0; i < model->rule_count; i++) {
            const struct rule_facts *rule = &model->rules[i];
            float score =
                (float)sums[i] * rule->scale * shrink + rule->bias + (from_buyer ? rule->buyer : 0);
            if (start == 0 || score > opinions[i].score)
                opinions[i] = (struct model_opinion){score, level_of(rule, score), (uint32_t)start,
                                                     (uint32_t)end};
        }
        start = end;
    } while (start < folded->length);
    return work;
}

/* --- what weighed most --- */

struct weighed {
    uint32_t start, end;
    int32_t weight;
};

/* The tokens of a piece, each with the weights of the grams that end with it. */
static size_t weigh_tokens(const struct model *model, const struct folded *folded, size_t rule,
                           const struct model_opinion *opinion, struct weighed *tokens)
{
    struct gram_reader reader = gram_reader(folded, opinion->start, opinion->end);
    struct token token;
    size_t count = 0;
    while (count < PASSAGE_TOKENS_MAX && gram_next(&reader, &token)) {
        tokens[count] = (struct weighed){token.start, token.end, 0};
        for (unsigned i = 0; i < token.gram_count; i++) {
            const struct row *row = find_row(model, token.grams[i]);
            tokens[count].weight += row != NULL ? row->weights[rule] : 0;
        }
        count++;
    }
    return count;
}

/* The run of tokens with the greatest sum; it is taken out, so that the next call finds another. */
static int64_t heaviest(struct weighed *tokens, size_t count, struct passage *passage)
{
    int64_t best = 0, sum = 0;
    size_t first = 0, best_first = 0, best_last = 0;
    for (size_t i = 0; i < count; i++) {
        if (sum <= 0) {
            sum = 0;
            first = i;
        }
        sum += tokens[i].weight;
        if (sum > best) {
            best = sum;
            best_first = first;
            best_last = i;
        }
    }
    if (best == 0)
        return 0;
    *passage = (struct passage){tokens[best_first].start, tokens[best_last].end};
    for (size_t i = best_first; i <= best_last; i++)
        tokens[i].weight = INT16_MIN;
    return best;
}

size_t model_passages(const struct model *model, const struct folded *folded, size_t rule,
                      const struct model_opinion *opinion,
                      struct passage passages[MODEL_PASSAGES_MAX])
{
    struct weighed tokens[PASSAGE_TOKENS_MAX];
    size_t count = weigh_tokens(model, folded, rule, opinion, tokens), found = 0;
    int64_t first = 0;
    while (found < MODEL_PASSAGES_MAX) {
        int64_t weight = heaviest(tokens, count, &passages[found]);
        first = found == 0 ? weight : first;
        if (weight == 0 || (float)weight < (float)first * SECOND_SHARE)
            break;
        found++;
    }
    return found;
}
