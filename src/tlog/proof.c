#include "tlog/proof.h"

#include "tlog/lines.h"

#define FIRST_LINE "c2sp.org/tlog-proof@v1"

bool log_proof_parse(struct text bytes, struct log_proof *proof, struct problem *problem)
{
    struct text line;
    if (bytes.length > LOG_PROOF_BYTES_MAX)
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the proof is too large");
    if (!line_take(&bytes, &line) || !text_is(line, FIRST_LINE))
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the proof does not begin with %s",
                           FIRST_LINE);
    proof->extra = TEXT_NONE;
    bool taken = line_take(&bytes, &line);
    if (taken && line_skip(&line, "extra ")) {
        if (line.length == 0 || !base64_is_valid(line))
            return problem_set(problem, PROBLEM_PROOF_INVALID, "the extra line is no base64");
        proof->extra = line;
        taken = line_take(&bytes, &line);
    }
    if (!taken || !line_skip(&line, "index ") || !text_to_u64(line, MERKLE_SIZE_MAX, &proof->index))
        return problem_set(problem, PROBLEM_PROOF_INVALID, "the proof has no index line");
    if (!proof_lines_take(&bytes, &proof->inclusion, problem))
        return false;
    proof->checkpoint = bytes;
    struct note note;
    struct checkpoint checkpoint;
    return note_parse(bytes, &note, problem) && checkpoint_parse(note.text, &checkpoint, problem);
}

void log_proof_add(struct buffer *buffer, const struct log_proof *proof)
{
    buffer_string(buffer, FIRST_LINE "\n");
    if (proof->extra.length > 0) {
        buffer_string(buffer, "extra ");
        buffer_text(buffer, proof->extra);
        buffer_char(buffer, '\n');
    }
    buffer_string(buffer, "index ");
    buffer_u64(buffer, proof->index);
    buffer_char(buffer, '\n');
    proof_lines_add(buffer, &proof->inclusion);
    buffer_text(buffer, proof->checkpoint);
}

bool log_proof_check(const struct log_proof *proof, const struct digest *leaf,
                     const struct trust_policy *policy, struct trust_verdict *verdict,
                     struct problem *problem)
{
    struct checkpoint checkpoint;
    return trust_policy_check(policy, proof->checkpoint, &checkpoint, verdict, problem) &&
           merkle_check_inclusion(&proof->inclusion, proof->index, checkpoint.size, leaf,
                                  &checkpoint.root, problem);
}
