#include "policy/parts.h"

#include <stdlib.h>

#include "policy/array.h"

#define NOTES_MAX 16384
#define HITS_MAX 4096
#define CHAINS_MAX 8

void parts_init(struct parts *parts, const struct index *index)
{
    *parts = (struct parts){
        .index = index,
        .marks = array_new(index->part_count, sizeof(struct part_mark)),
        .notes = array_new(NOTES_MAX, sizeof(struct part_note)),
        .hits = array_new(HITS_MAX, sizeof(struct part_hit)),
        .anchors = array_new(index->part_count, sizeof(uint32_t)),
    };
}

void parts_done(struct parts *parts)
{
    free(parts->marks);
    free(parts->notes);
    free(parts->hits);
    free(parts->anchors);
}

void parts_begin(struct parts *parts, gate_set open)
{
    parts->open = open;
    parts->epoch++;
    parts->note_count = parts->hit_count = parts->anchor_count = 0;
    parts->many = false;
    parts->work = 0;
}

/* --- what is there --- */

static void add_note(struct parts *parts, struct part_mark *mark, struct part_note note)
{
    if (parts->note_count == NOTES_MAX) {
        parts->many = true;
        return;
    }
    note.before = mark->last;
    parts->notes[parts->note_count] = note;
    mark->last = (uint32_t)++parts->note_count;
}

static void note(struct parts *parts, const struct index_use *use, size_t start, size_t end)
{
    struct part_mark *mark = &parts->marks[use->part];
    if (mark->epoch != parts->epoch) {
        *mark = (struct part_mark){parts->epoch, 0};
        if (use->anchors)
            parts->anchors[parts->anchor_count++] = use->part;
    }
    add_note(parts, mark,
             (struct part_note){.start = (uint32_t)start,
                                .end = (uint32_t)end,
                                .lead = use->lead,
                                .trail = use->trail});
}

static void add_hit(struct parts *parts, struct part_hit hit)
{
    if (parts->hit_count == HITS_MAX)
        parts->many = true;
    else
        parts->hits[parts->hit_count++] = hit;
}

void parts_add_text(struct parts *parts, uint32_t number, size_t start, size_t end, unsigned edges)
{
    const struct index_text *text = &parts->index->texts[number];
    const struct index_use *uses = parts->index->uses + text->use_first;
    parts->work++;
    if ((text->edges & ~edges) != 0 || (text->gates & parts->open) == 0)
        return;
    uint32_t count = parts->open == GATE_ALWAYS ? text->always_count : text->use_count;
    parts->work += count;
    if (text->asked)
        add_hit(parts, (struct part_hit){number, (uint32_t)start, (uint32_t)end, edges});
    for (uint32_t i = 0; i < count; i++)
        if ((uses[i].edges & ~edges) == 0 && (uses[i].gates & parts->open) != 0)
            note(parts, &uses[i], start, end);
}

void parts_add_kind(struct parts *parts, enum atom_kind kind, size_t start, size_t end)
{
    const struct index *index = parts->index;
    size_t count =
        parts->open == GATE_ALWAYS ? index->kind_always_counts[kind] : index->kind_use_counts[kind];
    for (size_t i = 0; i < count; i++)
        if ((index->kind_uses[kind][i].gates & parts->open) != 0)
            note(parts, &index->kind_uses[kind][i], start, end);
}

/* The last of its places: noted, or looked up among the hits when the part is first asked about. */
static uint32_t last_of(struct parts *parts, uint32_t part)
{
    const struct index *index = parts->index;
    struct part_mark *mark = &parts->marks[part];
    if (mark->epoch == parts->epoch)
        return mark->last;
    if (index->parts[part].noted)
        return 0;
    *mark = (struct part_mark){parts->epoch, 0};
    parts->work += parts->hit_count;
    for (size_t i = 0; i < parts->hit_count; i++) {
        const struct part_hit *hit = &parts->hits[i];
        const struct index_asked *asked = index_part_has(index, part, hit->text, hit->edges);
        if (asked != NULL)
            add_note(parts, mark,
                     (struct part_note){.start = hit->start,
                                        .end = hit->end,
                                        .lead = asked->lead,
                                        .trail = asked->trail});
    }
    return mark->last;
}

size_t parts_places(struct parts *parts, uint32_t part, struct place *places, size_t count)
{
    size_t found = 0;
    for (uint32_t at = last_of(parts, part); at > 0; at = parts->notes[at - 1].before)
        found++;
    size_t left = found;
    for (uint32_t at = last_of(parts, part); at > 0; at = parts->notes[at - 1].before) {
        const struct part_note *note = &parts->notes[at - 1];
        if (--left < count)
            places[left] = (struct place){note->start, note->end, note->start};
    }
    return found < count ? found : count;
}

