/*
 * Stories: what an act was, as a sentence for somebody who is no engineer.
 *
 * A type's `story` (act.h) is the sentence; `{name}` is a field of the body, and what stands in
 * brackets is left out as a whole where a field in it was not given. Words that people wrote are
 * shown on one line, without control characters, so that nobody can draw over the rest.
 */
#pragma once

#include "act/act.h"

void story_write(struct buffer *out, const struct act *act);
/* "23 November 2026, 14:05:10 UTC" */
void story_time(struct buffer *out, int64_t at);
/* "12.34 EUR"; decimals by ISO 4217. */
void story_money(struct buffer *out, const struct money *money);
/* One line of a person's words, or of a name. */
void story_words(struct buffer *out, struct text words);
