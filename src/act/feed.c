#include "act/feed.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 8 /* batches in which nothing is visible, until the caller asks again */

/* ?1 organisation or buyer, ?2 after, ?3 how many, ?4 subject. */
static const char of_org[] = "WHERE org = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
static const char of_org_subject[] =
    "WHERE org = ?1 AND seq > ?2 AND subject = ?4 ORDER BY seq LIMIT ?3";
static const char of_log[] = "WHERE log_index >= ?2 ORDER BY log_index LIMIT ?3";
static const char of_log_subject[] =
    "WHERE org = ?1 AND log_index >= ?2 AND subject = ?4 ORDER BY seq LIMIT ?3";

/* Statements are kept by their address: these strings live as long as the feed. */
struct feed {
    const struct catalogue *catalogue;
    struct buffer of_buyer, of_buyer_subject;
};

/* Whose feed is that of one organisation; a person's number counts as one. */
static bool is_of_org(enum role role)
{
    return (role & (ROLE_SELLER | ROLE_SUPPORT | ROLE_PERSON)) != 0;
}

bool feed_shows(const struct principal *who, const struct act_type *type)
{
    enum role role = who->role;
    if (role == ROLE_SELLER && ((unsigned)type->seen_with & ~who->permissions) != 0)
        return false;
    if (role == ROLE_SUPPORT) /* all that the organisation sees, as in views */
        role = ROLE_SELLER;
    if (role == ROLE_SHOP) /* everything but what people do with their own accounts */
        return type->parties != ROLE_PERSON;
    return (role & (ROLE_SELLER | ROLE_BUYER | ROLE_PERSON)) == 0 ||
           (type->parties & (unsigned)role) != 0;
}

/* Are its rows objects that belong to a buyer each? */
static bool is_of_buyers(const struct catalogue *catalogue, const struct table *table)
{
    return table->kind == TABLE_STATE && table->key_count == 2 &&
           table->columns[0].type == COLUMN_ORG && table->columns[1].type == COLUMN_ID &&
           table->columns[1].prefix != NULL && table_column(table, "buyer") != NULL &&
           catalogue_shows(catalogue, table->columns[1].prefix, ROLE_BUYER);
}

static void write_of_buyer(struct buffer *sql, const struct catalogue *catalogue, bool subject)
{
    const char *between = "";
    buffer_string(sql, "WHERE (subject, org) IN (");
    for (const struct table *const *table = catalogue->tables; *table != NULL; table++)
        if (is_of_buyers(catalogue, *table)) {
            buffer_format(sql, "%sSELECT %s, org FROM %s WHERE buyer = ?1", between,
                          (*table)->columns[1].name, (*table)->name);
            between = " UNION ALL ";
        }
    if (between[0] == '\0')
        buffer_string(sql, "SELECT subject, org FROM acts WHERE ?1 = ?1 AND 1 = 0");
    /* By the objects, which are few, and not along the log, as its index would tempt to. */
    buffer_format(sql, ") AND log_index + 0 >= ?2%s ORDER BY log_index + 0 LIMIT ?3",
                  subject ? " AND subject = ?4" : "");
    buffer_char(sql, '\0');
}

struct feed *feed_new(const struct catalogue *catalogue)
{
    struct feed *feed = calloc(1, sizeof *feed);
    MUST(feed != NULL);
    feed->catalogue = catalogue;
    buffer_init(&feed->of_buyer);
    buffer_init(&feed->of_buyer_subject);
    write_of_buyer(&feed->of_buyer, catalogue, false);
    write_of_buyer(&feed->of_buyer_subject, catalogue, true);
    return feed;
}

void feed_free(struct feed *feed)
{
    if (feed == NULL)
        return;
    buffer_done(&feed->of_buyer);
    buffer_done(&feed->of_buyer_subject);
    free(feed);
}

