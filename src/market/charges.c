/*
 * Paid services while they run and when they end: charges, renewals, withdrawal, refunds,
 * cancellation. I1 is decided in decide_charged, and nowhere else is an entry of the money ledger
 * made but in decide_refunded, which needs the charge.
 */
#include <string.h>

#include "act/tables.h"
#include "market/services.h"

#define CONFIRM_WITHIN_US TIME_DAY /* the second step of a withdrawal */
#define ENDING (ROLE_SELLER | ROLE_SUPPORT | ROLE_OPERATOR)

enum { ROW_SUBSCRIPTION, ROW_ENTRY, ROW_CHARGE };

#define NEED_SUBSCRIPTION                                                                          \
    {                                                                                              \
        .table = &subscriptions_table, .mode = NEED_PRESENT, .what = "subscription"                \
    }
#define TELL_SELLER                                                                                \
    .deadline_count = 1, .deadlines = {{"delivered", offsetof(struct rules, deliver_within_us)}},  \
    .tell_count = 1, .tells = {{AUDIENCE_SELLER, 0}}

static struct money total_of(const struct subscription_row *subscription)
{
    struct money money = {.amount = subscription->total_amount};
    size_t length = subscription->currency.length;
    memcpy(money.currency, subscription->currency.bytes,
           length < sizeof money.currency ? length : sizeof money.currency - 1);
    return money;
}

static struct period period_of(const struct subscription_row *subscription)
{
    return (struct period){subscription->period_unit, subscription->period_count};
}

static void prepare_about(const struct subscription_row *subscription, struct act *act,
                          const void *body)
{
    act->org = subscription->org;
    act->subject = subscription->id;
    act->body = body;
}

/* --- service.charged --- */

static void key_of_charge(const struct act *act, void *row)
{
    const struct service_charged_body *body = act->body;
    struct money_entry_row *entry = row;
    entry->org = act->org;
    entry->consent = body->consent;
    entry->period = body->period;
    entry->kind = MONEY_CHARGE;
}

static void key_of_refund(const struct act *act, void *row)
{
    key_of_charge(act, row);
    ((struct money_entry_row *)row)->kind = MONEY_REFUND;
}

/* I1: a running subscription, the consent that activated it, as much as was signed. */
static bool rests_on_consent(const struct act *act, const struct subscription_row *row,
                             struct problem *problem)
{
    const struct service_charged_body *body = act->body;
    if (row->state != SUBSCRIPTION_ACTIVE || id_is_zero(row->consent) ||
        !id_equal(row->consent, body->consent))
        return problem_set(problem, PROBLEM_CONSENT_REQUIRED,
                           "no owner has signed what would be charged");
    const struct money total = total_of(row);
    if (body->total.amount != total.amount || strcmp(body->total.currency, total.currency) != 0)
        return problem_set(problem, PROBLEM_CONSENT_REQUIRED, "another amount was signed");
    return true;
}

static bool is_due(const struct act *act, const struct subscription_row *row,
                   struct problem *problem)
{
    const struct service_charged_body *body = act->body;
    if (body->period != row->period + 1)
        return problem_set(problem, PROBLEM_CONSENT_REQUIRED, "that period is not the next one");
    if (row->charge_at == 0 || row->charge_at > act->at)
        return problem_set(problem, PROBLEM_CONSENT_REQUIRED, "no charge is due");
    return body->period == 1 || row->noticed_period == body->period ||
           problem_set(problem, PROBLEM_CONSENT_REQUIRED, "the renewal was not announced");
}

/* What comes after the period that begins now. */
static void plan_next(struct subscription_row *subscription)
{
    if (subscription->renewal == RENEWAL_NONE) {
        subscription->charge_at = subscription->notice_at = 0;
        subscription->end_at = subscription->period_ends_at;
        return;
    }
    subscription->charge_at = subscription->period_ends_at;
    int64_t notice_at = subscription->period_ends_at - subscription->notice_days * TIME_DAY;
    subscription->notice_at =
        notice_at > subscription->period_started_at ? notice_at : subscription->period_started_at;
}

static bool decide_charged(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct service_charged_body *body = act->body;
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (!rests_on_consent(act, row, problem) || !is_due(act, row, problem))
        return false;
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    subscription->period = body->period;
    subscription->period_started_at = subscription->charge_at;
    subscription->period_ends_at =
        period_end(subscription->anchor_at, period_of(subscription), body->period);
    plan_next(subscription);
    struct money_entry_row *entry = decision_change(decision, ROW_ENTRY);
    entry->act = act->id;
    entry->subscription = subscription->id;
    entry->total_amount = subscription->total_amount;
    entry->tax_amount = subscription->tax_amount;
    entry->currency = subscription->currency;
    entry->from_at = subscription->period_started_at;
    entry->until_at = subscription->period_ends_at;
    entry->made_at = act->at;
    return true;
}

