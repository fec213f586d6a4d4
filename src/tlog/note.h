/*
 * Signed notes and their keys (c2sp.org/signed-note), with timestamped cosignatures
 * (c2sp.org/tlog-cosignature) as one of the types of signature.
 *
 * A parsed note borrows the bytes that it was parsed from. Nothing in its text counts before
 * note_verify() has accepted it. Malformed notes are PROBLEM_PROOF_INVALID, malformed keys
 * PROBLEM_CONFIGURATION.
 *
 * Types: 0x01 Ed25519 and 0x04 Ed25519 with time are signed and verified. Keys of type 0x06
 * (ML-DSA-44 with time) are read and written, but what they signed is passed over, as if the key
 * were not known: this program never counts it. Other types are no keys.
 */
#pragma once

#include "base/problem.h"
#include "tlog/ed25519.h"

#define NOTE_BYTES_MAX ((size_t)256 * 1024)
#define NOTE_SIGNATURES_MAX 64
#define NOTE_SIGNATURE_BYTES_MAX 6144 /* encoded; the largest assigned type needs 3,244 */
#define NOTE_NAME_MAX 255
#define NOTE_KEY_BYTES_MAX 1312

enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04, NOTE_ML_DSA_44 = 0x06 };

/* A verifier key ("vkey"): a plain value. */
struct note_key {
    char name[NOTE_NAME_MAX + 1]; /* ends in NUL */
    uint32_t id;
    enum note_type type;
    size_t length;
    uint8_t bytes[NOTE_KEY_BYTES_MAX];
};

/* Non-empty UTF-8 of at most NOTE_NAME_MAX bytes without control characters, spaces and `+`. */
bool note_name_valid(struct text name);
/* `name+id+base64(type, key)`; the id must be the one that follows from the rest. */
MUST_CHECK bool note_key_parse(struct text text, struct note_key *key, struct problem *problem);
void note_key_add(struct buffer *buffer, const struct note_key *key);

/* A private key: wipe it with note_secret_done. */
struct note_secret {
    struct note_key key;
    uint8_t seed[ED25519_KEY_BYTES];
};

MUST_CHECK bool note_secret_from_seed(struct note_secret *secret, struct text name,
                                      enum note_type type, const uint8_t seed[ED25519_KEY_BYTES],
                                      struct problem *problem);
/* `PRIVATE+KEY+name+id+base64(type, seed)`, as golang.org/x/mod/sumdb/note writes it. */
MUST_CHECK bool note_secret_parse(struct text text, struct note_secret *secret,
                                  struct problem *problem);
void note_secret_add(struct buffer *buffer, const struct note_secret *secret);
void note_secret_done(struct note_secret *secret);
/* A note_sign_message whose context is the secret. */
bool note_secret_sign(void *secret, struct text message, uint8_t signature[ED25519_SIGNATURE_BYTES],
                      struct problem *problem);

/* Signs with a key that may live in another process. */
typedef bool note_sign_message(void *context, struct text message,
                               uint8_t signature[ED25519_SIGNATURE_BYTES], struct problem *problem);

struct note_signer {
    const struct note_key *key;
    note_sign_message *sign;
    void *context;
};

struct note_signature {
    struct text name;
    uint32_t id;
    struct text encoded; /* valid base64 of id and signature */
    struct text line;    /* all of it, with its newline */
};

struct note {
    struct text text; /* with its last newline, without the empty line */
    size_t signature_count;
    struct note_signature signatures[NOTE_SIGNATURES_MAX];
};

MUST_CHECK bool note_parse(struct text bytes, struct note *note, struct problem *problem);

/* That the line names this key, of a type that we verify; whether it is good says note_verify(). */
bool note_signature_by(const struct note_signature *signature, const struct note_key *key);

/* What a key had to say about a note. */
struct note_verdict {
    bool signed_by;
    uint64_t time; /* seconds since 1970 of a cosignature, otherwise 0; the latest if several */
};

/*
 * Verifies every signature by a key of KEYS; VERDICTS has one entry a key. False if one of them is
 * bad or if there is none. Whether those that signed are enough is the caller's question.
 */
MUST_CHECK bool note_verify(const struct note *note, const struct note_key *const *keys,
                            size_t count, struct note_verdict *verdicts, struct problem *problem);

/* TEXT must end in a newline. Writes it and the empty line; signatures follow. */
void note_begin(struct buffer *note, struct text text);
/* Adds one signature line over TEXT. TIME (seconds) is for keys of type NOTE_COSIGNATURE. */
MUST_CHECK bool note_sign(struct buffer *lines, struct text text, const struct note_signer *signer,
                          uint64_t time, struct problem *problem);
