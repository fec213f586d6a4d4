/*
 * Grams: what the model (model.h) sees of a folded text. A gram is a word, its beginning, a
 * character of a script without spaces, or two or three of them that stand together; it is known
 * by a hash. tools/train_model.py sees the same grams, through tools/model_grams.c.
 */
#pragma once

#include "policy/fold.h"

#define GRAMS_OF_A_TOKEN 5

/* A word, number, character or sign, and the grams that end with it. */
struct token {
    uint32_t start, end; /* in the folded text */
    uint32_t grams[GRAMS_OF_A_TOKEN];
    unsigned gram_count;
};

struct gram_reader {
    const struct folded *folded;
    size_t at, end;
    uint32_t last, before_last; /* hashes of the tokens before; 0: none */
};

/* The end of the piece of text that starts at START: some sentences that are judged as one. */
size_t piece_end(const struct folded *folded, size_t start);
struct gram_reader gram_reader(const struct folded *folded, size_t start, size_t end);
/* The next token; false at the end. */
bool gram_next(struct gram_reader *reader, struct token *token);
