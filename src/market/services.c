/* Paid services until they run: published, proposed, signed by two where an organisation wants it,
 * and activated. */
#include "market/services.h"

#include <string.h>

#include "identity/identity.h"
#include "market/bodies.h"

#define BY_THE_MARKETPLACE (ROLE_SHOP | ROLE_SUPPORT | ROLE_OPERATOR)

/* The rows of acts about a subscription. */
enum { ROW_SUBSCRIPTION, ROW_ORG };

#define NEED_SUBSCRIPTION                                                                          \
    {                                                                                              \
        .table = &subscriptions_table, .mode = NEED_PRESENT, .what = "subscription"                \
    }
#define NEED_ORG                                                                                   \
    {                                                                                              \
        .table = &orgs_table, .mode = NEED_PRESENT, .key = key_of_org, .what = "organisation"      \
    }
#define TELL_SELLER                                                                                \
    .deadline_count = 1, .deadlines = {{"delivered", offsetof(struct rules, deliver_within_us)}},  \
    .tell_count = 1, .tells = {{AUDIENCE_SELLER, 0}}

static void key_of_org(const struct act *act, void *row)
{
    ((struct org_row *)row)->org = act->org;
}

struct text service_actor(const struct act *act, struct arena *arena)
{
    const struct principal *actor = &act->actor;
    struct buffer out;
    buffer_init(&out);
    buffer_string(&out, role_name(actor->role));
    if (!id_is_zero(actor->person)) {
        buffer_char(&out, ' ');
        buffer_id(&out, "per", actor->person);
    }
    if (!id_is_zero(actor->key)) {
        buffer_char(&out, ' ');
        buffer_id(&out, "key", actor->key);
    }
    struct text text = arena_text(arena, buffer_view(&out));
    buffer_done(&out);
    return text;
}

/* --- service.published, service.changed, service.retired --- */

static bool check_texts(const struct service_body *body, struct problem *problem)
{
    const struct service_text *texts = body->texts.items;
    for (size_t i = 0; i < body->texts.count; i++)
        for (size_t j = 0; j < i; j++)
            if (text_equal(texts[i].language, texts[j].language))
                return problem_add(problem, PROBLEM_BODY_INVALID, "/texts",
                                   "element %zu is in the language of element %zu", i, j);
    return true;
}

static bool check_service(const struct service_body *body, struct problem *problem)
{
    if ((body->tax == TAX_NONE) != (body->tax_rate == 0))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/tax_rate",
                           "must be more than 0 where there is tax, and only there");
    if (body->code_price_max > 0 && body->code_withdrawal_days <= body->withdrawal_days)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/code_withdrawal_days",
                           "must be more than withdrawal_days: a code proves less");
    return check_texts(body, problem);
}

static void fill_service(struct decision *decision, struct service_row *service)
{
    const struct service_body *body = decision->act->body;
    service->name = body->name;
    service->edition++;
    service->price_amount = body->price.amount;
    service->currency = (struct text){body->price.currency, 3};
    service->period_unit = body->period_unit;
    service->period_count = body->period_count;
    service->tax = body->tax;
    service->tax_rate = body->tax_rate;
    service->renewal = body->renewal;
    service->first_charge_days = body->first_charge_days;
    service->withdrawal_days = body->withdrawal_days;
    service->code_price_max = body->code_price_max;
    service->code_withdrawal_days = body->code_withdrawal_days;
    service->notice_days = body->notice_days;
    service->texts = body_list(decision->act, "texts", &body->texts, decision->arena);
}

static bool decide_published(struct decision *decision, struct problem *problem)
{
    if (!check_service(decision->act->body, problem))
        return false;
    struct service_row *service = decision_change(decision, 0);
    fill_service(decision, service);
    service->published_at = decision->act->at;
    return true;
}

static bool decide_changed(struct decision *decision, struct problem *problem)
{
    const struct service_row *row = decision_row(decision, 0);
    if (row->retired_at != 0)
        return problem_set(problem, PROBLEM_SERVICE_STATE, "it was retired");
    if (!check_service(decision->act->body, problem))
        return false;
    struct service_row *service = decision_change(decision, 0);
    fill_service(decision, service);
    service->changed_at = decision->act->at;
    return true;
}

static const char *const tax_names[] = {"none", "included", "added", NULL};
static const char *const renewal_names[] = {"automatic", "none", NULL};

