#include <stdlib.h>
#include <string.h>

#include "act/record.h"
#include "act/tables.h"
#include "base/file.h"
#include "identity/identity.h"
#include "net/mail_message.h"
#include "net/mail_private.h"

#define CONNECT_MS 15000L
#define ATTEMPT_MS 60000L
#define ANSWER_KEPT 1024

/* The text. */

struct occasion_rows {
    struct act_row act;
    struct org_row org;
};

static bool load(struct mailer *mailer, const struct mail_row *mail, struct occasion_rows *rows,
                 struct arena *arena, struct problem *problem)
{
    struct store *store = kernel_store(mailer->options.kernel);
    bool found = false;
    bool has_org = false;
    *rows = (struct occasion_rows){0};
    rows->act = (struct act_row){.org = mail->org, .seq = mail->act_seq};
    rows->org = (struct org_row){.org = mail->org};
    struct reader *reader = store_reader_take(store);
    bool read = reader_load(reader, &acts_table, &rows->act, arena, &found, problem) &&
                reader_load(reader, &orgs_table, &rows->org, arena, &has_org, problem);
    store_reader_give(store, reader);
    if (!read)
        return false;
    if (!found || rows->act.record.length == 0)
        return problem_set(problem, PROBLEM_NOT_FOUND, "the act was erased");
    return true;
}

bool mail_compose(struct mailer *mailer, const struct mail_row *mail, struct buffer *title,
                  struct buffer *body, struct problem *problem)
{
    struct arena *arena = arena_new();
    struct occasion_rows rows;
    struct record record = {0};
    bool read = load(mailer, mail, &rows, arena, problem) &&
                record_read(kernel_catalogue(mailer->options.kernel), rows.act.record, &record,
                            arena, problem);
    if (read) {
        const struct mail_occasion occasion = {
            .act = &record.act,
            .language = mail->language,
            .org_name = rows.org.name.length > 0 && mail->audience != AUDIENCE_SHOP
                            ? rows.org.name
                            : text_of(mailer->options.from_name),
            .from = mail->audience == AUDIENCE_PERSON ? rows.act.address : TEXT_NONE,
            .link = mailer->options.link};
        mail_texts_write(mailer->texts, &occasion, title, body);
    }
    arena_free(arena);
    return read;
}

static bool write_message(struct mailer *mailer, const struct mail_row *mail, struct buffer *out,
                          struct problem *problem)
{
    struct arena *arena = arena_new();
    struct buffer title, body;
    buffer_init(&title);
    buffer_init(&body);
    bool written = mail_compose(mailer, mail, &title, &body, problem);
    const struct mail_message message = {.id = mail->id,
                                         .at = mail->made_at,
                                         .from = mailer->options.from,
                                         .from_name = mailer->options.from_name,
                                         .to = arena_string(arena, mail->address),
                                         .title = buffer_view(&title),
                                         .body = buffer_view(&body)};
    written = written && mail_message_write(&message, out, problem);
    buffer_done(&title);
    buffer_done(&body);
    arena_free(arena);
    return written;
}

/* Into a folder. */

void mail_path(const struct mailer *mailer, struct id mail, struct buffer *path)
{
    buffer_format(path, "%s/", mailer->options.folder);
    buffer_id(path, "mail", mail);
    buffer_string(path, ".eml");
    buffer_char(path, '\0');
}

static void put_into_folder(struct mailer *mailer, const struct mail_row *mail, struct text message,
                            struct mail_attempt *attempt)
{
    struct problem problem;
    struct buffer path;
    buffer_init(&path);
    mail_path(mailer, mail->id, &path);
    attempt->sent = file_replace(path.bytes, message, 0644, &problem);
    if (!attempt->sent) {
        buffer_string(&attempt->answer, problem.detail);
        attempt->error = "the file could not be written";
    }
    buffer_done(&path);
}

/* By SMTP. */

struct upload {
    const struct mailer *mailer;
    struct text rest;
    bool whole; /* the message was handed over: the server may have taken it */
    struct buffer *answer;
};

static size_t give(char *bytes, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    size_t length = size * count < upload->rest.length ? size * count : upload->rest.length;
    memcpy(bytes, upload->rest.bytes, length);
    upload->rest = text_slice(upload->rest, length, upload->rest.length);
    upload->whole = upload->rest.length == 0;
    return length;
}

