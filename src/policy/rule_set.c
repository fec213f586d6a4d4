#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/rules.h"
#include "policy/scan.h"
#include "policy/told.h"

/* From files to a set that judges: read, link, compile, try the examples. */

static void free_ids(struct phrase_ids *list)
{
    free(list->ids);
    free(list->texts);
}

static void free_block(struct block *block)
{
    free_ids(&block->except);
    free_ids(&block->unless);
    free_ids(&block->with);
    free(block->examples);
}

static void free_parts(struct policy *policy)
{
    for (size_t i = 0; i < policy->block_count; i++)
        free_block(&policy->blocks[i]);
    for (size_t i = 0; i < policy->phrase_count; i++)
        exact_free(policy->phrases[i].exact);
    for (size_t i = 0; i < SCANNERS; i++)
        free(policy->scanner_signals[i]);
    exact_free(policy->money);
    wording_free(policy->wording);
    index_builder_free(policy->builder);
    index_free(policy->index);
}

static void dispose(struct policy *policy)
{
    free_parts(policy);
    free(policy->rules);
    free(policy->blocks);
    free(policy->signals);
    free(policy->phrases);
    free(policy->links);
    arena_free(policy->arena);
    free(policy);
}

void policy_free(struct policy *policy)
{
    if (policy != NULL && atomic_fetch_sub(&policy->references, 1) == 1)
        dispose(policy);
}

struct policy *policy_share(struct policy *policy)
{
    atomic_fetch_add(&policy->references, 1);
    return policy;
}

/* Puts the place of a rule's first block before what is missing. */
static bool refuse_rule(const struct policy *policy, const struct policy_rule *rule,
                        const char *missing, struct problem *problem)
{
    const struct block *block = &policy->blocks[rule->first_block];
    return problem_set(problem, PROBLEM_RULES_INVALID, "%.*s:%u: rule %s needs a line \"%s\"",
                       TEXT_ARG(block->source), block->line, rule->id, missing);
}

static bool check_rules(const struct policy *policy, struct problem *problem)
{
    char missing[32];
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        if (!rule->declared)
            return refuse_rule(policy, rule, "mode: …", problem);
        if (rule->clause.length == 0)
            return refuse_rule(policy, rule, "clause: …", problem);
        for (size_t j = 0; j < POLICY_LANGUAGES; j++) {
            bool reason = rule->reasons[j].length > 0;
            if (reason && rule->mends[j].length > 0)
                continue;
            snprintf(missing, sizeof missing, "%s.%s: …", reason ? "mend" : "reason",
                     policy_language_name(j));
            return refuse_rule(policy, rule, missing, problem);
        }
    }
    return true;
}

/* The mode of a rule is that of the block that declares it: the one with the clause. */
static void link_rules(struct policy *policy)
{
    for (size_t i = 0; i < policy->block_count; i++) {
        struct block *block = &policy->blocks[i];
        struct policy_rule *rule = &policy->rules[block->rule];
        if (block->declares && block->has_mode) {
            rule->mode = block->mode;
            rule->declared = true;
        }
    }
    for (size_t i = 0; i < policy->block_count; i++) {
        struct block *block = &policy->blocks[i];
        if (!block->has_mode)
            block->mode = policy->rules[block->rule].mode;
    }
}

static void index_scanners(struct policy *policy)
{
    for (size_t i = 0; i < SCANNERS; i++) {
        policy->scanner_signals[i] = calloc(policy->signal_count + 1, sizeof(size_t));
        MUST(policy->scanner_signals[i] != NULL);
    }
    for (size_t i = 0; i < policy->signal_count; i++) {
        enum scanner scanner = policy->signals[i].scanner;
        policy->scanner_signals[scanner][policy->scanner_signal_counts[scanner]++] = i;
    }
}

/* What belongs to scanners; a mistake in it is one of ours. */
static void compile_builtins(struct policy *policy, struct problem *problem)
{
    told_fold();
    for (size_t i = 0; i < builtin_phrase_count; i++) {
        struct phrase_code code = {0};
        const struct phrase phrase = {.scanner = builtin_phrases[i].scanner};
        MUST(phrase_compile(&code, text_of(builtin_phrases[i].phrase), NULL, 0, problem) &&
             rules_add_phrase(policy, &code, &phrase, true, GATE_ALWAYS, problem));
        phrase_code_done(&code);
    }
    for (size_t i = 0; i < builtin_word_count; i++) {
        struct phrase_code code = {0};
        MUST(phrase_compile(&code, text_of(builtin_words[i].word), NULL, 0, problem) && code.fixed);
        index_add_told(policy->builder, &code, i);
        phrase_code_done(&code);
    }
    struct phrase_code code = {0};
    MUST(phrase_compile(&code, TEXT("<money>"), NULL, 0, problem));
    policy->money = exact_new(buffer_view(&code.exact), problem);
    MUST(policy->money != NULL);
    phrase_code_done(&code);
}

static bool is_model(struct text name)
{
    size_t length = sizeof ".model" - 1;
    return name.length > length &&
           text_is(text_slice(name, name.length - length, name.length), ".model");
}

