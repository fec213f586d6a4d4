#include "tlog/note.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <string.h>

#include "base/digest.h"
#include "tlog/lines.h"

#define DASH "\xe2\x80\x94 "
#define TIME_BYTES 8
#define ID_BYTES 4

static uint32_t big_endian_32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_big_endian(uint8_t *bytes, uint64_t number, size_t length)
{
    for (size_t i = 0; i < length; i++)
        bytes[i] = (uint8_t)(number >> 8 * (length - 1 - i));
}

/* The length of the Unicode space (White_Space=yes, U+0020 and up) at the start of LEFT, or 0. */
static size_t space_at(struct text left)
{
    static const char *const spaces[] = {" ",
                                         "\xc2\x85",
                                         "\xc2\xa0",
                                         "\xe1\x9a\x80",
                                         "\xe2\x80\x80",
                                         "\xe2\x80\x81",
                                         "\xe2\x80\x82",
                                         "\xe2\x80\x83",
                                         "\xe2\x80\x84",
                                         "\xe2\x80\x85",
                                         "\xe2\x80\x86",
                                         "\xe2\x80\x87",
                                         "\xe2\x80\x88",
                                         "\xe2\x80\x89",
                                         "\xe2\x80\x8a",
                                         "\xe2\x80\xa8",
                                         "\xe2\x80\xa9",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\x9f",
                                         "\xe3\x80\x80"};
    for (size_t i = 0; i < COUNT_OF(spaces); i++)
        if (text_starts(left, spaces[i]))
            return strlen(spaces[i]);
    return 0;
}

bool note_name_valid(struct text name)
{
    if (name.length == 0 || name.length > NOTE_NAME_MAX || !text_is_utf8(name))
        return false;
    for (size_t i = 0; i < name.length; i++) {
        const unsigned char c = (unsigned char)name.bytes[i];
        if (c < 0x20 || c == '+' || space_at(text_slice(name, i, name.length)) > 0)
            return false;
    }
    return true;
}

static uint32_t key_id(struct text name, uint8_t type, struct text public)
{
    const struct text pieces[] = {name, TEXT("\n"), {(const char *)&type, 1}, public};
    return big_endian_32(digest_of_pieces(pieces, COUNT_OF(pieces)).bytes);
}

static struct text key_bytes(const struct note_key *key)
{
    return (struct text){(const char *)key->bytes, key->length};
}

static size_t key_length_of(uint8_t type)
{
    switch (type) {
    case NOTE_ED25519:
    case NOTE_COSIGNATURE:
        return ED25519_KEY_BYTES;
    case NOTE_ML_DSA_44:
        return NOTE_KEY_BYTES_MAX;
    default:
        return 0;
    }
}

/* NAME is valid and LENGTH is right for TYPE. */
static void key_make(struct note_key *key, struct text name, uint8_t type, const uint8_t *bytes)
{
    *key = (struct note_key){.type = (enum note_type)type, .length = key_length_of(type)};
    memcpy(key->name, name.bytes, name.length);
    memcpy(key->bytes, bytes, key->length);
    key->id = key_id(name, type, key_bytes(key));
}

static void key_head_add(struct buffer *buffer, const struct note_key *key)
{
    buffer_format(buffer, "%s+%08" PRIx32 "+", key->name, key->id);
}

/* Splits `name+id+base64` and decodes; the id is compared by the caller. */
static bool key_fields(struct text text, struct text *name, uint32_t *id, uint8_t *material,
                       size_t capacity, size_t *length)
{
    *name = text_cut(&text, '+');
    const struct text hex = text_cut(&text, '+');
    uint8_t bytes[ID_BYTES];
    size_t id_length = 0;
    if (!note_name_valid(*name) || !hex_decode(hex, bytes, sizeof bytes, &id_length) ||
        id_length != sizeof bytes)
        return false;
    *id = big_endian_32(bytes);
    return base64_decode(text, material, capacity, length) && *length > 1;
}

bool note_key_parse(struct text text, struct note_key *key, struct problem *problem)
{
    struct text name;
    uint32_t id = 0;
    uint8_t material[1 + NOTE_KEY_BYTES_MAX];
    size_t length = 0;
    if (!key_fields(text, &name, &id, material, sizeof material, &length))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "a verifier key has the form name+id+base64");
    if (key_length_of(material[0]) == 0)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "a verifier key has type 0x01, 0x04 or 0x06, not 0x%02x", material[0]);
    if (length != 1 + key_length_of(material[0]))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "a verifier key's length does not fit its type");
    key_make(key, name, material[0], material + 1);
    if (key->id != id)
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "the id of verifier key %s does not fit its name and key", key->name);
    return true;
}

