#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "net/feed_json.h"
#include "net/handlers.h"
#include "net/service_private.h"
#include "net/telling.h"
#include "net/views.h"

#define STREAM_BATCH 100
#define STREAM_QUIET_US (15 * TIME_SECOND)

void feed_event_write(struct json_writer *json, const struct feed_event *event)
{
    json_open(json);
    json_name(json, "act");
    json_raw(json, event->act.record);
    json_member_int(json, "log_index", event->act.log_index);
    json_member_int(json, "position", event->position);
    json_close(json);
}

static bool read_page(struct service *service, const struct principal *who,
                      const struct id *subject, int64_t after, size_t limit, struct arena *arena,
                      struct feed_page *page, struct problem *problem)
{
    struct store *store = kernel_store(service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = feed_read(service->feed, reader, who, subject, after, limit, arena, page, problem);
    store_reader_give(store, reader);
    return read;
}

/* Pull, and the timeline of one object. */

/* The receipts of what a page shows follow once it has been handed over. */
static void answer_page(struct call *call, const struct buffer *body, const struct feed_page *page,
                        enum means means)
{
    struct kernel *kernel = call->service->kernel;
    struct telling telling;
    telling_init(&telling, call);
    for (size_t i = 0; i < page->count; i++)
        telling_add_event(&telling, &page->events[i]);
    call_json(call, 200, body);
    telling_send(&telling, kernel, means);
    telling_done(&telling);
}

static bool read_asked(struct call *call, const struct id *subject, int64_t *limit,
                       struct feed_page *page, struct problem *problem)
{
    static const char *const names[] = {"after", "limit", NULL};
    struct text values[2];
    int64_t after = 0;
    return call_query(call, names, values, problem) &&
           query_number("after", values[0], 0, &after, problem) &&
           query_limit(values[1], limit, problem) &&
           read_page(call->service, &call->principal, subject, after, (size_t)*limit,
                     call->request->arena, page, problem);
}

void feed_pull_handle(struct call *call)
{
    struct feed_page page = {0};
    struct problem problem;
    struct buffer body;
    int64_t limit;
    if (!read_asked(call, NULL, &limit, &page, &problem)) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_name(&json, "events");
    json_open_list(&json);
    for (size_t i = 0; i < page.count; i++)
        feed_event_write(&json, &page.events[i]);
    json_close_list(&json);
    json_member_int(&json, "next", page.next);
    json_close(&json);
    answer_page(call, &body, &page, MEANS_PULL);
    buffer_done(&body);
}

static bool read_timeline(struct call *call, int64_t *limit, struct feed_page *page,
                          struct problem *problem)
{
    bool visible;
    if (!views_see(call, call->route->subject_prefix, call->subject_id, &visible, problem))
        return false;
    if (!visible)
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such id");
    return read_asked(call, &call->subject_id, limit, page, problem);
}

void timeline_handle(struct call *call)
{
    struct feed_page page = {0};
    struct problem problem;
    struct buffer body;
    int64_t limit;
    if (!read_timeline(call, &limit, &page, &problem)) {
        call_problem(call, &problem);
        return;
    }
    buffer_init(&body);
    struct json_writer json = json_writer(&body);
    json_open(&json);
    json_name(&json, "acts");
    json_open_list(&json);
    for (size_t i = 0; i < page.count; i++)
        json_raw(&json, page.events[i].act.record);
    json_close_list(&json);
    json_name(&json, "next");
    if (page.more)
        json_int(&json, page.next);
    else
        json_null_value(&json);
    json_close(&json);
    answer_page(call, &body, &page, MEANS_PAGE);
    buffer_done(&body);
}

/* Stream. */

struct feed_stream {
    struct stream_link link;
    struct service *service;
    struct claim claim;  /* checked again each time: a revoked key ends its streams */
    struct arena *arena; /* of one reading */
    bool of_subject;
    struct id subject;
    int64_t position;
    int64_t written_at;
    bool greeted;
    struct telling telling; /* what was written and is not known to be sent */
    atomic_int owners;      /* the handler until it has returned, and the stream */
};

static void release(struct feed_stream *stream)
{
    if (atomic_fetch_sub(&stream->owners, 1) > 1)
        return;
    telling_done(&stream->telling);
    arena_free(stream->arena);
    free(stream);
}

static void gone(void *context)
{
    struct feed_stream *stream = context;
    streams_remove(stream->service->streams, &stream->link);
    release(stream);
}

static void write_event(struct feed_stream *stream, struct buffer *out,
                        const struct feed_event *event)
{
    buffer_format(out, "id: %lld\nevent: %s\ndata: ", (long long)event->position,
                  event->type->name);
    struct json_writer json = json_writer(out);
    feed_event_write(&json, event); /* canonical JSON has no line breaks */
    buffer_string(out, "\n\n");
    telling_add_event(&stream->telling, event);
}

static bool write_events(struct feed_stream *stream, struct buffer *out, struct problem *problem)
{
    struct principal who;
    struct feed_page page = {0};
    arena_reset(stream->arena);
    if (!auth_check(stream->service->auth, &stream->claim, stream->arena, &who, problem) ||
        !read_page(stream->service, &who, stream->of_subject ? &stream->subject : NULL,
                   stream->position, STREAM_BATCH, stream->arena, &page, problem))
        return false;
    for (size_t i = 0; i < page.count; i++)
        write_event(stream, out, &page.events[i]);
    stream->position = page.next;
    return true;
}

/* When this is called again, what it wrote before has been handed to the client's socket. */
static bool more(void *context, struct buffer *out, bool quiet)
{
    struct feed_stream *stream = context;
    struct problem problem;
    int64_t now = time_monotonic();
    telling_send(&stream->telling, stream->service->kernel, MEANS_STREAM);
    if (!stream->greeted)
        buffer_string(out, "retry: 2000\n\n");
    stream->greeted = true;
    if (!write_events(stream, out, &problem)) {
        if (problem.code != PROBLEM_UNAUTHENTICATED)
            log_problem(LOG_WARN, "stream.ended", &problem);
        return false;
    }
    if (out->length == 0 && (quiet || now - stream->written_at >= STREAM_QUIET_US))
        buffer_string(out, ": still here\n\n");
    if (out->length > 0)
        stream->written_at = now;
    return true;
}

/* `Last-Event-ID`, else `after`, else from now. */
static bool read_start(const struct call *call, struct text after, int64_t *position,
                       struct problem *problem)
{
    struct text last = http_header(call->request, "Last-Event-ID");
    *position = -1;
    if (!query_number("after", after, 0, position, problem) ||
        (last.length > 0 && !query_number("Last-Event-ID", last, 0, position, problem)))
        return false;
    if (*position >= 0)
        return true;
    struct store *store = kernel_store(call->service->kernel);
    struct reader *reader = store_reader_take(store);
    bool read = feed_newest(reader, &call->principal, position, problem);
    store_reader_give(store, reader);
    return read;
}

/* Any kind of object that acts are about may be named. */
static bool read_filter(const struct call *call, struct text given, struct feed_stream *stream,
                        struct problem *problem)
{
    const struct act_type *const *type = call->service->catalogue->acts;
    bool visible = false;
    if (given.bytes == NULL)
        return true;
    for (; *type != NULL && !stream->of_subject; type++)
        if ((*type)->subject_prefix != NULL &&
            id_parse((*type)->subject_prefix, given, &stream->subject)) {
            stream->of_subject = true;
            if (!views_see(call, (*type)->subject_prefix, stream->subject, &visible, problem))
                return false;
        }
    if (!stream->of_subject)
        return problem_add(problem, PROBLEM_QUERY_INVALID, "subject", "must be an object's id");
    return visible || problem_set(problem, PROBLEM_NOT_FOUND, "no such id");
}

static struct feed_stream *stream_make(const struct call *call)
{
    struct feed_stream *stream = calloc(1, sizeof *stream);
    MUST(stream != NULL);
    stream->service = call->service;
    stream->claim = call->claim;
    stream->arena = arena_new();
    telling_init(&stream->telling, call);
    stream->written_at = time_monotonic();
    atomic_init(&stream->owners, 2);
    return stream;
}

void feed_stream_handle(struct call *call)
{
    static const char *const names[] = {"after", "subject", NULL};
    struct text values[2];
    struct problem problem;
    struct service *service = call->service;
    struct feed_stream *stream = stream_make(call);
    if (!call_query(call, names, values, &problem) ||
        !read_start(call, values[0], &stream->position, &problem) ||
        !read_filter(call, values[1], stream, &problem)) {
        atomic_store(&stream->owners, 1);
        release(stream);
        call_problem(call, &problem);
        return;
    }
    const struct http_stream_source source = {
        .more = more, .gone = gone, .context = stream, .quiet_us_max = STREAM_QUIET_US};
    struct http_stream *opened = http_stream(call->request, "text/event-stream", &source);
    streams_add(service->streams, &stream->link, opened);
    release(stream);
}
