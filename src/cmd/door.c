#include "cmd/door.h"

#include <pthread.h>
#include <stdlib.h>

struct door {
    struct kernel *kernel;
    struct arena *arena;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    size_t count;
    size_t done; /* under the lock */
    struct submission acts[DOOR_BATCH_MAX];
};

struct door *door_new(struct kernel *kernel)
{
    struct door *door = calloc(1, sizeof *door);
    MUST(door != NULL);
    door->kernel = kernel;
    door->arena = arena_new();
    MUST(pthread_mutex_init(&door->lock, NULL) == 0 &&
         pthread_cond_init(&door->finished, NULL) == 0);
    return door;
}

void door_free(struct door *door)
{
    if (door == NULL)
        return;
    door_wait(door);
    arena_free(door->arena);
    pthread_mutex_destroy(&door->lock);
    pthread_cond_destroy(&door->finished);
    free(door);
}

static void count_done(struct submission *submission)
{
    struct door *door = submission->context;
    pthread_mutex_lock(&door->lock);
    door->done++;
    pthread_cond_signal(&door->finished);
    pthread_mutex_unlock(&door->lock);
}

static bool complete(struct door *door, struct submission *submission, void *body)
{
    struct store *store = kernel_store(door->kernel);
    struct reader *reader = store_reader_take(store);
    bool ok = submission->act.type->complete(reader, &submission->act, body, door->arena,
                                             &submission->problem);
    store_reader_give(store, reader);
    return ok;
}

static bool read_body(struct door *door, const struct door_act *act, struct submission *submission)
{
    json_t *json = json_read(act->body, &submission->problem);
    void *body = arena_take(door->arena, act->type->body_bytes);
    bool ok = json != NULL && fields_read(act->type->fields, act->type->field_count, json, body,
                                          door->arena, &submission->problem);
    json_free(json);
    submission->act.body = body;
    return ok && (act->type->complete == NULL || complete(door, submission, body));
}

size_t door_act(struct door *door, const struct door_act *act)
{
    MUST(door->count < DOOR_BATCH_MAX);
    size_t index = door->count++;
    struct submission *submission = &door->acts[index];
    *submission = (struct submission){
        .act = {.type = act->type,
                .org = act->org,
                .subject = act->subject,
                .prefix = act->prefix,
                .at = act->at,
                .actor = {.role = act->role,
                          .org = act->role == ROLE_SELLER ? act->org : ORG_MARKETPLACE,
                          .buyer = arena_text(door->arena, act->buyer)}},
        .arena = door->arena,
        .idempotency_key = arena_text(door->arena, act->idempotency_key),
        .done = count_done,
        .context = door,
    };
    const struct text pieces[] = {text_of(act->type->name), TEXT("\n"), act->body};
    submission->request = digest_of_pieces(pieces, COUNT_OF(pieces));
    if (read_body(door, act, submission))
        kernel_submit(door->kernel, submission);
    else
        count_done(submission);
    return index;
}

void door_wait(struct door *door)
{
    pthread_mutex_lock(&door->lock);
    while (door->done < door->count)
        pthread_cond_wait(&door->finished, &door->lock);
    pthread_mutex_unlock(&door->lock);
}

const struct submission *door_result(const struct door *door, size_t index)
{
    MUST(index < door->count);
    return &door->acts[index];
}

size_t door_count(const struct door *door)
{
    return door->count;
}

void door_clear(struct door *door)
{
    door_wait(door);
    door->count = door->done = 0;
    arena_reset(door->arena);
}

bool door_single(struct door *door, const struct door_act *act, struct submission *done,
                 struct problem *problem)
{
    door_clear(door);
    door_act(door, act);
    door_wait(door);
    *done = door->acts[0];
    if (!done->accepted)
        *problem = done->problem;
    return done->accepted;
}
