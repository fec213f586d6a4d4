#include "net/judgement.h"

#include <stdio.h>

#define ID_BYTES_MAX 128
#define OFFERS_MAX 1000

struct reading {
    const json_t *context, *defaults;
    struct arena *arena;
    struct policy_message *message;
    struct text *known;
    struct problem *problem;
};

static const json_t *member(const struct reading *reading, const char *name)
{
    const json_t *value = json_object_get(reading->context, name);
    if (value == NULL || json_is_null(value))
        value = json_object_get(reading->defaults, name);
    return value == NULL || json_is_null(value) ? NULL : value;
}

static bool refuse(const struct reading *reading, const char *name, const char *what)
{
    char pointer[64];
    snprintf(pointer, sizeof pointer, "/context/%s", name);
    return problem_add(reading->problem, PROBLEM_BODY_INVALID, pointer, "%s", what);
}

static bool read_integer(const struct reading *reading, const json_t *value, const char *name,
                         int64_t max, int64_t *number)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max)
        return refuse(reading, name, "must be an integer, not negative and not too large");
    *number = json_integer_value(value);
    return true;
}

/* A member that is absent leaves *number as it is. */
static bool read_count(const struct reading *reading, const char *name, unsigned *number)
{
    const json_t *value = member(reading, name);
    int64_t read = 0;
    if (value == NULL)
        return true;
    if (!read_integer(reading, value, name, 1000000, &read))
        return false;
    *number = (unsigned)read;
    return true;
}

static bool add_known(struct reading *reading, const json_t *value, const char *name)
{
    struct policy_message *message = reading->message;
    if (message->known_count == POLICY_KNOWN_MAX)
        return refuse(reading, name, "names more ids than are looked at (64 in all)");
    struct text *known = &reading->known[message->known_count++];
    if (json_is_integer(value)) {
        *known = arena_format(reading->arena, "%lld", (long long)json_integer_value(value));
        return true;
    }
    *known = json_string_view(value);
    if (json_is_string(value) && known->length <= ID_BYTES_MAX)
        return true;
    return refuse(reading, name, "must be a text of at most 128 bytes, or a list of them");
}

/* One id or a list of them. */
static bool read_ids(struct reading *reading, const char *name)
{
    const json_t *value = member(reading, name), *item;
    size_t index;
    if (value == NULL)
        return true;
    if (!json_is_array(value))
        return add_known(reading, value, name);
    json_array_foreach(value, index, item)
    {
        if (!add_known(reading, item, name))
            return false;
    }
    return true;
}

static bool read_review(struct reading *reading)
{
    const json_t *review = member(reading, "review");
    const json_t *stars = json_object_get(review, "stars"),
                 *days = json_object_get(review, "days_ago");
    int64_t number = 0;
    if (review == NULL)
        return true;
    if (!json_is_object(review))
        return refuse(reading, "review", "must be an object with stars and days_ago");
    if (stars == NULL || json_is_null(stars))
        return refuse(reading, "review/stars", "is needed");
    if (!read_integer(reading, stars, "review/stars", 5, &number))
        return false;
    reading->message->reviewed = true;
    reading->message->stars = (int)number;
    if (days == NULL || json_is_null(days))
        return true;
    if (!read_integer(reading, days, "review/days_ago", 100000, &number))
        return false;
    reading->message->days_ago = (int)number;
    return true;
}

static bool read_offers(struct reading *reading)
{
    const json_t *offers = member(reading, "prior_offers"), *item;
    size_t index;
    if (offers == NULL)
        return true;
    if (!json_is_array(offers) || json_array_size(offers) > OFFERS_MAX)
        return refuse(reading, "prior_offers", "must be a list of amounts in minor units");
    int64_t *amounts = arena_array(reading->arena, json_array_size(offers) + 1, sizeof *amounts);
    json_array_foreach(offers, index, item)
    {
        if (!read_integer(reading, item, "prior_offers", JSON_INTEGER_MAX, &amounts[index]))
            return false;
    }
    reading->message->offers = amounts;
    reading->message->offer_count = json_array_size(offers);
    return true;
}

