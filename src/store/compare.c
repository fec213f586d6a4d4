#include "store/compare.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_private.h"

#define KEPT_MAX 1024

/*
 * Statements are kept by the address of their SQL (store.h), so SQL that is made here is, too: for
 * good, each text once. There are three of them for each table.
 */
static const char *keep_sql(struct buffer *sql)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static char *kept[KEPT_MAX];
    static size_t count;
    size_t i = 0;
    pthread_mutex_lock(&lock);
    while (i < count && !text_is(buffer_view(sql), kept[i]))
        i++;
    if (i == count) {
        MUST(count < KEPT_MAX);
        kept[count++] = buffer_release(sql);
    }
    pthread_mutex_unlock(&lock);
    buffer_done(sql);
    return kept[i];
}

static void add_key(struct buffer *sql, const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        buffer_format(sql, "%s%s", i == 0 ? "" : ", ", table->columns[i].name);
}

/* The page behind a key, ?1, ?2 …, or the first one; the last parameter is its size. */
static const char *page_sql(const struct table *table, bool behind)
{
    struct buffer sql;
    buffer_init(&sql);
    if (behind) {
        buffer_string(&sql, "WHERE (");
        add_key(&sql, table);
        buffer_string(&sql, ") > (");
        for (size_t i = 0; i < table->key_count; i++)
            buffer_format(&sql, "%s?%zu", i == 0 ? "" : ", ", i + 1);
        buffer_string(&sql, ") ");
    }
    buffer_string(&sql, "ORDER BY ");
    add_key(&sql, table);
    buffer_format(&sql, " LIMIT ?%zu", behind ? table->key_count + 1 : 1);
    return keep_sql(&sql);
}

bool table_count(struct store *store, const struct table *table, uint64_t *rows,
                 struct problem *problem)
{
    struct buffer sql;
    int64_t count = 0;
    buffer_init(&sql);
    buffer_format(&sql, "SELECT COUNT(*) FROM %s", table->name);
    struct reader *reader = store_reader_take(store);
    bool counted = reader_number(reader, keep_sql(&sql), NULL, 0, &count, problem);
    store_reader_give(store, reader);
    *rows = (uint64_t)count;
    return counted;
}

/* One store's rows, a page at a time. */
struct side {
    struct store *store;
    const char *first, *next;
    struct arena *pages[2]; /* this page's and the last one's, which has the cursor */
    size_t turn;
    const void *rows[COMPARE_PAGE_ROWS];
    size_t count, at;
    const void *cursor; /* the last row that was read, or NULL */
    bool ended;
};

static struct side *side_new(struct store *store, const struct table *table)
{
    struct side *side = calloc(1, sizeof *side);
    MUST(side != NULL);
    side->store = store;
    side->first = page_sql(table, false);
    side->next = page_sql(table, true);
    side->pages[0] = arena_new();
    side->pages[1] = arena_new();
    return side;
}

static void side_free(struct side *side)
{
    arena_free(side->pages[0]);
    arena_free(side->pages[1]);
    free(side);
}

static bool take_row(void *context, const void *row, struct problem *problem)
{
    struct side *side = context;
    (void)problem;
    MUST(side->count < COMPARE_PAGE_ROWS);
    side->rows[side->count++] = row;
    return true;
}

static bool read_page(struct side *side, const struct table *table, struct problem *problem)
{
    struct value values[STORE_COLUMNS_MAX + 1];
    size_t count = 0;
    side->turn ^= 1;
    struct arena *arena = side->pages[side->turn];
    if (side->cursor != NULL)
        for (; count < table->key_count; count++)
            values[count] = row_value(&table->columns[count], side->cursor);
    values[count++] = VALUE_OF_INT(COMPARE_PAGE_ROWS);
    side->count = side->at = 0;
    arena_reset(arena);
    struct reader *reader = store_reader_take(side->store);
    bool read = reader_rows(reader, table, side->cursor == NULL ? side->first : side->next, values,
                            count, arena, take_row, side, problem);
    store_reader_give(side->store, reader);
    side->ended = side->count < COMPARE_PAGE_ROWS;
    if (side->count > 0)
        side->cursor = side->rows[side->count - 1];
    return read;
}

static const void *head(const struct side *side)
{
    return side->at < side->count ? side->rows[side->at] : NULL;
}

static bool fill(const struct comparison *comparison, struct side *side, struct problem *problem)
{
    if (side->at < side->count || side->ended)
        return true;
    return (comparison->turn == NULL || comparison->turn(comparison->context, problem)) &&
           read_page(side, comparison->table, problem);
}

static int compare_heads(const struct table *table, const void *first, const void *second)
{
    if (first == NULL || second == NULL)
        return first == NULL ? 1 : -1;
    return row_key_compare(table, first, second);
}

static bool merge(const struct comparison *comparison, struct side *first, struct side *second,
                  struct problem *problem)
{
    for (;;) {
        if (!fill(comparison, first, problem) || !fill(comparison, second, problem))
            return false;
        const void *left = head(first);
        const void *right = head(second);
        if (left == NULL && right == NULL)
            return comparison->turn == NULL || comparison->turn(comparison->context, problem);
        int order = compare_heads(comparison->table, left, right);
        if (!comparison->pair(comparison->context, order <= 0 ? left : NULL,
                              order >= 0 ? right : NULL, problem))
            return false;
        first->at += order <= 0;
        second->at += order >= 0;
    }
}

bool compare_rows(const struct comparison *comparison, struct problem *problem)
{
    struct side *first = side_new(comparison->first, comparison->table);
    struct side *second = side_new(comparison->second, comparison->table);
    bool compared = merge(comparison, first, second, problem);
    side_free(first);
    side_free(second);
    return compared;
}
