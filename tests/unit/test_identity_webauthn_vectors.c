/*
 * The test vectors of WebAuthn L3 §16. Many of them lack user verification or carry an attestation
 * that we do not ask for: then that is what they are refused for. The signatures of all of our
 * algorithms are checked by themselves as well.
 */
#include "test_tlog_data.h"

#include <string.h>

#include "base/arena.h"
#include "base/digest.h"
#include "identity/authenticator_data.h"
#include "identity/cose_key.h"
#include "identity/ctap_cbor.h"
#include "identity/webauthn.h"

static const struct {
    const char *title;
    enum webauthn_reason registered, asserted;
    bool our_algorithm;
} vectors[] = {
    {"ES256 Credential with No Attestation", WEBAUTHN_USER_VERIFICATION, WEBAUTHN_USER_VERIFICATION,
     true},
    {"ES256 Credential with Self Attestation", WEBAUTHN_OK, WEBAUTHN_USER_VERIFICATION, true},
    {"ES256 Credential with \"crossOrigin\": true in clientDataJSON", WEBAUTHN_CROSS_ORIGIN,
     WEBAUTHN_CROSS_ORIGIN, true},
    {"ES256 Credential with \"topOrigin\" in clientDataJSON", WEBAUTHN_CROSS_ORIGIN,
     WEBAUTHN_CROSS_ORIGIN, true},
    {"ES256 Credential with very long credential ID", WEBAUTHN_USER_VERIFICATION, WEBAUTHN_OK,
     true},
    {"Packed Attestation with ES256 Credential", WEBAUTHN_ATTESTATION_CERTIFICATE, WEBAUTHN_OK,
     true},
    {"Packed Attestation with ES384 Credential", WEBAUTHN_USER_VERIFICATION, WEBAUTHN_SIGNATURE,
     false},
    {"Packed Attestation with ES512 Credential", WEBAUTHN_ALGORITHM, WEBAUTHN_USER_VERIFICATION,
     false},
    {"Packed Attestation with RS256 Credential", WEBAUTHN_ATTESTATION_CERTIFICATE,
     WEBAUTHN_USER_VERIFICATION, true},
    {"Packed Attestation with Ed25519 Credential", WEBAUTHN_USER_VERIFICATION,
     WEBAUTHN_USER_VERIFICATION, true},
    {"Packed Attestation with Ed448 Credential", WEBAUTHN_USER_VERIFICATION, WEBAUTHN_SIGNATURE,
     false},
    {"TPM Attestation with ES256 Credential", WEBAUTHN_ATTESTATION_FORMAT, WEBAUTHN_OK, true},
    {"Android Key Attestation with ES256 Credential", WEBAUTHN_ATTESTATION_FORMAT,
     WEBAUTHN_USER_VERIFICATION, true},
    {"Apple Anonymous Attestation with ES256 Credential", WEBAUTHN_USER_VERIFICATION,
     WEBAUTHN_USER_VERIFICATION, true},
    {"FIDO U2F Attestation with ES256 Credential", WEBAUTHN_USER_VERIFICATION,
     WEBAUTHN_USER_VERIFICATION, true},
};

static struct buffer document;
static struct arena *arena;

static int read_document(void **state)
{
    char path[1024];
    (void)state;
    arena = arena_new();
    buffer_init(&document);
    data_path(path, sizeof path, "webauthn/test-vectors.txt");
    if (file_read_whole(path, &document))
        buffer_char(&document, '\0');
    return 0;
}

static int free_document(void **state)
{
    (void)state;
    buffer_done(&document);
    arena_free(arena);
    return 0;
}

/* `NAME = h'…'` behind FROM, decoded. */
static struct text vector_bytes(const char *from, const char *name)
{
    const char *at = strstr(from, arena_format(arena, "\n%s = h'", name).bytes);
    assert_non_null(at);
    struct text hex = text_of(strchr(at, '\'') + 1);
    hex = text_cut(&hex, '\'');
    size_t length = hex.length / 2;
    char *bytes = arena_take(arena, length + 1);
    assert_true(hex_decode(hex, bytes, length, &length));
    return (struct text){bytes, length};
}

