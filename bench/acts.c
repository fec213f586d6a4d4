/*
 * bench/acts: orders, cancel requests, their sight and shipments over HTTP, beside a bare program
 * of SQLite or libpq that writes the same rows in the same run.
 *
 *   acts COUNTERFOIL [--orders N] [--connections N] [--organisations N] [--fill N]
 *                    [--postgres | --store URL] [--nodes N] [--mixed]
 *
 * The machine's mood changes, so all that is compared takes turns: one node, then N, then the bare
 * program. Prints ratios; never fails on time. docs/performance.md says what the figures mean.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bare.h"
#include "cluster.h"
#include "daemon.h"
#include "process.h"
#include "walk.h"

#define GROUP 100
#define ROUNDS 5
#define LONE_PART 40 /* a part of the orders comes from one client alone */
#define NODES_MAX 8

struct plan {
    const char *program;
    const char *store; /* a database's URL, or NULL: a file */
    size_t orders, connections, organisations, fill, nodes;
    bool mixed, postgres;
    pid_t server; /* the database's, where we started it; else 0 */
};

/* What the rounds of one of those that take turns came to. */
struct series {
    double rate[ROUNDS], p50[ROUNDS], p99[ROUNDS];
    double cpu, server_cpu; /* seconds in all */
    uint64_t acts, groups;
};

struct bench {
    const struct plan *plan;
    struct bench_daemon nodes[NODES_MAX];
    struct walk *walk;
    struct series one, several, bare;
};

static const char *const settings[] = {"http.rate=0", NULL};

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

/* Round by round, since both of a round had the same machine. */
static double median_ratio(const struct series *a, const struct series *b)
{
    double ratios[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++)
        ratios[i] = a->rate[i] / b->rate[i];
    return median(ratios);
}

static void print_line(const char *what, double rate, double p50_ms, double p99_ms)
{
    printf("%-34s %9.0f acts/s", what, rate);
    if (p50_ms > 0)
        printf("   p50 %7.2f ms", p50_ms);
    printf("   p99 %7.2f ms\n", p99_ms);
    fflush(stdout);
}

static void print_load(const char *what, const struct load_report *report)
{
    print_line(what, load_rate(report), (double)report->p50_us / 1000,
               (double)report->p99_us / 1000);
}

/* --- one after another --- */

static void store_url(const struct bench *bench, char url[512])
{
    if (bench->plan->store != NULL)
        snprintf(url, 512, "%s", bench->plan->store);
    else
        snprintf(url, 512, "sqlite:%s/counterfoil.db", bench->nodes[0].folder);
}

static double cpu_of_server(const struct plan *plan)
{
    return plan->server == 0 ? 0 : process_cpu_seconds(plan->server);
}

/* Adds SIGN times what the nodes and the database have used and done so far. */
static void count_work(const struct bench *bench, size_t nodes, int sign, struct series *series)
{
    series->server_cpu += sign * cpu_of_server(bench->plan);
    for (size_t i = 0; i < nodes; i++) {
        uint64_t groups = daemon_counter(&bench->nodes[i], "groups_total");
        series->groups = sign > 0 ? series->groups + groups : series->groups - groups;
        series->cpu += sign * daemon_cpu_seconds(&bench->nodes[i]);
    }
}

static void walk_orders(struct bench *bench, size_t nodes, size_t connections, size_t orders,
                        unsigned acts, struct load_report *report)
{
    unsigned ports[NODES_MAX];
    for (size_t i = 0; i < nodes; i++)
        ports[i] = bench->nodes[i].port;
    const struct walk_plan plan = {.ports = ports,
                                   .port_count = nodes,
                                   .connections = connections,
                                   .orders = orders,
                                   .acts = acts,
                                   .mixed = bench->plan->mixed};
    walk_run(bench->walk, &plan, report);
}

