/* Signed notes, their keys and signatures: the specification's examples and what must fail. */
#include "test_tlog_data.h"

#include <jansson.h>
#include <string.h>

#include "base/digest.h"
#include "tlog/note.h"

#define DASH "\xe2\x80\x94 "
#define FOO_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define FOO_LINE                                                                                   \
    DASH "example.com/foo "                                                                        \
         "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72Ine" \
         "yaQM=\n"
#define FOO_TEXT "This is an example message.\n"

static const uint8_t seed[ED25519_KEY_BYTES] = {1, 2, 3};

static void key_from(const char *vkey, struct note_key *key)
{
    struct problem problem;
    if (!note_key_parse(text_of(vkey), key, &problem))
        fail_msg("%s: %s", vkey, problem.detail);
}

static void the_examples_note_verifies(void **state)
{
    (void)state;
    struct note_key key;
    struct note note;
    struct note_verdict verdict;
    struct problem problem;
    const struct note_key *keys[] = {&key};
    key_from(FOO_KEY, &key);
    assert_int_equal(key.id, 0x530d903a);
    assert_true(note_parse(TEXT(FOO_TEXT "\n" FOO_LINE), &note, &problem));
    assert_text(note.text, FOO_TEXT);
    assert_text(note.signatures[0].line, FOO_LINE);
    assert_true(note_verify(&note, keys, 1, &verdict, &problem));
    assert_true(verdict.signed_by && verdict.time == 0);
    assert_true(note_parse(TEXT("This is an example message!\n\n" FOO_LINE), &note, &problem));
    assert_false(note_verify(&note, keys, 1, &verdict, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    struct buffer vkey;
    buffer_init(&vkey);
    note_key_add(&vkey, &key);
    assert_text(buffer_view(&vkey), FOO_KEY);
    buffer_done(&vkey);
}

static void the_last_empty_line_ends_the_text(void **state)
{
    (void)state;
    struct note note;
    struct problem problem;
    assert_true(note_parse(
        TEXT("Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\n"
             "ed \xc3\xa8 subito sera.\n\n" DASH "quasimodo.example/salvatore "
             "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3Ze"
             "kRwNtIc=\n"),
        &note, &problem));
    assert_int_equal(note.signature_count, 1);
    assert_text(note.signatures[0].name, "quasimodo.example/salvatore");
    assert_int_equal(note.signatures[0].id, 0x367ba04b);
    assert_true(text_starts(note.text, "Ognuno"));
    assert_string_equal(note.text.bytes + note.text.length - 6, strstr(note.text.bytes, "sera.\n"));
}

static void malformed_notes_are_refused(void **state)
{
    (void)state;
    static const char *const notes[] = {
        "",
        "\n",
        "\n\n",
        "text",
        "text\n",
        "text\n\n",
        "text\n" FOO_LINE,
        "\n" FOO_LINE,
        "text\n\n" FOO_LINE "\n",
        "text\n\n" FOO_LINE "more\n",
        "text\n\nmore\n",
        "text\r\n\n" FOO_LINE,
        "te\tt\n\n" FOO_LINE,
        "te\xff\n\n" FOO_LINE,
        "te\xc0\x80\n\n" FOO_LINE,
        "text\n\n- example.com/foo AAAAAAA=\n",
        "text\n\n" DASH "example.com/foo\n",
        "text\n\n" DASH "example.com/foo \n",
        "text\n\n" DASH "example.com/foo AAAAAA==\n",
        "text\n\n" DASH "example.com/foo AAAAAAB\n",
        "text\n\n" DASH "example.com/foo AAAAAAB=\n",
        "text\n\n" DASH "example.com/foo AAAAAAAA",
        "text\n\n" DASH "example.com/foo AAAAAAAA \n",
        "text\n\n" DASH "example.com/foo  AAAAAAAA\n",
        "text\n\n" DASH "example.com/foo AAAA_AAA\n",
        "text\n\n" DASH " AAAAAAAA\n",
        "text\n\n" DASH "a+b AAAAAAAA\n",
        "text\n\n" DASH "a\xc2\xa0"
        "b AAAAAAAA\n",
        "text\n\n" DASH "a\xe2\x80\x89"
        "b AAAAAAAA\n",
        "text\n\n" DASH "a\xe3\x80\x80"
        "b AAAAAAAA\n",
    };
    struct note note;
    struct problem problem;
    for (size_t i = 0; i < COUNT_OF(notes); i++) {
        problem_clear(&problem);
        if (note_parse(text_of(notes[i]), &note, &problem))
            fail_msg("note %zu was taken", i);
        assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    }
    assert_false(
        note_parse((struct text){"a\0b\n\n" FOO_LINE, 5 + sizeof FOO_LINE - 1}, &note, &problem));
}

static void sizes_are_limited(void **state)
{
    (void)state;
    struct note note;
    struct problem problem;
    struct buffer bytes;
    buffer_init(&bytes);
    buffer_string(&bytes, "text\n\n");
    for (size_t i = 0; i < NOTE_SIGNATURES_MAX; i++)
        buffer_string(&bytes, FOO_LINE);
    assert_true(note_parse(buffer_view(&bytes), &note, &problem));
    assert_int_equal(note.signature_count, NOTE_SIGNATURES_MAX);
    buffer_string(&bytes, FOO_LINE);
    assert_false(note_parse(buffer_view(&bytes), &note, &problem));
    buffer_clear(&bytes);
    buffer_reserve(&bytes, NOTE_BYTES_MAX + 1000);
    const size_t tail = 2 + sizeof FOO_LINE - 1;
    while (bytes.length < NOTE_BYTES_MAX - tail)
        buffer_char(&bytes, 'x');
    buffer_string(&bytes, "\n\n" FOO_LINE);
    assert_int_equal(bytes.length, NOTE_BYTES_MAX);
    assert_true(note_parse(buffer_view(&bytes), &note, &problem));
    buffer_string(&bytes, FOO_LINE);
    assert_false(note_parse(buffer_view(&bytes), &note, &problem));
    buffer_clear(&bytes);
    buffer_string(&bytes, "text\n\n" DASH "pq ");
    for (size_t i = 0; i < NOTE_SIGNATURE_BYTES_MAX; i++)
        buffer_char(&bytes, 'A');
    buffer_char(&bytes, '\n');
    assert_true(note_parse(buffer_view(&bytes), &note, &problem));
    bytes.length--;
    buffer_string(&bytes, "AAAA\n");
    assert_false(note_parse(buffer_view(&bytes), &note, &problem));
    buffer_done(&bytes);
}

/* Padding in the middle of long base64 shows only where the pieces of the check meet. */
static void long_base64_is_checked_throughout(void **state)
{
    (void)state;
    static const size_t places[] = {0, 1022, 1023, 1024, 1500, 2047, 2997};
    char line[3000];
    struct note note;
    struct problem problem;
    struct buffer bytes;
    buffer_init(&bytes);
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        memset(line, 'A', sizeof line);
        line[places[i]] = '=';
        buffer_clear(&bytes);
        buffer_string(&bytes, "text\n\n" DASH "pq ");
        buffer_add(&bytes, line, sizeof line);
        buffer_char(&bytes, '\n');
        assert_false(note_parse(buffer_view(&bytes), &note, &problem));
    }
    buffer_done(&bytes);
}

static void malformed_keys_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "",
        "example.com/foo",
        "example.com/foo+530d903a",
        "example.com/foo+530d903a+",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+0530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d90+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n",
    };
    struct note_key key;
    struct problem problem;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        problem_clear(&problem);
        if (note_key_parse(text_of(keys[i]), &key, &problem))
            fail_msg("%s was taken", keys[i]);
        assert_int_equal(problem.code, PROBLEM_CONFIGURATION);
    }
    char name[NOTE_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    assert_true(note_name_valid((struct text){name, NOTE_NAME_MAX}));
    assert_false(note_name_valid((struct text){name, NOTE_NAME_MAX + 1}));
}

