#include "net/webhook.h"

#include <stdlib.h>
#include <string.h>

#include "act/receipts.h"
#include "act/tables.h"
#include "base/log.h"
#include "net/webhook_private.h"

#define WAIT_MAX_MS 60000
#define WAIT_SHARED_MAX_MS 1000 /* other nodes do not wake us */
#define PAUSE_US TIME_SECOND
#define LOG_BATCH 1000

/* Endpoints. */

struct endpoint *endpoint_find(const struct webhooks *webhooks, int64_t org, struct id id)
{
    struct endpoint *each = webhooks->endpoints;
    while (each != NULL && !(each->row.org == org && id_equal(each->row.id, id)))
        each = each->next;
    return each;
}

static struct share *find_share(const struct endpoint *endpoints, int64_t org)
{
    while (endpoints != NULL && endpoints->row.org != org)
        endpoints = endpoints->next;
    return endpoints != NULL ? endpoints->share : NULL;
}

/* SHARE: that of the organisation's other endpoints, NULL if there is none. */
static struct endpoint *endpoint_make(const struct endpoint_row *row, struct share *share)
{
    struct endpoint *endpoint = calloc(1, sizeof *endpoint);
    MUST(endpoint != NULL);
    endpoint->share = share != NULL ? share : calloc(1, sizeof *share);
    MUST(endpoint->share != NULL);
    endpoint->share->endpoints++;
    endpoint->row = *row;
    buffer_init(&endpoint->url);
    buffer_init(&endpoint->events);
    buffer_text(&endpoint->url, row->url);
    buffer_char(&endpoint->url, '\0');
    buffer_text(&endpoint->events, row->events);
    endpoint->row.url = TEXT_NONE;
    endpoint->row.events = row->events.bytes == NULL ? TEXT_NONE : buffer_view(&endpoint->events);
    endpoint->row.disabled_reason = TEXT_NONE;
    endpoint->who.role = row->org == ORG_MARKETPLACE ? ROLE_SHOP : ROLE_SELLER;
    endpoint->who.org = row->org;
    endpoint->who.permissions = PERMISSIONS_ALL; /* the organisation's own */
    endpoint->parallel = PARALLEL_MAX;
    endpoint->grown = endpoint->listed = true;
    return endpoint;
}

static void endpoint_drop(struct webhooks *webhooks, struct endpoint *endpoint)
{
    for (struct delivery *each = endpoint->first; each != NULL; each = each->next)
        if (each->handle != NULL)
            send_abort(webhooks, each);
    queue_clear(endpoint);
    if (--endpoint->share->endpoints == 0)
        free(endpoint->share);
    buffer_done(&endpoint->url);
    buffer_done(&endpoint->events);
    explicit_bzero(endpoint->key, sizeof endpoint->key);
    free(endpoint);
}

struct listing {
    struct webhooks *webhooks;
    struct endpoint *added; /* not yet loaded */
};

static bool list_endpoint(void *context, const void *row, struct problem *problem)
{
    struct listing *listing = context;
    const struct endpoint_row *endpoint = row;
    struct endpoint *known = endpoint_find(listing->webhooks, endpoint->org, endpoint->id);
    (void)problem;
    if (!parts_are_ours(listing->webhooks, endpoint->org))
        return true;
    if (known != NULL) {
        known->listed = true;
        return true;
    }
    struct share *share = find_share(listing->added, endpoint->org);
    struct endpoint *made = endpoint_make(
        endpoint, share != NULL ? share : find_share(listing->webhooks->endpoints, endpoint->org));
    made->next = listing->added;
    listing->added = made;
    return true;
}

static void drop_unlisted(struct webhooks *webhooks)
{
    struct endpoint **place = &webhooks->endpoints;
    while (*place != NULL) {
        struct endpoint *each = *place;
        if (each->listed) {
            place = &each->next;
            continue;
        }
        *place = each->next;
        endpoint_drop(webhooks, each);
        webhooks->may_have_unsendable = true;
    }
}

