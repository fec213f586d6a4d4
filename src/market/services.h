/*
 * Paid services: what the operator offers, who proposed what to whom, who signed, and what is
 * charged.
 *
 * The rule that the domain exists for (I1): no charge without a consent. Anybody with the right may
 * propose; only an owner's signature over the exact terms activates. A charge is a row of the money
 * ledger whose key names the act that carries that signature, and only `service.charged` makes one,
 * for a subscription that this act activated, once a period, and after the first only when the
 * renewal was announced.
 *
 * A service is a row of the marketplace; its subscription by an organisation has the same id with
 * that organisation's number in it (base/id.h): whoever names one has named the other, and there is
 * one of each. What was signed stands in the subscription: a later edition of the service changes
 * nothing for who signed before.
 *
 * Acts about a subscription carry the service's offer of that moment in their body, put there by
 * the server: so they touch the organisation's own rows alone, and a signature is over that offer.
 *
 * A code (TOTP) is not bound to terms. A service says up to which price one is enough (0: never),
 * and such a signature can be withdrawn for longer; the subscription says which it was.
 */
#pragma once

#include "act/act.h"
#include "market/period.h"

enum service_tax { TAX_NONE, TAX_INCLUDED, TAX_ADDED };
enum service_renewal { RENEWAL_AUTOMATIC, RENEWAL_NONE };

struct service_row {
    int64_t org; /* the marketplace */
    struct id id;
    struct text name;
    int64_t edition; /* 1, and one more with each change */
    int64_t price_amount;
    struct text currency;
    int64_t period_unit, period_count;
    int64_t tax;      /* enum service_tax */
    int64_t tax_rate; /* hundredths of a percent */
    int64_t renewal;  /* enum service_renewal */
    int64_t first_charge_days;
    int64_t withdrawal_days;
    int64_t code_price_max; /* minor units; 0: a code is never enough */
    int64_t code_withdrawal_days;
    int64_t notice_days;
    struct text texts; /* JSON: [{language, name, text}, …] */
    int64_t published_at, changed_at, retired_at;
    int64_t version;
};
extern const struct table services_table;

enum subscription_state {
    SUBSCRIPTION_PROPOSED,
    SUBSCRIPTION_ACTIVE,
    SUBSCRIPTION_CANCELED, /* runs to the end of what is paid */
    SUBSCRIPTION_WITHDRAWN,
    SUBSCRIPTION_ENDED,
    SUBSCRIPTION_DECLINED,
};
enum consent_level { LEVEL_NONE, LEVEL_PASSKEY, LEVEL_CODE };

struct subscription_row {
    int64_t org;
    struct id id;
    int64_t state; /* enum subscription_state */
    struct text name;
    struct id proposal; /* the act that proposed it */
    int64_t proposed_edition;
    struct text proposed_by; /* "the marketplace's shop", … */
    struct id proposed_person, proposed_key;
    struct text proposed_via, proposed_reason;
    int64_t proposed_at;
    struct id countersigned_by;
    int64_t countersigned_at;
    struct text countersigned_terms; /* SHA-256 */
    struct id consent;               /* the act that carries the signature */
    int64_t level;                   /* enum consent_level */
    struct id signed_by, authenticator;
    int64_t signed_at;
    int64_t edition; /* as signed, with what follows */
    struct text language, words;
    int64_t price_amount, tax_amount, total_amount;
    struct text currency;
    int64_t period_unit, period_count;
    int64_t renewal, notice_days;
    int64_t withdraw_until;
    int64_t withdrawal_begun_at;
    int64_t period; /* periods charged */
    int64_t period_started_at, period_ends_at;
    int64_t anchor_at;      /* of the first period */
    int64_t charge_at;      /* when the next charge is due; 0: none is */
    int64_t notice_at;      /* when the next renewal has to be announced; 0: none */
    int64_t noticed_period; /* the last renewal that was announced */
    int64_t end_at;         /* when it ends; 0: not known */
    int64_t refunds_left;   /* charges that are still to be refunded */
    int64_t ended_at;
    struct text ended_by, ended_reason;
    int64_t version;
};
extern const struct table subscriptions_table;

