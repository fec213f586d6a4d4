#include "net/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "act/receipts.h"
#include "base/file.h"
#include "base/log.h"
#include "net/mail_message.h"
#include "net/mail_private.h"

#define WAIT_MAX_US TIME_MINUTE
#define PAUSE_US TIME_SECOND
#define AUTHORITIES_BYTES_MAX ((size_t)1 << 20)

/* Before the tries of a mail. */
static const int64_t schedule_us[MAIL_TRIES_MAX] = {
    0,
    TIME_MINUTE,
    5 * TIME_MINUTE,
    15 * TIME_MINUTE,
    TIME_HOUR,
    3 * TIME_HOUR,
    6 * TIME_HOUR,
    12 * TIME_HOUR,
    24 * TIME_HOUR,
};

/* One mail. */

static void note_attempt(struct mail_row *mail, const struct mail_attempt *attempt,
                         struct arena *arena)
{
    struct buffer list, entry;
    buffer_init(&list);
    buffer_init(&entry);
    struct json_writer json = json_writer(&entry);
    json_open(&json);
    if (attempt->answer.length > 0)
        json_member(&json, "answer", buffer_view(&attempt->answer));
    json_name(&json, "at");
    json_time(&json, time_now());
    if (attempt->error != NULL)
        json_member(&json, "error", text_of(attempt->error));
    if (attempt->status != 0)
        json_member_int(&json, "status", attempt->status);
    json_close(&json);
    buffer_text(&list, mail->attempts);
    attempts_add(&list, buffer_view(&entry));
    mail->attempts = arena_text(arena, buffer_view(&list));
    buffer_done(&list);
    buffer_done(&entry);
}

/* What follows from an attempt. */
static void conclude(struct mailer *mailer, struct mail_row *mail,
                     const struct mail_attempt *attempt)
{
    mail->next_at = 0;
    mail->tries++;
    atomic_fetch_add(&mailer->count_attempts, 1);
    if (attempt->sent) {
        mail->state = MAIL_SENT;
        mail->sent_at = time_now();
        atomic_fetch_add(&mailer->count_sent, 1);
    } else if (attempt->uncertain) {
        mail->state = MAIL_UNCERTAIN;
        atomic_fetch_add(&mailer->count_uncertain, 1);
    } else if (attempt->permanent || mail->tries >= MAIL_TRIES_MAX) {
        mail->state = MAIL_FAILED;
        atomic_fetch_add(&mailer->count_failed, 1);
    } else {
        mail->state = MAIL_PENDING;
        mail->next_at =
            time_now() + attempts_span(schedule_us[mail->tries], mailer->options.time_scale);
    }
}

/* The record of a receipt is for every party: it names the person, not the address. */
static void write_receipt(struct mailer *mailer, const struct mail_row *mail)
{
    char to[ID_TEXT_BYTES];
    size_t length = id_is_zero(mail->person) ? id_format("mail", mail->id, to)
                                             : id_format("per", mail->person, to);
    if (mail->state == MAIL_SENT)
        receipts_note(mailer->options.kernel, mail->org, mail->act, (enum audience)mail->audience,
                      MEANS_MAIL, (struct text){to, length});
}

static void attempt_one(struct mailer *mailer, struct mail_row *mail, struct arena *arena)
{
    struct mail_attempt attempt = {0};
    struct problem problem;
    buffer_init(&attempt.answer);
    if (!mail_send(mailer, mail, &attempt, &problem)) {
        log_problem(LOG_WARN, "mail.not_made", &problem);
        attempt.error = "the message could not be made";
        attempt.permanent = problem.code == PROBLEM_NOT_FOUND; /* erased */
    }
    note_attempt(mail, &attempt, arena);
    conclude(mailer, mail, &attempt);
    buffer_done(&attempt.answer);
}

/* What was marked as being sent and is not tried now, because the thread shall end. */
static void leave(struct mail_row *mail)
{
    mail->state = MAIL_PENDING;
    mail->next_at = time_now();
}

/* All are marked before the first goes out: after a crash it is known which may have. */
static bool send_due(struct mailer *mailer, bool *more, struct problem *problem)
{
    struct arena *arena = arena_new();
    struct mail_list *due = ARENA_NEW(arena, struct mail_list);
    bool ok = mail_queue_due(mailer, due, arena, problem);
    for (size_t i = 0; ok && i < due->count; i++) {
        due->rows[i].state = MAIL_SENDING;
        due->rows[i].next_at = 0;
    }
    ok = ok && mail_queue_save(mailer, due->rows, due->count, problem);
    *more = ok && due->count == MAIL_AT_ONCE;
    for (size_t i = 0; ok && i < due->count; i++) {
        if (atomic_load(&mailer->stopping))
            leave(&due->rows[i]);
        else
            attempt_one(mailer, &due->rows[i], arena);
        ok = mail_queue_save(mailer, &due->rows[i], 1, problem);
        write_receipt(mailer, &due->rows[i]);
    }
    if (!ok)
        mailer->cursor_known = false; /* what is marked is settled before anything else */
    arena_free(arena);
    return ok;
}

