/* What earlier messages say about this one (policy.h, "state across messages"). */
#pragma once

#include "policy/scan.h"

/* The amount that the folded text offers, in minor units; 0 if it names none. */
int64_t conversation_amount(const struct policy *policy, struct exact_work *work,
                            const struct folded *folded);
/* The sketch of a text: two texts are alike if most of its numbers are equal. */
void writer_sketch(const struct folded *folded, uint32_t sketch[POLICY_SKETCH_SIZE]);
/* To how many others went nearly this text; keeps it. */
unsigned writer_note(struct policy_writer *writer, struct text recipient,
                     const struct folded *folded);
/* True if the digits of this message and those before it are a telephone number; keeps them. */
bool side_add_piece(struct policy_side *side, const struct folded *folded, struct told_word *words,
                    size_t count);