static bool read_context(struct reading *reading)
{
    static const char *const ids[] = {"order_id", "tracking", "sku", "prices"};
    const json_t *after = member(reading, "contact_after_review");
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        if (!read_ids(reading, ids[i]))
            return false;
    if (after != NULL && !json_is_boolean(after))
        return refuse(reading, "contact_after_review", "must be true or false");
    reading->message->after_review = json_is_true(after);
    return read_review(reading) && read_offers(reading) &&
           read_count(reading, "seller_messages_since_buyer_reply",
                      &reading->message->unanswered) &&
           read_count(reading, "same_text", &reading->message->same_text);
}

bool judgement_string(const json_t *object, const char *name, size_t bytes_max, struct text *value,
                      struct problem *problem)
{
    const json_t *string = json_object_get(object, name);
    char pointer[64];
    *value = TEXT_NONE;
    if (string == NULL || json_is_null(string))
        return true;
    *value = json_string_view(string);
    if (json_is_string(string) && value->length <= bytes_max)
        return true;
    snprintf(pointer, sizeof pointer, "/%s", name);
    return problem_add(problem, PROBLEM_BODY_INVALID, pointer,
                       "must be a text of at most %zu bytes", bytes_max);
}

static enum policy_from from_of(struct text from)
{
    return from.length == 0          ? POLICY_FROM_UNKNOWN
           : text_is(from, "seller") ? POLICY_FROM_SELLER
           : text_is(from, "buyer")  ? POLICY_FROM_BUYER
                                     : POLICY_FROM_OTHER;
}

bool judgement_read(const json_t *object, const json_t *defaults, struct arena *arena,
                    struct policy_message *message, struct problem *problem)
{
    struct text from, language;
    const json_t *context = json_object_get(object, "context");
    *message = (struct policy_message){0};
    if (!json_is_object(object))
        return problem_set(problem, PROBLEM_BODY_INVALID, "a message is an object");
    if (!judgement_string(object, "text", POLICY_TEXT_MAX, &message->text, problem) ||
        !judgement_string(object, "from", 64, &from, problem) ||
        !judgement_string(object, "lang", 35, &language, problem))
        return false;
    if (message->text.bytes == NULL)
        return problem_add(problem, PROBLEM_BODY_INVALID, "/text", "is needed");
    if (context != NULL && !json_is_null(context) && !json_is_object(context))
        return problem_add(problem, PROBLEM_BODY_INVALID, "/context", "must be an object");
    message->from = from_of(from);
    message->language = text_slice(language, 0, language.length < 2 ? language.length : 2);
    struct reading reading = {.context = context,
                              .defaults = defaults,
                              .arena = arena,
                              .message = message,
                              .known = arena_array(arena, POLICY_KNOWN_MAX, sizeof(struct text)),
                              .problem = problem};
    message->known = reading.known;
    return read_context(&reading);
}

static void write_text(struct json_writer *json, const char *name, struct buffer *buffer)
{
    json_member(json, name, buffer_view(buffer));
    buffer_clear(buffer);
}

static void write_finding(struct json_writer *json, const struct policy_finding *finding,
                          struct text message, size_t language, enum judgement_detail detail)
{
    struct buffer text;
    buffer_init(&text);
    json_open(json);
    json_member(json, "rule", text_of(finding->id));
    json_member_int(json, "version", finding->version);
    json_name(json, "span");
    json_open(json);
    json_member_int(json, "start", (int64_t)finding->start);
    json_member_int(json, "end", (int64_t)finding->end);
    json_close(json);
    json_member(json, "text", text_slice(message, finding->start, finding->end));
    policy_reason(finding, message, language, &text);
    write_text(json, "reason", &text);
    if (detail == JUDGEMENT_FULL) {
        policy_mend(finding, language, &text);
        write_text(json, "mend", &text);
        json_member(json, "clause", policy_clause(finding));
        json_member(json, "mode", text_of(policy_mode_name(finding->mode)));
        json_member_int(json, "points", finding->points);
    }
    json_close(json);
    buffer_done(&text);
}

void judgement_write(struct json_writer *json, const struct policy_verdict *verdict,
                     struct text message, size_t language, enum judgement_detail detail)
{
    json_member(json, "verdict", text_of(policy_verdict_name(verdict->verdict)));
    json_name(json, "findings");
    json_open_list(json);
    for (size_t i = 0; i < verdict->finding_count; i++)
        if (verdict->findings[i].mode != POLICY_SHADOW)
            write_finding(json, &verdict->findings[i], message, language, detail);
    json_close_list(json);
}
