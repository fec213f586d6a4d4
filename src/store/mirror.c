#include "store/mirror.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "store/store_private.h"

#define PAGE_ROWS ((size_t)500)
#define ATTEMPTS 10
#define ATTEMPT_EVERY_US 1000000

/* A table with the SQL that reads its pages; kept by address, so it lives as long as the mirror. */
struct mirrored {
    const struct table *table;
    const char *count, *first, *next;
};

/* One store's rows of a table, a page at a time. */
struct side {
    struct store *store;
    struct arena *pages[2]; /* this page's and the last one's, whose last row is the cursor */
    size_t turn;
    void *rows[PAGE_ROWS];
    size_t count, at;
    const void *cursor; /* the last row that was read, or NULL */
    bool ended;
};

struct mirror {
    struct mirror_options options;
    struct arena *arena;
    struct mirrored *tables;
    size_t table_count;
    struct side from, to;
    /* What this page changes: a row that differs is removed and made again. */
    struct row_slot removed[PAGE_ROWS], made[PAGE_ROWS];
    struct row_slot *slots[2 * PAGE_ROWS];
    size_t removed_count, made_count, replaced_count;
    struct mirror_report report;
    uint64_t total;
};

bool mirror_takes(const struct table *table)
{
    return table->kind != TABLE_VIEW && !table->stays;
}

static void add_key(struct buffer *sql, const struct table *table)
{
    for (size_t i = 0; i < table->key_count; i++)
        buffer_format(sql, "%s%s", i == 0 ? "" : ", ", table->columns[i].name);
}

static const char *page_sql(struct arena *arena, const struct table *table, bool next)
{
    struct buffer sql;
    size_t limit = next ? table->key_count + 1 : 1;
    buffer_init(&sql);
    if (next) {
        buffer_string(&sql, "WHERE (");
        add_key(&sql, table);
        buffer_string(&sql, ") > (");
        for (size_t i = 0; i < table->key_count; i++)
            buffer_format(&sql, "%s?%zu", i == 0 ? "" : ", ", i + 1);
        buffer_string(&sql, ") ");
    }
    buffer_string(&sql, "ORDER BY ");
    add_key(&sql, table);
    buffer_format(&sql, " LIMIT ?%zu", limit);
    const char *kept = arena_string(arena, buffer_view(&sql));
    buffer_done(&sql);
    return kept;
}

static void side_init(struct side *side, struct store *store)
{
    side->store = store;
    side->pages[0] = arena_new();
    side->pages[1] = arena_new();
}

static void side_done(struct side *side)
{
    arena_free(side->pages[0]);
    arena_free(side->pages[1]);
}

struct mirror *mirror_new(const struct mirror_options *options)
{
    struct mirror *mirror = calloc(1, sizeof *mirror);
    size_t count = 0;
    MUST(mirror != NULL);
    while (options->tables[count] != NULL)
        count++;
    mirror->options = *options;
    mirror->arena = arena_new();
    mirror->tables = arena_array(mirror->arena, count, sizeof *mirror->tables);
    for (size_t i = 0; i < count; i++) {
        const struct table *table = options->tables[i];
        if (!mirror_takes(table))
            continue;
        mirror->tables[mirror->table_count++] = (struct mirrored){
            .table = table,
            .count = arena_format(mirror->arena, "SELECT COUNT(*) FROM %s", table->name).bytes,
            .first = page_sql(mirror->arena, table, false),
            .next = page_sql(mirror->arena, table, true)};
    }
    side_init(&mirror->from, options->from);
    side_init(&mirror->to, options->to);
    return mirror;
}

void mirror_free(struct mirror *mirror)
{
    if (mirror == NULL)
        return;
    side_done(&mirror->from);
    side_done(&mirror->to);
    arena_free(mirror->arena);
    free(mirror);
}

bool mirror_count(struct mirror *mirror, struct store *store, uint64_t *rows,
                  struct problem *problem)
{
    struct reader *reader = store_reader_take(store);
    bool counted = true;
    *rows = 0;
    for (size_t i = 0; i < mirror->table_count && counted; i++) {
        int64_t count = 0;
        counted = reader_number(reader, mirror->tables[i].count, NULL, 0, &count, problem);
        *rows += (uint64_t)count;
    }
    store_reader_give(store, reader);
    return counted;
}

/* Pages. */

static bool take_row(void *context, const void *row, struct problem *problem)
{
    struct side *side = context;
    (void)problem;
    MUST(side->count < PAGE_ROWS);
    side->rows[side->count++] = (void *)(uintptr_t)row;
    return true;
}

static bool read_page(struct side *side, const struct mirrored *mirrored, struct problem *problem)
{
    const struct table *table = mirrored->table;
    struct value values[STORE_COLUMNS_MAX + 1];
    size_t count = 0;
    struct arena *arena = side->pages[side->turn ^ 1];
    if (side->cursor != NULL)
        for (; count < table->key_count; count++)
            values[count] = row_value(&table->columns[count], side->cursor);
    values[count++] = VALUE_OF_INT(PAGE_ROWS);
    side->count = side->at = 0;
    arena_reset(arena);
    struct reader *reader = store_reader_take(side->store);
    bool read = reader_rows(reader, table, side->cursor == NULL ? mirrored->first : mirrored->next,
                            values, count, arena, take_row, side, problem);
    store_reader_give(side->store, reader);
    if (!read)
        return false;
    side->turn ^= 1;
    side->ended = side->count < PAGE_ROWS;
    if (side->count > 0)
        side->cursor = side->rows[side->count - 1];
    return true;
}

static void side_start(struct side *side)
{
    side->count = side->at = 0;
    side->cursor = NULL;
    side->ended = false;
}

static const void *head(const struct side *side)
{
    return side->at < side->count ? side->rows[side->at] : NULL;
}

