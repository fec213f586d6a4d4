/* SQL that derives from a table's descriptor; declared in row.h. */
#include <string.h>

#include "store/row.h"

static const char *type_name(const struct column *column)
{
    switch (column->type) {
    case COLUMN_ID:
    case COLUMN_BYTES:
        return "BLOB";
    case COLUMN_TEXT:
    case COLUMN_JSON:
        return "TEXT";
    case COLUMN_INT:
    case COLUMN_BOOL:
    case COLUMN_ENUM:
    case COLUMN_TIME:
    case COLUMN_ORG:
        break;
    }
    return "INTEGER";
}

bool column_is_updated(const struct table *table, size_t index)
{
    return index >= table->key_count && (table->columns[index].flags & COLUMN_FIXED) == 0;
}

/* "a, b, c" of the columns from FROM up to TO. */
static void add_names(struct buffer *sql, const struct table *table, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (i > from)
            buffer_string(sql, ", ");
        buffer_string(sql, table->columns[i].name);
    }
}

/* " WHERE a = ?1 AND b = ?2" of the key's columns. */
static void add_key(struct buffer *sql, const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        buffer_format(sql, "%s%s = ?%zu", i == 0 ? " WHERE " : " AND ", table->columns[i].name,
                      i + 1);
}

static void add_comment(struct buffer *sql, const char *indent, const char *doc)
{
    struct text rest = text_of(doc);
    while (rest.length > 0) {
        struct text line = text_cut(&rest, '\n');
        buffer_format(sql, "%s-- %.*s\n", indent, TEXT_ARG(line));
    }
}

/* What the values of an ENUM column mean. */
static void add_enum(struct buffer *sql, const struct column *column)
{
    buffer_string(sql, "    -- ");
    for (size_t i = 0; column->names[i] != NULL; i++)
        buffer_format(sql, "%s%zu %s", i == 0 ? "" : ", ", i, column->names[i]);
    buffer_char(sql, '\n');
}

void table_sql_create(struct buffer *sql, const struct table *table)
{
    add_comment(sql, "", table->doc);
    if (table->kind == TABLE_VIEW) {
        buffer_format(sql, "CREATE VIEW %s AS\n%s;\n", table->name, table->definition);
        return;
    }
    buffer_format(sql, "CREATE TABLE %s (\n", table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        add_comment(sql, "    ", column->doc);
        if (column->type == COLUMN_ENUM)
            add_enum(sql, column);
        buffer_format(sql, "    %s %s%s,\n", column->name, type_name(column),
                      (column->flags & COLUMN_OPTIONAL) != 0 ? "" : " NOT NULL");
    }
    buffer_format(sql, "    CONSTRAINT %s_key PRIMARY KEY (", table->name);
    add_names(sql, table, 0, table->key_count);
    buffer_string(sql, ")\n);\n");
}

void table_sql_columns(struct buffer *sql, const struct table *table)
{
    add_names(sql, table, 0, table->column_count);
}

void table_sql_load(struct buffer *sql, const struct table *table)
{
    buffer_string(sql, "SELECT ");
    if (table->key_count < table->column_count)
        add_names(sql, table, table->key_count, table->column_count);
    else
        add_names(sql, table, 0, 1); /* a row of keys alone: whether it is there */
    buffer_format(sql, " FROM %s", table->name);
    add_key(sql, table);
}

void table_sql_insert(struct buffer *sql, const struct table *table)
{
    buffer_format(sql, "INSERT INTO %s (", table->name);
    table_sql_columns(sql, table);
    buffer_string(sql, ") VALUES (");
    for (size_t i = 0; i < table->column_count; i++)
        buffer_format(sql, "%s?%zu", i == 0 ? "" : ", ", i + 1);
    buffer_char(sql, ')');
}

static bool table_is_updated(const struct table *table)
{
    for (size_t i = table->key_count; i < table->column_count; i++)
        if (column_is_updated(table, i))
            return true;
    return false;
}

void table_sql_update(struct buffer *sql, const struct table *table)
{
    size_t parameter = table->key_count;
    if (!table_is_updated(table))
        return;
    buffer_format(sql, "UPDATE %s", table->name);
    for (size_t i = 0; i < table->column_count; i++) {
        if (!column_is_updated(table, i))
            continue;
        buffer_format(sql, "%s%s = ?%zu", parameter == table->key_count ? " SET " : ", ",
                      table->columns[i].name, parameter + 1);
        parameter++;
    }
    add_key(sql, table);
}

void table_sql_remove(struct buffer *sql, const struct table *table)
{
    buffer_format(sql, "DELETE FROM %s", table->name);
    add_key(sql, table);
}
