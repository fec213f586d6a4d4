/* Values and arrays of them in PostgreSQL's binary form: parameters and results. */
#include <endian.h>
#include <limits.h>
#include <string.h>

#include "store/postgres_private.h"

/* Of pg_type, where they never change. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT4 = 23,
    TYPE_TEXT = 25,
    TYPE_BYTEA_ARRAY = 1001,
    TYPE_TEXT_ARRAY = 1009,
    TYPE_INT8_ARRAY = 1016,
    TYPE_VARCHAR = 1043,
};

static void add(struct postgres_parameters *parameters, Oid type, const void *bytes, size_t length)
{
    size_t at = parameters->count++;
    MUST(at < COUNT_OF(parameters->values) && length <= INT_MAX);
    parameters->types[at] = type;
    parameters->values[at] = bytes;
    parameters->lengths[at] = (int)length;
    parameters->formats[at] = 1;
}

void parameters_add(struct postgres_parameters *parameters, const struct value *value)
{
    const char *bytes = value->text.bytes == NULL ? "" : value->text.bytes;
    uint64_t *integer = &parameters->integers[parameters->count];
    switch (value->type) {
    case VALUE_NONE:
        add(parameters, 0, NULL, 0);
        break;
    case VALUE_INT:
        *integer = htobe64((uint64_t)value->integer);
        add(parameters, TYPE_INT8, integer, sizeof *integer);
        break;
    case VALUE_TEXT:
        add(parameters, TYPE_TEXT, bytes, value->text.length);
        break;
    case VALUE_BYTES:
        add(parameters, TYPE_BYTEA, bytes, value->text.length);
        break;
    }
}

static void add_u32(struct buffer *bytes, uint32_t number)
{
    uint32_t big = htobe32(number);
    buffer_add(bytes, &big, sizeof big);
}

static void add_element(struct buffer *bytes, const struct value *value)
{
    uint64_t integer = htobe64((uint64_t)value->integer);
    switch (value->type) {
    case VALUE_NONE:
        add_u32(bytes, UINT32_MAX);
        break;
    case VALUE_INT:
        add_u32(bytes, sizeof integer);
        buffer_add(bytes, &integer, sizeof integer);
        break;
    case VALUE_TEXT:
    case VALUE_BYTES:
        add_u32(bytes, (uint32_t)value->text.length);
        buffer_text(bytes, value->text);
        break;
    }
}

static Oid element_type(const struct column *column, Oid *array)
{
    switch (column->type) {
    case COLUMN_ID:
    case COLUMN_BYTES:
        *array = TYPE_BYTEA_ARRAY;
        return TYPE_BYTEA;
    case COLUMN_TEXT:
    case COLUMN_JSON:
        *array = TYPE_TEXT_ARRAY;
        return TYPE_TEXT;
    case COLUMN_INT:
    case COLUMN_BOOL:
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
        break;
    }
    *array = TYPE_INT8_ARRAY;
    return TYPE_INT8;
}

/* src/backend/utils/adt/arrayfuncs.c, array_recv: one dimension, from 1. */
static void begin_array(struct buffer *bytes, Oid element, bool nulls, size_t count)
{
    MUST(count <= INT_MAX);
    buffer_clear(bytes);
    add_u32(bytes, 1);
    add_u32(bytes, nulls);
    add_u32(bytes, element);
    add_u32(bytes, (uint32_t)count);
    add_u32(bytes, 1);
}

void parameters_add_versions(struct postgres_parameters *parameters, struct row_slot *const *slots,
                             size_t count, struct buffer *bytes)
{
    begin_array(bytes, TYPE_INT8, true, count);
    for (size_t i = 0; i < count; i++) {
        struct value version = slots[i]->loaded ? VALUE_OF_INT(slots[i]->version) : VALUE_IS_NONE;
        add_element(bytes, &version);
    }
    add(parameters, TYPE_INT8_ARRAY, bytes->bytes, bytes->length);
}

void parameters_add_array(struct postgres_parameters *parameters, const struct column *column,
                          struct row_slot *const *slots, size_t count, struct buffer *bytes)
{
    Oid array;
    Oid element = element_type(column, &array);
    begin_array(bytes, element, (column->flags & COLUMN_OPTIONAL) != 0, count);
    for (size_t i = 0; i < count; i++) {
        struct value value = row_value(column, slots[i]->row);
        add_element(bytes, &value);
    }
    add(parameters, array, bytes->bytes, bytes->length);
}

static int64_t integer_of(const char *bytes, int length)
{
    uint64_t number = 0;
    for (int i = 0; i < length; i++)
        number = number << 8 | (unsigned char)bytes[i];
    if (length == 4)
        return (int32_t)(uint32_t)number;
    return length == 2 ? (int16_t)(uint16_t)number : (int64_t)number;
}

bool result_value(const PGresult *result, int row, int field, struct value *value,
                  struct problem *problem)
{
    const char *bytes = PQgetvalue(result, row, field);
    int length = PQgetlength(result, row, field);
    *value = VALUE_IS_NONE;
    if (PQgetisnull(result, row, field))
        return true;
    switch (PQftype(result, field)) {
    case TYPE_BOOL:
    case TYPE_INT2:
    case TYPE_INT4:
    case TYPE_INT8:
        *value = VALUE_OF_INT(integer_of(bytes, length));
        return true;
    case TYPE_TEXT:
    case TYPE_NAME:
    case TYPE_VARCHAR:
        value->type = VALUE_TEXT;
        break;
    case TYPE_BYTEA:
        value->type = VALUE_BYTES;
        break;
    default:
        return problem_set(problem, PROBLEM_INTERNAL, "a query gives a value of type %u",
                           PQftype(result, field));
    }
    value->text = (struct text){bytes, (size_t)length};
    return true;
}