static bool read_model(struct policy *policy, const struct policy_source *source,
                       struct problem *problem)
{
    if (policy->wording != NULL)
        return problem_set(problem, PROBLEM_RULES_INVALID, "%.*s:1: there is a model already",
                           TEXT_ARG(source->name));
    policy->wording = wording_new(source->name, source->content, problem);
    return policy->wording != NULL;
}

/* What stands in the signal's line is refused. */
static bool refuse_signal(const struct policy *policy, const struct signal *signal, const char *why,
                          struct problem *problem)
{
    const struct block *block = &policy->blocks[signal->block];
    return problem_set(problem, PROBLEM_RULES_INVALID, "%.*s:%u: %s", TEXT_ARG(block->source),
                       signal->line, why);
}

/* A rule that is looked for where it is likely is one that the model knows. */
static bool link_gates(struct policy *policy, struct problem *problem)
{
    for (size_t i = 0; policy->wording != NULL && i < policy->rule_count; i++) {
        struct policy_rule *rule = &policy->rules[i];
        rule->wording = wording_rule(policy->wording, text_of(rule->id));
        if (rule->gate != 0 && rule->wording == WORDING_RULES_MAX)
            return problem_set(problem, PROBLEM_RULES_INVALID,
                               "%.*s:%u: rule %s: \"likely\" says nothing to a model that does not "
                               "know the rule",
                               TEXT_ARG(policy->blocks[rule->gate_block].source), rule->gate_line,
                               rule->id);
    }
    return true;
}

/* Rules ask the model for what it knows, and take it as it is. */
static bool link_wording(struct policy *policy, struct problem *problem)
{
    for (size_t i = 0; i < policy->signal_count; i++) {
        struct signal *signal = &policy->signals[i];
        const struct block *block = &policy->blocks[signal->block];
        if (signal->scanner != SCANNER_WORDING)
            continue;
        if (block->except.count + block->unless.count + block->with.count > 0)
            return refuse_signal(policy, signal,
                                 "except, unless and with say nothing to the model: put \"scan "
                                 "wording\" into a block of its own",
                                 problem);
        if (policy->wording == NULL)
            continue;
        signal->wording = policy->rules[block->rule].wording;
        if (signal->wording == WORDING_RULES_MAX)
            return refuse_signal(policy, signal, "the model knows nothing of this rule", problem);
    }
    return true;
}

static bool build(struct policy *policy, const struct policy_source *sources, size_t count,
                  struct problem *problem)
{
    for (size_t i = 0; i < count; i++)
        if (!(is_model(sources[i].name)
                  ? read_model(policy, &sources[i], problem)
                  : rules_read(policy, sources[i].name, sources[i].content, problem)))
            return false;
    if (count > 0 && policy->rule_count == 0)
        return problem_set(problem, PROBLEM_RULES_INVALID, "%.*s:0: there is no rule in it",
                           TEXT_ARG(sources[0].name));
    link_rules(policy);
    if (!check_rules(policy, problem) || !link_gates(policy, problem) ||
        !link_wording(policy, problem))
        return false;
    compile_builtins(policy, problem);
    index_scanners(policy);
    policy->index = index_new(policy->builder, problem);
    index_builder_free(policy->builder);
    policy->builder = NULL;
    return policy->index != NULL;
}

struct policy *policy_new_untested(const struct policy_source *sources, size_t count,
                                   struct problem *problem)
{
    struct policy *policy = calloc(1, sizeof *policy);
    MUST(policy != NULL);
    policy->arena = arena_new();
    policy->rules = calloc(RULES_MAX, sizeof *policy->rules);
    MUST(policy->rules != NULL);
    policy->builder = index_builder_new();
    atomic_store(&policy->references, 1);
    if (build(policy, sources, count, problem))
        return policy;
    dispose(policy);
    return NULL;
}

size_t policy_examples(struct policy *policy, policy_example_failed failed, void *context)
{
    struct policy_worker *worker = policy_worker_new(policy);
    size_t count = 0;
    for (size_t i = 0; i < policy->block_count; i++) {
        const struct block *block = &policy->blocks[i];
        for (size_t j = 0; j < block->example_count; j++) {
            struct problem problem;
            problem_clear(&problem);
            if (!example_holds(worker, policy, block, &block->examples[j], &problem))
                failed(context, &problem);
            count++;
        }
    }
    policy_worker_free(worker);
    for (size_t i = 0; i < policy->rule_count; i++) {
        atomic_store(&policy->rules[i].spoken, 0);
        atomic_store(&policy->rules[i].shadowed, 0);
    }
    return count;
}

static void keep_first(void *context, const struct problem *problem)
{
    struct problem *first = context;
    if (first->code == PROBLEM_NONE)
        *first = *problem;
}

struct policy *policy_new(const struct policy_source *sources, size_t count,
                          struct problem *problem)
{
    struct policy *policy = policy_new_untested(sources, count, problem);
    if (policy == NULL)
        return NULL;
    problem_clear(problem);
    policy_examples(policy, keep_first, problem);
    if (problem->code == PROBLEM_NONE)
        return policy;
    policy_free(policy);
    return NULL;
}
