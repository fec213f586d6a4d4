/* Folding: what looks alike is alike, and every byte of it is known to come from somewhere. */
#include "test_policy.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "policy/fold.h"
#include "policy/shape.h"

static struct folded folded;

static struct text fold(const char *string)
{
    fold_text(&folded, text_of(string));
    return (struct text){(const char *)folded.bytes, folded.length};
}

static void looks_are_one(void **state)
{
    static const struct {
        const char *a, *b;
    } cases[] = {
        {"TELEGRAM", "telegram"},
        {"ＴＥＬ０９０", "tel090"},
        {"𝐭𝐞𝐥𝐞𝐠𝐫𝐚𝐦", "telegram"},
        {"Ⓣⓔⓛ", "tel"},
        {"ᴛᴇʟ", "tel"},
        {"tеlеgrаm", "telegram"}, /* е and а are Cyrillic */
        {"t\u200Be\u00ADl\u2060", "tel"},
        {"t̶e̶l̶", "tel"},
        {"teléfono", "telefono"},
        {"Ёлка й", "елка и"},
        {"ВОЗВРАТ", "возврат"},
        {"ﾃﾞﾝﾜ", "でんわ"},
        {"ﾊﾟｲﾌﾟ", "ぱいぷ"},
        {"ラインのアカウント", "らいんのあかうんと"},
        {"電話號碼", "电话号码"},
        {"١٢٣", "123"},
        {"➊➋➌", "123"},
        {"1️⃣2️⃣", "12"},
        {"①②", "12"},
        {"好。", "好！"},
        {"a…b", "a...b"},
        {"«x» “x” 「x」", "\"x\" \"x\" \"x\""},
        {"5 € 5 ₽", "5 $ 5 $"},
        {"ok👍🏽👍", "ok "},
        {"☎ 5", " tel  5"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text a = fold(cases[i].a);
        char kept[256];
        memcpy(kept, a.bytes, a.length);
        size_t length = a.length;
        struct text b = fold(cases[i].b);
        if (length != b.length || memcmp(kept, b.bytes, length) != 0)
            fail_msg("%s: \"%.*s\", not \"%.*s\"", cases[i].a, (int)length, kept, TEXT_ARG(b));
    }
}

static void words_stay_different(void **state)
{
    /* the Russian alphabet, but for the two pairs that are alike by intent */
    static const char *const letters[] = {"а", "б", "в", "г", "д", "е", "ж", "з", "и", "к", "л",
                                          "м", "н", "о", "п", "р", "с", "т", "у", "ф", "х", "ц",
                                          "ч", "ш", "щ", "ъ", "ы", "ь", "э", "ю", "я"};
    char kept[COUNT_OF(letters)][8];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        struct text text = fold(letters[i]);
        memcpy(kept[i], text.bytes, text.length + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(kept[i], kept[j]) == 0)
                fail_msg("%s and %s are both \"%s\"", letters[i], letters[j], kept[i]);
    }
}

/* ICU is the oracle: what NFKC_Casefold makes equal is equal when folded. */
static void nothing_is_finer_than_nfkc(void **state)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&status);
    (void)state;
    for (UChar32 c = 0x20; c < 0x110000; c++) {
        UChar source[2], target[64];
        char normal[256], plain[64];
        int32_t units = 0, bytes = 0, plain_bytes = 0;
        if (U_IS_SURROGATE((uint32_t)c) || !u_isalnum(c))
            continue;
        u_strFromUTF32(source, 2, &units, &c, 1, &status);
        u_strToUTF8(plain, sizeof plain, &plain_bytes, source, units, &status);
        units = unorm2_normalize(nfkc, source, units, target, 64, &status);

        u_strToUTF8(normal, sizeof normal, &bytes, target, units, &status);
        assert_true(U_SUCCESS(status));
        struct text text = {plain, (size_t)plain_bytes};
        fold_text(&folded, text);
        struct text one = {strndup((const char *)folded.bytes, folded.length), folded.length};
        fold_text(&folded, (struct text){normal, (size_t)bytes});
        /* an expansion is cut where it gets longer than anybody types */
        size_t length = one.length < folded.length ? one.length : folded.length;
        if (memcmp(one.bytes, folded.bytes, length) != 0 ||
            (length < 24 && one.length != folded.length))
            fail_msg("U+%04X: \"%s\" and \"%s\"", (unsigned)c, one.bytes, (char *)folded.bytes);
        free((char *)(uintptr_t)one.bytes);
    }
}

static void places_are_of_the_original(void **state)
{
    struct text original = text_of("Звоните: +７ ９１６\u200B ok");
    (void)state;
    fold_text(&folded, original);
    const char *at = strstr((const char *)folded.bytes, "+7 916");
    assert_non_null(at);
    size_t start = (size_t)(at - (const char *)folded.bytes);
    assert_true(text_is(folded_original(&folded, original, start, start + 6), "+７ ９１６"));
    for (size_t i = 1; i <= folded.length; i++)
        assert_true(folded.from[i] >= folded.from[i - 1]);
    assert_int_equal(folded.from[folded.length], original.length);
}

static void any_bytes_are_taken(void **state)
{
    static const char bytes[] = "a\xff\xc3(\xe2\x82\xf0\x9f\x98\x80\xed\xa0\x80\xc0\xaf z";
    struct text text = {bytes, sizeof bytes - 1};
    (void)state;
    fold_text(&folded, text);
    assert_true(text_is_utf8((struct text){(const char *)folded.bytes, folded.length}));
    fold_text(&folded, TEXT(""));
    assert_int_equal(folded.length, 0);
}

static void hidden_words_are_seen(void **state)
{
    static const struct {
        const char *hidden, *plain;
    } cases[] = {
        {"t e l e g r a m", "telegram"},
        {"т.е.л.е.г.р.а.м", "телеграм"},
        {"w-h-a-t-s-a-p-p now", "whatsapp now"},
        {"t3legram", "telegram"},
        {"wh4tsapp", "whatsapp"},
        {"te1egram", "telegram"},
        {"v1ber", "viber"},
        {"微-信", "微信"},
        {"加 v 信", "加v信"},
        {"电 . 话", "电话"},
        {"sizes S, M", "sizes s, m"},
        {"iphone 13 pro", "iphone 13 pro"},
        {"galaxy s22ultra", "galaxy s22ultra"},
        {"a4 b5", "a4 b5"},
        {"и в с", "и в с"},
        {"你好。电话", "你好！电话"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct shape shape = {0};
        struct text plain = fold(cases[i].plain);
        char wanted[128];
        memcpy(wanted, plain.bytes, plain.length + 1);
        fold(cases[i].hidden);
        shape_look(&shape, &folded);
        if (shape.hidden)
            fold_unhide(&folded);
        assert_string_equal((const char *)folded.bytes, wanted);
        assert_int_equal(folded.from[folded.length], strlen(cases[i].hidden));
        shape_done(&shape);
    }
}

static int done(void **state)
{
    (void)state;
    folded_done(&folded);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(looks_are_one),
    cmocka_unit_test(words_stay_different),
    cmocka_unit_test(nothing_is_finer_than_nfkc),
    cmocka_unit_test(places_are_of_the_original),
    cmocka_unit_test(any_bytes_are_taken),
    cmocka_unit_test(hidden_words_are_seen),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, done);
}
