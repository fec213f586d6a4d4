/* `counterfoil witness`: a witness (c2sp.org/tlog-witness) that anybody may run, for example an
   association of sellers, so that the marketplace cannot show different logs to different people.*/
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "cmd/commands.h"
#include "cmd/sandbox.h"
#include "cmd/witness_state.h"
#include "net/http.h"

#define KEY_FILE_BYTES_MAX ((size_t)4096)
#define PLAIN "text/plain; charset=utf-8"

struct witness {
    struct note_secret secret;
    size_t log_count;
    struct note_key logs[WITNESS_LOGS_MAX];
    pthread_mutex_t lock; /* from the decision until it is durable */
    struct witness_records *records;
};

static void answer_text(struct http_request *request, unsigned status, const char *type,
                        struct text body)
{
    const struct http_answer answer = {.status = status, .media_type = type, .body = body};
    http_answer(request, &answer);
}

static size_t keys_of(const struct witness *witness, struct text origin,
                      const struct note_key *keys[WITNESS_LOGS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < witness->log_count; i++)
        if (text_is(origin, witness->logs[i].name))
            keys[count++] = &witness->logs[i];
    return count;
}

/* Cosigns, and makes what monitors will see durable before the cosignature is sent. */
static bool cosign(struct witness *witness, const struct witness_request *request,
                   const struct note_key *const *keys, size_t count, struct buffer *body,
                   struct problem *problem)
{
    const struct note_signer signer = {
        .key = &witness->secret.key, .sign = note_secret_sign, .context = &witness->secret};
    struct buffer note;
    buffer_init(&note);
    bool ok = witness_cosign(body, request, &signer, (uint64_t)(time_now() / TIME_SECOND), problem);
    if (ok) {
        witness_monitor_note(&note, request, keys, count, buffer_view(body));
        ok = witness_records_set(witness->records, buffer_view(&note), problem);
    }
    buffer_done(&note);
    if (!ok)
        buffer_clear(body);
    return ok;
}

static void decide(struct witness *witness, const struct witness_request *request,
                   struct witness_decision *decision, struct buffer *body)
{
    const struct note_key *keys[WITNESS_LOGS_MAX];
    size_t count = keys_of(witness, request->checkpoint.origin, keys);
    struct witness_state state = witness_records_find(witness->records, request->checkpoint.origin);
    witness_decide(request, keys, count, &state, decision);
    if (decision->status == 409)
        witness_conflict_body(body, &state);
    if (decision->status == 200 && !cosign(witness, request, keys, count, body, &decision->problem))
        decision->status = 500;
}

static void add_checkpoint(struct witness *witness, struct http_request *http)
{
    struct witness_request request;
    struct witness_decision decision = {0};
    struct buffer body;
    buffer_init(&body);
    if (witness_request_parse(http->body, &request, &decision.problem)) {
        pthread_mutex_lock(&witness->lock);
        decide(witness, &request, &decision, &body);
        pthread_mutex_unlock(&witness->lock);
    } else {
        decision.status = 400;
    }
    if (decision.status >= 500)
        log_problem(LOG_ERROR, "witness.failed", &decision.problem);
    if (decision.status != 200 && decision.status != 409)
        buffer_format(&body, "%s\n", decision.problem.detail);
    answer_text(http, decision.status, decision.status == 409 ? WITNESS_SIZE_TYPE : PLAIN,
                buffer_view(&body));
    buffer_done(&body);
}

/* "/<origin hash>/checkpoint" */
static bool monitoring_path(struct text path, struct text *origin_hash)
{
    struct text root = text_cut(&path, '/');
    *origin_hash = text_cut(&path, '/');
    return root.length == 0 && origin_hash->length == 2 * DIGEST_BYTES &&
           text_is(path, "checkpoint");
}

static void show_checkpoint(struct witness *witness, struct http_request *http,
                            struct text origin_hash)
{
    struct buffer note;
    buffer_init(&note);
    pthread_mutex_lock(&witness->lock);
    buffer_text(&note, witness_records_note(witness->records, origin_hash));
    pthread_mutex_unlock(&witness->lock);
    bool found = note.length > 0;
    answer_text(http, found ? 200 : 404, PLAIN,
                found ? buffer_view(&note) : TEXT("No checkpoint of that log was cosigned.\n"));
    buffer_done(&note);
}

