/*
 * Listening sockets: "127.0.0.1:8080", "[::1]:8080", "localhost:0", "unix:/run/counterfoil.sock".
 *
 * A socket file that nobody listens on any more is replaced; one in use is not.
 */
#pragma once

#include "base/problem.h"

/* A listening descriptor that does not block, owned by the caller; -1 on failure. */
MUST_CHECK int http_listen(const char *address, struct problem *problem);
unsigned http_listen_port(int fd);            /* 0: not TCP */
void http_listen_unlink(const char *address); /* removes the socket file, if it is one */
