#include "cmd/rehearsal.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/home.h"
#include "cmd/progress.h"
#include "market/market.h"

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void print_finding(void *context, const char *what)
{
    (void)context;
    printf("differs: %s\n", what);
}

/* No checkpoint is signed, so the log needs no name. */
static bool replay_in(const char *scratch, struct store *store, struct replay_report *report,
                      struct problem *problem)
{
    char url[HOME_PATH_BYTES];
    struct progress progress;
    int length = snprintf(url, sizeof url, "sqlite:%s/counterfoil.db", scratch);
    MUST(length > 0 && (size_t)length < sizeof url);
    struct store *empty = store_open(url, true, problem);
    if (empty == NULL)
        return false;
    progress_init(&progress, "replaying");
    const struct replay_options options = {.catalogue = &catalogue,
                                           .store = store,
                                           .empty = empty,
                                           .progress = progress_show,
                                           .finding = print_finding,
                                           .context = &progress};
    bool ok = replay_check(&options, report, problem);
    progress_done(&progress);
    store_close(empty);
    return ok;
}

bool rehearse(struct store *store, const char *parent, struct replay_report *report,
              struct problem *problem)
{
    char scratch[HOME_PATH_BYTES - 64];
    int length = snprintf(scratch, sizeof scratch, "%s/counterfoil-replay-XXXXXX", parent);
    if (length < 0 || (size_t)length >= sizeof scratch || mkdtemp(scratch) == NULL)
        return problem_set(problem, PROBLEM_FILE_FAILED, "making a folder in %s: %s", parent,
                           strerror(errno));
    bool ok = replay_in(scratch, store, report, problem);
    if (nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "counterfoil: %s could not be removed: %s\n", scratch, strerror(errno));
    return ok;
}

const char *rehearsal_parent(const struct invocation *invocation)
{
    const char *named = invocation_option(invocation, "scratch");
    const char *usual = getenv("TMPDIR");
    return named != NULL ? named : usual != NULL && usual[0] != '\0' ? usual : "/var/tmp";
}

void rehearsal_print(const struct replay_report *report)
{
    printf("%llu acts replayed, %llu rows compared, %llu log entries checked: ",
           (unsigned long long)report->acts, (unsigned long long)report->rows,
           (unsigned long long)report->log_size);
    if (report->queued > 0)
        printf("(%llu acts have no place in the log yet) ", (unsigned long long)report->queued);
    if (report->findings == 0)
        printf("the state is what the acts say\n");
    else
        printf("%llu differences\n", (unsigned long long)report->findings);
}
