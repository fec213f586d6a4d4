/*
 * Matching: the two libraries behind the engine. Vectorscan looks for many fixed texts at once,
 * PCRE2 says whether and where an exact expression is. Both see bytes of folded text: no Unicode,
 * no case (measured: in Vectorscan's UTF-8 mode the same rules take a hundred times as long to
 * compile, and a third of them is refused).
 */
#pragma once

#include "base/problem.h"

/* --- many at once --- */

struct matcher;
struct matcher_scratch; /* working memory; one a thread */

void matcher_free(struct matcher *matcher);
/* TEXTS differ from each other; what is empty is not looked for. */
struct matcher *matcher_new(const struct text *texts, size_t count, struct problem *problem)
    OWNED_BY(matcher_free);
void matcher_scratch_free(struct matcher_scratch *scratch);
/* For each of COUNT matchers. */
struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t count)
    OWNED_BY(matcher_scratch_free);
/* Called for each place where a text ends; false: enough. */
typedef bool (*matcher_hit)(void *context, size_t index, size_t end);
void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch,
                  struct text folded, matcher_hit hit, void *context);

/* --- one exactly --- */

struct exact;
struct exact_work; /* one a thread, for any expression */

void exact_free(struct exact *exact);
struct exact *exact_new(struct text expression, struct problem *problem) OWNED_BY(exact_free);
void exact_work_free(struct exact_work *work);
struct exact_work *exact_work_new(void) OWNED_BY(exact_work_free);
/*
 * The first place that starts from FROM to LATEST; what stands before FROM is looked back at. Any
 * thread may; whoever is first waits until machine code is made.
 */
bool exact_find(struct exact *exact, struct exact_work *work, struct text folded, size_t from,
                size_t latest, size_t *start, size_t *end);
