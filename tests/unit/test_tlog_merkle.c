/* The Merkle tree against RFC 6962's definition, and over 500 proofs that others judged. */
#include "test_tlog_data.h"

#include <fts.h>
#include <jansson.h>
#include <string.h>

#include "tlog/merkle.h"

#define LEAVES 70

static struct digest leaves[LEAVES];

static int make_leaves(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LEAVES; i++) {
        char entry[16];
        const int length = snprintf(entry, sizeof entry, "entry %u", i);
        leaves[i] = merkle_leaf((struct text){entry, (size_t)length});
    }
    return 0;
}

/* MTH of RFC 6962 §2.1, by recursion as it is written there. */
static struct digest root_by_definition(size_t start, size_t end)
{
    if (start == end)
        return digest_of("", 0);
    if (end - start == 1)
        return leaves[start];
    size_t split = 1;
    while (split * 2 < end - start)
        split *= 2;
    const struct digest left = root_by_definition(start, start + split);
    const struct digest right = root_by_definition(start + split, end);
    return merkle_node(&left, &right);
}

static bool read_leaves(void *context, unsigned level, uint64_t index, struct digest *hash,
                        struct problem *problem)
{
    (void)problem;
    const uint64_t size = *(const uint64_t *)context;
    assert_true((index + 1) << level <= size);
    *hash = root_by_definition((size_t)(index << level), (size_t)((index + 1) << level));
    return true;
}

static void assert_digest(struct digest got, struct digest expected)
{
    assert_memory_equal(got.bytes, expected.bytes, DIGEST_BYTES);
}

static void hashes_are_separated_by_a_prefix(void **state)
{
    (void)state;
    struct buffer bytes;
    buffer_init(&bytes);
    buffer_add(&bytes, "\x00", 1);
    buffer_string(&bytes, "x");
    assert_digest(merkle_leaf(TEXT("x")), digest_of(bytes.bytes, bytes.length));
    buffer_clear(&bytes);
    buffer_char(&bytes, 1);
    buffer_add(&bytes, leaves[0].bytes, DIGEST_BYTES);
    buffer_add(&bytes, leaves[1].bytes, DIGEST_BYTES);
    assert_digest(merkle_node(&leaves[0], &leaves[1]), digest_of(bytes.bytes, bytes.length));
    buffer_done(&bytes);
}

struct told {
    size_t count;
    uint64_t size;
};

static void check_told(void *context, unsigned level, uint64_t index, const struct digest *hash)
{
    struct told *told = context;
    told->count++;
    assert_true((index + 1) << level == told->size);
    assert_digest(*hash,
                  root_by_definition((size_t)(index << level), (size_t)((index + 1) << level)));
}

static void a_growing_tree_has_the_defined_root(void **state)
{
    (void)state;
    struct merkle_tree tree;
    struct told told = {0, 0};
    merkle_init(&tree);
    for (uint64_t size = 0; size < LEAVES; size++) {
        assert_int_equal(tree.size, size);
        assert_digest(merkle_root(&tree), root_by_definition(0, (size_t)size));
        struct merkle_tree loaded;
        struct problem problem;
        assert_true(merkle_load(&loaded, size, read_leaves, &size, &problem));
        assert_digest(merkle_root(&loaded), merkle_root(&tree));
        told.size = size + 1;
        merkle_append_telling(&tree, &leaves[size], check_told, &told);
    }
    assert_int_equal(told.count, 70 + 35 + 17 + 8 + 4 + 2 + 1);
}

static void inclusion_is_proved_for_every_leaf_of_every_size(void **state)
{
    (void)state;
    struct problem problem;
    struct merkle_proof proof;
    for (uint64_t size = 1; size <= LEAVES; size++) {
        const struct digest root = root_by_definition(0, (size_t)size);
        for (uint64_t i = 0; i < size; i++) {
            assert_true(
                merkle_prove_inclusion(i, size, read_leaves, &(uint64_t){size}, &proof, &problem));
            assert_true(merkle_check_inclusion(&proof, i, size, &leaves[i], &root, &problem));
            if (size == 1)
                continue;
            assert_false(
                merkle_check_inclusion(&proof, i, size, &leaves[(i + 1) % size], &root, &problem));
            proof.hashes[proof.count - 1].bytes[31] ^= 1;
            assert_false(merkle_check_inclusion(&proof, i, size, &leaves[i], &root, &problem));
        }
        assert_false(
            merkle_prove_inclusion(size, size, read_leaves, &(uint64_t){size}, &proof, &problem));
        assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    }
}

