/* SPDX-License-Identifier: MIT */
/* How many workers there are.
 *
 * A worker has a place: it counts in the WaitGroup and in `active`. Places are only added while
 * some worker still has one (active > 0, checked under the guard): the WaitGroup's counter is then
 * above 0, so its Wait cannot have returned.
 *
 *   4 → 8   take back tokens of `retire` first, then wg.Add and start the rest
 *   8 → 4   four tokens into `retire`; a worker takes one when its job is done
 */
#include <inttypes.h>
#include <stdio.h>

#include "patterns/worker_pool.h"

#define MS INT64_C(1000000)

bool worker_start(struct pool *p)
{
    struct worker *w = rt_alloc(p->rt, sizeof *w);
    char name[32];
    w->pool = p;
    guard_lock(&p->guard);
    w->number = ++p->named;
    guard_unlock(&p->guard);
    snprintf(name, sizeof name, "worker-%" PRId64, w->number);
    if (rt_spawn(name, worker_task, w))
        return true;
    worker_leave(p, false); /* the run has said why */
    return false;
}

void pool_make_room(struct pool *p, int64_t wanted, int64_t started)
{
    enum { OTHERS = 4 }; /* closer, consumer, producer, autoscaler */
    int64_t left = started - OTHERS, active = started;
    char text[96];
    if (left < 1)
        rt_panic(0, "no threads: only %" PRId64 " of %" PRId64 " workers could be started", started,
                 wanted);
    pool_resize(p, left);
    while (active > left) {
        rt_sleep(MS);
        guard_lock(&p->guard);
        active = p->active;
        guard_unlock(&p->guard);
    }
    rt_sleep(100 * MS); /* until their threads are back */
    snprintf(text, sizeof text,
             "The machine has no more threads: %" PRId64 " of %" PRId64 " workers", left, wanted);
    rt_mark(text, BY_ENGINE);
}

void pool_spawn(struct pool *p, const char *name, void (*fn)(void *arg))
{
    if (!rt_spawn(name, fn, p))
        rt_panic(0, "no thread for the %s: the machine has no more of them", name);
}

void worker_leave(struct pool *p, bool retired)
{
    guard_lock(&p->guard);
    p->active--;
    p->retiring -= retired;
    guard_unlock(&p->guard);
    wg_done(p->wg);
}

void pool_resize(struct pool *p, int64_t target)
{
    int64_t start = 0;
    guard_lock(&p->guard);
    p->target = target;
    int64_t change = target - (p->active - p->retiring);
    if (p->active == 0)
        change = 0; /* it has shut down */
    while (change > 0 && p->retiring > 0 && chan_try_recv(p->retire, NULL) == RT_OK) {
        p->retiring--;
        change--;
    }
    for (; change < 0 && chan_try_send(p->retire, 1) == RT_OK; change++)
        p->retiring++;
    if (change > 0) {
        start = change;
        p->active += start;
        wg_add(p->wg, (int32_t)start);
    }
    guard_unlock(&p->guard);
    while (start-- > 0)
        if (!worker_start(p))
            for (; start > 0; start--) /* the other places too */
                worker_leave(p, false);
}

/* ---- the autoscaler ---------------------------------------------------------------------------
 */

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

static void look(struct pool *p, const struct pool_params *w)
{
    int64_t waiting = jobs_waiting(p), room = w->queue * p->jobs_n;
    double full = (double)waiting / (double)room;
    guard_lock(&p->guard);
    int64_t from = p->target;
    guard_unlock(&p->guard);
    int64_t to = full >= w->autoscale_up ? from + 1 : full <= w->autoscale_down ? from - 1 : from;
    to = clamp(to, w->autoscale_min, w->autoscale_max);
    if (to == from)
        return;
    char text[128];
    snprintf(text, sizeof text,
             "autoscale: %" PRId64 " -> %" PRId64 " workers, %" PRId64 " of %" PRId64 " wait", from,
             to, waiting, room);
    rt_mark(text, BY_ENGINE);
    pool_resize(p, to);
}

static void scaler(void *arg)
{
    struct pool *p = arg;
    struct timer *tick = timer_make("autoscale", params_of(p)->autoscale_every);
    struct select_case sc[] = {
        {.c = timer_chan(tick)}, {.c = p->scaler_quit}, {.c = ctx_done(p->ctx)}};
    while (chan_select(sc, 3) == 0) {
        const struct pool_params *w = params_of(p);
        if (!w->autoscale)
            break;
        look(p, w);
        timer_reset(tick, w->autoscale_every);
    }
    timer_stop(tick);
    guard_lock(&p->guard);
    p->scaler_runs = false;
    guard_unlock(&p->guard);
}

void pool_scaler_start(struct pool *p)
{
    guard_lock(&p->guard);
    bool start = !p->scaler_runs && !p->over;
    p->scaler_runs = p->scaler_runs || start;
    guard_unlock(&p->guard);
    if (start)
        rt_spawn("autoscaler", scaler, p);
}
