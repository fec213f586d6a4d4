/* What a caller may see of an object, for routes that are no views themselves. */
#pragma once

#include "net/call.h"

/*
 * Does the caller see the object SUBJECT, an id with PREFIX? Asks the view of single rows of its
 * kind; *visible is true where there is none and the object is not another organisation's.
 */
MUST_CHECK bool views_see(const struct call *call, const char *prefix, struct id subject,
                          bool *visible, struct problem *problem);
