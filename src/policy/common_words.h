/* How common a fixed text is in ordinary messages: a guess, good enough to choose by. */
#pragma once

#include "base/text.h"

/* Occurrences in a thousand messages, about. TEXT is folded; empty: any digit. */
unsigned common_estimate(struct text text, bool whole_word);
