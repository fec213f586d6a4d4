/*
 * Orders to send events again. They lie in the store until they are obeyed: whichever node was
 * asked need not be the one that delivers, and an order that was confirmed survives the end of
 * either.
 */
#include "net/webhook_private.h"

#define ORDERS_AT_ONCE 100
#define LOOK_EVERY_US TIME_SECOND /* for those that other nodes were given */

bool webhooks_replay(struct webhooks *webhooks, int64_t org, struct id endpoint, int64_t after,
                     int64_t through, struct problem *problem)
{
    struct endpoint_replay_row row = {
        .org = org, .endpoint = endpoint, .id = id_new(org), .after = after, .through = through};
    struct row_slot slot = {.table = &endpoint_replays_table, .row = &row, .changed = true};
    if (!kernel_save(webhooks->options.kernel, LEASE_NONE, &(struct row_slot *){&slot}, 1, problem))
        return false;
    atomic_store(&webhooks->ordered, true);
    curl_multi_wakeup(webhooks->multi);
    return true;
}

/* Earlier events than a replay under way is at, or later ones, join it. */
static void obey(struct endpoint *endpoint, const struct endpoint_replay_row *order)
{
    struct endpoint_cursor_row *cursor = &endpoint->cursor;
    int64_t through = order->through < cursor->position ? order->through : cursor->position;
    bool running = cursor->replay_position < cursor->replay_through;
    if (!running || order->after < cursor->replay_position)
        cursor->replay_position = order->after;
    if (!running || through > cursor->replay_through)
        cursor->replay_through = through;
    endpoint->cursor_changed = endpoint->grown = true;
}

struct obeying {
    struct webhooks *webhooks;
    const struct part *part;
    struct saving_list list;
};

static bool take_order(void *context, const void *row, struct problem *problem)
{
    struct obeying *obeying = context;
    const struct endpoint_replay_row *order = row;
    struct endpoint *endpoint = endpoint_find(obeying->webhooks, order->org, order->endpoint);
    struct endpoint_replay_row *obeyed = ARENA_NEW(obeying->list.arena, struct endpoint_replay_row);
    (void)problem;
    *obeyed = *order;
    saving_add(&obeying->list, &endpoint_replays_table, obeyed, true)->removed = true;
    if (endpoint != NULL) /* else it is in use no more */
        obey(endpoint, order);
    return true;
}

/* Removes the orders and moves the cursors in one group. */
static bool save_obeyed(struct obeying *obeying, struct problem *problem)
{
    struct webhooks *webhooks = obeying->webhooks;
    for (struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next)
        if (each->cursor_changed && part_has(obeying->part, each->row.org))
            saving_add(&obeying->list, &endpoint_cursors_table, &each->cursor, each->cursor_found);
    if (!part_save(webhooks, obeying->part, &obeying->list, problem)) {
        webhooks->unsaved = true;
        return false;
    }
    for (struct endpoint *each = webhooks->endpoints; each != NULL; each = each->next)
        if (each->cursor_changed && part_has(obeying->part, each->row.org)) {
            each->cursor_found = true;
            each->cursor_changed = false;
        }
    return true;
}

static bool obey_part(struct webhooks *webhooks, const struct part *part, struct problem *problem)
{
    static const char tail[] = "WHERE org % ?1 = ?2 ORDER BY org, endpoint, id LIMIT ?3";
    const struct value values[] = {VALUE_OF_INT(part->of), VALUE_OF_INT(part->number),
                                   VALUE_OF_INT(ORDERS_AT_ONCE)};
    struct obeying obeying = {.webhooks = webhooks, .part = part, .list = {.arena = arena_new()}};
    struct store *store = kernel_store(webhooks->options.kernel);
    struct reader *reader = store_reader_take(store);
    bool obeyed = reader_rows(reader, &endpoint_replays_table, tail, values, COUNT_OF(values),
                              obeying.list.arena, take_order, &obeying, problem);
    store_reader_give(store, reader);
    if (obeyed && obeying.list.count > 0)
        obeyed = save_obeyed(&obeying, problem);
    arena_free(obeying.list.arena);
    return obeyed;
}

bool replays_obey(struct webhooks *webhooks, struct problem *problem)
{
    bool due =
        parts_count(webhooks) > 1 && time_monotonic() - webhooks->orders_read >= LOOK_EVERY_US;
    if (!atomic_exchange(&webhooks->ordered, false) && !due)
        return true;
    webhooks->orders_read = time_monotonic();
    for (unsigned i = 0; i < parts_count(webhooks); i++) {
        struct part part = part_at(webhooks, i);
        if ((webhooks->held >> i & 1) != 0 && !obey_part(webhooks, &part, problem)) {
            atomic_store(&webhooks->ordered, true);
            return false;
        }
    }
    return true;
}
