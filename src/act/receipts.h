/*
 * Receipts: who was told of an act, and what happens if nobody was (I6).
 *
 * *Delivered* is a fact of transport (a webhook answered 2xx, a line was sent on a stream, a page
 * or an answer showed it); *seen* is somebody's own statement. An addressee that was not reached by
 * the deadline makes an incident, which stays open until they are.
 */
#pragma once

#include "act/kernel.h"

enum means { MEANS_WEBHOOK, MEANS_STREAM, MEANS_PULL, MEANS_PAGE, MEANS_ANSWER, MEANS_MAIL };
extern const char *const means_names[];

struct receipt_delivered_body {
    uint32_t present;
    struct id act;
    int64_t audience;
    int64_t means;
    struct text to; /* which endpoint or key */
};

struct incident_raised_body {
    uint32_t present;
    struct id act;
    int64_t audience;
    struct text message;
    struct text type; /* of the act that nobody received */
};

extern const struct act_type receipt_delivered, incident_raised;
extern const struct view notices_view, incidents_view;
extern const struct timer overdue_timer;

bool act_type_tells(const struct act_type *type, enum audience audience);
/*
 * If ACT had to be told to AUDIENCE and is not delivered yet, submits receipt.delivered. Any
 * thread; does not wait.
 */
void receipts_note(struct kernel *kernel, int64_t org, struct id act, enum audience audience,
                   enum means means, struct text to);
