#include <stdio.h>
#include <string.h>

#include "act/evidence.h"
#include "act/story.h"
#include "base/file.h"
#include "cmd/commands.h"
#include "identity/recheck.h"
#include "market/market.h"

static bool read_policy(const struct invocation *invocation, struct buffer *policy,
                        struct problem *problem)
{
    const char *file = invocation_option(invocation, "policy");
    const char *key = invocation_option(invocation, "log-key");
    struct note_key parsed;
    if (file == NULL && key == NULL)
        return problem_set(problem, PROBLEM_USAGE,
                           "give --log-key or --policy: whom do you trust? A bundle cannot vouch "
                           "for itself");
    if (key != NULL && !note_key_parse(text_of(key), &parsed, problem)) {
        problem->code = PROBLEM_USAGE;
        return false;
    }
    if (file != NULL)
        return file_read(file, TRUST_POLICY_BYTES_MAX, policy, problem);
    buffer_format(policy, "log %s\nquorum none\n", key);
    return true;
}

/* Given both, the key must be of a log that the policy trusts. */
static bool key_in_policy(const struct trust_policy *policy, const char *key,
                          struct problem *problem)
{
    bool found = key == NULL;
    for (size_t i = 0; !found && i < trust_policy_log_count(policy); i++) {
        struct buffer named;
        buffer_init(&named);
        note_key_add(&named, &trust_policy_log(policy, i)->key);
        found = text_is(buffer_view(&named), key);
        buffer_done(&named);
    }
    return found || problem_set(problem, PROBLEM_CONFIGURATION,
                                "the policy does not trust the log of --log-key");
}

static void print_actor(struct buffer *out, const struct principal *actor)
{
    switch (actor->role) {
    case ROLE_SHOP:
        buffer_string(out, "the marketplace's shop");
        break;
    case ROLE_SELLER:
        buffer_string(out, "the seller ");
        buffer_org(out, actor->org);
        break;
    case ROLE_BUYER:
        buffer_string(out, "the buyer ");
        story_words(out, actor->buyer);
        break;
    case ROLE_AUDITOR:
        buffer_string(out, "an auditor");
        break;
    case ROLE_OPERATOR:
        buffer_string(out, "the server's operator");
        break;
    case ROLE_SYSTEM:
        buffer_string(out, "the trust server itself");
        break;
    case ROLE_SUPPORT:
        buffer_string(out, "the marketplace's support");
        break;
    case ROLE_PERSON:
        buffer_string(out, "the account's owner");
        break;
    }
    if (!id_is_zero(actor->person)) {
        buffer_string(out, ", ");
        buffer_id(out, "per", actor->person);
    }
    if (!id_is_zero(actor->key)) {
        buffer_string(out, ", with ");
        buffer_id(out, "key", actor->key);
    }
}

static void print_sentence(struct buffer *out, const struct record *record)
{
    if (record->accepted) {
        story_write(out, &record->act);
        return;
    }
    const struct problem_kind *kind = problem_kind(record->problem.code);
    buffer_string(out, "REFUSED, so this did not happen: ");
    story_write(out, &record->act);
    buffer_format(out, "\n     Why it was refused: %s: ", kind->title);
    story_words(out, text_of(record->problem.detail));
    buffer_char(out, '.');
}

/* A signature was checked again before, and what its authenticator was registered with. */
static void print_signature(struct buffer *out, const struct evidence *evidence,
                            const struct record *record)
{
    const struct act *act = &record->act;
    if (act->signature == NULL)
        return;
    if (!record->accepted) {
        buffer_string(out, "     a signature came with it, which counts for nothing\n");
        return;
    }
    bool passkey = act->signature->kind == SIGNATURE_PASSKEY;
    buffer_string(out, passkey ? "     signed by the passkey " : "     confirmed with a code of ");
    buffer_id(out, "atn", act->signature->authenticator);
    buffer_string(out, ", registered on ");
    story_time(out, act->signature->registered_at);
    buffer_string(out, ", over: ");
    signature_words(out, act);
    buffer_format(out,
                  passkey ? "\n     (checked again: the signature fits these terms, its key is the "
                            "one in entry %llu of the log)\n"
                          : "\n     (a code is not bound to terms: this is the lower level, and "
                            "nobody can check it again; its generator: entry %llu of the log)\n",
                  (unsigned long long)signature_registration(evidence, act)->log_index);
}

