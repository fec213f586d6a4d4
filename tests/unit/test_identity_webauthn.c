/*
 * WebAuthn: for each reason to refuse, registrations and assertions that are good but for that one
 * thing; the good ones beside them; and W3C's test vectors in the file of that name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "soft_authenticator.h"

#define CHALLENGE_TEXT "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
#define OTHER_CHALLENGE_TEXT "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWc"
#define ZEROS "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define CREATED "{\"type\":\"webauthn.create\",\"challenge\":\"" CHALLENGE_TEXT "\""
#define ORIGIN ",\"origin\":\"" SOFT_ORIGIN "\""
#define HALF_A_CHARACTER "\xc3"

static struct soft_key key, other_key, ed25519_key, rsa_key;

static int make_keys(void **state)
{
    (void)state;
    soft_key_make(&key, COSE_ES256);
    soft_key_make(&other_key, COSE_ES256);
    soft_key_make(&ed25519_key, COSE_EDDSA);
    soft_key_make(&rsa_key, COSE_RS256);
    return 0;
}

static int free_keys(void **state)
{
    (void)state;
    soft_key_free(&key);
    soft_key_free(&other_key);
    soft_key_free(&ed25519_key);
    soft_key_free(&rsa_key);
    return 0;
}

static void assert_reason(const char *what, enum webauthn_reason got, enum webauthn_reason wanted)
{
    if (got != wanted)
        fail_msg("%s: got %s, not %s", what, webauthn_reason_slug(got),
                 webauthn_reason_slug(wanted));
}

/* --- registrations --- */

struct registration_case {
    const char *what;
    enum webauthn_reason reason;
    struct soft soft;
};

/* Both ceremonies: what the browser says. */
static const struct registration_case client_data_cases[] = {
    {"client data as large as may be", WEBAUTHN_OK, {.padding = 3900}},
    {"larger", WEBAUTHN_CLIENT_DATA_SIZE, {.padding = 4096}},
    {"empty", WEBAUTHN_CLIENT_DATA_SIZE, {.client_data = SOFT_BYTES("")}},
    {"no JSON", WEBAUTHN_CLIENT_DATA_SYNTAX, {.client_data = SOFT_BYTES("type")}},
    {"a list", WEBAUTHN_CLIENT_DATA_SYNTAX, {.client_data = SOFT_BYTES("[]")}},
    {"two objects", WEBAUTHN_CLIENT_DATA_SYNTAX, {.client_data = SOFT_BYTES(CREATED ORIGIN "}{}")}},
    {"invalid UTF-8", WEBAUTHN_CLIENT_DATA_SYNTAX, {.more = ",\"x\":\"" HALF_A_CHARACTER "\""}},
    {"a member twice", WEBAUTHN_CLIENT_DATA_SYNTAX, {.more = ORIGIN}},
    {"deep nesting",
     WEBAUTHN_CLIENT_DATA_SYNTAX,
     {.more = ",\"x\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]"}},
    {"no origin", WEBAUTHN_CLIENT_DATA_MEMBER, {.client_data = SOFT_BYTES(CREATED "}")}},
    {"no type",
     WEBAUTHN_CLIENT_DATA_MEMBER,
     {.client_data = SOFT_BYTES("{\"challenge\":\"" CHALLENGE_TEXT "\"" ORIGIN "}")}},
    {"a challenge that is a number",
     WEBAUTHN_CLIENT_DATA_MEMBER,
     {.client_data = SOFT_BYTES("{\"type\":\"webauthn.create\",\"challenge\":1" ORIGIN "}")}},
    {"crossOrigin as a string", WEBAUTHN_CLIENT_DATA_MEMBER, {.more = ",\"crossOrigin\":\"true\""}},
    {"of a payment", WEBAUTHN_TYPE, {.type = "payment.get"}},
    {"type in other letters", WEBAUTHN_TYPE, {.type = "WebAuthn.create"}},
    {"another challenge", WEBAUTHN_CHALLENGE, {.challenge = OTHER_CHALLENGE_TEXT}},
    {"the challenge with padding", WEBAUTHN_CHALLENGE, {.challenge = CHALLENGE_TEXT "="}},
    {"the challenge cut", WEBAUTHN_CHALLENGE, {.challenge = "MDEyMzQ1Njc4OWFiY2Rl"}},
    {"no challenge", WEBAUTHN_CHALLENGE, {.challenge = ""}},
    {"the second origin", WEBAUTHN_OK, {.origin = "https://shop.market.example"}},
    {"another origin", WEBAUTHN_ORIGIN, {.origin = "https://market.example.evil.example"}},
    {"another subdomain", WEBAUTHN_ORIGIN, {.origin = "https://evil.market.example"}},
    {"without TLS", WEBAUTHN_ORIGIN, {.origin = "http://market.example"}},
    {"another port", WEBAUTHN_ORIGIN, {.origin = "https://market.example:8443"}},
    {"with a slash", WEBAUTHN_ORIGIN, {.origin = "https://market.example/"}},
    {"in capitals", WEBAUTHN_ORIGIN, {.origin = "https://MARKET.example"}},
    {"with a zero byte behind it", WEBAUTHN_CLIENT_DATA_SYNTAX, {.origin = SOFT_ORIGIN "\\u0000"}},
    {"crossOrigin false", WEBAUTHN_OK, {.more = ",\"crossOrigin\":false"}},
    {"in a frame", WEBAUTHN_CROSS_ORIGIN, {.more = ",\"crossOrigin\":true"}},
    {"in a frame of a named page",
     WEBAUTHN_TOP_ORIGIN,
     {.more = ",\"crossOrigin\":false,\"topOrigin\":\"https://evil.example\""}},
    {"in a frame of ourselves",
     WEBAUTHN_TOP_ORIGIN,
     {.more = ",\"topOrigin\":\"" SOFT_ORIGIN "\""}},
    {"what future browsers add",
     WEBAUTHN_OK,
     {.more = ",\"tokenBinding\":{\"status\":\"present\",\"id\":\"eA\"},\"extraData\":[1,null]"}},
};

