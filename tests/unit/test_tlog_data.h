/*
 * Outside data for the tests of src/tlog: files below COUNTERFOIL_DATA (default ../shared/data,
 * from the root of the repository). Tests whose data is absent are skipped.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/problem.h"
#include "base/text.h"

static inline const char *data_folder(void)
{
    const char *folder = getenv("COUNTERFOIL_DATA");
    return folder && folder[0] ? folder : "../shared/data";
}

static inline void data_path(char *out, size_t capacity, const char *name)
{
    const int length = snprintf(out, capacity, "%s/%s", data_folder(), name);
    assert_true(length > 0 && (size_t)length < capacity);
}

/* Reads a file whole into BUFFER (cleared before); false if it cannot be opened. */
static inline bool file_read_whole(const char *path, struct buffer *buffer)
{
    buffer_clear(buffer);
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    char piece[4096];
    size_t length = 0;
    while ((length = fread(piece, 1, sizeof piece, file)) > 0)
        buffer_add(buffer, piece, length);
    fclose(file);
    return true;
}

/* The same for a file of the data folder; skips the test if it is absent. */
static inline void data_read(const char *name, struct buffer *buffer)
{
    char path[1024];
    data_path(path, sizeof path, name);
    if (file_read_whole(path, buffer))
        return;
    print_message("skipped: %s is absent; set COUNTERFOIL_DATA\n", path);
    skip();
}

static inline void assert_text(struct text text, const char *expected)
{
    if (!text_is(text, expected))
        fail_msg("got \"%.*s\", expected \"%s\"", TEXT_ARG(text), expected);
}
