#include "net/streams.h"

#include <pthread.h>
#include <stdlib.h>

struct streams {
    struct kernel *kernel;
    struct kernel_listener listener;
    pthread_t waker;
    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    bool committed, stopping;
    struct stream_link *first;
};

/* On the kernel's writer thread. */
static void committed(void *context)
{
    struct streams *streams = context;
    pthread_mutex_lock(&streams->lock);
    streams->committed = true;
    pthread_cond_signal(&streams->changed);
    pthread_mutex_unlock(&streams->lock);
}

static void *waker_run(void *context)
{
    struct streams *streams = context;
    pthread_mutex_lock(&streams->lock);
    while (!streams->stopping) {
        if (!streams->committed) {
            pthread_cond_wait(&streams->changed, &streams->lock);
            continue;
        }
        streams->committed = false;
        for (struct stream_link *link = streams->first; link != NULL; link = link->next)
            http_stream_wake(link->stream);
    }
    pthread_mutex_unlock(&streams->lock);
    return NULL;
}

struct streams *streams_new(struct kernel *kernel)
{
    struct streams *streams = calloc(1, sizeof *streams);
    MUST(streams != NULL && pthread_mutex_init(&streams->lock, NULL) == 0 &&
         pthread_cond_init(&streams->changed, NULL) == 0);
    streams->kernel = kernel;
    streams->listener = (struct kernel_listener){.committed = committed, .context = streams};
    MUST(pthread_create(&streams->waker, NULL, waker_run, streams) == 0);
    kernel_listen(kernel, &streams->listener);
    return streams;
}

void streams_free(struct streams *streams)
{
    if (streams == NULL)
        return;
    MUST(streams->first == NULL);
    kernel_unlisten(streams->kernel, &streams->listener);
    pthread_mutex_lock(&streams->lock);
    streams->stopping = true;
    pthread_cond_signal(&streams->changed);
    pthread_mutex_unlock(&streams->lock);
    pthread_join(streams->waker, NULL);
    pthread_cond_destroy(&streams->changed);
    pthread_mutex_destroy(&streams->lock);
    free(streams);
}

void streams_add(struct streams *streams, struct stream_link *link, struct http_stream *stream)
{
    pthread_mutex_lock(&streams->lock);
    if (!link->gone) {
        link->stream = stream;
        link->next = streams->first;
        link->at = &streams->first;
        if (link->next != NULL)
            link->next->at = &link->next;
        streams->first = link;
        streams->committed = true; /* what was committed meanwhile woke nobody */
        pthread_cond_signal(&streams->changed);
    }
    pthread_mutex_unlock(&streams->lock);
}

void streams_remove(struct streams *streams, struct stream_link *link)
{
    pthread_mutex_lock(&streams->lock);
    link->gone = true;
    if (link->at != NULL) {
        *link->at = link->next;
        if (link->next != NULL)
            link->next->at = link->at;
        link->at = NULL;
    }
    pthread_mutex_unlock(&streams->lock);
}
