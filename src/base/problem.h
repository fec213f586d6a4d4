/*
 * Problems: errors as values, one struct from the place of failure to the RFC 9457 answer.
 *
 * A function that can fail returns bool and takes `struct problem *` last. On failure it fills the
 * struct and returns false, mostly in one line:
 *
 *     return problem_set(problem, PROBLEM_STORE_FULL, "writing %s", path);
 *
 * The caller owns the struct (mostly on its stack). All problems are rows of problems.def.
 */
#pragma once

#include "base/text.h"

enum problem_code {
    PROBLEM_NONE = 0,
#define PROBLEM(name, class, status, slug, title, remedy) PROBLEM_##name,
#include "base/problems.def"
#undef PROBLEM
    PROBLEM_CODES
};

enum problem_class { PROBLEM_CLASS_CLIENT, PROBLEM_CLASS_OPERATING, PROBLEM_CLASS_BUG };

struct problem_kind {
    const char *name;
    enum problem_class class;
    unsigned status;
    const char *slug;
    const char *title;
    const char *remedy;
};

#define PROBLEM_ERRORS_MAX 8

struct problem_error {
    char pointer[96]; /* JSON Pointer (RFC 6901) into the body, or the name of a parameter */
    char detail[160];
};

struct problem {
    enum problem_code code;
    char detail[320]; /* what happened this time, for a person; no secrets */
    size_t error_count;
    struct problem_error errors[PROBLEM_ERRORS_MAX];
    /* More members of the answer: `"name":value,…` as JSON, or none; lives in the request's arena.
     */
    struct text extension;
};

const struct problem_kind *problem_kind(enum problem_code code);
/* Each returns false, so that a failing function can return its result. */
bool problem_set(struct problem *problem, enum problem_code code, const char *format, ...)
    PRINTF_LIKE(3, 4);
/* Adds one field's error under CODE; more than PROBLEM_ERRORS_MAX are counted but not kept. */
bool problem_add(struct problem *problem, enum problem_code code, const char *pointer,
                 const char *format, ...) PRINTF_LIKE(4, 5);
void problem_clear(struct problem *problem);
/* The application/problem+json body; REQUEST_ID may be TEXT_NONE. */
void problem_write(struct buffer *buffer, const struct problem *problem, struct text request_id);
/* "title: detail (remedy)" with the fields' errors, for the command line and the log. */
void problem_print(struct buffer *buffer, const struct problem *problem);
