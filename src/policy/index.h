/*
 * The index: which fixed texts make which phrases worth trying. Vectorscan finds the texts of all
 * phrases in one pass, short words are looked up; a text marks the parts that it belongs to; a
 * phrase is tried when the rarest of its parts is marked and then all the others are, in order. So
 * an ordinary message costs one pass over it, however many phrases there are. Only inside
 * src/policy.
 */
#pragma once

#include "policy/match.h"
#include "policy/phrase.h"

/* Where no word goes through. */
enum edge { EDGE_LEFT = 1, EDGE_RIGHT = 2 };

/*
 * Whom a text, a part, a phrase is for, a bit each: the rules that are only looked for where they
 * are likely (gates that a message opens or not), and all others.
 */
typedef uint32_t gate_set;
#define GATES_MAX 31
#define GATE_ALWAYS (UINT32_C(1) << GATES_MAX)

/* A text's use: the part that it belongs to. */
struct index_use {
    uint32_t part;
    uint16_t lead, trail; /* bytes of the part that stand before and behind it, at the most */
    uint8_t edges;        /* that it wants, of enum edge */
    bool anchors;         /* phrases wait for the part */
    gate_set gates;
};

/* The same, the other way round. */
struct index_asked {
    uint32_t text;
    uint16_t lead, trail;
    uint8_t edges;
};

struct index_text {
    uint32_t length;
    uint32_t use_first, use_count; /* by parts that are noted; in all messages first */
    uint32_t always_count;
    bool asked;     /* a part that is not noted has it */
    uint8_t edges;  /* that each of its uses wants */
    gate_set gates; /* of all of them */
    uint32_t told;  /* 1 + the word of scan.h that it is; 0: it is none */
};

/* A text of at most eight bytes that stands alone: looked up, because Vectorscan would find it
 * within every longer word. */
struct index_word {
    uint64_t letters; /* its bytes and zeros; 0: none */
    uint32_t text;
};

/* What letters a text is written with; bits. */
enum script { SCRIPT_LATIN = 1, SCRIPT_PAIRS = 2, SCRIPT_DENSE = 4, SCRIPT_KANA = 8 };

/*
 * The parts of phrases that are looked for are noted as a message is read. What only exceptions
 * consist of is looked up among the texts that were found, when they are asked about.
 */
struct index_part {
    uint32_t phrase_first, phrase_count; /* in `anchored`: phrases that wait for this part first */
    bool noted;
    uint32_t asked_first, asked_count; /* in `asked`, in the order of the texts: if not noted */
    uint64_t filter;                   /* index_filter of each of them */
};

static inline uint64_t index_filter(uint32_t text)
{
    return UINT64_C(1) << (text * UINT32_C(0x9E3779B1) >> 26);
}

/* Of a phrase: its parts, in order. */
struct index_phrase {
    uint32_t parts[PHRASE_PARTS_MAX];
    uint32_t reaches[PHRASE_PARTS_MAX]; /* so far behind the part before one starts, at the most */
    uint32_t part_count;
    uint32_t behind;  /* so far behind its last part it ends, at the most */
    unsigned scripts; /* of enum script: without these no text has it */
    bool ordered;     /* its parts do not overlap: all are texts */
    gate_set gates;
};

struct index {
    struct matcher *always; /* the texts that are looked for in every message */
    struct matcher *gated;  /* those that are only where a gate is open */
    struct index_text *texts;
    struct index_word *words; /* an open table of a power of two */
    unsigned word_shift;      /* of a hash, to come to a place of the table */
    struct index_use *uses;
    struct index_asked *asked;
    struct index_part *parts;
    struct index_phrase *phrases;
    uint32_t *anchored;
    struct index_use *kind_uses[ATOM_KINDS]; /* parts that digits, an amount may be */
    size_t kind_use_counts[ATOM_KINDS], kind_always_counts[ATOM_KINDS]; /* as a text's */
    gate_set kind_gates[ATOM_KINDS];                                    /* of all of them */
    size_t text_count, part_count, phrase_count;
};

void index_free(struct index *index);
/* The text that is the word from START to END of BYTES (folded: zeros behind); UINT32_MAX: none. */
uint32_t index_word(const struct index *index, const unsigned char *bytes, size_t start,
                    size_t end);

/* What PART, which is not noted, has of TEXT, standing between these EDGES; NULL: nothing. */
const struct index_asked *index_part_has(const struct index *index, uint32_t part, uint32_t text,
                                         unsigned edges);

struct index_builder;

void index_builder_free(struct index_builder *builder);
struct index_builder *index_builder_new(void) OWNED_BY(index_builder_free);
/* Phrases are numbered from 0 on. One that is not watched is only asked about (no anchor). */
void index_add_phrase(struct index_builder *builder, const struct phrase_code *code, bool watched,
                      gate_set gates);
/* NUMBER counts from 0 on. */
void index_add_told(struct index_builder *builder, const struct phrase_code *code, size_t number);
struct index *index_new(struct index_builder *builder, struct problem *problem)
    OWNED_BY(index_free);
