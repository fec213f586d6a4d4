/* What bodies of acts become on rows. */
#pragma once

#include "act/act.h"

/* LIST, the field NAME of the act's body, as the canonical JSON that stands in the record too. */
struct text body_list(const struct act *act, const char *name, const struct list *list,
                      struct arena *arena);
