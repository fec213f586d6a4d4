/* RFC 4648: base64, base64url, base32 and hex; declared in text.h. */
#include "base/text.h"

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void encode(struct buffer *buffer, const uint8_t *bytes, size_t length, const char *alphabet,
                   bool pad)
{
    buffer_reserve(buffer, length / 3 * 4 + 4);
    for (size_t at = 0; at < length; at += 3) {
        size_t taken = length - at < 3 ? length - at : 3;
        uint32_t group = (uint32_t)bytes[at] << 16;
        if (taken > 1)
            group |= (uint32_t)bytes[at + 1] << 8;
        if (taken > 2)
            group |= bytes[at + 2];
        for (size_t i = 0; i < 4; i++) {
            if (i <= taken)
                buffer_char(buffer, alphabet[(group >> (18 - 6 * i)) & 63]);
            else if (pad)
                buffer_char(buffer, '=');
        }
    }
}

void base64_add(struct buffer *buffer, const void *bytes, size_t length)
{
    encode(buffer, bytes, length, base64_alphabet, true);
}

void base64url_add(struct buffer *buffer, const void *bytes, size_t length)
{
    encode(buffer, bytes, length, base64url_alphabet, false);
}

static int digit_of(char c, bool url)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == (url ? '-' : '+'))
        return 62;
    if (c == (url ? '_' : '/'))
        return 63;
    return -1;
}

/* Digits without padding. One digit left over, or spare bits that are not zero, are malformed. */
static bool decode(struct text in, bool url, uint8_t *out, size_t capacity, size_t *length)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t written = 0;
    if (in.length % 4 == 1)
        return false;
    for (size_t i = 0; i < in.length; i++) {
        int digit = digit_of(in.bytes[i], url);
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            if (written == capacity)
                return false;
            held -= 8;
            out[written++] = (uint8_t)(bits >> held);
            bits &= (1U << held) - 1;
        }
    }
    *length = written;
    return bits == 0;
}

bool base64_decode(struct text in, void *out, size_t capacity, size_t *length)
{
    if (in.length % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && in.length > 0 && in.bytes[in.length - 1] == '=') {
        in.length--;
        padding++;
    }
    return (padding == 0 || (in.length + padding) % 4 == 0) &&
           decode(in, false, out, capacity, length);
}

bool base64url_decode(struct text in, void *out, size_t capacity, size_t *length)
{
    return decode(in, true, out, capacity, length);
}

static void encode32(struct buffer *buffer, const uint8_t *bytes, size_t length,
                     const char *alphabet)
{
    uint32_t bits = 0;
    unsigned held = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        for (held += 8; held >= 5; held -= 5)
            buffer_char(buffer, alphabet[(bits >> (held - 5)) & 31]);
    }
    if (held > 0)
        buffer_char(buffer, alphabet[(bits << (5 - held)) & 31]);
}

void base32_add(struct buffer *buffer, const void *bytes, size_t length)
{
    encode32(buffer, bytes, length, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

void crockford_add(struct buffer *buffer, const void *bytes, size_t length)
{
    encode32(buffer, bytes, length, "0123456789abcdefghjkmnpqrstvwxyz");
}

void hex_add(struct buffer *buffer, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++) {
        buffer_char(buffer, "0123456789abcdef"[at[i] >> 4]);
        buffer_char(buffer, "0123456789abcdef"[at[i] & 15]);
    }
}

static int nibble_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_decode(struct text in, void *out, size_t capacity, size_t *length)
{
    if (in.length % 2 != 0 || in.length / 2 > capacity)
        return false;
    uint8_t *bytes = out;
    for (size_t i = 0; i < in.length; i += 2) {
        int high = nibble_of(in.bytes[i]);
        int low = nibble_of(in.bytes[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (uint8_t)(high << 4 | low);
    }
    *length = in.length / 2;
    return true;
}
