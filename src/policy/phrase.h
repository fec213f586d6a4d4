/*
 * Phrases: what a moderator writes (docs/rules.md, "Phrases") as expressions that machines match
 * over folded text.
 *
 * Each phrase becomes two: a coarse one that Vectorscan looks for together with all others, and an
 * exact one for PCRE2 that confirms a hit and says where it starts. The coarse one finds all that
 * the exact one finds. A phrase that is nothing but fixed text needs no exact one: the place where
 * it was found says all, but for the edges of words.
 */
#pragma once

#include "base/problem.h"
#include "policy/fold.h"

#define PHRASE_BYTES_MAX 4000
/* An open end (`*`, a token) can stand so far behind what the coarse expression finds. */
#define PHRASE_BEHIND_MAX 64

struct word_list {
    struct text name, alternatives; /* "a|b|c" as in a phrase */
};

struct phrase_code {
    struct buffer coarse, exact;
    struct text literal; /* its fixed text, if it is nothing else; borrowed from `folded` */
    struct folded folded;
    size_t longest; /* bytes that it can be long */
    size_t behind;  /* of them, so many can stand behind what the coarse expression finds */
};

void phrase_code_done(struct phrase_code *code);
/* CODE starts zeroed; LISTS are those that `{name}` may name. PROBLEM_RULES_INVALID says why not.
 */
MUST_CHECK bool phrase_compile(struct phrase_code *code, struct text phrase,
                               const struct word_list *lists, size_t list_count,
                               struct problem *problem);
