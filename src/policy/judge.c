#include <stdlib.h>
#include <string.h>

#include "policy/array.h"
#include "policy/conversation.h"
#include "policy/letters.h"
#include "policy/phrase_read.h"
#include "policy/worker.h"

/*
 * One message: fold, look at its shape, scan, match, confirm, weigh. Every step is bounded by the
 * message's length or by a constant here; what is more is held for a moderator (`exhausted`).
 */

#define PLACES_MAX 8    /* of one phrase that are shown */
#define AMOUNT_SIGN 4   /* bytes of an amount before its digits: "us$ " */
#define AMOUNT_BYTES 48 /* and from them on, see phrase_read.c */
#define CONFIRM_BYTES_BASE                                                                         \
    65536 /* looked at again to confirm, beside 16 for each byte of the message */
#define CONFIRM_BYTES_EACH 16
#define EXCEPT_REACH 200 /* bytes around a hit where an exception may begin or end */
#define DIGITS_TO_SCAN 3 /* "8-8OO-OOO-I5" has few */
#define PIECE_DIGITS 2
#define ONEWORD_MAX 64      /* bytes */
#define KNOWN_BYTES_MAX 128 /* of an id that is known */
#define FOLD_GROWTH 4

struct policy_worker *policy_worker_new(struct policy *policy)
{
    struct policy_worker *worker = array_new(1, sizeof *worker);
    worker->policy = policy_share(policy);
    const struct matcher *const matchers[] = {policy->index->always, policy->index->gated};
    worker->scratch = matcher_scratch_new(matchers, COUNT_OF(matchers));
    worker->exact_work = exact_work_new();
    parts_init(&worker->parts, policy->index);
    worker->wording = policy->wording != NULL ? wording_reader_new(policy->wording) : NULL;
    worker->asked = array_new(policy->scanner_signal_counts[SCANNER_WORDING], sizeof(struct asked));
    worker->likely = array_new(policy->index->phrase_count, sizeof(struct likely));
    worker->signals = array_new(policy->signal_count, sizeof(struct tally));
    worker->companions = array_new(policy->block_count, sizeof(struct tally));
    worker->rules = array_new(policy->rule_count, sizeof(struct rule_points));
    buffer_init(&worker->known.bytes);
    return worker;
}

void policy_worker_free(struct policy_worker *worker)
{
    if (worker == NULL)
        return;
    folded_done(&worker->folded);
    folded_done(&worker->folded_known);
    shape_done(&worker->shape);
    buffer_done(&worker->known.bytes);
    matcher_scratch_free(worker->scratch);
    exact_work_free(worker->exact_work);
    parts_done(&worker->parts);
    wording_reader_free(worker->wording);
    free(worker->asked);
    free(worker->likely);
    free(worker->signals);
    free(worker->companions);
    free(worker->rules);
    policy_free(worker->policy);
    free(worker);
}

struct policy *policy_worker_policy(const struct policy_worker *worker)
{
    return worker->policy;
}

/* --- what is asked of a hit --- */

/* An exact expression within PLACE, on bytes that are paid for. */
static bool find(struct policy_worker *worker, struct exact *exact, struct place place,
                 size_t *start, size_t *end)
{
    if (place.start >= place.end || place.start > place.latest)
        return false;
    size_t cost = place.end - place.start + 16;
    if (worker->confirm_left < cost) {
        worker->verdict.exhausted = true;
        return false;
    }
    worker->confirm_left -= cost;
    worker->verdict.work += cost;
    struct text text = {worker->text.bytes, place.end};
    return exact_find(exact, worker->exact_work, text, place.start, place.latest, start, end);
}

/* The message may have the phrase; PLACE: where it can only be. */
static bool is_likely(struct policy_worker *worker, const struct index_phrase *phrase,
                      struct place *place)
{
    return (phrase->scripts & ~worker->scripts) == 0 &&
           parts_may_have(&worker->parts, phrase, worker->text.length, place);
}

