#include "act/evidence.h"

#include <string.h>

#include "act/feed.h"
#include "act/ledger.h"
#include "act/tables.h"

#define SALT_BYTES 32
#define EVIDENCE_ACTS_MAX 10000
#define EVIDENCE_REFUSED_MAX 1000 /* so that nobody can bury the rest under refused attempts */

/* --- writing --- */

struct collecting {
    const struct catalogue *catalogue;
    enum role role;
    struct arena *arena;
    uint64_t size; /* of the signed tree: acts that are not in it yet are left out */
    struct logged_act_row *acts;
    size_t count, capacity, refused;
};

static bool is_refused(struct text record)
{
    static const char member[] = "\"outcome\":\"refused\"";
    return memmem(record.bytes, record.length, member, sizeof member - 1) != NULL;
}

static bool collect_act(void *context, const void *row, struct problem *problem)
{
    struct collecting *collecting = context;
    const struct logged_act_row *act = row;
    const struct act_type *type = catalogue_act(collecting->catalogue, act->type);
    if (type == NULL || !feed_shows(collecting->role, type) || act->record.bytes == NULL ||
        (uint64_t)act->log_index >= collecting->size)
        return true;
    if (is_refused(act->record) && collecting->refused++ >= EVIDENCE_REFUSED_MAX)
        return true;
    if (collecting->count == EVIDENCE_ACTS_MAX)
        return problem_set(problem, PROBLEM_OVERLOADED, "more than %d acts", EVIDENCE_ACTS_MAX);
    if (collecting->count == collecting->capacity) {
        size_t capacity = collecting->capacity == 0 ? 16 : collecting->capacity * 2;
        struct logged_act_row *acts = arena_array(collecting->arena, capacity, sizeof *acts);
        if (collecting->count > 0)
            memcpy(acts, collecting->acts, collecting->count * sizeof *acts);
        collecting->acts = acts;
        collecting->capacity = capacity;
    }
    collecting->acts[collecting->count++] = *act;
    return true;
}

static bool collect_acts(struct kernel *kernel, int64_t org, struct id subject,
                         struct collecting *collecting, struct problem *problem)
{
    const struct value values[] = {VALUE_OF_INT(org), VALUE_OF_ID(subject)};
    struct reader *reader = store_reader_take(kernel_store(kernel));
    bool read =
        reader_rows(reader, &logged_acts_table, "WHERE org = ?1 AND subject = ?2 ORDER BY seq",
                    values, COUNT_OF(values), collecting->arena, collect_act, collecting, problem);
    store_reader_give(kernel_store(kernel), reader);
    if (read && collecting->count == 0)
        return problem_set(problem, PROBLEM_NOT_FOUND, "no acts about it");
    return read;
}

static bool write_act(struct kernel *kernel, struct json_writer *json,
                      const struct logged_act_row *act, const struct collecting *collecting,
                      struct text checkpoint, struct problem *problem)
{
    struct log_proof proof = {.index = (uint64_t)act->log_index, .checkpoint = checkpoint};
    struct buffer text;
    struct problem why;
    if (!ledger_prove_inclusion(kernel, proof.index, collecting->size, &proof.inclusion, &why))
        return problem_set(problem, PROBLEM_INTERNAL, "entry %llu cannot be proved: %s",
                           (unsigned long long)proof.index, why.detail);
    buffer_init(&text);
    log_proof_add(&text, &proof);
    json_open(json);
    json_member(json, "proof", buffer_view(&text));
    json_name(json, "record");
    json_raw(json, act->record);
    json_name(json, "salt");
    json_base64(json, act->salt.bytes, act->salt.length);
    json_close(json);
    buffer_done(&text);
    return true;
}

/* The log's key, then those of the witnesses that cosigned the checkpoint. */
static bool write_keys(struct kernel *kernel, struct json_writer *json, struct text checkpoint,
                       const char *const *witnesses, size_t count, struct problem *problem)
{
    struct note note;
    if (!note_parse(checkpoint, &note, problem))
        return false;
    json_name(json, "keys");
    json_open_list(json);
    json_text(json, text_of(kernel_log_vkey(kernel)));
    for (size_t i = 0; i < count; i++) {
        struct note_key key;
        if (!note_key_parse(text_of(witnesses[i]), &key, problem))
            return false;
        for (size_t j = 0; j < note.signature_count; j++)
            if (note_signature_by(&note.signatures[j], &key)) {
                json_text(json, text_of(witnesses[i]));
                break;
            }
    }
    json_close_list(json);
    return true;
}

