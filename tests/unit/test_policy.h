/* What the tests of the message policy have in common. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/policy.h"

/* What each rule must say, for tests of something else. */
#define DECLARED(mode)                                                                             \
    "  version: 1\n  mode: " mode "\n  clause: 1.1 Test\n"                                         \
    "  reason.en: It is wrong.\n  reason.ru: «{text}» неверно.\n"                         \
    "  reason.zh: -\n  reason.es: -\n  reason.ja: -\n"                                             \
    "  mend.en: -\n  mend.ru: -\n  mend.zh: -\n  mend.es: -\n  mend.ja: -\n"

static inline struct policy *policy_of(const char *content)
{
    struct problem problem;
    const struct policy_source source = {TEXT("test.rules"), text_of(content)};
    struct policy *policy = policy_new(&source, 1, &problem);
    if (policy == NULL)
        fail_msg("%s", problem.detail);
    return policy;
}

static inline void assert_refused_with(const char *content, const char *detail)
{
    struct problem problem;
    const struct policy_source source = {TEXT("test.rules"), text_of(content)};
    assert_null(policy_new(&source, 1, &problem));
    assert_int_equal(problem.code, PROBLEM_RULES_INVALID);
    assert_string_equal(problem.detail, detail);
}
