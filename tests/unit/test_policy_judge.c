/* The engine: scanners, state from message to message, and bounds that no input breaks. */
#include "test_policy.h"

#include <stdlib.h>
#include <string.h>

#define SCANNER(name, scanners) "rule " name "\n" DECLARED("warn") scanners
#define SCANNERS                                                                                   \
    "language: any\nlinks own:\n  market.example\nlinks messenger:\n  t.me\n" SCANNER(             \
        "phone", "  scan phone\n  scan pieces\n") SCANNER("number", "  scan number\n")             \
        SCANNER("email", "  scan email\n") SCANNER("messenger", "  scan link messenger\n")         \
            SCANNER("link", "  scan link\n") SCANNER("handle", "  scan handle\n")                  \
                SCANNER("card", "  scan card\n") SCANNER("oneword", "  scan oneword\n")

static const struct {
    const char *text, *rule, *found; /* NULL: nothing */
} scanner_cases[] = {
    {"call +7 (916) 123-45-67 now", "phone", "+7 (916) 123-45-67"},
    {"8-916-123-45-67", "phone", "8-916-123-45-67"},
    {"8.9.1.6.1.2.3.4.5.6.7", "phone", "8.9.1.6.1.2.3.4.5.6.7"},
    {"8, 9, 1, 6, 1, 2, 3, 4, 5, 6, 7", "phone", "8, 9, 1, 6, 1, 2, 3, 4, 5, 6, 7"},
    {"8 9l6 l23 45 67 ok", "phone", "8 9l6 l23 45 67"},
    {"восемь девятьсот шестнадцать 123 45 67", "phone", "восемь девятьсот шестнадцать 123 45 67"},
    {"８－９１６－１２３－４５－６７", "phone", "８－９１６－１２３－４５－６７"},
    {"一三八 零零一三 八零零零", "phone", "一三八 零零一三 八零零零"},
    {"〇九〇の一二三四の五六七八", "phone", "九"},
    {"девятьсот шестнадцать, сто двадцать три, сорок пять, шестьдесят семь", "phone", "девятьсот"},
    {"восемь 9три5 ноль0ноль 17 семнадцать", "phone", "9три5"},
    {"нольноль-ноль сорок пять-шестьдесят", "phone", "нольноль"},
    {"text 4-one-5 *** five5five *** 01 sixty", "phone", "five5five"},
    {"nine one six, double five, triple zero, twenty two", "phone", "double five"},
    {"5 times so five five five oh one four two seven eight three", "phone", "five five five oh"},
    {"3 times ok five five five oh one four two seven eight three", "phone", "five five five oh"},
    {"al treintaicuatro, seis cero cero, triple cero y luego 345", "phone", "y luego 345"},
    {"6, luego cinco ceros, después 419", "phone", "6, luego cinco ceros"},
    {"幺三九，四个洞，再七七洞二", "phone", "四个洞"},
    {"090(後ろは全部ゼロ四つ)と1、3、0、7", "phone", "ゼロ四つ"},
    {"まるきゅーまる・まるまるまるまる・にいさんろくはち", "phone", "きゅー"},
    {"8-8OO-OOO-I5-I5", "phone", "8-8OO-OOO-I5-I5"},
    {"O9O-OOOO-3378", "phone", "O9O-OOOO-3378"},
    {"8 9 3 5 - 2 2 2 (без пробелов) 0 0 7 1", "phone", "(без пробелов) 0 0 7 1"},
    {"+7 / 900 / 000 / 12 / 21", "phone", "+7 / 900 / 000 / 12 / 21"},
    {"０８０，００００，７１１６", "phone", "７１１６"},
    {"93 000 00 00", "phone", "93 000 00 00"},
    {"o774512", "phone", "o774512"},
    {"call o77 45 12", "phone", "o77 45 12"},
    {"77 45 12", NULL, NULL},
    {"one two three four five six seven eight", NULL, NULL},
    {"two 36, three 38, four 40 and one 42", NULL, NULL},
    {"сто двадцать три тысячи четыреста пятьдесят шесть", NULL, NULL},
    {"veinte, treinta, cuarenta, cincuenta", NULL, NULL},
    {"order 250-0000000-0091827", NULL, NULL},
    {"ぜろきゅうぜろ いちにさんよん ごろくななはち", "phone", "ぜろきゅうぜろ"},
    {"seis uno dos, tres cuatro cinco, seis siete ocho", "phone", "seis uno dos"},
    {"8📱9📱1📱6📱1📱2📱3📱4📱5📱6📱7", NULL, NULL}, /* a telephone between the digits is words */
    {"8😀9😀1😀6😀1😀2😀3😀4😀5😀6😀7", "phone", "8😀9😀1😀6😀1😀2😀3😀4😀5😀6😀7"},
    {"order 1234567", "number", "1234567"},
    {"on 12.05.2024 and 2024-05-12", NULL, NULL},
    {"sizes 36 37 38 39 40", NULL, NULL},
    {"we sold 1 299 000 of them", NULL, NULL},
    {"at 12:30, 120x200 cm", NULL, NULL},
    {"RB123456785CN", "number", "123456785"},
    {"card 4111 1111 1111 1111", "card", "4111 1111 1111 1111"},
    {"no card 4111 1111 1111 1112", "number", "4111 1111 1111 1112"},
    {"to ivan.petrov+1@mail.example.com please", "email", "ivan.petrov+1@mail.example.com"},
    {"ivan77 собака мейл точка ру", "email", "ivan77 собака мейл точка ру"},
    {"maria arroba gmail punto com", "email", "maria arroba gmail punto com"},
    {"tanaka アットマーク yahoo ドット co.jp", "email", "tanaka アットマーク"},
    {"вязалка27 гав примерпочта ру", "email", "вязалка27 гав примерпочта ру"},
    {"graver (эт) masterskaya-00 (дот) example", "email", "graver (эт) masterskaya-00 (дот"},
    {"qc[at]reidenki[dot]example", "email", "qc[at]reidenki[dot]example"},
    {"nuria(a)example(punto)cat", "email", "nuria(a)example(punto)cat"},
    {"keiri.rei at example.co.jp", "email", "keiri.rei at example.co.jp"},
    {"rocio@ example .com.ar", "email", "rocio@ example .com.ar"},
    {"hayabusa@@example..com", "email", "@@example..com"},
    {"пряжа-тоня точка рф", "link", "пряжа-тоня точка рф"},
    {"tejidoslana punto example", "link", "tejidoslana punto example"},
    {"t(.)me/shop", "messenger", "t(.)me"},
    {"t точка me", "messenger", "t точка me"},
    {"market точка example", NULL, NULL},
    {"a polka dot top", NULL, NULL},
    {"este punto es importante", NULL, NULL},
    {"we meet at noon", NULL, NULL},
    {"见面三点, 六点 com", NULL, NULL},
    {"see t.me/shop", "messenger", "t.me/shop"},
    {"see https://x.market.example/item/5", NULL, NULL},
    {"see https://market.example.evil.com/a", "link", "https://market.example.evil.com/a"},
    {"see notmarket.example.com!", "link", "notmarket.example.com"},
    {"магазин.рф", "link", "магазин.рф"},
    {"It came.it works", NULL, NULL},
    {"see manual.pdf, v1.2.3", NULL, NULL},
    {"I am @petya_77.", "handle", "@petya_77"},
    {"@ 20 % off", NULL, NULL},
    {"ok!", "oneword", "ok!"},
    {"ok, done", NULL, NULL},
};