static void private_keys_survive_their_text(void **state)
{
    (void)state;
    struct note_secret secret;
    struct note_secret again;
    struct problem problem;
    struct buffer text;
    buffer_init(&text);
    assert_true(note_secret_from_seed(&secret, TEXT("log.example"), NOTE_ED25519, seed, &problem));
    note_secret_add(&text, &secret);
    assert_true(text_starts(buffer_view(&text), "PRIVATE+KEY+log.example+"));
    assert_true(note_secret_parse(buffer_view(&text), &again, &problem));
    assert_memory_equal(again.seed, seed, sizeof seed);
    assert_int_equal(again.key.id, secret.key.id);
    assert_memory_equal(again.key.bytes, secret.key.bytes, ED25519_KEY_BYTES);
    text.bytes[text.length - 1] ^= 1;
    assert_false(note_secret_parse(buffer_view(&text), &again, &problem));
    text.bytes[text.length - 1] ^= 1;
    char *id = text.bytes + strlen("PRIVATE+KEY+log.example+");
    *id = *id == '0' ? '1' : '0';
    assert_false(note_secret_parse(buffer_view(&text), &again, &problem));
    assert_false(note_secret_parse(TEXT("PRIVATE+KEY+"), &again, &problem));
    assert_false(note_secret_parse(TEXT(FOO_KEY), &again, &problem));
    assert_false(note_secret_from_seed(&secret, TEXT("log example"), NOTE_ED25519, seed, &problem));
    assert_false(note_secret_from_seed(&secret, TEXT("log"), NOTE_ML_DSA_44, seed, &problem));
    note_secret_done(&secret);
    note_secret_done(&again);
    buffer_done(&text);
}

