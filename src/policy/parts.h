/*
 * Where in a message the parts of phrases (index.h) stand, and so which phrases it may have. Only
 * inside src/policy. One for a thread; used again and again.
 */
#pragma once

#include "policy/index.h"

struct place {
    size_t start, end;
    size_t latest; /* it begins here or before */
};

static inline bool place_overlaps(struct place a, struct place b)
{
    return a.start < b.end && b.start < a.end;
}

/* A place of a text of a part; all of a part are a list, the last one first. */
struct part_note {
    uint32_t before; /* 1 + the place before it; 0: none */
    uint32_t start, end;
    uint16_t lead, trail; /* of the text in its part */
};

struct part_mark {
    uint32_t epoch; /* of the message that it is about */
    uint32_t last;  /* 1 + its last place; 0: none */
};

/* A text that was found, and that a part which is not noted may have. */
struct part_hit {
    uint32_t text, start, end;
    unsigned edges;
};

struct parts {
    const struct index *index;
    struct part_mark *marks; /* of each part */
    struct part_note *notes;
    struct part_hit *hits;
    uint32_t *anchors; /* parts that stand in the message and that phrases wait for */
    size_t note_count, hit_count, anchor_count;
    gate_set open; /* of this message */
    bool many;     /* there are more than are kept: what is not kept may be anywhere */
    uint32_t epoch;
    uint64_t work;
};

/* INDEX is borrowed. */
void parts_init(struct parts *parts, const struct index *index);
void parts_done(struct parts *parts);
/* Forgets the message before; only what is for one of OPEN is of interest in this one. */
void parts_begin(struct parts *parts, gate_set open);
/* A text stands from START to END; EDGES (enum edge): where no word goes on. */
void parts_add_text(struct parts *parts, uint32_t text, size_t start, size_t end, unsigned edges);
/* Digits or an amount stand there. */
void parts_add_kind(struct parts *parts, enum atom_kind kind, size_t start, size_t end);
/* The first COUNT places of a part; returns how many there are. */
size_t parts_places(struct parts *parts, uint32_t part, struct place *places, size_t count);
/* True if the part is anywhere that overlaps both A and B. */
bool parts_stands(struct parts *parts, uint32_t part, struct place a, struct place b);
/*
 * True if PHRASE may stand in the message, which is LENGTH long: each of its parts does, not far
 * behind the one before. PLACE: where it can only be.
 */
bool parts_may_have(struct parts *parts, const struct index_phrase *phrase, size_t length,
                    struct place *place);
