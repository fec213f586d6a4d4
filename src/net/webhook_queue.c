#include <stdlib.h>
#include <string.h>

#include "act/tables.h"
#include "base/log.h"
#include "net/webhook_private.h"

#define TAKEN_AT_ONCE 100
#define SLOTS 2048 /* over PENDING_MAX twice; a power of two */

static struct text keep(struct buffer *buffer, struct text text)
{
    buffer_clear(buffer);
    buffer_text(buffer, text);
    return text.bytes == NULL ? TEXT_NONE : buffer_view(buffer);
}

static struct delivery *delivery_make(struct endpoint *endpoint, const struct delivery_row *row)
{
    struct delivery *delivery = calloc(1, sizeof *delivery);
    MUST(delivery != NULL);
    delivery->endpoint = endpoint;
    delivery->row = *row;
    buffer_init(&delivery->type);
    buffer_init(&delivery->attempts);
    buffer_init(&delivery->body);
    buffer_init(&delivery->answer);
    delivery->row.type = keep(&delivery->type, row->type);
    delivery->row.attempts = keep(&delivery->attempts, row->attempts);
    return delivery;
}

static void delivery_drop(struct delivery *delivery)
{
    MUST(delivery->handle == NULL);
    buffer_done(&delivery->type);
    buffer_done(&delivery->attempts);
    buffer_done(&delivery->body);
    buffer_done(&delivery->answer);
    free(delivery);
}

/* Who waits for whom: of each subject the earliest goes first. */
static void relink(struct endpoint *endpoint)
{
    const struct id *subjects[SLOTS] = {NULL};
    endpoint->pending = 0;
    for (struct delivery *each = endpoint->first; each != NULL; each = each->next) {
        uint32_t hash;
        memcpy(&hash, each->row.subject.bytes + 12, sizeof hash);
        size_t at = hash % SLOTS;
        while (subjects[at] != NULL && !id_equal(*subjects[at], each->row.subject))
            at = (at + 1) % SLOTS;
        each->waits = subjects[at] != NULL;
        subjects[at] = &each->row.subject;
        endpoint->pending++;
        MUST(endpoint->pending < SLOTS);
    }
}

/* In order of positions. NULL if the one of that position is pending already: it stays as it is. */
static struct delivery *add(struct endpoint *endpoint, const struct delivery_row *row)
{
    struct delivery **place = &endpoint->first;
    while (*place != NULL && (*place)->row.position < row->position)
        place = &(*place)->next;
    if (*place != NULL && (*place)->row.position == row->position)
        return NULL;
    struct delivery *delivery = delivery_make(endpoint, row);
    delivery->next = *place;
    *place = delivery;
    return delivery;
}

void queue_clear(struct endpoint *endpoint)
{
    while (endpoint->first != NULL) {
        struct delivery *delivery = endpoint->first;
        endpoint->first = delivery->next;
        delivery_drop(delivery);
    }
    endpoint->pending = 0;
}

/* Does the endpoint want acts of this type? `events` is a JSON list of names. */
static bool wants(const struct endpoint *endpoint, const char *type)
{
    char quoted[80];
    struct text events = endpoint->row.events;
    int length = snprintf(quoted, sizeof quoted, "\"%s\"", type);
    return events.bytes == NULL ||
           memmem(events.bytes, events.length, quoted, (size_t)length) != NULL;
}

/* The row of an event; one that was sent before keeps its history. */
static bool make_row(struct endpoint *endpoint, struct reader *reader,
                     const struct feed_event *event, bool again, struct arena *arena,
                     struct problem *problem)
{
    struct delivery_row row = {
        .org = endpoint->row.org, .endpoint = endpoint->row.id, .position = event->position};
    bool found = false;
    if (again && !reader_load(reader, &deliveries_table, &row, arena, &found, problem))
        return false;
    row.act = event->act.id;
    row.act_org = event->act.org;
    row.act_seq = event->act.seq;
    row.subject = event->act.subject;
    row.type = event->act.type;
    row.state = DELIVERY_PENDING;
    row.tries = 0;
    row.next_at = time_now();
    row.delivered_at = 0;
    struct delivery *delivery = add(endpoint, &row);
    if (delivery != NULL) {
        delivery->found = found;
        delivery->changed = true;
    }
    return true;
}

