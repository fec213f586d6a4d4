#include "written.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "act/tables.h"
#include "market/orders.h"

const struct table *const written_tables[] = {
    &feeds_table, &orders_table,      &order_references_table, &notices_table,
    &acts_table,  &log_entries_table, &log_nodes_table,        NULL,
};

/* Rows of one table, as they are in the store, in an order of their own. */
struct row_list {
    const struct table *table;
    struct arena *arena;
    void **rows;
    size_t count, capacity;
};

struct reading {
    struct written *written;
    struct reader *reader;
    size_t first, count, group;
    bool queued;
    struct row_list acts, entries, nodes, orders, notices, feeds;
};

_Noreturn static void give_up(const struct problem *problem)
{
    fprintf(stderr, "bench: reading the store: %s\n", problem->detail);
    exit(1);
}

static bool take_row(void *context, const void *row, struct problem *problem)
{
    struct row_list *list = context;
    (void)problem;
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 1024 : list->capacity * 2;
        list->rows = realloc(list->rows, list->capacity * sizeof *list->rows);
        MUST(list->rows != NULL);
    }
    void *copy = arena_take(list->arena, list->table->row_bytes);
    memcpy(copy, row, list->table->row_bytes);
    list->rows[list->count++] = copy;
    return true;
}

/* TAIL's ?1 and ?2 are the first index in the log and the one behind the last. */
static void read_list(struct reading *reading, struct row_list *list, const struct table *table,
                      const char *tail)
{
    struct problem problem;
    const struct value values[] = {
        VALUE_OF_INT((int64_t)reading->first),
        VALUE_OF_INT((int64_t)(reading->first + reading->count)),
    };
    *list = (struct row_list){.table = table, .arena = reading->written->arena};
    if (!reader_rows(reading->reader, table, tail, values, COUNT_OF(values), list->arena, take_row,
                     list, &problem))
        give_up(&problem);
}

static void read_lists(struct reading *reading)
{
    read_list(reading, &reading->acts, &logged_acts_table,
              "WHERE log_index >= ?1 AND log_index < ?2 ORDER BY log_index");
    read_list(reading, &reading->entries, &log_entries_table,
              "WHERE position >= ?1 AND position < ?2 ORDER BY position");
    read_list(reading, &reading->nodes, &log_nodes_table,
              "WHERE level = 1 AND position * 256 + 255 >= ?1 AND position * 256 + 255 < ?2 "
              "ORDER BY position");
    read_list(reading, &reading->orders, &orders_table,
              "WHERE (org, id) IN (SELECT org, subject FROM logged_acts WHERE log_index >= ?1 "
              "AND log_index < ?2) ORDER BY org, id");
    read_list(reading, &reading->notices, &notices_table,
              "WHERE (org, subject) IN (SELECT org, subject FROM logged_acts WHERE log_index >= ?1 "
              "AND log_index < ?2) ORDER BY org, act, audience");
    MUST(reading->acts.count == reading->entries.count);
}

