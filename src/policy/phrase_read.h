/*
 * Reading phrases: the parts of one, as they were written. Only inside src/policy.
 */
#pragma once

#include "policy/phrase.h"

#define NESTING_MAX 4
#define ITEMS_MAX 64

enum item_kind {
    ITEM_TEXT,  /* fixed text */
    ITEM_STAR,  /* more letters of the word */
    ITEM_SPACE, /* between words */
    ITEM_GAP,
    ITEM_GROUP, /* alternatives */
    ITEM_TOKEN, /* <number> */
};

struct item {
    enum item_kind kind;
    struct text text; /* as it was written; of a group: its alternatives */
    bool optional;
    size_t bytes; /* of a gap */
    const struct token *token;
    size_t longest; /* bytes that it can be long; set when it is written */
};

/* What `<name>` stands for. */
struct token {
    const char *name, *exact;
    size_t longest;
    enum atom_kind atom; /* what is looked for instead of a text; ATOM_TEXT: nothing */
};

struct phrase_reader {
    const struct word_list *lists;
    size_t list_count;
    struct problem *problem;
};

/* False: no `<money>` has its first digit at START. Adds the bytes that were looked at to WORK. */
bool phrase_may_be_amount(const struct folded *folded, size_t start, uint64_t *work);
bool phrase_refuse(const struct phrase_reader *reader, const char *why, struct text what);
/* At most ITEMS_MAX. */
MUST_CHECK bool phrase_items(const struct phrase_reader *reader, struct text text,
                             struct item *items, size_t *count);
/* The next of the alternatives in *REST, trimmed; false if there is none. Empty ones are passed. */
bool phrase_alternative(struct text *rest, struct text *alternative);
const struct word_list *phrase_list(const struct phrase_reader *reader, struct text name);
/* Folds fixed text without its escapes. */
void phrase_fold(struct folded *folded, struct text text);
