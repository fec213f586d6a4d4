/*
 * The Merkle tree of RFC 6962 §2.1 over SHA-256: hashes, growing a tree, proofs and their checks.
 *
 * A node (level, index) covers the leaves index * 2^level up to (index + 1) * 2^level; level 0 are
 * leaf hashes. It is complete when all of its leaves exist, and then never changes again. What is
 * kept of a growing tree is its right edge (at most 64 nodes), a plain value that may be copied to
 * try something and thrown away.
 *
 * Subtrees: draft-ietf-plants-merkle-tree-certs-03 §4. Failed checks are PROBLEM_PROOF_INVALID.
 */
#pragma once

#include "base/digest.h"
#include "base/problem.h"

/* Larger trees are refused everywhere: with this bound no proof needs more than 63 hashes. */
#define MERKLE_SIZE_MAX (UINT64_C(1) << 62)
#define MERKLE_PROOF_MAX 63

struct merkle_tree {
    uint64_t size;
    struct digest edge[63]; /* edge[level] counts where bit LEVEL of size is set */
};

struct merkle_proof {
    size_t count;
    struct digest hashes[MERKLE_PROOF_MAX]; /* lowest level first */
};

/* Gives the hash of a complete node. Nodes of an incomplete subtree are never asked for. */
typedef bool merkle_read(void *context, unsigned level, uint64_t index, struct digest *hash,
                         struct problem *problem);
/* Is told of a node that an append has completed, leaves first. */
typedef void merkle_completed(void *context, unsigned level, uint64_t index,
                              const struct digest *hash);

struct digest merkle_leaf(struct text entry);
struct digest merkle_node(const struct digest *left, const struct digest *right);

void merkle_init(struct merkle_tree *tree);
void merkle_append(struct merkle_tree *tree, const struct digest *leaf);
void merkle_append_telling(struct merkle_tree *tree, const struct digest *leaf,
                           merkle_completed *completed, void *context);
/* Costs one hash per set bit of the size: take it once for a group of appends. */
struct digest merkle_root(const struct merkle_tree *tree);
/* The tree of the first SIZE leaves from stored nodes. */
MUST_CHECK bool merkle_load(struct merkle_tree *tree, uint64_t size, merkle_read *read,
                            void *context, struct problem *problem);

/* The proof that leaf INDEX is in the tree of SIZE leaves. */
MUST_CHECK bool merkle_prove_inclusion(uint64_t index, uint64_t size, merkle_read *read,
                                       void *context, struct merkle_proof *proof,
                                       struct problem *problem);
/* The proof that the tree of OLD_SIZE leaves is the start of the tree of SIZE leaves. */
MUST_CHECK bool merkle_prove_consistency(uint64_t old_size, uint64_t size, merkle_read *read,
                                         void *context, struct merkle_proof *proof,
                                         struct problem *problem);

MUST_CHECK bool merkle_check_inclusion(const struct merkle_proof *proof, uint64_t index,
                                       uint64_t size, const struct digest *leaf,
                                       const struct digest *root, struct problem *problem);
/* OLD_SIZE 0 is refused: every tree continues the empty one, so there is nothing to check. */
MUST_CHECK bool merkle_check_consistency(const struct merkle_proof *proof, uint64_t old_size,
                                         uint64_t size, const struct digest *old_root,
                                         const struct digest *root, struct problem *problem);

/* The leaves START up to END (exclusive) of a larger tree, where they form a subtree: START is a
   multiple of the power of two that END - START rounds up to. It may be empty. */
struct merkle_subtree {
    uint64_t start;
    uint64_t end;
};

bool merkle_subtree_valid(struct merkle_subtree subtree);
MUST_CHECK bool merkle_check_subtree_inclusion(const struct merkle_proof *proof, uint64_t index,
                                               struct merkle_subtree subtree,
                                               const struct digest *leaf,
                                               const struct digest *subtree_root,
                                               struct problem *problem);
/* That the subtree is part of the tree of SIZE leaves with ROOT. */
MUST_CHECK bool merkle_check_subtree_consistency(const struct merkle_proof *proof,
                                                 struct merkle_subtree subtree, uint64_t size,
                                                 const struct digest *subtree_root,
                                                 const struct digest *root,
                                                 struct problem *problem);