static bool write_bundle(struct kernel *kernel, const struct collecting *collecting,
                         struct text checkpoint, struct id subject, const char *const *witnesses,
                         size_t witness_count, struct buffer *out, struct problem *problem)
{
    const char *prefix =
        catalogue_act(collecting->catalogue, collecting->acts[0].type)->subject_prefix;
    struct json_writer json = json_writer(out);
    json_open(&json);
    json_name(&json, "acts");
    json_open_list(&json);
    for (size_t i = 0; i < collecting->count; i++)
        if (!write_act(kernel, &json, &collecting->acts[i], collecting, checkpoint, problem))
            return false;
    json_close_list(&json);
    json_member(&json, "format", TEXT(EVIDENCE_FORMAT));
    if (!write_keys(kernel, &json, checkpoint, witnesses, witness_count, problem))
        return false;
    json_name(&json, "subject");
    json_id(&json, prefix, subject);
    json_close(&json);
    return true;
}

static bool size_of(struct text checkpoint_note, uint64_t *size, struct problem *problem)
{
    struct note note;
    struct checkpoint checkpoint;
    if (!note_parse(checkpoint_note, &note, problem) ||
        !checkpoint_parse(note.text, &checkpoint, problem))
        return false;
    *size = checkpoint.size;
    return true;
}

/* Replaces NOTE by the newest cosigned checkpoint if that covers the newest act, too. */
static void prefer_cosigned(struct kernel *kernel, struct collecting *collecting,
                            struct buffer *note)
{
    struct buffer cosigned;
    uint64_t size;
    buffer_init(&cosigned);
    ledger_cosigned(kernel, &cosigned, &size);
    if (cosigned.length > 0 && (uint64_t)collecting->acts[collecting->count - 1].log_index < size) {
        buffer_clear(note);
        buffer_text(note, buffer_view(&cosigned));
        collecting->size = size;
    }
    buffer_done(&cosigned);
}

bool evidence_write(struct kernel *kernel, int64_t org, struct id subject, enum role role,
                    const char *const *witnesses, size_t witness_count, struct buffer *out,
                    struct problem *problem)
{
    struct arena *arena = arena_new();
    struct collecting collecting = {
        .catalogue = kernel_catalogue(kernel), .role = role, .arena = arena};
    struct buffer note;
    buffer_init(&note);
    ledger_checkpoint(kernel, &note); /* before the acts: none of them may be newer */
    bool written = size_of(buffer_view(&note), &collecting.size, problem) &&
                   collect_acts(kernel, org, subject, &collecting, problem);
    if (written) {
        prefer_cosigned(kernel, &collecting, &note);
        written = write_bundle(kernel, &collecting, buffer_view(&note), subject, witnesses,
                               witness_count, out, problem);
    }
    buffer_done(&note);
    arena_free(arena);
    return written;
}

/* --- checking --- */

struct checking {
    const struct catalogue *catalogue;
    const struct trust_policy *policy;
    struct arena *arena;
    struct evidence *evidence;
    struct text checkpoint_text; /* the signed note of the first proof */
    struct checkpoint checkpoint;
    struct problem *problem;
};

static bool unfit(struct checking *checking, size_t act, const char *what)
{
    return problem_set(checking->problem, PROBLEM_PROOF_INVALID, "act %zu: %s", act + 1, what);
}

static struct text member_text(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? json_string_view(value) : TEXT_NONE;
}

