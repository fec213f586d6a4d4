#include "act/replay.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "act/ledger.h"
#include "act/record.h"
#include "act/tables.h"
#include "store/compare.h"

#define BATCH_ACTS 512
#define FINDINGS_TOLD_MAX 100

struct batch_entry {
    struct text entry;
    struct logged_act_row act;
    struct record record;
    struct submission submission;
    bool fit;    /* to be run again */
    bool queued; /* it has no place in the log yet */
};

struct replaying {
    const struct replay_options *options;
    struct replay_report *report;
    struct kernel *kernel; /* over the empty store */
    struct arena *arena;   /* of the batch */
    struct batch_entry *batch;
    size_t batch_count, batch_acts;
    int64_t after_org, after_seq; /* how far the queue was read */
    uint64_t next;                /* position in the log */
    uint64_t total;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    size_t outstanding;
};

__attribute__((format(printf, 2, 3))) static void found(struct replaying *replaying,
                                                        const char *format, ...)
{
    char what[400];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (replaying->report->findings++ < FINDINGS_TOLD_MAX)
        replaying->options->finding(replaying->options->context, what);
}

static bool take_entry(void *context, const struct value *columns, size_t count,
                       struct problem *problem)
{
    struct replaying *replaying = context;
    struct batch_entry *entry = &replaying->batch[replaying->batch_count++];
    (void)count;
    (void)problem;
    if ((uint64_t)columns[0].integer != replaying->next)
        found(replaying, "the log has a hole: entry %llu is missing",
              (unsigned long long)replaying->next);
    replaying->next = (uint64_t)columns[0].integer + 1;
    entry->act.org = columns[1].integer;
    entry->act.seq = columns[2].integer;
    entry->entry = arena_text(replaying->arena, columns[3].text);
    return true;
}

/* The acts come in the order of their entries; those that are missing keep no record. */
static bool take_act(void *context, const void *row, struct problem *problem)
{
    struct replaying *replaying = context;
    const struct logged_act_row *act = row;
    (void)problem;
    for (size_t i = replaying->batch_acts; i < replaying->batch_count; i++) {
        struct batch_entry *entry = &replaying->batch[i];
        if (entry->act.org != act->org || entry->act.seq != act->seq)
            continue;
        entry->act = *act;
        replaying->batch_acts = i + 1;
        break;
    }
    return true;
}

static bool read_batch(struct replaying *replaying, struct reader *reader, struct problem *problem)
{
    const struct value values[] = {VALUE_OF_INT((int64_t)replaying->next),
                                   VALUE_OF_INT(BATCH_ACTS)};
    arena_reset(replaying->arena);
    replaying->batch_count = 0;
    replaying->batch = arena_array(replaying->arena, BATCH_ACTS, sizeof(struct batch_entry));
    if (!reader_query(reader,
                      "SELECT position, org, seq, entry FROM log_entries WHERE position >= ?1 "
                      "ORDER BY position LIMIT ?2",
                      values, COUNT_OF(values), take_entry, replaying, problem))
        return false;
    replaying->batch_acts = 0;
    return reader_rows(reader, &logged_acts_table,
                       "WHERE log_index >= ?1 ORDER BY log_index LIMIT ?2", values,
                       COUNT_OF(values), replaying->arena, take_act, replaying, problem);
}

static bool take_queued(void *context, const void *row, struct problem *problem)
{
    struct replaying *replaying = context;
    const struct log_queue_row *queued = row;
    struct batch_entry *entry = &replaying->batch[replaying->batch_count++];
    (void)problem;
    entry->queued = true;
    entry->act.org = replaying->after_org = queued->org;
    entry->act.seq = replaying->after_seq = queued->seq;
    entry->entry = queued->entry;
    return true;
}

static bool load_queued(struct replaying *replaying, struct reader *reader,
                        struct batch_entry *entry, struct problem *problem)
{
    struct act_row act = {.org = entry->act.org, .seq = entry->act.seq};
    bool found = false;
    if (!reader_load(reader, &acts_table, &act, replaying->arena, &found, problem))
        return false;
    if (found)
        entry->act = (struct logged_act_row){
            .org = act.org,
            .seq = act.seq,
            .id = act.id,
            .subject = act.subject,
            .type = act.type,
            .log_index = LOG_INDEX_NONE,
            .salt = act.salt,
            .record = act.record,
            .address = act.address,
            .device = act.device,
        };
    return true;
}

