#include "tlog/trust_policy.h"

#include <stdlib.h>
#include <string.h>

#include "tlog/lines.h"

#define NODES_MAX (TRUST_WITNESSES_MAX + TRUST_GROUPS_MAX)
#define QUORUM_NONE NODES_MAX

/* A name that a quorum or a group may refer to. Members always stand before their group. */
struct node {
    struct text name;
    bool is_group;
    bool is_member;   /* of a group; at most of one */
    size_t witness;   /* of a witness: its index */
    size_t threshold; /* of a group */
    size_t member_count;
    size_t members[NODES_MAX];
};

struct trust_policy {
    char *file; /* a copy; all names point into it */
    size_t log_count;
    size_t witness_count;
    size_t group_count;
    size_t node_count;
    bool has_quorum;
    size_t quorum; /* a node or QUORUM_NONE */
    struct trust_party logs[TRUST_LOGS_MAX];
    struct trust_party witnesses[TRUST_WITNESSES_MAX];
    struct node nodes[NODES_MAX];
};

static bool wrong(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_CONFIGURATION, "%s", what);
}

/* Takes the next item off a line; of length 0 at its end. */
static struct text item_take(struct text *line)
{
    *line = text_trim(*line);
    size_t length = 0;
    while (length < line->length && line->bytes[length] != ' ' && line->bytes[length] != '\t')
        length++;
    const struct text item = text_slice(*line, 0, length);
    *line = text_slice(*line, length, line->length);
    return item;
}

static bool node_find(const struct trust_policy *policy, struct text name, size_t *index)
{
    for (*index = 0; *index < policy->node_count; (*index)++)
        if (text_equal(policy->nodes[*index].name, name))
            return true;
    return false;
}

/* A new name, or NULL. The caller has checked that there is room. */
static struct node *node_add(struct trust_policy *policy, struct text name, struct problem *problem)
{
    size_t index = 0;
    if (name.length == 0 || text_is(name, "none") || node_find(policy, name, &index)) {
        wrong(problem, "the name is missing, reserved or used before");
        return NULL;
    }
    struct node *node = &policy->nodes[policy->node_count++];
    node->name = name;
    return node;
}

/* `<vkey> [<url>]`, with a key that none of PARTIES has. */
static bool party_read(struct text *line, struct trust_party *parties, size_t count,
                       enum note_type type, struct problem *problem)
{
    struct trust_party *party = &parties[count];
    if (!note_key_parse(item_take(line), &party->key, problem))
        return false;
    if (party->key.type != type && party->key.type != NOTE_ML_DSA_44)
        return wrong(problem, type == NOTE_ED25519 ? "a log has a key of type 0x01 or 0x06"
                                                   : "a witness has a key of type 0x04 or 0x06");
    for (size_t i = 0; i < count; i++)
        if (parties[i].key.length == party->key.length &&
            memcmp(parties[i].key.bytes, party->key.bytes, party->key.length) == 0)
            return wrong(problem, "the key was listed before");
    party->url = item_take(line);
    return true;
}

static bool log_read(struct trust_policy *policy, struct text *line, struct problem *problem)
{
    if (policy->log_count == TRUST_LOGS_MAX)
        return wrong(problem, "there are too many logs");
    struct trust_party *log = &policy->logs[policy->log_count];
    if (!party_read(line, policy->logs, policy->log_count, NOTE_ED25519, problem))
        return false;
    log->name = text_of(log->key.name);
    policy->log_count++;
    return true;
}

static bool witness_read(struct trust_policy *policy, struct text *line, struct problem *problem)
{
    if (policy->witness_count == TRUST_WITNESSES_MAX)
        return wrong(problem, "there are too many witnesses");
    struct node *node = node_add(policy, item_take(line), problem);
    if (!node ||
        !party_read(line, policy->witnesses, policy->witness_count, NOTE_COSIGNATURE, problem))
        return false;
    policy->witnesses[policy->witness_count].name = node->name;
    node->witness = policy->witness_count++;
    return true;
}

