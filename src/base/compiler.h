/* What the compiler is told about our functions. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The result says whether the call failed; ignoring it is a bug. */
#define MUST_CHECK __attribute__((warn_unused_result))
/* The result is owned by the caller and released by FREE alone. */
#define OWNED_BY(free) __attribute__((malloc(free, 1)))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang 14 knows the attribute only without a deallocator; tools/analyze.sh says the other. */
#if defined(__clang__) || defined(OWNERS_INSIDE)
#undef OWNED_BY
#define OWNED_BY(free)
#endif

/* Stops the process on a bug of ours. Always on; never depends on input that was not validated. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            must_fail(#condition, __FILE__, __LINE__);                                             \
    } while (0)
_Noreturn void must_fail(const char *condition, const char *file, int line);
