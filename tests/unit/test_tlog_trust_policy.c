/* Policy files, quorums, and proofs that are checked against them. */
#include "test_tlog_data.h"

#include <string.h>

#include "tlog/proof.h"

#define WITNESSES 6

/* A log with three entries and six witnesses; their keys are in the texts of the tests as %-names.
 */
struct world {
    struct note_secret log;
    struct note_secret witnesses[WITNESSES];
    char log_key[512];
    char witness_keys[WITNESSES][512];
    struct digest leaves[3];
    struct checkpoint checkpoint;
};

static struct world world;

static void key_text(const struct note_key *key, char *out, size_t capacity)
{
    struct buffer text;
    buffer_init(&text);
    note_key_add(&text, key);
    assert_true(text.length < capacity);
    memcpy(out, text.bytes, text.length);
    out[text.length] = '\0';
    buffer_done(&text);
}

static int make_world(void **state)
{
    (void)state;
    struct problem problem;
    struct merkle_tree tree;
    uint8_t seed[ED25519_KEY_BYTES] = {100};
    if (!note_secret_from_seed(&world.log, TEXT("log.example"), NOTE_ED25519, seed, &problem))
        return -1;
    key_text(&world.log.key, world.log_key, sizeof world.log_key);
    for (uint8_t i = 0; i < WITNESSES; i++) {
        char name[16];
        const int length = snprintf(name, sizeof name, "witness/%u", i);
        seed[0] = i;
        if (!note_secret_from_seed(&world.witnesses[i], (struct text){name, (size_t)length},
                                   NOTE_COSIGNATURE, seed, &problem))
            return -1;
        key_text(&world.witnesses[i].key, world.witness_keys[i], sizeof world.witness_keys[i]);
    }
    merkle_init(&tree);
    for (size_t i = 0; i < COUNT_OF(world.leaves); i++) {
        world.leaves[i] = merkle_leaf((struct text){&"abc"[i], 1});
        merkle_append(&tree, &world.leaves[i]);
    }
    world.checkpoint = (struct checkpoint){
        .origin = TEXT("log.example"), .size = tree.size, .root = merkle_root(&tree)};
    return 0;
}

/* TEMPLATE with @L for the log's key and @0 … @5 for those of witnesses. */
static void fill_in(const char *template, struct buffer *file)
{
    for (const char *c = template; *c; c++) {
        if (*c != '@')
            buffer_char(file, *c);
        else if (*++c == 'L')
            buffer_string(file, world.log_key);
        else
            buffer_string(file, world.witness_keys[*c - '0']);
    }
}

static struct trust_policy *policy_from(const char *template, struct problem *problem)
{
    struct buffer file;
    buffer_init(&file);
    fill_in(template, &file);
    struct trust_policy *policy = trust_policy_new(buffer_view(&file), problem);
    buffer_done(&file);
    return policy;
}

/* The checkpoint signed by the log and by the witnesses whose bit is set. */
static void sign(unsigned witnesses, struct buffer *note)
{
    struct problem problem;
    const struct note_signer signer = {&world.log.key, note_secret_sign, &world.log};
    struct buffer text;
    buffer_init(&text);
    assert_true(checkpoint_sign(note, &world.checkpoint, &signer, &problem));
    checkpoint_add(&text, &world.checkpoint);
    for (unsigned i = 0; i < WITNESSES; i++) {
        if (!(witnesses >> i & 1))
            continue;
        const struct note_signer cosigner = {&world.witnesses[i].key, note_secret_sign,
                                             &world.witnesses[i]};
        assert_true(note_sign(note, buffer_view(&text), &cosigner, 1700000000 + i, &problem));
    }
    buffer_done(&text);
}

#define X "witness X1 @0\nwitness X2 @1\nwitness X3 @2\n"
#define Y "witness Y1 @3\nwitness Y2 @4\nwitness Y3 @5\n"
#define EXAMPLE                                                                                    \
    "# the specification's example\nlog @L\n\n" X "group X-witnesses 2 X1 X2 X3\n" Y               \
    "group Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"

