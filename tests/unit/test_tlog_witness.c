/* What a witness answers, and what a log makes of the answer. */
#include "test_tlog_data.h"

#include <string.h>

#include "tlog/witness.h"

#define LEAVES 12
#define NOW 1700000000

static struct note_secret log_secret;
static struct note_secret witness_secret;
static struct note_secret other_secret;
static struct digest leaves[LEAVES];

static int make_keys(void **state)
{
    (void)state;
    struct problem problem;
    const uint8_t seeds[3][ED25519_KEY_BYTES] = {{1}, {2}, {3}};
    for (size_t i = 0; i < LEAVES; i++)
        leaves[i] = merkle_leaf((struct text){&"abcdefghijkl"[i], 1});
    return note_secret_from_seed(&log_secret, TEXT("log"), NOTE_ED25519, seeds[0], &problem) &&
                   note_secret_from_seed(&witness_secret, TEXT("witness"), NOTE_COSIGNATURE,
                                         seeds[1], &problem) &&
                   note_secret_from_seed(&other_secret, TEXT("other"), NOTE_ED25519, seeds[2],
                                         &problem)
               ? 0
               : -1;
}

static struct digest root_of(uint64_t size)
{
    struct merkle_tree tree;
    merkle_init(&tree);
    for (uint64_t i = 0; i < size; i++)
        merkle_append(&tree, &leaves[i]);
    return merkle_root(&tree);
}

static bool read_node(void *context, unsigned level, uint64_t index, struct digest *hash,
                      struct problem *problem)
{
    (void)context;
    (void)problem;
    struct merkle_tree tree;
    merkle_init(&tree);
    for (uint64_t i = index << level; i < (index + 1) << level; i++)
        merkle_append(&tree, &leaves[i]);
    *hash = merkle_root(&tree);
    return true;
}

enum bend { STRAIGHT, FORKED_ROOT, BAD_SIGNATURE, OTHER_KEY, NO_PROOF, PROOF_TOO_MUCH };

static struct note_signer signer_of(struct note_secret *secret)
{
    return (struct note_signer){&secret->key, note_secret_sign, secret};
}

/* The signed checkpoint of SIZE leaves. */
static void make_note(uint64_t size, enum bend bend, struct buffer *note)
{
    struct problem problem;
    struct buffer text;
    const struct note_signer signer = signer_of(bend == OTHER_KEY ? &other_secret : &log_secret);
    struct checkpoint checkpoint = {.origin = TEXT("log"), .size = size, .root = root_of(size)};
    buffer_init(&text);
    if (bend == FORKED_ROOT)
        checkpoint.root.bytes[0] ^= 1;
    checkpoint_add(&text, &checkpoint);
    note_begin(note, buffer_view(&text));
    if (bend == BAD_SIGNATURE)
        text.bytes[text.length - 3] ^= 1;
    assert_true(note_sign(note, buffer_view(&text), &signer, 0, &problem));
    buffer_done(&text);
}

static void make_request(uint64_t old, uint64_t size, enum bend bend, struct buffer *body)
{
    struct problem problem;
    struct buffer note;
    struct merkle_proof proof = {.count = 0};
    buffer_init(&note);
    make_note(size, bend, &note);
    if (old <= size && bend != NO_PROOF)
        assert_true(merkle_prove_consistency(old, size, read_node, NULL, &proof, &problem));
    if (bend == PROOF_TOO_MUCH)
        proof.hashes[proof.count++] = leaves[0];
    witness_request_add(body, old, &proof, buffer_view(&note));
    buffer_done(&note);
}

#define NEVER UINT64_MAX

