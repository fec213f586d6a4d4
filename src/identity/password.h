/*
 * Passwords: which are good enough (OWASP ASVS 5.0, 6.2) and how they are kept: Argon2id by
 * libsodium, in the PHC text form with its salt and parameters.
 *
 * Taken as they are, neither cut nor changed; any characters; 8 to 128 of them (15 and more are
 * better; a second factor is always asked for). Refused: the commonest ones, and what is little
 * more than the name of the person, their address or their shop.
 *
 * Hashing takes PASSWORD_MEMORY_BYTES and about a tenth of a second: the caller bounds how many run
 * at once, and never hashes on the writer's thread.
 */
#pragma once

#include "base/problem.h"
#include "base/text.h"

#define PASSWORD_CHARACTERS_MIN 8
#define PASSWORD_CHARACTERS_MAX 128
#define PASSWORD_SALT_BYTES 16
#define PASSWORD_HASH_TEXT_BYTES 128
/* RFC 9106 §4, the second recommended option, with the one lane that libsodium has. */
#define PASSWORD_PASSES 3
#define PASSWORD_MEMORY_BYTES (64U * 1024 * 1024)

enum password_fault {
    PASSWORD_GOOD,
    PASSWORD_TOO_SHORT,
    PASSWORD_TOO_LONG,
    PASSWORD_NOT_TEXT,
    PASSWORD_COMMON,
    PASSWORD_NAMED, /* hardly more than one of the words about its owner */
    PASSWORD_FAULTS
};

/* WORDS: names and addresses of the person, the organisation, the marketplace. */
MUST_CHECK enum password_fault password_judge(struct text password, const struct text *words,
                                              size_t word_count);
const char *password_fault_words(enum password_fault fault); /* "is …", for a field's error */

/* False (PROBLEM_OVERLOADED) only for want of memory. The salt is random and new each time. */
MUST_CHECK bool password_hash(struct text password, const uint8_t salt[PASSWORD_SALT_BYTES],
                              char hash[PASSWORD_HASH_TEXT_BYTES], struct problem *problem);
/*
 * For TEXT_NONE (there is no such person, or they have no password) it takes as long and is false,
 * so that the time does not tell who has an account. Constant time in the hash.
 */
MUST_CHECK bool password_verify(struct text password, struct text hash);
/* It was made with other parameters than today's: hash it again at the next log-in. */
bool password_is_outdated(struct text hash);
