#include "act/lease.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"

#define NODES_MAX 64
#define WATCHED_MAX (LEASES + NODES_MAX)
#define NAME_BYTES 32
#define HOLDER_BYTES 128
#define NODE_PREFIX "node/"
#define FORGOTTEN_AFTER 20 /* spans: rows of nodes that did not come back */

#define ROW struct lease_row
static const struct column lease_columns[] = {
    COLUMN(ROW, name, COLUMN_TEXT, .doc = "What is held, or node/… for a node that is alive."),
    COLUMN(ROW, holder, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .doc = "Which node; none: free."),
    COLUMN(ROW, fence, COLUMN_INT, .doc = "Grows with each new holder."),
    COLUMN(ROW, renewed_at, COLUMN_TIME, .doc = "When, by the holder's clock; for people."),
    COLUMN(ROW, beat, COLUMN_INT, .doc = "Grows with each renewal."),
};
const struct table leases_table = {
    .name = "leases",
    .kind = TABLE_OPERATIONAL,
    .stays = true,
    .row_bytes = sizeof(ROW),
    .columns = lease_columns,
    .column_count = COUNT_OF(lease_columns),
    .key_count = 1,
    .version = &lease_columns[COUNT_OF(lease_columns) - 1],
    .doc = "Which node does what only one may do.",
};
#undef ROW

static const char *const lease_names[LEASES] = {
    [LEASE_LOG] = "log",
    [LEASE_TIMERS] = "timers",
    [LEASE_WITNESSES] = "witnesses",
    [LEASE_MAIL] = "mail",
    [LEASE_DELIVERIES] = "deliveries/0",
    [LEASE_DELIVERIES + 1] = "deliveries/1",
    [LEASE_DELIVERIES + 2] = "deliveries/2",
    [LEASE_DELIVERIES + 3] = "deliveries/3",
    [LEASE_DELIVERIES + 4] = "deliveries/4",
    [LEASE_DELIVERIES + 5] = "deliveries/5",
    [LEASE_DELIVERIES + 6] = "deliveries/6",
    [LEASE_DELIVERIES + 7] = "deliveries/7",
};

/* A row as it was last seen, and since when it has stood still. */
struct watched {
    char name[NAME_BYTES];
    char holder[HOLDER_BYTES];
    int64_t fence, beat;
    int64_t since;
    bool exists, listed;
};

enum change { CHANGE_NONE, CHANGE_RENEW, CHANGE_TAKE, CHANGE_RELEASE, CHANGE_FORGET };

struct held {
    int64_t fence; /* 0: not held */
    int64_t until;
};

struct leases {
    struct store *store;
    struct writer *writer;
    int64_t lasts;
    void (*changed)(void *context);
    void *context;
    char holder[HOLDER_BYTES];
    char node[NAME_BYTES];
    pthread_t keeper;
    bool keeper_runs;
    struct watched watched[WATCHED_MAX]; /* the leases in their order, then the nodes */
    size_t watched_count;
    enum change changes[WATCHED_MAX];
    struct arena *arena;

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t stop;
    bool stopping;
    struct held held[LEASES];
};

enum lease lease_of_deliveries(int64_t org)
{
    return (enum lease)(LEASE_DELIVERIES + (unsigned)((uint64_t)org % DELIVERY_SLOTS));
}

struct lease_row lease_key(enum lease lease)
{
    MUST(lease < LEASES);
    return (struct lease_row){.name = text_of(lease_names[lease])};
}

/* It also counts while the machine sleeps: others go on meanwhile. */
static int64_t clock_now(void)
{
    struct timespec now;
    MUST(clock_gettime(CLOCK_BOOTTIME, &now) == 0);
    return (int64_t)now.tv_sec * TIME_SECOND + now.tv_nsec / 1000;
}

