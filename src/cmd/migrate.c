/* The command that moves a marketplace from one store to another; see act/move.h. */
#include <stdio.h>
#include <string.h>

#include "act/move.h"
#include "cmd/commands.h"
#include "cmd/engine.h"
#include "cmd/progress.h"
#include "cmd/rehearsal.h"
#include "cmd/sandbox.h"
#include "market/market.h"

struct migration {
    const struct invocation *invocation;
    const struct config *config;
    bool finish;
    char from_url[HOME_PATH_BYTES];
    char log_vkey[HOME_LINE_BYTES_MAX]; /* "" where no data folder says it */
    struct store *from, *to;
    struct move *move;
    struct progress progress;
};

/* The old store's user is ours from now on: what we leave in its folder must be the server's. */
static bool become_owner(const struct migration *migration, bool of_folder, struct problem *problem)
{
    if (of_folder)
        return engine_become(migration->config, problem);
    return strncmp(migration->from_url, "sqlite:", 7) != 0 ||
           sandbox_become_owner(migration->from_url + 7, problem);
}

/* Which store, and whose log: of the data folder, unless the store alone is named. */
static bool read_source(struct migration *migration, struct problem *problem)
{
    const char *from = invocation_option(migration->invocation, "from");
    bool of_folder = from == NULL || invocation_option(migration->invocation, "data") != NULL;
    if (from == NULL)
        engine_store_url(migration->config, migration->from_url);
    else if (snprintf(migration->from_url, HOME_PATH_BYTES, "%s", from) >= HOME_PATH_BYTES)
        return problem_set(problem, PROBLEM_USAGE, "--from is too long");
    if (of_folder && !home_read_line(config_text(migration->config, CONFIG_DATA), HOME_VERIFIER_KEY,
                                     migration->log_vkey, problem))
        return false;
    return become_owner(migration, of_folder, problem);
}

static bool open_stores(struct migration *migration, struct problem *problem)
{
    const char *to = invocation_option(migration->invocation, "to");
    if (!read_source(migration, problem))
        return false;
    if (strcmp(migration->from_url, to) == 0)
        return problem_set(problem, PROBLEM_STORE_OTHER, "both are the same store");
    migration->from = store_open(migration->from_url, migration->finish, problem);
    if (migration->from == NULL)
        return false;
    migration->to = store_open(to, true, problem);
    return migration->to != NULL;
}

static void print_pass(const char *what, const struct mirror_report *report)
{
    printf("%s: %llu rows compared; %llu added, %llu replaced, %llu removed\n", what,
           (unsigned long long)report->compared, (unsigned long long)report->inserted,
           (unsigned long long)report->replaced, (unsigned long long)report->removed);
    fflush(stdout);
}

static bool pass(struct migration *migration, unsigned number, struct mirror_report *report,
                 struct problem *problem)
{
    char what[32];
    snprintf(what, sizeof what, "pass %u", number);
    progress_init(&migration->progress, what);
    bool passed = move_pass(migration->move, report, problem);
    progress_done(&migration->progress);
    if (passed)
        print_pass(what, report);
    return passed;
}

/* As long as each brings over much less than the one before. */
static bool pass_while_it_helps(struct migration *migration, struct problem *problem)
{
    struct mirror_report report;
    uint64_t before = UINT64_MAX;
    for (unsigned number = 1;; number++) {
        if (!pass(migration, number, &report, problem))
            return false;
        uint64_t changed = report.inserted + report.replaced + report.removed;
        if (changed == 0 || changed > before / 2)
            return true;
        before = changed;
    }
}

static bool settle(struct migration *migration, struct problem *problem)
{
    struct mirror_report report;
    progress_init(&migration->progress, "comparing");
    bool settled = move_settle(migration->move, &report, problem);
    progress_done(&migration->progress);
    if (settled)
        print_pass("all tables are the same", &report);
    return settled;
}