static void measure_nodes(struct bench *bench, size_t nodes, size_t round, struct series *series)
{
    struct load_report report;
    char what[64];
    for (size_t i = 1; i < nodes; i++)
        daemon_start(&bench->nodes[i], bench->plan->program, settings);
    count_work(bench, nodes, -1, series);
    walk_orders(bench, nodes, bench->plan->connections, bench->plan->orders / ROUNDS, WALK_ACTS,
                &report);
    count_work(bench, nodes, 1, series);
    for (size_t i = 1; i < nodes; i++)
        daemon_stop(&bench->nodes[i]);
    snprintf(what, sizeof what, "round %zu, %zu node%s", round + 1, nodes, nodes == 1 ? "" : "s");
    print_load(what, &report);
    series->rate[round] = load_rate(&report);
    series->p50[round] = (double)report.p50_us / 1000;
    series->p99[round] = (double)report.p99_us / 1000;
    series->acts += report.requests;
}

/* Writes again what the log has from FIRST on. */
static void measure_bare(struct bench *bench, size_t first, size_t round)
{
    char url[512];
    char fresh[128];
    char what[64];
    struct written written;
    struct bare_report report = {0};
    struct series *series = &bench->bare;
    store_url(bench, url);
    written_read(&written, url, first, written_log_size(url) - first, GROUP,
                 bench->plan->store != NULL);
    snprintf(fresh, sizeof fresh, "%s/bare%zu.db", bench->nodes[0].folder, round);
    if (bench->plan->store != NULL)
        bare_postgres(url, bench->plan->server, &written, &report);
    else
        bare_sqlite(url + strlen("sqlite:"), fresh, &written, &report);
    written_done(&written);
    snprintf(what, sizeof what, "round %zu, bare", round + 1);
    series->rate[round] = (double)report.acts * 1e6 / (double)report.elapsed_us;
    series->p99[round] = (double)report.group_p99_us / 1000;
    series->server_cpu += report.server_cpu;
    series->acts += report.acts;
    print_line(what, series->rate[round], 0, series->p99[round]);
}

static void take_turns(struct bench *bench)
{
    char url[512];
    store_url(bench, url);
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t first = written_log_size(url);
        measure_nodes(bench, 1, round, &bench->one);
        if (bench->plan->nodes > 1)
            measure_nodes(bench, bench->plan->nodes, round, &bench->several);
        measure_bare(bench, first, round);
    }
}

/* --- what it came to --- */

static void print_server_cpu(const struct bench *bench, const struct series *series)
{
    if (bench->plan->server != 0)
        printf("  the database's CPU               %9.1f us an act\n",
               series->server_cpu * 1e6 / (double)series->acts);
}

static void print_nodes(const struct bench *bench, size_t nodes, const struct series *series)
{
    char what[64];
    snprintf(what, sizeof what, "%zu node%s, median", nodes, nodes == 1 ? "" : "s");
    print_line(what, median(series->rate), median(series->p50), median(series->p99));
    printf("  acts in a group                  %9.1f\n",
           (double)series->acts / (double)series->groups);
    printf("  the daemon's CPU                 %9.1f us an act\n",
           series->cpu * 1e6 / (double)series->acts);
    print_server_cpu(bench, series);
    printf("  over HTTP / bare                 %9.2f\n", median_ratio(series, &bench->bare));
}

static void print_results(const struct bench *bench)
{
    char what[64];
    print_nodes(bench, 1, &bench->one);
    if (bench->plan->nodes > 1) {
        print_nodes(bench, bench->plan->nodes, &bench->several);
        printf("  %zu nodes / 1 node                %9.2f\n", bench->plan->nodes,
               median_ratio(&bench->several, &bench->one));
    }
    snprintf(what, sizeof what, "bare %s, groups of %d",
             bench->plan->store != NULL ? "libpq" : "SQLite", GROUP);
    print_line(what, median(bench->bare.rate), 0, median(bench->bare.p99));
    print_server_cpu(bench, &bench->bare);
    printf("memory of the first node, the most %9.1f MB\n",
           (double)daemon_memory_peak(&bench->nodes[0]) / 1e6);
}

