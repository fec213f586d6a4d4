/*
 * Checkpoints: a log's promise of its size and root, as the text of a signed note
 * (c2sp.org/tlog-checkpoint). A parsed checkpoint borrows the bytes that it was parsed from.
 */
#pragma once

#include "tlog/merkle.h"
#include "tlog/note.h"

#define CHECKPOINT_ORIGIN_MAX 255

struct checkpoint {
    struct text origin;
    uint64_t size;
    struct digest root;
    struct text extension; /* further lines with their newlines; we write none */
};

/* TEXT is the text of a note. */
MUST_CHECK bool checkpoint_parse(struct text text, struct checkpoint *checkpoint,
                                 struct problem *problem);
void checkpoint_add(struct buffer *text, const struct checkpoint *checkpoint);

/* The whole signed note. The signer's key has the log's origin as its name. */
MUST_CHECK bool checkpoint_sign(struct buffer *note, const struct checkpoint *checkpoint,
                                const struct note_signer *signer, struct problem *problem);
/* Parses a signed note and accepts it if KEY signed it and is named like the origin. */
MUST_CHECK bool checkpoint_open(struct text bytes, const struct note_key *key, struct note *note,
                                struct checkpoint *checkpoint, struct problem *problem);
/* The 64 hexadecimal digits (and a NUL) that name a log where a witness shows its checkpoints. */
void checkpoint_origin_hash(struct text origin, char out[2 * DIGEST_BYTES + 1]);
