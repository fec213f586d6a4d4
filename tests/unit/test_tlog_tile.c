/* Tiles, their paths, entry bundles, and reading nodes out of tiles. */
#include "test_tlog_data.h"

#include <string.h>

#include "tlog/tile.h"

static void paths_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        struct tile tile;
    } rows[] = {
        {"tile/0/000", {TILE_HASHES, 0, 0, 256}},
        {"tile/0/x001/x234/067", {TILE_HASHES, 0, 1234067, 256}},
        {"tile/63/999", {TILE_HASHES, 63, 999, 256}},
        {"tile/1/x001/000.p/255", {TILE_HASHES, 1, 1000, 255}},
        {"tile/2/000.p/1", {TILE_HASHES, 2, 0, 1}},
        {"tile/entries/x273/999.p/112", {TILE_ENTRIES, 0, 273999, 112}},
        {"tile/entries/004", {TILE_ENTRIES, 0, 4, 256}},
        {"tile/0/x018/x014/x398/x509/x481/984", {TILE_HASHES, 0, UINT64_C(18014398509481984), 256}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tile tile;
        char path[TILE_PATH_BYTES];
        assert_true(tile_parse(text_of(rows[i].path), &tile));
        assert_int_equal(tile.kind, rows[i].tile.kind);
        assert_int_equal(tile.level, rows[i].tile.level);
        assert_true(tile.index == rows[i].tile.index);
        assert_int_equal(tile.width, rows[i].tile.width);
        assert_int_equal(tile_format(&tile, path), strlen(rows[i].path));
        assert_string_equal(path, rows[i].path);
    }
}

static void other_paths_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/1234",
        "/tile/0/000",
        "tile//000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/ 1/000",
        "tile/0/000/",
        "tile/0/000/001",
        "tile/0/x000/001",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/X001/000",
        "tile/0/001/000",
        "tile/0/x01/000",
        "tile/0/x001/x000/00a",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.p/-1",
        "tile/0/000.P/1",
        "tile/0/.p/1",
        "tile/0/000p/1",
        "tile/0/000.p/1 ",
        "tile/data/000",
        "tile/entries",
        "tile/entries/",
        "tile/entries/0/000",
        "tile/Entries/000",
        "tile/0/x018/x014/x398/x509/x481/985",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/x001/001",
        "tile/0/../../secret",
        "tile/0/%30%30%30",
    };
    struct tile tile;
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        if (tile_parse(text_of(paths[i]), &tile))
            fail_msg("%s was taken for a tile", paths[i]);
    assert_false(tile_parse((struct text){"tile/0/000\0", 11}, &tile));
}

static void trees_have_the_specified_tiles(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        unsigned level;
        uint64_t full;
        unsigned partial;
    } rows[] = {
        {0, 0, 0, 0},     {1, 0, 0, 1},     {255, 0, 0, 255},     {256, 0, 1, 0},
        {256, 1, 0, 1},   {256, 2, 0, 0},   {70000, 0, 273, 112}, {70000, 1, 1, 17},
        {70000, 2, 0, 1}, {70000, 3, 0, 0}, {70000, 63, 0, 0},    {UINT64_C(1) << 62, 7, 0, 64},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(tile_full_count(rows[i].level, rows[i].size) == rows[i].full);
        assert_int_equal(tile_partial_width(rows[i].level, rows[i].size), rows[i].partial);
    }
    const struct {
        struct tile tile;
        bool within;
    } within[] = {
        {{TILE_HASHES, 0, 272, 256}, true},   {{TILE_HASHES, 0, 273, 256}, false},
        {{TILE_HASHES, 0, 273, 112}, true},   {{TILE_HASHES, 0, 273, 111}, true},
        {{TILE_HASHES, 0, 273, 113}, false},  {{TILE_HASHES, 0, 274, 1}, false},
        {{TILE_HASHES, 2, 0, 1}, true},       {{TILE_HASHES, 2, 0, 2}, false},
        {{TILE_HASHES, 63, 0, 1}, false},     {{TILE_ENTRIES, 0, 273, 112}, true},
        {{TILE_ENTRIES, 0, 273, 256}, false},
    };
    for (size_t i = 0; i < COUNT_OF(within); i++)
        assert_int_equal(tile_within(&within[i].tile, 70000), within[i].within);
}

