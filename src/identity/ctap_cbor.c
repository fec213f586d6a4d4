#include "identity/ctap_cbor.h"

#include <cbor.h>

/* What libcbor found at the beginning of an item. */
struct head {
    bool allowed;
    bool negative;
    enum ctap_cbor_kind kind;
    uint64_t argument; /* the number, or the length of what follows */
    struct text string;
};

static void head_set(struct head *head, enum ctap_cbor_kind kind, uint64_t argument)
{
    *head = (struct head){.allowed = true, .kind = kind, .argument = argument};
}

static void on_uint8(void *head, uint8_t number)
{
    head_set(head, CTAP_CBOR_INTEGER, number);
}

static void on_uint16(void *head, uint16_t number)
{
    head_set(head, CTAP_CBOR_INTEGER, number);
}

static void on_uint32(void *head, uint32_t number)
{
    head_set(head, CTAP_CBOR_INTEGER, number);
}

static void on_uint64(void *head, uint64_t number)
{
    head_set(head, CTAP_CBOR_INTEGER, number);
}

static void on_negative(struct head *head, uint64_t number)
{
    head_set(head, CTAP_CBOR_INTEGER, number);
    head->negative = true;
}

static void on_negint8(void *head, uint8_t number)
{
    on_negative(head, number);
}

static void on_negint16(void *head, uint16_t number)
{
    on_negative(head, number);
}

static void on_negint32(void *head, uint32_t number)
{
    on_negative(head, number);
}

static void on_negint64(void *head, uint64_t number)
{
    on_negative(head, number);
}

static void on_bytes(void *head, cbor_data bytes, size_t length)
{
    head_set(head, CTAP_CBOR_BYTES, length);
    ((struct head *)head)->string = (struct text){(const char *)bytes, length};
}

static void on_text(void *head, cbor_data bytes, size_t length)
{
    head_set(head, CTAP_CBOR_TEXT, length);
    ((struct head *)head)->string = (struct text){(const char *)bytes, length};
}

static void on_array(void *head, size_t count)
{
    head_set(head, CTAP_CBOR_ARRAY, count);
}

static void on_map(void *head, size_t count)
{
    head_set(head, CTAP_CBOR_MAP, count);
}

static void on_simple(void *head)
{
    head_set(head, CTAP_CBOR_SIMPLE, 0);
}

static void on_boolean(void *head, bool value)
{
    (void)value;
    head_set(head, CTAP_CBOR_SIMPLE, 0);
}

static void not_allowed(void *head)
{
    (void)head;
}

static void not_allowed_tag(void *head, uint64_t tag)
{
    (void)tag;
    not_allowed(head);
}

static void not_allowed_float(void *head, float value)
{
    (void)value;
    not_allowed(head);
}

static void not_allowed_double(void *head, double value)
{
    (void)value;
    not_allowed(head);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string = on_bytes,
    .byte_string_start = not_allowed,
    .string = on_text,
    .string_start = not_allowed,
    .array_start = on_array,
    .indef_array_start = not_allowed,
    .map_start = on_map,
    .indef_map_start = not_allowed,
    .tag = not_allowed_tag,
    .float2 = not_allowed_float,
    .float4 = not_allowed_float,
    .float8 = not_allowed_double,
    .undefined = on_simple,
    .null = on_simple,
    .boolean = on_boolean,
    .indef_break = not_allowed,
};

static size_t shortest_head(uint64_t argument)
{
    if (argument < 24)
        return 1;
    if (argument <= UINT8_MAX)
        return 2;
    if (argument <= UINT16_MAX)
        return 3;
    return argument <= UINT32_MAX ? 5 : 9;
}

static bool read_head(struct text *rest, struct head *head)
{
    *head = (struct head){0};
    if (rest->length == 0)
        return false;
    struct cbor_decoder_result result =
        cbor_stream_decode((cbor_data)rest->bytes, rest->length, &callbacks, head);
    if (result.status != CBOR_DECODER_FINISHED || !head->allowed ||
        result.read != shortest_head(head->argument) + head->string.length)
        return false;
    *rest = text_slice(*rest, result.read, rest->length);
    return true;
}