static void handle(void *context, struct http_request *request)
{
    struct text origin_hash;
    bool adds = text_is(request->path, "/add-checkpoint");
    bool shows = monitoring_path(request->path, &origin_hash);
    if (adds && text_is(request->method, "POST"))
        add_checkpoint(context, request);
    else if (adds)
        answer_text(request, 405, PLAIN, TEXT("Send a POST request.\n"));
    else if (shows && text_is(request->method, "GET"))
        show_checkpoint(context, request, origin_hash);
    else if (shows)
        answer_text(request, 405, PLAIN, TEXT("Send a GET request.\n"));
    else if (text_is(request->path, "/healthz"))
        answer_text(request, 200, PLAIN, TEXT("ok\n"));
    else
        answer_text(request, 404, PLAIN,
                    TEXT("This is a witness: POST /add-checkpoint, or GET /HASH/checkpoint with "
                         "the SHA-256 of a log's origin.\n"));
}

static bool read_key(const struct invocation *invocation, struct note_secret *secret,
                     struct problem *problem)
{
    struct buffer file;
    const char *path = invocation_option(invocation, "key");
    const char *name = invocation_option(invocation, "name");
    buffer_init(&file);
    bool ok = file_read(path, KEY_FILE_BYTES_MAX, &file, problem);
    if (ok) {
        struct text rest = buffer_view(&file);
        ok = note_secret_parse(text_cut(&rest, '\n'), secret, problem);
        explicit_bzero(file.bytes, file.capacity);
    }
    buffer_done(&file);
    if (!ok)
        return false;
    if (secret->key.type != NOTE_COSIGNATURE)
        return problem_set(problem, PROBLEM_CONFIGURATION, "%s is not the key of a witness", path);
    if (name != NULL && strcmp(name, secret->key.name) != 0)
        return problem_set(problem, PROBLEM_CONFIGURATION, "%s is the key of %.100s, not of %.100s",
                           path, secret->key.name, name);
    return true;
}

static bool read_logs(const struct invocation *invocation, struct witness *witness,
                      struct problem *problem)
{
    const char *vkey;
    for (size_t i = 0; (vkey = invocation_repeated(invocation, "log", i)) != NULL; i++) {
        if (witness->log_count == WITNESS_LOGS_MAX)
            return problem_set(problem, PROBLEM_CONFIGURATION, "at most %d logs", WITNESS_LOGS_MAX);
        if (!note_key_parse(text_of(vkey), &witness->logs[witness->log_count++], problem))
            return false;
    }
    return true;
}

static struct http_server *listen_on(const char *address, struct witness *witness,
                                     struct problem *problem)
{
    const struct http_limits limits = {.body_bytes_max = WITNESS_REQUEST_BYTES_MAX,
                                       .head_bytes_max = 8192,
                                       .head_us_max = 10 * TIME_SECOND,
                                       .body_us_max = 30 * TIME_SECOND,
                                       .idle_us_max = TIME_MINUTE,
                                       .connections_max = 1024,
                                       .threads = 1};
    return http_server_new(address, &limits, handle, witness, problem);
}

static void wait_for_signal(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigwaitinfo(&signals, NULL);
}

static void block_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    MUST(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    signal(SIGPIPE, SIG_IGN);
}

static int serve(struct witness *witness, const char *address)
{
    struct problem problem;
    struct http_server *server = listen_on(address, witness, &problem);
    if (server == NULL)
        return command_failed(&problem);
    const char *colon = strrchr(address, ':');
    if (strncmp(address, "unix:", 5) == 0 || colon == NULL)
        printf("listening on %s\n", address);
    else
        printf("listening on http://%.*s:%u\n", (int)(colon - address), address,
               http_server_port(server));
    fflush(stdout);
    wait_for_signal();
    http_server_free(server);
    return EXIT_DONE;
}

