#include "policy/shape.h"

#include <stdlib.h>

#include "policy/array.h"

#define SPACED_PAIRS 3 /* single letters beside each other: four in a row, as in fold_unhide */

/* A bit for each of 64 bytes. */
struct masks {
    uint64_t letter, digit, pair, tail, dense, gap, at, dot;
};

/* Classes of bytes. */
enum class {
    LETTER = 1,
    DIGIT = 2,
    PAIR = 4,   /* first byte of a letter of two */
    TAIL = 8,   /* a byte behind the first */
    DENSE = 16, /* first byte of a character of three or four */
    GAP = 32,   /* what is put between letters to hide a word */
    AT = 64,
    DOT = 128,
};

/* Of each byte. */
static const unsigned char classes[256] = {
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   0,
    0,  0,  0,  0,  0,  0,  0,  0,  32, 0,  0,  0,  0,  0,  0,  0,  0,  0,  32, 0,  0,  32, 160, 32,
    2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  0,  0,  0,  0,  0,  0,  64, 0,  0,  0,  0,  0,  0,   0,
    0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,   32,
    0,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,   1,
    1,  1,  1,  0,  32, 0,  32, 0,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,   8,
    8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,   8,
    8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,  8,   8,
    0,  0,  0,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,  4,   4,
    4,  4,  4,  4,  4,  4,  4,  4,  16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,  16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
};

/* Bit i of the result is bit 0 of byte i. */
static uint64_t pack(uint64_t eight)
{
    return ((eight & UINT64_C(0x0101010101010101)) * UINT64_C(0x0102040810204080)) >> 56;
}

/* Of four bytes, from AT on. */
static inline uint64_t classes_of(const unsigned char *bytes, size_t at)
{
    uint32_t first = classes[bytes[at]] | (uint32_t)classes[bytes[at + 1]] << 8;
    uint32_t second = classes[bytes[at + 2]] | (uint32_t)classes[bytes[at + 3]] << 8;
    return first | second << 16;
}

static void look_at_eight(const unsigned char *bytes, unsigned shift, struct masks *masks)
{
    uint64_t eight = classes_of(bytes, 0) | classes_of(bytes, 4) << 32;
    masks->letter |= pack(eight) << shift;
    masks->digit |= pack(eight >> 1) << shift;
    masks->pair |= pack(eight >> 2) << shift;
    masks->tail |= pack(eight >> 3) << shift;
    masks->dense |= pack(eight >> 4) << shift;
    masks->gap |= pack(eight >> 5) << shift;
    masks->at |= pack(eight >> 6) << shift;
    masks->dot |= pack(eight >> 7) << shift;
}

/* What the block before left behind: its last bytes, as bits 0 of a mask. */
struct before {
    uint64_t word, pair, dense_end, gap, single, single_ends;
};

static void add_marks(struct shape *shape, uint64_t marks, size_t at)
{
    while (marks != 0) {
        if (shape->mark_count == SHAPE_MARKS_MAX) {
            shape->crowded = true;
            return;
        }
        shape->marks[shape->mark_count++] = (uint32_t)(at + (size_t)__builtin_ctzll(marks));
        marks &= marks - 1;
    }
}

/*
 * At the edges of a block the byte behind is taken for whatever makes the slower step necessary:
 * it looks more closely.
 */
static void look_at_block(struct shape *shape, const struct masks *m, struct before *before,
                          size_t at, size_t *pairs)
{
    const uint64_t last = UINT64_C(1) << 63;
    uint64_t pair_tail = m->tail & (m->pair << 1 | before->pair);
    uint64_t dense_tail = m->tail & ~pair_tail;
    uint64_t word = m->letter | m->digit | m->pair | pair_tail;
    uint64_t before_word = word << 1 | before->word;
    uint64_t behind_word = word >> 1, behind_two = word >> 2;
    uint64_t single = (m->letter & ~before_word & ~behind_word) |
                      (m->pair & ~before_word & ~(behind_two & ~last));
    uint64_t letter = m->letter | m->pair | pair_tail;
    uint64_t lone = m->digit & (letter << 1) & (letter >> 1);
    uint64_t dense_before = dense_tail << 1 | before->dense_end;
    uint64_t gap_run = m->gap & (dense_before | single << 1 | before->single);
    gap_run |= m->gap & (gap_run << 1);
    gap_run |= m->gap & (gap_run << 1);
    uint64_t behind_gap = gap_run << 1 | (before->gap & 1);
    bool dense_gap = ((m->dense & behind_gap) | (single & (m->gap & dense_before) << 1)) != 0;
    /* A single letter with one to three signs before it, and before them another. */
    uint64_t single_ends = (single & m->letter) | (single & m->pair) << 1;
    uint64_t beside = single_ends << 2 | single_ends << 3 | single_ends << 4 | before->single_ends;
    *pairs += (size_t)__builtin_popcountll(single & beside);
    shape->hidden = shape->hidden || lone != 0 || dense_gap || *pairs >= SPACED_PAIRS;
    shape->latin = shape->latin || m->letter != 0;
    shape->pairs = shape->pairs || m->pair != 0;
    shape->dense = shape->dense || m->dense != 0;
    shape->digits += (size_t)__builtin_popcountll(m->digit);
    shape->word_count += (size_t)__builtin_popcountll(word & ~before_word);
    shape->dense_count += (size_t)__builtin_popcountll(m->dense);
    uint64_t dots = m->dot & before_word & ((m->letter | m->pair | m->dense) >> 1 | last);
    add_marks(shape, m->at | dots, at);
    shape->blocks[shape->block_count++] = (struct shape_block){word, m->digit};
    *before = (struct before){
        word >> 63,    m->pair >> 63, dense_tail >> 63,
        gap_run >> 63, single >> 63,  single_ends >> 62 | single_ends >> 61 | single_ends >> 60};
}

void shape_done(struct shape *shape)
{
    free(shape->blocks);
}

void shape_look(struct shape *shape, const struct folded *folded)
{
    struct before before = {0};
    size_t pairs = 0;
    shape->hidden = shape->crowded = shape->latin = shape->pairs = shape->dense = false;
    shape->digits = shape->mark_count = shape->block_count = 0;
    shape->word_count = shape->dense_count = 0;
    shape->blocks = array_with(shape->blocks, folded->length / 64, &shape->block_capacity,
                               sizeof *shape->blocks);
    for (size_t at = 0; at < folded->length; at += 64) {
        struct masks masks = {0};
        for (unsigned i = 0; i < 64 && at + i < folded->length; i += 8)
            look_at_eight(folded->bytes + at + i, i, &masks);
        look_at_block(shape, &masks, &before, at, &pairs);
    }
}

size_t shape_word_end(const struct shape *shape, size_t start)
{
    size_t block = start / 64;
    uint64_t others = ~(shape->blocks[block].words >> start % 64);
    if (others << start % 64 != 0)
        return start + (size_t)__builtin_ctzll(others);
    while (++block < shape->block_count)
        if (shape->blocks[block].words != UINT64_MAX)
            return 64 * block + (size_t)__builtin_ctzll(~shape->blocks[block].words);
    return 64 * block;
}

size_t shape_next_digit(const struct shape *shape, size_t start)
{
    for (size_t block = start / 64; block < shape->block_count; block++) {
        uint64_t digits = shape->blocks[block].digits;
        if (block == start / 64)
            digits &= UINT64_MAX << start % 64;
        if (digits != 0)
            return 64 * block + (size_t)__builtin_ctzll(digits);
    }
    return 64 * shape->block_count;
}
