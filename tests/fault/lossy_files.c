#include "lossy_files.h"

#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES_MAX 8
#define SECTOR_BYTES 512

/* A write, or (BYTES NULL) a truncation to OFFSET, that no sync has followed. */
struct pending {
    size_t offset, length;
    unsigned char *bytes;
};

struct image {
    unsigned char *bytes;
    size_t length;
};

struct tracked {
    char path[PATH_MAX];
    bool exists;
    struct image durable;
    struct pending *pending;
    size_t pending_count;
};

struct lossy_file {
    sqlite3_file base;
    struct tracked *tracked; /* NULL: a file that nobody expects to last */
    sqlite3_file *real;
};

static struct tracked files[FILES_MAX];
static sqlite3_vfs *usual;
static void (*watcher)(void *context);
static void *watcher_context;
static struct {
    enum lossy_operation operation;
    const char *ending;
    size_t skip;
    int code;
} failing;

void lossy_watch(void (*watch)(void *context), void *context)
{
    watcher = watch;
    watcher_context = context;
}

void lossy_fail(enum lossy_operation operation, const char *ending, size_t skip, int code)
{
    failing.operation = operation;
    failing.ending = ending;
    failing.skip = skip;
    failing.code = code;
}

static bool ends_with(const char *path, const char *ending)
{
    size_t length = strlen(path);
    size_t ending_length = strlen(ending);
    return length >= ending_length && strcmp(path + length - ending_length, ending) == 0;
}

/* Before an operation: 0, or the code with which it must fail. */
static int meet(enum lossy_operation operation, const struct tracked *tracked)
{
    if (tracked == NULL)
        return SQLITE_OK;
    if (watcher != NULL)
        watcher(watcher_context);
    if (failing.code == 0 || failing.operation != operation ||
        !ends_with(tracked->path, failing.ending))
        return SQLITE_OK;
    if (failing.skip > 0) {
        failing.skip--;
        return SQLITE_OK;
    }
    return failing.code;
}

static void image_resize(struct image *image, size_t length)
{
    image->bytes = realloc(image->bytes, length + 1);
    MUST(image->bytes != NULL);
    if (length > image->length)
        memset(image->bytes + image->length, 0, length - image->length);
    image->length = length;
}

static void image_write(struct image *image, size_t offset, const unsigned char *bytes,
                        size_t length)
{
    if (offset + length > image->length)
        image_resize(image, offset + length);
    memcpy(image->bytes + offset, bytes, length);
}

static void apply(struct image *image, const struct pending *pending)
{
    if (pending->bytes == NULL)
        image_resize(image, pending->offset);
    else
        image_write(image, pending->offset, pending->bytes, pending->length);
}

static void drop_pending(struct tracked *tracked)
{
    for (size_t i = 0; i < tracked->pending_count; i++)
        free(tracked->pending[i].bytes);
    free(tracked->pending);
    tracked->pending = NULL;
    tracked->pending_count = 0;
}

static void add_pending(struct tracked *tracked, size_t offset, const void *bytes, size_t length)
{
    struct pending pending = {.offset = offset, .length = length};
    if (tracked == NULL)
        return;
    if (bytes != NULL) {
        pending.bytes = malloc(length);
        MUST(pending.bytes != NULL);
        memcpy(pending.bytes, bytes, length);
    }
    tracked->pending =
        realloc(tracked->pending, (tracked->pending_count + 1) * sizeof *tracked->pending);
    MUST(tracked->pending != NULL);
    tracked->pending[tracked->pending_count++] = pending;
}

static void all_is_durable(struct tracked *tracked)
{
    for (size_t i = 0; tracked != NULL && i < tracked->pending_count; i++)
        apply(&tracked->durable, &tracked->pending[i]);
    if (tracked != NULL)
        drop_pending(tracked);
}

static struct tracked *track(const char *path)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        if (files[i].path[0] == '\0')
            snprintf(files[i].path, sizeof files[i].path, "%s", path);
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    MUST(false);
    return NULL;
}