/* Takes events after *POSITION and through LAST; *POSITION moves with them. */
static bool take_after(struct webhooks *webhooks, struct endpoint *endpoint, struct reader *reader,
                       int64_t *position, int64_t last, bool again, struct arena *arena,
                       struct problem *problem)
{
    struct feed_page page;
    size_t place = PENDING_MAX - endpoint->pending;
    if (!feed_read(webhooks->options.feed, reader, &endpoint->who, NULL, *position,
                   place < TAKEN_AT_ONCE ? place : TAKEN_AT_ONCE, arena, &page, problem))
        return false;
    for (size_t i = 0; i < page.count && page.events[i].position <= last; i++)
        if (wants(endpoint, page.events[i].type->name) &&
            !make_row(endpoint, reader, &page.events[i], again, arena, problem))
            return false;
    bool moved = page.next != *position;
    if (moved || again) {
        endpoint->cursor_changed = webhooks->unsaved = true;
        *position = moved && page.next < last ? page.next : last; /* a replay ends in any case */
    } else {
        endpoint->grown = false;
    }
    relink(endpoint);
    return true;
}

static bool take(struct webhooks *webhooks, struct endpoint *endpoint, struct reader *reader,
                 struct arena *arena, struct problem *problem)
{
    struct endpoint_cursor_row *cursor = &endpoint->cursor;
    if (cursor->replay_position < cursor->replay_through) {
        return take_after(webhooks, endpoint, reader, &cursor->replay_position,
                          cursor->replay_through, true, arena, problem);
    }
    return take_after(webhooks, endpoint, reader, &cursor->position, INT64_MAX, false, arena,
                      problem);
}

bool queue_take(struct webhooks *webhooks, struct endpoint *endpoint, struct problem *problem)
{
    if (endpoint->pending >= PENDING_MAX)
        return true;
    struct store *store = kernel_store(webhooks->options.kernel);
    struct reader *reader = store_reader_take(store);
    arena_reset(webhooks->arena);
    bool taken = take(webhooks, endpoint, reader, webhooks->arena, problem);
    store_reader_give(store, reader);
    return taken;
}

static bool take_pending(void *context, const void *row, struct problem *problem)
{
    struct endpoint *endpoint = context;
    struct delivery *delivery = add(endpoint, row);
    (void)problem;
    MUST(delivery != NULL); /* rows are told apart by their positions */
    delivery->found = true;
    return true;
}

/* Where an endpoint without a cursor begins: behind the act that made it. */
static bool first_position(struct endpoint *endpoint, struct reader *reader, struct arena *arena,
                           struct problem *problem)
{
    struct logged_act_row act = {.org = endpoint->row.org, .seq = endpoint->row.since};
    bool found;
    endpoint->cursor.position = endpoint->row.since;
    if (endpoint->who.role == ROLE_SELLER)
        return true;
    if (!reader_load(reader, &logged_acts_table, &act, arena, &found, problem))
        return false;
    if (!found)
        return problem_set(problem, PROBLEM_STORE_CORRUPT, "the act that made an endpoint is gone");
    endpoint->cursor.position = act.log_index + 1;
    return true;
}

bool queue_load(struct webhooks *webhooks, struct endpoint *endpoint, struct reader *reader,
                struct arena *arena, struct problem *problem)
{
    static const char tail[] =
        "WHERE org = ?1 AND endpoint = ?2 AND state = 0 ORDER BY position LIMIT 1000";
    const struct value values[] = {VALUE_OF_INT(endpoint->row.org), VALUE_OF_ID(endpoint->row.id)};
    struct endpoint_cursor_row *cursor = &endpoint->cursor;
    (void)webhooks;
    *cursor = (struct endpoint_cursor_row){.org = endpoint->row.org, .endpoint = endpoint->row.id};
    if (!reader_load(reader, &endpoint_cursors_table, cursor, arena, &endpoint->cursor_found,
                     problem))
        return false;
    if (!endpoint->cursor_found)
        return first_position(endpoint, reader, arena, problem);
    if (!reader_rows(reader, &deliveries_table, tail, values, COUNT_OF(values), arena, take_pending,
                     endpoint, problem))
        return false;
    relink(endpoint);
    return true;
}