static const char *find_section(const char *title)
{
    const char *section = strstr(document.bytes, arena_format(arena, "\n## %s ##", title).bytes);
    assert_non_null(section);
    return section;
}

static struct webauthn_ceremony ceremony_of(struct text challenge)
{
    static const struct text origin = {"https://example.org", 19};
    return (struct webauthn_ceremony){.rp_id = TEXT("example.org"),
                                      .origins = &origin,
                                      .origin_count = 1,
                                      .challenge = challenge};
}

static struct authenticator_data created(struct text attestation_object)
{
    struct ctap_cbor object;
    struct ctap_cbor bytes;
    struct authenticator_data data;
    assert_true(ctap_cbor_read_only(attestation_object, &object));
    assert_true(ctap_cbor_named(&object, "authData", &bytes));
    assert_int_equal(authenticator_data_read(bytes.content, &data), WEBAUTHN_OK);
    return data;
}

static void check_signature(const struct webauthn_signature *signed_by, struct text key,
                            bool our_algorithm)
{
    const struct digest hash =
        digest_of(signed_by->client_data.bytes, signed_by->client_data.length);
    struct buffer message;
    buffer_init(&message);
    buffer_text(&message, signed_by->authenticator_data);
    buffer_add(&message, hash.bytes, DIGEST_BYTES);
    assert_int_equal(cose_key_is_valid(key), our_algorithm);
    assert_int_equal(cose_key_verify(key, buffer_view(&message), signed_by->signature),
                     our_algorithm);
    buffer_done(&message);
}

static void assert_reason(const char *what, const char *when, enum webauthn_reason got,
                          enum webauthn_reason wanted)
{
    if (got != wanted)
        fail_msg("%s, %s: got %s, not %s", what, when, webauthn_reason_slug(got),
                 webauthn_reason_slug(wanted));
}

static void check_section(size_t index)
{
    const char *registration = find_section(vectors[index].title);
    const char *authentication = strstr(registration, "\n[=authentication ceremony|");
    struct webauthn_credential credential = {0};
    struct webauthn_use use;
    assert_non_null(authentication);
    const struct webauthn_registration made = {vector_bytes(registration, "clientDataJSON"),
                                               vector_bytes(registration, "attestationObject")};
    struct webauthn_ceremony ceremony = ceremony_of(vector_bytes(registration, "challenge"));
    const struct authenticator_data data = created(made.attestation_object);
    assert_reason(vectors[index].title, "registration",
                  webauthn_register(&ceremony, &made, &credential), vectors[index].registered);
    credential =
        (struct webauthn_credential){.id = data.credential_id,
                                     .public_key = data.public_key,
                                     .backup_eligible = data.flags & AUTHENTICATOR_BACKUP_ELIGIBLE};
    const struct webauthn_account account = {TEXT("user"), &credential, false};
    const struct webauthn_assertion assertion = {
        .credential_id = data.credential_id,
        .signed_by = {vector_bytes(authentication, "clientDataJSON"),
                      vector_bytes(authentication, "authenticatorData"),
                      vector_bytes(authentication, "signature")}};
    ceremony = ceremony_of(vector_bytes(authentication, "challenge"));
    assert_reason(vectors[index].title, "assertion",
                  webauthn_assert(&ceremony, &account, &assertion, &use), vectors[index].asserted);
    check_signature(&assertion.signed_by, data.public_key, vectors[index].our_algorithm);
}

static void the_standards_vectors_are_judged_as_they_must(void **state)
{
    (void)state;
    if (document.length == 0) {
        print_message("skipped: webauthn/test-vectors.txt is absent; set COUNTERFOIL_DATA\n");
        skip();
    }
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        check_section(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_standards_vectors_are_judged_as_they_must),
    };
    return cmocka_run_group_tests(tests, read_document, free_document);
}