static void scanners_find(void **state)
{
    struct policy *policy = policy_of(SCANNERS);
    struct policy_worker *worker = policy_worker_new(policy);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scanner_cases); i++) {
        struct policy_message message = {.text = text_of(scanner_cases[i].text)};
        const struct policy_verdict *verdict = policy_judge(worker, &message);
        const struct policy_finding *finding = NULL;
        for (size_t j = 0; j < verdict->finding_count; j++)
            if (scanner_cases[i].rule != NULL &&
                strcmp(verdict->findings[j].id, scanner_cases[i].rule) == 0)
                finding = &verdict->findings[j];
        if (scanner_cases[i].rule == NULL) {
            if (verdict->finding_count > 0)
                fail_msg("\"%s\": %s", scanner_cases[i].text, verdict->findings[0].id);
            continue;
        }
        if (finding == NULL)
            fail_msg("\"%s\": no %s", scanner_cases[i].text, scanner_cases[i].rule);
        struct text found = text_slice(message.text, finding->start, finding->end);
        if (memmem(found.bytes, found.length, scanner_cases[i].found,
                   strlen(scanner_cases[i].found)) == NULL)
            fail_msg("\"%s\": \"%.*s\"", scanner_cases[i].text, TEXT_ARG(found));
    }
    policy_worker_free(worker);
    policy_free(policy);
}

