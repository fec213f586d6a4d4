#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/text.h"

_Noreturn static void give_up(const char *what)
{
    fprintf(stderr, "bench: %s (%s)\n", what, strerror(errno));
    exit(1);
}

FILE *process_start(const char *program, char *const *arguments, pid_t *process)
{
    int ends[2];
    if (pipe(ends) != 0)
        give_up("pipe");
    *process = fork();
    if (*process < 0)
        give_up("fork");
    if (*process == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(program, arguments);
        _exit(127);
    }
    close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    MUST(output != NULL);
    return output;
}

static double memory_of(long process)
{
    char path[64];
    char line[256];
    size_t kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%ld/status", process);
    FILE *status = fopen(path, "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmHWM:", 6) == 0)
            kilobytes = strtoul(line + 6, NULL, 10);
    if (status != NULL)
        fclose(status);
    return (double)kilobytes * 1024;
}

/* Calls EACH for a process and its children; the sum of the results. */
static double sum_over_processes(pid_t process, double (*each)(long process))
{
    char path[64];
    long child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)process, (int)process);
    double sum = each(process);
    FILE *children = fopen(path, "r");
    while (children != NULL && fscanf(children, "%ld", &child) == 1)
        sum += each(child);
    if (children != NULL)
        fclose(children);
    return sum;
}

/*
 * proc(5): fields 14 and 15 of stat are user and system time in ticks, 16 and 17 those of children
 * that have ended; the third follows ')'.
 */
static double cpu_of(long process)
{
    char path[64];
    char line[1024];
    double ticks = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *stat = fopen(path, "r");
    if (stat == NULL)
        return 0;
    const char *read = fgets(line, sizeof line, stat);
    struct text rest = text_of(read == NULL ? NULL : strrchr(line, ')'));
    for (unsigned field = 2; field <= 17 && rest.length > 0; field++) {
        uint64_t number = 0;
        struct text word = text_cut(&rest, ' ');
        if (field >= 14 && text_to_u64(word, UINT64_MAX, &number))
            ticks += (double)number;
    }
    fclose(stat);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

double process_cpu_seconds(pid_t process)
{
    return sum_over_processes(process, cpu_of);
}

size_t process_memory_peak(pid_t process)
{
    return (size_t)sum_over_processes(process, memory_of);
}
