/*
 * Stories: what an act was, as a sentence for somebody who is no engineer.
 *
 * In a sentence `{name}` is a field of the act's body, and what stands in brackets is left out as a
 * whole where a field in it was not given. A type's own `story` (act.h) is the English one; mails
 * bring others. Words that people wrote are shown on one line, without control characters, so that
 * nobody can draw over the rest.
 */
#pragma once

#include "act/act.h"

/* How numbers and moments are written. */
struct story_manner {
    const char *group;   /* between the thousands of an amount */
    const char *decimal; /* before its fraction */
    bool words;          /* "23 November 2026, 14:05:10 UTC"; otherwise "2026-11-23 14:05:10 UTC" */
};
extern const struct story_manner story_english;

void story_write(struct buffer *out, const struct act *act);
/* The same with another sentence. */
void story_say(struct buffer *out, struct text sentence, const struct act *act,
               const struct story_manner *manner);
/* "23 November 2026, 14:05:10 UTC" */
void story_time(struct buffer *out, int64_t at);
/* "1,234.56 EUR"; decimals by ISO 4217. */
void story_money(struct buffer *out, const struct money *money);
/* One line of a person's words, or of a name. */
void story_words(struct buffer *out, struct text words);