struct reading {
    const struct feed *feed;
    struct reader *reader;
    const struct principal *who;
    struct arena *arena;
    struct feed_page *page;
    size_t scanned; /* acts of this batch, visible or not */
    size_t bytes;
    bool full; /* of bytes */
};

static bool take_act(void *context, const void *row, struct problem *problem)
{
    struct reading *reading = context;
    const struct logged_act_row *act = row;
    const struct act_type *type = catalogue_act(reading->feed->catalogue, act->type);
    int64_t position = is_of_org(reading->who->role) ? act->seq : act->log_index + 1;
    if (reading->bytes > FEED_PAGE_BYTES_MAX) {
        reading->full = true;
        problem_clear(problem);
        return false;
    }
    if (type == NULL)
        return problem_set(problem, PROBLEM_STORE_NEWER, "acts of type %.*s are not known",
                           TEXT_ARG(act->type));
    reading->scanned++;
    reading->page->next = position;
    /* A receipt is an act of many parties, but not where it is of a person's own account. */
    bool is_private = reading->who->role == ROLE_SHOP && is_person_number(act->org);
    if (!feed_shows(reading->who, type) || is_private || act->record.length == 0)
        return true;
    reading->bytes += act->record.length;
    reading->page->events[reading->page->count++] =
        (struct feed_event){.position = position, .type = type, .act = *act};
    return true;
}

static bool read_batch(struct reading *reading, const struct id *subject, int64_t after,
                       size_t limit, struct problem *problem)
{
    const struct principal *who = reading->who;
    struct id none = {{0}};
    const struct id *filter = subject == NULL ? &none : subject;
    struct value values[] = {VALUE_OF_INT(0), VALUE_OF_INT(after), VALUE_OF_INT((int64_t)limit),
                             VALUE_OF_ID(*filter)};
    const char *tail = subject == NULL ? of_org : of_org_subject;
    if (is_of_org(who->role)) {
        values[0] = VALUE_OF_INT(who->org);
    } else if (who->role == ROLE_BUYER) {
        values[0] = VALUE_OF_TEXT(who->buyer);
        tail =
            subject == NULL ? reading->feed->of_buyer.bytes : reading->feed->of_buyer_subject.bytes;
    } else if (subject == NULL) {
        tail = of_log;
    } else {
        values[0] = VALUE_OF_INT(id_org(*subject));
        tail = of_log_subject;
    }
    return reader_rows(reading->reader, &logged_acts_table, tail, values, subject == NULL ? 3 : 4,
                       reading->arena, take_act, reading, problem);
}

bool feed_read(const struct feed *feed, struct reader *reader, const struct principal *who,
               const struct id *subject, int64_t after, size_t limit, struct arena *arena,
               struct feed_page *page, struct problem *problem)
{
    struct reading reading = {
        .feed = feed, .reader = reader, .who = who, .arena = arena, .page = page};
    limit = limit > FEED_EVENTS_MAX ? FEED_EVENTS_MAX : limit;
    *page = (struct feed_page){.next = after};
    page->events = arena_array(arena, limit, sizeof(struct feed_event));
    for (unsigned round = 0; round < ROUNDS_MAX && page->count < limit; round++) {
        size_t asked = limit - page->count;
        reading.scanned = 0;
        if (!read_batch(&reading, subject, page->next, asked, problem) && !reading.full)
            return false;
        page->more = reading.full || reading.scanned == asked;
        if (reading.full || !page->more)
            break;
    }
    return true;
}

bool feed_newest(struct reader *reader, const struct principal *who, int64_t *position,
                 struct problem *problem)
{
    static const char of_feed[] = "SELECT MAX(seq) FROM log_entries WHERE org = ?1";
    static const char of_tree[] = "SELECT MAX(position) + 1 FROM log_entries";
    const struct value org = VALUE_OF_INT(who->org);
    bool of_one = is_of_org(who->role);
    *position = 0;
    return reader_number(reader, of_one ? of_feed : of_tree, &org, of_one ? 1 : 0, position,
                         problem);
}
