/* SPDX-License-Identifier: MIT */
/* The guard's slow paths: a futex mutex of three states (Drepper, "Futexes Are Tricky", 2011). A
 * guard is held for some dozen instructions, so it is worth a look or two before sleeping. */
#include "runtime/guard.h"

#include "runtime/futex.h"

_Atomic int guard_spins;

void guard_lock_slow(struct guard *g)
{
    int spins = atomic_load_explicit(&guard_spins, memory_order_relaxed);
    for (int i = 0; i < spins; i++) {
        uint32_t word = atomic_load_explicit(&g->word, memory_order_relaxed);
        if (word == 0 && atomic_compare_exchange_weak_explicit(
                             &g->word, &word, 1, memory_order_acquire, memory_order_relaxed))
            return;
        cpu_relax();
    }
    while (atomic_exchange_explicit(&g->word, 2, memory_order_acquire) != 0)
        futex_wait(&g->word, 2);
}

void guard_unlock_slow(struct guard *g)
{
    futex_wake(&g->word, 1);
}
