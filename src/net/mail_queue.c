#include "act/ledger.h"
#include "act/tables.h"
#include "base/log.h"
#include "net/mail_message.h"
#include "net/mail_private.h"
#include "net/mail_recipients.h"

#define TAKEN_AT_ONCE 100

static const struct principal everybody = {.role = ROLE_AUDITOR};

/* What was under way when the process ended. */

static bool settle_row(void *context, const void *row, struct problem *problem)
{
    struct mail_list *list = context;
    (void)problem;
    if (list->count < MAIL_AT_ONCE)
        list->rows[list->count++] = *(const struct mail_row *)row;
    return true;
}

/* Into a folder it can be written again: the same file comes of it. */
static bool settle(struct mailer *mailer, struct problem *problem)
{
    static const char tail[] = "WHERE state = 1 ORDER BY id LIMIT ?1";
    const struct value limit = VALUE_OF_INT(MAIL_AT_ONCE);
    struct store *store = kernel_store(mailer->options.kernel);
    struct mail_list list = {.count = MAIL_AT_ONCE};
    bool settled = true;
    while (settled && list.count == MAIL_AT_ONCE) {
        struct arena *arena = arena_new();
        struct reader *reader = store_reader_take(store);
        list.count = 0;
        settled =
            reader_rows(reader, &mails_table, tail, &limit, 1, arena, settle_row, &list, problem);
        store_reader_give(store, reader);
        bool again = mailer->options.folder[0] != '\0';
        for (size_t i = 0; i < list.count; i++) {
            list.rows[i].state = again ? MAIL_PENDING : MAIL_UNCERTAIN;
            list.rows[i].next_at = again ? time_now() : 0;
        }
        settled = settled && mail_queue_save(mailer, list.rows, list.count, problem);
        if (settled && !again)
            atomic_fetch_add(&mailer->count_uncertain, list.count);
        arena_free(arena);
    }
    return settled;
}

bool mail_queue_open(struct mailer *mailer, struct problem *problem)
{
    struct store *store = kernel_store(mailer->options.kernel);
    struct arena *arena = arena_new();
    struct reader *reader = store_reader_take(store);
    mailer->cursor = (struct mail_cursor_row){.org = ORG_MARKETPLACE};
    bool read = reader_load(reader, &mail_cursors_table, &mailer->cursor, arena,
                            &mailer->cursor_found, problem) &&
                (mailer->cursor_found ||
                 feed_newest(reader, &everybody, &mailer->cursor.position, problem));
    store_reader_give(store, reader);
    arena_free(arena);
    mailer->cursor_known = read && settle(mailer, problem);
    return mailer->cursor_known;
}

/* Notices become rows. */

struct taking {
    struct mailer *mailer;
    struct reader *reader;
    struct saving_list *list;
    const struct feed_event *event;
    enum audience audience;
};

static bool add_mail(void *context, const struct mail_recipient *recipient, struct problem *problem)
{
    struct taking *taking = context;
    const struct mailer *mailer = taking->mailer;
    const struct logged_act_row *act = &taking->event->act;
    struct mail_row *row = ARENA_NEW(taking->list->arena, struct mail_row);
    (void)problem;
    if (!mail_address_valid(recipient->address)) {
        log_event(LOG_WARN, "mail.address_refused", "remedy", "mend the address on record", NULL);
        return true;
    }
    *row = (struct mail_row){
        .org = act->org,
        .act = act->id,
        .audience = (int64_t)taking->audience,
        .address = arena_text(taking->list->arena, recipient->address),
        .id = id_new(act->org),
        .person = recipient->person,
        .language = mail_texts_has(mailer->texts, recipient->language)
                        ? arena_text(taking->list->arena, recipient->language)
                        : text_of(mailer->options.language),
        .subject = act->subject,
        .act_seq = act->seq,
        .type = act->type,
        .made_at = time_now(),
        .state = MAIL_PENDING,
        .next_at = time_now(),
    };
    for (size_t i = 0; i < taking->list->count; i++)
        if (taking->list->slots[i]->table == &mails_table &&
            row_key_equal(&mails_table, taking->list->slots[i]->row, row))
            return true; /* two people share an address */
    saving_add(taking->list, &mails_table, row, false);
    return true;
}

