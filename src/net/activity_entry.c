/* An entry of the activity, as JSON or as a line of CSV. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "act/story.h"
#include "net/activity_private.h"

static locale_t locale;

static void make_locale(void)
{
    locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    MUST(locale != (locale_t)0);
}

locale_t activity_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_locale);
    return locale;
}

/* A buyer's address is no business of the seller's. */
static bool shows_place(const struct activity_entry *entry)
{
    return entry->record.act.actor.role != ROLE_BUYER;
}

static struct text reason_of(const struct act *act)
{
    for (size_t i = 0; i < act->type->field_count; i++) {
        const struct field *field = &act->type->fields[i];
        if (strcmp(field->name, "reason") == 0 && field->type == FIELD_TEXT &&
            field_present(act->body, i))
            return *(const struct text *)(const void *)((const char *)act->body + field->offset);
    }
    return TEXT_NONE;
}

static void member_if(struct json_writer *json, const char *name, struct text value)
{
    if (value.length > 0)
        json_member(json, name, value);
}

static void member_id_if(struct json_writer *json, const char *name, const char *prefix,
                         struct id id)
{
    if (id_is_zero(id))
        return;
    json_name(json, name);
    json_id(json, prefix, id);
}

static void write_authenticator(struct json_writer *json, const struct activity_entry *entry)
{
    const struct authenticator_row *authenticator = &entry->authenticator;
    if (!entry->has_authenticator)
        return;
    json_name(json, "authenticator");
    json_open(json);
    json_name(json, "id");
    json_id(json, "atn", authenticator->id);
    json_member(json, "kind",
                authenticator->kind == AUTHENTICATOR_PASSKEY ? TEXT("passkey") : TEXT("totp"));
    member_if(json, "name", authenticator->name);
    json_name(json, "registered_at");
    json_time(json, authenticator->registered_at);
    json_close(json);
}

/* Somebody who is not of the organisation acts for it: an app, support, the shop. */
static bool is_on_behalf(const struct act *act)
{
    return act->actor.role != ROLE_SYSTEM && act->actor.role != ROLE_BUYER &&
           (id_is_zero(act->actor.person) || act->actor.role != ROLE_SELLER);
}

static void write_who(struct json_writer *json, const struct activity_entry *entry)
{
    const struct principal *actor = &entry->record.act.actor;
    json_name(json, "who");
    json_open(json);
    write_authenticator(json, entry);
    member_if(json, "buyer", actor->buyer);
    member_id_if(json, "key", "key", actor->key);
    if (actor->method != AUTH_NONE)
        json_member(json, "method", text_of(auth_method_names[actor->method]));
    member_if(json, "name", entry->name);
    if (is_on_behalf(&entry->record.act)) {
        json_name(json, "on_behalf_of");
        json_org(json, entry->record.act.org);
    }
    member_id_if(json, "person", "per", actor->person);
    json_member(json, "role", text_of(role_name(actor->role)));
    member_id_if(json, "session", "ses", actor->session);
    json_close(json);
}

static void write_where(struct json_writer *json, const struct activity_entry *entry)
{
    if (!shows_place(entry) || (entry->row->address.length == 0 && entry->row->device.length == 0))
        return;
    json_name(json, "where");
    json_open(json);
    member_if(json, "address", entry->row->address);
    member_if(json, "device", entry->row->device);
    json_close(json);
}

static void write_problem(struct json_writer *json, const struct problem *problem)
{
    json_name(json, "problem");
    json_open(json);
    json_member(json, "code", text_of(problem_kind(problem->code)->slug));
    json_member(json, "detail", text_of(problem->detail));
    json_member(json, "title", text_of(problem_kind(problem->code)->title));
    json_close(json);
}

static void write_steps(struct json_writer *json, const struct list *steps)
{
    const struct interface_step *step = steps->items;
    json_name(json, "steps");
    json_open_list(json);
    for (size_t i = 0; i < steps->count; i++)
        fields_write(json, interface_step_fields, COUNT_OF(interface_step_fields), &step[i]);
    json_close_list(json);
}

static void write_sentence(struct buffer *out, const struct activity_entry *entry)
{
    if (!entry->record.accepted)
        buffer_string(out, "Refused, so this did not happen: ");
    story_write(out, &entry->record.act);
}

static void write_tail(struct json_writer *json, const struct activity_entry *entry)
{
    const struct act *act = &entry->record.act;
    struct buffer sentence;
    buffer_init(&sentence);
    write_sentence(&sentence, entry);
    json_member(json, "sentence", buffer_view(&sentence));
    buffer_done(&sentence);
    json_member_int(json, "seq", act->seq);
    if (act->signature != NULL)
        json_member(json, "signed", text_of(signature_kind_names[act->signature->kind]));
    if (act->steps.count > 0)
        write_steps(json, &act->steps);
    json_name(json, "subject");
    json_id(json, act_prefix(act), act->subject);
    json_member(json, "type", text_of(act->type->name));
    write_where(json, entry);
    write_who(json, entry);
}

