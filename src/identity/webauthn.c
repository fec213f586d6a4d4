#include "identity/webauthn.h"

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "identity/authenticator_data.h"
#include "identity/cose_key.h"
#include "identity/ctap_cbor.h"

static const struct {
    const char *slug;
    const char *words;
    const char *member; /* of the problem */
} reasons[WEBAUTHN_REASONS] = {
    [WEBAUTHN_OK] = {"ok", "it is as it must be", "\"reason\":\"ok\""},
#define REASON(name, slug, words) [WEBAUTHN_##name] = {slug, words, "\"reason\":\"" slug "\""},
#include "identity/webauthn_reasons.def"
#undef REASON
};

const char *webauthn_reason_slug(enum webauthn_reason reason)
{
    MUST(reason < WEBAUTHN_REASONS);
    return reasons[reason].slug;
}

const char *webauthn_reason_words(enum webauthn_reason reason)
{
    MUST(reason < WEBAUTHN_REASONS);
    return reasons[reason].words;
}

bool webauthn_refuse(struct problem *problem, enum webauthn_reason reason)
{
    problem_set(problem, PROBLEM_PASSKEY_REFUSED, "%s", webauthn_reason_words(reason));
    problem->extension = text_of(reasons[reason].member);
    return false;
}

/* --- client data: §7.1 steps 5 to 11, §7.2 steps 8 to 14 --- */

static struct text string_member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_view(value) : TEXT_NONE;
}

static bool is_challenge(struct text given, struct text challenge)
{
    struct buffer wanted;
    buffer_init(&wanted);
    base64url_add(&wanted, challenge.bytes, challenge.length);
    const bool equal = text_equal_secret(given, buffer_view(&wanted));
    buffer_done(&wanted);
    return equal;
}

static bool is_ours(const struct webauthn_ceremony *ceremony, struct text origin)
{
    for (size_t i = 0; i < ceremony->origin_count; i++)
        if (text_equal(origin, ceremony->origins[i]))
            return true;
    return false;
}

static enum webauthn_reason check_members(const struct webauthn_ceremony *ceremony,
                                          const json_t *client_data, const char *type)
{
    const struct text given_type = string_member(client_data, "type");
    const struct text challenge = string_member(client_data, "challenge");
    const struct text origin = string_member(client_data, "origin");
    const json_t *cross_origin = json_object_get(client_data, "crossOrigin");
    if (given_type.bytes == NULL || challenge.bytes == NULL || origin.bytes == NULL ||
        (cross_origin != NULL && !json_is_boolean(cross_origin)))
        return WEBAUTHN_CLIENT_DATA_MEMBER;
    if (!text_is(given_type, type))
        return WEBAUTHN_TYPE;
    if (!is_challenge(challenge, ceremony->challenge))
        return WEBAUTHN_CHALLENGE;
    if (!is_ours(ceremony, origin))
        return WEBAUTHN_ORIGIN;
    if (json_is_true(cross_origin))
        return WEBAUTHN_CROSS_ORIGIN;
    if (json_object_get(client_data, "topOrigin") != NULL)
        return WEBAUTHN_TOP_ORIGIN;
    return WEBAUTHN_OK;
}

static enum webauthn_reason check_client_data(const struct webauthn_ceremony *ceremony,
                                              struct text bytes, const char *type)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";
    struct problem problem;
    MUST(ceremony->challenge.length >= WEBAUTHN_CHALLENGE_MIN &&
         ceremony->challenge.length <= WEBAUTHN_CHALLENGE_MAX);
    if (text_starts(bytes, byte_order_mark))
        bytes = text_slice(bytes, strlen(byte_order_mark), bytes.length);
    json_t *client_data = json_read(bytes, &problem);
    const enum webauthn_reason reason = json_is_object(client_data)
                                            ? check_members(ceremony, client_data, type)
                                            : WEBAUTHN_CLIENT_DATA_SYNTAX;
    json_free(client_data);
    return reason;
}

/* --- authenticator data: §7.1 steps 14 to 17, §7.2 steps 15 to 18 --- */

static enum webauthn_reason check_authenticator(const struct webauthn_ceremony *ceremony,
                                                const struct authenticator_data *data)
{
    const struct digest rp_id_hash = digest_of(ceremony->rp_id.bytes, ceremony->rp_id.length);
    if (memcmp(data->rp_id_hash.bytes, rp_id_hash.bytes, DIGEST_BYTES) != 0)
        return WEBAUTHN_RP_ID;
    if (!(data->flags & AUTHENTICATOR_USER_PRESENT))
        return WEBAUTHN_USER_PRESENCE;
    if (!(data->flags & AUTHENTICATOR_USER_VERIFIED))
        return WEBAUTHN_USER_VERIFICATION;
    if ((data->flags & AUTHENTICATOR_BACKED_UP) && !(data->flags & AUTHENTICATOR_BACKUP_ELIGIBLE))
        return WEBAUTHN_BACKUP_STATE;
    return WEBAUTHN_OK;
}

