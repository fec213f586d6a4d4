#include "policy/array.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define CAPACITY_MIN 16

void *array_new(size_t count, size_t each)
{
    void *array = calloc(count + 1, each);
    MUST(array != NULL);
    return array;
}

void *array_with(void *array, size_t index, size_t *capacity, size_t each)
{
    if (index < *capacity)
        return array;
    size_t wanted = index < CAPACITY_MIN ? CAPACITY_MIN : 2 * index;
    char *larger = realloc(array, wanted * each);
    MUST(larger != NULL);
    memset(larger + *capacity * each, 0, (wanted - *capacity) * each);
    *capacity = wanted;
    return larger;
}