static bool verify_log(struct migration *migration, struct problem *problem)
{
    struct move_log log;
    if (!move_verify_log(migration->move, &log, problem))
        return false;
    struct buffer root;
    buffer_init(&root);
    base64_add(&root, log.root.bytes, sizeof log.root.bytes);
    printf("the log is the same: %llu entries, root %.*s\n", (unsigned long long)log.size,
           TEXT_ARG(buffer_view(&root)));
    buffer_done(&root);
    return true;
}

static bool replay_it(struct migration *migration, struct problem *problem)
{
    struct replay_report report;
    if (!rehearse(migration->to, rehearsal_parent(migration->invocation), &report, problem))
        return false;
    rehearsal_print(&report);
    return report.findings == 0 ||
           problem_set(problem, PROBLEM_STATE_DIFFERS,
                       "the move was not ended; the first store is as it was");
}

static bool finish(struct migration *migration, struct problem *problem)
{
    if (!settle(migration, problem) || !verify_log(migration, problem) ||
        !replay_it(migration, problem) || !move_end(migration->move, problem))
        return false;
    printf("\nMoved to %s.\n"
           "Now write   store = …   (what you gave as --to) into counterfoil.conf, and start the "
           "server.\n"
           "No server starts on the old store any more; keep it until you have a backup of the "
           "new one.\n",
           store_place(migration->to));
    return true;
}

static bool bring_over(struct migration *migration, struct problem *problem)
{
    if (!pass_while_it_helps(migration, problem))
        return false;
    printf("\n%s has all but what was done meanwhile.\n"
           "To end the move, stop the server, then run the same command with --finish.\n",
           store_place(migration->to));
    return true;
}

static bool migrate(struct migration *migration, struct problem *problem)
{
    if (!open_stores(migration, problem))
        return false;
    const struct move_options options = {
        .catalogue = &catalogue,
        .from = migration->from,
        .to = migration->to,
        .log_vkey = migration->log_vkey[0] == '\0' ? NULL : migration->log_vkey,
        .lease_us = config_number(migration->config, CONFIG_STORE_LEASE),
        .progress = progress_show,
        .context = &migration->progress};
    migration->move = move_new(&options);
    return move_begin(migration->move, problem) &&
           (migration->finish ? finish(migration, problem) : bring_over(migration, problem));
}

static int run_migrate(const struct invocation *invocation)
{
    struct problem problem;
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL)
        return command_failed(&problem);
    struct migration migration = {.invocation = invocation,
                                  .config = config,
                                  .finish = invocation_switch(invocation, "finish")};
    bool ok = migrate(&migration, &problem);
    move_free(migration.move);
    store_close(migration.from);
    store_close(migration.to);
    config_free(config);
    if (!ok)
        return command_failed(&problem);
    return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct option migrate_options[] = {
    {"from", "URL", 0, "the store as it is (default: that of the data folder)"},
    {"to", "URL", OPTION_REQUIRED, "postgresql://… or sqlite:PATH: an empty store"},
    {"finish", NULL, 0, "end the move: the server is stopped"},
    REHEARSAL_OPTION,
};

const struct command command_migrate = {
    .name = "migrate",
    .arguments = "",
    .options = migrate_options,
    .option_count = COUNT_OF(migrate_options),
    .configured = true,
    .summary = "move everything to another store, while the server works",
    .help =
        "Without --finish it brings over most of it, in passes, and may be stopped and run again "
        "at any\nmoment. With --finish, when the server is stopped, it brings over the rest, "
        "compares all tables\nand the log, replays every act, and then ends the move: the new "
        "store may be served, the old one\nno more. Checkpoints, proofs, feed positions and "
        "webhooks go on as they were. The way back is the\nsame, with --from and --to exchanged.",
    .examples = "  counterfoil migrate --data /var/lib/counterfoil "
                "--to postgresql://counterfoil@db/counterfoil\n"
                "  counterfoil migrate --from sqlite:/var/lib/counterfoil/counterfoil.db "
                "--to postgresql://counterfoil@db/counterfoil --finish",
    .run = run_migrate,
};