/* Endpoints whose queue cannot be read are left for the next time. */
static bool load_added(struct webhooks *webhooks, struct endpoint *added, struct reader *reader,
                       struct arena *arena, struct problem *problem)
{
    bool loaded = true;
    while (added != NULL) {
        struct endpoint *endpoint = added;
        added = endpoint->next;
        if (loaded && queue_load(webhooks, endpoint, reader, arena, problem)) {
            endpoint->next = webhooks->endpoints;
            webhooks->endpoints = endpoint;
        } else {
            loaded = false;
            endpoint_drop(webhooks, endpoint);
        }
    }
    return loaded;
}

static bool read_endpoints(struct webhooks *webhooks, struct problem *problem)
{
    static const char tail[] = "WHERE removed_at IS NULL AND disabled_at IS NULL ORDER BY org, id";
    struct listing listing = {.webhooks = webhooks};
    struct arena *arena = arena_new();
    struct store *store = kernel_store(webhooks->options.kernel);
    struct reader *reader = store_reader_take(store);
    for (struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next)
        each->listed = false;
    webhooks->held = parts_held(webhooks);
    /* Without endpoints the log was not followed; those that come now look at their feeds anyway.
     */
    bool read =
        webhooks->endpoints != NULL ||
        feed_newest(reader, &(struct principal){.role = ROLE_SHOP}, &webhooks->log_read, problem);
    read = read && reader_rows(reader, &endpoints_table, tail, NULL, 0, arena, list_endpoint,
                               &listing, problem);
    if (read)
        drop_unlisted(webhooks);
    read = load_added(webhooks, listing.added, reader, arena, problem) && read;
    store_reader_give(store, reader);
    arena_free(arena);
    return read;
}

/* Which feeds have grown? */

struct growth {
    struct webhooks *webhooks;
    size_t entries;
    int64_t last_org;
};

/* Another node may have added or removed an endpoint: that is an act like any other. */
static bool mark_grown(void *context, const struct value *columns, size_t count,
                       struct problem *problem)
{
    struct growth *growth = context;
    int64_t org = columns[1].integer;
    (void)count;
    (void)problem;
    if (text_starts(columns[2].text, "endpoint."))
        atomic_store(&growth->webhooks->changed, true);
    growth->entries++;
    growth->webhooks->log_read = columns[0].integer + 1;
    if (org == growth->last_org)
        return true;
    growth->last_org = org;
    for (struct endpoint *each = growth->webhooks->endpoints; each != NULL; each = each->next)
        if (each->row.org == org || each->who.role == ROLE_SHOP)
            each->grown = true;
    return true;
}

static bool follow_log(struct webhooks *webhooks, struct problem *problem)
{
    static const char sql[] = "SELECT log_index, org, type FROM logged_acts WHERE log_index >= ?1 "
                              "ORDER BY log_index LIMIT ?2";
    struct store *store = kernel_store(webhooks->options.kernel);
    struct growth growth = {.webhooks = webhooks, .entries = LOG_BATCH, .last_org = -1};
    bool read = true;
    while (read && growth.entries == LOG_BATCH) {
        const struct value values[] = {VALUE_OF_INT(webhooks->log_read), VALUE_OF_INT(LOG_BATCH)};
        growth.entries = 0;
        struct reader *reader = store_reader_take(store);
        read = reader_query(reader, sql, values, COUNT_OF(values), mark_grown, &growth, problem);
        store_reader_give(store, reader);
    }
    return read;
}

/* The thread. */

static void write_receipt(struct webhooks *webhooks, const struct delivery *delivery)
{
    struct kernel *kernel = webhooks->options.kernel;
    const struct act_type *type = catalogue_act(kernel_catalogue(kernel), delivery->row.type);
    enum audience audience =
        delivery->endpoint->who.role == ROLE_SHOP ? AUDIENCE_SHOP : AUDIENCE_SELLER;
    char endpoint[ID_TEXT_BYTES];
    size_t length = id_format("ep", delivery->endpoint->row.id, endpoint);
    if (delivery->row.state == DELIVERY_DELIVERED && type != NULL && act_type_tells(type, audience))
        receipts_note(kernel, delivery->row.act_org, delivery->row.act, audience, MEANS_WEBHOOK,
                      (struct text){endpoint, length});
}