static bool members_read(struct trust_policy *policy, struct node *group, struct text *line,
                         struct problem *problem)
{
    const size_t self = policy->node_count - 1;
    for (struct text name = item_take(line); name.length > 0; name = item_take(line)) {
        size_t index = 0;
        if (!node_find(policy, name, &index) || index == self)
            return wrong(problem, "a member is not defined on an earlier line");
        if (policy->nodes[index].is_member)
            return wrong(problem, "a member belongs to a group already");
        policy->nodes[index].is_member = true;
        group->members[group->member_count++] = index;
    }
    return group->member_count > 0 || wrong(problem, "a group needs a member");
}

static bool group_read(struct trust_policy *policy, struct text *line, struct problem *problem)
{
    if (policy->group_count == TRUST_GROUPS_MAX)
        return wrong(problem, "there are too many groups");
    struct node *group = node_add(policy, item_take(line), problem);
    if (!group)
        return false;
    policy->group_count++;
    group->is_group = true;
    const struct text threshold = item_take(line);
    if (!members_read(policy, group, line, problem))
        return false;
    uint64_t number = group->member_count;
    if (text_is(threshold, "any"))
        number = 1;
    else if (!text_is(threshold, "all") &&
             (!text_to_u64(threshold, group->member_count, &number) || number == 0))
        return wrong(problem, "a group's threshold is `all`, `any` or 1 to the number of members");
    group->threshold = (size_t)number;
    return true;
}

static bool quorum_read(struct trust_policy *policy, struct text *line, struct problem *problem)
{
    const struct text name = item_take(line);
    if (policy->has_quorum)
        return wrong(problem, "there is a second quorum");
    policy->has_quorum = true;
    policy->quorum = QUORUM_NONE;
    return text_is(name, "none") || node_find(policy, name, &policy->quorum) ||
           wrong(problem, "the quorum is not defined on an earlier line");
}

static bool line_read(struct trust_policy *policy, struct text line, struct problem *problem)
{
    static const struct {
        const char *keyword;
        bool (*read)(struct trust_policy *policy, struct text *line, struct problem *problem);
    } kinds[] = {{"log", log_read},
                 {"witness", witness_read},
                 {"group", group_read},
                 {"quorum", quorum_read}};
    const struct text keyword = item_take(&line);
    if (keyword.length == 0 || keyword.bytes[0] == '#')
        return true;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (text_is(keyword, kinds[i].keyword))
            return kinds[i].read(policy, &line, problem) &&
                   (item_take(&line).length == 0 ||
                    wrong(problem, "there are superfluous items at the end"));
    return wrong(problem, "a line begins with log, witness, group, quorum or #");
}

/* Octets that a policy may consist of (tlog-policy, "Character set"). */
static bool octets_valid(struct text file)
{
    for (size_t i = 0; i < file.length; i++) {
        const unsigned char c = (unsigned char)file.bytes[i];
        if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
            return false;
    }
    return true;
}

static bool file_read(struct trust_policy *policy, struct text file, struct problem *problem)
{
    struct text line;
    for (size_t number = 1; line_take(&file, &line); number++) {
        struct problem why;
        if (!line_read(policy, line, &why))
            return problem_set(problem, PROBLEM_CONFIGURATION, "line %zu of the policy: %s", number,
                               why.detail);
    }
    if (file.length > 0)
        return wrong(problem, "the policy's last line does not end in a newline");
    return policy->has_quorum || wrong(problem, "the policy has no quorum line");
}

static void release(struct trust_policy *policy)
{
    free(policy->file);
    free(policy);
}

