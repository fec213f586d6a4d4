/* What phrases consist of is found wherever it stands, however often, and only there. */
#include "test_policy.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK(lines) "language: any\nrule r\n" DECLARED("block") lines

static const struct policy_verdict *judge(struct policy_worker *worker, struct text text)
{
    const struct policy_message message = {.text = text};
    return policy_judge(worker, &message);
}

struct found {
    const char *text, *passage; /* NULL: nothing is found */
};

/* RULES speak on each text of FOUND at its passage, once. */
static void assert_found(const char *rules, const struct found *found, size_t count)
{
    struct policy *policy = policy_of(rules);
    struct policy_worker *worker = policy_worker_new(policy);
    for (size_t i = 0; i < count; i++) {
        const struct policy_verdict *verdict = judge(worker, text_of(found[i].text));
        size_t wanted = found[i].passage != NULL;
        if (verdict->finding_count != wanted)
            fail_msg("\"%s\": %zu findings", found[i].text, verdict->finding_count);
        if (wanted == 0)
            continue;
        const struct policy_finding *finding = &verdict->findings[0];
        struct text passage = text_slice(text_of(found[i].text), finding->start, finding->end);
        if (!text_is(passage, found[i].passage))
            fail_msg("\"%s\": found \"%.*s\"", found[i].text, TEXT_ARG(passage));
    }
    policy_worker_free(worker);
    policy_free(policy);
}

/* Those of eight bytes are looked up, longer ones and beginnings of words are searched. */
static void words_are_whole(void **state)
{
    static const struct found found[] = {
        {"pay", "pay"},
        {"pay!", "pay"},
        {"and PAY", "PAY"},
        {"paypal and repay", NULL},
        {"8pay", NULL},
        {"transfer", "transfer"},
        {"transfers", NULL},
        {"bankcards", "bankcards"},
        {"bankcardss", NULL},
        {"отзыв", "отзыв"},
        {"отзывчивый", NULL},
        {"скидками", "скидками"},
        {"请pay吧", "pay"},
        {"退款", "退款"},
        {"请退款吧", "退款"},
        {"it is long enough that the word stands over the block's end: pay; and on", "pay"},
        {"it is long enough that the word ends with the block of bytes is pay", "pay"},
        {"", NULL},
    };
    (void)state;
    assert_found(BLOCK("  phrases:\n    pay\n    transfer\n    bankcards\n    отзыв\n    скид*\n"
                       "    退款\n  hits:\n    pay\n"),
                 found, COUNT_OF(found));
}

static void parts_stand_in_order(void **state)
{
    static const struct found found[] = {
        {"delete the review", "delete the review"},
        {"please delete that bad review now", "delete that bad review"},
        {"review delete", NULL},
        {"delete it. review", NULL},
        {"delete this and those and all that you ever wrote in that last review", NULL},
        {"delete delete delete the review", "delete delete delete the review"},
        {"review review delete review", "delete review"},
        {"пожалуйста удалите этот отзыв", "удалите этот отзыв"},
        {"请把差评删了", "差评删"},
    };
    (void)state;
    assert_found(BLOCK("  phrases:\n    (delete|drop|dismiss) .. (review|rating)\n"
                       "    (удал*|убер*|уда́лите) .. (отзыв*|оценк*)\n    (差评|差平) .. (删|撤)\n"
                       "  hits:\n    delete the review\n"),
                 found, COUNT_OF(found));
}

/* Which alternative is found does not depend on others that begin alike. */
static void alternatives_may_begin_alike(void **state)
{
    static const struct found found[] = {
        {"reviews", "reviews"},   {"review it", "review it"}, {"reviewing it", NULL},
        {"rate us", "rate us"},   {"e-mail us", "e-mail us"}, {"email us", "email us"},
        {"изменить", "изменить"}, {"изъять", "изъять"},       {"изъян", NULL},
        {"撤回", "撤回"},         {"撤销", "撤销"},           {"撤离", NULL},
        {"5 stars", "5 stars"},
    };
    (void)state;
    assert_found(BLOCK("  phrases:\n    (review it|reviews|rate us|e-mail us|изменить|изъять|撤回|"
                       "撤销|<digits> stars|(the|) ratings)\n  hits:\n    reviews\n"),
                 found, COUNT_OF(found));
}

