#include "net/rules.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/file.h"

#define FILES_MAX 64
#define FILE_BYTES_MAX (16u << 20)
#define IDLE_MAX 8 /* workers that wait for the next message */

void rule_files_done(struct rule_files *files)
{
    for (size_t i = 0; files->names != NULL && i < files->count; i++) {
        buffer_done(&files->contents[i]);
        free(files->names[i]);
    }
    free(files->contents);
    free(files->names);
    free(files->sources);
    *files = (struct rule_files){0};
}

static void read_embedded(struct rule_files *files)
{
    for (const struct embedded_file *file = embedded_rules; file->path != NULL; file++) {
        MUST(files->count < FILES_MAX);
        files->sources[files->count++] =
            (struct policy_source){text_of(file->path), {(const char *)file->bytes, file->length}};
    }
}

static int is_rule_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    const char *end = length > 6 ? entry->d_name + length - 6 : "";
    return strcmp(end, ".rules") == 0 || strcmp(end, ".model") == 0;
}

static bool read_one(struct rule_files *files, const char *folder, const char *name,
                     struct problem *problem)
{
    struct buffer path;
    size_t index = files->count;
    if (index == FILES_MAX)
        return problem_set(problem, PROBLEM_RULES_INVALID, "%s holds more than %d rule files",
                           folder, FILES_MAX);
    buffer_init(&path);
    buffer_format(&path, "%s/%s", folder, name);
    files->names[index] = buffer_release(&path);
    buffer_init(&files->contents[index]);
    files->count++;
    if (!file_read(files->names[index], FILE_BYTES_MAX, &files->contents[index], problem))
        return false;
    files->sources[index] =
        (struct policy_source){text_of(files->names[index]), buffer_view(&files->contents[index])};
    return true;
}

static bool read_folder(struct rule_files *files, const char *folder, struct problem *problem)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_rule_file, alphasort);
    bool done = true;
    if (count < 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "reading the folder %s: %s", folder,
                           strerror(errno));
    for (int i = 0; i < count; i++) {
        done = done && read_one(files, folder, entries[i]->d_name, problem);
        free(entries[i]);
    }
    free(entries);
    if (done && count == 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "%s holds no file *.rules", folder);
    return done;
}

bool rule_files_read(struct rule_files *files, const char *folder, struct problem *problem)
{
    *files = (struct rule_files){0};
    files->sources = calloc(FILES_MAX, sizeof *files->sources);
    files->contents = calloc(FILES_MAX, sizeof *files->contents);
    files->names = calloc(FILES_MAX, sizeof *files->names);
    MUST(files->sources != NULL && files->contents != NULL && files->names != NULL);
    if (folder == NULL) {
        read_embedded(files);
        return true;
    }
    if (read_folder(files, folder, problem))
        return true;
    rule_files_done(files);
    return false;
}

struct rules {
    char *folder;
    pthread_mutex_t lock;
    struct policy *policy;
    struct policy_worker *idle[IDLE_MAX];
    size_t idle_count;
};

static struct policy *load(const char *folder, struct problem *problem)
{
    struct rule_files files;
    if (!rule_files_read(&files, folder, problem))
        return NULL;
    /* Of those that were built in, the examples were judged when they were. */
    struct policy *policy = folder == NULL
                                ? policy_new_untested(files.sources, files.count, problem)
                                : policy_new(files.sources, files.count, problem);
    rule_files_done(&files);
    return policy;
}

static void end_idle(struct rules *rules)
{
    while (rules->idle_count > 0)
        policy_worker_free(rules->idle[--rules->idle_count]);
}

void rules_free(struct rules *rules)
{
    if (rules == NULL)
        return;
    end_idle(rules);
    policy_free(rules->policy);
    pthread_mutex_destroy(&rules->lock);
    free(rules->folder);
    free(rules);
}

struct rules *rules_new(const char *folder, struct problem *problem)
{
    struct policy *policy = load(folder, problem);
    if (policy == NULL)
        return NULL;
    struct rules *rules = calloc(1, sizeof *rules);
    MUST(rules != NULL && pthread_mutex_init(&rules->lock, NULL) == 0);
    rules->folder = folder != NULL ? strdup(folder) : NULL;
    rules->policy = policy;
    return rules;
}

bool rules_reload(struct rules *rules, struct problem *problem)
{
    struct policy *policy = load(rules->folder, problem);
    if (policy == NULL)
        return false;
    pthread_mutex_lock(&rules->lock);
    struct policy *old = rules->policy;
    rules->policy = policy;
    end_idle(rules);
    pthread_mutex_unlock(&rules->lock);
    policy_free(old);
    return true;
}

struct policy_worker *rules_borrow(struct rules *rules)
{
    struct policy_worker *worker = NULL;
    pthread_mutex_lock(&rules->lock);
    struct policy *policy = policy_share(rules->policy);
    if (rules->idle_count > 0)
        worker = rules->idle[--rules->idle_count];
    pthread_mutex_unlock(&rules->lock);
    if (worker == NULL)
        worker = policy_worker_new(policy);
    policy_free(policy);
    return worker;
}

void rules_return(struct rules *rules, struct policy_worker *worker)
{
    pthread_mutex_lock(&rules->lock);
    bool kept = policy_worker_policy(worker) == rules->policy && rules->idle_count < IDLE_MAX;
    if (kept)
        rules->idle[rules->idle_count++] = worker;
    pthread_mutex_unlock(&rules->lock);
    if (!kept)
        policy_worker_free(worker);
}

struct policy *rules_current(struct rules *rules)
{
    pthread_mutex_lock(&rules->lock);
    struct policy *policy = policy_share(rules->policy);
    pthread_mutex_unlock(&rules->lock);
    return policy;
}
