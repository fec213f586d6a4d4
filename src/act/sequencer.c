/*
 * The log of a store that several nodes write to.
 *
 * Groups of any node leave their entries in log_queue, in the transaction of their acts. The
 * sequencer of the one node that holds LEASE_LOG gives them places: an organisation's in the order
 * of its feed. Its transaction confirms the lease, so two nodes never give out the same place. Each
 * node's finisher reads what the log has grown by, keeps its own tree, and answers the acts that
 * waited for it.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "act/kernel_private.h"
#include "base/log.h"

#define BATCH 4096
#define LOOK_FOR_QUEUED_US 10000 /* entries of other nodes */
#define LOOK_WHILE_WAITING_US                                                                      \
    2000 /* for the log to grow, when acts of ours wait for another node */
#define LOOK_US 50000
#define LOOK_UP_AFTER_US TIME_SECOND /* an entry that the finisher may have missed */
#define GIVE_UP_AFTER_US (20 * TIME_SECOND)
#define GIVE_UP_AT_END_US (5 * TIME_SECOND)

/* Waits on CONDITION, whose lock is held, but not longer. */
static void wait_at_most(struct kernel *kernel, pthread_cond_t *condition, int64_t microseconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + microseconds * 1000;
    until.tv_sec += nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_cond_timedwait(condition, &kernel->lock, &until);
}

/* --- giving places --- */

struct sequencing {
    struct kernel *kernel;
    struct writer *store;
    struct arena *arena;
    int64_t fence; /* of the lease under which `tree` was read; 0: it must be read */
    struct merkle_tree tree, grown;
    int64_t after_org, after_seq; /* where the queue was read to: every organisation gets a turn */
    struct row_slot **slots;      /* entries and nodes to make, queued rows to remove */
    size_t slot_count, slot_capacity, queued;
};

static struct row_slot *add_slot(struct sequencing *sequencing, const struct table *table,
                                 const void *row)
{
    if (sequencing->slot_count == sequencing->slot_capacity) {
        size_t capacity = sequencing->slot_capacity == 0 ? 256 : sequencing->slot_capacity * 2;
        struct row_slot **slots =
            arena_array(sequencing->arena, capacity, sizeof(struct row_slot *));
        for (size_t i = 0; i < sequencing->slot_count; i++)
            slots[i] = sequencing->slots[i];
        sequencing->slots = slots;
        sequencing->slot_capacity = capacity;
    }
    struct row_slot *slot = ARENA_NEW(sequencing->arena, struct row_slot);
    slot->table = table;
    slot->row = arena_take(sequencing->arena, table->row_bytes);
    memcpy(slot->row, row, table->row_bytes);
    sequencing->slots[sequencing->slot_count++] = slot;
    return slot;
}

static void keep_node(void *context, unsigned level, uint64_t index, const struct digest *hash)
{
    struct sequencing *sequencing = context;
    struct log_node_row node;
    if (!log_node_of(level, index, hash, &node))
        return;
    node.hash = arena_text(sequencing->arena, node.hash);
    add_slot(sequencing, &log_nodes_table, &node)->changed = true;
}

static bool take_queued(void *context, const void *row, struct problem *problem)
{
    struct sequencing *sequencing = context;
    const struct log_queue_row *queued = row;
    const struct log_entry_row entry = {.org = queued->org,
                                        .seq = queued->seq,
                                        .position = (int64_t)sequencing->grown.size,
                                        .entry = queued->entry};
    struct digest leaf = merkle_leaf(queued->entry);
    (void)problem;
    struct row_slot *waiting = add_slot(sequencing, &log_queue_table, queued);
    waiting->found = waiting->removed = true;
    add_slot(sequencing, &log_entries_table, &entry)->changed = true;
    merkle_append_telling(&sequencing->grown, &leaf, keep_node, sequencing);
    sequencing->after_org = queued->org;
    sequencing->after_seq = queued->seq;
    sequencing->queued++;
    return true;
}

