#include "act/mails.h"

static const char *const state_names[] = {"pending", "sending",   "sent",
                                          "failed",  "uncertain", NULL};

#define ROW struct mail_row
static const struct column mail_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, act, COLUMN_ID, .prefix = "act", .api = "act", .doc = "What must be known."),
    COLUMN(ROW, audience, COLUMN_ENUM, .names = audience_names, .api = "audience",
           .doc = "Who must know."),
    COLUMN(ROW, address, COLUMN_TEXT, .api = "address", .doc = "Where it goes."),
    COLUMN(ROW, id, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "mail", .api = "id",
           .doc = "The mail, also in its Message-ID."),
    COLUMN(ROW, person, COLUMN_ID, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .prefix = "per",
           .api = "person", .doc = "Whose address it is; none: the marketplace's."),
    COLUMN(ROW, language, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "language",
           .doc = "Of its text."),
    COLUMN(ROW, subject, COLUMN_ID, .flags = COLUMN_FIXED, .doc = "What the act is about."),
    COLUMN(ROW, act_seq, COLUMN_INT, .flags = COLUMN_FIXED, .doc = "Where the act stands."),
    COLUMN(ROW, type, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "type", .doc = "The act's type."),
    COLUMN(ROW, made_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "made_at",
           .doc = "When it was put into the queue."),
    COLUMN(ROW, state, COLUMN_ENUM, .names = state_names, .api = "state",
           .doc = "What became of it."),
    COLUMN(ROW, tries, COLUMN_INT, .api = "tries", .doc = "Attempts so far."),
    COLUMN(ROW, next_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "next_at",
           .doc = "When the next attempt is due."),
    COLUMN(ROW, sent_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "sent_at",
           .doc = "When the mail server took it."),
    COLUMN(ROW, attempts, COLUMN_JSON, .flags = COLUMN_OPTIONAL, .api = "attempts",
           .doc = "The newest attempts: when, the server's answer."),
};
const struct table mails_table = {
    .name = "mails",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = mail_columns,
    .column_count = COUNT_OF(mail_columns),
    .key_count = 4,
    .doc = "Notices on their way to people's addresses: one an act, audience and address.",
};
#undef ROW

#define ROW struct mail_cursor_row
static const struct column mail_cursor_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The marketplace."),
    COLUMN(ROW, position, COLUMN_INT, .doc = "Entries of the log up to here were looked at."),
};
const struct table mail_cursors_table = {
    .name = "mail_cursors",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = mail_cursor_columns,
    .column_count = COUNT_OF(mail_cursor_columns),
    .key_count = 1,
    .doc = "How far the log has been read for notices to mail.",
};
#undef ROW

const struct view mails_view = {
    .name = "mails",
    .path = "/v1/mails",
    .roles = ROLE_SELLER | ROLE_AUDITOR | ROLE_OPERATOR,
    .permission = PERMISSION_PEOPLE,
    .table = &mails_table,
    .for_all = "WHERE id > ?4 AND (state = ?6 OR ?6 IS NULL) ORDER BY id LIMIT ?5",
    .for_seller =
        "WHERE org = ?1 AND audience IN (1, 3) AND id > ?4 AND (state = ?6 OR ?6 IS NULL) "
        "ORDER BY id LIMIT ?5",
    .cursor = "id",
    .filters = {{.name = "state", .column = "state"}},
    .doc =
        "Notices that went out by mail, or will, oldest first: to whom, and what became of them.",
};
