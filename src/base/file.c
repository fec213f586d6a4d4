#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(struct problem *problem, const char *doing, const char *path)
{
    return problem_set(problem, PROBLEM_FILE_FAILED, "%s %s: %s", doing, path, strerror(errno));
}

bool file_read_open(int descriptor, const char *name, size_t bytes_max, struct buffer *out,
                    struct problem *problem)
{
    size_t start = out->length;
    for (;;) {
        buffer_reserve(out, 4096);
        ssize_t got = read(descriptor, out->bytes + out->length, 4096);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return failed(problem, "reading", name);
        if (got == 0)
            return true;
        out->length += (size_t)got;
        if (out->length - start > bytes_max)
            return problem_set(problem, PROBLEM_FILE_FAILED, "%s is longer than %zu bytes", name,
                               bytes_max);
    }
}

bool file_read(const char *path, size_t bytes_max, struct buffer *out, struct problem *problem)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return failed(problem, "opening", path);
    bool ok = file_read_open(descriptor, path, bytes_max, out, problem);
    close(descriptor);
    return ok;
}

static bool write_all(int descriptor, struct text rest)
{
    while (rest.length > 0) {
        ssize_t written = write(descriptor, rest.bytes, rest.length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        rest = text_slice(rest, (size_t)written, rest.length);
    }
    return true;
}

/* A new name is durable only once its folder is. */
static bool sync_folder(const char *path, struct problem *problem)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    int length = slash == NULL
                     ? snprintf(folder, sizeof folder, ".")
                     : snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    if (length < 0 || (size_t)length >= sizeof folder)
        return problem_set(problem, PROBLEM_FILE_FAILED, "the path is too long: %.200s…", path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = descriptor >= 0 && fsync(descriptor) == 0;
    if (!ok)
        failed(problem, "making durable", folder);
    if (descriptor >= 0)
        close(descriptor);
    return ok;
}

static bool write_new(const char *path, struct text content, mode_t mode, struct problem *problem)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0)
        return failed(problem, "creating", path);
    bool ok =
        write_all(descriptor, content) && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0;
    if (!ok)
        failed(problem, "writing", path);
    if (close(descriptor) != 0 && ok)
        ok = failed(problem, "closing", path);
    if (!ok)
        unlink(path);
    return ok;
}

bool file_create(const char *path, struct text content, mode_t mode, struct problem *problem)
{
    return write_new(path, content, mode, problem) && sync_folder(path, problem);
}

bool file_replace(const char *path, struct text content, mode_t mode, struct problem *problem)
{
    char beside[4096];
    int length = snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof beside)
        return problem_set(problem, PROBLEM_FILE_FAILED, "the path is too long: %.200s…", path);
    if (!write_new(beside, content, mode, problem))
        return false;
    if (rename(beside, path) != 0) {
        failed(problem, "replacing", path);
        unlink(beside);
        return false;
    }
    return sync_folder(path, problem);
}
