#include "net/guard.h"

#include <string.h>
#include <strings.h>

#define METHOD_BYTES_MAX 16
#define CHUNK_DIGITS_MAX 15

enum { TOKEN = 1, TARGET = 2, HOST = 4, HEX = 8 };

/*
 * Which of the classes above an ASCII byte is in: token (RFC 9110 §5.6.2), target (RFC 3986 and
 * what browsers leave unencoded, without fragments), host with port (RFC 3986 §3.2), hex digit.
 */
/* clang-format off */
static const uint8_t byte_classes[128] = {
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     0,  7,  0,  1,  7,  7,  7,  7,  6,  6,  7,  7,  6,  7,  7,  2,
    15, 15, 15, 15, 15, 15, 15, 15, 15, 15,  6,  6,  0,  6,  0,  2,
     2, 15, 15, 15, 15, 15, 15,  7,  7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  6,  0,  6,  3,  7,
     3, 15, 15, 15, 15, 15, 15,  7,  7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  2,  3,  2,  7,  0,
};
/* clang-format on */

static bool is_class(uint8_t byte, uint8_t class)
{
    return byte < 128 && (byte_classes[byte] & class) != 0;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_value_byte(uint8_t byte)
{
    return (byte >= ' ' && byte != 0x7f) || byte == '\t';
}

static unsigned hex_value(uint8_t digit)
{
    return is_digit(digit) ? digit - (unsigned)'0' : (digit | 0x20U) - 'a' + 10U;
}

static bool fault(struct guard *guard, enum guard_verdict verdict, const char *reason)
{
    guard->verdict = verdict;
    guard->reason = reason;
    return false;
}

static bool malformed(struct guard *guard, const char *reason)
{
    return fault(guard, GUARD_MALFORMED, reason);
}

static bool step_method(struct guard *guard, uint8_t byte);
static bool step_field_start(struct guard *guard, uint8_t byte);
static bool step_chunk_size(struct guard *guard, uint8_t byte);

/* From head_length on, struct guard describes one request. */
static void request_reset(struct guard *guard)
{
    guard->step = step_method;
    guard->head_length = 0;
    guard->matched = 0;
    guard->percent_digits = 0;
    guard->fields = 0;
    guard->version_1_1 = guard->has_host = guard->has_length = guard->chunked = false;
    guard->says_close = guard->says_keep_alive = false;
    guard->content_length = 0;
    guard->body_left = 0;
    guard->body_length = 0;
}

static void request_end(struct guard *guard)
{
    guard->body_lengths[guard->requests % GUARD_AHEAD_MAX] = guard->body_length;
    guard->requests++;
    guard->closing = guard->says_close || (!guard->version_1_1 && !guard->says_keep_alive);
    request_reset(guard);
}

static bool head_end(struct guard *guard)
{
    if (guard->version_1_1 && !guard->has_host)
        return malformed(guard, "no Host");
    if (guard->chunked && guard->has_length)
        return malformed(guard, "both Content-Length and Transfer-Encoding");
    if (guard->chunked && !guard->version_1_1)
        return malformed(guard, "Transfer-Encoding in HTTP/1.0");
    if (guard->content_length > guard->limits->body_bytes_max)
        return fault(guard, GUARD_BODY_TOO_LARGE, "Content-Length is over the limit");
    guard->heads++;
    guard->matched = 0;
    guard->step = step_chunk_size;
    guard->body_left = guard->content_length;
    guard->body_length = guard->content_length;
    if (!guard->chunked && guard->content_length == 0)
        request_end(guard);
    return true;
}

/* The request line: RFC 9112 §3. */

static bool step_request_line_lf(struct guard *guard, uint8_t byte)
{
    if (byte != '\n')
        return malformed(guard, "no line feed behind the request line");
    guard->step = step_field_start;
    return true;
}

static bool step_request_line_cr(struct guard *guard, uint8_t byte)
{
    if (byte != '\r')
        return malformed(guard, "no CRLF behind the version");
    guard->step = step_request_line_lf;
    return true;
}

static bool step_version(struct guard *guard, uint8_t byte)
{
    static const char expected[] = "HTTP/1.";
    if (guard->matched < sizeof expected - 1) {
        if (byte != (uint8_t)expected[guard->matched++])
            return malformed(guard, "the version is not HTTP/1.0 or HTTP/1.1");
        return true;
    }
    if (byte != '0' && byte != '1')
        return malformed(guard, "the version is not HTTP/1.0 or HTTP/1.1");
    guard->version_1_1 = byte == '1';
    guard->step = step_request_line_cr;
    return true;
}

static bool step_percent(struct guard *guard, uint8_t byte);

static bool step_target(struct guard *guard, uint8_t byte)
{
    if (byte == ' ') {
        guard->matched = 0;
        guard->step = step_version;
    } else if (!is_class(byte, TARGET)) {
        return malformed(guard, "a byte in the request target that must be percent-encoded");
    } else if (byte == '%') {
        guard->percent_digits = guard->percent_value = 0;
        guard->step = step_percent;
    }
    return true;
}

static bool step_percent(struct guard *guard, uint8_t byte)
{
    if (!is_class(byte, HEX))
        return malformed(guard, "a '%' in the request target without two hex digits");
    guard->percent_value = guard->percent_value << 4 | hex_value(byte);
    if (++guard->percent_digits < 2)
        return true;
    if (guard->percent_value == 0)
        return malformed(guard, "a percent-encoded NUL in the request target");
    guard->step = step_target;
    return true;
}

static bool step_target_start(struct guard *guard, uint8_t byte)
{
    if (byte != '/')
        return malformed(guard, "the request target does not begin with '/'");
    guard->step = step_target;
    return true;
}

static bool step_method(struct guard *guard, uint8_t byte)
{
    if (byte == ' ' && guard->matched > 0)
        guard->step = step_target_start;
    else if (!is_class(byte, TOKEN) || guard->matched++ >= METHOD_BYTES_MAX)
        return malformed(guard, "the request does not begin with a method");
    return true;
}

/* What the values of the fields of interest mean, trimmed. */

static bool value_host(struct guard *guard)
{
    if (guard->has_host)
        return malformed(guard, "two Host fields");
    guard->has_host = true;
    if (guard->value_length == 0)
        return malformed(guard, "an empty Host");
    for (size_t i = 0; i < guard->value_length; i++)
        if (!is_class((uint8_t)guard->value[i], HOST))
            return malformed(guard, "a byte in Host that no host has");
    return true;
}

static bool value_content_length(struct guard *guard)
{
    if (guard->has_length)
        return malformed(guard, "two Content-Length fields");
    guard->has_length = true;
    if (guard->value_length == 0)
        return malformed(guard, "an empty Content-Length");
    for (size_t i = 0; i < guard->value_length; i++) {
        uint8_t byte = (uint8_t)guard->value[i];
        if (!is_digit(byte))
            return malformed(guard, "Content-Length is not a number");
        if (guard->content_length > (UINT64_MAX - 9) / 10)
            return fault(guard, GUARD_BODY_TOO_LARGE, "Content-Length is over the limit");
        guard->content_length = guard->content_length * 10 + (uint64_t)(byte - '0');
    }
    return true;
}

static bool is_value(const char *value, size_t length, const char *expected)
{
    return length == strlen(expected) && strncasecmp(value, expected, length) == 0;
}

static bool value_transfer_encoding(struct guard *guard)
{
    if (guard->chunked)
        return malformed(guard, "two Transfer-Encoding fields");
    if (!is_value(guard->value, guard->value_length, "chunked"))
        return malformed(guard, "a Transfer-Encoding other than chunked");
    guard->chunked = true;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool value_connection(struct guard *guard)
{
    size_t at = 0;
    while (at < guard->value_length) {
        size_t end = at;
        while (end < guard->value_length && guard->value[end] != ',')
            end++;
        size_t from = at;
        size_t to = end;
        while (from < to && is_blank(guard->value[from]))
            from++;
        while (to > from && is_blank(guard->value[to - 1]))
            to--;
        guard->says_close |= is_value(guard->value + from, to - from, "close");
        guard->says_keep_alive |= is_value(guard->value + from, to - from, "keep-alive");
        at = end + 1;
    }
    return true;
}

static bool value_end(struct guard *guard)
{
    while (guard->value_length > 0 && is_blank(guard->value[guard->value_length - 1]))
        guard->value_length--;
    switch (guard->field) {
    case GUARD_FIELD_HOST:
        return value_host(guard);
    case GUARD_FIELD_CONTENT_LENGTH:
        return value_content_length(guard);
    case GUARD_FIELD_TRANSFER_ENCODING:
        return value_transfer_encoding(guard);
    case GUARD_FIELD_CONNECTION:
        return value_connection(guard);
    case GUARD_FIELD_OTHER:
        break;
    }
    return true;
}

/* The fields: RFC 9112 §5. */

static bool step_head_lf(struct guard *guard, uint8_t byte)
{
    if (byte != '\n')
        return malformed(guard, "no line feed behind the head");
    return head_end(guard);
}

static bool step_field_lf(struct guard *guard, uint8_t byte)
{
    if (byte != '\n')
        return malformed(guard, "a bare CR in a field");
    guard->step = step_field_start;
    return value_end(guard);
}

static bool step_field_value(struct guard *guard, uint8_t byte)
{
    if (byte == '\r') {
        guard->step = step_field_lf;
        return true;
    }
    if (!is_value_byte(byte))
        return malformed(guard,
                         byte == '\n' ? "a bare LF in a field" : "a control byte in a field");
    if (guard->field == GUARD_FIELD_OTHER || (guard->value_length == 0 && is_blank((char)byte)))
        return true;
    if (guard->value_length == sizeof guard->value)
        return malformed(guard, "a field that decides on framing is too long");
    guard->value[guard->value_length++] = (char)byte;
    return true;
}

static enum guard_field field_of(const struct guard *guard)
{
    static const struct {
        const char *name;
        enum guard_field field;
    } fields[] = {
        {"host", GUARD_FIELD_HOST},
        {"content-length", GUARD_FIELD_CONTENT_LENGTH},
        {"transfer-encoding", GUARD_FIELD_TRANSFER_ENCODING},
        {"connection", GUARD_FIELD_CONNECTION},
    };
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (is_value(guard->name, guard->name_length, fields[i].name))
            return fields[i].field;
    return GUARD_FIELD_OTHER;
}

static bool step_field_name(struct guard *guard, uint8_t byte)
{
    if (byte == ':') {
        guard->field = field_of(guard);
        guard->value_length = 0;
        guard->step = step_field_value;
        return true;
    }
    if (!is_class(byte, TOKEN))
        return malformed(guard, "a byte in a field's name that no token has");
    if (guard->name_length < sizeof guard->name)
        guard->name[guard->name_length++] = (char)byte;
    return true;
}

static bool step_field_start(struct guard *guard, uint8_t byte)
{
    if (byte == '\r') {
        guard->step = step_head_lf;
        return true;
    }
    if (is_blank((char)byte))
        return malformed(guard, "a folded field");
    if (!is_class(byte, TOKEN))
        return malformed(guard, "a line of the head that is no field");
    if (guard->fields++ == guard->limits->fields_max)
        return fault(guard, GUARD_HEAD_TOO_LARGE, "too many fields");
    guard->name_length = 0;
    guard->step = step_field_name;
    return step_field_name(guard, byte);
}

/* Chunks: RFC 9112 §7.1. */

static bool step_chunk_end_lf(struct guard *guard, uint8_t byte)
{
    if (byte != '\n')
        return malformed(guard, "no line feed behind a chunk");
    guard->matched = 0;
    guard->step = step_chunk_size;
    return true;
}

static bool step_chunk_end_cr(struct guard *guard, uint8_t byte)
{
    if (byte != '\r')
        return malformed(guard, "no CRLF behind a chunk");
    guard->step = step_chunk_end_lf;
    return true;
}

static bool step_last_lf(struct guard *guard, uint8_t byte)
{
    if (byte != '\n')
        return malformed(guard, "no line feed behind the last chunk");
    request_end(guard);
    return true;
}

static bool step_last_cr(struct guard *guard, uint8_t byte)
{
    if (byte != '\r')
        return malformed(guard, "trailer fields");
    guard->step = step_last_lf;
    return true;
}

static bool step_chunk_size_lf(struct guard *guard, uint8_t byte)
{
    if (byte != '\n')
        return malformed(guard, "no line feed behind a chunk's size");
    guard->body_left = guard->content_length;
    guard->step = guard->body_left == 0 ? step_last_cr : step_chunk_end_cr;
    guard->content_length = 0;
    if (guard->body_left > guard->limits->body_bytes_max - guard->body_length)
        return fault(guard, GUARD_BODY_TOO_LARGE, "the chunks are over the limit");
    guard->body_length += guard->body_left;
    return true;
}

static bool step_chunk_size(struct guard *guard, uint8_t byte)
{
    if (byte == '\r' && guard->matched > 0) {
        guard->step = step_chunk_size_lf;
        return true;
    }
    if (!is_class(byte, HEX))
        return malformed(guard, "a chunk's size is not a plain hex number");
    if (guard->matched++ == CHUNK_DIGITS_MAX)
        return malformed(guard, "a chunk's size has too many digits");
    guard->content_length = guard->content_length << 4 | hex_value(byte);
    return true;
}

static bool is_in_body(const struct guard *guard)
{
    return guard->heads > guard->requests;
}

static bool step_head_byte(struct guard *guard, uint8_t byte, int64_t now)
{
    if (guard->head_length == 0) {
        if (guard->requests - guard->answered >= GUARD_AHEAD_MAX)
            return malformed(guard, "too many requests before the first answer");
        guard->head_began_at = now;
    }
    if (guard->head_length++ == guard->limits->head_bytes_max) {
        if (guard->step == step_target || guard->step == step_percent)
            return fault(guard, GUARD_TARGET_TOO_LONG, "the request target is over the limit");
        return fault(guard, GUARD_HEAD_TOO_LARGE, "the head is over the limit");
    }
    return guard->step(guard, byte);
}

/* Counts off bytes of a body or chunk; returns how many. */
static size_t count_body(struct guard *guard, size_t length)
{
    size_t counted = length < guard->body_left ? length : (size_t)guard->body_left;
    guard->body_left -= counted;
    if (guard->body_left == 0 && !guard->chunked)
        request_end(guard);
    return counted;
}

void guard_init(struct guard *guard, const struct guard_limits *limits)
{
    memset(guard, 0, sizeof *guard);
    guard->limits = limits;
    request_reset(guard);
}

size_t guard_feed(struct guard *guard, const void *bytes, size_t length, int64_t now)
{
    const uint8_t *byte = bytes;
    bool fine = guard->verdict == GUARD_FINE;
    size_t complete = 0;
    size_t at = 0;
    while (at < length && fine && !guard->closing) {
        uint64_t heads = guard->heads;
        uint64_t requests = guard->requests;
        if (guard->body_left > 0)
            at += count_body(guard, length - at);
        else if (is_in_body(guard))
            fine = guard->step(guard, byte[at++]);
        else
            fine = step_head_byte(guard, byte[at++], now);
        if (guard->heads > heads)
            guard->head_ended_at = now;
        if (guard->requests > requests) {
            guard->body_ended_at = now;
            complete = at;
        }
    }
    return fine && !guard->closing ? length : complete;
}

void guard_answered(struct guard *guard, int64_t now)
{
    guard->answered++;
    guard->answered_at = now;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

bool guard_check_pace(struct guard *guard, int64_t head_us_max, int64_t body_us_max, int64_t now)
{
    /* While an answer is due the library does not read: then the client is not to blame. */
    if (guard->verdict != GUARD_FINE || guard->answered != guard->requests)
        return false;
    if (is_in_body(guard))
        return now - later(guard->head_ended_at, guard->answered_at) > body_us_max &&
               !fault(guard, GUARD_SLOW, "the body did not arrive in time");
    return guard->head_length > 0 &&
           now - later(guard->head_began_at, guard->answered_at) > head_us_max &&
           !fault(guard, GUARD_SLOW, "the head did not arrive in time");
}
