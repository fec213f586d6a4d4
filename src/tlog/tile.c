#include "tlog/tile.h"

#include <stdio.h>
#include <string.h>

#define INDEX_MAX (MERKLE_SIZE_MAX / TILE_WIDTH)

/* One path element of the index: three digits, and an `x` before them if more follow. */
static bool take_group(struct text *rest, uint64_t *index, bool *more)
{
    struct text group = text_cut(rest, '/');
    *more = group.length == 4 && group.bytes[0] == 'x';
    if (*more)
        group = text_slice(group, 1, 4);
    if (group.length != 3)
        return false;
    for (size_t i = 0; i < 3; i++) {
        if (group.bytes[i] < '0' || group.bytes[i] > '9')
            return false;
        *index = *index * 10 + (uint64_t)(group.bytes[i] - '0');
    }
    return *index <= INDEX_MAX;
}

/* Cuts `.p/W` off the path's end. */
static bool take_width(struct text *path, unsigned *width)
{
    *width = TILE_WIDTH;
    for (size_t i = 0; i + 3 <= path->length; i++) {
        if (memcmp(path->bytes + i, ".p/", 3) != 0)
            continue;
        uint64_t number = 0;
        const struct text digits = text_slice(*path, i + 3, path->length);
        if (!text_to_u64(digits, TILE_WIDTH - 1, &number) || number == 0)
            return false;
        *width = (unsigned)number;
        *path = text_slice(*path, 0, i);
        return true;
    }
    return true;
}

bool tile_parse(struct text path, struct tile *tile)
{
    const struct text whole = path;
    *tile = (struct tile){.kind = TILE_HASHES};
    if (path.length >= TILE_PATH_BYTES || !text_is(text_cut(&path, '/'), "tile"))
        return false;
    const struct text level = text_cut(&path, '/');
    uint64_t number = 0;
    if (text_is(level, "entries"))
        tile->kind = TILE_ENTRIES;
    else if (!text_to_u64(level, 63, &number))
        return false;
    tile->level = (unsigned)number;
    if (!take_width(&path, &tile->width))
        return false;
    bool more = true;
    while (more)
        if (!take_group(&path, &tile->index, &more))
            return false;
    /* What is left (superfluous groups, zeros in front, slashes) shows when it is written again. */
    char canonical[TILE_PATH_BYTES];
    const size_t length = tile_format(tile, canonical);
    return text_equal(whole, (struct text){canonical, length});
}

size_t tile_format(const struct tile *tile, char out[TILE_PATH_BYTES])
{
    MUST(tile->index <= INDEX_MAX && tile->level < 64);
    MUST(tile->width >= 1 && tile->width <= TILE_WIDTH);
    uint64_t divisor = 1;
    while (tile->index / divisor >= 1000)
        divisor *= 1000;
    int used = tile->kind == TILE_ENTRIES ? snprintf(out, TILE_PATH_BYTES, "tile/entries")
                                          : snprintf(out, TILE_PATH_BYTES, "tile/%u", tile->level);
    size_t length = (size_t)used;
    for (; divisor > 0; divisor /= 1000) {
        const unsigned group = (unsigned)(tile->index / divisor % 1000);
        used = snprintf(out + length, TILE_PATH_BYTES - length, divisor > 1 ? "/x%03u" : "/%03u",
                        group);
        length += (size_t)used;
    }
    if (tile->width < TILE_WIDTH) {
        used = snprintf(out + length, TILE_PATH_BYTES - length, ".p/%u", tile->width);
        length += (size_t)used;
    }
    MUST(length < TILE_PATH_BYTES);
    return length;
}

/* How many hashes level LEVEL has in a tree of SIZE leaves. */
static uint64_t hashes_at(unsigned level, uint64_t size)
{
    return level < TILE_LEVELS ? size >> (TILE_HEIGHT * level) : 0;
}

unsigned tile_width_at(unsigned level, uint64_t index, uint64_t size)
{
    const uint64_t full = tile_full_count(level, size);
    if (index < full)
        return TILE_WIDTH;
    return index == full ? tile_partial_width(level, size) : 0;
}

