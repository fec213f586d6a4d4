#include "net/worker.h"

#include <pthread.h>
#include <stdlib.h>

#define THREADS_MAX 8
#define WAITING_MAX 64

struct job {
    struct call *call;
    void (*work)(struct call *call);
};

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    pthread_t threads[THREADS_MAX];
    unsigned thread_count;
    bool stopping;
    struct job waiting[WAITING_MAX]; /* a ring */
    size_t first, count;
};

static bool take(struct workers *workers, struct job *job)
{
    pthread_mutex_lock(&workers->lock);
    while (workers->count == 0 && !workers->stopping)
        pthread_cond_wait(&workers->arrived, &workers->lock);
    bool taken = workers->count > 0;
    if (taken) {
        *job = workers->waiting[workers->first];
        workers->first = (workers->first + 1) % WAITING_MAX;
        workers->count--;
    }
    pthread_mutex_unlock(&workers->lock);
    return taken;
}

static void *run(void *context)
{
    struct job job;
    while (take(context, &job))
        job.work(job.call);
    return NULL;
}

static struct workers *workers_make(void) OWNED_BY(workers_free);

static struct workers *workers_make(void)
{
    struct workers *workers = calloc(1, sizeof *workers);
    MUST(workers != NULL && pthread_mutex_init(&workers->lock, NULL) == 0 &&
         pthread_cond_init(&workers->arrived, NULL) == 0);
    return workers;
}

struct workers *workers_new(unsigned threads, struct problem *problem)
{
    struct workers *workers = workers_make();
    MUST(threads <= THREADS_MAX);
    while (workers->thread_count < threads) {
        if (pthread_create(&workers->threads[workers->thread_count], NULL, run, workers) != 0) {
            problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
            workers_free(workers);
            return NULL;
        }
        workers->thread_count++;
    }
    return workers;
}

void workers_free(struct workers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->arrived);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_mutex_destroy(&workers->lock);
    pthread_cond_destroy(&workers->arrived);
    free(workers);
}

void workers_run(struct workers *workers, struct call *call, void (*work)(struct call *call))
{
    struct problem problem;
    pthread_mutex_lock(&workers->lock);
    bool has_place = workers->count < WAITING_MAX;
    if (has_place) {
        workers->waiting[(workers->first + workers->count) % WAITING_MAX] =
            (struct job){call, work};
        workers->count++;
        pthread_cond_signal(&workers->arrived);
    }
    pthread_mutex_unlock(&workers->lock);
    if (has_place)
        return;
    problem_set(&problem, PROBLEM_OVERLOADED, "%d log-ins are waiting", WAITING_MAX);
    call_problem(call, &problem);
}
