/* A replay (act/replay.h) into a second store in a folder that is made for it and removed again. */
#pragma once

#include "act/replay.h"
#include "cmd/command.h"

/* Differences are printed as they are found. PARENT: where the folder is made. */
MUST_CHECK bool rehearse(struct store *store, const char *parent, struct replay_report *report,
                         struct problem *problem);
/* The option --scratch, or the usual folder for large files that do not stay. */
const char *rehearsal_parent(const struct invocation *invocation);
void rehearsal_print(const struct replay_report *report);

#define REHEARSAL_OPTION                                                                           \
    {                                                                                              \
        "scratch", "FOLDER", 0, "where the replay's store is built (default: /var/tmp)"            \
    }
