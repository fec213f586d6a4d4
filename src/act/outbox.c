#include "act/outbox.h"

#include <string.h>

#define URL_BYTES_MAX 2048
#define EVENTS_MAX 64

#define ROW struct endpoint_row
static const struct column endpoint_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .api = "org", .doc = "Whose endpoint."),
    COLUMN(ROW, id, COLUMN_ID, .prefix = "ep", .api = "id", .doc = "The endpoint."),
    COLUMN(ROW, url, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "url",
           .doc = "Where events are posted."),
    COLUMN(ROW, events, COLUMN_JSON, .flags = COLUMN_OPTIONAL | COLUMN_FIXED, .api = "events",
           .doc = "The act types it wants; none: all."),
    COLUMN(ROW, since, COLUMN_INT, .flags = COLUMN_FIXED,
           .doc = "Seq of the act that made it; older acts are not sent."),
    COLUMN(ROW, created_at, COLUMN_TIME, .flags = COLUMN_FIXED, .api = "created_at",
           .doc = "When it was added."),
    COLUMN(ROW, removed_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "removed_at",
           .doc = "When it was removed."),
    COLUMN(ROW, disabled_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "disabled_at",
           .doc = "When deliveries to it were given up."),
    COLUMN(ROW, disabled_reason, COLUMN_TEXT, .flags = COLUMN_OPTIONAL, .api = "disabled_reason",
           .doc = "Why."),
    COLUMN(ROW, version, COLUMN_INT, .api = "version",
           .doc = "Seq of the last act that changed it."),
};
const struct table endpoints_table = {
    .name = "endpoints",
    .kind = TABLE_STATE,
    .row_bytes = sizeof(ROW),
    .columns = endpoint_columns,
    .column_count = COUNT_OF(endpoint_columns),
    .key_count = 2,
    .version = &endpoint_columns[COUNT_OF(endpoint_columns) - 1],
    .doc = "Who wants to be told by webhook.",
};
#undef ROW

#define ROW struct endpoint_cursor_row
static const struct column endpoint_cursor_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "Whose endpoint."),
    COLUMN(ROW, endpoint, COLUMN_ID, .prefix = "ep", .doc = "The endpoint."),
    COLUMN(ROW, position, COLUMN_INT, .doc = "Events of its feed up to here were taken."),
    COLUMN(ROW, replay_position, COLUMN_INT, .doc = "The same of a replay that was asked for."),
    COLUMN(ROW, replay_through, COLUMN_INT, .doc = "Where that replay ends."),
};
const struct table endpoint_cursors_table = {
    .name = "endpoint_cursors",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = endpoint_cursor_columns,
    .column_count = COUNT_OF(endpoint_cursor_columns),
    .key_count = 2,
    .doc = "How far each endpoint's feed has been taken for delivery.",
};
#undef ROW

#define ROW struct endpoint_replay_row
static const struct column endpoint_replay_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "Whose endpoint."),
    COLUMN(ROW, endpoint, COLUMN_ID, .prefix = "ep", .doc = "The endpoint."),
    COLUMN(ROW, id, COLUMN_ID, .doc = "Of this order."),
    COLUMN(ROW, after, COLUMN_INT, .flags = COLUMN_FIXED, .doc = "Events behind this position …"),
    COLUMN(ROW, through, COLUMN_INT, .flags = COLUMN_FIXED, .doc = "… up to this one."),
};
const struct table endpoint_replays_table = {
    .name = "endpoint_replays",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = endpoint_replay_columns,
    .column_count = COUNT_OF(endpoint_replay_columns),
    .key_count = 3,
    .doc = "Events that somebody wants to be sent again.",
};
#undef ROW

static const char *const delivery_state_names[] = {"pending", "delivered", "failed", NULL};

