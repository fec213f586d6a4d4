/*
 * The road, for a group of acts: load, decide, store, log.
 *
 * All rows that the group's acts name are loaded at once; later acts see what earlier ones changed;
 * everything is written in one transaction. What fails for the store fails for the whole group; a
 * group in whose way something was (another writer, a broken connection) is run again from start.
 */
#include "act/kernel_private.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "act/changes.h"
#include "act/ledger.h"
#include "act/record.h"
#include "base/log.h"

#define SALT_BYTES 32
#define SALTS_AT_ONCE 8
#define ATTEMPTS 8
#define ATTEMPT_AFTER_US 2000 /* and twice as long after each */
#define SETTLE_US (10 * TIME_SECOND)
#define SETTLE_EVERY_US 50000

struct group {
    struct kernel *kernel;
    struct writer *store;
    struct arena *arena;
    struct merkle_tree tree;   /* becomes the kernel's when the group is committed */
    struct row_slot **buckets; /* rows by key: open addressing, a power of two */
    size_t bucket_count;
    size_t row_count;
    struct row_slot **save; /* every row of the group, in order of first use */
    struct row_slot **load; /* those of them that the store has to be asked for */
    size_t load_count;
    uint8_t *salts; /* random bytes for acts to come: asked for several at a time */
    size_t salt_count;
};

/* The rows that one act works on. */
struct working {
    struct row_slot *feed;
    struct row_slot *idempotency; /* or NULL */
    struct decision decision;
    bool is_ruled;             /* the authority's rule concerns it */
    struct decision authority; /* over the rule's rows */
};

static bool slot_exists(const struct row_slot *slot)
{
    return (slot->found || slot->changed) && !slot->removed;
}

static void group_grow(struct group *group)
{
    size_t count = group->bucket_count == 0 ? 256 : group->bucket_count * 2;
    struct row_slot **buckets = arena_array(group->arena, count, sizeof(struct row_slot *));
    struct row_slot **save = arena_array(group->arena, count, sizeof(struct row_slot *));
    struct row_slot **load = arena_array(group->arena, count, sizeof(struct row_slot *));
    for (size_t i = 0; i < group->row_count; i++) {
        struct row_slot *slot = save[i] = group->save[i];
        size_t at = row_key_hash(slot->table, slot->row) & (count - 1);
        while (buckets[at] != NULL)
            at = (at + 1) & (count - 1);
        buckets[at] = slot;
    }
    for (size_t i = 0; i < group->load_count; i++)
        load[i] = group->load[i];
    group->buckets = buckets;
    group->bucket_count = count;
    group->save = save;
    group->load = load;
}

/*
 * The group's slot for the row of TABLE whose key stands in KEY; added if it is not there yet, and
 * then looked up with the others unless it IS_NEW.
 */
static struct row_slot *group_slot(struct group *group, const struct table *table, const void *key,
                                   bool is_new)
{
    if ((group->row_count + 1) * 2 > group->bucket_count)
        group_grow(group);
    size_t at = row_key_hash(table, key) & (group->bucket_count - 1);
    for (; group->buckets[at] != NULL; at = (at + 1) & (group->bucket_count - 1))
        if (group->buckets[at]->table == table &&
            row_key_equal(table, group->buckets[at]->row, key))
            return group->buckets[at];
    struct row_slot *slot = ARENA_NEW(group->arena, struct row_slot);
    slot->table = table;
    slot->row = arena_take(group->arena, table->row_bytes);
    memcpy(slot->row, key, table->row_bytes);
    group->buckets[at] = slot;
    group->save[group->row_count++] = slot;
    if (!is_new)
        group->load[group->load_count++] = slot;
    return slot;
}

/* A row that cannot be in the store yet, made by the act itself. */
static void *group_make(struct group *group, const struct table *table, const void *row)
{
    struct row_slot *slot = group_slot(group, table, row, true);
    memcpy(slot->row, row, table->row_bytes);
    slot->changed = true;
    return slot->row;
}

