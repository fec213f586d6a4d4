/*
 * Streams: who listens to /v1/feed/stream right now. After each commit their streams are woken by a
 * thread of its own, so that the kernel's writer never waits for listeners. Any thread.
 */
#pragma once

#include "act/kernel.h"
#include "net/http.h"

struct streams;

/* A listener, embedded in what belongs to the stream; zero before streams_add. */
struct stream_link {
    struct http_stream *stream;
    struct stream_link *next, **at;
    bool gone; /* removed, perhaps before it was added */
};

void streams_free(struct streams *streams); /* when no link is left */
struct streams *streams_new(struct kernel *kernel) OWNED_BY(streams_free);
void streams_add(struct streams *streams, struct stream_link *link, struct http_stream *stream);
void streams_remove(struct streams *streams, struct stream_link *link);
