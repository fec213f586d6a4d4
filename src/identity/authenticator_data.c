#include "identity/authenticator_data.h"

#include "base/digest.h"
#include "identity/ctap_cbor.h"

#define SIGN_COUNT_BYTES 4
#define ID_LENGTH_BYTES 2
#define FIXED_BYTES (DIGEST_BYTES + 1 + SIGN_COUNT_BYTES)

static bool take(struct text *rest, size_t length, struct text *taken)
{
    if (rest->length < length)
        return false;
    *taken = text_slice(*rest, 0, length);
    *rest = text_slice(*rest, length, rest->length);
    return true;
}

static bool take_number(struct text *rest, size_t bytes, uint32_t *number)
{
    struct text taken;
    if (!take(rest, bytes, &taken))
        return false;
    *number = 0;
    for (size_t i = 0; i < bytes; i++)
        *number = *number << 8 | (uint8_t)taken.bytes[i];
    return true;
}

static bool take_map(struct text *rest, struct text *encoded)
{
    struct ctap_cbor map;
    const struct text from = *rest;
    if (!ctap_cbor_read(rest, &map) || map.kind != CTAP_CBOR_MAP)
        return false;
    *encoded = text_slice(from, 0, from.length - rest->length);
    return true;
}

static bool take_credential(struct text *rest, struct authenticator_data *data)
{
    uint32_t id_length;
    return take(rest, WEBAUTHN_AAGUID_BYTES, &data->aaguid) &&
           take_number(rest, ID_LENGTH_BYTES, &id_length) &&
           take(rest, id_length, &data->credential_id) && take_map(rest, &data->public_key);
}

enum webauthn_reason authenticator_data_read(struct text bytes, struct authenticator_data *data)
{
    struct text rest = bytes;
    struct text ignored;
    uint32_t flags;
    *data = (struct authenticator_data){0};
    if (bytes.length < FIXED_BYTES || bytes.length > WEBAUTHN_AUTHENTICATOR_DATA_MAX)
        return WEBAUTHN_AUTHENTICATOR_DATA_SIZE;
    if (!take(&rest, DIGEST_BYTES, &data->rp_id_hash) || !take_number(&rest, 1, &flags) ||
        !take_number(&rest, SIGN_COUNT_BYTES, &data->sign_count))
        return WEBAUTHN_AUTHENTICATOR_DATA;
    data->flags = flags;
    if ((flags & AUTHENTICATOR_HAS_CREDENTIAL) && !take_credential(&rest, data))
        return WEBAUTHN_AUTHENTICATOR_DATA;
    if ((flags & AUTHENTICATOR_HAS_EXTENSIONS) && !take_map(&rest, &ignored))
        return WEBAUTHN_EXTENSIONS;
    return rest.length == 0 ? WEBAUTHN_OK : WEBAUTHN_TRAILING_BYTES;
}