/* Both ceremonies: what the authenticator says. */
static const struct registration_case authenticator_cases[] = {
    {"bytes behind it", WEBAUTHN_TRAILING_BYTES, {.zeros = 1}},
    {"extensions that no flag announces",
     WEBAUTHN_TRAILING_BYTES,
     {.extensions = SOFT_BYTES("\xa0"), .clear = AUTHENTICATOR_HAS_EXTENSIONS}},
    {"bytes behind the extensions",
     WEBAUTHN_TRAILING_BYTES,
     {.extensions = SOFT_BYTES("\xa0\xa0")}},
    {"too many bytes", WEBAUTHN_AUTHENTICATOR_DATA_SIZE, {.zeros = 4096}},
    {"extensions",
     WEBAUTHN_OK,
     {.extensions = SOFT_BYTES("\xa1\x6b"
                               "credProtect\x02")}},
    {"a flag for extensions, and none", WEBAUTHN_EXTENSIONS, {.set = AUTHENTICATOR_HAS_EXTENSIONS}},
    {"a list of extensions", WEBAUTHN_EXTENSIONS, {.extensions = SOFT_BYTES("\x80")}},
    {"a map without an end", WEBAUTHN_EXTENSIONS, {.extensions = SOFT_BYTES("\xbf\xff")}},
    {"a map that ends early", WEBAUTHN_EXTENSIONS, {.extensions = SOFT_BYTES("\xa1\x61x")}},
    {"an extension twice",
     WEBAUTHN_EXTENSIONS,
     {.extensions = SOFT_BYTES("\xa2\x61x\x01\x61x\x01")}},
    {"a number in its long form",
     WEBAUTHN_EXTENSIONS,
     {.extensions = SOFT_BYTES("\xa1\x61x\x18\x01")}},
    {"another relying party", WEBAUTHN_RP_ID, {.rp_id = "evil.example"}},
    {"a subdomain as relying party", WEBAUTHN_RP_ID, {.rp_id = "shop.market.example"}},
    {"nobody there", WEBAUTHN_USER_PRESENCE, {.clear = AUTHENTICATOR_USER_PRESENT}},
    {"somebody there", WEBAUTHN_USER_VERIFICATION, {.clear = AUTHENTICATOR_USER_VERIFIED}},
    {"backed up, and not eligible", WEBAUTHN_BACKUP_STATE, {.set = AUTHENTICATOR_BACKED_UP}},
    {"reserved flags", WEBAUTHN_OK, {.set = 1U << 1 | 1U << 5}},
};

