#include "net/http_socket.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"

#define FD_MAX 65536
#define TICK_MS 100
#define LINGER_MAX 256
#define LINGER_US (2 * TIME_SECOND)

struct http_socket {
    struct http_sockets *sockets;
    struct http_socket *next, *previous;
    int fd;
    uint64_t begun; /* heads that the library has read */
    char address[INET6_ADDRSTRLEN];
    bool lingers;

    pthread_mutex_t lock; /* of what follows: the pacemaker looks at it, too */
    struct guard guard;
    bool refused; /* the last answer has been written */
};

struct lingering {
    int fd;
    int64_t until;
};

struct http_sockets {
    struct http_sockets_settings settings;
    pthread_t pacemaker;
    int wake;
    atomic_uint_fast64_t malformed, slow;

    pthread_mutex_t lock; /* of what follows; taken before a socket's own */
    struct http_socket *first;
    uint64_t open;
    struct lingering lingering[LINGER_MAX];
    size_t lingering_count;
    bool stopping;
};

/* A socket is registered before its connection is read from and removed before it is closed. */
static struct http_socket *_Atomic registered[FD_MAX];

/* The name `recv` is the linker's: C sources may see it as an inline function. */
ssize_t http_socket_recv(int fd, void *bytes, size_t size, int flags) __asm__("recv")
    __attribute__((visibility("default"), used));

int http_socket_epoll_wait(int epoll, struct epoll_event *events, int most,
                           int timeout_ms) __asm__("epoll_wait")
    __attribute__((visibility("default"), used));

static struct problem problem_of(enum problem_code code, const char *detail)
{
    struct problem problem;
    problem_clear(&problem);
    problem_set(&problem, code, "%s", detail);
    return problem;
}

static void buffer_date(struct buffer *buffer)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(time_now() / TIME_SECOND);
    struct tm at;
    gmtime_r(&seconds, &at);
    buffer_format(buffer, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n",
                  days + 3 * at.tm_wday, at.tm_mday, months + 3 * at.tm_mon, at.tm_year + 1900,
                  at.tm_hour, at.tm_min, at.tm_sec);
}

static const char *reason_phrase(unsigned status)
{
    switch (status) {
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 431:
        return "Request Header Fields Too Large";
    default:
        return "Bad Request";
    }
}