static const struct field text_fields[] = {
    FIELD(struct service_text, language, FIELD_TEXT, .required = true, .min = 2, .max = 8,
          .doc = "BCP 47.", .example = "\"en\""),
    FIELD(struct service_text, name, FIELD_TEXT, .min = 1, .max = 100,
          .doc = "What the service is called in it."),
    FIELD(struct service_text, text, FIELD_TEXT, .required = true, .min = 1, .max = 20000,
          .doc = "The terms, in plain text.", .example = "\"Your lamps stand on the front page.\""),
};

#define BODY struct service_body
static const struct field service_fields[] = {
    FIELD(BODY, code_price_max, FIELD_INT, .min = 0, .max = MONEY_MAX,
          .doc = "Up to which total a TOTP code is enough, in minor units; otherwise only a "
                 "passkey is."),
    FIELD(BODY, code_withdrawal_days, FIELD_INT, .min = 0, .max = 730,
          .doc = "How long what was signed with a code can be withdrawn."),
    FIELD(BODY, first_charge_days, FIELD_INT, .required = true, .min = 0, .max = 366,
          .doc = "From the signature to the first charge; 0: at once.", .example = "14"),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 100,
          .doc = "What people call it.", .example = "\"Front page\""),
    FIELD(BODY, notice_days, FIELD_INT, .required = true, .min = 1, .max = 90,
          .doc = "How long before a renewal it is announced.", .example = "7"),
    FIELD(BODY, period_count, FIELD_INT, .required = true, .min = 1, .max = 365,
          .doc = "How many units are a period.", .example = "1"),
    FIELD(BODY, period_unit, FIELD_ENUM, .required = true, .names = period_unit_names,
          .doc = "What a period is counted in.", .example = "\"month\""),
    FIELD(BODY, price, FIELD_MONEY, .required = true, .min = 1, .max = MONEY_MAX / 4,
          .doc = "For one period."),
    FIELD(BODY, renewal, FIELD_ENUM, .required = true, .names = renewal_names,
          .doc = "Does the next period begin by itself?"),
    FIELD(BODY, tax, FIELD_ENUM, .required = true, .names = tax_names,
          .doc = "Is tax in the price, or added to it?"),
    FIELD(BODY, tax_rate, FIELD_INT, .min = 0, .max = 10000, .doc = "In hundredths of a percent.",
          .example = "2000"),
    FIELD(BODY, texts, FIELD_LIST, .required = true, .min = 1, .max = 20, .fields = text_fields,
          .field_count = COUNT_OF(text_fields), .item_bytes = sizeof(struct service_text),
          .doc = "The terms, a text a language."),
    FIELD(BODY, withdrawal_days, FIELD_INT, .required = true, .min = 0, .max = 365,
          .doc = "How long it can be withdrawn, with a refund.", .example = "14"),
};
#undef BODY

const struct act_type service_published = {
    .name = "service.published",
    .method = "POST",
    .path = "/v1/services",
    .subject_prefix = "svc",
    .subject = SUBJECT_NEW,
    .roles = ROLE_OPERATOR,
    .fields = service_fields,
    .field_count = COUNT_OF(service_fields),
    .body_bytes = sizeof(struct service_body),
    .need_count = 1,
    .needs = {{.table = &services_table, .mode = NEED_ABSENT, .what = "a service of that id"}},
    .decide = decide_published,
    .story = "The paid service \"{name}\" was published at {price}.",
    .doc = "The operator publishes a paid service: its price, period and terms. Nobody has it by "
           "that.",
};

const struct act_type service_changed = {
    .name = "service.changed",
    .method = "POST",
    .path = "/v1/services/{subject}/change",
    .subject_prefix = "svc",
    .subject = SUBJECT_PATH,
    .roles = ROLE_OPERATOR,
    .fields = service_fields,
    .field_count = COUNT_OF(service_fields),
    .body_bytes = sizeof(struct service_body),
    .need_count = 1,
    .needs = {{.table = &services_table, .mode = NEED_PRESENT, .what = "service"}},
    .decide = decide_changed,
    .story = "The paid service \"{name}\" has a new edition, at {price}.",
    .doc = "The operator publishes a new edition. Signatures over the one before no longer fit; "
           "who signed it already keeps what they signed.",
};

static bool decide_retired(struct decision *decision, struct problem *problem)
{
    const struct service_row *row = decision_row(decision, 0);
    if (row->retired_at != 0)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "it was retired before");
    ((struct service_row *)decision_change(decision, 0))->retired_at = decision->act->at;
    return true;
}

static const struct field reason_fields[] = {
    FIELD(struct service_reason_body, reason, FIELD_TEXT, .min = 1, .max = 1000, .doc = "Why."),
};

