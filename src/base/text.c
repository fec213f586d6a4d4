#include "base/text.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text text_of(const char *string)
{
    return string == NULL ? TEXT_NONE : (struct text){string, strlen(string)};
}

bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

bool text_is(struct text a, const char *string)
{
    return text_equal(a, text_of(string));
}

bool text_starts(struct text a, const char *prefix)
{
    size_t length = strlen(prefix);
    return a.length >= length && memcmp(a.bytes, prefix, length) == 0;
}

int text_compare(struct text a, struct text b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.bytes, b.bytes, shorter);
    if (order != 0)
        return order;
    return (a.length > b.length) - (a.length < b.length);
}

struct text text_slice(struct text a, size_t from, size_t to)
{
    MUST(from <= to && to <= a.length);
    return (struct text){a.bytes + from, to - from};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct text text_trim(struct text a)
{
    while (a.length > 0 && is_blank(a.bytes[0])) {
        a.bytes++;
        a.length--;
    }
    while (a.length > 0 && is_blank(a.bytes[a.length - 1]))
        a.length--;
    return a;
}

struct text text_cut(struct text *rest, char separator)
{
    const char *found = rest->length ? memchr(rest->bytes, separator, rest->length) : NULL;
    struct text piece = *rest;
    if (found == NULL) {
        *rest = (struct text){rest->bytes + rest->length, 0};
        return piece;
    }
    piece.length = (size_t)(found - rest->bytes);
    rest->bytes += piece.length + 1;
    rest->length -= piece.length + 1;
    return piece;
}

/* The length of the UTF-8 sequence at BYTES, or 0 (Unicode 15, table 3-7). */
static size_t utf8_sequence(const unsigned char *bytes, size_t left)
{
    unsigned char first = bytes[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || left < length)
        return 0;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (first == 0xe0)
        low = 0xa0;
    else if (first == 0xed)
        high = 0x9f;
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool text_is_utf8(struct text a)
{
    for (size_t at = 0; at < a.length;) {
        size_t length = utf8_sequence((const unsigned char *)a.bytes + at, a.length - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

bool text_to_u64(struct text a, uint64_t max, uint64_t *number)
{
    if (a.length == 0 || a.length > 20 || (a.length > 1 && a.bytes[0] == '0'))
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < a.length; i++) {
        if (a.bytes[i] < '0' || a.bytes[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(a.bytes[i] - '0'), &value))
            return false;
    }
    *number = value;
    return value <= max;
}

bool text_equal_secret(struct text a, struct text b)
{
    return a.length == b.length && CRYPTO_memcmp(a.bytes, b.bytes, a.length) == 0;
}

void buffer_init(struct buffer *buffer)
{
    *buffer = (struct buffer){NULL, 0, 0};
}

void buffer_done(struct buffer *buffer)
{
    free(buffer->bytes);
    buffer_init(buffer);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
}

void buffer_reserve(struct buffer *buffer, size_t more)
{
    MUST(more < SIZE_MAX / 4 && buffer->length < SIZE_MAX / 4);
    size_t needed = buffer->length + more;
    if (needed <= buffer->capacity)
        return;
    size_t capacity = buffer->capacity < 256 ? 256 : buffer->capacity;
    while (capacity < needed)
        capacity *= 2;
    char *bytes = realloc(buffer->bytes, capacity);
    MUST(bytes != NULL);
    buffer->bytes = bytes;
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    buffer_reserve(buffer, length);
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

void buffer_text(struct buffer *buffer, struct text text)
{
    buffer_add(buffer, text.bytes, text.length);
}

void buffer_string(struct buffer *buffer, const char *string)
{
    buffer_add(buffer, string, strlen(string));
}

void buffer_char(struct buffer *buffer, char c)
{
    buffer_add(buffer, &c, 1);
}

void buffer_u64(struct buffer *buffer, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    buffer_add(buffer, digits + at, sizeof digits - at);
}

void buffer_i64(struct buffer *buffer, int64_t number)
{
    if (number < 0)
        buffer_char(buffer, '-');
    buffer_u64(buffer, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    MUST(length >= 0);
    buffer_reserve(buffer, (size_t)length + 1);
    va_start(arguments, format);
    vsnprintf(buffer->bytes + buffer->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buffer->length += (size_t)length;
}

struct text buffer_view(const struct buffer *buffer)
{
    return (struct text){buffer->bytes == NULL ? "" : buffer->bytes, buffer->length};
}

char *buffer_release(struct buffer *buffer)
{
    buffer_reserve(buffer, 1);
    char *bytes = buffer->bytes;
    bytes[buffer->length] = '\0';
    buffer_init(buffer);
    return bytes;
}