bool leases_hold(struct leases *leases, enum lease lease, int64_t *fence)
{
    MUST(lease < LEASES);
    pthread_mutex_lock(&leases->lock);
    const struct held *held = &leases->held[lease];
    bool is_held = held->fence != 0 && clock_now() < held->until;
    if (fence != NULL)
        *fence = held->fence;
    pthread_mutex_unlock(&leases->lock);
    return is_held;
}

bool lease_confirm(struct leases *leases, enum lease lease, struct row_slot *slot,
                   struct problem *problem)
{
    struct lease_row *row = slot->row;
    int64_t fence;
    bool is_held = leases_hold(leases, lease, &fence);
    if (!is_held || !slot->found || row->fence != fence || !text_is(row->holder, leases->holder))
        return problem_set(problem, PROBLEM_LEASE_LOST, "%s is another server's now",
                           lease_names[lease]);
    row->beat++;
    slot->changed = true;
    return true;
}

/* Watching. */

static struct watched *find_watched(struct leases *leases, struct text name)
{
    for (size_t i = 0; i < leases->watched_count; i++)
        if (text_is(name, leases->watched[i].name))
            return &leases->watched[i];
    if (leases->watched_count == WATCHED_MAX || name.length >= NAME_BYTES)
        return NULL;
    struct watched *fresh = &leases->watched[leases->watched_count++];
    *fresh = (struct watched){.exists = false};
    memcpy(fresh->name, name.bytes, name.length);
    return fresh;
}

static bool watch_row(void *context, const void *row, struct problem *problem)
{
    struct leases *leases = context;
    const struct lease_row *lease = row;
    struct watched *watched = find_watched(leases, lease->name);
    (void)problem;
    if (watched == NULL || lease->holder.length >= HOLDER_BYTES)
        return true;
    bool moved = !watched->exists || watched->fence != lease->fence ||
                 watched->beat != lease->beat || !text_is(lease->holder, watched->holder);
    watched->exists = watched->listed = true;
    if (!moved)
        return true;
    watched->since = clock_now();
    watched->fence = lease->fence;
    watched->beat = lease->beat;
    memset(watched->holder, 0, HOLDER_BYTES);
    if (lease->holder.length > 0)
        memcpy(watched->holder, lease->holder.bytes, lease->holder.length);
    return true;
}

/* Nodes whose rows are gone make place for others. */
static void drop_unlisted(struct leases *leases)
{
    size_t kept = LEASES;
    for (size_t i = 0; i < leases->watched_count; i++) {
        struct watched *watched = &leases->watched[i];
        watched->exists = watched->listed;
        if (i >= LEASES && watched->listed)
            leases->watched[kept++] = *watched;
    }
    leases->watched_count = kept;
}

static bool watch(struct leases *leases, struct problem *problem)
{
    for (size_t i = 0; i < leases->watched_count; i++)
        leases->watched[i].listed = false;
    struct reader *reader = store_reader_take(leases->store);
    bool read = reader_rows(reader, &leases_table, "ORDER BY name", NULL, 0, leases->arena,
                            watch_row, leases, problem);
    store_reader_give(leases->store, reader);
    if (read)
        drop_unlisted(leases);
    return read && (find_watched(leases, text_of(leases->node)) != NULL ||
                    problem_set(problem, PROBLEM_OVERLOADED, "more than %d servers on one store",
                                NODES_MAX));
}

/* Planning. */

static bool is_mine(const struct leases *leases, const struct watched *watched)
{
    return watched->exists && strcmp(watched->holder, leases->holder) == 0;
}

static bool is_over(const struct leases *leases, const struct watched *watched, int64_t now)
{
    return !watched->exists || watched->holder[0] == '\0' || now - watched->since >= leases->lasts;
}

/* How many delivery slots each node that is alive should have. */
static size_t fair_share(const struct leases *leases, int64_t now)
{
    size_t alive = 0;
    for (size_t i = LEASES; i < leases->watched_count; i++)
        alive += is_mine(leases, &leases->watched[i]) ||
                 strcmp(leases->watched[i].name, leases->node) == 0 ||
                 !is_over(leases, &leases->watched[i], now);
    return alive == 0 ? DELIVERY_SLOTS : (DELIVERY_SLOTS + alive - 1) / alive;
}

