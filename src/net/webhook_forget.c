#include "act/tables.h"
#include "net/webhook_private.h"

#define FORGOTTEN_AT_ONCE "1000" /* more than can be pending at once */
#define FAILED_AT_ONCE 100

/* Rows behind the window. */

struct window {
    struct endpoint *endpoint;
    struct saving_list *list;
};

static bool is_under_way(const struct endpoint *endpoint, int64_t position)
{
    const struct delivery *each = endpoint->first;
    while (each != NULL && each->row.position < position)
        each = each->next;
    return each != NULL && each->row.position == position;
}

static bool forget_row(void *context, const struct value *columns, size_t count,
                       struct problem *problem)
{
    struct window *window = context;
    struct endpoint *endpoint = window->endpoint;
    int64_t position = columns[0].integer;
    (void)count;
    (void)problem;
    if (is_under_way(endpoint, position)) /* it is being sent again */
        return true;
    struct delivery_row *row = ARENA_NEW(window->list->arena, struct delivery_row);
    *row = (struct delivery_row){
        .org = endpoint->row.org, .endpoint = endpoint->row.id, .position = position};
    saving_add(window->list, &deliveries_table, row, true)->removed = true;
    return true;
}

bool forget_old(struct webhooks *webhooks, struct endpoint *endpoint, struct saving_list *list,
                struct problem *problem)
{
    static const char sql[] =
        "SELECT position FROM deliveries WHERE org = ?1 AND endpoint = ?2 AND position <= ?3 "
        "AND state <> 0 ORDER BY position LIMIT " FORGOTTEN_AT_ONCE;
    int64_t last = endpoint->cursor.position - DELIVERIES_KEPT;
    if (!endpoint->cursor_changed || last < 1)
        return true;
    const struct value values[] = {VALUE_OF_INT(endpoint->row.org), VALUE_OF_ID(endpoint->row.id),
                                   VALUE_OF_INT(last)};
    struct window window = {endpoint, list};
    struct store *store = kernel_store(webhooks->options.kernel);
    struct reader *reader = store_reader_take(store);
    bool read = reader_query(reader, sql, values, COUNT_OF(values), forget_row, &window, problem);
    store_reader_give(store, reader);
    return read;
}

/* Pending deliveries of endpoints that are off. */

struct failing {
    struct reader *reader;
    struct saving_list *list;
};

static void write_reason(struct buffer *out, const struct endpoint_row *endpoint)
{
    struct json_writer json = json_writer(out);
    json_open(&json);
    json_name(&json, "at");
    json_time(&json, time_now());
    json_member(&json, "error",
                endpoint->removed_at != 0 ? TEXT("the endpoint was removed")
                                          : endpoint->disabled_reason);
    json_close(&json);
}

static bool fail_row(void *context, const void *row, struct problem *problem)
{
    struct failing *failing = context;
    struct arena *arena = failing->list->arena;
    struct delivery_row *failed = ARENA_NEW(arena, struct delivery_row);
    struct buffer attempts, reason;
    bool found;
    *failed = *(const struct delivery_row *)row;
    struct endpoint_row endpoint = {.org = failed->org, .id = failed->endpoint};
    if (!reader_load(failing->reader, &endpoints_table, &endpoint, arena, &found, problem))
        return false;
    MUST(found); /* EXISTS, at the reader's moment */
    buffer_init(&attempts);
    buffer_init(&reason);
    buffer_text(&attempts, failed->attempts);
    write_reason(&reason, &endpoint);
    attempts_add(&attempts, buffer_view(&reason));
    failed->attempts = arena_text(arena, buffer_view(&attempts));
    failed->state = DELIVERY_FAILED;
    failed->next_at = 0;
    saving_add(failing->list, &deliveries_table, failed, true);
    buffer_done(&attempts);
    buffer_done(&reason);
    return true;
}

static bool fail_some(struct webhooks *webhooks, const struct part *part, size_t *count,
                      struct problem *problem)
{
    static const char tail[] =
        "WHERE next_at IS NOT NULL AND state = 0 AND org % ?2 = ?3 AND EXISTS (SELECT 1 "
        "FROM endpoints WHERE endpoints.org = deliveries.org AND endpoints.id = "
        "deliveries.endpoint AND (removed_at IS NOT NULL OR disabled_at IS NOT NULL)) "
        "ORDER BY next_at LIMIT ?1";
    const struct value values[] = {VALUE_OF_INT(FAILED_AT_ONCE), VALUE_OF_INT(part->of),
                                   VALUE_OF_INT(part->number)};
    struct saving_list list = {.arena = arena_new()};
    struct store *store = kernel_store(webhooks->options.kernel);
    struct failing failing = {store_reader_take(store), &list};
    bool failed = reader_rows(failing.reader, &deliveries_table, tail, values, COUNT_OF(values),
                              list.arena, fail_row, &failing, problem);
    store_reader_give(store, failing.reader);
    *count = list.count;
    failed = failed && part_save(webhooks, part, &list, problem);
    arena_free(list.arena);
    return failed;
}

static bool forget_of_part(struct webhooks *webhooks, const struct part *part,
                           struct problem *problem)
{
    size_t count = FAILED_AT_ONCE;
    while (count == FAILED_AT_ONCE) {
        if (!fail_some(webhooks, part, &count, problem))
            return false;
        atomic_fetch_add(&webhooks->count_failed, count);
    }
    return true;
}

bool forget_unsendable(struct webhooks *webhooks, struct problem *problem)
{
    for (unsigned i = 0; webhooks->may_have_unsendable && i < parts_count(webhooks); i++) {
        struct part part = part_at(webhooks, i);
        if ((webhooks->held >> i & 1) != 0 && !forget_of_part(webhooks, &part, problem))
            return false;
    }
    webhooks->may_have_unsendable = false;
    return true;
}
