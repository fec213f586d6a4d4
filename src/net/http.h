/*
 * HTTP: a server for JSON answers, static files and event streams, on libmicrohttpd.
 *
 * This header is the whole of what the rest of Counterfoil knows of HTTP servers; http.c and
 * http_stream.c alone know the library. What it lets through and must not (request smuggling, bare
 * CR or LF, NUL, …) is caught by guard.c, which sees each byte before the library does
 * (http_socket.h): no request is handed on unless guard and library agree on where it begins and
 * ends. Requests that break a rule or a limit are answered here and never reach the handler.
 *
 * Life of a request: the handler is called once, on a thread of the server, after the whole body
 * has arrived (so at most `body_bytes_max` bytes). It answers at once or later from any thread, by
 * exactly one of http_answer and http_stream. All memory in `struct http_request` lives until then;
 * take from request->arena what must live as long.
 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"

struct http_server;

struct http_limits {
    size_t body_bytes_max; /* larger bodies: 413 before they are read */
    size_t head_bytes_max; /* request line and header fields: 414 or 431 */
    int64_t head_us_max;   /* from the first byte to the end of the head: 408 (RFC 9110 §15.5.9) */
    int64_t body_us_max;   /* from the end of the head to the end of the body: 408 */
    int64_t idle_us_max;   /* no byte either way: closed; whole seconds, over the two above */
    unsigned connections_max; /* below the limit of open files (RLIMIT_NOFILE) and 65,536 */
    unsigned connections_per_address_max; /* 0: no limit */
    unsigned threads;
};

struct http_request {
    struct arena *arena;
    struct text method; /* a token; "GET" for HEAD, too, whose answer is sent without its body */
    bool is_head;
    struct text path; /* decoded, begins with '/'; UTF-8 without control bytes or dot segments */
    struct text body;
    struct text address;    /* the client's IP address (or "unix") */
    struct text request_id; /* "req_…", made by the server, sent back as `Request-Id` */
    void *server_data;      /* http.c's own */
};

/*
 * A request header field, or TEXT_NONE; names are compared without case. Several fields of one name
 * are joined by ", " (RFC 9110 §5.3). Any byte but control bytes may be in it.
 */
struct text http_header(const struct http_request *request, const char *name);
/* A percent-decoded query parameter; false if absent. Repeated parameters: the request is 400. */
bool http_query(const struct http_request *request, const char *name, struct text *value);
/* Calls EACH for each query parameter, until it returns false. */
void http_query_each(const struct http_request *request,
                     bool (*each)(void *context, struct text name, struct text value),
                     void *context);

#define HTTP_HEADERS_MAX 12

struct http_answer {
    unsigned status;
    const char *media_type;
    struct text body; /* copied unless `body_is_static` */
    bool body_is_static;
    size_t header_count;
    struct {
        const char *name;
        struct text value;
    } headers[HTTP_HEADERS_MAX];
};

void http_answer_header(struct http_answer *answer, const char *name, struct text value);
/* Any thread, once a request. Security header fields and Request-Id are added here. */
void http_answer(struct http_request *request, const struct http_answer *answer);
void http_answer_problem(struct http_request *request, const struct problem *problem);

/*
 * An endless answer (server-sent events). `more` adds bytes to OUT whenever the client can take
 * some; adding none means "nothing now": it is called again after http_stream_wake, or after
 * `quiet_us_max` with `quiet` set (time for a comment line, which also finds out that the client
 * has left). Returning false ends the stream. `gone` is called exactly once, last. `more` calls of
 * one stream never overlap; when `more` is called again, all bytes it gave before were handed to
 * the client's socket. Neither is called with a lock of the server's held, so http_stream_wake may
 * be called under a lock that `more` and `gone` take. The quiet time is kept to about 0.1 s.
 */
struct http_stream;

struct http_stream_source {
    bool (*more)(void *context, struct buffer *out, bool quiet);
    void (*gone)(void *context);
    void *context;
    int64_t quiet_us_max;
};

/* `gone` may be called before this returns: take a lock that `gone` takes to keep the result. */
struct http_stream *http_stream(struct http_request *request, const char *media_type,
                                const struct http_stream_source *source);
void http_stream_wake(struct http_stream *stream); /* any thread, until `gone` is called */

typedef void (*http_handler)(void *context, struct http_request *request);

/* Waits until the handler has answered what is under way, then stops. */
void http_server_free(struct http_server *server);
/*
 * Listens on ADDRESS: "127.0.0.1:8080", "[::1]:8080", or "unix:/run/counterfoil.sock"; port 0 picks
 * a free one. The handler must not block for long: it runs on the server's few threads.
 */
struct http_server *http_server_new(const char *address, const struct http_limits *limits,
                                    http_handler handler, void *context, struct problem *problem)
    OWNED_BY(http_server_free);
unsigned http_server_port(const struct http_server *server);
/* After this no new connection is served; streams are ended. */
void http_server_quiesce(struct http_server *server);

struct http_counters {
    uint64_t requests, malformed, slow, connections, streams;
    uint64_t by_status_class[6]; /* [2] counts 2xx, … */
};
void http_server_counters(const struct http_server *server, struct http_counters *counters);
