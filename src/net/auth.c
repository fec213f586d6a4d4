#include "net/auth.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "identity/identity.h"
#include "net/sessions.h"

#define KEPT 4096               /* keys in memory, by hash; a power of two */
#define KEPT_FOR_US TIME_SECOND /* where another node may revoke a key */

struct kept_key {
    bool used;
    int64_t since;
    struct key_row row; /* its texts lie in `texts` */
    struct buffer texts;
};

struct auth {
    struct kernel *kernel;
    pthread_mutex_t lock; /* of all that follows */
    uint64_t forgotten;   /* how often auth_forget was called */
    struct kept_key keys[KEPT];
};

struct auth *auth_new(struct kernel *kernel)
{
    struct auth *auth = calloc(1, sizeof *auth);
    MUST(auth != NULL && pthread_mutex_init(&auth->lock, NULL) == 0);
    auth->kernel = kernel;
    return auth;
}

void auth_free(struct auth *auth)
{
    if (auth == NULL)
        return;
    for (size_t i = 0; i < KEPT; i++)
        buffer_done(&auth->keys[i].texts);
    pthread_mutex_destroy(&auth->lock);
    free(auth);
}

static struct kept_key *place_of(struct auth *auth, struct id id)
{
    uint32_t hash;
    memcpy(&hash, id.bytes + sizeof id.bytes - sizeof hash, sizeof hash); /* random bits */
    return &auth->keys[hash % KEPT];
}

bool auth_claim(struct text authorization, struct claim *claim, struct problem *problem)
{
    struct text scheme = text_slice(authorization, 0, authorization.length < 7 ? 0 : 7);
    if (authorization.length == 0)
        return problem_set(problem, PROBLEM_UNAUTHENTICATED, "there is no Authorization field");
    if (!text_is(scheme, "Bearer ") && !text_is(scheme, "bearer "))
        return problem_set(problem, PROBLEM_UNAUTHENTICATED, "the scheme must be Bearer");
    struct text key = text_trim(text_slice(authorization, 7, authorization.length));
    if (!key_parse(key, &claim->role, &claim->key, &claim->secret))
        return problem_set(problem, PROBLEM_UNAUTHENTICATED, "that is not the form of a key");
    return true;
}

static bool is_outdated(const struct auth *auth, const struct kept_key *kept)
{
    return store_is_shared(kernel_store(auth->kernel)) &&
           time_monotonic() - kept->since >= KEPT_FOR_US;
}

/* A copy of the kept row in ARENA; false if there is none. *forgotten: for keep_row. */
static bool find_row(struct auth *auth, struct id id, struct key_row *row, struct arena *arena,
                     uint64_t *forgotten)
{
    pthread_mutex_lock(&auth->lock);
    const struct kept_key *kept = place_of(auth, id);
    bool found = kept->used && id_equal(kept->row.id, id) && !is_outdated(auth, kept);
    if (found) {
        *row = kept->row;
        row->buyer = arena_text(arena, row->buyer);
        row->secret = arena_text(arena, row->secret);
    }
    *forgotten = auth->forgotten;
    pthread_mutex_unlock(&auth->lock);
    return found;
}

/* Keeps ROW, unless a key was forgotten since it was asked for: it may be older than that. */
static void keep_row(struct auth *auth, const struct key_row *row, uint64_t forgotten)
{
    pthread_mutex_lock(&auth->lock);
    if (auth->forgotten == forgotten) {
        struct kept_key *kept = place_of(auth, row->id);
        buffer_clear(&kept->texts);
        buffer_text(&kept->texts, row->secret);
        buffer_text(&kept->texts, row->buyer);
        kept->used = true;
        kept->since = time_monotonic();
        kept->row = *row;
        kept->row.label = TEXT_NONE;
        kept->row.secret = (struct text){kept->texts.bytes, row->secret.length};
        kept->row.buyer =
            row->buyer.length == 0
                ? TEXT_NONE
                : (struct text){kept->texts.bytes + row->secret.length, row->buyer.length};
    }
    pthread_mutex_unlock(&auth->lock);
}

bool auth_check(struct auth *auth, const struct claim *claim, struct arena *arena,
                struct principal *principal, struct problem *problem)
{
    if (claim->is_session)
        return session_check(auth->kernel, claim, arena, principal, problem);
    struct key_row row = {.org = id_org(claim->key), .id = claim->key};
    uint64_t forgotten;
    bool found = find_row(auth, claim->key, &row, arena, &forgotten);
    if (!found) {
        struct store *store = kernel_store(auth->kernel);
        struct reader *reader = store_reader_take(store);
        bool read = reader_load(reader, &keys_table, &row, arena, &found, problem);
        store_reader_give(store, reader);
        if (!read)
            return false;
        if (found)
            keep_row(auth, &row, forgotten);
    }
    if (!found || !key_matches(&row, claim->role, &claim->secret))
        return problem_set(problem, PROBLEM_UNAUTHENTICATED, "the key is not known or was revoked");
    *principal = key_principal(&row, arena);
    return true;
}

void auth_forget(struct auth *auth, struct id key)
{
    pthread_mutex_lock(&auth->lock);
    struct kept_key *kept = place_of(auth, key);
    kept->used = false;
    auth->forgotten++;
    pthread_mutex_unlock(&auth->lock);
}
