/*
 * What the mail thread's files share: mail.c (the thread), mail_queue.c (whom to tell of what,
 * which rows are due), mail_send.c (one attempt). All of it but `options` and `texts` belongs to
 * that thread.
 */
#pragma once

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "net/mail.h"
#include "net/mail_text.h"
#include "net/sending.h"

#define MAIL_LATE_US (3 * TIME_DAY) /* of older acts nobody is told by mail any more */
#define MAIL_TRIES_MAX 9
#define MAIL_AT_ONCE 20
#define MAIL_NAME_MAX 256

struct mailer {
    struct mail_options options;
    struct mail_texts *texts;
    char user[MAIL_NAME_MAX], password[MAIL_NAME_MAX];
    struct buffer authorities; /* PEM; none: the system's */
    struct kernel_listener listener;
    pthread_t thread;
    pthread_mutex_t lock; /* of the next two */
    pthread_cond_t wake;
    bool committed;
    atomic_bool stopping;
    atomic_uint_fast64_t count_sent, count_failed, count_uncertain, count_attempts;

    /* The thread's own. */
    CURL *curl; /* its connection is kept from mail to mail */
    struct mail_cursor_row cursor;
    bool cursor_found, cursor_known;
};

/* mail_queue.c */
/* Begins at the log's end where the store has no cursor; what was under way is settled. */
MUST_CHECK bool mail_queue_open(struct mailer *mailer, struct problem *problem);
/* Makes rows of the notices behind the cursor; *more: there may be some left. */
MUST_CHECK bool mail_queue_take(struct mailer *mailer, bool *more, struct problem *problem);

struct mail_list {
    size_t count;
    struct mail_row rows[MAIL_AT_ONCE]; /* texts lie in the arena */
};
MUST_CHECK bool mail_queue_due(struct mailer *mailer, struct mail_list *due, struct arena *arena,
                               struct problem *problem);
/* When the next one is due, INT64_MAX: none. */
MUST_CHECK bool mail_queue_next(struct mailer *mailer, int64_t *at, struct problem *problem);
MUST_CHECK bool mail_queue_save(struct mailer *mailer, struct mail_row *rows, size_t count,
                                struct problem *problem);

/* mail_send.c */
struct mail_attempt {
    bool sent, permanent, uncertain;
    long status;
    struct buffer answer; /* of the server, cleaned */
    const char *error;
};
/* Has a message been built and an attempt been made? Problems are of this side. */
MUST_CHECK bool mail_send(struct mailer *mailer, const struct mail_row *mail,
                          struct mail_attempt *attempt, struct problem *problem);
/* Title and body as they are sent. */
MUST_CHECK bool mail_compose(struct mailer *mailer, const struct mail_row *mail,
                             struct buffer *title, struct buffer *body, struct problem *problem);
void mail_path(const struct mailer *mailer, struct id mail, struct buffer *path);