void note_key_add(struct buffer *buffer, const struct note_key *key)
{
    uint8_t material[1 + NOTE_KEY_BYTES_MAX];
    material[0] = (uint8_t)key->type;
    memcpy(material + 1, key->bytes, key->length);
    key_head_add(buffer, key);
    base64_add(buffer, material, 1 + key->length);
}

bool note_secret_from_seed(struct note_secret *secret, struct text name, enum note_type type,
                           const uint8_t seed[ED25519_KEY_BYTES], struct problem *problem)
{
    if (!note_name_valid(name))
        return problem_set(problem, PROBLEM_CONFIGURATION,
                           "a key's name has 1 to %d bytes without spaces and `+`", NOTE_NAME_MAX);
    if (key_length_of((uint8_t)type) != ED25519_KEY_BYTES)
        return problem_set(problem, PROBLEM_CONFIGURATION, "a private key has type 0x01 or 0x04");
    uint8_t public[ED25519_KEY_BYTES];
    ed25519_public(seed, public);
    key_make(&secret->key, name, (uint8_t)type, public);
    memcpy(secret->seed, seed, sizeof secret->seed);
    return true;
}

bool note_secret_parse(struct text text, struct note_secret *secret, struct problem *problem)
{
    struct text name;
    uint32_t id = 0;
    uint8_t material[1 + ED25519_KEY_BYTES] = {0};
    size_t length = 0;
    bool good = line_skip(&text, "PRIVATE+KEY+") &&
                key_fields(text, &name, &id, material, sizeof material, &length) &&
                length == sizeof material;
    if (!good)
        problem_set(problem, PROBLEM_CONFIGURATION,
                    "a private key has the form PRIVATE+KEY+name+id+base64");
    else
        good =
            note_secret_from_seed(secret, name, (enum note_type)material[0], material + 1, problem);
    OPENSSL_cleanse(material, sizeof material);
    if (!good)
        return false;
    if (secret->key.id == id)
        return true;
    note_secret_done(secret);
    return problem_set(problem, PROBLEM_CONFIGURATION,
                       "the private key's id does not fit its name and key");
}

void note_secret_add(struct buffer *buffer, const struct note_secret *secret)
{
    uint8_t material[1 + ED25519_KEY_BYTES];
    material[0] = (uint8_t)secret->key.type;
    memcpy(material + 1, secret->seed, sizeof secret->seed);
    buffer_string(buffer, "PRIVATE+KEY+");
    key_head_add(buffer, &secret->key);
    base64_add(buffer, material, sizeof material);
    OPENSSL_cleanse(material, sizeof material);
}

void note_secret_done(struct note_secret *secret)
{
    OPENSSL_cleanse(secret, sizeof *secret);
}

bool note_secret_sign(void *context, struct text message,
                      uint8_t signature[ED25519_SIGNATURE_BYTES], struct problem *problem)
{
    (void)problem;
    const struct note_secret *secret = context;
    ed25519_sign(secret->seed, message, signature);
    return true;
}

static bool malformed(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_PROOF_INVALID, "%s", what);
}

/* `— name base64`, LINE without its newline. */
static bool signature_parse(struct text line, struct note_signature *signature)
{
    signature->line = (struct text){line.bytes, line.length + 1};
    if (!line_skip(&line, DASH))
        return false;
    signature->name = text_cut(&line, ' ');
    signature->encoded = line;
    if (!note_name_valid(signature->name) || line.length > NOTE_SIGNATURE_BYTES_MAX)
        return false;
    uint8_t start[6];
    size_t length = 0;
    /* Eight digits hold the id and at least one byte more. */
    if (line.length < 8 || !base64_is_valid(line) ||
        !base64_decode(text_slice(line, 0, 8), start, sizeof start, &length) || length <= ID_BYTES)
        return false;
    signature->id = big_endian_32(start);
    return true;
}

static bool has_control_character(struct text bytes)
{
    for (size_t i = 0; i < bytes.length; i++)
        if ((unsigned char)bytes.bytes[i] < 0x20 && bytes.bytes[i] != '\n')
            return true;
    return false;
}

