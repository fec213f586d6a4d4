#include "act/move.h"

#include <stdlib.h>
#include <string.h>

#include "act/lease.h"
#include "act/tables.h"
#include "base/time.h"
#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

#define SETTLING_PASSES 4

static const char *const direction_names[] = {"here", "away", NULL};

#define ROW struct move_row
static const struct column move_columns[] = {
    COLUMN(ROW, direction, COLUMN_ENUM, .names = direction_names,
           .doc = "here: it is on its way; away: it is elsewhere now."),
    COLUMN(ROW, place, COLUMN_TEXT, .doc = "The other store."),
    COLUMN(ROW, at, COLUMN_TIME, .doc = "Since when."),
};
const struct table moves_table = {
    .name = "moves",
    .kind = TABLE_OPERATIONAL,
    .stays = true,
    .row_bytes = sizeof(ROW),
    .columns = move_columns,
    .column_count = COUNT_OF(move_columns),
    .key_count = 1,
    .doc = "Where this store's log moves, or went. Empty: it stands here.",
};
#undef ROW

struct move {
    struct move_options options;
    struct mirror mirror;
    struct arena *arena;
    struct move_row from_away, to_here, to_away; /* as they were found */
    bool is_away, is_coming, was_left;
    struct text note; /* the newest cosigned checkpoint */
};

struct move *move_new(const struct move_options *options)
{
    struct move *move = calloc(1, sizeof *move);
    MUST(move != NULL);
    move->options = *options;
    move->arena = arena_new();
    move->mirror = (struct mirror){.from = options->from,
                                   .to = options->to,
                                   .tables = options->catalogue->tables,
                                   .progress = options->progress,
                                   .context = options->context};
    return move;
}

void move_free(struct move *move)
{
    if (move == NULL)
        return;
    arena_free(move->arena);
    free(move);
}

/* What the stores say. */

static bool load_row(struct store *store, const struct table *table, void *row, struct arena *arena,
                     bool *found, struct problem *problem)
{
    struct reader *reader = store_reader_take(store);
    bool loaded = reader_load(reader, table, row, arena, found, problem);
    store_reader_give(store, reader);
    return loaded;
}

static bool load_mark(struct store *store, enum move_direction direction, struct move_row *row,
                      struct arena *arena, bool *found, struct problem *problem)
{
    *row = (struct move_row){.direction = direction};
    return load_row(store, &moves_table, row, arena, found, problem);
}

static bool fail_away(const struct store *store, const struct move_row *away,
                      struct problem *problem)
{
    char at[TIME_TEXT_BYTES];
    time_format(away->at, at);
    return problem_set(problem, PROBLEM_STORE_MOVED, "the log of %s moved at %s to %.*s",
                       store_place(store), at, TEXT_ARG(away->place));
}

bool move_check(struct store *store, struct problem *problem)
{
    struct move_row away;
    struct move_row here;
    bool is_away = false;
    bool is_coming = false;
    struct arena *arena = arena_new();
    bool fits = load_mark(store, MOVE_AWAY, &away, arena, &is_away, problem) &&
                load_mark(store, MOVE_HERE, &here, arena, &is_coming, problem);
    if (fits && is_away)
        fits = fail_away(store, &away, problem);
    else if (fits && is_coming)
        fits = problem_set(problem, PROBLEM_STORE_MOVED,
                           "a move into %s, from %.*s, has not been finished", store_place(store),
                           TEXT_ARG(here.place));
    arena_free(arena);
    return fits;
}

/* May this move be made? */

static bool is_empty(struct move *move, struct store *store, bool *empty, struct problem *problem)
{
    uint64_t rows = 0;
    int64_t queued = 0;
    struct reader *reader = store_reader_take(store);
    bool read = reader_number(reader, "SELECT COUNT(*) FROM log_queue", NULL, 0, &queued, problem);
    store_reader_give(store, reader);
    if (!read || !mirror_count(&move->mirror, store, &rows, problem))
        return false;
    *empty = rows == 0 && queued == 0;
    return true;
}

