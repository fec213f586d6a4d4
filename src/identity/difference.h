/* What differs between the terms that somebody signed and those of now. */
#pragma once

#include "base/arena.h"

/*
 * JSON: [{"is":9900,"name":"terms/price_minor","was":8900}, …], in the order of the names; a member
 * that one of them lacks is null there. "[]" if either cannot be read. Memory is of ARENA.
 */
struct text terms_difference(struct text was, struct text is, struct arena *arena);
