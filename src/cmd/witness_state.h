/*
 * What a witness must never forget: for each log the largest tree that it has cosigned. One file,
 * replaced whole and made durable before any cosignature leaves; locked against a second witness.
 *
 * The file: the line "counterfoil-witness-state/1", then "origin size root" a log, root in base64.
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
/* Durable when it returns true; the old state otherwise. */
MUST_CHECK bool witness_records_set(struct witness_records *records, struct text origin,
                                    const struct witness_state *state, struct problem *problem);