static const struct registration_case registration_cases[] = {
    {"as it should be", WEBAUTHN_OK, {0}},
    {"that can be backed up", WEBAUTHN_OK, {.set = AUTHENTICATOR_BACKUP_ELIGIBLE}},
    {"of a log-in", WEBAUTHN_TYPE, {.type = "webauthn.get"}},
    {"with a byte order mark",
     WEBAUTHN_OK,
     {.client_data = SOFT_BYTES("\xef\xbb\xbf" CREATED ORIGIN "}")}},
    {"two byte order marks",
     WEBAUTHN_CLIENT_DATA_SYNTAX,
     {.client_data = SOFT_BYTES("\xef\xbb\xbf\xef\xbb\xbf" CREATED ORIGIN "}")}},
    {"attestation too large", WEBAUTHN_ATTESTATION_SIZE, {.object_padding = 16384}},
    {"a byte behind the attestation", WEBAUTHN_ATTESTATION_OBJECT, {.object_padding = 1}},
    {"another member",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.object_from = SOFT_BYTES("\xa4\x63"
                                "fmt\x64none"),
      .object_end = SOFT_BYTES("\x69zzzzzzzzz\x01")}},
    {"no format", WEBAUTHN_ATTESTATION_OBJECT, {.object_from = SOFT_BYTES("\xa2")}},
    {"a format that is a number",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.object_from = SOFT_BYTES("\xa3\x63"
                                "fmt\x01")}},
    {"a map without an end",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.object_from = SOFT_BYTES("\xbf\x63"
                                "fmt\x64none"),
      .object_end = SOFT_BYTES("\xff")}},
    {"a length in its long form",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.object_from = SOFT_BYTES("\xa3\x63"
                                "fmt\x78\x04none")}},
    {"with a tag",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.object_from = SOFT_BYTES("\xc0\xa3\x63"
                                "fmt\x64none")}},
    {"members in another order",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.object_from = SOFT_BYTES("\xa3"),
      .object_end = SOFT_BYTES("\x63"
                               "fmt\x64none")}},
    {"a list as statement", WEBAUTHN_ATTESTATION_OBJECT, {.statement = SOFT_BYTES("\x80")}},
    {"a statement with a fraction",
     WEBAUTHN_ATTESTATION_OBJECT,
     {.statement = SOFT_BYTES("\xa1\x61x\xf9\x3c\x00")}},
    {"half of the authenticator data", WEBAUTHN_AUTHENTICATOR_DATA_SIZE, {.cut = 128}},
    {"half of a key", WEBAUTHN_AUTHENTICATOR_DATA, {.cut = 1}},
    {"half of a credential id", WEBAUTHN_AUTHENTICATOR_DATA, {.cut = 80}},
    {"a key that is a list", WEBAUTHN_AUTHENTICATOR_DATA, {.key = SOFT_BYTES("\x80")}},
    {"no credential", WEBAUTHN_CREDENTIAL_MISSING, {.clear = AUTHENTICATOR_HAS_CREDENTIAL}},
    {"ES384", WEBAUTHN_ALGORITHM, {.key = SOFT_BYTES("\xa2\x01\x02\x03\x38\x22")}},
    {"no algorithm", WEBAUTHN_PUBLIC_KEY, {.key = SOFT_BYTES("\xa1\x01\x02")}},
    {"a point that is not on the curve",
     WEBAUTHN_PUBLIC_KEY,
     {.key = SOFT_BYTES("\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" ZEROS "\x22\x58\x20" ZEROS)}},
    {"a point of small order",
     WEBAUTHN_PUBLIC_KEY,
     {.key = SOFT_BYTES("\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20" ZEROS)}},
    {"self attestation", WEBAUTHN_OK, {.self = true}},
    {"a security key of old", WEBAUTHN_ATTESTATION_FORMAT, {.format = "fido-u2f", .self = true}},
    {"a format in capitals", WEBAUTHN_ATTESTATION_FORMAT, {.format = "None"}},
    {"none, with a statement",
     WEBAUTHN_ATTESTATION_STATEMENT,
     {.statement = SOFT_BYTES("\xa1\x63"
                              "alg\x26")}},
    {"self attestation without a signature",
     WEBAUTHN_ATTESTATION_STATEMENT,
     {.format = "packed",
      .statement = SOFT_BYTES("\xa1\x63"
                              "alg\x26")}},
    {"self attestation of another algorithm",
     WEBAUTHN_ATTESTATION_STATEMENT,
     {.format = "packed",
      .statement = SOFT_BYTES("\xa2\x63"
                              "alg\x27\x63sig\x41x")}},
    {"self attestation with more",
     WEBAUTHN_ATTESTATION_STATEMENT,
     {.format = "packed",
      .statement = SOFT_BYTES("\xa3\x63"
                              "alg\x26\x63sig\x41x\x64more\x01")}},
    {"attestation with a certificate",
     WEBAUTHN_ATTESTATION_CERTIFICATE,
     {.format = "packed",
      .statement = SOFT_BYTES("\xa3\x63"
                              "alg\x26\x63sig\x41x\x63x5c\x81\x41x")}},
    {"self attestation with a flipped bit",
     WEBAUTHN_ATTESTATION_SIGNATURE,
     {.self = true, .flip = true}},
    {"self attestation with an empty signature",
     WEBAUTHN_ATTESTATION_SIGNATURE,
     {.self = true, .signature = SOFT_BYTES("")}},
    {"an id of 16 bytes", WEBAUTHN_OK, {.id_length = 16}},
    {"an id of 15 bytes", WEBAUTHN_CREDENTIAL_ID_SIZE, {.id_length = 15}},
    {"an id of 1023 bytes", WEBAUTHN_OK, {.id_length = 1023}},
    {"an id of 1024 bytes", WEBAUTHN_CREDENTIAL_ID_SIZE, {.id_length = 1024}},
};

