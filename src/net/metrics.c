#include "net/metrics.h"

#include <stdlib.h>

#include "base/time.h"
#include "net/service_private.h"

/* Upper bounds of the histogram of acts, in microseconds; the last bucket has none. */
static const int64_t bounds_us[] = {250,   500,   1000,   2500,   5000,   10000,
                                    25000, 50000, 100000, 250000, 1000000};
#define BUCKETS (COUNT_OF(bounds_us) + 1)

struct metrics {
    atomic_uint_fast64_t acts[BUCKETS];
    atomic_uint_fast64_t acts_us;
    atomic_uint_fast64_t cross_site;
};

struct metrics *metrics_new(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    MUST(metrics != NULL);
    return metrics;
}

void metrics_free(struct metrics *metrics)
{
    free(metrics);
}

void metrics_act(struct metrics *metrics, int64_t span_us)
{
    size_t bucket = 0;
    while (bucket < COUNT_OF(bounds_us) && span_us > bounds_us[bucket])
        bucket++;
    atomic_fetch_add(&metrics->acts[bucket], 1);
    atomic_fetch_add(&metrics->acts_us, (uint64_t)(span_us < 0 ? 0 : span_us));
}

void metrics_cross_site(struct metrics *metrics)
{
    atomic_fetch_add(&metrics->cross_site, 1);
}

static void write_one(struct buffer *out, const char *name, const char *type, const char *help,
                      uint64_t value)
{
    buffer_format(out, "# HELP counterfoil_%s %s\n# TYPE counterfoil_%s %s\ncounterfoil_%s ", name,
                  help, name, type, name);
    buffer_u64(out, value);
    buffer_char(out, '\n');
}

static void write_seconds(struct buffer *out, int64_t span_us)
{
    buffer_format(out, "%lld.%06lld", (long long)(span_us / TIME_SECOND),
                  (long long)(span_us % TIME_SECOND));
}

static void write_histogram(struct buffer *out, struct metrics *metrics)
{
    uint64_t sum = 0;
    buffer_string(out, "# HELP counterfoil_act_seconds From an act's request to its answer.\n"
                       "# TYPE counterfoil_act_seconds histogram\n");
    for (size_t i = 0; i < BUCKETS; i++) {
        sum += atomic_load(&metrics->acts[i]);
        buffer_string(out, "counterfoil_act_seconds_bucket{le=\"");
        if (i < COUNT_OF(bounds_us))
            write_seconds(out, bounds_us[i]);
        else
            buffer_string(out, "+Inf");
        buffer_format(out, "\"} %llu\n", (unsigned long long)sum);
    }
    buffer_string(out, "counterfoil_act_seconds_sum ");
    write_seconds(out, (int64_t)atomic_load(&metrics->acts_us));
    buffer_format(out, "\ncounterfoil_act_seconds_count %llu\n", (unsigned long long)sum);
}

static void write_kernel(struct buffer *out, struct kernel *kernel)
{
    struct kernel_state state;
    struct store_statistics store;
    kernel_state(kernel, &state);
    store_statistics(kernel_store(kernel), &store);
    write_one(out, "acts_accepted_total", "counter", "Acts accepted.", state.accepted);
    write_one(out, "acts_refused_total", "counter", "Acts refused on record.", state.refused);
    write_one(out, "acts_replayed_total", "counter", "Answers given again by Idempotency-Key.",
              state.replayed);
    write_one(out, "groups_total", "counter", "Groups of acts committed.", state.groups);
    write_one(out, "acts_waiting", "gauge", "Acts in the queue.", state.waiting);
    write_one(out, "last_commit_microseconds", "gauge", "How long the last group took.",
              (uint64_t)state.last_commit_us);
    write_one(out, "acts_unlogged", "gauge", "Acts on record that wait for the log.",
              state.unlogged);
    write_one(out, "holds_log", "gauge", "1: this node gives acts their places in the log.",
              state.has_log);
    write_one(out, "holds_timers", "gauge", "1: this node watches deadlines.", state.has_timers);
    write_one(out, "delivery_slots", "gauge", "Parts of the webhooks that this node delivers.",
              state.delivery_slots);
    write_one(out, "log_size", "gauge", "Entries of the transparency log.", state.log_size);
    write_one(out, "store_bytes", "gauge", "Size of the store's file.", store.file_bytes);
}

