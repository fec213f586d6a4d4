#include "act/evidence.h"

#include <string.h>

#include "act/feed.h"
#include "act/ledger.h"
#include "act/tables.h"

#define SALT_BYTES 32
#define EVIDENCE_ACTS_MAX 10000
#define EVIDENCE_REFUSED_MAX 1000 /* so that nobody can bury the rest under refused attempts */

/* --- writing --- */

struct act_list {
    struct logged_act_row *acts;
    size_t count, capacity;
};

struct collecting {
    const struct catalogue *catalogue;
    const struct principal *who;
    struct arena *arena;
    uint64_t size; /* of the signed tree: acts that are not in it yet are left out */
    struct act_list acts, registrations;
    size_t refused;
};

static bool has_member(struct text record, const char *member)
{
    return memmem(record.bytes, record.length, member, strlen(member)) != NULL;
}

static bool is_refused(struct text record)
{
    return has_member(record, "\"outcome\":\"refused\"");
}

static bool is_shown(const struct collecting *collecting, const struct logged_act_row *act,
                     const struct act_type *type)
{
    return type != NULL && feed_shows(collecting->who, type) && act->record.bytes != NULL &&
           (uint64_t)act->log_index < collecting->size;
}

static bool keep_act(struct act_list *list, const struct logged_act_row *act, struct arena *arena,
                     struct problem *problem)
{
    if (list->count == EVIDENCE_ACTS_MAX)
        return problem_set(problem, PROBLEM_OVERLOADED, "more than %d acts", EVIDENCE_ACTS_MAX);
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct logged_act_row *acts = arena_array(arena, capacity, sizeof *acts);
        if (list->count > 0)
            memcpy(acts, list->acts, list->count * sizeof *acts);
        list->acts = acts;
        list->capacity = capacity;
    }
    list->acts[list->count++] = *act;
    return true;
}

static bool collect_act(void *context, const void *row, struct problem *problem)
{
    struct collecting *collecting = context;
    const struct logged_act_row *act = row;
    if (!is_shown(collecting, act, catalogue_act(collecting->catalogue, act->type)) ||
        (is_refused(act->record) && collecting->refused++ >= EVIDENCE_REFUSED_MAX))
        return true;
    return keep_act(&collecting->acts, act, collecting->arena, problem);
}

static bool collect_registration(void *context, const void *row, struct problem *problem)
{
    struct collecting *collecting = context;
    const struct logged_act_row *act = row;
    const struct act_type *type = catalogue_act(collecting->catalogue, act->type);
    if (!is_shown(collecting, act, type) || (type->flags & ACT_REGISTERS) == 0 ||
        is_refused(act->record))
        return true;
    return keep_act(&collecting->registrations, act, collecting->arena, problem);
}

static bool read_acts(struct kernel *kernel, int64_t org, struct id subject, table_row take,
                      struct collecting *collecting, struct problem *problem)
{
    const struct value values[] = {VALUE_OF_INT(org), VALUE_OF_ID(subject)};
    struct reader *reader = store_reader_take(kernel_store(kernel));
    bool read =
        reader_rows(reader, &logged_acts_table, "WHERE org = ?1 AND subject = ?2 ORDER BY seq",
                    values, COUNT_OF(values), collecting->arena, take, collecting, problem);
    store_reader_give(kernel_store(kernel), reader);
    return read;
}

static bool collect_acts(struct kernel *kernel, int64_t org, struct id subject,
                         struct collecting *collecting, struct problem *problem)
{
    return read_acts(kernel, org, subject, collect_act, collecting, problem) &&
           (collecting->acts.count > 0 ||
            problem_set(problem, PROBLEM_NOT_FOUND, "no acts about it"));
}

/* The authenticator that signed what was accepted, or zero. */
static bool read_signer(const struct collecting *collecting, const struct logged_act_row *act,
                        struct id *authenticator, struct problem *problem)
{
    struct record record;
    *authenticator = (struct id){{0}};
    if (is_refused(act->record) || !has_member(act->record, "\"signature\":{"))
        return true;
    if (!record_read(collecting->catalogue, act->record, &record, collecting->arena, problem))
        return false;
    if (record.act.signature != NULL)
        *authenticator = record.act.signature->authenticator;
    return true;
}

