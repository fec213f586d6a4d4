/*
 * Stories: an act as a sentence for a person, from the `story` of its type and its body.
 *
 * "The buyer asked to cancel[: {reason}]." — {name} is a field of the body; what stands in brackets
 * is left out unless all of its fields are given. Money is written 125.00 EUR, times in UTC as
 * 2026-11-23 11:00:00. A refused act says so, with the reason.
 */
#pragma once

#include "act/record.h"

void story_write(struct buffer *out, const struct record *record);
/* Who did it: "the seller (key_…)", "the buyer b-17", "the system". */
void story_actor(struct buffer *out, const struct act *act);
/* A time as a person reads it. */
void story_time(struct buffer *out, int64_t at);
/* Stops the process if a template names a field that the type does not have. */
void story_check(const struct act_type *type);
