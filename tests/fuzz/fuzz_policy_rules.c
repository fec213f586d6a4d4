/* The loader of rule files and models: any bytes are read, or refused with their place. */
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* PLACE: the file's name and a colon. */
static void load(struct text name, const char *place, struct text content)
{
    struct problem problem;
    const struct policy_source source = {name, content};
    problem_clear(&problem);
    struct policy *policy = policy_new(&source, 1, &problem);
    MUST((policy == NULL) == (problem.code == PROBLEM_RULES_INVALID));
    MUST(policy != NULL || strncmp(problem.detail, place, strlen(place)) == 0);
    policy_free(policy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct text content = {(const char *)data, size};
    if (size > 2048)
        return 0;
    load(TEXT("a"), "a:", content);
    load(TEXT("a.model"), "a.model:", content);
    return 0;
}
