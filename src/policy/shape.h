/*
 * Shape: what one fast look at folded text says about it, 64 bytes at a time: which of the slower
 * steps are needed at all. Most messages need none.
 */
#pragma once

#include "policy/fold.h"

#define SHAPE_MARKS_MAX 256

struct shape {
    bool hidden;       /* letters look spaced, or digits stand for letters: fold_unhide */
    bool crowded;      /* more marks than fit */
    size_t digits;     /* 0 to 9 */
    size_t mark_count; /* "@", and dots between a letter or digit and a letter */
    uint32_t marks[SHAPE_MARKS_MAX];
    bool latin, pairs, dense;       /* it has such letters (letters.h) */
    size_t word_count, dense_count; /* words, and characters of scripts without spaces */
    uint64_t *words;                /* of each 64 bytes: a bit for each that belongs to a word */
    size_t block_count, block_capacity;
};

/* The byte at AT belongs to a word. */
static inline bool shape_is_word(const struct shape *shape, size_t at)
{
    return (shape->words[at / 64] >> at % 64 & 1) != 0;
}

/* Where the word ends that the byte at START belongs to. */
size_t shape_word_end(const struct shape *shape, size_t start);

/* No word goes through the place before AT, which may be the text's end. */
static inline bool shape_is_edge(const struct shape *shape, size_t at)
{
    return at == 0 || at >= 64 * shape->block_count ||
           (shape->words[(at - 1) / 64] >> (at - 1) % 64 & shape->words[at / 64] >> at % 64 & 1) ==
               0;
}

/* SHAPE starts zeroed and is used again and again. */
void shape_done(struct shape *shape);
void shape_look(struct shape *shape, const struct folded *folded);
