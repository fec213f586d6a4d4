/*
 * bench/verify: acts of an evidence bundle verified per second, beside bare SHA-256 over the same
 * bytes and bare Ed25519 verification in the same run.
 *
 *   verify COUNTERFOIL [--rounds N]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "daemon.h"

#include "act/evidence.h"
#include "market/market.h"

#define KEY_BYTES 128
#define REQUESTS 100 /* each is asked and refused: two acts and their receipts */

struct party {
    char shop[KEY_BYTES], seller[KEY_BYTES], buyer[KEY_BYTES], org[KEY_BYTES];
};

static void make_keys(const struct bench_daemon *daemon, struct party *party)
{
    daemon_ask(daemon, (const char *const[]){"org", "create", "--name", "Bench", NULL}, party->org,
               KEY_BYTES);
    daemon_ask(daemon, (const char *const[]){"key", "create", "--role", "shop", NULL}, party->shop,
               KEY_BYTES);
    daemon_ask(
        daemon,
        (const char *const[]){"key", "create", "--role", "seller", "--org", party->org, NULL},
        party->seller, KEY_BYTES);
    daemon_ask(daemon,
               (const char *const[]){"key", "create", "--role", "buyer", "--buyer", "b-1", NULL},
               party->buyer, KEY_BYTES);
}

/* Posts and returns a member of the answer. */
static void post(const struct bench_daemon *daemon, const char *path, const char *key,
                 const char *body, const char *member, char out[ID_TEXT_BYTES])
{
    struct buffer answer;
    buffer_init(&answer);
    unsigned status = load_once(daemon->port, "POST", path, key, text_of(body), &answer);
    json_t *json = json_loadb(answer.bytes, answer.length, 0, NULL);
    const char *value = json_string_value(json_object_get(json, member));
    if (status != 201 || value == NULL) {
        fprintf(stderr, "bench: %s: %.*s\n", path, TEXT_ARG(buffer_view(&answer)));
        exit(1);
    }
    snprintf(out, ID_TEXT_BYTES, "%s", value);
    json_free(json);
    buffer_done(&answer);
}

static void make_bundle(const struct bench_daemon *daemon, struct buffer *bundle)
{
    struct party party;
    char order[ID_TEXT_BYTES];
    char act[ID_TEXT_BYTES];
    char path[160];
    char body[512];
    make_keys(daemon, &party);
    snprintf(body, sizeof body,
             "{\"buyer\":\"b-1\",\"items\":[{\"price\":{\"amount\":1,\"currency\":\"EUR\"},"
             "\"quantity\":1,\"sku\":\"x\"}],\"org\":\"%s\",\"reference\":\"1\",\"total\":{"
             "\"amount\":1,\"currency\":\"EUR\"}}",
             party.org);
    post(daemon, "/v1/orders", party.shop, body, "subject", order);
    for (int i = 0; i < REQUESTS; i++) {
        snprintf(path, sizeof path, "/v1/orders/%s/cancel-requests", order);
        post(daemon, path, party.buyer, "{}", "act", act);
        snprintf(path, sizeof path, "/v1/orders/%s/cancel-requests/refuse", order);
        snprintf(body, sizeof body, "{\"cancel_request\":\"cr%s\",\"reason\":\"No\"}", act + 3);
        post(daemon, path, party.seller, body, "act", act);
    }
    snprintf(path, sizeof path, "/v1/orders/%s/evidence", order);
    if (load_once(daemon->port, "GET", path, party.shop, TEXT_NONE, bundle) != 200) {
        fprintf(stderr, "bench: no evidence: %.*s\n", TEXT_ARG(buffer_view(bundle)));
        exit(1);
    }
}

/* The policy that trusts the bundle's own log: enough to measure with. */
static struct trust_policy *policy_for(struct text bundle)
{
    struct problem problem;
    struct buffer text;
    json_t *json = json_loadb(bundle.bytes, bundle.length, 0, NULL);
    const char *vkey = json_string_value(json_array_get(json_object_get(json, "keys"), 0));
    buffer_init(&text);
    buffer_format(&text, "log %s\nquorum none\n", vkey == NULL ? "" : vkey);
    struct trust_policy *policy = trust_policy_new(buffer_view(&text), &problem);
    MUST(policy != NULL);
    buffer_done(&text);
    json_free(json);
    return policy;
}

static double verify_rate(struct text bundle, const struct trust_policy *policy, size_t rounds,
                          size_t *acts)
{
    int64_t began = time_monotonic();
    for (size_t i = 0; i < rounds; i++) {
        struct evidence evidence;
        struct problem problem;
        struct arena *arena = arena_new();
        if (!evidence_check(&catalogue, bundle, policy, arena, &evidence, &problem)) {
            fprintf(stderr, "bench: %s\n", problem.detail);
            exit(1);
        }
        *acts = evidence.count;
        arena_free(arena);
    }
    return (double)(rounds * *acts) * 1e6 / (double)(time_monotonic() - began);
}

static double hash_rate(struct text bundle, size_t rounds, size_t acts)
{
    unsigned seen = 0;
    int64_t began = time_monotonic();
    for (size_t i = 0; i < rounds; i++)
        seen |= digest_of(bundle.bytes, bundle.length).bytes[0];
    int64_t elapsed = time_monotonic() - began;
    MUST(seen < 256);
    return (double)(rounds * acts) * 1e6 / (double)elapsed;
}

static double signature_rate(size_t rounds)
{
    static const uint8_t seed[ED25519_KEY_BYTES] = {7};
    uint8_t key[ED25519_KEY_BYTES];
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    ed25519_public(seed, key);
    ed25519_sign(seed, TEXT("checkpoint"), signature);
    int64_t began = time_monotonic();
    for (size_t i = 0; i < rounds; i++)
        MUST(ed25519_verify(key, TEXT("checkpoint"), signature));
    return (double)rounds * 1e6 / (double)(time_monotonic() - began);
}

int main(int count, char **arguments)
{
    static const char *const settings[] = {"http.rate=0", NULL};
    struct bench_daemon daemon = {0};
    struct buffer bundle;
    size_t rounds = 100;
    size_t acts = 0;
    if (count < 2) {
        fputs("usage: verify COUNTERFOIL [--rounds N]\n", stderr);
        return 2;
    }
    if (count > 3 && strcmp(arguments[2], "--rounds") == 0)
        rounds = strtoul(arguments[3], NULL, 10);
    buffer_init(&bundle);
    daemon_start(&daemon, arguments[1], settings);
    make_bundle(&daemon, &bundle);
    daemon_stop(&daemon);
    daemon_remove(&daemon);
    struct trust_policy *policy = policy_for(buffer_view(&bundle));
    double rate = verify_rate(buffer_view(&bundle), policy, rounds, &acts);
    double hashing = hash_rate(buffer_view(&bundle), rounds, acts);
    printf("a bundle of %zu acts, %zu bytes\n", acts, bundle.length);
    printf("verified                 %10.0f acts/s\n", rate);
    printf("bare SHA-256             %10.0f acts/s   verified / bare %.4f\n", hashing,
           rate / hashing);
    printf("bare Ed25519             %10.0f signatures/s\n", signature_rate(rounds * 20));
    trust_policy_free(policy);
    buffer_done(&bundle);
    return 0;
}
