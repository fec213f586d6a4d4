/*
 * Whom a verifier trusts: logs, witnesses and the quorum of witnesses that a checkpoint needs, read
 * from a policy file (c2sp.org/tlog-policy). Malformed files are PROBLEM_CONFIGURATION and name the
 * line; checkpoints that do not satisfy the policy are PROBLEM_PROOF_INVALID.
 *
 * Keys of type ML-DSA-44 may stand in a policy, but their signatures are not counted (note.h).
 */
#pragma once

#include "tlog/checkpoint.h"

#define TRUST_POLICY_BYTES_MAX ((size_t)512 * 1024)
#define TRUST_LOGS_MAX 64
#define TRUST_WITNESSES_MAX 64
#define TRUST_GROUPS_MAX 64

struct trust_policy;

void trust_policy_free(struct trust_policy *policy);
struct trust_policy *trust_policy_new(struct text file, struct problem *problem)
    OWNED_BY(trust_policy_free);

/* A log or a witness of the policy; borrowed from it. */
struct trust_party {
    struct text name; /* the policy's own name for a witness; a log's origin */
    struct text url;  /* TEXT_NONE if there is none */
    struct note_key key;
};

size_t trust_policy_log_count(const struct trust_policy *policy);
const struct trust_party *trust_policy_log(const struct trust_policy *policy, size_t index);
size_t trust_policy_witness_count(const struct trust_policy *policy);
const struct trust_party *trust_policy_witness(const struct trust_policy *policy, size_t index);

struct trust_verdict {
    const struct trust_party *log; /* the one that signed */
    size_t cosigned_count;
    struct note_verdict witnesses[TRUST_WITNESSES_MAX]; /* in the policy's order */
};

/*
 * Accepts the signed note BYTES as a checkpoint of a log of the policy, cosigned as the quorum
 * demands. A bad signature by any key of the policy refuses the whole note.
 */
MUST_CHECK bool trust_policy_check(const struct trust_policy *policy, struct text bytes,
                                   struct checkpoint *checkpoint, struct trust_verdict *verdict,
                                   struct problem *problem);
