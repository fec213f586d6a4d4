/* The model of wordings: its points, its passages, what it sees, and models that are refused. */
#include "test_policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MODEL "rules r\nbias -20\nspare 0\ngate -1000\nscale 10000\nfloor -30\n"
#define RULE(lines) "language: any\nrule r\n" DECLARED("block") "  scan wording\n" lines

static struct policy *policy_with(const char *rules, const char *model)
{
    struct problem problem;
    const struct policy_source sources[] = {{TEXT("test.rules"), text_of(rules)},
                                            {TEXT("test.model"), text_of(model)}};
    struct policy *policy = policy_new(sources, 2, &problem);
    if (policy == NULL)
        fail_msg("%s", problem.detail);
    return policy;
}

struct told {
    const char *text, *passage; /* the first that is found; NULL: the rule does not speak */
    enum policy_from from;
};

static void assert_told(const char *rules, const char *model, const struct told *told, size_t count)
{
    struct policy *policy = policy_with(rules, model);
    struct policy_worker *worker = policy_worker_new(policy);
    for (size_t i = 0; i < count; i++) {
        struct text text = text_of(told[i].text);
        const struct policy_message message = {.text = text, .from = told[i].from};
        const struct policy_verdict *verdict = policy_judge(worker, &message);
        if ((verdict->finding_count > 0) != (told[i].passage != NULL))
            fail_msg("\"%s\": %zu findings", told[i].text, verdict->finding_count);
        if (told[i].passage == NULL)
            continue;
        const struct policy_finding *finding = &verdict->findings[0];
        struct text passage = text_slice(text, finding->start, finding->end);
        if (!text_is(passage, told[i].passage))
            fail_msg("\"%s\": found \"%.*s\"", told[i].text, TEXT_ARG(passage));
    }
    policy_worker_free(worker);
    policy_free(policy);
}

/* -20 + 10 * 60 / sqrt(20) = 114; among 37 features it is 79. */
static void words_make_a_rule_speak(void **state)
{
    static const struct told told[] = {
        {"Rethink", "Rethink", POLICY_FROM_SELLER},
        {"please rethink that", "rethink", POLICY_FROM_SELLER},
        {"please rethink the lamp that we sent you last week in a box", NULL, POLICY_FROM_SELLER},
        {"rethinking", NULL, POLICY_FROM_SELLER},
        {"ﬁve ＲＥＴＨＩＮＫ", "ＲＥＴＨＩＮＫ", POLICY_FROM_SELLER},
        {"", NULL, POLICY_FROM_SELLER},
    };
    (void)state;
    assert_told(RULE(""), MODEL "w:rethink\t60\n", told, COUNT_OF(told));
}

static void each_kind_of_feature_counts(void **state)
{
    static const struct told told[] = {
        {"you pay 42 now", "42", POLICY_FROM_UNKNOWN},
        {"you pay 7 now", NULL, POLICY_FROM_UNKNOWN},
        {"considered", "considered", POLICY_FROM_UNKNOWN},
        {"taken downwards", "taken downwards", POLICY_FROM_UNKNOWN},
        {"down, taken", NULL, POLICY_FROM_UNKNOWN},
        {"麻烦您撤下来", "撤下来", POLICY_FROM_UNKNOWN},
        {"下撤来", NULL, POLICY_FROM_UNKNOWN},
        {"sure, 42 it is", "42", POLICY_FROM_UNKNOWN},
        {"sure, 42 it is", NULL, POLICY_FROM_BUYER},
    };
    (void)state;
    assert_told(RULE(""),
                MODEL "w:00\t60\np:cons\t60\nb:take down\t60\nc:撤下来\t60\nf:buyer\t-60\n", told,
                COUNT_OF(told));
}

/* The model's 50 and a phrase's 50; against the words a phrase of 100 does not speak, one of 130
 * does, and what a scanner finds does. */
