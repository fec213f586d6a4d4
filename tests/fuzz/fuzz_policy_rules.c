/* The loader of rule files: any bytes are read, or refused with their place. */
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct problem problem;
    const struct policy_source source = {TEXT("a"), {(const char *)data, size}};
    if (size > 2048)
        return 0;
    problem_clear(&problem);
    struct policy *policy = policy_new(&source, 1, &problem);
    MUST((policy == NULL) == (problem.code == PROBLEM_RULES_INVALID));
    MUST(policy != NULL || strncmp(problem.detail, "a:", 2) == 0);
    policy_free(policy);
    return 0;
}
