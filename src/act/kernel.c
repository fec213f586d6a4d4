#include "act/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "act/kernel_private.h"
#include "base/log.h"

#define GROUP_WORTH 100        /* acts */
#define WRITERS 3              /* of a shared store */
#define STORE_WRITERS_OF_LOG 2 /* the sequencer's, the leases' */
#define LEASE_US (3 * TIME_SECOND)

/* Waits until there is work; NULL and no savings only when stopping. */
static struct submission *take_waiting(struct group_writer *writer, struct saving **savings)
{
    struct kernel *kernel = writer->kernel;
    pthread_mutex_lock(&kernel->lock);
    while (writer->first == NULL && writer->savings == NULL && !kernel->stopping)
        pthread_cond_wait(&writer->arrived, &kernel->lock);
    struct submission *acts = writer->first;
    struct submission **end = &acts;
    size_t taken = 0;
    while (*end != NULL && taken < GROUP_ACTS_MAX) {
        end = &(*end)->next;
        taken++;
    }
    writer->first = *end;
    if (writer->first == NULL)
        writer->last = &writer->first;
    *end = NULL;
    kernel->waiting -= taken;
    *savings = writer->savings;
    writer->savings = NULL;
    pthread_mutex_unlock(&kernel->lock);
    return acts;
}

static void finish_savings(struct kernel *kernel, struct saving *savings)
{
    if (savings == NULL)
        return;
    pthread_mutex_lock(&kernel->lock);
    for (struct saving *next; savings != NULL; savings = next) {
        next = savings->next;
        savings->finished = true;
    }
    pthread_cond_broadcast(&kernel->finished);
    pthread_mutex_unlock(&kernel->lock);
}

static void tell_listeners(struct kernel *kernel)
{
    pthread_mutex_lock(&kernel->lock);
    for (struct kernel_listener *each = kernel->listeners; each != NULL; each = each->next)
        each->committed(each->context);
    pthread_mutex_unlock(&kernel->lock);
}

/* What the writer is through with goes to the finisher, or waits for the log. */
static void pass_on(struct kernel *kernel, struct submission *acts)
{
    pthread_mutex_lock(&kernel->lock);
    for (const struct submission *each = acts; each != NULL; each = each->next)
        kernel->orgs[each->bucket].acts--;
    if (kernel->is_shared) {
        for (struct submission *next; acts != NULL; acts = next) {
            next = acts->next;
            unlogged_settle(kernel, acts);
        }
        kernel->has_queued = true;
        pthread_cond_signal(&kernel->queued);
        kernel->has_committed = kernel->has_committed || kernel->done_first != NULL;
    } else {
        *kernel->done_last = acts;
        while (*kernel->done_last != NULL)
            kernel->done_last = &(*kernel->done_last)->next;
        kernel->committed_tree = kernel->tree;
        kernel->has_committed = true;
    }
    pthread_cond_signal(&kernel->committed);
    pthread_mutex_unlock(&kernel->lock);
}

static void *writer_run(void *context)
{
    struct group_writer *writer = context;
    struct saving *savings;
    for (;;) {
        struct submission *acts = take_waiting(writer, &savings);
        if (acts == NULL && savings == NULL)
            return NULL;
        group_run(writer, acts, savings);
        finish_savings(writer->kernel, savings);
        pass_on(writer->kernel, acts);
        arena_reset(writer->arena);
    }
}

/* Waits for committed groups; false when there will be no more. */
static bool take_committed(struct kernel *kernel, struct submission **acts,
                           struct merkle_tree *tree)
{
    pthread_mutex_lock(&kernel->lock);
    while (!kernel->has_committed && !kernel->written)
        pthread_cond_wait(&kernel->committed, &kernel->lock);
    bool taken = kernel->has_committed;
    *acts = kernel->done_first;
    *tree = kernel->committed_tree;
    kernel->done_first = NULL;
    kernel->done_last = &kernel->done_first;
    kernel->has_committed = false;
    pthread_mutex_unlock(&kernel->lock);
    return taken;
}

/* The next acts to answer, and the tree that they are in; false when there will be no more. */
static bool take_finished(struct kernel *kernel, struct submission **acts, struct merkle_tree *tree,
                          bool *grown)
{
    if (!kernel->is_shared) {
        *grown = true;
        return take_committed(kernel, acts, tree);
    }
    bool followed = follow_log(kernel, acts, grown);
    *tree = kernel->tree;
    return followed;
}