struct trust_policy *trust_policy_new(struct text file, struct problem *problem)
{
    if (file.length > TRUST_POLICY_BYTES_MAX || !octets_valid(file)) {
        wrong(problem, "the policy is too large or holds control characters");
        return NULL;
    }
    struct trust_policy *policy = calloc(1, sizeof *policy);
    MUST(policy != NULL);
    policy->file = malloc(file.length + 1);
    MUST(policy->file != NULL);
    if (file.length > 0)
        memcpy(policy->file, file.bytes, file.length);
    if (file_read(policy, (struct text){policy->file, file.length}, problem))
        return policy;
    release(policy);
    return NULL;
}

void trust_policy_free(struct trust_policy *policy)
{
    if (policy)
        release(policy);
}

size_t trust_policy_log_count(const struct trust_policy *policy)
{
    return policy->log_count;
}

const struct trust_party *trust_policy_log(const struct trust_policy *policy, size_t index)
{
    MUST(index < policy->log_count);
    return &policy->logs[index];
}

size_t trust_policy_witness_count(const struct trust_policy *policy)
{
    return policy->witness_count;
}

const struct trust_party *trust_policy_witness(const struct trust_policy *policy, size_t index)
{
    MUST(index < policy->witness_count);
    return &policy->witnesses[index];
}

static bool quorum_met(const struct trust_policy *policy, const struct note_verdict *witnesses)
{
    bool met[NODES_MAX];
    if (policy->quorum == QUORUM_NONE)
        return true;
    for (size_t i = 0; i <= policy->quorum; i++) {
        const struct node *node = &policy->nodes[i];
        size_t count = 0;
        for (size_t j = 0; j < node->member_count; j++)
            count += met[node->members[j]];
        met[i] = node->is_group ? count >= node->threshold : witnesses[node->witness].signed_by;
    }
    return met[policy->quorum];
}

/* Verifies with the keys of all witnesses and, behind them, of the logs named ORIGIN. */
static bool signatures_check(const struct trust_policy *policy, const struct note *note,
                             struct text origin, struct trust_verdict *verdict,
                             struct problem *problem)
{
    const struct note_key *keys[TRUST_WITNESSES_MAX + TRUST_LOGS_MAX];
    const struct trust_party *logs[TRUST_LOGS_MAX];
    struct note_verdict verdicts[COUNT_OF(keys)];
    const size_t witnesses = policy->witness_count;
    size_t count = witnesses;
    for (size_t i = 0; i < witnesses; i++)
        keys[i] = &policy->witnesses[i].key;
    for (size_t i = 0; i < policy->log_count; i++) {
        if (!text_equal(policy->logs[i].name, origin))
            continue;
        logs[count - witnesses] = &policy->logs[i];
        keys[count++] = &policy->logs[i].key;
    }
    if (!note_verify(note, keys, count, verdicts, problem))
        return false;
    *verdict = (struct trust_verdict){.log = NULL};
    for (size_t i = 0; i < witnesses; i++) {
        verdict->witnesses[i] = verdicts[i];
        verdict->cosigned_count += verdicts[i].signed_by;
    }
    for (size_t i = witnesses; i < count && !verdict->log; i++)
        if (verdicts[i].signed_by)
            verdict->log = logs[i - witnesses];
    return true;
}

bool trust_policy_check(const struct trust_policy *policy, struct text bytes,
                        struct checkpoint *checkpoint, struct trust_verdict *verdict,
                        struct problem *problem)
{
    struct note note;
    if (!note_parse(bytes, &note, problem) || !checkpoint_parse(note.text, checkpoint, problem) ||
        !signatures_check(policy, &note, checkpoint->origin, verdict, problem))
        return false;
    if (!verdict->log)
        return problem_set(problem, PROBLEM_PROOF_INVALID,
                           "no log of the policy signed the checkpoint");
    if (!quorum_met(policy, verdict->witnesses))
        return problem_set(problem, PROBLEM_PROOF_INVALID,
                           "%zu of %zu witnesses cosigned; the policy's quorum demands others",
                           verdict->cosigned_count, policy->witness_count);
    return true;
}
