/* What SQLite is told about tables beyond what schema files, which are portable, say. */
#include <string.h>

#include "store/store_private.h"

#define NARROW_COLUMNS 5

/*
 * Rows of a few columns under a key of several lie in the key's tree. Wide ones lie in the order in
 * which they were made, beside it: in the tree they would fill and split pages all over it, while
 * the recent ones, which are those that change, should be neighbours.
 */
static const char *table_options(size_t columns, bool composite)
{
    return composite && columns <= NARROW_COLUMNS ? ") STRICT, WITHOUT ROWID;" : ") STRICT;";
}

/*
 * Schema files are portable: what SQLite wants to know besides is added here. In a CREATE TABLE
 * each column, the primary key and the closing ");" have lines of their own.
 */
char *sqlite_schema(struct text script)
{
    struct buffer adapted;
    size_t columns = 0;
    bool composite = false;
    buffer_init(&adapted);
    while (script.length > 0) {
        struct text line = text_cut(&script, '\n');
        struct text words = text_trim(line);
        if (text_starts(line, "CREATE TABLE ")) {
            columns = 0;
        } else if (text_starts(words, "CONSTRAINT ")) {
            composite = memchr(words.bytes, ',', words.length) != NULL;
        } else if (text_is(line, ");")) {
            line = text_of(table_options(columns, composite));
        } else if (words.length > 0 && !text_starts(words, "--")) {
            columns++;
        }
        buffer_text(&adapted, line);
        buffer_char(&adapted, '\n');
    }
    return buffer_release(&adapted);
}