/* The thread. */

static bool work(struct mailer *mailer, int64_t *next_at, struct problem *problem)
{
    bool more_notices = false;
    bool more_mails = false;
    if ((!mailer->cursor_known && !mail_queue_open(mailer, problem)) ||
        !mail_queue_take(mailer, &more_notices, problem) ||
        !send_due(mailer, &more_mails, problem) || !mail_queue_next(mailer, next_at, problem))
        return false;
    if (more_notices || more_mails)
        *next_at = 0;
    return true;
}

static void wait_until(struct mailer *mailer, int64_t at)
{
    int64_t latest = time_now() + WAIT_MAX_US;
    if (at > latest)
        at = latest;
    const struct timespec until = {.tv_sec = at / TIME_SECOND,
                                   .tv_nsec = (at % TIME_SECOND) * 1000};
    pthread_mutex_lock(&mailer->lock);
    int outcome = 0;
    while (!mailer->committed && !atomic_load(&mailer->stopping) && outcome != ETIMEDOUT)
        outcome = pthread_cond_timedwait(&mailer->wake, &mailer->lock, &until);
    mailer->committed = false;
    pthread_mutex_unlock(&mailer->lock);
}

static void *run(void *context)
{
    struct mailer *mailer = context;
    struct problem problem;
    while (!atomic_load(&mailer->stopping)) {
        int64_t next_at = INT64_MAX;
        if (!kernel_holds(mailer->options.kernel, LEASE_MAIL)) {
            mailer->cursor_known = false; /* another node moves it */
        } else if (!work(mailer, &next_at, &problem)) {
            log_problem(LOG_WARN, "mail.queue", &problem);
            mailer->cursor_known = false;
            next_at = time_now() + PAUSE_US;
        }
        wait_until(mailer, next_at);
    }
    return NULL;
}

static void wake_up(struct mailer *mailer)
{
    pthread_mutex_lock(&mailer->lock);
    mailer->committed = true;
    pthread_cond_signal(&mailer->wake);
    pthread_mutex_unlock(&mailer->lock);
}

/* On a thread of the kernel's. */
static void committed(void *context)
{
    wake_up(context);
}

/* Beginning and end. */

static bool take_name(struct text *rest, char name[MAIL_NAME_MAX])
{
    struct text line = text_cut(rest, '\n');
    if (line.length == 0 || line.length >= MAIL_NAME_MAX ||
        memchr(line.bytes, '\0', line.length) != NULL)
        return false;
    memcpy(name, line.bytes, line.length);
    name[line.length] = '\0';
    return true;
}

static bool read_credentials(struct mailer *mailer, struct problem *problem)
{
    const char *path = mailer->options.credentials;
    struct buffer file;
    if (path[0] == '\0')
        return true;
    buffer_init(&file);
    buffer_reserve(&file, (size_t)2 * MAIL_NAME_MAX + 2); /* one block: no copies are left behind */
    bool ok = file_read(path, (size_t)2 * MAIL_NAME_MAX, &file, problem);
    struct text rest = buffer_view(&file);
    if (ok && !(take_name(&rest, mailer->user) && take_name(&rest, mailer->password) &&
                text_trim(rest).length == 0))
        ok = problem_set(problem, PROBLEM_CONFIGURATION,
                         "mail.credentials: %.200s must have two lines, name and password", path);
    explicit_bzero(file.bytes, file.capacity);
    buffer_done(&file);
    return ok;
}

static bool read_authorities(struct mailer *mailer, struct problem *problem)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    const char *path = mailer->options.authorities;
    struct buffer *file = &mailer->authorities;
    if (path[0] == '\0')
        return true;
    if (!file_read(path, AUTHORITIES_BYTES_MAX, file, problem))
        return false;
    return (file->length > 0 &&
            memmem(file->bytes, file->length, begin, sizeof begin - 1) != NULL) ||
           problem_set(problem, PROBLEM_CONFIGURATION,
                       "mail.authorities: %.200s holds no certificate in PEM", path);
}