static void *finisher_run(void *context)
{
    struct kernel *kernel = context;
    struct submission *acts;
    struct merkle_tree tree;
    struct problem problem;
    bool grown;
    uint64_t published = UINT64_MAX;
    while (take_finished(kernel, &acts, &tree, &grown)) {
        if (tree.size != published && !ledger_publish(kernel, &tree, &problem))
            log_problem(LOG_ERROR, "checkpoint.unsigned", &problem);
        else
            published = tree.size;
        for (struct submission *next; acts != NULL; acts = next) {
            next = acts->next; /* `done` may free it */
            acts->done(acts);
        }
        if (grown)
            tell_listeners(kernel);
    }
    return NULL;
}

static struct kernel *kernel_make(const struct kernel_options *options) OWNED_BY(kernel_close);

static struct kernel *kernel_make(const struct kernel_options *options)
{
    struct kernel *kernel = calloc(1, sizeof *kernel);
    pthread_condattr_t monotonic;
    MUST(kernel != NULL);
    kernel->options = *options;
    kernel->is_shared = store_is_shared(options->store) && !options->alone;
    kernel->done_last = &kernel->done_first;
    buffer_init(&kernel->checkpoint);
    buffer_init(&kernel->cosigned);
    MUST(pthread_condattr_init(&monotonic) == 0 &&
         pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0);
    MUST(pthread_mutex_init(&kernel->lock, NULL) == 0 &&
         pthread_cond_init(&kernel->committed, &monotonic) == 0 &&
         pthread_cond_init(&kernel->queued, &monotonic) == 0 &&
         pthread_cond_init(&kernel->finished, NULL) == 0 &&
         pthread_cond_init(&kernel->closing, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
    return kernel;
}

/* Of a shared store the first two are the sequencer's and the leases'. */
static void make_writers(struct kernel *kernel)
{
    size_t usual = kernel->options.writers == 0 ? WRITERS : kernel->options.writers;
    size_t first = kernel->is_shared ? STORE_WRITERS_OF_LOG : 0;
    kernel->writer_count = kernel->is_shared ? usual : 1;
    MUST(kernel->writer_count <= GROUP_WRITERS_MAX &&
         first + kernel->writer_count <= store_writers(kernel->options.store));
    for (size_t i = 0; i < kernel->writer_count; i++) {
        struct group_writer *writer = &kernel->writers[i];
        writer->kernel = kernel;
        writer->store = store_writer(kernel->options.store, first + i);
        writer->last = &writer->first;
        writer->arena = arena_new();
        MUST(pthread_cond_init(&writer->arrived, NULL) == 0);
    }
}

static bool start_thread(pthread_t *thread, bool *runs, void *(*run)(void *), void *context)
{
    *runs = pthread_create(thread, NULL, run, context) == 0;
    return *runs;
}

static bool start_threads(struct kernel *kernel, struct problem *problem)
{
    bool started = start_thread(&kernel->finisher, &kernel->finisher_runs, finisher_run, kernel) &&
                   (!kernel->is_shared || start_thread(&kernel->sequencer, &kernel->sequencer_runs,
                                                       sequencer_run, kernel));
    for (size_t i = 0; i < kernel->writer_count && started; i++)
        started = start_thread(&kernel->writers[i].thread, &kernel->writers[i].runs, writer_run,
                               &kernel->writers[i]);
    if (started && kernel->options.timers)
        started =
            start_thread(&kernel->timekeeper, &kernel->timekeeper_runs, timekeeper_run, kernel);
    return started || problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
}

static void leases_changed(void *context)
{
    tell_listeners(context);
}

static bool take_leases(struct kernel *kernel, struct problem *problem)
{
    if (!kernel->is_shared)
        return true;
    int64_t lasts = kernel->options.lease_us == 0 ? LEASE_US : kernel->options.lease_us;
    kernel->leases = leases_new(kernel->options.store, store_writer(kernel->options.store, 1),
                                lasts, leases_changed, kernel, problem);
    return kernel->leases != NULL;
}

struct kernel *kernel_open(const struct kernel_options *options, struct problem *problem)
{
    catalogue_check(options->catalogue);
    struct kernel *kernel = kernel_make(options);
    make_writers(kernel);
    if ((options->sign != NULL &&
         !note_key_parse(text_of(options->log_vkey), &kernel->log_key, problem)) ||
        !ledger_open(kernel, problem) || !take_leases(kernel, problem) ||
        !start_threads(kernel, problem)) {
        kernel_close(kernel);
        return NULL;
    }
    return kernel;
}

static void join(pthread_t thread, bool runs)
{
    if (runs)
        pthread_join(thread, NULL);
}

/* In the order in which acts pass the threads; what waits for the log is waited for. */
static void stop_threads(struct kernel *kernel)
{
    pthread_mutex_lock(&kernel->lock);
    kernel->stopping = true;
    for (size_t i = 0; i < kernel->writer_count; i++)
        pthread_cond_signal(&kernel->writers[i].arrived);
    pthread_cond_broadcast(&kernel->closing);
    pthread_mutex_unlock(&kernel->lock);
    join(kernel->timekeeper, kernel->timekeeper_runs);
    for (size_t i = 0; i < kernel->writer_count; i++)
        join(kernel->writers[i].thread, kernel->writers[i].runs);
    pthread_mutex_lock(&kernel->lock);
    kernel->written = true;
    pthread_cond_signal(&kernel->committed);
    pthread_mutex_unlock(&kernel->lock);
    join(kernel->finisher, kernel->finisher_runs);
    pthread_mutex_lock(&kernel->lock);
    kernel->sequenced = true;
    pthread_cond_signal(&kernel->queued);
    pthread_mutex_unlock(&kernel->lock);
    join(kernel->sequencer, kernel->sequencer_runs);
}

void kernel_close(struct kernel *kernel)
{
    if (kernel == NULL)
        return;
    stop_threads(kernel);
    leases_free(kernel->leases);
    for (size_t i = 0; i < kernel->writer_count; i++) {
        arena_free(kernel->writers[i].arena);
        pthread_cond_destroy(&kernel->writers[i].arrived);
    }
    buffer_done(&kernel->checkpoint);
    buffer_done(&kernel->cosigned);
    pthread_mutex_destroy(&kernel->lock);
    pthread_cond_destroy(&kernel->committed);
    pthread_cond_destroy(&kernel->queued);
    pthread_cond_destroy(&kernel->finished);
    pthread_cond_destroy(&kernel->closing);
    free(kernel);
}

/*
 * The acts of one organisation meet in one writer, so that they are decided in the order in which
 * they came and none has to wait for its rows. A further writer is given organisations only where
 * the others have a good group's worth waiting: an act of a small group costs the database three
 * times as much.
 */
static struct group_writer *writer_of(struct kernel *kernel, struct submission *submission)
{
    uint64_t hash = (uint64_t)submission->act.org * UINT64_C(0x9e3779b97f4a7c15);
    submission->bucket = (hash >> 32) % ORG_BUCKETS;
    struct org_bucket *bucket = &kernel->orgs[submission->bucket];
    size_t active = 1 + kernel->waiting / GROUP_WORTH;
    if (active > kernel->writer_count)
        active = kernel->writer_count;
    if (bucket->acts == 0)
        bucket->writer = submission->bucket % active;
    bucket->acts++;
    return &kernel->writers[bucket->writer];
}

/* False if there is no place: then *problem says why. */
static bool enqueue(struct kernel *kernel, struct submission *submission, struct problem *problem)
{
    bool queued = false;
    submission->next = NULL;
    pthread_mutex_lock(&kernel->lock);
    if (kernel->stopping) {
        problem_set(problem, PROBLEM_STOPPING, "no more acts are taken");
    } else if (kernel->waiting >= kernel->options.waiting_max &&
               submission->act.actor.role != ROLE_SYSTEM) { /* receipts must not be lost */
        problem_set(problem, PROBLEM_OVERLOADED, "%zu acts are waiting", kernel->waiting);
    } else {
        struct group_writer *writer = writer_of(kernel, submission);
        *writer->last = submission;
        writer->last = &submission->next;
        kernel->waiting++;
        queued = true;
        pthread_cond_signal(&writer->arrived);
    }
    pthread_mutex_unlock(&kernel->lock);
    return queued;
}

void kernel_submit(struct kernel *kernel, struct submission *submission)
{
    submission->accepted = submission->replayed = submission->recorded = false;
    submission->committing = false;
    problem_clear(&submission->problem);
    if (!enqueue(kernel, submission, &submission->problem))
        submission->done(submission);
}

/* Somebody who waits for a submission of their own. */
struct waiter {
    pthread_mutex_t lock;
    pthread_cond_t finished;
    bool is_finished;
};

static void waiter_done(struct submission *submission)
{
    struct waiter *waiter = submission->context;
    pthread_mutex_lock(&waiter->lock);
    waiter->is_finished = true;
    pthread_cond_signal(&waiter->finished);
    pthread_mutex_unlock(&waiter->lock);
}

void kernel_act(struct kernel *kernel, struct submission *submission)
{
    struct waiter waiter = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    submission->done = waiter_done;
    submission->context = &waiter;
    kernel_submit(kernel, submission);
    pthread_mutex_lock(&waiter.lock);
    while (!waiter.is_finished)
        pthread_cond_wait(&waiter.finished, &waiter.lock);
    pthread_mutex_unlock(&waiter.lock);
    pthread_mutex_destroy(&waiter.lock);
    pthread_cond_destroy(&waiter.finished);
}

bool kernel_holds(struct kernel *kernel, enum lease lease)
{
    return kernel->leases == NULL || leases_hold(kernel->leases, lease, NULL);
}

bool kernel_save(struct kernel *kernel, enum lease lease, struct row_slot *const *slots,
                 size_t count, struct problem *problem)
{
    struct saving saving = {.slots = slots, .count = count, .lease = lease};
    struct group_writer *writer = &kernel->writers[0];
    pthread_mutex_lock(&kernel->lock);
    if (kernel->stopping) {
        pthread_mutex_unlock(&kernel->lock);
        return problem_set(problem, PROBLEM_STOPPING, "nothing more is saved");
    }
    saving.next = writer->savings;
    writer->savings = &saving;
    pthread_cond_signal(&writer->arrived);
    while (!saving.finished)
        pthread_cond_wait(&kernel->finished, &kernel->lock);
    pthread_mutex_unlock(&kernel->lock);
    if (!saving.saved)
        *problem = saving.problem;
    return saving.saved;
}

struct store *kernel_store(struct kernel *kernel)
{
    return kernel->options.store;
}

const struct catalogue *kernel_catalogue(const struct kernel *kernel)
{
    return kernel->options.catalogue;
}

const struct rules *kernel_rules(const struct kernel *kernel)
{
    return &kernel->options.rules;
}

const char *kernel_log_vkey(const struct kernel *kernel)
{
    return kernel->options.log_vkey;
}

void kernel_listen(struct kernel *kernel, struct kernel_listener *listener)
{
    pthread_mutex_lock(&kernel->lock);
    listener->next = kernel->listeners;
    kernel->listeners = listener;
    pthread_mutex_unlock(&kernel->lock);
}

void kernel_unlisten(struct kernel *kernel, struct kernel_listener *listener)
{
    pthread_mutex_lock(&kernel->lock);
    struct kernel_listener **each = &kernel->listeners;
    while (*each != NULL && *each != listener)
        each = &(*each)->next;
    if (*each != NULL)
        *each = listener->next;
    pthread_mutex_unlock(&kernel->lock);
}

void kernel_state(struct kernel *kernel, struct kernel_state *state)
{
    pthread_mutex_lock(&kernel->lock);
    *state = kernel->state;
    state->waiting = kernel->waiting;
    pthread_mutex_unlock(&kernel->lock);
    state->has_log = kernel_holds(kernel, LEASE_LOG);
    state->has_timers = kernel_holds(kernel, LEASE_TIMERS);
    for (unsigned i = 0; i < DELIVERY_SLOTS; i++)
        state->delivery_slots += kernel_holds(kernel, (enum lease)(LEASE_DELIVERIES + i));
}

void submission_write(struct buffer *out, const struct submission *submission)
{
    const struct act *act = &submission->act;
    struct json_writer json = json_writer(out);
    json_open(&json);
    json_name(&json, "act");
    json_id(&json, "act", act->id);
    json_name(&json, "at");
    json_time(&json, act->at);
    json_member_int(&json, "log_index", submission->log_index);
    json_name(&json, "org");
    json_org(&json, act->org);
    json_member(&json, "outcome", TEXT("accepted"));
    json_member_int(&json, "seq", act->seq);
    json_name(&json, "subject");
    json_id(&json, act_prefix(act), act->subject);
    json_member(&json, "type", text_of(act->type->name));
    json_close(&json);
}
