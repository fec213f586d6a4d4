/*
 * Folding: what a message becomes before anything is looked for in it, so that texts that look
 * alike to a reader are alike. Rules' phrases are folded by the same table (tools/fold_table.c says
 * what it does), so the table may be coarse: folded text is for comparing, never for showing.
 *
 * Folded text is lower case, has no marks and nothing invisible. Letters and digits are ASCII where
 * they can be; other bytes from 0x80 on are letters. In UTF-8 a letter of two bytes is of a script
 * that writes words (Cyrillic, Greek, …), one of three or four mostly of one that does not.
 */
#pragma once

#include "base/text.h"

#define FOLD_PADDING 64 /* zero bytes behind the folded text, so that it can be read in blocks */

struct folded {
    unsigned char *bytes;
    uint32_t *from; /* of each byte: where the character that it came from starts in the original */
    size_t length, capacity;
};

void folded_done(struct folded *folded);
/*
 * Folds TEXT, at most 1 GiB, of any bytes; what is no UTF-8 becomes spaces. FOLDED starts zeroed
 * and is used again and again.
 */
void fold_text(struct folded *folded, struct text text);
/* The bytes of ORIGINAL that FOLDED's bytes from START to END came from. */
struct text folded_original(const struct folded *folded, struct text original, size_t start,
                            size_t end);
/*
 * Takes out what hides words: separators between single letters (t e l e g r a m) and between
 * characters that are written without any (微-信), digits for letters within a word (t3legram).
 */
void fold_unhide(struct folded *folded);
/* The digit for which fold_unhide puts LETTER within a word; -1 if it is none of these letters. */
int fold_hidden_digit(unsigned char letter);
