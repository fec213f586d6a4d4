#include <stdio.h>

#include "cmd/commands.h"
#include "cmd/engine.h"
#include "cmd/progress.h"
#include "cmd/rehearsal.h"

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

static bool replay(const struct invocation *invocation, const struct config *config,
                   struct replay_report *report, struct problem *problem)
{
    struct store *store = open_to_read(config, problem);
    if (store == NULL)
        return false;
    bool ok = rehearse(store, rehearsal_parent(invocation), report, problem);
    store_close(store);
    return ok;
}

static int run_replay(const struct invocation *invocation)
{
    struct problem problem;
    struct replay_report report = {0};
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    bool ok = replay(invocation, config, &report, &problem);
    config_free(config);
    if (!ok)
        return command_failed(&problem);
    rehearsal_print(&report);
    return report.findings == 0 && fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct option replay_options[] = {
    {"check", NULL, OPTION_REQUIRED, "compare, and change nothing"},
    REHEARSAL_OPTION,
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
