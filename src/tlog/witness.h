/*
 * The witness protocol's `add-checkpoint` (c2sp.org/tlog-witness), both sides, without HTTP and
 * without storage.
 *
 * A witness answers in three steps, which its caller makes one by holding a lock on the log's
 * record: witness_decide() says what becomes of a request; witness_cosign() makes the answer, and
 * the caller sends it only after having made the new state durable. Parsed requests borrow the
 * body.
 */
#pragma once

#include "tlog/checkpoint.h"

#define WITNESS_REQUEST_BYTES_MAX ((size_t)128 * 1024)
#define WITNESS_ANSWER_BYTES_MAX ((size_t)64 * 1024)
#define WITNESS_SIZE_TYPE "text/x.tlog.size"

/* The latest checkpoint that was cosigned for a log; all zero if there was none. */
struct witness_state {
    bool exists;
    uint64_t size;
    struct digest root;
};

struct witness_request {
    uint64_t old_size;
    struct merkle_proof proof;
    struct text signed_checkpoint;
    struct note note;
    struct checkpoint checkpoint;
};

/* On failure the answer is 400. */
MUST_CHECK bool witness_request_parse(struct text body, struct witness_request *request,
                                      struct problem *problem);

struct witness_decision {
    unsigned status;           /* 200, 400, 403, 404, 409 or 422 */
    struct witness_state next; /* to be made durable before the answer, where status is 200 */
    struct problem problem;    /* why it was refused, where status is not 200 */
};

/*
 * KEYS are the ones trusted for the request's origin; COUNT 0 means that the origin is unknown.
 * STATE is what was last made durable for that origin.
 */
void witness_decide(const struct witness_request *request, const struct note_key *const *keys,
                    size_t count, const struct witness_state *state,
                    struct witness_decision *decision);
/* The body of the answer 409; its Content-Type is WITNESS_SIZE_TYPE. */
void witness_conflict_body(struct buffer *body, const struct witness_state *state);
/* The body of the answer 200: the cosignature line. NOW in seconds, not 0. */
MUST_CHECK bool witness_cosign(struct buffer *body, const struct witness_request *request,
                               const struct note_signer *signer, uint64_t now,
                               struct problem *problem);
/*
 * What a witness shows to monitors ("Monitor Retrieval Mechanism"): the note with one signature by
 * each of KEYS that signed and with COSIGNATURES; short enough for note_parse() again.
 */
void witness_monitor_note(struct buffer *note, const struct witness_request *request,
                          const struct note_key *const *keys, size_t count,
                          struct text cosignatures);

/* The log's side. SIGNED_CHECKPOINT is the whole note. */
void witness_request_add(struct buffer *body, uint64_t old_size, const struct merkle_proof *proof,
                         struct text signed_checkpoint);

enum witness_answer {
    WITNESS_COSIGNED, /* the witness's lines were added to LINES */
    WITNESS_BEHIND,   /* send a proof from RECORDED_SIZE */
    WITNESS_REFUSED   /* see the problem */
};

/* Reads the answer to a request for the checkpoint whose text (not note) is TEXT. Lines by other
   keys than the witness's are left out. */
enum witness_answer witness_answer_read(unsigned status, struct text body, struct text text,
                                        const struct note_key *key, struct buffer *lines,
                                        uint64_t *recorded_size, struct problem *problem);