struct end_entry {
    struct log_entry_row row;
    bool found;
};

static bool take_end(void *context, const void *row, struct problem *problem)
{
    struct end_entry *end = context;
    (void)problem;
    end->row = *(const struct log_entry_row *)row;
    end->found = true;
    return true;
}

/* Is the entry that TAIL finds in the new store in the old one's log, too, at the same place? */
static bool check_entry(struct move *move, const char *tail, struct problem *problem)
{
    struct end_entry end = {.found = false};
    bool found = false;
    struct reader *reader = store_reader_take(move->options.to);
    bool read = reader_rows(reader, &log_entries_table, tail, NULL, 0, move->arena, take_end, &end,
                            problem);
    store_reader_give(move->options.to, reader);
    if (!read || !end.found)
        return read;
    struct log_entry_row mine = {.org = end.row.org, .seq = end.row.seq};
    if (!load_row(move->options.from, &log_entries_table, &mine, move->arena, &found, problem))
        return false;
    return (found && row_equal(&log_entries_table, &mine, &end.row)) ||
           problem_set(problem, PROBLEM_STORE_OTHER, "%s holds %s", store_place(move->options.to),
                       found ? "another log" : "acts that the first store has not");
}

/* The new store's log must be the start of the old one's: entries are salted, so ends will do. */
static bool check_same_log(struct move *move, struct problem *problem)
{
    return check_entry(move, "ORDER BY position LIMIT 1", problem) &&
           check_entry(move, "ORDER BY position DESC LIMIT 1", problem);
}

static bool check_identity(struct move *move, struct problem *problem)
{
    struct log_identity_row row = {.name = TEXT("log")};
    bool found = false;
    const char *vkey = move->options.log_vkey;
    if (!load_row(move->options.to, &log_identity_table, &row, move->arena, &found, problem))
        return false;
    return !found || vkey == NULL || text_is(row.key, vkey) ||
           problem_set(problem, PROBLEM_STORE_OTHER, "the log of %s is signed by %.*s, not by %s",
                       store_place(move->options.to), TEXT_ARG(row.key), vkey);
}

static bool check_source(struct move *move, struct problem *problem)
{
    const struct move_options *options = &move->options;
    struct move_row coming;
    bool is_coming = false;
    if (!load_mark(options->from, MOVE_AWAY, &move->from_away, move->arena, &move->is_away,
                   problem) ||
        !load_mark(options->from, MOVE_HERE, &coming, move->arena, &is_coming, problem))
        return false;
    if (is_coming)
        return problem_set(problem, PROBLEM_STORE_MOVED,
                           "a move into %s, from %.*s, has not been finished",
                           store_place(options->from), TEXT_ARG(coming.place));
    /* It was this very move that broke off after its last step but one? */
    bool is_this = move->is_coming && text_is(move->from_away.place, store_place(options->to));
    return !move->is_away || is_this || fail_away(options->from, &move->from_away, problem);
}

static bool check_target(struct move *move, struct problem *problem)
{
    const struct move_options *options = &move->options;
    bool empty = false;
    if (!load_mark(options->to, MOVE_HERE, &move->to_here, move->arena, &move->is_coming,
                   problem) ||
        !load_mark(options->to, MOVE_AWAY, &move->to_away, move->arena, &move->was_left, problem) ||
        !check_identity(move, problem))
        return false;
    if (move->is_coming || move->was_left)
        return check_same_log(move, problem);
    return is_empty(move, options->to, &empty, problem) &&
           (empty ||
            problem_set(problem, PROBLEM_STORE_OTHER, "%s is not empty", store_place(options->to)));
}

/* Marks. */

