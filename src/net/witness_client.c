#include "net/witness_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "net/fetch.h"
#include "tlog/witness.h"

#define ANSWER_TIMEOUT (10 * TIME_SECOND)
#define PAUSE_MAX (5 * TIME_MINUTE)

struct witness {
    struct note_key key;
    char *url;         /* of add-checkpoint */
    uint64_t known;    /* the size that it has recorded, as far as we know */
    uint64_t cosigned; /* the size that `lines` are for */
    struct buffer lines;
    bool failing;     /* and that was logged */
    int64_t pause_us; /* after a failure; doubles */
    int64_t asked_again_at;
};

struct witness_client {
    struct kernel *kernel;
    int64_t every_us;
    pthread_t thread;
    bool runs;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    size_t count;
    struct witness witnesses[WITNESSES_MAX];
    char *keys[WITNESSES_MAX];
};

/* The log's newest checkpoint, as a round sees it. */
struct round {
    struct buffer bytes;
    struct note note;
    struct checkpoint checkpoint;
};

static void log_failure(struct witness *witness, const struct problem *problem)
{
    if (!witness->failing) {
        log_event(LOG_WARN, "witness.failed", "witness", witness->key.name, NULL);
        log_problem(LOG_WARN, "witness.failed", problem);
    }
    witness->failing = true;
    witness->pause_us = witness->pause_us == 0 ? TIME_SECOND : witness->pause_us * 2;
    if (witness->pause_us > PAUSE_MAX)
        witness->pause_us = PAUSE_MAX;
    witness->asked_again_at = time_monotonic() + witness->pause_us;
}

static void log_success(struct witness *witness)
{
    if (witness->failing)
        log_event(LOG_INFO, "witness.back", "witness", witness->key.name, NULL);
    witness->failing = false;
    witness->pause_us = witness->asked_again_at = 0;
}

static bool exchange(struct witness_client *client, struct witness *witness,
                     const struct round *round, unsigned *status, struct buffer *answer,
                     struct problem *problem)
{
    struct merkle_proof proof = {0};
    struct buffer body;
    if (witness->known > 0 && witness->known < round->checkpoint.size &&
        !ledger_prove_consistency(client->kernel, witness->known, round->checkpoint.size, &proof,
                                  problem))
        return false;
    buffer_init(&body);
    witness_request_add(&body, witness->known, &proof, buffer_view(&round->bytes));
    const struct fetch request = {.method = "POST",
                                  .url = witness->url,
                                  .content_type = "text/plain; charset=utf-8",
                                  .body = buffer_view(&body),
                                  .answer_bytes_max = WITNESS_ANSWER_BYTES_MAX,
                                  .timeout_us = ANSWER_TIMEOUT,
                                  .stop = &client->stop};
    bool ok = fetch(&request, status, answer, problem);
    buffer_done(&body);
    return ok;
}

/* One question; WITNESS_BEHIND has set witness->known, so that the next one can be answered. */
static enum witness_answer ask_once(struct witness_client *client, struct witness *witness,
                                    const struct round *round, struct problem *problem)
{
    unsigned status = 0;
    uint64_t recorded = 0;
    struct buffer answer;
    enum witness_answer verdict = WITNESS_REFUSED;
    buffer_init(&answer);
    buffer_clear(&witness->lines);
    if (exchange(client, witness, round, &status, &answer, problem))
        verdict = witness_answer_read(status, buffer_view(&answer), round->note.text, &witness->key,
                                      &witness->lines, &recorded, problem);
    buffer_done(&answer);
    if (verdict == WITNESS_BEHIND) {
        witness->known = recorded;
        problem_set(problem, PROBLEM_PROOF_INVALID,
                    "the witness has seen %llu entries, we have %llu", (unsigned long long)recorded,
                    (unsigned long long)round->checkpoint.size);
        if (recorded > round->checkpoint.size)
            return WITNESS_REFUSED;
    }
    return verdict;
}

static bool ask(struct witness_client *client, struct witness *witness, const struct round *round)
{
    struct problem problem;
    enum witness_answer verdict = ask_once(client, witness, round, &problem);
    if (verdict == WITNESS_BEHIND)
        verdict = ask_once(client, witness, round, &problem);
    if (verdict != WITNESS_COSIGNED) {
        witness->cosigned = 0;
        if (!atomic_load(&client->stop))
            log_failure(witness, &problem);
        return false;
    }
    witness->known = witness->cosigned = round->checkpoint.size;
    log_success(witness);
    return true;
}

/* The log's own signature and every cosignature for this size. */
static void store_cosigned(struct witness_client *client, const struct round *round)
{
    struct problem problem;
    struct buffer note;
    struct text own = round->note.signatures[0].line;
    buffer_init(&note);
    note_begin(&note, round->note.text);
    buffer_text(&note, own);
    for (size_t i = 0; i < client->count; i++)
        if (client->witnesses[i].cosigned == round->checkpoint.size)
            buffer_text(&note, buffer_view(&client->witnesses[i].lines));
    if (!ledger_store_cosigned(client->kernel, round->checkpoint.size, buffer_view(&note),
                               &problem))
        log_problem(LOG_ERROR, "witness.store_failed", &problem);
    buffer_done(&note);
}