static struct row_slot *need_slot(struct group *group, const struct act *act,
                                  const struct need *need)
{
    void *key = act_need_key(act, need, group->arena);
    /* An id that was made for this act names nothing yet. */
    bool is_new = need->mode == NEED_ABSENT && need->key == NULL &&
                  id_equal(act->subject, act->id) && act->type->subject == SUBJECT_NEW;
    return group_slot(group, need->table, key, is_new);
}

struct idempotency_row submission_key(const struct submission *submission, struct arena *arena)
{
    const struct principal *actor = &submission->act.actor;
    bool is_person = !id_is_zero(actor->person);
    struct id sender = is_person ? actor->person : actor->key;
    char key[ID_TEXT_BYTES];
    size_t length = id_format(is_person ? "per" : "key", sender, key);
    return (struct idempotency_row){.org = id_org(sender),
                                    .key = arena_format(arena, "%.*s:%.*s", (int)length, key,
                                                        TEXT_ARG(submission->idempotency_key))};
}

static struct decision name_needs(struct group *group, const struct act *act,
                                  const struct need *needs, size_t count)
{
    struct decision decision = {.act = act, .arena = group->arena};
    for (size_t i = 0; i < count; i++)
        decision.rows[i] = need_slot(group, act, &needs[i]);
    return decision;
}

static void name_rows(struct group *group, struct submission *submission, struct working *working)
{
    const struct act *act = &submission->act;
    const struct feed_row feed = {.org = act->org};
    working->feed = group_slot(group, &feeds_table, &feed, false);
    if (submission->idempotency_key.length > 0) {
        const struct idempotency_row key = submission_key(submission, group->arena);
        working->idempotency = group_slot(group, &idempotency_table, &key, false);
    }
    working->decision = name_needs(group, act, act->type->needs, act->type->need_count);
    const struct authority_rule *rule = group->kernel->options.catalogue->authority;
    working->is_ruled = rule != NULL && rule->concerns(act);
    if (working->is_ruled)
        working->authority = name_needs(group, act, rule->needs, rule->need_count);
}

static int compare_slots(const void *a, const void *b)
{
    const struct row_slot *left = *(struct row_slot *const *)a;
    const struct row_slot *right = *(struct row_slot *const *)b;
    if (left->table != right->table)
        return left->table == &feeds_table    ? -1
               : right->table == &feeds_table ? 1
                                              : strcmp(left->table->name, right->table->name);
    return row_key_compare(left->table, left->row, right->row);
}

/*
 * In key order, so that stores which lock rows never deadlock; the feeds first: who has an
 * organisation's feed is alone with its rows, and sees them as the one before has left them.
 */
static bool load_rows(struct group *group, struct problem *problem)
{
    if (group->load_count == 0)
        return true;
    qsort(group->load, group->load_count, sizeof(struct row_slot *), compare_slots);
    return writer_load(group->store, group->load, group->load_count, group->arena, problem);
}

/* A row that turns out to be needed only now. */
static bool load_late(struct group *group, struct row_slot *slot, struct problem *problem)
{
    return slot_exists(slot) || writer_load(group->store, &slot, 1, group->arena, problem);
}

/* Fills SUBMISSION from the act that the same key made before. */
static bool answer_again(struct group *group, struct submission *submission,
                         const struct idempotency_row *key, struct problem *problem)
{
    const struct act_row name = {.org = key->act_org, .seq = key->seq};
    const struct log_entry_row place = {.org = key->act_org, .seq = key->seq};
    struct row_slot *slot = group_slot(group, &acts_table, &name, true);
    struct row_slot *entry = group_slot(group, &log_entries_table, &place, true);
    struct record record;
    if (!load_late(group, slot, problem) || !load_late(group, entry, problem))
        return false;
    const struct act_row *act = slot->row;
    if (!slot_exists(slot) || act->record.bytes == NULL)
        return problem_set(problem, PROBLEM_OUTCOME_UNCERTAIN, "the act's record was erased");
    if (!record_read(group->kernel->options.catalogue, act->record, &record, submission->arena,
                     problem))
        return false;
    submission->act = record.act;
    submission->accepted = record.accepted;
    submission->problem = record.problem;
    submission->log_index =
        slot_exists(entry) ? ((const struct log_entry_row *)entry->row)->position : LOG_INDEX_NONE;
    submission->recorded = submission->replayed = true;
    return true;
}

