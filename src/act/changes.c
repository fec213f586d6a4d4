#include "act/changes.h"

#include <string.h>

static struct text value_of(const struct column *column, const void *row, struct arena *arena)
{
    struct buffer value;
    buffer_init(&value);
    struct json_writer json = json_writer(&value);
    column_write(&json, column, row);
    struct text text = arena_text(arena, buffer_view(&value));
    buffer_done(&value);
    return text;
}

static void write_columns(struct json_writer *json, const struct table *table, const void *before,
                          const void *after, struct arena *arena)
{
    for (size_t i = table->key_count; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        if (column->api == NULL || column == table->version)
            continue;
        struct text from = value_of(column, before, arena);
        struct text to = value_of(column, after, arena);
        if (text_equal(from, to))
            continue;
        json_open(json);
        json_member(json, "column", text_of(column->api));
        json_name(json, "from");
        json_raw(json, from);
        json_member(json, "table", text_of(table->name));
        json_name(json, "to");
        json_raw(json, to);
        json_close(json);
    }
}

struct text changes_of(const struct decision *decision, struct arena *arena)
{
    struct buffer list;
    struct text text = TEXT_NONE;
    if (decision->act->actor.role == ROLE_SYSTEM)
        return text;
    buffer_init(&list);
    struct json_writer json = json_writer(&list);
    json_open_list(&json);
    for (size_t i = 0; i < NEEDS_MAX; i++)
        if (decision->touched[i] && decision->before[i] != NULL)
            write_columns(&json, decision->rows[i]->table, decision->before[i],
                          decision->rows[i]->row, arena);
    json_close_list(&json);
    if (list.length > strlen("[]"))
        text = arena_text(arena, buffer_view(&list));
    buffer_done(&list);
    return text;
}
