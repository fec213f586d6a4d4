#include "store/row.h"

#include <pthread.h>
#include <string.h>

static const void *member(const struct column *column, const void *row)
{
    return (const char *)row + column->offset;
}

static bool is_text(const struct column *column)
{
    return column->type == COLUMN_TEXT || column->type == COLUMN_JSON ||
           column->type == COLUMN_BYTES;
}

int64_t row_int(const struct column *column, const void *row)
{
    int64_t number;
    MUST(column->type != COLUMN_ID && !is_text(column));
    memcpy(&number, member(column, row), sizeof number);
    return number;
}

struct id row_id(const struct column *column, const void *row)
{
    struct id id;
    MUST(column->type == COLUMN_ID);
    memcpy(&id, member(column, row), sizeof id);
    return id;
}

struct text row_text(const struct column *column, const void *row)
{
    struct text text;
    MUST(is_text(column));
    memcpy(&text, member(column, row), sizeof text);
    return text;
}

bool row_is_none(const struct column *column, const void *row)
{
    if (column->type == COLUMN_ID)
        return id_is_zero(row_id(column, row));
    if (column->type == COLUMN_TIME)
        return row_int(column, row) == 0;
    return is_text(column) && row_text(column, row).length == 0;
}

const struct column *table_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

static uint64_t hash_seed;

static void draw_seed(void)
{
    random_bytes(&hash_seed, sizeof hash_seed);
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    __uint128_t product = (__uint128_t)(hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint64_t)product ^ (uint64_t)(product >> 64) ^ word;
}

static uint64_t mix_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const char *at = bytes;
    hash = mix(hash, length);
    for (size_t done = 0; done < length; done += sizeof(uint64_t)) {
        uint64_t word = 0;
        size_t piece = length - done < sizeof word ? length - done : sizeof word;
        memcpy(&word, at + done, piece);
        hash = mix(hash, word);
    }
    return hash;
}

/* Seeded by process: keys come from callers, who must not be able to choose colliding ones. */
uint64_t row_key_hash(const struct table *table, const void *row)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, draw_seed);
    uint64_t hash = mix(hash_seed, (uintptr_t)table);
    for (size_t i = 0; i < table->key_count; i++) {
        const struct column *column = &table->columns[i];
        if (is_text(column)) {
            struct text text = row_text(column, row);
            hash = mix_bytes(hash, text.bytes, text.length);
        } else if (column->type == COLUMN_ID) {
            hash = mix_bytes(hash, member(column, row), sizeof(struct id));
        } else {
            hash = mix(hash, (uint64_t)row_int(column, row));
        }
    }
    return mix(hash, hash_seed);
}

static int compare_column(const struct column *column, const void *a, const void *b)
{
    if (is_text(column))
        return text_compare(row_text(column, a), row_text(column, b));
    if (column->type == COLUMN_ID)
        return memcmp(member(column, a), member(column, b), sizeof(struct id));
    int64_t left = row_int(column, a);
    int64_t right = row_int(column, b);
    return (left > right) - (left < right);
}

bool column_equal(const struct column *column, const void *a, const void *b)
{
    return compare_column(column, a, b) == 0;
}

static int compare_columns(const struct table *table, size_t count, const void *a, const void *b)
{
    int order = 0;
    for (size_t i = 0; i < count && order == 0; i++)
        order = compare_column(&table->columns[i], a, b);
    return order;
}

bool row_key_equal(const struct table *table, const void *a, const void *b)
{
    return compare_columns(table, table->key_count, a, b) == 0;
}

bool row_equal(const struct table *table, const void *a, const void *b)
{
    return compare_columns(table, table->column_count, a, b) == 0;
}

int row_key_compare(const struct table *table, const void *a, const void *b)
{
    return compare_columns(table, table->key_count, a, b);
}

static void write_id(struct json_writer *json, const struct column *column, const void *row)
{
    char prefix[ID_TEXT_BYTES];
    struct text said;
    if (column->prefix != NULL)
        said = text_of(column->prefix);
    else
        memcpy(&said, (const char *)row + column->prefix_at, sizeof said);
    snprintf(prefix, sizeof prefix, "%.*s", TEXT_ARG(said));
    json_id(json, prefix, row_id(column, row));
}

void column_write(struct json_writer *json, const struct column *column, const void *row)
{
    if (row_is_none(column, row)) {
        json_null_value(json);
        return;
    }
    switch (column->type) {
    case COLUMN_INT:
        json_int(json, row_int(column, row));
        break;
    case COLUMN_BOOL:
        json_bool(json, row_int(column, row) != 0);
        break;
    case COLUMN_ENUM:
        json_text(json, text_of(column->names[row_int(column, row)]));
        break;
    case COLUMN_TIME:
        json_time(json, row_int(column, row));
        break;
    case COLUMN_ORG:
        json_org(json, row_int(column, row));
        break;
    case COLUMN_ID:
        write_id(json, column, row);
        break;
    case COLUMN_TEXT:
        json_text(json, row_text(column, row));
        break;
    case COLUMN_JSON:
        json_raw(json, row_text(column, row));
        break;
    case COLUMN_BYTES:
        json_base64(json, row_text(column, row).bytes, row_text(column, row).length);
        break;
    }
}

/* The columns from FROM on that stand in the same object of JSON as it: up to the one returned. */
static size_t group_end(const struct table *table, size_t from, size_t to, size_t group_length)
{
    const char *first = table->columns[from].api;
    size_t at = from + 1;
    while (at < to && (table->columns[at].api == NULL ||
                       strncmp(table->columns[at].api, first, group_length) == 0))
        at++;
    return at;
}

/* SKIP: how much of each api name is the path of the object that we are in. */
static void write_members(struct json_writer *json, const struct table *table, const void *row,
                          size_t from, size_t to, size_t skip)
{
    char name[64];
    while (from < to) {
        const struct column *column = &table->columns[from];
        if (column->api == NULL) {
            from++;
            continue;
        }
        struct text path = text_of(column->api + skip);
        struct text first = text_cut(&path, '/');
        MUST(first.length > 0 && first.length < sizeof name);
        memcpy(name, first.bytes, first.length);
        name[first.length] = '\0';
        json_name(json, name);
        if (path.length == 0) {
            column_write(json, column, row);
            from++;
            continue;
        }
        size_t inside = skip + first.length + 1;
        size_t end = group_end(table, from, to, inside);
        if (row_is_none(column, row)) {
            json_null_value(json);
        } else {
            json_open(json);
            write_members(json, table, row, from, end, inside);
            json_close(json);
        }
        from = end;
    }
}

void row_write_members(struct json_writer *json, const struct table *table, const void *row)
{
    write_members(json, table, row, 0, table->column_count, 0);
}

void row_write(struct json_writer *json, const struct table *table, const void *row)
{
    json_open(json);
    row_write_members(json, table, row);
    json_close(json);
}
