#include "act/field.h"

#include <stdio.h>
#include <string.h>

#define POINTER_BYTES 96

/* Where in the body we are, and where errors go. */
struct reading {
    struct arena *arena;
    struct problem *problem;
    char pointer[POINTER_BYTES];
    bool failed;
};

static void wrong(struct reading *reading, const char *what)
{
    problem_add(reading->problem, PROBLEM_BODY_INVALID, reading->pointer, "%s", what);
    reading->failed = true;
}

static void wrong_range(struct reading *reading, const char *what, int64_t min, int64_t max)
{
    problem_add(reading->problem, PROBLEM_BODY_INVALID, reading->pointer,
                "%s must lie between %lld and %lld", what, (long long)min, (long long)max);
    reading->failed = true;
}

/* Appends "/name" (RFC 6901 escapes) and returns the old length, to be given to pointer_leave. */
static size_t pointer_enter(struct reading *reading, const char *name)
{
    size_t before = strlen(reading->pointer);
    size_t at = before;
    if (at + 1 < POINTER_BYTES)
        reading->pointer[at++] = '/';
    for (; *name != '\0' && at + 2 < POINTER_BYTES; name++) {
        if (*name == '~' || *name == '/') {
            reading->pointer[at++] = '~';
            reading->pointer[at++] = *name == '~' ? '0' : '1';
        } else {
            reading->pointer[at++] = *name;
        }
    }
    reading->pointer[at] = '\0';
    return before;
}

static void pointer_leave(struct reading *reading, size_t before)
{
    reading->pointer[before] = '\0';
}

static void read_text(struct reading *reading, const struct field *field, const json_t *value,
                      struct text *out)
{
    if (!json_is_string(value)) {
        wrong(reading, "must be a string");
        return;
    }
    struct text text = json_string_view(value);
    if ((int64_t)text.length < field->min || (int64_t)text.length > field->max)
        wrong_range(reading, "its length in bytes", field->min, field->max);
    else
        *out = arena_text(reading->arena, text);
}

static void read_int(struct reading *reading, const struct field *field, const json_t *value,
                     int64_t *out)
{
    if (!json_is_integer(value)) {
        wrong(reading, "must be an integer");
        return;
    }
    *out = json_integer_value(value);
    if (*out < field->min || *out > field->max)
        wrong_range(reading, "it", field->min, field->max);
}

static void read_time(struct reading *reading, const json_t *value, int64_t *out)
{
    if (!json_is_string(value) || !time_parse(json_string_view(value), out))
        wrong(reading, "must be an RFC 3339 time such as 2026-11-23T11:00:00Z");
    else if (*out < TIME_EARLIEST || *out >= TIME_LATEST)
        wrong(reading, "must lie between the years 2000 and 2100");
}

static void read_enum(struct reading *reading, const struct field *field, const json_t *value,
                      int64_t *out)
{
    if (json_is_string(value))
        for (size_t i = 0; field->names[i] != NULL; i++)
            if (text_is(json_string_view(value), field->names[i])) {
                *out = (int64_t)i;
                return;
            }
    char what[128];
    int at = snprintf(what, sizeof what, "must be one of");
    for (size_t i = 0; field->names[i] != NULL && at < (int)sizeof what; i++)
        at += snprintf(what + at, sizeof what - (size_t)at, "%s %s", i == 0 ? "" : ",",
                       field->names[i]);
    wrong(reading, what);
}

static void read_id(struct reading *reading, const struct field *field, const json_t *value,
                    struct id *out)
{
    if (json_is_string(value) && id_parse(field->prefix, json_string_view(value), out))
        return;
    problem_add(reading->problem, PROBLEM_BODY_INVALID, reading->pointer,
                "must be an id such as %s_01jdm7k3n8fqrb2v5x9w4y6z0h", field->prefix);
    reading->failed = true;
}

static void read_org(struct reading *reading, const json_t *value, int64_t *out)
{
    if (!json_is_string(value) || !org_parse(json_string_view(value), out))
        wrong(reading, "must be an organisation such as org_7k3n8fqr");
}