static void points_add_up(void **state)
{
    static const char rules[] = RULE("  scan email\n"
                                     "  phrases 50:\n    discount\n"
                                     "  phrases:\n    pay me\n"
                                     "  phrases 130:\n    hotline\n"
                                     "  hits:\n    hotline\n");
    static const struct told told[] = {
        {"discount", NULL, POLICY_FROM_UNKNOWN},
        {"quietly, discount", "quietly", POLICY_FROM_UNKNOWN},
        {"quietly", NULL, POLICY_FROM_UNKNOWN},
        {"pay me", "pay me", POLICY_FROM_UNKNOWN},
        {"warranty: pay me", NULL, POLICY_FROM_UNKNOWN},
        {"warranty hotline", "hotline", POLICY_FROM_UNKNOWN},
        {"warranty: ann@shop.example", "ann@shop.example", POLICY_FROM_UNKNOWN},
    };
    (void)state;
    assert_told(rules,
                "rules r\nbias 0\nspare 0\ngate -1000\nscale 10000\nfloor "
                "-30\nw:quietly\t25\nw:warranty\t-9\n",
                told, COUNT_OF(told));
}

/* What is spared is not taken: a phrase of 100 goes on speaking until more speaks against it. */
static void some_rules_are_spared(void **state)
{
    static const struct told told[] = {
        {"you fool, about the warranty", "fool", POLICY_FROM_UNKNOWN},
        {"you fool, about the lamp", NULL, POLICY_FROM_UNKNOWN},
    };
    (void)state;
    assert_told(RULE("  phrases:\n    fool\n  hits:\n    fool\n"),
                "rules r\nbias 0\nspare 30\ngate -1000\nscale 10000\nfloor -30\n"
                "w:warranty\t-12\nw:lamp\t-30\n",
                told, COUNT_OF(told));
}

/*
 * Phrases of a rule that must be likely are not looked for where the words speak clearly against
 * it; nor are their exceptions. Other phrases with the same words are, and their exceptions.
 */
static void what_is_not_likely_is_not_looked_for(void **state)
{
    static const char rules[] = "language: any\nrule r\n" DECLARED(
        "block") "  scan wording\n"
                 "rule r\n  version: 1\n  when: likely\n"
                 "  phrases 200:\n    pay (me|him)\n    hard cash\n    <digits> coins\n"
                 "  except:\n    do not pay me\n"
                 "  unless:\n    a joke\n"
                 "  hits:\n    pay me\n"
                 "rule r\n  version: 1\n  when: likely\n"
                 "  phrases 200:\n    bank transfer\n"
                 "  with:\n    today\n"
                 "  hits:\n    bank transfer today\n"
                 "rule r\n  version: 1\n"
                 "  phrases 200:\n    pay her\n    <digits> notes\n    coins please\n"
                 "  except:\n    do not pay her\n    hard coins please\n"
                 "  phrases 200 when likely:\n    a cheque\n"
                 "  hits:\n    pay her\n";
    static const struct told told[] = {
        {"pay me", "pay me", POLICY_FROM_UNKNOWN},
        {"do not pay me", NULL, POLICY_FROM_UNKNOWN},
        {"a joke: pay me", NULL, POLICY_FROM_UNKNOWN},
        {"bank transfer", NULL, POLICY_FROM_UNKNOWN},
        {"bank transfer today", "bank transfer", POLICY_FROM_UNKNOWN},
        {"lamp, pay me", "pay me", POLICY_FROM_UNKNOWN},
        {"warranty: pay me", NULL, POLICY_FROM_UNKNOWN},
        {"warranty: pay her", "pay her", POLICY_FROM_UNKNOWN},
        {"warranty: do not pay her", NULL, POLICY_FROM_UNKNOWN},
        {"hard cash", "hard cash", POLICY_FROM_UNKNOWN},
        {"warranty, hard cash", NULL, POLICY_FROM_UNKNOWN},
        {"1200 coins", "1200 coins", POLICY_FROM_UNKNOWN},
        {"warranty, 1200 coins", NULL, POLICY_FROM_UNKNOWN},
        {"warranty, 1200 notes", "1200 notes", POLICY_FROM_UNKNOWN},
        {"warranty, coins please", "coins please", POLICY_FROM_UNKNOWN},
        {"warranty, hard coins please", NULL, POLICY_FROM_UNKNOWN},
        {"a cheque", "a cheque", POLICY_FROM_UNKNOWN},
        {"warranty, a cheque", NULL, POLICY_FROM_UNKNOWN},
    };
    (void)state;
    assert_told(rules,
                "rules r\nbias 0\nspare 0\ngate -90\nscale 10000\nfloor -30\n"
                "w:warranty\t-60\nw:lamp\t-20\n",
                told, COUNT_OF(told));
}

