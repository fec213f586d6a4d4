/* Tile paths are taken only in the one form in which they are written; bundles add up. */
#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_bundle(struct text bundle, size_t count)
{
    struct text entries[TILE_WIDTH];
    struct problem problem;
    struct buffer again;
    if (!bundle_parse(bundle, entries, count, &problem))
        return;
    buffer_init(&again);
    for (size_t i = 0; i < count; i++)
        MUST(bundle_add(&again, entries[i], &problem));
    MUST(text_equal(buffer_view(&again), bundle));
    buffer_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tile tile;
    const struct text text = {(const char *)data, size};
    if (tile_parse(text, &tile)) {
        char path[TILE_PATH_BYTES];
        const size_t length = tile_format(&tile, path);
        MUST(text_equal(text, (struct text){path, length}));
        MUST(tile.width <= TILE_WIDTH && tile.level < 64);
        MUST(!tile_within(&tile, 0));
    }
    if (size > 0)
        check_bundle(text_slice(text, 1, size), (size_t)data[0] + 1);
    return 0;
}
