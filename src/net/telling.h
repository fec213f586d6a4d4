/*
 * Telling: which acts somebody was shown that they had to be told of, until the receipts are
 * written (after what showed them was handed over).
 */
#pragma once

#include "act/feed.h"
#include "act/receipts.h"
#include "net/call.h"

struct telling {
    bool has_audience;
    enum audience audience;
    char to[ID_TEXT_BYTES]; /* by which key */
    size_t to_length;
    struct buffer acts;
};

/* Auditors and operators are told nothing, and nobody by the answer to a HEAD. */
void telling_init(struct telling *telling, const struct call *call);
void telling_done(struct telling *telling);
void telling_add(struct telling *telling, int64_t org, struct id act);
void telling_add_event(struct telling *telling, const struct feed_event *event);
/* Forgets the acts: they were not shown after all. */
void telling_clear(struct telling *telling);
/* Writes the receipts and forgets the acts. */
void telling_send(struct telling *telling, struct kernel *kernel, enum means means);
