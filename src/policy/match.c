#include "policy/match.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <hs/hs.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

/* An exact expression is short and its gaps are bounded; this only stops what nobody foresaw. */
#define EXACT_STEPS_MAX 100000

struct matcher {
    hs_database_t *database; /* NULL: there is nothing to look for */
};

struct matcher_scratch {
    hs_scratch_t *scratch;
};

void matcher_free(struct matcher *matcher)
{
    if (matcher == NULL)
        return;
    hs_free_database(matcher->database);
    free(matcher);
}

struct matcher *matcher_new(const struct text *texts, size_t count, struct problem *problem)
{
    struct matcher *matcher = calloc(1, sizeof *matcher);
    const char **bytes = calloc(count + 1, sizeof *bytes);
    size_t *lengths = calloc(count + 1, sizeof *lengths);
    unsigned *flags = calloc(count + 1, sizeof *flags), *ids = calloc(count + 1, sizeof *ids);
    hs_compile_error_t *error = NULL;
    MUST(matcher != NULL && bytes != NULL && lengths != NULL && flags != NULL && ids != NULL);
    unsigned used = 0;
    for (size_t i = 0; i < count; i++) {
        if (texts[i].length == 0)
            continue;
        bytes[used] = texts[i].bytes;
        lengths[used] = texts[i].length;
        ids[used++] = (unsigned)i;
    }
    if (used > 0 && hs_compile_lit_multi(bytes, flags, ids, lengths, used, HS_MODE_BLOCK, NULL,
                                         &matcher->database, &error) != HS_SUCCESS) {
        problem_set(problem, PROBLEM_RULES_INVALID, "they cannot be looked for: %s",
                    error->message);
        hs_free_compile_error(error);
        free(matcher);
        matcher = NULL;
    }
    free(bytes);
    free(lengths);
    free(flags);
    free(ids);
    return matcher;
}

void matcher_scratch_free(struct matcher_scratch *scratch)
{
    if (scratch == NULL)
        return;
    hs_free_scratch(scratch->scratch);
    free(scratch);
}

struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t count)
{
    struct matcher_scratch *scratch = calloc(1, sizeof *scratch);
    MUST(scratch != NULL);
    for (size_t i = 0; i < count; i++)
        MUST(matchers[i]->database == NULL ||
             hs_alloc_scratch(matchers[i]->database, &scratch->scratch) == HS_SUCCESS);
    return scratch;
}

struct hit_target {
    matcher_hit hit;
    void *context;
};

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                    void *context)
{
    const struct hit_target *target = context;
    (void)from;
    (void)flags;
    return target->hit(target->context, id, (size_t)to) ? 0 : 1;
}

void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch,
                  struct text folded, matcher_hit hit, void *context)
{
    struct hit_target target = {hit, context};
    if (matcher->database == NULL || folded.length == 0)
        return;
    hs_error_t status = hs_scan(matcher->database, folded.bytes, (unsigned)folded.length, 0,
                                scratch->scratch, on_match, &target);
    MUST(status == HS_SUCCESS || status == HS_SCAN_TERMINATED);
}

struct exact {
    pcre2_code *code;
    _Atomic bool ready; /* its just-in-time code was made, or cannot be */
};

/* Most expressions are never tried: machine code is made for one when it first is. */
static pthread_mutex_t making_ready = PTHREAD_MUTEX_INITIALIZER;

struct exact_work {
    pcre2_match_data *data;
    pcre2_match_context *context;
};

void exact_free(struct exact *exact)
{
    if (exact == NULL)
        return;
    pcre2_code_free(exact->code);
    free(exact);
}

struct exact *exact_new(struct text expression, struct problem *problem)
{
    struct exact *exact = calloc(1, sizeof *exact);
    int error;
    PCRE2_SIZE at;
    MUST(exact != NULL);
    exact->code = pcre2_compile((PCRE2_SPTR)expression.bytes, expression.length,
                                PCRE2_NO_AUTO_CAPTURE | PCRE2_USE_OFFSET_LIMIT, &error, &at, NULL);
    if (exact->code == NULL) {
        char message[120];
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
        problem_set(problem, PROBLEM_RULES_INVALID, "it cannot be looked for: %s", message);
        free(exact);
        return NULL;
    }
    return exact;
}

static void make_ready(struct exact *exact)
{
    pthread_mutex_lock(&making_ready);
    /* Without just-in-time code (a hardened kernel, another processor) it is only slower. */
    if (!atomic_load_explicit(&exact->ready, memory_order_relaxed))
        (void)pcre2_jit_compile(exact->code, PCRE2_JIT_COMPLETE);
    atomic_store_explicit(&exact->ready, true, memory_order_release);
    pthread_mutex_unlock(&making_ready);
}

void exact_work_free(struct exact_work *work)
{
    if (work == NULL)
        return;
    pcre2_match_data_free(work->data);
    pcre2_match_context_free(work->context);
    free(work);
}

struct exact_work *exact_work_new(void)
{
    struct exact_work *work = calloc(1, sizeof *work);
    MUST(work != NULL);
    work->data = pcre2_match_data_create(1, NULL);
    work->context = pcre2_match_context_create(NULL);
    MUST(work->data != NULL && work->context != NULL);
    MUST(pcre2_set_match_limit(work->context, EXACT_STEPS_MAX) == 0);
    return work;
}

bool exact_find(struct exact *exact, struct exact_work *work, struct text folded, size_t from,
                size_t latest, size_t *start, size_t *end)
{
    if (!atomic_load_explicit(&exact->ready, memory_order_acquire))
        make_ready(exact);
    MUST(pcre2_set_offset_limit(work->context, latest) == 0);
    int found = pcre2_match(exact->code, (PCRE2_SPTR)folded.bytes, folded.length, from,
                            PCRE2_NO_UTF_CHECK, work->data, work->context);
    if (found < 0)
        return false;
    const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(work->data);
    *start = offsets[0];
    *end = offsets[1];
    return *end > *start;
}
