/*
 * Model: a small linear model that says by a message's wording whether it breaks a rule, where
 * phrases are not enough. It adds up weights of grams (grams.h): one look-up gives those of all
 * rules. tools/train_model.py makes it; docs/policy-library.md describes the file. Only inside
 * src/policy.
 */
#pragma once

#include "base/problem.h"
#include "policy/grams.h"

#define MODEL_RULES_MAX 12
#define MODEL_PASSAGES_MAX 2

/* What the model says of a message and a rule; each of the last two is more than the one before. */
enum model_level { MODEL_ORDINARY, MODEL_UNSURE, MODEL_LIKELY, MODEL_SURE };

struct model;

void model_free(struct model *model);
/* PROBLEM_RULES_INVALID with "name: reason". */
struct model *model_new(struct text name, struct text content, struct problem *problem)
    OWNED_BY(model_free);
/* The place of this rule among those that the model knows; false: it knows nothing of it. */
bool model_find(const struct model *model, struct text rule, size_t *place);

struct model_opinion {
    float score;
    enum model_level level;
    uint32_t start, end; /* of the piece of the message that the score is of: the highest */
};

/* What the model says of FOLDED, by rule; returns how many bytes and grams were looked at. */
uint64_t model_judge(const struct model *model, const struct folded *folded, bool from_buyer,
                     struct model_opinion opinions[MODEL_RULES_MAX]);

struct passage {
    uint32_t start, end; /* in the folded text */
};

/* The passages that weighed most in an opinion, at least one if its score has any weight. */
size_t model_passages(const struct model *model, const struct folded *folded, size_t rule,
                      const struct model_opinion *opinion,
                      struct passage passages[MODEL_PASSAGES_MAX]);