/* golang.org/x/mod/sumdb/note's own test key (note_test.go, "PeterNeumann"). */
static void a_private_key_written_by_go_is_read(void **state)
{
    (void)state;
    struct note_secret secret;
    struct problem problem;
    struct buffer vkey;
    buffer_init(&vkey);
    assert_true(note_secret_parse(TEXT("PRIVATE+KEY+PeterNeumann+c74f20a3+"
                                       "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"),
                                  &secret, &problem));
    note_key_add(&vkey, &secret.key);
    assert_text(buffer_view(&vkey),
                "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    note_secret_done(&secret);
    buffer_done(&vkey);
}

static void many_signers_are_told_apart(void **state)
{
    (void)state;
    struct note_secret secrets[16];
    const struct note_key *keys[17];
    struct note_verdict verdicts[17];
    struct note_key stranger;
    struct problem problem;
    struct note note;
    struct buffer bytes;
    buffer_init(&bytes);
    note_begin(&bytes, TEXT(FOO_TEXT));
    for (size_t i = 0; i < 16; i++) {
        char name[16];
        const int length = snprintf(name, sizeof name, "w%zu", i);
        const uint8_t own[ED25519_KEY_BYTES] = {(uint8_t)i};
        const enum note_type type = i % 2 ? NOTE_COSIGNATURE : NOTE_ED25519;
        assert_true(note_secret_from_seed(&secrets[i], (struct text){name, (size_t)length}, type,
                                          own, &problem));
        const struct note_signer signer = {&secrets[i].key, note_secret_sign, &secrets[i]};
        assert_true(note_sign(&bytes, TEXT(FOO_TEXT), &signer, 1679315147 + i, &problem));
        keys[i] = &secrets[i].key;
    }
    key_from(FOO_KEY, &stranger);
    keys[16] = &stranger;
    assert_true(note_parse(buffer_view(&bytes), &note, &problem));
    assert_true(note_verify(&note, keys, 17, verdicts, &problem));
    for (size_t i = 0; i < 16; i++) {
        assert_true(verdicts[i].signed_by);
        assert_true(verdicts[i].time == (i % 2 ? 1679315147 + i : 0));
    }
    assert_false(verdicts[16].signed_by);
    assert_false(note_verify(&note, keys + 16, 1, verdicts, &problem));
    assert_false(note_verify(&note, keys, 0, verdicts, &problem));
    /* A known name with an unknown id is a stranger; a known key's bad signature spoils the note.
     */
    struct note_key renumbered = secrets[0].key;
    renumbered.id ^= 1;
    keys[0] = &renumbered;
    assert_true(note_verify(&note, keys, 2, verdicts, &problem));
    assert_false(verdicts[0].signed_by);
    renumbered = secrets[0].key;
    renumbered.bytes[0] ^= 1;
    assert_false(note_verify(&note, keys, 2, verdicts, &problem));
    buffer_done(&bytes);
}

static void a_cosignature_covers_its_time(void **state)
{
    (void)state;
    struct note_secret secret;
    struct note_verdict verdict;
    struct problem problem;
    struct note note;
    struct buffer bytes;
    buffer_init(&bytes);
    assert_true(note_secret_from_seed(&secret, TEXT("w"), NOTE_COSIGNATURE, seed, &problem));
    const struct note_signer signer = {&secret.key, note_secret_sign, &secret};
    const struct note_key *keys[] = {&secret.key};
    note_begin(&bytes, TEXT(FOO_TEXT));
    const size_t line = bytes.length;
    assert_true(note_sign(&bytes, TEXT(FOO_TEXT), &signer, 1679315147, &problem));
    assert_true(note_parse(buffer_view(&bytes), &note, &problem));
    /* 4 bytes of id, 8 of time, 64 of signature. */
    assert_int_equal(note.signatures[0].encoded.length, 104);
    assert_true(note_verify(&note, keys, 1, &verdict, &problem));
    assert_true(verdict.time == 1679315147);
    /* The 14th digit lies within the last bytes of the time. */
    char *digit = bytes.bytes + line + strlen(DASH "w ") + 14;
    *digit = *digit == 'A' ? 'B' : 'A';
    assert_true(note_parse(buffer_view(&bytes), &note, &problem));
    assert_false(note_verify(&note, keys, 1, &verdict, &problem));
    buffer_done(&bytes);
}

/* tlog-cosignature: the time must not exceed 2^63 - 1, however well it is signed. */
static void a_cosignatures_time_is_limited(void **state)
{
    (void)state;
    static const struct {
        uint8_t first; /* of the time; the other bytes are 0 */
        const char *text;
        bool good;
    } rows[] = {
        {0x40, "4611686018427387904", true},
        {0x80, "9223372036854775808", false},
    };
    struct note_secret secret;
    struct problem problem;
    struct buffer message;
    struct buffer bytes;
    buffer_init(&message);
    buffer_init(&bytes);
    assert_true(note_secret_from_seed(&secret, TEXT("w"), NOTE_COSIGNATURE, seed, &problem));
    const struct note_key *keys[] = {&secret.key};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t blob[4 + 8 + ED25519_SIGNATURE_BYTES] = {0};
        struct note note;
        struct note_verdict verdict;
        for (unsigned byte = 0; byte < 4; byte++)
            blob[byte] = (uint8_t)(secret.key.id >> (24 - 8 * byte));
        blob[4] = rows[i].first;
        buffer_clear(&message);
        buffer_format(&message, "cosignature/v1\ntime %s\n" FOO_TEXT, rows[i].text);
        ed25519_sign(seed, buffer_view(&message), blob + 12);
        buffer_clear(&bytes);
        note_begin(&bytes, TEXT(FOO_TEXT));
        buffer_string(&bytes, DASH "w ");
        base64_add(&bytes, blob, sizeof blob);
        buffer_char(&bytes, '\n');
        assert_true(note_parse(buffer_view(&bytes), &note, &problem));
        assert_int_equal(note_verify(&note, keys, 1, &verdict, &problem), rows[i].good);
    }
    buffer_done(&bytes);
    buffer_done(&message);
}

