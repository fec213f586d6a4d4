/*
 * Phrases: what a moderator writes (docs/rules.md, "Phrases") as what machines look for in folded
 * text.
 *
 * A phrase becomes an exact expression for PCRE2, and **parts**: for each word (or group of
 * alternatives) that must be there, the fixed texts of which one must be found. Vectorscan looks
 * for the fixed texts of all phrases at once (index.h); the expression is tried only where each
 * part is there, in order. A phrase that is one fixed text needs no expression.
 */
#pragma once

#include "base/problem.h"
#include "policy/fold.h"

#define PHRASE_BYTES_MAX 4000
#define PHRASE_PARTS_MAX 8
#define PHRASE_EDGE_BYTES 8 /* looked at behind a phrase, to see where a word ends */

/* For PCRE2: no word goes through this place. */
#define PHRASE_EDGE "(?![\\x80-\\xbf]|(?<=[0-9a-z]|[\\xc3-\\xdf][\\x80-\\xbf])[0-9a-z\\xc3-\\xdf])"

struct word_list {
    struct text name, alternatives; /* "a|b|c" as in a phrase */
};

enum atom_kind { ATOM_TEXT, ATOM_DIGITS, ATOM_MONEY, ATOM_KINDS };

/*
 * A fixed text, or digits, or an amount; with an edge, no word may go on there. Of the word or
 * group of the phrase that it stands for, at most LEAD bytes stand before it and TRAIL behind it.
 */
struct atom {
    enum atom_kind kind;
    uint32_t start, length; /* in the code's `bytes` */
    bool left_edge, right_edge;
    size_t lead, trail;
};

/* A word or a group of the phrase that must be there. */
struct phrase_part {
    size_t atom_end; /* behind its last atom */
    size_t longest;  /* bytes that it can be long */
    size_t before;   /* so many bytes stand between the part before and it, at the most */
};

struct phrase_code {
    struct buffer exact;
    struct buffer bytes;
    struct atom *atoms;
    size_t atom_count, atom_capacity;
    size_t part_count;
    struct phrase_part parts[PHRASE_PARTS_MAX];
    bool fixed;    /* it is the one atom and nothing else */
    size_t behind; /* so far behind its last part it ends, at the most */
};

void phrase_code_done(struct phrase_code *code);
/* In how many of a thousand messages an atom from FIRST to END stands, about. */
size_t phrase_commonness(const struct phrase_code *code, size_t first, size_t end);
/*
 * CODE starts zeroed; LISTS are those that `{name}` may name. PROBLEM_RULES_INVALID says why not.
 */
MUST_CHECK bool phrase_compile(struct phrase_code *code, struct text phrase,
                               const struct word_list *lists, size_t list_count,
                               struct problem *problem);
