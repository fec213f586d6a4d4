#include "net/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"
#include "net/http_listen.h"
#include "net/http_private.h"

#define FIELDS_MAX 100
#define SPARE_MAX 256
#define SPARE_BODY_BYTES 65536    /* a spare exchange keeps no larger body */
#define BODY_RESERVE_BYTES 65536U /* what a Content-Length alone makes us reserve */
#define POOL_EXTRA_BYTES 8192     /* the library's own notes and the head of the answer */

static const char content_security_policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* Exchanges: made when a request line arrives, kept for the next request when it is over. */

static struct exchange *exchange_new(struct http_server *server)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    MUST(exchange != NULL);
    exchange->server = server;
    exchange->request.arena = arena_new();
    exchange->request.server_data = exchange;
    buffer_init(&exchange->body);
    MUST(pthread_mutex_init(&exchange->lock, NULL) == 0);
    return exchange;
}

static void exchange_free(struct exchange *exchange)
{
    arena_free(exchange->request.arena);
    buffer_done(&exchange->body);
    pthread_mutex_destroy(&exchange->lock);
    free(exchange);
}

static struct exchange *take_exchange(struct http_server *server)
{
    pthread_mutex_lock(&server->lock);
    struct exchange *exchange = server->spare;
    if (exchange != NULL) {
        server->spare = exchange->next;
        server->spare_count--;
    }
    pthread_mutex_unlock(&server->lock);
    return exchange != NULL ? exchange : exchange_new(server);
}

static void exchange_clear(struct exchange *exchange)
{
    if (exchange->response != NULL)
        MHD_destroy_response(exchange->response);
    arena_reset(exchange->request.arena);
    if (exchange->body.capacity > SPARE_BODY_BYTES) {
        buffer_done(&exchange->body);
        buffer_init(&exchange->body);
    }
    buffer_clear(&exchange->body);
    problem_clear(&exchange->problem);
    exchange->response = NULL;
    exchange->stream = NULL;
    exchange->step = EXCHANGE_HEAD;
    exchange->status = 0;
    exchange->counted = exchange->suspended = exchange->answered = false;
}

static void put_exchange(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    exchange_clear(exchange);
    pthread_mutex_lock(&server->lock);
    bool kept = server->spare_count < SPARE_MAX;
    if (kept) {
        exchange->next = server->spare;
        server->spare = exchange;
        server->spare_count++;
    }
    pthread_mutex_unlock(&server->lock);
    if (!kept)
        exchange_free(exchange);
}

static void count_under_way(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    server->under_way++;
    pthread_mutex_unlock(&server->lock);
    exchange->counted = true;
}

static void count_done(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    pthread_mutex_lock(&server->lock);
    if (--server->under_way == 0)
        pthread_cond_broadcast(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

/* What the application asks of a request. */

struct field_search {
    const char *name;
    struct arena *arena;
    struct text found;
};

static enum MHD_Result find_field(void *context, enum MHD_ValueKind kind, const char *name,
                                  size_t name_length, const char *value, size_t value_length)
{
    struct field_search *search = context;
    struct text text = {value, value_length};
    (void)kind;
    if (name_length != strlen(search->name) || strncasecmp(name, search->name, name_length) != 0)
        return MHD_YES;
    /* RFC 9110 §5.3: a field given several times is the list of its values. */
    search->found =
        search->found.bytes == NULL
            ? text
            : arena_format(search->arena, "%.*s, %.*s", TEXT_ARG(search->found), TEXT_ARG(text));
    return MHD_YES;
}

struct text http_header(const struct http_request *request, const char *name)
{
    const struct exchange *exchange = request->server_data;
    struct field_search search = {name, request->arena, TEXT_NONE};
    MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, find_field, &search);
    return search.found;
}

bool http_query(const struct http_request *request, const char *name, struct text *value)
{
    const struct exchange *exchange = request->server_data;
    for (size_t i = 0; i < exchange->target.parameter_count; i++) {
        if (text_is(exchange->target.parameters[i].name, name)) {
            *value = exchange->target.parameters[i].value;
            return true;
        }
    }
    return false;
}

void http_query_each(const struct http_request *request,
                     bool (*each)(void *context, struct text name, struct text value),
                     void *context)
{
    const struct exchange *exchange = request->server_data;
    const struct http_parameter *parameters = exchange->target.parameters;
    for (size_t i = 0; i < exchange->target.parameter_count; i++)
        if (!each(context, parameters[i].name, parameters[i].value))
            return;
}

/* Answers. */

void exchange_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES)
        log_event(LOG_ERROR, "http.answer_field_invalid", "field", name, NULL);
}