static void consistency_is_proved_between_all_sizes(void **state)
{
    (void)state;
    struct problem problem;
    struct merkle_proof proof;
    for (uint64_t size = 1; size <= LEAVES; size++) {
        const struct digest root = root_by_definition(0, (size_t)size);
        for (uint64_t old = 0; old <= size; old++) {
            const struct digest old_root = root_by_definition(0, (size_t)old);
            struct digest other = old_root;
            other.bytes[0] ^= 0x80;
            assert_true(merkle_prove_consistency(old, size, read_leaves, &(uint64_t){size}, &proof,
                                                 &problem));
            assert_int_equal(
                merkle_check_consistency(&proof, old, size, &old_root, &root, &problem), old > 0);
            assert_false(merkle_check_consistency(&proof, old, size, &other, &root, &problem));
            other = root;
            other.bytes[0] ^= 0x80;
            assert_false(merkle_check_consistency(&proof, old, size, &old_root, &other, &problem));
        }
        assert_false(merkle_prove_consistency(size + 1, size, read_leaves, &(uint64_t){size},
                                              &proof, &problem));
    }
}

/* SUBTREE_SUBPROOF of the draft's §4.4.1: the leaves START to END within those FROM to TO. */
static void prove_by_definition(struct merkle_subtree subtree, size_t from, size_t to, bool whole,
                                struct merkle_proof *proof)
{
    if (subtree.start == from && subtree.end == to) {
        if (!whole)
            proof->hashes[proof->count++] = root_by_definition(from, to);
        return;
    }
    size_t split = 1;
    while (split * 2 < to - from)
        split *= 2;
    const size_t middle = from + split;
    if (subtree.end <= middle) {
        prove_by_definition(subtree, from, middle, whole, proof);
        proof->hashes[proof->count++] = root_by_definition(middle, to);
        return;
    }
    if (subtree.start < middle) {
        subtree.start = middle;
        whole = false;
    }
    prove_by_definition(subtree, middle, to, whole, proof);
    proof->hashes[proof->count++] = root_by_definition(from, middle);
}

static void check_subtree(struct merkle_subtree subtree, uint64_t size)
{
    struct problem problem;
    struct merkle_proof proof = {.count = 0};
    const struct digest root = root_by_definition(0, (size_t)size);
    const struct digest part = root_by_definition((size_t)subtree.start, (size_t)subtree.end);
    struct digest other = part;
    other.bytes[7] ^= 1;
    prove_by_definition(subtree, 0, (size_t)size, true, &proof);
    if (!merkle_check_subtree_consistency(&proof, subtree, size, &part, &root, &problem))
        fail_msg("%u to %u in %u: %s", (unsigned)subtree.start, (unsigned)subtree.end,
                 (unsigned)size, problem.detail);
    assert_false(merkle_check_subtree_consistency(&proof, subtree, size, &other, &root, &problem));
    assert_false(merkle_check_subtree_consistency(&proof, subtree, size, &part, &other, &problem));
}

static void every_subtree_is_consistent_with_its_tree(void **state)
{
    (void)state;
    size_t count = 0;
    for (uint64_t size = 1; size <= 20; size++)
        for (uint64_t end = 1; end <= size; end++)
            for (uint64_t start = 0; start < end; start++) {
                if (!merkle_subtree_valid((struct merkle_subtree){start, end}))
                    continue;
                check_subtree((struct merkle_subtree){start, end}, size);
                count++;
            }
    assert_true(count > 500);
}

