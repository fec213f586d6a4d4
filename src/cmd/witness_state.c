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
#define ENTRY_LINE "checkpoint "
#define FILE_BYTES_MAX (64 + WITNESS_LOGS_MAX * (NOTE_BYTES_MAX + 64))

struct entry {
    char origin[CHECKPOINT_ORIGIN_MAX + 1];
    char origin_hash[2 * DIGEST_BYTES + 1];
    struct witness_state state;
    struct buffer note;
};

struct witness_records {
    char path[4096];
    int lock;
    size_t count;
    struct entry entries[WITNESS_LOGS_MAX];
};

static const struct entry *find(const struct witness_records *records, struct text origin)
{
    for (size_t i = 0; i < records->count; i++)
        if (text_is(origin, records->entries[i].origin))
            return &records->entries[i];
    return NULL;
}

static bool entry_init(struct entry *entry, struct text bytes, struct problem *problem)
{
    struct note note;
    struct checkpoint checkpoint;
    if (!note_parse(bytes, &note, problem) || !checkpoint_parse(note.text, &checkpoint, problem))
        return false;
    *entry = (struct entry){.state = {true, checkpoint.size, checkpoint.root}};
    memcpy(entry->origin, checkpoint.origin.bytes, checkpoint.origin.length);
    checkpoint_origin_hash(checkpoint.origin, entry->origin_hash);
    buffer_init(&entry->note);
    buffer_text(&entry->note, bytes);
    return true;
}

static bool parse_entry(struct witness_records *records, struct text *file)
{
    uint64_t length;
    struct entry entry;
    struct problem problem;
    struct text line = text_cut(file, '\n');
    if (records->count == WITNESS_LOGS_MAX || !text_starts(line, ENTRY_LINE) ||
        !text_to_u64(text_slice(line, strlen(ENTRY_LINE), line.length), file->length, &length) ||
        !entry_init(&entry, text_slice(*file, 0, length), &problem))
        return false;
    *file = text_slice(*file, length, file->length);
    bool first = find(records, text_of(entry.origin)) == NULL;
    if (first)
        records->entries[records->count++] = entry;
    else
        buffer_done(&entry.note);
    return first;
}

static bool parse(struct witness_records *records, struct text file, struct problem *problem)
{
    bool ok = file.length > 0 && file.bytes[file.length - 1] == '\n' &&
              text_is(text_cut(&file, '\n'), FORMAT);
    while (ok && file.length > 0)
        ok = parse_entry(records, &file);
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
        struct text note = buffer_view(&records->entries[i].note);
        buffer_string(&file, ENTRY_LINE);
        buffer_u64(&file, note.length);
        buffer_char(&file, '\n');
        buffer_text(&file, note);
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
    for (size_t i = 0; i < records->count; i++)
        buffer_done(&records->entries[i].note);
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
    const struct entry *entry = find(records, origin);
    static const struct witness_state none;
    return entry == NULL ? none : entry->state;
}

struct text witness_records_note(const struct witness_records *records, struct text origin_hash)
{
    for (size_t i = 0; i < records->count; i++)
        if (text_is(origin_hash, records->entries[i].origin_hash))
            return buffer_view(&records->entries[i].note);
    return TEXT_NONE;
}

bool witness_records_set(struct witness_records *records, struct text note, struct problem *problem)
{
    struct entry entry;
    if (!entry_init(&entry, note, problem))
        return false;
    const struct entry *known = find(records, text_of(entry.origin));
    size_t place = known == NULL ? records->count : (size_t)(known - records->entries);
    if (place == WITNESS_LOGS_MAX) {
        buffer_done(&entry.note);
        return problem_set(problem, PROBLEM_FILE_FAILED, "no place for another log");
    }
    struct entry before = records->entries[place];
    records->entries[place] = entry;
    if (known == NULL)
        records->count++;
    bool ok = write_file(records, problem);
    if (ok) {
        buffer_done(&before.note);
    } else {
        buffer_done(&records->entries[place].note);
        records->entries[place] = before;
        records->count -= known == NULL;
    }
    return ok;
}
