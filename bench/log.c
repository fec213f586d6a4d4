/*
 * bench/log: the transparency log alone, driven as load tools of other tiled logs drive theirs:
 * POST /add answers the entry's index once it is committed and under a signed checkpoint.
 *
 *   log                                 measures, beside bare hashing of the same entries
 *   log --serve 127.0.0.1:7390 [DIR]    serves /add, /checkpoint and /tile/… until Ctrl-C, for
 *                                       tools that others wrote; prints the verifier key
 *
 * The same kernel, store, ledger and HTTP server as the daemon's; no API on top.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

#include "act/ledger.h"
#include "act/tables.h"
#include "market/market.h"
#include "net/http.h"
#include "tlog/note.h"

#define ORIGIN "log.example/bench"
#define ENTRY_BYTES 200

struct added_body {
    uint32_t present;
};

static bool decide_added(struct decision *decision, struct problem *problem)
{
    (void)decision;
    (void)problem;
    return true;
}

static const struct act_type entry_added = {
    .name = "entry.added",
    .subject_prefix = "entry",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .body_bytes = sizeof(struct added_body),
    .decide = decide_added,
    .story = "An entry was added.",
    .doc = "An entry of a benchmark.",
};

static const struct act_type *const acts[] = {&entry_added, NULL};
static const struct view *const views[] = {NULL};
static const struct timer *const timers[] = {NULL};

struct log_server {
    struct store *store;
    struct kernel *kernel;
    struct note_secret secret;
    struct buffer vkey;
    struct http_server *http;
};

_Noreturn static void give_up(const struct problem *problem)
{
    struct buffer text;
    buffer_init(&text);
    problem_print(&text, problem);
    fprintf(stderr, "bench: %.*s\n", TEXT_ARG(buffer_view(&text)));
    exit(1);
}

struct adding {
    struct submission submission;
    struct http_request *request;
};

static void added(struct submission *submission)
{
    struct adding *adding = submission->context;
    struct buffer index;
    if (!submission->accepted) {
        http_answer_problem(adding->request, &submission->problem);
        return;
    }
    buffer_init(&index);
    buffer_i64(&index, submission->log_index);
    const struct http_answer answer = {
        .status = 200, .media_type = "text/plain", .body = buffer_view(&index)};
    http_answer(adding->request, &answer);
    buffer_done(&index);
}

static void add(struct log_server *server, struct http_request *request)
{
    static const struct added_body body;
    struct adding *adding = ARENA_NEW(request->arena, struct adding);
    adding->request = request;
    adding->submission = (struct submission){.arena = request->arena,
                                             .act = {.type = &entry_added,
                                                     .actor = {.role = ROLE_SYSTEM},
                                                     .subject = id_new(ORG_MARKETPLACE),
                                                     .body = &body},
                                             .entry = request->body,
                                             .done = added,
                                             .context = adding};
    kernel_submit(server->kernel, &adding->submission);
}

static void answer_file(struct log_server *server, struct http_request *request)
{
    struct buffer bytes;
    struct problem problem;
    struct tile tile;
    struct text path = text_slice(request->path, 1, request->path.length);
    struct http_answer answer = {.status = 200, .media_type = "application/octet-stream"};
    buffer_init(&bytes);
    if (text_is(path, "checkpoint"))
        ledger_checkpoint(server->kernel, &bytes);
    else if (!tile_parse(path, &tile) || !ledger_tile(server->kernel, &tile, &bytes, &problem)) {
        answer.status = 404;
        answer.media_type = "text/plain";
    }
    answer.body = buffer_view(&bytes);
    http_answer(request, &answer);
    buffer_done(&bytes);
}

static void handle(void *context, struct http_request *request)
{
    if (text_is(request->method, "POST") && text_is(request->path, "/add"))
        add(context, request);
    else
        answer_file(context, request);
}

static void open_log(struct log_server *server, const char *folder, const char *address)
{
    static const uint8_t seed[ED25519_KEY_BYTES] = {42};
    static struct catalogue catalogue_of_log;
    struct problem problem;
    char url[256];
    catalogue_of_log = (struct catalogue){catalogue.tables, acts, views, timers, NULL};
    snprintf(url, sizeof url, "sqlite:%s/log.db", folder);
    buffer_init(&server->vkey);
    if (!note_secret_from_seed(&server->secret, TEXT(ORIGIN), NOTE_ED25519, seed, &problem) ||
        (server->store = store_open(url, true, &problem)) == NULL)
        give_up(&problem);
    note_key_add(&server->vkey, &server->secret.key);
    buffer_char(&server->vkey, '\0');
    const struct kernel_options options = {.catalogue = &catalogue_of_log,
                                           .store = server->store,
                                           .log_origin = ORIGIN,
                                           .sign = note_secret_sign,
                                           .sign_context = &server->secret,
                                           .log_vkey = server->vkey.bytes,
                                           .waiting_max = 100000};
    const struct http_limits limits = {.body_bytes_max = 65535,
                                       .head_bytes_max = 8192,
                                       .head_us_max = 10 * TIME_SECOND,
                                       .body_us_max = 10 * TIME_SECOND,
                                       .idle_us_max = TIME_MINUTE,
                                       .connections_max = 4096,
                                       .threads = 2};
    server->kernel = kernel_open(&options, &problem);
    if (server->kernel == NULL ||
        (server->http = http_server_new(address, &limits, handle, server, &problem)) == NULL)
        give_up(&problem);
}

static void close_log(struct log_server *server)
{
    http_server_free(server->http);
    kernel_close(server->kernel);
    store_close(server->store);
    buffer_done(&server->vkey);
}

static void wait_for_signal(void)
{
    sigset_t signals;
    int got;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigwait(&signals, &got);
}

static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* --- measuring --- */

