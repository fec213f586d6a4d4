/*
 * Arena: memory that is released all at once, for one request or one group of acts.
 *
 * Nothing taken from an arena is freed on its own. Not safe between threads: an arena belongs to
 * whoever handles the request at the moment. Memory is zeroed.
 */
#pragma once

#include "base/text.h"

struct arena;

void arena_free(struct arena *arena);
struct arena *arena_new(void) OWNED_BY(arena_free);
void arena_reset(struct arena *arena); /* forgets everything, keeps some memory */
void *arena_take(struct arena *arena, size_t bytes);
void *arena_array(struct arena *arena, size_t count, size_t bytes_each); /* checks the product */
#define ARENA_NEW(arena, type) ((type *)arena_take((arena), sizeof(type)))
struct text arena_text(struct arena *arena, struct text text); /* a copy, NUL behind it */
char *arena_string(struct arena *arena, struct text text);
struct text arena_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
size_t arena_used(const struct arena *arena); /* bytes taken, for tests and metrics */