static void finish_attempts(struct webhooks *webhooks)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(webhooks->multi, &left)) != NULL) {
        struct delivery *delivery = NULL;
        CURLcode result = message->data.result; /* the message goes with its handle */
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&delivery) !=
                CURLE_OK)
            continue;
        send_finish(webhooks, delivery, result);
        write_receipt(webhooks, delivery);
    }
}

/* Have any been started? */
static bool start_attempts(struct webhooks *webhooks, struct endpoint *endpoint)
{
    struct problem problem;
    struct delivery *delivery;
    unsigned before = webhooks->under_way;
    while (webhooks->under_way < UNDER_WAY_MAX &&
           (delivery = queue_due(endpoint, time_now())) != NULL) {
        if (send_start(webhooks, delivery, &problem))
            continue;
        if (problem.code == PROBLEM_NOT_FOUND) { /* erased: nothing to send any more */
            delivery->row.state = DELIVERY_FAILED;
            delivery->row.next_at = 0;
            delivery->changed = webhooks->unsaved = true;
            continue;
        }
        log_problem(LOG_WARN, "webhook.start", &problem);
        endpoint->not_before = time_now() + PAUSE_US;
    }
    return webhooks->under_way > before;
}

/* Those that come after LAST come first from now on. */
static void turn_behind(struct webhooks *webhooks, struct endpoint *last)
{
    struct endpoint *tail = last;
    if (last->next == NULL)
        return;
    while (tail->next != NULL)
        tail = tail->next;
    tail->next = webhooks->endpoints;
    webhooks->endpoints = last->next;
    last->next = NULL;
}

/* By turns: where places run out, the next round goes on. */
static void start_round(struct webhooks *webhooks)
{
    struct endpoint *last = NULL;
    for (struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next)
        if (start_attempts(webhooks, each))
            last = each;
    if (last != NULL)
        turn_behind(webhooks, last);
}

/* What the store refused is tried again a little later. */
static void note_failure(struct webhooks *webhooks, const char *event,
                         const struct problem *problem)
{
    log_problem(LOG_WARN, event, problem);
    webhooks->pause_until = time_now() + PAUSE_US;
}

static void take_events(struct webhooks *webhooks)
{
    struct problem problem;
    for (struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next)
        if (each->grown && each->pending < PENDING_MAX && !queue_take(webhooks, each, &problem)) {
            note_failure(webhooks, "webhook.take", &problem);
            return;
        }
}

/* Leases came or went. */
static bool parts_changed(const struct webhooks *webhooks)
{
    return parts_count(webhooks) > 1 && parts_held(webhooks) != webhooks->held;
}

static void look_around(struct webhooks *webhooks)
{
    struct problem problem;
    bool follows = webhooks->endpoints != NULL || parts_count(webhooks) > 1;
    if (atomic_exchange(&webhooks->committed, false) && follows &&
        !follow_log(webhooks, &problem)) {
        atomic_store(&webhooks->committed, true);
        note_failure(webhooks, "webhook.follow", &problem);
    }
    if ((atomic_exchange(&webhooks->changed, false) || parts_changed(webhooks)) &&
        !(read_endpoints(webhooks, &problem) && forget_unsendable(webhooks, &problem))) {
        atomic_store(&webhooks->changed, true);
        note_failure(webhooks, "webhook.endpoints", &problem);
    }
    if (!atomic_load(&webhooks->changed) && !replays_obey(webhooks, &problem))
        note_failure(webhooks, "webhook.replays", &problem);
}

static void count(struct webhooks *webhooks)
{
    uint64_t endpoints = 0;
    uint64_t pending = 0;
    for (const struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next) {
        endpoints++;
        pending += each->pending;
    }
    atomic_store(&webhooks->count_endpoints, endpoints);
    atomic_store(&webhooks->count_pending, pending);
}