static void write_json(struct buffer *out, const struct activity_entry *entry)
{
    const struct act *act = &entry->record.act;
    struct json_writer json = json_writer(out);
    json_open(&json);
    json_name(&json, "act");
    json_id(&json, "act", act->id);
    json_name(&json, "at");
    json_time(&json, act->at);
    json_name(&json, "body");
    fields_write(&json, act->type->fields, act->type->field_count, act->body);
    if (entry->row->changes.length > 0) {
        json_name(&json, "changes");
        json_raw(&json, entry->row->changes);
    }
    json_member(&json, "outcome", entry->record.accepted ? TEXT("accepted") : TEXT("refused"));
    if (!entry->record.accepted)
        write_problem(&json, &entry->record.problem);
    member_if(&json, "reason", reason_of(act));
    write_tail(&json, entry);
    json_close(&json);
}

/* CSV (RFC 4180). */

/* What a spreadsheet would take for a formula is marked as text. */
static void write_cell(struct buffer *out, struct text cell, bool last)
{
    bool formula = cell.length > 0 && strchr("=+-@\t\r", cell.bytes[0]) != NULL;
    buffer_char(out, '"');
    if (formula)
        buffer_char(out, '\'');
    for (size_t i = 0; i < cell.length; i++) {
        if (cell.bytes[i] == '"')
            buffer_char(out, '"');
        buffer_char(out, cell.bytes[i]);
    }
    buffer_string(out, last ? "\"\r\n" : "\",");
}

static void write_id_cell(struct buffer *out, const char *prefix, struct id id)
{
    char text[ID_TEXT_BYTES];
    size_t length = id_is_zero(id) ? 0 : id_format(prefix, id, text);
    write_cell(out, (struct text){text, length}, false);
}

static void write_made_cell(struct buffer *out, struct buffer *cell)
{
    write_cell(out, buffer_view(cell), false);
    buffer_clear(cell);
}

void activity_head_write(struct buffer *out)
{
    buffer_string(out, "\"at\",\"act\",\"type\",\"outcome\",\"sentence\",\"reason\",\"role\","
                       "\"name\",\"person\",\"key\",\"on_behalf_of\",\"method\","
                       "\"authenticator\",\"signed\",\"address\",\"device\",\"subject\","
                       "\"problem\",\"steps\",\"changes\"\r\n");
}

static void write_what_cells(struct buffer *out, const struct activity_entry *entry,
                             struct buffer *cell)
{
    const struct act *act = &entry->record.act;
    buffer_time(cell, act->at);
    write_made_cell(out, cell);
    write_id_cell(out, "act", act->id);
    write_cell(out, text_of(act->type->name), false);
    write_cell(out, entry->record.accepted ? TEXT("accepted") : TEXT("refused"), false);
    write_sentence(cell, entry);
    write_made_cell(out, cell);
    write_cell(out, reason_of(act), false);
}

static void write_who_cells(struct buffer *out, const struct activity_entry *entry,
                            struct buffer *cell)
{
    const struct act *act = &entry->record.act;
    const struct principal *actor = &act->actor;
    write_cell(out, text_of(role_name(actor->role)), false);
    write_cell(out, entry->name, false);
    write_id_cell(out, "per", actor->person);
    write_id_cell(out, "key", actor->key);
    if (is_on_behalf(act))
        buffer_org(cell, act->org);
    write_made_cell(out, cell);
    write_cell(out,
               actor->method == AUTH_NONE ? TEXT_NONE : text_of(auth_method_names[actor->method]),
               false);
    write_cell(out, entry->has_authenticator ? entry->authenticator.name : TEXT_NONE, false);
    write_cell(out,
               act->signature == NULL ? TEXT_NONE
                                      : text_of(signature_kind_names[act->signature->kind]),
               false);
    write_cell(out, shows_place(entry) ? entry->row->address : TEXT_NONE, false);
    write_cell(out, shows_place(entry) ? entry->row->device : TEXT_NONE, false);
}

static void write_csv(struct buffer *out, const struct activity_entry *entry)
{
    const struct act *act = &entry->record.act;
    const struct interface_step *step = act->steps.items;
    struct buffer cell;
    buffer_init(&cell);
    write_what_cells(out, entry, &cell);
    write_who_cells(out, entry, &cell);
    write_id_cell(out, act_prefix(act), act->subject);
    if (!entry->record.accepted)
        buffer_format(&cell, "%s: %s", problem_kind(entry->record.problem.code)->slug,
                      entry->record.problem.detail);
    write_made_cell(out, &cell);
    for (size_t i = 0; i < act->steps.count; i++)
        buffer_format(&cell, "%s%.*s %.*s", i > 0 ? ", " : "", TEXT_ARG(step[i].page),
                      TEXT_ARG(step[i].control));
    write_made_cell(out, &cell);
    write_cell(out, entry->row->changes, true);
    buffer_done(&cell);
}

void activity_entry_write(struct buffer *out, enum activity_form form,
                          const struct activity_entry *entry)
{
    if (form == ACTIVITY_CSV)
        write_csv(out, entry);
    else
        write_json(out, entry);
    if (form == ACTIVITY_JSON_LINES)
        buffer_char(out, '\n');
}
