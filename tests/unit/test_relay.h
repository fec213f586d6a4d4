/* A relay between a store and its PostgreSQL server, which can lose an answer. */
#pragma once

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "test_postgres.h"

/* Stands between the store and the server; told to, it loses the next answer. */
struct relay {
    char folder[64];
    struct sockaddr_un address, server;
    int listener;
    pthread_t thread;
    atomic_bool stopping, loses;
    size_t count;
    int clients[16], servers[16];
};

static inline int socket_to(const struct sockaddr_un *address)
{
    int handle = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(handle, (const struct sockaddr *)address, sizeof *address), 0);
    return handle;
}

static inline void relay_drop(struct relay *relay, size_t at)
{
    close(relay->clients[at]);
    close(relay->servers[at]);
    relay->count--;
    relay->clients[at] = relay->clients[relay->count];
    relay->servers[at] = relay->servers[relay->count];
}

/* False if an end closed, or the answer was to be lost. */
static inline bool relay_pass(struct relay *relay, size_t at, bool answer)
{
    static char bytes[65536];
    int from = answer ? relay->servers[at] : relay->clients[at];
    int to = answer ? relay->clients[at] : relay->servers[at];
    ssize_t length = recv(from, bytes, sizeof bytes, 0);
    if (length <= 0 || (answer && atomic_exchange(&relay->loses, false)))
        return false;
    return send(to, bytes, (size_t)length, MSG_NOSIGNAL) == length;
}

static inline void relay_turn(struct relay *relay)
{
    struct pollfd ends[33] = {{.fd = relay->listener, .events = POLLIN}};
    size_t count = relay->count;
    for (size_t i = 0; i < count; i++) {
        ends[1 + i * 2] = (struct pollfd){.fd = relay->clients[i], .events = POLLIN};
        ends[2 + i * 2] = (struct pollfd){.fd = relay->servers[i], .events = POLLIN};
    }
    if (poll(ends, 1 + count * 2, 20) <= 0)
        return;
    for (size_t i = count; i-- > 0;)
        if ((ends[1 + i * 2].revents != 0 && !relay_pass(relay, i, false)) ||
            (ends[2 + i * 2].revents != 0 && !relay_pass(relay, i, true)))
            relay_drop(relay, i);
    if (ends[0].revents != 0 && relay->count < COUNT_OF(relay->clients)) {
        relay->clients[relay->count] = accept(relay->listener, NULL, NULL);
        relay->servers[relay->count++] = socket_to(&relay->server);
    }
}

static inline void *relay_run(void *context)
{
    struct relay *relay = context;
    while (!relay->stopping)
        relay_turn(relay);
    while (relay->count > 0)
        relay_drop(relay, 0);
    return NULL;
}

/* The same URL, through the relay: libpq takes the last of several hosts. */
static inline void relay_start(struct relay *relay, const char *direct_url, char url[640])
{
    PGconn *direct = PQconnectdb(test_postgres());
    *relay = (struct relay){.address = {.sun_family = AF_UNIX}, .server = {.sun_family = AF_UNIX}};
    snprintf(relay->folder, sizeof relay->folder, "/tmp/counterfoil-relay-XXXXXX");
    assert_non_null(mkdtemp(relay->folder));
    snprintf(relay->server.sun_path, sizeof relay->server.sun_path, "%s/.s.PGSQL.%s",
             PQhost(direct), PQport(direct));
    snprintf(relay->address.sun_path, sizeof relay->address.sun_path, "%s/.s.PGSQL.%s",
             relay->folder, PQport(direct));
    snprintf(url, 640, "%s&host=%s", direct_url, relay->folder);
    PQfinish(direct);
    relay->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        bind(relay->listener, (struct sockaddr *)&relay->address, sizeof relay->address), 0);
    assert_int_equal(listen(relay->listener, 8), 0);
    assert_int_equal(pthread_create(&relay->thread, NULL, relay_run, relay), 0);
}

static inline void relay_stop(struct relay *relay)
{
    relay->stopping = true;
    pthread_join(relay->thread, NULL);
    close(relay->listener);
    unlink(relay->address.sun_path);
    rmdir(relay->folder);
}