/* Does this phrase stand within WITHIN, and overlap OVER? */
static bool stands(struct policy_worker *worker, size_t number, struct place within,
                   struct place over)
{
    const struct index_phrase *parts = &worker->policy->index->phrases[number];
    struct exact *exact = worker->policy->phrases[number].exact;
    struct place place, found;
    if (!is_likely(worker, parts, &place))
        return false;
    if (exact == NULL)
        return parts_stands(&worker->parts, parts->parts[0], within, over);
    place.start = place.start > within.start ? place.start : within.start;
    place.end = place.end < within.end ? place.end : within.end;
    while (find(worker, exact, place, &found.start, &found.end)) {
        if (place_overlaps(found, over))
            return true;
        place.start = found.start + 1;
    }
    return false;
}

static bool any_stands(struct policy_worker *worker, const struct phrase_ids *list,
                       struct place within, struct place over)
{
    for (size_t i = 0; i < list->count; i++)
        if (stands(worker, list->ids[i], within, over))
            return true;
    return false;
}

static bool is_excepted(struct policy_worker *worker, const struct block *block, struct place hit)
{
    struct place within = {hit.start > EXCEPT_REACH ? hit.start - EXCEPT_REACH : 0,
                           hit.end + EXCEPT_REACH, worker->text.length};
    within.end = within.end < worker->text.length ? within.end : worker->text.length;
    return any_stands(worker, &block->except, within, hit);
}

static bool is_prevented(struct policy_worker *worker, const struct block *block, struct place hit)
{
    const unsigned char *bytes = worker->folded.bytes;
    while (hit.start > 0 && !ends_sentence(bytes, hit.start - 1))
        hit.start--;
    while (hit.end < worker->text.length && !ends_sentence(bytes, hit.end))
        hit.end++;
    return any_stands(worker, &block->unless, hit, hit);
}

static bool is_accompanied(struct policy_worker *worker, size_t index)
{
    struct tally *known = &worker->companions[index];
    const struct place whole = {0, worker->text.length, worker->text.length};
    if (known->epoch != worker->epoch) {
        known->epoch = worker->epoch;
        known->count =
            any_stands(worker, &worker->policy->blocks[index].with, whole, whole) ? 1 : 2;
    }
    return known->count == 1;
}

static void consider(struct policy_worker *worker, size_t index, size_t start, size_t end)
{
    const struct signal *signal = &worker->policy->signals[index];
    const struct block *block = &worker->policy->blocks[signal->block];
    const struct place place = {start, end, start};
    if (!signal_holds(worker, signal, &place) ||
        (block->except.count > 0 && is_excepted(worker, block, place)) ||
        (block->unless.count > 0 && is_prevented(worker, block, place)) ||
        (block->with.count > 0 && !is_accompanied(worker, signal->block)))
        return;
    bool first = worker->signals[index].epoch != worker->epoch;
    points_add(worker, index, signal);
    if (worker->marked_count >= MARKED_MAX) {
        /* That many places are enough to show, but what has its points must show one. */
        worker->verdict.exhausted = worker->verdict.exhausted || first;
        return;
    }
    worker->marked[worker->marked_count++] =
        (struct marked){block->rule, signal->block, (uint32_t)start, (uint32_t)end, signal->points};
}

static void consider_scanner(struct policy_worker *worker, enum scanner scanner, size_t start,
                             size_t end, struct text list)
{
    const struct policy *policy = worker->policy;
    for (size_t i = 0; i < policy->scanner_signal_counts[scanner]; i++) {
        size_t index = policy->scanner_signals[scanner][i];
        struct text wanted = policy->signals[index].argument;
        bool free = scanner == SCANNER_LINK && (text_is(list, "own") || text_is(list, "allowed"));
        if (wanted.length > 0 ? text_equal(wanted, list) : !free)
            consider(worker, index, start, end);
    }
}

/* --- matching --- */