/* Anybody can add a key and its signature to a bundle: only the policy's witnesses are named. */
static void name_witnesses(struct checking *checking, const struct trust_verdict *verdict)
{
    struct evidence *evidence = checking->evidence;
    size_t count = trust_policy_witness_count(checking->policy);
    for (size_t i = 0; i < count && evidence->witness_count < EVIDENCE_WITNESSES_MAX; i++) {
        if (!verdict->witnesses[i].signed_by)
            continue;
        const struct trust_party *witness = trust_policy_witness(checking->policy, i);
        evidence->witnesses[evidence->witness_count] =
            arena_string(checking->arena, text_of(witness->key.name));
        evidence->witnessed_at[evidence->witness_count++] = verdict->witnesses[i].time;
    }
}

/* The first proof's checkpoint is judged by the policy; the others must carry the same. */
static bool check_inclusion(struct checking *checking, size_t index, const struct log_proof *proof,
                            const struct digest *leaf, struct problem *why)
{
    if (index == 0) {
        struct trust_verdict verdict;
        checking->checkpoint_text = arena_text(checking->arena, proof->checkpoint);
        if (!trust_policy_check(checking->policy, checking->checkpoint_text, &checking->checkpoint,
                                &verdict, why))
            return false;
        name_witnesses(checking, &verdict);
    } else if (!text_equal(checking->checkpoint_text, proof->checkpoint))
        return problem_set(why, PROBLEM_PROOF_INVALID,
                           "its proof carries another checkpoint than the first act");
    return merkle_check_inclusion(&proof->inclusion, proof->index, checking->checkpoint.size, leaf,
                                  &checking->checkpoint.root, why);
}

static bool check_proof(struct checking *checking, size_t index, struct text proof_text,
                        struct digest entry)
{
    struct log_proof proof;
    struct problem why;
    struct digest leaf = merkle_leaf((struct text){(const char *)entry.bytes, DIGEST_BYTES});
    if (!log_proof_parse(proof_text, &proof, &why))
        return unfit(checking, index, why.detail);
    if (proof.extra.length > 0)
        return unfit(checking, index, "its proof carries extra data that nothing vouches for");
    if (!check_inclusion(checking, index, &proof, &leaf, &why))
        return unfit(checking, index, why.detail);
    checking->evidence->acts[index].log_index = proof.index;
    return true;
}

static bool check_record(struct checking *checking, size_t index, struct text record_text)
{
    struct evidence_act *acts = checking->evidence->acts;
    struct problem why;
    char subject[ID_TEXT_BYTES];
    if (!record_read(checking->catalogue, record_text, &acts[index].record, checking->arena, &why))
        return unfit(checking, index, why.detail);
    const struct act *act = &acts[index].record.act;
    size_t length = id_format(act_prefix(act), act->subject, subject);
    if (!text_equal((struct text){subject, length}, checking->evidence->subject))
        return unfit(checking, index, "it is about something else");
    if (index > 0 && act->seq <= acts[index - 1].record.act.seq)
        return unfit(checking, index, "it does not follow the act before it");
    return true;
}

static bool check_act(struct checking *checking, size_t index, const json_t *object)
{
    uint8_t salt[SALT_BYTES];
    size_t salt_length;
    struct text proof = member_text(object, "proof");
    const json_t *record = json_object_get(object, "record");
    if (json_object_size(object) != 3 || proof.bytes == NULL || !json_is_object(record) ||
        !base64_decode(member_text(object, "salt"), salt, sizeof salt, &salt_length) ||
        salt_length != SALT_BYTES)
        return unfit(checking, index, "it must have a proof, a record and a salt of 32 bytes");
    struct buffer text;
    buffer_init(&text);
    json_canonical(&text, record);
    struct text kept = arena_text(checking->arena, buffer_view(&text));
    buffer_done(&text);
    struct digest entry = ledger_entry((struct text){(const char *)salt, SALT_BYTES}, kept);
    return check_proof(checking, index, proof, entry) && check_record(checking, index, kept);
}