static void plan_leases(struct leases *leases, int64_t now)
{
    size_t share = fair_share(leases, now);
    size_t slots = 0;
    for (size_t i = 0; i < LEASES; i++) {
        const struct watched *watched = &leases->watched[i];
        bool is_slot = i >= LEASE_DELIVERIES;
        if (is_mine(leases, watched)) {
            leases->changes[i] = is_slot && slots >= share ? CHANGE_RELEASE : CHANGE_RENEW;
            slots += is_slot && leases->changes[i] == CHANGE_RENEW;
        }
    }
    for (size_t i = 0; i < LEASES; i++) {
        bool is_slot = i >= LEASE_DELIVERIES;
        if (is_mine(leases, &leases->watched[i]) || !is_over(leases, &leases->watched[i], now) ||
            (is_slot && slots >= share))
            continue;
        leases->changes[i] = CHANGE_TAKE;
        slots += is_slot;
    }
}

static void plan(struct leases *leases, int64_t now)
{
    memset(leases->changes, 0, sizeof leases->changes);
    plan_leases(leases, now);
    for (size_t i = LEASES; i < leases->watched_count; i++) {
        const struct watched *watched = &leases->watched[i];
        if (strcmp(watched->name, leases->node) == 0)
            leases->changes[i] = watched->exists ? CHANGE_RENEW : CHANGE_TAKE;
        else if (now - watched->since >= FORGOTTEN_AFTER * leases->lasts)
            leases->changes[i] = CHANGE_FORGET;
    }
}

static void plan_release(struct leases *leases)
{
    memset(leases->changes, 0, sizeof leases->changes);
    for (size_t i = 0; i < leases->watched_count; i++)
        if (is_mine(leases, &leases->watched[i]))
            leases->changes[i] = i < LEASES ? CHANGE_RELEASE : CHANGE_FORGET;
}

/* Doing. */

/* What was decided about is still so? Of our own leases the beat may have moved. */
static bool is_as_watched(const struct leases *leases, const struct watched *watched,
                          const struct row_slot *slot)
{
    const struct lease_row *row = slot->row;
    if (!slot->found || !watched->exists)
        return slot->found == watched->exists;
    return row->fence == watched->fence && text_is(row->holder, watched->holder) &&
           (is_mine(leases, watched) || row->beat == watched->beat);
}

static void apply(const struct leases *leases, enum change change, struct row_slot *slot)
{
    struct lease_row *row = slot->row;
    slot->removed = change == CHANGE_FORGET;
    slot->changed = change != CHANGE_NONE && change != CHANGE_FORGET;
    row->beat++;
    row->renewed_at = time_now();
    if (change == CHANGE_TAKE) {
        row->fence++;
        row->holder = text_of(leases->holder);
    } else if (change == CHANGE_RELEASE) {
        row->holder = TEXT_NONE;
    }
}

struct beat {
    struct row_slot slots[WATCHED_MAX];
    struct row_slot *list[WATCHED_MAX];
    size_t which[WATCHED_MAX]; /* of the watched rows */
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    const struct row_slot *left = *(struct row_slot *const *)a;
    const struct row_slot *right = *(struct row_slot *const *)b;
    return row_key_compare(&leases_table, left->row, right->row);
}

static struct beat *list_changes(struct leases *leases)
{
    struct beat *beat = ARENA_NEW(leases->arena, struct beat);
    for (size_t i = 0; i < leases->watched_count; i++) {
        if (leases->changes[i] == CHANGE_NONE)
            continue;
        struct lease_row *row = ARENA_NEW(leases->arena, struct lease_row);
        struct row_slot *slot = &beat->slots[beat->count];
        row->name = text_of(leases->watched[i].name);
        *slot = (struct row_slot){.table = &leases_table, .row = row};
        beat->list[beat->count] = slot;
        beat->which[beat->count++] = i;
    }
    qsort(beat->list, beat->count, sizeof beat->list[0], compare_names);
    return beat;
}

