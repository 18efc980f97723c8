/* SPDX-License-Identifier: MIT */
/* A heap of timers, ordered by instant, then by timer order. 4-ary: fewer cache lines than binary
 * (LaMarca and Ladner, 1996). Not locked. */
#ifndef RUNTIME_TIMER_HEAP_H
#define RUNTIME_TIMER_HEAP_H

#include "runtime/exec.h"

struct timer_slot {
    int64_t when_ns;
    uint64_t order;
    struct rt_timer *timer;
};
/* Zero-initialise; timer_heap_free() when done. */
struct timer_heap {
    struct timer_slot *slot;
    size_t n, cap;
    uint64_t serial; /* order of setting */
};

/* Sets or moves t to its when_ns and order (0: the next serial of class TIMER_OTHER). */
void timer_heap_set(struct timer_heap *h, struct rt_timer *t);
/* False: it was not in the heap. */
bool timer_heap_remove(struct timer_heap *h, struct rt_timer *t);
/* Takes the first one out; n > 0. */
struct rt_timer *timer_heap_pop(struct timer_heap *h);
void timer_heap_free(struct timer_heap *h);

static inline int64_t timer_heap_next(const struct timer_heap *h)
{
    return h->n ? h->slot[0].when_ns : NEVER;
}

#endif
