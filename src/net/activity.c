#include "net/activity.h"

#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "act/record.h"
#include "act/story.h"
#include "identity/identity.h"
#include "net/activity_private.h"

#define BATCH 200
#define NAMES_MAX 512

/* Reading. */

struct batch {
    size_t count;
    struct act_row rows[BATCH];
};

static bool keep(void *context, const void *row, struct problem *problem)
{
    struct batch *batch = context;
    (void)problem;
    batch->rows[batch->count++] = *(const struct act_row *)row;
    return true;
}

/* To whom it may be shown: the organisation itself, as far as the reader may see it. */
static bool is_shown(const struct activity_query *query, const struct act_type *type)
{
    const struct principal org = {.role = ROLE_SELLER, .permissions = query->permissions};
    return feed_shows(&org, type);
}

static bool in_time(const struct activity_query *query, const struct act *act)
{
    return (query->from == 0 || act->at >= query->from) &&
           (query->until == 0 || act->at < query->until);
}

static bool is_type(struct text wanted, const char *name)
{
    if (wanted.length == 0)
        return true;
    if (wanted.bytes[wanted.length - 1] == '.')
        return strncmp(name, wanted.bytes, wanted.length) == 0;
    return text_is(wanted, name);
}

static bool is_about(struct text object, const struct act *act)
{
    char subject[ID_TEXT_BYTES];
    size_t length = id_format(act_prefix(act), act->subject, subject);
    return object.length == 0 || text_equal(object, (struct text){subject, length});
}

static bool fits(const struct activity_query *query, const struct activity_entry *entry)
{
    const struct act *act = &entry->record.act;
    return in_time(query, act) && is_type(query->type, act->type->name) &&
           is_about(query->object, act) &&
           (id_is_zero(query->person) || id_equal(query->person, act->actor.person)) &&
           (id_is_zero(query->key) || id_equal(query->key, act->actor.key)) &&
           (query->outcome.length == 0 ||
            text_is(query->outcome, entry->record.accepted ? "accepted" : "refused"));
}

/* Names. */

static struct activity_name *find_name(struct activity *activity, struct id id)
{
    for (size_t i = 0; i < activity->name_count; i++)
        if (id_equal(activity->names[i].id, id))
            return &activity->names[i];
    if (activity->name_count == NAMES_MAX)
        activity->name_count = 0;
    struct activity_name *made = &activity->names[activity->name_count++];
    *made = (struct activity_name){.id = id};
    return made;
}

static bool name_person(struct activity *activity, struct id person, struct text *name,
                        struct problem *problem)
{
    struct activity_name *known = find_name(activity, person);
    struct member_row member = {.org = activity->query->org,
                                .id = member_id(person, activity->query->org)};
    struct support_contact_row contact = {.org = activity->query->org, .person = person};
    bool found = false;
    if (!known->known) {
        if (!reader_load(activity->reader, &members_table, &member, activity->arena, &found,
                         problem))
            return false;
        if (found)
            known->name = member.name;
        else if (!reader_load(activity->reader, &support_contacts_table, &contact, activity->arena,
                              &found, problem))
            return false;
        else if (found)
            known->name = contact.name;
        known->known = true;
    }
    *name = known->name;
    return true;
}

static bool name_key(struct activity *activity, struct id key, struct text *name,
                     struct problem *problem)
{
    struct activity_name *known = find_name(activity, key);
    struct key_row row = {.org = id_org(key), .id = key};
    bool found = false;
    if (!known->known) {
        if (!reader_load(activity->reader, &keys_table, &row, activity->arena, &found, problem))
            return false;
        known->name = found ? row.label : TEXT_NONE;
        known->known = true;
    }
    *name = known->name;
    return true;
}

/* The one that signed, or else the one that opened the session. */
static bool load_authenticator(struct activity *activity, struct activity_entry *entry,
                               struct problem *problem)
{
    const struct act *act = &entry->record.act;
    struct id id =
        act->signature != NULL ? act->signature->authenticator : act->actor.authenticator;
    if (id_is_zero(id))
        return true;
    entry->authenticator = (struct authenticator_row){.org = activity->query->org, .id = id};
    return reader_load(activity->reader, &authenticators_table, &entry->authenticator,
                       activity->arena, &entry->has_authenticator, problem);
}

static bool name_all(struct activity *activity, struct activity_entry *entry,
                     struct problem *problem)
{
    const struct principal *actor = &entry->record.act.actor;
    return (id_is_zero(actor->person) ||
            name_person(activity, actor->person, &entry->name, problem)) &&
           (id_is_zero(actor->key) || name_key(activity, actor->key, &entry->name, problem)) &&
           load_authenticator(activity, entry, problem);
}

/* Words. */