static void quorums_are_evaluated(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        unsigned witnesses; /* bits */
        bool good;
    } rows[] = {
        {"log @L\nquorum none\n", 0, true},
        {"log @L\nquorum none\n", 63, true},
        {"log @L\nwitness W @0\nquorum W\n", 1, true},
        {"log @L\nwitness W @0\nquorum W\n", 0, false},
        {"log @L\nwitness W @0\nquorum W\n", 2, false},
        {"\t log \t @L  https://log.example/ \t\n \t# x\n \nwitness W @0 https://w/\nquorum W \n",
         1, true},
        {EXAMPLE, 1 | 2 | 8, true},
        {EXAMPLE, 2 | 4 | 32, true},
        {EXAMPLE, 63, true},
        {EXAMPLE, 1 | 8, false},
        {EXAMPLE, 1 | 2 | 4, false},
        {EXAMPLE, 8 | 16 | 32, false},
        {EXAMPLE, 0, false},
        {"log @L\n" X "group g all X1 X2 X3\nquorum g\n", 7, true},
        {"log @L\n" X "group g all X1 X2 X3\nquorum g\n", 3, false},
        {"log @L\n" X "group g 3 X1 X2 X3\nquorum g\n", 3, false},
        {"log @L\n" X "group g 1 X1\nquorum X3\n", 1, false},
        {"log @L\n" X "group g 1 X1\nquorum X3\n", 4, true},
        {X "quorum none\n", 7, false}, /* no log that it knows signed */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct problem problem;
        struct checkpoint checkpoint;
        struct trust_verdict verdict;
        struct buffer note;
        buffer_init(&note);
        struct trust_policy *policy = policy_from(rows[i].policy, &problem);
        if (!policy)
            fail_msg("row %zu: %s", i, problem.detail);
        sign(rows[i].witnesses, &note);
        const bool good =
            trust_policy_check(policy, buffer_view(&note), &checkpoint, &verdict, &problem);
        if (good != rows[i].good)
            fail_msg("row %zu: %s", i, good ? "accepted" : problem.detail);
        trust_policy_free(policy);
        buffer_done(&note);
    }
}