struct adder {
    uint64_t left;
    uint64_t number;
    uint64_t failed;
};

static bool next_entry(void *context, size_t connection, struct buffer *out)
{
    struct adder *adder = context;
    char entry[ENTRY_BYTES];
    (void)connection;
    if (adder->left == 0)
        return false;
    adder->left--;
    memset(entry, 'x', sizeof entry);
    snprintf(entry, sizeof entry, "%llu", (unsigned long long)adder->number++);
    load_request(out, "POST", "/add", NULL, (struct text){entry, sizeof entry});
    return true;
}

static void take_index(void *context, size_t connection, const struct load_answer *answer)
{
    struct adder *adder = context;
    (void)connection;
    if (answer->status != 200 && adder->failed++ == 0)
        fprintf(stderr, "bench: %u %.*s\n", answer->status, TEXT_ARG(answer->body));
}

/* Leaf and node hashes of as many entries, with one root a hundred: what no log can do without. */
static double bare_hashing(uint64_t count)
{
    struct merkle_tree tree;
    char entry[ENTRY_BYTES] = {0};
    struct digest root = {{0}};
    merkle_init(&tree);
    int64_t began = time_monotonic();
    for (uint64_t i = 0; i < count; i++) {
        memcpy(entry, &i, sizeof i);
        struct digest leaf = merkle_leaf((struct text){entry, sizeof entry});
        merkle_append(&tree, &leaf);
        if (i % 100 == 99)
            root = merkle_root(&tree);
    }
    int64_t elapsed = time_monotonic() - began;
    MUST(tree.size == count && root.bytes[0] == root.bytes[0]);
    return (double)count * 1e6 / (double)elapsed;
}

static void measure(unsigned port)
{
    static const struct {
        size_t connections;
        uint64_t entries;
    } runs[] = {{1, 2000}, {64, 60000}, {256, 100000}};
    struct adder adder = {0};
    double bare = bare_hashing(1000000);
    printf("bare hashing (leaf, nodes, a root a hundred)  %9.0f entries/s\n", bare);
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        const struct load_script script = {next_entry, take_index, &adder};
        struct load_report report;
        adder.left = runs[i].entries;
        load_run(&port, 1, runs[i].connections, &script, &report);
        printf("%4zu clients  %9.0f acknowledged/s   p50 %7.2f ms   p99 %7.2f ms   / bare %.4f\n",
               runs[i].connections, load_rate(&report), (double)report.p50_us / 1000,
               (double)report.p99_us / 1000, load_rate(&report) / bare);
        fflush(stdout);
    }
    if (adder.failed > 0) {
        fprintf(stderr, "bench: %llu entries were refused\n", (unsigned long long)adder.failed);
        exit(1);
    }
}

/* The server runs in a process of its own, as it would beside a load tool. */
static pid_t serve_apart(const char *folder, unsigned *port)
{
    int ends[2];
    MUST(pipe(ends) == 0);
    pid_t process = fork();
    MUST(process >= 0);
    if (process == 0) {
        struct log_server server = {0};
        block_signals();
        open_log(&server, folder, "127.0.0.1:0");
        unsigned own = http_server_port(server.http);
        MUST(write(ends[1], &own, sizeof own) == sizeof own);
        wait_for_signal();
        close_log(&server);
        _exit(0);
    }
    close(ends[1]);
    MUST(read(ends[0], port, sizeof *port) == sizeof *port);
    close(ends[0]);
    return process;
}

static void remove_log(const char *folder)
{
    static const char *const names[] = {"log.db", "log.db-wal", "log.db-shm", "log.db.lock"};
    char path[256];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

int main(int count, char **arguments)
{
    char folder[] = "/var/tmp/counterfoil-log-XXXXXX";
    unsigned port;
    if (count >= 3 && strcmp(arguments[1], "--serve") == 0) {
        struct log_server server = {0};
        block_signals();
        open_log(&server, count > 3 ? arguments[3] : mkdtemp(folder), arguments[2]);
        printf("%s\n", server.vkey.bytes);
        fflush(stdout);
        wait_for_signal();
        close_log(&server);
        return 0;
    }
    if (count > 1) {
        fputs("usage: log [--serve ADDRESS [DIR]]\n", stderr);
        return 2;
    }
    MUST(mkdtemp(folder) != NULL);
    pid_t process = serve_apart(folder, &port);
    measure(port);
    kill(process, SIGTERM);
    waitpid(process, NULL, 0);
    remove_log(folder);
    return 0;
}