/* The phrase is behind a gate that "warranty" closes. */
#define GATED                                                                                      \
    RULE("")                                                                                       \
    "rule r\n  version: 1\n  when: likely\n  phrases 200:\n    pay me\n  hits:\n    pay me\n"
#define GATING_MODEL                                                                               \
    "rules r\nbias 0\nspare 0\ngate -90\nscale 10000\nfloor -30\nw:warranty\t-300\n"

/* Sixty features are one passage; behind it others are asked, too, that nothing speaks against. */
static void each_passage_is_asked(void **state)
{
    struct policy *policy = policy_with(GATED, GATING_MODEL);
    struct policy_worker *worker = policy_worker_new(policy);
    struct buffer text;
    (void)state;
    buffer_init(&text);
    buffer_string(&text, "warranty: pay me");
    for (size_t words = 3; words <= 50; words++) { /* each has two features */
        const struct policy_message message = {.text = buffer_view(&text)};
        assert_int_equal(policy_judge(worker, &message)->finding_count, words > 30);
        buffer_string(&text, " lamp");
    }
    buffer_done(&text);
    policy_worker_free(worker);
    policy_free(policy);
}

/* 10 * 100 / sqrt(60) = 129 less 30 does not speak, 10 * 130 / sqrt(60) = 168 less 30 does. */
static void a_passage_speaks_among_ordinary_ones(void **state)
{
    static const char model[] = "rules r\nbias 0\nspare 0\ngate -90\nscale 10000\nfloor -30\n"
                                "w:rethink\t100\nw:recant\t130\n";
    struct buffer quiet, loud;
    (void)state;
    buffer_init(&quiet);
    buffer_init(&loud);
    buffer_string(&quiet, "rethink");
    buffer_string(&loud, "recant");
    for (size_t words = 0; words < 300; words++) {
        buffer_string(&quiet, words < 5 ? " rethink" : " lamp"); /* each word counts once */
        buffer_string(&loud, " lamp");
    }
    buffer_char(&quiet, '\0');
    buffer_char(&loud, '\0');
    const struct told told[] = {{quiet.bytes, NULL, POLICY_FROM_UNKNOWN},
                                {loud.bytes, "recant", POLICY_FROM_UNKNOWN}};
    assert_told(RULE(""), model, told, COUNT_OF(told));
    buffer_done(&quiet);
    buffer_done(&loud);
}

/* What is not read is spoken against by nobody: phrases are looked for there. */
static void behind_what_is_read_all_is_looked_for(void **state)
{
    struct policy *policy = policy_with(GATED, GATING_MODEL);
    struct policy_worker *worker = policy_worker_new(policy);
    struct buffer text;
    (void)state;
    buffer_init(&text);
    for (size_t words = 0; words < 9000; words++)
        buffer_string(&text, "warranty ");
    buffer_string(&text, "pay me");
    const struct policy_message message = {.text = buffer_view(&text)};
    assert_int_equal(policy_judge(worker, &message)->finding_count, 1);
    buffer_done(&text);
    policy_worker_free(worker);
    policy_free(policy);
}

