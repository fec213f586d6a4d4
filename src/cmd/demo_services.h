/* Paid services of the demonstration, and who was offered one. */
#pragma once

#include "cmd/door.h"

/* Publishes them and proposes some to ORGS, at moments before NOW. */
MUST_CHECK bool demo_services_make(struct door *door, const int64_t *orgs, size_t org_count,
                                   int64_t now, struct problem *problem);