static void what_is_known_is_no_number(void **state)
{
    const struct text known[] = {
        TEXT("114-2233445-6677889"), TEXT("89161234567"), TEXT("RB123456785CN"), TEXT("1299.00"),
        TEXT("12ab79161234567"),     TEXT("ok12"),        TEXT("ab79160234567")};
    static const char *const texts[] = {"order 114-2233445-6677889", "order 114 2233445 6677889",
                                        "заказ 89161234567!",        "track rb123456785cn",
                                        "id 11422334456677889",      "pay 1299.00",
                                        "no. 12ab.79161234567 ok",   "lot 2-ab79160234567",
                                        "12ab 79161234567",          "ok12"};
    struct policy *policy = policy_of(SCANNERS);
    struct policy_worker *worker = policy_worker_new(policy);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct policy_message message = {
            .text = text_of(texts[i]), .known = known, .known_count = COUNT_OF(known)};
        if (policy_judge(worker, &message)->verdict != POLICY_ALLOW)
            fail_msg("%s", texts[i]);
    }
    struct policy_message beside = {.text = TEXT("order 114-2233445-6677889 +7 916 765 43 21"),
                                    .known = known,
                                    .known_count = COUNT_OF(known)};
    assert_int_equal(policy_judge(worker, &beside)->findings[0].start, 26);
    struct policy_message longer = {
        .text = TEXT("891612345670"), .known = known, .known_count = COUNT_OF(known)};
    assert_int_equal(policy_judge(worker, &longer)->verdict, POLICY_WARN);
    policy_worker_free(worker);
    policy_free(policy);
}

/* --- state --- */

static const struct policy_verdict *say(struct policy_worker *worker,
                                        struct policy_conversation *conversation,
                                        enum policy_from from, const char *text)
{
    struct policy_message message = {.text = text_of(text),
                                     .from = from,
                                     .reviewed = true,
                                     .stars = 1,
                                     .conversation = conversation};
    return policy_judge(worker, &message);
}

static void a_number_in_pieces(void **state)
{
    struct policy *policy = policy_of(SCANNERS);
    struct policy_worker *worker = policy_worker_new(policy);
    struct policy_conversation conversation = {0};
    (void)state;
    assert_int_equal(say(worker, &conversation, POLICY_FROM_SELLER, "8916 first")->verdict,
                     POLICY_ALLOW);
    assert_int_equal(say(worker, &conversation, POLICY_FROM_BUYER, "and 12 then?")->verdict,
                     POLICY_ALLOW); /* the other side's digits are its own */
    assert_int_equal(say(worker, &conversation, POLICY_FROM_SELLER, "then 123")->verdict,
                     POLICY_ALLOW);
    const struct policy_verdict *verdict =
        say(worker, &conversation, POLICY_FROM_SELLER, "and 4567");
    assert_int_equal(verdict->verdict, POLICY_WARN);
    assert_string_equal(verdict->findings[0].id, "phone");
    conversation = (struct policy_conversation){0};
    say(worker, &conversation, POLICY_FROM_SELLER, "начало девятьсот сорок четыре");
    say(worker, &conversation, POLICY_FROM_SELLER, "дальше ноль ноль ноль пятьдесят один");
    verdict = say(worker, &conversation, POLICY_FROM_SELLER, "на конце шестьдесят два");
    assert_int_equal(verdict->verdict, POLICY_WARN);
    conversation = (struct policy_conversation){0};
    say(worker, &conversation, POLICY_FROM_SELLER, "There is one box, and two lids");
    verdict = say(worker, &conversation, POLICY_FROM_SELLER, "Three of nine are in one bag");
    assert_int_equal(verdict->verdict, POLICY_ALLOW);
    policy_worker_free(worker);
    policy_free(policy);
}