static bool is_collected(const struct act_list *list, struct id subject)
{
    for (size_t i = 0; i < list->count; i++)
        if (id_equal(list->acts[i].subject, subject))
            return true;
    return false;
}

/* Of each authenticator that signed: in the person's own account, and in the organisation. */
static bool collect_registrations(struct kernel *kernel, int64_t org, struct collecting *collecting,
                                  struct problem *problem)
{
    for (size_t i = 0; i < collecting->acts.count; i++) {
        struct id signer;
        if (!read_signer(collecting, &collecting->acts.acts[i], &signer, problem))
            return false;
        if (id_is_zero(signer) || is_collected(&collecting->registrations, signer))
            continue;
        if ((id_org(signer) != org && !read_acts(kernel, id_org(signer), signer,
                                                 collect_registration, collecting, problem)) ||
            !read_acts(kernel, org, signer, collect_registration, collecting, problem))
            return false;
    }
    return true;
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

static bool write_acts(struct kernel *kernel, struct json_writer *json, const char *name,
                       const struct act_list *list, const struct collecting *collecting,
                       struct text checkpoint, struct problem *problem)
{
    json_name(json, name);
    json_open_list(json);
    for (size_t i = 0; i < list->count; i++)
        if (!write_act(kernel, json, &list->acts[i], collecting, checkpoint, problem))
            return false;
    json_close_list(json);
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
                         struct text checkpoint, const char *const *witnesses, size_t witness_count,
                         struct buffer *out, struct problem *problem)
{
    struct json_writer json = json_writer(out);
    json_open(&json);
    if (!write_acts(kernel, &json, "acts", &collecting->acts, collecting, checkpoint, problem))
        return false;
    json_member(&json, "format", TEXT(EVIDENCE_FORMAT));
    if (!write_keys(kernel, &json, checkpoint, witnesses, witness_count, problem))
        return false;
    if (collecting->registrations.count > 0 &&
        !write_acts(kernel, &json, "registrations", &collecting->registrations, collecting,
                    checkpoint, problem))
        return false;
    json_member(&json, "subject", record_subject(collecting->acts.acts[0].record));
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
    const struct act_list *acts = &collecting->acts;
    if (cosigned.length > 0 && (uint64_t)acts->acts[acts->count - 1].log_index < size) {
        buffer_clear(note);
        buffer_text(note, buffer_view(&cosigned));
        collecting->size = size;
    }
    buffer_done(&cosigned);
}

bool evidence_write(struct kernel *kernel, int64_t org, struct id subject,
                    const struct principal *who, const char *const *witnesses, size_t witness_count,
                    struct buffer *out, struct problem *problem)
{
    struct arena *arena = arena_new();
    struct collecting collecting = {
        .catalogue = kernel_catalogue(kernel), .who = who, .arena = arena};
    struct buffer note;
    buffer_init(&note);
    ledger_checkpoint(kernel, &note); /* before the acts: none of them may be newer */
    bool written = size_of(buffer_view(&note), &collecting.size, problem) &&
                   collect_acts(kernel, org, subject, &collecting, problem);
    if (written) {
        prefer_cosigned(kernel, &collecting, &note);
        written = collect_registrations(kernel, org, &collecting, problem) &&
                  write_bundle(kernel, &collecting, buffer_view(&note), witnesses, witness_count,
                               out, problem);
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

/* One of a list of the bundle, that is read. */
struct place {
    const char *what; /* "act", "registration" */
    size_t index;
    struct evidence_act *act;
};

static bool unfit(struct checking *checking, const struct place *place, const char *what)
{
    return problem_set(checking->problem, PROBLEM_PROOF_INVALID, "%s %zu: %s", place->what,
                       place->index + 1, what);
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
static bool check_inclusion(struct checking *checking, const struct log_proof *proof,
                            const struct digest *leaf, struct problem *why)
{
    if (checking->checkpoint_text.bytes == NULL) {
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

static bool check_proof(struct checking *checking, const struct place *place,
                        struct text proof_text, struct digest entry)
{
    struct log_proof proof;
    struct problem why;
    struct digest leaf = merkle_leaf((struct text){(const char *)entry.bytes, DIGEST_BYTES});
    if (!log_proof_parse(proof_text, &proof, &why))
        return unfit(checking, place, why.detail);
    if (proof.extra.length > 0)
        return unfit(checking, place, "its proof carries extra data that nothing vouches for");
    if (!check_inclusion(checking, &proof, &leaf, &why))
        return unfit(checking, place, why.detail);
    place->act->log_index = proof.index;
    return true;
}

/* Proved to be in the log; what it is about is the caller's to check. */
static bool check_act(struct checking *checking, const struct place *place, const json_t *object)
{
    uint8_t salt[SALT_BYTES];
    size_t salt_length;
    struct problem why;
    struct text proof = member_text(object, "proof");
    const json_t *record = json_object_get(object, "record");
    if (json_object_size(object) != 3 || proof.bytes == NULL || !json_is_object(record) ||
        !base64_decode(member_text(object, "salt"), salt, sizeof salt, &salt_length) ||
        salt_length != SALT_BYTES)
        return unfit(checking, place, "it must have a proof, a record and a salt of 32 bytes");
    struct buffer text;
    buffer_init(&text);
    json_canonical(&text, record);
    struct text kept = arena_text(checking->arena, buffer_view(&text));
    buffer_done(&text);
    struct digest entry = ledger_entry((struct text){(const char *)salt, SALT_BYTES}, kept);
    if (!check_proof(checking, place, proof, entry))
        return false;
    return record_read(checking->catalogue, kept, &place->act->record, checking->arena, &why) ||
           unfit(checking, place, why.detail);
}

static bool check_story(struct checking *checking, const struct place *place)
{
    char subject[ID_TEXT_BYTES];
    const struct act *act = &place->act->record.act;
    size_t length = id_format(act_prefix(act), act->subject, subject);
    if (!text_equal((struct text){subject, length}, checking->evidence->subject))
        return unfit(checking, place, "it is about something else");
    if (place->index > 0 && act->seq <= place->act[-1].record.act.seq)
        return unfit(checking, place, "it does not follow the act before it");
    return true;
}

/* Nothing stands in a bundle that its story does not need. */
static bool check_registration(struct checking *checking, const struct place *place)
{
    const struct evidence *evidence = checking->evidence;
    const struct record *record = &place->act->record;
    if (!record->accepted || (record->act.type->flags & ACT_REGISTERS) == 0)
        return unfit(checking, place, "it registers nothing");
    for (size_t i = 0; i < evidence->count; i++) {
        const struct record *signed_act = &evidence->acts[i].record;
        if (signed_act->accepted && signed_act->act.signature != NULL &&
            id_equal(signed_act->act.signature->authenticator, record->act.subject))
            return true;
    }
    return unfit(checking, place, "it is of an authenticator that signed none of the acts");
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

typedef bool check_place(struct checking *checking, const struct place *place);

static bool check_list(struct checking *checking, const json_t *list, const char *what,
                       check_place *check, struct evidence_act **acts, size_t *count)
{
    size_t found = json_array_size(list);
    if (found == 0 || found > EVIDENCE_ACTS_MAX)
        return problem_set(checking->problem, PROBLEM_PROOF_INVALID, "%ss: there are none", what);
    *acts = arena_array(checking->arena, found, sizeof(struct evidence_act));
    for (*count = 0; *count < found; ++*count) {
        const struct place place = {what, *count, *acts + *count};
        if (!check_act(checking, &place, json_array_get(list, *count)) || !check(checking, &place))
            return false;
    }
    return true;
}

static bool check_acts(struct checking *checking, const json_t *json)
{
    struct evidence *evidence = checking->evidence;
    const json_t *registrations = json_object_get(json, "registrations");
    return check_list(checking, json_object_get(json, "acts"), "act", check_story, &evidence->acts,
                      &evidence->count) &&
           (registrations == NULL ||
            check_list(checking, registrations, "registration", check_registration,
                       &evidence->registrations, &evidence->registration_count));
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
    size_t members = json_object_get(json, "registrations") == NULL ? 4 : 5;
    if (json_object_size(json) != members || !text_is(member_text(json, "format"), EVIDENCE_FORMAT))
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
    bool fits = check_form(&checking, json, bundle) && check_acts(&checking, json) &&
                check_keys(&checking, json_object_get(json, "keys"));
    json_free(json);
    return fits;
}
