/* A daemon of the benchmark's own, in a folder of its own. Whatever fails stops the process. */
#pragma once

#include <sys/types.h>

#include "base/text.h"

struct bench_daemon {
    char folder[64];
    const char *program; /* the counterfoil to measure */
    const char *store;   /* the URL of an empty database, or NULL: a file */
    pid_t process;
    unsigned port;
};

/*
 * Makes the folder, unless the daemon has one, and starts the daemon. SETTINGS: further `--set`
 * arguments, ended by NULL.
 */
void daemon_start(struct bench_daemon *daemon, const char *program, const char *const *settings);
/* A further node of the same store, not started: a folder with the same keys and settings. */
void daemon_copy(const struct bench_daemon *first, struct bench_daemon *daemon);
void daemon_stop(struct bench_daemon *daemon); /* leaves the folder */
void daemon_remove(struct bench_daemon *daemon);
/* Runs `counterfoil ARGUMENTS --data FOLDER`; the first line that it prints. */
void daemon_ask(const struct bench_daemon *daemon, const char *const *arguments, char *answer,
                size_t capacity);
/* Bytes of memory that are its own: the most so far, of the daemon and its signer. */
size_t daemon_memory_peak(const struct bench_daemon *daemon);
/* CPU time so far, of the daemon and its signer. */
double daemon_cpu_seconds(const struct bench_daemon *daemon);
/* One of the counters that it shows under /metrics, named without "counterfoil_". */
uint64_t daemon_counter(const struct bench_daemon *daemon, const char *name);
