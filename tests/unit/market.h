/* A paid service, offered to the road's organisation and proposed to it, and its people. */
#pragma once

#include "people.h"

#include "market/services.h"

#define RUB(amount) ((struct money){(amount), "RUB"})

struct market {
    struct road *road;
    struct signer *owner, *second, *staff;
    struct id service, subscription;
};

static struct service_text plan_text = {.present = 5, .language = {"en", 2}, .text = {"Terms.", 6}};

static const struct service_body plan = {.present = 0x1fff,
                                         .code_price_max = 500000,
                                         .code_withdrawal_days = 28,
                                         .first_charge_days = 0,
                                         .name = {"Front page", 10},
                                         .notice_days = 7,
                                         .period_count = 1,
                                         .period_unit = PERIOD_MONTH,
                                         .price = {1250000, "RUB"},
                                         .renewal = RENEWAL_AUTOMATIC,
                                         .tax = TAX_INCLUDED,
                                         .tax_rate = 2000,
                                         .texts = {1, &plan_text},
                                         .withdrawal_days = 14};

static const struct service_consent_body english = {.present = 1, .language = {"en", 2}};

static inline struct id publish(struct road *road, const struct service_body *body)
{
    struct submission *published = road_act_of(road, ORG_MARKETPLACE, &service_published,
                                               people_operator, (struct id){{0}}, body, 0);
    assert_accepted(published);
    return published->act.subject;
}

static inline struct submission *propose(const struct market *market, struct principal actor)
{
    struct service_proposed_body *body =
        ARENA_NEW(market->road->arena, struct service_proposed_body);
    *body = (struct service_proposed_body){.present = 4 | 8 | 16,
                                           .reason = TEXT("You asked for more visitors"),
                                           .service = market->service,
                                           .via = TEXT("promotion winter")};
    return road_act(market->road, &service_proposed, actor, market->subscription,
                    people_complete(market->road, &service_proposed, market->subscription, body));
}

static inline void begin_with(struct market *market, struct road *road,
                              const struct service_body *body)
{
    *market = (struct market){.road = road};
    market->owner = people_new(road, NULL, MEMBER_OWNER, NULL, "Ana");
    market->second = people_new(road, market->owner, MEMBER_OWNER, NULL, "Boris");
    market->staff = people_new(road, market->owner, MEMBER_STAFF, "services orders", "Chen");
    market->service = publish(road, body);
    market->subscription = id_in(market->service, road->org);
    assert_accepted(propose(market, road_shop));
}

static inline void begin(struct market *market, struct road *road)
{
    begin_with(market, road, &plan);
}

static inline void finish(struct market *market)
{
    soft_key_free(&market->owner->key);
    soft_key_free(&market->second->key);
    soft_key_free(&market->staff->key);
}

static inline struct submission *activate(const struct market *market, const struct signer *signer)
{
    return people_act(market->road, &service_activated, signer, market->subscription, &english);
}