/* A passage that two phrases make together is one, whichever was found first. */
static void findings_that_touch_are_one(void **state)
{
    static const struct found found[] = {
        {"skip them and order straight from us", "skip them and order straight from us"},
        {"order straight from us", "order straight from us"},
        {"straight from us and skip", "straight from us"},
    };
    (void)state;
    assert_found(BLOCK("  phrases:\n    straight from us\n    skip .. order straight\n"
                       "    order straigh*\n  hits:\n    order straight from us\n"),
                 found, COUNT_OF(found));
}

/* PIECE so often that it fills SIZE bytes, then END. The caller frees it. */
static char *repeated(const char *piece, size_t size, const char *end)
{
    size_t length = strlen(piece);
    char *text = malloc(size + length + strlen(end) + 1);
    assert_non_null(text);
    size_t at = 0;
    for (; at < size; at += length)
        memcpy(text + at, piece, length);
    memcpy(text + at, end, strlen(end) + 1);
    return text;
}

static enum policy_mode verdict_of(struct policy_worker *worker, const char *piece, size_t size,
                                   const char *end)
{
    char *text = repeated(piece, size, end);
    const struct policy_verdict *verdict = judge(worker, text_of(text));
    enum policy_mode mode = verdict->verdict;
    free(text);
    return mode;
}

/* However much stands before them: more places than are kept, chains than are followed, amounts. */
static void nothing_is_lost_behind_many(void **state)
{
    static const struct {
        const char *piece, *end;
        enum policy_mode mode;
        enum policy_mode flooded; /* more than 4,096 times: what excepts is not kept, and blind */
    } cases[] = {
        {"delete ", "the review", POLICY_BLOCK, POLICY_BLOCK},
        {"review ", "delete the review", POLICY_BLOCK, POLICY_BLOCK},
        {"delete. review. ", "delete the review", POLICY_BLOCK, POLICY_BLOCK},
        {"delete. ", "the end", POLICY_ALLOW, POLICY_ALLOW},
        {"12 and ", "code 5", POLICY_BLOCK, POLICY_BLOCK},
        {"12 and ", "cold 5", POLICY_ALLOW, POLICY_ALLOW},
        {"5 eur, ", "bonus of 5 eur", POLICY_BLOCK, POLICY_BLOCK},
        {"5 eur, ", "bonds of 5 eur", POLICY_ALLOW, POLICY_ALLOW},
        {"santa. ", "the secret", POLICY_BLOCK, POLICY_BLOCK},
        {"santa. ", "secret santa", POLICY_ALLOW, POLICY_BLOCK},
        {"secret santa. ", "that is all", POLICY_ALLOW, POLICY_ALLOW},
    };
    static const size_t sizes[] = {70, 700, 7000, 40000};
    struct policy *policy = policy_of(
        BLOCK("  phrases:\n    delete .. review\n    code <digits>\n    bonus .. <money>\n"
              "    secret (santa|)\n  except:\n    santa\n  hits:\n    delete the review\n"));
    struct policy_worker *worker = policy_worker_new(policy);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (size_t j = 0; j < COUNT_OF(sizes); j++)
            if (verdict_of(worker, cases[i].piece, sizes[j], cases[i].end) !=
                (sizes[j] < 40000 ? cases[i].mode : cases[i].flooded))
                fail_msg("%zu bytes of \"%s\", then \"%s\"", sizes[j], cases[i].piece,
                         cases[i].end);
    policy_worker_free(worker);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_whole),
        cmocka_unit_test(parts_stand_in_order),
        cmocka_unit_test(alternatives_may_begin_alike),
        cmocka_unit_test(findings_that_touch_are_one),
        cmocka_unit_test(nothing_is_lost_behind_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
