/*
 * Mails: notices on their way to people's addresses.
 *
 * Whoever must be told of an act is told by mail too where an address of theirs is known: one row
 * an act, audience and address, made together with the step of the cursor over the log, so there
 * are never two. Rows are operational and saved by kernel_save. A mail that may have gone out
 * although nobody knows (the answer of the server was lost, the process ended) is uncertain and not
 * sent again: the notice itself stays open, and becomes an incident if nothing else delivers it.
 */
#pragma once

#include "act/act.h"

enum mail_state {
    MAIL_PENDING,
    MAIL_SENDING, /* the attempt was begun: after a crash it is uncertain */
    MAIL_SENT,    /* the server took it */
    MAIL_FAILED,  /* refused for good, or the schedule is used up */
    MAIL_UNCERTAIN,
};

struct mail_row {
    int64_t org;
    struct id act;
    int64_t audience;
    struct text address;
    struct id id;
    struct id person; /* whose address; none: the marketplace's own */
    struct text language;
    struct id subject; /* of the act */
    int64_t act_seq;
    struct text type;
    int64_t made_at;
    int64_t state; /* enum mail_state */
    int64_t tries;
    int64_t next_at;
    int64_t sent_at;
    struct text attempts; /* JSON list: {answer, at, error, status} */
};
extern const struct table mails_table;

/* How far the log has been read for notices to mail: one row, of the marketplace. */
struct mail_cursor_row {
    int64_t org;
    int64_t position;
};
extern const struct table mail_cursors_table;

extern const struct view mails_view;
