/* SPDX-License-Identifier: MIT */
/* Random tapes that a program in another language can make too: splitmix64 and nothing else. Golden
 * results of libraries were made on exactly these. */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

#include <stdint.h>
#include <string.h>

struct tape {
    uint64_t s;
};

static inline uint64_t tape_next(struct tape *r)
{
    r->s += 0x9e3779b97f4a7c15u;
    uint64_t z = r->s;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t tape_below(struct tape *r, uint64_t n)
{
    return tape_next(r) % n;
}

/* Under a sanitizer every tenth block of a golden table is enough: the others differ in numbers,
 * not in what code they run. */
#if defined(__SANITIZE_ADDRESS__)
#define TAPE_EVERY 10
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TAPE_EVERY 10
#endif
#endif
#ifndef TAPE_EVERY
#define TAPE_EVERY 1
#endif

#define TAPE_HASH 14695981039346656037u /* FNV-1a's beginning */

static inline void tape_mix(uint64_t *h, uint64_t v)
{
    for (int i = 0; i < 8; i++) {
        *h = (*h ^ (v & 255)) * 1099511628211u;
        v >>= 8;
    }
}

static inline uint64_t tape_bits(double d)
{
    uint64_t u;
    memcpy(&u, &d, sizeof u);
    return u;
}

/* A step of a trace of requests about `period` apart: together, on the beat, 1 ns off it, after a
 * pause, anywhere. */
static inline int64_t tape_step(struct tape *r, int64_t period)
{
    switch (tape_below(r, 10)) {
    case 0:
    case 1:
        return 0;
    case 2:
        return period;
    case 3:
        return period - 1;
    case 4:
        return period + 1;
    case 5:
        return period * (int64_t)tape_below(r, 3);
    case 6:
        return (int64_t)tape_below(r, (uint64_t)period * 20 + 1);
    default:
        return (int64_t)tape_below(r, (uint64_t)period + 1);
    }
}

#endif
