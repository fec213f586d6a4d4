/* Whose addresses a notice goes to: people of the organisation, or the marketplace's staff. */
#pragma once

#include "act/tables.h"
#include "store/store.h"

struct mail_recipient {
    struct id person; /* zero: none that is known by name */
    struct text address;
    struct text language; /* or none */
};

/* The marketplace's own addresses, of the configuration. */
struct mail_staff {
    const char *const *addresses;
    size_t count;
    const char *language;
};

typedef bool (*mail_recipient_each)(void *context, const struct mail_recipient *recipient,
                                    struct problem *problem);

MUST_CHECK bool mail_recipients(struct reader *reader, const struct act_row *act,
                                const struct act_type *type, enum audience audience,
                                const struct mail_staff *staff, struct arena *arena,
                                mail_recipient_each each, void *context, struct problem *problem);
