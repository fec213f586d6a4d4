#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/engine.h"
#include "cmd/sandbox.h"
#include "net/service.h"
#include "net/witness_client.h"
#include "store/store_file.h"

struct daemon {
    struct config *config;
    struct engine engine;
    int folder_lock; /* no two servers share a folder, whichever their store */
    struct service *service;
    struct witness_client *witnesses;
    const char *staff[CONFIG_LIST_MAX]; /* addresses */
    char mail_folder[HOME_PATH_BYTES];
    const char *origins[CONFIG_LIST_MAX];
};

/* Before any thread is started: they inherit it, and the main thread waits for these. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGCHLD);
    MUST(pthread_sigmask(SIG_BLOCK, signals, NULL) == 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is answered like a full disk */
}

static struct http_limits http_limits_of(const struct config *config)
{
    return (struct http_limits){
        .body_bytes_max = (size_t)config_number(config, CONFIG_HTTP_BODY_MAX),
        .head_bytes_max = (size_t)config_number(config, CONFIG_HTTP_HEAD_MAX),
        .head_us_max = config_number(config, CONFIG_HTTP_HEAD_TIME),
        .body_us_max = config_number(config, CONFIG_HTTP_BODY_TIME),
        .idle_us_max = config_number(config, CONFIG_HTTP_IDLE_TIME),
        .connections_max = (unsigned)config_number(config, CONFIG_HTTP_CONNECTIONS),
        .connections_per_address_max =
            (unsigned)config_number(config, CONFIG_HTTP_CONNECTIONS_PER_ADDRESS),
        .threads = (unsigned)config_number(config, CONFIG_HTTP_THREADS),
    };
}

static struct mail_options mail_options_of(struct daemon *daemon)
{
    const struct config *config = daemon->config;
    const char *folder = config_text(config, CONFIG_MAIL_FOLDER);
    for (size_t i = 0; i < config_count(config, CONFIG_MAIL_STAFF); i++)
        daemon->staff[i] = config_item(config, CONFIG_MAIL_STAFF, i);
    if (folder[0] == '\0' || folder[0] == '/')
        snprintf(daemon->mail_folder, sizeof daemon->mail_folder, "%s", folder);
    else
        home_path(config_text(config, CONFIG_DATA), folder, daemon->mail_folder);
    return (struct mail_options){
        .server = config_text(config, CONFIG_MAIL_SERVER),
        .folder = daemon->mail_folder,
        .tls = config_switch(config, CONFIG_MAIL_TLS),
        .credentials = config_text(config, CONFIG_MAIL_CREDENTIALS),
        .authorities = config_text(config, CONFIG_MAIL_AUTHORITIES),
        .from = config_text(config, CONFIG_MAIL_FROM),
        .from_name = config_text(config, CONFIG_MAIL_FROM_NAME),
        .language = config_text(config, CONFIG_MAIL_LANGUAGE),
        .link = config_text(config, CONFIG_MAIL_LINK),
        .staff = daemon->staff,
        .staff_count = config_count(config, CONFIG_MAIL_STAFF),
        .time_scale = (double)config_number(config, CONFIG_MAIL_TIME_SCALE) / 1e6,
    };
}