/* The next entries that wait, from where the last reading ended, or else from the start. */
static bool read_queue(struct sequencing *sequencing, struct problem *problem)
{
    static const char tail[] = "WHERE (org, seq) > (?1, ?2) ORDER BY org, seq LIMIT ?3";
    const struct value values[] = {VALUE_OF_INT(sequencing->after_org),
                                   VALUE_OF_INT(sequencing->after_seq), VALUE_OF_INT(BATCH)};
    struct store *store = sequencing->kernel->options.store;
    arena_reset(sequencing->arena);
    sequencing->grown = sequencing->tree;
    sequencing->slots = NULL;
    sequencing->slot_count = sequencing->slot_capacity = sequencing->queued = 0;
    struct reader *reader = store_reader_take(store);
    bool read = reader_rows(reader, &log_queue_table, tail, values, COUNT_OF(values),
                            sequencing->arena, take_queued, sequencing, problem);
    store_reader_give(store, reader);
    if (sequencing->queued < BATCH) {
        sequencing->after_org = INT64_MIN;
        sequencing->after_seq = 0;
    }
    return read;
}

/* Under the lease's row, which nobody can take from us before the commit. */
static bool store_batch(struct sequencing *sequencing, struct problem *problem)
{
    const struct lease_row key = lease_key(LEASE_LOG);
    if (!writer_begin(sequencing->store, problem))
        return false;
    struct row_slot *lease = add_slot(sequencing, &leases_table, &key);
    if (!writer_load(sequencing->store, &lease, 1, sequencing->arena, problem) ||
        !lease_confirm(sequencing->kernel->leases, LEASE_LOG, lease, problem) ||
        !writer_save(sequencing->store, sequencing->slots, sequencing->slot_count, problem)) {
        writer_rollback(sequencing->store);
        return false;
    }
    return writer_commit(sequencing->store, problem);
}

/* *MORE: there was something. */
static bool sequence(struct sequencing *sequencing, bool *more, struct problem *problem)
{
    *more = false;
    if (!read_queue(sequencing, problem))
        return false;
    if (sequencing->queued == 0)
        return true;
    if (!store_batch(sequencing, problem))
        return false;
    sequencing->tree = sequencing->grown;
    *more = true;
    return true;
}

/* The tree as the one before has left it: its last transaction ended before we got the lease. */
static bool take_up(struct sequencing *sequencing, int64_t fence, struct problem *problem)
{
    if (sequencing->fence == fence)
        return true;
    if (!ledger_load_tree(sequencing->kernel, &sequencing->tree, problem))
        return false;
    sequencing->fence = fence;
    return true;
}

static void tell_finisher(struct kernel *kernel)
{
    pthread_mutex_lock(&kernel->lock);
    kernel->has_committed = true;
    pthread_cond_signal(&kernel->committed);
    pthread_mutex_unlock(&kernel->lock);
}

/* False when it is time to stop. */
static bool wait_for_queued(struct kernel *kernel, bool more)
{
    pthread_mutex_lock(&kernel->lock);
    if (!kernel->has_queued && !kernel->sequenced && !more)
        wait_at_most(kernel, &kernel->queued, LOOK_FOR_QUEUED_US);
    kernel->has_queued = false;
    bool stop = kernel->sequenced;
    pthread_mutex_unlock(&kernel->lock);
    return !stop;
}

void *sequencer_run(void *context)
{
    struct kernel *kernel = context;
    struct sequencing sequencing = {.kernel = kernel,
                                    .store = store_writer(kernel->options.store, 0),
                                    .arena = arena_new(),
                                    .after_org = INT64_MIN};
    struct problem problem;
    bool more = false;
    while (wait_for_queued(kernel, more)) {
        int64_t fence;
        more = false;
        if (!leases_hold(kernel->leases, LEASE_LOG, &fence))
            continue;
        if (take_up(&sequencing, fence, &problem) && sequence(&sequencing, &more, &problem)) {
            if (more)
                tell_finisher(kernel);
            continue;
        }
        sequencing.fence = 0; /* what the log is now has to be looked up */
        log_problem(LOG_WARN, "log.not_sequenced", &problem);
    }
    arena_free(sequencing.arena);
    return NULL;
}

/* --- acts that wait for their places --- */

static struct submission **bucket_of(struct kernel *kernel, int64_t org, int64_t seq)
{
    uint64_t hash = ((uint64_t)org * 31 + (uint64_t)seq) * UINT64_C(0x9e3779b97f4a7c15);
    return &kernel->unlogged.buckets[hash >> 52];
}

