/*
 * bench/acts: orders, cancel requests, their sight and shipments over HTTP, beside bare SQLite
 * writing the same rows in the same run.
 *
 *   acts COUNTERFOIL [--orders N] [--connections N] [--fill N] [--store URL]
 *
 * --fill puts so many orders into the store first, to see what a full store costs; --store names an
 * empty PostgreSQL database, which has nothing beside it. Prints ratios; never fails on time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "client.h"
#include "daemon.h"

#include "base/id.h"
#include "base/json.h"

#define KEY_BYTES 128
#define ACTS_AN_ORDER 4
#define GROUP 100
#define ROUNDS 5
#define LONE_ORDERS 500
#define ACTS_OF_KEYS 5 /* the operator's key, an organisation, three keys */

struct keys {
    char shop[KEY_BYTES], seller[KEY_BYTES], buyer[KEY_BYTES], org[KEY_BYTES];
};

/* One connection walks one order after another through its four acts. */
struct walker {
    unsigned step;
    char order[ID_TEXT_BYTES];
    char request[ID_TEXT_BYTES];
};

struct walk {
    const struct keys *keys;
    struct walker *walkers;
    size_t begun, orders; /* so many of so many */
    size_t number;        /* for references that no other run used */
    unsigned steps;       /* ACTS_AN_ORDER, or 1 to create orders only */
    size_t failed;
};

static void make_keys(const struct bench_daemon *daemon, struct keys *keys)
{
    daemon_ask(daemon, (const char *const[]){"org", "create", "--name", "Bench", NULL}, keys->org,
               KEY_BYTES);
    daemon_ask(daemon, (const char *const[]){"key", "create", "--role", "shop", NULL}, keys->shop,
               KEY_BYTES);
    daemon_ask(daemon,
               (const char *const[]){"key", "create", "--role", "seller", "--org", keys->org, NULL},
               keys->seller, KEY_BYTES);
    daemon_ask(daemon,
               (const char *const[]){"key", "create", "--role", "buyer", "--buyer", "b-1", NULL},
               keys->buyer, KEY_BYTES);
}

static void ask_order(struct walk *walk, struct buffer *out)
{
    char body[512];
    int length = snprintf(body, sizeof body,
                          "{\"buyer\":\"b-1\",\"items\":[{\"price\":{\"amount\":12500,\"currency\":"
                          "\"EUR\"},\"quantity\":1,\"sku\":\"LAMP-3\",\"title\":\"Reading lamp\"}],"
                          "\"org\":\"%s\",\"reference\":\"bench-%zu\",\"total\":{\"amount\":12500,"
                          "\"currency\":\"EUR\"}}",
                          walk->keys->org, walk->number++);
    load_request(out, "POST", "/v1/orders", walk->keys->shop, (struct text){body, (size_t)length});
}

static void ask_about(const struct walk *walk, const struct walker *walker, struct buffer *out)
{
    static const char *const actions[] = {"", "cancel-requests", "cancel-requests/seen", "ship"};
    const char *const keys[] = {"", walk->keys->buyer, walk->keys->seller, walk->keys->seller};
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
    if (walk->begun == walk->orders)
        return false;
    walk->begun++;
    ask_order(walk, out);
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
    walker->step = (walker->step + 1) % walk->steps;
}

static void run_walk(const struct bench_daemon *daemon, struct walk *walk, size_t connections,
                     size_t orders, unsigned steps, struct load_report *report)
{
    const struct load_script script = {next_request, on_answer, walk};
    walk->walkers = calloc(connections, sizeof *walk->walkers);
    MUST(walk->walkers != NULL);
    walk->begun = 0;
    walk->orders = orders;
    walk->steps = steps;
    load_run(daemon->port, connections, &script, report);
    free(walk->walkers);
}

static void print_load(const char *what, const struct load_report *report)
{
    printf("%-34s %9.0f acts/s   p50 %7.2f ms   p99 %7.2f ms\n", what, load_rate(report),
           (double)report->p50_us / 1000, (double)report->p99_us / 1000);
    fflush(stdout);
}

struct plan {
    const char *program;
    const char *store;
    size_t orders, connections, fill;
};

/* What the rounds came to; the machine's mood changes, so HTTP and bare SQLite take turns. */
struct rounds {
    double http[ROUNDS], bare[ROUNDS];
    double p50[ROUNDS], p99[ROUNDS], group_p99[ROUNDS];
};

static int compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(const double numbers[ROUNDS])
{
    double sorted[ROUNDS];
    memcpy(sorted, numbers, sizeof sorted);
    qsort(sorted, ROUNDS, sizeof *sorted, compare_numbers);
    return sorted[ROUNDS / 2];
}

