/* SQL as PostgreSQL takes it: schema files, queries, and a group's rows through arrays. */
#include <string.h>

#include "store/postgres_private.h"

static const char *array_type(const struct column *column)
{
    switch (column->type) {
    case COLUMN_ID:
    case COLUMN_BYTES:
        return "bytea[]";
    case COLUMN_TEXT:
    case COLUMN_JSON:
        return "text[]";
    case COLUMN_INT:
    case COLUMN_BOOL:
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
        break;
    }
    return "bigint[]";
}

/* Texts are ordered by their bytes, as rows are in memory and in other stores. */
static const char *type_name(struct text portable)
{
    static const char *const names[][2] = {
        {"INTEGER", "BIGINT"}, {"BLOB", "BYTEA"}, {"TEXT", "TEXT COLLATE \"C\""}};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (text_is(portable, names[i][0]))
            return names[i][1];
    return NULL;
}

/* "    name TYPE NOT NULL,": the type is the second word. */
static void add_column_line(struct buffer *adapted, struct text line)
{
    struct text rest = text_trim(line);
    struct text name = text_cut(&rest, ' ');
    size_t end = 0;
    while (end < rest.length && rest.bytes[end] != ' ' && rest.bytes[end] != ',')
        end++;
    const char *type = type_name(text_slice(rest, 0, end));
    if (type == NULL)
        buffer_text(adapted, line);
    else
        buffer_format(adapted, "    %.*s %s%.*s", TEXT_ARG(name), type,
                      TEXT_ARG(text_slice(rest, end, rest.length)));
}

/* In a CREATE TABLE of a schema file each column has a line of its own. */
char *postgres_schema(struct text script)
{
    struct buffer adapted;
    bool inside = false;
    buffer_init(&adapted);
    while (script.length > 0) {
        struct text line = text_cut(&script, '\n');
        inside = text_starts(line, "CREATE TABLE ") || (inside && !text_is(line, ");"));
        if (inside)
            add_column_line(&adapted, line);
        else
            buffer_text(&adapted, line);
        buffer_char(&adapted, '\n');
    }
    return buffer_release(&adapted);
}

/* Which of $1, $2 … stands for a query's value; PostgreSQL wants no number left out. */
static size_t parameter_of(struct postgres_statement *statement, size_t value)
{
    for (size_t i = 0; i < statement->parameter_count; i++)
        if (statement->value_of[i] == value)
            return i + 1;
    MUST(statement->parameter_count < COUNT_OF(statement->value_of));
    statement->value_of[statement->parameter_count++] = value;
    return statement->parameter_count;
}

/* ?1, ?2 … become $1, $2 …, but not in 'strings'. */
static void add_numbered(struct buffer *sql, struct postgres_statement *statement,
                         struct text portable)
{
    bool quoted = false;
    for (size_t i = 0; i < portable.length; i++) {
        char c = portable.bytes[i];
        quoted = quoted != (c == '\'');
        if (c != '?' || quoted) {
            buffer_char(sql, c);
            continue;
        }
        size_t number = 0;
        while (i + 1 < portable.length && portable.bytes[i + 1] >= '0' &&
               portable.bytes[i + 1] <= '9')
            number = number * 10 + (size_t)(portable.bytes[++i] - '0');
        MUST(number >= 1 && number <= STORE_COLUMNS_MAX);
        buffer_format(sql, "$%zu", parameter_of(statement, number - 1));
    }
}

/* Rows without a known bound come through a cursor, named like the statement. */
static void add_query(struct buffer *sql, struct postgres_statement *statement)
{
    const struct query query = {.table = statement->table, .sql = statement->sql};
    struct buffer portable;
    buffer_init(&portable);
    query_sql(&portable, &query);
    struct text text = buffer_view(&portable);
    statement->parameter_count = 0;
    statement->cursor = statement->sql != NULL && text_starts(text, "SELECT") &&
                        memmem(text.bytes, text.length, " LIMIT ", 7) == NULL;
    if (statement->cursor)
        buffer_format(sql, "DECLARE %s NO SCROLL CURSOR FOR ", statement->name);
    add_numbered(sql, statement, text);
    buffer_done(&portable);
}

