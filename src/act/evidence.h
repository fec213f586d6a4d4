/*
 * Evidence: a bundle that somebody takes away and checks offline, without trusting the marketplace.
 *
 * Canonical JSON:
 *   {"acts":[{"proof":"c2sp.org/tlog-proof@v1\n…","record":{…},"salt":"<base64>"},…],
 *    "format":"counterfoil-evidence/1","keys":["<vkey>",…],"registrations":[…],"subject":"ord_…"}
 *
 * The acts that the reader is party to, in the order of the feed (of refused ones the first 1,000).
 * The entry that a proof proves is SHA-256(salt ‖ record); all proofs carry the same checkpoint.
 * `keys` names the log's key first and then the witnesses whose cosignatures the checkpoint
 * carries. `registrations`, where an act is signed, are the acts that say what key its
 * authenticator has (ACT_REGISTERS): of those the ones that the reader may see, proved as the
 * others. Nothing else is in a bundle, and everything is checked: one changed character anywhere is
 * found. Whether signatures fit what was registered is for whoever knows people
 * (identity/recheck.h).
 */
#pragma once

#include "act/kernel.h"
#include "act/record.h"
#include "tlog/trust_policy.h"

#define EVIDENCE_FORMAT "counterfoil-evidence/1"
#define EVIDENCE_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define EVIDENCE_WITNESSES_MAX 16

/*
 * Writes the bundle of SUBJECT (an id in organisation ORG) for WHO. WITNESSES are the
 * vkeys of the witnesses that the server asks for cosignatures. NOT_FOUND if there is nothing.
 */
MUST_CHECK bool evidence_write(struct kernel *kernel, int64_t org, struct id subject,
                               const struct principal *who, const char *const *witnesses,
                               size_t witness_count, struct buffer *out, struct problem *problem);

struct evidence_act {
    struct record record;
    uint64_t log_index;
};

struct evidence {
    struct text subject;
    size_t count;
    struct evidence_act *acts;
    size_t registration_count;
    struct evidence_act *registrations; /* of authenticators that signed, in no order */
    struct text origin;                 /* of the log */
    uint64_t log_size;
    size_t stranger_count; /* cosignatures by witnesses that the policy does not know */
    size_t witness_count;  /* those that it knows, verified */
    const char *witnesses[EVIDENCE_WITNESSES_MAX];
    uint64_t witnessed_at[EVIDENCE_WITNESSES_MAX]; /* seconds since 1970 */
};

/*
 * Checks everything; false with PROOF_INVALID (or BODY_SYNTAX) that says exactly what does not fit.
 * POLICY says which logs and witnesses are trusted. Pure; memory is of ARENA.
 */
MUST_CHECK bool evidence_check(const struct catalogue *catalogue, struct text bundle,
                               const struct trust_policy *policy, struct arena *arena,
                               struct evidence *evidence, struct problem *problem);
