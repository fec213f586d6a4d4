/*
 * A proof that a log holds an entry, to be checked offline (c2sp.org/tlog-proof). This is the core
 * of every evidence bundle. A parsed proof borrows the bytes that it was parsed from.
 */
#pragma once

#include "tlog/trust_policy.h"

#define LOG_PROOF_BYTES_MAX ((size_t)512 * 1024)

struct log_proof {
    struct text extra; /* base64 of more data, or of length 0; nothing vouches for it */
    uint64_t index;
    struct merkle_proof inclusion;
    struct text checkpoint; /* the signed note, verbatim */
};

MUST_CHECK bool log_proof_parse(struct text bytes, struct log_proof *proof,
                                struct problem *problem);
void log_proof_add(struct buffer *buffer, const struct log_proof *proof);
/* That POLICY trusts the proof's checkpoint and that the tree under it holds LEAF at the index. */
MUST_CHECK bool log_proof_check(const struct log_proof *proof, const struct digest *leaf,
                                const struct trust_policy *policy, struct trust_verdict *verdict,
                                struct problem *problem);
