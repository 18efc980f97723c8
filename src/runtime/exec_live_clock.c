/* SPDX-License-Identifier: MIT */
/* Live time: from raw stamps to scenario time and back.
 *
 * Scenario time is a broken line over the raw clock; a pause is a flat piece, a change of speed a
 * bend. Each piece is a segment, and they are kept, because the collector sees events some time
 * after they happened and must place them on the piece on which they did:
 *
 *     scenario │            ╭───────  speed 0.5
 *              │     ┌──────╯
 *              │    ╱  pause
 *              │   ╱ speed 1
 *              └──┴─────────────────▶ raw clock */
#include "runtime/live.h"

#include <stdlib.h>

#include "base/mem.h"

static int64_t at(const struct live_segment *s, int64_t stamp)
{
    return stamp <= s->from ? s->base_ns
                            : s->base_ns + (int64_t)((double)(stamp - s->from) * s->rate);
}

/* A stamp that is newer than the next segment's beginning must not be placed on this one, or time
 * would go back when that one is seen: while a change is on its way nobody reads the clock. */
int64_t live_now(const struct rt *rt)
{
    const struct live *l = live_of(rt);
    for (;;) {
        const struct live_segment *s = atomic_load_explicit(&l->clock, memory_order_acquire);
        int64_t stamp = s ? emit_raw_clock() : 0;
        if (LIKELY(!atomic_load_explicit(&l->clock_changes, memory_order_acquire) &&
                   atomic_load_explicit(&l->clock, memory_order_relaxed) == s))
            return s ? at(s, stamp) : 0;
        cpu_relax();
    }
}

int64_t live_wall(const struct live *l, int64_t now_ns, int64_t deadline_ns)
{
    const struct live_segment *s = atomic_load_explicit(&l->clock, memory_order_acquire);
    if (!s || s->rate <= 0 || deadline_ns == NEVER)
        return INT64_MAX;
    double wall = (double)(deadline_ns - now_ns) * s->wall_a_ns;
    const double day = 86400e9;
    return emit_clock_ns() + (int64_t)(wall < day ? wall : day) + 1;
}

void live_clock_set(struct live *l)
{
    struct live_segment *was = atomic_load_explicit(&l->clock, memory_order_relaxed);
    struct live_segment *s = xcalloc(1, sizeof *s);
    atomic_exchange(&l->clock_changes, true); /* seen by all before the stamp is taken */
    s->from = emit_raw_clock();
    if (was) {
        s->from = s->from < was->from ? was->from : s->from;
        s->base_ns = at(was, s->from);
    }
    s->rate = l->paused ? 0 : l->speed * emit_tick_ns();
    s->wall_a_ns = 1 / l->speed;
    if (was)
        atomic_store_explicit(&was->next, s, memory_order_release);
    else
        l->clock_first = s;
    atomic_store_explicit(&l->clock, s, memory_order_release);
    atomic_store_explicit(&l->clock_changes, false, memory_order_release);
}

int64_t live_told(struct live *l, int64_t stamp)
{
    struct live_segment *s = l->told_segment, *next;
    if (!s) {
        if (!atomic_load_explicit(&l->clock, memory_order_acquire))
            return 0;
        s = l->clock_first;
    }
    while ((next = atomic_load_explicit(&s->next, memory_order_acquire)) && next->from <= stamp)
        s = next;
    l->told_segment = s;
    int64_t t = at(s, stamp);
    if (t > l->told_ns)
        l->told_ns = t;
    return l->told_ns;
}

void live_clock_free(struct live *l)
{
    struct live_segment *s = l->clock_first, *next;
    for (; s; s = next) {
        next = atomic_load(&s->next);
        free(s);
    }
}