static bool fill_item(const struct head *head, struct ctap_cbor *item)
{
    *item = (struct ctap_cbor){.kind = head->kind, .content = head->string};
    switch (head->kind) {
    case CTAP_CBOR_INTEGER:
        item->integer = head->negative ? -1 - (int64_t)head->argument : (int64_t)head->argument;
        return head->argument <= INT64_MAX;
    case CTAP_CBOR_TEXT:
        return text_is_utf8(head->string);
    case CTAP_CBOR_ARRAY:
    case CTAP_CBOR_MAP:
        item->count = head->argument;
        return true;
    case CTAP_CBOR_BYTES:
    case CTAP_CBOR_SIMPLE:
        return true;
    }
    return false;
}

static bool read_item(struct text *rest, unsigned depth, struct ctap_cbor *item);

/* CTAP 2.1 §8: with the shortest heads, the order of keys is that of their bytes. */
static bool read_key(struct text *rest, struct text *last)
{
    struct ctap_cbor key;
    const struct text from = *rest;
    if (!read_item(rest, CTAP_CBOR_DEPTH_MAX, &key) || key.kind == CTAP_CBOR_SIMPLE)
        return false;
    const struct text encoded = text_slice(from, 0, from.length - rest->length);
    const bool ascends = last->length == 0 || text_compare(*last, encoded) < 0;
    *last = encoded;
    return ascends;
}

static bool read_members(struct text *rest, unsigned depth, struct ctap_cbor *item)
{
    struct text last_key = TEXT_NONE;
    const struct text from = *rest;
    if (depth >= CTAP_CBOR_DEPTH_MAX)
        return false;
    for (size_t i = 0; i < item->count; i++) {
        struct ctap_cbor member;
        if (item->kind == CTAP_CBOR_MAP && !read_key(rest, &last_key))
            return false;
        if (!read_item(rest, depth + 1, &member))
            return false;
    }
    item->content = text_slice(from, 0, from.length - rest->length);
    return true;
}

static bool read_item(struct text *rest, unsigned depth, struct ctap_cbor *item)
{
    struct head head;
    if (!read_head(rest, &head) || !fill_item(&head, item))
        return false;
    return (item->kind != CTAP_CBOR_ARRAY && item->kind != CTAP_CBOR_MAP) ||
           read_members(rest, depth, item);
}

bool ctap_cbor_read(struct text *rest, struct ctap_cbor *item)
{
    return read_item(rest, 0, item);
}

bool ctap_cbor_read_only(struct text bytes, struct ctap_cbor *item)
{
    return ctap_cbor_read(&bytes, item) && bytes.length == 0;
}

/* The map was read before, so its members are known to be well-formed. */
static bool find_member(const struct ctap_cbor *map, enum ctap_cbor_kind kind, struct text name,
                        int64_t label, struct ctap_cbor *value)
{
    struct text rest = map->content;
    struct ctap_cbor key;
    if (map->kind != CTAP_CBOR_MAP)
        return false;
    while (rest.length > 0) {
        MUST(ctap_cbor_read(&rest, &key) && ctap_cbor_read(&rest, value));
        if (key.kind == kind && key.integer == label && text_equal(key.content, name))
            return true;
    }
    return false;
}

bool ctap_cbor_named(const struct ctap_cbor *map, const char *name, struct ctap_cbor *value)
{
    return find_member(map, CTAP_CBOR_TEXT, text_of(name), 0, value);
}

bool ctap_cbor_labelled(const struct ctap_cbor *map, int64_t label, struct ctap_cbor *value)
{
    return find_member(map, CTAP_CBOR_INTEGER, TEXT_NONE, label, value);
}