static void write_http(struct buffer *out, const struct http_server *http)
{
    struct http_counters counters;
    http_server_counters(http, &counters);
    write_one(out, "http_requests_total", "counter", "Requests.", counters.requests);
    write_one(out, "http_malformed_total", "counter", "Connections with malformed requests.",
              counters.malformed);
    write_one(out, "http_slow_total", "counter", "Clients that were too slow.", counters.slow);
    write_one(out, "http_connections", "gauge", "Open connections.", counters.connections);
    write_one(out, "streams", "gauge", "Open event streams.", counters.streams);
    buffer_string(out, "# HELP counterfoil_http_answers_total Answers by class of status.\n"
                       "# TYPE counterfoil_http_answers_total counter\n");
    for (unsigned i = 1; i < COUNT_OF(counters.by_status_class); i++)
        buffer_format(out, "counterfoil_http_answers_total{class=\"%uxx\"} %llu\n", i,
                      (unsigned long long)counters.by_status_class[i]);
}

static void write_webhooks(struct buffer *out, struct webhooks *webhooks)
{
    struct webhook_counters counters;
    webhooks_counters(webhooks, &counters);
    write_one(out, "webhook_endpoints", "gauge", "Endpoints in use.", counters.endpoints);
    write_one(out, "webhook_pending", "gauge", "Deliveries taken and not done.", counters.pending);
    write_one(out, "webhook_attempts_total", "counter", "Attempts.", counters.attempts);
    write_one(out, "webhook_delivered_total", "counter", "Deliveries confirmed.",
              counters.delivered);
    write_one(out, "webhook_failed_total", "counter", "Deliveries given up.", counters.failed);
}

static void write_mail(struct buffer *out, struct mailer *mailer)
{
    struct mail_counters counters;
    mailer_counters(mailer, &counters);
    write_one(out, "mail_attempts_total", "counter", "Attempts at mails.", counters.attempts);
    write_one(out, "mail_sent_total", "counter", "Mails that the server took.", counters.sent);
    write_one(out, "mail_failed_total", "counter", "Mails given up.", counters.failed);
    write_one(out, "mail_uncertain_total", "counter", "Mails that may have gone out or not.",
              counters.uncertain);
}

static void write_rule_counts(struct buffer *out, const struct policy *policy, const char *name,
                              const char *help, bool shadowed)
{
    buffer_format(out, "# HELP counterfoil_%s %s\n# TYPE counterfoil_%s counter\n", name, help,
                  name);
    for (size_t i = 0; i < policy_rule_count(policy); i++) {
        struct policy_rule_facts facts = policy_rule_facts(policy, i);
        buffer_format(out, "counterfoil_%s{rule=\"%s\"} %llu\n", name, facts.id,
                      (unsigned long long)(shadowed ? facts.shadowed : facts.spoken));
    }
}

/* Since the rules were last read. */
static void write_rules(struct buffer *out, struct rules *rules)
{
    struct policy *policy = rules_current(rules);
    write_rule_counts(out, policy, "rule_spoken_total", "Messages that a rule spoke on.", false);
    write_rule_counts(out, policy, "rule_shadowed_total",
                      "Messages that a rule in shadow would have spoken on.", true);
    policy_free(policy);
}

void metrics_write(struct buffer *out, struct service *service)
{
    write_kernel(out, service->kernel);
    write_histogram(out, service->metrics);
    write_http(out, service->http);
    write_one(out, "cross_site_total", "counter", "Requests refused: no page of ours sent them.",
              atomic_load(&service->metrics->cross_site));
    write_webhooks(out, service->webhooks);
    write_mail(out, service->mailer);
    write_rules(out, service->rules);
}
