#include "net/sending.h"

struct row_slot *saving_add(struct saving_list *list, const struct table *table, void *row,
                            bool found)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        struct row_slot **slots = arena_array(list->arena, capacity, sizeof(struct row_slot *));
        for (size_t i = 0; i < list->count; i++)
            slots[i] = list->slots[i];
        list->slots = slots;
        list->capacity = capacity;
    }
    struct row_slot *slot = ARENA_NEW(list->arena, struct row_slot);
    *slot = (struct row_slot){.table = table, .row = row, .found = found, .changed = true};
    list->slots[list->count++] = slot;
    return slot;
}

bool saving_save(struct kernel *kernel, enum lease lease, const struct saving_list *list,
                 struct problem *problem)
{
    return list->count == 0 || kernel_save(kernel, lease, list->slots, list->count, problem);
}

void attempts_add(struct buffer *attempts, struct text entry)
{
    struct problem problem;
    json_t *list = attempts->length > 0 ? json_read(buffer_view(attempts), &problem) : json_array();
    MUST(list != NULL && json_array_append_new(list, json_read(entry, &problem)) == 0);
    while (json_array_size(list) > ATTEMPTS_KEPT)
        json_array_remove(list, 0);
    buffer_clear(attempts);
    json_canonical(attempts, list);
    json_free(list);
}

void attempts_clean(struct buffer *answer)
{
    bool utf8 = text_is_utf8(buffer_view(answer));
    for (size_t i = 0; i < answer->length; i++) {
        unsigned char c = (unsigned char)answer->bytes[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f || (c >= 0x80 && !utf8))
            answer->bytes[i] = '?';
    }
}

int64_t attempts_span(int64_t span_us, double scale)
{
    uint16_t chance;
    random_bytes(&chance, sizeof chance);
    return (int64_t)((double)span_us * scale * (1.0 + 0.1 * (double)chance / UINT16_MAX));
}
