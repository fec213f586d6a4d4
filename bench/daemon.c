#include "daemon.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "client.h"
#include "process.h"

#define ARGUMENTS_MAX 24

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "bench: %s (%s)\n", what, strerror(errno));
    exit(1);
}

/* "counterfoil FIRST… --data FOLDER", ended by NULL; `init` names its folder without --data. */
static void fill_arguments(const struct bench_daemon *daemon, const char *const *first,
                           char *arguments[ARGUMENTS_MAX])
{
    size_t count = 0;
    bool names_data = strcmp(*first, "init") != 0;
    arguments[count++] = (char *)(uintptr_t) "counterfoil";
    for (; *first != NULL; first++) {
        MUST(count + 6 < ARGUMENTS_MAX);
        arguments[count++] = (char *)(uintptr_t)*first;
    }
    if (daemon->store != NULL) {
        arguments[count++] = (char *)(uintptr_t) "--store";
        arguments[count++] = (char *)(uintptr_t)daemon->store;
    }
    if (names_data)
        arguments[count++] = (char *)(uintptr_t) "--data";
    arguments[count++] = (char *)(uintptr_t)daemon->folder;
    arguments[count] = NULL;
}

static void read_line(FILE *output, char *line, size_t capacity)
{
    if (fgets(line, (int)capacity, output) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
}

void daemon_ask(const struct bench_daemon *daemon, const char *const *arguments, char *answer,
                size_t capacity)
{
    char *all[ARGUMENTS_MAX];
    char rest[256];
    int status;
    pid_t process;
    fill_arguments(daemon, arguments, all);
    FILE *output = process_start(daemon->program, all, &process);
    read_line(output, answer, capacity);
    while (fgets(rest, sizeof rest, output) != NULL)
        continue;
    fclose(output);
    if (waitpid(process, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up(arguments[0]);
}

static void serve(struct bench_daemon *daemon, const char *const *settings)
{
    const char *first[ARGUMENTS_MAX] = {"serve", "--listen", "127.0.0.1:0"};
    char *all[ARGUMENTS_MAX];
    char line[256];
    size_t count = 3;
    for (; settings != NULL && *settings != NULL; settings++) {
        MUST(count + 6 < ARGUMENTS_MAX);
        first[count++] = "--set";
        first[count++] = *settings;
    }
    fill_arguments(daemon, first, all);
    FILE *output = process_start(daemon->program, all, &daemon->process);
    read_line(output, line, sizeof line);
    const char *port = strrchr(line, ':');
    if (port == NULL || (daemon->port = (unsigned)strtoul(port + 1, NULL, 10)) == 0)
        give_up("the daemon did not start");
    fclose(output);
}

static void make_folder(struct bench_daemon *daemon, const char *program)
{
    const char *parent = getenv("TMPDIR");
    snprintf(daemon->folder, sizeof daemon->folder, "%s/counterfoil-bench-XXXXXX",
             parent == NULL ? "/var/tmp" : parent);
    if (mkdtemp(daemon->folder) == NULL)
        give_up("cannot make a folder");
    daemon->program = program;
}

void daemon_start(struct bench_daemon *daemon, const char *program, const char *const *settings)
{
    if (daemon->folder[0] == '\0') {
        char line[256];
        make_folder(daemon, program);
        daemon_ask(daemon, (const char *const[]){"init", NULL}, line, sizeof line);
    }
    serve(daemon, settings);
}

static void copy_file(const char *from, const char *to)
{
    struct problem problem;
    struct buffer content;
    buffer_init(&content);
    if (!file_read(from, (size_t)1 << 20, &content, &problem) ||
        !file_create(to, buffer_view(&content), 0600, &problem)) {
        fprintf(stderr, "bench: %s\n", problem.detail);
        exit(1);
    }
    buffer_done(&content);
}

void daemon_copy(const struct bench_daemon *first, struct bench_daemon *daemon)
{
    static const char *const names[] = {"counterfoil.conf", "signer.key", "log.vkey",
                                        "operator.key"};
    char from[512];
    char to[512];
    *daemon = (struct bench_daemon){.store = first->store};
    make_folder(daemon, first->program);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(from, sizeof from, "%s/%s", first->folder, names[i]);
        snprintf(to, sizeof to, "%s/%s", daemon->folder, names[i]);
        copy_file(from, to);
    }
}

void daemon_stop(struct bench_daemon *daemon)
{
    int status;
    kill(daemon->process, SIGTERM);
    if (waitpid(daemon->process, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up("the daemon did not stop cleanly");
}

void daemon_remove(struct bench_daemon *daemon)
{
    DIR *folder = opendir(daemon->folder);
    struct dirent *entry;
    char path[512];
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", daemon->folder, entry->d_name);
        unlink(path);
    }
    if (folder != NULL)
        closedir(folder);
    rmdir(daemon->folder);
    daemon->folder[0] = '\0';
}

double daemon_cpu_seconds(const struct bench_daemon *daemon)
{
    return process_cpu_seconds(daemon->process);
}

size_t daemon_memory_peak(const struct bench_daemon *daemon)
{
    return process_memory_peak(daemon->process);
}

uint64_t daemon_counter(const struct bench_daemon *daemon, const char *name)
{
    char start[128];
    struct buffer metrics;
    uint64_t number = 0;
    buffer_init(&metrics);
    snprintf(start, sizeof start, "counterfoil_%s ", name);
    load_once(daemon->port, "GET", "/metrics", NULL, TEXT_NONE, &metrics);
    struct text rest = buffer_view(&metrics);
    while (rest.length > 0) {
        struct text line = text_cut(&rest, '\n');
        if (text_starts(line, start) &&
            !text_to_u64(text_slice(line, strlen(start), line.length), UINT64_MAX, &number))
            give_up(name);
    }
    buffer_done(&metrics);
    return number;
}
