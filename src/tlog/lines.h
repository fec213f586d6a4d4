/*
 * What the line formats of the log have in common: lines that end in a newline, hashes in base64,
 * and the block of proof lines that an empty line ends. For use inside src/tlog.
 */
#pragma once

#include "tlog/merkle.h"

/* Takes the first line off *REST, without its newline; false if there is no newline. */
MUST_CHECK bool line_take(struct text *rest, struct text *line);
/* Takes PREFIX off the front of *LINE; false if it is not there. */
MUST_CHECK bool line_skip(struct text *line, const char *prefix);
/* One SHA-256 hash in base64. */
MUST_CHECK bool line_hash(struct text line, struct digest *hash);
void line_add_hash(struct buffer *buffer, const struct digest *hash);
/* Checks base64 of any length without keeping what it says. */
bool base64_is_valid(struct text encoded);

/* Up to MERKLE_PROOF_MAX hashes and the empty line behind them. */
MUST_CHECK bool proof_lines_take(struct text *rest, struct merkle_proof *proof,
                                 struct problem *problem);
void proof_lines_add(struct buffer *buffer, const struct merkle_proof *proof);
