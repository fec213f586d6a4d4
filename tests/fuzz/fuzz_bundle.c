/*
 * Evidence bundles against the key of tests/unit/road.h: whatever is accepted is in canonical form,
 * about one subject, in order, and every record reads back as it stands.
 */
#include <string.h>

#include "act/evidence.h"
#include "market/market.h"
#include "tlog/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct trust_policy *policy_of_log(void)
{
    static const uint8_t seed[ED25519_KEY_BYTES] = {1, 2, 3};
    struct note_secret secret;
    struct problem problem;
    struct buffer text;
    MUST(note_secret_from_seed(&secret, TEXT("log.example/test"), NOTE_ED25519, seed, &problem));
    buffer_init(&text);
    buffer_string(&text, "log ");
    note_key_add(&text, &secret.key);
    buffer_string(&text, "\nquorum none\n");
    struct trust_policy *policy = trust_policy_new(buffer_view(&text), &problem);
    MUST(policy != NULL);
    buffer_done(&text);
    note_secret_done(&secret);
    return policy;
}

static void check_accepted(const struct evidence *evidence, struct text bundle)
{
    MUST(evidence->count > 0 && bundle.bytes[0] == '{');
    for (size_t i = 0; i < evidence->count; i++) {
        const struct act *act = &evidence->acts[i].record.act;
        MUST(evidence->acts[i].log_index < evidence->log_size);
        MUST(i == 0 || act->seq > evidence->acts[i - 1].record.act.seq);
        MUST(id_equal(act->subject, evidence->acts[0].record.act.subject));
    }
    for (size_t i = 0; i < evidence->registration_count; i++)
        MUST((evidence->registrations[i].record.act.type->flags & ACT_REGISTERS) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trust_policy *policy;
    struct evidence evidence;
    struct problem problem;
    struct record record;
    struct text input = {(const char *)data, size};
    struct arena *arena = arena_new();
    if (policy == NULL)
        policy = policy_of_log();
    if (evidence_check(&catalogue, input, policy, arena, &evidence, &problem))
        check_accepted(&evidence, input);
    else
        MUST(problem.code != PROBLEM_NONE);
    if (record_read(&catalogue, input, &record, arena, &problem))
        MUST(record.act.seq > 0);
    arena_free(arena);
    return 0;
}