#define ROW struct delivery_row
static const struct column delivery_columns[] = {
    COLUMN(ROW, org, COLUMN_ORG, .doc = "Whose endpoint."),
    COLUMN(ROW, endpoint, COLUMN_ID, .prefix = "ep", .api = "endpoint", .doc = "The endpoint."),
    COLUMN(ROW, position, COLUMN_INT, .api = "position", .doc = "Of the event in its feed."),
    COLUMN(ROW, act, COLUMN_ID, .flags = COLUMN_FIXED, .prefix = "act", .api = "act",
           .doc = "The act, and the webhook-id."),
    COLUMN(ROW, act_org, COLUMN_ORG, .flags = COLUMN_FIXED, .doc = "Where the act stands."),
    COLUMN(ROW, act_seq, COLUMN_INT, .flags = COLUMN_FIXED, .doc = "Where the act stands."),
    COLUMN(ROW, subject, COLUMN_ID, .flags = COLUMN_FIXED,
           .doc = "The object: one attempt at a time, in order."),
    COLUMN(ROW, type, COLUMN_TEXT, .flags = COLUMN_FIXED, .api = "type", .doc = "The act's type."),
    COLUMN(ROW, state, COLUMN_ENUM, .names = delivery_state_names, .api = "state",
           .doc = "What became of it."),
    COLUMN(ROW, tries, COLUMN_INT, .api = "tries", .doc = "Attempts of the schedule so far."),
    COLUMN(ROW, next_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "next_at",
           .doc = "When the next attempt is due."),
    COLUMN(ROW, delivered_at, COLUMN_TIME, .flags = COLUMN_OPTIONAL, .api = "delivered_at",
           .doc = "When the endpoint confirmed it."),
    COLUMN(ROW, attempts, COLUMN_JSON, .flags = COLUMN_OPTIONAL, .api = "attempts",
           .doc = "The newest attempts: when, answer's status and first kilobyte, how long."),
};
const struct table deliveries_table = {
    .name = "deliveries",
    .kind = TABLE_OPERATIONAL,
    .row_bytes = sizeof(ROW),
    .columns = delivery_columns,
    .column_count = COUNT_OF(delivery_columns),
    .key_count = 3,
    .doc = "Events on their way to endpoints.",
};
#undef ROW

/* endpoint.created */

static bool is_url_char(char c)
{
    return c > ' ' && c < 0x7f && strchr("\"<>\\^`{|}#", c) == NULL;
}

/* http or https, a host, no user information, no fragment; whether the address is public is seen
 * when it has been resolved. */
static bool url_fits(struct text url)
{
    struct text rest;
    if (url.length > URL_BYTES_MAX)
        return false;
    if (text_starts(url, "https://"))
        rest = text_slice(url, 8, url.length);
    else if (text_starts(url, "http://"))
        rest = text_slice(url, 7, url.length);
    else
        return false;
    size_t host = 0;
    while (host < rest.length && rest.bytes[host] != '/' && rest.bytes[host] != '?')
        if (rest.bytes[host++] == '@')
            return false;
    for (size_t i = 0; i < rest.length; i++)
        if (!is_url_char(rest.bytes[i]))
            return false;
    return host > 0 && rest.bytes[0] != ':';
}

static struct text events_json(const struct list *events, struct arena *arena)
{
    const struct endpoint_event *items = events->items;
    struct buffer list;
    buffer_init(&list);
    struct json_writer json = json_writer(&list);
    json_open_list(&json);
    for (size_t i = 0; i < events->count; i++)
        json_text(&json, items[i].type);
    json_close_list(&json);
    struct text text = arena_text(arena, buffer_view(&list));
    buffer_done(&list);
    return text;
}

static bool decide_created(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct endpoint_created_body *body = act->body;
    if (act->actor.org != act->org)
        return problem_set(problem, PROBLEM_NOT_FOUND, "an endpoint is made by whose it is");
    if (!url_fits(body->url))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/url",
                           "must be an http or https address without user or fragment");
    struct endpoint_row *row = decision_change(decision, 0);
    row->url = arena_text(decision->arena, body->url);
    if (body->events.count > 0)
        row->events = events_json(&body->events, decision->arena);
    row->since = act->seq;
    row->created_at = act->at;
    return true;
}

#define BODY struct endpoint_event
static const struct field endpoint_event_fields[] = {
    FIELD(BODY, type, FIELD_TEXT, .required = true, .min = 1, .max = 64, .doc = "An act type.",
          .example = "\"order.cancel_requested\""),
};
#undef BODY

#define BODY struct endpoint_created_body
static const struct field endpoint_created_fields[] = {
    FIELD(BODY, events, FIELD_LIST, .min = 1, .max = EVENTS_MAX, .fields = endpoint_event_fields,
          .field_count = COUNT_OF(endpoint_event_fields),
          .item_bytes = sizeof(struct endpoint_event), .doc = "What to send; absent: everything.",
          .example = "[{\"type\":\"order.cancel_requested\"}]"),
    FIELD(BODY, url, FIELD_TEXT, .required = true, .min = 8, .max = URL_BYTES_MAX,
          .doc = "Where to post, https unless the network is your own.",
          .example = "\"https://seller.example/webhooks\""),
};
#undef BODY