static bool start_service(struct daemon *daemon, struct problem *problem)
{
    const struct config *config = daemon->config;
    for (size_t i = 0; i < config_count(config, CONFIG_PEOPLE_ORIGINS); i++)
        daemon->origins[i] = config_item(config, CONFIG_PEOPLE_ORIGINS, i);
    const char *rules = config_text(config, CONFIG_POLICY_RULES);
    const struct service_options options = {
        .kernel = daemon->engine.kernel,
        .rules = rules[0] != '\0' ? rules : NULL,
        .listen = config_text(config, CONFIG_LISTEN),
        .http = http_limits_of(config),
        .version = PROGRAM_VERSION,
        .log_origin = daemon->engine.origin,
        .log_vkey = daemon->engine.verifier_key,
        .witnesses = witness_client_keys(daemon->witnesses),
        .witness_count = config_count(config, CONFIG_LOG_WITNESSES),
        .rate_per_second = (unsigned)config_number(config, CONFIG_HTTP_RATE),
        .rate_burst = (unsigned)config_number(config, CONFIG_HTTP_BURST),
        .webhook_allow_private = config_switch(config, CONFIG_WEBHOOK_ALLOW_PRIVATE),
        .webhook_time_scale = (double)config_number(config, CONFIG_WEBHOOK_TIME_SCALE) / 1e6,
        .mail = mail_options_of(daemon),
        .nonce_us = config_number(config, CONFIG_PEOPLE_NONCE),
        .rp_id = config_text(config, CONFIG_PEOPLE_RP_ID),
        .origins = daemon->origins,
        .origin_count = config_count(config, CONFIG_PEOPLE_ORIGINS),
        .derive = signer_derive,
        .derive_context = daemon->engine.signer,
        .healthy = signer_healthy,
        .healthy_context = daemon->engine.signer,
    };
    daemon->service = service_new(&options, problem);
    return daemon->service != NULL;
}

static bool start_witnesses(struct daemon *daemon, struct problem *problem)
{
    const struct config *config = daemon->config;
    struct witness_client_options options = {
        .kernel = daemon->engine.kernel,
        .every_us = config_number(config, CONFIG_LOG_WITNESS_EVERY),
        .count = config_count(config, CONFIG_LOG_WITNESSES),
    };
    for (size_t i = 0; i < options.count; i++)
        options.witnesses[i] = config_item(config, CONFIG_LOG_WITNESSES, i);
    if (options.count == 0)
        return true;
    daemon->witnesses = witness_client_new(&options, problem);
    return daemon->witnesses != NULL;
}

/* "http://…" as other programs of this machine reach it, or "unix:/…". */
static void print_address(const struct daemon *daemon, char address[HOME_LINE_BYTES_MAX])
{
    const char *listen = config_text(daemon->config, CONFIG_LISTEN);
    const char *colon = strrchr(listen, ':');
    if (strncmp(listen, "unix:", 5) == 0 || colon == NULL)
        snprintf(address, HOME_LINE_BYTES_MAX, "%s", listen);
    else
        snprintf(address, HOME_LINE_BYTES_MAX, "http://%.*s:%u", (int)(colon - listen), listen,
                 service_port(daemon->service));
}

static bool announce(const struct daemon *daemon, struct problem *problem)
{
    char address[HOME_LINE_BYTES_MAX];
    print_address(daemon, address);
    if (!home_write_line(config_text(daemon->config, CONFIG_DATA), HOME_ADDRESS, address, false,
                         problem))
        return false;
    log_event(LOG_INFO, "server.started", "address", address, "store",
              store_engine(daemon->engine.store), "log", daemon->engine.origin, "demo",
              config_switch(daemon->config, CONFIG_DEMO) ? "on" : "off", NULL);
    if (geteuid() == 0)
        log_event(LOG_WARN, "server.is_root", "remedy", "start it with --user NAME", NULL);
    if (printf("listening on %s\n", address) < 0 || fflush(stdout) != 0)
        return problem_set(problem, PROBLEM_FILE_FAILED, "writing to standard output: %s",
                           strerror(errno));
    return true;
}

/* What the folder says of its server (HOME_ADDRESS) is this one's until it ends. */
static bool lock_folder(struct daemon *daemon, struct problem *problem)
{
    char path[HOME_PATH_BYTES];
    home_path(config_text(daemon->config, CONFIG_DATA), HOME_ADDRESS, path);
    return lock_for_writing(path, &daemon->folder_lock, problem);
}

