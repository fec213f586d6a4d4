/*
 * Prints what the model sees of texts, for tools/train_model.py: reads one JSON string a line,
 * writes a line for each: the hashes of its grams, with "/" between the pieces it is judged in.
 */
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "policy/grams.h"
#include "policy/shape.h"

static void print_grams(struct folded *folded, struct shape *shape, struct text text)
{
    fold_text(folded, text);
    shape_look(shape, folded);
    if (shape->hidden)
        fold_unhide(folded);
    for (size_t start = 0; start < folded->length;) {
        size_t end = piece_end(folded, start);
        struct gram_reader reader = gram_reader(folded, start, end);
        struct token token;
        while (gram_next(&reader, &token))
            for (unsigned i = 0; i < token.gram_count; i++)
                printf("%u ", token.grams[i]);
        start = end;
        printf(start < folded->length ? "/ " : "");
    }
    printf("\n");
}

int main(void)
{
    static struct folded folded;
    static struct shape shape;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        json_t *value = json_loadb(line, (size_t)length, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        if (!json_is_string(value)) {
            fprintf(stderr, "model_grams: a line is no JSON string\n");
            return 1;
        }
        struct text text = {json_string_value(value), json_string_length(value)};
        print_grams(&folded, &shape, text);
        json_decref(value);
    }
    free(line);
    folded_done(&folded);
    return 0;
}
