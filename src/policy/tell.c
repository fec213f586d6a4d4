#include "policy/rules.h"

static const char *const languages[POLICY_LANGUAGES] = {"en", "ru", "zh", "es", "ja"};

const char *policy_language_name(size_t language)
{
    return languages[language];
}

/* The first language that is ours, in the order they are written; quality values are not weighed.
 */
size_t policy_language(struct text wanted)
{
    while (wanted.length > 0) {
        struct text one = text_trim(text_cut(&wanted, ','));
        for (size_t i = 0; i < POLICY_LANGUAGES; i++) {
            if (one.length >= 2 && (one.bytes[0] | 0x20) == languages[i][0] &&
                (one.bytes[1] | 0x20) == languages[i][1] &&
                (one.length == 2 || one.bytes[2] == '-' || one.bytes[2] == ';'))
                return i;
        }
    }
    return 0;
}

const char *policy_mode_name(enum policy_mode mode)
{
    static const char *const names[] = {"shadow", "warn", "hold", "block"};
    return names[mode];
}

const char *policy_verdict_name(enum policy_mode verdict)
{
    return verdict == POLICY_ALLOW ? "allow" : policy_mode_name(verdict);
}

void policy_reason(const struct policy_finding *finding, struct text message, size_t language,
                   struct buffer *out)
{
    struct text reason = finding->rule->reasons[language];
    for (size_t at = 0; at < reason.length; at++) {
        if (text_starts(text_slice(reason, at, reason.length), "{text}")) {
            buffer_text(out, text_slice(message, finding->start, finding->end));
            at += 5;
        } else {
            buffer_char(out, reason.bytes[at]);
        }
    }
}

void policy_mend(const struct policy_finding *finding, size_t language, struct buffer *out)
{
    buffer_text(out, finding->rule->mends[language]);
}

struct text policy_clause(const struct policy_finding *finding)
{
    return finding->rule->clause;
}

size_t policy_rule_count(const struct policy *policy)
{
    return policy->rule_count;
}

struct policy_rule_facts policy_rule_facts(const struct policy *policy, size_t rule)
{
    const struct policy_rule *found = &policy->rules[rule];
    return (struct policy_rule_facts){found->id, found->mode, found->clause,
                                      atomic_load(&found->spoken), atomic_load(&found->shadowed)};
}

static void explain_conditions(struct buffer *out, const char *before,
                               const struct condition *conditions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_string(out, i == 0 ? before : " and ");
        condition_write(&conditions[i], out);
    }
}

static void explain_list(struct buffer *out, const char *name, const struct phrase_ids *list)
{
    for (size_t i = 0; i < list->count; i++)
        buffer_format(out, "  %s: %.*s\n", name, TEXT_ARG(list->texts[i]));
}

static void explain_example(struct buffer *out, const struct example *example)
{
    buffer_string(out, example->hit ? "  must hit: " : "  must not: ");
    if (example->notes.length > 0)
        buffer_format(out, "[%.*s] ", TEXT_ARG(example->notes));
    buffer_format(out, "%.*s\n", TEXT_ARG(example->text));
}

static void explain_block(const struct policy *policy, size_t index, struct buffer *out)
{
    const struct block *block = &policy->blocks[index];
    buffer_format(out, "\n%.*s:%u, language %.*s, version %u", TEXT_ARG(block->source), block->line,
                  TEXT_ARG(block->language), block->version);
    if (block->has_mode)
        buffer_format(out, ", mode %s", policy_mode_name(block->mode));
    explain_conditions(out, "\n  when ", block->conditions, block->condition_count);
    buffer_char(out, '\n');
    for (size_t i = 0; i < policy->signal_count; i++) {
        const struct signal *signal = &policy->signals[i];
        if (signal->block != index)
            continue;
        if (signal->scanner == SCANNER_WORDING)
            buffer_string(out, "       ");
        else
            buffer_format(out, "  %3u  ", signal->points);
        if (signal->scanner == SCANNER_PHRASE)
            buffer_text(out, signal->phrase);
        else
            buffer_format(out, "scan %s %.*s", scanner_names[signal->scanner],
                          TEXT_ARG(signal->argument));
        explain_conditions(out, "   when ", signal->conditions, signal->condition_count);
        buffer_char(out, '\n');
    }
    explain_list(out, "except", &block->except);
    explain_list(out, "unless", &block->unless);
    explain_list(out, "with", &block->with);
    for (size_t i = 0; i < block->example_count; i++)
        explain_example(out, &block->examples[i]);
}

bool policy_explain(const struct policy *policy, struct text id, struct buffer *out)
{
    size_t rule = 0;
    while (rule < policy->rule_count && !text_is(id, policy->rules[rule].id))
        rule++;
    if (rule == policy->rule_count)
        return false;
    const struct policy_rule *found = &policy->rules[rule];
    buffer_format(out, "%s: %s\n  clause: %.*s\n", found->id, policy_mode_name(found->mode),
                  TEXT_ARG(found->clause));
    for (size_t i = 0; i < POLICY_LANGUAGES; i++)
        buffer_format(out, "  reason (%s): %.*s\n  mend (%s): %.*s\n", languages[i],
                      TEXT_ARG(found->reasons[i]), languages[i], TEXT_ARG(found->mends[i]));
    for (size_t i = 0; i < policy->block_count; i++)
        if (policy->blocks[i].rule == rule)
            explain_block(policy, i, out);
    return true;
}
