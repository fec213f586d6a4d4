/* Sentences about acts, for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "act/story.h"
#include "market/market.h"
#include "market/orders.h"

static const char *const words[] = {"small", "large", NULL};

struct body {
    uint32_t present;
    int64_t at, count, size;
    struct money price;
    struct text reason;
};

static const struct field fields[] = {
    FIELD(struct body, at, FIELD_TIME, .doc = "A field."),
    FIELD(struct body, count, FIELD_INT, .doc = "A field."),
    FIELD(struct body, price, FIELD_MONEY, .doc = "A field."),
    FIELD(struct body, reason, FIELD_TEXT, .doc = "A field."),
    FIELD(struct body, size, FIELD_ENUM, .names = words),
};
enum { AT = 1, COUNT = 2, PRICE = 4, REASON = 8, SIZE = 16 };

static char *tell(const char *story, const struct body *body)
{
    const struct act_type type = {
        .name = "test", .fields = fields, .field_count = COUNT_OF(fields), .story = story};
    const struct act act = {.type = &type, .body = body};
    struct buffer out;
    buffer_init(&out);
    story_write(&out, &act);
    return buffer_release(&out);
}

static const struct {
    const char *story;
    uint32_t present;
    const char *told;
} stories[] = {
    {"Plain.", 0, "Plain."},
    {"It was {size}.", SIZE, "It was large."},
    {"{count} of 5 stars.", COUNT, "4 of 5 stars."},
    {"Paid {price}.", PRICE, "Paid 12.05 EUR."},
    {"Until {at}.", AT, "Until 7 March 2026, 09:05:03 UTC."},
    {"Asked[: {reason}].", REASON, "Asked: too late."},
    {"Asked[: {reason}].", 0, "Asked."},
    {"Sent[ with {reason}][, {count} pieces].", COUNT, "Sent, 4 pieces."},
    {"Sent[ with {reason}][, {count} pieces].", REASON | COUNT, "Sent with too late, 4 pieces."},
    {"[{count} {size}]!", COUNT, "!"},
};

static void templates_are_filled(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(stories); i++) {
        const struct body body = {.present = stories[i].present,
                                  .at = INT64_C(1772874303000000),
                                  .count = 4,
                                  .size = 1,
                                  .price = {1205, "EUR"},
                                  .reason = TEXT("too late")};
        char *told = tell(stories[i].story, &body);
        assert_string_equal(told, stories[i].told);
        free(told);
    }
}

static const struct {
    struct money money;
    const char *told;
} amounts[] = {
    {{0, "EUR"}, "0.00 EUR"},          {{5, "EUR"}, "0.05 EUR"},
    {{123456, "BRL"}, "1,234.56 BRL"}, {{-1, "EUR"}, "-0.01 EUR"},
    {{-250, "USD"}, "-2.50 USD"},      {{1500, "JPY"}, "1,500 JPY"},
    {{1500, "KWD"}, "1.500 KWD"},      {{MONEY_MAX, "EUR"}, "10,000,000,000.00 EUR"},
};

static void money_has_the_decimals_of_its_currency(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(amounts); i++) {
        struct buffer out;
        buffer_init(&out);
        story_money(&out, &amounts[i].money);
        char *told = buffer_release(&out);
        assert_string_equal(told, amounts[i].told);
        free(told);
    }
}

static void words_cannot_draw_over_the_rest(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out);
    story_words(&out, TEXT("a\033[2Jb\r\nc\td\x7f"
                           "e\xc2\x9b"
                           "f\xc3\xa9"));
    char *told = buffer_release(&out);
    assert_string_equal(told, "a [2Jb  c d e f\xc3\xa9");
    free(told);
}

/* A misspelt field would leave a hole in every timeline. */
static void every_story_names_fields_that_exist(void **state)
{
    (void)state;
    for (const struct act_type *const *type = catalogue.acts; *type != NULL; type++) {
        struct text rest = text_of((*type)->story);
        assert_true(rest.length > 0);
        while (rest.length > 0) {
            (void)text_cut(&rest, '{');
            struct text name = text_cut(&rest, '}');
            bool found = name.length == 0;
            for (size_t i = 0; i < (*type)->field_count; i++)
                found = found || text_is(name, (*type)->fields[i].name);
            assert_true(found);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(templates_are_filled),
        cmocka_unit_test(money_has_the_decimals_of_its_currency),
        cmocka_unit_test(words_cannot_draw_over_the_rest),
        cmocka_unit_test(every_story_names_fields_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
