/*
 * CSV files (RFC 4180), read whole and strictly: a header, rows of as many cells, quotes only
 * around whole cells, LF or CRLF, UTF-8 without control characters. What is malformed is refused
 * with the number of its line; nothing is guessed. Memory is of the arena.
 */
#pragma once

#include "base/arena.h"
#include "base/problem.h"

#define CSV_BYTES_MAX ((size_t)512 * 1024 * 1024)
#define CSV_COLUMNS_MAX 64
#define CSV_CELL_BYTES_MAX ((size_t)64 * 1024)

struct csv {
    const char *name;    /* for problems and reports; borrowed */
    size_t column_count; /* of the header and so of each row */
    size_t row_count;    /* without the header */
    struct text *cells;  /* the header's, then row by row */
    size_t *lines;       /* where each row begins, from 1; [0] is the header's */
};

MUST_CHECK bool csv_parse(struct text bytes, const char *name, struct arena *arena,
                          struct csv *table, struct problem *problem);
MUST_CHECK bool csv_read(const char *path, struct arena *arena, struct csv *table,
                         struct problem *problem);
/* Finds a column of the header. */
MUST_CHECK bool csv_column(const struct csv *table, const char *name, size_t *column,
                           struct problem *problem);
struct text csv_cell(const struct csv *table, size_t row, size_t column);