static bool sign_not(void *context, struct text message, uint8_t signature[ED25519_SIGNATURE_BYTES],
                     struct problem *problem)
{
    (void)context;
    (void)message;
    (void)signature;
    return problem_set(problem, PROBLEM_SIGNER_GONE, "gone");
}

static void a_refusing_signer_is_reported(void **state)
{
    (void)state;
    struct note_key key;
    struct problem problem;
    struct buffer lines;
    (void)state;
    key_from(FOO_KEY, &key);
    buffer_init(&lines);
    const struct note_signer signer = {&key, sign_not, NULL};
    assert_false(note_sign(&lines, TEXT(FOO_TEXT), &signer, 0, &problem));
    assert_int_equal(problem.code, PROBLEM_SIGNER_GONE);
    assert_int_equal(lines.length, 0);
    buffer_done(&lines);
}

/* Keys that we cannot verify may be configured; what they signed is as if it were not there. */
static void post_quantum_keys_are_passed_over(void **state)
{
    (void)state;
    uint8_t material[1 + NOTE_KEY_BYTES_MAX] = {NOTE_ML_DSA_44};
    struct buffer text;
    struct note_key key;
    struct note_key foo;
    struct note note;
    struct note_verdict verdicts[2];
    struct problem problem;
    buffer_init(&text);
    const struct text pieces[] = {TEXT("pq\n"), {(const char *)material, sizeof material}};
    const struct digest id = digest_of_pieces(pieces, 2);
    buffer_string(&text, "pq+");
    hex_add(&text, id.bytes, 4);
    buffer_char(&text, '+');
    base64_add(&text, material, sizeof material);
    assert_true(note_key_parse(buffer_view(&text), &key, &problem));
    buffer_clear(&text);
    buffer_string(&text, FOO_TEXT "\n" FOO_LINE DASH "pq ");
    memcpy(material, id.bytes, 4);
    base64_add(&text, material, 100);
    buffer_char(&text, '\n');
    key_from(FOO_KEY, &foo);
    const struct note_key *keys[] = {&foo, &key};
    assert_true(note_parse(buffer_view(&text), &note, &problem));
    assert_true(note_verify(&note, keys, 2, verdicts, &problem));
    assert_true(verdicts[0].signed_by);
    assert_false(verdicts[1].signed_by);
    assert_false(note_verify(&note, keys + 1, 1, verdicts, &problem));
    buffer_done(&text);
}

