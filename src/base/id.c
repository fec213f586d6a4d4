#include "base/id.h"

#include <pthread.h>
#include <string.h>

#include "base/digest.h"
#include "base/time.h"

/*
 * Layout (RFC 9562 §5.7): 48 bits of milliseconds, version 7, 12 bits (here: the fraction of the
 * millisecond in 1/4096, RFC 9562 §6.2 method 3), variant 2, then 62 bits that are ours:
 * 40 bits organisation, 22 bits random.
 */
#define RANDOM_BITS 22
/* Numbers from here on are people's. */
#define PERSONS_FROM (UINT64_C(1) << 39)
#define RANDOM_MASK ((UINT64_C(1) << RANDOM_BITS) - 1)

static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t last_tick;
static uint64_t random_pool[64];
static size_t random_left;

/* 1/4096 ms since 1970, strictly ascending within the process. */
static uint64_t next_tick(void)
{
    int64_t now = time_now();
    uint64_t tick = (uint64_t)(now / 1000) << 12 | (uint64_t)(now % 1000) * 4096 / 1000;
    last_tick = tick > last_tick ? tick : last_tick + 1;
    return last_tick;
}

static uint64_t next_random(void)
{
    if (random_left == 0) {
        random_bytes(random_pool, sizeof random_pool);
        random_left = COUNT_OF(random_pool);
    }
    return random_pool[--random_left];
}

static void put_u64(uint8_t *out, uint64_t value)
{
    for (int i = 7; i >= 0; i--) {
        out[i] = (uint8_t)value;
        value >>= 8;
    }
}

static uint64_t get_u64(const uint8_t *in)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++)
        value = value << 8 | in[i];
    return value;
}

struct id id_new(int64_t org)
{
    struct id id;
    MUST(org >= 0 && org <= ORG_MAX);
    pthread_mutex_lock(&lock);
    uint64_t tick = next_tick();
    uint64_t random = next_random();
    pthread_mutex_unlock(&lock);
    put_u64(id.bytes, (tick >> 12) << 16 | UINT64_C(0x7000) | (tick & 0xfff));
    put_u64(id.bytes + 8,
            UINT64_C(2) << 62 | (uint64_t)org << RANDOM_BITS | (random & RANDOM_MASK));
    return id;
}

int64_t id_org(struct id id)
{
    return (int64_t)(get_u64(id.bytes + 8) >> RANDOM_BITS) & ORG_MAX;
}

int64_t org_random(void)
{
    pthread_mutex_lock(&lock);
    uint64_t random = next_random();
    pthread_mutex_unlock(&lock);
    return 1 + (int64_t)(random % (PERSONS_FROM - 1));
}

int64_t person_random(void)
{
    pthread_mutex_lock(&lock);
    uint64_t random = next_random();
    pthread_mutex_unlock(&lock);
    return (int64_t)(PERSONS_FROM + random % PERSONS_FROM);
}

int64_t person_of_name(struct text name, unsigned attempt)
{
    const char count = (char)attempt;
    const struct text pieces[] = {TEXT("counterfoil-person"), {&count, 1}, name};
    struct digest digest = digest_of_pieces(pieces, COUNT_OF(pieces));
    return (int64_t)(PERSONS_FROM + get_u64(digest.bytes) % PERSONS_FROM);
}

bool is_person_number(int64_t number)
{
    return number >= (int64_t)PERSONS_FROM && number <= ORG_MAX;
}

struct id id_in(struct id id, int64_t org)
{
    MUST(org >= 0 && org <= ORG_MAX);
    uint64_t low = get_u64(id.bytes + 8) & ~((uint64_t)ORG_MAX << RANDOM_BITS);
    put_u64(id.bytes + 8, low | (uint64_t)org << RANDOM_BITS);
    return id;
}

bool id_is_zero(struct id id)
{
    return get_u64(id.bytes) == 0 && get_u64(id.bytes + 8) == 0;
}

bool id_equal(struct id a, struct id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}

/* The lowest 5 × DIGITS bits of high:low, most significant digit first. */
static void base32_put(char *out, size_t digits, uint64_t high, uint64_t low)
{
    for (size_t i = digits; i > 0; i--) {
        out[i - 1] = base32[low & 31];
        low = low >> 5 | high << 59;
        high >>= 5;
    }
}

static bool base32_get(struct text in, uint64_t *high, uint64_t *low)
{
    *high = *low = 0;
    for (size_t i = 0; i < in.length; i++) {
        const char *found = in.bytes[i] == '\0' ? NULL : strchr(base32, in.bytes[i]);
        if (found == NULL)
            return false;
        *high = *high << 5 | *low >> 59;
        *low = *low << 5 | (uint64_t)(found - base32);
    }
    return true;
}

size_t id_format(const char *prefix, struct id id, char out[ID_TEXT_BYTES])
{
    size_t length = strlen(prefix);
    MUST(length >= 1 && length <= 12);
    memcpy(out, prefix, length);
    out[length++] = '_';
    base32_put(out + length, 26, get_u64(id.bytes), get_u64(id.bytes + 8));
    out[length + 26] = '\0';
    return length + 26;
}

void buffer_id(struct buffer *buffer, const char *prefix, struct id id)
{
    char text[ID_TEXT_BYTES];
    buffer_add(buffer, text, id_format(prefix, id, text));
}

/* Cuts `prefix_` off *text. */
static bool take_prefix(const char *prefix, struct text *text)
{
    size_t length = strlen(prefix);
    if (!text_starts(*text, prefix) || text->length <= length || text->bytes[length] != '_')
        return false;
    *text = text_slice(*text, length + 1, text->length);
    return true;
}

bool id_parse(const char *prefix, struct text text, struct id *id)
{
    uint64_t high;
    uint64_t low;
    /* 26 digits hold 130 bits: the first may not exceed 7. */
    if (!take_prefix(prefix, &text) || text.length != 26 || text.bytes[0] > '7' ||
        !base32_get(text, &high, &low))
        return false;
    put_u64(id->bytes, high);
    put_u64(id->bytes + 8, low);
    return (high >> 12 & 15) == 7 && low >> 62 == 2;
}

size_t org_format(int64_t org, char out[ID_TEXT_BYTES])
{
    MUST(org >= 0 && org <= ORG_MAX);
    memcpy(out, "org_", 4);
    base32_put(out + 4, 8, 0, (uint64_t)org);
    out[12] = '\0';
    return 12;
}

void buffer_org(struct buffer *buffer, int64_t org)
{
    char text[ID_TEXT_BYTES];
    buffer_add(buffer, text, org_format(org, text));
}

bool org_parse(struct text text, int64_t *org)
{
    uint64_t high;
    uint64_t low;
    if (!take_prefix("org", &text) || text.length != 8 || !base32_get(text, &high, &low))
        return false;
    *org = (int64_t)low;
    return true;
}