/* Numbers and addresses that are told in words. */
static void scan_words(struct policy_worker *worker)
{
    worker->verdict.work += scan_spelled(&worker->folded, worker->told_words, worker->told_count,
                                         worker->shape.digits, &worker->candidates);
    worker->verdict.work += scan_worded(worker->policy, &worker->folded, worker->told_words,
                                        worker->told_count, &worker->candidates);
    worker->told_count = 0;
}

static void note_told(struct policy_worker *worker, size_t number, size_t start, size_t end,
                      unsigned edges)
{
    const struct builtin_word *word = &builtin_words[number];
    if (word->kind >= WORD_AT && edges != (EDGE_LEFT | EDGE_RIGHT))
        return;
    if (worker->told_count == TOLD_WORDS_MAX)
        /* what was found so far is judged; what goes over this border is not seen whole */
        scan_words(worker);
    worker->told_words[worker->told_count++] =
        (struct told_word){(uint32_t)start, (uint32_t)end, word->kind, word->value, false};
}

/* A text that Vectorscan found, perhaps within a word. */
static bool note_text(void *context, size_t number, size_t end)
{
    struct policy_worker *worker = context;
    const struct index_text *text = &worker->policy->index->texts[number];
    const struct shape *shape = &worker->shape;
    size_t start = end - text->length;
    unsigned edges = (shape_is_edge(shape, start) ? EDGE_LEFT : 0u) |
                     (shape_is_edge(shape, end) ? EDGE_RIGHT : 0u);
    if (text->told > 0)
        note_told(worker, text->told - 1, start, end, edges);
    parts_add_text(&worker->parts, (uint32_t)number, start, end, edges);
    return true;
}

static void note_word(struct policy_worker *worker, size_t start, size_t end)
{
    uint32_t text = index_word(worker->policy->index, worker->folded.bytes, start, end);
    if (text != UINT32_MAX)
        parts_add_text(&worker->parts, text, start, end, EDGE_LEFT | EDGE_RIGHT);
}

/* Words begin and end where the bits of the shape change. */
static void note_words(struct policy_worker *worker)
{
    const struct shape *shape = &worker->shape;
    uint64_t before = 0;
    size_t start = 0;
    bool within = false;
    for (size_t block = 0; block < shape->block_count; block++) {
        uint64_t word = shape->blocks[block].words, changes = word ^ (word << 1 | before);
        before = word >> 63;
        for (; changes != 0; changes &= changes - 1) {
            size_t at = 64 * block + (size_t)__builtin_ctzll(changes);
            if (within)
                note_word(worker, start, at);
            start = at;
            within = !within;
        }
    }
    if (within)
        note_word(worker, start, worker->folded.length);
}

/* What a signal's conditions ask of the message as a whole; if they hold, its points are possible.
 */
static bool may_count(struct policy_worker *worker, size_t index)
{
    const struct signal *signal = &worker->policy->signals[index];
    const struct block *block = &worker->policy->blocks[signal->block];
    if (!signal_holds(worker, signal, NULL))
        return false;
    struct rule_points *points = points_of(worker, block->rule);
    points->possible.tongues[block->tongue] += signal->points;
    points->may_scan = points->may_scan || signal->scanner != SCANNER_PHRASE;
    return true;
}

static void expect_scanner(struct policy_worker *worker, enum scanner scanner)
{
    for (size_t i = 0; i < worker->policy->scanner_signal_counts[scanner]; i++)
        (void)may_count(worker, worker->policy->scanner_signals[scanner][i]);
}

static void consider_phrase(struct policy_worker *worker, const struct phrase *phrase, size_t start,
                            size_t end)
{
    if (phrase->scanner == SCANNER_PHRASE)
        consider(worker, phrase->signal, start, end);
    else
        candidate_add(&worker->candidates, phrase->scanner, start, end, TEXT_NONE);
}

static void take_text(struct policy_worker *worker, const struct phrase *phrase, uint32_t part)
{
    struct place places[PLACES_MAX];
    size_t count = parts_places(&worker->parts, part, places, PLACES_MAX);
    for (size_t i = 0; i < count; i++)
        consider_phrase(worker, phrase, places[i].start, places[i].end);
}