static struct text hex_of(const json_t *object, const char *name, uint8_t *out, size_t capacity)
{
    const json_t *value = json_object_get(object, name);
    size_t length = 0;
    const struct text hex = {json_string_value(value), json_string_length(value)};
    assert_true(hex_decode(hex, out, capacity, &length));
    return (struct text){(const char *)out, length};
}

static size_t judge_group(const json_t *group)
{
    uint8_t public[ED25519_KEY_BYTES];
    uint8_t message[1024];
    uint8_t signature[256];
    size_t i = 0;
    json_t *test = NULL;
    const struct text key =
        hex_of(json_object_get(group, "publicKey"), "pk", public, sizeof public);
    assert_int_equal(key.length, sizeof public);
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        const struct text text = hex_of(test, "msg", message, sizeof message);
        const struct text sig = hex_of(test, "sig", signature, sizeof signature);
        const bool valid =
            text_is(text_of(json_string_value(json_object_get(test, "result"))), "valid");
        const bool good =
            sig.length == ED25519_SIGNATURE_BYTES && ed25519_verify(public, text, signature);
        if (good != valid)
            fail_msg("test %d was judged %s",
                     (int)json_integer_value(json_object_get(test, "tcId")), good ? "good" : "bad");
    }
    return i;
}

static void signatures_of_wycheproof_are_judged_rightly(void **state)
{
    (void)state;
    struct buffer bytes;
    buffer_init(&bytes);
    data_read("wycheproof/ed25519_test.json", &bytes);
    json_t *file = json_loadb(bytes.bytes, bytes.length, 0, NULL);
    assert_non_null(file);
    size_t count = 0;
    size_t i = 0;
    json_t *group = NULL;
    json_array_foreach(json_object_get(file, "testGroups"), i, group) count += judge_group(group);
    assert_int_equal(count, json_integer_value(json_object_get(file, "numberOfTests")));
    json_decref(file);
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_note_verifies),
        cmocka_unit_test(the_last_empty_line_ends_the_text),
        cmocka_unit_test(malformed_notes_are_refused),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(long_base64_is_checked_throughout),
        cmocka_unit_test(malformed_keys_are_refused),
        cmocka_unit_test(private_keys_survive_their_text),
        cmocka_unit_test(a_private_key_written_by_go_is_read),
        cmocka_unit_test(many_signers_are_told_apart),
        cmocka_unit_test(a_cosignature_covers_its_time),
        cmocka_unit_test(a_cosignatures_time_is_limited),
        cmocka_unit_test(a_refusing_signer_is_reported),
        cmocka_unit_test(post_quantum_keys_are_passed_over),
        cmocka_unit_test(signatures_of_wycheproof_are_judged_rightly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
