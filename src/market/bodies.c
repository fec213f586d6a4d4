#include "market/bodies.h"

#include <string.h>

struct text body_list(const struct act *act, const char *name, const struct list *list,
                      struct arena *arena)
{
    struct buffer text;
    if (list->count == 0)
        return TEXT_NONE;
    buffer_init(&text);
    struct json_writer json = json_writer(&text);
    json_open_list(&json);
    for (size_t i = 0; i < act->type->field_count; i++) {
        const struct field *field = &act->type->fields[i];
        for (size_t j = 0; strcmp(field->name, name) == 0 && j < list->count; j++)
            fields_write(&json, field->fields, field->field_count,
                         (const char *)list->items + j * field->item_bytes);
    }
    json_close_list(&json);
    struct text copy = arena_text(arena, buffer_view(&text));
    buffer_done(&text);
    return copy;
}
