/*
 * Rules: what the rule files say (docs/rules.md), read and compiled. Only inside src/policy.
 *
 * A file has blocks; blocks of one id are one rule. A block has signals (phrases and scanners),
 * which give points; and conditions and phrases that a signal's hit must, or must not, go with.
 */
#pragma once

#include <stdatomic.h>

#include "base/arena.h"
#include "policy/index.h"
#include "policy/policy.h"
#include "policy/wording.h"

#define RULES_MAX 256
#define BLOCK_CONDITIONS_MAX 8
#define POINTS_TO_SPEAK 100
#define POINTS_MAX 200 /* of a phrase; more than speaks: the model's points cannot silence it */

enum condition_kind {
    CONDITION_FROM_SELLER,
    CONDITION_FROM_BUYER,
    CONDITION_LANGUAGE,
    CONDITION_REVIEW,
    CONDITION_NO_REVIEW,
    CONDITION_STARS,
    CONDITION_DAYS_AGO,
    CONDITION_UNANSWERED,
    CONDITION_OFFERS,
    CONDITION_OFFERS_RISING,
    CONDITION_SAME_TEXT,
    CONDITION_AFTER_REVIEW,
    CONDITION_WORDS,
    CONDITION_QUOTED,
    CONDITION_NOT_QUOTED,
    CONDITION_LIKELY,
};

struct condition {
    enum condition_kind kind;
    char comparison; /* '<': at most, '>': at least, '=' */
    int64_t number;
    struct text language;
    gate_set gate; /* of CONDITION_LIKELY */
};

enum scanner {
    SCANNER_PHRASE, /* none: a phrase */
    SCANNER_PHONE,
    SCANNER_NUMBER,
    SCANNER_EMAIL,
    SCANNER_LINK,
    SCANNER_HANDLE,
    SCANNER_CARD,
    SCANNER_PIECES,
    SCANNER_ONEWORD,
    SCANNER_MESSAGE,
    SCANNER_WORDING, /* none: the model's points */
    SCANNERS,
};

extern const char *const scanner_names[SCANNERS];

/* A phrase of a rule, or a built-in one of a scanner. */
struct phrase {
    struct exact *exact;  /* NULL: its one text says all */
    enum scanner scanner; /* SCANNER_PHRASE: it is a rule's */
    size_t signal;
};

struct signal {
    enum scanner scanner;
    struct text argument; /* name of a list of links */
    struct text phrase;   /* as it was written */
    size_t wording;       /* of SCANNER_WORDING: the model's number of the rule */
    unsigned points, line;
    size_t block;
    struct condition conditions[BLOCK_CONDITIONS_MAX];
    size_t condition_count;
};

struct example {
    struct text text;
    struct text notes; /* what stood in brackets */
    bool hit;
    unsigned line;
};

/* Phrases of an `except:`, `unless:` or `with:`. */
struct phrase_ids {
    size_t *ids;
    struct text *texts; /* as they were written */
    size_t count, capacity, text_capacity;
};

struct block {
    struct text source; /* name of the file */
    struct text language;
    size_t tongue; /* which of the five languages; POLICY_LANGUAGES: any or another */
    unsigned line, version, weight;
    bool has_mode, declares; /* declares: it has the clause */
    enum policy_mode mode;
    size_t rule;
    struct condition conditions[BLOCK_CONDITIONS_MAX];
    size_t condition_count;
    struct phrase_ids except, unless, with;
    struct example *examples;
    size_t example_count, example_capacity;
    size_t phrase_count;
};

struct policy_rule {
    char id[POLICY_ID_MAX + 1];
    bool declared;
    enum policy_mode mode;
    struct text clause;
    struct text reasons[POLICY_LANGUAGES], mends[POLICY_LANGUAGES];
    size_t first_block; /* where it was first named */
    gate_set gate;      /* if a block wants it to be likely; 0: none does */
    size_t wording;     /* the model's number of it */
    size_t gate_block;  /* where one first does */
    unsigned gate_line;
    _Atomic uint64_t spoken, shadowed;
};

struct link_list {
    struct text name, host;
};

struct policy {
    _Atomic unsigned references;
    struct arena *arena; /* all text of the files */
    struct policy_rule *rules;
    size_t rule_count;
    unsigned gate_count; /* that rules have */
    struct block *blocks;
    size_t block_count, block_capacity;
    struct signal *signals;
    size_t signal_count, signal_capacity;
    struct phrase *phrases;
    size_t phrase_count, phrase_capacity;
    struct index_builder *builder; /* while files are read */
    struct index *index;           /* of the phrases */
    struct link_list *links;
    size_t link_count, link_capacity;
    struct exact *money;
    struct wording *wording;           /* NULL: there is no model */
    size_t *scanner_signals[SCANNERS]; /* signals of each scanner */
    size_t scanner_signal_counts[SCANNERS];
};

/* rule_file.c: adds a phrase that is compiled; WATCHED: that it stands somewhere is a hit. */
MUST_CHECK bool rules_add_phrase(struct policy *policy, const struct phrase_code *code,
                                 const struct phrase *phrase, bool watched, gate_set gates,
                                 struct problem *problem);
/* rule_file.c: adds what one file says. The problem's detail begins with file and line. */
MUST_CHECK bool rules_read(struct policy *policy, struct text name, struct text content,
                           struct problem *problem);
MUST_CHECK bool condition_read(struct text words, struct condition *condition,
                               struct problem *problem);
void condition_write(const struct condition *condition, struct buffer *out);
/* What the conditions ask about, of a message as it is judged. */
struct circumstances {
    const struct policy_message *message;
    size_t words; /* a character of a script without spaces counts for half a one */
    bool from_seller, from_buyer, after_review, rising;
    gate_set open; /* of the rules that are likely */
    size_t offers;
    unsigned unanswered, same_text;
};
/* rule_condition.c; QUOTED: of the hit. */
bool condition_holds(const struct condition *condition, const struct circumstances *circumstances,
                     bool quoted);

/* rule_example.c: judges one example; false if it cannot be read (PROBLEM) or is not as it says. */
MUST_CHECK bool example_holds(struct policy_worker *worker, const struct policy *policy,
                              const struct block *block, const struct example *example,
                              struct problem *problem);
