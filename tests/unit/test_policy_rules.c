/* Rule files: what a phrase finds, what a file is refused for, and what its conditions do. */
#include "test_policy.h"

#include <string.h>

static const struct policy_verdict *judge(struct policy_worker *worker, const char *text)
{
    struct policy_message message = {.text = text_of(text), .from = POLICY_FROM_SELLER};
    return policy_judge(worker, &message);
}

static const struct {
    const char *phrase, *text, *found; /* NULL: nothing */
} phrase_cases[] = {
    {"telegram", "my TELEGRAM here", "TELEGRAM"},
    {"telegram", "telegrams", NULL},
    {"line", "online", NULL},
    {"line", "my line!", "line"},
    {"line", "加line吧", "line"},
    {"отзыв*", "ваши отзывами", "отзывами"},
    {"отзыв*", "подотзыв", NULL},
    {"*gram", "write in instagram", "instagram"},
    {"write me", "write, me", "write, me"},
    {"write me", "writeme", NULL},
    {"write me", "write to me", NULL},
    {"write (to|) me", "write to me", "write to me"},
    {"write (to|) me", "write me", "write me"},
    {"(please|) call (me|)", "call", "call"},
    {"(please|) call (me|)", "please call me", "please call me"},
    {"delete .. review", "delete the bad review", "delete the bad review"},
    {"delete .. review", "delete it. The review", NULL},
    {"delete .. review", "delete it? review", NULL},
    {"delete .. review", "undelete review", NULL},
    {"delete ... review", "delete, if you are so kind, your whole long review",
     "delete, if you are so kind, your whole long review"},
    {"e-mail", "send an email", "email"},
    {"e-mail", "send an e mail", "e mail"},
    {"加..微信", "加一下我的微信", "加一下我的微信"},
    {"加微信", "加 微 信", "加 微 信"},
    {"加微信", "加微-信", "加微-信"},
    {"ライン交換", "らいん交換", "らいん交換"},
    {"call <number>", "call 55 01-42", "55 01-42"},
    {"call <number>", "call 5501", NULL},
    {"refund <money>", "refund 1 500 руб now", "1 500 руб"},
    {"refund <money>", "refund $20", "$20"},
    {"refund <money>", "refund us$ 20.50 now", "us$ 20.50"},
    {"refund <money>", "refund 20 rubles", "20 rubles"},
    {"refund <money>", "refund 20р", "20р"},
    {"refund <money>", "refund 20 euros", "20 euros"},
    {"refund <money>", "refund 20 €", "20 €"},
    {"refund <money>", "refund 20 евро", "20 евро"},
    {"refund <money>", "refund 20 usd", "20 usd"},
    {"refund <money>", "refund 20 cny", "20 cny"},
    {"refund <money>", "refund 20 rmb", "20 rmb"},
    {"refund <money>", "refund 2,000 jpy", "2,000 jpy"},
    {"refund <money>", "refund 200 mxn", "200 mxn"},
    {"refund <money>", "refund 20 dolares", "20 dolares"},
    {"refund <money>", "refund 200 pesos", "200 pesos"},
    {"refund <money>", "refund 20 bucks", "20 bucks"},
    {"refund <money>", "refund 20 pounds", "20 pounds"},
    {"refund <money>", "refund £20", "20"},
    {"refund <money>", "refund 20 cents", "20 cents"},
    {"refund <money>", "refund 20 yuan", "20 yuan"},
    {"refund <money>", "refund 2000 yen", "2000 yen"},
    {"refund <money>", "refund 20块", "20块"},
    {"refund <money>", "refund 2000円", "2000円"},
    {"refund <money>", "refund 2000えん", "2000えん"},
    {"refund <money>", "refund 20%", "20%"},
    {"refund <money>", "refund 20元", "20元"},
    {"refund <money>", "refund 20 days", NULL},
    {"id <name>", "id: petya_77", "petya_77"},
    {"50\\% off", "now 50% off", "50% off"},
};