/* The signer needs root's view of the key file; everything after it does without. */
static bool start(struct daemon *daemon, struct problem *problem)
{
    const struct engine_options options = {.config = daemon->config, .timers = true};
    umask(0077);
    log_set_level((enum log_level)config_number(daemon->config, CONFIG_LOG_LEVEL));
    return engine_init(&daemon->engine, &options, problem) && lock_folder(daemon, problem) &&
           sandbox_hide_memory(problem) && sandbox_daemon(problem) &&
           start_witnesses(daemon, problem) && start_service(daemon, problem) &&
           announce(daemon, problem);
}

static void stop(struct daemon *daemon)
{
    if (daemon->service != NULL)
        service_quiesce(daemon->service);
    service_free(daemon->service);
    witness_client_free(daemon->witnesses);
    engine_done(&daemon->engine);
    lock_release(daemon->folder_lock, true);
}

/* What may change without a restart. What is wrong in a file changes nothing. */
static void reload(const struct invocation *invocation, struct daemon *daemon)
{
    struct problem problem;
    if (!service_reload_rules(daemon->service, &problem))
        log_problem(LOG_ERROR, "server.rules_refused", &problem);
    struct config *config = invocation_config(invocation, &problem);
    if (config == NULL) {
        log_problem(LOG_ERROR, "server.reload_failed", &problem);
        return;
    }
    log_set_level((enum log_level)config_number(config, CONFIG_LOG_LEVEL));
    log_event(LOG_INFO, "server.reloaded", NULL);
    config_free(config);
}

/* Until somebody stops the daemon, or the signer ends; returns the exit code. */
static int wait_for_end(const struct invocation *invocation, const sigset_t *signals,
                        struct daemon *daemon)
{
    struct problem problem;
    for (;;) {
        int which = sigwaitinfo(signals, NULL);
        if (which == SIGHUP)
            reload(invocation, daemon);
        else if (which == SIGCHLD && !signer_healthy(daemon->engine.signer, &problem)) {
            log_problem(LOG_ERROR, "server.stopping", &problem);
            return EXIT_FAILED;
        } else if (which == SIGTERM || which == SIGINT) {
            log_event(LOG_INFO, "server.stopping", "signal", which == SIGTERM ? "TERM" : "INT",
                      NULL);
            return EXIT_DONE;
        }
    }
}

static int run_serve(const struct invocation *invocation)
{
    struct problem problem;
    sigset_t signals;
    struct daemon daemon = {
        .config = invocation_config(invocation, &problem),
        .folder_lock = -1,
    };
    if (daemon.config == NULL)
        return command_failed(&problem);
    block_signals(&signals);
    int status = EXIT_FAILED;
    if (start(&daemon, &problem))
        status = wait_for_end(invocation, &signals, &daemon);
    else
        command_failed(&problem);
    stop(&daemon);
    if (status == EXIT_DONE)
        log_event(LOG_INFO, "server.stopped", NULL);
    config_free(daemon.config);
    return status;
}

static const struct option serve_options[] = {
    {"listen", "ADDRESS", 0, "127.0.0.1:8080, [::1]:8080 or unix:/path; port 0: any"},
    {"user", "NAME", 0, "started as root: the user to become"},
};

const struct command command_serve = {
    .name = "serve",
    .arguments = "",
    .options = serve_options,
    .option_count = COUNT_OF(serve_options),
    .configured = true,
    .summary = "run the server",
    .help = "Prints \"listening on …\" on standard output when it is ready; its log goes to "
            "standard\nerror. SIGTERM and SIGINT end it after what is under way; SIGHUP reads the "
            "settings\nagain that take effect without a restart, and the message rules.",
    .examples = "  counterfoil serve --data /var/lib/counterfoil --user counterfoil\n"
                "  counterfoil serve --data ./data --listen 127.0.0.1:0 --set log_level=debug",
    .run = run_serve,
};

static int run_signer(const struct invocation *invocation)
{
    (void)invocation;
    return signer_serve();
}

const struct command command_signer = {
    .name = SIGNER_ROLE,
    .arguments = "",
    .hidden = true,
    .summary = "",
    .help = "",
    .examples = "",
    .run = run_signer,
};
