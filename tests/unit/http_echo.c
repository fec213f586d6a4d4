/*
 * A small server for tests of the HTTP boundary: http_echo ADDRESS HEAD_MS BODY_MS IDLE_MS.
 *
 * It prints the port it listens on, serves until its standard input ends, then stops and prints
 * what it counted. Paths: /echo repeats the request, /later answers from another thread, /canary
 * counts its calls (shown by /count), /stream is an event stream that /wake feeds, /html is a page.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "net/http.h"

#define STREAMS_MAX 4096

struct waiting {
    struct waiting *next;
    struct http_request *request;
};

struct listener {
    struct echo *echo;
    size_t index;
    unsigned told; /* how many of the wakes it was told of */
};

struct echo {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiting *waiting;
    bool stopping;
    unsigned canaries, wakes, gone;
    struct http_stream *streams[STREAMS_MAX];
};

static void answer_text(struct http_request *request, unsigned status, struct text body)
{
    struct http_answer answer = {.status = status, .media_type = "text/plain", .body = body};
    http_answer(request, &answer);
}

static bool add_parameter(void *context, struct text name, struct text value)
{
    struct buffer *buffer = context;
    buffer_format(buffer, "\n%.*s=%.*s", TEXT_ARG(name), TEXT_ARG(value));
    return true;
}

static void answer_echo(struct http_request *request)
{
    struct buffer buffer;
    struct text field = http_header(request, "X-Echo");
    buffer_init(&buffer);
    buffer_format(&buffer, "%.*s %.*s %zu [%.*s] %.*s", TEXT_ARG(request->method),
                  TEXT_ARG(request->path), request->body.length, TEXT_ARG(field),
                  TEXT_ARG(request->address));
    http_query_each(request, add_parameter, &buffer);
    buffer_char(&buffer, '\n');
    buffer_text(&buffer, request->body);
    answer_text(request, 200, buffer_view(&buffer));
    buffer_done(&buffer);
}

static void answer_count(struct echo *echo, struct http_request *request)
{
    pthread_mutex_lock(&echo->lock);
    struct text body =
        arena_format(request->arena, "canaries=%u gone=%u\n", echo->canaries, echo->gone);
    pthread_mutex_unlock(&echo->lock);
    answer_text(request, 200, body);
}

static void queue(struct echo *echo, struct http_request *request)
{
    struct waiting *waiting = ARENA_NEW(request->arena, struct waiting);
    waiting->request = request;
    pthread_mutex_lock(&echo->lock);
    waiting->next = echo->waiting;
    echo->waiting = waiting;
    pthread_cond_signal(&echo->changed);
    pthread_mutex_unlock(&echo->lock);
}

static void *answer_queue(void *context)
{
    struct echo *echo = context;
    pthread_mutex_lock(&echo->lock);
    while (!echo->stopping) {
        struct waiting *waiting = echo->waiting;
        if (waiting == NULL) {
            pthread_cond_wait(&echo->changed, &echo->lock);
            continue;
        }
        echo->waiting = waiting->next;
        pthread_mutex_unlock(&echo->lock);
        answer_echo(waiting->request);
        pthread_mutex_lock(&echo->lock);
    }
    pthread_mutex_unlock(&echo->lock);
    return NULL;
}

static bool stream_more(void *context, struct buffer *out, bool quiet)
{
    struct listener *listener = context;
    pthread_mutex_lock(&listener->echo->lock);
    unsigned wakes = listener->echo->wakes;
    pthread_mutex_unlock(&listener->echo->lock);
    while (listener->told < wakes)
        buffer_format(out, "data: %u\n\n", ++listener->told);
    if (quiet)
        buffer_string(out, ": quiet\n\n");
    return true;
}

static void stream_gone(void *context)
{
    struct listener *listener = context;
    pthread_mutex_lock(&listener->echo->lock);
    listener->echo->streams[listener->index] = NULL;
    listener->echo->gone++;
    pthread_mutex_unlock(&listener->echo->lock);
    free(listener);
}

