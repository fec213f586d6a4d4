/* What is read out of a note's text: checkpoints, proofs, witness requests and answers, policies.
 */
#include "tlog/proof.h"
#include "tlog/witness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that has signed no checkpoint. */
static struct note_key strange_key(enum note_type type)
{
    struct note_key key;
    struct problem problem;
    MUST(note_key_parse(
        TEXT("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"), &key,
        &problem));
    key.type = type;
    return key;
}

static void check_same(struct buffer *written, struct text read)
{
    MUST(text_equal(buffer_view(written), read));
    buffer_done(written);
}

static void check_checkpoint(struct text text)
{
    struct checkpoint checkpoint;
    struct problem problem;
    struct buffer again;
    if (!checkpoint_parse(text, &checkpoint, &problem))
        return;
    buffer_init(&again);
    checkpoint_add(&again, &checkpoint);
    check_same(&again, text);
}

static void check_proof(struct text text)
{
    struct log_proof proof;
    struct problem problem;
    struct buffer again;
    if (!log_proof_parse(text, &proof, &problem))
        return;
    buffer_init(&again);
    log_proof_add(&again, &proof);
    check_same(&again, text);
}

static void check_request(struct text text)
{
    const struct note_key key = strange_key(NOTE_ED25519);
    const struct note_key *keys[] = {&key};
    const struct witness_state state = {.exists = false};
    struct witness_request request;
    struct witness_decision decision;
    struct problem problem;
    struct buffer again;
    if (!witness_request_parse(text, &request, &problem))
        return;
    witness_decide(&request, keys, 1, &state, &decision);
    MUST(decision.status == 403); /* nobody has the key, so nothing may get further */
    buffer_init(&again);
    witness_request_add(&again, request.old_size, &request.proof, request.signed_checkpoint);
    check_same(&again, text);
}

static void check_answer(struct text text)
{
    const struct note_key key = strange_key(NOTE_COSIGNATURE);
    struct problem problem;
    struct buffer lines;
    uint64_t recorded = 0;
    buffer_init(&lines);
    const enum witness_answer answer =
        witness_answer_read(200, text, TEXT("log\n0\nx\n"), &key, &lines, &recorded, &problem);
    MUST(answer == WITNESS_REFUSED);
    MUST(lines.length == 0);
    if (witness_answer_read(409, text, TEXT("log\n0\nx\n"), &key, &lines, &recorded, &problem) ==
        WITNESS_BEHIND)
        MUST(recorded <= MERKLE_SIZE_MAX);
    buffer_done(&lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text text = {(const char *)data, size};
    struct problem problem;
    check_checkpoint(text);
    check_proof(text);
    check_request(text);
    check_answer(text);
    struct trust_policy *policy = trust_policy_new(text, &problem);
    trust_policy_free(policy);
    return 0;
}
