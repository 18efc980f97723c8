/* SPDX-License-Identifier: MIT */
/* The thread that reads the rings out and tells the sink.
 *
 * Where the run ends lies between two events: the one who stops it takes a stamp, what happened
 * later is not told, and END comes last. So END needs no room in a ring. */
#include "runtime/live.h"

#include <string.h>

enum { NAP_NS = 4000000, NAPS = 8 };

void live_kick(void *arg)
{
    struct live *l = arg;
    if (atomic_load_explicit(&l->kick, memory_order_relaxed) == 0 &&
        atomic_exchange(&l->kick, 1) == 0)
        futex_wake(&l->kick, 1);
}

static void take(void *arg, struct event *ev, size_t n)
{
    struct live *l = arg;
    int64_t end = atomic_load_explicit(&l->end_stamp, memory_order_acquire);
    if (l->end_told)
        return;
    size_t keep = 0;
    while (keep < n && ev[keep].t_ns <= end) {
        ev[keep].t_ns = live_told(l, ev[keep].t_ns);
        keep++;
    }
    /* What was lost before the end is found out after it, and is told all the same. */
    for (size_t i = keep; i < n; i++)
        if (ev[i].kind == EV_LOST) {
            ev[keep] = ev[i];
            ev[keep++].t_ns = live_told(l, end);
        }
    if (keep && l->sink)
        l->sink(l->sink_arg, ev, keep);
}

static void gather(struct live *l, bool all)
{
    int64_t horizon = collector_drain(l->collector, all, take, l);
    int64_t end = atomic_load_explicit(&l->end_stamp, memory_order_acquire);
    if (l->end_told || !l->sink || !atomic_load_explicit(&l->clock, memory_order_acquire))
        return;
    if (end != INT64_MAX && (all || end <= horizon)) {
        struct event e = {.t_ns = live_told(l, end), .kind = EV_END, .op = (uint8_t)l->end_why};
        l->end_told = true;
        l->sink(l->sink_arg, &e, 1);
        return;
    }
    struct event now = {.t_ns = live_told(l, horizon)};
    l->sink(l->sink_arg, &now, 0);
}

void *live_gather(void *arg)
{
    struct live *l = arg;
    int64_t refine_ns = 1000000000, born = emit_clock_ns(), refined = born;
    while (!atomic_load(&l->gather_quit)) {
        atomic_store(&l->kick, 0);
        int64_t begin = emit_clock_ns();
        gather(l, false);
        int64_t now = emit_clock_ns();
        if (now - refined >= refine_ns && emit_use_tsc) {
            refined = now;
            refine_ns = refine_ns < INT64_C(60000000000) ? refine_ns * 2 : refine_ns;
            emit_clock_init();
            pthread_mutex_lock(&l->lock);
            if (l->started)
                live_clock_set(l);
            pthread_mutex_unlock(&l->lock);
        }
        /* With many rings a look costs; it shall not cost more than a part of a processor. */
        int64_t nap = (now - begin) * NAPS;
        futex_wait_until(&l->kick, 0, now + (nap > NAP_NS ? nap : NAP_NS));
    }
    gather(l, true);
    return NULL;
}
