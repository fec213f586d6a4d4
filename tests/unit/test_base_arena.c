/* Arenas: aligned, zeroed, apart from one another, forgotten at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

static void takings_are_apart_aligned_and_zeroed(void **state)
{
    enum { COUNT = 2000 };
    static unsigned char *takings[COUNT];
    struct arena *arena = arena_new();
    (void)state;
    for (int round = 0; round < 3; round++) {
        size_t total = 0;
        for (size_t i = 0; i < COUNT; i++) {
            size_t length = i * 7 % 301;
            takings[i] = arena_take(arena, length);
            assert_int_equal((uintptr_t)takings[i] % _Alignof(max_align_t), 0);
            assert_true(is_zero(takings[i], length));
            memset(takings[i], (int)(i % 255) + 1, length);
            total += length;
        }
        for (size_t i = 0; i < COUNT; i++)
            for (size_t j = 0; j < i * 7 % 301; j++)
                assert_int_equal(takings[i][j], i % 255 + 1);
        assert_true(arena_used(arena) >= total);
        arena_reset(arena); /* what was written must not shine through */
        assert_int_equal(arena_used(arena), 0);
    }
    arena_free(arena);
    arena_free(NULL);
}

static void large_takings_have_blocks_of_their_own(void **state)
{
    struct arena *arena = arena_new();
    (void)state;
    unsigned char *large = arena_array(arena, 1 << 10, 1 << 10);
    unsigned char *small = arena_take(arena, 16);
    assert_true(is_zero(large, 1 << 20));
    memset(large, 0xff, 1 << 20);
    assert_true(is_zero(small, 16));
    arena_free(arena);
}

static void texts_are_copies_with_a_nul(void **state)
{
    struct arena *arena = arena_new();
    char original[] = "abc";
    (void)state;
    struct text copy = arena_text(arena, (struct text){original, 3});
    struct text nothing = arena_text(arena, TEXT(""));
    original[0] = 'x';
    assert_string_equal(copy.bytes, "abc");
    assert_int_equal(copy.length, 3);
    assert_non_null(nothing.bytes);
    assert_null(arena_text(arena, TEXT_NONE).bytes);
    assert_string_equal(arena_string(arena, TEXT("de")), "de");
    assert_true(text_is(arena_format(arena, "%d-%s", 7, "x"), "7-x"));
    assert_int_equal(arena_format(arena, "%5000d", 1).length, 5000);
    arena_free(arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(takings_are_apart_aligned_and_zeroed),
    cmocka_unit_test(large_takings_have_blocks_of_their_own),
    cmocka_unit_test(texts_are_copies_with_a_nul),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
