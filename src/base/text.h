/*
 * Text: a borrowed run of bytes, and a buffer that grows.
 *
 * `struct text` never owns its bytes and need not end in NUL; who made the bytes says how long they
 * live (mostly: as long as the request's arena). `struct buffer` owns its bytes on the heap:
 * buffer_init … buffer_done. Running out of memory stops the process (there is nothing better a
 * daemon whose every answer must be true could do), so appending cannot fail.
 */
#pragma once

#include "base/compiler.h"

struct text {
    const char *bytes;
    size_t length;
};

#define TEXT(literal) ((struct text){"" literal, sizeof(literal) - 1})
#define TEXT_NONE ((struct text){NULL, 0})
/* For printf: "%.*s", TEXT_ARG(text) */
#define TEXT_ARG(text) (int)(text).length, (text).bytes

struct text text_of(const char *string); /* NULL gives TEXT_NONE */
bool text_equal(struct text a, struct text b);
bool text_is(struct text a, const char *string);
bool text_starts(struct text a, const char *prefix);
int text_compare(struct text a, struct text b); /* by bytes */
struct text text_slice(struct text a, size_t from, size_t to);
struct text text_trim(struct text a); /* spaces and tabs at both ends */
/* Cuts *rest at the first SEPARATOR: returns what stood before it and moves *rest behind it. */
struct text text_cut(struct text *rest, char separator);
bool text_is_utf8(struct text a); /* strict: no surrogates, no overlong forms */
/* A decimal number without sign, leading zeros or spaces; false if it is none or exceeds MAX. */
MUST_CHECK bool text_to_u64(struct text a, uint64_t max, uint64_t *number);
/* Time does not depend on where the two differ; the lengths are not secret. */
bool text_equal_secret(struct text a, struct text b);

struct buffer {
    char *bytes;
    size_t length;
    size_t capacity;
};

void buffer_init(struct buffer *buffer);
void buffer_done(struct buffer *buffer);
void buffer_clear(struct buffer *buffer); /* keeps the memory */
void buffer_reserve(struct buffer *buffer, size_t more);
void buffer_add(struct buffer *buffer, const void *bytes, size_t length);
void buffer_text(struct buffer *buffer, struct text text);
void buffer_string(struct buffer *buffer, const char *string);
void buffer_char(struct buffer *buffer, char c);
void buffer_u64(struct buffer *buffer, uint64_t number);
void buffer_i64(struct buffer *buffer, int64_t number);
void buffer_format(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
struct text buffer_view(const struct buffer *buffer); /* borrowed until the next change */
/* The bytes with a NUL behind them, owned by the caller (free); the buffer is empty afterwards. */
char *buffer_release(struct buffer *buffer);

/* RFC 4648. Decoders are strict: padding required, no white space, spare bits zero. */
void base64_add(struct buffer *buffer, const void *bytes, size_t length);
void base64url_add(struct buffer *buffer, const void *bytes, size_t length); /* no padding */
void base32_add(struct buffer *buffer, const void *bytes, size_t length);    /* no padding */
/* Crockford's digits, lower case, as in ids: without i, l, o and u. */
void crockford_add(struct buffer *buffer, const void *bytes, size_t length);
void hex_add(struct buffer *buffer, const void *bytes, size_t length); /* lower case */
/* Decodes into OUT of CAPACITY bytes; false if malformed or too long. */
MUST_CHECK bool base64_decode(struct text in, void *out, size_t capacity, size_t *length);
MUST_CHECK bool base64url_decode(struct text in, void *out, size_t capacity, size_t *length);
MUST_CHECK bool hex_decode(struct text in, void *out, size_t capacity, size_t *length);