static void begin_stream(struct echo *echo, struct http_request *request)
{
    struct listener *listener = calloc(1, sizeof *listener);
    struct http_stream_source source = {stream_more, stream_gone, listener, 300000};
    MUST(listener != NULL);
    listener->echo = echo;
    /* Held until the stream is in its place, so that `gone` finds it there. */
    pthread_mutex_lock(&echo->lock);
    while (echo->streams[listener->index] != NULL)
        MUST(++listener->index < STREAMS_MAX);
    listener->told = echo->wakes;
    echo->streams[listener->index] = http_stream(request, "text/event-stream", &source);
    pthread_mutex_unlock(&echo->lock);
}

static void wake_streams(struct echo *echo, struct http_request *request)
{
    pthread_mutex_lock(&echo->lock);
    echo->wakes++;
    for (size_t i = 0; i < STREAMS_MAX; i++)
        if (echo->streams[i] != NULL)
            http_stream_wake(echo->streams[i]);
    pthread_mutex_unlock(&echo->lock);
    answer_text(request, 200, TEXT("woken\n"));
}

static void answer_canary(struct echo *echo, struct http_request *request)
{
    pthread_mutex_lock(&echo->lock);
    echo->canaries++;
    pthread_mutex_unlock(&echo->lock);
    answer_text(request, 200, TEXT("canary\n"));
}

static void answer_page(struct http_request *request)
{
    struct http_answer answer = {.status = 200,
                                 .media_type = "text/html; charset=utf-8",
                                 .body = TEXT("<!doctype html><title>page</title>"),
                                 .body_is_static = true};
    http_answer_header(&answer, "Cache-Control", TEXT("max-age=60"));
    http_answer(request, &answer);
}

static void handle(void *context, struct http_request *request)
{
    struct echo *echo = context;
    struct problem problem;
    problem_clear(&problem);
    if (text_is(request->path, "/canary"))
        answer_canary(echo, request);
    else if (text_is(request->path, "/count"))
        answer_count(echo, request);
    else if (text_is(request->path, "/later"))
        queue(echo, request);
    else if (text_is(request->path, "/stream"))
        begin_stream(echo, request);
    else if (text_is(request->path, "/wake"))
        wake_streams(echo, request);
    else if (text_is(request->path, "/html"))
        answer_page(request);
    else if (text_starts(request->path, "/echo"))
        answer_echo(request);
    else {
        problem_set(&problem, PROBLEM_NOT_FOUND, "No such path.");
        http_answer_problem(request, &problem);
    }
}

static void print_counters(const struct http_server *server)
{
    struct http_counters counters;
    http_server_counters(server, &counters);
    printf("requests=%ju malformed=%ju slow=%ju 2xx=%ju 4xx=%ju\n", (uintmax_t)counters.requests,
           (uintmax_t)counters.malformed, (uintmax_t)counters.slow,
           (uintmax_t)counters.by_status_class[2], (uintmax_t)counters.by_status_class[4]);
}

static int serve(const char *address, const struct http_limits *limits)
{
    struct echo echo = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct problem problem;
    pthread_t thread;
    char ignored;
    problem_clear(&problem);
    struct http_server *server = http_server_new(address, limits, handle, &echo, &problem);
    if (server == NULL) {
        log_problem(LOG_ERROR, "http_echo.start", &problem);
        return 1;
    }
    MUST(pthread_create(&thread, NULL, answer_queue, &echo) == 0);
    printf("%u\n", http_server_port(server));
    fflush(stdout);
    while (read(STDIN_FILENO, &ignored, 1) > 0)
        continue;
    http_server_quiesce(server);
    print_counters(server);
    http_server_free(server);
    pthread_mutex_lock(&echo.lock);
    echo.stopping = true;
    pthread_cond_signal(&echo.changed);
    pthread_mutex_unlock(&echo.lock);
    pthread_join(thread, NULL);
    return 0;
}

int main(int count, char **arguments)
{
    if (count != 5) {
        fprintf(stderr, "usage: http_echo ADDRESS HEAD_MS BODY_MS IDLE_MS\n");
        return 2;
    }
    struct http_limits limits = {
        .body_bytes_max = 1000000,
        .head_bytes_max = 16384,
        .head_us_max = strtol(arguments[2], NULL, 10) * 1000,
        .body_us_max = strtol(arguments[3], NULL, 10) * 1000,
        .idle_us_max = strtol(arguments[4], NULL, 10) * 1000,
        .connections_max = 3000,
        .threads = 2,
    };
    return serve(arguments[1], &limits);
}