/* True if the key was used before; the submission then has its answer. */
static bool is_repeated(struct group *group, struct submission *submission,
                        const struct working *working)
{
    if (working->idempotency == NULL || !slot_exists(working->idempotency))
        return false;
    const struct idempotency_row *key = working->idempotency->row;
    if (key->expires_at != 0 && key->expires_at <= submission->act.at)
        return false;
    struct text request = {(const char *)submission->request.bytes, DIGEST_BYTES};
    if (!text_equal(key->request, request)) {
        problem_set(&submission->problem, PROBLEM_IDEMPOTENCY_MISMATCH, "%.*s",
                    TEXT_ARG(submission->idempotency_key));
        return true;
    }
    if (!answer_again(group, submission, key, &submission->problem))
        submission->accepted = false;
    return true;
}

static bool needs_fit(const struct submission *submission, const struct working *working,
                      struct problem *problem)
{
    const struct act_type *type = submission->act.type;
    for (size_t i = 0; i < type->need_count; i++) {
        bool exists = slot_exists(working->decision.rows[i]);
        if (type->needs[i].mode == NEED_PRESENT && !exists)
            return problem_set(problem, PROBLEM_NOT_FOUND, "no such %s", type->needs[i].what);
        if (type->needs[i].mode == NEED_ABSENT && exists)
            return problem_set(problem, PROBLEM_ALREADY_EXISTS, "%s", type->needs[i].what);
    }
    if (type->need_count == 0)
        return true;
    const struct row_slot *subject = working->decision.rows[0];
    if (type->is_party != NULL && !type->is_party(&submission->act, subject->row))
        return problem_set(problem, PROBLEM_NOT_FOUND, "no such %s", type->needs[0].what);
    if (submission->if_match == 0)
        return true;
    const struct column *version = subject->table->version;
    int64_t now = version == NULL ? 0 : row_int(version, subject->row);
    if (now != submission->if_match)
        return problem_set(problem, PROBLEM_PRECONDITION_FAILED, "its version is %lld now",
                           (long long)now);
    return true;
}

bool log_node_of(unsigned level, uint64_t index, const struct digest *hash,
                 struct log_node_row *node)
{
    if (level == 0 || level % TILE_HEIGHT != 0)
        return false;
    *node = (struct log_node_row){.level = level / TILE_HEIGHT,
                                  .position = (int64_t)index,
                                  .hash = {(const char *)hash->bytes, DIGEST_BYTES}};
    return true;
}

static void keep_node(void *context, unsigned level, uint64_t index, const struct digest *hash)
{
    struct group *group = context;
    struct log_node_row node;
    if (!log_node_of(level, index, hash, &node))
        return;
    node.hash = arena_text(group->arena, node.hash);
    group_make(group, &log_nodes_table, &node);
}

/* Its place in the log, or LOG_INDEX_NONE where the sequencer gives places. */
static int64_t append_entry(struct group *group, const struct act *act, struct text entry)
{
    entry = arena_text(group->arena, entry);
    if (group->kernel->is_shared) {
        const struct log_queue_row row = {.org = act->org, .seq = act->seq, .entry = entry};
        group_make(group, &log_queue_table, &row);
        return LOG_INDEX_NONE;
    }
    const struct log_entry_row row = {
        .org = act->org, .seq = act->seq, .position = (int64_t)group->tree.size, .entry = entry};
    struct digest leaf = merkle_leaf(entry);
    group_make(group, &log_entries_table, &row);
    merkle_append_telling(&group->tree, &leaf, keep_node, group);
    return row.position;
}

static struct text salt_of(struct group *group, const struct submission *submission)
{
    if (submission->replay != NULL)
        return submission->replay->salt;
    if (group->salt_count == 0) {
        group->salt_count = SALTS_AT_ONCE;
        group->salts = arena_take(group->arena, (size_t)SALTS_AT_ONCE * SALT_BYTES);
        random_bytes(group->salts, (size_t)SALTS_AT_ONCE * SALT_BYTES);
    }
    const uint8_t *salt = group->salts + --group->salt_count * SALT_BYTES;
    return (struct text){(const char *)salt, SALT_BYTES};
}