static void print_act(struct buffer *out, const struct evidence *evidence, size_t which)
{
    const struct evidence_act *told = &evidence->acts[which];
    const struct act *act = &told->record.act;
    buffer_format(out, "\n%3zu. ", which + 1);
    story_time(out, act->at);
    buffer_string(out, "\n     ");
    print_sentence(out, &told->record);
    buffer_string(out, "\n     by ");
    print_actor(out, &act->actor);
    buffer_format(out, "; entry %llu of the log\n", (unsigned long long)told->log_index);
    print_signature(out, evidence, &told->record);
    for (size_t i = 0; i < act->type->deadline_count; i++) {
        if (act->deadlines[i] == 0 || !told->record.accepted)
            continue;
        bool is_delivery = strcmp(act->type->deadlines[i].name, "delivered") == 0;
        buffer_string(out, is_delivery ? "     those concerned must be told by "
                                       : "     the seller must decide by ");
        story_time(out, act->deadlines[i]);
        buffer_char(out, '\n');
    }
}

static void print_evidence(struct buffer *out, const struct evidence *evidence)
{
    buffer_format(out, "The evidence fits. What is told of %.*s:\n", TEXT_ARG(evidence->subject));
    for (size_t i = 0; i < evidence->count; i++)
        print_act(out, evidence, i);
    buffer_format(out, "\n%zu act%s, each one in the log ", evidence->count,
                  evidence->count == 1 ? "" : "s");
    story_words(out, evidence->origin);
    buffer_format(out, " of %llu entries, signed by the key you trust.\n",
                  (unsigned long long)evidence->log_size);
    for (size_t i = 0; i < evidence->witness_count; i++) {
        buffer_string(out, "Cosigned by the witness ");
        story_words(out, text_of(evidence->witnesses[i]));
        buffer_string(out, ", ");
        story_time(out, (int64_t)evidence->witnessed_at[i] * TIME_SECOND);
        buffer_string(out, ".\n");
    }
    if (evidence->witness_count == 0)
        buffer_string(out, "No witness that you named has cosigned it.\n");
    if (evidence->stranger_count > 0)
        buffer_format(out, "Cosignatures of witnesses that you did not name: %zu, not counted.\n",
                      evidence->stranger_count);
    buffer_string(out,
                  "This proves what is told here; it cannot show that nothing was left out.\n");
}

static bool verify(const struct invocation *invocation, struct text trusted, struct buffer *out,
                   struct problem *problem)
{
    struct evidence evidence;
    struct buffer bundle;
    struct trust_policy *policy = trust_policy_new(trusted, problem);
    if (policy == NULL)
        return false;
    struct arena *arena = arena_new();
    buffer_init(&bundle);
    bool ok = key_in_policy(policy, invocation_option(invocation, "log-key"), problem) &&
              file_read(invocation->arguments[0], EVIDENCE_BYTES_MAX, &bundle, problem) &&
              evidence_check(&catalogue, buffer_view(&bundle), policy, arena, &evidence, problem) &&
              evidence_recheck(&evidence, arena, problem);
    if (ok)
        print_evidence(out, &evidence);
    buffer_done(&bundle);
    arena_free(arena);
    trust_policy_free(policy);
    return ok;
}

static int run_verify(const struct invocation *invocation)
{
    struct problem problem;
    struct buffer policy;
    struct buffer out;
    buffer_init(&policy);
    buffer_init(&out);
    bool ok = read_policy(invocation, &policy, &problem) &&
              verify(invocation, buffer_view(&policy), &out, &problem);
    buffer_done(&policy);
    if (ok)
        return command_output(&out);
    buffer_done(&out);
    return command_failed(&problem);
}

static const struct option verify_options[] = {
    {"log-key", "VKEY", 0, "the log's verifier key, from a source other than the bundle"},
    {"policy", "FILE", 0, "logs, witnesses and quorum that you trust (c2sp.org/tlog-policy)"},
};

const struct command command_verify = {
    .name = "verify",
    .arguments = "FILE",
    .argument_min = 1,
    .argument_max = 1,
    .options = verify_options,
    .option_count = COUNT_OF(verify_options),
    .summary = "check a bundle of evidence offline and tell its story",
    .help = "Says exactly what does not fit and exits with 1, or prints what happened, step by "
            "step.\nNeeds no network and no server: every act is checked against the "
            "transparency log's signed\ncheckpoint that the bundle carries.",
    .examples = "  counterfoil verify bundle.json --log-key \"$(cat log.vkey)\"\n"
                "  counterfoil verify bundle.json --policy trust.txt",
    .run = run_verify,
};
