/*
 * Signatures from the network: what is to be signed, and what came back.
 *
 * `POST /v1/signing` answers the exact terms of an act and a challenge made of them; the act is
 * then sent as any other, with the member `signature` in its body. What of it cannot be right is
 * replaced here by what the road refuses and records with its reason: a nonce that is not ours
 * becomes zeros, an origin that is not ours becomes one that the client data do not have, a
 * credential that is not the person's an authenticator that does not exist.
 */
#pragma once

#include "net/call.h"

/*
 * Takes the member `signature` out of an act's body, if it is there. *signature is NULL otherwise.
 * ACT's type, organisation and actor are set.
 */
MUST_CHECK bool signature_take(const struct call *call, json_t *json, const struct act *act,
                               const struct signature **signature, struct problem *problem);