#define BODY struct service_charged_body
static const struct field charged_fields[] = {
    FIELD(BODY, consent, FIELD_ID, .required = true, .prefix = "act",
          .doc = "The act that carries the owner's signature."),
    FIELD(BODY, period, FIELD_INT, .required = true, .min = 1, .max = 1000000,
          .doc = "Of that consent, from 1."),
    FIELD(BODY, total, FIELD_MONEY, .required = true, .min = 1, .max = MONEY_MAX,
          .doc = "As it was signed."),
};
#undef BODY

const struct act_type service_charged = {
    .name = "service.charged",
    .subject_prefix = "sub",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER,
    .seen_with = PERMISSION_MONEY,
    .flags = ACT_MOVES_MONEY | ACT_QUIET,
    .fields = charged_fields,
    .field_count = COUNT_OF(charged_fields),
    .body_bytes = sizeof(struct service_charged_body),
    .need_count = 2,
    .needs = {NEED_SUBSCRIPTION,
              {.table = &money_ledger_table,
               .mode = NEED_ABSENT,
               .key = key_of_charge,
               .what = "a charge for that period"}},
    .decide = decide_charged,
    .story = "{total} was charged for period {period}, as the owner agreed in {consent}.",
    .doc = "A period of a paid service is charged. The entry of the money ledger names the act by "
           "which the owner consented; without one there is no charge.",
};

static void prepare_entry(const struct subscription_row *subscription, int64_t period,
                          struct act *act, struct arena *arena)
{
    struct service_charged_body *body = ARENA_NEW(arena, struct service_charged_body);
    *body = (struct service_charged_body){.present = 7,
                                          .consent = subscription->consent,
                                          .period = period,
                                          .total = total_of(subscription)};
    prepare_about(subscription, act, body);
}

static void prepare_charge(const void *row, struct act *act, struct arena *arena)
{
    const struct subscription_row *subscription = row;
    prepare_entry(subscription, subscription->period + 1, act, arena);
}

const struct timer charge_timer = {
    .name = "charge",
    .table = &subscriptions_table,
    .due = "WHERE charge_at <= ?1 AND (period = 0 OR noticed_period = period + 1) "
           "ORDER BY charge_at LIMIT ?2",
    .type = &service_charged,
    .prepare = prepare_charge,
};

/* --- service.renewal_announced --- */

/* An announcement that comes late moves the renewal, so that there is always the time between. */
static bool decide_renewal_announced(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct service_renewal_body *body = act->body;
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (row->state != SUBSCRIPTION_ACTIVE || !id_equal(row->consent, body->consent) ||
        row->notice_at == 0 || body->period != row->period + 1)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "no renewal has to be announced");
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    int64_t late = body->renews_at - subscription->charge_at;
    subscription->noticed_period = body->period;
    subscription->notice_at = 0;
    if (late > 0) {
        subscription->charge_at += late;
        subscription->anchor_at += late;
    }
    return true;
}

#define BODY struct service_renewal_body
static const struct field renewal_fields[] = {
    FIELD(BODY, consent, FIELD_ID, .required = true, .prefix = "act",
          .doc = "The act that carries the owner's signature."),
    FIELD(BODY, period, FIELD_INT, .required = true, .min = 2, .max = 1000000,
          .doc = "Which one begins."),
    FIELD(BODY, renews_at, FIELD_TIME, .required = true, .doc = "When."),
    FIELD(BODY, total, FIELD_MONEY, .required = true, .min = 1, .max = MONEY_MAX,
          .doc = "What will be charged."),
};
#undef BODY

const struct act_type service_renewal_announced = {
    .name = "service.renewal_announced",
    .subject_prefix = "sub",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .permission = PERMISSION_SERVICES,
    .parties = ROLE_SELLER,
    .flags = ACT_QUIET,
    .fields = renewal_fields,
    .field_count = COUNT_OF(renewal_fields),
    .body_bytes = sizeof(struct service_renewal_body),
    .need_count = 1,
    .needs = {NEED_SUBSCRIPTION},
    TELL_SELLER,
    .decide = decide_renewal_announced,
    .story = "The service renews on {renews_at}; {total} will be charged then unless it is "
             "cancelled before.",
    .doc = "A renewal is announced before it is charged. Without this there is no charge.",
};

static void prepare_renewal(const void *row, struct act *act, struct arena *arena)
{
    const struct subscription_row *subscription = row;
    struct service_renewal_body *body = ARENA_NEW(arena, struct service_renewal_body);
    int64_t between = subscription->charge_at - subscription->notice_at;
    int64_t earliest = time_now() + between;
    int64_t slack = between / 10 + TIME_MINUTE; /* the timer's own delay is no lateness */
    *body = (struct service_renewal_body){.present = 15,
                                          .consent = subscription->consent,
                                          .period = subscription->period + 1,
                                          .renews_at = earliest - slack > subscription->charge_at
                                                           ? earliest
                                                           : subscription->charge_at,
                                          .total = total_of(subscription)};
    prepare_about(subscription, act, body);
}