static void offers_and_silence(void **state)
{
    struct policy *policy = policy_of("language: any\nrule rising\n" DECLARED(
        "warn") "  scan message when offers rising\n"
                "rule silence\n" DECLARED(
                    "hold") "  scan message when unanswered >= 2\n"
                            "rule after\n" DECLARED(
                                "block") "  scan message when after_review and unanswered <= 0\n");
    struct policy_worker *worker = policy_worker_new(policy);
    struct policy_conversation conversation = {0};
    const struct {
        enum policy_from from;
        const char *text;
        enum policy_mode verdict;
    } said[] = {
        {POLICY_FROM_SELLER, "We give back 500 руб", POLICY_BLOCK}, /* began after the review */
        {POLICY_FROM_SELLER, "We give back 700 руб", POLICY_WARN},
        {POLICY_FROM_SELLER, "We give back 600 руб", POLICY_HOLD}, /* the third without an answer */
        {POLICY_FROM_BUYER, "No", POLICY_ALLOW},                   /* an answer */
        {POLICY_FROM_SELLER, "Sorry", POLICY_BLOCK},               /* answered: it counts anew */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(said); i++)
        assert_int_equal(say(worker, &conversation, said[i].from, said[i].text)->verdict,
                         said[i].verdict);
    policy_worker_free(worker);
    policy_free(policy);
}

static void the_same_text_to_many(void **state)
{
    struct policy *policy = policy_of(
        "language: any\nrule mass\n" DECLARED("warn") "  scan message when same_text >= 2\n");
    struct policy_worker *worker = policy_worker_new(policy);
    struct policy_writer *writer = calloc(1, sizeof *writer);
    const struct {
        const char *to, *text;
        enum policy_mode verdict;
    } said[] = {
        {"a", "Dear Anna, visit our new lamp shop next week, there are lovely discounts",
         POLICY_ALLOW},
        {"a", "Dear Anna, visit our new lamp shop next week, there are lovely discounts",
         POLICY_ALLOW},
        {"b", "Dear Boris! Visit our new lamp shop next week, there are lovely discounts",
         POLICY_ALLOW},
        {"c", "Dear Carol, visit our NEW lamp shop next week: there are lovely discounts",
         POLICY_WARN},
        {"d", "Your parcel number 5 was handed over to the carrier this morning, Daniel",
         POLICY_ALLOW},
        {"e", "thank you", POLICY_ALLOW},
        {"f", "thank you", POLICY_ALLOW},
        {"g", "thank you", POLICY_ALLOW},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        struct policy_message message = {
            .text = text_of(said[i].text), .writer = writer, .recipient = text_of(said[i].to)};
        assert_int_equal(policy_judge(worker, &message)->verdict, said[i].verdict);
    }
    free(writer);
    policy_worker_free(worker);
    policy_free(policy);
}

/* --- bounds --- */

#define BIG ((size_t)1 << 20)
#define WORK_EACH 64 /* bytes looked at for a byte of the message, at the most */

static void repeat(char *bytes, size_t size, const char *piece)
{
    size_t length = strlen(piece);
    for (size_t i = 0; i < size; i++)
        bytes[i] = piece[i % length];
}

