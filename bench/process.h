/* Programs that the benchmark starts, and what they and others have used. */
#pragma once

#include <stdio.h>
#include <sys/types.h>

/*
 * Starts PROGRAM with its standard output in a pipe, whose other end is returned (fclose). It does
 * not outlive the benchmark. Whatever fails stops the process.
 */
FILE *process_start(const char *program, char *const *arguments, pid_t *process);
/* CPU time so far of a process, its children and those of them that have ended. */
double process_cpu_seconds(pid_t process);
/* Bytes of memory that are its own: the most so far, of the process and its children. */
size_t process_memory_peak(pid_t process);