static bool store_changes(struct leases *leases, struct beat *beat, struct problem *problem)
{
    if (!writer_begin(leases->writer, problem))
        return false;
    bool stored = writer_load(leases->writer, beat->list, beat->count, leases->arena, problem);
    for (size_t i = 0; i < beat->count && stored; i++) {
        size_t which = beat->which[i];
        if (!is_as_watched(leases, &leases->watched[which], &beat->slots[i]))
            leases->changes[which] = CHANGE_NONE;
        else
            apply(leases, leases->changes[which], &beat->slots[i]);
    }
    stored = stored && writer_save(leases->writer, beat->list, beat->count, problem);
    if (!stored) {
        writer_rollback(leases->writer);
        return false;
    }
    return writer_commit(leases->writer, problem);
}

/* True if others should know. */
static bool note_held(struct leases *leases, const struct beat *beat, int64_t began)
{
    bool changed = false;
    pthread_mutex_lock(&leases->lock);
    for (size_t i = 0; i < beat->count; i++) {
        size_t which = beat->which[i];
        const struct lease_row *row = beat->slots[i].row;
        enum change change = leases->changes[which];
        if (which >= LEASES)
            continue;
        struct held *held = &leases->held[which];
        bool is_held = change == CHANGE_RENEW || change == CHANGE_TAKE;
        changed = changed || held->fence != (is_held ? row->fence : 0);
        *held = is_held ? (struct held){row->fence, began + leases->lasts * 2 / 3}
                        : (struct held){0, 0};
    }
    pthread_mutex_unlock(&leases->lock);
    return changed;
}

/* Before they are given back, nothing more is begun under them. */
static void forget_released(struct leases *leases)
{
    pthread_mutex_lock(&leases->lock);
    for (size_t i = 0; i < LEASES; i++)
        if (leases->changes[i] == CHANGE_RELEASE)
            leases->held[i].until = 0;
    pthread_mutex_unlock(&leases->lock);
}

static bool carry_out(struct leases *leases, int64_t began, struct problem *problem)
{
    struct beat *beat = list_changes(leases);
    forget_released(leases);
    if (beat->count == 0)
        return true;
    if (!store_changes(leases, beat, problem))
        return false;
    if (note_held(leases, beat, began))
        leases->changed(leases->context);
    return true;
}

static bool renew(struct leases *leases, struct problem *problem)
{
    arena_reset(leases->arena);
    int64_t began = clock_now();
    if (!watch(leases, problem))
        return false;
    plan(leases, clock_now());
    return carry_out(leases, began, problem);
}

static void release(struct leases *leases)
{
    struct problem problem;
    arena_reset(leases->arena);
    bool released = watch(leases, &problem);
    if (released) {
        plan_release(leases);
        released = carry_out(leases, clock_now(), &problem);
    }
    if (!released) /* then others wait for their end */
        log_problem(LOG_WARN, "leases.not_released", &problem);
}

/* True if it is time to stop. */
static bool wait_for_turn(struct leases *leases)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t nanoseconds = until.tv_nsec + leases->lasts / 3 * 1000;
    until.tv_sec += nanoseconds / 1000000000;
    until.tv_nsec = nanoseconds % 1000000000;
    pthread_mutex_lock(&leases->lock);
    int outcome = 0;
    while (!leases->stopping && outcome != ETIMEDOUT)
        outcome = pthread_cond_timedwait(&leases->stop, &leases->lock, &until);
    bool stopping = leases->stopping;
    pthread_mutex_unlock(&leases->lock);
    return stopping;
}

static void *keeper_run(void *context)
{
    struct leases *leases = context;
    struct problem problem;
    while (!wait_for_turn(leases))
        if (!renew(leases, &problem))
            log_problem(problem.code == PROBLEM_STORE_CONFLICT ? LOG_DEBUG : LOG_WARN,
                        "leases.not_renewed", &problem);
    return NULL;
}