static bool save_rows(struct store *store, struct row_slot *slots, size_t count,
                      struct problem *problem)
{
    struct row_slot *list[4];
    struct writer *writer = store_writer(store, 0);
    MUST(count <= COUNT_OF(list));
    for (size_t i = 0; i < count; i++)
        list[i] = &slots[i];
    if (!writer_begin(writer, problem))
        return false;
    if (!writer_save(writer, list, count, problem)) {
        writer_rollback(writer);
        return false;
    }
    return writer_commit(writer, problem);
}

static bool mark_coming(struct move *move, struct problem *problem)
{
    move->to_here = (struct move_row){.direction = MOVE_HERE,
                                      .place = text_of(store_place(move->options.from)),
                                      .at = time_now()};
    struct row_slot slots[] = {
        {.table = &moves_table, .row = &move->to_here, .changed = true},
        {.table = &moves_table, .row = &move->to_away, .found = true, .removed = true},
    };
    return save_rows(move->options.to, slots, move->was_left ? 2 : 1, problem);
}

bool move_begin(struct move *move, struct problem *problem)
{
    if (store_same(move->options.from, move->options.to))
        return problem_set(problem, PROBLEM_STORE_OTHER, "both are %s",
                           store_place(move->options.to));
    return check_target(move, problem) && check_source(move, problem) &&
           (move->is_coming || mark_coming(move, problem));
}

bool move_pass(struct move *move, struct mirror_report *report, struct problem *problem)
{
    return mirror_pass(&move->mirror, report, problem);
}

/* The end. */

/* A file is ours alone once it is open; a database may have servers. */
static bool check_rest(struct move *move, struct problem *problem)
{
    struct store *from = move->options.from;
    struct text holder;
    int64_t queued = 0;
    if (!store_is_shared(from))
        return true;
    if (!leases_look(from, move->options.lease_us, move->arena, &holder, problem))
        return false;
    if (holder.length > 0)
        return problem_set(problem, PROBLEM_STORE_LOCKED, "a server works on %s: %.*s",
                           store_place(from), TEXT_ARG(holder));
    struct reader *reader = store_reader_take(from);
    bool read = reader_number(reader, "SELECT COUNT(*) FROM log_queue", NULL, 0, &queued, problem);
    store_reader_give(from, reader);
    return read &&
           (queued == 0 ||
            problem_set(problem, PROBLEM_STORE_LOCKED,
                        "%lld acts of %s still wait for their places in the log: start a server "
                        "on it, and stop it again",
                        (long long)queued, store_place(from)));
}

bool move_settle(struct move *move, struct mirror_report *report, struct problem *problem)
{
    if (!check_rest(move, problem))
        return false;
    for (int pass = 0; pass < SETTLING_PASSES; pass++) {
        if (!mirror_pass(&move->mirror, report, problem))
            return false;
        if (report->inserted + report->replaced + report->removed == 0)
            return true;
    }
    return problem_set(problem, PROBLEM_STATE_DIFFERS,
                       "after %d passes the two stores still differ: somebody writes to one",
                       SETTLING_PASSES);
}

/* A log as it is read, and its root when it had the size of a checkpoint. */
struct reading {
    struct merkle_tree tree;
    uint64_t checkpoint_size;
    struct digest checkpoint_root;
    const struct store *store;
};

static bool append_entry(void *context, const struct value *columns, size_t count,
                         struct problem *problem)
{
    struct reading *reading = context;
    struct digest leaf = merkle_leaf(columns[1].text);
    (void)count;
    if ((uint64_t)columns[0].integer != reading->tree.size)
        return problem_set(problem, PROBLEM_STORE_CORRUPT, "the log of %s has a hole before %lld",
                           store_place(reading->store), (long long)columns[0].integer);
    merkle_append(&reading->tree, &leaf);
    if (reading->tree.size == reading->checkpoint_size)
        reading->checkpoint_root = merkle_root(&reading->tree);
    return true;
}