const struct act_type service_retired = {
    .name = "service.retired",
    .method = "POST",
    .path = "/v1/services/{subject}/retire",
    .subject_prefix = "svc",
    .subject = SUBJECT_PATH,
    .roles = ROLE_OPERATOR,
    .fields = reason_fields,
    .field_count = COUNT_OF(reason_fields),
    .body_bytes = sizeof(struct service_reason_body),
    .need_count = 1,
    .needs = {{.table = &services_table, .mode = NEED_PRESENT, .what = "service"}},
    .decide = decide_retired,
    .story = "The paid service is not offered any more[: {reason}].",
    .doc = "The operator offers it no longer: nobody can propose or activate it. What runs, runs.",
};

/* --- service.proposed, service.declined --- */

static bool is_over(const struct subscription_row *subscription)
{
    return subscription->state == SUBSCRIPTION_WITHDRAWN ||
           subscription->state == SUBSCRIPTION_ENDED ||
           subscription->state == SUBSCRIPTION_DECLINED;
}

static bool may_propose(const struct subscription_row *row, const struct service_offer *offer,
                        struct problem *problem)
{
    if (row == NULL || (is_over(row) && row->refunds_left == 0))
        return true;
    if (row->state == SUBSCRIPTION_PROPOSED)
        return row->proposed_edition != offer->edition ||
               problem_set(problem, PROBLEM_ALREADY_DONE, "it is proposed already");
    return problem_set(problem, PROBLEM_SERVICE_STATE, "%s",
                       row->refunds_left > 0 ? "its refunds are under way" : "it runs already");
}

static bool has_offer(const struct list *offer, struct problem *problem)
{
    return offer->count == 1 || problem_add(problem, PROBLEM_BODY_INVALID, "/offer", "is missing");
}

static bool decide_proposed(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    const struct service_proposed_body *body = act->body;
    const struct service_offer *offer = body->offer.items;
    if (!has_offer(&body->offer, problem) ||
        !may_propose(decision_row(decision, ROW_SUBSCRIPTION), offer, problem))
        return false;
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    *subscription = (struct subscription_row){
        .org = subscription->org,
        .id = subscription->id,
        .state = SUBSCRIPTION_PROPOSED,
        .name = offer->name,
        .proposal = act->id,
        .proposed_edition = offer->edition,
        .proposed_by = service_actor(act, decision->arena),
        .proposed_person = act->actor.person,
        .proposed_key = act->actor.key,
        .proposed_via = body->via,
        .proposed_reason = body->reason,
        .proposed_at = act->at,
    };
    return true;
}

#define BODY struct service_proposed_body
static const struct field proposed_fields[] = {
    FIELD(BODY, offer, FIELD_LIST, .max = 1, .fields = service_offer_fields,
          .field_count = COUNT_OF(service_offer_fields), .item_bytes = sizeof(struct service_offer),
          .doc = "What the service is offered at, one element: put there by the server."),
    FIELD(BODY, org, FIELD_ORG, .doc = "By the marketplace: to whom."),
    FIELD(BODY, reason, FIELD_TEXT, .min = 1, .max = 1000, .doc = "Why; the owner reads it.",
          .example = "\"You asked for more visitors\""),
    FIELD(BODY, service, FIELD_ID, .required = true, .prefix = "svc", .doc = "Which service."),
    FIELD(BODY, via, FIELD_TEXT, .min = 1, .max = 100,
          .doc = "What led to it: a promotion's name, a call's number.",
          .example = "\"promotion winter\""),
};
#undef BODY

const struct act_type service_proposed = {
    .name = "service.proposed",
    .method = "POST",
    .path = "/v1/subscriptions",
    .subject_prefix = "sub",
    .subject = SUBJECT_FIELD,
    .subject_field = "service",
    .org_field = "org",
    .roles = ROLE_SELLER | BY_THE_MARKETPLACE,
    .permission = PERMISSION_SERVICES,
    .parties = ROLE_SELLER,
    .fields = proposed_fields,
    .field_count = COUNT_OF(proposed_fields),
    .body_bytes = sizeof(struct service_proposed_body),
    .need_count = 2,
    .needs = {{.table = &subscriptions_table, .mode = NEED_EITHER, .what = "subscription"},
              NEED_ORG},
    .complete = service_complete_proposal,
    TELL_SELLER,
    .decide = decide_proposed,
    .story = "A paid service was proposed[ by way of {via}][: {reason}]. Nothing runs and nothing "
             "is charged unless an owner signs.",
    .doc = "Somebody proposes a paid service to an organisation: its staff, an app, support, a "
           "promotion. It costs nothing and starts nothing.",
};

