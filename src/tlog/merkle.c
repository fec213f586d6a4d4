#include "tlog/merkle.h"

#include <string.h>

struct digest merkle_leaf(struct text entry)
{
    const struct text pieces[] = {{"\x00", 1}, entry};
    return digest_of_pieces(pieces, COUNT_OF(pieces));
}

struct digest merkle_node(const struct digest *left, const struct digest *right)
{
    uint8_t bytes[1 + 2 * DIGEST_BYTES];
    bytes[0] = 1;
    memcpy(bytes + 1, left->bytes, DIGEST_BYTES);
    memcpy(bytes + 1 + DIGEST_BYTES, right->bytes, DIGEST_BYTES);
    return digest_of(bytes, sizeof bytes);
}

void merkle_init(struct merkle_tree *tree)
{
    tree->size = 0;
}

void merkle_append(struct merkle_tree *tree, const struct digest *leaf)
{
    merkle_append_telling(tree, leaf, NULL, NULL);
}

void merkle_append_telling(struct merkle_tree *tree, const struct digest *leaf,
                           merkle_completed *completed, void *context)
{
    MUST(tree->size < MERKLE_SIZE_MAX);
    struct digest hash = *leaf;
    unsigned level = 0;
    if (completed)
        completed(context, 0, tree->size, &hash);
    while (tree->size >> level & 1) {
        hash = merkle_node(&tree->edge[level], &hash);
        level++;
        if (completed)
            completed(context, level, tree->size >> level, &hash);
    }
    tree->edge[level] = hash;
    tree->size++;
}

struct digest merkle_root(const struct merkle_tree *tree)
{
    if (tree->size == 0)
        return digest_of("", 0);
    unsigned level = (unsigned)__builtin_ctzll(tree->size);
    struct digest hash = tree->edge[level];
    for (level++; level < COUNT_OF(tree->edge); level++)
        if (tree->size >> level & 1)
            hash = merkle_node(&tree->edge[level], &hash);
    return hash;
}

bool merkle_load(struct merkle_tree *tree, uint64_t size, merkle_read *read, void *context,
                 struct problem *problem)
{
    if (size > MERKLE_SIZE_MAX)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the tree is too large");
    tree->size = size;
    for (unsigned level = 0; level < COUNT_OF(tree->edge); level++) {
        if (!(size >> level & 1))
            continue;
        const uint64_t index = (size >> level) - 1;
        if (!read(context, level, index, &tree->edge[level], problem))
            return false;
    }
    return true;
}

/* The largest power of two below COUNT, which is at least 2: where RFC 6962 splits a tree. */
static uint64_t split_of(uint64_t count)
{
    return UINT64_C(1) << (63 - __builtin_clzll(count - 1));
}

struct source {
    merkle_read *read;
    void *context;
    struct problem *problem;
};

/* The root over the leaves START up to END, where START is a multiple of a power of two ≥ the
   count: the complete subtrees that the range consists of, folded from the right. */
static bool range_root(const struct source *source, uint64_t start, uint64_t end,
                       struct digest *root)
{
    const uint64_t count = end - start;
    bool first = true;
    for (unsigned level = 0; level < 63; level++) {
        if (!(count >> level & 1))
            continue;
        end -= UINT64_C(1) << level;
        struct digest hash;
        if (!source->read(source->context, level, end >> level, &hash, source->problem))
            return false;
        *root = first ? hash : merkle_node(&hash, root);
        first = false;
    }
    return true;
}

static bool add_range(const struct source *source, uint64_t start, uint64_t end,
                      struct merkle_proof *proof)
{
    MUST(proof->count < MERKLE_PROOF_MAX);
    return range_root(source, start, end, &proof->hashes[proof->count++]);
}

/* Proofs are found from the root down and written from the leaf up. */
static void reverse(struct merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count / 2; i++) {
        const struct digest hash = proof->hashes[i];
        proof->hashes[i] = proof->hashes[proof->count - 1 - i];
        proof->hashes[proof->count - 1 - i] = hash;
    }
}

bool merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_read *read, void *context,
                            struct merkle_proof *proof, struct problem *problem)
{
    if (size > MERKLE_SIZE_MAX || index >= size)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the tree has no such leaf");
    const struct source source = {read, context, problem};
    uint64_t start = 0;
    uint64_t end = size;
    proof->count = 0;
    while (end - start > 1) {
        const uint64_t middle = start + split_of(end - start);
        const bool left = index < middle;
        if (!add_range(&source, left ? middle : start, left ? end : middle, proof))
            return false;
        *(left ? &end : &start) = middle;
    }
    reverse(proof);
    return true;
}

bool merkle_prove_consistency(uint64_t old_size, uint64_t size, merkle_read *read, void *context,
                              struct merkle_proof *proof, struct problem *problem)
{
    if (size > MERKLE_SIZE_MAX || old_size > size)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the older tree is the larger one");
    const struct source source = {read, context, problem};
    uint64_t start = 0;
    uint64_t end = size;
    proof->count = 0;
    if (old_size == 0)
        return true;
    while (old_size != end) {
        const uint64_t middle = start + split_of(end - start);
        const bool left = old_size <= middle;
        if (!add_range(&source, left ? middle : start, left ? end : middle, proof))
            return false;
        *(left ? &end : &start) = middle;
    }
    /* The old root itself is known to the verifier; any other starting node is not. */
    if (start != 0 && !add_range(&source, start, end, proof))
        return false;
    reverse(proof);
    return true;
}