void exchange_answer(struct exchange *exchange, unsigned status, struct MHD_Response *response)
{
    struct http_server *server = exchange->server;
    exchange_header(response, "Request-Id", exchange->request_id);
    exchange_header(response, "X-Content-Type-Options", "nosniff");
    exchange_header(response, "Referrer-Policy", "no-referrer");
    exchange_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    if (atomic_load_explicit(&server->quiesced, memory_order_relaxed))
        exchange_header(response, "Connection", "close");
    if (status / 100 < COUNT_OF(server->by_status_class))
        atomic_fetch_add_explicit(&server->by_status_class[status / 100], 1, memory_order_relaxed);
    pthread_mutex_lock(&exchange->lock);
    MUST(!exchange->answered);
    exchange->answered = true;
    exchange->status = status;
    exchange->response = response;
    if (exchange->suspended)
        MHD_resume_connection(exchange->connection);
    pthread_mutex_unlock(&exchange->lock);
}

void http_answer_header(struct http_answer *answer, const char *name, struct text value)
{
    MUST(answer->header_count < HTTP_HEADERS_MAX);
    answer->headers[answer->header_count].name = name;
    answer->headers[answer->header_count++].value = value;
}

void http_answer(struct http_request *request, const struct http_answer *answer)
{
    struct exchange *exchange = request->server_data;
    enum MHD_ResponseMemoryMode mode =
        answer->body_is_static ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, (void *)(uintptr_t)answer->body.bytes, mode);
    bool has_cache_control = false;
    MUST(response != NULL);
    for (size_t i = 0; i < answer->header_count; i++) {
        const char *name = answer->headers[i].name;
        has_cache_control |= strcasecmp(name, "Cache-Control") == 0;
        exchange_header(response, name, arena_string(request->arena, answer->headers[i].value));
    }
    if (!has_cache_control)
        exchange_header(response, "Cache-Control", "no-store");
    if (answer->media_type != NULL) {
        exchange_header(response, "Content-Type", answer->media_type);
        if (strncmp(answer->media_type, "text/html", sizeof "text/html" - 1) == 0)
            exchange_header(response, "Content-Security-Policy", content_security_policy);
    }
    exchange_answer(exchange, answer->status, response);
}

void http_answer_problem(struct http_request *request, const struct problem *problem)
{
    struct http_answer answer = {.status = problem_kind(problem->code)->status,
                                 .media_type = "application/problem+json"};
    struct buffer body;
    buffer_init(&body);
    problem_write(&body, problem, request->request_id);
    answer.body = buffer_view(&body);
    http_answer(request, &answer);
    buffer_done(&body);
}

/* What the library calls, each on the thread that serves the connection. */

static struct http_socket *socket_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct http_server *server = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        const struct sockaddr *client =
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
        *socket_context = http_socket_new(server->sockets, fd, client);
    } else {
        http_socket_free(*socket_context);
        *socket_context = NULL;
    }
}

/* The request line is complete. The library will cut TARGET into pieces: this is the time to copy.
 */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct http_server *server = context;
    struct http_socket *socket = socket_of(connection);
    if (socket == NULL)
        return NULL;
    struct exchange *exchange = take_exchange(server);
    struct http_request *request = &exchange->request;
    exchange->socket = socket;
    exchange->connection = connection;
    exchange->raw_target = arena_text(request->arena, text_of(target));
    request->address = http_socket_address(socket);
    request->request_id = (struct text){
        exchange->request_id, id_format("req", id_new(ORG_MARKETPLACE), exchange->request_id)};
    return exchange;
}

/* We decode the target ourselves, strictly. */
static size_t keep_escaped(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context;
    (void)connection;
    return strlen(text);
}

static enum MHD_Result refuse(struct exchange *exchange, enum problem_code code, const char *why)
{
    http_socket_refuse(exchange->socket, code, why);
    return MHD_NO;
}