enum money_kind { MONEY_CHARGE, MONEY_REFUND };

/* The money ledger: what an organisation owes or gets back for a consent. */
struct money_entry_row {
    int64_t org;
    struct id consent; /* the act that its owner signed (I1) */
    int64_t period;    /* from 1 */
    int64_t kind;      /* enum money_kind */
    struct id act;     /* that made the entry */
    struct id subscription;
    int64_t total_amount, tax_amount;
    struct text currency;
    int64_t from_at, until_at; /* what it is for */
    int64_t made_at;
};
extern const struct table money_ledger_table;

struct service_text {
    uint32_t present;
    struct text language, name, text;
};

/* Fields in the order of their names, here as in the table of fields. */
struct service_body {
    uint32_t present;
    int64_t code_price_max;
    int64_t code_withdrawal_days;
    int64_t first_charge_days;
    struct text name;
    int64_t notice_days;
    int64_t period_count, period_unit;
    struct money price;
    int64_t renewal;
    int64_t tax, tax_rate;
    struct list texts; /* of struct service_text */
    int64_t withdrawal_days;
};

/*
 * A service as it is offered at the moment, in the body of an act: the server puts it there, so
 * that the act, and a replay of it, need no row of the marketplace.
 */
struct service_offer {
    uint32_t present;
    int64_t code_price_max;
    int64_t code_withdrawal_days;
    int64_t edition;
    int64_t first_charge_days;
    struct text name;
    int64_t notice_days;
    int64_t period_count, period_unit;
    struct money price;
    int64_t renewal;
    int64_t tax, tax_rate;
    struct digest text_sha256; /* of the text in the language that is agreed to */
    int64_t withdrawal_days;
};

struct service_proposed_body {
    uint32_t present;
    struct list offer; /* one struct service_offer */
    int64_t org;
    struct text reason;
    struct id service;
    struct text via;
};

struct service_consent_body {
    uint32_t present;
    struct text language;
    struct list offer; /* one struct service_offer */
};

struct service_reason_body {
    uint32_t present;
    struct text reason;
};

struct service_charged_body {
    uint32_t present;
    struct id consent;
    int64_t period;
    struct money total;
};

struct service_renewal_body {
    uint32_t present;
    struct id consent;
    int64_t period;
    int64_t renews_at;
    struct money total;
};

struct service_ended_body {
    uint32_t present;
    struct id consent;
};

extern const struct act_type service_published, service_changed, service_retired, service_proposed,
    service_declined, service_countersigned, service_activated, service_renewal_announced,
    service_charged, service_withdrawal_begun, service_withdrawn, service_refunded,
    service_canceled, service_ended;
extern const struct view services_view, subscriptions_view, subscription_view, money_ledger_view;
extern const struct timer charge_timer, renewal_timer, refund_timer, end_timer;

/* service_terms.c: what is signed, from the service's row as it is now. */

/* The tax in the price, or on top of it; rounded half up. */
int64_t service_tax_amount(const struct service_offer *offer);
int64_t service_total_amount(const struct service_offer *offer);
/* Of an act whose body is a service_consent_body. */
void service_terms(const struct decision *decision, struct json_writer *json);
/* SHA-256 of them. */
struct digest service_terms_digest(const struct decision *decision);
/* "12,500.00 RUB a month for …": the terms in a sentence, which is signed with them. */
void service_words(struct buffer *out, const struct service_offer *offer);

/* service_offer.c */

extern const struct field service_offer_fields[14];
/* act_type.complete of what is about an offer. */
MUST_CHECK bool service_complete_proposal(struct reader *reader, const struct act *act, void *body,
                                          struct arena *arena, struct problem *problem);
MUST_CHECK bool service_complete_consent(struct reader *reader, const struct act *act, void *body,
                                         struct arena *arena, struct problem *problem);

/* For rows: who acted, in words. */
struct text service_actor(const struct act *act, struct arena *arena);
