/* Ids: UUIDv7 (RFC 9562), written as TypeIDs, carrying their organisation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"
#include "base/time.h"

static void parse_follows_the_typeid_vector(void **state)
{
    /* TypeID's valid.yml, "valid-uuidv7". */
    static const struct id expected = {{0x01, 0x89, 0x0a, 0x5d, 0xac, 0x96, 0x77, 0x4b, 0xbc, 0xce,
                                        0xb3, 0x02, 0x09, 0x9a, 0x80, 0x57}};
    static const char text[] = "prefix_01h455vb4pex5vsknk084sn02q";
    char written[ID_TEXT_BYTES];
    struct id id;
    (void)state;
    assert_true(id_parse("prefix", text_of(text), &id));
    assert_true(id_equal(id, expected));
    assert_int_equal(id_format("prefix", expected, written), sizeof text - 1);
    assert_string_equal(written, text);
}

static void what_is_no_id_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "prefix",
        "prefix_",
        "01h455vb4pex5vsknk084sn02q",
        "_01h455vb4pex5vsknk084sn02q",
        "other_01h455vb4pex5vsknk084sn02q",
        "PREFIX_01h455vb4pex5vsknk084sn02q",
        "prefix_01H455VB4PEX5VSKNK084SN02Q",
        "prefix-01h455vb4pex5vsknk084sn02q",
        "prefix_01h455vb4pex5vsknk084sn02",
        "prefix_01h455vb4pex5vsknk084sn02q0",
        "prefix_01h455vb4pex5vsknk084sn02i", /* not in the alphabet */
        "prefix_01h455vb4pex5vsknk084sn02l",
        "prefix_01h455vb4pex5vsknk084sn02o",
        "prefix_01h455vb4pex5vsknk084sn02u",
        "prefix_81h455vb4pex5vsknk084sn02q", /* 129 bits */
        "prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz", /* version and variant */
        "prefix_00000000000000000000000000",
        "prefix_01h455vb4pcx5vsknk084sn02q", /* version 6 */
        "prefix_01h455vb4pex55sknk084sn02q", /* variant */
    };
    struct id id;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (id_parse("prefix", text_of(cases[i]), &id))
            fail_msg("%s was taken", cases[i]);
    assert_false(id_parse("prefix", TEXT("prefix_01h455vb4pex5vsknk084sn0\0q"), &id));
}

static void new_ids_ascend_and_name_their_organisation(void **state)
{
    static const int64_t orgs[] = {0, 1, 0xdeadbeef, ORG_MAX};
    struct id last = {{0}};
    int64_t before = time_now();
    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        int64_t org = orgs[i % COUNT_OF(orgs)];
        struct id id = id_new(org);
        assert_true(memcmp(last.bytes, id.bytes, sizeof id.bytes) < 0);
        assert_int_equal(id_org(id), org);
        assert_int_equal(id.bytes[6] >> 4, 7); /* RFC 9562 §5.7 */
        assert_int_equal(id.bytes[8] >> 6, 2);
        last = id;
    }
    int64_t milliseconds = 0;
    for (size_t i = 0; i < 6; i++)
        milliseconds = milliseconds << 8 | last.bytes[i];
    assert_true(milliseconds >= before / 1000);
}

static void ids_come_back_from_their_text(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        char text[ID_TEXT_BYTES];
        struct id id = id_new(org_random());
        struct id read;
        assert_int_equal(id_format("ord", id, text), 30);
        assert_true(id_parse("ord", text_of(text), &read));
        assert_true(id_equal(id, read));
        assert_false(id_is_zero(id));
    }
    assert_true(id_is_zero((struct id){{0}}));
}

static void organisations_as_text(void **state)
{
    static const struct {
        int64_t org;
        const char *text;
    } cases[] = {
        {0, "org_00000000"}, {31, "org_0000000z"}, {32, "org_00000010"}, {ORG_MAX, "org_zzzzzzzz"}};
    static const char *const refused[] = {"",
                                          "org_",
                                          "org_0000000",
                                          "org_000000000",
                                          "org_0000000u",
                                          "ORG_00000000",
                                          "orx_00000000",
                                          "00000000",
                                          "org_0000000Z"};
    int64_t org;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[ID_TEXT_BYTES];
        org_format(cases[i].org, text);
        assert_string_equal(text, cases[i].text);
        assert_true(org_parse(text_of(cases[i].text), &org));
        assert_int_equal(org, cases[i].org);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_false(org_parse(text_of(refused[i]), &org));
    for (int i = 0; i < 1000; i++) {
        org = org_random();
        assert_true(org > ORG_MARKETPLACE && org <= ORG_MAX);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parse_follows_the_typeid_vector),
    cmocka_unit_test(what_is_no_id_is_refused),
    cmocka_unit_test(new_ids_ascend_and_name_their_organisation),
    cmocka_unit_test(ids_come_back_from_their_text),
    cmocka_unit_test(organisations_as_text),
};

int main(void)
{
    return cmocka_run_group_tests(tests, NULL, NULL);
}
