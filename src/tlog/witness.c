#include "tlog/witness.h"

#include "tlog/lines.h"

#define WITNESS_KEYS_MAX 16

bool witness_request_parse(struct text body, struct witness_request *request,
                           struct problem *problem)
{
    struct text line;
    if (body.length > WITNESS_REQUEST_BYTES_MAX)
        return problem_set(problem, PROBLEM_BODY_TOO_LARGE, "the request is too large");
    if (!line_take(&body, &line) || !line_skip(&line, "old ") ||
        !text_to_u64(line, MERKLE_SIZE_MAX, &request->old_size))
        return problem_set(problem, PROBLEM_BAD_REQUEST, "the first line is not `old <size>`");
    if (!proof_lines_take(&body, &request->proof, problem))
        return false;
    request->signed_checkpoint = body;
    return note_parse(body, &request->note, problem) &&
           checkpoint_parse(request->note.text, &request->checkpoint, problem);
}

/* The checks on sizes and roots that need no proof: their order is the specification's. */
static unsigned status_of_sizes(const struct witness_request *request,
                                const struct witness_state *state, struct problem *problem)
{
    const struct checkpoint *checkpoint = &request->checkpoint;
    const struct digest empty = digest_of("", 0);
    if (request->old_size > checkpoint->size) {
        problem_set(problem, PROBLEM_BAD_REQUEST, "the old size exceeds the checkpoint's");
        return 400;
    }
    if (request->old_size != state->size) {
        problem_set(problem, PROBLEM_PROOF_INVALID, "another size is on record");
        return 409;
    }
    if (checkpoint->size == 0 && !digest_equal(checkpoint->root, empty)) {
        problem_set(problem, PROBLEM_PROOF_INVALID, "the empty tree has another root");
        return 422;
    }
    return 200;
}

/* That the checkpoint continues what is on record. Sizes have been compared. */
static bool continues(const struct witness_request *request, const struct witness_state *state,
                      struct problem *problem)
{
    const struct checkpoint *checkpoint = &request->checkpoint;
    if (request->old_size > 0)
        return merkle_check_consistency(&request->proof, request->old_size, checkpoint->size,
                                        &state->root, &checkpoint->root, problem);
    return request->proof.count == 0 ||
           problem_set(problem, PROBLEM_PROOF_INVALID, "a proof from the empty tree must be empty");
}

void witness_decide(const struct witness_request *request, const struct note_key *const *keys,
                    size_t count, const struct witness_state *state,
                    struct witness_decision *decision)
{
    const struct checkpoint *checkpoint = &request->checkpoint;
    struct problem *problem = &decision->problem;
    struct note_verdict verdicts[WITNESS_KEYS_MAX];
    MUST(count <= WITNESS_KEYS_MAX);
    problem_clear(problem);
    decision->next = *state;
    if (count == 0) {
        problem_set(problem, PROBLEM_NOT_FOUND, "this witness does not know the log");
        decision->status = 404;
        return;
    }
    if (!note_verify(&request->note, keys, count, verdicts, problem)) {
        decision->status = 403;
        return;
    }
    decision->status = status_of_sizes(request, state, problem);
    if (decision->status != 200)
        return;
    if (!continues(request, state, problem)) {
        decision->status = 422;
        return;
    }
    decision->next = (struct witness_state){true, checkpoint->size, checkpoint->root};
}

void witness_conflict_body(struct buffer *body, const struct witness_state *state)
{
    buffer_u64(body, state->size);
    buffer_char(body, '\n');
}

bool witness_cosign(struct buffer *body, const struct witness_request *request,
                    const struct note_signer *signer, uint64_t now, struct problem *problem)
{
    MUST(now != 0 && signer->key->type == NOTE_COSIGNATURE);
    return note_sign(body, request->note.text, signer, now, problem);
}

static void add_lines_by(struct buffer *lines, const struct note *note, const struct note_key *key)
{
    for (size_t i = 0; i < note->signature_count; i++)
        if (note_signature_by(&note->signatures[i], key))
            buffer_text(lines, note->signatures[i].line);
}

static void add_first_line_by(struct buffer *lines, const struct note *note,
                              const struct note_key *key)
{
    for (size_t i = 0; i < note->signature_count; i++) {
        if (note_signature_by(&note->signatures[i], key)) {
            buffer_text(lines, note->signatures[i].line);
            return;
        }
    }
}

void witness_monitor_note(struct buffer *note, const struct witness_request *request,
                          const struct note_key *const *keys, size_t count,
                          struct text cosignatures)
{
    note_begin(note, request->note.text);
    for (size_t i = 0; i < count; i++)
        add_first_line_by(note, &request->note, keys[i]);
    buffer_text(note, cosignatures);
}

void witness_request_add(struct buffer *body, uint64_t old_size, const struct merkle_proof *proof,
                         struct text signed_checkpoint)
{
    buffer_string(body, "old ");
    buffer_u64(body, old_size);
    buffer_char(body, '\n');
    proof_lines_add(body, proof);
    buffer_text(body, signed_checkpoint);
}

static bool cosignatures_read(struct text body, struct text text, const struct note_key *key,
                              struct buffer *lines, struct problem *problem)
{
    struct buffer bytes;
    struct note note;
    struct note_verdict verdict;
    buffer_init(&bytes);
    note_begin(&bytes, text);
    buffer_text(&bytes, body);
    /* A body with an empty line of its own would move the border of text and signatures. */
    const bool good = note_parse(buffer_view(&bytes), &note, problem) &&
                      (text_equal(note.text, text) ||
                       problem_set(problem, PROBLEM_PROOF_INVALID,
                                   "the witness's answer holds more than signatures")) &&
                      note_verify(&note, &key, 1, &verdict, problem) &&
                      (verdict.time > 0 || problem_set(problem, PROBLEM_PROOF_INVALID,
                                                       "the witness's cosignature bears no time"));
    if (good)
        add_lines_by(lines, &note, key);
    buffer_done(&bytes);
    return good;
}

enum witness_answer witness_answer_read(unsigned status, struct text body, struct text text,
                                        const struct note_key *key, struct buffer *lines,
                                        uint64_t *recorded_size, struct problem *problem)
{
    if (body.length > WITNESS_ANSWER_BYTES_MAX)
        problem_set(problem, PROBLEM_PROOF_INVALID, "the witness's answer is too large");
    else if (status == 200 && cosignatures_read(body, text, key, lines, problem))
        return WITNESS_COSIGNED;
    else if (status == 409) {
        struct text line;
        if (line_take(&body, &line) && body.length == 0 &&
            text_to_u64(line, MERKLE_SIZE_MAX, recorded_size))
            return WITNESS_BEHIND;
        problem_set(problem, PROBLEM_PROOF_INVALID, "the witness's answer 409 names no size");
    } else if (status != 200)
        problem_set(problem, PROBLEM_PROOF_INVALID, "the witness answered %u", status);
    return WITNESS_REFUSED;
}
