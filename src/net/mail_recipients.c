#include "net/mail_recipients.h"

#include <string.h>

#include "act/record.h"
#include "identity/people_acts.h"

#define MEMBERS_MAX 200

struct telling_all {
    struct reader *reader;
    const struct mail_notice *notice;
    struct arena *arena;
    mail_recipient_each each;
    void *context;
};

static bool tell_one(const struct telling_all *all, const struct mail_recipient *recipient,
                     struct problem *problem)
{
    return recipient->address.length == 0 || all->each(all->context, recipient, problem);
}

static bool tell_staff(const struct telling_all *all, struct problem *problem)
{
    for (size_t i = 0; i < all->notice->staff_count; i++) {
        const struct mail_recipient recipient = {.address = text_of(all->notice->staff[i]),
                                                 .language = text_of(all->notice->language)};
        if (!tell_one(all, &recipient, problem))
            return false;
    }
    return true;
}

static struct text address_before(const struct act *act)
{
    for (size_t i = 0; i < act->type->field_count; i++) {
        const struct field *field = &act->type->fields[i];
        if (strcmp(field->name, "email_before") == 0 && field->type == FIELD_TEXT &&
            field_present(act->body, i))
            return *(const struct text *)(const void *)((const char *)act->body + field->offset);
    }
    return TEXT_NONE;
}

/* Whoever changed the address may not be its owner: one notice, and that to the old address. */
static bool read_address_before(const struct telling_all *all, struct text *address,
                                struct problem *problem)
{
    struct record record = {0};
    if (all->notice->act->record.length == 0)
        return true;
    if (!record_read(all->notice->catalogue, all->notice->act->record, &record, all->arena,
                     problem))
        return false;
    struct text before = address_before(&record.act);
    if (before.length > 0)
        *address = before;
    return true;
}

struct members {
    size_t count;
    struct member_row rows[MEMBERS_MAX];
};

static bool keep_member(void *context, const void *row, struct problem *problem)
{
    struct members *members = context;
    (void)problem;
    if (members->count < MEMBERS_MAX)
        members->rows[members->count++] = *(const struct member_row *)row;
    return true;
}

/* Owners and admins get every notice; staff what they may see to; who is changed, what changes. */
static bool is_concerned(const struct member_row *member, const struct mail_notice *notice)
{
    unsigned permission = (unsigned)notice->type->permission | (unsigned)notice->type->seen_with;
    if (id_equal(member->id, notice->act->subject) || notice->type == &owner_recovery_invited)
        return true;
    return (member_permissions(member) & permission) == permission &&
           (permission != PERMISSION_NONE || member->role != MEMBER_STAFF);
}

/* Rows are kept first: a reader runs one query at a time. */
static bool tell_members(const struct telling_all *all, struct problem *problem)
{
    static const char tail[] = "WHERE org = ?1 AND (left_at IS NULL OR id = ?2) ORDER BY id";
    const struct value values[] = {VALUE_OF_INT(all->notice->act->org),
                                   VALUE_OF_ID(all->notice->act->subject)};
    struct members *members = ARENA_NEW(all->arena, struct members);
    if (!reader_rows(all->reader, &members_table, tail, values, 2, all->arena, keep_member, members,
                     problem))
        return false;
    for (size_t i = 0; i < members->count; i++) {
        const struct member_row *member = &members->rows[i];
        struct person_row person = {.org = id_org(member->person)};
        bool found;
        if (!is_concerned(member, all->notice))
            continue;
        if (!reader_load(all->reader, &persons_table, &person, all->arena, &found, problem))
            return false;
        const struct mail_recipient recipient = {.person = member->person,
                                                 .address = person.email.length > 0 ? person.email
                                                                                    : member->email,
                                                 .language = person.language};
        if (!tell_one(all, &recipient, problem))
            return false;
    }
    return true;
}

/* An act in somebody's home is about themselves. */
static bool tell_inside(const struct telling_all *all, struct problem *problem)
{
    struct person_row person = {.org = all->notice->act->org};
    bool is_home = false;
    if (!reader_load(all->reader, &persons_table, &person, all->arena, &is_home, problem))
        return false;
    if (!is_home)
        return tell_members(all, problem);
    struct mail_recipient recipient = {
        .person = person.id, .address = person.email, .language = person.language};
    return read_address_before(all, &recipient.address, problem) &&
           tell_one(all, &recipient, problem);
}

bool mail_recipients(struct reader *reader, const struct mail_notice *notice, struct arena *arena,
                     mail_recipient_each each, void *context, struct problem *problem)
{
    const struct telling_all all = {reader, notice, arena, each, context};
    switch (notice->audience) {
    case AUDIENCE_SHOP:
        return tell_staff(&all, problem);
    case AUDIENCE_SELLER:
    case AUDIENCE_PERSON:
        return tell_inside(&all, problem);
    case AUDIENCE_BUYER:
    case AUDIENCES:
        break; /* where a buyer reads mail is the shop's to know */
    }
    return true;
}
