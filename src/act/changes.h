/*
 * Changes: what an act did to rows that were there before it, column by column, for whoever asks
 * "who did that?".
 *
 * A canonical JSON list: [{"column":"state","from":"placed","table":"orders","to":"shipped"}, …],
 * of columns that are shown in the API. It stands beside the record (act_row.changes) and not in
 * it, as it is for the organisation itself; a replay makes the same list again. What the system
 * does on its own needs none.
 */
#pragma once

#include "act/act.h"

/* None if nothing that is shown has changed. Memory is of ARENA. */
struct text changes_of(const struct decision *decision, struct arena *arena);
