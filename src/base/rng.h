/* SPDX-License-Identifier: MIT */
/* Random numbers from named streams.
 *
 * Each use has a stream of its own (arrivals, service, outcomes, select, schedule …), seeded
 * from the scenario's seed and the stream's name: changing one parameter does not reshuffle
 * the others. The generator is xoshiro256++ (Blackman and Vigna, 2019), seeded by splitmix64
 * over an FNV-1a hash of the name; integer arithmetic only, hence the same everywhere. */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *r, uint64_t seed, const char *stream);

static inline uint64_t rng_rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static inline uint64_t rng_u64(struct rng *r)
{
    uint64_t *s = r->s;
    uint64_t result = rng_rotl(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rng_rotl(s[3], 45);
    return result;
}

/* In [0, 1), 53 bits. */
static inline double rng_double(struct rng *r)
{
    return (double)(rng_u64(r) >> 11) * 0x1p-53;
}

/* In [0, n), n > 0, without bias (Lemire's method). */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
    uint64_t m = (uint64_t)(uint32_t)(rng_u64(r) >> 32) * n;
    if ((uint32_t)m < n) {
        uint32_t floor = -n % n;
        while ((uint32_t)m < floor)
            m = (uint64_t)(uint32_t)(rng_u64(r) >> 32) * n;
    }
    return (uint32_t)(m >> 32);
}

#endif
