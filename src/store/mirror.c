#include "store/mirror.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "store/compare.h"

#define ATTEMPTS 10
#define ATTEMPT_EVERY_US 1000000

/* A pass under way, with what the pages at hand change: a row that differs is removed and made. */
struct pass {
    const struct mirror *mirror;
    const struct table *table;
    struct mirror_report *report;
    uint64_t total;
    struct row_slot removed[COMPARE_PAGE_ROWS], made[COMPARE_PAGE_ROWS];
    struct row_slot *slots[2 * COMPARE_PAGE_ROWS];
    size_t removed_count, made_count, replaced_count;
};

bool mirror_takes(const struct table *table)
{
    return table->kind != TABLE_VIEW && !table->stays;
}

bool mirror_count(const struct mirror *mirror, struct store *store, uint64_t *rows,
                  struct problem *problem)
{
    *rows = 0;
    for (const struct table *const *table = mirror->tables; *table != NULL; table++) {
        uint64_t count = 0;
        if (mirror_takes(*table) && !table_count(store, *table, &count, problem))
            return false;
        *rows += count;
    }
    return true;
}

static bool write_changes(struct pass *pass, struct problem *problem)
{
    struct writer *writer = store_writer(pass->mirror->to, 0);
    size_t count = 0;
    for (size_t i = 0; i < pass->removed_count; i++)
        pass->slots[count++] = &pass->removed[i];
    for (size_t i = 0; i < pass->made_count; i++)
        pass->slots[count++] = &pass->made[i];
    if (!writer_begin(writer, problem))
        return false;
    if (!writer_save(writer, pass->slots, count, problem)) {
        writer_rollback(writer);
        return false;
    }
    return writer_commit(writer, problem);
}

/* Before rows go to which changes point. */
static bool turn(void *context, struct problem *problem)
{
    struct pass *pass = context;
    const struct mirror *mirror = pass->mirror;
    bool changes = pass->removed_count + pass->made_count > 0;
    if (changes && !write_changes(pass, problem))
        return false;
    pass->report->inserted += pass->made_count - pass->replaced_count;
    pass->report->removed += pass->removed_count - pass->replaced_count;
    pass->report->replaced += pass->replaced_count;
    pass->removed_count = pass->made_count = pass->replaced_count = 0;
    if (mirror->progress != NULL)
        mirror->progress(mirror->context, pass->report->compared, pass->total);
    return true;
}

static struct row_slot slot_of(const struct pass *pass, const void *row)
{
    return (struct row_slot){.table = pass->table, .row = (void *)(uintptr_t)row};
}

static void list_made(struct pass *pass, const void *row)
{
    struct row_slot *slot = &pass->made[pass->made_count++];
    *slot = slot_of(pass, row);
    slot->changed = true;
}

static void list_removed(struct pass *pass, const void *row)
{
    struct row_slot *slot = &pass->removed[pass->removed_count++];
    *slot = slot_of(pass, row);
    slot->found = slot->removed = true;
}

static bool is_other_log(const struct table *table, const void *from, const void *to)
{
    if (table->kind != TABLE_LOG || to == NULL)
        return false;
    for (size_t i = 0; i < table->column_count && from != NULL; i++)
        if ((table->columns[i].flags & COLUMN_FIXED) != 0 &&
            !column_equal(&table->columns[i], from, to))
            return true;
    return from == NULL;
}

static bool pair(void *context, const void *from, const void *to, struct problem *problem)
{
    struct pass *pass = context;
    pass->report->compared += from != NULL;
    if (from != NULL && to != NULL && row_equal(pass->table, from, to))
        return true;
    if (is_other_log(pass->table, from, to))
        return problem_set(problem, PROBLEM_STORE_OTHER,
                           "the table %s of the second store has rows of another log",
                           pass->table->name);
    pass->replaced_count += from != NULL && to != NULL;
    if (to != NULL)
        list_removed(pass, to);
    if (from != NULL)
        list_made(pass, from);
    return true;
}

/* Of a database; then the table is begun again. */
static bool may_pass(const struct mirror *mirror, enum problem_code code)
{
    bool shared = store_is_shared(mirror->from) || store_is_shared(mirror->to);
    return shared && (code == PROBLEM_STORE_CONFLICT || code == PROBLEM_STORE_AWAY ||
                      code == PROBLEM_OUTCOME_UNCERTAIN);
}

static bool pass_table(struct pass *pass, struct problem *problem)
{
    const struct comparison comparison = {.first = pass->mirror->from,
                                          .second = pass->mirror->to,
                                          .table = pass->table,
                                          .pair = pair,
                                          .turn = turn,
                                          .context = pass};
    uint64_t compared = pass->report->compared;
    for (int attempt = 1;; attempt++) {
        pass->removed_count = pass->made_count = pass->replaced_count = 0;
        if (compare_rows(&comparison, problem))
            return true;
        if (attempt == ATTEMPTS || !may_pass(pass->mirror, problem->code))
            return false;
        log_problem(LOG_WARN, "mirror.begun_again", problem);
        usleep(ATTEMPT_EVERY_US);
        pass->report->compared = compared;
    }
}

bool mirror_pass(const struct mirror *mirror, struct mirror_report *report, struct problem *problem)
{
    struct pass *pass = calloc(1, sizeof *pass);
    MUST(pass != NULL);
    *report = (struct mirror_report){.compared = 0};
    pass->mirror = mirror;
    pass->report = report;
    bool passed = mirror_count(mirror, mirror->from, &pass->total, problem);
    for (size_t i = 0; mirror->tables[i] != NULL && passed; i++) {
        pass->table = mirror->tables[i];
        passed = !mirror_takes(pass->table) || pass_table(pass, problem);
    }
    free(pass);
    return passed;
}