/* The lock is held. Best effort: whoever breaks the rules does not keep us waiting. */
static void refuse(struct http_socket *socket, enum problem_code code, const char *detail)
{
    char request_id[ID_TEXT_BYTES];
    struct text id = {request_id, id_format("req", id_new(ORG_MARKETPLACE), request_id)};
    struct problem problem = problem_of(code, detail);
    unsigned status = problem_kind(code)->status;
    struct buffer body;
    struct buffer answer;
    buffer_init(&body);
    buffer_init(&answer);
    problem_write(&body, &problem, id);
    buffer_format(&answer, "HTTP/1.1 %u %s\r\n", status, reason_phrase(status));
    buffer_date(&answer);
    buffer_format(&answer,
                  "Connection: close\r\nContent-Type: application/problem+json\r\n"
                  "Content-Length: %zu\r\nRequest-Id: %s\r\nCache-Control: no-store\r\n"
                  "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\r\n",
                  body.length, request_id);
    buffer_text(&answer, buffer_view(&body));
    if (send(socket->fd, answer.bytes, answer.length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_event(LOG_DEBUG, "http.refusal_unsent", "error", strerror(errno), NULL);
    shutdown(socket->fd, SHUT_WR);
    buffer_done(&answer);
    buffer_done(&body);
    socket->refused = socket->lingers = true;
    log_event(LOG_DEBUG, "http.refused", "reason", detail, "client", socket->address, "request_id",
              request_id, NULL);
}

static enum problem_code code_of(enum guard_verdict verdict)
{
    switch (verdict) {
    case GUARD_BODY_TOO_LARGE:
        return PROBLEM_BODY_TOO_LARGE;
    case GUARD_TARGET_TOO_LONG:
        return PROBLEM_URI_TOO_LONG;
    case GUARD_HEAD_TOO_LARGE:
        return PROBLEM_HEADERS_TOO_LARGE;
    case GUARD_SLOW:
        return PROBLEM_REQUEST_TIMEOUT;
    case GUARD_FINE:
    case GUARD_MALFORMED:
        break;
    }
    return PROBLEM_BAD_REQUEST;
}

/* The lock is held. True once the client has its last answer, which must follow all others. */
static bool is_over(struct http_socket *socket)
{
    const struct guard *guard = &socket->guard;
    if (!socket->refused && guard->verdict != GUARD_FINE && guard->answered == guard->requests)
        refuse(socket, code_of(guard->verdict), guard->reason);
    return socket->refused;
}

static ssize_t received(struct http_socket *socket, const void *bytes, size_t length)
{
    pthread_mutex_lock(&socket->lock);
    enum guard_verdict before = socket->guard.verdict;
    ssize_t result = (ssize_t)guard_feed(&socket->guard, bytes, length, time_monotonic());
    if (before == GUARD_FINE && socket->guard.verdict != GUARD_FINE)
        atomic_fetch_add_explicit(&socket->sockets->malformed, 1, memory_order_relaxed);
    if (result == 0 && socket->guard.verdict != GUARD_FINE) {
        errno = is_over(socket) ? ECONNRESET : EAGAIN;
        result = -1;
    }
    pthread_mutex_unlock(&socket->lock);
    return result;
}

ssize_t http_socket_recv(int fd, void *bytes, size_t size, int flags)
{
    struct http_socket *socket = NULL;
    if (fd >= 0 && fd < FD_MAX)
        socket = atomic_load_explicit(&registered[fd], memory_order_acquire);
    ssize_t length = recvfrom(fd, bytes, size, flags, NULL, NULL);
    if (socket == NULL || length <= 0)
        return length;
    return received(socket, bytes, (size_t)length);
}

/*
 * A worker of libmicrohttpd 0.9.75 that got as many events as it takes at once (128) asks for more,
 * with the timeout of before, and only then looks at what it has: with 127 busy connections it
 * slept for a minute over their requests. So the call after a full one does not wait.
 */
int http_socket_epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
    static _Thread_local bool was_full;
    int count = epoll_pwait(epoll, events, most, was_full ? 0 : timeout_ms, NULL);
    was_full = count == most;
    return count;
}

bool http_socket_head_agrees(struct http_socket *socket)
{
    pthread_mutex_lock(&socket->lock);
    bool agrees = !socket->refused && ++socket->begun <= socket->guard.heads;
    pthread_mutex_unlock(&socket->lock);
    return agrees;
}

bool http_socket_body_agrees(struct http_socket *socket, size_t length)
{
    pthread_mutex_lock(&socket->lock);
    const struct guard *guard = &socket->guard;
    bool agrees = !socket->refused && socket->begun <= guard->requests &&
                  guard->body_lengths[(socket->begun - 1) % GUARD_AHEAD_MAX] == length;
    pthread_mutex_unlock(&socket->lock);
    return agrees;
}

void http_socket_refuse(struct http_socket *socket, enum problem_code code, const char *detail)
{
    pthread_mutex_lock(&socket->lock);
    if (!socket->refused)
        refuse(socket, code, detail);
    pthread_mutex_unlock(&socket->lock);
}

void http_socket_answered(struct http_socket *socket)
{
    pthread_mutex_lock(&socket->lock);
    guard_answered(&socket->guard, time_monotonic());
    /* The library waits for bytes that were kept from it: the end of the stream wakes it. */
    if (is_over(socket))
        shutdown(socket->fd, SHUT_RDWR);
    pthread_mutex_unlock(&socket->lock);
}

struct text http_socket_address(const struct http_socket *socket)
{
    return text_of(socket->address);
}

static void wake(struct http_sockets *sockets)
{
    uint64_t one = 1;
    /* EAGAIN means that it is awake. */
    MUST(write(sockets->wake, &one, sizeof one) == sizeof one || errno == EAGAIN);
}

static void format_address(const struct sockaddr *client, char out[INET6_ADDRSTRLEN])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* RFC 4291 §2.5.5.2 */
    const void *bytes = NULL;
    int family = client == NULL ? AF_UNSPEC : client->sa_family;
    if (family == AF_INET) {
        bytes = &((const struct sockaddr_in *)(const void *)client)->sin_addr;
    } else if (family == AF_INET6) {
        const uint8_t *six = ((const struct sockaddr_in6 *)(const void *)client)->sin6_addr.s6_addr;
        bool is_mapped = memcmp(six, mapped, sizeof mapped) == 0;
        family = is_mapped ? AF_INET : AF_INET6;
        bytes = is_mapped ? six + sizeof mapped : six;
    }
    if (bytes == NULL || inet_ntop(family, bytes, out, INET6_ADDRSTRLEN) == NULL)
        memcpy(out, "unix", sizeof "unix");
}

