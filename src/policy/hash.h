/* FNV-1a, of bytes one after another: for tables and sketches, not against anybody who wants two
 * texts to be alike. Only inside src/policy. */
#pragma once

#include <stdint.h>

#define HASH_START UINT64_C(0xCBF29CE484222325)

static inline uint64_t hash_byte(uint64_t hash, unsigned char byte)
{
    return (hash ^ byte) * UINT64_C(0x100000001B3);
}