static enum webauthn_reason judge_registration(const struct soft *soft, const struct soft_key *used)
{
    const struct webauthn_ceremony ceremony = soft_ceremony();
    struct webauthn_credential credential;
    struct soft_made made;
    soft_register(soft, used, &made);
    const struct webauthn_registration registration = soft_registration(&made);
    const enum webauthn_reason reason = webauthn_register(&ceremony, &registration, &credential);
    if (reason == WEBAUTHN_OK) {
        assert_memory_equal(credential.id.bytes, made.id, made.id_length);
        assert_int_equal(credential.id.length, made.id_length);
        assert_true(text_equal(credential.public_key, buffer_view(&used->cose)));
        assert_int_equal(credential.algorithm, used->algorithm);
        assert_int_equal(credential.sign_count, soft->sign_count);
        assert_true(text_is(credential.aaguid, "an AAGUID of 16."));
        assert_int_equal(credential.backup_eligible,
                         (soft->set & AUTHENTICATOR_BACKUP_ELIGIBLE) != 0);
        assert_int_equal(credential.backed_up, (soft->set & AUTHENTICATOR_BACKED_UP) != 0);
        assert_int_equal(credential.attestation,
                         soft->self ? WEBAUTHN_ATTESTATION_SELF : WEBAUTHN_ATTESTATION_NONE);
    }
    soft_made_done(&made);
    return reason;
}

static void check_registrations(const struct registration_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_reason(cases[i].what, judge_registration(&cases[i].soft, &key), cases[i].reason);
}

static void registrations_are_refused_for_one_reason_each(void **state)
{
    (void)state;
    check_registrations(client_data_cases, COUNT_OF(client_data_cases));
    check_registrations(authenticator_cases, COUNT_OF(authenticator_cases));
    check_registrations(registration_cases, COUNT_OF(registration_cases));
}

static void every_offered_algorithm_registers(void **state)
{
    const struct soft_key *keys[] = {&key, &ed25519_key, &rsa_key};
    const struct soft plain = {.sign_count = 0xfffefdfc};
    const struct soft backed_up = {.set = AUTHENTICATOR_BACKUP_ELIGIBLE | AUTHENTICATOR_BACKED_UP,
                                   .self = true};
    const struct soft wrong = {.self = true, .flip = true};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_reason("plain", judge_registration(&plain, keys[i]), WEBAUTHN_OK);
        assert_reason("backed up", judge_registration(&backed_up, keys[i]), WEBAUTHN_OK);
        assert_reason("wrong", judge_registration(&wrong, keys[i]), WEBAUTHN_ATTESTATION_SIGNATURE);
    }
}

