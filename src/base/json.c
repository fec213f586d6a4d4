#include "base/json.h"

#include <stdlib.h>
#include <string.h>

/* Of objects and lists; also refuses what RFC 8785 over integers cannot carry. */
static bool check_tree(const json_t *json, unsigned depth, struct problem *problem)
{
    const char *key;
    json_t *value;
    size_t index;
    if (depth > JSON_DEPTH_MAX)
        return problem_set(problem, PROBLEM_BODY_SYNTAX, "more than %d levels deep",
                           JSON_DEPTH_MAX);
    if (json_is_real(json))
        return problem_set(problem, PROBLEM_BODY_SYNTAX,
                           "numbers must be integers (money is minor units)");
    if (json_is_integer(json) && (json_integer_value(json) > JSON_INTEGER_MAX ||
                                  json_integer_value(json) < -JSON_INTEGER_MAX))
        return problem_set(problem, PROBLEM_BODY_SYNTAX,
                           "numbers must lie between -(2^53 - 1) and 2^53 - 1");
    json_object_foreach((json_t *)(uintptr_t)json, key,
                        value) if (!check_tree(value, depth + 1, problem)) return false;
    json_array_foreach(json, index, value) if (!check_tree(value, depth + 1, problem)) return false;
    return true;
}

json_t *json_read(struct text text, struct problem *problem)
{
    json_error_t error;
    json_t *json = json_loadb(text.bytes == NULL ? "" : text.bytes, text.length,
                              JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        problem_set(problem, PROBLEM_BODY_SYNTAX, "line %d, column %d: %s", error.line,
                    error.column, error.text);
        return NULL;
    }
    if (!check_tree(json, 0, problem)) {
        json_free(json);
        return NULL;
    }
    return json;
}

struct text json_string_view(const json_t *string)
{
    return (struct text){json_string_value(string), json_string_length(string)};
}

static void canonical_value(struct json_writer *json, const json_t *value);

/*
 * RFC 8785 §3.2.3: by UTF-16 units. UTF-8 has the same order, but for characters beyond U+FFFF
 * (first byte f0 to f4), which come before U+E000 to U+FFFF (ee, ef) there.
 */
static int compare_names(const void *a, const void *b)
{
    const unsigned char *left = *(const unsigned char *const *)a;
    const unsigned char *right = *(const unsigned char *const *)b;
    while (*left == *right && *left != '\0') {
        left++;
        right++;
    }
    int order = *left - *right;
    return *left >= 0xee && *right >= 0xee && (*left >= 0xf0) != (*right >= 0xf0) ? -order : order;
}

static void canonical_object(struct json_writer *json, const json_t *object)
{
    json_t *tree = (json_t *)(uintptr_t)object;
    size_t count = json_object_size(object);
    const char **names = calloc(count + 1, sizeof *names);
    const char *name;
    json_t *value;
    size_t at = 0;
    MUST(names != NULL);
    json_object_foreach(tree, name, value) names[at++] = name;
    qsort(names, count, sizeof *names, compare_names);
    json_open(json);
    for (size_t i = 0; i < count; i++) {
        json_name(json, names[i]);
        canonical_value(json, json_object_get(object, names[i]));
    }
    json_close(json);
    free(names);
}

static void canonical_value(struct json_writer *json, const json_t *value)
{
    size_t index;
    json_t *element;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        canonical_object(json, value);
        break;
    case JSON_ARRAY:
        json_open_list(json);
        json_array_foreach(value, index, element) canonical_value(json, element);
        json_close_list(json);
        break;
    case JSON_STRING:
        json_text(json, json_string_view(value));
        break;
    case JSON_INTEGER:
        json_int(json, json_integer_value(value));
        break;
    case JSON_REAL:
        MUST(!json_is_real(value)); /* json_read lets none through */
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        json_bool(json, json_is_true(value));
        break;
    case JSON_NULL:
        json_null_value(json);
        break;
    }
}

void json_canonical(struct buffer *buffer, const json_t *json)
{
    struct json_writer writer = json_writer(buffer);
    canonical_value(&writer, json);
}

struct json_writer json_writer(struct buffer *buffer)
{
    return (struct json_writer){buffer, false};
}

static void begin_value(struct json_writer *json)
{
    if (json->comma)
        buffer_char(json->buffer, ',');
    json->comma = true;
}

void json_open(struct json_writer *json)
{
    begin_value(json);
    buffer_char(json->buffer, '{');
    json->comma = false;
}

void json_close(struct json_writer *json)
{
    buffer_char(json->buffer, '}');
    json->comma = true;
}

void json_open_list(struct json_writer *json)
{
    begin_value(json);
    buffer_char(json->buffer, '[');
    json->comma = false;
}

void json_close_list(struct json_writer *json)
{
    buffer_char(json->buffer, ']');
    json->comma = true;
}

static void write_escape(struct buffer *buffer, unsigned char c)
{
    static const char short_names[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (size_t i = 0; i + 1 < sizeof short_names; i += 2)
        if (short_names[i] == (char)c) {
            buffer_char(buffer, '\\');
            buffer_char(buffer, short_names[i + 1]);
            return;
        }
    buffer_string(buffer, "\\u00");
    hex_add(buffer, &c, 1);
}

/* RFC 8785 §3.2.2.2: only what must be escaped is. */
static void write_quoted(struct buffer *buffer, struct text value)
{
    size_t from = 0;
    buffer_char(buffer, '"');
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.bytes[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_add(buffer, value.bytes + from, i - from);
        write_escape(buffer, c);
        from = i + 1;
    }
    buffer_add(buffer, value.bytes + from, value.length - from);
    buffer_char(buffer, '"');
}

void json_name(struct json_writer *json, const char *name)
{
    begin_value(json);
    write_quoted(json->buffer, text_of(name));
    buffer_char(json->buffer, ':');
    json->comma = false;
}

void json_text(struct json_writer *json, struct text value)
{
    begin_value(json);
    write_quoted(json->buffer, value);
}

void json_int(struct json_writer *json, int64_t value)
{
    begin_value(json);
    buffer_i64(json->buffer, value);
}

void json_bool(struct json_writer *json, bool value)
{
    begin_value(json);
    buffer_string(json->buffer, value ? "true" : "false");
}

void json_null_value(struct json_writer *json)
{
    begin_value(json);
    buffer_string(json->buffer, "null");
}

void json_time(struct json_writer *json, int64_t at)
{
    begin_value(json);
    buffer_char(json->buffer, '"');
    buffer_time(json->buffer, at);
    buffer_char(json->buffer, '"');
}

void json_id(struct json_writer *json, const char *prefix, struct id id)
{
    begin_value(json);
    buffer_char(json->buffer, '"');
    buffer_id(json->buffer, prefix, id);
    buffer_char(json->buffer, '"');
}

void json_org(struct json_writer *json, int64_t org)
{
    begin_value(json);
    buffer_char(json->buffer, '"');
    buffer_org(json->buffer, org);
    buffer_char(json->buffer, '"');
}

void json_base64(struct json_writer *json, const void *bytes, size_t length)
{
    begin_value(json);
    buffer_char(json->buffer, '"');
    base64_add(json->buffer, bytes, length);
    buffer_char(json->buffer, '"');
}

void json_raw(struct json_writer *json, struct text value)
{
    begin_value(json);
    buffer_text(json->buffer, value);
}

void json_member(struct json_writer *json, const char *name, struct text value)
{
    json_name(json, name);
    json_text(json, value);
}

void json_member_int(struct json_writer *json, const char *name, int64_t value)
{
    json_name(json, name);
    json_int(json, value);
}
