/* Which addresses a webhook may go to (the IANA registries of special-purpose addresses). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "net/address.h"

static bool is_public(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&storage;
    if (strchr(text, ':') == NULL) {
        in->sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &in->sin_addr), 1);
    } else {
        in6->sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &in6->sin6_addr), 1);
    }
    return address_is_public((const struct sockaddr *)&storage);
}

static const struct {
    const char *text;
    bool public;
} edges[] = {
    {"0.0.0.0", false},
    {"0.255.255.255", false},
    {"1.0.0.0", true},
    {"1.1.1.1", true},
    {"9.255.255.255", true},
    {"10.0.0.0", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"126.255.255.255", true},
    {"127.0.0.1", false},
    {"127.255.255.255", false},
    {"128.0.0.0", true},
    {"169.253.255.255", true},
    {"169.254.169.254", false},
    {"169.255.0.0", true},
    {"172.15.255.255", true},
    {"172.16.0.0", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"192.0.0.1", false},
    {"192.0.2.1", false},
    {"192.167.255.255", true},
    {"192.168.0.0", false},
    {"192.169.0.0", true},
    {"198.17.255.255", true},
    {"198.18.0.0", false},
    {"198.19.255.255", false},
    {"198.20.0.0", true},
    {"203.0.113.9", false},
    {"223.255.255.255", true},
    {"224.0.0.1", false},
    {"239.255.255.255", false},
    {"240.0.0.1", false},
    {"255.255.255.255", false},
    {"::", false},
    {"::1", false},
    {"::ffff:127.0.0.1", false},
    {"::ffff:10.0.0.1", false},
    {"::ffff:1.1.1.1", true},
    {"::127.0.0.1", false},
    {"64:ff9b::7f00:1", false},
    {"64:ff9b::101:101", true},
    {"64:ff9b:1::1", false},
    {"100::1", false},
    {"2001::1", false},
    {"2001:db8::1", false},
    {"2001:4860:4860::8888", true},
    {"2002:7f00:1::1", false},
    {"2606:4700:4700::1111", true},
    {"3fff::1", false},
    {"3fff:1000::1", true},
    {"4000::1", false},
    {"5f00::1", false},
    {"fc00::1", false},
    {"fdff::1", false},
    {"fe80::1", false},
    {"febf::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
};

static void edges_of_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(edges); i++)
        if (is_public(edges[i].text) != edges[i].public)
            fail_msg("%s", edges[i].text);
}

static void other_families(void **state)
{
    const struct sockaddr_un local = {.sun_family = AF_UNIX};
    (void)state;
    assert_false(address_is_public((const struct sockaddr *)&local));
}

static void urls_that_name_an_address(void **state)
{
    static const struct {
        const char *url;
        bool fine;
    } cases[] = {
        {"https://example.com/hooks", true},
        {"https://1.1.1.1:8443/", true},
        {"https://[2606:4700:4700::1111]/", true},
        {"https://localhost.example.com/", true},
        {"https://notlocalhost/", true},
        {"http://example.com/hooks", false},
        {"http://1.1.1.1/", false},
        {"ftp://example.com/", false},
        {"//example.com/", false},
        {"https://127.0.0.1/", false},
        {"https://127.1/", false},
        {"https://2130706433/", false},
        {"https://0x7f000001:80/", false},
        {"https://0177.0.0.1/", false},
        {"https://localhost", false},
        {"https://LocalHost:8080/x", false},
        {"https://localhost./", false},
        {"https://shop.localhost/", false},
        {"https://[::1]:80/", false},
        {"https://[::ffff:127.0.0.1]/", false},
        {"https://169.254.169.254?x", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct problem problem;
        if (address_url_check(text_of(cases[i].url), &problem) != cases[i].fine)
            fail_msg("%s", cases[i].url);
        if (!cases[i].fine)
            assert_int_equal(problem.code, PROBLEM_ADDRESS_REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_of_ranges),
        cmocka_unit_test(other_families),
        cmocka_unit_test(urls_that_name_an_address),
    };
    return cmocka_run_group_tests_name("net_address", tests, NULL, NULL);
}
