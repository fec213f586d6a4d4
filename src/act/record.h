/*
 * Records: the canonical JSON (RFC 8785) of an act as it is logged, fed, pushed and proved.
 *
 * {"actor":{…},"at":…,"body":{…},"deadlines":{…},"id":…,"org":…,"outcome":…,"problem":{…},
 *  "request":…,"seq":…,"signature":{…},"steps":[…],"subject":…,"type":…,"v":1}
 *
 * A record is for every party of its act, so it does not say from which address somebody acted: a
 * buyer's is no business of the seller's. That is kept beside it (act_row.address).
 */
#pragma once

#include "act/act.h"

struct record {
    struct act act; /* its body is read by the type's fields */
    bool accepted;
    struct problem problem; /* refused acts: code, detail, extension */
};

/* PROBLEM is why the act was refused, or NULL if it was accepted. */
void record_write(struct buffer *out, const struct act *act, const struct problem *problem);
/* Of a record as record_write wrote it: its subject, "sub_…"; a view of it. */
struct text record_subject(struct text record);
/* Strict: only what record_write could have written. Memory is of ARENA. */
MUST_CHECK bool record_read(const struct catalogue *catalogue, struct text json,
                            struct record *record, struct arena *arena, struct problem *problem);