const struct act_type endpoint_created = {
    .name = "endpoint.created",
    .method = "POST",
    .path = "/v1/endpoints",
    .subject_prefix = "ep",
    .subject = SUBJECT_NEW,
    .roles = ROLE_SHOP | ROLE_SELLER,
    .permission = PERMISSION_SETTINGS,
    .flags = ACT_HELD, /* it sends everything elsewhere */
    .parties = ROLE_SELLER,
    .fields = endpoint_created_fields,
    .field_count = COUNT_OF(endpoint_created_fields),
    .body_bytes = sizeof(struct endpoint_created_body),
    .need_count = 1,
    .needs = {{.table = &endpoints_table, .mode = NEED_ABSENT, .what = "endpoint"}},
    TELLS_PERSON,
    .decide = decide_created,
    .story = "A webhook endpoint was added: {url}.",
    .doc = "Adds a webhook endpoint. The answer shows the secret that signs what is sent.",
};

/* endpoint.removed and endpoint.disabled */

struct nothing {
    uint32_t present;
};

static bool decide_removed(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct endpoint_row *row = decision_row(decision, 0);
    if (act->actor.org != act->org)
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such endpoint");
    if (row->removed_at != 0)
        return problem_set(problem, PROBLEM_NOT_FOUND, "the endpoint was removed before");
    ((struct endpoint_row *)decision_change(decision, 0))->removed_at = act->at;
    return true;
}

const struct act_type endpoint_removed = {
    .name = "endpoint.removed",
    .method = "POST",
    .path = "/v1/endpoints/{subject}/remove",
    .subject_prefix = "ep",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SHOP | ROLE_SELLER,
    .permission = PERMISSION_SETTINGS,
    .parties = ROLE_SELLER,
    .flags = ACT_QUIET,
    .body_bytes = sizeof(struct nothing),
    .need_count = 1,
    .needs = {{.table = &endpoints_table, .mode = NEED_PRESENT, .what = "endpoint"}},
    .decide = decide_removed,
    .story = "A webhook endpoint was removed.",
    .doc = "Removes a webhook endpoint; what is pending is not sent.",
};

static bool decide_disabled(struct decision *decision, struct problem *problem)
{
    const struct endpoint_disabled_body *body = decision->act->body;
    const struct endpoint_row *row = decision_row(decision, 0);
    if (row->removed_at != 0 || row->disabled_at != 0)
        return problem_set(problem, PROBLEM_NOT_FOUND, "the endpoint is off already");
    struct endpoint_row *changed = decision_change(decision, 0);
    changed->disabled_at = decision->act->at;
    changed->disabled_reason = arena_text(decision->arena, body->reason);
    return true;
}

#define BODY struct endpoint_disabled_body
static const struct field endpoint_disabled_fields[] = {
    FIELD(BODY, reason, FIELD_TEXT, .required = true, .min = 1, .max = 200, .doc = "Why."),
};
#undef BODY

const struct act_type endpoint_disabled = {
    .name = "endpoint.disabled",
    .subject_prefix = "ep",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER,
    .flags = ACT_QUIET,
    .fields = endpoint_disabled_fields,
    .field_count = COUNT_OF(endpoint_disabled_fields),
    .body_bytes = sizeof(struct endpoint_disabled_body),
    .need_count = 1,
    .needs = {{.table = &endpoints_table, .mode = NEED_PRESENT, .what = "endpoint"}},
    .decide = decide_disabled,
    .story = "A webhook endpoint was switched off: {reason}.",
    .doc = "An endpoint answered 410 Gone: nothing is sent to it any more.",
};

/* What can be read of them. */

static const char own_endpoints[] =
    "WHERE org = ?1 AND id > ?4 AND removed_at IS NULL ORDER BY id LIMIT ?5";

const struct view endpoints_view = {
    .name = "endpoints",
    .path = "/v1/endpoints",
    .subject_prefix = "ep",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_AUDITOR,
    .table = &endpoints_table,
    .for_all = own_endpoints,
    .for_seller = own_endpoints,
    .cursor = "id",
    .doc = "Your webhook endpoints.",
};

static const char deliveries_of_endpoint[] =
    "WHERE org = ?1 AND endpoint = ?3 AND position > ?4 ORDER BY position LIMIT ?5";

const struct view deliveries_view = {
    .name = "deliveries",
    .path = "/v1/endpoints/{subject}/deliveries",
    .subject_prefix = "ep",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_AUDITOR,
    .table = &deliveries_table,
    .for_all = deliveries_of_endpoint,
    .for_seller = deliveries_of_endpoint,
    .cursor = "position",
    .doc = "What was sent to an endpoint, each attempt with its answer.",
};