/* Over authenticator data ‖ SHA-256(client data): §7.2 steps 20 and 21, §8.2. */
static bool signature_fits(struct text public_key, struct text authenticator_data,
                           struct text client_data, struct text signature)
{
    char message[WEBAUTHN_AUTHENTICATOR_DATA_MAX + DIGEST_BYTES];
    const struct digest hash = digest_of(client_data.bytes, client_data.length);
    MUST(authenticator_data.length <= WEBAUTHN_AUTHENTICATOR_DATA_MAX);
    memcpy(message, authenticator_data.bytes, authenticator_data.length);
    memcpy(message + authenticator_data.length, hash.bytes, DIGEST_BYTES);
    return cose_key_verify(
        public_key, (struct text){message, authenticator_data.length + DIGEST_BYTES}, signature);
}

/* --- registration --- */

struct attestation {
    struct text format;
    struct ctap_cbor statement;
    struct text authenticator_data;
};

static bool read_attestation(struct text bytes, struct attestation *attestation)
{
    struct ctap_cbor object;
    struct ctap_cbor format;
    struct ctap_cbor data;
    if (!ctap_cbor_read_only(bytes, &object) || object.count != 3 ||
        !ctap_cbor_named(&object, "fmt", &format) || format.kind != CTAP_CBOR_TEXT ||
        !ctap_cbor_named(&object, "attStmt", &attestation->statement) ||
        attestation->statement.kind != CTAP_CBOR_MAP ||
        !ctap_cbor_named(&object, "authData", &data) || data.kind != CTAP_CBOR_BYTES)
        return false;
    attestation->format = format.content;
    attestation->authenticator_data = data.content;
    return true;
}

/* §8.2, without a certificate. */
static enum webauthn_reason check_self_attestation(const struct attestation *attestation,
                                                   struct text client_data,
                                                   const struct webauthn_credential *credential)
{
    struct ctap_cbor algorithm;
    struct ctap_cbor signature;
    struct ctap_cbor certificate;
    if (ctap_cbor_named(&attestation->statement, "x5c", &certificate))
        return WEBAUTHN_ATTESTATION_CERTIFICATE;
    if (attestation->statement.count != 2 ||
        !ctap_cbor_named(&attestation->statement, "alg", &algorithm) ||
        algorithm.kind != CTAP_CBOR_INTEGER || algorithm.integer != credential->algorithm ||
        !ctap_cbor_named(&attestation->statement, "sig", &signature) ||
        signature.kind != CTAP_CBOR_BYTES)
        return WEBAUTHN_ATTESTATION_STATEMENT;
    return signature_fits(credential->public_key, attestation->authenticator_data, client_data,
                          signature.content)
               ? WEBAUTHN_OK
               : WEBAUTHN_ATTESTATION_SIGNATURE;
}

/* §7.1 steps 22 to 25. */
static enum webauthn_reason check_attestation(const struct attestation *attestation,
                                              struct text client_data,
                                              struct webauthn_credential *credential)
{
    if (text_is(attestation->format, "packed")) {
        credential->attestation = WEBAUTHN_ATTESTATION_SELF;
        return check_self_attestation(attestation, client_data, credential);
    }
    credential->attestation = WEBAUTHN_ATTESTATION_NONE;
    if (!text_is(attestation->format, "none"))
        return WEBAUTHN_ATTESTATION_FORMAT;
    return attestation->statement.count == 0 ? WEBAUTHN_OK : WEBAUTHN_ATTESTATION_STATEMENT;
}

static bool is_offered(int64_t algorithm)
{
    for (size_t i = 0; i < COSE_ALGORITHMS; i++)
        if (cose_algorithms[i] == algorithm)
            return true;
    return false;
}

/* §7.1 steps 20 to 26. */
static enum webauthn_reason check_credential(const struct attestation *attestation,
                                             struct text client_data,
                                             const struct authenticator_data *data,
                                             struct webauthn_credential *credential)
{
    if (!(data->flags & AUTHENTICATOR_HAS_CREDENTIAL))
        return WEBAUTHN_CREDENTIAL_MISSING;
    *credential = (struct webauthn_credential){
        .id = data->credential_id,
        .public_key = data->public_key,
        .aaguid = data->aaguid,
        .sign_count = data->sign_count,
        .backup_eligible = data->flags & AUTHENTICATOR_BACKUP_ELIGIBLE,
        .backed_up = data->flags & AUTHENTICATOR_BACKED_UP,
    };
    if (!cose_key_algorithm(data->public_key, &credential->algorithm))
        return WEBAUTHN_PUBLIC_KEY;
    if (!is_offered(credential->algorithm))
        return WEBAUTHN_ALGORITHM;
    if (!cose_key_is_valid(data->public_key))
        return WEBAUTHN_PUBLIC_KEY;
    const enum webauthn_reason reason = check_attestation(attestation, client_data, credential);
    if (reason != WEBAUTHN_OK)
        return reason;
    if (credential->id.length < WEBAUTHN_CREDENTIAL_ID_MIN ||
        credential->id.length > WEBAUTHN_CREDENTIAL_ID_MAX)
        return WEBAUTHN_CREDENTIAL_ID_SIZE;
    return WEBAUTHN_OK;
}

