/* SPDX-License-Identifier: MIT */
/* Waiting a little for a lock before sleeping, in live with more than one processor.
 *
 * The hard idea: a waiter that keeps looking takes the cache line away from the holder at every
 * look. So it looks seldom, and less often each time. Meanwhile the holder passes through many
 * short sections at full speed, which is what makes two threads together faster than handing over
 * each time. */
#ifndef RUNTIME_SPIN_H
#define RUNTIME_SPIN_H

#include "event/emit.h"
#include "runtime/futex.h"
#include "runtime/guard.h"

enum { SPIN_LOOKS = 10, SPIN_FIRST_NS = 300, SPIN_LONGEST_NS = 2400 };

/* Pauses before the look-th look (from 0); false: that was enough. */
static inline bool spin_pause(int look)
{
    if (!guard_live || look == SPIN_LOOKS ||
        !atomic_load_explicit(&guard_spins, memory_order_relaxed))
        return false;
    int ns = look > 3 ? SPIN_LONGEST_NS : SPIN_FIRST_NS << look;
    int64_t from = emit_raw_clock(), ticks = (int64_t)((double)ns / emit_tick_ns());
    while (emit_raw_clock() - from < ticks)
        cpu_relax();
    return true;
}

#endif
