#include <string.h>

#include "act/story.h"
#include "market/services.h"

static const char *const tax_names[] = {"none", "included", "added", NULL};
static const char *const renewal_names[] = {"automatic", "none", NULL};

#define WHOLE_RATE 10000 /* 100 % in hundredths of a percent */

int64_t service_tax_amount(const struct service_offer *offer)
{
    int64_t whole = offer->tax == TAX_INCLUDED ? WHOLE_RATE + offer->tax_rate : WHOLE_RATE;
    if (offer->tax == TAX_NONE)
        return 0;
    return (offer->price.amount * offer->tax_rate + whole / 2) / whole;
}

int64_t service_total_amount(const struct service_offer *offer)
{
    return offer->price.amount + (offer->tax == TAX_ADDED ? service_tax_amount(offer) : 0);
}

static struct money money_of(int64_t amount, const struct service_offer *offer)
{
    struct money money = offer->price;
    money.amount = amount;
    return money;
}

static void write_tax(struct buffer *out, const struct service_offer *offer)
{
    const struct money tax = money_of(service_tax_amount(offer), offer);
    if (offer->tax == TAX_NONE) {
        buffer_string(out, "no tax");
        return;
    }
    buffer_format(out, "tax of %lld", (long long)(offer->tax_rate / 100));
    if (offer->tax_rate % 100 != 0)
        buffer_format(out, ".%02lld", (long long)(offer->tax_rate % 100));
    buffer_string(out, " % included (");
    story_money(out, &tax);
    buffer_char(out, ')');
}

static void write_days(struct buffer *out, int64_t days)
{
    buffer_format(out, "%lld day%s", (long long)days, days == 1 ? "" : "s");
}

static void write_first_charge(struct buffer *out, const struct service_offer *offer)
{
    buffer_string(out, "; first charge ");
    if (offer->first_charge_days == 0) {
        buffer_string(out, "at once");
    } else {
        write_days(out, offer->first_charge_days);
        buffer_string(out, " after the signature");
    }
}

static void write_withdrawal(struct buffer *out, const struct service_offer *offer)
{
    buffer_string(out, "; can be withdrawn for ");
    write_days(out, offer->withdrawal_days);
    if (offer->code_price_max > 0) {
        buffer_string(out, " (signed with a code: ");
        write_days(out, offer->code_withdrawal_days);
        buffer_char(out, ')');
    }
}

void service_words(struct buffer *out, const struct service_offer *offer)
{
    const struct period period = {offer->period_unit, offer->period_count};
    const struct money total = money_of(service_total_amount(offer), offer);
    story_money(out, &total);
    buffer_char(out, ' ');
    period_words(out, period);
    buffer_string(out, " for \"");
    story_words(out, offer->name);
    buffer_format(out, "\" (edition %lld), ", (long long)offer->edition);
    write_tax(out, offer);
    if (offer->renewal == RENEWAL_AUTOMATIC) {
        buffer_string(out, "; renewed until cancelled, announced ");
        write_days(out, offer->notice_days);
        buffer_string(out, " before");
    } else {
        buffer_string(out, "; not renewed");
    }
    write_first_charge(out, offer);
    write_withdrawal(out, offer);
}

static const struct service_offer *offer_of(const struct decision *decision)
{
    const struct service_consent_body *body = decision->act->body;
    return body->offer.items;
}

static void write_price(struct json_writer *json, const struct service_offer *offer,
                        struct id service)
{
    json_name(json, "period");
    json_open(json);
    json_member_int(json, "count", offer->period_count);
    json_member(json, "unit", text_of(period_unit_names[offer->period_unit]));
    json_close(json);
    json_member_int(json, "price_minor", offer->price.amount);
    json_member(json, "renewal", text_of(renewal_names[offer->renewal]));
    json_name(json, "service");
    json_id(json, "svc", service);
    json_member(json, "tax", text_of(tax_names[offer->tax]));
    json_member_int(json, "tax_minor", service_tax_amount(offer));
    json_member_int(json, "tax_rate", offer->tax_rate);
}

void service_terms(const struct decision *decision, struct json_writer *json)
{
    const struct service_offer *offer = offer_of(decision);
    struct buffer buffer;
    if (offer == NULL)
        return; /* a record that was damaged: it is refused */
    buffer_init(&buffer);
    json_member_int(json, "code_withdrawal_days", offer->code_withdrawal_days);
    json_member(json, "currency", text_of(offer->price.currency));
    json_member_int(json, "edition", offer->edition);
    json_member_int(json, "first_charge_days", offer->first_charge_days);
    json_member(json, "name", offer->name);
    json_member_int(json, "notice_days", offer->notice_days);
    write_price(json, offer, id_in(decision->act->subject, ORG_MARKETPLACE));
    hex_add(&buffer, offer->text_sha256.bytes, DIGEST_BYTES);
    json_member(json, "text_sha256", buffer_view(&buffer));
    json_member_int(json, "total_minor", service_total_amount(offer));
    json_member_int(json, "withdrawal_days", offer->withdrawal_days);
    buffer_clear(&buffer);
    service_words(&buffer, offer);
    json_member(json, "words", buffer_view(&buffer));
    buffer_done(&buffer);
}

struct digest service_terms_digest(const struct decision *decision)
{
    struct buffer terms;
    buffer_init(&terms);
    struct json_writer json = json_writer(&terms);
    json_open(&json);
    service_terms(decision, &json);
    json_close(&json);
    struct digest digest = digest_of(terms.bytes, terms.length);
    buffer_done(&terms);
    return digest;
}