static bool read_queued(struct replaying *replaying, struct reader *reader, struct problem *problem)
{
    const struct value values[] = {VALUE_OF_INT(replaying->after_org),
                                   VALUE_OF_INT(replaying->after_seq), VALUE_OF_INT(BATCH_ACTS)};
    arena_reset(replaying->arena);
    replaying->batch_count = 0;
    replaying->batch = arena_array(replaying->arena, BATCH_ACTS, sizeof(struct batch_entry));
    bool read = reader_rows(reader, &log_queue_table,
                            "WHERE (org, seq) > (?1, ?2) ORDER BY org, seq LIMIT ?3", values,
                            COUNT_OF(values), replaying->arena, take_queued, replaying, problem);
    for (size_t i = 0; i < replaying->batch_count && read; i++)
        read = load_queued(replaying, reader, &replaying->batch[i], problem);
    replaying->report->queued += replaying->batch_count;
    return read;
}

/* True if the act can be run again. */
static bool check_entry(struct replaying *replaying, struct batch_entry *entry)
{
    struct problem problem;
    char org[ID_TEXT_BYTES];
    org_format(entry->act.org, org);
    if (entry->act.record.bytes == NULL) {
        found(replaying, "%s, seq %lld: its record is missing", org, (long long)entry->act.seq);
        return false;
    }
    struct digest digest = ledger_entry(entry->act.salt, entry->act.record);
    if (!text_equal(entry->entry, (struct text){(const char *)digest.bytes, DIGEST_BYTES}))
        found(replaying, "%s, seq %lld: its record is not the one that was logged", org,
              (long long)entry->act.seq);
    if (record_read(replaying->options->catalogue, entry->act.record, &entry->record,
                    replaying->arena, &problem))
        return true;
    found(replaying, "%s, seq %lld: %s", org, (long long)entry->act.seq, problem.detail);
    return false;
}

static void entry_done(struct submission *submission)
{
    struct replaying *replaying = submission->context;
    pthread_mutex_lock(&replaying->lock);
    replaying->outstanding--;
    pthread_cond_signal(&replaying->finished);
    pthread_mutex_unlock(&replaying->lock);
}

static void submit_entry(struct replaying *replaying, struct batch_entry *entry)
{
    struct submission *submission = &entry->submission;
    submission->act = entry->record.act;
    submission->act.from = entry->act.address;
    submission->act.device = entry->act.device;
    submission->replay = &entry->act;
    submission->arena = replaying->arena;
    submission->done = entry_done;
    submission->context = replaying;
    pthread_mutex_lock(&replaying->lock);
    replaying->outstanding++;
    pthread_mutex_unlock(&replaying->lock);
    kernel_submit(replaying->kernel, submission);
}

static void compare_outcome(struct replaying *replaying, const struct batch_entry *entry)
{
    const struct submission *again = &entry->submission;
    if (!entry->fit)
        return; /* that is a finding already */
    char org[ID_TEXT_BYTES];
    org_format(entry->act.org, org);
    if (again->accepted != entry->record.accepted)
        found(replaying, "%s, seq %lld: %s was %s and is %s now%s%s", org,
              (long long)entry->act.seq, again->act.type->name,
              entry->record.accepted ? "accepted" : "refused",
              again->accepted ? "accepted" : "refused", again->accepted ? "" : ": ",
              again->accepted ? "" : again->problem.detail);
    else if (again->log_index != entry->act.log_index && !entry->queued)
        found(replaying, "%s, seq %lld: it comes at another place of the log", org,
              (long long)entry->act.seq);
}

/* The arena is the writer's from the first submission on: all is read before. */
static void run_batch(struct replaying *replaying)
{
    for (size_t i = 0; i < replaying->batch_count; i++)
        replaying->batch[i].fit = check_entry(replaying, &replaying->batch[i]);
    for (size_t i = 0; i < replaying->batch_count; i++)
        if (replaying->batch[i].fit)
            submit_entry(replaying, &replaying->batch[i]);
    pthread_mutex_lock(&replaying->lock);
    while (replaying->outstanding > 0)
        pthread_cond_wait(&replaying->finished, &replaying->lock);
    pthread_mutex_unlock(&replaying->lock);
    for (size_t i = 0; i < replaying->batch_count; i++)
        compare_outcome(replaying, &replaying->batch[i]);
    replaying->report->acts += replaying->batch_count;
    if (replaying->options->progress != NULL)
        replaying->options->progress(replaying->options->context, replaying->report->acts,
                                     replaying->total);
}

