#include "store/distribute.h"

#include "store/store_private.h"

bool table_is_distributed(const struct table *table)
{
    return table->kind != TABLE_VIEW && table->columns[0].type == COLUMN_ORG;
}

/* Rows of one organisation stand together, whichever table they are of. */
static void add_distributed(struct buffer *sql, const struct table *table,
                            const struct table **together)
{
    buffer_format(sql, "SELECT create_distributed_table('%s', '%s'", table->name,
                  table->columns[0].name);
    if (*together != NULL)
        buffer_format(sql, ", colocate_with => '%s'", (*together)->name);
    else
        *together = table;
    buffer_string(sql, ");\n");
}

static void add_local(struct buffer *sql, const struct table *table)
{
    buffer_format(sql, "--   %s: %s\n", table->name, table->doc);
}

void distribution_write(struct buffer *sql, const struct table *const *tables)
{
    const struct table *together = NULL;
    buffer_string(sql, "-- For Citus. Run it once, when `counterfoil init` has made the tables.\n"
                       "CREATE EXTENSION IF NOT EXISTS citus;\n\n"
                       "-- By organisation, together: a group of one organisation's acts is a "
                       "transaction of one machine.\n");
    for (size_t i = 0; tables[i] != NULL; i++)
        if (table_is_distributed(tables[i]))
            add_distributed(sql, tables[i], &together);
    buffer_string(sql, "\n-- Reference tables, with a copy on each machine: none. Nothing joins "
                       "the tables below with those\n-- above, and each write would be one on "
                       "all machines. They stay plain tables of the coordinator:\n");
    for (size_t i = 0; tables[i] != NULL; i++)
        if (tables[i]->kind != TABLE_VIEW && !table_is_distributed(tables[i]))
            add_local(sql, tables[i]);
    add_local(sql, &migrations_table);
}
