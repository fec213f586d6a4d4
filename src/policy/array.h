/* Arrays of the library that grow, and are full of zeros where nothing was put. */
#pragma once

#include <stddef.h>

/* COUNT of EACH bytes, zeroed; never NULL. The caller frees it. */
void *array_new(size_t count, size_t each);
/* ARRAY with a place for INDEX: itself, or a larger one with the new places zeroed. */
void *array_with(void *array, size_t index, size_t *capacity, size_t each);