void lossy_forget(void)
{
    for (size_t i = 0; i < FILES_MAX; i++) {
        drop_pending(&files[i]);
        free(files[i].durable.bytes);
        files[i] = (struct tracked){.exists = false};
    }
    watcher = NULL;
    failing.code = 0;
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* Each sector of a write reaches the disk or does not. */
static void apply_part(struct image *image, const struct pending *pending, uint64_t *seed)
{
    if (pending->bytes == NULL) {
        if (next_random(seed) % 2 == 0)
            apply(image, pending);
        return;
    }
    for (size_t at = 0; at < pending->length;) {
        size_t length = SECTOR_BYTES - (pending->offset + at) % SECTOR_BYTES;
        if (length > pending->length - at)
            length = pending->length - at;
        if (next_random(seed) % 2 == 0)
            image_write(image, pending->offset + at, pending->bytes + at, length);
        at += length;
    }
}

static void write_image(const char *folder, const struct tracked *tracked,
                        const struct image *image)
{
    char path[PATH_MAX];
    MUST(snprintf(path, sizeof path, "%s%s", folder, strrchr(tracked->path, '/')) < PATH_MAX);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    MUST(file >= 0);
    MUST(write(file, image->bytes, image->length) == (ssize_t)image->length);
    close(file);
}

void lossy_power_fails(const char *folder, uint64_t seed)
{
    uint64_t kind = next_random(&seed) % 4; /* 0: nothing more, 1: all, else: some */
    for (size_t i = 0; i < FILES_MAX; i++) {
        const struct tracked *tracked = &files[i];
        struct image image = {NULL, 0};
        if (!tracked->exists)
            continue;
        image_resize(&image, 0);
        image_write(&image, 0, tracked->durable.bytes, tracked->durable.length);
        for (size_t j = 0; kind != 0 && j < tracked->pending_count; j++) {
            if (kind == 1)
                apply(&image, &tracked->pending[j]);
            else
                apply_part(&image, &tracked->pending[j], &seed);
        }
        write_image(folder, tracked, &image);
        free(image.bytes);
    }
}

/* The methods of an open file. */

#define FILE_OF(file) ((struct lossy_file *)(file))
#define REAL(file) (FILE_OF(file)->real)
#define METHODS(file) (REAL(file)->pMethods)

static int file_close(sqlite3_file *file)
{
    return METHODS(file)->xClose(REAL(file));
}

static int file_read(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
    return METHODS(file)->xRead(REAL(file), bytes, length, offset);
}

static int file_write(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
    int code = meet(LOSSY_WRITE, FILE_OF(file)->tracked);
    if (code != SQLITE_OK)
        return code;
    add_pending(FILE_OF(file)->tracked, (size_t)offset, bytes, (size_t)length);
    return METHODS(file)->xWrite(REAL(file), bytes, length, offset);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 length)
{
    int code = meet(LOSSY_WRITE, FILE_OF(file)->tracked);
    if (code != SQLITE_OK)
        return code;
    add_pending(FILE_OF(file)->tracked, (size_t)length, NULL, 0);
    return METHODS(file)->xTruncate(REAL(file), length);
}

static int file_sync(sqlite3_file *file, int flags)
{
    int code = meet(LOSSY_SYNC, FILE_OF(file)->tracked);
    (void)flags; /* the real one would only cost time: nothing here outlives the process */
    if (code == SQLITE_OK)
        all_is_durable(FILE_OF(file)->tracked);
    return code;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return METHODS(file)->xFileSize(REAL(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return METHODS(file)->xLock(REAL(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return METHODS(file)->xUnlock(REAL(file), lock);
}

static int file_check_lock(sqlite3_file *file, int *held)
{
    return METHODS(file)->xCheckReservedLock(REAL(file), held);
}

static int file_control(sqlite3_file *file, int operation, void *argument)
{
    return METHODS(file)->xFileControl(REAL(file), operation, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return METHODS(file)->xSectorSize(REAL(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return METHODS(file)->xDeviceCharacteristics(REAL(file));
}

static int file_shm_map(sqlite3_file *file, int page, int bytes, int extend, void volatile **at)
{
    return METHODS(file)->xShmMap(REAL(file), page, bytes, extend, at);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return METHODS(file)->xShmLock(REAL(file), offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    METHODS(file)->xShmBarrier(REAL(file));
}

static int file_shm_unmap(sqlite3_file *file, int delete)
{
    return METHODS(file)->xShmUnmap(REAL(file), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int lossy_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags,
                      int *flags_out)
{
    struct lossy_file *file = FILE_OF(base);
    (void)vfs;
    *file = (struct lossy_file){.real = (sqlite3_file *)(file + 1)};
    int code = usual->xOpen(usual, path, file->real, flags, flags_out);
    if (file->real->pMethods != NULL)
        base->pMethods = &methods;
    if (code == SQLITE_OK && path != NULL &&
        (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0) {
        file->tracked = track(path);
        file->tracked->exists = true;
    }
    return code;
}

static int lossy_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    struct tracked *tracked = track(path);
    (void)vfs;
    int code = meet(LOSSY_WRITE, tracked);
    if (code != SQLITE_OK)
        return code;
    drop_pending(tracked);
    image_resize(&tracked->durable, 0);
    tracked->exists = false;
    return usual->xDelete(usual, path, sync_folder);
}

void lossy_register(void)
{
    static sqlite3_vfs vfs;
    MUST(sqlite3_initialize() == SQLITE_OK);
    usual = sqlite3_vfs_find(NULL);
    MUST(usual != NULL);
    vfs = *usual;
    vfs.zName = "lossy";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct lossy_file) + usual->szOsFile;
    vfs.xOpen = lossy_open;
    vfs.xDelete = lossy_delete;
    MUST(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
}
