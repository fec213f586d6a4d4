/* Passwords: which are good enough, and that what is kept fits the one password and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "identity/common_passwords.h"
#include "identity/password.h"

#define GOOD TEXT("correct horse battery staple")

static char hash[PASSWORD_HASH_TEXT_BYTES];

static int make_hash(void **state)
{
    static const uint8_t salt[PASSWORD_SALT_BYTES] = {1, 2, 3};
    struct problem problem;
    (void)state;
    return password_hash(GOOD, salt, hash, &problem) ? 0 : -1;
}

static void bad_passwords_are_named(void **state)
{
    static const struct text words[] = {{"ada@nordlicht.example", 21}, {"Nordlicht", 9}, {"AG", 2}};
    static const struct {
        const char *password;
        enum password_fault fault;
    } cases[] = {
        {"", PASSWORD_TOO_SHORT},
        {"x7#kQ2!", PASSWORD_TOO_SHORT},
        {"x7#kQ2!p", PASSWORD_GOOD},
        {"пароль7", PASSWORD_TOO_SHORT}, /* seven characters of thirteen bytes */
        {"日本語の合言葉です", PASSWORD_GOOD},
        {"mein hund heißt waldi", PASSWORD_GOOD},
        {"password", PASSWORD_COMMON},
        {"PASSWORD", PASSWORD_COMMON},
        {"1234567890", PASSWORD_COMMON},
        {"qwertyuiop", PASSWORD_COMMON},
        {"iloveyou", PASSWORD_COMMON},
        {"trustno1", PASSWORD_COMMON},
        {"nordlicht", PASSWORD_NAMED},
        {"NordLicht2024", PASSWORD_NAMED},
        {"x-nordlicht-1234", PASSWORD_NAMED},
        {"x7#kQ2!pnordlicht", PASSWORD_GOOD},
        {"ada@nordlicht.example!", PASSWORD_NAMED},
        {"magma rock", PASSWORD_GOOD}, /* two letters are no name */
        {"pass\xffword", PASSWORD_NOT_TEXT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (password_judge(text_of(cases[i].password), words, COUNT_OF(words)) != cases[i].fault)
            fail_msg("%s: not %s", cases[i].password, password_fault_words(cases[i].fault));
    assert_int_equal(password_judge(TEXT("pass\0word"), NULL, 0), PASSWORD_NOT_TEXT);
}

static void length_is_counted_in_characters(void **state)
{
    struct buffer password;
    (void)state;
    buffer_init(&password);
    for (int i = 0; i < PASSWORD_CHARACTERS_MAX; i++)
        buffer_string(&password, "\U0001F511");
    assert_int_equal(password_judge(buffer_view(&password), NULL, 0), PASSWORD_GOOD);
    buffer_char(&password, '!');
    assert_int_equal(password_judge(buffer_view(&password), NULL, 0), PASSWORD_TOO_LONG);
    buffer_clear(&password);
    for (int i = 0; i <= PASSWORD_CHARACTERS_MAX; i++)
        buffer_char(&password, 'a');
    assert_int_equal(password_judge(buffer_view(&password), NULL, 0), PASSWORD_TOO_LONG);
    buffer_done(&password);
}

/* The table is searched by halves. */
static void common_passwords_are_in_order(void **state)
{
    (void)state;
    assert_true(common_password_count >= 3000); /* ASVS 6.2.4 */
    for (size_t i = 0; i < common_password_count; i++) {
        assert_true(strlen(common_passwords[i]) >= PASSWORD_CHARACTERS_MIN);
        assert_true(i == 0 || strcmp(common_passwords[i - 1], common_passwords[i]) < 0);
    }
}

static void only_the_password_fits(void **state)
{
    (void)state;
    assert_true(password_verify(GOOD, text_of(hash)));
    assert_false(password_verify(TEXT("correct horse battery stapl"), text_of(hash)));
    assert_false(password_verify(TEXT("Correct horse battery staple"), text_of(hash)));
    assert_false(password_verify(TEXT("correct horse battery staple "), text_of(hash)));
}

static void nobody_has_no_password(void **state)
{
    (void)state;
    assert_false(password_verify(GOOD, TEXT_NONE));
    assert_false(password_verify(GOOD, TEXT("")));
    assert_false(password_verify(GOOD, TEXT("$argon2id$v=19$m=65536,t=3,p=1$AAAA")));
}

static void the_hash_is_the_usual_text(void **state)
{
    static const uint8_t other_salt[PASSWORD_SALT_BYTES] = {9};
    char other[PASSWORD_HASH_TEXT_BYTES];
    char padded[PASSWORD_HASH_TEXT_BYTES] = {0};
    struct problem problem;
    (void)state;
    assert_true(
        text_starts(text_of(hash), "$argon2id$v=19$m=65536,t=3,p=1$AQIDAAAAAAAAAAAAAAAAAA$"));
    memcpy(padded, hash, strlen(hash));
    assert_int_equal(crypto_pwhash_str_verify(padded, GOOD.bytes, GOOD.length), 0);
    assert_true(password_hash(GOOD, other_salt, other, &problem));
    assert_string_not_equal(hash, other);
}

/* What is hashed for nobody must cost what is hashed for somebody. */
static void parameters_are_todays(void **state)
{
    char nobodys[] = "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
                     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    (void)state;
    assert_false(password_is_outdated(text_of(hash)));
    assert_false(password_is_outdated(text_of(nobodys)));
    nobodys[strlen("$argon2id$v=19$m=65536,t=")] = '2';
    assert_true(password_is_outdated(text_of(nobodys)));
    assert_true(password_is_outdated(TEXT("$2b$12$abc")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_passwords_are_named),
        cmocka_unit_test(length_is_counted_in_characters),
        cmocka_unit_test(common_passwords_are_in_order),
        cmocka_unit_test(only_the_password_fits),
        cmocka_unit_test(nobody_has_no_password),
        cmocka_unit_test(the_hash_is_the_usual_text),
        cmocka_unit_test(parameters_are_todays),
    };
    return cmocka_run_group_tests(tests, make_hash, NULL);
}
