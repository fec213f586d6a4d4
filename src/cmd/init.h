/* How a data folder begins: keys, settings, a fresh store with the operator's own key. */
#pragma once

#include "cmd/keys.h"

/*
 * SETTINGS are lines for counterfoil.conf. FOLDER must not exist, or be empty. ORIGIN NULL: a
 * random name, for two servers must never write to logs of the same one.
 */
MUST_CHECK bool init_folder(const char *folder, const char *origin, struct text settings,
                            struct problem *problem);
/* Opens what init_folder made. */
MUST_CHECK bool init_open(const char *folder, struct engine *engine, struct problem *problem);