/* Looks for the phrase where it can be, once or more. */
static void confirm(struct policy_worker *worker, const struct phrase *phrase, struct place place)
{
    size_t start, end;
    while (place.start < place.end && (worker->text.bytes[place.start] & 0xC0) == 0x80)
        place.start++;
    for (size_t i = 0; i < PLACES_MAX; i++) {
        if (!find(worker, phrase->exact, place, &start, &end))
            return;
        consider_phrase(worker, phrase, start, end);
        place.start = end;
    }
}

static void look_for(struct policy_worker *worker, uint32_t id, struct place place)
{
    const struct phrase *phrase = &worker->policy->phrases[id];
    const struct index_phrase *parts = &worker->policy->index->phrases[id];
    if (phrase->exact == NULL)
        take_text(worker, phrase, parts->parts[0]);
    else
        confirm(worker, phrase, place);
}

/* The amount that has the digits from START on, if it is one; where it ends, or START. */
static size_t note_amount(struct policy_worker *worker, size_t start)
{
    size_t length = worker->text.length, found, end;
    struct place place = {start > AMOUNT_SIGN ? start - AMOUNT_SIGN : 0, start + AMOUNT_BYTES,
                          start};
    place.end = place.end < length ? place.end : length;
    if (!phrase_may_be_amount(&worker->folded, start, &worker->verdict.work) ||
        !find(worker, worker->policy->money, place, &found, &end))
        return start;
    parts_add_kind(&worker->parts, ATOM_MONEY, found, end);
    return end;
}

static void note_digits(struct policy_worker *worker)
{
    const unsigned char *bytes = worker->folded.bytes;
    const gate_set *gates = worker->policy->index->kind_gates, open = worker->circumstances.open;
    /* Amounts up to here were seen, or are of no interest. */
    size_t passed = (gates[ATOM_MONEY] & open) != 0 ? 0 : SIZE_MAX;
    for (size_t at = shape_next_digit(&worker->shape, 0); at < worker->folded.length;
         at = shape_next_digit(&worker->shape, at)) {
        size_t start = at;
        while (is_digit(bytes[at]))
            at++;
        parts_add_kind(&worker->parts, ATOM_DIGITS, start, at);
        if (start >= passed)
            passed = note_amount(worker, start);
    }
}

/* The phrases that wait for PART: those of scanners are looked for, the others are kept. */
static void gather(struct policy_worker *worker, uint32_t number)
{
    const struct policy *policy = worker->policy;
    const struct index *index = policy->index;
    const struct index_part *part = &index->parts[number];
    worker->verdict.work += part->phrase_count;
    for (uint32_t i = 0; i < part->phrase_count; i++) {
        uint32_t id = index->anchored[part->phrase_first + i];
        const struct phrase *phrase = &policy->phrases[id];
        struct place place;
        if ((index->phrases[id].gates & worker->circumstances.open) == 0 ||
            !is_likely(worker, &index->phrases[id], &place))
            continue;
        if (phrase->scanner != SCANNER_PHRASE)
            look_for(worker, id, place);
        else if (may_count(worker, phrase->signal))
            worker->likely[worker->likely_count++] = (struct likely){id, place};
    }
}

/* What scanners may give, before it is known what it is worth. */
static void expect_scanners(struct policy_worker *worker)
{
    bool found[SCANNERS] = {
        [SCANNER_PIECES] = true, [SCANNER_ONEWORD] = true, [SCANNER_MESSAGE] = true};
    for (size_t i = 0; i < worker->candidates.count; i++)
        found[worker->candidates.all[i].scanner] = true;
    for (enum scanner i = SCANNER_PHRASE + 1; i < SCANNERS; i++)
        if (found[i])
            expect_scanner(worker, i);
}

/*
 * Of the likely phrases, those whose rule can still come to the points with which it speaks; what
 * is not there takes its points from what is possible.
 */
