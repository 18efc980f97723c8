/* SPDX-License-Identifier: MIT */
/* The lock inside an object. In sim it costs a branch: all tasks share one OS thread and switch
 * only where they block, so nothing can come between. In live it is a small futex mutex, and it
 * carries the stamp that keeps an object's events in the order of its guard (event/emit.h). Never
 * held across anything that blocks. */
#ifndef RUNTIME_GUARD_H
#define RUNTIME_GUARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/diag.h"

struct guard {
    _Atomic uint32_t word; /* live: 0 free, 1 held, 2 held and somebody sleeps */
    int64_t stamp;
};

/* Is the run of this thread a live one? Set by the executor when it enters the engine. */
extern _Thread_local bool guard_live;

/* How often a contended guard is looked at before sleeping: 0 on one processor. */
extern _Atomic int guard_spins;

void guard_lock_slow(struct guard *g);
void guard_unlock_slow(struct guard *g);

/* Task or engine context. Blocks for as long as another holder's few instructions take. live: a
 * caller that has looked already says what it saw. */
static inline void guard_lock_as(struct guard *g, bool live)
{
    if (!live)
        return;
    uint32_t free_word = 0;
    if (!atomic_compare_exchange_strong_explicit(&g->word, &free_word, 1, memory_order_acquire,
                                                 memory_order_relaxed))
        guard_lock_slow(g);
}

static inline void guard_unlock_as(struct guard *g, bool live)
{
    if (!live)
        return;
    if (atomic_exchange_explicit(&g->word, 0, memory_order_release) == 2)
        guard_unlock_slow(g);
}

static inline void guard_lock(struct guard *g)
{
    guard_lock_as(g, UNLIKELY(guard_live));
}

static inline void guard_unlock(struct guard *g)
{
    guard_unlock_as(g, UNLIKELY(guard_live));
}

#endif