static enum MHD_Result begin_body(struct exchange *exchange, const char *method)
{
    struct http_request *request = &exchange->request;
    if (!http_socket_head_agrees(exchange->socket))
        return refuse(exchange, PROBLEM_BAD_REQUEST, "a request that the guard does not know");
    /* A HEAD is answered like a GET; the library leaves the body out. */
    request->is_head = strcmp(method, "HEAD") == 0;
    request->method = arena_text(request->arena, text_of(request->is_head ? "GET" : method));
    if (!http_target_parse(request->arena, exchange->raw_target, &exchange->target,
                           &exchange->problem))
        MUST(exchange->problem.code != PROBLEM_NONE);
    request->path = exchange->target.path;
    exchange->step = EXCHANGE_BODY;
    return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *bytes, size_t *length)
{
    if (*length > exchange->server->limits.body_bytes_max - exchange->body.length)
        return refuse(exchange, PROBLEM_BODY_TOO_LARGE, "a body larger than the guard let through");
    buffer_add(&exchange->body, bytes, *length);
    *length = 0;
    return MHD_YES;
}

static enum MHD_Result reply(struct exchange *exchange)
{
    pthread_mutex_lock(&exchange->lock);
    struct MHD_Response *response = exchange->response;
    unsigned status = exchange->status;
    exchange->response = NULL;
    pthread_mutex_unlock(&exchange->lock);
    if (response == NULL)
        return MHD_YES;
    enum MHD_Result result = MHD_queue_response(exchange->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static void handle(struct exchange *exchange)
{
    struct http_server *server = exchange->server;
    if (atomic_load(&server->stopping))
        problem_set(&exchange->problem, PROBLEM_STOPPING, "The server takes no more requests");
    if (exchange->problem.code != PROBLEM_NONE)
        http_answer_problem(&exchange->request, &exchange->problem);
    else
        server->handler(server->context, &exchange->request);
}

static enum MHD_Result end_body(struct exchange *exchange)
{
    if (!http_socket_body_agrees(exchange->socket, exchange->body.length))
        return refuse(exchange, PROBLEM_BAD_REQUEST, "a body that the guard does not know");
    exchange->request.body = buffer_view(&exchange->body);
    exchange->step = EXCHANGE_HANDED_ON;
    atomic_fetch_add_explicit(&exchange->server->requests, 1, memory_order_relaxed);
    count_under_way(exchange);
    handle(exchange);
    pthread_mutex_lock(&exchange->lock);
    bool answered = exchange->answered;
    if (!answered) {
        exchange->suspended = true;
        MHD_suspend_connection(exchange->connection);
    }
    pthread_mutex_unlock(&exchange->lock);
    return answered ? reply(exchange) : MHD_YES;
}

/* Called once for the head, for pieces of the body, at its end, and after a suspension. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *length, void **request_context)
{
    struct exchange *exchange = *request_context;
    (void)context;
    (void)connection;
    (void)url;
    (void)version;
    if (exchange == NULL)
        return MHD_NO;
    if (exchange->step == EXCHANGE_HEAD)
        return begin_body(exchange, method);
    if (exchange->step == EXCHANGE_BODY)
        return *length > 0 ? take_body(exchange, bytes, length) : end_body(exchange);
    return reply(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
                         enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *request_context;
    (void)context;
    (void)connection;
    (void)how;
    if (exchange == NULL)
        return;
    *request_context = NULL;
    http_socket_answered(exchange->socket);
    /* Whoever answered is out of the exchange once we have its lock. */
    pthread_mutex_lock(&exchange->lock);
    struct http_stream *stream = exchange->stream;
    bool counted = exchange->counted;
    pthread_mutex_unlock(&exchange->lock);
    if (stream != NULL)
        http_stream_end(stream);
    if (counted)
        count_done(exchange);
    put_exchange(exchange);
}

/* The server. */

static void on_tick(void *context, int64_t now)
{
    http_streams_tick(context, now);
}

static bool start_sockets(struct http_server *server, struct problem *problem)
{
    const struct http_limits *limits = &server->limits;
    struct http_sockets_settings settings = {
        .limits = {.head_bytes_max = limits->head_bytes_max,
                   .body_bytes_max = limits->body_bytes_max,
                   .fields_max = FIELDS_MAX},
        .head_us_max = limits->head_us_max,
        .body_us_max = limits->body_us_max,
        .tick = on_tick,
        .context = server,
    };
    server->sockets = http_sockets_new(&settings, problem);
    return server->sockets != NULL;
}

/* MHD_quiesce_daemon aborts the process when it meets its own thread pool at a bad moment (0.9.75:
 * EPOLL_CTL_DEL on both sides), so connections are taken until the end, and closed at once. */
static enum MHD_Result on_accept(void *context, const struct sockaddr *client, socklen_t length)
{
    struct http_server *server = context;
    (void)client;
    (void)length;
    return atomic_load_explicit(&server->quiesced, memory_order_relaxed) ? MHD_NO : MHD_YES;
}

static bool start_daemon(struct http_server *server, int listener, struct problem *problem)
{
    const struct http_limits *limits = &server->limits;
    unsigned idle_seconds = (unsigned)((limits->idle_us_max + TIME_SECOND - 1) / TIME_SECOND);
    size_t pool_bytes = 2 * limits->head_bytes_max + POOL_EXTRA_BYTES;
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, on_accept,
        server, on_request, server, MHD_OPTION_LISTEN_SOCKET, listener,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_bytes,
        MHD_OPTION_CONNECTION_LIMIT, limits->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        limits->connections_per_address_max, MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, server, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, server, MHD_OPTION_THREAD_POOL_SIZE,
        limits->threads, MHD_OPTION_END);
    return server->daemon != NULL ||
           problem_set(problem, PROBLEM_CONFIGURATION, "The HTTP library does not start");
}

