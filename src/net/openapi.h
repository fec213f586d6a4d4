/*
 * OpenAPI 3.1 of everything that the service answers, derived from the catalogue and the table of
 * fixed routes. Canonical JSON: the committed docs/openapi.json differs only if the interface does.
 */
#pragma once

#include "act/act.h"

void openapi_write(struct buffer *out, const struct catalogue *catalogue, const char *version);