static void confirm_likely(struct policy_worker *worker)
{
    const struct policy *policy = worker->policy;
    expect_scanners(worker);
    for (size_t i = 0; i < worker->likely_count; i++) {
        const struct likely *likely = &worker->likely[i];
        size_t index = policy->phrases[likely->phrase].signal;
        const struct block *block = &policy->blocks[policy->signals[index].block];
        struct rule_points *points = &worker->rules[block->rule];
        if (!points_speak(points, &points->possible))
            continue;
        look_for(worker, likely->phrase, likely->place);
        if (worker->signals[index].epoch != worker->epoch)
            points->possible.tongues[block->tongue] -= policy->signals[index].points;
    }
}

static void match(struct policy_worker *worker)
{
    const struct index *index = worker->policy->index;
    worker->told_count = worker->likely_count = 0;
    parts_begin(&worker->parts, worker->circumstances.open);
    if (worker->shape.digits > 0)
        note_digits(worker);
    note_words(worker);
    matcher_scan(index->always, worker->scratch, worker->text, note_text, worker);
    worker->verdict.work += worker->text.length;
    if (worker->circumstances.open != GATE_ALWAYS) {
        matcher_scan(index->gated, worker->scratch, worker->text, note_text, worker);
        worker->verdict.work += worker->text.length;
    }
    for (size_t i = 0; i < worker->parts.anchor_count; i++)
        gather(worker, worker->parts.anchors[i]);
}

/* --- scanning --- */

/* A link or a nickname within a mail address is a part of it; so are digits within a link. */
static bool is_swallowed(const struct candidates *candidates, const struct candidate *candidate)
{
    enum scanner by = candidate->scanner == SCANNER_LINK || candidate->scanner == SCANNER_HANDLE
                          ? SCANNER_EMAIL
                      : candidate->scanner == SCANNER_PHONE ? SCANNER_LINK
                                                            : SCANNER_PHRASE;
    for (size_t i = 0; by != SCANNER_PHRASE && i < candidates->count; i++) {
        const struct candidate *other = &candidates->all[i];
        if (other->scanner == by && other->start < candidate->end && candidate->start < other->end)
            return true;
    }
    return false;
}

/* Letters and digits of the ids that are known, folded. */
static void fold_known(struct policy_worker *worker)
{
    const struct policy_message *message = worker->circumstances.message;
    struct known *known = &worker->known;
    size_t lengths[POLICY_KNOWN_MAX] = {0};
    known->count = 0;
    buffer_clear(&known->bytes);
    for (size_t i = 0; i < message->known_count && known->count < POLICY_KNOWN_MAX; i++) {
        size_t before = known->bytes.length;
        if (message->known[i].length > KNOWN_BYTES_MAX)
            continue;
        fold_text(&worker->folded_known, message->known[i]);
        char plain[KNOWN_BYTES_MAX * FOLD_GROWTH];
        size_t length = 0;
        for (size_t at = 0; at < worker->folded_known.length && length < sizeof plain; at++)
            if (is_word_byte(worker->folded_known.bytes, at))
                plain[length++] = (char)worker->folded_known.bytes[at];
        buffer_add(&known->bytes, plain, length);
        if (known->bytes.length > before)
            lengths[known->count++] = known->bytes.length - before;
    }
    const char *at = known->bytes.bytes;
    for (size_t i = 0; i < known->count; i++) {
        known->all[i] = (struct text){at, lengths[i]};
        at += lengths[i];
    }
}

static void find_candidates(struct policy_worker *worker)
{
    struct candidates *candidates = &worker->candidates;
    if (worker->shape.digits >= DIGITS_TO_SCAN &&
        scan_may_have_numbers(&worker->folded, &worker->shape, &worker->verdict.work)) {
        fold_known(worker);
        worker->verdict.work += scan_numbers(&worker->folded, &worker->known,
                                             worker->circumstances.message->language, candidates);
    }
    if (worker->told_count > 0)
        scan_words(worker);
    if (worker->shape.mark_count > 0)
        worker->verdict.work +=
            scan_addresses(worker->policy, &worker->folded, &worker->shape, candidates);
    worker->verdict.work += scan_masked_links(worker->policy, &worker->folded, candidates);
}

