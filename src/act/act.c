#include "act/act.h"

#include <string.h>

const char *const role_names[ROLE_COUNT + 1] = {
    "shop", "seller", "buyer", "auditor", "operator", "system", "support", "person", NULL};

const char *const audience_names[AUDIENCES + 1] = {"shop", "seller", "buyer", "person", NULL};

const char *role_name(enum role role)
{
    MUST(role != 0 && (unsigned)role < 1U << ROLE_COUNT);
    return role_names[__builtin_ctz(role)];
}

enum role audience_role(enum audience audience)
{
    static const enum role roles[AUDIENCES] = {ROLE_SHOP, ROLE_SELLER, ROLE_BUYER, 0};
    MUST(audience < AUDIENCES);
    return roles[audience];
}

void *act_need_key(const struct act *act, const struct need *need, struct arena *arena)
{
    const struct table *table = need->table;
    void *key = arena_take(arena, table->row_bytes);
    if (need->key != NULL) {
        need->key(act, key);
    } else {
        memcpy((char *)key + table->columns[0].offset, &act->org, sizeof act->org);
        memcpy((char *)key + table->columns[1].offset, &act->subject, sizeof act->subject);
    }
    return key;
}

static struct row_slot *slot_of(struct decision *decision, size_t need)
{
    MUST(need < NEEDS_MAX && decision->rows[need] != NULL);
    return decision->rows[need];
}

void *decision_row(struct decision *decision, size_t need)
{
    struct row_slot *slot = slot_of(decision, need);
    return (slot->found || slot->changed) && !slot->removed ? slot->row : NULL;
}

void *decision_change(struct decision *decision, size_t need)
{
    struct row_slot *slot = slot_of(decision, need);
    const void *row = decision_row(decision, need);
    if (row != NULL && !decision->touched[need]) {
        decision->before[need] = arena_take(decision->arena, slot->table->row_bytes);
        memcpy(decision->before[need], row, slot->table->row_bytes);
    }
    slot->changed = decision->touched[need] = true;
    slot->removed = false;
    return slot->row;
}

void act_terms(const struct decision *decision, struct buffer *out)
{
    const struct act *act = decision->act;
    const struct act_type *type = act->type;
    struct json_writer json = json_writer(out);
    json_open(&json);
    json_member(&json, "act", text_of(type->name));
    json_name(&json, "body");
    fields_write(&json, type->fields, type->field_count, act->body);
    json_name(&json, "org");
    json_org(&json, act->org);
    json_name(&json, "person");
    json_id(&json, "per", act->actor.person);
    if (type->subject != SUBJECT_NEW) {
        json_name(&json, "subject");
        json_id(&json, act_prefix(act), act->subject);
    }
    if (type->terms != NULL) {
        json_name(&json, "terms");
        json_open(&json);
        type->terms(decision, &json);
        json_close(&json);
    }
    json_close(&json);
}

const char *act_prefix(const struct act *act)
{
    const char *prefix =
        act->type->subject_prefix != NULL ? act->type->subject_prefix : act->prefix;
    MUST(prefix != NULL);
    return prefix;
}

const struct act_type *catalogue_act(const struct catalogue *catalogue, struct text name)
{
    for (const struct act_type *const *type = catalogue->acts; *type != NULL; type++)
        if (text_is(name, (*type)->name))
            return *type;
    return NULL;
}

/* What a list keeps for some members, the acts that write it do not tell the others. */
static bool is_kept_as_views(const struct catalogue *catalogue, const struct act_type *type)
{
    for (const struct view *const *view = catalogue->views; *view != NULL; view++)
        for (size_t i = 0; i < type->need_count; i++)
            if (type->needs[i].table == (*view)->table && (type->parties & ROLE_SELLER) != 0 &&
                ((unsigned)(*view)->permission & ~(unsigned)type->seen_with) != 0)
                return false;
    return true;
}

static bool has_table(const struct catalogue *catalogue, const struct table *table)
{
    for (const struct table *const *each = catalogue->tables; *each != NULL; each++)
        if (*each == table)
            return true;
    return false;
}

bool catalogue_shows(const struct catalogue *catalogue, const char *prefix, enum role role)
{
    if ((role & (ROLE_SELLER | ROLE_BUYER)) == 0)
        return true; /* parties name those who do not see everything */
    for (const struct act_type *const *type = catalogue->acts; *type != NULL; type++)
        if (((*type)->parties & (unsigned)role) != 0 && (*type)->subject_prefix != NULL &&
            strcmp((*type)->subject_prefix, prefix) == 0)
            return true;
    return false;
}

static void act_check(const struct catalogue *catalogue, const struct act_type *type)
{
    MUST(type->decide != NULL && type->doc != NULL && type->story != NULL);
    MUST((type->path == NULL) == (type->subject == SUBJECT_INTERNAL));
    MUST(type->need_count <= NEEDS_MAX && type->deadline_count <= DEADLINES_MAX &&
         type->tell_count <= TELLS_MAX && type->body_bytes >= sizeof(uint32_t));
    MUST(((type->flags & ACT_ANY_SUBJECT) != 0) == (type->subject_prefix == NULL));
    MUST(is_kept_as_views(catalogue, type));
    MUST(type->terms == NULL || type->authority == AUTHORITY_SIGNED);
    MUST((type->subject == SUBJECT_FIELD) == (type->subject_field != NULL));
    fields_check(type->fields, type->field_count);
    for (size_t i = 0; i < type->need_count; i++)
        MUST(has_table(catalogue, type->needs[i].table));
    for (size_t i = 0; i < type->tell_count; i++)
        MUST(
            type->tells[i].deadline < type->deadline_count ||
            (type->tells[i].deadline == TELL_ANYWAY && type->tells[i].audience == AUDIENCE_PERSON));
}

static void table_check(const struct table *table)
{
    MUST(table->key_count >= 1 && table->key_count <= table->column_count);
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        MUST(column->type != COLUMN_ID || column->api == NULL || column->prefix != NULL ||
             column->prefix_at != 0);
        MUST(column->type != COLUMN_ENUM || column->names != NULL);
        MUST(i >= table->key_count || !(column->flags & COLUMN_OPTIONAL));
    }
}

static void view_check(const struct catalogue *catalogue, const struct view *view)
{
    MUST(has_table(catalogue, view->table) && (view->single || view->cursor != NULL));
    for (size_t i = 0; i < COUNT_OF(view->filters); i++) {
        const struct view_filter *filter = &view->filters[i];
        MUST(filter->name == NULL || table_column(view->table, filter->column) != NULL);
        /* Who sees nothing without a filter sees nothing with it. */
        MUST(filter->for_all == NULL || view->for_all != NULL);
        MUST(filter->for_seller == NULL || view->for_seller != NULL);
        MUST(filter->for_buyer == NULL || view->for_buyer != NULL);
    }
}

void catalogue_check(const struct catalogue *catalogue)
{
    for (const struct table *const *table = catalogue->tables; *table != NULL; table++)
        table_check(*table);
    for (const struct act_type *const *type = catalogue->acts; *type != NULL; type++)
        act_check(catalogue, *type);
    for (const struct view *const *view = catalogue->views; *view != NULL; view++)
        view_check(catalogue, *view);
    for (const struct timer *const *timer = catalogue->timers; *timer != NULL; timer++)
        MUST(has_table(catalogue, (*timer)->table) && (*timer)->type->path == NULL);
    for (size_t i = 0; catalogue->authority != NULL && i < catalogue->authority->need_count; i++)
        MUST(has_table(catalogue, catalogue->authority->needs[i].table) &&
             catalogue->authority->needs[i].mode == NEED_EITHER);
}
