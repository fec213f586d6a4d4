/*
 * A worker: what is known of the message that is judged. judge.c finds, points.c counts. Only
 * inside src/policy.
 */
#pragma once

#include "policy/parts.h"
#include "policy/rules.h"
#include "policy/scan.h"

#define TOLD_WORDS_MAX 1024
#define MARKED_MAX 128 /* hits that count */
#define MARKED_ALL (MARKED_MAX + WORDING_PASSAGES * WORDING_RULES_MAX)

/* A hit that counts, until it is known whether its rule speaks. */
struct marked {
    size_t rule, block;
    uint32_t start, end;
    unsigned points;
};

/* What was noted for the present message; the epoch saves clearing it. */
struct tally {
    uint32_t epoch;
    unsigned count;
};

#define TONGUES (POLICY_LANGUAGES + 1) /* the last: of any language */

/* By language, because a word that tells a little in two languages does not tell more than in one.
 */
struct sum {
    unsigned tongues[TONGUES];
    int wording; /* the model's */
};

struct rule_points {
    uint32_t epoch;
    struct sum enforced, all; /* without and with blocks in shadow */
    struct sum possible;      /* if all that is likely is there */
    bool scanned, may_scan;   /* a scanner's find counts, or may: words do not speak against it */
    size_t wording_block;     /* that asked the model */
    enum policy_mode mode;
};

/* A phrase that may stand in the message, and where. */
struct likely {
    uint32_t phrase;
    struct place place;
};

/* A signal that asked the model, as its conditions hold. */
struct asked {
    size_t signal;
    int points;
};

struct policy_worker {
    struct policy *policy;
    struct matcher_scratch *scratch;
    struct exact_work *exact_work;
    struct folded folded, folded_known;
    struct shape shape;
    struct known known;
    struct candidates candidates;
    struct circumstances circumstances;
    struct text text; /* folded */
    unsigned scripts; /* that it is written with */
    uint32_t epoch;
    struct parts parts;
    struct wording_reader *wording; /* NULL: there is no model */
    struct asked *asked;
    size_t asked_count;
    struct likely *likely;
    size_t likely_count;
    struct tally *signals;    /* counted already */
    struct tally *companions; /* of each block: 1 `with:` is there, 2 it is not */
    struct rule_points *rules;
    struct told_word told_words[TOLD_WORDS_MAX];
    size_t told_count;
    struct policy_side *side; /* of the conversation, the writer's; NULL: there is none */
    struct marked marked[MARKED_ALL];
    size_t marked_count;
    uint64_t confirm_left;
    struct policy_verdict verdict;
};

/* --- points.c --- */

/* What the signal and its block ask; PLACE of the hit, or NULL: what is asked of it is taken to
 * hold. */
bool signal_holds(const struct policy_worker *worker, const struct signal *signal,
                  const struct place *place);
/* Those of this message. */
struct rule_points *points_of(struct policy_worker *worker, size_t rule);
/* A signal hit; each counts once. */
void points_add(struct policy_worker *worker, size_t index, const struct signal *signal);
/* What the rules for any language, those of the one that tells most, and the model come to. */
unsigned points_total(const struct rule_points *points, const struct sum *sum);
bool points_speak(const struct rule_points *points, const struct sum *sum);
bool is_from_seller(const struct policy_message *message);
struct wording_facts wording_facts_of(const struct policy_message *message);
/* The model's points, for the rules that ask for them, and the gates that it leaves open. */
void weigh_wording(struct policy_worker *worker);
/* Marks what made the model's rules speak. */
void mark_wordings(struct policy_worker *worker);