static void phrases_find(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(phrase_cases); i++) {
        struct buffer content;
        struct problem problem;
        buffer_init(&content);
        buffer_format(&content,
                      "language: any\nrule t\n" DECLARED("warn") "  phrases:\n    %s\n"
                                                                 "  hits:\n    x\n",
                      phrase_cases[i].phrase);
        const struct policy_source source = {TEXT("t"), buffer_view(&content)};
        struct policy *policy = policy_new_untested(&source, 1, &problem);
        if (policy == NULL)
            fail_msg("%s: %s", phrase_cases[i].phrase, problem.detail);
        struct policy_worker *worker = policy_worker_new(policy);
        const struct policy_verdict *verdict = judge(worker, phrase_cases[i].text);
        bool found = verdict->finding_count == 1;
        struct text text = text_of(phrase_cases[i].text);
        if (found)
            text = text_slice(text, verdict->findings[0].start, verdict->findings[0].end);
        if (found != (phrase_cases[i].found != NULL) ||
            (found && memmem(text.bytes, text.length, phrase_cases[i].found,
                             strlen(phrase_cases[i].found)) == NULL))
            fail_msg("\"%s\" in \"%s\": %s %.*s", phrase_cases[i].phrase, phrase_cases[i].text,
                     found ? "found" : "not found", TEXT_ARG(text));
        policy_worker_free(worker);
        policy_free(policy);
        buffer_done(&content);
    }
}