static void bundles_hold_what_was_added(void **state)
{
    (void)state;
    struct buffer bundle;
    struct text entries[3];
    struct problem problem;
    char large[ENTRY_BYTES_MAX + 1];
    memset(large, 'x', sizeof large);
    buffer_init(&bundle);
    assert_true(bundle_add(&bundle, TEXT("one"), &problem));
    assert_true(bundle_add(&bundle, TEXT(""), &problem));
    assert_true(bundle_add(&bundle, (struct text){large, ENTRY_BYTES_MAX}, &problem));
    assert_false(bundle_add(&bundle, (struct text){large, sizeof large}, &problem));
    assert_int_equal(problem.code, PROBLEM_BODY_TOO_LARGE);
    assert_memory_equal(bundle.bytes, "\0\3one\0\0\xff\xffx", 10);
    assert_true(bundle_parse(buffer_view(&bundle), entries, 3, &problem));
    assert_text(entries[0], "one");
    assert_int_equal(entries[1].length, 0);
    assert_int_equal(entries[2].length, ENTRY_BYTES_MAX);
    const size_t cuts[] = {0, 1, 2, 4, 6, 8, 100, bundle.length - 1};
    for (size_t i = 0; i < COUNT_OF(cuts); i++)
        assert_false(bundle_parse((struct text){bundle.bytes, cuts[i]}, entries, 3, &problem));
    assert_false(bundle_parse(buffer_view(&bundle), entries, 2, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    buffer_done(&bundle);
}

/* A log in memory: all complete nodes of the levels that tiles show. */
#define SIZE 66000
struct shelf {
    struct merkle_tree tree;
    struct digest nodes[3][SIZE];
    size_t fetches;
    size_t cut; /* bytes that go missing from each tile */
};

static struct shelf shelf;

static void keep(void *context, unsigned level, uint64_t index, const struct digest *hash)
{
    struct shelf *in = context;
    if (level % TILE_HEIGHT == 0)
        in->nodes[level / TILE_HEIGHT][index] = *hash;
}

static bool fetch(void *context, const struct tile *tile, struct buffer *bytes,
                  struct problem *problem)
{
    struct shelf *from = context;
    from->fetches++;
    if (!tile_within(tile, from->tree.size))
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such tile");
    const struct digest *hashes = from->nodes[tile->level] + tile->index * TILE_WIDTH;
    buffer_add(bytes, hashes, tile->width * sizeof *hashes - from->cut);
    return true;
}

static int fill_shelf(void **state)
{
    (void)state;
    merkle_init(&shelf.tree);
    for (uint32_t i = 0; i < SIZE; i++) {
        const struct digest leaf = merkle_leaf((struct text){(const char *)&i, sizeof i});
        merkle_append_telling(&shelf.tree, &leaf, keep, &shelf);
    }
    return 0;
}

static void proofs_are_made_from_tiles(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 65535, 65536, 65537, SIZE};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const uint64_t size = sizes[i];
        struct tile_reader reader;
        struct merkle_tree tree;
        struct merkle_proof proof;
        struct problem problem;
        tile_reader_init(&reader, size, fetch, &shelf);
        assert_true(merkle_load(&tree, size, tile_reader_node, &reader, &problem));
        const struct digest root = merkle_root(&tree);
        for (uint64_t index = 0; index < size; index += 1 + size / 7) {
            assert_true(
                merkle_prove_inclusion(index, size, tile_reader_node, &reader, &proof, &problem));
            assert_true(merkle_check_inclusion(&proof, index, size, &shelf.nodes[0][index], &root,
                                               &problem));
        }
        tile_reader_done(&reader);
        tile_reader_init(&reader, SIZE, fetch, &shelf);
        const struct digest whole = merkle_root(&shelf.tree);
        assert_true(
            merkle_prove_consistency(size, SIZE, tile_reader_node, &reader, &proof, &problem));
        assert_true(merkle_check_consistency(&proof, size, SIZE, &root, &whole, &problem));
        tile_reader_done(&reader);
    }
}

static void a_reader_fetches_a_tile_once_and_wants_all_of_it(void **state)
{
    (void)state;
    struct tile_reader reader;
    struct merkle_proof proof;
    struct digest hash;
    struct problem problem;
    tile_reader_init(&reader, SIZE, fetch, &shelf);
    shelf.fetches = 0;
    assert_true(merkle_prove_inclusion(300, SIZE, tile_reader_node, &reader, &proof, &problem));
    /* The leaf's tile, the one above it, and the right edge on the same two levels. */
    assert_int_equal(shelf.fetches, 4);
    assert_false(tile_reader_node(&reader, 0, SIZE, &hash, &problem));
    assert_false(tile_reader_node(&reader, 10, SIZE >> 10, &hash, &problem));
    assert_false(tile_reader_node(&reader, 62, 0, &hash, &problem));
    shelf.cut = 1;
    assert_false(tile_reader_node(&reader, 0, 7 * 256, &hash, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    shelf.cut = 0;
    assert_true(tile_reader_node(&reader, 0, 7 * 256, &hash, &problem));
    tile_reader_done(&reader);
    tile_reader_init(&reader, SIZE + 1000, fetch, &shelf);
    assert_false(tile_reader_node(&reader, 0, SIZE + 999, &hash, &problem));
    assert_int_equal(problem.code, PROBLEM_NOT_FOUND);
    tile_reader_done(&reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_are_read_and_written),
        cmocka_unit_test(other_paths_are_refused),
        cmocka_unit_test(trees_have_the_specified_tiles),
        cmocka_unit_test(bundles_hold_what_was_added),
        cmocka_unit_test(proofs_are_made_from_tiles),
        cmocka_unit_test(a_reader_fetches_a_tile_once_and_wants_all_of_it),
    };
    return cmocka_run_group_tests(tests, fill_shelf, NULL);
}