static bool is_denial(const struct problem *problem)
{
    return problem_kind(problem->code)->status == 403;
}

/* Writes the act, its log entry and the key it came with. REFUSAL: why, or NULL. */
static void record_act(struct group *group, struct submission *submission,
                       const struct working *working, const struct problem *refusal)
{
    struct act *act = &submission->act;
    struct buffer record;
    buffer_init(&record);
    record_write(&record, act, refusal);
    const struct act_row row = {
        .org = act->org,
        .seq = act->seq,
        .id = act->id,
        .subject = act->subject,
        .type = text_of(act->type->name),
        .salt = salt_of(group, submission),
        .record = arena_text(group->arena, buffer_view(&record)),
        .address = act->from,
        .device = act->device,
        .changes = refusal != NULL ? TEXT_NONE : changes_of(&working->decision, group->arena)};
    buffer_done(&record);
    submission->recorded = true;
    struct digest commitment = ledger_entry(row.salt, row.record);
    group_make(group, &acts_table, &row);
    submission->log_index = append_entry(
        group, act,
        submission->entry.length > 0 ? submission->entry
                                     : (struct text){(const char *)commitment.bytes, DIGEST_BYTES});
    ((struct feed_row *)working->feed->row)->last_seq = act->seq;
    working->feed->changed = true;
    /* Who was not allowed may come again, allowed. */
    if (working->idempotency == NULL || (refusal != NULL && is_denial(refusal)))
        return;
    struct idempotency_row *key = working->idempotency->row;
    key->request = (struct text){(const char *)submission->request.bytes, DIGEST_BYTES};
    key->act_org = act->org;
    key->seq = act->seq;
    key->expires_at = act->type->flags & ACT_MOVES_MONEY
                          ? 0
                          : act->at + group->kernel->options.idempotency_keep_us;
    working->idempotency->changed = true;
}

static bool tell_applies(const struct act *act, const struct tell *tell)
{
    return tell->deadline == TELL_ANYWAY || act->deadlines[tell->deadline] != 0;
}

static void tell(struct group *group, const struct act *act)
{
    for (size_t i = 0; i < act->type->tell_count; i++) {
        const struct tell *tell = &act->type->tells[i];
        if (!tell_applies(act, tell) ||
            !catalogue_shows(group->kernel->options.catalogue, act_prefix(act),
                             audience_role(tell->audience)))
            continue;
        const struct notice_row notice = {.org = act->org,
                                          .act = act->id,
                                          .audience = (int64_t)tell->audience,
                                          .subject = act->subject,
                                          .type = text_of(act->type->name),
                                          .told_at = act->at,
                                          .due_at = tell->audience == AUDIENCE_PERSON
                                                        ? TIME_LATEST
                                                        : act->deadlines[tell->deadline],
                                          .version = act->seq,
                                          .prefix = text_of(act_prefix(act))};
        group_make(group, &notices_table, &notice);
    }
}

static void stamp_versions(const struct act *act, const struct decision *decision)
{
    for (size_t i = 0; i < NEEDS_MAX; i++) {
        const struct row_slot *slot = decision->rows[i];
        if (decision->touched[i] && slot->table->version != NULL)
            memcpy((char *)slot->row + slot->table->version->offset, &act->seq, sizeof act->seq);
    }
}

static bool is_refusal(const struct problem *problem)
{
    return problem_kind(problem->code)->status == 409 || is_denial(problem);
}

/* A refused act sets no deadline. */
static void waive_deadlines(struct act *act, unsigned waived)
{
    for (unsigned i = 0; i < DEADLINES_MAX; i++)
        if (waived >> i & 1)
            act->deadlines[i] = 0;
}

static bool is_untouched(const struct decision *decision)
{
    for (size_t i = 0; i < NEEDS_MAX; i++)
        if (decision->touched[i])
            return false;
    return true;
}

