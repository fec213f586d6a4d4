#include "net/telling.h"

#include <string.h>

struct told_act {
    int64_t org;
    struct id act;
};

void telling_init(struct telling *telling, const struct call *call)
{
    const struct principal *who = &call->principal;
    *telling = (struct telling){.has_audience = false};
    bool is_person = !id_is_zero(who->person);
    telling->to_length =
        id_format(is_person ? "per" : "key", is_person ? who->person : who->key, telling->to);
    buffer_init(&telling->acts);
    for (unsigned i = 0; i < AUDIENCES; i++)
        if (audience_role((enum audience)i) == who->role && !call->request->is_head) {
            telling->has_audience = true;
            telling->audience = (enum audience)i;
        }
}

void telling_done(struct telling *telling)
{
    buffer_done(&telling->acts);
}

void telling_add(struct telling *telling, int64_t org, struct id act)
{
    struct told_act told = {org, act};
    if (telling->has_audience)
        buffer_add(&telling->acts, &told, sizeof told);
}

void telling_add_event(struct telling *telling, const struct feed_event *event)
{
    if (telling->has_audience && act_type_tells(event->type, telling->audience))
        telling_add(telling, event->act.org, event->act.id);
}

void telling_clear(struct telling *telling)
{
    buffer_clear(&telling->acts);
}

void telling_send(struct telling *telling, struct kernel *kernel, enum means means)
{
    struct told_act told;
    for (size_t at = 0; at < telling->acts.length; at += sizeof told) {
        memcpy(&told, telling->acts.bytes + at, sizeof told);
        receipts_note(kernel, told.org, told.act, telling->audience, means,
                      (struct text){telling->to, telling->to_length});
    }
    telling_clear(telling);
}