static int run_witness(const struct invocation *invocation)
{
    static struct witness witness;
    struct problem problem;
    block_signals();
    if (!sandbox_hide_memory(&problem) || !sandbox_daemon(&problem) ||
        !read_key(invocation, &witness.secret, &problem) ||
        !read_logs(invocation, &witness, &problem))
        return command_failed(&problem);
    witness.records = witness_records_new(invocation_option(invocation, "state"), &problem);
    if (witness.records == NULL)
        return command_failed(&problem);
    MUST(pthread_mutex_init(&witness.lock, NULL) == 0);
    int status = serve(&witness, invocation_option(invocation, "listen"));
    pthread_mutex_destroy(&witness.lock);
    witness_records_free(witness.records);
    note_secret_done(&witness.secret);
    return status;
}

static const struct option witness_options[] = {
    {"listen", "ADDRESS", OPTION_REQUIRED, "127.0.0.1:8090, [::1]:8090 or unix:/path; port 0: any"},
    {"key", "FILE", OPTION_REQUIRED, "the key that `witness init` made"},
    {"state", "FILE", OPTION_REQUIRED, "what it has cosigned; never lose it"},
    {"log", "VKEY", OPTION_REQUIRED | OPTION_REPEATED, "the verifier key of a log to cosign"},
    {"name", "NAME", 0, "the witness's name, to be sure of the key"},
};

const struct command command_witness = {
    .name = "witness",
    .arguments = "",
    .options = witness_options,
    .option_count = COUNT_OF(witness_options),
    .summary = "run a witness that cosigns logs which only grow",
    .help = "A witness watches over somebody else's log: it cosigns a checkpoint only if it "
            "continues the\none it cosigned before. Let somebody run it who does not depend on "
            "the marketplace.\nIt serves POST /add-checkpoint and, to whoever watches, GET "
            "/HASH/checkpoint: the newest\ncheckpoint that it cosigned of the log whose origin "
            "has this SHA-256 (c2sp.org/tlog-witness).",
    .examples = "  counterfoil witness --listen 127.0.0.1:8090 --key w.key --state w.state \\\n"
                "      --log \"$(cat log.vkey)\"",
    .run = run_witness,
};

static bool make_key(const char *path, const char *name, struct buffer *vkey,
                     struct problem *problem)
{
    uint8_t seed[ED25519_KEY_BYTES];
    struct note_secret secret;
    struct buffer file;
    random_bytes(seed, sizeof seed);
    bool ok = note_secret_from_seed(&secret, text_of(name), NOTE_COSIGNATURE, seed, problem);
    explicit_bzero(seed, sizeof seed);
    if (!ok)
        return false;
    buffer_init(&file);
    buffer_reserve(&file, 1024); /* one block: no copies are left behind */
    note_secret_add(&file, &secret);
    buffer_char(&file, '\n');
    ok = file_create(path, buffer_view(&file), 0600, problem);
    explicit_bzero(file.bytes, file.capacity);
    buffer_done(&file);
    note_key_add(vkey, &secret.key);
    buffer_char(vkey, '\n');
    note_secret_done(&secret);
    return ok;
}

static int run_witness_init(const struct invocation *invocation)
{
    struct problem problem;
    struct buffer vkey;
    buffer_init(&vkey);
    if (make_key(invocation_option(invocation, "key"), invocation_option(invocation, "name"), &vkey,
                 &problem))
        return command_output(&vkey);
    buffer_done(&vkey);
    return command_failed(&problem);
}

static const struct option witness_init_options[] = {
    {"key", "FILE", OPTION_REQUIRED, "where the secret key is put; must not exist"},
    {"name", "NAME", OPTION_REQUIRED, "the witness's name, like witness.association.example/1"},
};

const struct command command_witness_init = {
    .name = "witness init",
    .arguments = "",
    .options = witness_init_options,
    .option_count = COUNT_OF(witness_init_options),
    .summary = "make a witness's key and print its verifier key",
    .help = "Give the verifier key to the log's operator (setting log.witnesses) and to everybody "
            "who\nverifies evidence.",
    .examples = "  counterfoil witness init --key w.key --name witness.association.example/1",
    .run = run_witness_init,
};
