#include "cmd/csv.h"

#include <string.h>

#include "base/file.h"

struct parser {
    struct text rest;
    const char *name;
    struct arena *arena;
    size_t line;
    struct buffer cells; /* of struct text */
    struct buffer lines; /* of size_t */
};

enum after_cell { AFTER_COMMA, AFTER_ROW, AFTER_FAULT };

static enum after_cell fault(struct parser *parser, struct problem *problem, const char *what)
{
    problem_set(problem, PROBLEM_FILE_FAILED, "%s, line %zu: %s", parser->name, parser->line, what);
    return AFTER_FAULT;
}

static void skip(struct parser *parser, size_t bytes)
{
    parser->rest = text_slice(parser->rest, bytes, parser->rest.length);
}

/* What stands behind a cell; the end of the file ends the row, too. */
static enum after_cell take_end(struct parser *parser, struct problem *problem)
{
    if (parser->rest.length == 0)
        return AFTER_ROW;
    if (text_starts(parser->rest, ",")) {
        skip(parser, 1);
        return AFTER_COMMA;
    }
    size_t length = text_starts(parser->rest, "\r\n") ? 2 : text_starts(parser->rest, "\n") ? 1 : 0;
    if (length == 0)
        return fault(parser, problem, "a quote or a carriage return stands in a cell");
    skip(parser, length);
    parser->line++;
    return AFTER_ROW;
}

/* Behind the opening quote; doubled quotes are one. False if it does not end. */
static bool take_quoted(struct parser *parser, struct buffer *cell)
{
    while (parser->rest.length > 0) {
        char c = parser->rest.bytes[0];
        skip(parser, 1);
        if (c == '"' && !text_starts(parser->rest, "\""))
            return true;
        if (c == '"')
            skip(parser, 1);
        parser->line += c == '\n';
        buffer_char(cell, c);
    }
    return false;
}

static bool is_clean(struct text cell)
{
    for (size_t i = 0; i < cell.length; i++)
        if ((unsigned char)cell.bytes[i] < 0x20 && strchr("\t\r\n", cell.bytes[i]) == NULL)
            return false;
    return memchr(cell.bytes, 0, cell.length) == NULL && text_is_utf8(cell);
}

static bool is_fit(struct text cell)
{
    return cell.length <= CSV_CELL_BYTES_MAX && (cell.length == 0 || is_clean(cell));
}

static enum after_cell take_cell(struct parser *parser, struct problem *problem)
{
    struct text cell;
    if (text_starts(parser->rest, "\"")) {
        struct buffer copy;
        buffer_init(&copy);
        skip(parser, 1);
        bool ended = take_quoted(parser, &copy);
        cell = arena_text(parser->arena, buffer_view(&copy));
        buffer_done(&copy);
        if (!ended)
            return fault(parser, problem, "a quote is not closed");
    } else {
        size_t length = 0;
        while (length < parser->rest.length && !strchr(",\"\r\n", parser->rest.bytes[length]))
            length++;
        cell = text_slice(parser->rest, 0, length);
        skip(parser, length);
    }
    if (!is_fit(cell))
        return fault(parser, problem, "a cell is too long or no clean UTF-8");
    buffer_add(&parser->cells, &cell, sizeof cell);
    return take_end(parser, problem);
}

static bool take_row(struct parser *parser, size_t *count, struct problem *problem)
{
    enum after_cell after;
    buffer_add(&parser->lines, &parser->line, sizeof parser->line);
    *count = 0;
    do {
        if (++*count > CSV_COLUMNS_MAX)
            after = fault(parser, problem, "too many cells");
        else
            after = take_cell(parser, problem);
    } while (after == AFTER_COMMA);
    return after == AFTER_ROW;
}

static bool take_rows(struct parser *parser, struct csv *table, struct problem *problem)
{
    size_t count;
    if (parser->rest.length == 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "%s is empty", parser->name);
    if (!take_row(parser, &table->column_count, problem))
        return false;
    while (parser->rest.length > 0) {
        size_t line = parser->line;
        if (!take_row(parser, &count, problem))
            return false;
        if (count != table->column_count)
            return problem_set(problem, PROBLEM_FILE_FAILED,
                               "%s, line %zu: %zu cells and not %zu as in the header", parser->name,
                               line, count, table->column_count);
        table->row_count++;
    }
    return true;
}

bool csv_parse(struct text bytes, const char *name, struct arena *arena, struct csv *table,
               struct problem *problem)
{
    struct parser parser = {.rest = bytes, .name = name, .arena = arena, .line = 1};
    *table = (struct csv){.name = name};
    if (text_starts(bytes, "\xef\xbb\xbf"))
        skip(&parser, 3);
    buffer_init(&parser.cells);
    buffer_init(&parser.lines);
    bool ok = take_rows(&parser, table, problem);
    if (ok) {
        table->cells = arena_take(arena, parser.cells.length);
        memcpy(table->cells, parser.cells.bytes, parser.cells.length);
        table->lines = arena_take(arena, parser.lines.length);
        memcpy(table->lines, parser.lines.bytes, parser.lines.length);
    }
    buffer_done(&parser.cells);
    buffer_done(&parser.lines);
    return ok;
}

bool csv_read(const char *path, struct arena *arena, struct csv *table, struct problem *problem)
{
    struct buffer bytes;
    buffer_init(&bytes);
    bool ok = file_read(path, CSV_BYTES_MAX, &bytes, problem) &&
              csv_parse(arena_text(arena, buffer_view(&bytes)), path, arena, table, problem);
    buffer_done(&bytes);
    return ok;
}

bool csv_column(const struct csv *table, const char *name, size_t *column, struct problem *problem)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (text_is(table->cells[i], name)) {
            *column = i;
            return true;
        }
    return problem_set(problem, PROBLEM_FILE_FAILED, "%s has no column %s", table->name, name);
}

struct text csv_cell(const struct csv *table, size_t row, size_t column)
{
    MUST(row < table->row_count && column < table->column_count);
    return table->cells[(row + 1) * table->column_count + column];
}