/* --- assertions --- */

struct assertion_case {
    const char *what;
    enum webauthn_reason reason;
    struct soft soft;
    uint32_t kept_count;
    bool kept_eligible;
    bool found_by_handle;
    const char *user_handle; /* "": none */
    const char *id;          /* instead of the credential's */
};

#define GOT "{\"type\":\"webauthn.get\",\"challenge\":\"" CHALLENGE_TEXT "\"" ORIGIN

static const struct assertion_case assertion_cases[] = {
    {"as it should be", WEBAUTHN_OK, .soft = {.sign_count = 0}},
    {"another passkey", WEBAUTHN_CREDENTIAL_ID, .id = "jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj"},
    {"the beginning of its id", WEBAUTHN_CREDENTIAL_ID, .id = "iiiiiiiiiiiiiiii"},
    {"no user handle", WEBAUTHN_OK, .user_handle = ""},
    {"found by its handle", WEBAUTHN_OK, .found_by_handle = true},
    {"no user handle to be found by", WEBAUTHN_USER_HANDLE_MISSING, .user_handle = "",
     .found_by_handle = true},
    {"another account", WEBAUTHN_USER_HANDLE, .user_handle = "another's user handle"},
    {"another account, found", WEBAUTHN_USER_HANDLE, .user_handle = "x", .found_by_handle = true},
    {"an empty signature", WEBAUTHN_SIGNATURE_SIZE, .soft = {.signature = SOFT_BYTES("")}},
    {"of a registration", WEBAUTHN_TYPE, .soft = {.type = "webauthn.create"}},
    {"half of the authenticator data", WEBAUTHN_AUTHENTICATOR_DATA_SIZE, .soft = {.cut = 1}},
    {"no authenticator data", WEBAUTHN_AUTHENTICATOR_DATA_SIZE, .soft = {.cut = 37}},
    {"a flag for a credential, and none", WEBAUTHN_AUTHENTICATOR_DATA,
     .soft = {.set = AUTHENTICATOR_HAS_CREDENTIAL, .cut = 100}},
    {"a credential", WEBAUTHN_CREDENTIAL_UNEXPECTED, .soft = {.set = AUTHENTICATOR_HAS_CREDENTIAL}},
    {"that can be backed up", WEBAUTHN_OK, .soft = {.set = AUTHENTICATOR_BACKUP_ELIGIBLE},
     .kept_eligible = true},
    {"that now can be backed up", WEBAUTHN_BACKUP_ELIGIBILITY,
     .soft = {.set = AUTHENTICATOR_BACKUP_ELIGIBLE}},
    {"that no longer can be backed up", WEBAUTHN_BACKUP_ELIGIBILITY, .kept_eligible = true},
    {"a flipped bit", WEBAUTHN_SIGNATURE, .soft = {.flip = true}},
    {"a byte behind the signature", WEBAUTHN_SIGNATURE, .soft = {.behind = SOFT_BYTES("\0")}},
    {"r and s of 1", WEBAUTHN_SIGNATURE,
     .soft = {.signature = SOFT_BYTES("\x30\x06\x02\x01\x01\x02\x01\x01")}},
    {"r and s of 0", WEBAUTHN_SIGNATURE,
     .soft = {.signature = SOFT_BYTES("\x30\x06\x02\x01\x00\x02\x01\x00")}},
    {"client data of the same meaning", WEBAUTHN_SIGNATURE,
     .soft = {.changed = SOFT_BYTES(GOT " }")}},
    {"the first use of a counter", WEBAUTHN_OK, .soft = {.sign_count = 1}},
    {"the next", WEBAUTHN_OK, .soft = {.sign_count = 8}, .kept_count = 7},
    {"far beyond", WEBAUTHN_OK, .soft = {.sign_count = UINT32_MAX}, .kept_count = UINT32_MAX - 1},
    {"the same count", WEBAUTHN_SIGN_COUNT, .soft = {.sign_count = 7}, .kept_count = 7},
    {"a lower count", WEBAUTHN_SIGN_COUNT, .soft = {.sign_count = 6}, .kept_count = 7},
    {"no count any more", WEBAUTHN_SIGN_COUNT, .kept_count = 7},
};

