/*
 * The guard judges each message the same way however it is cut into pieces: each row of the table
 * is fed whole, byte by byte and cut in two at every place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "net/guard.h"

#define BODY_MAX 1000
#define HEAD_MAX 2000
#define FIELDS_MAX 20
#define GET "GET / HTTP/1.1\r\n"
#define POST "POST /a HTTP/1.1\r\nHost: a\r\n"
#define HOST "Host: a\r\n"
#define NEXT "GET /canary HTTP/1.1\r\nHost: a\r\n\r\n"

static const struct guard_limits limits = {HEAD_MAX, BODY_MAX, FIELDS_MAX};

struct message {
    const char *name;
    struct text bytes;
    enum guard_verdict verdict;
    uint64_t requests;  /* complete ones before the fault */
    size_t body_length; /* of the first */
};

#define ROW(name, bytes, verdict, requests, body)                                                  \
    {                                                                                              \
        name, {bytes, sizeof(bytes) - 1}, verdict, requests, body                                  \
    }
#define GOOD(name, bytes, requests, body) ROW(name, bytes, GUARD_FINE, requests, body)
#define BAD(name, bytes) ROW(name, bytes, GUARD_MALFORMED, 0, 0)
#define LARGE(name, bytes) ROW(name, bytes, GUARD_BODY_TOO_LARGE, 0, 0)

