#include "net/mail_recipients.h"

#include "identity/people.h"

#define MEMBERS_MAX 200

static bool each_of_staff(const struct mail_staff *staff, mail_recipient_each each, void *context,
                          struct problem *problem)
{
    for (size_t i = 0; i < staff->count; i++) {
        const struct mail_recipient recipient = {.address = text_of(staff->addresses[i]),
                                                 .language = text_of(staff->language)};
        if (!each(context, &recipient, problem))
            return false;
    }
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

/* Owners and admins get every notice; staff what they may see to. */
static bool is_concerned(const struct member_row *member, unsigned permission)
{
    return member->left_at == 0 && member->email.length > 0 &&
           (member_permissions(member) & permission) == permission &&
           (permission != PERMISSION_NONE || member->role != MEMBER_STAFF);
}

/* Rows are kept first: a reader runs one query at a time. */
static bool each_of_members(struct reader *reader, const struct act_row *act, unsigned permission,
                            struct arena *arena, mail_recipient_each each, void *context,
                            struct problem *problem)
{
    static const char tail[] = "WHERE org = ?1 AND left_at IS NULL ORDER BY id";
    const struct value org = VALUE_OF_INT(act->org);
    struct members *members = ARENA_NEW(arena, struct members);
    if (!reader_rows(reader, &members_table, tail, &org, 1, arena, keep_member, members, problem))
        return false;
    for (size_t i = 0; i < members->count; i++) {
        const struct member_row *member = &members->rows[i];
        struct person_row person = {.org = id_org(member->person)};
        bool found;
        if (!is_concerned(member, permission))
            continue;
        if (!reader_load(reader, &persons_table, &person, arena, &found, problem))
            return false;
        const struct mail_recipient recipient = {
            .person = member->person, .address = member->email, .language = person.language};
        if (!each(context, &recipient, problem))
            return false;
    }
    return true;
}

bool mail_recipients(struct reader *reader, const struct act_row *act, const struct act_type *type,
                     enum audience audience, const struct mail_staff *staff, struct arena *arena,
                     mail_recipient_each each, void *context, struct problem *problem)
{
    switch (audience) {
    case AUDIENCE_SHOP:
        return each_of_staff(staff, each, context, problem);
    case AUDIENCE_SELLER:
        return each_of_members(reader, act, (unsigned)type->permission, arena, each, context,
                               problem);
    case AUDIENCE_BUYER:
    case AUDIENCES:
        break; /* where a buyer reads mail is the shop's to know */
    }
    return true;
}