static void work_is_bounded(void **state)
{
    static const char *const pieces[] = {
        "7",      "1 ",      "9-",    "́",          "delete ", "delete review ",
        "a.b",    "@",       "a@b.",  "一",        "に",      "one ",
        "x y ",   "微 ",     "a1b",   "(",         "\"",      "\xf0\x9f\x98\x80",
        "\xff",   "http://", "www.",  "8 nine ",   "﷽",       "delete the the ",
        "ﾞ",      "1,",      "t e l", "add line ", "at ",     "dot ",
        "a dot ", "ноль",    "11, ",  "個",        "o0",
    };
    struct policy *policy = policy_of(SCANNERS "rule phrases\n" DECLARED(
        "block") "  phrases:\n    delete ... review\n    *ete\n"
                 "    del*\n    <name> line\n    <money> line\n    (a|b|c) .. (d|e|f) ... "
                 "<number>\n    line\n"
                 "  except:\n    a .. line\n  unless:\n    b ... line\n  with:\n    add\n  hits:\n "
                 "   add line\n");
    struct policy_worker *worker = policy_worker_new(policy);
    char *bytes = malloc(BIG);
    assert_non_null(bytes);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        repeat(bytes, BIG, pieces[i]);
        struct policy_message message = {.text = {bytes, BIG}};
        const struct policy_verdict *verdict = policy_judge(worker, &message);
        if (verdict->work > WORK_EACH * BIG)
            fail_msg("\"%s\": %llu bytes looked at", pieces[i], (unsigned long long)verdict->work);
        assert_true(verdict->finding_count <= POLICY_FINDINGS_MAX);
    }
    free(bytes);
    policy_worker_free(worker);
    policy_free(policy);
}

/* Decoys do not hide what stands behind them, and too much is never let through unread. */
static void nothing_hides_behind_much(void **state)
{
    struct policy *policy = policy_of(
        "language: any\nrule r\n" DECLARED("block") "  phrases:\n    delete .. my review\n"
                                                    "    secret\n  hits:\n    secret\n");
    struct policy_worker *worker = policy_worker_new(policy);
    char *bytes = malloc(BIG + 1);
    assert_non_null(bytes);
    (void)state;
    repeat(bytes, 65536, "xdelete my review ");
    memcpy(bytes + 60000, " delete my review ", 18);
    struct policy_message message = {.text = {bytes, 65536}};
    assert_int_equal(policy_judge(worker, &message)->verdict, POLICY_BLOCK);
    repeat(bytes, 65536, "secrets ");
    memcpy(bytes + 60000, " secret ", 8);
    assert_int_equal(policy_judge(worker, &message)->verdict, POLICY_BLOCK);
    repeat(bytes, BIG + 1, "a ");
    message.text.length = BIG + 1;
    assert_int_equal(policy_judge(worker, &message)->verdict, POLICY_HOLD);
    assert_true(policy_judge(worker, &message)->exhausted);
    free(bytes);
    policy_worker_free(worker);
    policy_free(policy);
}

/* Hits of rules that nearly have their points fill the places that are kept; one that has them is
 * not silent for that. */
static void many_weak_hits_silence_no_rule(void **state)
{
    struct buffer rules, text;
    (void)state;
    buffer_init(&rules);
    buffer_init(&text);
    buffer_string(&rules, "language: any\n");
    for (int weak = 'a'; weak < 'u'; weak++) {
        buffer_format(
            &rules,
            "rule weak.%c\n" DECLARED("block") "  phrases 50:\n    weak%c\n    zz%c .. yy%c\n"
                                               "  hits:\n    weak%c zz%c yy%c\n",
            weak, weak, weak, weak, weak, weak, weak);
        for (size_t i = 0; i < 8; i++)
            buffer_format(&text, "weak%c ", weak);
        buffer_format(&text, "zz%c! yy%c ", weak, weak); /* nearly */
    }
    buffer_string(&rules, "rule strong\n" DECLARED("warn") "  phrases:\n    pay me\n"
                                                           "  hits:\n    pay me\n");
    buffer_string(&text, "pay me");
    buffer_char(&rules, '\0');
    struct policy *policy = policy_of(rules.bytes);
    struct policy_worker *worker = policy_worker_new(policy);
    const struct policy_message message = {.text = buffer_view(&text)};
    assert_int_not_equal(policy_judge(worker, &message)->verdict, POLICY_ALLOW);
    policy_worker_free(worker);
    policy_free(policy);
    buffer_done(&rules);
    buffer_done(&text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(scanners_find),
    cmocka_unit_test(what_is_known_is_no_number),
    cmocka_unit_test(a_number_in_pieces),
    cmocka_unit_test(offers_and_silence),
    cmocka_unit_test(the_same_text_to_many),
    cmocka_unit_test(work_is_bounded),
    cmocka_unit_test(nothing_hides_behind_much),
    cmocka_unit_test(many_weak_hits_silence_no_rule),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
