/*
 * The guard's verdict must not depend on how a message is cut: the input's first two bytes say
 * where; and what it hands on never exceeds what it was given.
 */
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "net/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const struct guard_limits limits = {400, 100, 8};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct guard whole;
    struct guard cut;
    if (length < 2)
        return 0;
    size_t place = (size_t)bytes[0] << 8 | bytes[1];
    bytes += 2;
    length -= 2;
    place = place > length ? length : place;
    guard_init(&whole, &limits);
    guard_init(&cut, &limits);
    size_t handed_on = guard_feed(&whole, bytes, length, 1);
    size_t first = guard_feed(&cut, bytes, place, 1);
    size_t second = guard_feed(&cut, bytes + place, length - place, 1);
    MUST(handed_on <= length && first <= place && second <= length - place);
    MUST(whole.verdict == cut.verdict && whole.requests == cut.requests &&
         whole.heads == cut.heads && whole.closing == cut.closing);
    MUST(memcmp(whole.body_lengths, cut.body_lengths, sizeof whole.body_lengths) == 0);
    /* Whoever is refused or done gets no further byte through. */
    if (whole.verdict != GUARD_FINE || whole.closing)
        MUST(guard_feed(&whole, bytes, length, 1) == 0);
    return 0;
}