/* Where the gate is closed, its texts are not even searched. */
static void a_closed_gate_saves_work(void **state)
{
    struct policy *policy = policy_with(GATED, GATING_MODEL);
    struct policy_worker *worker = policy_worker_new(policy);
    const struct policy_message closed = {.text = TEXT("warranty of a lamp")};
    const struct policy_message open = {.text = TEXT("somebody of a lamp")};
    (void)state;
    uint64_t work = policy_judge(worker, &closed)->work;
    assert_true(policy_judge(worker, &open)->work >= work + open.text.length);
    policy_worker_free(worker);
    policy_free(policy);
}

/* Without a model everything is likely. */
static void without_a_model_all_is_likely(void **state)
{
    struct policy *policy = policy_of(
        "language: any\nrule r\n" DECLARED("block") "  when: likely\n  phrases:\n    pay me\n"
                                                    "  hits:\n    warranty: pay me\n");
    (void)state;
    policy_free(policy);
}

/* Two rules that the words speak for: the one that is far behind says nothing; not if the first is
 * in shadow. */
static void the_best_rule_speaks(void **state)
{
    static const char model[] =
        "rules a b\nbias 0 0\nspare 0 0\ngate -1000 -1000\nscale 10000\nfloor -30\n"
        "w:rethink\t90 50\nw:recant\t90 88\n";
    static const struct {
        const char *mode, *text;
        size_t findings;
    } cases[] = {
        {"block", "rethink", 1},
        {"block", "recant", 2},
        {"shadow", "rethink", 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buffer rules;
        buffer_init(&rules);
        buffer_format(
            &rules,
            "language: any\nrule a\n" DECLARED("%s") "  scan wording\n"
                                                     "rule b\n" DECLARED("warn") "  scan wording\n",
            cases[i].mode);
        buffer_char(&rules, '\0');
        struct policy *policy = policy_with(rules.bytes, model);
        struct policy_worker *worker = policy_worker_new(policy);
        const struct policy_message message = {.text = text_of(cases[i].text)};
        assert_int_equal(policy_judge(worker, &message)->finding_count, cases[i].findings);
        policy_worker_free(worker);
        policy_free(policy);
        buffer_done(&rules);
    }
}

/* Whatever weighs most: a rule that has its points shows something. */
static void a_rule_that_speaks_shows_something(void **state)
{
    static const struct told told[] = {
        {"rethink", "rethink", POLICY_FROM_UNKNOWN},
        {"good morning", "good morning", POLICY_FROM_BUYER},
        {"", NULL, POLICY_FROM_BUYER},
    };
    (void)state;
    assert_told(RULE(""), MODEL "w:rethink\t160\np:reth\t-80\nf:buyer\t100\n", told,
                COUNT_OF(told));
}

static void a_model_that_nobody_asks_says_nothing(void **state)
{
    static const struct told told[] = {{"rethink", NULL, POLICY_FROM_UNKNOWN}};
    (void)state;
    assert_told("language: any\nrule r\n" DECLARED("block"), MODEL "w:rethink\t99\n", told, 1);
}

static void in_shadow_it_is_counted(void **state)
{
    struct policy *policy = policy_with(
        "language: any\nrule r\n" DECLARED("shadow") "  scan wording\n", MODEL "w:rethink\t60\n");
    struct policy_worker *worker = policy_worker_new(policy);
    const struct policy_message message = {.text = TEXT("rethink")};
    (void)state;
    assert_int_equal(policy_judge(worker, &message)->verdict, POLICY_ALLOW);
    assert_int_equal(policy_rule_facts(policy, 0).shadowed, 1);
    assert_int_equal(policy_rule_facts(policy, 0).spoken, 0);
    policy_worker_free(worker);
    policy_free(policy);
}

static void what_it_sees_is_written(void **state)
{
    static const struct {
        const char *text, *features;
    } cases[] = {
        {"Take 230, please!", "f:seller\nw:take\nb:take 000\nw:000\nb:000 plea\nw:please\n"
                              "p:plea\nb:plea !\nw:!\n"},
        {"删好评", "f:seller\nc:删\nc:删好\nc:删好评\nc:好\nc:好评\nc:评\n"},
        {"ok 好", "f:seller\nw:ok\nc:好\n"},
        {"", "f:seller\n"},
    };
    struct policy *policy = policy_of("language: any\nrule r\n" DECLARED("block"));
    struct policy_worker *worker = policy_worker_new(policy);
    struct buffer out;
    (void)state;
    buffer_init(&out);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct policy_message message = {.text = text_of(cases[i].text),
                                               .from = POLICY_FROM_SELLER};
        buffer_clear(&out);
        policy_features(worker, &message, &out);
        if (!text_is(buffer_view(&out), cases[i].features))
            fail_msg("\"%s\": %.*s", cases[i].text, TEXT_ARG(buffer_view(&out)));
    }
    buffer_done(&out);
    policy_worker_free(worker);
    policy_free(policy);
}