static void ask_all(struct witness_client *client, const struct round *round)
{
    bool more = false;
    for (size_t i = 0; i < client->count; i++) {
        struct witness *witness = &client->witnesses[i];
        if (witness->cosigned != round->checkpoint.size &&
            witness->asked_again_at <= time_monotonic() && !atomic_load(&client->stop))
            more |= ask(client, witness, round);
    }
    if (more)
        store_cosigned(client, round);
}

static void run_round(struct witness_client *client)
{
    struct problem problem;
    struct round round;
    buffer_init(&round.bytes);
    ledger_checkpoint(client->kernel, &round.bytes);
    if (!note_parse(buffer_view(&round.bytes), &round.note, &problem) ||
        !checkpoint_parse(round.note.text, &round.checkpoint, &problem))
        log_problem(LOG_ERROR, "witness.no_checkpoint", &problem);
    else if (round.checkpoint.size > 0)
        ask_all(client, &round);
    buffer_done(&round.bytes);
}

/* False when it is time to end. */
static bool pause_between_rounds(struct witness_client *client)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(client->every_us / TIME_SECOND);
    until.tv_nsec += (long)(client->every_us % TIME_SECOND) * 1000;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_mutex_lock(&client->lock);
    while (!atomic_load(&client->stop) &&
           pthread_cond_timedwait(&client->stopped, &client->lock, &until) != ETIMEDOUT)
        ;
    pthread_mutex_unlock(&client->lock);
    return !atomic_load(&client->stop);
}

static void *run(void *context)
{
    struct witness_client *client = context;
    do
        if (kernel_holds(client->kernel, LEASE_WITNESSES))
            run_round(client);
    while (pause_between_rounds(client));
    return NULL;
}

static bool add_witness(struct witness_client *client, const char *setting, struct problem *problem)
{
    struct text url = text_of(setting);
    struct text vkey = text_cut(&url, ' ');
    struct witness *witness = &client->witnesses[client->count];
    struct buffer full;
    url = text_trim(url);
    while (url.length > 0 && url.bytes[url.length - 1] == '/')
        url.length--;
    if (!note_key_parse(vkey, &witness->key, problem))
        return false;
    if (witness->key.type != NOTE_COSIGNATURE)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "log.witnesses: %s is not the key of a witness", witness->key.name);
    if (!text_starts(url, "http://") && !text_starts(url, "https://"))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "log.witnesses: behind the key of %s a URL must follow",
                           witness->key.name);
    buffer_init(&full);
    buffer_text(&full, url);
    buffer_string(&full, "/add-checkpoint");
    witness->url = buffer_release(&full);
    buffer_init(&witness->lines);
    buffer_text(&full, vkey);
    client->keys[client->count++] = buffer_release(&full);
    return true;
}

static void initialize_clock(struct witness_client *client)
{
    pthread_condattr_t monotonic;
    MUST(pthread_condattr_init(&monotonic) == 0 &&
         pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&client->stopped, &monotonic) == 0 &&
         pthread_mutex_init(&client->lock, NULL) == 0);
    pthread_condattr_destroy(&monotonic);
}

static bool start(struct witness_client *client, const struct witness_client_options *options,
                  struct problem *problem)
{
    for (size_t i = 0; i < options->count; i++)
        if (!add_witness(client, options->witnesses[i], problem))
            return false;
    client->runs = pthread_create(&client->thread, NULL, run, client) == 0;
    return client->runs || problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
}

static void dispose(struct witness_client *client)
{
    atomic_store(&client->stop, true);
    pthread_mutex_lock(&client->lock);
    pthread_cond_signal(&client->stopped);
    pthread_mutex_unlock(&client->lock);
    if (client->runs)
        pthread_join(client->thread, NULL);
    for (size_t i = 0; i < client->count; i++) {
        free(client->witnesses[i].url);
        free(client->keys[i]);
        buffer_done(&client->witnesses[i].lines);
    }
    pthread_mutex_destroy(&client->lock);
    pthread_cond_destroy(&client->stopped);
    free(client);
}

struct witness_client *witness_client_new(const struct witness_client_options *options,
                                          struct problem *problem)
{
    struct witness_client *client = calloc(1, sizeof *client);
    MUST(client != NULL && options->count <= WITNESSES_MAX);
    client->kernel = options->kernel;
    client->every_us = options->every_us;
    initialize_clock(client);
    if (start(client, options, problem))
        return client;
    dispose(client);
    return NULL;
}

void witness_client_free(struct witness_client *client)
{
    if (client != NULL)
        dispose(client);
}

const char *const *witness_client_keys(const struct witness_client *client)
{
    return client == NULL ? NULL : (const char *const *)client->keys;
}