const struct timer renewal_timer = {
    .name = "renewal",
    .table = &subscriptions_table,
    .due = "WHERE notice_at <= ?1 ORDER BY notice_at LIMIT ?2",
    .type = &service_renewal_announced,
    .prepare = prepare_renewal,
};

/* --- service.withdrawal_begun, service.withdrawn, service.refunded --- */

static bool is_running(const struct subscription_row *row, struct problem *problem)
{
    return row->state == SUBSCRIPTION_ACTIVE || row->state == SUBSCRIPTION_CANCELED ||
           problem_set(problem, PROBLEM_SERVICE_STATE, "it does not run");
}

static bool decide_withdrawal_begun(struct decision *decision, struct problem *problem)
{
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (!is_running(row, problem))
        return false;
    if (decision->act->at > row->withdraw_until)
        return problem_set(problem, PROBLEM_WITHDRAWAL_OVER, "the period for it has ended");
    ((struct subscription_row *)decision_change(decision, ROW_SUBSCRIPTION))->withdrawal_begun_at =
        decision->act->at;
    return true;
}

static void stop_plans(struct subscription_row *subscription)
{
    subscription->charge_at = subscription->notice_at = subscription->end_at = 0;
}

static void note_end(struct decision *decision, struct subscription_row *subscription)
{
    const struct service_reason_body *body = decision->act->body;
    subscription->ended_at = decision->act->at;
    subscription->ended_by = service_actor(decision->act, decision->arena);
    subscription->ended_reason = body->reason;
}

/* Who began in time may confirm a little later. */
static bool decide_withdrawn(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (row->state == SUBSCRIPTION_WITHDRAWN)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was withdrawn before");
    if (!is_running(row, problem))
        return false;
    if (row->withdrawal_begun_at == 0)
        return problem_set(problem, PROBLEM_WITHDRAWAL_NOT_BEGUN, "the first step is missing");
    if (act->at > row->withdraw_until && act->at > row->withdrawal_begun_at + CONFIRM_WITHIN_US)
        return problem_set(problem, PROBLEM_WITHDRAWAL_OVER, "the period for it has ended");
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    stop_plans(subscription);
    subscription->state = SUBSCRIPTION_WITHDRAWN;
    subscription->refunds_left = subscription->period;
    note_end(decision, subscription);
    return true;
}

static const struct field reason_fields[] = {
    FIELD(struct service_reason_body, reason, FIELD_TEXT, .min = 1, .max = 1000, .doc = "Why."),
};

#define ENDS_A_SUBSCRIPTION                                                                        \
    .method = "POST", .subject_prefix = "sub", .subject = SUBJECT_PATH, .roles = ENDING,           \
    .permission = PERMISSION_SERVICES, .parties = ROLE_SELLER, .fields = reason_fields,            \
    .field_count = COUNT_OF(reason_fields), .body_bytes = sizeof(struct service_reason_body),      \
    .need_count = 1, .needs = {NEED_SUBSCRIPTION}

const struct act_type service_withdrawal_begun = {
    .name = "service.withdrawal_begun",
    .path = "/v1/subscriptions/{subject}/withdraw",
    ENDS_A_SUBSCRIPTION,
    .decide = decide_withdrawal_begun,
    .story = "A withdrawal was begun[: {reason}]. It has yet to be confirmed.",
    .doc = "The first of two steps of a withdrawal: “withdraw from the contract here”.",
};

const struct act_type service_withdrawn = {
    .name = "service.withdrawn",
    .path = "/v1/subscriptions/{subject}/withdraw/confirm",
    ENDS_A_SUBSCRIPTION,
    .flags = ACT_MOVES_MONEY,
    TELL_SELLER,
    .decide = decide_withdrawn,
    .story = "The paid service was withdrawn[: {reason}]. It has ended, and what was charged is "
             "refunded.",
    .doc = "The second step: the withdrawal is confirmed. The service ends at once and each charge "
           "is refunded. Support may do this for an organisation that let it in.",
};