static void consider_candidates(struct policy_worker *worker)
{
    const struct candidates *candidates = &worker->candidates;
    for (size_t i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->all[i];
        if (is_swallowed(candidates, candidate))
            continue;
        consider_scanner(worker, candidate->scanner, candidate->start, candidate->end,
                         candidate->list);
    }
    worker->verdict.exhausted = worker->verdict.exhausted || candidates->crowded;
}

static bool is_known(struct policy_worker *worker, size_t start, size_t end)
{
    fold_known(worker);
    return scan_is_known(&worker->folded, &worker->known, start, end);
}

/* Scanners that look at the whole message. */
static void scan_whole(struct policy_worker *worker)
{
    const struct policy *policy = worker->policy;
    size_t length = worker->folded.length, start = 0;
    while (length > 0 && worker->folded.bytes[length - 1] == ' ')
        length--;
    while (start < length && worker->folded.bytes[start] == ' ')
        start++;
    if (length == start) { /* nothing but signs: an emoji, a dot */
        start = 0;
        length = worker->folded.length;
    }
    if (length == 0)
        return;
    if (policy->scanner_signal_counts[SCANNER_ONEWORD] > 0 && length - start <= ONEWORD_MAX &&
        worker->circumstances.words <= 1 && !is_known(worker, start, length))
        consider_scanner(worker, SCANNER_ONEWORD, start, length, TEXT_NONE);
    if (policy->scanner_signal_counts[SCANNER_MESSAGE] > 0)
        consider_scanner(worker, SCANNER_MESSAGE, start, length, TEXT_NONE);
}

/* --- what is known beside the text --- */

static void follow_offers(struct policy_worker *worker, const struct policy_message *message,
                          struct policy_side *side)
{
    struct circumstances *circumstances = &worker->circumstances;
    int64_t before = message->offer_count > 0 ? message->offers[message->offer_count - 1] : 0;
    circumstances->offers = message->offer_count;
    if (side != NULL && side->offers > 0) {
        circumstances->offers = circumstances->offers > (size_t)side->offers ? circumstances->offers
                                                                             : (size_t)side->offers;
        before = side->last_offer > before ? side->last_offer : before;
    }
    if (worker->shape.digits == 0 || (before == 0 && side == NULL))
        return;
    int64_t amount = conversation_amount(worker->policy, worker->exact_work, &worker->folded);
    worker->verdict.work += worker->folded.length;
    circumstances->rising = before > 0 && amount > before;
    if (side == NULL || amount == 0)
        return;
    side->rising = circumstances->rising;
    side->last_offer = amount;
    side->offers++;
}

static void follow_conversation(struct policy_worker *worker, const struct policy_message *message)
{
    struct circumstances *circumstances = &worker->circumstances;
    struct policy_conversation *conversation = message->conversation;
    struct policy_side *side = NULL;
    if (conversation != NULL && (circumstances->from_seller || circumstances->from_buyer)) {
        side = &conversation->sides[circumstances->from_buyer];
        if (side->messages == 0)
            side->first_after_review =
                message->reviewed && conversation->sides[!circumstances->from_buyer].messages == 0;
        circumstances->after_review = circumstances->after_review || side->first_after_review;
        if (side->unanswered > circumstances->unanswered)
            circumstances->unanswered = side->unanswered;
        side->messages++;
        side->unanswered++;
        conversation->sides[!circumstances->from_buyer].unanswered = 0;
    }
    follow_offers(worker, message, side);
    if (message->writer != NULL) {
        unsigned others = writer_note(message->writer, message->recipient, &worker->folded);
        circumstances->same_text =
            others > circumstances->same_text ? others : circumstances->same_text;
        worker->verdict.work += worker->folded.length;
    }
    worker->side = side;
}

