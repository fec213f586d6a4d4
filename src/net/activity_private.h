/* What activity.c (finding) and activity_entry.c (writing) share. */
#pragma once

#include <locale.h>

#include "act/record.h"
#include "identity/people.h"
#include "net/activity.h"

struct activity_name {
    struct id id;
    bool known;
    struct text name;
};

struct activity {
    const struct catalogue *catalogue;
    struct reader *reader;
    const struct activity_query *query;
    struct arena *arena; /* of one batch */
    struct buffer *out;
    struct buffer words, folded;
    size_t name_count;
    struct activity_name *names;
    int64_t count, looked;
    size_t bytes;
    int64_t next;
};

struct activity_entry {
    const struct act_row *row;
    struct record record;
    struct text name; /* of the person or key, or none */
    bool has_authenticator;
    struct authenticator_row authenticator;
};

/* One element of the list, one line, or one line of CSV. */
void activity_entry_write(struct buffer *out, enum activity_form form,
                          const struct activity_entry *entry);
/* The header of a CSV file. */
void activity_head_write(struct buffer *out);
/* In which letters have cases. */
locale_t activity_locale(void);
