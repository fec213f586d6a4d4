#include <string.h>

#include "act/story.h"
#include "market/services.h"

static const char *const tax_names[] = {"none", "included", "added", NULL};
static const char *const renewal_names[] = {"automatic", "none", NULL};

#define WHOLE_RATE 10000 /* 100 % in hundredths of a percent */

int64_t service_tax_amount(const struct service_row *service)
{
    int64_t whole = service->tax == TAX_INCLUDED ? WHOLE_RATE + service->tax_rate : WHOLE_RATE;
    if (service->tax == TAX_NONE)
        return 0;
    return (service->price_amount * service->tax_rate + whole / 2) / whole;
}

int64_t service_total_amount(const struct service_row *service)
{
    return service->price_amount + (service->tax == TAX_ADDED ? service_tax_amount(service) : 0);
}

static struct money money_of(int64_t amount, struct text currency)
{
    struct money money = {.amount = amount};
    MUST(currency.length < sizeof money.currency);
    memcpy(money.currency, currency.bytes, currency.length);
    return money;
}

static void write_tax(struct buffer *out, const struct service_row *service)
{
    const struct money tax = money_of(service_tax_amount(service), service->currency);
    if (service->tax == TAX_NONE) {
        buffer_string(out, "no tax");
        return;
    }
    buffer_format(out, "tax of %lld", (long long)(service->tax_rate / 100));
    if (service->tax_rate % 100 != 0)
        buffer_format(out, ".%02lld", (long long)(service->tax_rate % 100));
    buffer_string(out, " % included (");
    story_money(out, &tax);
    buffer_char(out, ')');
}

static void write_days(struct buffer *out, int64_t days)
{
    buffer_format(out, "%lld day%s", (long long)days, days == 1 ? "" : "s");
}

static void write_first_charge(struct buffer *out, const struct service_row *service)
{
    buffer_string(out, "; first charge ");
    if (service->first_charge_days == 0) {
        buffer_string(out, "at once");
    } else {
        write_days(out, service->first_charge_days);
        buffer_string(out, " after the signature");
    }
}

static void write_withdrawal(struct buffer *out, const struct service_row *service)
{
    buffer_string(out, "; can be withdrawn for ");
    write_days(out, service->withdrawal_days);
    if (service->code_price_max > 0) {
        buffer_string(out, " (signed with a code: ");
        write_days(out, service->code_withdrawal_days);
        buffer_char(out, ')');
    }
}

void service_words(struct buffer *out, const struct service_row *service)
{
    const struct period period = {service->period_unit, service->period_count};
    const struct money total = money_of(service_total_amount(service), service->currency);
    story_money(out, &total);
    buffer_char(out, ' ');
    period_words(out, period);
    buffer_string(out, " for \"");
    story_words(out, service->name);
    buffer_format(out, "\" (edition %lld), ", (long long)service->edition);
    write_tax(out, service);
    if (service->renewal == RENEWAL_AUTOMATIC) {
        buffer_string(out, "; renewed until cancelled, announced ");
        write_days(out, service->notice_days);
        buffer_string(out, " before");
    } else {
        buffer_string(out, "; not renewed");
    }
    write_first_charge(out, service);
    write_withdrawal(out, service);
}

bool service_text_digest(const struct service_row *service, struct text language,
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

static const struct service_row *service_of(const struct decision *decision)
{
    return decision_row((struct decision *)(uintptr_t)decision, 1);
}

static void write_price(struct json_writer *json, const struct service_row *service)
{
    json_name(json, "period");
    json_open(json);
    json_member_int(json, "count", service->period_count);
    json_member(json, "unit", text_of(period_unit_names[service->period_unit]));
    json_close(json);
    json_member_int(json, "price_minor", service->price_amount);
    json_member(json, "renewal", text_of(renewal_names[service->renewal]));
    json_name(json, "service");
    json_id(json, "svc", service->id);
    json_member(json, "tax", text_of(tax_names[service->tax]));
    json_member_int(json, "tax_minor", service_tax_amount(service));
    json_member_int(json, "tax_rate", service->tax_rate);
}

void service_terms(const struct decision *decision, struct json_writer *json)
{
    const struct service_row *service = service_of(decision);
    const struct service_consent_body *body = decision->act->body;
    struct digest text = {{0}}; /* no such text: decide refuses */
    struct buffer buffer;
    (void)service_text_digest(service, body->language, &text);
    json_member_int(json, "code_withdrawal_days", service->code_withdrawal_days);
    json_member(json, "currency", service->currency);
    json_member_int(json, "edition", service->edition);
    json_member_int(json, "first_charge_days", service->first_charge_days);
    json_member(json, "name", service->name);
    json_member_int(json, "notice_days", service->notice_days);
    write_price(json, service);
    buffer_init(&buffer);
    hex_add(&buffer, text.bytes, DIGEST_BYTES);
    json_member(json, "text_sha256", buffer_view(&buffer));
    json_member_int(json, "total_minor", service_total_amount(service));
    json_member_int(json, "withdrawal_days", service->withdrawal_days);
    buffer_clear(&buffer);
    service_words(&buffer, service);
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
