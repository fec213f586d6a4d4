#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "net/http_private.h"

#define BLOCK_BYTES 4096

struct http_stream {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_stream_source source;
    struct http_stream *next, *previous; /* under the server's lock */
    struct buffer out;
    size_t sent;   /* bytes of OUT that the library took */
    bool finished; /* the source has no more */

    pthread_mutex_t lock; /* of what follows */
    bool suspended;
    bool woken; /* since the source was last asked */
    bool quiet;
    int64_t suspended_at;
};

/* The lock is held. */
static void resume(struct http_stream *stream)
{
    stream->woken = true;
    if (!stream->suspended)
        return;
    stream->suspended = false;
    MHD_resume_connection(stream->connection);
}

void http_stream_wake(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    resume(stream);
    pthread_mutex_unlock(&stream->lock);
}

static void ask_source(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool quiet = stream->quiet;
    stream->quiet = stream->woken = false;
    pthread_mutex_unlock(&stream->lock);
    buffer_clear(&stream->out);
    stream->sent = 0;
    stream->finished = atomic_load(&stream->server->quiesced) ||
                       !stream->source.more(stream->source.context, &stream->out, quiet);
}

/* False if somebody woke the stream since the source was asked. */
static bool suspend(struct http_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool suspends = !stream->woken;
    if (suspends) {
        stream->suspended = true;
        stream->suspended_at = time_monotonic();
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->lock);
    return suspends;
}

/* The library takes bytes: all that were given before have gone to the socket. */
static ssize_t read_stream(void *context, uint64_t position, char *out, size_t capacity)
{
    struct http_stream *stream = context;
    (void)position;
    while (stream->sent == stream->out.length) {
        if (!stream->finished)
            ask_source(stream);
        if (stream->sent < stream->out.length)
            break;
        if (stream->finished)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (suspend(stream))
            return 0;
    }
    size_t length = stream->out.length - stream->sent;
    length = length < capacity ? length : capacity;
    memcpy(out, stream->out.bytes + stream->sent, length);
    stream->sent += length;
    return (ssize_t)length;
}

static struct http_stream *stream_new(struct exchange *exchange,
                                      const struct http_stream_source *source)
{
    struct http_server *server = exchange->server;
    struct http_stream *stream = calloc(1, sizeof *stream);
    MUST(stream != NULL);
    stream->server = server;
    stream->connection = exchange->connection;
    stream->source = *source;
    buffer_init(&stream->out);
    MUST(pthread_mutex_init(&stream->lock, NULL) == 0);
    pthread_mutex_lock(&server->lock);
    stream->next = server->streams;
    if (stream->next != NULL)
        stream->next->previous = stream;
    server->streams = stream;
    server->stream_count++;
    pthread_mutex_unlock(&server->lock);
    return stream;
}

struct http_stream *http_stream(struct http_request *request, const char *media_type,
                                const struct http_stream_source *source)
{
    struct exchange *exchange = request->server_data;
    struct http_stream *stream = stream_new(exchange, source);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_stream, stream, NULL);
    MUST(response != NULL);
    exchange_header(response, "Content-Type", media_type);
    exchange_header(response, "Cache-Control", "no-store");
    exchange->stream = stream;
    exchange_answer(exchange, MHD_HTTP_OK, response);
    return stream;
}

void http_stream_end(struct http_stream *stream)
{
    struct http_server *server = stream->server;
    pthread_mutex_lock(&server->lock);
    if (stream->next != NULL)
        stream->next->previous = stream->previous;
    if (stream->previous != NULL)
        stream->previous->next = stream->next;
    else
        server->streams = stream->next;
    server->stream_count--;
    pthread_mutex_unlock(&server->lock);
    if (stream->source.gone != NULL)
        stream->source.gone(stream->source.context);
    pthread_mutex_destroy(&stream->lock);
    buffer_done(&stream->out);
    free(stream);
}

void http_streams_tick(struct http_server *server, int64_t now)
{
    pthread_mutex_lock(&server->lock);
    for (struct http_stream *stream = server->streams; stream != NULL; stream = stream->next) {
        pthread_mutex_lock(&stream->lock);
        if (stream->suspended && now - stream->suspended_at >= stream->source.quiet_us_max) {
            stream->quiet = true;
            resume(stream);
        }
        pthread_mutex_unlock(&stream->lock);
    }
    pthread_mutex_unlock(&server->lock);
}

void http_streams_wake_all(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    for (struct http_stream *stream = server->streams; stream != NULL; stream = stream->next)
        http_stream_wake(stream);
    pthread_mutex_unlock(&server->lock);
}