static void a_verdict_says_who_signed_when(void **state)
{
    (void)state;
    struct problem problem;
    struct checkpoint checkpoint;
    struct trust_verdict verdict;
    struct buffer note;
    buffer_init(&note);
    struct trust_policy *policy =
        policy_from("log @L https://log.example/\n" X "quorum X2\n", &problem);
    assert_non_null(policy);
    assert_int_equal(trust_policy_log_count(policy), 1);
    assert_text(trust_policy_log(policy, 0)->url, "https://log.example/");
    assert_int_equal(trust_policy_witness_count(policy), 3);
    assert_text(trust_policy_witness(policy, 2)->name, "X3");
    assert_int_equal(trust_policy_witness(policy, 2)->url.length, 0);
    sign(2 | 8, &note);
    assert_true(trust_policy_check(policy, buffer_view(&note), &checkpoint, &verdict, &problem));
    assert_ptr_equal(verdict.log, trust_policy_log(policy, 0));
    assert_int_equal(verdict.cosigned_count, 1);
    assert_false(verdict.witnesses[0].signed_by);
    assert_true(verdict.witnesses[1].signed_by);
    assert_true(verdict.witnesses[1].time == 1700000001);
    /* A bad cosignature by a witness that the quorum does not need still spoils the note. */
    buffer_clear(&note);
    sign(1 | 2, &note);
    char *line = memmem(note.bytes, note.length, "witness/0 ", strlen("witness/0 "));
    assert_non_null(line);
    line += strlen("witness/0 ");
    line[40] = line[40] == 'A' ? 'B' : 'A';
    assert_false(trust_policy_check(policy, buffer_view(&note), &checkpoint, &verdict, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    trust_policy_free(policy);
    buffer_done(&note);
}

static void malformed_policies_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        const char *detail; /* the end of what is said */
    } rows[] = {
        {"", "no quorum line"},
        {"log @L\n", "no quorum line"},
        {"quorum none", "does not end in a newline"},
        {"quorum none\nquorum none\n", "a second quorum"},
        {"quorum\n", "not defined on an earlier line"},
        {"quorum W\nwitness W @0\n", "not defined on an earlier line"},
        {"quorum none more\n", "superfluous items at the end"},
        {"log @L url more\nquorum none\n", "superfluous items at the end"},
        {"log\nquorum none\n", "the form name+id+base64"},
        {"log @0\nquorum none\n", "type 0x01 or 0x06"},
        {"log @L\nlog @L\nquorum none\n", "the key was listed before"},
        {"witness W @L\nquorum none\n", "type 0x04 or 0x06"},
        {"witness W\nquorum none\n", "the form name+id+base64"},
        {"witness\nquorum none\n", "missing, reserved or used before"},
        {"witness none @0\nquorum none\n", "missing, reserved or used before"},
        {"witness W @0\nwitness W @1\nquorum none\n", "missing, reserved or used before"},
        {"witness W @0\nwitness V @0\nquorum none\n", "the key was listed before"},
        {X "group X1 any X2\nquorum none\n", "missing, reserved or used before"},
        {X "group none any X2\nquorum none\n", "missing, reserved or used before"},
        {X "group g any\nquorum none\n", "a group needs a member"},
        {X "group g\nquorum none\n", "a group needs a member"},
        {X "group g any g\nquorum none\n", "not defined on an earlier line"},
        {X "group g any none\nquorum none\n", "not defined on an earlier line"},
        {X "group g any Z\nquorum none\n", "not defined on an earlier line"},
        {X "group g any X1 X1\nquorum none\n", "belongs to a group already"},
        {X "group g any X1\ngroup h any X1\nquorum none\n", "belongs to a group already"},
        {X "group g 0 X1\nquorum none\n", "1 to the number of members"},
        {X "group g 2 X1\nquorum none\n", "1 to the number of members"},
        {X "group g 01 X1\nquorum none\n", "1 to the number of members"},
        {X "group g some X1\nquorum none\n", "1 to the number of members"},
        {"Log @L\nquorum none\n", "begins with log, witness, group, quorum or #"},
        {"quorum none\r\n", "control characters"},
        {"# \x01\nquorum none\n", "control characters"},
        {"# \x7f\nquorum none\n", "control characters"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct problem problem;
        problem_clear(&problem);
        struct trust_policy *policy = policy_from(rows[i].policy, &problem);
        if (policy)
            fail_msg("row %zu was taken", i);
        assert_int_equal(problem.code, PROBLEM_CONFIGURATION);
        if (!strstr(problem.detail, rows[i].detail))
            fail_msg("row %zu: %s", i, problem.detail);
    }
}

/* Lines `KIND` with as many different names and keys. */
static void add_lines(struct buffer *file, const char *kind, size_t count)
{
    const bool log = strcmp(kind, "log") == 0;
    for (size_t i = 0; i < count; i++) {
        struct note_secret secret;
        struct problem problem;
        const uint8_t seed[ED25519_KEY_BYTES] = {(uint8_t)i, 1};
        if (strcmp(kind, "group") == 0) {
            buffer_format(file, "group g%zu all %s%zu\n", i, i ? "g" : "w", i ? i - 1 : 0);
            continue;
        }
        assert_true(note_secret_from_seed(&secret, TEXT("w"), log ? NOTE_ED25519 : NOTE_COSIGNATURE,
                                          seed, &problem));
        buffer_string(file, kind);
        if (!log)
            buffer_format(file, " w%zu", i);
        buffer_char(file, ' ');
        note_key_add(file, &secret.key);
        buffer_char(file, '\n');
    }
}

static void policies_are_limited(void **state)
{
    (void)state;
    static const struct {
        size_t logs;
        size_t witnesses;
        size_t groups;
        bool good;
    } rows[] = {
        {TRUST_LOGS_MAX, TRUST_WITNESSES_MAX, TRUST_GROUPS_MAX, true},
        {TRUST_LOGS_MAX + 1, TRUST_WITNESSES_MAX, TRUST_GROUPS_MAX, false},
        {TRUST_LOGS_MAX, TRUST_WITNESSES_MAX + 1, TRUST_GROUPS_MAX, false},
        {TRUST_LOGS_MAX, TRUST_WITNESSES_MAX, TRUST_GROUPS_MAX + 1, false},
    };
    struct problem problem;
    struct buffer file;
    buffer_init(&file);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buffer_clear(&file);
        add_lines(&file, "log", rows[i].logs);
        add_lines(&file, "witness", rows[i].witnesses);
        add_lines(&file, "group", rows[i].groups);
        buffer_string(&file, "quorum none\n");
        struct trust_policy *policy = trust_policy_new(buffer_view(&file), &problem);
        assert_int_equal(policy != NULL, rows[i].good);
        if (!rows[i].good)
            assert_non_null(strstr(problem.detail, "too many"));
        trust_policy_free(policy);
    }
    buffer_clear(&file);
    buffer_string(&file, "quorum none\n#");
    while (file.length < TRUST_POLICY_BYTES_MAX)
        buffer_char(&file, '#');
    buffer_char(&file, '\n');
    assert_null(trust_policy_new(buffer_view(&file), &problem));
    buffer_done(&file);
}

