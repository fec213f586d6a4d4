/* Points: what hits and words come to, for each rule. */
#include "policy/worker.h"

#include <string.h>

#define WORDING_MARGIN 30 /* points; a rule that is farther behind the best one gets none */

/* --- what is asked of a hit --- */

static bool is_quoted(const struct policy_worker *worker, size_t start, size_t end)
{
    size_t before = 0;
    for (size_t i = 0; i < start; i++)
        before += worker->text.bytes[i] == '"';
    return before % 2 == 1 &&
           memchr(worker->text.bytes + end, '"', worker->text.length - end) != NULL;
}

/* PLACE of the hit, or NULL: what is asked of it is taken to hold. */
static bool conditions_hold(const struct policy_worker *worker, const struct condition *conditions,
                            size_t count, const struct place *place)
{
    for (size_t i = 0; i < count; i++) {
        bool of_place =
            conditions[i].kind == CONDITION_QUOTED || conditions[i].kind == CONDITION_NOT_QUOTED;
        bool quoted = false;
        if (of_place) {
            if (place == NULL)
                continue;
            quoted = is_quoted(worker, place->start, place->end);
        }
        if (!condition_holds(&conditions[i], &worker->circumstances, quoted))
            return false;
    }
    return true;
}

bool signal_holds(const struct policy_worker *worker, const struct signal *signal,
                  const struct place *place)
{
    const struct block *block = &worker->policy->blocks[signal->block];
    return conditions_hold(worker, signal->conditions, signal->condition_count, place) &&
           conditions_hold(worker, block->conditions, block->condition_count, place);
}

/* --- points --- */

struct rule_points *points_of(struct policy_worker *worker, size_t rule)
{
    struct rule_points *points = &worker->rules[rule];
    if (points->epoch != worker->epoch)
        *points = (struct rule_points){.epoch = worker->epoch};
    return points;
}

void points_add(struct policy_worker *worker, size_t index, const struct signal *signal)
{
    struct tally *counted = &worker->signals[index];
    const struct block *block = &worker->policy->blocks[signal->block];
    struct rule_points *points = points_of(worker, block->rule);
    if (counted->epoch == worker->epoch)
        return;
    counted->epoch = worker->epoch;
    points->scanned = points->scanned || signal->scanner != SCANNER_PHRASE;
    points->all.tongues[block->tongue] += signal->points;
    if (block->mode == POLICY_SHADOW)
        return;
    points->enforced.tongues[block->tongue] += signal->points;
    points->mode = block->mode > points->mode ? block->mode : points->mode;
}

unsigned points_total(const struct rule_points *points, const struct sum *sum)
{
    unsigned most = 0;
    for (size_t i = 0; i < POLICY_LANGUAGES; i++)
        most = sum->tongues[i] > most ? sum->tongues[i] : most;
    bool spared = points->scanned || (sum == &points->possible && points->may_scan);
    int wording = spared && sum->wording < 0 ? 0 : sum->wording;
    int all = (int)(most + sum->tongues[POLICY_LANGUAGES]) + wording;
    return all > 0 ? (unsigned)all : 0;
}

bool points_speak(const struct rule_points *points, const struct sum *sum)
{
    return points_total(points, sum) >= POINTS_TO_SPEAK;
}

/* --- the model --- */

bool is_from_seller(const struct policy_message *message)
{
    return message->from == POLICY_FROM_SELLER || message->from == POLICY_FROM_UNKNOWN;
}

struct wording_facts wording_facts_of(const struct policy_message *message)
{
    return (struct wording_facts){.from_seller = is_from_seller(message),
                                  .from_buyer = message->from == POLICY_FROM_BUYER};
}

/* Returns the most points that the words give to a rule that is in force. */
static int ask_model(struct policy_worker *worker)
{
    const struct policy *policy = worker->policy;
    int best = 0;
    for (size_t i = 0; i < policy->scanner_signal_counts[SCANNER_WORDING]; i++) {
        size_t index = policy->scanner_signals[SCANNER_WORDING][i];
        const struct signal *signal = &policy->signals[index];
        if (!signal_holds(worker, signal, NULL))
            continue;
        int points = wording_points(worker->wording, signal->wording);
        worker->asked[worker->asked_count++] = (struct asked){index, points};
        if (policy->blocks[signal->block].mode != POLICY_SHADOW && points > best)
            best = points;
    }
    return best;
}

/* BEST: the most points that the words give to a rule that is in force. */
static void take_wording(struct policy_worker *worker, const struct asked *asked, int best)
{
    size_t number = worker->policy->signals[asked->signal].block;
    const struct block *block = &worker->policy->blocks[number];
    struct rule_points *rule = points_of(worker, block->rule);
    int points = asked->points;
    if (points > 0 && points < best - WORDING_MARGIN)
        points = 0;
    points = points < POINTS_TO_SPEAK ? points : POINTS_TO_SPEAK;
    rule->wording_block = number;
    rule->all.wording = rule->possible.wording = points;
    if (block->mode == POLICY_SHADOW)
        return;
    rule->enforced.wording = points;
    if (points > 0)
        rule->mode = block->mode > rule->mode ? block->mode : rule->mode;
}

/* Of the rules whose words are not clearly spoken against, and of all that do not ask. */
static void open_gates(struct policy_worker *worker)
{
    const struct policy *policy = worker->policy;
    worker->circumstances.open = GATE_ALWAYS;
    for (size_t i = 0; i < policy->rule_count; i++)
        if (policy->rules[i].gate != 0 &&
            wording_is_likely(worker->wording, policy->rules[i].wording))
            worker->circumstances.open |= policy->rules[i].gate;
}

void weigh_wording(struct policy_worker *worker)
{
    const struct policy *policy = worker->policy;
    worker->circumstances.open = ~(gate_set)0;
    worker->asked_count = 0;
    if (worker->wording == NULL ||
        policy->scanner_signal_counts[SCANNER_WORDING] + policy->gate_count == 0)
        return;
    worker->verdict.work += wording_read(worker->wording, &worker->folded, &worker->shape,
                                         wording_facts_of(worker->circumstances.message));
    open_gates(worker);
    int best = ask_model(worker);
    for (size_t i = 0; i < worker->asked_count; i++)
        take_wording(worker, &worker->asked[i], best);
}

/* The passages that weighed most, or the whole message, if the model made this rule speak. */
static void mark_wording(struct policy_worker *worker, const struct signal *signal)
{
    size_t rule = worker->policy->blocks[signal->block].rule, length = worker->folded.length;
    const struct rule_points *points = points_of(worker, rule);
    if (points->wording_block != signal->block || points->all.wording <= 0 || length == 0 ||
        !points_speak(points, &points->all))
        return;
    struct sum without = points->all;
    struct wording_passage passages[WORDING_PASSAGES] = {{0, length}};
    without.wording = 0;
    if (points_speak(points, &without))
        return;
    size_t count = wording_passages(worker->wording, signal->wording, passages);
    worker->verdict.work += length;
    for (size_t i = 0; i < (count > 0 ? count : 1) && worker->marked_count < MARKED_ALL; i++)
        worker->marked[worker->marked_count++] =
            (struct marked){rule, signal->block, (uint32_t)passages[i].start,
                            (uint32_t)passages[i].end, (unsigned)points->all.wording};
}

void mark_wordings(struct policy_worker *worker)
{
    for (size_t i = 0; i < worker->asked_count; i++)
        mark_wording(worker, &worker->policy->signals[worker->asked[i].signal]);
}
