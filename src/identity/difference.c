#include "identity/difference.h"

#include <stdio.h>

#include "base/json.h"

#define NAME_MAX_BYTES 200

static void write_value(struct json_writer *json, const char *name, const json_t *value)
{
    struct buffer text;
    buffer_init(&text);
    if (value != NULL)
        json_canonical(&text, value);
    json_name(json, name);
    json_raw(json, value == NULL ? TEXT("null") : buffer_view(&text));
    buffer_done(&text);
}

static void compare(struct json_writer *json, const char *path, const json_t *was,
                    const json_t *is);

static void compare_member(struct json_writer *json, const char *path, const char *name,
                           const json_t *was, const json_t *is)
{
    char whole[NAME_MAX_BYTES];
    snprintf(whole, sizeof whole, "%s%s%s", path, path[0] == '\0' ? "" : "/", name);
    if (json_is_object(was) && json_is_object(is)) {
        compare(json, whole, was, is);
        return;
    }
    if (was != NULL && is != NULL && json_equal(was, is))
        return;
    json_open(json);
    write_value(json, "is", is);
    json_member(json, "name", text_of(whole));
    write_value(json, "was", was);
    json_close(json);
}

static void compare(struct json_writer *json, const char *path, const json_t *was, const json_t *is)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)is, name, value)
        compare_member(json, path, name, json_object_get(was, name), value);
    json_object_foreach((json_t *)(uintptr_t)was, name,
                        value) if (json_object_get(is, name) == NULL)
        compare_member(json, path, name, value, NULL);
}

struct text terms_difference(struct text was, struct text is, struct arena *arena)
{
    struct problem unused;
    struct buffer list;
    buffer_init(&list);
    json_t *before = json_read(was, &unused);
    json_t *now = json_read(is, &unused);
    struct json_writer json = json_writer(&list);
    json_open_list(&json);
    if (json_is_object(before) && json_is_object(now))
        compare(&json, "", before, now);
    json_close_list(&json);
    struct text text = arena_text(arena, buffer_view(&list));
    json_free(before);
    json_free(now);
    buffer_done(&list);
    return text;
}
