/*
 * What mails say: a catalogue of sentences a language (src/net/texts), each told act type with a
 * title and a text, in which `{name}` is a field of the act's body (act/story.h). A type that
 * nobody has written for says what is in the act's own English story.
 */
#pragma once

#include "act/act.h"
#include "act/story.h"

struct mail_texts; /* immutable, for any thread */

void mail_texts_free(struct mail_texts *texts);
struct mail_texts *mail_texts_new(void) OWNED_BY(mail_texts_free);
bool mail_texts_has(const struct mail_texts *texts, struct text language);

struct mail_occasion {
    const struct act *act;
    struct text language; /* one that there is, or the first one is taken */
    struct text org_name;
    struct text from; /* the address that it was done from; or none */
    const char *link; /* of the console; empty: none */
};

/* TITLE is one line, BODY several, each ended by \n. */
void mail_texts_write(const struct mail_texts *texts, const struct mail_occasion *occasion,
                      struct buffer *title, struct buffer *body);
