#include "policy/rules.h"

/* Conditions as they are written; what stands behind the words is a comparison, a number or a code.
 */
static const struct {
    const char *words;
    enum condition_kind kind;
    enum { NOTHING, COMPARISON, CODE } behind;
} conditions[] = {
    {"from seller", CONDITION_FROM_SELLER, NOTHING},
    {"from buyer", CONDITION_FROM_BUYER, NOTHING},
    {"language", CONDITION_LANGUAGE, CODE},
    {"review", CONDITION_REVIEW, NOTHING},
    {"no review", CONDITION_NO_REVIEW, NOTHING},
    {"stars", CONDITION_STARS, COMPARISON},
    {"days_ago", CONDITION_DAYS_AGO, COMPARISON},
    {"unanswered", CONDITION_UNANSWERED, COMPARISON},
    {"offers rising", CONDITION_OFFERS_RISING, NOTHING},
    {"offers", CONDITION_OFFERS, COMPARISON},
    {"same_text", CONDITION_SAME_TEXT, COMPARISON},
    {"after_review", CONDITION_AFTER_REVIEW, NOTHING},
    {"words", CONDITION_WORDS, COMPARISON},
    {"quoted", CONDITION_QUOTED, NOTHING},
    {"not quoted", CONDITION_NOT_QUOTED, NOTHING},
    {"likely", CONDITION_LIKELY, NOTHING},
};

static bool read_comparison(struct text rest, struct condition *condition)
{
    uint64_t number;
    if (text_starts(rest, "<=") || text_starts(rest, ">="))
        condition->comparison = rest.bytes[0];
    else if (text_starts(rest, "="))
        condition->comparison = '=';
    else
        return false;
    rest = text_trim(text_slice(rest, condition->comparison == '=' ? 1 : 2, rest.length));
    if (!text_to_u64(rest, 1000000, &number))
        return false;
    condition->number = (int64_t)number;
    return true;
}

bool condition_read(struct text words, struct condition *condition, struct problem *problem)
{
    words = text_trim(words);
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        size_t length = text_of(conditions[i].words).length;
        if (!text_starts(words, conditions[i].words))
            continue;
        struct text rest = text_trim(text_slice(words, length, words.length));
        *condition = (struct condition){.kind = conditions[i].kind, .language = rest};
        bool fits = conditions[i].behind == NOTHING      ? rest.length == 0
                    : conditions[i].behind == COMPARISON ? read_comparison(rest, condition)
                                                         : rest.length > 0;
        if (fits)
            return true;
    }
    return problem_set(problem, PROBLEM_RULES_INVALID, "there is no such condition: \"%.*s\"",
                       (int)(words.length < 100 ? words.length : 100), words.bytes);
}

static bool compares(const struct condition *condition, int64_t number)
{
    return condition->comparison == '<'   ? number <= condition->number
           : condition->comparison == '>' ? number >= condition->number
                                          : number == condition->number;
}

bool condition_holds(const struct condition *condition, const struct circumstances *circumstances,
                     bool quoted)
{
    const struct policy_message *message = circumstances->message;
    switch (condition->kind) {
    case CONDITION_FROM_SELLER:
        return circumstances->from_seller;
    case CONDITION_FROM_BUYER:
        return circumstances->from_buyer;
    case CONDITION_LANGUAGE:
        return message->language.length == 0 || text_equal(message->language, condition->language);
    case CONDITION_REVIEW:
        return message->reviewed;
    case CONDITION_NO_REVIEW:
        return !message->reviewed;
    case CONDITION_STARS:
        return message->reviewed && compares(condition, message->stars);
    case CONDITION_DAYS_AGO:
        return message->reviewed && compares(condition, message->days_ago);
    case CONDITION_UNANSWERED:
        return compares(condition, circumstances->unanswered);
    case CONDITION_OFFERS:
        return compares(condition, (int64_t)circumstances->offers);
    case CONDITION_OFFERS_RISING:
        return circumstances->rising;
    case CONDITION_SAME_TEXT:
        return compares(condition, circumstances->same_text);
    case CONDITION_AFTER_REVIEW:
        return circumstances->after_review;
    case CONDITION_WORDS:
        return compares(condition, (int64_t)circumstances->words);
    case CONDITION_QUOTED:
        return quoted;
    case CONDITION_NOT_QUOTED:
        return !quoted;
    case CONDITION_LIKELY:
        return (circumstances->open & condition->gate) != 0;
    }
    return false;
}

void condition_write(const struct condition *condition, struct buffer *out)
{
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        if (conditions[i].kind != condition->kind)
            continue;
        buffer_string(out, conditions[i].words);
        if (conditions[i].behind == CODE)
            buffer_format(out, " %.*s", TEXT_ARG(condition->language));
        if (conditions[i].behind == COMPARISON)
            buffer_format(out, " %c%s %lld", condition->comparison,
                          condition->comparison == '=' ? "" : "=", (long long)condition->number);
    }
}