/* A telephone number that is complete with this message; once its words are found. */
static void follow_pieces(struct policy_worker *worker)
{
    bool digits = worker->shape.digits + worker->told_count >= PIECE_DIGITS;
    if (worker->side != NULL && digits &&
        side_add_piece(worker->side, &worker->folded, worker->told_words, worker->told_count) &&
        worker->folded.length > 0)
        consider_scanner(worker, SCANNER_PIECES, 0, worker->folded.length, TEXT_NONE);
}

static void see_circumstances(struct policy_worker *worker, const struct policy_message *message)
{
    worker->circumstances = (struct circumstances){
        .message = message,
        .from_seller = is_from_seller(message),
        .from_buyer = message->from == POLICY_FROM_BUYER,
        .after_review = message->after_review,
        .unanswered = message->unanswered,
        .same_text = message->same_text,
        .words = worker->shape.word_count + (worker->shape.dense_count + 1) / 2,
    };
    follow_conversation(worker, message);
}

/* --- the verdict --- */

static void add_finding(struct policy_worker *worker, const struct marked *marked,
                        struct text original)
{
    struct policy_verdict *verdict = &worker->verdict;
    const struct block *block = &worker->policy->blocks[marked->block];
    struct policy_rule *rule = &worker->policy->rules[marked->rule];
    struct text text = folded_original(&worker->folded, original, marked->start, marked->end);
    size_t start = (size_t)(text.bytes - original.bytes), end = start + text.length;
    for (size_t i = 0; i < verdict->finding_count; i++) {
        struct policy_finding *other = &verdict->findings[i];
        if (other->rule != rule || start > other->end || end < other->start)
            continue;
        other->end = end > other->end ? end : other->end;
        return;
    }
    if (verdict->finding_count == POLICY_FINDINGS_MAX)
        return;
    verdict->findings[verdict->finding_count++] = (struct policy_finding){
        .rule = rule,
        .id = rule->id,
        .version = block->version,
        .mode = worker->rules[marked->rule].mode,
        .points = marked->points,
        .start = start,
        .end = end,
    };
}

static bool comes_behind(const struct marked *marked, const struct marked *other)
{
    if (marked->start != other->start)
        return marked->start > other->start;
    return marked->rule != other->rule ? marked->rule > other->rule : marked->end < other->end;
}

/* By their places, so that what is found does not depend on the order in which it was. */
static void sort_marked(struct policy_worker *worker)
{
    for (size_t i = 1; i < worker->marked_count; i++) {
        struct marked marked = worker->marked[i];
        size_t place = i;
        while (place > 0 && comes_behind(&worker->marked[place - 1], &marked)) {
            worker->marked[place] = worker->marked[place - 1];
            place--;
        }
        worker->marked[place] = marked;
    }
}

static bool has_scanner(const struct policy *policy, size_t rule, enum scanner scanner)
{
    for (size_t i = 0; i < policy->scanner_signal_counts[scanner]; i++)
        if (policy->blocks[policy->signals[policy->scanner_signals[scanner][i]].block].rule == rule)
            return true;
    return false;
}

/* What a rule about links finds within a mail address that is found is a part of it. */
static bool is_part_of_mail(const struct policy_worker *worker, const struct marked *marked)
{
    const struct policy *policy = worker->policy;
    if (!has_scanner(policy, marked->rule, SCANNER_LINK))
        return false;
    for (size_t i = 0; i < worker->marked_count; i++) {
        const struct marked *mail = &worker->marked[i];
        if (mail->start < marked->end && marked->start < mail->end && mail->rule != marked->rule &&
            points_speak(&worker->rules[mail->rule], &worker->rules[mail->rule].enforced) &&
            has_scanner(policy, mail->rule, SCANNER_EMAIL))
            return true;
    }
    return false;
}

