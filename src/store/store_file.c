#include "store/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool is_disk_full(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

bool is_forbidden(int error)
{
    return error == EACCES || error == EPERM || error == EROFS;
}

static bool fail_file(const char *doing, const char *path, int error, struct problem *problem)
{
    enum problem_code code = PROBLEM_STORE_FAILED;
    if (is_disk_full(error))
        code = PROBLEM_STORE_FULL;
    else if (is_forbidden(error))
        code = PROBLEM_STORE_READ_ONLY;
    else if (error == EEXIST)
        code = PROBLEM_FILE_FAILED;
    return problem_set(problem, code, "%s %s: %s", doing, path, strerrordesc_np(error));
}

void path_with(char out[PATH_MAX], const char *path, const char *ending)
{
    MUST(strlen(path) + strlen(ending) < PATH_MAX);
    stpcpy(stpcpy(out, path), ending);
}

static bool sync_path(const char *path, int flags, struct problem *problem)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | flags);
    bool synced = file >= 0 && fsync(file) == 0;
    int error = errno;
    if (file >= 0)
        close(file);
    return synced || fail_file("syncing", path, error, problem);
}

/* A new file is durable once its folder's entry is. */
static bool sync_folder_of(const char *path, struct problem *problem)
{
    char *folder = strdup(path);
    MUST(folder != NULL);
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder] = '\0';
    bool synced = sync_path(slash == NULL ? "." : folder, O_DIRECTORY, problem);
    free(folder);
    return synced;
}

bool file_make(const char *path, struct problem *problem)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return fail_file("creating", path, errno, problem);
    close(file);
    return sync_folder_of(path, problem);
}

bool file_sync(const char *path, struct problem *problem)
{
    return sync_path(path, 0, problem) && sync_folder_of(path, problem);
}

bool fail_locked(const char *path, int lock, struct problem *problem)
{
    char holder[24] = "";
    ssize_t length = pread(lock, holder, sizeof holder - 1, 0);
    struct text rest = {holder, length > 0 ? (size_t)length : 0};
    struct text pid = text_cut(&rest, '\n');
    return problem_set(problem, PROBLEM_STORE_LOCKED, "%s is in use%s%.*s", path,
                       pid.length > 0 ? " by process " : " (somebody reads it)", TEXT_ARG(pid));
}

bool lock_for_writing(const char *store_path, int *lock, struct problem *problem)
{
    char path[PATH_MAX];
    char pid[24];
    path_with(path, store_path, ".lock");
    *lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*lock < 0)
        return fail_file("opening", path, errno, problem);
    if (flock(*lock, LOCK_EX | LOCK_NB) != 0) {
        int error = errno;
        return error == EWOULDBLOCK ? fail_locked(store_path, *lock, problem)
                                    : fail_file("locking", path, error, problem);
    }
    int length = snprintf(pid, sizeof pid, "%" PRId64 "\n", (int64_t)getpid());
    if (ftruncate(*lock, 0) != 0 || pwrite(*lock, pid, (size_t)length, 0) != length)
        return fail_file("writing", path, errno, problem);
    return true;
}

void lock_for_reading(const char *store_path, int *lock, bool *written)
{
    char path[PATH_MAX];
    path_with(path, store_path, ".lock");
    *lock = open(path, O_RDONLY | O_CLOEXEC);
    *written = *lock >= 0 && flock(*lock, LOCK_SH | LOCK_NB) != 0;
}

void lock_release(int lock, bool writing)
{
    if (lock < 0)
        return;
    /* Whoever finds it locked next must not be told of us; a pid left behind does no more harm. */
    if (writing)
        (void)!ftruncate(lock, 0);
    close(lock);
}