/* Reads the bundle's keys; the first is the log's, the others must all have cosigned. */
static bool read_keys(struct checking *checking, const json_t *list, const struct note *note,
                      struct note_key *keys, const struct note_key **known, size_t *count)
{
    *count = json_array_size(list);
    if (*count == 0 || *count > EVIDENCE_WITNESSES_MAX || *count != note->signature_count)
        return problem_set(checking->problem, PROBLEM_PROOF_INVALID,
                           "keys: one is needed for each signature of the checkpoint");
    for (size_t i = 0; i < *count; i++) {
        const json_t *key = json_array_get(list, i);
        if (!json_is_string(key) ||
            !note_key_parse(json_string_view(key), &keys[i], checking->problem))
            return problem_set(checking->problem, PROBLEM_PROOF_INVALID, "keys: key %zu is none",
                               i + 1);
        known[i] = &keys[i];
    }
    return true;
}

static bool check_keys(struct checking *checking, const json_t *list)
{
    struct note note;
    struct note_verdict verdicts[EVIDENCE_WITNESSES_MAX] = {0};
    const struct note_key *known[EVIDENCE_WITNESSES_MAX];
    struct note_key *keys =
        arena_array(checking->arena, EVIDENCE_WITNESSES_MAX, sizeof(struct note_key));
    size_t count;
    if (!note_parse(checking->checkpoint_text, &note, checking->problem) ||
        !read_keys(checking, list, &note, keys, known, &count) ||
        !note_verify(&note, known, count, verdicts, checking->problem))
        return false;
    struct evidence *evidence = checking->evidence;
    evidence->origin = checking->checkpoint.origin;
    evidence->log_size = checking->checkpoint.size;
    evidence->stranger_count = count - 1 - evidence->witness_count;
    for (size_t i = 0; i < count; i++) {
        if (!verdicts[i].signed_by)
            return problem_set(checking->problem, PROBLEM_PROOF_INVALID,
                               "keys: %s did not sign the checkpoint", keys[i].name);
    }
    if (!text_is(evidence->origin, keys[0].name) || keys[0].type != NOTE_ED25519)
        return problem_set(checking->problem, PROBLEM_PROOF_INVALID,
                           "keys: the first must be the log's");
    return true;
}

static bool check_acts(struct checking *checking, const json_t *list)
{
    struct evidence *evidence = checking->evidence;
    evidence->count = json_array_size(list);
    if (evidence->count == 0 || evidence->count > EVIDENCE_ACTS_MAX)
        return problem_set(checking->problem, PROBLEM_PROOF_INVALID, "acts: there are none");
    evidence->acts = arena_array(checking->arena, evidence->count, sizeof(struct evidence_act));
    for (size_t i = 0; i < evidence->count; i++)
        if (!check_act(checking, i, json_array_get(list, i)))
            return false;
    return true;
}

/* White space, order of names and escapes count too: the text must be the canonical one. */
static bool check_form(struct checking *checking, const json_t *json, struct text bundle)
{
    struct buffer text;
    buffer_init(&text);
    json_canonical(&text, json);
    bool same = text_equal(buffer_view(&text), bundle);
    buffer_done(&text);
    if (!same)
        return problem_set(checking->problem, PROBLEM_PROOF_INVALID,
                           "the file is not in canonical form: it was edited or reformatted");
    if (json_object_size(json) != 4 || !text_is(member_text(json, "format"), EVIDENCE_FORMAT))
        return problem_set(checking->problem, PROBLEM_PROOF_INVALID,
                           "the file is no bundle of format %s", EVIDENCE_FORMAT);
    return true;
}

bool evidence_check(const struct catalogue *known, struct text bundle,
                    const struct trust_policy *policy, struct arena *arena,
                    struct evidence *evidence, struct problem *problem)
{
    struct checking checking = {.catalogue = known,
                                .policy = policy,
                                .arena = arena,
                                .evidence = evidence,
                                .problem = problem};
    memset(evidence, 0, sizeof *evidence);
    if (bundle.length > EVIDENCE_BYTES_MAX)
        return problem_set(problem, PROBLEM_BODY_TOO_LARGE, "more than 64 MiB");
    json_t *json = json_read(bundle, problem);
    if (json == NULL)
        return false;
    evidence->subject = arena_text(arena, member_text(json, "subject"));
    bool fits = check_form(&checking, json, bundle) &&
                check_acts(&checking, json_object_get(json, "acts")) &&
                check_keys(&checking, json_object_get(json, "keys"));
    json_free(json);
    return fits;
}
