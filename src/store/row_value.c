/* Rows as arrays of values, the form in which drivers give and take them. */
#include <string.h>

#include "base/time.h"
#include "store/store_private.h"

struct value row_value(const struct column *column, const void *row)
{
    if (row_is_none(column, row))
        return VALUE_IS_NONE;
    switch (column->type) {
    case COLUMN_ID:
        return (struct value){.type = VALUE_BYTES,
                              .text = {(const char *)row + column->offset, sizeof(struct id)}};
    case COLUMN_TEXT:
    case COLUMN_JSON:
        return VALUE_OF_TEXT(row_text(column, row));
    case COLUMN_BYTES:
        return (struct value){.type = VALUE_BYTES, .text = row_text(column, row)};
    case COLUMN_INT:
    case COLUMN_BOOL:
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
        break;
    }
    return VALUE_OF_INT(row_int(column, row));
}

static bool int_fits(const struct column *column, int64_t number)
{
    switch (column->type) {
    case COLUMN_BOOL:
        return number == 0 || number == 1;
    case COLUMN_ENUM:
        for (int64_t i = 0; i <= number && number >= 0; i++)
            if (column->names[i] == NULL)
                return false;
        return number >= 0;
    case COLUMN_TIME:
        return number >= time_days(1, 1, 1) * TIME_DAY &&
               number < time_days(10000, 1, 1) * TIME_DAY;
    case COLUMN_ORG:
        return number >= 0 && number <= ORG_MAX;
    case COLUMN_INT:
    case COLUMN_ID:
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_BYTES:
        break;
    }
    return true;
}

static bool read_column(const struct column *column, const struct value *value, void *row,
                        struct arena *arena)
{
    char *member = (char *)row + column->offset;
    struct text text;
    switch (column->type) {
    case COLUMN_ID:
        if (value->type != VALUE_BYTES || value->text.length != sizeof(struct id))
            return false;
        memcpy(member, value->text.bytes, sizeof(struct id));
        return true;
    case COLUMN_TEXT:
    case COLUMN_JSON:
    case COLUMN_BYTES:
        if (value->type != (column->type == COLUMN_BYTES ? VALUE_BYTES : VALUE_TEXT))
            return false;
        text = arena_text(arena, value->text);
        memcpy(member, &text, sizeof text);
        return true;
    case COLUMN_INT:
    case COLUMN_BOOL:
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
        break;
    }
    if (value->type != VALUE_INT || !int_fits(column, value->integer))
        return false;
    memcpy(member, &value->integer, sizeof value->integer);
    return true;
}

static void set_none(const struct column *column, void *row)
{
    size_t bytes = sizeof(int64_t);
    if (column->type == COLUMN_ID)
        bytes = sizeof(struct id);
    else if (column->type == COLUMN_TEXT || column->type == COLUMN_JSON ||
             column->type == COLUMN_BYTES)
        bytes = sizeof(struct text);
    memset((char *)row + column->offset, 0, bytes);
}

bool row_read(const struct table *table, size_t from, const struct value *values, size_t count,
              void *row, struct arena *arena, struct problem *problem)
{
    MUST(from + count == table->column_count);
    for (size_t i = 0; i < count; i++) {
        const struct column *column = &table->columns[from + i];
        if (values[i].type == VALUE_NONE && (column->flags & COLUMN_OPTIONAL) != 0)
            set_none(column, row);
        else if (!read_column(column, &values[i], row, arena))
            return problem_set(problem, PROBLEM_STORE_CORRUPT,
                               "a row of %s holds a value that does not fit its column %s",
                               table->name, column->name);
    }
    return true;
}
