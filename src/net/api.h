/*
 * Acts from outside: the way from a request to submissions to the kernel, shared by the routes of
 * single acts (api.c) and of many at once (bulk.c).
 */
#pragma once

#include "act/receipts.h"
#include "net/call.h"

#define API_BODY_MAX ((size_t)512 << 10)

/* The body as a JSON object, owned by the caller (json_free); an empty body is {}. */
json_t *api_body(const struct call *call, struct problem *problem);
/* The Idempotency-Key, or TEXT_NONE. */
MUST_CHECK bool api_idempotency_key(const struct call *call, struct text *key,
                                    struct problem *problem);
/* SHA-256 of method, path and canonical body: what an Idempotency-Key stands for. */
struct digest api_request_digest(const struct call *call, const json_t *body);
/* Sets who acts, from where, and with which request; memory is of the call. */
/* Has the act's type add what the server knows to BODY, if it wants to. */
MUST_CHECK bool api_complete(const struct call *call, const struct act *act, void *body,
                             struct problem *problem);
void api_actor(const struct call *call, struct submission *submission);
/* What led there in the interface, from the field Interface-Steps. */
MUST_CHECK bool api_steps(const struct call *call, struct list *steps, struct problem *problem);
/* Adds "act" to the problem of a refused act that is on record. */
void api_refusal(struct submission *submission);
/* The service's own bookkeeping of an act that is done; call it before its answer goes out. */
void api_account(struct service *service, const struct submission *submission);
/*
 * The act that a refusal showed to the one who got it (its `cancel_request`), for a receipt. False
 * if there is none.
 */
bool api_shown_act(const struct problem *problem, struct id *act);
