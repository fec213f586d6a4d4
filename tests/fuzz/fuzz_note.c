/* Signed notes and keys: whatever is taken as one is written back as the same bytes. */
#include "tlog/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The specification's example: the only note that this key is known to have signed. */
#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE_TEXT "This is an example message.\n"

static void check_key(struct text text)
{
    struct note_key key;
    struct problem problem;
    struct buffer again;
    if (!note_key_parse(text, &key, &problem))
        return;
    buffer_init(&again);
    note_key_add(&again, &key);
    MUST(text_equal(buffer_view(&again), text));
    buffer_done(&again);
}

static void check_note(struct text text)
{
    struct note_key key;
    const struct note_key *keys[] = {&key};
    struct note_verdict verdict;
    struct note note;
    struct problem problem;
    struct buffer again;
    MUST(note_key_parse(TEXT(EXAMPLE_KEY), &key, &problem));
    if (!note_parse(text, &note, &problem))
        return;
    MUST(note.signature_count > 0 && note.signature_count <= NOTE_SIGNATURES_MAX);
    buffer_init(&again);
    note_begin(&again, note.text);
    for (size_t i = 0; i < note.signature_count; i++)
        buffer_text(&again, note.signatures[i].line);
    MUST(text_equal(buffer_view(&again), text));
    if (note_verify(&note, keys, 1, &verdict, &problem))
        MUST(text_is(note.text, EXAMPLE_TEXT));
    buffer_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text text = {(const char *)data, size};
    check_note(text);
    check_key(text);
    return 0;
}
