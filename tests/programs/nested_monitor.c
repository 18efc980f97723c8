/* SPDX-License-Identifier: MIT */
/* A condition waits with another lock in hand: its mutex is given back, the outer lock is not, and
 * whoever should signal needs the outer one. Repaired: the waiter does not hold it. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/cond.h"

struct monitor {
    struct mutex *outer, *inner;
    struct cond *ready;
    struct chan *started;
    bool nested, is_ready;
};

static void signals(void *arg)
{
    struct monitor *x = arg;
    rt_hold(cond_id(x->ready), ROLE_SENDS);
    chan_recv(x->started, NULL);
    mutex_lock(x->outer);
    mutex_lock(x->inner);
    x->is_ready = true;
    cond_signal(x->ready);
    mutex_unlock(x->inner);
    mutex_unlock(x->outer);
}

static void waits(void *arg)
{
    struct monitor *x = arg;
    mutex_lock(x->outer);
    if (!x->nested)
        mutex_unlock(x->outer);
    chan_close(x->started);
    mutex_lock(x->inner);
    while (!x->is_ready)
        cond_wait(x->ready);
    mutex_unlock(x->inner);
    if (x->nested)
        mutex_unlock(x->outer);
}

static void start(bool nested)
{
    struct monitor *x = rt_alloc(rt_here(), sizeof *x);
    x->outer = mutex_make("outer");
    x->inner = mutex_make("inner");
    x->ready = cond_make("ready", x->inner);
    x->started = chan_make("started", 0);
    x->nested = nested;
    rt_spawn("waiter", waits, x);
    rt_spawn("signaller", signals, x);
}

void program_nested_monitor(void *arg)
{
    (void)arg;
    start(true);
}

void program_flat_monitor(void *arg)
{
    (void)arg;
    start(false);
}
