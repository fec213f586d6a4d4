/*
 * Tiles and entry bundles: the form in which a log is served (c2sp.org/tlog-tiles).
 *
 * A tile is 256 neighbouring hashes, or fewer at the right end of the tree; level L holds nodes of
 * the Merkle tree's level 8 L. Paths are relative to the log's prefix: `tile/0/x001/x234/067`,
 * `tile/1/000.p/17`, `tile/entries/004`. Pure: who stores and fetches the bytes is not known here.
 */
#pragma once

#include "tlog/merkle.h"

#define TILE_WIDTH 256u
#define TILE_HEIGHT 8u
#define TILE_BYTES ((size_t)TILE_WIDTH * DIGEST_BYTES)
#define TILE_PATH_BYTES 64
#define TILE_LEVELS 8u /* levels that a tree of MERKLE_SIZE_MAX leaves has */
#define ENTRY_BYTES_MAX 65535u

enum tile_kind { TILE_HASHES, TILE_ENTRIES };

struct tile {
    enum tile_kind kind;
    unsigned level; /* 0 to 63; 0 for entries */
    uint64_t index;
    unsigned width; /* 1 to 256; 256 is a full tile */
};

/* The canonical path and nothing else; false otherwise. */
MUST_CHECK bool tile_parse(struct text path, struct tile *tile);
size_t tile_format(const struct tile *tile, char out[TILE_PATH_BYTES]);
/* How many of a tile's hashes exist in a tree of SIZE leaves: 0 to 256. */
unsigned tile_width_at(unsigned level, uint64_t index, uint64_t size);
/* True if the tile, whole or cut to its width, can be made from a tree of SIZE leaves. */
bool tile_within(const struct tile *tile, uint64_t size);
uint64_t tile_full_count(unsigned level, uint64_t size);
unsigned tile_partial_width(unsigned level, uint64_t size); /* 0: there is no partial tile */

/* Entry bundles: each entry behind its length in two bytes, big endian. */
MUST_CHECK bool bundle_add(struct buffer *bundle, struct text entry, struct problem *problem);
/* Exactly COUNT entries (at most TILE_WIDTH); they are borrowed from the bundle. */
MUST_CHECK bool bundle_parse(struct text bundle, struct text *entries, size_t count,
                             struct problem *problem);

/* Appends the tile's bytes. */
typedef bool tile_fetch(void *context, const struct tile *tile, struct buffer *bytes,
                        struct problem *problem);

/*
 * Serves nodes of a tree of SIZE leaves from tiles; keeps the last tile of each level. It trusts
 * what it is given: a proof from a stranger's tiles is worth what its check against a signed root
 * says.
 */
struct tile_reader {
    uint64_t size;
    tile_fetch *fetch;
    void *context;
    struct buffer kept[TILE_LEVELS];
    uint64_t kept_index[TILE_LEVELS];
};

void tile_reader_init(struct tile_reader *reader, uint64_t size, tile_fetch *fetch, void *context);
void tile_reader_done(struct tile_reader *reader);
/* A merkle_read whose context is the reader. */
bool tile_reader_node(void *reader, unsigned level, uint64_t index, struct digest *hash,
                      struct problem *problem);
