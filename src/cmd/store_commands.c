#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/replay.h"
#include "cmd/commands.h"
#include "cmd/engine.h"
#include "cmd/progress.h"
#include "market/market.h"

static struct store *open_to_read(const struct config *config, struct problem *problem)
{
    char url[HOME_PATH_BYTES];
    engine_store_url(config, url);
    return store_open(url, false, problem);
}

static bool back_up(const struct config *config, const char *path, struct problem *problem)
{
    struct progress progress;
    struct store *store = open_to_read(config, problem);
    if (store == NULL)
        return false;
    progress_init(&progress, "copying");
    bool ok = store_backup(store, path, progress_show, &progress, problem);
    progress_done(&progress);
    store_close(store);
    return ok;
}

static int run_backup(const struct invocation *invocation)
{
    struct problem problem;
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    bool ok = back_up(config, invocation->arguments[0], &problem);
    config_free(config);
    return ok ? EXIT_DONE : command_failed(&problem);
}

const struct command command_backup = {
    .name = "backup",
    .arguments = "FILE",
    .argument_min = 1,
    .argument_max = 1,
    .configured = true,
    .summary = "copy the store, also of a running server, as of one moment",
    .help =
        "FILE must not exist. The copy holds every act and so everything that was agreed; "
        "it does not\nhold the keys (signer.key, operator.key): keep those apart. To restore, "
        "put the copy in\nthe place of counterfoil.db of a stopped server and remove "
        "counterfoil.db-wal.\nA store in PostgreSQL is copied by PostgreSQL's own tools, pg_dump "
        "or pg_basebackup.",
    .examples = "  counterfoil backup /mnt/backup/monday.db --data /var/lib/counterfoil",
    .run = run_backup,
};

/* ---- replay ---- */

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

static bool read_origin(const struct config *config, char origin[NOTE_NAME_MAX + 1],
                        struct problem *problem)
{
    char line[HOME_LINE_BYTES_MAX];
    struct note_key key;
    if (!home_read_line(config_text(config, CONFIG_DATA), HOME_VERIFIER_KEY, line, problem) ||
        !note_key_parse(text_of(line), &key, problem))
        return false;
    memcpy(origin, key.name, NOTE_NAME_MAX + 1);
    return true;
}

static bool replay(const struct config *config, const char *scratch, struct replay_report *report,
                   struct problem *problem)
{
    char origin[NOTE_NAME_MAX + 1];
    char url[HOME_PATH_BYTES];
    struct progress progress;
    if (!read_origin(config, origin, problem))
        return false;
    struct store *store = open_to_read(config, problem);
    if (store == NULL)
        return false;
    int length = snprintf(url, sizeof url, "sqlite:%s/counterfoil.db", scratch);
    MUST(length > 0 && (size_t)length < sizeof url);
    struct store *empty = store_open(url, true, problem);
    if (empty == NULL) {
        store_close(store);
        return false;
    }
    progress_init(&progress, "replaying");
    const struct replay_options options = {.catalogue = &catalogue,
                                           .store = store,
                                           .empty = empty,
                                           .log_origin = origin,
                                           .progress = progress_show,
                                           .finding = print_finding,
                                           .context = &progress};
    bool ok = replay_check(&options, report, problem);
    progress_done(&progress);
    store_close(empty);
    store_close(store);
    return ok;
}

static bool replay_in_scratch(const struct config *config, const char *parent,
                              struct replay_report *report, struct problem *problem)
{
    char scratch[HOME_PATH_BYTES - 64];
    int length = snprintf(scratch, sizeof scratch, "%s/counterfoil-replay-XXXXXX", parent);
    if (length < 0 || (size_t)length >= sizeof scratch || mkdtemp(scratch) == NULL)
        return problem_set(problem, PROBLEM_FILE_FAILED, "making a folder in %s: %s", parent,
                           strerror(errno));
    bool ok = replay(config, scratch, report, problem);
    if (nftw(scratch, remove_entry, 8, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "counterfoil: %s could not be removed: %s\n", scratch, strerror(errno));
    return ok;
}

static const char *scratch_parent(const struct invocation *invocation)
{
    const char *named = invocation_option(invocation, "scratch");
    const char *usual = getenv("TMPDIR");
    return named != NULL ? named : usual != NULL && usual[0] != '\0' ? usual : "/var/tmp";
}

static int run_replay(const struct invocation *invocation)
{
    struct problem problem;
    struct replay_report report = {0};
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    bool ok = replay_in_scratch(config, scratch_parent(invocation), &report, &problem);
    config_free(config);
    if (!ok)
        return command_failed(&problem);
    printf("%llu acts replayed, %llu rows compared, %llu log entries checked: ",
           (unsigned long long)report.acts, (unsigned long long)report.rows,
           (unsigned long long)report.log_size);
    if (report.findings == 0)
        printf("the state is what the acts say\n");
    else
        printf("%llu differences\n", (unsigned long long)report.findings);
    return report.findings == 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct option replay_options[] = {
    {"check", NULL, OPTION_REQUIRED, "compare, and change nothing"},
    {"scratch", "FOLDER", 0, "where the second store is built (default: /var/tmp)"},
};

const struct command command_replay = {
    .name = "replay",
    .arguments = "",
    .options = replay_options,
    .option_count = COUNT_OF(replay_options),
    .configured = true,
    .summary = "rebuild the state from the acts and compare it with what is stored",
    .help = "Runs every recorded act again into an empty store beside the first, compares every "
            "table row\nby row, and checks the transparency log against the acts. Exit code 1 if "
            "anything differs.\nStop the server before, or do it with a backup.",
    .examples = "  counterfoil replay --check --data /var/lib/counterfoil",
    .run = run_replay,
};