struct http_socket *http_socket_new(struct http_sockets *sockets, int fd,
                                    const struct sockaddr *client)
{
    if (fd < 0 || fd >= FD_MAX)
        return NULL;
    struct http_socket *socket = calloc(1, sizeof *socket);
    MUST(socket != NULL);
    socket->sockets = sockets;
    socket->fd = fd;
    format_address(client, socket->address);
    MUST(pthread_mutex_init(&socket->lock, NULL) == 0);
    guard_init(&socket->guard, &sockets->settings.limits);
    pthread_mutex_lock(&sockets->lock);
    socket->next = sockets->first;
    if (socket->next != NULL)
        socket->next->previous = socket;
    sockets->first = socket;
    bool first = sockets->open++ == 0;
    pthread_mutex_unlock(&sockets->lock);
    if (first)
        wake(sockets);
    atomic_store_explicit(&registered[fd], socket, memory_order_release);
    return socket;
}

/* The list's lock is held. A copy of the descriptor keeps the connection while the client reads. */
static void linger(struct http_sockets *sockets, int fd)
{
    if (sockets->lingering_count == LINGER_MAX)
        return;
    int copy = dup(fd);
    if (copy < 0)
        return; /* no descriptor left: the connection just ends */
    sockets->lingering[sockets->lingering_count++] =
        (struct lingering){copy, time_monotonic() + LINGER_US};
    wake(sockets);
}

void http_socket_free(struct http_socket *socket)
{
    if (socket == NULL)
        return;
    struct http_sockets *sockets = socket->sockets;
    atomic_store_explicit(&registered[socket->fd], NULL, memory_order_release);
    pthread_mutex_lock(&sockets->lock);
    if (socket->next != NULL)
        socket->next->previous = socket->previous;
    if (socket->previous != NULL)
        socket->previous->next = socket->next;
    else
        sockets->first = socket->next;
    sockets->open--;
    if (socket->lingers)
        linger(sockets, socket->fd);
    pthread_mutex_unlock(&sockets->lock);
    pthread_mutex_destroy(&socket->lock);
    free(socket);
}

/* The list's lock is held. */
static void check_paces(struct http_sockets *sockets, int64_t now)
{
    const struct http_sockets_settings *settings = &sockets->settings;
    for (struct http_socket *socket = sockets->first; socket != NULL; socket = socket->next) {
        pthread_mutex_lock(&socket->lock);
        if (guard_check_pace(&socket->guard, settings->head_us_max, settings->body_us_max, now)) {
            atomic_fetch_add_explicit(&sockets->slow, 1, memory_order_relaxed);
            if (is_over(socket))
                shutdown(socket->fd, SHUT_RDWR);
        }
        pthread_mutex_unlock(&socket->lock);
    }
}

/* Throws away what a refused client still sends; true once it has closed the connection. */
static bool has_left(int fd)
{
    char bytes[16384];
    for (int rounds = 0; rounds < 8; rounds++) {
        ssize_t length = recvfrom(fd, bytes, sizeof bytes, MSG_DONTWAIT, NULL, NULL);
        if (length == 0)
            return true;
        if (length < 0)
            return errno != EAGAIN && errno != EINTR;
    }
    return false;
}