static struct webauthn_credential kept_credential(const struct soft_key *used,
                                                  const struct assertion_case *this)
{
    static char id[SOFT_ID_BYTES];
    memset(id, 'i', sizeof id);
    return (struct webauthn_credential){.id = {id, sizeof id},
                                        .public_key = buffer_view(&used->cose),
                                        .algorithm = used->algorithm,
                                        .sign_count = this->kept_count,
                                        .backup_eligible = this->kept_eligible};
}

static enum webauthn_reason judge_assertion(const struct assertion_case *this,
                                            const struct soft_key *signer,
                                            const struct soft_key *kept)
{
    const struct webauthn_ceremony ceremony = soft_ceremony();
    const struct webauthn_credential credential = kept_credential(kept, this);
    const struct webauthn_account account = {TEXT(SOFT_USER), &credential, this->found_by_handle};
    struct webauthn_use use = {.sign_count = 99};
    struct soft_made made;
    soft_assert(&this->soft, signer, &made);
    struct webauthn_assertion assertion = soft_assertion(&made);
    if (this->user_handle != NULL)
        assertion.user_handle =
            this->user_handle[0] == '\0' ? TEXT_NONE : text_of(this->user_handle);
    if (this->id != NULL)
        assertion.credential_id = text_of(this->id);
    const enum webauthn_reason reason = webauthn_assert(&ceremony, &account, &assertion, &use);
    const enum webauthn_reason later =
        webauthn_recheck(&ceremony, credential.public_key, &assertion.signed_by);
    if (reason == WEBAUTHN_OK) {
        assert_int_equal(use.sign_count, this->soft.sign_count);
        assert_int_equal(use.backed_up, (this->soft.set & AUTHENTICATOR_BACKED_UP) != 0);
        assert_reason("later", later, WEBAUTHN_OK);
    } else if (later != WEBAUTHN_OK) {
        assert_true(later == reason || this->id != NULL || this->user_handle != NULL);
    }
    soft_made_done(&made);
    return reason;
}

static void check_shared_cases(const struct registration_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct assertion_case this = {.what = cases[i].what, .soft = cases[i].soft};
        if (cases[i].reason == WEBAUTHN_OK && this.soft.client_data.bytes != NULL)
            continue;
        assert_reason(cases[i].what, judge_assertion(&this, &key, &key), cases[i].reason);
    }
}

static void assertions_are_refused_for_one_reason_each(void **state)
{
    (void)state;
    check_shared_cases(client_data_cases, COUNT_OF(client_data_cases));
    check_shared_cases(authenticator_cases, COUNT_OF(authenticator_cases));
    for (size_t i = 0; i < COUNT_OF(assertion_cases); i++)
        assert_reason(assertion_cases[i].what, judge_assertion(&assertion_cases[i], &key, &key),
                      assertion_cases[i].reason);
}

static void only_the_credentials_own_key_signs(void **state)
{
    const struct soft_key *keys[] = {&key, &other_key, &ed25519_key, &rsa_key};
    const struct assertion_case plain = {.what = "plain"};
    const struct assertion_case backed_up = {
        .soft = {.set = AUTHENTICATOR_BACKUP_ELIGIBLE | AUTHENTICATOR_BACKED_UP},
        .kept_eligible = true};
    const struct assertion_case wrong = {.soft = {.flip = true}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        for (size_t j = 0; j < COUNT_OF(keys); j++)
            assert_reason("of keys", judge_assertion(&plain, keys[i], keys[j]),
                          i == j ? WEBAUTHN_OK : WEBAUTHN_SIGNATURE);
        assert_reason("backed up", judge_assertion(&backed_up, keys[i], keys[i]), WEBAUTHN_OK);
        assert_reason("wrong", judge_assertion(&wrong, keys[i], keys[i]), WEBAUTHN_SIGNATURE);
    }
}