/* Changes. */

static bool write_changes(struct mirror *mirror, struct problem *problem)
{
    struct writer *writer = store_writer(mirror->options.to, 0);
    size_t count = 0;
    for (size_t i = 0; i < mirror->removed_count; i++)
        mirror->slots[count++] = &mirror->removed[i];
    for (size_t i = 0; i < mirror->made_count; i++)
        mirror->slots[count++] = &mirror->made[i];
    if (!writer_begin(writer, problem))
        return false;
    if (!writer_save(writer, mirror->slots, count, problem)) {
        writer_rollback(writer);
        return false;
    }
    return writer_commit(writer, problem);
}

/* Before a page goes, since changes point to its rows. */
static bool flush(struct mirror *mirror, struct problem *problem)
{
    if (mirror->removed_count + mirror->made_count == 0)
        return true;
    if (!write_changes(mirror, problem))
        return false;
    mirror->report.inserted += mirror->made_count - mirror->replaced_count;
    mirror->report.removed += mirror->removed_count - mirror->replaced_count;
    mirror->report.replaced += mirror->replaced_count;
    mirror->removed_count = mirror->made_count = mirror->replaced_count = 0;
    return true;
}

static void list_made(struct mirror *mirror, const struct table *table)
{
    mirror->made[mirror->made_count++] = (struct row_slot){
        .table = table, .row = mirror->from.rows[mirror->from.at], .changed = true};
}

static void list_removed(struct mirror *mirror, const struct table *table)
{
    mirror->removed[mirror->removed_count++] = (struct row_slot){
        .table = table, .row = mirror->to.rows[mirror->to.at], .found = true, .removed = true};
}

static bool is_other_log(const struct table *table, const void *from, const void *to)
{
    if (table->kind != TABLE_LOG)
        return false;
    for (size_t i = 0; i < table->column_count && from != NULL; i++)
        if ((table->columns[i].flags & COLUMN_FIXED) != 0 &&
            !column_equal(&table->columns[i], from, to))
            return true;
    return from == NULL;
}

static bool fail_other_log(const struct table *table, struct problem *problem)
{
    return problem_set(problem, PROBLEM_STORE_OTHER,
                       "the table %s of the second store has rows of another log", table->name);
}

/* The row or rows at the heads of both sides. */
static bool compare_heads(struct mirror *mirror, const struct table *table, struct problem *problem)
{
    struct side *from = &mirror->from;
    struct side *to = &mirror->to;
    const void *mine = head(from);
    const void *theirs = head(to);
    int order = mine == NULL ? 1 : theirs == NULL ? -1 : row_key_compare(table, mine, theirs);
    if (order >= 0 && is_other_log(table, order == 0 ? mine : NULL, theirs))
        return fail_other_log(table, problem);
    if (order < 0) {
        list_made(mirror, table);
    } else if (order > 0) {
        list_removed(mirror, table);
    } else if (!row_equal(table, mine, theirs)) {
        list_removed(mirror, table);
        list_made(mirror, table);
        mirror->replaced_count++;
    }
    from->at += order <= 0;
    to->at += order >= 0;
    mirror->report.compared += order <= 0;
    return true;
}

static bool fill(struct mirror *mirror, struct side *side, const struct mirrored *mirrored,
                 struct problem *problem)
{
    if (side->at < side->count || side->ended)
        return true;
    if (!flush(mirror, problem) || !read_page(side, mirrored, problem))
        return false;
    if (side == &mirror->from && mirror->options.progress != NULL)
        mirror->options.progress(mirror->options.context, mirror->report.compared, mirror->total);
    return true;
}

static bool pass_table(struct mirror *mirror, const struct mirrored *mirrored,
                       struct problem *problem)
{
    side_start(&mirror->from);
    side_start(&mirror->to);
    mirror->removed_count = mirror->made_count = mirror->replaced_count = 0;
    for (;;) {
        if (!fill(mirror, &mirror->from, mirrored, problem) ||
            !fill(mirror, &mirror->to, mirrored, problem))
            return false;
        if (head(&mirror->from) == NULL && head(&mirror->to) == NULL)
            return flush(mirror, problem);
        if (!compare_heads(mirror, mirrored->table, problem))
            return false;
    }
}

/* Of a database; then the table is begun again. */
static bool may_pass(const struct mirror *mirror, enum problem_code code)
{
    bool shared = store_is_shared(mirror->options.from) || store_is_shared(mirror->options.to);
    return shared && (code == PROBLEM_STORE_CONFLICT || code == PROBLEM_STORE_AWAY ||
                      code == PROBLEM_OUTCOME_UNCERTAIN);
}

static bool pass_table_at_last(struct mirror *mirror, const struct mirrored *mirrored,
                               struct problem *problem)
{
    uint64_t compared = mirror->report.compared;
    for (int attempt = 1;; attempt++) {
        if (pass_table(mirror, mirrored, problem))
            return true;
        if (attempt == ATTEMPTS || !may_pass(mirror, problem->code))
            return false;
        log_problem(LOG_WARN, "mirror.begun_again", problem);
        usleep(ATTEMPT_EVERY_US);
        mirror->report.compared = compared;
    }
}

bool mirror_pass(struct mirror *mirror, struct mirror_report *report, struct problem *problem)
{
    mirror->report = (struct mirror_report){.compared = 0};
    bool passed = mirror_count(mirror, mirror->options.from, &mirror->total, problem);
    for (size_t i = 0; i < mirror->table_count && passed; i++)
        passed = pass_table_at_last(mirror, &mirror->tables[i], problem);
    *report = mirror->report;
    if (passed && mirror->options.progress != NULL)
        mirror->options.progress(mirror->options.context, mirror->total, mirror->total);
    return passed;
}
