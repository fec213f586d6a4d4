#include "net/http_listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 1024
#define HOST_BYTES 256
#define SOCKET_FLAGS (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC)

static const char unix_prefix[] = "unix:";

static int failed(const char *address, int fd, const char *what, const char *why,
                  struct problem *problem)
{
    problem_set(problem, PROBLEM_CONFIGURATION, "Listening on %s: %s: %s", address, what, why);
    if (fd >= 0)
        close(fd);
    return -1;
}

static bool is_stale(const struct sockaddr_un *name)
{
    struct stat status;
    if (lstat(name->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode))
        return false;
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    bool refused = fd >= 0 && connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 &&
                   errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return refused;
}

static int listen_unix(const char *address, struct problem *problem)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    const char *path = address + sizeof unix_prefix - 1;
    if (path[0] == '\0' || strlen(path) >= sizeof name.sun_path)
        return failed(address, -1, "path", "it must have 1 to 107 bytes", problem);
    memcpy(name.sun_path, path, strlen(path));
    if (is_stale(&name) && unlink(path) != 0)
        return failed(address, -1, "removing the old socket", strerror(errno), problem);
    int fd = socket(AF_UNIX, SOCKET_FLAGS, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&name, sizeof name) != 0)
        return failed(address, fd, "bind", strerror(errno), problem);
    if (listen(fd, BACKLOG) != 0)
        return failed(address, fd, "listen", strerror(errno), problem);
    return fd;
}

/* Cuts "host:port" or "[host]:port" in two. */
static bool split(const char *address, char host[HOST_BYTES], const char **port)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon == address || colon[1] == '\0' ||
        (size_t)(colon - address) >= HOST_BYTES)
        return false;
    size_t length = (size_t)(colon - address);
    bool bracketed = address[0] == '[' && colon[-1] == ']';
    if (bracketed) {
        address++;
        length -= 2;
    } else if (memchr(address, ':', length) != NULL) {
        return false;
    }
    memcpy(host, address, length);
    host[length] = '\0';
    *port = colon + 1;
    return true;
}

static int listen_at(const char *address, const struct addrinfo *found, struct problem *problem)
{
    int one = 1;
    int fd = socket(found->ai_family, SOCKET_FLAGS, 0);
    if (fd < 0)
        return failed(address, fd, "socket", strerror(errno), problem);
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
        return failed(address, fd, "SO_REUSEADDR", strerror(errno), problem);
    if (bind(fd, found->ai_addr, found->ai_addrlen) != 0)
        return failed(address, fd, "bind", strerror(errno), problem);
    if (listen(fd, BACKLOG) != 0)
        return failed(address, fd, "listen", strerror(errno), problem);
    return fd;
}

int http_listen(const char *address, struct problem *problem)
{
    char host[HOST_BYTES];
    const char *port;
    struct addrinfo *found = NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
    if (strncmp(address, unix_prefix, sizeof unix_prefix - 1) == 0)
        return listen_unix(address, problem);
    if (!split(address, host, &port))
        return failed(address, -1, "address", "it must be host:port or unix:path", problem);
    uint64_t number;
    if (!text_to_u64(text_of(port), 65535, &number))
        return failed(address, -1, "address", "the port must be a number from 0 to 65535", problem);
    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        return failed(address, -1, "address", gai_strerror(error), problem);
    int fd = listen_at(address, found, problem);
    freeaddrinfo(found);
    return fd;
}

unsigned http_listen_port(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
        struct sockaddr_storage storage;
    } name = {0};
    socklen_t length = sizeof name;
    if (getsockname(fd, &name.any, &length) != 0)
        return 0;
    if (name.any.sa_family == AF_INET)
        return ntohs(name.four.sin_port);
    return name.any.sa_family == AF_INET6 ? ntohs(name.six.sin6_port) : 0;
}

void http_listen_unlink(const char *address)
{
    if (strncmp(address, unix_prefix, sizeof unix_prefix - 1) != 0)
        return;
    if (unlink(address + sizeof unix_prefix - 1) != 0)
        log_event(LOG_WARN, "http.socket_file_left", "address", address, "error", strerror(errno),
                  NULL);
}