/* Where the key stands in a list that is in key order, or would stand. */
static size_t list_place(const struct row_list *list, const void *key)
{
    size_t low = 0;
    size_t high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (row_key_compare(list->table, list->rows[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const void *list_find(const struct row_list *list, const void *key)
{
    size_t at = list_place(list, key);
    bool found = at < list->count && row_key_equal(list->table, list->rows[at], key);
    return found ? list->rows[at] : NULL;
}

static void add_slot(struct arena *arena, struct row_slot ***slots, size_t *count, size_t *capacity,
                     struct row_slot *slot)
{
    if (*count == *capacity) {
        *capacity = *capacity == 0 ? 64 : *capacity * 2;
        struct row_slot **grown = arena_array(arena, *capacity, sizeof *grown);
        for (size_t i = 0; i < *count; i++)
            grown[i] = (*slots)[i];
        *slots = grown;
    }
    (*slots)[(*count)++] = slot;
}

static struct row_slot *make_slot(struct arena *arena, const struct table *table, const void *row)
{
    struct row_slot *slot = ARENA_NEW(arena, struct row_slot);
    slot->table = table;
    slot->row = arena_take(arena, table->row_bytes);
    memcpy(slot->row, row, table->row_bytes);
    return slot;
}

/* The group writes ROW; FOUND: it was there before the group. Loads it, too, where LOADED. */
static void save(struct reading *reading, struct written_group *group, const struct table *table,
                 const void *row, bool found, bool loaded)
{
    struct arena *arena = reading->written->arena;
    for (size_t i = group->save_count; i-- > 0;)
        if (group->save[i]->table == table && row_key_equal(table, group->save[i]->row, row)) {
            memcpy(group->save[i]->row, row, table->row_bytes);
            return;
        }
    struct row_slot *slot = make_slot(arena, table, row);
    slot->found = found;
    slot->changed = true;
    add_slot(arena, &group->save, &group->save_count, &group->save_capacity, slot);
    if (loaded)
        add_slot(arena, &group->load, &group->load_count, &group->load_capacity, slot);
}

static void save_place(struct reading *reading, struct written_group *group,
                       const struct table *table, const void *row, bool removed)
{
    struct arena *arena = reading->written->arena;
    if (!reading->queued) {
        save(reading, group, table, row, false, false);
        return;
    }
    struct row_slot *slot = make_slot(arena, table, row);
    slot->found = slot->removed = removed;
    slot->changed = !removed;
    add_slot(arena, &group->places, &group->place_count, &group->place_capacity, slot);
}

static void save_entry(struct reading *reading, struct written_group *group, size_t index)
{
    const struct log_entry_row *entry = reading->entries.rows[index];
    const struct log_queue_row queued = {entry->org, entry->seq, entry->entry};
    if (reading->queued) {
        save(reading, group, &log_queue_table, &queued, false, false);
        save_place(reading, group, &log_queue_table, &queued, true);
    }
    save_place(reading, group, &log_entries_table, entry, false);
    for (size_t i = 0; i < reading->nodes.count; i++) {
        const struct log_node_row *node = reading->nodes.rows[i];
        if (node->position * 256 + 255 == entry->position)
            save_place(reading, group, &log_nodes_table, node, false);
    }
}

static void save_feed(struct reading *reading, struct written_group *group,
                      const struct logged_act_row *act)
{
    struct problem problem;
    struct row_list *feeds = &reading->feeds;
    const struct feed_row feed = {.org = act->org, .last_seq = act->seq};
    size_t at = list_place(feeds, &feed);
    bool found = at < feeds->count && row_key_equal(&feeds_table, feeds->rows[at], &feed);
    save(reading, group, &feeds_table, &feed, found, true);
    if (found)
        return;
    MUST(take_row(feeds, &feed, &problem)); /* at the end, and from there to its place */
    void *row = feeds->rows[feeds->count - 1];
    memmove(feeds->rows + at + 1, feeds->rows + at, (feeds->count - 1 - at) * sizeof row);
    feeds->rows[at] = row;
}

static void save_act(struct reading *reading, struct written_group *group,
                     const struct logged_act_row *act)
{
    const struct act_row row = {.org = act->org,
                                .seq = act->seq,
                                .id = act->id,
                                .subject = act->subject,
                                .type = act->type,
                                .salt = act->salt,
                                .record = act->record,
                                .address = act->address};
    save(reading, group, &acts_table, &row, false, false);
}

/* An order's four acts, in their order. */
enum step { STEP_CREATED, STEP_REQUESTED, STEP_SEEN, STEP_SHIPPED, STEPS };

static enum step step_of(const struct logged_act_row *act)
{
    const struct act_type *const types[STEPS] = {&order_created, &order_cancel_requested,
                                                 &order_cancel_seen, &order_shipped};
    unsigned step = 0;
    while (step < STEPS && !text_is(act->type, types[step]->name))
        step++;
    return (enum step)step;
}

/* The order as it was after STEP: without what later ones did to it. */
static struct order_row order_after(const struct order_row *final, enum step step, int64_t seq)
{
    struct order_row order = *final;
    order.version = seq;
    if (step < STEP_SHIPPED) {
        order.state = ORDER_PLACED;
        order.cancel_state = CANCEL_OPEN;
        order.cancel_decided_at = order.shipped_at = 0;
        order.cancel_decision_reason = order.carrier = order.tracking = TEXT_NONE;
    }
    if (step < STEP_SEEN) {
        order.cancel_seen_at = 0;
        order.cancel_seen_by = TEXT_NONE;
    }
    if (step < STEP_REQUESTED) {
        order.cancel_state = CANCEL_NONE;
        order.cancel_id = (struct id){{0}};
        order.cancel_requested_at = 0;
        order.cancel_reason = TEXT_NONE;
    }
    return order;
}

static void save_order(struct reading *reading, struct written_group *group,
                       const struct order_row *final, enum step step, int64_t seq)
{
    const struct order_row order = order_after(final, step, seq);
    const struct order_reference_row reference = {order.org, order.reference, order.id};
    save(reading, group, &orders_table, &order, step != STEP_CREATED, step != STEP_CREATED);
    if (step == STEP_CREATED)
        save(reading, group, &order_references_table, &reference, false, true);
}

static void save_notice(struct reading *reading, struct written_group *group,
                        const struct order_row *order, const struct logged_act_row *act,
                        enum step step)
{
    struct notice_row key = {.org = act->org,
                             .act = step == STEP_SEEN ? order->cancel_id : act->id,
                             .audience = step == STEP_SHIPPED ? AUDIENCE_BUYER : AUDIENCE_SELLER};
    const struct notice_row *final = list_find(&reading->notices, &key);
    if (step == STEP_CREATED || final == NULL)
        return;
    struct notice_row notice = *final;
    notice.version = act->seq;
    if (step == STEP_REQUESTED) {
        notice.delivered_at = notice.seen_at = 0;
        notice.delivered_by = notice.delivered_to = TEXT_NONE;
        notice.seen_by = notice.seen_means = TEXT_NONE;
    }
    save(reading, group, &notices_table, &notice, step == STEP_SEEN, step == STEP_SEEN);
}

static void take_act(struct reading *reading, struct written_group *group, size_t index)
{
    const struct logged_act_row *act = reading->acts.rows[index];
    const struct order_row key = {.org = act->org, .id = act->subject};
    const struct order_row *order = list_find(&reading->orders, &key);
    enum step step = step_of(act);
    save_act(reading, group, act);
    save_feed(reading, group, act);
    save_entry(reading, group, index);
    if (order == NULL || step == STEPS)
        return;
    save_order(reading, group, order, step, act->seq);
    save_notice(reading, group, order, act, step);
}

static void make_groups(struct reading *reading)
{
    struct written *written = reading->written;
    written->acts = reading->acts.count;
    written->group_count = (written->acts + reading->group - 1) / reading->group;
    written->groups = arena_array(written->arena, written->group_count, sizeof *written->groups);
    for (size_t i = 0; i < written->acts; i++)
        take_act(reading, &written->groups[i / reading->group], i);
}

static struct store *open_store(const char *url)
{
    struct problem problem;
    struct store *store = store_open(url, false, &problem);
    if (store == NULL)
        give_up(&problem);
    return store;
}

void written_read(struct written *written, const char *url, size_t first, size_t count,
                  size_t group, bool queued)
{
    struct reading reading = {
        .written = written, .first = first, .count = count, .group = group, .queued = queued};
    struct store *store = open_store(url);
    *written = (struct written){.arena = arena_new()};
    reading.reader = store_reader_take(store);
    reading.feeds = (struct row_list){.table = &feeds_table, .arena = written->arena};
    read_lists(&reading);
    store_reader_give(store, reading.reader);
    store_close(store);
    make_groups(&reading);
    free(reading.acts.rows);
    free(reading.entries.rows);
    free(reading.nodes.rows);
    free(reading.orders.rows);
    free(reading.notices.rows);
    free(reading.feeds.rows);
}

void written_done(struct written *written)
{
    arena_free(written->arena);
}

size_t written_log_size(const char *url)
{
    struct problem problem;
    int64_t size = 0;
    struct store *store = open_store(url);
    struct reader *reader = store_reader_take(store);
    if (!reader_number(reader, "SELECT coalesce(max(position) + 1, 0) FROM log_entries LIMIT 1",
                       NULL, 0, &size, &problem))
        give_up(&problem);
    store_reader_give(store, reader);
    store_close(store);
    return (size_t)size;
}

char *written_difference(const struct table *table, const char *fresh, const char *store)
{
    struct buffer sql;
    buffer_init(&sql);
    buffer_format(&sql, "SELECT count(*) FROM %s%s AS f WHERE NOT EXISTS (SELECT 1 FROM %s%s AS s ",
                  fresh, table->name, store, table->name);
    for (size_t i = 0; i < table->column_count; i++)
        buffer_format(&sql, "%s s.%s %s f.%s", i == 0 ? "WHERE" : " AND", table->columns[i].name,
                      i < table->key_count ? "=" : "IS NOT DISTINCT FROM", table->columns[i].name);
    buffer_char(&sql, ')');
    return buffer_release(&sql);
}