static bool decide_declined(struct decision *decision, struct problem *problem)
{
    const struct service_reason_body *body = decision->act->body;
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (row->state != SUBSCRIPTION_PROPOSED)
        return problem_set(problem, PROBLEM_SERVICE_STATE, "it is not proposed");
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    subscription->state = SUBSCRIPTION_DECLINED;
    subscription->ended_at = decision->act->at;
    subscription->ended_by = service_actor(decision->act, decision->arena);
    subscription->ended_reason = body->reason;
    return true;
}

const struct act_type service_declined = {
    .name = "service.declined",
    .method = "POST",
    .path = "/v1/subscriptions/{subject}/decline",
    .subject_prefix = "sub",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER,
    .permission = PERMISSION_SERVICES,
    .parties = ROLE_SELLER,
    .fields = reason_fields,
    .field_count = COUNT_OF(reason_fields),
    .body_bytes = sizeof(struct service_reason_body),
    .need_count = 1,
    .needs = {NEED_SUBSCRIPTION},
    .decide = decide_declined,
    .story = "The proposal was declined[: {reason}].",
    .doc = "The organisation declines what was proposed to it.",
};

/* --- service.countersigned, service.activated --- */

static bool is_open(const struct subscription_row *row, struct problem *problem)
{
    if (row->state == SUBSCRIPTION_ACTIVE || row->state == SUBSCRIPTION_CANCELED)
        return problem_set(problem, PROBLEM_ALREADY_DONE, "an owner signed it before");
    return row->state == SUBSCRIPTION_PROPOSED ||
           problem_set(problem, PROBLEM_SERVICE_STATE, "it is not proposed");
}

/* Whom a signature counts for: nobody signs for an organisation from outside. */
static bool is_from_inside(const struct act *act, struct problem *problem)
{
    return act->actor.role == ROLE_SELLER ||
           problem_set(problem, PROBLEM_OWNER_REQUIRED, "you act for the marketplace");
}

static const struct service_offer *offer_of(const struct act *act)
{
    return ((const struct service_consent_body *)act->body)->offer.items;
}

static bool may_sign(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    if (!has_offer(&((const struct service_consent_body *)act->body)->offer, problem))
        return false;
    if (!is_from_inside(act, problem) ||
        !is_open(decision_row(decision, ROW_SUBSCRIPTION), problem))
        return false;
    if (act->signature == NULL)
        return problem_set(problem, PROBLEM_SIGNATURE_REQUIRED, "there is none");
    return act->signature->kind == SIGNATURE_PASSKEY ||
           service_total_amount(offer_of(act)) <= offer_of(act)->code_price_max ||
           problem_set(problem, PROBLEM_PASSKEY_REQUIRED, "the price is above what a code is for");
}

static bool decide_countersigned(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    if (!may_sign(decision, problem))
        return false;
    struct digest terms = service_terms_digest(decision);
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    subscription->countersigned_by = act->actor.person;
    subscription->countersigned_at = act->at;
    subscription->countersigned_terms =
        arena_text(decision->arena, (struct text){(const char *)terms.bytes, DIGEST_BYTES});
    return true;
}

/* Two people, the same terms. */
static bool is_seen_by_four_eyes(struct decision *decision, struct problem *problem)
{
    const struct org_row *org = decision_row(decision, ROW_ORG);
    const struct subscription_row *row = decision_row(decision, ROW_SUBSCRIPTION);
    if (org->four_eyes == 0)
        return true;
    if (id_is_zero(row->countersigned_by))
        return problem_set(problem, PROBLEM_COUNTERSIGNATURE_REQUIRED,
                           "nobody else has signed these terms");
    if (id_equal(row->countersigned_by, decision->act->actor.person))
        return problem_set(problem, PROBLEM_COUNTERSIGNATURE_REQUIRED,
                           "it was you yourself who countersigned");
    struct digest terms = service_terms_digest(decision);
    return text_equal(row->countersigned_terms,
                      (struct text){(const char *)terms.bytes, DIGEST_BYTES}) ||
           problem_set(problem, PROBLEM_COUNTERSIGNATURE_REQUIRED,
                       "what was countersigned are other terms than those of now");
}