static void requests_are_decided(void **state)
{
    (void)state;
    static const struct {
        uint64_t recorded;
        uint64_t old;
        uint64_t size;
        enum bend bend;
        unsigned status;
    } rows[] = {
        {NEVER, 0, 0, STRAIGHT, 200},      {NEVER, 0, 1, STRAIGHT, 200},
        {NEVER, 0, 7, STRAIGHT, 200},      {NEVER, 0, 7, PROOF_TOO_MUCH, 422},
        {NEVER, 0, 0, FORKED_ROOT, 422},   {NEVER, 0, 0, PROOF_TOO_MUCH, 422},
        {NEVER, 3, 7, STRAIGHT, 409},      {NEVER, 8, 7, STRAIGHT, 400},
        {NEVER, 0, 7, BAD_SIGNATURE, 403}, {NEVER, 0, 7, OTHER_KEY, 403},
        {0, 0, 5, STRAIGHT, 200},          {0, 0, 0, STRAIGHT, 200},
        {0, 1, 5, STRAIGHT, 409},          {4, 4, 4, STRAIGHT, 200},
        {4, 4, 4, FORKED_ROOT, 422},       {4, 4, 4, PROOF_TOO_MUCH, 422},
        {4, 4, 9, STRAIGHT, 200},          {4, 4, 9, FORKED_ROOT, 422},
        {4, 4, 9, NO_PROOF, 422},          {4, 4, 9, PROOF_TOO_MUCH, 422},
        {4, 4, 9, BAD_SIGNATURE, 403},     {4, 4, 9, OTHER_KEY, 403},
        {4, 4, 3, STRAIGHT, 400},          {4, 3, 3, STRAIGHT, 409},
        {4, 3, 9, STRAIGHT, 409},          {4, 5, 9, STRAIGHT, 409},
        {4, 0, 9, STRAIGHT, 409},          {4, 0, 9, PROOF_TOO_MUCH, 409},
        {4, 9, 3, BAD_SIGNATURE, 403},     {11, 11, 12, STRAIGHT, 200},
    };
    const struct note_key *keys[] = {&log_secret.key};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buffer body;
        struct witness_request request;
        struct witness_decision decision;
        struct witness_state recorded = {.exists = false};
        struct problem problem;
        buffer_init(&body);
        if (rows[i].recorded != NEVER)
            recorded = (struct witness_state){true, rows[i].recorded, root_of(rows[i].recorded)};
        make_request(rows[i].old, rows[i].size, rows[i].bend, &body);
        assert_true(witness_request_parse(buffer_view(&body), &request, &problem));
        witness_decide(&request, keys, 1, &recorded, &decision);
        if (decision.status != rows[i].status)
            fail_msg("row %zu: %u %s", i, decision.status, decision.problem.detail);
        const bool accepted = decision.status == 200;
        assert_int_equal(decision.problem.code == PROBLEM_NONE, accepted);
        assert_int_equal(decision.next.exists, accepted || recorded.exists);
        assert_true(decision.next.size == (accepted ? rows[i].size : recorded.size));
        assert_true(
            digest_equal(decision.next.root, accepted ? root_of(rows[i].size) : recorded.root));
        witness_decide(&request, keys, 0, &recorded, &decision);
        assert_int_equal(decision.status, 404);
        buffer_done(&body);
    }
}

#define HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define NOTE "\nlog\n3\n" HASH "\n\n\xe2\x80\x94 log AAAAAAAA\n"

static void malformed_requests_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        bool good;
    } rows[] = {
        {"old 0\n" NOTE, true},
        {"old 3\n" HASH "\n" HASH "\n" NOTE, true},
        {"", false},
        {"old 0", false},
        {"old 0\n", false},
        {"old\n" NOTE, false},
        {"old 00\n" NOTE, false},
        {"old  0\n" NOTE, false},
        {"old -1\n" NOTE, false},
        {"old 4611686018427387905\n" NOTE, false},
        {"Old 0\n" NOTE, false},
        {"old 0\r\n" NOTE, false},
        {HASH "\nold 0\n" NOTE, false},
        {"old 0\n" HASH "\n", false},
        {"old 0\n" HASH NOTE, false},
        {"old 0\n" HASH " " NOTE, false},
        {"old 0\n\n" NOTE, false},
        {"old 0\nlog\n3\n" HASH "\n", false},
        {"old 0\n\nlog\n3\n\n\xe2\x80\x94 log AAAAAAAA\n", false},
    };
    struct problem problem;
    struct witness_request request;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (witness_request_parse(text_of(rows[i].body), &request, &problem) != rows[i].good)
            fail_msg("row %zu was %s", i, rows[i].good ? problem.detail : "taken");
    struct buffer body;
    buffer_init(&body);
    buffer_string(&body, "old 0\n");
    for (size_t i = 0; i <= MERKLE_PROOF_MAX; i++)
        buffer_string(&body, HASH "\n");
    buffer_string(&body, NOTE);
    assert_false(witness_request_parse(buffer_view(&body), &request, &problem));
    buffer_clear(&body);
    buffer_string(&body, "old 0\n\nlog\n3\n" HASH "\n");
    while (body.length < WITNESS_REQUEST_BYTES_MAX)
        buffer_string(&body, "extension\n");
    buffer_string(&body, "\n\xe2\x80\x94 log AAAAAAAA\n");
    assert_false(witness_request_parse(buffer_view(&body), &request, &problem));
    assert_int_equal(problem.code, PROBLEM_BODY_TOO_LARGE);
    buffer_done(&body);
}

