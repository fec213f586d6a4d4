#include "bare.h"

#include <stdlib.h>

#include "base/time.h"

static int compare_times(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void bare_measure(const struct written *written, void (*write)(void *context, size_t group),
                  void *context, struct bare_report *report)
{
    size_t groups = written->group_count;
    int64_t *times = calloc(groups + 1, sizeof *times);
    int64_t began = time_monotonic();
    MUST(times != NULL && groups > 0);
    for (size_t i = 0; i < groups; i++) {
        int64_t group_began = time_monotonic();
        write(context, i);
        times[i] = time_monotonic() - group_began;
    }
    report->elapsed_us = time_monotonic() - began;
    report->acts = written->acts;
    qsort(times, groups, sizeof *times, compare_times);
    report->group_p99_us = times[groups - 1 - groups / 100];
    free(times);
}
