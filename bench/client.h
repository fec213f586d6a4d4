/*
 * A load client: many keep-alive connections driven by one thread with epoll.
 *
 * Each connection asks its script for the next request, sends it, waits for the answer and gives it
 * back to the script. Latencies are taken per request at the socket.
 */
#pragma once

#include "base/text.h"

struct load_answer {
    unsigned status;
    struct text body;
};

struct load_script {
    /* Appends the next request of connection I to OUT; false: this connection is finished. */
    bool (*next)(void *context, size_t connection, struct buffer *out);
    void (*answered)(void *context, size_t connection, const struct load_answer *answer);
    void *context;
};

struct load_report {
    uint64_t requests;
    int64_t elapsed_us;
    int64_t p50_us, p99_us, max_us;
};

/*
 * Connection I goes to port I, modulo PORT_COUNT. Stops the process, saying why, if a server cannot
 * be reached or answers nonsense.
 */
void load_run(const unsigned *ports, size_t port_count, size_t connections,
              const struct load_script *script, struct load_report *report);
/* A request with its head; BODY may be empty. */
void load_request(struct buffer *out, const char *method, const char *path, const char *key,
                  struct text body);
/* One request on a connection of its own; the body is released with buffer_done. */
unsigned load_once(unsigned port, const char *method, const char *path, const char *key,
                   struct text body, struct buffer *answer);
double load_rate(const struct load_report *report);