static void unlogged_put(struct kernel *kernel, struct submission *submission, bool committing)
{
    struct submission **bucket = bucket_of(kernel, submission->act.org, submission->act.seq);
    submission->committing = committing;
    submission->unlogged_since = time_monotonic();
    submission->next_unlogged = *bucket;
    *bucket = submission;
    kernel->unlogged.count++;
}

static void unlogged_take(struct kernel *kernel, struct submission *submission)
{
    struct submission **place = bucket_of(kernel, submission->act.org, submission->act.seq);
    while (*place != submission)
        place = &(*place)->next_unlogged;
    *place = submission->next_unlogged;
    kernel->unlogged.count--;
}

static bool is_recorded_now(const struct submission *submission)
{
    return submission->recorded && !submission->replayed;
}

void unlogged_add(struct kernel *kernel, struct submission *acts)
{
    pthread_mutex_lock(&kernel->lock);
    for (; acts != NULL; acts = acts->next)
        if (is_recorded_now(acts))
            unlogged_put(kernel, acts, true);
    pthread_mutex_unlock(&kernel->lock);
}

void unlogged_remove(struct kernel *kernel, struct submission *acts)
{
    pthread_mutex_lock(&kernel->lock);
    for (; acts != NULL; acts = acts->next)
        if (is_recorded_now(acts)) {
            unlogged_take(kernel, acts);
            acts->log_index = LOG_INDEX_NONE;
        }
    pthread_mutex_unlock(&kernel->lock);
}

void unlogged_settle(struct kernel *kernel, struct submission *submission)
{
    bool is_there = is_recorded_now(submission) && submission->committing;
    bool waits = submission->recorded && submission->log_index == LOG_INDEX_NONE;
    submission->committing = false;
    if (waits && !is_there)
        unlogged_put(kernel, submission, false);
    if (waits)
        return;
    if (is_there)
        unlogged_take(kernel, submission);
    submission->next = NULL;
    *kernel->done_last = submission;
    kernel->done_last = &submission->next;
}

/* --- following the log --- */

struct following {
    struct kernel *kernel;
    size_t count;
    struct submission **done; /* the end of the list of those that wait no longer */
};

static void finish(struct following *following, struct submission *submission, int64_t position)
{
    submission->log_index = position;
    if (submission->committing)
        return; /* its writer is not through with it, and will see the place */
    unlogged_take(following->kernel, submission);
    submission->next = NULL;
    *following->done = submission;
    following->done = &submission->next;
}

static bool follow_entry(void *context, const void *row, struct problem *problem)
{
    struct following *following = context;
    struct kernel *kernel = following->kernel;
    const struct log_entry_row *entry = row;
    struct digest leaf = merkle_leaf(entry->entry);
    if ((uint64_t)entry->position != kernel->tree.size)
        return problem_set(problem, PROBLEM_STORE_CORRUPT, "the log has a hole before %lld",
                           (long long)entry->position);
    merkle_append(&kernel->tree, &leaf);
    following->count++;
    pthread_mutex_lock(&kernel->lock);
    struct submission *next;
    for (struct submission *each = *bucket_of(kernel, entry->org, entry->seq); each != NULL;
         each = next) {
        next = each->next_unlogged;
        if (each->act.org == entry->org && each->act.seq == entry->seq)
            finish(following, each, entry->position);
    }
    pthread_mutex_unlock(&kernel->lock);
    return true;
}

static bool read_growth(struct following *following, struct arena *arena, struct problem *problem)
{
    static const char tail[] = "WHERE position >= ?1 ORDER BY position LIMIT ?2";
    struct store *store = following->kernel->options.store;
    const struct value values[] = {VALUE_OF_INT((int64_t)following->kernel->tree.size),
                                   VALUE_OF_INT(BATCH)};
    struct reader *reader = store_reader_take(store);
    bool read = reader_rows(reader, &log_entries_table, tail, values, COUNT_OF(values), arena,
                            follow_entry, following, problem);
    store_reader_give(store, reader);
    return read;
}

/* Those that have waited for long: of a copy, since their writers may go on with them. */
struct late {
    int64_t org, seq;
};

