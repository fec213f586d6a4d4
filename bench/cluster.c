#include "cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

static const char tool[] = BENCH_TOOLS "/postgres.sh";

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "bench: %s (%s)\n", what, strerror(errno));
    exit(1);
}

/* In a session of its own: Ctrl-C is for the benchmark, whose end it waits for. */
_Noreturn static void keep(const char *folder, int alive)
{
    char byte;
    setsid();
    while (read(alive, &byte, 1) < 0 && errno == EINTR)
        continue;
    dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    execl(tool, tool, "remove", folder, (char *)NULL);
    _exit(127);
}

static void start_keeper(struct bench_cluster *cluster)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("pipe");
    cluster->keeper = fork();
    if (cluster->keeper < 0)
        give_up("fork");
    if (cluster->keeper == 0) {
        close(ends[1]);
        keep(cluster->folder, ends[0]);
    }
    close(ends[0]);
    cluster->alive = ends[1];
}

static void read_server(struct bench_cluster *cluster)
{
    char path[128];
    snprintf(path, sizeof path, "%s/data/postmaster.pid", cluster->folder);
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%d", &cluster->server) != 1)
        give_up(path);
    fclose(file);
}

void cluster_start(struct bench_cluster *cluster)
{
    char *arguments[] = {(char *)(uintptr_t)tool, (char *)(uintptr_t) "start", cluster->folder,
                         NULL};
    pid_t process;
    int status;
    snprintf(cluster->folder, sizeof cluster->folder, "/var/tmp/counterfoil-cluster-XXXXXX");
    if (mkdtemp(cluster->folder) == NULL)
        give_up(cluster->folder);
    start_keeper(cluster);
    FILE *output = process_start(tool, arguments, &process);
    bool printed = fgets(cluster->url, sizeof cluster->url, output) != NULL;
    fclose(output);
    if (waitpid(process, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
        !printed)
        give_up("the cluster did not start");
    cluster->url[strcspn(cluster->url, "\n")] = '\0';
    read_server(cluster);
}

void cluster_remove(struct bench_cluster *cluster)
{
    int status;
    close(cluster->alive);
    if (waitpid(cluster->keeper, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        give_up("the cluster was not removed");
}
