#include "act/tables.h"

#define ROW struct act_row
static const struct column act_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The organisation that the act touches."),
    COLUMN(ROW, seq, COLUMN_INT, .doc = "Position in the organisation's feed, without gaps."),
    COLUMN(ROW, id, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "act", .doc = "The act."),
    COLUMN(ROW, subject, COLUMN_ID, .flags = COLUMN_FIXED, .doc = "The object it is about."),
    COLUMN(ROW, type, COLUMN_TEXT, .flags = COLUMN_FIXED, .doc = "Its type: order.shipped …"),
    COLUMN(ROW, salt, COLUMN_BYTES, .flags = COLUMN_OPTIONAL,
           .doc = "32 random bytes; none once the record was erased."),
    COLUMN(ROW, record, COLUMN_JSON, .flags = COLUMN_OPTIONAL,
           .doc = "Canonical JSON; none once erased."),
    COLUMN(ROW, address, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "The client's address; never shown to another party."),
    COLUMN(ROW, device, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "What the client said that it is; never shown to another party."),
    COLUMN(ROW, changes, COLUMN_JSON, .flags = COLUMN_FIXED | COLUMN_OPTIONAL,
           .doc = "What rows were before and after it; none once erased."),
};
const struct table acts_table = {
    .name = "acts",
    .kind = TABLE_LOG,
    .row_bytes = sizeof(ROW),
    .columns = act_columns,
    .column_count = COUNT_OF(act_columns),
    .key_count = 2,
    .doc = "Every act, accepted or refused, as it was recorded.",
};
#undef ROW

#define ROW struct logged_act_row
static const struct column logged_act_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG),
    COLUMN(ROW, seq, COLUMN_INT),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "act"),
    COLUMN(ROW, subject, COLUMN_ID),
    COLUMN(ROW, type, COLUMN_TEXT),
    COLUMN(ROW, log_index, COLUMN_INT),
    COLUMN(ROW, salt, COLUMN_BYTES, .flags = COLUMN_OPTIONAL),
    COLUMN(ROW, record, COLUMN_JSON, .flags = COLUMN_OPTIONAL),
    COLUMN(ROW, address, COLUMN_TEXT, .flags = COLUMN_OPTIONAL),
    COLUMN(ROW, device, COLUMN_TEXT, .flags = COLUMN_OPTIONAL),
};
const struct table logged_acts_table = {
    .name = "logged_acts",
    .kind = TABLE_VIEW,
    .row_bytes = sizeof(ROW),
    .columns = logged_act_columns,
    .column_count = COUNT_OF(logged_act_columns),
    .key_count = 2,
    .definition = "SELECT a.org, a.seq, a.id, a.subject, a.type, e.position AS log_index, a.salt, "
                  "a.record,\n    a.address, a.device\n"
                  "FROM acts AS a JOIN log_entries AS e ON e.org = a.org AND e.seq = a.seq",
    .doc = "The acts that have their places in the log.",
};
#undef ROW

#define ROW struct feed_row
static const struct column feed_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The organisation."),
    COLUMN(ROW, last_seq, COLUMN_INT, .doc = "The last number given out in its feed."),
};
const struct table feeds_table = {
    .name = "feeds",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = feed_columns,
    .column_count = COUNT_OF(feed_columns),
    .key_count = 1,
    .version = &feed_columns[1],
    .doc = "How far each organisation's feed has come.",
};
#undef ROW

#define ROW struct idempotency_row
static const struct column idempotency_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "The API key's own organisation."),
    COLUMN(ROW, key, COLUMN_TEXT, .doc = "The API key's id and the Idempotency-Key it sent."),
    COLUMN(ROW, request, COLUMN_BYTES, .doc = "SHA-256 of route and body."),
    COLUMN(ROW, act_org, COLUMN_ORG, .doc = "The organisation of the act that it became."),
    COLUMN(ROW, seq, COLUMN_INT, .doc = "Its position there."),
    COLUMN(ROW, expires_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL,
           .doc = "When it may be forgotten; none: never (the act moved money)."),
};
const struct table idempotency_table = {
    .name = "idempotency",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = idempotency_columns,
    .column_count = COUNT_OF(idempotency_columns),
    .key_count = 2,
    .doc = "Requests that may come again, and what they became.",
};
#undef ROW