static void copy_terms(struct decision *decision, struct subscription_row *subscription)
{
    const struct service_consent_body *body = decision->act->body;
    const struct service_offer *offer = body->offer.items;
    struct buffer words;
    buffer_init(&words);
    service_words(&words, offer);
    subscription->name = offer->name;
    subscription->edition = offer->edition;
    subscription->language = body->language;
    subscription->words = arena_text(decision->arena, buffer_view(&words));
    subscription->price_amount = offer->price.amount;
    subscription->tax_amount = service_tax_amount(offer);
    subscription->total_amount = service_total_amount(offer);
    subscription->currency = text_of(offer->price.currency);
    subscription->period_unit = offer->period_unit;
    subscription->period_count = offer->period_count;
    subscription->renewal = offer->renewal;
    subscription->notice_days = offer->notice_days;
    buffer_done(&words);
}

static bool decide_activated(struct decision *decision, struct problem *problem)
{
    const struct act *act = decision->act;
    if (!may_sign(decision, problem) || !is_seen_by_four_eyes(decision, problem))
        return false;
    const struct service_offer *offer = offer_of(act);
    bool code = act->signature->kind == SIGNATURE_TOTP;
    struct subscription_row *subscription = decision_change(decision, ROW_SUBSCRIPTION);
    copy_terms(decision, subscription);
    subscription->state = SUBSCRIPTION_ACTIVE;
    subscription->consent = act->id;
    subscription->level = code ? LEVEL_CODE : LEVEL_PASSKEY;
    subscription->signed_by = act->actor.person;
    subscription->authenticator = act->signature->authenticator;
    subscription->signed_at = act->at;
    subscription->withdraw_until =
        act->at + (code ? offer->code_withdrawal_days : offer->withdrawal_days) * TIME_DAY;
    subscription->charge_at = act->at + offer->first_charge_days * TIME_DAY;
    subscription->anchor_at = subscription->charge_at;
    return true;
}

static const struct field consent_fields[] = {
    FIELD(struct service_consent_body, language, FIELD_TEXT, .required = true, .min = 2, .max = 8,
          .doc = "Of the terms that were read.", .example = "\"en\""),
    FIELD(struct service_consent_body, offer, FIELD_LIST, .max = 1, .fields = service_offer_fields,
          .field_count = COUNT_OF(service_offer_fields), .item_bytes = sizeof(struct service_offer),
          .doc = "What the service is offered at, one element: put there by the server."),
};

const struct act_type service_countersigned = {
    .name = "service.countersigned",
    .method = "POST",
    .path = "/v1/subscriptions/{subject}/countersign",
    .subject_prefix = "sub",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | BY_THE_MARKETPLACE,
    .authority = AUTHORITY_SIGNED,
    .permission = PERMISSION_SERVICES,
    .parties = ROLE_SELLER,
    .flags = ACT_HELD,
    .fields = consent_fields,
    .field_count = COUNT_OF(consent_fields),
    .body_bytes = sizeof(struct service_consent_body),
    .need_count = 2,
    .needs = {NEED_SUBSCRIPTION, NEED_ORG},
    .complete = service_complete_consent,
    .terms = service_terms,
    .decide = decide_countersigned,
    .story = "A second person signed the terms of the paid service.",
    .doc = "Where an organisation wants four eyes: a second person signs the same terms. It starts "
           "nothing by itself.",
};

/* Roles that cannot ever succeed are let in to be refused on record: the owner sees who tried. */
const struct act_type service_activated = {
    .name = "service.activated",
    .method = "POST",
    .path = "/v1/subscriptions/{subject}/activate",
    .subject_prefix = "sub",
    .subject = SUBJECT_PATH,
    .roles = ROLE_SELLER | BY_THE_MARKETPLACE,
    .authority = AUTHORITY_SIGNED,
    .permission = PERMISSION_SERVICES,
    .parties = ROLE_SELLER,
    .flags = ACT_OWNER | ACT_HELD | ACT_MOVES_MONEY,
    .fields = consent_fields,
    .field_count = COUNT_OF(consent_fields),
    .body_bytes = sizeof(struct service_consent_body),
    .need_count = 2,
    .needs = {NEED_SUBSCRIPTION, NEED_ORG},
    .complete = service_complete_consent,
    .terms = service_terms,
    TELL_SELLER,
    .decide = decide_activated,
    .story = "An owner signed the terms of the paid service; it runs from now on.",
    .doc = "An owner activates a paid service by a signature over its exact terms. Nobody else "
           "can. Terms that changed since they were shown are refused with 409 `terms-changed` and "
           "the terms of now; a second signature finds it running (409 `already-done`).",
};