/* The list's lock is held. */
static void check_lingering(struct http_sockets *sockets, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < sockets->lingering_count; i++) {
        struct lingering lingering = sockets->lingering[i];
        if (now < lingering.until && !sockets->stopping && !has_left(lingering.fd))
            sockets->lingering[kept++] = lingering;
        else
            close(lingering.fd);
    }
    sockets->lingering_count = kept;
}

/* The list's lock is held. Returns the number of descriptors to wait for. */
static nfds_t list_descriptors(const struct http_sockets *sockets, struct pollfd *descriptors)
{
    descriptors[0] = (struct pollfd){.fd = sockets->wake, .events = POLLIN};
    for (size_t i = 0; i < sockets->lingering_count; i++)
        descriptors[i + 1] = (struct pollfd){.fd = sockets->lingering[i].fd, .events = POLLIN};
    return sockets->lingering_count + 1;
}

static void *run_pacemaker(void *context)
{
    struct http_sockets *sockets = context;
    struct pollfd descriptors[LINGER_MAX + 1];
    int64_t ticked_at = 0;
    for (;;) {
        pthread_mutex_lock(&sockets->lock);
        int64_t now = time_monotonic();
        bool due = now - ticked_at >= TICK_MS * 1000;
        if (due)
            check_paces(sockets, now);
        check_lingering(sockets, now);
        bool stopping = sockets->stopping;
        bool busy = sockets->open > 0 || sockets->lingering_count > 0;
        nfds_t count = list_descriptors(sockets, descriptors);
        pthread_mutex_unlock(&sockets->lock);
        if (stopping)
            return NULL;
        if (due) {
            ticked_at = now;
            if (sockets->settings.tick != NULL)
                sockets->settings.tick(sockets->settings.context, now);
        }
        poll(descriptors, count, busy ? TICK_MS : -1);
        uint64_t ignored;
        if (read(sockets->wake, &ignored, sizeof ignored) < 0)
            MUST(errno == EAGAIN);
    }
}

static bool recv_is_ours(void)
{
    return (uintptr_t)dlsym(RTLD_DEFAULT, "recv") == (uintptr_t)http_socket_recv;
}

struct http_sockets *http_sockets_new(const struct http_sockets_settings *settings,
                                      struct problem *problem)
{
    if (!recv_is_ours()) {
        problem_set(problem, PROBLEM_INTERNAL, "recv() is not guarded in this build");
        return NULL;
    }
    struct http_sockets *sockets = calloc(1, sizeof *sockets);
    MUST(sockets != NULL);
    sockets->settings = *settings;
    MUST(pthread_mutex_init(&sockets->lock, NULL) == 0);
    sockets->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sockets->wake >= 0 &&
        pthread_create(&sockets->pacemaker, NULL, run_pacemaker, sockets) == 0)
        return sockets;
    problem_set(problem, PROBLEM_OVERLOADED, "no thread for the clocks of HTTP connections");
    if (sockets->wake >= 0)
        close(sockets->wake);
    pthread_mutex_destroy(&sockets->lock);
    free(sockets);
    return NULL;
}

void http_sockets_free(struct http_sockets *sockets)
{
    if (sockets == NULL)
        return;
    pthread_mutex_lock(&sockets->lock);
    MUST(sockets->open == 0);
    sockets->stopping = true;
    pthread_mutex_unlock(&sockets->lock);
    wake(sockets);
    pthread_join(sockets->pacemaker, NULL);
    close(sockets->wake);
    pthread_mutex_destroy(&sockets->lock);
    free(sockets);
}

void http_sockets_counters(struct http_sockets *sockets, struct http_sockets_counters *counters)
{
    pthread_mutex_lock(&sockets->lock);
    counters->connections = sockets->open;
    pthread_mutex_unlock(&sockets->lock);
    counters->malformed = atomic_load_explicit(&sockets->malformed, memory_order_relaxed);
    counters->slow = atomic_load_explicit(&sockets->slow, memory_order_relaxed);
}
