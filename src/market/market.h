/* Everything that is declared: tables, acts, views and timers of all floors. */
#pragma once

#include "act/act.h"

extern const struct catalogue catalogue;
