#include "act/authority.h"

#include <string.h>

const char *const permission_names[PERMISSION_COUNT + 1] = {
    "orders", "messages", "services", "apps",        "money",
    "people", "settings", "support",  "enforcement", NULL};

const char *const auth_method_names[] = {"none",      "passkey",    "totp", "recovery-code",
                                         "hand-over", "invitation", NULL};

const char *const signature_kind_names[] = {"passkey", "totp", NULL};

struct text permissions_format(unsigned permissions, struct arena *arena)
{
    struct buffer names;
    buffer_init(&names);
    for (unsigned i = 0; i < PERMISSION_COUNT; i++)
        if (permissions >> i & 1)
            buffer_format(&names, "%s%s", names.length > 0 ? " " : "", permission_names[i]);
    struct text text = arena_text(arena, buffer_view(&names));
    buffer_done(&names);
    return text;
}

bool permissions_parse(struct text names, unsigned *permissions)
{
    *permissions = 0;
    while (names.length > 0) {
        struct text name = text_cut(&names, ' ');
        unsigned bit = 0;
        while (bit < PERMISSION_COUNT && !text_is(name, permission_names[bit]))
            bit++;
        if (bit == PERMISSION_COUNT || (*permissions >> bit & 1) != 0)
            return false;
        *permissions |= 1U << bit;
    }
    return true;
}

#define BODY struct signature
const struct field signature_fields[SIGNATURE_FIELDS] = {
    FIELD(BODY, algorithm, FIELD_INT, .min = -1000, .max = 0,
          .doc = "COSE: -7 ES256, -8 EdDSA, -257 RS256."),
    FIELD(BODY, authenticator, FIELD_ID, .required = true, .prefix = "atn",
          .doc = "The authenticator."),
    FIELD(BODY, authenticator_data, FIELD_TEXT, .min = 1, .max = 4096,
          .doc = "WebAuthn's authenticatorData, base64url."),
    FIELD(BODY, client_data, FIELD_TEXT, .min = 1, .max = 8192,
          .doc = "WebAuthn's clientDataJSON, base64url."),
    FIELD(BODY, kind, FIELD_ENUM, .required = true, .names = signature_kind_names,
          .doc = "A passkey's signature, or a TOTP code: not bound to the terms by itself."),
    FIELD(BODY, nonce, FIELD_DIGEST, .required = true,
          .doc = "Single use; bytes 8 to 15 say when it was made."),
    FIELD(BODY, origin, FIELD_TEXT, .min = 1, .max = 255, .doc = "Where it was signed."),
    FIELD(BODY, public_key, FIELD_TEXT, .min = 1, .max = 2048, .doc = "COSE_Key, base64url."),
    FIELD(BODY, registered_at, FIELD_TIME, .doc = "When the authenticator was registered."),
    FIELD(BODY, rp_id, FIELD_TEXT, .min = 1, .max = 255, .doc = "WebAuthn's relying party."),
    FIELD(BODY, signature, FIELD_TEXT, .min = 1, .max = 1024, .doc = "base64url."),
    FIELD(BODY, step, FIELD_INT, .min = 0, .max = INT64_C(1) << 40,
          .doc = "The time step of a TOTP code."),
    FIELD(BODY, terms, FIELD_TEXT, .required = true, .min = 2, .max = 65536,
          .doc = "Canonical JSON, byte for byte what was signed."),
};
#undef BODY

int64_t signature_nonce_at(const struct digest *nonce)
{
    uint64_t at = 0;
    for (size_t i = 8; i < 16; i++)
        at = at << 8 | nonce->bytes[i];
    return at > (uint64_t)TIME_LATEST ? 0 : (int64_t)at;
}

#define BODY struct interface_step
const struct field interface_step_fields[2] = {
    FIELD(BODY, control, FIELD_TEXT, .required = true, .min = 1, .max = 60,
          .doc = "What was pressed."),
    FIELD(BODY, page, FIELD_TEXT, .required = true, .min = 1, .max = 120, .doc = "Where."),
};
#undef BODY
