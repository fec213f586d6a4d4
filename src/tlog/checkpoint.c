#include "tlog/checkpoint.h"

#include <string.h>

#include "tlog/lines.h"

static bool malformed(struct problem *problem, const char *what)
{
    return problem_set(problem, PROBLEM_PROOF_INVALID, "%s", what);
}

bool checkpoint_parse(struct text text, struct checkpoint *checkpoint, struct problem *problem)
{
    struct text line;
    if (text.length > NOTE_BYTES_MAX)
        return malformed(problem, "the checkpoint is too large");
    if (!line_take(&text, &checkpoint->origin) || checkpoint->origin.length == 0 ||
        checkpoint->origin.length > CHECKPOINT_ORIGIN_MAX)
        return malformed(problem, "the checkpoint's first line is no origin");
    if (!line_take(&text, &line) || !text_to_u64(line, MERKLE_SIZE_MAX, &checkpoint->size))
        return malformed(problem, "the checkpoint's second line is no tree size");
    if (!line_take(&text, &line) || !line_hash(line, &checkpoint->root))
        return malformed(problem, "the checkpoint's third line is no root hash");
    checkpoint->extension = text;
    while (text.length > 0)
        if (!line_take(&text, &line) || line.length == 0)
            return malformed(problem, "an extension line of the checkpoint is empty or not ended");
    return true;
}

void checkpoint_add(struct buffer *text, const struct checkpoint *checkpoint)
{
    buffer_text(text, checkpoint->origin);
    buffer_char(text, '\n');
    buffer_u64(text, checkpoint->size);
    buffer_char(text, '\n');
    line_add_hash(text, &checkpoint->root);
    buffer_text(text, checkpoint->extension);
}

bool checkpoint_sign(struct buffer *note, const struct checkpoint *checkpoint,
                     const struct note_signer *signer, struct problem *problem)
{
    MUST(text_is(checkpoint->origin, signer->key->name) && signer->key->type == NOTE_ED25519);
    struct buffer text;
    buffer_init(&text);
    checkpoint_add(&text, checkpoint);
    note_begin(note, buffer_view(&text));
    const bool good = note_sign(note, buffer_view(&text), signer, 0, problem);
    buffer_done(&text);
    return good;
}

bool checkpoint_open(struct text bytes, const struct note_key *key, struct note *note,
                     struct checkpoint *checkpoint, struct problem *problem)
{
    struct note_verdict verdict;
    if (!note_parse(bytes, note, problem) || !note_verify(note, &key, 1, &verdict, problem) ||
        !checkpoint_parse(note->text, checkpoint, problem))
        return false;
    if (!text_is(checkpoint->origin, key->name))
        return malformed(problem, "the checkpoint is of another log than its key");
    return true;
}

void checkpoint_origin_hash(struct text origin, char out[2 * DIGEST_BYTES + 1])
{
    const struct digest hash = digest_of(origin.bytes, origin.length);
    struct buffer hex;
    buffer_init(&hex);
    hex_add(&hex, hash.bytes, sizeof hash.bytes);
    memcpy(out, hex.bytes, hex.length);
    out[hex.length] = '\0';
    buffer_done(&hex);
}
