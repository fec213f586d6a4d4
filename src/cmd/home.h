/*
 * The data folder: the store, the keys and the settings of one server.
 *
 *     counterfoil.db       the store (and its -wal, -shm, .lock)
 *     counterfoil.conf     settings
 *     signer.key           the keys that only the signer reads, 0600
 *     log.vkey             the transparency log's verifier key, for everybody
 *     operator.key         an API key of role operator, for this program's own commands, 0600
 *     address              where the running server listens (and its .lock, while it does)
 */
#pragma once

#include "base/problem.h"

#define HOME_PATH_BYTES 4096
#define HOME_LINE_BYTES_MAX ((size_t)4096)

#define HOME_CONFIG "counterfoil.conf"
#define HOME_SIGNER_KEY "signer.key"
#define HOME_VERIFIER_KEY "log.vkey"
#define HOME_OPERATOR_KEY "operator.key"
#define HOME_ADDRESS "address"
#define HOME_WELCOME "welcome.txt"

/* FOLDER as `data` allows it always fits. */
void home_path(const char *folder, const char *name, char path[HOME_PATH_BYTES]);
/* Makes the folder, keys and settings; SETTINGS are further lines. FOLDER must not exist, or be
   empty. */
MUST_CHECK bool home_create(const char *folder, const char *origin, struct text settings,
                            struct problem *problem);
/* A file of one line, without its end. LINE ends in NUL. */
MUST_CHECK bool home_read_line(const char *folder, const char *name, char line[HOME_LINE_BYTES_MAX],
                               struct problem *problem);
MUST_CHECK bool home_write_line(const char *folder, const char *name, const char *line, bool secret,
                                struct problem *problem);
