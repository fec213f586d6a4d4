#include "act/story.h"

#include <string.h>

void story_time(struct buffer *out, int64_t at)
{
    char text[TIME_TEXT_BYTES];
    time_format(at, text);
    text[10] = ' ';
    buffer_add(out, text, 19); /* to the second */
}

/* ISO 4217: the currencies whose minor unit is not a hundredth. */
static int minor_digits(const char *currency)
{
    static const char *const none[] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
                                       "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"};
    static const char *const three[] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        if (strcmp(currency, none[i]) == 0)
            return 0;
    for (size_t i = 0; i < COUNT_OF(three); i++)
        if (strcmp(currency, three[i]) == 0)
            return 3;
    return 2;
}

static void write_money(struct buffer *out, const struct money *money)
{
    int digits = minor_digits(money->currency);
    int64_t unit = digits == 0 ? 1 : digits == 2 ? 100 : 1000;
    buffer_i64(out, money->amount / unit);
    if (digits > 0)
        buffer_format(out, ".%0*lld", digits, (long long)(money->amount % unit));
    buffer_format(out, " %s", money->currency);
}

static void write_field(struct buffer *out, const struct field *field, const void *value)
{
    switch (field->type) {
    case FIELD_TEXT:
        buffer_text(out, *(const struct text *)value);
        break;
    case FIELD_MONEY:
        write_money(out, value);
        break;
    case FIELD_TIME:
        story_time(out, *(const int64_t *)value);
        break;
    case FIELD_ENUM:
        buffer_string(out, field->names[*(const int64_t *)value]);
        break;
    case FIELD_INT:
        buffer_i64(out, *(const int64_t *)value);
        break;
    case FIELD_BOOL:
        buffer_string(out, *(const bool *)value ? "yes" : "no");
        break;
    case FIELD_ID:
        buffer_id(out, field->prefix, *(const struct id *)value);
        break;
    case FIELD_ORG:
        buffer_org(out, *(const int64_t *)value);
        break;
    case FIELD_DIGEST:
        hex_add(out, value, DIGEST_BYTES);
        break;
    case FIELD_LIST:
        buffer_format(out, "%zu", ((const struct list *)value)->count);
        break;
    }
}

static const struct field *field_named(const struct act_type *type, struct text name, size_t *index)
{
    for (*index = 0; *index < type->field_count; ++*index)
        if (text_is(name, type->fields[*index].name))
            return &type->fields[*index];
    return NULL;
}

/* Fills the {fields} of TEMPLATE; false if one of them is not given. */
static bool fill(struct buffer *out, struct text template, const struct act *act)
{
    bool complete = true;
    while (template.length > 0) {
        buffer_text(out, text_cut(&template, '{'));
        if (template.length == 0)
            break;
        size_t index;
        const struct field *field = field_named(act->type, text_cut(&template, '}'), &index);
        MUST(field != NULL); /* story_check looked */
        if (field_present(act->body, index))
            write_field(out, field, (const char *)act->body + field->offset);
        else
            complete = false;
    }
    return complete;
}

static void fill_optional(struct buffer *out, struct text part, const struct act *act)
{
    size_t before = out->length;
    if (!fill(out, part, act))
        out->length = before;
}

void story_write(struct buffer *out, const struct record *record)
{
    struct text template = text_of(record->act.type->story);
    if (!record->accepted)
        buffer_format(out, "Refused (%s): ", record->problem.detail);
    while (template.length > 0) {
        fill(out, text_cut(&template, '['), &record->act);
        if (template.length > 0)
            fill_optional(out, text_cut(&template, ']'), &record->act);
    }
}

void story_actor(struct buffer *out, const struct act *act)
{
    buffer_format(out, "the %s", role_name(act->actor.role));
    if (act->actor.buyer.length > 0)
        buffer_format(out, " %.*s", TEXT_ARG(act->actor.buyer));
    else if (!id_is_zero(act->actor.key)) {
        buffer_string(out, " (");
        buffer_id(out, "key", act->actor.key);
        buffer_char(out, ')');
    }
}

void story_check(const struct act_type *type)
{
    struct text template = text_of(type->story);
    size_t index;
    for (text_cut(&template, '{'); template.length > 0; text_cut(&template, '{'))
        MUST(field_named(type, text_cut(&template, '}'), &index) != NULL);
}
