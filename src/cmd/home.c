#include "cmd/home.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/digest.h"
#include "base/file.h"
#include "tlog/note.h"

void home_path(const char *folder, const char *name, char path[HOME_PATH_BYTES])
{
    int length = snprintf(path, HOME_PATH_BYTES, "%s/%s", folder, name);
    MUST(length > 0 && length < HOME_PATH_BYTES);
}

static bool is_empty(const char *folder)
{
    DIR *entries = opendir(folder);
    size_t count = 0;
    if (entries == NULL)
        return false;
    while (readdir(entries) != NULL)
        count++;
    closedir(entries);
    return count == 2; /* itself and its parent */
}

static bool make_folder(const char *folder, struct problem *problem)
{
    if (mkdir(folder, 0700) == 0 || (errno == EEXIST && is_empty(folder)))
        return true;
    if (errno == EEXIST || errno == ENOTDIR)
        return problem_set(problem, PROBLEM_FILE_FAILED,
                           "%s is there already and not an empty folder; nothing was changed",
                           folder);
    return problem_set(problem, PROBLEM_FILE_FAILED, "making %s: %s", folder, strerror(errno));
}

static bool write_file(const char *folder, const char *name, struct buffer *content, mode_t mode,
                       struct problem *problem)
{
    char path[HOME_PATH_BYTES];
    home_path(folder, name, path);
    bool ok = file_create(path, buffer_view(content), mode, problem);
    explicit_bzero(content->bytes, content->capacity);
    buffer_done(content);
    return ok;
}

static bool write_keys(const char *folder, const char *origin, struct problem *problem)
{
    uint8_t seed[ED25519_KEY_BYTES];
    uint8_t master[32];
    struct note_secret secret;
    struct buffer file;
    random_bytes(seed, sizeof seed);
    random_bytes(master, sizeof master);
    if (!note_secret_from_seed(&secret, text_of(origin), NOTE_ED25519, seed, problem))
        return false;
    explicit_bzero(seed, sizeof seed);
    buffer_init(&file);
    buffer_reserve(&file, 1024); /* one block: no copies are left behind */
    note_secret_add(&file, &secret);
    buffer_char(&file, '\n');
    base64_add(&file, master, sizeof master);
    buffer_char(&file, '\n');
    explicit_bzero(master, sizeof master);
    bool ok = write_file(folder, HOME_SIGNER_KEY, &file, 0600, problem);
    buffer_init(&file);
    note_key_add(&file, &secret.key);
    buffer_char(&file, '\n');
    note_secret_done(&secret);
    return write_file(folder, HOME_VERIFIER_KEY, &file, 0644, problem) && ok;
}

static bool write_config(const char *folder, const char *origin, struct text settings,
                         struct problem *problem)
{
    struct buffer file;
    buffer_init(&file);
    buffer_string(&file, "# Settings of this server; `counterfoil config` explains all.\n\n");
    buffer_format(&file, "log.origin = %s\n", origin);
    buffer_text(&file, settings);
    return write_file(folder, HOME_CONFIG, &file, 0644, problem);
}

bool home_create(const char *folder, const char *origin, struct text settings,
                 struct problem *problem)
{
    if (!note_name_valid(text_of(origin)))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "log.origin = %.80s: must be a name without spaces and +, "
                           "like trust.shop.example/log",
                           origin);
    return make_folder(folder, problem) && write_keys(folder, origin, problem) &&
           write_config(folder, origin, settings, problem);
}

bool home_read_line(const char *folder, const char *name, char line[HOME_LINE_BYTES_MAX],
                    struct problem *problem)
{
    char path[HOME_PATH_BYTES];
    struct buffer file;
    home_path(folder, name, path);
    buffer_init(&file);
    if (!file_read(path, HOME_LINE_BYTES_MAX - 1, &file, problem)) {
        buffer_done(&file);
        return false;
    }
    struct text rest = buffer_view(&file);
    struct text first = text_cut(&rest, '\n');
    bool ok = first.length > 0 && rest.length == 0 && memchr(first.bytes, 0, first.length) == NULL;
    if (ok) {
        memcpy(line, first.bytes, first.length);
        line[first.length] = '\0';
    }
    explicit_bzero(file.bytes, file.capacity);
    buffer_done(&file);
    return ok || problem_set(problem, PROBLEM_FILE_FAILED, "%s is not one line", path);
}

bool home_write_line(const char *folder, const char *name, const char *line, bool secret,
                     struct problem *problem)
{
    char path[HOME_PATH_BYTES];
    struct buffer file;
    home_path(folder, name, path);
    buffer_init(&file);
    buffer_format(&file, "%s\n", line);
    bool ok = file_replace(path, buffer_view(&file), secret ? 0600 : 0644, problem);
    explicit_bzero(file.bytes, file.capacity);
    buffer_done(&file);
    return ok;
}