/* Is there such a notice? An act that was refused, or whose deadline was waived, has none. */
static bool take_notice(struct taking *taking, struct problem *problem)
{
    const struct logged_act_row *act = &taking->event->act;
    struct notice_row notice = {
        .org = act->org, .act = act->id, .audience = (int64_t)taking->audience};
    const struct mail_options *options = &taking->mailer->options;
    const struct mail_notice told = {.catalogue = kernel_catalogue(options->kernel),
                                     .act = act,
                                     .type = taking->event->type,
                                     .audience = taking->audience,
                                     .staff = options->staff,
                                     .staff_count = options->staff_count,
                                     .language = options->language};
    bool found = false;
    if (!reader_load(taking->reader, &notices_table, &notice, taking->list->arena, &found, problem))
        return false;
    if (!found || notice.told_at < time_now() - MAIL_LATE_US)
        return true;
    return mail_recipients(taking->reader, &told, taking->list->arena, add_mail, taking, problem);
}

static bool take_event(struct taking *taking, struct problem *problem)
{
    const struct act_type *type = taking->event->type;
    for (size_t i = 0; i < type->tell_count; i++) {
        taking->audience = type->tells[i].audience;
        if (!take_notice(taking, problem))
            return false;
    }
    return true;
}

static bool read_events(struct taking *taking, struct feed_page *page, struct problem *problem)
{
    struct mailer *mailer = taking->mailer;
    if (!feed_read(mailer->options.feed, taking->reader, &everybody, NULL, mailer->cursor.position,
                   TAKEN_AT_ONCE, taking->list->arena, page, problem))
        return false;
    for (size_t i = 0; i < page->count; i++) {
        taking->event = &page->events[i];
        if (!take_event(taking, problem))
            return false;
    }
    return true;
}

bool mail_queue_take(struct mailer *mailer, bool *more, struct problem *problem)
{
    struct saving_list list = {.arena = arena_new()};
    struct store *store = kernel_store(mailer->options.kernel);
    struct taking taking = {.mailer = mailer, .reader = store_reader_take(store), .list = &list};
    struct mail_cursor_row cursor = mailer->cursor;
    struct feed_page page = {0};
    bool taken = read_events(&taking, &page, problem);
    store_reader_give(store, taking.reader);
    *more = taken && page.more;
    /* The cursor of a log without notices is not worth a commit of its own, but for its first. */
    bool moved = taken && page.next != cursor.position;
    cursor.position = page.next;
    if (moved && (list.count > 0 || !mailer->cursor_found || *more)) {
        saving_add(&list, &mail_cursors_table, &cursor, mailer->cursor_found);
        taken = saving_save(mailer->options.kernel, LEASE_MAIL, &list, problem);
        mailer->cursor_found = mailer->cursor_found || taken;
    }
    if (taken && moved)
        mailer->cursor = cursor;
    arena_free(list.arena);
    return taken;
}

/* What is due. */

bool mail_queue_due(struct mailer *mailer, struct mail_list *due, struct arena *arena,
                    struct problem *problem)
{
    static const char tail[] = "WHERE next_at <= ?1 ORDER BY next_at LIMIT ?2";
    const struct value values[] = {VALUE_OF_INT(time_now()), VALUE_OF_INT(MAIL_AT_ONCE)};
    struct store *store = kernel_store(mailer->options.kernel);
    struct reader *reader = store_reader_take(store);
    due->count = 0;
    bool read = reader_rows(reader, &mails_table, tail, values, COUNT_OF(values), arena, settle_row,
                            due, problem);
    store_reader_give(store, reader);
    return read;
}

bool mail_queue_next(struct mailer *mailer, int64_t *at, struct problem *problem)
{
    static const char sql[] =
        "SELECT next_at FROM mails WHERE next_at IS NOT NULL ORDER BY next_at LIMIT 1";
    struct store *store = kernel_store(mailer->options.kernel);
    struct reader *reader = store_reader_take(store);
    *at = INT64_MAX;
    bool read = reader_number(reader, sql, NULL, 0, at, problem);
    store_reader_give(store, reader);
    return read;
}

bool mail_queue_save(struct mailer *mailer, struct mail_row *rows, size_t count,
                     struct problem *problem)
{
    struct saving_list list = {.arena = arena_new()};
    for (size_t i = 0; i < count; i++)
        saving_add(&list, &mails_table, &rows[i], true);
    bool saved = saving_save(mailer->options.kernel, LEASE_MAIL, &list, problem);
    arena_free(list.arena);
    return saved;
}