/* Each feature that is written is one that is weighed: a model of all of them gives the sum. */
static void what_is_written_is_what_is_weighed(void **state)
{
    static const char text[] = "Пересмотрите оценку, я верну 500! 请删除 pérdida どうぞ ok?";
    struct policy *policy = policy_of("language: any\nrule r\n" DECLARED("block"));
    struct policy_worker *worker = policy_worker_new(policy);
    const struct policy_message message = {.text = text_of(text)};
    struct buffer features, model;
    size_t count = 0;
    (void)state;
    buffer_init(&features);
    buffer_init(&model);
    policy_features(worker, &message, &features);
    policy_worker_free(worker);
    policy_free(policy);
    for (size_t i = 0; i < features.length; i++)
        count += features.bytes[i] == '\n';
    /* scale * count / sqrt(count) is just 100, so that none may be missing. */
    buffer_format(&model, "rules r\nbias 0\nspare 0\ngate -1000\nscale %.0f\nfloor 0\n",
                  ceil(100000 / sqrt((double)count)));
    for (struct text rest = buffer_view(&features); rest.length > 0;) {
        struct text feature = text_cut(&rest, '\n');
        buffer_format(&model, "%.*s\t1\n", TEXT_ARG(feature));
    }
    buffer_char(&model, '\0');
    policy =
        policy_with("language: any\nrule r\n" DECLARED("warn") "  scan wording\n", model.bytes);
    worker = policy_worker_new(policy);
    assert_true(count > 20);
    assert_int_equal(policy_judge(worker, &message)->score, 100);
    policy_worker_free(worker);
    policy_free(policy);
    buffer_done(&features);
    buffer_done(&model);
}

static void a_wrong_model_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *model, *detail;
    } cases[] = {
        {"", "test.model:0: rules, bias, spare, gate, scale and floor are needed"},
        {"rules r\nbias 1\nspare 0\ngate -1000\nscale 1\n",
         "test.model:5: rules, bias, spare, gate, scale and floor are needed"},
        {"rules r\nspare 0\n",
         "test.model:2: rules, bias, spare, gate, scale and floor stand once, in this order"},
        {"rules r\nrules r\n",
         "test.model:2: rules, bias, spare, gate, scale and floor stand once, in this order"},
        {"rules r r\n", "test.model:1: each rule is named once"},
        {"rules \n", "test.model:1: the ids of rules are missing"},
        {"rules a b c d e f g h i j k l m n o p q\n", "test.model:1: there are too many rules"},
        {"rules r\nbias one\n", "test.model:2: a whole number for each rule is needed"},
        {"rules r\nbias 1 2\n", "test.model:2: there are more numbers than rules"},
        {"rules r\nbias 1\nspare -1\n",
         "test.model:3: a whole number from 0 on for each rule is needed"},
        {"rules r\nbias 1\nspare 0\ngate x\n",
         "test.model:4: a whole number for each rule is needed"},
        {"rules r\nbias 1\nspare 0\ngate -1000\nscale 0\n",
         "test.model:5: the scale is a whole number from 1 on"},
        {"rules r\nbias 1\nspare 0\ngate -1000\nscale 5\nfloor 5\n",
         "test.model:6: the floor is a whole number, 0 or less"},
        {"rules r\nbias 1\nspare 0\ngate -1000\nscale 5\nfloor -5 x\n",
         "test.model:6: the floor is a whole number, 0 or less"},
        {"w:word\t1\n", "test.model:1: rules, bias, spare, gate, scale and floor come first"},
        {"hello\n", "test.model:1: a line is one of rules, bias, spare, gate, scale and floor, or "
                    "a feature and its weights"},
        {MODEL "x:word\t1\n",
         "test.model:7: a feature is \"w:word\", \"p:\", \"b:\", \"c:\" or \"f:\""},
        {MODEL "w:word\t501\n", "test.model:7: a weight from -500 to 500 for each rule is needed"},
        {MODEL "w:word\t1 2\n", "test.model:7: there are more weights than rules"},
        {"rules other\nbias 0\nspare 0\ngate -1000\nscale 1\nfloor 0\n",
         "test.rules:16: the model knows nothing of this rule"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct problem problem;
        const struct policy_source sources[] = {{TEXT("test.rules"), text_of(RULE(""))},
                                                {TEXT("test.model"), text_of(cases[i].model)}};
        assert_null(policy_new(sources, 2, &problem));
        assert_int_equal(problem.code, PROBLEM_RULES_INVALID);
        assert_string_equal(problem.detail, cases[i].detail);
    }
}