static const struct message messages[] = {
    GOOD("plain", GET HOST "\r\n", 1, 0),
    GOOD("two in a row", GET HOST "\r\n" NEXT, 2, 0),
    GOOD("body", POST "Content-Length: 5\r\n\r\nhello", 1, 5),
    GOOD("body that looks like a request", POST "Content-Length: 33\r\n\r\n" NEXT, 1, 33),
    GOOD("empty body", POST "Content-Length: 0\r\n\r\n" NEXT, 2, 0),
    GOOD("names without case", "GET / HTTP/1.1\r\nhOST:a\r\ncontent-LENGTH:\t3 \r\n\r\nabc" NEXT, 2,
         3),
    GOOD("chunks",
         POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0a\r\n0123456789\r\n0\r\n\r\n" NEXT,
         2, 15),
    GOOD("chunk sizes of both cases",
         POST "Transfer-Encoding: CHUNKED\r\n\r\nA\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n",
         1, 20),
    GOOD("no chunks", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1, 0),
    GOOD("1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 1, 0),
    GOOD("1.0 ends the connection", "GET / HTTP/1.0\r\n\r\n" NEXT "\0", 1, 0),
    GOOD("1.0 kept alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" NEXT, 2, 0),
    GOOD("close ends the connection", GET HOST "Connection: a, Close\r\n\r\n\0\r\n", 1, 0),
    GOOD("close later in the list", GET HOST "Connection: keep-alive ,close ,\r\n\r\nxxx", 1, 0),
    GOOD("close in two fields", GET HOST "Connection: a\r\nConnection: close\r\n\r\nxxx", 1, 0),
    GOOD("closer is not close", GET HOST "Connection: closer\r\n\r\n" NEXT, 2, 0),
    GOOD("empty value", GET HOST "A:\r\nB: \t \r\n\r\n", 1, 0),
    GOOD("bytes over 127 in a value", GET HOST "A: \xd0\xbf\xff\r\n\r\n", 1, 0),
    GOOD("tab in a value", GET HOST "A: b\tc\r\n\r\n", 1, 0),
    GOOD("Host with port", GET "Host: [::1]:8080\r\n\r\n", 1, 0),
    GOOD("target with all it may have", "GET /a;b/%41~?c=[d]&e={|^`} HTTP/1.1\r\n" HOST "\r\n", 1,
         0),
    GOOD("unfinished", "GET / HT", 0, 0),

    BAD("two different Content-Length",
        POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" NEXT),
    BAD("two equal Content-Length", POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    BAD("Content-Length and chunked",
        POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT),
    BAD("chunked and Content-Length",
        POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" NEXT),
    BAD("two Transfer-Encoding",
        POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("two codings", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    BAD("unknown Transfer-Encoding", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    BAD("identity", POST "Transfer-Encoding: identity\r\n\r\n"),
    BAD("chunked with parameter", POST "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n"),
    BAD("empty Transfer-Encoding", POST "Transfer-Encoding:\r\n\r\n"),
    BAD("chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    BAD("space before the colon", POST "Content-Length : 5\r\n\r\nhello" NEXT),
    BAD("tab before the colon", POST "Content-Length\t: 5\r\n\r\nhello"),
    BAD("signed Content-Length", POST "Content-Length: +5\r\n\r\nhello"),
    BAD("negative Content-Length", POST "Content-Length: -5\r\n\r\nhello"),
    BAD("list of Content-Length", POST "Content-Length: 5, 5\r\n\r\nhello"),
    BAD("hex Content-Length", POST "Content-Length: 0x5\r\n\r\nhello"),
    BAD("empty Content-Length", POST "Content-Length:\r\n\r\nhello"),
    BAD("space in Content-Length", POST "Content-Length: 1 2\r\n\r\nhello"),
    BAD("NUL in a value", GET HOST "A: b\0c\r\n\r\n" NEXT),
    BAD("NUL in a name", GET HOST "A\0b: c\r\n\r\n"),
    BAD("NUL in Transfer-Encoding", POST "Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n"),
    BAD("DEL in a value", GET HOST "A: b\x7f\r\n\r\n"),
    BAD("bell in a value", GET HOST "A: b\x07\r\n\r\n"),
    BAD("bare CR in a value", GET HOST "A: b\rc\r\n\r\n" NEXT),
    BAD("CR before CRLF", GET HOST "A: b\r\r\n\r\n"),
    BAD("bare LF in the head", GET "Host: a\nA: b\r\n\r\n" NEXT),
    BAD("bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
    BAD("bare LF ends the head", GET HOST "\n" NEXT),
    BAD("bare CR ends the head", GET HOST "\rx"),
    BAD("no Host", GET "\r\n" NEXT),
    BAD("two Hosts", GET HOST HOST "\r\n"),
    BAD("empty Host", GET "Host: \r\n\r\n"),
    BAD("Host with a path", GET "Host: a/b\r\n\r\n"),
    BAD("Host with a user", GET "Host: a@b\r\n\r\n"),
    BAD("two Hosts in 1.0", "GET / HTTP/1.0\r\n" HOST HOST "\r\n"),
    BAD("chunk size 0x5", POST "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n"),
    BAD("space before a chunk size",
        POST "Transfer-Encoding: chunked\r\n\r\n 5\r\nhello\r\n0\r\n\r\n"),
    BAD("space behind a chunk size",
        POST "Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n"),
    BAD("signed chunk size", POST "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n"),
    BAD("empty chunk size", POST "Transfer-Encoding: chunked\r\n\r\n\r\nhello\r\n0\r\n\r\n"),
    BAD("huge chunk size", POST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nhello"),
    BAD("wrapping chunk size",
        POST "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n"),
    BAD("chunk extension", POST "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n"),
    BAD("LF behind a chunk size", POST "Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n"),
    BAD("LF behind a chunk", POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n"),
    BAD("CR behind a chunk size", POST "Transfer-Encoding: chunked\r\n\r\n5\rhello\r\n0\r\n\r\n"),
    BAD("chunk longer than said",
        POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n0\r\n\r\n"),
    BAD("LF behind the last chunk", POST "Transfer-Encoding: chunked\r\n\r\n0\r\n\n" NEXT),
    BAD("trailer", POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n\r\n" NEXT),
    BAD("folded field", GET HOST "A: b\r\n c\r\n\r\n"),
    BAD("first field folded", GET " " HOST "\r\n"),
    BAD("field without colon", GET HOST "Abc\r\n\r\n"),
    BAD("field without name", GET HOST ": b\r\n\r\n"),
    BAD("parenthesis in a name", GET HOST "A(b): c\r\n\r\n"),
    BAD("byte over 127 in a name", GET HOST "\xd0\xbf: c\r\n\r\n"),
    BAD("0.9", "GET /\r\n"),
    BAD("2.0 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    BAD("version 1.2", "GET / HTTP/1.2\r\n" HOST "\r\n"),
    BAD("version 1.10", "GET / HTTP/1.10\r\n" HOST "\r\n"),
    BAD("version in lower case", "GET / http/1.1\r\n" HOST "\r\n"),
    BAD("two spaces before the version", "GET /  HTTP/1.1\r\n" HOST "\r\n"),
    BAD("space behind the version", "GET / HTTP/1.1 \r\n" HOST "\r\n"),
    BAD("two spaces before the target", "GET  / HTTP/1.1\r\n" HOST "\r\n"),
    BAD("tab in the request line", "GET\t/ HTTP/1.1\r\n" HOST "\r\n"),
    BAD("control byte in the method", "G\x01T / HTTP/1.1\r\n" HOST "\r\n"),
    BAD("no method", " / HTTP/1.1\r\n" HOST "\r\n"),
    BAD("long method", "ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n" HOST "\r\n"),
    BAD("empty line before a request", "\r\n" GET HOST "\r\n"),
    BAD("TLS", "\x16\x03\x01\x02\x00\x01"),
    BAD("space in the target", "GET /a b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("NUL in the target", "GET /a\0b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("bell in the target", "GET /a\x07 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("byte over 127 in the target", "GET /\xd0\xbf HTTP/1.1\r\n" HOST "\r\n"),
    BAD("fragment", "GET /#a HTTP/1.1\r\n" HOST "\r\n"),
    BAD("backslash", "GET /a\\b HTTP/1.1\r\n" HOST "\r\n"),
    BAD("encoded NUL", "GET /a%00 HTTP/1.1\r\n" HOST "\r\n"),
    BAD("percent without digits", "GET /a%zz HTTP/1.1\r\n" HOST "\r\n"),
    BAD("percent at the end", "GET /a% HTTP/1.1\r\n" HOST "\r\n"),
    BAD("absolute form", "GET http://a/ HTTP/1.1\r\n" HOST "\r\n"),
    BAD("asterisk form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
    BAD("authority form", "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n"),
    ROW("second request malformed", GET HOST "\r\nGET / HTTP/1.1\nHost: a\r\n\r\n", GUARD_MALFORMED,
        1, 0),
    ROW("behind a body", POST "Content-Length: 5\r\n\r\nhello\r\n" NEXT, GUARD_MALFORMED, 1, 5),

    LARGE("Content-Length over the limit", POST "Content-Length: 1001\r\n\r\n"),
    LARGE("Content-Length over 64 bits", POST "Content-Length: 99999999999999999999999\r\n\r\n"),
    LARGE("chunk over the limit", POST "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"),
    LARGE("chunk of 60 bits", POST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n"),
    LARGE("second chunk over the limit",
          POST "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n3e8\r\n"),
    GOOD("Content-Length at the limit", POST "Content-Length: 1000\r\n\r\n", 0, 0),
};

/* What may be handed on when it arrives in pieces of PIECE bytes, or, if it is 0, cut at CUT. */
static size_t feed(struct guard *guard, struct text bytes, size_t piece, size_t cut)
{
    size_t handed_on = 0;
    size_t at = 0;
    guard_init(guard, &limits);
    while (at < bytes.length) {
        size_t end = piece > 0 ? at + piece : at < cut ? cut : bytes.length;
        end = end < bytes.length ? end : bytes.length;
        /* A copy of its own, so that reading past the end is found. */
        char *copy = malloc(end - at);
        assert_non_null(copy);
        memcpy(copy, bytes.bytes + at, end - at);
        handed_on += guard_feed(guard, copy, end - at, 1);
        free(copy);
        at = end;
    }
    return handed_on;
}

static void check(const struct message *message, size_t piece, size_t cut)
{
    struct guard guard;
    size_t handed_on = feed(&guard, message->bytes, piece, cut);
    if (guard.verdict != message->verdict || guard.requests != message->requests)
        fail_msg("%s (pieces of %zu, cut at %zu): verdict %d (%s), %ju requests", message->name,
                 piece, cut, (int)guard.verdict, guard.reason == NULL ? "" : guard.reason,
                 (uintmax_t)guard.requests);
    if (guard.requests > 0)
        assert_int_equal(guard.body_lengths[0], message->body_length);
    assert_true(handed_on <= message->bytes.length);
    if (guard.verdict == GUARD_FINE && !guard.closing)
        assert_int_equal(handed_on, message->bytes.length);
    else
        assert_true(guard.verdict == GUARD_FINE || guard.reason != NULL);
}

static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        check(&messages[i], messages[i].bytes.length, 0);
        check(&messages[i], 1, 0);
        for (size_t cut = 1; cut < messages[i].bytes.length; cut++)
            check(&messages[i], 0, cut);
    }
}

static void test_only_complete_requests_are_handed_on(void **state)
{
    static const char first[] = POST "Content-Length: 5\r\n\r\nhello";
    static const char all[] = POST "Content-Length: 5\r\n\r\nhello"
                                   "GET / HTTP/1.1\r\nA : b\r\n\r\n" NEXT;
    struct guard guard;
    (void)state;
    assert_int_equal(feed(&guard, text_of(all), sizeof all, 0), sizeof first - 1);
    assert_int_equal(guard_feed(&guard, NEXT, sizeof NEXT - 1, 1), 0);
    assert_int_equal(guard.requests, 1);
}

static void test_nothing_is_handed_on_behind_the_last_request(void **state)
{
    static const char last[] = GET HOST "Connection: close\r\n\r\n";
    struct guard guard;
    (void)state;
    assert_int_equal(feed(&guard, text_of(GET HOST "Connection: close\r\n\r\n" NEXT), 1000, 0),
                     sizeof last - 1);
    assert_true(guard.closing);
    assert_int_equal(guard_feed(&guard, NEXT, sizeof NEXT - 1, 1), 0);
}

/* Feeds HEAD, then FILL as often as it takes to go over a limit. */
static enum guard_verdict overflow(const char *head, const char *fill, size_t bytes_max)
{
    struct guard guard;
    guard_init(&guard, &limits);
    guard_feed(&guard, head, strlen(head), 1);
    for (size_t fed = strlen(head); fed <= bytes_max; fed += strlen(fill)) {
        assert_int_equal(guard.verdict, GUARD_FINE);
        guard_feed(&guard, fill, strlen(fill), 1);
    }
    return guard.verdict;
}

static void test_limits_of_the_head(void **state)
{
    (void)state;
    assert_int_equal(overflow("GET /", "a", HEAD_MAX), GUARD_TARGET_TOO_LONG);
    assert_int_equal(overflow("GET /", "%41", HEAD_MAX), GUARD_TARGET_TOO_LONG);
    assert_int_equal(overflow(GET "A: ", "a", HEAD_MAX), GUARD_HEAD_TOO_LARGE);
    assert_int_equal(overflow(GET, "A: b\r\n", strlen(GET) + FIELDS_MAX * strlen("A: b\r\n")),
                     GUARD_HEAD_TOO_LARGE);
}

static void test_head_of_exactly_the_limit(void **state)
{
    struct guard guard;
    char filler[HEAD_MAX];
    size_t used = strlen(GET HOST "A: ") + strlen("\r\n\r\n");
    (void)state;
    memset(filler, 'a', sizeof filler);
    guard_init(&guard, &limits);
    guard_feed(&guard, GET HOST "A: ", strlen(GET HOST "A: "), 1);
    guard_feed(&guard, filler, HEAD_MAX - used, 1);
    guard_feed(&guard, "\r\n\r\n", 4, 1);
    assert_int_equal(guard.verdict, GUARD_FINE);
    assert_int_equal(guard.requests, 1);
    /* The next head is counted afresh. */
    guard_feed(&guard, NEXT, strlen(NEXT), 1);
    assert_int_equal(guard.requests, 2);
}

static void test_requests_ahead_of_answers(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, &limits);
    for (size_t i = 0; i < GUARD_AHEAD_MAX; i++)
        guard_feed(&guard, NEXT, strlen(NEXT), 1);
    guard_answered(&guard, 2);
    guard_feed(&guard, NEXT, strlen(NEXT), 3);
    assert_int_equal(guard.verdict, GUARD_FINE);
    guard_feed(&guard, NEXT, strlen(NEXT), 4);
    assert_int_equal(guard.verdict, GUARD_MALFORMED);
    assert_int_equal(guard.requests, GUARD_AHEAD_MAX + 1);
}

static void test_pace_of_the_head(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, &limits);
    assert_false(guard_check_pace(&guard, 100, 1000, 1000000)); /* idle is not slow */
    guard_feed(&guard, "G", 1, 50);
    assert_false(guard_check_pace(&guard, 100, 1000, 150));
    guard_feed(&guard, "E", 1, 150); /* a byte now and then does not help */
    assert_true(guard_check_pace(&guard, 100, 1000, 151));
    assert_int_equal(guard.verdict, GUARD_SLOW);
    assert_false(guard_check_pace(&guard, 100, 1000, 152)); /* said once */
}

static void test_pace_of_the_body(void **state)
{
    static const char head[] = POST "Content-Length: 5\r\n\r\nh";
    struct guard guard;
    (void)state;
    guard_init(&guard, &limits);
    guard_feed(&guard, head, strlen(head), 50);
    assert_false(guard_check_pace(&guard, 100, 1000, 1050));
    assert_true(guard_check_pace(&guard, 100, 1000, 1051));
}

static void test_pace_waits_for_our_answers(void **state)
{
    struct guard guard;
    (void)state;
    guard_init(&guard, &limits);
    guard_feed(&guard, NEXT "GET", strlen(NEXT "GET"), 10);
    assert_false(guard_check_pace(&guard, 100, 1000, 5000));
    guard_answered(&guard, 5000);
    assert_false(guard_check_pace(&guard, 100, 1000, 5100));
    assert_true(guard_check_pace(&guard, 100, 1000, 5101));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_only_complete_requests_are_handed_on),
        cmocka_unit_test(test_nothing_is_handed_on_behind_the_last_request),
        cmocka_unit_test(test_limits_of_the_head),
        cmocka_unit_test(test_head_of_exactly_the_limit),
        cmocka_unit_test(test_requests_ahead_of_answers),
        cmocka_unit_test(test_pace_of_the_head),
        cmocka_unit_test(test_pace_of_the_body),
        cmocka_unit_test(test_pace_waits_for_our_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
