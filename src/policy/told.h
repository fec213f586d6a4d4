/*
 * Words around the parts of a number or an address that is told. They are looked at where a part
 * ends, not looked for; words for digits and signs themselves are in scan.h. Only inside
 * src/policy.
 */
#pragma once

#include "policy/fold.h"

/* Folds the words, once; before anybody asks. Any thread may. */
void told_fold(void);
/* "потом", "hyphen": what stands between two parts. Its length at AT, 0 if there is none. */
size_t told_filler(const struct folded *folded, size_t at);
/* "раза", "个": the digit before it says how many of the next. Its length at AT, or 0. */
size_t told_counter(const struct folded *folded, size_t at);
/* "ком", "コム": the ending of a host as it sounds. As it is written; NULL if none is at AT. */
const char *told_ending(const struct folded *folded, size_t at, size_t *length);
