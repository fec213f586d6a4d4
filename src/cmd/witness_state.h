/*
 * What a witness must never forget: for each log the newest checkpoint that it has cosigned, as the
 * signed note that it shows to monitors. One file, replaced whole and made durable before any
 * cosignature leaves; locked against a second witness.
 *
 * The file: the line "counterfoil-witness-state/1", then for each log the line "checkpoint LENGTH"
 * and the note's LENGTH bytes.
 */
#pragma once

#include "tlog/witness.h"

#define WITNESS_LOGS_MAX 64

struct witness_records;

void witness_records_free(struct witness_records *records);
/* A file that does not exist yet is empty; a damaged one is refused, never overwritten. */
struct witness_records *witness_records_new(const char *path, struct problem *problem)
    OWNED_BY(witness_records_free);
/* All zero if nothing was recorded. */
struct witness_state witness_records_find(const struct witness_records *records,
                                          struct text origin);
/*
 * The note of the log whose origin has this hash (checkpoint_origin_hash), or TEXT_NONE; borrowed
 * until the next change.
 */
struct text witness_records_note(const struct witness_records *records, struct text origin_hash);
/*
 * NOTE is a cosigned checkpoint; it takes the place of its log's last one. Durable when it returns
 * true; nothing has changed otherwise.
 */
MUST_CHECK bool witness_records_set(struct witness_records *records, struct text note,
                                    struct problem *problem);