static void read_digest(struct reading *reading, const json_t *value, struct digest *out)
{
    size_t length;
    if (!json_is_string(value) ||
        !hex_decode(json_string_view(value), out->bytes, DIGEST_BYTES, &length) ||
        length != DIGEST_BYTES)
        wrong(reading, "must be 64 hexadecimal digits in lower case");
}

struct money_body {
    uint32_t present;
    int64_t amount;
    struct text currency;
};

/* Money is itself a small object; its bounds come from the field that holds it. */
static void money_fields(const struct field *field, struct field out[2])
{
    out[0] = (struct field)FIELD(struct money_body, amount, FIELD_INT, .required = true,
                                 .min = field->min, .max = field->max,
                                 .doc = "Minor units (cents).", .example = "12500");
    out[1] =
        (struct field)FIELD(struct money_body, currency, FIELD_TEXT, .required = true, .min = 3,
                            .max = 3, .doc = "ISO 4217, upper case.", .example = "\"EUR\"");
}

static void read_object(struct reading *reading, const struct field *fields, size_t count,
                        const json_t *object, void *body);

static void read_money(struct reading *reading, const struct field *field, const json_t *value,
                       struct money *out)
{
    struct field fields[2];
    struct money_body body = {0};
    if (!json_is_object(value)) {
        wrong(reading, "must be an object with `amount` and `currency`");
        return;
    }
    money_fields(field, fields);
    read_object(reading, fields, 2, value, &body);
    out->amount = body.amount;
    for (size_t i = 0; i < body.currency.length && i < 3; i++) {
        out->currency[i] = body.currency.bytes[i];
        if (out->currency[i] < 'A' || out->currency[i] > 'Z') {
            wrong(reading, "its currency must be three letters in upper case (ISO 4217)");
            return;
        }
    }
}

static void read_list(struct reading *reading, const struct field *field, const json_t *value,
                      struct list *out)
{
    if (!json_is_array(value)) {
        wrong(reading, "must be a list");
        return;
    }
    size_t count = json_array_size(value);
    if ((int64_t)count < field->min || (int64_t)count > field->max) {
        wrong_range(reading, "the number of its elements", field->min, field->max);
        return;
    }
    out->count = count;
    out->items = arena_array(reading->arena, count, field->item_bytes);
    for (size_t i = 0; i < count; i++) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        size_t before = pointer_enter(reading, index);
        if (json_is_object(json_array_get(value, i)))
            read_object(reading, field->fields, field->field_count, json_array_get(value, i),
                        (char *)out->items + i * field->item_bytes);
        else
            wrong(reading, "must be an object");
        pointer_leave(reading, before);
    }
}

static void read_value(struct reading *reading, const struct field *field, const json_t *value,
                       void *out)
{
    switch (field->type) {
    case FIELD_TEXT:
        read_text(reading, field, value, out);
        break;
    case FIELD_INT:
        read_int(reading, field, value, out);
        break;
    case FIELD_BOOL:
        if (json_is_boolean(value))
            *(bool *)out = json_is_true(value);
        else
            wrong(reading, "must be true or false");
        break;
    case FIELD_TIME:
        read_time(reading, value, out);
        break;
    case FIELD_MONEY:
        read_money(reading, field, value, out);
        break;
    case FIELD_ENUM:
        read_enum(reading, field, value, out);
        break;
    case FIELD_ID:
        read_id(reading, field, value, out);
        break;
    case FIELD_ORG:
        read_org(reading, value, out);
        break;
    case FIELD_DIGEST:
        read_digest(reading, value, out);
        break;
    case FIELD_LIST:
        read_list(reading, field, value, out);
        break;
    }
}

static const struct field *find_field(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

bool field_of_name(const struct field *fields, size_t count, const char *name)
{
    return find_field(fields, count, name) != NULL;
}

static void refuse_unknown(struct reading *reading, const struct field *fields, size_t count,
                           const json_t *object)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        if (find_field(fields, count, name) != NULL)
            continue;
        size_t before = pointer_enter(reading, name);
        wrong(reading, "is not a field here; remove it or mend its name");
        pointer_leave(reading, before);
    }
}

