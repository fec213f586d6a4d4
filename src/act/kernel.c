#include "act/kernel.h"

#include <stdlib.h>
#include <string.h>

#include "act/kernel_private.h"
#include "base/log.h"

/* Waits until there is work; NULL and no savings only when stopping. */
static struct submission *take_waiting(struct kernel *kernel, struct saving **savings)
{
    pthread_mutex_lock(&kernel->lock);
    while (kernel->first == NULL && kernel->savings == NULL && !kernel->stopping)
        pthread_cond_wait(&kernel->arrived, &kernel->lock);
    struct submission *acts = kernel->first;
    struct submission **end = &acts;
    size_t taken = 0;
    while (*end != NULL && taken < GROUP_ACTS_MAX) {
        end = &(*end)->next;
        taken++;
    }
    kernel->first = *end;
    if (kernel->first == NULL)
        kernel->last = &kernel->first;
    *end = NULL;
    kernel->waiting -= taken;
    *savings = kernel->savings;
    kernel->savings = NULL;
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

/* Appends what the writer is through with to the finisher's queue. */
static void pass_on(struct kernel *kernel, struct submission *acts)
{
    pthread_mutex_lock(&kernel->lock);
    *kernel->done_last = acts;
    while (*kernel->done_last != NULL)
        kernel->done_last = &(*kernel->done_last)->next;
    kernel->committed_tree = kernel->tree;
    kernel->has_committed = true;
    pthread_cond_signal(&kernel->committed);
    pthread_mutex_unlock(&kernel->lock);
}

static void *writer_run(void *context)
{
    struct kernel *kernel = context;
    struct saving *savings;
    for (;;) {
        struct submission *acts = take_waiting(kernel, &savings);
        if (acts == NULL && savings == NULL)
            return NULL;
        group_run(kernel, acts, savings);
        finish_savings(kernel, savings);
        pass_on(kernel, acts);
        arena_reset(kernel->arena);
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

static void *finisher_run(void *context)
{
    struct kernel *kernel = context;
    struct submission *acts;
    struct merkle_tree tree;
    struct problem problem;
    uint64_t published = UINT64_MAX;
    while (take_committed(kernel, &acts, &tree)) {
        if (tree.size != published && !ledger_publish(kernel, &tree, &problem))
            log_problem(LOG_ERROR, "checkpoint.unsigned", &problem);
        else
            published = tree.size;
        for (struct submission *next; acts != NULL; acts = next) {
            next = acts->next; /* `done` may free it */
            acts->done(acts);
        }
        tell_listeners(kernel);
    }
    return NULL;
}

static struct kernel *kernel_make(const struct kernel_options *options) OWNED_BY(kernel_close);

static struct kernel *kernel_make(const struct kernel_options *options)
{
    struct kernel *kernel = calloc(1, sizeof *kernel);
    MUST(kernel != NULL);
    kernel->options = *options;
    kernel->last = &kernel->first;
    kernel->done_last = &kernel->done_first;
    kernel->arena = arena_new();
    buffer_init(&kernel->checkpoint);
    buffer_init(&kernel->cosigned);
    MUST(pthread_mutex_init(&kernel->lock, NULL) == 0 &&
         pthread_cond_init(&kernel->arrived, NULL) == 0 &&
         pthread_cond_init(&kernel->committed, NULL) == 0 &&
         pthread_cond_init(&kernel->finished, NULL) == 0 &&
         pthread_cond_init(&kernel->closing, NULL) == 0);
    return kernel;
}

static bool start_threads(struct kernel *kernel, struct problem *problem)
{
    kernel->finisher_runs = pthread_create(&kernel->finisher, NULL, finisher_run, kernel) == 0;
    kernel->writer_runs =
        kernel->finisher_runs && pthread_create(&kernel->writer, NULL, writer_run, kernel) == 0;
    if (kernel->writer_runs && kernel->options.timers)
        kernel->timekeeper_runs =
            pthread_create(&kernel->timekeeper, NULL, timekeeper_run, kernel) == 0;
    if (kernel->writer_runs && kernel->timekeeper_runs == kernel->options.timers)
        return true;
    return problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
}

struct kernel *kernel_open(const struct kernel_options *options, struct problem *problem)
{
    catalogue_check(options->catalogue);
    struct kernel *kernel = kernel_make(options);
    if ((options->sign != NULL &&
         !note_key_parse(text_of(options->log_vkey), &kernel->log_key, problem)) ||
        !ledger_open(kernel, problem) || !start_threads(kernel, problem)) {
        kernel_close(kernel);
        return NULL;
    }
    return kernel;
}

void kernel_close(struct kernel *kernel)
{
    if (kernel == NULL)
        return;
    pthread_mutex_lock(&kernel->lock);
    kernel->stopping = true;
    pthread_cond_broadcast(&kernel->arrived);
    pthread_cond_broadcast(&kernel->closing);
    pthread_mutex_unlock(&kernel->lock);
    if (kernel->timekeeper_runs)
        pthread_join(kernel->timekeeper, NULL);
    if (kernel->writer_runs)
        pthread_join(kernel->writer, NULL);
    pthread_mutex_lock(&kernel->lock);
    kernel->written = true; /* also where no writer ran */
    pthread_cond_signal(&kernel->committed);
    pthread_mutex_unlock(&kernel->lock);
    if (kernel->finisher_runs)
        pthread_join(kernel->finisher, NULL);
    buffer_done(&kernel->checkpoint);
    buffer_done(&kernel->cosigned);
    arena_free(kernel->arena);
    pthread_mutex_destroy(&kernel->lock);
    pthread_cond_destroy(&kernel->arrived);
    pthread_cond_destroy(&kernel->committed);
    pthread_cond_destroy(&kernel->finished);
    pthread_cond_destroy(&kernel->closing);
    free(kernel);
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
        *kernel->last = submission;
        kernel->last = &submission->next;
        kernel->waiting++;
        queued = true;
        pthread_cond_signal(&kernel->arrived);
    }
    pthread_mutex_unlock(&kernel->lock);
    return queued;
}

void kernel_submit(struct kernel *kernel, struct submission *submission)
{
    submission->accepted = submission->replayed = submission->recorded = false;
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

bool kernel_save(struct kernel *kernel, struct row_slot *const *slots, size_t count,
                 struct problem *problem)
{
    struct saving saving = {.slots = slots, .count = count};
    pthread_mutex_lock(&kernel->lock);
    if (kernel->stopping) {
        pthread_mutex_unlock(&kernel->lock);
        return problem_set(problem, PROBLEM_STOPPING, "nothing more is saved");
    }
    saving.next = kernel->savings;
    kernel->savings = &saving;
    pthread_cond_signal(&kernel->arrived);
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
    json_id(&json, act->type->subject_prefix, act->subject);
    json_member(&json, "type", text_of(act->type->name));
    json_close(&json);
}