static void subtrees_are_aligned(void **state)
{
    (void)state;
    static const struct {
        struct merkle_subtree subtree;
        bool valid;
    } rows[] = {
        {{0, 0}, true},  {{5, 5}, true},   {{0, 1}, true},    {{7, 8}, true},
        {{6, 8}, true},  {{7, 9}, false},  {{4, 7}, true},    {{2, 5}, false},
        {{8, 13}, true}, {{4, 9}, false},  {{12, 17}, false}, {{0, 13}, true},
        {{5, 4}, false}, {{16, 24}, true}, {{8, 24}, false},  {{0, MERKLE_SIZE_MAX + 1}, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (merkle_subtree_valid(rows[i].subtree) != rows[i].valid)
            fail_msg("row %zu", i);
}

static bool refuse_node(void *context, unsigned level, uint64_t index, struct digest *hash,
                        struct problem *problem)
{
    (void)context;
    (void)level;
    (void)index;
    (void)hash;
    return problem_set(problem, PROBLEM_STORE_FAILED, "no such node");
}

static void failing_reads_and_huge_trees_are_reported(void **state)
{
    (void)state;
    struct problem problem;
    struct merkle_proof proof;
    struct merkle_tree tree;
    const uint64_t huge = MERKLE_SIZE_MAX + 1;
    assert_false(merkle_prove_inclusion(0, 2, refuse_node, NULL, &proof, &problem));
    assert_int_equal(problem.code, PROBLEM_STORE_FAILED);
    assert_false(merkle_prove_consistency(3, 7, refuse_node, NULL, &proof, &problem));
    assert_false(merkle_load(&tree, 3, refuse_node, NULL, &problem));
    assert_false(merkle_load(&tree, huge, refuse_node, NULL, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    assert_false(merkle_prove_inclusion(0, huge, refuse_node, NULL, &proof, &problem));
    assert_false(merkle_prove_consistency(1, huge, refuse_node, NULL, &proof, &problem));
    proof.count = 0;
    assert_false(merkle_check_inclusion(&proof, 0, huge, leaves, leaves, &problem));
    assert_false(merkle_check_consistency(&proof, 1, huge, leaves, leaves, &problem));
    assert_false(merkle_check_consistency(&proof, 0, huge, leaves, leaves, &problem));
}

static bool any_node(void *context, unsigned level, uint64_t index, struct digest *hash,
                     struct problem *problem)
{
    (void)problem;
    const uint64_t size = *(const uint64_t *)context;
    assert_true(level < 63 && (index + 1) <= size >> level);
    *hash = leaves[level % LEAVES];
    return true;
}

static void proofs_of_the_largest_tree_fit(void **state)
{
    (void)state;
    struct problem problem;
    struct merkle_proof proof;
    uint64_t size = MERKLE_SIZE_MAX;
    assert_true(merkle_prove_inclusion(12345, size, any_node, &size, &proof, &problem));
    assert_int_equal(proof.count, 62);
    assert_true(merkle_prove_consistency(1, size, any_node, &size, &proof, &problem));
    assert_int_equal(proof.count, 62);
    assert_true(merkle_prove_consistency(size - 1, size, any_node, &size, &proof, &problem));
    assert_int_equal(proof.count, MERKLE_PROOF_MAX);
}

/* Numbers of the files reach 2^64 - 1, which jansson reads only as fractions. */
static uint64_t number_of(const json_t *object, const char *name)
{
    const double number = json_number_value(json_object_get(object, name));
    return number >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)number;
}

static bool hash_of(const json_t *value, struct digest *hash, size_t *length)
{
    *hash = (struct digest){{0}};
    const struct text text = {json_string_value(value), json_string_length(value)};
    return base64_decode(text, hash->bytes, DIGEST_BYTES, length) && *length > 0;
}

/* False if our types cannot hold it. Some roots are words, to be compared only: those fit. */
static bool hashes_of(const json_t *file, const char *first, const char *second,
                      struct digest pair[2], struct merkle_proof *proof)
{
    size_t i = 0;
    size_t length = 0;
    json_t *value = NULL;
    proof->count = 0;
    json_array_foreach(json_object_get(file, "proof"), i, value)
    {
        if (proof->count == MERKLE_PROOF_MAX ||
            !hash_of(value, &proof->hashes[proof->count], &length) || length != DIGEST_BYTES)
            return false;
        proof->count++;
    }
    return hash_of(json_object_get(file, first), &pair[0], &length) &&
           hash_of(json_object_get(file, second), &pair[1], &length);
}

static bool judge_inclusion(const json_t *file, struct problem *problem)
{
    struct digest pair[2];
    struct merkle_proof proof;
    return hashes_of(file, "leafHash", "root", pair, &proof) &&
           merkle_check_inclusion(&proof, number_of(file, "leafIdx"), number_of(file, "treeSize"),
                                  &pair[0], &pair[1], problem);
}

static bool judge_consistency(const json_t *file, struct problem *problem)
{
    struct digest pair[2];
    struct merkle_proof proof;
    return hashes_of(file, "root1", "root2", pair, &proof) &&
           merkle_check_consistency(&proof, number_of(file, "size1"), number_of(file, "size2"),
                                    &pair[0], &pair[1], problem);
}

static bool judge_subtree_inclusion(const json_t *file, struct problem *problem)
{
    struct digest pair[2];
    struct merkle_proof proof;
    const struct merkle_subtree subtree = {number_of(file, "start"), number_of(file, "end")};
    return hashes_of(file, "leafHash", "root", pair, &proof) &&
           merkle_check_subtree_inclusion(&proof, number_of(file, "leafIdx"), subtree, &pair[0],
                                          &pair[1], problem);
}

static bool judge_subtree_consistency(const json_t *file, struct problem *problem)
{
    struct digest pair[2];
    struct merkle_proof proof;
    const struct merkle_subtree subtree = {number_of(file, "start"), number_of(file, "end")};
    return hashes_of(file, "root1", "root2", pair, &proof) &&
           merkle_check_subtree_consistency(&proof, subtree, number_of(file, "size"), &pair[0],
                                            &pair[1], problem);
}

struct vectors {
    const char *folder;
    size_t count;
    bool (*judge)(const json_t *file, struct problem *problem);
};

static void judge_file(const char *path, const struct vectors *vectors)
{
    json_error_t error;
    json_t *file = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    if (!file)
        fail_msg("%s: %s", path, error.text);
    struct problem problem;
    const bool wanted = !json_is_true(json_object_get(file, "wantErr"));
    if (vectors->judge(file, &problem) != wanted)
        fail_msg("%s: judged %s", path, wanted ? "bad" : "good");
    json_decref(file);
}

static void vectors_are_judged_rightly(void **state)
{
    const struct vectors *vectors = *state;
    char path[1024];
    data_path(path, sizeof path, vectors->folder);
    char *paths[] = {path, NULL};
    FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    assert_non_null(walk);
    size_t count = 0;
    for (FTSENT *entry = fts_read(walk); entry; entry = fts_read(walk)) {
        if (entry->fts_info != FTS_F)
            continue;
        judge_file(entry->fts_path, vectors);
        count++;
    }
    fts_close(walk);
    if (count == 0) {
        print_message("skipped: %s is absent; set COUNTERFOIL_DATA\n", path);
        skip();
    }
    assert_int_equal(count, vectors->count);
}

static struct vectors inclusion = {"merkle/inclusion", 98, judge_inclusion};
static struct vectors consistency = {"merkle/consistency", 98, judge_consistency};
static struct vectors subtree_inclusion = {"merkle/subtreeinclusion", 204, judge_subtree_inclusion};
static struct vectors subtree_consistency = {"merkle/subtreeconsistency", 118,
                                             judge_subtree_consistency};

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_separated_by_a_prefix),
        cmocka_unit_test(a_growing_tree_has_the_defined_root),
        cmocka_unit_test(inclusion_is_proved_for_every_leaf_of_every_size),
        cmocka_unit_test(consistency_is_proved_between_all_sizes),
        cmocka_unit_test(every_subtree_is_consistent_with_its_tree),
        cmocka_unit_test(subtrees_are_aligned),
        cmocka_unit_test(failing_reads_and_huge_trees_are_reported),
        cmocka_unit_test(proofs_of_the_largest_tree_fit),
        {"inclusion_vectors", vectors_are_judged_rightly, NULL, NULL, &inclusion},
        {"consistency_vectors", vectors_are_judged_rightly, NULL, NULL, &consistency},
        {"subtree_inclusion_vectors", vectors_are_judged_rightly, NULL, NULL, &subtree_inclusion},
        {"subtree_consistency_vectors", vectors_are_judged_rightly, NULL, NULL,
         &subtree_consistency},
    };
    return cmocka_run_group_tests(tests, make_leaves, NULL);
}
