/* What a service is offered at, as it enters the acts about it. */
#include <string.h>

#include "market/services.h"
#include "store/store.h"

#define OFFERED (((uint32_t)1 << COUNT_OF(service_offer_fields)) - 1)
#define TEXT_FIELD 12 /* text_sha256: of consents alone */

static const char *const tax_names[] = {"none", "included", "added", NULL};
static const char *const renewal_names[] = {"automatic", "none", NULL};

#define BODY struct service_offer
const struct field service_offer_fields[14] = {
    FIELD(BODY, code_price_max, FIELD_INT, .required = true, .min = 0, .max = MONEY_MAX,
          .doc = "As the operator published it; so the others."),
    FIELD(BODY, code_withdrawal_days, FIELD_INT, .required = true, .min = 0, .max = 730,
          .doc = "Of what is signed with a code."),
    FIELD(BODY, edition, FIELD_INT, .required = true, .min = 1, .max = INT64_C(1) << 40,
          .doc = "Of the service."),
    FIELD(BODY, first_charge_days, FIELD_INT, .required = true, .min = 0, .max = 366,
          .doc = "From the signature to the first charge."),
    FIELD(BODY, name, FIELD_TEXT, .required = true, .min = 1, .max = 100, .doc = "Of the service."),
    FIELD(BODY, notice_days, FIELD_INT, .required = true, .min = 1, .max = 90,
          .doc = "How long before a renewal it is announced."),
    FIELD(BODY, period_count, FIELD_INT, .required = true, .min = 1, .max = 365,
          .doc = "How many units are a period."),
    FIELD(BODY, period_unit, FIELD_ENUM, .required = true, .names = period_unit_names,
          .doc = "What a period is counted in."),
    FIELD(BODY, price, FIELD_MONEY, .required = true, .min = 1, .max = MONEY_MAX / 4,
          .doc = "For one period."),
    FIELD(BODY, renewal, FIELD_ENUM, .required = true, .names = renewal_names,
          .doc = "Does the next period begin by itself?"),
    FIELD(BODY, tax, FIELD_ENUM, .required = true, .names = tax_names,
          .doc = "Is tax in the price, or added to it?"),
    FIELD(BODY, tax_rate, FIELD_INT, .required = true, .min = 0, .max = 10000,
          .doc = "In hundredths of a percent."),
    FIELD(BODY, text_sha256, FIELD_DIGEST, .doc = "Of the terms in the language agreed to."),
    FIELD(BODY, withdrawal_days, FIELD_INT, .required = true, .min = 0, .max = 365,
          .doc = "How long it can be withdrawn."),
};
#undef BODY

static void fill(struct service_offer *offer, const struct service_row *service)
{
    *offer = (struct service_offer){
        .present = OFFERED & ~((uint32_t)1 << TEXT_FIELD),
        .code_price_max = service->code_price_max,
        .code_withdrawal_days = service->code_withdrawal_days,
        .edition = service->edition,
        .first_charge_days = service->first_charge_days,
        .name = service->name,
        .notice_days = service->notice_days,
        .period_count = service->period_count,
        .period_unit = service->period_unit,
        .price = {.amount = service->price_amount},
        .renewal = service->renewal,
        .tax = service->tax,
        .tax_rate = service->tax_rate,
        .withdrawal_days = service->withdrawal_days,
    };
    MUST(service->currency.length < sizeof offer->price.currency);
    memcpy(offer->price.currency, service->currency.bytes, service->currency.length);
}

static bool find_text(const struct service_row *service, struct text language,
                      struct digest *digest)
{
    struct problem unused;
    json_t *texts = json_read(service->texts, &unused);
    bool found = false;
    for (size_t i = 0; i < json_array_size(texts) && !found; i++) {
        const json_t *one = json_array_get(texts, i);
        struct text name = json_string_view(json_object_get(one, "language"));
        struct text text = json_string_view(json_object_get(one, "text"));
        found = text_equal(name, language);
        if (found)
            *digest = digest_of(text.bytes, text.length);
    }
    json_free(texts);
    return found;
}

/* The one element of LIST, which the client must not have given. */
static bool make_offer(struct reader *reader, const struct act *act, struct list *list,
                       struct service_row *service, struct arena *arena, struct problem *problem)
{
    bool found = false;
    if (list->count > 0)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/offer", "is made by the server");
    *service =
        (struct service_row){.org = ORG_MARKETPLACE, .id = id_in(act->subject, ORG_MARKETPLACE)};
    if (!reader_load(reader, &services_table, service, arena, &found, problem))
        return false;
    if (!found)
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such service");
    if (service->retired_at != 0)
        return problem_set(problem, PROBLEM_SERVICE_STATE, "it is not offered any more");
    struct service_offer *offer = ARENA_NEW(arena, struct service_offer);
    fill(offer, service);
    *list = (struct list){1, offer};
    return true;
}

bool service_complete_proposal(struct reader *reader, const struct act *act, void *body,
                               struct arena *arena, struct problem *problem)
{
    struct service_proposed_body *proposal = body;
    struct service_row service = {0};
    proposal->present |= 1; /* offer */
    return make_offer(reader, act, &proposal->offer, &service, arena, problem);
}

bool service_complete_consent(struct reader *reader, const struct act *act, void *body,
                              struct arena *arena, struct problem *problem)
{
    struct service_consent_body *consent = body;
    struct service_row service = {0};
    if (!make_offer(reader, act, &consent->offer, &service, arena, problem))
        return false;
    struct service_offer *offer = consent->offer.items;
    consent->present |= 2; /* offer */
    offer->present |= (uint32_t)1 << TEXT_FIELD;
    return find_text(&service, consent->language, &offer->text_sha256) ||
           problem_add(problem, PROBLEM_BODY_INVALID, "/language",
                       "there are no terms in that language");
}
