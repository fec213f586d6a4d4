/*
 * Whose addresses a notice goes to: people of the organisation, the person themselves where it is
 * about their own account, or the marketplace's staff. Where the act's body says what an address
 * was before (`email_before`), the notice goes there and not to the new one: whoever has changed it
 * may not be its owner.
 */
#pragma once

#include "act/tables.h"
#include "store/store.h"

struct mail_recipient {
    struct id person; /* zero: none that is known by name */
    struct text address;
    struct text language; /* or none */
};

struct mail_notice {
    const struct catalogue *catalogue;
    const struct logged_act_row *act;
    const struct act_type *type;
    enum audience audience;
    /* The marketplace's own addresses, of the configuration, and their language. */
    const char *const *staff;
    size_t staff_count;
    const char *language;
};

typedef bool (*mail_recipient_each)(void *context, const struct mail_recipient *recipient,
                                    struct problem *problem);

/* Memory is of ARENA. */
MUST_CHECK bool mail_recipients(struct reader *reader, const struct mail_notice *notice,
                                struct arena *arena, mail_recipient_each each, void *context,
                                struct problem *problem);