static void read_object(struct reading *reading, const struct field *fields, size_t count,
                        const json_t *object, void *body)
{
    uint32_t *present = body;
    refuse_unknown(reading, fields, count, object);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, fields[i].name);
        size_t before = pointer_enter(reading, fields[i].name);
        if (value != NULL && !(json_is_null(value) && !fields[i].required)) {
            *present |= UINT32_C(1) << i;
            read_value(reading, &fields[i], value, (char *)body + fields[i].offset);
        } else if (fields[i].required) {
            wrong(reading, "is required");
        }
        pointer_leave(reading, before);
    }
}

bool fields_read(const struct field *fields, size_t count, const json_t *object, void *body,
                 struct arena *arena, struct problem *problem)
{
    struct reading reading = {.arena = arena, .problem = problem};
    if (!json_is_object(object))
        return problem_set(problem, PROBLEM_BODY_SYNTAX, "the body must be one JSON object");
    problem_clear(problem);
    read_object(&reading, fields, count, object, body);
    return !reading.failed;
}

bool field_present(const void *body, size_t index)
{
    return (*(const uint32_t *)body >> index & 1) != 0;
}

static bool holds_something(const struct field *field, const void *value)
{
    switch (field->type) {
    case FIELD_TEXT:
        return ((const struct text *)value)->length > 0;
    case FIELD_INT:
    case FIELD_TIME:
    case FIELD_ENUM:
    case FIELD_ORG:
        return *(const int64_t *)value != 0;
    case FIELD_BOOL:
        return *(const bool *)value;
    case FIELD_MONEY:
        return ((const struct money *)value)->currency[0] != '\0';
    case FIELD_ID:
        return !id_is_zero(*(const struct id *)value);
    case FIELD_DIGEST:
        return !digest_equal(*(const struct digest *)value, (struct digest){{0}});
    case FIELD_LIST:
        return ((const struct list *)value)->count > 0;
    }
    return false;
}

void fields_mark_given(const struct field *fields, size_t count, void *body)
{
    uint32_t *present = body;
    for (size_t i = 0; i < count; i++)
        if (fields[i].required || holds_something(&fields[i], (char *)body + fields[i].offset))
            *present |= UINT32_C(1) << i;
}

void money_write(struct json_writer *json, const struct money *money)
{
    json_open(json);
    json_member_int(json, "amount", money->amount);
    json_member(json, "currency", text_of(money->currency));
    json_close(json);
}

static void write_list(struct json_writer *json, const struct field *field, const struct list *list)
{
    json_open_list(json);
    for (size_t i = 0; i < list->count; i++)
        fields_write(json, field->fields, field->field_count,
                     (const char *)list->items + i * field->item_bytes);
    json_close_list(json);
}

static void write_digest(struct json_writer *json, const struct digest *digest)
{
    struct buffer hex;
    buffer_init(&hex);
    hex_add(&hex, digest->bytes, DIGEST_BYTES);
    json_text(json, buffer_view(&hex));
    buffer_done(&hex);
}

static void write_value(struct json_writer *json, const struct field *field, const void *value)
{
    switch (field->type) {
    case FIELD_TEXT:
        json_text(json, *(const struct text *)value);
        break;
    case FIELD_INT:
        json_int(json, *(const int64_t *)value);
        break;
    case FIELD_BOOL:
        json_bool(json, *(const bool *)value);
        break;
    case FIELD_TIME:
        json_time(json, *(const int64_t *)value);
        break;
    case FIELD_MONEY:
        money_write(json, value);
        break;
    case FIELD_ENUM:
        json_text(json, text_of(field->names[*(const int64_t *)value]));
        break;
    case FIELD_ID:
        json_id(json, field->prefix, *(const struct id *)value);
        break;
    case FIELD_ORG:
        json_org(json, *(const int64_t *)value);
        break;
    case FIELD_DIGEST:
        write_digest(json, value);
        break;
    case FIELD_LIST:
        write_list(json, field, value);
        break;
    }
}

void fields_write(struct json_writer *json, const struct field *fields, size_t count,
                  const void *body)
{
    json_open(json);
    for (size_t i = 0; i < count; i++) {
        if (!field_present(body, i))
            continue;
        json_name(json, fields[i].name);
        write_value(json, &fields[i], (const char *)body + fields[i].offset);
    }
    json_close(json);
}