static int wait_ms(const struct webhooks *webhooks)
{
    int64_t now = time_now();
    int64_t until = webhooks->pause_until > now ? webhooks->pause_until : INT64_MAX;
    bool pauses = webhooks->pause_until > now;
    if (webhooks->unsaved && !pauses)
        return 0;
    for (const struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next) {
        int64_t next_at = queue_next_at(each);
        if (each->grown && each->pending < PENDING_MAX && !pauses)
            return 0;
        if (next_at < until && webhooks->under_way < UNDER_WAY_MAX)
            until = next_at;
    }
    if (until <= now)
        return 0;
    int64_t most = parts_count(webhooks) > 1 ? WAIT_SHARED_MAX_MS : WAIT_MAX_MS;
    int64_t ms = until == INT64_MAX ? most : (until - now) / 1000 + 1;
    return ms > most ? (int)most : (int)ms;
}

static void save(struct webhooks *webhooks)
{
    struct problem problem;
    if (webhooks->unsaved && !queue_save(webhooks, &problem))
        note_failure(webhooks, "webhook.save", &problem);
}

static void work(struct webhooks *webhooks)
{
    int running;
    if (webhooks->pause_until <= time_now()) {
        save(webhooks); /* before an endpoint is forgotten with what became of its attempts */
        look_around(webhooks);
        take_events(webhooks);
        save(webhooks);
    }
    start_round(webhooks);
    curl_multi_perform(webhooks->multi, &running);
    finish_attempts(webhooks);
    count(webhooks);
}

static void *run(void *context)
{
    struct webhooks *webhooks = context;
    while (!atomic_load(&webhooks->stopping)) {
        work(webhooks);
        curl_multi_poll(webhooks->multi, NULL, 0, wait_ms(webhooks), NULL);
    }
    return NULL;
}

/* On the kernel's writer thread. */
static void committed(void *context)
{
    struct webhooks *webhooks = context;
    if (!atomic_exchange(&webhooks->committed, true))
        curl_multi_wakeup(webhooks->multi);
}

void webhooks_changed(struct webhooks *webhooks)
{
    if (!atomic_exchange(&webhooks->changed, true))
        curl_multi_wakeup(webhooks->multi);
}

void webhooks_counters(struct webhooks *webhooks, struct webhook_counters *counters)
{
    *counters = (struct webhook_counters){
        .endpoints = atomic_load(&webhooks->count_endpoints),
        .pending = atomic_load(&webhooks->count_pending),
        .attempts = atomic_load(&webhooks->count_attempts),
        .delivered = atomic_load(&webhooks->count_delivered),
        .failed = atomic_load(&webhooks->count_failed),
    };
}

struct webhooks *webhooks_new(const struct webhook_options *options, struct problem *problem)
{
    struct webhooks *webhooks = calloc(1, sizeof *webhooks);
    MUST(webhooks != NULL);
    MUST(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    webhooks->options = *options;
    webhooks->multi = curl_multi_init();
    MUST(webhooks->multi != NULL);
    webhooks->arena = arena_new();
    curl_multi_setopt(webhooks->multi, CURLMOPT_MAXCONNECTS, (long)UNDER_WAY_MAX);
    atomic_store(&webhooks->changed, true);
    atomic_store(&webhooks->ordered, true);
    webhooks->may_have_unsendable = true;
    webhooks->listener = (struct kernel_listener){.committed = committed, .context = webhooks};
    kernel_listen(options->kernel, &webhooks->listener); /* before the first reading */
    if (pthread_create(&webhooks->thread, NULL, run, webhooks) != 0) {
        kernel_unlisten(options->kernel, &webhooks->listener);
        curl_multi_cleanup(webhooks->multi);
        arena_free(webhooks->arena);
        free(webhooks);
        problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
        return NULL;
    }
    return webhooks;
}

void webhooks_free(struct webhooks *webhooks)
{
    if (webhooks == NULL)
        return;
    kernel_unlisten(webhooks->options.kernel, &webhooks->listener);
    atomic_store(&webhooks->stopping, true);
    curl_multi_wakeup(webhooks->multi);
    pthread_join(webhooks->thread, NULL);
    while (webhooks->endpoints != NULL) {
        struct endpoint *endpoint = webhooks->endpoints;
        webhooks->endpoints = endpoint->next;
        endpoint_drop(webhooks, endpoint);
    }
    curl_multi_cleanup(webhooks->multi);
    arena_free(webhooks->arena);
    free(webhooks);
}
