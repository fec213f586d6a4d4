/*
 * A message to be judged as JSON says it, and the verdict as JSON: what `counterfoil judge` and
 * POST /v1/messages/lint have in common.
 *
 *     {"text", "from", "lang", "context": {"order_id", "tracking", "sku": [], "prices": [],
 *      "review": {"stars", "days_ago"}, "prior_offers": [], "seller_messages_since_buyer_reply",
 *      "same_text", "contact_after_review"}}
 */
#pragma once

#include "base/arena.h"
#include "base/json.h"
#include "policy/policy.h"

/*
 * OBJECT is borrowed as long as MESSAGE is used; DEFAULTS is a context for what OBJECT's does not
 * say, or NULL. PROBLEM_BODY_INVALID names what does not fit.
 */
MUST_CHECK bool judgement_read(const json_t *object, const json_t *defaults, struct arena *arena,
                               struct policy_message *message, struct problem *problem);
/* A string member; TEXT_NONE if it is absent. False (told) if it is something else. */
MUST_CHECK bool judgement_string(const json_t *object, const char *name, size_t bytes_max,
                                 struct text *value, struct problem *problem);

enum judgement_detail {
    JUDGEMENT_PLAIN, /* rule, version, span, text, reason */
    JUDGEMENT_FULL,  /* and mode, clause, mend, points */
};

/* Members "verdict" and "findings" of the object that is open; rules in shadow are left out. */
void judgement_write(struct json_writer *json, const struct policy_verdict *verdict,
                     struct text message, size_t language, enum judgement_detail detail);
