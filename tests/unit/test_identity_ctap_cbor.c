/* CTAP2 canonical CBOR: examples of RFC 8949's appendix A, and all that is not canonical. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "identity/ctap_cbor.h"

static size_t unhex(const char *hex, char out[64])
{
    size_t length;
    assert_true(hex_decode(text_of(hex), out, 64, &length));
    return length;
}

static void integers_follow_the_examples(void **state)
{
    static const struct {
        const char *hex;
        int64_t integer;
    } examples[] = {
        {"00", 0},
        {"17", 23},
        {"1818", 24},
        {"18ff", 255},
        {"190100", 256},
        {"1903e8", 1000},
        {"1a000f4240", 1000000},
        {"1b000000e8d4a51000", INT64_C(1000000000000)},
        {"1b7fffffffffffffff", INT64_MAX},
        {"20", -1},
        {"29", -10},
        {"3863", -100},
        {"390100", -257},
        {"3b7fffffffffffffff", INT64_MIN},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        char bytes[64];
        struct ctap_cbor item;
        const struct text text = {bytes, unhex(examples[i].hex, bytes)};
        assert_true(ctap_cbor_read_only(text, &item));
        assert_int_equal(item.kind, CTAP_CBOR_INTEGER);
        assert_true(item.integer == examples[i].integer);
    }
}

static void what_is_not_canonical_is_refused(void **state)
{
    static const struct {
        const char *hex, *why;
    } examples[] = {
        {"", "nothing"},
        {"1817", "23 in two bytes"},
        {"190018", "24 in three bytes"},
        {"1a0000ffff", "65535 in five bytes"},
        {"1b00000000ffffffff", "2^32 - 1 in nine bytes"},
        {"3817", "-24 in two bytes"},
        {"18", "a number that ends early"},
        {"1bffffffffffffffff", "beyond int64_t"},
        {"3bffffffffffffffff", "below int64_t"},
        {"580161", "a length in two bytes"},
        {"6261", "text that ends early"},
        {"61ff", "text that is no UTF-8"},
        {"62c080", "an overlong character"},
        {"5f4161ff", "bytes in pieces"},
        {"7f6161ff", "text in pieces"},
        {"9f01ff", "an array without a length"},
        {"bf616101ff", "a map without a length"},
        {"ff", "a break"},
        {"9801", "an array's length in two bytes"},
        {"8101ff", "a byte behind it"},
        {"8201", "an array that ends early"},
        {"9bffffffffffffffff", "an array of 2^64 - 1"},
        {"bbffffffffffffffff", "a map of 2^64 - 1"},
        {"5bffffffffffffffff", "bytes of 2^64 - 1"},
        {"a16161", "a map that ends early"},
        {"a2616101616102", "a key twice"},
        {"a202010102", "numbers in the wrong order"},
        {"a220010102", "negative before positive"},
        {"a2616201616102", "text in the wrong order"},
        {"a26261610161620a", "the longer text first"},
        {"a26161010102", "text before numbers"},
        {"a18001", "a list as key"},
        {"a1a001", "a map as key"},
        {"a1f501", "a boolean as key"},
        {"c074323031332d30332d32315432303a30343a30305a", "a tag"},
        {"f93c00", "a fraction"},
        {"fa47c35000", "a longer fraction"},
        {"fb3ff199999999999a", "the longest fraction"},
        {"f0", "an unassigned simple value"},
        {"f8ff", "an unassigned simple value of two bytes"},
        {"f818", "a simple value in the wrong form"},
        {"1c", "a reserved length"},
        {"8181818180", "five levels"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(examples); i++) {
        char bytes[64];
        struct ctap_cbor item;
        if (ctap_cbor_read_only((struct text){bytes, unhex(examples[i].hex, bytes)}, &item))
            fail_msg("taken: %s (%s)", examples[i].hex, examples[i].why);
    }
}

static void members_are_found(void **state)
{
    /* {1: -7, -1: h'0102', "a": "ä", "list": [1, [2], {}], "yes": true} */
    static const char hex[] = "a5012620420102616162c3a463796573f5646c69737483018102a0";
    char bytes[64];
    struct ctap_cbor map;
    struct ctap_cbor value;
    (void)state;
    assert_true(ctap_cbor_read_only((struct text){bytes, unhex(hex, bytes)}, &map));
    assert_int_equal(map.kind, CTAP_CBOR_MAP);
    assert_int_equal(map.count, 5);
    assert_true(ctap_cbor_labelled(&map, 1, &value));
    assert_int_equal(value.integer, -7);
    assert_true(ctap_cbor_labelled(&map, -1, &value));
    assert_int_equal(value.kind, CTAP_CBOR_BYTES);
    assert_true(text_is(value.content, "\x01\x02"));
    assert_true(ctap_cbor_named(&map, "a", &value));
    assert_int_equal(value.kind, CTAP_CBOR_TEXT);
    assert_true(text_is(value.content, "ä"));
    assert_true(ctap_cbor_named(&map, "yes", &value));
    assert_int_equal(value.kind, CTAP_CBOR_SIMPLE);
    assert_true(ctap_cbor_named(&map, "list", &value));
    assert_int_equal(value.kind, CTAP_CBOR_ARRAY);
    assert_int_equal(value.count, 3);
    assert_false(ctap_cbor_named(&value, "a", &value));
    assert_false(ctap_cbor_named(&map, "b", &value));
    assert_false(ctap_cbor_labelled(&map, 2, &value));
}

static void items_are_read_one_after_another(void **state)
{
    char bytes[64];
    struct ctap_cbor item;
    struct text rest = {bytes, unhex("01818181f6a040", bytes)};
    (void)state;
    assert_true(ctap_cbor_read(&rest, &item));
    assert_int_equal(rest.length, 6);
    assert_true(ctap_cbor_read(&rest, &item));
    assert_int_equal(item.kind, CTAP_CBOR_ARRAY);
    assert_int_equal(rest.length, 2);
    assert_true(ctap_cbor_read(&rest, &item));
    assert_true(ctap_cbor_read(&rest, &item));
    assert_int_equal(item.kind, CTAP_CBOR_BYTES);
    assert_int_equal(item.content.length, 0);
    assert_false(ctap_cbor_read(&rest, &item));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_follow_the_examples),
        cmocka_unit_test(what_is_not_canonical_is_refused),
        cmocka_unit_test(members_are_found),
        cmocka_unit_test(items_are_read_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
