/*
 * The ledger: the transparency log over the acts, kept in the store and served as C2SP tlog-tiles.
 *
 * An entry is SHA-256(salt ‖ record): a salted commitment, so that anyone may mirror the log while
 * only the parties hold what it says, and erasing a person's data leaves the tree whole. Entries
 * are written in the transaction of their acts; the checkpoint is signed after the commit, so that
 * nothing is ever signed that could be lost (Ed25519 is deterministic: after a crash the same tree
 * gives the same signature).
 */
#pragma once

#include "act/kernel.h"
#include "tlog/proof.h"
#include "tlog/tile.h"

struct digest ledger_entry(struct text salt, struct text record);

/* The newest signed checkpoint, with cosignatures if witnesses gave any for this very size. */
void ledger_checkpoint(struct kernel *kernel, struct buffer *note);
/* The newest checkpoint that a witness cosigned, *size 0 and nothing if there is none. */
void ledger_cosigned(struct kernel *kernel, struct buffer *note, uint64_t *size);
/* Stores a checkpoint that witnesses have cosigned. */
MUST_CHECK bool ledger_store_cosigned(struct kernel *kernel, uint64_t size, struct text note,
                                      struct problem *problem);
/* The bytes of a tile or entry bundle; NOT_FOUND if the tree has not grown so far. */
MUST_CHECK bool ledger_tile(struct kernel *kernel, const struct tile *tile, struct buffer *bytes,
                            struct problem *problem);
MUST_CHECK bool ledger_prove_inclusion(struct kernel *kernel, uint64_t index, uint64_t size,
                                       struct merkle_proof *proof, struct problem *problem);
MUST_CHECK bool ledger_prove_consistency(struct kernel *kernel, uint64_t old_size, uint64_t size,
                                         struct merkle_proof *proof, struct problem *problem);