void fields_check(const struct field *fields, size_t count)
{
    MUST(count <= 32);
    for (size_t i = 0; i < count; i++) {
        MUST(i == 0 || strcmp(fields[i - 1].name, fields[i].name) < 0);
        MUST((fields[i].type != FIELD_ID || fields[i].prefix != NULL) &&
             (fields[i].type != FIELD_ENUM || fields[i].names != NULL));
        if (fields[i].type == FIELD_LIST)
            fields_check(fields[i].fields, fields[i].field_count);
    }
}

static void schema_string(struct json_writer *json, const char *name, const char *value)
{
    json_member(json, name, text_of(value));
}

static void schema_bounds(struct json_writer *json, const struct field *field, const char *least,
                          const char *most)
{
    json_member_int(json, most, field->max);
    json_member_int(json, least, field->min);
}

static void schema_id(struct json_writer *json, const char *prefix, int digits)
{
    char pattern[64];
    snprintf(pattern, sizeof pattern, "^%s_[0-9a-hjkmnp-tv-z]{%d}$", prefix, digits);
    schema_string(json, "pattern", pattern);
    schema_string(json, "type", "string");
}

static void schema_enum(struct json_writer *json, const struct field *field)
{
    json_name(json, "enum");
    json_open_list(json);
    for (size_t i = 0; field->names[i] != NULL; i++)
        json_text(json, text_of(field->names[i]));
    json_close_list(json);
    schema_string(json, "type", "string");
}

static void schema_members(struct json_writer *json, const struct field *fields, size_t count);

static void schema_money(struct json_writer *json, const struct field *field)
{
    struct field fields[2];
    money_fields(field, fields);
    schema_members(json, fields, 2);
}

static void schema_list(struct json_writer *json, const struct field *field)
{
    json_name(json, "items");
    fields_schema(json, field->fields, field->field_count);
    schema_bounds(json, field, "minItems", "maxItems");
    schema_string(json, "type", "array");
}

static void schema_value(struct json_writer *json, const struct field *field)
{
    json_open(json);
    if (field->doc != NULL)
        schema_string(json, "description", field->doc);
    if (field->example != NULL) {
        json_name(json, "examples");
        json_open_list(json);
        json_raw(json, text_of(field->example));
        json_close_list(json);
    }
    switch (field->type) {
    case FIELD_TEXT:
        schema_bounds(json, field, "minLength", "maxLength");
        schema_string(json, "type", "string");
        break;
    case FIELD_INT:
        schema_bounds(json, field, "minimum", "maximum");
        schema_string(json, "type", "integer");
        break;
    case FIELD_BOOL:
        schema_string(json, "type", "boolean");
        break;
    case FIELD_TIME:
        schema_string(json, "format", "date-time");
        schema_string(json, "type", "string");
        break;
    case FIELD_MONEY:
        schema_money(json, field);
        break;
    case FIELD_ENUM:
        schema_enum(json, field);
        break;
    case FIELD_ID:
        schema_id(json, field->prefix, 26);
        break;
    case FIELD_ORG:
        schema_id(json, "org", 8);
        break;
    case FIELD_DIGEST:
        schema_string(json, "pattern", "^[0-9a-f]{64}$");
        schema_string(json, "type", "string");
        break;
    case FIELD_LIST:
        schema_list(json, field);
        break;
    }
    json_close(json);
}

static void schema_members(struct json_writer *json, const struct field *fields, size_t count)
{
    json_name(json, "additionalProperties");
    json_bool(json, false);
    json_name(json, "properties");
    json_open(json);
    for (size_t i = 0; i < count; i++) {
        json_name(json, fields[i].name);
        schema_value(json, &fields[i]);
    }
    json_close(json);
    json_name(json, "required");
    json_open_list(json);
    for (size_t i = 0; i < count; i++)
        if (fields[i].required)
            json_text(json, text_of(fields[i].name));
    json_close_list(json);
    schema_string(json, "type", "object");
}

void fields_schema(struct json_writer *json, const struct field *fields, size_t count)
{
    json_open(json);
    schema_members(json, fields, count);
    json_close(json);
}
