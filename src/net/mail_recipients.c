#include "net/mail_recipients.h"

static bool each_of_staff(const struct mail_staff *staff, mail_recipient_each each, void *context,
                          struct problem *problem)
{
    for (size_t i = 0; i < staff->count; i++) {
        const struct mail_recipient recipient = {.address = text_of(staff->addresses[i]),
                                                 .language = text_of(staff->language)};
        if (!each(context, &recipient, problem))
            return false;
    }
    return true;
}

bool mail_recipients(struct reader *reader, const struct act_row *act, enum audience audience,
                     const struct mail_staff *staff, struct arena *arena, mail_recipient_each each,
                     void *context, struct problem *problem)
{
    (void)reader, (void)act, (void)arena;
    if (audience == AUDIENCE_SHOP)
        return each_of_staff(staff, each, context, problem);
    return true;
}
