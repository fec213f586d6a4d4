#include "base/embedded.h"

const struct embedded_file *embedded_find(struct text path)
{
    size_t low = 0;
    size_t high = embedded_file_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = text_compare(path, text_of(embedded_files[middle].path));
        if (order == 0)
            return &embedded_files[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
