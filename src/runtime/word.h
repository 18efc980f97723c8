/* SPDX-License-Identifier: MIT */
/* The state word of a primitive. Its quick path is one atomic operation in live, outside of the
 * guard; in sim nothing can come between, so a plain load and store do the same for less.
 *
 * With probes on nobody takes the quick path: an object's events are numbered inside its guard. */
#ifndef RUNTIME_WORD_H
#define RUNTIME_WORD_H

#include <stdatomic.h>
#include <stdint.h>

#include "runtime/guard.h"

static inline uint32_t word_load(const _Atomic uint32_t *w)
{
    return atomic_load_explicit(w, memory_order_relaxed);
}

/* False: *w was not *seen, which then holds what it is. May not fail for no reason. */
static inline bool word_cas(_Atomic uint32_t *w, uint32_t *seen, uint32_t want, memory_order order)
{
    if (UNLIKELY(guard_live))
        return atomic_compare_exchange_strong_explicit(w, seen, want, order, memory_order_relaxed);
    uint32_t is = word_load(w);
    bool same = is == *seen;
    *seen = is;
    if (same)
        atomic_store_explicit(w, want, memory_order_relaxed);
    return same;
}

/* Adds (or, with a negative number, takes away) and returns what was there before. */
static inline uint32_t word_add(_Atomic uint32_t *w, uint32_t n, memory_order order)
{
    if (UNLIKELY(guard_live))
        return atomic_fetch_add_explicit(w, n, order);
    uint32_t is = word_load(w);
    atomic_store_explicit(w, is + n, memory_order_relaxed);
    return is;
}

/* Sets and clears bits; the guard of those bits is held, others may change meanwhile. */
static inline void word_bits(_Atomic uint32_t *w, uint32_t set, uint32_t clear)
{
    uint32_t seen = word_load(w);
    while (!word_cas(w, &seen, (seen | set) & ~clear, memory_order_relaxed)) {
    }
}

#endif