static void mistakes_have_a_place(void **state)
{
    static const struct {
        const char *content, *detail;
    } cases[] = {
        {"rule a\n", "test.rules:1: a line \"language: …\" must stand above the first rule: \"a\""},
        {"language: any\nrule A\n",
         "test.rules:2: an id has only a-z, 0-9, \".\", \"-\" and \"_\": \"A\""},
        {"language: any\nrule a\n  mode: warn\n",
         "test.rules:2: a block needs a line \"version: …\": \"a\""},
        {"language: any\nrule a\n  version: 1\n", "test.rules:2: rule a needs a line \"mode: …\""},
        {"language: any\nrule a\n  version: 1\n  mode: off\n",
         "test.rules:4: a mode is shadow, warn, hold or block: \"off\""},
        {"language: any\nrule a\n  version: 0\n",
         "test.rules:3: a number from 1 on is needed: \"0\""},
        {"language: any\nrule a\n  version: 1\n  colour: red\n",
         "test.rules:4: nothing is called so in a rule: \"colour\""},
        {"language: any\nrule a\n  version: 1\n  hitz:\n",
         "test.rules:4: nothing is called so in a rule: \"hitz\""},
        {"language: any\nrule a\n  version: 1\n  a: b\n",
         "test.rules:4: nothing is called so in a rule: \"a\""},
        {"", "test.rules:0: there is no rule in it"},
        {"# rule a\nlanguage: any\n", "test.rules:0: there is no rule in it"},
        {"language: any\nrule a\n  version: 1\n  phrases:\n    a ..\n",
         "test.rules:5: a phrase may not begin or end with a gap: \"a ..\""},
        {"language: any\nrule a\n  version: 1\n  phrases:\n    (a|b\n",
         "test.rules:5: a bracket is not closed: \"(a|b\""},
        {"language: any\nrule a\n  version: 1\n  phrases:\n    {b}\n",
         "test.rules:5: no list of words of this name stands above: \"b\""},
        {"language: any\nrule a\n  version: 1\n  phrases:\n    <phone>\n",
         "test.rules:5: there is no such token: \"phone\""},
        {"language: any\nrule a\n  version: 1\n  phrases 500:\n    b\n",
         "test.rules:4: points are a number from 1 to 200: \"500\""},
        {"language: any\nrule a\n  version: 1\n  when: stars < 3\n",
         "test.rules:4: there is no such condition: \"stars < 3\""},
        {"language: any\nrule a\n  version: 1\n  scan fax\n",
         "test.rules:4: there is no such scanner: \"fax\""},
        {"language: any\nrule a\n" DECLARED("warn") "  phrases:\n    b\n",
         "test.rules:2: a block with phrases needs an example under \"hits:\": \"a\""},
        {"language: any\nrule a\n" DECLARED("warn") "  phrases:\n    b\n  hits:\n    c\n",
         "test.rules:19: rule a must hit this example and does not: \"c\""},
        {"language: any\nrule a\n" DECLARED("warn") "  phrases:\n    b\n  hits:\n    b\n"
                                                    "  misses:\n    a b c\n",
         "test.rules:21: rule a must not hit this example: \"a b c\""},
        {"language: any\nrule a\n" DECLARED(
             "warn") "  phrases:\n    b\n  hits:\n    [colour red] b\n",
         "test.rules:19: rule a has an example with a note that is not known: \"colour red\""},
        {"  phrases:\n", "test.rules:1: an indented line belongs to a rule, and none stands above: "
                         "\"phrases:\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_refused_with(cases[i].content, cases[i].detail);
}

static void editors_may_mark_a_file_as_utf_8(void **state)
{
    struct policy *policy = policy_of("\xef\xbb\xbflanguage: any\r\nrule r\n" DECLARED(
        "warn") "  phrases:\n    bad\n  hits:\n    bad\n");
    (void)state;
    policy_free(policy);
}

static void all_of_a_rule_is_explained(void **state)
{
    static const char *const parts[] = {
        "r: warn",
        "clause: ",
        "100  bad",
        "except: bad luck",
        "unless: not so bad",
        "with: day",
        "must hit: [seller, stars 1] bad day",
        "must not: bad luck day",
    };
    struct policy *policy = policy_of("language: any\nrule r\n" DECLARED(
        "warn") "  phrases:\n    bad\n"
                "  except:\n    bad luck\n  unless:\n    not so bad\n  with:\n    day\n"
                "  hits:\n    [seller, stars 1] bad day\n  misses:\n    bad luck day\n");
    struct buffer told;
    (void)state;
    buffer_init(&told);
    assert_true(policy_explain(policy, TEXT("r"), &told));
    buffer_char(&told, '\0');
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (strstr(told.bytes, parts[i]) == NULL)
            fail_msg("\"%s\" is missing in: %s", parts[i], told.bytes);
    buffer_done(&told);
    policy_free(policy);
}

static void points_add_up_to_a_verdict(void **state)
{
    struct policy *policy = policy_of("language: any\nrule weak\n" DECLARED(
        "hold") "  phrases 50:\n    one\n    two\n  hits:\n    one two\n"
                "  misses:\n    one one\n"
                "rule sure\n" DECLARED("warn") "  phrases:\n    three\n"
                                               "  hits:\n    three\n");
    struct policy_worker *worker = policy_worker_new(policy);
    (void)state;
    assert_int_equal(judge(worker, "one")->verdict, POLICY_ALLOW);
    assert_int_equal(judge(worker, "three")->verdict, POLICY_WARN);
    const struct policy_verdict *verdict = judge(worker, "two three one");
    assert_int_equal(verdict->verdict, POLICY_HOLD);
    assert_int_equal(verdict->score, 200);
    assert_int_equal(verdict->finding_count, 3);
    assert_string_equal(verdict->findings[0].id, "weak");
    assert_int_equal(verdict->findings[1].start, 4);
    assert_int_equal(verdict->findings[1].end, 9);
    policy_worker_free(worker);
    policy_free(policy);
}

static void company_decides(void **state)
{
    struct policy *policy = policy_of("language: any\nrule r\n" DECLARED(
        "warn") "  phrases:\n    line\n    (fish|dry) line\n"
                "  with:\n    add\n  except:\n    dry line\n  unless:\n    never\n"
                "  hits:\n    add my line\n    never mind. add my line\n"
                "  misses:\n    my line\n    add the dry line\n    never add my line\n");
    (void)state;
    policy_free(policy);
}

static void conditions_decide(void **state)
{
    struct policy *policy = policy_of("language: any\nrule r\n" DECLARED(
        "warn") "  when: from seller and stars <= 3\n"
                "  phrases:\n    hello\n  hits:\n    [seller, stars 3] hello\n"
                "  misses:\n    hello\n    [seller, stars 4] hello\n    [buyer, stars 1] hello\n"
                "rule u\n" DECLARED(
                    "warn") "  when: not quoted\n  phrases 100 when language es:\n    hola\n"
                            "  hits:\n    hola\n    [lang es] hola\n  misses:\n    [lang en] "
                            "hola\n    «hola»\n"
                            "rule s\n" DECLARED(
                                "warn") "  scan message 50 when unanswered >= 3\n"
                                        "  scan message 50 when offers rising\n"
                                        "  hits:\n    [unanswered 3, offers 500] we give 600 руб\n"
                                        "  misses:\n    [unanswered 3, offers 500] we give 400 "
                                        "руб\n"
                                        "    [unanswered 2, offers 500] we give 600 руб\n");
    (void)state;
    policy_free(policy);
}

static void shadow_is_counted_and_changes_nothing(void **state)
{
    struct policy *policy = policy_of("language: any\nrule r\n" DECLARED(
        "block") "  phrases:\n    one\n  hits:\n    one\n"
                 "rule r\n  version: 2\n  mode: shadow\n  phrases:\n    two\n"
                 "  hits:\n    two\n");
    struct policy_worker *worker = policy_worker_new(policy);
    (void)state;
    assert_int_equal(judge(worker, "two two")->verdict, POLICY_ALLOW);
    assert_int_equal(judge(worker, "two")->findings[0].mode, POLICY_SHADOW);
    assert_int_equal(judge(worker, "one")->verdict, POLICY_BLOCK);
    assert_int_equal(policy_rule_facts(policy, 0).shadowed, 2);
    assert_int_equal(policy_rule_facts(policy, 0).spoken, 1);
    policy_worker_free(worker);
    policy_free(policy);
}

static void readers_are_told_in_their_language(void **state)
{
    static const struct {
        const char *wanted, *language;
    } cases[] = {{"ru", "ru"},  {"zh-TW,en;q=0.8", "zh"}, {"fr, es;q=0.5", "es"}, {"", "en"},
                 {"jav", "en"}, {"JA-jp", "ja"}};
    struct policy *policy = policy_of(
        "language: any\nrule r\n" DECLARED("warn") "  phrases:\n    bad\n  hits:\n    bad\n");
    struct policy_worker *worker = policy_worker_new(policy);
    struct buffer reason;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(policy_language_name(policy_language(text_of(cases[i].wanted))),
                            cases[i].language);
    buffer_init(&reason);
    policy_reason(&judge(worker, "so ＢＡＤ!")->findings[0], TEXT("so ＢＡＤ!"), 1, &reason);
    assert_true(text_is(buffer_view(&reason), "«ＢＡＤ» неверно."));
    buffer_clear(&reason);
    assert_true(policy_explain(policy, TEXT("r"), &reason));
    assert_false(policy_explain(policy, TEXT("q"), &reason));
    buffer_done(&reason);
    policy_worker_free(worker);
    policy_free(policy);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(phrases_find),
    cmocka_unit_test(mistakes_have_a_place),
    cmocka_unit_test(editors_may_mark_a_file_as_utf_8),
    cmocka_unit_test(all_of_a_rule_is_explained),
    cmocka_unit_test(points_add_up_to_a_verdict),
    cmocka_unit_test(company_decides),
    cmocka_unit_test(conditions_decide),
    cmocka_unit_test(shadow_is_counted_and_changes_nothing),
    cmocka_unit_test(readers_are_told_in_their_language),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