bool parts_stands(struct parts *parts, uint32_t part, struct place a, struct place b)
{
    for (uint32_t at = last_of(parts, part); at > 0; at = parts->notes[at - 1].before) {
        const struct part_note *note = &parts->notes[at - 1];
        struct place place = {note->start, note->end, note->start};
        parts->work++;
        if (place_overlaps(place, a) && place_overlaps(place, b))
            return true;
    }
    return false;
}

/* --- where a phrase may be --- */

/*
 * Places of parts, each not far behind the one before. The first part begins from `start` to
 * `latest`, the last one's text ends at `text_end` or later, and the part at `end` or before.
 */
struct chain {
    uint32_t start, latest;
    uint32_t text_end, end;
};

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* What is more than CHAINS_MAX is taken together with the last one. */
static size_t add_chain(struct chain *chains, size_t count, struct chain chain)
{
    if (count < CHAINS_MAX) {
        chains[count] = chain;
        return count + 1;
    }
    struct chain *last = &chains[count - 1];
    *last = (struct chain){least(last->start, chain.start), most(last->latest, chain.latest),
                           least(last->text_end, chain.text_end), most(last->end, chain.end)};
    return count;
}

static uint32_t start_of(const struct part_note *note)
{
    return note->start > note->lead ? note->start - note->lead : 0;
}

static size_t begin_chains(const struct parts *parts, uint32_t last, struct chain *chains)
{
    size_t count = 0;
    for (uint32_t at = last; at > 0; at = parts->notes[at - 1].before) {
        const struct part_note *note = &parts->notes[at - 1];
        count = add_chain(
            chains, count,
            (struct chain){start_of(note), note->start, note->end, note->end + note->trail});
    }
    return count;
}

/*
 * Goes on from the COUNT chains of BEFORE to the places of a part; returns how many that gives.
 * ORDERED: the place may not overlap what stands before it.
 */
static size_t follow(struct parts *parts, uint32_t last, const struct chain *before, size_t count,
                     size_t reach, bool ordered, struct chain *chains)
{
    size_t found = 0;
    for (uint32_t at = last; at > 0; at = parts->notes[at - 1].before) {
        const struct part_note *note = &parts->notes[at - 1];
        struct chain chain = {UINT32_MAX, 0, note->end, note->end + note->trail};
        for (size_t j = 0; j < count; j++) {
            if ((ordered ? note->start : note->end) < before[j].text_end ||
                start_of(note) > before[j].end + reach)
                continue;
            chain.start = least(chain.start, before[j].start);
            chain.latest = most(chain.latest, before[j].latest);
        }
        parts->work++;
        if (chain.start != UINT32_MAX)
            found = add_chain(chains, found, chain);
    }
    return found;
}

/* If there are more places than are kept, one that is not noted may be among them. */
static bool is_there(struct parts *parts, uint32_t part)
{
    if (parts->index->parts[part].noted)
        return parts->marks[part].epoch == parts->epoch;
    return last_of(parts, part) > 0 || parts->many;
}

static bool are_there(struct parts *parts, const struct index_phrase *phrase)
{
    for (uint32_t i = 0; i < phrase->part_count; i++)
        if (!is_there(parts, phrase->parts[i]))
            return false;
    return true;
}

bool parts_may_have(struct parts *parts, const struct index_phrase *phrase, size_t length,
                    struct place *place)
{
    struct chain chains[2][CHAINS_MAX];
    *place = (struct place){0, length, length};
    if (phrase->part_count == 0)
        return true;
    if (!are_there(parts, phrase))
        return false;
    if (parts->many)
        return true;
    size_t count = begin_chains(parts, last_of(parts, phrase->parts[0]), chains[0]);
    for (uint32_t i = 1; i < phrase->part_count && count > 0; i++)
        count = follow(parts, last_of(parts, phrase->parts[i]), chains[(i + 1) % 2], count,
                       phrase->reaches[i], phrase->ordered, chains[i % 2]);
    if (count == 0)
        return false;
    const struct chain *last = chains[(phrase->part_count + 1) % 2];
    struct chain all = last[0];
    for (size_t i = 1; i < count; i++)
        all = (struct chain){least(all.start, last[i].start), most(all.latest, last[i].latest),
                             least(all.text_end, last[i].text_end), most(all.end, last[i].end)};
    size_t end = (size_t)all.end + phrase->behind;
    place->start = all.start > phrase->reaches[0] ? all.start - phrase->reaches[0] : 0;
    place->latest = all.latest;
    place->end = end < length ? end : length;
    return true;
}