static bool check(const struct mail_options *options, const struct mail_texts *texts,
                  struct problem *problem)
{
    if (options->server[0] != '\0' && options->folder[0] != '\0')
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "mail.server and mail.folder: set one of the two");
    if (options->server[0] != '\0' && strncmp(options->server, "smtp://", 7) != 0 &&
        strncmp(options->server, "smtps://", 8) != 0)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "mail.server = %.80s: must begin with smtp:// or smtps://",
                           options->server);
    if (options->server[0] != '\0' && options->credentials[0] != '\0' && !options->tls &&
        strncmp(options->server, "smtps://", 8) != 0)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "mail.credentials: a password is given over TLS only; remove them, or "
                           "mail.tls = off");
    if (!mail_address_valid(text_of(options->from)))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "mail.from = %.80s: must be an address like notices@shop.example",
                           options->from);
    for (size_t i = 0; i < options->staff_count; i++)
        if (!mail_address_valid(text_of(options->staff[i])))
            return problem_set(problem, PROBLEM_CONFIGURATION,
                               "mail.staff = %.80s: must be an address", options->staff[i]);
    if (!mail_texts_has(texts, text_of(options->language)))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "mail.language = %.20s: must be en, es, ja, ru or zh",
                           options->language);
    if (options->folder[0] != '\0' && mkdir(options->folder, 0700) != 0 && errno != EEXIST)
        return problem_set(problem, PROBLEM_FILE_FAILED, "making %.200s: %s", options->folder,
                           strerror(errno));
    return true;
}

static void dispose(struct mailer *mailer)
{
    if (mailer->curl != NULL)
        curl_easy_cleanup(mailer->curl);
    mail_texts_free(mailer->texts);
    buffer_done(&mailer->authorities);
    pthread_cond_destroy(&mailer->wake);
    pthread_mutex_destroy(&mailer->lock);
    explicit_bzero(mailer->password, sizeof mailer->password);
    free(mailer);
}

static bool start(struct mailer *mailer, struct problem *problem)
{
    mailer->listener = (struct kernel_listener){.committed = committed, .context = mailer};
    kernel_listen(mailer->options.kernel, &mailer->listener);
    if (pthread_create(&mailer->thread, NULL, run, mailer) == 0)
        return true;
    kernel_unlisten(mailer->options.kernel, &mailer->listener);
    return problem_set(problem, PROBLEM_INTERNAL, "a thread could not be started");
}

bool mailer_new(const struct mail_options *options, struct mailer **mailer, struct problem *problem)
{
    *mailer = NULL;
    if (options->server[0] == '\0' && options->folder[0] == '\0')
        return true;
    struct mailer *made = calloc(1, sizeof *made);
    MUST(made != NULL && pthread_mutex_init(&made->lock, NULL) == 0 &&
         pthread_cond_init(&made->wake, NULL) == 0);
    MUST(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    made->options = *options;
    buffer_init(&made->authorities);
    made->texts = mail_texts_new();
    made->curl = curl_easy_init();
    MUST(made->curl != NULL);
    if (!check(options, made->texts, problem) || !read_credentials(made, problem) ||
        !read_authorities(made, problem) || !start(made, problem)) {
        dispose(made);
        return false;
    }
    *mailer = made;
    return true;
}

void mailer_free(struct mailer *mailer)
{
    if (mailer == NULL)
        return;
    kernel_unlisten(mailer->options.kernel, &mailer->listener);
    atomic_store(&mailer->stopping, true);
    wake_up(mailer);
    pthread_join(mailer->thread, NULL);
    dispose(mailer);
}

static void show_file(const struct mailer *mailer, const struct mail_row *mail,
                      struct json_writer *json)
{
    struct buffer path, file;
    struct problem unused;
    buffer_init(&path);
    buffer_init(&file);
    mail_path(mailer, mail->id, &path);
    if (file_read(path.bytes, (size_t)1 << 20, &file, &unused) && text_is_utf8(buffer_view(&file)))
        json_member(json, "file", buffer_view(&file));
    buffer_done(&path);
    buffer_done(&file);
}

bool mailer_show(struct mailer *mailer, const struct mail_row *mail, struct buffer *out,
                 struct problem *problem)
{
    struct buffer title, body;
    buffer_init(&title);
    buffer_init(&body);
    bool made = mail_compose(mailer, mail, &title, &body, problem);
    if (made) {
        struct json_writer json = json_writer(out);
        json_open(&json);
        if (mailer->options.folder[0] != '\0')
            show_file(mailer, mail, &json);
        json_member(&json, "from", text_of(mailer->options.from));
        json_member(&json, "subject", buffer_view(&title));
        json_member(&json, "text", buffer_view(&body));
        json_member(&json, "to", mail->address);
        json_close(&json);
    }
    buffer_done(&title);
    buffer_done(&body);
    return made;
}

void mailer_counters(struct mailer *mailer, struct mail_counters *counters)
{
    *counters = (struct mail_counters){
        .sent = mailer == NULL ? 0 : atomic_load(&mailer->count_sent),
        .failed = mailer == NULL ? 0 : atomic_load(&mailer->count_failed),
        .uncertain = mailer == NULL ? 0 : atomic_load(&mailer->count_uncertain),
        .attempts = mailer == NULL ? 0 : atomic_load(&mailer->count_attempts),
    };
}