static bool is_busy(const struct endpoint *endpoint)
{
    return endpoint->under_way >= endpoint->parallel || endpoint->share->under_way >= SHARE_MAX;
}

struct delivery *queue_due(struct endpoint *endpoint, int64_t now)
{
    if (endpoint->not_before > now || is_busy(endpoint))
        return NULL;
    for (struct delivery *each = endpoint->first; each != NULL; each = each->next)
        if (!each->waits && each->handle == NULL && each->row.state == DELIVERY_PENDING &&
            each->row.next_at <= now)
            return each;
    return NULL;
}

int64_t queue_next_at(const struct endpoint *endpoint)
{
    int64_t next_at = INT64_MAX;
    if (is_busy(endpoint))
        return next_at;
    for (const struct delivery *each = endpoint->first; each != NULL; each = each->next)
        if (!each->waits && each->handle == NULL && each->row.state == DELIVERY_PENDING &&
            each->row.next_at < next_at)
            next_at = each->row.next_at;
    return next_at > endpoint->not_before ? next_at : endpoint->not_before;
}

bool part_save(struct webhooks *webhooks, const struct part *part, const struct saving_list *list,
               struct problem *problem)
{
    if (saving_save(webhooks->options.kernel, part->lease, list, problem))
        return true;
    if (problem->code != PROBLEM_LEASE_LOST)
        return false;
    log_problem(LOG_INFO, "webhook.handed_over", problem);
    atomic_store(&webhooks->changed, true);
    return true;
}

static void list_changes(struct endpoint *endpoint, struct saving_list *list)
{
    if (endpoint->cursor_changed)
        saving_add(list, &endpoint_cursors_table, &endpoint->cursor, endpoint->cursor_found);
    for (struct delivery *each = endpoint->first; each != NULL; each = each->next)
        if (each->changed)
            saving_add(list, &deliveries_table, &each->row, each->found);
}

/* What was saved is in the store; deliveries that are done are forgotten. */
static void settle(struct endpoint *endpoint)
{
    struct delivery **place = &endpoint->first;
    bool dropped = false;
    if (endpoint->cursor_changed)
        endpoint->cursor_found = true;
    endpoint->cursor_changed = false;
    while (*place != NULL) {
        struct delivery *each = *place;
        each->found = each->found || each->changed;
        each->changed = false;
        if (each->row.state == DELIVERY_PENDING) {
            place = &each->next;
            continue;
        }
        *place = each->next;
        delivery_drop(each);
        dropped = true;
    }
    if (dropped) {
        relink(endpoint);
        endpoint->grown = true; /* there is place again */
    }
}

static bool save_part(struct webhooks *webhooks, const struct part *part, struct problem *problem)
{
    struct saving_list list = {.arena = arena_new()};
    bool saved = true;
    for (struct endpoint *each = webhooks->endpoints; each != NULL && saved; each = each->next) {
        if (!part_has(part, each->row.org))
            continue;
        list_changes(each, &list);
        saved = forget_old(webhooks, each, &list, problem);
    }
    saved = saved && part_save(webhooks, part, &list, problem);
    arena_free(list.arena);
    return saved;
}

bool queue_save(struct webhooks *webhooks, struct problem *problem)
{
    for (unsigned i = 0; i < parts_count(webhooks); i++) {
        struct part part = part_at(webhooks, i);
        if (!save_part(webhooks, &part, problem))
            return false;
        for (struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next)
            if (part_has(&part, each->row.org))
                settle(each);
    }
    webhooks->unsaved = false;
    return true;
}
