#include "act/receipts.h"

#include <stdlib.h>
#include <string.h>

#include "act/tables.h"
#include "base/log.h"

const char *const means_names[] = {"webhook", "stream", "pull", "page", "answer", "mail", NULL};

#define OVERDUE "WHERE due_at <= ?1 AND delivered_at IS NULL AND incident_at IS NULL"

static void set_notice_key(void *row, int64_t org, struct id act, int64_t audience)
{
    struct notice_row *notice = row;
    notice->org = org;
    notice->act = act;
    notice->audience = audience;
}

static void key_of_receipt(const struct act *act, void *row)
{
    const struct receipt_delivered_body *body = act->body;
    set_notice_key(row, act->org, body->act, body->audience);
}

static bool decide_delivered(struct decision *decision, struct problem *problem)
{
    const struct receipt_delivered_body *body = decision->act->body;
    const struct notice_row *notice = decision_row(decision, 0);
    if (notice->delivered_at != 0)
        return problem_set(problem, PROBLEM_REACHED_ALREADY, "a receipt is on record");
    struct notice_row *changed = decision_change(decision, 0);
    changed->delivered_at = decision->act->at;
    changed->delivered_by = text_of(means_names[body->means]);
    changed->delivered_to = body->to;
    return true;
}

#define BODY struct receipt_delivered_body
static const struct field receipt_delivered_fields[] = {
    FIELD(BODY, act, FIELD_ID, .required = true, .prefix = "act", .doc = "What was delivered."),
    FIELD(BODY, audience, FIELD_ENUM, .required = true, .names = audience_names, .doc = "To whom."),
    FIELD(BODY, means, FIELD_ENUM, .required = true, .names = means_names,
          .doc = "By which transport."),
    FIELD(BODY, to, FIELD_TEXT, .min = 1, .max = 200, .doc = "Which endpoint or key."),
};
#undef BODY

const struct act_type receipt_delivered = {
    .name = "receipt.delivered",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER | ROLE_BUYER,
    .flags = ACT_QUIET | ACT_ANY_SUBJECT,
    .fields = receipt_delivered_fields,
    .field_count = COUNT_OF(receipt_delivered_fields),
    .body_bytes = sizeof(struct receipt_delivered_body),
    .need_count = 1,
    .needs =
        {{.table = &notices_table, .mode = NEED_PRESENT, .key = key_of_receipt, .what = "notice"}},
    .decide = decide_delivered,
    .story = "The {audience} was told of {act} by {means}[ ({to})].",
    .doc = "An act that somebody must know of has reached them: delivered, not yet seen.",
};

static void key_of_incident(const struct act *act, void *row)
{
    const struct incident_raised_body *body = act->body;
    set_notice_key(row, act->org, body->act, body->audience);
}

static bool decide_incident(struct decision *decision, struct problem *problem)
{
    const struct notice_row *notice = decision_row(decision, 0);
    if (notice->delivered_at != 0 || notice->incident_at != 0)
        return problem_set(problem, PROBLEM_REACHED_ALREADY,
                           "it was delivered, or is an incident already");
    struct notice_row *changed = decision_change(decision, 0);
    changed->incident_at = decision->act->at;
    return true;
}

#define BODY struct incident_raised_body
static const struct field incident_raised_fields[] = {
    FIELD(BODY, act, FIELD_ID, .required = true, .prefix = "act",
          .doc = "What did not reach them."),
    FIELD(BODY, audience, FIELD_ENUM, .required = true, .names = audience_names,
          .doc = "Who was not reached."),
    FIELD(BODY, message, FIELD_TEXT, .required = true, .min = 1, .max = 200,
          .doc = "The truth, in a sentence."),
    FIELD(BODY, type, FIELD_TEXT, .required = true, .min = 1, .max = 64,
          .doc = "The type of the act that did not reach them."),
};
#undef BODY

