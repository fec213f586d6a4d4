/*
 * What senders share (webhooks, mail): rows that are saved together, the list of attempts that a
 * row keeps, and the span before the next one.
 */
#pragma once

#include "act/kernel.h"

#define ATTEMPTS_KEPT 20

/* Rows of operational tables to save together; they stay the caller's until that was done. */
struct saving_list {
    struct arena *arena;
    size_t count, capacity;
    struct row_slot **slots;
};

/* As changed; the slot may be set to removed. */
struct row_slot *saving_add(struct saving_list *list, const struct table *table, void *row,
                            bool found);
/* Under LEASE. */
MUST_CHECK bool saving_save(struct kernel *kernel, enum lease lease, const struct saving_list *list,
                            struct problem *problem);

/* Adds ENTRY, a JSON object, to a row's list; the oldest beyond ATTEMPTS_KEPT go. */
void attempts_add(struct buffer *attempts, struct text entry);
/* What strangers answered: what is no plain text becomes '?'. */
void attempts_clean(struct buffer *answer);
/* SPAN times SCALE, up to a tenth longer so that retries do not come in crowds. */
int64_t attempts_span(int64_t span_us, double scale);