static bool is_authorized(struct group *group, const struct working *working,
                          struct problem *problem)
{
    struct decision authority = working->authority;
    struct text terms = TEXT_NONE;
    if (!working->is_ruled)
        return true;
    if (authority.act->signature != NULL) {
        struct buffer text;
        buffer_init(&text);
        act_terms(&working->decision, &text);
        terms = arena_text(group->arena, buffer_view(&text));
        buffer_done(&text);
    }
    bool admitted = group->kernel->options.catalogue->authority->admit(&authority, terms, problem);
    MUST(is_untouched(&authority));
    return admitted;
}

static void accept(struct group *group, struct submission *submission, struct working *working)
{
    submission->accepted = true;
    if (working->is_ruled)
        group->kernel->options.catalogue->authority->note(&working->authority);
    waive_deadlines(&submission->act, working->decision.waived);
    record_act(group, submission, working, NULL);
    stamp_versions(&submission->act, &working->decision);
    stamp_versions(&submission->act, &working->authority);
    tell(group, &submission->act);
}

static void decide_act(struct group *group, struct submission *submission, struct working *working)
{
    struct act *act = &submission->act;
    struct problem *problem = &submission->problem;
    int64_t seq = ((struct feed_row *)working->feed->row)->last_seq + 1;
    if (submission->replay != NULL && act->seq != seq) {
        problem_set(problem, PROBLEM_STATE_DIFFERS, "seq %lld is recorded where %lld must come",
                    (long long)act->seq, (long long)seq);
        return;
    }
    act->seq = seq;
    if (is_repeated(group, submission, working))
        return;
    if (needs_fit(submission, working, problem) && is_authorized(group, working, problem) &&
        act->type->decide(&working->decision, problem)) {
        accept(group, submission, working);
        return;
    }
    MUST(is_untouched(&working->decision)); /* who refuses changes nothing */
    problem->extension = arena_text(submission->arena, problem->extension);
    waive_deadlines(act, ~0U);
    if (is_refusal(problem) && !(act->type->flags & ACT_QUIET))
        record_act(group, submission, working, problem);
}

/* Once for all attempts. */
static void admit(struct kernel *kernel, struct submission *submission)
{
    struct act *act = &submission->act;
    if (submission->replay != NULL)
        return; /* time, id and deadlines are those of its record */
    if (act->at == 0)
        act->at = time_now();
    if (act->type->flags & ACT_NEW_ORG)
        act->org = org_random();
    act->id = id_new(act->org);
    if (act->type->subject == SUBJECT_NEW && id_is_zero(act->subject))
        act->subject = act->id;
    for (size_t i = 0; i < act->type->deadline_count; i++) {
        int64_t span;
        memcpy(&span, (const char *)&kernel->options.rules + act->type->deadlines[i].rule,
               sizeof span);
        act->deadlines[i] = act->at + span;
    }
}

static size_t count_acts(const struct submission *acts)
{
    size_t count = 0;
    for (; acts != NULL; acts = acts->next)
        count++;
    return count;
}

static void name_leases(struct group *group, struct saving *savings)
{
    for (; savings != NULL; savings = savings->next) {
        if (savings->lease == LEASE_NONE || group->kernel->leases == NULL)
            continue;
        const struct lease_row key = lease_key(savings->lease);
        savings->lease_slot = group_slot(group, &leases_table, &key, false);
    }
}

/* Rows under a lease that was lost meanwhile are not saved; all else of the group is. */
static void confirm_leases(struct group *group, struct saving *savings)
{
    for (; savings != NULL; savings = savings->next)
        savings->saved =
            savings->lease_slot == NULL || lease_confirm(group->kernel->leases, savings->lease,
                                                         savings->lease_slot, &savings->problem);
}

static bool group_decide(struct group *group, struct submission *acts, struct saving *savings,
                         struct problem *problem)
{
    struct working *working = arena_array(group->arena, count_acts(acts) + 1, sizeof *working);
    size_t at = 0;
    for (struct submission *each = acts; each != NULL; each = each->next)
        name_rows(group, each, &working[at++]);
    name_leases(group, savings);
    if (!load_rows(group, problem))
        return false;
    confirm_leases(group, savings);
    at = 0;
    for (struct submission *each = acts; each != NULL; each = each->next)
        decide_act(group, each, &working[at++]);
    return true;
}

