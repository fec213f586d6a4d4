/* A progress bar on standard error: drawn where a person looks at it, silent elsewhere. */
#pragma once

#include "base/compiler.h"

struct progress {
    const char *what; /* "loading orders" */
    bool shown;
    int64_t drawn_at;
};

void progress_init(struct progress *progress, const char *what);
/* As often as one likes; TOTAL 0 if it is not known. Takes the progress as void *. */
void progress_show(void *progress, uint64_t done, uint64_t total);
void progress_done(struct progress *progress); /* clears the line */
