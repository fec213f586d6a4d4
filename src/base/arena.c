#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Blocks double from the first to the last of these sizes; what is larger gets its own. */
#define BLOCK_BYTES_LEAST ((size_t)4096 - sizeof(struct block))
#define BLOCK_BYTES_MOST ((size_t)1 << 20)

struct block {
    struct block *next;
    size_t capacity;
    size_t used;
    max_align_t bytes[];
};

struct arena {
    struct block *blocks; /* the one in use first */
    size_t used;
};

static struct block *block_new(size_t capacity, struct block *next)
{
    struct block *block = calloc(1, sizeof *block + capacity);
    MUST(block != NULL);
    block->next = next;
    block->capacity = capacity;
    return block;
}

struct arena *arena_new(void)
{
    struct arena *arena = calloc(1, sizeof *arena);
    MUST(arena != NULL);
    arena->blocks = block_new(BLOCK_BYTES_LEAST, NULL);
    return arena;
}

/* Keeps the largest ordinary block, so that a busy arena soon needs no others. */
void arena_reset(struct arena *arena)
{
    struct block *kept = NULL;
    for (struct block *next, *block = arena->blocks; block != NULL; block = next) {
        next = block->next;
        bool better = block->capacity <= BLOCK_BYTES_MOST &&
                      (kept == NULL || block->capacity > kept->capacity);
        free(better ? kept : block);
        kept = better ? block : kept;
    }
    MUST(kept != NULL); /* the first block is an ordinary one */
    memset(kept->bytes, 0, kept->used);
    kept->next = NULL;
    kept->used = 0;
    arena->blocks = kept;
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->blocks != NULL) {
        struct block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    free(arena);
}

void *arena_take(struct arena *arena, size_t bytes)
{
    const size_t alignment = _Alignof(max_align_t);
    MUST(bytes < SIZE_MAX / 2);
    size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    struct block *block = arena->blocks;
    if (block->capacity - block->used < rounded) {
        size_t capacity =
            block->capacity * 2 > BLOCK_BYTES_MOST ? BLOCK_BYTES_MOST : block->capacity * 2;
        block = arena->blocks = block_new(rounded > capacity ? rounded : capacity, block);
    }
    void *taken = (char *)block->bytes + block->used;
    block->used += rounded;
    arena->used += rounded;
    return taken;
}

void *arena_array(struct arena *arena, size_t count, size_t bytes_each)
{
    size_t bytes;
    MUST(!__builtin_mul_overflow(count, bytes_each, &bytes));
    return arena_take(arena, bytes);
}

struct text arena_text(struct arena *arena, struct text text)
{
    if (text.bytes == NULL)
        return TEXT_NONE;
    return (struct text){arena_string(arena, text), text.length};
}

char *arena_string(struct arena *arena, struct text text)
{
    char *copy = arena_take(arena, text.length + 1);
    if (text.length > 0)
        memcpy(copy, text.bytes, text.length);
    return copy;
}

struct text arena_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    MUST(length >= 0);
    char *bytes = arena_take(arena, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(bytes, (size_t)length + 1, format, arguments);
    va_end(arguments);
    return (struct text){bytes, (size_t)length};
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