/* Rules that have their points speak; counted once a message. */
static void weigh(struct policy_worker *worker, struct text original)
{
    struct policy_verdict *verdict = &worker->verdict;
    mark_wordings(worker);
    sort_marked(worker);
    for (size_t i = 0; i < worker->marked_count; i++) {
        const struct marked *marked = &worker->marked[i];
        struct rule_points *points = &worker->rules[marked->rule];
        struct policy_rule *rule = &worker->policy->rules[marked->rule];
        if (!points_speak(points, &points->all) || is_part_of_mail(worker, marked))
            continue;
        if (!points_speak(points, &points->enforced))
            points->mode = POLICY_SHADOW;
        bool first = true;
        for (size_t j = 0; j < i; j++)
            first = first && worker->marked[j].rule != marked->rule;
        if (first && points->mode == POLICY_SHADOW)
            atomic_fetch_add_explicit(&rule->shadowed, 1, memory_order_relaxed);
        if (first && points->mode != POLICY_SHADOW) {
            atomic_fetch_add_explicit(&rule->spoken, 1, memory_order_relaxed);
            verdict->score += points_total(points, &points->enforced);
        }
        verdict->verdict = points->mode > verdict->verdict ? points->mode : verdict->verdict;
        add_finding(worker, marked, original);
    }
    if (verdict->exhausted && verdict->verdict < POLICY_HOLD)
        verdict->verdict = POLICY_HOLD;
}

static unsigned scripts_of(const struct policy_worker *worker)
{
    const struct shape *shape = &worker->shape;
    bool kana = shape->dense && has_kana(worker->folded.bytes, worker->folded.length);
    return (shape->latin ? SCRIPT_LATIN : 0u) | (shape->pairs ? SCRIPT_PAIRS : 0u) |
           (shape->dense ? SCRIPT_DENSE : 0u) | (kana ? SCRIPT_KANA : 0u);
}

static void prepare(struct policy_worker *worker, struct text text)
{
    worker->epoch++;
    worker->marked_count = worker->candidates.count = 0;
    worker->verdict.verdict = POLICY_ALLOW;
    worker->verdict.exhausted = false;
    worker->verdict.finding_count = worker->verdict.score = 0;
    worker->verdict.work = 0;
    worker->confirm_left = CONFIRM_BYTES_BASE + (uint64_t)CONFIRM_BYTES_EACH * text.length;
    fold_text(&worker->folded, text);
    worker->verdict.work += text.length + 2 * worker->folded.length;
    shape_look(&worker->shape, &worker->folded);
    if (worker->shape.hidden) {
        fold_unhide(&worker->folded);
        worker->verdict.work += 4 * worker->folded.length;
        shape_look(&worker->shape, &worker->folded);
    }
    worker->candidates.crowded = worker->shape.crowded;
    worker->text = (struct text){(const char *)worker->folded.bytes, worker->folded.length};
    worker->scripts = scripts_of(worker);
}

const struct policy_verdict *policy_judge(struct policy_worker *worker,
                                          const struct policy_message *message)
{
    if (message->text.length > POLICY_TEXT_MAX) {
        worker->verdict = (struct policy_verdict){.verdict = POLICY_HOLD, .exhausted = true};
        return &worker->verdict;
    }
    prepare(worker, message->text);
    see_circumstances(worker, message);
    weigh_wording(worker);
    match(worker);
    follow_pieces(worker);
    find_candidates(worker);
    if (worker->likely_count > 0)
        confirm_likely(worker);
    consider_candidates(worker);
    scan_whole(worker);
    worker->verdict.work += worker->parts.work;
    weigh(worker, message->text);
    return &worker->verdict;
}

void policy_features(struct policy_worker *worker, const struct policy_message *message,
                     struct buffer *out)
{
    struct text text = message->text;
    text.length = text.length < POLICY_TEXT_MAX ? text.length : POLICY_TEXT_MAX;
    prepare(worker, text);
    wording_features(&worker->folded, &worker->shape, wording_facts_of(message), out);
}