static void long_signatures_are_not_read(void **state)
{
    static char long_signature[513];
    const struct assertion_case too_long = {
        .soft = {.signature = {long_signature, sizeof long_signature}}};
    const struct assertion_case long_enough = {
        .soft = {.signature = {long_signature, sizeof long_signature - 1}}};
    (void)state;
    assert_reason("513 bytes", judge_assertion(&too_long, &key, &key), WEBAUTHN_SIGNATURE_SIZE);
    assert_reason("512 bytes", judge_assertion(&long_enough, &key, &key), WEBAUTHN_SIGNATURE);
}

/* Every bit of what is signed counts, and every bit of the signature. */
static void no_bit_can_be_changed(void **state)
{
    const struct webauthn_ceremony ceremony = soft_ceremony();
    const struct soft soft = {.sign_count = 1};
    struct soft_made made;
    (void)state;
    soft_assert(&soft, &key, &made);
    struct buffer *parts[] = {&made.client_data, &made.authenticator_data, &made.signature};
    const struct webauthn_assertion assertion = soft_assertion(&made);
    for (size_t part = 0; part < COUNT_OF(parts); part++)
        for (size_t bit = 0; bit < parts[part]->length * 8; bit++) {
            parts[part]->bytes[bit / 8] ^= (char)(1 << bit % 8);
            assert_int_not_equal(
                webauthn_recheck(&ceremony, buffer_view(&key.cose), &assertion.signed_by),
                WEBAUTHN_OK);
            parts[part]->bytes[bit / 8] ^= (char)(1 << bit % 8);
        }
    assert_reason("as it was",
                  webauthn_recheck(&ceremony, buffer_view(&key.cose), &assertion.signed_by),
                  WEBAUTHN_OK);
    soft_made_done(&made);
}

static void no_origins_mean_none(void **state)
{
    struct webauthn_ceremony ceremony = soft_ceremony();
    const struct soft soft = {0};
    struct webauthn_credential credential;
    struct soft_made made;
    (void)state;
    soft_register(&soft, &key, &made);
    const struct webauthn_registration registration = soft_registration(&made);
    ceremony.origin_count = 0;
    assert_reason("no origins", webauthn_register(&ceremony, &registration, &credential),
                  WEBAUTHN_ORIGIN);
    soft_made_done(&made);
}

/* --- reasons --- */

static void note_reasons(bool seen[WEBAUTHN_REASONS], const struct registration_case *cases,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        seen[cases[i].reason] = true;
}

static void every_reason_has_a_case(void **state)
{
    bool seen[WEBAUTHN_REASONS] = {false};
    (void)state;
    note_reasons(seen, client_data_cases, COUNT_OF(client_data_cases));
    note_reasons(seen, authenticator_cases, COUNT_OF(authenticator_cases));
    note_reasons(seen, registration_cases, COUNT_OF(registration_cases));
    for (size_t i = 0; i < COUNT_OF(assertion_cases); i++)
        seen[assertion_cases[i].reason] = true;
    for (enum webauthn_reason reason = WEBAUTHN_OK; reason < WEBAUTHN_REASONS; reason++)
        if (!seen[reason])
            fail_msg("no case for %s", webauthn_reason_slug(reason));
}

static void a_refusal_says_why(void **state)
{
    struct problem problem;
    struct buffer body;
    (void)state;
    problem_clear(&problem);
    buffer_init(&body);
    assert_false(webauthn_refuse(&problem, WEBAUTHN_CROSS_ORIGIN));
    problem_write(&body, &problem, TEXT_NONE);
    buffer_char(&body, '\0');
    assert_non_null(strstr(body.bytes, "\"reason\":\"cross-origin\""));
    assert_non_null(strstr(body.bytes, webauthn_reason_words(WEBAUTHN_CROSS_ORIGIN)));
    assert_non_null(strstr(body.bytes, "passkey-refused"));
    buffer_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registrations_are_refused_for_one_reason_each),
        cmocka_unit_test(every_offered_algorithm_registers),
        cmocka_unit_test(assertions_are_refused_for_one_reason_each),
        cmocka_unit_test(only_the_credentials_own_key_signs),
        cmocka_unit_test(long_signatures_are_not_read),
        cmocka_unit_test(no_bit_can_be_changed),
        cmocka_unit_test(no_origins_mean_none),
        cmocka_unit_test(every_reason_has_a_case),
        cmocka_unit_test(a_refusal_says_why),
    };
    return cmocka_run_group_tests(tests, make_keys, free_keys);
}