#define ROW struct notice_row
static const struct column notice_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "The organisation."),
    COLUMN(ROW, act, COLUMN_ID, .prefix = "act", .api = "act", .doc = "What must be known."),
    COLUMN(ROW, audience, COLUMN_ENUM, .names = audience_names, .api = "audience",
           .doc = "Who must know."),
    COLUMN(ROW, subject, COLUMN_ID, .flags = COLUMN_FIXED, .prefix_at = offsetof(ROW, prefix),
           .api = "subject", .doc = "What it is about."),
    COLUMN(ROW, type, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "type", .doc = "The act's type."),
    COLUMN(ROW, told_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "told_at",
           .doc = "When the act was recorded."),
    COLUMN(ROW, due_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "due_at",
           .doc = "Until then the addressee must have been reached."),
    COLUMN(ROW, delivered_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "delivered/at",
           .doc = "When it reached them."),
    COLUMN(ROW, delivered_by, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "delivered/means",
           .doc = "How: webhook, stream, pull, page, answer."),
    COLUMN(ROW, delivered_to, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "delivered/to",
           .doc = "Which endpoint or key."),
    COLUMN(ROW, seen_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "seen/at",
           .doc = "When they said that they saw it."),
    COLUMN(ROW, seen_by, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "seen/by",
           .doc = "Which person or app."),
    COLUMN(ROW, seen_means, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "seen/means",
           .doc = "By which means."),
    COLUMN(ROW, incident_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "incident_at",
           .doc = "When it became an incident; open until delivered."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
    COLUMN(ROW, prefix, COLUMN_TEXT, .flags = COLUMN_FIXED | COLUMN_OPTIONAL, .api = "kind",
           .doc = "What it is about: ord for an order, sub for a paid service …"),
};
const struct table notices_table = {
    .name = "notices",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = notice_columns,
    .column_count = COUNT_OF(notice_columns),
    .key_count = 3,
    .version = &notice_columns[COUNT_OF(notice_columns) - 2],
    .doc = "Acts that somebody must know of, and whether they do.",
};
#undef ROW

#define ROW struct log_entry_row
static const struct column log_entry_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "Whose act it commits to."),
    COLUMN(ROW, seq, COLUMN_INT, .doc = "Which."),
    COLUMN(ROW, position, COLUMN_INT, .flags = COLUMN_FIXED, .doc = "Index in the log."),
    COLUMN(ROW, entry, COLUMN_BYTES, .flags = COLUMN_FIXED, .doc = "SHA-256(salt ‖ record)."),
};
const struct table log_entries_table = {
    .name = "log_entries",
    .kind = TABLE_LOG,
    .row_bytes = sizeof(ROW),
    .columns = log_entry_columns,
    .column_count = COUNT_OF(log_entry_columns),
    .key_count = 2,
    .doc = "The log's entries: salted commitments, one an act.",
};
#undef ROW

#define ROW struct log_queue_row
static const struct column log_queue_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "Whose act it commits to."),
    COLUMN(ROW, seq, COLUMN_INT, .doc = "Which."),
    COLUMN(ROW, entry, COLUMN_BYTES, .flags = COLUMN_FIXED, .doc = "SHA-256(salt ‖ record)."),
};
const struct table log_queue_table = {
    .name = "log_queue",
    .kind = TABLE_OPERATIONAL,
    .stays = true,
    .row_bytes = sizeof(ROW),
    .columns = log_queue_columns,
    .column_count = COUNT_OF(log_queue_columns),
    .key_count = 2,
    .doc = "Where several nodes write: entries that wait for their places in the log.",
};
#undef ROW

#define ROW struct log_node_row
static const struct column log_node_columns[] = {
    COLUMN(ROW, level, COLUMN_INT, .doc = "The tile level that the hash stands in, from 1."),
    COLUMN(ROW, position, COLUMN_INT, .doc = "Its index in that level."),
    COLUMN(ROW, hash, COLUMN_BYTES, .flags = COLUMN_FIXED, .doc = "The root of a full tile below."),
};
const struct table log_nodes_table = {
    .name = "log_nodes",
    .kind = TABLE_LOG,
    .row_bytes = sizeof(ROW),
    .columns = log_node_columns,
    .column_count = COUNT_OF(log_node_columns),
    .key_count = 2,
    .doc = "Roots of the log's full tiles; level 0 is hashed from the entries.",
};
#undef ROW

#define ROW struct log_identity_row
static const struct column log_identity_columns[] = {
    COLUMN(ROW, name, COLUMN_TEXT, .doc = "Always: log."),
    COLUMN(ROW, key, COLUMN_TEXT, .flags = COLUMN_FIXED, .doc = "Its verifier key."),
};
const struct table log_identity_table = {
    .name = "log_identity",
    .kind = TABLE_OPERATIONAL,
    .stays = true,
    .row_bytes = sizeof(ROW),
    .columns = log_identity_columns,
    .column_count = COUNT_OF(log_identity_columns),
    .key_count = 1,
    .doc = "Where several nodes write: the key that all of them sign the log with.",
};
#undef ROW

#define ROW struct log_checkpoint_row
static const struct column log_checkpoint_columns[] = {
    COLUMN(ROW, size, COLUMN_INT, .doc = "Size of the tree."),
    COLUMN(ROW, note, COLUMN_TEXT, .doc = "The signed note with its cosignatures."),
};
const struct table log_checkpoints_table = {
    .name = "log_checkpoints",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = log_checkpoint_columns,
    .column_count = COUNT_OF(log_checkpoint_columns),
    .key_count = 1,
    .doc = "The newest checkpoint that witnesses cosigned.",
};
#undef ROW