static bool unfit(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_PROOF_INVALID, "%s", what);
}

/* RFC 9162 §2.1.3.2. */
bool merkle_check_inclusion(const struct merkle_proof *proof, uint64_t index, uint64_t size,
                            const struct digest *leaf, const struct digest *root,
                            struct problem *problem)
{
    if (size > MERKLE_SIZE_MAX || index >= size)
        return unfit(problem, "the tree has no such leaf");
    uint64_t node = index;
    uint64_t last = size - 1;
    struct digest hash = *leaf;
    for (size_t i = 0; i < proof->count; i++) {
        if (last == 0)
            return unfit(problem, "the inclusion proof is too long");
        if ((node & 1) || node == last) {
            hash = merkle_node(&proof->hashes[i], &hash);
            while (!(node & 1)) {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = merkle_node(&hash, &proof->hashes[i]);
        }
        node >>= 1;
        last >>= 1;
    }
    if (last != 0)
        return unfit(problem, "the inclusion proof is too short");
    if (!digest_equal(hash, *root))
        return unfit(problem, "the inclusion proof does not lead to the tree's root");
    return true;
}

bool merkle_check_consistency(const struct merkle_proof *proof, uint64_t old_size, uint64_t size,
                              const struct digest *old_root, const struct digest *root,
                              struct problem *problem)
{
    const struct merkle_subtree subtree = {0, old_size};
    if (old_size == 0)
        return unfit(problem, "consistency with an empty tree says nothing");
    return merkle_check_subtree_consistency(proof, subtree, size, old_root, root, problem);
}

bool merkle_subtree_valid(struct merkle_subtree subtree)
{
    if (subtree.start > subtree.end || subtree.end > MERKLE_SIZE_MAX)
        return false;
    const uint64_t count = subtree.end - subtree.start;
    const uint64_t span = count < 2 ? 1 : split_of(count) * 2;
    return (subtree.start & (span - 1)) == 0;
}

bool merkle_check_subtree_inclusion(const struct merkle_proof *proof, uint64_t index,
                                    struct merkle_subtree subtree, const struct digest *leaf,
                                    const struct digest *subtree_root, struct problem *problem)
{
    if (!merkle_subtree_valid(subtree) || index < subtree.start)
        return unfit(problem, "the range is no subtree with this leaf");
    return merkle_check_inclusion(proof, index - subtree.start, subtree.end - subtree.start, leaf,
                                  subtree_root, problem);
}

/* Where a subtree stands in a tree, at the level that the check has reached. */
struct position {
    uint64_t first; /* the subtree's first node */
    uint64_t last;  /* the subtree's last node */
    uint64_t edge;  /* the tree's last node */
};

static void step_up(struct position *at)
{
    at->first >>= 1;
    at->last >>= 1;
    at->edge >>= 1;
}

/* Nothing is part of every tree. */
static bool check_empty(const struct merkle_proof *proof, const struct digest *root,
                        struct problem *problem)
{
    if (proof->count != 0)
        return unfit(problem, "a proof from the empty tree must be empty");
    if (!digest_equal(*root, digest_of("", 0)))
        return unfit(problem, "the empty tree has another root");
    return true;
}

/* draft-ietf-plants-merkle-tree-certs-03 §4.4.3. */
bool merkle_check_subtree_consistency(const struct merkle_proof *proof,
                                      struct merkle_subtree subtree, uint64_t size,
                                      const struct digest *subtree_root, const struct digest *root,
                                      struct problem *problem)
{
    if (!merkle_subtree_valid(subtree) || size > MERKLE_SIZE_MAX || subtree.end > size)
        return unfit(problem, "the older part is not one of the tree");
    if (subtree.start == subtree.end)
        return check_empty(proof, subtree_root, problem);
    struct position at = {subtree.start, subtree.end - 1, size - 1};
    const bool at_edge = at.last == at.edge;
    while (at.first != at.last && (at_edge || (at.last & 1)))
        step_up(&at);
    const bool known = at.first == at.last;
    if (!known && proof->count == 0)
        return unfit(problem, "the consistency proof is too short");
    struct digest old_hash = known ? *subtree_root : proof->hashes[0];
    struct digest hash = old_hash;
    for (size_t i = known ? 0 : 1; i < proof->count; i++) {
        if (at.edge == 0)
            return unfit(problem, "the consistency proof is too long");
        const struct digest *sibling = &proof->hashes[i];
        if ((at.last & 1) || at.last == at.edge) {
            if (at.first < at.last)
                old_hash = merkle_node(sibling, &old_hash);
            hash = merkle_node(sibling, &hash);
            while (!(at.last & 1))
                step_up(&at);
        } else {
            hash = merkle_node(&hash, sibling);
        }
        step_up(&at);
    }
    if (at.edge != 0)
        return unfit(problem, "the consistency proof is too short");
    if (!digest_equal(old_hash, *subtree_root))
        return unfit(problem, "the consistency proof does not lead to the older tree's root");
    if (!digest_equal(hash, *root))
        return unfit(problem, "the consistency proof does not lead to the newer tree's root");
    return true;
}
