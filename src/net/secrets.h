/*
 * Secrets in acts: made by the server, shown once in the answer, recorded as their digest alone.
 * One table says which acts have one.
 */
#pragma once

#include "net/call.h"

/* Before the fields are read: puts the place of the secret into JSON, or hashes one that was given.
 */
MUST_CHECK bool secrets_prepare(const struct act_type *type, json_t *json, struct problem *problem);
/* Afterwards: makes the secret; BODY is of the type. The act's place is set; it may get a subject.
 */
void secrets_make(const struct call *call, struct act *act, void *body, struct text *secret);
/* The field of the body that the server fills, or NULL. */
const char *secrets_field(const struct act_type *type);
/* The name of the answer's member that shows it, or NULL. */
const char *secrets_member(const struct act_type *type);
