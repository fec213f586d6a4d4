/*
 * The sockets under the HTTP library: each byte that the library reads passes the guard here.
 *
 * This file defines recv() for the whole program: a shared library's call of recv() resolves to
 * the program's own, so libmicrohttpd's reads arrive here, on sockets that http_socket_new has
 * registered. What the guard refuses never reaches the library: it gets the requests before, and
 * then an error. The client gets one answer, written straight to the socket when all earlier
 * answers are out, and the connection ends. If recv() were ever not ours, no request would be
 * known to the guard and each would be refused. epoll_wait() is defined in the same way, to mend
 * how the library waits.
 *
 * One thread of `struct http_sockets` looks after the clocks: clients too slow with a head or a
 * body get 408 (RFC 9110 §15.5.9), refused connections linger until the client has read why
 * (RFC 9112 §9.6), and `tick` is called about ten times a second while there is a connection.
 *
 * A socket belongs to the thread that serves its connection; only http_sockets_… may be called
 * from others.
 */
#pragma once

#include <sys/socket.h>

#include "base/problem.h"
#include "net/guard.h"

struct http_sockets;
struct http_socket;

struct http_sockets_settings {
    struct guard_limits limits;
    int64_t head_us_max, body_us_max;
    void (*tick)(void *context, int64_t now); /* on a thread of its own; NULL: none */
    void *context;
};

void http_sockets_free(struct http_sockets *sockets); /* after the last http_socket_free */
struct http_sockets *http_sockets_new(const struct http_sockets_settings *settings,
                                      struct problem *problem) OWNED_BY(http_sockets_free);

struct http_sockets_counters {
    uint64_t connections; /* now open */
    uint64_t malformed, slow;
};
void http_sockets_counters(struct http_sockets *sockets, struct http_sockets_counters *counters);

/* Must be called before FD is closed. */
void http_socket_free(struct http_socket *socket);
/* NULL if the program may not have that many files open. FD stays the caller's. */
struct http_socket *http_socket_new(struct http_sockets *sockets, int fd,
                                    const struct sockaddr *client) OWNED_BY(http_socket_free);
struct text http_socket_address(const struct http_socket *socket); /* "192.0.2.7" or "unix" */

/* The library has read the next head: true if the guard saw it end, too. */
MUST_CHECK bool http_socket_head_agrees(struct http_socket *socket);
/* The library has read that request's body: true if the guard saw as many bytes and its end. */
MUST_CHECK bool http_socket_body_agrees(struct http_socket *socket, size_t length);
/* Answers the request that the library is reading, and ends the connection. */
void http_socket_refuse(struct http_socket *socket, enum problem_code code, const char *detail);
/* The answer to the oldest request was written, or never will be. */
void http_socket_answered(struct http_socket *socket);