/* What a line "scan wording" cannot be, with a model or without. */
static void rules_ask_for_what_it_can_give(void **state)
{
    static const struct {
        const char *lines, *detail;
    } cases[] = {
        {"  scan wording 50\n", "test.rules:16: the model gives its own points: \"50\""},
        {"  scan wording\n  unless:\n    thanks\n",
         "test.rules:16: except, unless and with say nothing to the model: put \"scan wording\" "
         "into a block of its own"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buffer rules;
        buffer_init(&rules);
        buffer_format(&rules, "language: any\nrule r\n" DECLARED("block") "%s", cases[i].lines);
        buffer_char(&rules, '\0');
        assert_refused_with(rules.bytes, cases[i].detail);
        buffer_done(&rules);
    }
}

/* The line is the one that asks, and not the rule's first. */
static void a_rule_that_the_model_does_not_know_is_never_likely(void **state)
{
    struct problem problem;
    const struct policy_source sources[] = {
        {TEXT("test.rules"), TEXT(RULE("") "rule other\n" DECLARED("block"))},
        {TEXT("more.rules"), TEXT("language: en\nrule other\n  version: 1\n  when: likely\n")},
        {TEXT("test.model"), TEXT(MODEL)}};
    (void)state;
    assert_null(policy_new(sources, 3, &problem));
    assert_string_equal(problem.detail,
                        "more.rules:4: rule other: \"likely\" says nothing to a model "
                        "that does not know the rule");
}

static void two_models_are_one_too_many(void **state)
{
    struct problem problem;
    const struct policy_source sources[] = {{TEXT("test.rules"), text_of(RULE(""))},
                                            {TEXT("a.model"), TEXT(MODEL)},
                                            {TEXT("b.model"), TEXT(MODEL)}};
    (void)state;
    assert_null(policy_new(sources, 3, &problem));
    assert_string_equal(problem.detail, "b.model:1: there is a model already");
}

static void add_character(struct buffer *text, unsigned point)
{
    buffer_char(text, (char)(0xE0 | point >> 12));
    buffer_char(text, (char)(0x80 | (point >> 6 & 0x3F)));
    buffer_char(text, (char)(0x80 | (point & 0x3F)));
}

/* As many features of one step as there can be, each with the largest weight: no sum runs over. */
static void the_largest_weights_add_up(void **state)
{
    static const char *const signs[] = {"-", ""};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        struct buffer model, text;
        buffer_init(&model);
        buffer_init(&text);
        buffer_string(&model, "rules r\nbias 0\nspare 0\ngate -1000\nscale 1000\nfloor -30\n");
        for (unsigned character = 0x4E00; character < 0x4E00 + 130; character++)
            add_character(&text, character);
        for (size_t at = 0; at < text.length; at += 3)
            for (size_t length = 3; length <= 9 && at + length <= text.length; length += 3)
                buffer_format(&model, "c:%.*s\t%s500\n", (int)length, text.bytes + at, signs[i]);
        buffer_char(&model, '\0');
        struct policy *policy = policy_with(RULE(""), model.bytes);
        struct policy_worker *worker = policy_worker_new(policy);
        const struct policy_message message = {.text = buffer_view(&text)};
        assert_int_equal(policy_judge(worker, &message)->finding_count > 0, signs[i][0] == 0);
        policy_worker_free(worker);
        policy_free(policy);
        buffer_done(&model);
        buffer_done(&text);
    }
}

