/* Checkpoints, and a whole log that another implementation wrote. */
#include "test_tlog_data.h"

#include <string.h>

#include "tlog/checkpoint.h"
#include "tlog/tile.h"

#define DASH "\xe2\x80\x94 "
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define EMPTY_ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void texts_are_read_and_written(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *origin;
        uint64_t size;
        const char *extension;
    } rows[] = {
        {"example.com/behind-the-sofa\n20852163\n" ROOT "\n", "example.com/behind-the-sofa",
         20852163, ""},
        {"empty\n0\n" EMPTY_ROOT "\n", "empty", 0, ""},
        {"a b+c\n4611686018427387904\n" ROOT "\nmore\nand more\n", "a b+c", UINT64_C(1) << 62,
         "more\nand more\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct checkpoint checkpoint;
        struct problem problem;
        struct buffer text;
        buffer_init(&text);
        assert_true(checkpoint_parse(text_of(rows[i].text), &checkpoint, &problem));
        assert_text(checkpoint.origin, rows[i].origin);
        assert_true(checkpoint.size == rows[i].size);
        assert_text(checkpoint.extension, rows[i].extension);
        checkpoint_add(&text, &checkpoint);
        assert_text(buffer_view(&text), rows[i].text);
        buffer_done(&text);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "\n",
        "log\n",
        "log\n1\n",
        "log\n1\n" ROOT,
        "\n1\n" ROOT "\n",
        "log\n\n" ROOT "\n",
        "log\n01\n" ROOT "\n",
        "log\n-1\n" ROOT "\n",
        "log\n+1\n" ROOT "\n",
        "log\n 1\n" ROOT "\n",
        "log\n1 \n" ROOT "\n",
        "log\n0x1\n" ROOT "\n",
        "log\n4611686018427387905\n" ROOT "\n",
        "log\n18446744073709551616\n" ROOT "\n",
        "log\n1\n\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "log\n1\nCsUYapGGPo4dkMgIAUqom_Xajj7h2fB2MPA3j2jxq2I=\n",
        "log\n1\n " ROOT "\n",
        "log\n1\n" ROOT "AAAA\n",
        "log\n1\n" ROOT "\n\n",
        "log\n1\n" ROOT "\nmore",
        "log\n1\n" ROOT "\nmore\n\nmore\n",
    };
    struct checkpoint checkpoint;
    struct problem problem;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        problem_clear(&problem);
        if (checkpoint_parse(text_of(texts[i]), &checkpoint, &problem))
            fail_msg("text %zu was taken", i);
        assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    }
    char origin[CHECKPOINT_ORIGIN_MAX + 2];
    struct buffer text;
    buffer_init(&text);
    memset(origin, 'o', sizeof origin);
    buffer_add(&text, origin, CHECKPOINT_ORIGIN_MAX);
    buffer_string(&text, "\n1\n" ROOT "\n");
    assert_true(checkpoint_parse(buffer_view(&text), &checkpoint, &problem));
    buffer_clear(&text);
    buffer_add(&text, origin, CHECKPOINT_ORIGIN_MAX + 1);
    buffer_string(&text, "\n1\n" ROOT "\n");
    assert_false(checkpoint_parse(buffer_view(&text), &checkpoint, &problem));
    buffer_clear(&text);
    buffer_string(&text, "log\n1\n" ROOT "\n");
    while (text.length <= NOTE_BYTES_MAX)
        buffer_string(&text, "extension\n");
    assert_false(checkpoint_parse(buffer_view(&text), &checkpoint, &problem));
    buffer_done(&text);
}

