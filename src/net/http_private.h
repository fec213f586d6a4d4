/*
 * What http.c and http_stream.c share. Nobody else includes this file.
 *
 * A `struct exchange` is one request with its answer. The library's thread that serves the
 * connection owns it, but while it waits for the application it may be suspended: then http_answer
 * or http_stream, from any thread, hands over the answer under the exchange's lock and resumes the
 * connection. From that moment on only the library's thread touches it.
 */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/id.h"
#include "net/http.h"
#include "net/http_socket.h"
#include "net/http_target.h"

enum exchange_step {
    EXCHANGE_HEAD, /* the library reads the head */
    EXCHANGE_BODY, /* … and the body */
    EXCHANGE_HANDED_ON
};

struct exchange {
    struct http_request request; /* what the application sees; server_data points back here */
    struct http_server *server;
    struct http_socket *socket;
    struct MHD_Connection *connection;
    struct text raw_target;
    struct http_target target;
    struct problem problem; /* of the target */
    char request_id[ID_TEXT_BYTES];
    enum exchange_step step;
    struct buffer body;
    bool counted;          /* in the server's under_way */
    struct exchange *next; /* in the server's list of spare ones */

    pthread_mutex_t lock; /* of what follows */
    bool suspended, answered;
    unsigned status;
    struct MHD_Response *response; /* owned until it is queued */
    struct http_stream *stream;    /* owned */
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_sockets *sockets;
    struct http_limits limits;
    char *address;
    unsigned port;
    http_handler handler;
    void *context;
    atomic_bool quiesced, stopping;
    atomic_uint_fast64_t requests, by_status_class[6];

    pthread_mutex_t lock; /* of what follows; taken before a stream's */
    pthread_cond_t idle;  /* under_way has become 0 */
    uint64_t under_way;   /* requests that the application has seen, until their answer is out */
    struct exchange *spare;
    size_t spare_count;
    struct http_stream *streams;
    uint64_t stream_count;
};

/* Adds the fields that each answer has, and hands it to the library's thread. */
void exchange_answer(struct exchange *exchange, unsigned status, struct MHD_Response *response);
void exchange_header(struct MHD_Response *response, const char *name, const char *value);

/* The exchange is over: calls `gone` and frees. */
void http_stream_end(struct http_stream *stream);
/* Wakes those that were quiet for too long at NOW. */
void http_streams_tick(struct http_server *server, int64_t now);
void http_streams_wake_all(struct http_server *server);