/* Eight bytes are looked at at a time, and any of them may be a digit. */
static void digits_are_alike_wherever_they_stand(void **state)
{
    static const struct told told[] = {
        {"12bcdefg34jklmnop56", "12bcdefg34jklmnop56", POLICY_FROM_SELLER},
        {"90bcdefg09jklmnop78", "90bcdefg09jklmnop78", POLICY_FROM_SELLER},
        {"90bcdefgxxjklmnop78", NULL, POLICY_FROM_SELLER},
        {"90bcdefg09jklmnop", NULL, POLICY_FROM_SELLER},
        {"90bcdefg09jklmnop789", NULL, POLICY_FROM_SELLER},
        {"abcdef89", "abcdef89", POLICY_FROM_SELLER},
        {"abcdef", NULL, POLICY_FROM_SELLER},
    };
    (void)state;
    assert_told(RULE(""), MODEL "w:55bcdefg55jklmnop55\t60\nw:abcdef11\t60\n", told,
                COUNT_OF(told));
}

/* However long a message is, and whatever stands in it. */
static void its_work_is_bounded(void **state)
{
    static const char *const units[] = {"rethink ", "删", "a", "!"};
    struct policy *policy = policy_with(RULE(""), MODEL "w:rethink\t14\nc:删\t9\nw:!\t3\n");
    struct policy_worker *worker = policy_worker_new(policy);
    struct buffer text;
    (void)state;
    buffer_init(&text);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        buffer_clear(&text);
        while (text.length + strlen(units[i]) <= POLICY_TEXT_MAX)
            buffer_string(&text, units[i]);
        const struct policy_message message = {.text = buffer_view(&text)};
        assert_true(policy_judge(worker, &message)->work < 64 * (uint64_t)text.length);
    }
    buffer_done(&text);
    policy_worker_free(worker);
    policy_free(policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_make_a_rule_speak),
        cmocka_unit_test(each_kind_of_feature_counts),
        cmocka_unit_test(points_add_up),
        cmocka_unit_test(some_rules_are_spared),
        cmocka_unit_test(what_is_not_likely_is_not_looked_for),
        cmocka_unit_test(each_passage_is_asked),
        cmocka_unit_test(a_passage_speaks_among_ordinary_ones),
        cmocka_unit_test(behind_what_is_read_all_is_looked_for),
        cmocka_unit_test(a_closed_gate_saves_work),
        cmocka_unit_test(without_a_model_all_is_likely),
        cmocka_unit_test(the_best_rule_speaks),
        cmocka_unit_test(a_rule_that_speaks_shows_something),
        cmocka_unit_test(a_model_that_nobody_asks_says_nothing),
        cmocka_unit_test(in_shadow_it_is_counted),
        cmocka_unit_test(what_it_sees_is_written),
        cmocka_unit_test(what_is_written_is_what_is_weighed),
        cmocka_unit_test(a_wrong_model_is_refused_with_its_line),
        cmocka_unit_test(rules_ask_for_what_it_can_give),
        cmocka_unit_test(a_rule_that_the_model_does_not_know_is_never_likely),
        cmocka_unit_test(two_models_are_one_too_many),
        cmocka_unit_test(the_largest_weights_add_up),
        cmocka_unit_test(digits_are_alike_wherever_they_stand),
        cmocka_unit_test(its_work_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