static void signing_and_opening_fit(void **state)
{
    (void)state;
    const uint8_t seed[ED25519_KEY_BYTES] = {7};
    struct note_secret secret;
    struct note_secret other;
    struct problem problem;
    struct note note;
    struct checkpoint opened;
    struct buffer bytes;
    buffer_init(&bytes);
    assert_true(
        note_secret_from_seed(&secret, TEXT("shop.example/log"), NOTE_ED25519, seed, &problem));
    assert_true(note_secret_from_seed(&other, TEXT("shop.example"), NOTE_ED25519, seed, &problem));
    const struct note_signer signer = {&secret.key, note_secret_sign, &secret};
    const struct note_signer stranger = {&other.key, note_secret_sign, &other};
    const struct checkpoint checkpoint = {
        .origin = TEXT("shop.example/log"), .size = 5, .root = digest_of("x", 1)};
    assert_true(checkpoint_sign(&bytes, &checkpoint, &signer, &problem));
    assert_true(checkpoint_open(buffer_view(&bytes), &secret.key, &note, &opened, &problem));
    assert_true(opened.size == 5 && digest_equal(opened.root, checkpoint.root));
    assert_false(checkpoint_open(buffer_view(&bytes), &other.key, &note, &opened, &problem));
    /* Signed by a key of another name only: good as a note, not as a checkpoint of that log. */
    buffer_clear(&bytes);
    struct buffer text;
    buffer_init(&text);
    checkpoint_add(&text, &checkpoint);
    note_begin(&bytes, buffer_view(&text));
    assert_true(note_sign(&bytes, buffer_view(&text), &stranger, 0, &problem));
    assert_false(checkpoint_open(buffer_view(&bytes), &other.key, &note, &opened, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    buffer_done(&text);
    buffer_done(&bytes);
}

static void origins_are_hashed_for_monitors(void **state)
{
    (void)state;
    char name[2 * DIGEST_BYTES + 1];
    checkpoint_origin_hash(TEXT("abc"), name);
    assert_string_equal(name, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

/* The log in tlog/log: its key and its entries are named in the data's SOURCES.md. */
#define OTHERS_LOG_SIZE 15
#define OTHERS_KEY "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"

static const char *const others_entries[OTHERS_LOG_SIZE] = {
    "one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
    "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};

static struct merkle_tree tree_of_entries(size_t size)
{
    struct merkle_tree tree;
    merkle_init(&tree);
    for (size_t i = 0; i < size; i++) {
        const struct digest leaf = merkle_leaf(text_of(others_entries[i]));
        merkle_append(&tree, &leaf);
    }
    return tree;
}

static void open_others_checkpoint(const char *name, struct buffer *bytes,
                                   struct checkpoint *checkpoint)
{
    struct note_key key;
    struct note note;
    struct problem problem;
    data_read(name, bytes);
    assert_true(note_key_parse(TEXT(OTHERS_KEY), &key, &problem));
    if (!checkpoint_open(buffer_view(bytes), &key, &note, checkpoint, &problem))
        fail_msg("%s: %s", name, problem.detail);
}

static void checkpoints_of_others_verify(void **state)
{
    (void)state;
    struct buffer bytes;
    struct checkpoint checkpoint;
    buffer_init(&bytes);
    for (size_t size = 0; size <= OTHERS_LOG_SIZE; size++) {
        char name[64];
        snprintf(name, sizeof name, "tlog/log/checkpoint.%zu", size);
        open_others_checkpoint(name, &bytes, &checkpoint);
        const struct merkle_tree tree = tree_of_entries(size);
        assert_true(checkpoint.size == size);
        assert_true(digest_equal(checkpoint.root, merkle_root(&tree)));
    }
    open_others_checkpoint("tlog/log/checkpoint", &bytes, &checkpoint);
    assert_true(checkpoint.size == OTHERS_LOG_SIZE);
    buffer_done(&bytes);
}

static bool fetch_others(void *context, const struct tile *tile, struct buffer *bytes,
                         struct problem *problem)
{
    (void)context;
    (void)problem;
    char path[TILE_PATH_BYTES];
    char name[128];
    tile_format(tile, path);
    snprintf(name, sizeof name, "tlog/log/%s", path);
    data_read(name, bytes);
    return true;
}

static void tiles_of_others_hold_their_entries(void **state)
{
    (void)state;
    struct buffer bytes;
    struct problem problem;
    struct text entries[OTHERS_LOG_SIZE];
    buffer_init(&bytes);
    for (unsigned size = 1; size <= OTHERS_LOG_SIZE; size++) {
        struct tile_reader reader;
        struct merkle_tree from_tiles;
        const struct merkle_tree tree = tree_of_entries(size);
        tile_reader_init(&reader, size, fetch_others, NULL);
        assert_true(merkle_load(&from_tiles, size, tile_reader_node, &reader, &problem));
        assert_true(digest_equal(merkle_root(&from_tiles), merkle_root(&tree)));
        const struct tile bundle = {TILE_ENTRIES, 0, 0, size};
        assert_true(fetch_others(NULL, &bundle, &bytes, &problem));
        assert_true(bundle_parse(buffer_view(&bytes), entries, size, &problem));
        for (unsigned i = 0; i < size; i++) {
            struct digest hash;
            const struct digest leaf = merkle_leaf(entries[i]);
            assert_text(entries[i], others_entries[i]);
            assert_true(tile_reader_node(&reader, 0, i, &hash, &problem));
            assert_true(digest_equal(hash, leaf));
        }
        tile_reader_done(&reader);
    }
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_read_and_written),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(signing_and_opening_fit),
        cmocka_unit_test(origins_are_hashed_for_monitors),
        cmocka_unit_test(checkpoints_of_others_verify),
        cmocka_unit_test(tiles_of_others_hold_their_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