/* The server's lines; the last one counts. */
static size_t take_line(char *bytes, size_t size, size_t count, void *context)
{
    struct upload *upload = context;
    size_t length = size * count;
    buffer_clear(upload->answer);
    buffer_add(upload->answer, bytes, length < ANSWER_KEPT ? length : ANSWER_KEPT);
    while (upload->answer->length > 0 &&
           strchr("\r\n", upload->answer->bytes[upload->answer->length - 1]) != NULL)
        upload->answer->length--;
    return length;
}

/* A message that was handed over whole is waited for. */
static int is_stopped(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    const struct upload *upload = context;
    (void)a, (void)b, (void)c, (void)d;
    return !upload->whole && atomic_load(&upload->mailer->stopping);
}

/* Those of the file, and none of the system's. */
static bool set_authorities(struct mailer *mailer)
{
    const struct buffer *authorities = &mailer->authorities;
    struct curl_blob blob = {authorities->bytes, authorities->length, CURL_BLOB_NOCOPY};
    return authorities->length == 0 ||
           (curl_easy_setopt(mailer->curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK &&
            curl_easy_setopt(mailer->curl, CURLOPT_CAINFO, NULL) == CURLE_OK &&
            curl_easy_setopt(mailer->curl, CURLOPT_CAPATH, NULL) == CURLE_OK);
}

static bool set_options(struct mailer *mailer, struct upload *upload, const char *from,
                        struct curl_slist *to)
{
    const struct mail_options *options = &mailer->options;
    CURL *curl = mailer->curl;
    curl_easy_reset(curl); /* the connection stays */
    if (mailer->user[0] != '\0' &&
        (curl_easy_setopt(curl, CURLOPT_USERNAME, mailer->user) != CURLE_OK ||
         curl_easy_setopt(curl, CURLOPT_PASSWORD, mailer->password) != CURLE_OK))
        return false;
    return set_authorities(mailer) &&
           curl_easy_setopt(curl, CURLOPT_URL, options->server) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USE_SSL,
                            options->tls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_TRY) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, ATTEMPT_MS) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_READDATA, upload) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HEADERDATA, upload) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, is_stopped) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, upload) == CURLE_OK;
}

/* What the server will say again of this address or message, however often it is asked. */
static bool is_permanent(long status)
{
    return status >= 550 && status <= 559;
}

static bool put_on_wire(struct mailer *mailer, const struct mail_row *mail, struct text message,
                        struct mail_attempt *attempt, struct problem *problem)
{
    struct upload upload = {.mailer = mailer, .rest = message, .answer = &attempt->answer};
    char from[MAIL_NAME_MAX + 2];
    char to[MAIL_NAME_MAX + 2];
    snprintf(from, sizeof from, "<%s>", mailer->options.from);
    snprintf(to, sizeof to, "<%.*s>", TEXT_ARG(mail->address));
    struct curl_slist *list = curl_slist_append(NULL, to);
    MUST(list != NULL);
    if (!set_options(mailer, &upload, from, list)) {
        curl_slist_free_all(list);
        return problem_set(problem, PROBLEM_INTERNAL, "an attempt could not be started");
    }
    CURLcode result = curl_easy_perform(mailer->curl);
    curl_easy_getinfo(mailer->curl, CURLINFO_RESPONSE_CODE, &attempt->status);
    curl_slist_free_all(list);
    attempts_clean(&attempt->answer);
    attempt->sent = result == CURLE_OK;
    attempt->permanent = !attempt->sent && is_permanent(attempt->status);
    /* 354 asked for the message; nothing was heard after it was given. */
    attempt->uncertain = !attempt->sent && upload.whole && attempt->status < 400;
    if (!attempt->sent)
        attempt->error = curl_easy_strerror(result);
    return true;
}

bool mail_send(struct mailer *mailer, const struct mail_row *mail, struct mail_attempt *attempt,
               struct problem *problem)
{
    struct buffer message;
    buffer_init(&message);
    bool made = write_message(mailer, mail, &message, problem);
    if (made && mailer->options.folder[0] != '\0')
        put_into_folder(mailer, mail, buffer_view(&message), attempt);
    else if (made)
        made = put_on_wire(mailer, mail, buffer_view(&message), attempt, problem);
    buffer_done(&message);
    return made;
}
