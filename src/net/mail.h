/*
 * Mail: a thread that sends notices to people's addresses, by SMTP (RFC 5321) or, in a
 * demonstration, into a folder of .eml files.
 *
 * The log is read from a cursor; each act that somebody must be told of becomes one row for each of
 * their addresses (act/mails.h). Rows are sent one after another over a kept connection; what the
 * server refuses for now or could not be reached for is tried again by the schedule, what it
 * refuses for good is not. Where the answer to a message that was sent whole is lost, the mail is
 * uncertain and not sent again: one notice an event, never two. What the server took makes a
 * receipt.
 *
 * Of several nodes the one that holds LEASE_MAIL does it.
 *
 * Messages are plain text in the language of the person (mail_text.h). Nothing that people wrote
 * can become a header: GMime writes them, from single lines without control characters.
 */
#pragma once

#include "act/feed.h"
#include "act/kernel.h"
#include "act/mails.h"

struct mail_options {
    struct kernel *kernel;
    const struct feed *feed;
    const char *server;      /* "smtp://host:587" or "smtps://host:465"; empty: none */
    const char *folder;      /* for .eml files, instead of a server; empty: none */
    bool tls;                /* refuse to send without (smtps://, or STARTTLS) */
    const char *credentials; /* a file with two lines, name and password; empty: none */
    const char *authorities; /* a file of certificates in place of the system's; empty: none */
    const char *from, *from_name;
    const char *language;     /* where a person's own is not known */
    const char *link;         /* of the console; empty: none */
    const char *const *staff; /* the marketplace's own addresses */
    size_t staff_count;
    double time_scale; /* of the schedule; 1: as specified */
};

struct mailer;

/* An attempt under way is broken off if it can be without doubt, or else waited for. */
void mailer_free(struct mailer *mailer);
/* NULL without a problem if neither server nor folder is set. */
MUST_CHECK bool mailer_new(const struct mail_options *options, struct mailer **mailer,
                           struct problem *problem);

/* A mail's text as it is sent: {"from","subject","text","to"} and, of a folder, "file". */
MUST_CHECK bool mailer_show(struct mailer *mailer, const struct mail_row *mail, struct buffer *json,
                            struct problem *problem);

struct mail_counters {
    uint64_t sent, failed, uncertain, attempts;
};
void mailer_counters(struct mailer *mailer, struct mail_counters *counters);
