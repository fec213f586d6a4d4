#include <string.h>

#include "policy/rules.h"

#define NOTES_MAX 8

/* What the brackets of an example say, and the room for it. */
struct notes {
    struct policy_message message;
    struct text known[NOTES_MAX];
    int64_t offers[NOTES_MAX];
};

/* In whole units; "3000 JPY": the yen has no minor ones. */
static bool read_amounts(struct text rest, struct notes *notes)
{
    static const char unit[] = " JPY";
    size_t length = sizeof unit - 1;
    bool yen = rest.length > length && memcmp(rest.bytes + rest.length - length, unit, length) == 0;
    rest.length -= yen ? length : 0;
    while (rest.length > 0) {
        uint64_t amount;
        struct text one = text_cut(&rest, ' ');
        if (notes->message.offer_count == NOTES_MAX || !text_to_u64(one, 1000000000, &amount))
            return false;
        notes->offers[notes->message.offer_count++] = (int64_t)amount * (yen ? 1 : 100);
    }
    return notes->message.offer_count > 0;
}

static bool read_known(struct text rest, struct notes *notes)
{
    if (rest.length == 0 || notes->message.known_count == NOTES_MAX)
        return false;
    notes->known[notes->message.known_count++] = rest;
    return true;
}

static bool read_note(struct text note, struct notes *notes)
{
    struct policy_message *message = &notes->message;
    struct text word = text_cut(&note, ' ');
    uint64_t number = 0;
    note = text_trim(note);
    if (text_is(word, "seller") || text_is(word, "buyer")) {
        message->from = text_is(word, "seller") ? POLICY_FROM_SELLER : POLICY_FROM_BUYER;
        return note.length == 0;
    }
    if (text_is(word, "after_review")) {
        message->after_review = true;
        return note.length == 0;
    }
    if (text_is(word, "lang")) {
        message->language = note;
        return note.length > 0;
    }
    if (text_is(word, "offers"))
        return read_amounts(note, notes);
    if (text_is(word, "order") || text_is(word, "tracking") || text_is(word, "sku"))
        return read_known(note, notes);
    if (!text_to_u64(note, 1000000, &number))
        return false;
    if (text_is(word, "stars") || text_is(word, "days_ago")) {
        message->reviewed = true;
        *(text_is(word, "stars") ? &message->stars : &message->days_ago) = (int)number;
        return true;
    }
    bool unanswered = text_is(word, "unanswered");
    *(unanswered ? &message->unanswered : &message->same_text) = (unsigned)number;
    return unanswered || text_is(word, "same_text");
}

static bool refuse(const struct policy *policy, const struct block *block,
                   const struct example *example, const char *what, struct text text,
                   struct problem *problem)
{
    if (text.length > 160)
        text.length = 160;
    return problem_set(problem, PROBLEM_RULES_INVALID, "%.*s:%u: rule %s %s: \"%.*s\"",
                       TEXT_ARG(block->source), example->line, policy->rules[block->rule].id, what,
                       TEXT_ARG(text));
}

bool example_holds(struct policy_worker *worker, const struct policy *policy,
                   const struct block *block, const struct example *example,
                   struct problem *problem)
{
    struct notes notes = {.message = {.text = example->text, .from = POLICY_FROM_SELLER}};
    struct text rest = example->notes;
    while (rest.length > 0) {
        struct text note = text_trim(text_cut(&rest, ','));
        if (!read_note(note, &notes))
            return refuse(policy, block, example, "has an example with a note that is not known",
                          note, problem);
    }
    notes.message.known = notes.known;
    notes.message.offers = notes.offers;
    const struct policy_verdict *verdict = policy_judge(worker, &notes.message);
    bool hit = false;
    for (size_t i = 0; i < verdict->finding_count; i++)
        hit = hit || verdict->findings[i].rule == &policy->rules[block->rule];
    if (hit == example->hit)
        return true;
    return refuse(policy, block, example,
                  example->hit ? "must hit this example and does not" : "must not hit this example",
                  example->text, problem);
}
