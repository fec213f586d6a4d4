/* Which organisations' webhooks this node delivers. */
#include "net/webhook_private.h"

unsigned parts_count(const struct webhooks *webhooks)
{
    return store_is_shared(kernel_store(webhooks->options.kernel)) ? DELIVERY_SLOTS : 1;
}

struct part part_at(const struct webhooks *webhooks, unsigned index)
{
    unsigned count = parts_count(webhooks);
    MUST(index < count);
    return (struct part){.lease = count == 1 ? LEASE_NONE : lease_of_deliveries((int64_t)index),
                         .of = count,
                         .number = index};
}

bool part_has(const struct part *part, int64_t org)
{
    return org % part->of == part->number;
}

unsigned parts_held(const struct webhooks *webhooks)
{
    unsigned held = 0;
    for (unsigned i = 0; i < parts_count(webhooks); i++) {
        struct part part = part_at(webhooks, i);
        if (part.lease == LEASE_NONE || kernel_holds(webhooks->options.kernel, part.lease))
            held |= 1U << i;
    }
    return held;
}

bool parts_are_ours(const struct webhooks *webhooks, int64_t org)
{
    return (webhooks->held >> (unsigned)(org % parts_count(webhooks)) & 1) != 0;
}