static bool save_rows(struct group *group, struct saving *savings, struct problem *problem)
{
    if (!writer_save(group->store, group->save, group->row_count, problem))
        return false;
    for (; savings != NULL; savings = savings->next)
        if (savings->saved && !writer_save(group->store, savings->slots, savings->count, problem))
            return false;
    return true;
}

/* Before the commit the finisher hears of the acts: it may meet their entries before we go on. */
static bool group_commit(struct group *group, struct submission *acts, struct problem *problem)
{
    if (!group->kernel->is_shared)
        return writer_commit(group->store, problem);
    unlogged_add(group->kernel, acts);
    if (writer_commit(group->store, problem))
        return true;
    unlogged_remove(group->kernel, acts);
    return false;
}

static bool group_store(struct group *group, struct submission *acts, struct saving *savings,
                        struct problem *problem)
{
    if (!writer_begin(group->store, problem))
        return false;
    if (!group_decide(group, acts, savings, problem) || !save_rows(group, savings, problem)) {
        writer_rollback(group->store);
        return false;
    }
    return group_commit(group, acts, problem);
}

static void fail_all(struct submission *acts, struct saving *savings, const struct problem *problem)
{
    for (; acts != NULL; acts = acts->next) {
        acts->accepted = acts->recorded = acts->replayed = false;
        acts->problem = *problem;
    }
    for (; savings != NULL; savings = savings->next) {
        savings->saved = false;
        savings->problem = *problem;
    }
}

/* What was decided about an act, or that it was admitted and nothing yet. */
struct outcome {
    struct act act;
    bool accepted, recorded, replayed;
    struct problem problem;
    int64_t log_index;
};

/* Of all acts of a group; memory is the writer's. */
static struct outcome *keep_outcomes(struct arena *arena, const struct submission *acts)
{
    struct outcome *outcomes = arena_array(arena, count_acts(acts) + 1, sizeof *outcomes);
    for (size_t i = 0; acts != NULL; acts = acts->next)
        outcomes[i++] = (struct outcome){acts->act,      acts->accepted, acts->recorded,
                                         acts->replayed, acts->problem,  acts->log_index};
    return outcomes;
}

static void set_outcomes(struct submission *acts, const struct outcome *outcomes)
{
    for (; acts != NULL; acts = acts->next, outcomes++) {
        acts->act = outcomes->act;
        acts->accepted = outcomes->accepted;
        acts->recorded = outcomes->recorded;
        acts->replayed = outcomes->replayed;
        acts->problem = outcomes->problem;
        acts->log_index = outcomes->log_index;
    }
}

/* --- what became of a group whose commit's answer was lost --- */

/* Is the row as the group wanted it? */
static bool row_is_there(struct group *group, const struct row_slot *wanted, bool *there,
                         struct problem *problem)
{
    void *row = arena_take(group->arena, wanted->table->row_bytes);
    memcpy(row, wanted->row, wanted->table->row_bytes);
    struct row_slot slot = {.table = wanted->table, .row = row};
    if (!writer_load(group->store, &(struct row_slot *){&slot}, 1, group->arena, problem))
        return false;
    *there = wanted->removed ? !slot.found : slot.found && row_equal(slot.table, row, wanted->row);
    return true;
}

/* The last act that it recorded: nobody else can have made that row, so it tells for all. */
static const struct row_slot *telling_act(const struct group *group)
{
    for (size_t i = group->row_count; i-- > 0;)
        if (group->save[i]->table == &acts_table && group->save[i]->changed)
            return group->save[i];
    return NULL;
}

/* Waits for the end of what the old connection left behind: it holds the feed that it changed. */
static bool wait_for_feed(struct group *group, int64_t org, struct problem *problem)
{
    struct feed_row row = {.org = org};
    struct row_slot slot = {.table = &feeds_table, .row = &row};
    return writer_load(group->store, &(struct row_slot *){&slot}, 1, group->arena, problem);
}

static bool look_for_group(struct group *group, const struct saving *savings, bool *there,
                           struct problem *problem)
{
    const struct row_slot *act = telling_act(group);
    if (act != NULL)
        return wait_for_feed(group, ((const struct act_row *)act->row)->org, problem) &&
               row_is_there(group, act, there, problem);
    *there = true;
    for (; savings != NULL && *there; savings = savings->next)
        for (size_t i = 0; savings->saved && i < savings->count && *there; i++)
            if (!row_is_there(group, savings->slots[i], there, problem))
                return false;
    return true;
}