bool note_parse(struct text bytes, struct note *note, struct problem *problem)
{
    if (bytes.length > NOTE_BYTES_MAX)
        return malformed(problem, "the note is too large");
    if (bytes.length == 0 || !text_is_utf8(bytes) || has_control_character(bytes))
        return malformed(problem, "the note is not plain UTF-8 text");
    const char *empty_line = memrchr(bytes.bytes, '\n', bytes.length);
    while (empty_line && empty_line > bytes.bytes && empty_line[-1] != '\n')
        empty_line = memrchr(bytes.bytes, '\n', (size_t)(empty_line - bytes.bytes));
    if (!empty_line || empty_line == bytes.bytes)
        return malformed(problem, "no empty line stands before the note's signatures");
    const size_t text_length = (size_t)(empty_line - bytes.bytes);
    note->text = text_slice(bytes, 0, text_length);
    note->signature_count = 0;
    struct text rest = text_slice(bytes, text_length + 1, bytes.length);
    if (rest.length == 0)
        return malformed(problem, "the note has no signatures");
    while (rest.length > 0) {
        struct text line;
        if (note->signature_count == NOTE_SIGNATURES_MAX)
            return malformed(problem, "the note has too many signatures");
        if (!line_take(&rest, &line) ||
            !signature_parse(line, &note->signatures[note->signature_count]))
            return malformed(problem, "a signature line of the note is malformed");
        note->signature_count++;
    }
    return true;
}

/* What a cosignature signs (tlog-cosignature, "Ed25519 signed message"). */
static void cosigned_message(struct buffer *message, uint64_t time, struct text text)
{
    buffer_string(message, "cosignature/v1\ntime ");
    buffer_u64(message, time);
    buffer_char(message, '\n');
    buffer_text(message, text);
}

static bool cosignature_good(const struct note_key *key, struct text text, const uint8_t *bytes,
                             uint64_t *time)
{
    *time = 0;
    for (size_t i = 0; i < TIME_BYTES; i++)
        *time = *time << 8 | bytes[i];
    if (*time > INT64_MAX)
        return false;
    struct buffer message;
    buffer_init(&message);
    cosigned_message(&message, *time, text);
    const bool good = ed25519_verify(key->bytes, buffer_view(&message), bytes + TIME_BYTES);
    buffer_done(&message);
    return good;
}

static bool signature_good(const struct note_key *key, struct text text, struct text encoded,
                           uint64_t *time)
{
    uint8_t bytes[ID_BYTES + TIME_BYTES + ED25519_SIGNATURE_BYTES];
    size_t length = 0;
    *time = 0;
    if (!base64_decode(encoded, bytes, sizeof bytes, &length))
        return false;
    if (key->type == NOTE_ED25519)
        return length == ID_BYTES + ED25519_SIGNATURE_BYTES &&
               ed25519_verify(key->bytes, text, bytes + ID_BYTES);
    return length == sizeof bytes && cosignature_good(key, text, bytes + ID_BYTES, time);
}

bool note_signature_by(const struct note_signature *signature, const struct note_key *key)
{
    return key->type != NOTE_ML_DSA_44 && key->id == signature->id &&
           text_is(signature->name, key->name);
}

bool note_verify(const struct note *note, const struct note_key *const *keys, size_t count,
                 struct note_verdict *verdicts, struct problem *problem)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        verdicts[i] = (struct note_verdict){false, 0};
        for (size_t j = 0; j < note->signature_count; j++) {
            const struct note_signature *signature = &note->signatures[j];
            if (!note_signature_by(signature, keys[i]))
                continue;
            uint64_t time = 0;
            if (!signature_good(keys[i], note->text, signature->encoded, &time))
                return problem_set(problem, PROBLEM_PROOF_INVALID,
                                   "the signature by %s does not fit the note", keys[i]->name);
            verdicts[i].signed_by = true;
            if (time > verdicts[i].time)
                verdicts[i].time = time;
            any = true;
        }
    }
    return any || malformed(problem, "the note is not signed by a key that is trusted");
}

void note_begin(struct buffer *note, struct text text)
{
    MUST(text.length > 0 && text.bytes[text.length - 1] == '\n');
    buffer_text(note, text);
    buffer_char(note, '\n');
}

bool note_sign(struct buffer *lines, struct text text, const struct note_signer *signer,
               uint64_t time, struct problem *problem)
{
    const struct note_key *key = signer->key;
    MUST(key->length == ED25519_KEY_BYTES && time <= INT64_MAX);
    const bool timed = key->type == NOTE_COSIGNATURE;
    const size_t before = ID_BYTES + (timed ? TIME_BYTES : 0);
    uint8_t bytes[ID_BYTES + TIME_BYTES + ED25519_SIGNATURE_BYTES];
    struct buffer message;
    buffer_init(&message);
    if (timed)
        cosigned_message(&message, time, text);
    else
        buffer_text(&message, text);
    put_big_endian(bytes, key->id, ID_BYTES);
    if (timed)
        put_big_endian(bytes + ID_BYTES, time, TIME_BYTES);
    const bool good = signer->sign(signer->context, buffer_view(&message), bytes + before, problem);
    buffer_done(&message);
    if (!good)
        return false;
    buffer_format(lines, DASH "%s ", key->name);
    base64_add(lines, bytes, before + ED25519_SIGNATURE_BYTES);
    buffer_char(lines, '\n');
    return true;
}
