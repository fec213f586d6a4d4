/*
 * The timekeeper: looks a few times a second for what is due and submits the acts that follow.
 * An act that a deadline calls for travels the same road as any other, with the system as actor.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "act/kernel_private.h"
#include "base/log.h"

#define LOOK_EVERY_US (200 * TIME_SECOND / 1000)
#define FORGET_EVERY_US (10 * TIME_MINUTE)
#define DUE_MAX 256

struct looking {
    struct kernel *kernel;
    const struct timer *timer;
    struct arena *arena;
    struct submission *due[DUE_MAX];
    size_t count;
};

static bool take_due(void *context, const void *row, struct problem *problem)
{
    struct looking *looking = context;
    (void)problem;
    struct submission *submission = ARENA_NEW(looking->arena, struct submission);
    submission->arena = looking->arena;
    submission->act.type = looking->timer->type;
    submission->act.actor.role = ROLE_SYSTEM;
    looking->timer->prepare(row, &submission->act, looking->arena);
    looking->due[looking->count++] = submission;
    return true;
}

static void run_timer(struct kernel *kernel, const struct timer *timer)
{
    struct looking looking = {.kernel = kernel, .timer = timer, .arena = arena_new()};
    struct problem problem;
    const struct value values[] = {VALUE_OF_INT(time_now()), VALUE_OF_INT(DUE_MAX)};
    struct reader *reader = store_reader_take(kernel->options.store);
    bool found = reader_rows(reader, timer->table, timer->due, values, COUNT_OF(values),
                             looking.arena, take_due, &looking, &problem);
    store_reader_give(kernel->options.store, reader);
    if (!found)
        log_problem(LOG_ERROR, "timer.failed", &problem);
    for (size_t i = 0; i < looking.count; i++) {
        kernel_act(kernel, looking.due[i]);
        if (!looking.due[i]->accepted && looking.due[i]->problem.code != PROBLEM_STOPPING &&
            problem_kind(looking.due[i]->problem.code)->class != PROBLEM_CLASS_CLIENT)
            log_problem(LOG_ERROR, "timer.refused", &looking.due[i]->problem);
    }
    arena_free(looking.arena);
}

/* Keys of repeated requests whose time is over. */
struct forgetting {
    struct arena *arena;
    struct row_slot *slots[DUE_MAX];
    size_t count;
};

static bool take_expired(void *context, const void *row, struct problem *problem)
{
    struct forgetting *forgetting = context;
    (void)problem;
    struct row_slot *slot = ARENA_NEW(forgetting->arena, struct row_slot);
    slot->table = &idempotency_table;
    slot->row = arena_take(forgetting->arena, sizeof(struct idempotency_row));
    memcpy(slot->row, row, sizeof(struct idempotency_row));
    slot->found = slot->removed = true;
    forgetting->slots[forgetting->count++] = slot;
    return true;
}

static void forget_keys(struct kernel *kernel)
{
    struct forgetting forgetting = {.arena = arena_new()};
    struct problem problem;
    const struct value values[] = {VALUE_OF_INT(time_now()), VALUE_OF_INT(DUE_MAX)};
    struct reader *reader = store_reader_take(kernel->options.store);
    bool read =
        reader_rows(reader, &idempotency_table, "WHERE expires_at <= ?1 LIMIT ?2", values,
                    COUNT_OF(values), forgetting.arena, take_expired, &forgetting, &problem);
    store_reader_give(kernel->options.store, reader);
    if (!read || (forgetting.count > 0 &&
                  !kernel_save(kernel, LEASE_TIMERS, forgetting.slots, forgetting.count, &problem)))
        log_problem(LOG_WARN, "keys.not_forgotten", &problem);
    arena_free(forgetting.arena);
}

/* True if it is time to stop. */
static bool sleep_or_stop(struct kernel *kernel)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)LOOK_EVERY_US * 1000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&kernel->lock);
    int outcome = 0;
    while (!kernel->stopping && outcome != ETIMEDOUT)
        outcome = pthread_cond_timedwait(&kernel->closing, &kernel->lock, &until);
    bool stopping = kernel->stopping;
    pthread_mutex_unlock(&kernel->lock);
    return stopping;
}

void *timekeeper_run(void *context)
{
    struct kernel *kernel = context;
    int64_t forgot = time_monotonic();
    while (!sleep_or_stop(kernel)) {
        if (!kernel_holds(kernel, LEASE_TIMERS))
            continue;
        const struct timer *const *timer = kernel->options.catalogue->timers;
        for (; *timer != NULL; timer++)
            run_timer(kernel, *timer);
        if (time_monotonic() - forgot >= FORGET_EVERY_US) {
            forget_keys(kernel);
            forgot = time_monotonic();
        }
    }
    return NULL;
}
