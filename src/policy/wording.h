/*
 * Wording: a linear model over words and runs of characters. It says, in the points of rules
 * (docs/rules.md, "The model"), how far the words of a message as a whole speak for or against its
 * breaking a rule, where phrases are not enough. tools/train_wording.py makes it from the corpus.
 * Only inside src/policy.
 *
 * A feature is a word or sign, the first four letters of a longer word, those of two words one
 * after the other, or one to three characters one after another of a script without spaces (all
 * that UTF-8 writes with three bytes or more); or a fact beside the words. Digits are all the same.
 * Each has a weight for each rule, and counts once:
 *
 *     points of a rule = bias + scale / 1000 * (sum of the weights) / sqrt(features of the message)
 *
 * where all features are counted, known or not, as often as they stand, and 20 at the least. Of
 * points below zero the rule's `spare` is forgiven, and no more than the floor is taken. What
 * stands behind the first 8,192 words is not read: phrases and scanners read it.
 *
 * Below a rule's `gate` words speak so clearly against it that its phrases need not be looked for:
 * of a hundred messages that break it, one is there. So that one sentence does not hide among many,
 * that is asked of each passage (some twenty words, or forty characters of a script without
 * spaces; they overlap by half) by itself, as if it were a message of nobody's: the gate closes if
 * all of them are below. For the same reason a passage that comes to 30 points more than the
 * message as a whole counts instead of it, less those 30.
 */
#pragma once

#include "base/problem.h"
#include "policy/shape.h"

#define WORDING_RULES_MAX 16
#define WORDING_PASSAGES 2

struct wording; /* a model; it never changes */

void wording_free(struct wording *wording);
/* NAME is the file's; PROBLEM_RULES_INVALID says "file:line: why". */
struct wording *wording_new(struct text name, struct text content, struct problem *problem)
    OWNED_BY(wording_free);
/* The model's number of the rule of this ID; WORDING_RULES_MAX: it knows nothing of it. */
size_t wording_rule(const struct wording *wording, struct text id);

/*
 * What it sees beside the words. Not the review: who writes test messages mentions it where it
 * matters, so that a model would learn to suspect whatever follows a bad one.
 */
struct wording_facts {
    bool from_seller, from_buyer;
};

struct wording_passage {
    size_t start, end; /* of the folded text */
};

struct wording_reader; /* of one thread, used again and again */

void wording_reader_free(struct wording_reader *reader);
struct wording_reader *wording_reader_new(const struct wording *wording)
    OWNED_BY(wording_reader_free);
/* Reads a message, borrowed until the next one; returns the work in bytes and features. */
size_t wording_read(struct wording_reader *reader, const struct folded *folded,
                    const struct shape *shape, struct wording_facts facts);
/* From the model's floor on; over 100 it is more certain than it need be. */
int wording_points(const struct wording_reader *reader, size_t rule);
/* False: its words speak clearly against this rule. */
bool wording_is_likely(const struct wording_reader *reader, size_t rule);
/* The passages that weighed most for the rule; returns how many, 0 if only facts did. */
size_t wording_passages(struct wording_reader *reader, size_t rule,
                        struct wording_passage passages[WORDING_PASSAGES]);
/* Writes the features of a message, one a line: what the model is trained on. */
void wording_features(const struct folded *folded, const struct shape *shape,
                      struct wording_facts facts, struct buffer *out);
