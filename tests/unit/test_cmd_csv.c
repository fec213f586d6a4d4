/* CSV files: what is read, and what is refused with its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/csv.h"

struct csv_case {
    const char *text;
    size_t columns, rows;
    const char *cells[8]; /* of the header and then the rows */
};

static const struct csv_case good[] = {
    {"a,b\n1,2\n", 2, 1, {"a", "b", "1", "2"}},
    {"a,b\r\n1,2\r\n", 2, 1, {"a", "b", "1", "2"}},
    {"a,b\n1,2", 2, 1, {"a", "b", "1", "2"}},
    {"\xef\xbb\xbf"
     "a\n1\n",
     1,
     1,
     {"a", "1"}},
    {"a,b\n,\n", 2, 1, {"a", "b", "", ""}},
    {"a,b\n\"x,y\",\"\"\n", 2, 1, {"a", "b", "x,y", ""}},
    {"a\n\"he said \"\"no\"\"\"\n", 1, 1, {"a", "he said \"no\""}},
    {"a,b\n\"two\nlines\",2\n3,4\n", 2, 2, {"a", "b", "two\nlines", "2", "3", "4"}},
    {"a\n S\xc3\xa3o \n", 1, 1, {"a", " S\xc3\xa3o "}},
    {"a\n", 1, 0, {"a"}},
};

static void good_files_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct arena *arena = arena_new();
        struct csv table;
        struct problem problem;
        assert_true(csv_parse(text_of(good[i].text), "t.csv", arena, &table, &problem));
        assert_int_equal(table.column_count, good[i].columns);
        assert_int_equal(table.row_count, good[i].rows);
        for (size_t j = 0; j < good[i].columns * (good[i].rows + 1); j++)
            assert_true(text_is(table.cells[j], good[i].cells[j]));
        arena_free(arena);
    }
}

static const struct {
    const char *text;
    size_t length; /* 0: of the string */
    const char *said;
} bad[] = {
    {"", 0, "is empty"},
    {"a,b\n1\n", 0, "line 2: 1 cells and not 2"},
    {"a,b\n1,2,3\n", 0, "line 2: 3 cells and not 2"},
    {"a,b\n1,2\n\n", 0, "line 3: 1 cells"},
    {"a\n\"open\n", 0, "a quote is not closed"},
    {"a\nx\"y\n", 0, "line 2: a quote or a carriage return"},
    {"a\n\"x\"y\n", 0, "line 2: a quote or a carriage return"},
    {"a\rb\n", 0, "line 1: a quote or a carriage return"},
    {"a\n\x01\n", 0, "clean UTF-8"},
    {"a\n\xff\n", 0, "clean UTF-8"},
    {"a\n\"\xed\xa0\x80\"\n", 0, "clean UTF-8"},
    {"a\nx\0y\n", 6, "line 2"},
};

static void bad_files_are_refused_with_the_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct arena *arena = arena_new();
        struct csv table;
        struct problem problem;
        size_t length = bad[i].length != 0 ? bad[i].length : strlen(bad[i].text);
        assert_false(
            csv_parse((struct text){bad[i].text, length}, "t.csv", arena, &table, &problem));
        assert_non_null(strstr(problem.detail, "t.csv"));
        assert_non_null(strstr(problem.detail, bad[i].said));
        arena_free(arena);
    }
}

static void caps_are_kept(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct csv table;
    struct problem problem;
    struct buffer text;
    buffer_init(&text);
    for (size_t i = 0; i < CSV_COLUMNS_MAX; i++)
        buffer_char(&text, ',');
    assert_false(csv_parse(buffer_view(&text), "wide.csv", arena, &table, &problem));
    buffer_clear(&text);
    for (size_t i = 0; i < CSV_CELL_BYTES_MAX; i++)
        buffer_char(&text, 'x');
    assert_true(csv_parse(buffer_view(&text), "long.csv", arena, &table, &problem));
    buffer_char(&text, 'x');
    assert_false(csv_parse(buffer_view(&text), "long.csv", arena, &table, &problem));
    buffer_done(&text);
    arena_free(arena);
}

static void columns_go_by_name(void **state)
{
    (void)state;
    struct arena *arena = arena_new();
    struct csv table;
    struct problem problem;
    size_t column;
    assert_true(csv_parse(TEXT("a,b\n1,2\n\"3\n\",4\n5,6\n"), "t.csv", arena, &table, &problem));
    assert_true(csv_column(&table, "b", &column, &problem));
    assert_true(text_is(csv_cell(&table, 1, column), "4"));
    assert_int_equal(table.lines[3], 5);
    assert_false(csv_column(&table, "c", &column, &problem));
    assert_non_null(strstr(problem.detail, "t.csv has no column c"));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_are_read),
        cmocka_unit_test(bad_files_are_refused_with_the_line),
        cmocka_unit_test(caps_are_kept),
        cmocka_unit_test(columns_go_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
