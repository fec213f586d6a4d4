/*
 * What a browser and an authenticator send: client data, attestation object, authenticator data,
 * each with the rest of a ceremony good. Whatever is accepted keeps what the headers promise, and
 * no signature is ever right.
 */
#include "identity/authenticator_data.h"
#include "identity/cose_key.h"
#include "identity/ctap_cbor.h"
#include "identity/webauthn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMBERS                                                                                    \
    ",\"challenge\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\","                              \
    "\"origin\":\"https://market.example\"}"

/* A P-256 key that nobody here can sign with: twice the generator. */
static const char public_key[] = "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"
                                 "\x7c\xf2\x7b\x18\x8d\x03\x4f\x7e\x8a\x52\x38\x03\x04\xb5\x1a\xc3"
                                 "\xc0\x89\x69\xe2\x77\xf2\x1b\x35\xa6\x0b\x48\xfc\x47\x66\x99\x78"
                                 "\x22\x58\x20"
                                 "\x07\x77\x55\x10\xdb\x8e\xd0\x40\x29\x3d\x9a\xc6\x9f\x74\x30\xdb"
                                 "\xba\x7d\xad\xe6\x3c\xe9\x82\x29\x9e\x04\xb7\x9d\x22\x78\x73\xd1";

static struct webauthn_ceremony ceremony_of(const struct text *origin)
{
    return (struct webauthn_ceremony){.rp_id = TEXT("market.example"),
                                      .origins = origin,
                                      .origin_count = 1,
                                      .challenge = TEXT("0123456789abcdef0123456789abcdef")};
}

static void check_registration(const struct webauthn_ceremony *ceremony, struct text input)
{
    const struct webauthn_registration registration = {
        TEXT("{\"type\":\"webauthn.create\"" MEMBERS), input};
    struct webauthn_credential credential;
    if (webauthn_register(ceremony, &registration, &credential) != WEBAUTHN_OK)
        return;
    MUST(credential.id.length >= WEBAUTHN_CREDENTIAL_ID_MIN &&
         credential.id.length <= WEBAUTHN_CREDENTIAL_ID_MAX);
    MUST(credential.aaguid.length == WEBAUTHN_AAGUID_BYTES);
    MUST(cose_algorithm_name(credential.algorithm) != NULL);
    MUST(cose_key_is_valid(credential.public_key));
    MUST(credential.backup_eligible || !credential.backed_up);
}

static void check_signature(const struct webauthn_ceremony *ceremony, struct text client_data,
                            struct text authenticator_data, struct text signature)
{
    const struct text key = {public_key, sizeof public_key - 1};
    const struct webauthn_signature signed_by = {client_data, authenticator_data, signature};
    MUST(cose_key_is_valid(key));
    MUST(webauthn_recheck(ceremony, key, &signed_by) != WEBAUTHN_OK);
}

static void check_cbor(struct text input)
{
    struct ctap_cbor item;
    struct ctap_cbor member;
    int64_t algorithm;
    if (!ctap_cbor_read(&input, &item))
        return;
    MUST(item.kind != CTAP_CBOR_MAP || item.content.length >= 2 * item.count);
    if (ctap_cbor_named(&item, "x", &member))
        MUST(member.content.length < item.content.length);
    if (cose_key_is_valid(input))
        MUST(cose_key_algorithm(input, &algorithm) && cose_algorithm_name(algorithm) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char signature[] = "\x30\x06\x02\x01\x01\x02\x01\x01";
    const struct text origin = TEXT("https://market.example");
    const struct webauthn_ceremony ceremony = ceremony_of(&origin);
    const struct text input = {(const char *)data, size};
    const struct text client_data = TEXT("{\"type\":\"webauthn.get\"" MEMBERS);
    struct authenticator_data parsed;
    check_registration(&ceremony, input);
    check_signature(&ceremony, client_data, input, (struct text){signature, sizeof signature - 1});
    check_signature(&ceremony, input, input, (struct text){signature, sizeof signature - 1});
    check_cbor(input);
    if (authenticator_data_read(input, &parsed) == WEBAUTHN_OK)
        MUST(parsed.rp_id_hash.length == 32);
    return 0;
}
