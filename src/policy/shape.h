/*
 * Shape: what one fast look at folded text says about it, 64 bytes at a time: which of the slower
 * steps are needed at all. Most messages need none.
 */
#pragma once

#include "policy/fold.h"

#define SHAPE_MARKS_MAX 256

/* Of 64 bytes: a bit for each that belongs to a word, and for each that is a digit. */
struct shape_block {
    uint64_t words, digits;
};

struct shape {
    bool hidden;       /* letters look spaced, or digits stand for letters: fold_unhide */
    bool crowded;      /* more marks than fit */
    size_t digits;     /* 0 to 9 */
    size_t mark_count; /* "@", and dots between a letter or digit and a letter */
    uint32_t marks[SHAPE_MARKS_MAX];
    bool latin, pairs, dense;       /* it has such letters (letters.h) */
    size_t word_count, dense_count; /* words, and characters of scripts without spaces */
    struct shape_block *blocks;
    size_t block_count, block_capacity;
};

/* The byte at AT belongs to a word. */
static inline bool shape_is_word(const struct shape *shape, size_t at)
{
    return (shape->blocks[at / 64].words >> at % 64 & 1) != 0;
}

/* The first digit from START on; the end of all blocks, if there is none. */
size_t shape_next_digit(const struct shape *shape, size_t start);

/* Where the word ends that the byte at START belongs to. */
size_t shape_word_end(const struct shape *shape, size_t start);

/* No word goes through the place before AT, which may be the text's end. */
static inline bool shape_is_edge(const struct shape *shape, size_t at)
{
    return at == 0 || at >= 64 * shape->block_count || !shape_is_word(shape, at - 1) ||
           !shape_is_word(shape, at);
}

/* SHAPE starts zeroed and is used again and again. */
void shape_done(struct shape *shape);
void shape_look(struct shape *shape, const struct folded *folded);
