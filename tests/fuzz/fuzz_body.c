/* Bodies of acts: whatever is read as one is written back as JSON that reads the same. */
#include <string.h>

#include "market/market.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write(const struct act_type *type, const void *body, struct buffer *out)
{
    struct json_writer json = json_writer(out);
    fields_write(&json, type->fields, type->field_count, body);
}

/* False if it is no body of that type. */
static bool read(const struct act_type *type, struct text text, void *body, struct arena *arena)
{
    struct problem problem;
    problem_clear(&problem);
    json_t *json = json_read(text, &problem);
    bool fits =
        json != NULL && fields_read(type->fields, type->field_count, json, body, arena, &problem);
    MUST(fits || problem.code == PROBLEM_BODY_SYNTAX || problem.code == PROBLEM_BODY_INVALID);
    json_free(json);
    return fits;
}

static void check(const struct act_type *type, struct text text, struct arena *arena)
{
    void *body = arena_take(arena, type->body_bytes);
    void *again = arena_take(arena, type->body_bytes);
    struct buffer first, second;
    if (!read(type, text, body, arena))
        return;
    buffer_init(&first);
    buffer_init(&second);
    write(type, body, &first);
    MUST(read(type, buffer_view(&first), again, arena));
    write(type, again, &second);
    MUST(text_equal(buffer_view(&first), buffer_view(&second)));
    buffer_done(&first);
    buffer_done(&second);
}

/* The first byte chooses the type. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t types = 0;
    if (size == 0)
        return 0;
    while (catalogue.acts[types] != NULL)
        types++;
    struct arena *arena = arena_new();
    check(catalogue.acts[data[0] % types], (struct text){(const char *)data + 1, size - 1}, arena);
    arena_free(arena);
    return 0;
}
