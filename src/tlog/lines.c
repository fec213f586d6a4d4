#include "tlog/lines.h"

#include <string.h>

bool line_take(struct text *rest, struct text *line)
{
    if (rest->length == 0 || memchr(rest->bytes, '\n', rest->length) == NULL)
        return false;
    *line = text_cut(rest, '\n');
    return true;
}

bool line_skip(struct text *line, const char *prefix)
{
    if (!text_starts(*line, prefix))
        return false;
    *line = text_slice(*line, strlen(prefix), line->length);
    return true;
}

bool line_hash(struct text line, struct digest *hash)
{
    size_t length = 0;
    return base64_decode(line, hash->bytes, sizeof hash->bytes, &length) && length == DIGEST_BYTES;
}

void line_add_hash(struct buffer *buffer, const struct digest *hash)
{
    base64_add(buffer, hash->bytes, sizeof hash->bytes);
    buffer_char(buffer, '\n');
}

bool base64_is_valid(struct text encoded)
{
    uint8_t decoded[768];
    const size_t piece_length = sizeof decoded / 3 * 4;
    size_t at = 0;
    while (encoded.length - at > piece_length) {
        size_t length = 0;
        const struct text piece = text_slice(encoded, at, at + piece_length);
        /* Padding belongs to the last piece: a shorter result has some. */
        if (!base64_decode(piece, decoded, sizeof decoded, &length) || length != sizeof decoded)
            return false;
        at += piece_length;
    }
    size_t length = 0;
    return base64_decode(text_slice(encoded, at, encoded.length), decoded, sizeof decoded, &length);
}

bool proof_lines_take(struct text *rest, struct merkle_proof *proof, struct problem *problem)
{
    proof->count = 0;
    struct text line;
    while (line_take(rest, &line)) {
        if (line.length == 0)
            return true;
        if (proof->count == MERKLE_PROOF_MAX)
            return problem_set(problem, PROBLEM_PROOF_INVALID, "a proof has at most %d hashes",
                               MERKLE_PROOF_MAX);
        if (!line_hash(line, &proof->hashes[proof->count]))
            return problem_set(problem, PROBLEM_PROOF_INVALID, "proof line %zu is no hash",
                               proof->count + 1);
        proof->count++;
    }
    return problem_set(problem, PROBLEM_PROOF_INVALID, "no empty line ends the proof's hashes");
}

void proof_lines_add(struct buffer *buffer, const struct merkle_proof *proof)
{
    for (size_t i = 0; i < proof->count; i++)
        line_add_hash(buffer, &proof->hashes[i]);
    buffer_char(buffer, '\n');
}
