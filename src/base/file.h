/*
 * Files that are read and written whole: keys, configuration, state of a few hundred bytes.
 * Failures are PROBLEM_FILE_FAILED and name the path.
 */
#pragma once

#include <sys/types.h>

#include "base/problem.h"

/* Adds the file's bytes to OUT; a file longer than BYTES_MAX is refused. */
MUST_CHECK bool file_read(const char *path, size_t bytes_max, struct buffer *out,
                          struct problem *problem);
/* The same of an open descriptor, from where it stands; NAME is for the problem. */
MUST_CHECK bool file_read_open(int descriptor, const char *name, size_t bytes_max,
                               struct buffer *out, struct problem *problem);
/*
 * Writes a file so that at any moment, also after a power failure, either the old or the new
 * content stands under PATH: beside it, fsync, rename, fsync of the folder.
 */
MUST_CHECK bool file_replace(const char *path, struct text content, mode_t mode,
                             struct problem *problem);
/* Writes a new file, as durable; one that is there already is an error. */
MUST_CHECK bool file_create(const char *path, struct text content, mode_t mode,
                            struct problem *problem);