static bool decide_refunded(struct decision *decision, struct problem *problem)
{
    const struct service_charged_body *body = decision->act->body;
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    const struct money_entry_row *charge = decision_row(decision, ROW_CHARGE);
    if (row->state != SUBSCRIPTION_WITHDRAWN || !id_equal(row->consent, body->consent) ||
        row->refunds_left == 0 || body->period != row->refunds_left)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "that refund is not due");
    ((struct subscription_row *)decision_change(decision, ROW_SUBSCRIPTION))->refunds_left--;
    struct money_entry_row *refund = decision_change(decision, ROW_ENTRY);
    refund->act = decision->act->id;
    refund->subscription = charge->subscription;
    refund->total_amount = charge->total_amount;
    refund->tax_amount = charge->tax_amount;
    refund->currency = charge->currency;
    refund->from_at = charge->from_at;
    refund->until_at = charge->until_at;
    refund->made_at = decision->act->at;
    return true;
}

const struct act_type service_refunded = {
    .name = "service.refunded",
    .subject_prefix = "sub",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER,
    .seen_with = PERMISSION_MONEY,
    .flags = ACT_MOVES_MONEY | ACT_QUIET,
    .fields = charged_fields,
    .field_count = COUNT_OF(charged_fields),
    .body_bytes = sizeof(struct service_charged_body),
    .need_count = 3,
    .needs = {NEED_SUBSCRIPTION,
              {.table = &money_ledger_table,
               .mode = NEED_ABSENT,
               .key = key_of_refund,
               .what = "a refund of that period"},
              {.table = &money_ledger_table,
               .mode = NEED_PRESENT,
               .key = key_of_charge,
               .what = "charge"}},
    .decide = decide_refunded,
    .story = "{total} was refunded for period {period} of {consent}.",
    .doc = "A charge of a service that was withdrawn is given back, as a credit of the money "
           "ledger.",
};

static void prepare_refund(const void *row, struct act *act, struct arena *arena)
{
    const struct subscription_row *subscription = row;
    prepare_entry(subscription, subscription->refunds_left, act, arena);
}

const struct timer refund_timer = {
    .name = "refund",
    .table = &subscriptions_table,
    .due = "WHERE refunds_left > 0 AND ended_at <= ?1 ORDER BY ended_at LIMIT ?2",
    .type = &service_refunded,
    .prepare = prepare_refund,
};

/* --- service.canceled, service.ended --- */

static bool decide_canceled(struct decision *decision, struct problem *problem)
{
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (row->state == SUBSCRIPTION_CANCELED)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was cancelled before");
    if (!is_running(row, problem))
        return false;
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    int64_t end_at = row->period == 0 ? row->charge_at : row->period_ends_at;
    stop_plans(subscription);
    subscription->end_at = end_at > decision->act->at ? end_at : decision->act->at;
    subscription->state = SUBSCRIPTION_CANCELED;
    note_end(decision, subscription);
    return true;
}

const struct act_type service_canceled = {
    .name = "service.canceled",
    .path = "/v1/subscriptions/{subject}/cancel",
    ENDS_A_SUBSCRIPTION,
    TELL_SELLER,
    .decide = decide_canceled,
    .story = "The paid service was cancelled[: {reason}]. It runs to the end of what is paid, and "
             "nothing more is charged.",
    .doc = "Cancels to the end of the period, at any time. Support may do this for an organisation "
           "that let it in.",
};

static bool decide_ended(struct decision *decision, struct problem *problem)
{
    const struct service_ended_body *body = decision->act->body;
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (row->end_at == 0 || row->end_at > decision->act->at ||
        !id_equal(row->consent, body->consent))
        return problem_set(problem, PROBLEM_ALREADY_DONE, "its end has not come, or came before");
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    stop_plans(subscription);
    subscription->state = SUBSCRIPTION_ENDED;
    return true;
}

static const struct field ended_fields[] = {
    FIELD(struct service_ended_body, consent, FIELD_ID, .required = true, .prefix = "act",
          .doc = "The act that carries the owner's signature."),
};

const struct act_type service_ended = {
    .name = "service.ended",
    .subject_prefix = "sub",
    .subject = SUBJECT_INTERNAL,
    .roles = ROLE_SYSTEM,
    .parties = ROLE_SELLER,
    .flags = ACT_QUIET,
    .fields = ended_fields,
    .field_count = COUNT_OF(ended_fields),
    .body_bytes = sizeof(struct service_ended_body),
    .need_count = 1,
    .needs = {NEED_SUBSCRIPTION},
    .decide = decide_ended,
    .story = "The paid service ended.",
    .doc = "What was cancelled, or is not renewed, has come to the end of its last period.",
};

static void prepare_end(const void *row, struct act *act, struct arena *arena)
{
    const struct subscription_row *subscription = row;
    struct service_ended_body *body = ARENA_NEW(arena, struct service_ended_body);
    *body = (struct service_ended_body){.present = 1, .consent = subscription->consent};
    prepare_about(subscription, act, body);
}

const struct timer end_timer = {
    .name = "end",
    .table = &subscriptions_table,
    .due = "WHERE end_at <= ?1 ORDER BY end_at LIMIT ?2",
    .type = &service_ended,
    .prepare = prepare_end,
};
