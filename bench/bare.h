/*
 * The baseline: the rows that a run of bench/acts has written, written again by bare SQLite.
 *
 * Takes the store that the daemon left, reads its acts in the order of the log with everything they
 * changed, and writes the same rows with prepared statements into a fresh file of the same schema
 * and the same settings, in groups. No HTTP, no JSON, no decisions, no Merkle tree, no signature.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bare_report {
    uint64_t acts;
    int64_t elapsed_us;
    int64_t group_p99_us;
};

/* The first ACTS_MAX acts behind SKIP. */
void bare_run(const char *store_path, const char *fresh_path, size_t skip, size_t acts_max,
              size_t group, struct bare_report *report);
