/*
 * A file system for SQLite that remembers what was synced, so that the power can fail at any
 * moment, and in which operations fail when they are told to.
 *
 * It wraps the usual sqlite3_vfs under the name "lossy". Not safe between threads.
 */
#pragma once

#include "base/compiler.h"

enum lossy_operation { LOSSY_WRITE, LOSSY_SYNC };

void lossy_register(void);
void lossy_forget(void); /* all files and orders; nothing may be open */
/* Called before each write, truncation, sync and deletion of a database's files. */
void lossy_watch(void (*watch)(void *context), void *context);
/* The next operations of this kind that touch a path with this ending: SKIP go well, then all
 * fail with CODE until 0 is given as CODE. */
void lossy_fail(enum lossy_operation operation, const char *ending, size_t skip, int code);
/*
 * What a disk may hold if the power fails now: all that was synced, and of the rest a part that
 * SEED chooses, in sectors and in any order. Written as files of the same names into FOLDER.
 */
void lossy_power_fails(const char *folder, uint64_t seed);
