/*
 * The files of a store that is one file: made, locked and synced as durability asks for.
 *
 * The lock is a flock on "PATH.lock", which ends with its process; the file stays and says which
 * process holds it. Functions answer false with STORE_FULL, STORE_READ_ONLY, STORE_LOCKED,
 * FILE_FAILED (it exists already) or STORE_FAILED.
 */
#pragma once

#include <limits.h>

#include "base/problem.h"

bool is_disk_full(int error);
bool is_forbidden(int error);
void path_with(char out[PATH_MAX], const char *path, const char *ending);
/* Makes an empty file that only its owner may read, durably; it must not exist. */
MUST_CHECK bool file_make(const char *path, struct problem *problem);
/* Syncs the file and its folder's entry. */
MUST_CHECK bool file_sync(const char *path, struct problem *problem);

/* *LOCK is the open lock file, for the caller to release (also when it failed). */
MUST_CHECK bool lock_for_writing(const char *path, int *lock, struct problem *problem);
/* Locks against writers if none is there; *WRITTEN says whether one is. */
void lock_for_reading(const char *path, int *lock, bool *written);
bool fail_locked(const char *path, int lock, struct problem *problem);
void lock_release(int lock, bool writing);