static bool is_sized(struct text bytes, size_t max)
{
    return bytes.length > 0 && bytes.length <= max;
}

enum webauthn_reason webauthn_register(const struct webauthn_ceremony *ceremony,
                                       const struct webauthn_registration *registration,
                                       struct webauthn_credential *credential)
{
    struct attestation attestation;
    struct authenticator_data data;
    if (!is_sized(registration->client_data, WEBAUTHN_CLIENT_DATA_MAX))
        return WEBAUTHN_CLIENT_DATA_SIZE;
    if (!is_sized(registration->attestation_object, WEBAUTHN_ATTESTATION_MAX))
        return WEBAUTHN_ATTESTATION_SIZE;
    enum webauthn_reason reason =
        check_client_data(ceremony, registration->client_data, "webauthn.create");
    if (reason != WEBAUTHN_OK)
        return reason;
    if (!read_attestation(registration->attestation_object, &attestation))
        return WEBAUTHN_ATTESTATION_OBJECT;
    reason = authenticator_data_read(attestation.authenticator_data, &data);
    if (reason == WEBAUTHN_OK)
        reason = check_authenticator(ceremony, &data);
    if (reason == WEBAUTHN_OK)
        reason = check_credential(&attestation, registration->client_data, &data, credential);
    return reason;
}

/* --- log-in and signature --- */

/* §7.2 steps 5 and 6. */
static enum webauthn_reason check_account(const struct webauthn_account *account,
                                          const struct webauthn_assertion *assertion)
{
    if (!text_equal(assertion->credential_id, account->credential->id))
        return WEBAUTHN_CREDENTIAL_ID;
    if (assertion->user_handle.bytes == NULL)
        return account->found_by_handle ? WEBAUTHN_USER_HANDLE_MISSING : WEBAUTHN_OK;
    return text_equal(assertion->user_handle, account->user_handle) ? WEBAUTHN_OK
                                                                    : WEBAUTHN_USER_HANDLE;
}

/* §7.2 steps 8 to 18. */
static enum webauthn_reason check_signed_by(const struct webauthn_ceremony *ceremony,
                                            const struct webauthn_signature *signed_by,
                                            struct authenticator_data *data)
{
    if (!is_sized(signed_by->client_data, WEBAUTHN_CLIENT_DATA_MAX))
        return WEBAUTHN_CLIENT_DATA_SIZE;
    if (!is_sized(signed_by->signature, COSE_SIGNATURE_BYTES_MAX))
        return WEBAUTHN_SIGNATURE_SIZE;
    enum webauthn_reason reason =
        check_client_data(ceremony, signed_by->client_data, "webauthn.get");
    if (reason == WEBAUTHN_OK)
        reason = authenticator_data_read(signed_by->authenticator_data, data);
    if (reason == WEBAUTHN_OK)
        reason = check_authenticator(ceremony, data);
    if (reason == WEBAUTHN_OK && (data->flags & AUTHENTICATOR_HAS_CREDENTIAL))
        reason = WEBAUTHN_CREDENTIAL_UNEXPECTED;
    return reason;
}

/* §7.2 steps 20 and 21. */
static enum webauthn_reason check_signature(struct text public_key,
                                            const struct webauthn_signature *signed_by)
{
    return signature_fits(public_key, signed_by->authenticator_data, signed_by->client_data,
                          signed_by->signature)
               ? WEBAUTHN_OK
               : WEBAUTHN_SIGNATURE;
}

enum webauthn_reason webauthn_assert(const struct webauthn_ceremony *ceremony,
                                     const struct webauthn_account *account,
                                     const struct webauthn_assertion *assertion,
                                     struct webauthn_use *use)
{
    const struct webauthn_credential *credential = account->credential;
    struct authenticator_data data;
    enum webauthn_reason reason = check_account(account, assertion);
    if (reason == WEBAUTHN_OK)
        reason = check_signed_by(ceremony, &assertion->signed_by, &data);
    if (reason != WEBAUTHN_OK)
        return reason;
    const bool eligible = data.flags & AUTHENTICATOR_BACKUP_ELIGIBLE;
    if (eligible != credential->backup_eligible)
        return WEBAUTHN_BACKUP_ELIGIBILITY;
    reason = check_signature(credential->public_key, &assertion->signed_by);
    if (reason != WEBAUTHN_OK)
        return reason;
    if ((data.sign_count != 0 || credential->sign_count != 0) &&
        data.sign_count <= credential->sign_count)
        return WEBAUTHN_SIGN_COUNT;
    *use = (struct webauthn_use){.sign_count = data.sign_count,
                                 .backed_up = data.flags & AUTHENTICATOR_BACKED_UP};
    return WEBAUTHN_OK;
}

enum webauthn_reason webauthn_recheck(const struct webauthn_ceremony *ceremony,
                                      struct text public_key,
                                      const struct webauthn_signature *signed_by)
{
    struct authenticator_data data;
    const enum webauthn_reason reason = check_signed_by(ceremony, signed_by, &data);
    return reason == WEBAUTHN_OK ? check_signature(public_key, signed_by) : reason;
}
