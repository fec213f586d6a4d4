#include "cmd/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/time.h"

#define BAR_CELLS 30
#define REDRAW_AFTER (TIME_SECOND / 10)

void progress_init(struct progress *progress, const char *what)
{
    *progress = (struct progress){.what = what, .shown = isatty(STDERR_FILENO) == 1};
}

void progress_show(void *context, uint64_t done, uint64_t total)
{
    struct progress *progress = context;
    int64_t now = time_monotonic();
    if (!progress->shown || (now - progress->drawn_at < REDRAW_AFTER && done != total))
        return;
    progress->drawn_at = now;
    if (total == 0) {
        fprintf(stderr, "\r%s: %llu", progress->what, (unsigned long long)done);
        return;
    }
    char bar[BAR_CELLS + 1];
    uint64_t filled = done >= total ? BAR_CELLS : done * BAR_CELLS / total;
    for (uint64_t i = 0; i < BAR_CELLS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_CELLS] = '\0';
    fprintf(stderr, "\r%s [%s] %3llu%%", progress->what, bar,
            (unsigned long long)(done >= total ? 100 : done * 100 / total));
}

void progress_done(struct progress *progress)
{
    if (progress->shown && progress->drawn_at != 0)
        fprintf(stderr, "\r\033[K");
}