bool tile_within(const struct tile *tile, uint64_t size)
{
    return tile->width <= tile_width_at(tile->level, tile->index, size);
}

uint64_t tile_full_count(unsigned level, uint64_t size)
{
    return hashes_at(level, size) / TILE_WIDTH;
}

unsigned tile_partial_width(unsigned level, uint64_t size)
{
    return (unsigned)(hashes_at(level, size) % TILE_WIDTH);
}

bool bundle_add(struct buffer *bundle, struct text entry, struct problem *problem)
{
    if (entry.length > ENTRY_BYTES_MAX)
        return problem_set(problem, PROBLEM_BODY_TOO_LARGE, "a log entry has at most %u bytes",
                           ENTRY_BYTES_MAX);
    buffer_char(bundle, (char)(entry.length >> 8));
    buffer_char(bundle, (char)(entry.length & 0xff));
    buffer_text(bundle, entry);
    return true;
}

bool bundle_parse(struct text bundle, struct text *entries, size_t count, struct problem *problem)
{
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (bundle.length - at < 2)
            return problem_set(problem, PROBLEM_PROOF_INVALID, "the entry bundle is cut short");
        const uint8_t high = (uint8_t)bundle.bytes[at];
        const uint8_t low = (uint8_t)bundle.bytes[at + 1];
        const size_t length = (size_t)high << 8 | low;
        at += 2;
        if (bundle.length - at < length)
            return problem_set(problem, PROBLEM_PROOF_INVALID, "the entry bundle is cut short");
        entries[i] = text_slice(bundle, at, at + length);
        at += length;
    }
    if (at != bundle.length)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the entry bundle is too long");
    return true;
}

void tile_reader_init(struct tile_reader *reader, uint64_t size, tile_fetch *fetch, void *context)
{
    *reader = (struct tile_reader){.size = size, .fetch = fetch, .context = context};
    for (size_t i = 0; i < TILE_LEVELS; i++)
        buffer_init(&reader->kept[i]);
}

void tile_reader_done(struct tile_reader *reader)
{
    for (size_t i = 0; i < TILE_LEVELS; i++)
        buffer_done(&reader->kept[i]);
}

/* The tile's bytes, fetched unless they are the ones kept for its level. */
static bool tile_bytes(struct tile_reader *reader, const struct tile *tile, struct text *bytes,
                       struct problem *problem)
{
    struct buffer *kept = &reader->kept[tile->level];
    const size_t expected = (size_t)tile->width * DIGEST_BYTES;
    if (kept->length == 0 || reader->kept_index[tile->level] != tile->index) {
        buffer_clear(kept);
        if (!reader->fetch(reader->context, tile, kept, problem)) {
            buffer_clear(kept);
            return false;
        }
        reader->kept_index[tile->level] = tile->index;
    }
    *bytes = buffer_view(kept);
    if (bytes->length == expected)
        return true;
    buffer_clear(kept);
    return problem_set(problem, PROBLEM_PROOF_INVALID, "a tile has not the size that it must have");
}

bool tile_reader_node(void *context, unsigned level, uint64_t index, struct digest *hash,
                      struct problem *problem)
{
    struct tile_reader *reader = context;
    MUST(level < 63 && index <= MERKLE_SIZE_MAX >> level);
    const unsigned height = level % TILE_HEIGHT;
    const uint64_t first = index << height; /* in hashes of the tile's level */
    struct tile tile = {.kind = TILE_HASHES, .level = level / TILE_HEIGHT};
    tile.index = first / TILE_WIDTH;
    tile.width = tile_width_at(tile.level, tile.index, reader->size);
    const unsigned from = (unsigned)(first % TILE_WIDTH);
    if (from + (1u << height) > tile.width)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the tree has no such node");
    struct text bytes;
    if (!tile_bytes(reader, &tile, &bytes, problem))
        return false;
    struct merkle_tree inside;
    merkle_init(&inside);
    for (unsigned i = from; i < from + (1u << height); i++) {
        struct digest leaf;
        memcpy(leaf.bytes, bytes.bytes + (size_t)i * DIGEST_BYTES, DIGEST_BYTES);
        merkle_append(&inside, &leaf);
    }
    *hash = merkle_root(&inside);
    return true;
}
