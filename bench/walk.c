#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/id.h"
#include "base/json.h"

#define KEY_BYTES 128

struct organisation {
    char org[KEY_BYTES], seller[KEY_BYTES];
};

/* One connection walks one order after another through its acts. */
struct walker {
    const struct organisation *organisation;
    unsigned step;
    char order[ID_TEXT_BYTES];
    char request[ID_TEXT_BYTES];
};

struct walk {
    char shop[KEY_BYTES], buyer[KEY_BYTES];
    struct organisation *organisations;
    size_t organisation_count;
    struct walker *walkers;
    const struct walk_plan *plan;
    size_t begun;  /* of the plan's orders */
    size_t number; /* for references that no other run used */
    size_t failed;
};

static void make_organisation(const struct bench_daemon *daemon, struct organisation *organisation)
{
    daemon_ask(daemon, (const char *const[]){"org", "create", "--name", "Bench", NULL},
               organisation->org, KEY_BYTES);
    daemon_ask(daemon,
               (const char *const[]){"key", "create", "--role", "seller", "--org",
                                     organisation->org, NULL},
               organisation->seller, KEY_BYTES);
}

struct walk *walk_new(const struct bench_daemon *daemon, size_t organisations)
{
    struct walk *walk = calloc(1, sizeof *walk);
    MUST(walk != NULL && organisations > 0);
    walk->organisations = calloc(organisations, sizeof *walk->organisations);
    MUST(walk->organisations != NULL);
    walk->organisation_count = organisations;
    for (size_t i = 0; i < organisations; i++)
        make_organisation(daemon, &walk->organisations[i]);
    daemon_ask(daemon, (const char *const[]){"key", "create", "--role", "shop", NULL}, walk->shop,
               KEY_BYTES);
    daemon_ask(daemon,
               (const char *const[]){"key", "create", "--role", "buyer", "--buyer", "b-1", NULL},
               walk->buyer, KEY_BYTES);
    return walk;
}

void walk_free(struct walk *walk)
{
    free(walk->organisations);
    free(walk);
}

size_t walk_failed(const struct walk *walk)
{
    return walk->failed;
}

static void ask_order(struct walk *walk, const struct walker *walker, struct buffer *out)
{
    char body[512];
    int length = snprintf(body, sizeof body,
                          "{\"buyer\":\"b-1\",\"items\":[{\"price\":{\"amount\":12500,\"currency\":"
                          "\"EUR\"},\"quantity\":1,\"sku\":\"LAMP-3\",\"title\":\"Reading lamp\"}],"
                          "\"org\":\"%s\",\"reference\":\"bench-%zu\",\"total\":{\"amount\":12500,"
                          "\"currency\":\"EUR\"}}",
                          walker->organisation->org, walk->number++);
    load_request(out, "POST", "/v1/orders", walk->shop, (struct text){body, (size_t)length});
}

static void ask_about(const struct walk *walk, const struct walker *walker, struct buffer *out)
{
    static const char *const actions[] = {"", "cancel-requests", "cancel-requests/seen", "ship"};
    const char *seller = walker->organisation->seller;
    const char *const keys[] = {"", walk->buyer, seller, seller};
    char path[128];
    char body[128];
    snprintf(path, sizeof path, "/v1/orders/%s/%s", walker->order, actions[walker->step]);
    if (walker->step == 2)
        snprintf(body, sizeof body, "{\"cancel_request\":\"%s\"}", walker->request);
    else
        snprintf(body, sizeof body, "%s",
                 walker->step == 1 ? "{\"reason\":\"Ordered twice\"}" : "{\"carrier\":\"DHL\"}");
    load_request(out, "POST", path, keys[walker->step], text_of(body));
}

static bool next_request(void *context, size_t connection, struct buffer *out)
{
    struct walk *walk = context;
    struct walker *walker = &walk->walkers[connection];
    if (walker->step > 0) {
        ask_about(walk, walker, out);
        return true;
    }
    if (walk->begun == walk->plan->orders)
        return false;
    walk->begun++;
    ask_order(walk, walker, out);
    return true;
}

static void copy_member(char out[ID_TEXT_BYTES], const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    snprintf(out, ID_TEXT_BYTES, "%s", value == NULL ? "" : value);
}

static void on_answer(void *context, size_t connection, const struct load_answer *answer)
{
    struct walk *walk = context;
    struct walker *walker = &walk->walkers[connection];
    if (answer->status != 201) {
        if (walk->failed++ == 0)
            fprintf(stderr, "bench: %u %.*s\n", answer->status, TEXT_ARG(answer->body));
        walker->step = 0;
        return;
    }
    if (walker->step < 2) {
        json_t *json = json_loadb(answer->body.bytes, answer->body.length, 0, NULL);
        if (walker->step == 0)
            copy_member(walker->order, json, "subject");
        else {
            copy_member(walker->request, json, "act");
            memmove(walker->request + 2, walker->request + 3, ID_TEXT_BYTES - 3);
            memcpy(walker->request, "cr", 2); /* act_… and cr_… are the same number */
        }
        json_free(json);
    }
    walker->step = (walker->step + 1) % walk->plan->acts;
}

void walk_run(struct walk *walk, const struct walk_plan *plan, struct load_report *report)
{
    const struct load_script script = {next_request, on_answer, walk};
    size_t each = plan->mixed ? plan->port_count : 1;
    walk->walkers = calloc(plan->connections, sizeof *walk->walkers);
    MUST(walk->walkers != NULL);
    for (size_t i = 0; i < plan->connections; i++)
        walk->walkers[i].organisation = &walk->organisations[i / each % walk->organisation_count];
    walk->plan = plan;
    walk->begun = 0;
    load_run(plan->ports, plan->port_count, plan->connections, &script, report);
    free(walk->walkers);
}