const struct act_type incident_raised = {
    .name = "incident.raised",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER | ROLE_BUYER,
    .flags = ACT_QUIET | ACT_ANY_SUBJECT,
    .fields = incident_raised_fields,
    .field_count = COUNT_OF(incident_raised_fields),
    .body_bytes = sizeof(struct incident_raised_body),
    .need_count = 1,
    .needs =
        {{.table = &notices_table, .mode = NEED_PRESENT, .key = key_of_incident, .what = "notice"}},
    .deadline_count = 1,
    .deadlines = {{"delivered", offsetof(struct rules, deliver_within_us)}},
    .tell_count = 2,
    .tells = {{AUDIENCE_BUYER, 0}, {AUDIENCE_SHOP, 0}},
    .decide = decide_incident,
    .story = "{message} It is an incident until they are.",
    .doc = "An addressee was not reached by the deadline. The incident stays open until they are, "
           "and those who wait are told the truth.",
};

static void prepare_incident(const void *row, struct act *act, struct arena *arena)
{
    const struct notice_row *notice = row;
    struct incident_raised_body *body = ARENA_NEW(arena, struct incident_raised_body);
    body->present = 15;
    body->act = notice->act;
    body->audience = notice->audience;
    body->type = notice->type;
    body->message =
        arena_format(arena, "The %s has not been reached yet.", audience_names[notice->audience]);
    act->org = notice->org;
    act->subject = notice->subject;
    act->prefix = arena_string(arena, notice->prefix);
    act->body = body;
}

/* That nobody was told of an incident is no further incident: the first one is still open. */
const struct timer overdue_timer = {
    .name = "overdue",
    .table = &notices_table,
    .due = OVERDUE " AND type <> 'incident.raised' ORDER BY due_at LIMIT ?2",
    .type = &incident_raised,
    .prepare = prepare_incident,
};

const struct view incidents_view = {
    .name = "incidents",
    .path = "/v1/incidents",
    .roles = ROLE_SHOP | ROLE_SELLER | ROLE_AUDITOR | ROLE_OPERATOR,
    .table = &notices_table,
    .for_all = "WHERE incident_at IS NOT NULL AND delivered_at IS NULL "
               "AND act > ?4 ORDER BY act LIMIT ?5",
    .for_seller = "WHERE org = ?1 AND incident_at IS NOT NULL AND delivered_at IS NULL "
                  "AND act > ?4 ORDER BY act LIMIT ?5",
    .cursor = "act",
    .doc = "Open incidents: somebody who must know of an act has not been reached.",
};

bool act_type_tells(const struct act_type *type, enum audience audience)
{
    for (size_t i = 0; i < type->tell_count; i++)
        if (type->tells[i].audience == audience)
            return true;
    return false;
}

static void note_done(struct submission *submission)
{
    struct arena *arena = submission->arena;
    if (!submission->accepted &&
        problem_kind(submission->problem.code)->class != PROBLEM_CLASS_CLIENT)
        log_problem(LOG_WARN, "receipt.lost", &submission->problem);
    arena_free(arena); /* the submission lies in it */
}

/* True if there is such a notice and it was not delivered. */
static bool is_outstanding(struct kernel *kernel, struct notice_row *notice, struct arena *arena)
{
    struct problem problem;
    bool found = false;
    struct reader *reader = store_reader_take(kernel_store(kernel));
    if (!reader_load(reader, &notices_table, notice, arena, &found, &problem))
        log_problem(LOG_WARN, "receipt.lost", &problem);
    store_reader_give(kernel_store(kernel), reader);
    return found && notice->delivered_at == 0;
}

void receipts_note(struct kernel *kernel, int64_t org, struct id act, enum audience audience,
                   enum means means, struct text to)
{
    struct arena *arena = arena_new();
    struct notice_row notice = {.org = org, .act = act, .audience = (int64_t)audience};
    if (!is_outstanding(kernel, &notice, arena)) {
        arena_free(arena);
        return;
    }
    struct receipt_delivered_body *body = ARENA_NEW(arena, struct receipt_delivered_body);
    body->present = to.length > 0 ? 15 : 7;
    body->act = act;
    body->audience = (int64_t)audience;
    body->means = (int64_t)means;
    body->to = arena_text(arena, to);
    struct submission *submission = ARENA_NEW(arena, struct submission);
    submission->arena = arena;
    submission->act.type = &receipt_delivered;
    submission->act.org = org;
    submission->act.subject = notice.subject;
    submission->act.prefix = arena_string(arena, notice.prefix);
    submission->act.actor.role = ROLE_SYSTEM;
    submission->act.body = body;
    submission->done = note_done;
    kernel_submit(kernel, submission);
}
