#include "policy/conversation.h"

#include <string.h>

#include "policy/hash.h"
#include "policy/letters.h"
#include "policy/scan.h"

#define SHINGLE_BYTES 8
#define SKETCH_TEXT_MIN 40 /* bytes; shorter texts are alike by chance: "thank you" */
#define SKETCH_ALIKE 10    /* of POLICY_SKETCH_SIZE */
#define AMOUNT_MAX INT64_C(1000000000)

/* The yen has no minor unit. */
static bool is_yen(struct text amount)
{
    static const char *const names[] = {"\xe5\x86\x86", "\xe3\x81\x88\xe3\x82\x93", "yen", "jpy"};
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        found = found || memmem(amount.bytes, amount.length, names[i], strlen(names[i])) != NULL;
    return found;
}

int64_t conversation_amount(const struct policy *policy, struct exact_work *work,
                            const struct folded *folded)
{
    size_t start, end;
    struct text text = {(const char *)folded->bytes, folded->length};
    int64_t amount = 0, fraction = 0;
    size_t decimals = 0;
    bool in_fraction = false;
    if (!exact_find(policy->money, work, text, 0, text.length, &start, &end))
        return 0;
    for (size_t at = start; at < end; at++) {
        unsigned char c = folded->bytes[at];
        if (c == '%')
            return 0;
        if (c == '.' || c == ',') { /* "1.500" and "1,500" are thousands, "9.99" is not */
            in_fraction = !is_digit(folded->bytes[at + 1]) || !is_digit(folded->bytes[at + 2]) ||
                          !is_digit(folded->bytes[at + 3]);
        } else if (is_digit(c) && in_fraction && decimals < 2) {
            fraction = fraction * 10 + (c - '0');
            decimals++;
        } else if (is_digit(c) && !in_fraction && amount < AMOUNT_MAX) {
            amount = amount * 10 + (c - '0');
        }
    }
    if (is_yen((struct text){text.bytes + start, end - start}))
        return amount;
    return amount * 100 + (decimals == 1 ? fraction * 10 : fraction);
}

static uint64_t mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0x9E3779B97F4A7C15);
    x ^= x >> 29;
    x *= UINT64_C(0xBF58476D1CE4E5B9);
    return x ^ x >> 32;
}

void writer_sketch(const struct folded *folded, uint32_t sketch[POLICY_SKETCH_SIZE])
{
    unsigned char window[SHINGLE_BYTES] = {0};
    size_t length = 0;
    memset(sketch, 0xFF, POLICY_SKETCH_SIZE * sizeof *sketch);
    for (size_t at = 0; at < folded->length; at++) {
        unsigned char c = folded->bytes[at];
        if (!is_ascii_letter(c) && c < 0x80) /* names, numbers and signs may differ */
            continue;
        memmove(window, window + 1, SHINGLE_BYTES - 1);
        window[SHINGLE_BYTES - 1] = c;
        if (++length < SHINGLE_BYTES)
            continue;
        uint64_t eight;
        memcpy(&eight, window, sizeof eight);
        uint64_t hash = mix(eight);
        uint32_t *bucket = &sketch[hash % POLICY_SKETCH_SIZE];
        uint32_t value = (uint32_t)(hash >> 32);
        *bucket = value < *bucket ? value : *bucket;
    }
}

static bool are_alike(const uint32_t *a, const uint32_t *b)
{
    size_t equal = 0;
    for (size_t i = 0; i < POLICY_SKETCH_SIZE; i++)
        equal += a[i] == b[i] && a[i] != UINT32_MAX;
    return equal >= SKETCH_ALIKE;
}

static uint64_t hash_text(struct text text)
{
    uint64_t hash = HASH_START;
    for (size_t i = 0; i < text.length; i++)
        hash = hash_byte(hash, (unsigned char)text.bytes[i]);
    hash = mix(hash);
    return hash != 0 ? hash : 1;
}

unsigned writer_note(struct policy_writer *writer, struct text recipient,
                     const struct folded *folded)
{
    uint64_t others[POLICY_RECENT_MAX], to = hash_text(recipient);
    struct policy_sent sent = {.recipient = to};
    size_t count = 0;
    if (folded->length < SKETCH_TEXT_MIN)
        return 0;
    writer_sketch(folded, sent.sketch);
    for (size_t i = 0; i < POLICY_RECENT_MAX; i++) {
        const struct policy_sent *before = &writer->sent[i];
        bool counted = before->recipient == 0 || before->recipient == to;
        for (size_t j = 0; j < count; j++)
            counted = counted || others[j] == before->recipient;
        if (!counted && are_alike(before->sketch, sent.sketch))
            others[count++] = before->recipient;
    }
    writer->sent[writer->next % POLICY_RECENT_MAX] = sent;
    writer->next = (writer->next + 1) % POLICY_RECENT_MAX;
    return (unsigned)count;
}

bool side_add_piece(struct policy_side *side, const struct folded *folded, struct told_word *words,
                    size_t count)
{
    struct piece piece;
    size_t before = side->piece_length;
    bool phone = false;
    if (before > POLICY_PIECES_MAX) /* not a state of ours */
        before = 0;
    if (!scan_piece(folded, words, count, &piece)) {
        side->piece_length = 0;
        return false;
    }
    if (before + piece.count > POLICY_PIECES_MAX)
        before = 0;
    memcpy(side->pieces + before, piece.digits, piece.count);
    side->piece_length = (uint8_t)(before + piece.count);
    for (size_t i = 0; i < piece.rows; i++)
        phone = phone || is_phone_shape(side->pieces, before + piece.ends[i]);
    return before > 0 && phone;
}
