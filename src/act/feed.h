/*
 * Feeds: the recorded acts in their order, as one reader may see them.
 *
 * A position says how far a reader has read; 0 is the beginning. The positions of a seller, of
 * support that it let in, and of a person are the seqs of its organisation's acts. Everybody else's
 * count the log's entries (log_index + 1); of these a buyer sees the acts about objects whose row
 * names them in a column `buyer`. Types that a role is no party to, or a
 * member has not the permission for, are passed over.
 *
 * A page holds at most FEED_EVENTS_MAX events and about FEED_PAGE_BYTES_MAX bytes of records.
 */
#pragma once

#include "act/tables.h"
#include "store/store.h"

#define FEED_EVENTS_MAX 500
#define FEED_PAGE_BYTES_MAX ((size_t)4 << 20)

struct feed; /* knows how each role's acts are found; immutable, for any thread */

struct feed_event {
    int64_t position;
    const struct act_type *type;
    struct logged_act_row act;
};

struct feed_page {
    size_t count;
    struct feed_event *events; /* of the arena */
    int64_t next;              /* where to go on */
    bool more;                 /* there may be more behind it already */
};

void feed_free(struct feed *feed);
struct feed *feed_new(const struct catalogue *catalogue) OWNED_BY(feed_free);

/*
 * May WHO see acts of this type at all? The one rule of all ways out: feed, stream, timeline,
 * evidence, activity, receipts, the text of a mail.
 */
bool feed_shows(const struct principal *who, const struct act_type *type);
/* Events after AFTER; of one object if SUBJECT is not NULL. */
MUST_CHECK bool feed_read(const struct feed *feed, struct reader *reader,
                          const struct principal *who, const struct id *subject, int64_t after,
                          size_t limit, struct arena *arena, struct feed_page *page,
                          struct problem *problem);
/* The position behind the newest act. */
MUST_CHECK bool feed_newest(struct reader *reader, const struct principal *who, int64_t *position,
                            struct problem *problem);
