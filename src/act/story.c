#include "act/story.h"

#include <stdio.h>
#include <string.h>

void story_words(struct buffer *out, struct text words)
{
    for (size_t i = 0; i < words.length; i++) {
        unsigned char c = (unsigned char)words.bytes[i];
        /* C1 controls are U+0080 to U+009F: c2 80 to c2 9f. */
        bool c1 = c == 0xc2 && i + 1 < words.length && (unsigned char)words.bytes[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || c1)
            buffer_char(out, ' ');
        else
            buffer_char(out, (char)c);
        i += c1;
    }
}

const struct story_manner story_english = {",", ".", true};

static void write_moment(struct buffer *out, int64_t at, const struct story_manner *manner)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    char text[TIME_TEXT_BYTES]; /* YYYY-MM-DDTHH:MM:SS… */
    time_format(at, text);
    int month = (text[5] - '0') * 10 + (text[6] - '0');
    const char *day = text[8] == '0' ? text + 9 : text + 8;
    if (!manner->words) {
        buffer_format(out, "%.10s %.8s UTC", text, text + 11);
        return;
    }
    buffer_add(out, day, (size_t)(text + 10 - day));
    buffer_format(out, " %s %.4s, %.8s UTC", months[month - 1], text, text + 11);
}

void story_time(struct buffer *out, int64_t at)
{
    write_moment(out, at, &story_english);
}

static unsigned decimals_of(const char *currency)
{
    static const char none[] =
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF ";
    static const char three[] = "BHD IQD JOD KWD LYD OMR TND ";
    if (strlen(currency) == 3 && strstr(none, currency) != NULL)
        return 0;
    return strlen(currency) == 3 && strstr(three, currency) != NULL ? 3 : 2;
}

/* In groups of three digits. */
static void write_whole(struct buffer *out, int64_t number, const char *group)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%lld", (long long)number);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            buffer_string(out, group);
        buffer_char(out, digits[i]);
    }
}

static void write_money(struct buffer *out, const struct money *money,
                        const struct story_manner *manner)
{
    unsigned decimals = decimals_of(money->currency);
    int64_t unit = decimals == 3 ? 1000 : decimals == 2 ? 100 : 1;
    int64_t amount = money->amount;
    if (amount < 0) {
        buffer_char(out, '-');
        amount = -amount;
    }
    write_whole(out, amount / unit, manner->group);
    if (decimals > 0)
        buffer_format(out, "%s%0*lld", manner->decimal, (int)decimals, (long long)(amount % unit));
    buffer_format(out, " %s", money->currency);
}

void story_money(struct buffer *out, const struct money *money)
{
    write_money(out, money, &story_english);
}

static void write_value(struct buffer *out, const struct field *field, const void *value,
                        const struct story_manner *manner)
{
    switch (field->type) {
    case FIELD_TEXT:
        story_words(out, *(const struct text *)value);
        break;
    case FIELD_INT:
        buffer_i64(out, *(const int64_t *)value);
        break;
    case FIELD_BOOL:
        buffer_string(out, *(const bool *)value ? "yes" : "no");
        break;
    case FIELD_TIME:
        write_moment(out, *(const int64_t *)value, manner);
        break;
    case FIELD_MONEY:
        write_money(out, value, manner);
        break;
    case FIELD_ENUM:
        buffer_string(out, field->names[*(const int64_t *)value]);
        break;
    case FIELD_ID:
        buffer_id(out, field->prefix, *(const struct id *)value);
        break;
    case FIELD_ORG:
        buffer_org(out, *(const int64_t *)value);
        break;
    case FIELD_DIGEST:
        hex_add(out, ((const struct digest *)value)->bytes, DIGEST_BYTES);
        break;
    case FIELD_LIST:
        buffer_format(out, "%zu", ((const struct list *)value)->count);
        break;
    }
}

/* False if the body does not have it. */
static bool write_field(struct buffer *out, const struct act *act, struct text name,
                        const struct story_manner *manner)
{
    for (size_t i = 0; i < act->type->field_count; i++) {
        const struct field *field = &act->type->fields[i];
        if (!text_is(name, field->name))
            continue;
        if (!field_present(act->body, i))
            return false;
        write_value(out, field, (const char *)act->body + field->offset, manner);
        return true;
    }
    return false;
}

/* False if a field in it was not given. */
static bool write_part(struct buffer *out, const struct act *act, struct text part,
                       const struct story_manner *manner)
{
    bool complete = true;
    while (part.length > 0) {
        buffer_text(out, text_cut(&part, '{'));
        struct text name = text_cut(&part, '}');
        if (name.length > 0)
            complete = write_field(out, act, name, manner) && complete;
    }
    return complete;
}

void story_say(struct buffer *out, struct text sentence, const struct act *act,
               const struct story_manner *manner)
{
    while (sentence.length > 0) {
        (void)write_part(out, act, text_cut(&sentence, '['), manner);
        struct text optional = text_cut(&sentence, ']');
        size_t length = out->length;
        if (!write_part(out, act, optional, manner))
            out->length = length;
    }
}

void story_write(struct buffer *out, const struct act *act)
{
    story_say(out, text_of(act->type->story), act, &story_english);
}
