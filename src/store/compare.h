/*
 * Two stores' rows of one table, side by side in the order of its key.
 *
 * Both are read page by page, and each page sees a moment of its own: whoever needs one moment of
 * both lets nobody write meanwhile.
 */
#pragma once

#include "store/store.h"

struct comparison {
    struct store *first, *second;
    const struct table *table;
    /* Each key once; NULL for the row that is missing. Rows live until `turn`, or its end. */
    bool (*pair)(void *context, const void *first, const void *second, struct problem *problem);
    /* Before the rows of a page go, or NULL. */
    bool (*turn)(void *context, struct problem *problem);
    void *context;
};

#define COMPARE_PAGE_ROWS ((size_t)500)

MUST_CHECK bool compare_rows(const struct comparison *comparison, struct problem *problem);
MUST_CHECK bool table_count(struct store *store, const struct table *table, uint64_t *rows,
                            struct problem *problem);