static void a_cosignature_comes_back_to_the_log(void **state)
{
    (void)state;
    struct buffer body;
    struct buffer answer;
    struct buffer lines;
    struct buffer note;
    struct witness_request request;
    struct note monitored;
    struct problem problem;
    uint64_t recorded = 0;
    const struct note_signer signer = signer_of(&witness_secret);
    const struct note_key *keys[] = {&log_secret.key, &witness_secret.key};
    struct note_verdict verdicts[2];
    buffer_init(&body);
    buffer_init(&answer);
    buffer_init(&lines);
    buffer_init(&note);
    make_request(0, 7, STRAIGHT, &body);
    assert_true(witness_request_parse(buffer_view(&body), &request, &problem));
    /* Lines of strangers around the witness's own are left out. */
    buffer_string(&answer, "\xe2\x80\x94 stranger AAAAAAAA\n");
    assert_true(witness_cosign(&answer, &request, &signer, NOW, &problem));
    const struct text text = request.note.text;
    assert_int_equal(witness_answer_read(200, buffer_view(&answer), text, &witness_secret.key,
                                         &lines, &recorded, &problem),
                     WITNESS_COSIGNED);
    assert_true(text_starts(buffer_view(&lines), "\xe2\x80\x94 witness "));
    assert_true(lines.length < answer.length);
    witness_monitor_note(&note, &request, keys, 1, buffer_view(&lines));
    assert_true(note_parse(buffer_view(&note), &monitored, &problem));
    assert_int_equal(monitored.signature_count, 2);
    assert_true(note_verify(&monitored, keys, 2, verdicts, &problem));
    assert_true(verdicts[0].signed_by && verdicts[1].signed_by && verdicts[1].time == NOW);
    /* The same answer to another checkpoint is no cosignature of that one. */
    assert_int_equal(witness_answer_read(200, buffer_view(&answer), TEXT("log\n8\n" HASH "\n"),
                                         &witness_secret.key, &lines, &recorded, &problem),
                     WITNESS_REFUSED);
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    /* Nor is one that does not say when it was made. */
    buffer_clear(&answer);
    buffer_clear(&lines);
    assert_true(note_sign(&answer, text, &signer, 0, &problem));
    assert_int_equal(witness_answer_read(200, buffer_view(&answer), text, &witness_secret.key,
                                         &lines, &recorded, &problem),
                     WITNESS_REFUSED);
    assert_int_equal(lines.length, 0);
    /* Nor is one of a text that only begins like ours. */
    struct buffer longer;
    buffer_init(&longer);
    buffer_text(&longer, text);
    buffer_string(&longer, "\nmore\n");
    buffer_clear(&answer);
    buffer_string(&answer, "more\n\n");
    assert_true(note_sign(&answer, buffer_view(&longer), &signer, NOW, &problem));
    assert_int_equal(witness_answer_read(200, buffer_view(&answer), text, &witness_secret.key,
                                         &lines, &recorded, &problem),
                     WITNESS_REFUSED);
    assert_int_equal(lines.length, 0);
    buffer_done(&longer);
    buffer_done(&note);
    buffer_done(&lines);
    buffer_done(&answer);
    buffer_done(&body);
}

static void other_answers_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *body;
        enum witness_answer answer;
    } rows[] = {
        {409, "5000\n", WITNESS_BEHIND},
        {409, "0\n", WITNESS_BEHIND},
        {409, "", WITNESS_REFUSED},
        {409, "5000", WITNESS_REFUSED},
        {409, "5000\n\n", WITNESS_REFUSED},
        {409, "05\n", WITNESS_REFUSED},
        {409, "4611686018427387905\n", WITNESS_REFUSED},
        {200, "", WITNESS_REFUSED},
        {200, "\n", WITNESS_REFUSED},
        {200, "\xe2\x80\x94 stranger AAAAAAAA\n", WITNESS_REFUSED},
        {200, "more\n\n\xe2\x80\x94 stranger AAAAAAAA\n", WITNESS_REFUSED},
        {200, "5000\n", WITNESS_REFUSED},
        {403, "", WITNESS_REFUSED},
        {404, "", WITNESS_REFUSED},
        {500, "5000\n", WITNESS_REFUSED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct problem problem;
        struct buffer lines;
        uint64_t recorded = 1;
        buffer_init(&lines);
        const enum witness_answer answer =
            witness_answer_read(rows[i].status, text_of(rows[i].body), TEXT("log\n3\n" HASH "\n"),
                                &witness_secret.key, &lines, &recorded, &problem);
        if (answer != rows[i].answer)
            fail_msg("row %zu: %d", i, (int)answer);
        assert_int_equal(lines.length, 0);
        buffer_done(&lines);
    }
    struct buffer body;
    uint64_t recorded = 0;
    struct problem problem;
    buffer_init(&body);
    while (body.length <= WITNESS_ANSWER_BYTES_MAX)
        buffer_string(&body, "\xe2\x80\x94 stranger AAAAAAAA\n");
    assert_int_equal(witness_answer_read(409, buffer_view(&body), TEXT("x\n"), &witness_secret.key,
                                         &body, &recorded, &problem),
                     WITNESS_REFUSED);
    assert_non_null(strstr(problem.detail, "too large"));
    buffer_clear(&body);
    witness_conflict_body(&body, &(struct witness_state){true, 4711, {{0}}});
    assert_text(buffer_view(&body), "4711\n");
    assert_int_equal(witness_answer_read(409, buffer_view(&body), TEXT("x\n"), &witness_secret.key,
                                         &body, &recorded, &problem),
                     WITNESS_BEHIND);
    assert_int_equal(recorded, 4711);
    buffer_clear(&body);
    witness_conflict_body(&body, &(struct witness_state){.exists = false});
    assert_text(buffer_view(&body), "0\n");
    buffer_done(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_decided),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(a_cosignature_comes_back_to_the_log),
        cmocka_unit_test(other_answers_are_told_apart),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