static void name_node(struct leases *leases)
{
    char host[64] = "";
    uint64_t number;
    gethostname(host, sizeof host - 1);
    random_bytes(&number, sizeof number);
    snprintf(leases->holder, sizeof leases->holder, "%s, process %ld, %016llx", host,
             (long)getpid(), (unsigned long long)number);
    snprintf(leases->node, sizeof leases->node, NODE_PREFIX "%016llx", (unsigned long long)number);
}

static struct leases *leases_make(struct store *store, struct writer *writer, int64_t lasts_us)
    OWNED_BY(leases_free);

static struct leases *leases_make(struct store *store, struct writer *writer, int64_t lasts_us)
{
    struct leases *leases = calloc(1, sizeof *leases);
    pthread_condattr_t monotonic;
    MUST(leases != NULL && pthread_mutex_init(&leases->lock, NULL) == 0 &&
         pthread_condattr_init(&monotonic) == 0 &&
         pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
         pthread_cond_init(&leases->stop, &monotonic) == 0);
    pthread_condattr_destroy(&monotonic);
    leases->store = store;
    leases->writer = writer;
    leases->lasts = lasts_us;
    leases->arena = arena_new();
    for (size_t i = 0; i < LEASES; i++)
        MUST(find_watched(leases, text_of(lease_names[i])) == &leases->watched[i]);
    name_node(leases);
    return leases;
}

static void ignore(void *context)
{
    (void)context;
}

struct leases *leases_new(struct store *store, struct writer *writer, int64_t lasts_us,
                          void (*changed)(void *context), void *context, struct problem *problem)
{
    struct leases *leases = leases_make(store, writer, lasts_us);
    leases->changed = ignore;
    bool ready = renew(leases, problem) || problem->code == PROBLEM_STORE_CONFLICT;
    leases->changed = changed;
    leases->context = context;
    leases->keeper_runs = ready && pthread_create(&leases->keeper, NULL, keeper_run, leases) == 0;
    if (leases->keeper_runs)
        return leases;
    if (ready)
        problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
    leases_free(leases);
    return NULL;
}

static bool nodes_are_listed(const struct leases *leases)
{
    for (size_t i = LEASES; i < leases->watched_count; i++)
        if (leases->watched[i].exists)
            return true;
    return false;
}

/* Whoever's beat has moved since the first look is alive. */
static struct text live_node(const struct leases *leases, int64_t first)
{
    for (size_t i = LEASES; i < leases->watched_count; i++)
        if (leases->watched[i].exists && leases->watched[i].since > first)
            return text_of(leases->watched[i].holder);
    return TEXT_NONE;
}

bool leases_look(struct store *store, int64_t lasts_us, struct arena *arena, struct text *holder,
                 struct problem *problem)
{
    struct leases *leases = leases_make(store, NULL, lasts_us);
    bool looked = watch(leases, problem);
    int64_t first = clock_now();
    *holder = TEXT_NONE;
    while (looked && nodes_are_listed(leases) && holder->length == 0 &&
           clock_now() - first < lasts_us) {
        usleep((useconds_t)(lasts_us / 10));
        arena_reset(leases->arena);
        looked = watch(leases, problem);
        *holder = arena_text(arena, live_node(leases, first));
    }
    leases_free(leases);
    return looked;
}

void leases_free(struct leases *leases)
{
    if (leases == NULL)
        return;
    pthread_mutex_lock(&leases->lock);
    leases->stopping = true;
    pthread_cond_signal(&leases->stop);
    pthread_mutex_unlock(&leases->lock);
    if (leases->keeper_runs) {
        pthread_join(leases->keeper, NULL);
        release(leases);
    }
    pthread_mutex_destroy(&leases->lock);
    pthread_cond_destroy(&leases->stop);
    arena_free(leases->arena);
    free(leases);
}