static void measure_bare(const struct bench_daemon *daemon, size_t round, size_t skip, size_t acts,
                         struct rounds *rounds)
{
    char from[128];
    char to[128];
    struct bare_report bare;
    snprintf(from, sizeof from, "%s/counterfoil.db", daemon->folder);
    snprintf(to, sizeof to, "%s/bare%zu.db", daemon->folder, round);
    bare_run(from, to, skip, acts, GROUP, &bare);
    rounds->bare[round] = (double)bare.acts * 1e6 / (double)bare.elapsed_us;
    rounds->group_p99[round] = (double)bare.group_p99_us / 1000;
}

static void measure_round(const struct bench_daemon *daemon, const struct plan *plan,
                          struct walk *walk, size_t round, size_t skip, struct rounds *rounds)
{
    struct load_report report;
    char what[64];
    size_t orders = plan->orders / ROUNDS;
    run_walk(daemon, walk, plan->connections, orders, ACTS_AN_ORDER, &report);
    snprintf(what, sizeof what, "%zu connections, round %zu", plan->connections, round + 1);
    print_load(what, &report);
    rounds->http[round] = load_rate(&report);
    rounds->p50[round] = (double)report.p50_us / 1000;
    rounds->p99[round] = (double)report.p99_us / 1000;
    if (plan->store == NULL)
        measure_bare(daemon, round, skip, orders * ACTS_AN_ORDER, rounds);
}

static void print_rounds(const struct plan *plan, const struct rounds *rounds, double cpu_us)
{
    printf("%zu connections, median %18.0f acts/s   p50 %7.2f ms   p99 %7.2f ms\n",
           plan->connections, median(rounds->http), median(rounds->p50), median(rounds->p99));
    printf("the daemon's CPU                   %9.1f us an act\n", cpu_us);
    if (plan->store != NULL)
        return;
    printf("bare SQLite, groups of %-11d %9.0f acts/s   p99 of a group %.2f ms\n", GROUP,
           median(rounds->bare), median(rounds->group_p99));
    printf("over HTTP / bare SQLite            %9.2f\n",
           median(rounds->http) / median(rounds->bare));
}

static void measure_crowd(const struct bench_daemon *daemon, const struct plan *plan,
                          struct walk *walk, size_t skip)
{
    struct rounds rounds;
    size_t acts = plan->orders / ROUNDS * ACTS_AN_ORDER;
    double cpu_before = daemon_cpu_seconds(daemon);
    for (size_t i = 0; i < ROUNDS; i++)
        measure_round(daemon, plan, walk, i, skip + i * acts, &rounds);
    double cpu = daemon_cpu_seconds(daemon) - cpu_before;
    print_rounds(plan, &rounds, cpu * 1e6 / (double)(ROUNDS * acts));
    printf("memory, the most                   %9.1f MB\n",
           (double)daemon_memory_peak(daemon) / 1e6);
}

static void run(const struct plan *plan)
{
    static const char *const settings[] = {"http.rate=0", NULL};
    struct bench_daemon daemon = {.store = plan->store};
    struct keys keys;
    struct walk walk = {.keys = &keys};
    struct load_report report;
    daemon_start(&daemon, plan->program, settings);
    make_keys(&daemon, &keys);
    if (plan->fill > 0) {
        run_walk(&daemon, &walk, plan->connections, plan->fill, 1, &report);
        print_load("filling the store with orders", &report);
    }
    run_walk(&daemon, &walk, 1, LONE_ORDERS, ACTS_AN_ORDER, &report);
    print_load("a lone client", &report);
    measure_crowd(&daemon, plan, &walk,
                  ACTS_OF_KEYS + plan->fill + (size_t)LONE_ORDERS * ACTS_AN_ORDER);
    daemon_stop(&daemon);
    daemon_remove(&daemon);
    if (walk.failed > 0) {
        fprintf(stderr, "bench: %zu requests failed\n", walk.failed);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    struct plan plan = {.orders = 40000, .connections = 64};
    if (count < 2) {
        fputs("usage: acts COUNTERFOIL [--orders N] [--connections N] [--fill N] [--store URL]\n",
              stderr);
        return 2;
    }
    plan.program = arguments[1];
    for (int i = 2; i + 1 < count; i += 2) {
        size_t number = strtoul(arguments[i + 1], NULL, 10);
        if (strcmp(arguments[i], "--orders") == 0)
            plan.orders = number;
        else if (strcmp(arguments[i], "--connections") == 0)
            plan.connections = number;
        else if (strcmp(arguments[i], "--fill") == 0)
            plan.fill = number;
        else if (strcmp(arguments[i], "--store") == 0)
            plan.store = arguments[i + 1];
    }
    run(&plan);
    return 0;
}