/* The library closes a listener that it has started on, and some of those it failed to start on. */
static bool start(struct http_server *server, struct problem *problem)
{
    int listener = http_listen(server->address, problem);
    if (listener < 0)
        return false;
    server->port = http_listen_port(listener);
    if (start_sockets(server, problem) && start_daemon(server, listener, problem))
        return true;
    http_listen_unlink(server->address);
    close(listener);
    return false;
}

unsigned http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_quiesce(struct http_server *server)
{
    if (atomic_exchange(&server->quiesced, true))
        return;
    if (server->daemon != NULL)
        http_listen_unlink(server->address);
    http_streams_wake_all(server);
}

/* Also of a server that started only half way. */
static void stop(struct http_server *server)
{
    http_server_quiesce(server);
    atomic_store(&server->stopping, true);
    pthread_mutex_lock(&server->lock);
    while (server->under_way > 0)
        pthread_cond_wait(&server->idle, &server->lock);
    pthread_mutex_unlock(&server->lock);
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    http_sockets_free(server->sockets);
    while (server->spare != NULL) {
        struct exchange *exchange = server->spare;
        server->spare = exchange->next;
        exchange_free(exchange);
    }
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->lock);
    free(server->address);
    free(server);
}

void http_server_free(struct http_server *server)
{
    if (server != NULL)
        stop(server);
}

struct http_server *http_server_new(const char *address, const struct http_limits *limits,
                                    http_handler handler, void *context, struct problem *problem)
{
    struct http_server *server = calloc(1, sizeof *server);
    MUST(server != NULL);
    server->limits = *limits;
    server->address = strdup(address);
    MUST(server->address != NULL);
    server->handler = handler;
    server->context = context;
    MUST(pthread_mutex_init(&server->lock, NULL) == 0);
    MUST(pthread_cond_init(&server->idle, NULL) == 0);
    if (start(server, problem))
        return server;
    stop(server);
    return NULL;
}

void http_server_counters(const struct http_server *server, struct http_counters *counters)
{
    struct http_server *locked = (struct http_server *)(uintptr_t)server;
    struct http_sockets_counters sockets;
    http_sockets_counters(server->sockets, &sockets);
    pthread_mutex_lock(&locked->lock);
    uint64_t streams = server->stream_count;
    pthread_mutex_unlock(&locked->lock);
    *counters = (struct http_counters){
        .requests = atomic_load_explicit(&server->requests, memory_order_relaxed),
        .malformed = sockets.malformed,
        .slow = sockets.slow,
        .connections = sockets.connections,
        .streams = streams,
    };
    for (size_t i = 0; i < COUNT_OF(counters->by_status_class); i++)
        counters->by_status_class[i] =
            atomic_load_explicit(&server->by_status_class[i], memory_order_relaxed);
}
