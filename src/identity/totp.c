#include "identity/totp.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"

#define SHA1_BYTES 20
#define COUNTER_BYTES 8
#define CODES 1000000 /* 10 to the power of TOTP_DIGITS */

/* RFC 4226 §5.3. */
static uint32_t truncate_mac(const uint8_t mac[SHA1_BYTES])
{
    const uint8_t *at = mac + (mac[SHA1_BYTES - 1] & 15);
    return ((uint32_t)(at[0] & 0x7f) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) %
           CODES;
}

void totp_code(struct text secret, int64_t step, char code[TOTP_DIGITS + 1])
{
    uint8_t counter[COUNTER_BYTES];
    uint8_t mac[SHA1_BYTES];
    size_t length = 0;
    for (size_t i = 0; i < sizeof counter; i++)
        counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
    MUST(EVP_Q_mac(NULL, "HMAC", NULL, "SHA1", NULL, secret.bytes, secret.length, counter,
                   sizeof counter, mac, sizeof mac, &length) != NULL);
    MUST(length == sizeof mac);
    snprintf(code, TOTP_DIGITS + 1, "%06u", truncate_mac(mac) % CODES);
    OPENSSL_cleanse(mac, sizeof mac);
}

/* Without the spaces that applications show between digits. */
static bool read_digits(struct text code, char digits[TOTP_DIGITS])
{
    size_t count = 0;
    for (size_t i = 0; i < code.length; i++) {
        if (code.bytes[i] == ' ')
            continue;
        if (code.bytes[i] < '0' || code.bytes[i] > '9' || count == TOTP_DIGITS)
            return false;
        digits[count++] = code.bytes[i];
    }
    return count == TOTP_DIGITS;
}

enum totp_verdict totp_verify(struct text secret, struct text code, int64_t at, unsigned late_steps,
                              int64_t last_step, int64_t *step)
{
    const int64_t now = at / (TOTP_STEP_SECONDS * TIME_SECOND);
    enum totp_verdict verdict = TOTP_WRONG;
    char given[TOTP_DIGITS];
    char wanted[TOTP_DIGITS + 1];
    MUST(late_steps <= TOTP_LATE_STEPS_MAX);
    if (!read_digits(code, given))
        return TOTP_WRONG;
    for (int64_t tried = now - late_steps; tried <= now; tried++) {
        totp_code(secret, tried, wanted);
        if (CRYPTO_memcmp(given, wanted, TOTP_DIGITS) != 0)
            continue;
        verdict = tried > last_step ? TOTP_ACCEPTED : TOTP_USED;
        *step = tried;
    }
    OPENSSL_cleanse(wanted, sizeof wanted);
    return verdict;
}

/* RFC 3986 §2.3. */
static void add_percent_encoded(struct buffer *buffer, struct text text)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                     "0123456789-._~";
    for (size_t i = 0; i < text.length; i++) {
        if (memchr(unreserved, text.bytes[i], sizeof unreserved - 1) != NULL)
            buffer_char(buffer, text.bytes[i]);
        else
            buffer_format(buffer, "%%%02X", (unsigned char)text.bytes[i]);
    }
}

void totp_uri(struct buffer *buffer, struct text secret, struct text issuer, struct text account)
{
    buffer_string(buffer, "otpauth://totp/");
    add_percent_encoded(buffer, issuer);
    buffer_char(buffer, ':');
    add_percent_encoded(buffer, account);
    buffer_string(buffer, "?secret=");
    base32_add(buffer, secret.bytes, secret.length);
    buffer_string(buffer, "&issuer=");
    add_percent_encoded(buffer, issuer);
    buffer_format(buffer, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_STEP_SECONDS);
}