/* *COMMITTED: was it? False if that cannot be found out for now. */
static bool group_settle(struct group *group, const struct saving *savings, bool *committed,
                         struct problem *problem)
{
    struct problem again = *problem;
    int64_t until = time_monotonic() + SETTLE_US;
    do {
        if (writer_begin(group->store, &again)) {
            bool looked = look_for_group(group, savings, committed, &again);
            writer_rollback(group->store);
            if (looked)
                return true;
        }
        usleep(SETTLE_EVERY_US);
    } while (group->kernel->is_shared && time_monotonic() < until);
    return problem_set(problem, PROBLEM_OUTCOME_UNCERTAIN,
                       "the commit's answer was lost, and then: %.200s", again.detail);
}

/* Once for all attempts. */
static void admit_all(struct kernel *kernel, struct submission *acts)
{
    for (; acts != NULL; acts = acts->next)
        admit(kernel, acts);
}

static bool may_run_again(const struct problem *problem)
{
    return problem->code == PROBLEM_STORE_CONFLICT || problem->code == PROBLEM_STORE_AWAY ||
           problem->code == PROBLEM_OUTCOME_UNCERTAIN;
}

/*
 * Runs the group until nothing is in its way. An attempt whose commit's answer was lost is looked
 * up before each further one, and never repeated blindly.
 */
static bool group_attempt(struct group_writer *writer, struct submission *acts,
                          struct saving *savings, struct problem *problem)
{
    struct kernel *kernel = writer->kernel;
    struct group lost = {.kernel = kernel};
    const struct outcome *lost_outcomes = NULL;
    admit_all(kernel, acts);
    const struct outcome *admitted = keep_outcomes(writer->arena, acts);
    unsigned wait = ATTEMPT_AFTER_US;
    for (int attempt = 1;; attempt++, wait *= 2) {
        bool committed = false;
        struct group group = {.kernel = kernel, .store = writer->store, .arena = writer->arena};
        if (!kernel->is_shared)
            group.tree = kernel->tree;
        if (group_store(&group, acts, savings, problem)) {
            if (!kernel->is_shared)
                kernel->tree = group.tree;
            return true;
        }
        if (!may_run_again(problem) || attempt == ATTEMPTS) {
            if (lost_outcomes != NULL)
                problem->code = PROBLEM_OUTCOME_UNCERTAIN;
            return false;
        }
        if (problem->code == PROBLEM_OUTCOME_UNCERTAIN) {
            lost = group;
            lost_outcomes = keep_outcomes(writer->arena, acts);
        }
        log_problem(LOG_INFO, "group.again", problem);
        if (lost_outcomes != NULL && !group_settle(&lost, savings, &committed, problem))
            return false;
        if (committed) {
            set_outcomes(acts, lost_outcomes);
            return true;
        }
        set_outcomes(acts, admitted);
        usleep(wait);
    }
}

void group_run(struct group_writer *writer, struct submission *acts, struct saving *savings)
{
    struct kernel *kernel = writer->kernel;
    struct problem problem;
    int64_t began = time_monotonic();
    if (!group_attempt(writer, acts, savings, &problem)) {
        log_problem(LOG_ERROR, "store.failed", &problem);
        fail_all(acts, savings, &problem);
        pthread_mutex_lock(&kernel->lock);
        kernel->state.store_fails = true;
        pthread_mutex_unlock(&kernel->lock);
        return;
    }
    pthread_mutex_lock(&kernel->lock);
    kernel->state.store_fails = false;
    kernel->state.groups++;
    kernel->state.last_commit_us = time_monotonic() - began;
    for (; acts != NULL; acts = acts->next) {
        kernel->state.accepted += acts->accepted && !acts->replayed;
        kernel->state.refused += acts->recorded && !acts->accepted && !acts->replayed;
        kernel->state.replayed += acts->replayed;
    }
    pthread_mutex_unlock(&kernel->lock);
}