static size_t list_late(struct kernel *kernel, struct late *late, size_t capacity)
{
    int64_t since = time_monotonic() - LOOK_UP_AFTER_US;
    size_t count = 0;
    pthread_mutex_lock(&kernel->lock);
    for (size_t i = 0; i < UNLOGGED_BUCKETS && kernel->unlogged.count > 0; i++)
        for (const struct submission *each = kernel->unlogged.buckets[i]; each != NULL;
             each = each->next_unlogged)
            if (each->unlogged_since < since && count < capacity)
                late[count++] = (struct late){each->act.org, each->act.seq};
    pthread_mutex_unlock(&kernel->lock);
    return count;
}

/* Its place is known now, or it has waited too long for it. */
static void finish_late(struct following *following, const struct late *late, bool found,
                        int64_t position)
{
    struct kernel *kernel = following->kernel;
    pthread_mutex_lock(&kernel->lock);
    int64_t since = time_monotonic() - (kernel->written ? GIVE_UP_AT_END_US : GIVE_UP_AFTER_US);
    struct submission *next;
    for (struct submission *each = *bucket_of(kernel, late->org, late->seq); each != NULL;
         each = next) {
        next = each->next_unlogged;
        if (each->act.org != late->org || each->act.seq != late->seq || each->committing)
            continue;
        if (found) {
            finish(following, each, position);
        } else if (each->unlogged_since < since) {
            each->accepted = false;
            problem_set(&each->problem, PROBLEM_OUTCOME_UNCERTAIN,
                        "the act is on record, but the log has not taken it up yet");
            finish(following, each, LOG_INDEX_NONE);
        }
    }
    pthread_mutex_unlock(&kernel->lock);
}

static bool look_up_late(struct following *following, struct arena *arena, struct problem *problem)
{
    struct late *late = arena_array(arena, BATCH, sizeof *late);
    struct store *store = following->kernel->options.store;
    size_t count = list_late(following->kernel, late, BATCH);
    bool read = true;
    struct reader *reader = store_reader_take(store);
    for (size_t i = 0; i < count; i++) {
        struct log_entry_row entry = {.org = late[i].org, .seq = late[i].seq};
        bool found = false;
        read = read && reader_load(reader, &log_entries_table, &entry, arena, &found, problem);
        /* What the tree does not have yet is met when it grows. */
        found = read && found && (uint64_t)entry.position < following->kernel->tree.size;
        finish_late(following, &late[i], found, entry.position);
    }
    store_reader_give(store, reader);
    return read;
}

/* Waits until there may be something; false when there will be nothing more. */
static bool wait_for_growth(struct kernel *kernel)
{
    bool ours = leases_hold(kernel->leases, LEASE_LOG, NULL);
    pthread_mutex_lock(&kernel->lock);
    bool over = kernel->written && kernel->unlogged.count == 0 && kernel->done_first == NULL;
    if (!kernel->has_committed && !over)
        wait_at_most(kernel, &kernel->committed,
                     kernel->unlogged.count > 0 && !ours ? LOOK_WHILE_WAITING_US : LOOK_US);
    kernel->has_committed = false;
    pthread_mutex_unlock(&kernel->lock);
    return !over;
}

/* What those of one turn in a second look after. */
static bool look_around(struct following *following, struct arena *arena, struct problem *problem)
{
    struct kernel *kernel = following->kernel;
    if (time_monotonic() - kernel->looked_at < LOOK_UP_AFTER_US)
        return true;
    kernel->looked_at = time_monotonic();
    return ledger_refresh_cosigned(kernel, problem) && look_up_late(following, arena, problem);
}

bool follow_log(struct kernel *kernel, struct submission **acts, bool *grown)
{
    struct problem problem;
    if (!wait_for_growth(kernel))
        return false;
    struct following following = {.kernel = kernel, .done = acts};
    struct arena *arena = arena_new();
    *acts = NULL;
    if (!read_growth(&following, arena, &problem) || !look_around(&following, arena, &problem))
        log_problem(LOG_WARN, "log.not_followed", &problem);
    arena_free(arena);
    *grown = following.count > 0;
    pthread_mutex_lock(&kernel->lock);
    if (kernel->done_first != NULL) {
        *following.done = kernel->done_first;
        kernel->done_first = NULL;
        kernel->done_last = &kernel->done_first;
    }
    kernel->has_committed = kernel->has_committed || following.count == BATCH;
    kernel->state.unlogged = kernel->unlogged.count;
    pthread_mutex_unlock(&kernel->lock);
    return true;
}
