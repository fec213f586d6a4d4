#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/time.h"

struct connection {
    int socket;
    struct buffer out, in;
    int64_t sent_at;
    bool finished;
};

struct load {
    const struct load_script *script;
    struct connection *connections;
    size_t count, open;
    int64_t *latencies;
    size_t latency_count, latency_capacity;
};

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "bench: %s (%s)\n", what, strerror(errno));
    exit(1);
}

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        give_up("cannot connect to the server");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

void load_request(struct buffer *out, const char *method, const char *path, const char *key,
                  struct text body)
{
    buffer_format(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", method, path);
    if (key != NULL)
        buffer_format(out, "Authorization: Bearer %s\r\n", key);
    if (strcmp(method, "GET") != 0)
        buffer_format(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                      body.length);
    buffer_string(out, "\r\n");
    buffer_text(out, body);
}

static size_t content_length(struct text head)
{
    static const char name[] = "content-length:";
    while (head.length > 0) {
        struct text line = text_cut(&head, '\n');
        if (line.length > sizeof name && strncasecmp(line.bytes, name, sizeof name - 1) == 0)
            return strtoul(line.bytes + sizeof name - 1, NULL, 10);
    }
    return 0;
}

/* True when IN holds a whole answer, which is then taken apart. */
static bool take_answer(const struct buffer *in, struct load_answer *answer)
{
    const char *end = in->length == 0 ? NULL : memmem(in->bytes, in->length, "\r\n\r\n", 4);
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - in->bytes) + 4;
    size_t length = content_length((struct text){in->bytes, head});
    if (in->length < head + length)
        return false;
    if (in->length > head + length || in->length < 12)
        give_up("the server sent more than it was asked for");
    answer->status = (unsigned)strtoul(in->bytes + 9, NULL, 10);
    answer->body = (struct text){in->bytes + head, length};
    return true;
}

static void send_all(int fd, struct text bytes)
{
    while (bytes.length > 0) {
        ssize_t sent = send(fd, bytes.bytes, bytes.length, MSG_NOSIGNAL);
        if (sent <= 0)
            give_up("cannot send");
        bytes = text_slice(bytes, (size_t)sent, bytes.length);
    }
}

static void receive_some(struct connection *connection)
{
    buffer_reserve(&connection->in, 16384);
    ssize_t got = recv(connection->socket, connection->in.bytes + connection->in.length, 16384, 0);
    if (got <= 0)
        give_up("the server closed a connection");
    connection->in.length += (size_t)got;
}

static void start_request(struct load *load, size_t index)
{
    struct connection *connection = &load->connections[index];
    buffer_clear(&connection->out);
    buffer_clear(&connection->in);
    if (!load->script->next(load->script->context, index, &connection->out)) {
        connection->finished = true;
        load->open--;
        return;
    }
    connection->sent_at = time_monotonic();
    send_all(connection->socket, buffer_view(&connection->out));
}

static void keep_latency(struct load *load, int64_t latency_us)
{
    if (load->latency_count == load->latency_capacity) {
        load->latency_capacity = load->latency_capacity == 0 ? 65536 : load->latency_capacity * 2;
        load->latencies =
            realloc(load->latencies, load->latency_capacity * sizeof *load->latencies);
        MUST(load->latencies != NULL);
    }
    load->latencies[load->latency_count++] = latency_us;
}

static void on_readable(struct load *load, size_t index)
{
    struct connection *connection = &load->connections[index];
    struct load_answer answer;
    receive_some(connection);
    if (!take_answer(&connection->in, &answer))
        return;
    keep_latency(load, time_monotonic() - connection->sent_at);
    load->script->answered(load->script->context, index, &answer);
    start_request(load, index);
}

static int compare_latencies(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void fill_report(struct load *load, int64_t began, struct load_report *report)
{
    size_t count = load->latency_count;
    report->elapsed_us = time_monotonic() - began;
    report->requests = count;
    if (count == 0)
        give_up("nothing was asked");
    qsort(load->latencies, count, sizeof *load->latencies, compare_latencies);
    report->p50_us = load->latencies[count / 2];
    report->p99_us = load->latencies[count - 1 - count / 100];
    report->max_us = load->latencies[count - 1];
}

static void load_open(struct load *load, const unsigned *ports, size_t port_count, int poll)
{
    for (size_t i = 0; i < load->count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = i}};
        load->connections[i].socket = connect_to(ports[i % port_count]);
        if (epoll_ctl(poll, EPOLL_CTL_ADD, load->connections[i].socket, &event) != 0)
            give_up("epoll");
    }
}

static void load_close(struct load *load)
{
    for (size_t i = 0; i < load->count; i++) {
        close(load->connections[i].socket);
        buffer_done(&load->connections[i].in);
        buffer_done(&load->connections[i].out);
    }
    free(load->connections);
    free(load->latencies);
}

void load_run(const unsigned *ports, size_t port_count, size_t connections,
              const struct load_script *script, struct load_report *report)
{
    struct load load = {.script = script, .count = connections, .open = connections};
    struct epoll_event events[64];
    int poll = epoll_create1(0);
    load.connections = calloc(connections, sizeof *load.connections);
    MUST(load.connections != NULL && poll >= 0);
    load_open(&load, ports, port_count, poll);
    int64_t began = time_monotonic();
    for (size_t i = 0; i < connections; i++)
        start_request(&load, i);
    while (load.open > 0) {
        int ready = epoll_pwait(poll, events, COUNT_OF(events), 60000, NULL);
        if (ready == 0)
            give_up("the server did not answer within a minute");
        for (int i = 0; i < ready; i++)
            on_readable(&load, (size_t)events[i].data.u64);
    }
    fill_report(&load, began, report);
    load_close(&load);
    close(poll);
}

unsigned load_once(unsigned port, const char *method, const char *path, const char *key,
                   struct text body, struct buffer *answer)
{
    struct connection connection = {.socket = connect_to(port)};
    struct load_answer taken;
    load_request(&connection.out, method, path, key, body);
    send_all(connection.socket, buffer_view(&connection.out));
    do
        receive_some(&connection);
    while (!take_answer(&connection.in, &taken));
    buffer_clear(answer);
    buffer_text(answer, taken.body);
    buffer_done(&connection.in);
    buffer_done(&connection.out);
    close(connection.socket);
    return taken.status;
}

double load_rate(const struct load_report *report)
{
    return (double)report->requests * 1e6 / (double)report->elapsed_us;
}
