#include "cmd/witness_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"

#define FORMAT "counterfoil-witness-state/1"
#define FILE_BYTES_MAX ((size_t)64 * 1024)

struct entry {
    char origin[CHECKPOINT_ORIGIN_MAX + 1];
    struct witness_state state;
};

struct witness_records {
    char path[4096];
    int lock;
    size_t count;
    struct entry entries[WITNESS_LOGS_MAX];
};

static struct entry *find(struct witness_records *records, struct text origin)
{
    for (size_t i = 0; i < records->count; i++)
        if (text_is(origin, records->entries[i].origin))
            return &records->entries[i];
    return NULL;
}

static struct entry *add(struct witness_records *records, struct text origin)
{
    if (records->count == WITNESS_LOGS_MAX || origin.length > CHECKPOINT_ORIGIN_MAX)
        return NULL;
    struct entry *entry = &records->entries[records->count++];
    *entry = (struct entry){0};
    memcpy(entry->origin, origin.bytes, origin.length);
    return entry;
}

static bool parse_line(struct witness_records *records, struct text line)
{
    size_t length;
    struct text origin = text_cut(&line, ' ');
    struct text size = text_cut(&line, ' ');
    if (!note_name_valid(origin) || find(records, origin) != NULL)
        return false;
    struct entry *entry = add(records, origin);
    if (entry == NULL)
        return false;
    entry->state.exists = true;
    return text_to_u64(size, MERKLE_SIZE_MAX, &entry->state.size) &&
           base64_decode(line, entry->state.root.bytes, DIGEST_BYTES, &length) &&
           length == DIGEST_BYTES;
}

static bool parse(struct witness_records *records, struct text file, struct problem *problem)
{
    bool ok = file.length > 0 && file.bytes[file.length - 1] == '\n' &&
              text_is(text_cut(&file, '\n'), FORMAT);
    while (ok && file.length > 0)
        ok = parse_line(records, text_cut(&file, '\n'));
    return ok || problem_set(problem, PROBLEM_FILE_FAILED,
                             "%s is damaged: restore it, or the witness could cosign a fork",
                             records->path);
}

static bool write_file(const struct witness_records *records, struct problem *problem)
{
    struct buffer file;
    buffer_init(&file);
    buffer_string(&file, FORMAT "\n");
    for (size_t i = 0; i < records->count; i++) {
        const struct entry *entry = &records->entries[i];
        buffer_format(&file, "%s %llu ", entry->origin, (unsigned long long)entry->state.size);
        base64_add(&file, entry->state.root.bytes, DIGEST_BYTES);
        buffer_char(&file, '\n');
    }
    bool ok = file_replace(records->path, buffer_view(&file), 0644, problem);
    buffer_done(&file);
    return ok;
}

static bool lock_file(struct witness_records *records, struct problem *problem)
{
    char path[4096 + 8];
    snprintf(path, sizeof path, "%s.lock", records->path);
    records->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (records->lock < 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "opening %s: %s", path, strerror(errno));
    if (flock(records->lock, LOCK_EX | LOCK_NB) != 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "another witness uses %s", records->path);
    return true;
}

static bool read_file(struct witness_records *records, struct problem *problem)
{
    struct buffer file;
    if (access(records->path, F_OK) != 0 && errno == ENOENT)
        return write_file(records, problem);
    buffer_init(&file);
    bool ok = file_read(records->path, FILE_BYTES_MAX, &file, problem) &&
              parse(records, buffer_view(&file), problem);
    buffer_done(&file);
    return ok;
}

static void dispose(struct witness_records *records)
{
    if (records->lock >= 0)
        close(records->lock);
    free(records);
}

struct witness_records *witness_records_new(const char *path, struct problem *problem)
{
    struct witness_records *records = calloc(1, sizeof *records);
    MUST(records != NULL);
    records->lock = -1;
    size_t length = strlen(path);
    bool fits = length < sizeof records->path;
    if (fits)
        memcpy(records->path, path, length);
    else
        problem_set(problem, PROBLEM_FILE_FAILED, "the path of the state file is too long");
    if (fits && lock_file(records, problem) && read_file(records, problem))
        return records;
    dispose(records);
    return NULL;
}

void witness_records_free(struct witness_records *records)
{
    if (records != NULL)
        dispose(records);
}

struct witness_state witness_records_find(const struct witness_records *records, struct text origin)
{
    for (size_t i = 0; i < records->count; i++)
        if (text_is(origin, records->entries[i].origin))
            return records->entries[i].state;
    return (struct witness_state){0};
}

bool witness_records_set(struct witness_records *records, struct text origin,
                         const struct witness_state *state, struct problem *problem)
{
    struct entry *entry = find(records, origin);
    size_t count = records->count;
    if (entry == NULL)
        entry = add(records, origin);
    if (entry == NULL)
        return problem_set(problem, PROBLEM_FILE_FAILED, "no place for another log");
    struct witness_state before = entry->state;
    entry->state = *state;
    if (write_file(records, problem))
        return true;
    entry->state = before;
    records->count = count;
    return false;
}