/* A policy's log speaks for its own origin, not for that of another log. */
static void a_log_speaks_for_its_origin_alone(void **state)
{
    (void)state;
    struct note_secret other;
    struct problem problem;
    struct checkpoint checkpoint;
    struct trust_verdict verdict;
    struct buffer file;
    struct buffer text;
    struct buffer note;
    const uint8_t seed[ED25519_KEY_BYTES] = {200};
    buffer_init(&file);
    buffer_init(&text);
    buffer_init(&note);
    assert_true(note_secret_from_seed(&other, TEXT("other.example"), NOTE_ED25519, seed, &problem));
    fill_in("log @L\nlog ", &file);
    note_key_add(&file, &other.key);
    buffer_string(&file, "\nquorum none\n");
    struct trust_policy *policy = trust_policy_new(buffer_view(&file), &problem);
    assert_non_null(policy);
    const struct note_signer signer = {&other.key, note_secret_sign, &other};
    checkpoint_add(&text, &world.checkpoint);
    note_begin(&note, buffer_view(&text));
    assert_true(note_sign(&note, buffer_view(&text), &signer, 0, &problem));
    assert_false(trust_policy_check(policy, buffer_view(&note), &checkpoint, &verdict, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    trust_policy_free(policy);
    buffer_done(&note);
    buffer_done(&text);
    buffer_done(&file);
}

static bool read_leaf(void *context, unsigned level, uint64_t index, struct digest *hash,
                      struct problem *problem)
{
    (void)context;
    (void)problem;
    *hash = level == 0 ? world.leaves[index] : merkle_node(&world.leaves[0], &world.leaves[1]);
    return true;
}

/* That leaf 1 is in the log, by a checkpoint that one witness cosigned. */
static struct log_proof prove_leaf(struct buffer *note)
{
    struct problem problem;
    struct log_proof proof = {.index = 1};
    sign(1, note);
    proof.checkpoint = buffer_view(note);
    assert_true(merkle_prove_inclusion(1, 3, read_leaf, NULL, &proof.inclusion, &problem));
    return proof;
}

static void proofs_are_written_read_and_checked(void **state)
{
    (void)state;
    struct problem problem;
    struct buffer note;
    struct buffer bytes;
    struct trust_verdict verdict;
    struct log_proof read;
    buffer_init(&note);
    buffer_init(&bytes);
    struct trust_policy *policy = policy_from("log @L\n" X "quorum X1\n", &problem);
    assert_non_null(policy);
    struct log_proof proof = prove_leaf(&note);
    for (int extra = 0; extra < 2; extra++) {
        proof.extra = extra ? TEXT("YWdl") : TEXT_NONE;
        buffer_clear(&bytes);
        log_proof_add(&bytes, &proof);
        assert_true(log_proof_parse(buffer_view(&bytes), &read, &problem));
        assert_true(text_equal(read.extra, proof.extra));
        assert_true(text_equal(read.checkpoint, proof.checkpoint));
        assert_true(log_proof_check(&read, &world.leaves[1], policy, &verdict, &problem));
        assert_int_equal(verdict.cosigned_count, 1);
    }
    assert_false(log_proof_check(&read, &world.leaves[0], policy, &verdict, &problem));
    read.index = 0;
    assert_false(log_proof_check(&read, &world.leaves[1], policy, &verdict, &problem));
    read.index = 3;
    assert_false(log_proof_check(&read, &world.leaves[1], policy, &verdict, &problem));
    buffer_clear(&note);
    sign(2, &note);
    proof.checkpoint = buffer_view(&note);
    assert_false(log_proof_check(&proof, &world.leaves[1], policy, &verdict, &problem));
    assert_int_equal(problem.code, PROBLEM_PROOF_INVALID);
    trust_policy_free(policy);
    buffer_done(&bytes);
    buffer_done(&note);
}

static void every_changed_byte_of_a_proof_is_found(void **state)
{
    (void)state;
    struct problem problem;
    struct buffer note;
    struct buffer bytes;
    struct trust_verdict verdict;
    buffer_init(&note);
    buffer_init(&bytes);
    struct trust_policy *policy = policy_from("log @L\n" X "quorum X1\n", &problem);
    assert_non_null(policy);
    struct log_proof proof = prove_leaf(&note);
    log_proof_add(&bytes, &proof);
    for (size_t i = 0; i < bytes.length; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.bytes[i] = (char)(bytes.bytes[i] ^ (1 << bit));
            if (log_proof_parse(buffer_view(&bytes), &proof, &problem) &&
                log_proof_check(&proof, &world.leaves[1], policy, &verdict, &problem))
                fail_msg("bit %u of byte %zu may change", bit, i);
            bytes.bytes[i] = (char)(bytes.bytes[i] ^ (1 << bit));
        }
    trust_policy_free(policy);
    buffer_done(&bytes);
    buffer_done(&note);
}

#define HASH "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define NOTE "\nlog\n3\n" HASH "\n\n\xe2\x80\x94 log AAAAAAAA\n"
#define FIRST "c2sp.org/tlog-proof@v1\n"

static void malformed_proofs_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *proof;
        bool good;
    } rows[] = {
        {FIRST "index 0\n" HASH "\n" NOTE, true},
        {FIRST "index 0\n" NOTE, true},
        {FIRST "extra AAAA\nindex 4611686018427387904\n" NOTE, true},
        {"", false},
        {FIRST, false},
        {"index 0\n" HASH "\n" NOTE, false},
        {"c2sp.org/tlog-proof@v2\nindex 0\n" NOTE, false},
        {FIRST "index 00\n" NOTE, false},
        {FIRST "index -1\n" NOTE, false},
        {FIRST "index\n" NOTE, false},
        {FIRST "index 4611686018427387905\n" NOTE, false},
        {FIRST "extra \nindex 0\n" NOTE, false},
        {FIRST "extra A\nindex 0\n" NOTE, false},
        {FIRST "extra AAAA\nextra AAAA\nindex 0\n" NOTE, false},
        {FIRST "index 0\nextra AAAA\n" NOTE, false},
        {FIRST "index 0\nindex 0\n" NOTE, false},
        {FIRST "index 0\nAAAA\n" NOTE, false},
        {FIRST "index 0\n" HASH " \n" NOTE, false},
        {FIRST "index 0\r\n" NOTE, false},
        {FIRST "index 0\n\nlog\n3\n" HASH "\n", false},
        {FIRST "index 0\n" HASH "\n", false},
    };
    struct problem problem;
    struct log_proof proof;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (log_proof_parse(text_of(rows[i].proof), &proof, &problem) != rows[i].good)
            fail_msg("row %zu was %s", i, rows[i].good ? problem.detail : "taken");
    struct buffer bytes;
    buffer_init(&bytes);
    for (size_t hashes = MERKLE_PROOF_MAX; hashes <= MERKLE_PROOF_MAX + 1; hashes++) {
        buffer_clear(&bytes);
        buffer_string(&bytes, FIRST "index 0\n");
        for (size_t i = 0; i < hashes; i++)
            buffer_string(&bytes, HASH "\n");
        buffer_string(&bytes, NOTE);
        assert_int_equal(log_proof_parse(buffer_view(&bytes), &proof, &problem),
                         hashes == MERKLE_PROOF_MAX);
    }
    buffer_clear(&bytes);
    buffer_string(&bytes, FIRST "extra ");
    while (bytes.length < LOG_PROOF_BYTES_MAX)
        buffer_string(&bytes, "AAAA");
    buffer_string(&bytes, "\nindex 0\n" NOTE);
    assert_false(log_proof_parse(buffer_view(&bytes), &proof, &problem));
    buffer_done(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quorums_are_evaluated),
        cmocka_unit_test(a_verdict_says_who_signed_when),
        cmocka_unit_test(malformed_policies_are_refused),
        cmocka_unit_test(policies_are_limited),
        cmocka_unit_test(a_log_speaks_for_its_origin_alone),
        cmocka_unit_test(proofs_are_written_read_and_checked),
        cmocka_unit_test(every_changed_byte_of_a_proof_is_found),
        cmocka_unit_test(malformed_proofs_are_refused),
    };
    return cmocka_run_group_tests(tests, make_world, NULL);
}