static void run(const struct plan *plan)
{
    struct bench bench = {.plan = plan, .nodes = {{.store = plan->store}}};
    struct load_report report;
    daemon_start(&bench.nodes[0], plan->program, settings);
    for (size_t i = 1; i < plan->nodes; i++)
        daemon_copy(&bench.nodes[0], &bench.nodes[i]);
    bench.walk = walk_new(&bench.nodes[0], plan->organisations);
    printf("%zu connections, %zu organisations\n", plan->connections, plan->organisations);
    fflush(stdout);
    if (plan->fill > 0) {
        walk_orders(&bench, 1, plan->connections, plan->fill, 1, &report);
        print_load("filling the store with orders", &report);
    }
    walk_orders(&bench, 1, 1, (plan->orders + LONE_PART - 1) / LONE_PART, WALK_ACTS, &report);
    print_load("a lone client", &report);
    take_turns(&bench);
    print_results(&bench);
    daemon_stop(&bench.nodes[0]);
    for (size_t i = 0; i < plan->nodes; i++)
        daemon_remove(&bench.nodes[i]);
    size_t failed = walk_failed(bench.walk);
    walk_free(bench.walk);
    if (failed > 0) {
        fprintf(stderr, "bench: %zu requests failed\n", failed);
        exit(1);
    }
}

static bool set_number(struct plan *plan, const char *name, const char *value)
{
    const struct {
        const char *name;
        size_t *number, min, max;
    } numbers[] = {
        {"--orders", &plan->orders, ROUNDS, SIZE_MAX},
        {"--connections", &plan->connections, 1, 10000},
        {"--organisations", &plan->organisations, 1, 10000},
        {"--fill", &plan->fill, 0, SIZE_MAX},
        {"--nodes", &plan->nodes, 1, NODES_MAX},
    };
    uint64_t number;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (strcmp(name, numbers[i].name) == 0 &&
            text_to_u64(text_of(value), numbers[i].max, &number) && number >= numbers[i].min) {
            *numbers[i].number = number;
            return true;
        }
    return false;
}

static bool read_plan(int count, char **arguments, struct plan *plan)
{
    if (count < 2)
        return false;
    plan->program = arguments[1];
    for (int i = 2; i < count; i++) {
        const char *value = i + 1 < count ? arguments[i + 1] : NULL;
        if (strcmp(arguments[i], "--postgres") == 0) {
            plan->postgres = true;
        } else if (strcmp(arguments[i], "--mixed") == 0) {
            plan->mixed = true;
        } else if (value != NULL && strcmp(arguments[i], "--store") == 0) {
            plan->store = value;
            i++;
        } else if (value != NULL && set_number(plan, arguments[i], value)) {
            i++;
        } else {
            return false;
        }
    }
    return !(plan->postgres && plan->store != NULL) &&
           (plan->nodes == 1 || plan->postgres || plan->store != NULL);
}

int main(int count, char **arguments)
{
    struct plan plan = {.orders = 40000, .connections = 64, .organisations = 32, .nodes = 1};
    if (!read_plan(count, arguments, &plan)) {
        fputs(
            "usage: acts COUNTERFOIL [--orders N] [--connections N] [--organisations N] "
            "[--fill N]\n"
            "            [--postgres | --store URL] [--nodes N] [--mixed]\n"
            "--postgres starts a cluster for the run; --store names an empty database.\n"
            "--nodes needs one of them. --mixed: an organisation's connections go to all nodes.\n",
            stderr);
        return 2;
    }
    struct bench_cluster cluster;
    if (plan.postgres) {
        cluster_start(&cluster);
        plan.store = cluster.url;
        plan.server = cluster.server;
    }
    run(&plan);
    if (plan.postgres)
        cluster_remove(&cluster);
    return 0;
}
