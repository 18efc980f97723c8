/* SPDX-License-Identifier: MIT */
/* The store in this process: what it does is done in the middle of the trip, in one step, so that
 * two nodes' trips cross as they do on a wire. */
#include "runtime/timer.h"
#include "traffic/store_inside.h"
#include "traffic/traffic.h"

/* Under the guard. A count that is not there is 0; those of long ago make room. NULL: no room. */
static struct store_count *count_of(struct store *s, const struct store_window *w, int64_t now_ns)
{
    struct store_count *room = NULL;
    for (size_t i = 0; i < STORE_COUNTS; i++) {
        struct store_count *c = &s->count[i];
        if (c->used && c->forget_ns <= now_ns)
            c->used = false;
        if (c->used && c->space == w->space && c->number == w->number)
            return c;
        if (!c->used && !room)
            room = c;
    }
    if (room)
        *room = (struct store_count){.space = w->space,
                                     .number = w->number,
                                     .forget_ns = now_ns + 3 * w->span_ns,
                                     .used = true};
    return room;
}

/* Under the guard. */
static void act(struct store *s, const struct store_ask *a, struct store_told *told)
{
    struct store_window w = a->window;
    int64_t now = rt_now();
    if (w.its_clock)
        w.number = now / w.span_ns;
    told->number = w.number;
    struct store_count *c = count_of(s, &w, now);
    if (!c)
        return; /* full: as if nobody had been counted */
    if (a->what == ASK_SET) {
        told->overwrote = c->n != a->base;
        c->n = a->n;
    } else if (a->what == ASK_TAKE) {
        told->ok = c->n < a->n;
        c->n += told->ok;
    }
    told->n = c->n;
}

static bool wait_ns(struct store_link *l, int64_t ns)
{
    return ctx_wait_until(l->ctx, WHY_IO, l->store->id, rt_now() + ns,
                          timer_order(TIMER_CALL_END, l->number)) == RT_OK;
}

static enum store_trip trip(struct store_link *l, const struct store_ask *a,
                            struct store_told *told)
{
    struct store *s = l->store;
    guard_lock(&s->guard);
    double ns = (double)dist_sample(&s->params.latency, s->trips) * s->slow;
    int64_t all = ns < 1e18 ? (int64_t)ns : INT64_C(1000000000000000000);
    int64_t timeout = s->params.timeout_ns;
    bool down = s->down_until_ns > rt_now(), stalls = s->stalls, nonsense = s->nonsense;
    guard_unlock(&s->guard);
    int64_t there = all / 2, back = all - there;
    if (down)
        return wait_ns(l, all < timeout ? all : timeout) ? TRIP_FAILED : TRIP_CANCELLED;
    if (stalls || there >= timeout)
        return wait_ns(l, timeout) ? TRIP_TIMEOUT : TRIP_CANCELLED;
    if (!wait_ns(l, there))
        return TRIP_CANCELLED;
    guard_lock(&s->guard);
    act(s, a, told); /* done, even where its answer comes too late */
    guard_unlock(&s->guard);
    if (all > timeout)
        return wait_ns(l, timeout - there) ? TRIP_TIMEOUT : TRIP_CANCELLED;
    if (!wait_ns(l, back))
        return TRIP_CANCELLED;
    return nonsense ? TRIP_NONSENSE : TRIP_OK;
}

const struct store_kind store_memory = {.trip = trip};