static bool run_all(struct replaying *replaying, struct problem *problem)
{
    struct store *store = replaying->options->store;
    struct reader *reader = store_reader_take(store);
    int64_t total = 0;
    bool read = reader_number(reader, "SELECT COUNT(*) FROM log_entries", NULL, 0, &total, problem);
    replaying->total = (uint64_t)total;
    do {
        read = read && read_batch(replaying, reader, problem);
        if (read)
            run_batch(replaying);
    } while (read && replaying->batch_count == BATCH_ACTS);
    replaying->after_org = INT64_MIN;
    do {
        read = read && read_queued(replaying, reader, problem);
        if (read)
            run_batch(replaying);
    } while (read && replaying->batch_count == BATCH_ACTS);
    store_reader_give(store, reader);
    return read;
}

static void name_row(struct buffer *name, const struct table *table, const void *row)
{
    for (size_t i = 0; i < table->key_count; i++) {
        struct json_writer json = json_writer(name);
        buffer_string(name, i == 0 ? " " : ", ");
        column_write(&json, &table->columns[i], row);
    }
    buffer_char(name, '\0');
}

struct comparing {
    struct replaying *replaying;
    const struct table *table;
};

/* Is it a row of the log that only acts make which wait for their places there? */
static bool is_of_the_queue(const struct replaying *replaying, const struct table *table,
                            const void *made)
{
    if (table == &log_entries_table)
        return ((const struct log_entry_row *)made)->position >= (int64_t)replaying->next;
    if (table != &log_nodes_table)
        return false;
    const struct log_node_row *node = made;
    uint64_t entries = (uint64_t)node->position + 1;
    for (int64_t level = 0; level < node->level; level++)
        entries *= TILE_WIDTH;
    return entries > replaying->next;
}

static bool compare_pair(void *context, const void *stored, const void *made,
                         struct problem *problem)
{
    struct comparing *comparing = context;
    const struct table *table = comparing->table;
    (void)problem;
    if (stored == NULL && is_of_the_queue(comparing->replaying, table, made))
        return true;
    comparing->replaying->report->rows++;
    if (stored != NULL && made != NULL && row_equal(table, stored, made))
        return true;
    struct buffer name;
    buffer_init(&name);
    name_row(&name, table, stored != NULL ? stored : made);
    found(comparing->replaying, "table %s, row%s: %s", table->name, name.bytes,
          made == NULL     ? "no act makes it"
          : stored == NULL ? "the acts make it, but it is missing"
                           : "it differs from what the acts say");
    buffer_done(&name);
    return true;
}

static bool compare_tables(struct replaying *replaying, struct problem *problem)
{
    const struct replay_options *options = replaying->options;
    const struct table *const *table = options->catalogue->tables;
    for (; *table != NULL; table++) {
        struct comparing comparing = {replaying, *table};
        const struct comparison comparison = {.first = options->store,
                                              .second = options->empty,
                                              .table = *table,
                                              .pair = compare_pair,
                                              .context = &comparing};
        bool follows = (*table)->kind == TABLE_STATE || (*table)->kind == TABLE_LOG;
        if (follows && !compare_rows(&comparison, problem))
            return false;
    }
    return true;
}

bool replay_check(const struct replay_options *options, struct replay_report *report,
                  struct problem *problem)
{
    const struct kernel_options kernel = {.catalogue = options->catalogue,
                                          .store = options->empty,
                                          .alone = true,
                                          .waiting_max = BATCH_ACTS};
    struct replaying replaying = {.options = options,
                                  .report = report,
                                  .lock = PTHREAD_MUTEX_INITIALIZER,
                                  .finished = PTHREAD_COND_INITIALIZER};
    memset(report, 0, sizeof *report);
    replaying.kernel = kernel_open(&kernel, problem);
    if (replaying.kernel == NULL)
        return false;
    replaying.arena = arena_new();
    bool ran = run_all(&replaying, problem) && compare_tables(&replaying, problem);
    report->log_size = replaying.next;
    kernel_close(replaying.kernel);
    arena_free(replaying.arena);
    return ran;
}
