/* The message engine takes any bytes: findings lie within the message, in order, and work is
 * bounded. */
#include <string.h>

#include "net/rules.h"

int LLVMFuzzerInitialize(int *count, char ***arguments);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WORK_BASE 200000
#define WORK_EACH 64

static struct policy_worker *worker;

/* Here, because it takes longer under sanitizers than any message may. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    struct rule_files files;
    struct problem problem;
    MUST(rule_files_read(&files, NULL, &problem));
    struct policy *policy = policy_new_untested(files.sources, files.count, &problem);
    MUST(policy != NULL);
    rule_files_done(&files);
    worker = policy_worker_new(policy);
    return 0;
}

/* The first byte says who writes, and whether it goes on with the message before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy_conversation conversation;
    static struct policy_writer writer;
    if (size == 0)
        return 0;
    const struct text known[] = {TEXT("114-2233445"), {(const char *)data, size < 9 ? size : 9}};
    struct policy_message message = {.text = {(const char *)data + 1, size - 1},
                                     .from = (enum policy_from)(data[0] % 4),
                                     .known = known,
                                     .known_count = 2,
                                     .reviewed = data[0] & 8,
                                     .stars = 1};
    if (data[0] & 16) {
        message.conversation = &conversation;
        message.writer = &writer;
        message.recipient = (struct text){(const char *)data, 1};
    }
    const struct policy_verdict *verdict = policy_judge(worker, &message);
    MUST(verdict->work <= WORK_BASE + WORK_EACH * size);
    MUST(verdict->finding_count <= POLICY_FINDINGS_MAX);
    for (size_t i = 0; i < verdict->finding_count; i++) {
        const struct policy_finding *finding = &verdict->findings[i];
        MUST(finding->start < finding->end && finding->end < size);
        MUST(i == 0 || finding[-1].start <= finding->start);
    }
    return 0;
}