/* Folds to lower case what has one, code point by code point; the text is UTF-8. */
static void add_folded(struct buffer *out, struct text text)
{
    for (size_t i = 0; i < text.length;) {
        unsigned char c = (unsigned char)text.bytes[i];
        size_t length = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        if (length == 1 || length == 3 || length == 4 || i + length > text.length) {
            for (size_t j = 0; j < length && i + j < text.length; j++)
                buffer_char(out, length == 1 && c >= 'A' && c <= 'Z' ? (char)(c | 0x20)
                                                                     : text.bytes[i + j]);
        } else {
            /* Latin, Greek, Cyrillic, Armenian: the scripts of two bytes that have cases. */
            wint_t point = (wint_t)((c & 0x1f) << 6 | (text.bytes[i + 1] & 0x3f));
            wint_t lower = towlower_l(point, activity_locale());
            if (lower < 0x80 || lower >= 0x800)
                lower = point;
            buffer_char(out, (char)(0xc0 | lower >> 6));
            buffer_char(out, (char)(0x80 | (lower & 0x3f)));
        }
        i += length;
    }
}

static bool has_words(struct activity *activity, const struct activity_entry *entry,
                      struct text written)
{
    struct buffer *folded = &activity->folded;
    if (activity->query->words.length == 0)
        return true;
    buffer_clear(folded);
    add_folded(folded, entry->row->record);
    buffer_char(folded, '\n');
    add_folded(folded, written);
    return memmem(folded->bytes, folded->length, activity->words.bytes, activity->words.length) !=
           NULL;
}

/* One act. */

static bool read_entry(struct activity *activity, const struct act_row *row,
                       struct activity_entry *entry, bool *wanted, struct problem *problem)
{
    const struct act_type *type = catalogue_act(activity->catalogue, row->type);
    *entry = (struct activity_entry){.row = row};
    *wanted = type != NULL && is_shown(activity->query, type) && row->record.length > 0;
    if (!*wanted)
        return true;
    if (!record_read(activity->catalogue, row->record, &entry->record, activity->arena, problem))
        return false;
    *wanted = fits(activity->query, entry);
    return !*wanted || name_all(activity, entry, problem);
}

static bool take_row(struct activity *activity, const struct act_row *row, struct problem *problem)
{
    struct activity_entry entry;
    bool wanted;
    size_t length = activity->out->length;
    activity->looked++;
    activity->next = row->seq;
    if (!read_entry(activity, row, &entry, &wanted, problem))
        return false;
    if (!wanted)
        return true;
    struct buffer written;
    buffer_init(&written);
    activity_entry_write(&written, activity->query->form, &entry);
    if (has_words(activity, &entry, buffer_view(&written))) {
        if (activity->query->form == ACTIVITY_JSON && activity->count > 0)
            buffer_char(activity->out, ',');
        buffer_text(activity->out, buffer_view(&written));
        activity->count++;
    }
    buffer_done(&written);
    activity->bytes += activity->out->length - length;
    return true;
}

static bool is_done(const struct activity *activity)
{
    return activity->count >= activity->query->limit ||
           activity->bytes >= activity->query->bytes_max || activity->looked >= ACTIVITY_LOOKS_MAX;
}

/* True with *more false at the end of the acts. */
static bool take_batch(struct activity *activity, bool *more, struct problem *problem)
{
    static const char tail[] = "WHERE org = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
    const struct value values[] = {VALUE_OF_INT(activity->query->org), VALUE_OF_INT(activity->next),
                                   VALUE_OF_INT(BATCH)};
    arena_reset(activity->arena);
    activity->name_count = 0; /* their texts were of the arena */
    struct batch *batch = ARENA_NEW(activity->arena, struct batch);
    if (!reader_rows(activity->reader, &acts_table, tail, values, COUNT_OF(values), activity->arena,
                     keep, batch, problem))
        return false;
    for (size_t i = 0; i < batch->count && !is_done(activity); i++)
        if (!take_row(activity, &batch->rows[i], problem))
            return false;
    *more = batch->count == BATCH || is_done(activity);
    return true;
}

bool activity_write(const struct catalogue *catalogue, struct reader *reader,
                    const struct activity_query *query, struct buffer *out, int64_t *next,
                    struct problem *problem)
{
    struct activity activity = {.catalogue = catalogue,
                                .reader = reader,
                                .query = query,
                                .out = out,
                                .next = query->before > 0 ? query->before : INT64_MAX};
    bool more = true;
    bool written = true;
    activity.arena = arena_new();
    activity.names = calloc(NAMES_MAX, sizeof *activity.names);
    MUST(activity.names != NULL);
    buffer_init(&activity.folded);
    buffer_init(&activity.words);
    add_folded(&activity.words, query->words);
    while (written && more && !is_done(&activity))
        written = take_batch(&activity, &more, problem);
    *next = more && activity.next > 1 ? activity.next : 0;
    buffer_done(&activity.words);
    buffer_done(&activity.folded);
    free(activity.names);
    arena_free(activity.arena);
    return written;
}