static bool read_log(struct store *store, uint64_t checkpoint_size, struct reading *reading,
                     struct problem *problem)
{
    *reading = (struct reading){.checkpoint_size = checkpoint_size, .store = store};
    merkle_init(&reading->tree);
    struct reader *reader = store_reader_take(store);
    bool read = reader_query(reader, "SELECT position, entry FROM log_entries ORDER BY position",
                             NULL, 0, append_entry, reading, problem);
    store_reader_give(store, reader);
    return read;
}

static bool take_note(void *context, const struct value *columns, size_t count,
                      struct problem *problem)
{
    struct move *move = context;
    (void)count;
    (void)problem;
    move->note = arena_text(move->arena, columns[0].text);
    return true;
}

/* The newest checkpoint that witnesses hold this log to; size 0 if there is none. */
static bool read_checkpoint(struct move *move, struct checkpoint *checkpoint,
                            struct problem *problem)
{
    struct note note;
    *checkpoint = (struct checkpoint){.size = 0};
    move->note = TEXT_NONE;
    struct reader *reader = store_reader_take(move->options.to);
    bool read = reader_query(reader, "SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1",
                             NULL, 0, take_note, move, problem);
    store_reader_give(move->options.to, reader);
    if (!read || move->note.length == 0)
        return read;
    return note_parse(move->note, &note, problem) &&
           checkpoint_parse(note.text, checkpoint, problem);
}

bool move_verify_log(struct move *move, struct move_log *log, struct problem *problem)
{
    struct reading from;
    struct reading to;
    struct checkpoint checkpoint;
    if (!read_checkpoint(move, &checkpoint, problem) ||
        !read_log(move->options.from, checkpoint.size, &from, problem) ||
        !read_log(move->options.to, checkpoint.size, &to, problem))
        return false;
    *log = (struct move_log){.size = to.tree.size, .root = merkle_root(&to.tree)};
    struct digest root = merkle_root(&from.tree);
    if (from.tree.size != to.tree.size || memcmp(&root, &log->root, sizeof root) != 0)
        return problem_set(problem, PROBLEM_STATE_DIFFERS,
                           "the log has %llu entries in the first store, %llu in the second, and "
                           "another root",
                           (unsigned long long)from.tree.size, (unsigned long long)to.tree.size);
    bool cosigned =
        checkpoint.size == 0 || (checkpoint.size <= to.tree.size &&
                                 memcmp(&checkpoint.root, &to.checkpoint_root, sizeof root) == 0);
    return cosigned || problem_set(problem, PROBLEM_STATE_DIFFERS,
                                   "the log is not the one that was cosigned at size %llu",
                                   (unsigned long long)checkpoint.size);
}

static bool mark_away(struct move *move, struct problem *problem)
{
    struct move_row away = {
        .direction = MOVE_AWAY, .place = text_of(store_place(move->options.to)), .at = time_now()};
    struct row_slot slot = {.table = &moves_table, .row = &away, .changed = true};
    return move->is_away || save_rows(move->options.from, &slot, 1, problem);
}

/* And says whose log it is, where several servers will ask. */
static bool mark_arrived(struct move *move, struct problem *problem)
{
    struct log_identity_row identity = {.name = TEXT("log"),
                                        .key = text_of(move->options.log_vkey)};
    bool is_known = false;
    struct log_identity_row known = identity;
    if (!load_row(move->options.to, &log_identity_table, &known, move->arena, &is_known, problem))
        return false;
    struct row_slot slots[] = {
        {.table = &moves_table, .row = &move->to_here, .found = true, .removed = true},
        {.table = &log_identity_table, .row = &identity, .changed = true},
    };
    bool names = store_is_shared(move->options.to) && !is_known && identity.key.length > 0;
    return save_rows(move->options.to, slots, names ? 2 : 1, problem);
}

bool move_end(struct move *move, struct problem *problem)
{
    return mark_away(move, problem) && mark_arrived(move, problem);
}
