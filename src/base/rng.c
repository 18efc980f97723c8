/* SPDX-License-Identifier: MIT */
/* Seeding of the named random streams. */
#include "base/rng.h"

static uint64_t splitmix64(uint64_t *x)
{
    uint64_t z = (*x += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void rng_init(struct rng *r, uint64_t seed, const char *stream)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const unsigned char *p = (const unsigned char *)stream; *p; p++)
        h = (h ^ *p) * 0x100000001b3u;
    uint64_t x = seed;
    x = splitmix64(&x) ^ h;
    for (int i = 0; i < 4; i++)
        r->s[i] = splitmix64(&x);
}