/* Has the statement an array of this column? Of the key's always, for an UPDATE of others, too. */
static bool has_array(const struct table *table, size_t column, bool keys)
{
    return column < table->key_count || (!keys && column_is_updated(table, column));
}

/* "unnest($1::bigint[], …) WITH … AS k (c0, …, v": the caller closes it. v: the version loaded. */
static void add_arrays(struct buffer *sql, const struct table *table, bool keys, const char *with)
{
    bool has_version = !keys && table->version != NULL;
    const char *between = "unnest(";
    size_t parameter = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!has_array(table, i, keys))
            continue;
        buffer_format(sql, "%s$%zu::%s", between, ++parameter, array_type(&table->columns[i]));
        between = ", ";
    }
    if (has_version)
        buffer_format(sql, ", $%zu::bigint[]", ++parameter);
    buffer_format(sql, ")%s AS k ", with);
    between = "(";
    for (size_t i = 0; i < table->column_count; i++) {
        if (!has_array(table, i, keys))
            continue;
        buffer_format(sql, "%sc%zu", between, i);
        between = ", ";
    }
    if (has_version)
        buffer_string(sql, ", v");
}

static void add_key_equal(struct buffer *sql, const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        buffer_format(sql, "%st.%s = k.c%zu", i == 0 ? "" : " AND ", table->columns[i].name, i);
}

/* Which key it was of those asked for, and the columns behind the key. Locked in key order. */
static void add_load(struct buffer *sql, const struct table *table, bool locked)
{
    buffer_string(sql, "SELECT k.n");
    for (size_t i = table->key_count; i < table->column_count; i++)
        buffer_format(sql, ", t.%s", table->columns[i].name);
    buffer_string(sql, " FROM ");
    add_arrays(sql, table, true, " WITH ORDINALITY");
    buffer_format(sql, ", n) JOIN %s AS t ON ", table->name);
    add_key_equal(sql, table);
    if (!locked)
        return;
    buffer_string(sql, " ORDER BY ");
    for (size_t i = 0; i < table->key_count; i++)
        buffer_format(sql, "%st.%s", i == 0 ? "" : ", ", table->columns[i].name);
    buffer_string(sql, " FOR UPDATE OF t");
}

static void add_insert(struct buffer *sql, const struct table *table)
{
    buffer_format(sql, "INSERT INTO %s (", table->name);
    table_sql_columns(sql, table);
    buffer_string(sql, ") SELECT * FROM unnest(");
    for (size_t i = 0; i < table->column_count; i++)
        buffer_format(sql, "%s$%zu::%s", i == 0 ? "" : ", ", i + 1, array_type(&table->columns[i]));
    buffer_char(sql, ')');
}

static void add_update(struct buffer *sql, const struct table *table)
{
    const char *between = "";
    buffer_format(sql, "UPDATE %s AS t SET ", table->name);
    for (size_t i = table->key_count; i < table->column_count; i++) {
        if (!column_is_updated(table, i))
            continue;
        buffer_format(sql, "%s%s = k.c%zu", between, table->columns[i].name, i);
        between = ", ";
    }
    buffer_string(sql, " FROM ");
    add_arrays(sql, table, false, "");
    buffer_string(sql, ") WHERE ");
    add_key_equal(sql, table);
    if (table->version != NULL)
        buffer_format(sql, " AND (k.v IS NULL OR t.%s = k.v)", table->version->name);
}

static void add_remove(struct buffer *sql, const struct table *table)
{
    buffer_format(sql, "DELETE FROM %s AS t USING ", table->name);
    add_arrays(sql, table, true, "");
    buffer_string(sql, ") WHERE ");
    add_key_equal(sql, table);
}

void postgres_sql(struct buffer *sql, struct postgres_statement *statement)
{
    switch (statement->kind) {
    case STATEMENT_QUERY:
        add_query(sql, statement);
        break;
    case STATEMENT_LOAD:
    case STATEMENT_LOAD_UNLOCKED:
        add_load(sql, statement->table, statement->kind == STATEMENT_LOAD);
        break;
    case STATEMENT_INSERT:
        add_insert(sql, statement->table);
        break;
    case STATEMENT_UPDATE:
        add_update(sql, statement->table);
        break;
    case STATEMENT_REMOVE:
        add_remove(sql, statement->table);
        break;
    }
}
