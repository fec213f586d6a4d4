/*
 * Telling: which acts somebody was shown that they had to be told of, until the receipts are
 * written (after what showed them was handed over).
 */
#pragma once

#include "act/feed.h"
#include "act/receipts.h"

struct telling {
    bool has_audience;
    enum audience audience;
    struct text to; /* who was told; borrowed */
    struct buffer acts;
};

/* TO lives as long as the telling. Auditors and operators are told nothing. */
void telling_init(struct telling *telling, enum role role, struct text to);
void telling_done(struct telling *telling);
void telling_add(struct telling *telling, int64_t org, struct id act);
void telling_add_event(struct telling *telling, const struct feed_event *event);
/* Writes the receipts and forgets the acts. */
void telling_send(struct telling *telling, struct kernel *kernel, enum means means);
