/* SPDX-License-Identifier: MIT */
/* The 4-ary heap of timers. */
#include "runtime/timer_heap.h"

#include <stdlib.h>

#include "base/mem.h"

static inline bool before(const struct timer_slot *a, const struct timer_slot *b)
{
    return a->when_ns < b->when_ns || (a->when_ns == b->when_ns && a->order < b->order);
}

static inline void place(struct timer_heap *h, size_t i, struct timer_slot s)
{
    h->slot[i] = s;
    s.timer->index = (uint32_t)i + 1;
}

static void up(struct timer_heap *h, size_t i, struct timer_slot s)
{
    while (i) {
        size_t parent = (i - 1) / 4;
        if (!before(&s, &h->slot[parent]))
            break;
        place(h, i, h->slot[parent]);
        i = parent;
    }
    place(h, i, s);
}

static void down(struct timer_heap *h, size_t i, struct timer_slot s)
{
    for (;;) {
        size_t child = 4 * i + 1, last = child + 4;
        if (child >= h->n)
            break;
        if (last > h->n)
            last = h->n;
        size_t least = child;
        for (size_t c = child + 1; c < last; c++)
            if (before(&h->slot[c], &h->slot[least]))
                least = c;
        if (!before(&h->slot[least], &s))
            break;
        place(h, i, h->slot[least]);
        i = least;
    }
    place(h, i, s);
}

void timer_heap_set(struct timer_heap *h, struct rt_timer *t)
{
    uint64_t order = t->order ? t->order : timer_order(TIMER_OTHER, ++h->serial);
    struct timer_slot s = {t->when_ns, order, t};
    if (t->index) {
        size_t i = t->index - 1;
        if (before(&s, &h->slot[i]))
            up(h, i, s);
        else
            down(h, i, s);
        return;
    }
    grow(&h->slot, &h->cap, h->n + 1, sizeof *h->slot);
    up(h, h->n++, s);
}

bool timer_heap_remove(struct timer_heap *h, struct rt_timer *t)
{
    if (!t->index)
        return false;
    size_t i = t->index - 1;
    t->index = 0;
    struct timer_slot s = h->slot[--h->n];
    if (i == h->n)
        return true;
    if (i && before(&s, &h->slot[(i - 1) / 4]))
        up(h, i, s);
    else
        down(h, i, s);
    return true;
}

struct rt_timer *timer_heap_pop(struct timer_heap *h)
{
    struct rt_timer *t = h->slot[0].timer;
    timer_heap_remove(h, t);
    return t;
}

void timer_heap_free(struct timer_heap *h)
{
    free(h->slot);
    *h = (struct timer_heap){0};
}
