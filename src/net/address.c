#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

struct range {
    uint8_t bytes[16];
    unsigned bits;
};

static const struct range refused_4[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* carrier-grade NAT */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local, and clouds' metadata */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 31, 196}, 24}, /* AS112 */
    {{192, 52, 193}, 24}, /* AMT */
    {{192, 88, 99}, 24},  /* 6to4 relays */
    {{192, 168}, 16},     /* private */
    {{192, 175, 48}, 24}, /* AS112 */
    {{198, 18}, 15},      /* benchmarking */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 4},           /* multicast */
    {{240}, 4},           /* reserved, broadcast */
};

/* Of 2000::/3, which alone is routed; the rest of IPv6 is refused as a whole. */
static const struct range refused_6[] = {
    {{0x20, 0x01, 0x00}, 23},             /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32},       /* documentation */
    {{0x20, 0x02}, 16},                   /* 6to4: hides an IPv4 address */
    {{0x26, 0x20, 0, 0x4f, 0x80, 0}, 48}, /* AS112 */
    {{0x3f, 0xff}, 20},                   /* documentation */
};

static const struct range mapped_4 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
static const struct range translated_4 = {{0, 0x64, 0xff, 0x9b}, 96}; /* 64:ff9b::/96, NAT64 */
static const struct range global_6 = {{0x20}, 3};

static bool is_within(const uint8_t *bytes, const struct range *range)
{
    size_t whole = range->bits / 8;
    unsigned rest = range->bits % 8;
    if (memcmp(bytes, range->bytes, whole) != 0)
        return false;
    return rest == 0 || ((bytes[whole] ^ range->bytes[whole]) >> (8 - rest)) == 0;
}

static bool is_public_4(const uint8_t bytes[4])
{
    for (size_t i = 0; i < COUNT_OF(refused_4); i++)
        if (is_within(bytes, &refused_4[i]))
            return false;
    return true;
}

static bool is_public_6(const uint8_t bytes[16])
{
    if (is_within(bytes, &mapped_4) || is_within(bytes, &translated_4))
        return is_public_4(bytes + 12);
    if (!is_within(bytes, &global_6))
        return false;
    for (size_t i = 0; i < COUNT_OF(refused_6); i++)
        if (is_within(bytes, &refused_6[i]))
            return false;
    return true;
}

bool address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return is_public_4((const uint8_t *)&in->sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const void *)address;
        return is_public_6(in6->sin6_addr.s6_addr);
    }
    return false;
}

static struct text host_of(struct text url)
{
    size_t scheme = 0;
    while (scheme + 3 <= url.length && memcmp(url.bytes + scheme, "://", 3) != 0)
        scheme++;
    struct text rest =
        text_slice(url, scheme + 3 > url.length ? url.length : scheme + 3, url.length);
    size_t end = 0;
    if (rest.length > 0 && rest.bytes[0] == '[') {
        while (end < rest.length && rest.bytes[end] != ']')
            end++;
        return text_slice(rest, 1, end > 0 ? end : 1);
    }
    while (end < rest.length && strchr(":/?", rest.bytes[end]) == NULL)
        end++;
    return text_slice(rest, 0, end);
}

static bool is_this_machine(struct text host)
{
    static const char name[] = "localhost";
    if (host.length > 0 && host.bytes[host.length - 1] == '.')
        host.length--;
    size_t length = strlen(name);
    return host.length >= length &&
           strncasecmp(host.bytes + host.length - length, name, length) == 0 &&
           (host.length == length || host.bytes[host.length - length - 1] == '.');
}

bool address_url_check(struct text url, struct problem *problem)
{
    struct text host = host_of(url);
    char name[INET6_ADDRSTRLEN + 1] = "";
    uint8_t bytes[16];
    bool refused = is_this_machine(host);
    if (!text_starts(url, "https://"))
        return problem_set(problem, PROBLEM_ADDRESS_REFUSED, "webhooks go to https only");
    if (host.length < sizeof name) {
        memcpy(name, host.bytes, host.length);
        struct in_addr loose;
        if (inet_pton(AF_INET6, name, bytes) == 1) {
            refused = !is_public_6(bytes);
        } else if (inet_aton(name, &loose) != 0) { /* also 127.1 and 0x7f000001 */
            refused = !is_public_4((const uint8_t *)&loose);
        }
    }
    if (refused)
        return problem_set(problem, PROBLEM_ADDRESS_REFUSED, "%.*s is not on the public internet",
                           TEXT_ARG(text_slice(host, 0, host.length < 100 ? host.length : 100)));
    return true;
}
