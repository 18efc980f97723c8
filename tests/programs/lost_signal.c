/* SPDX-License-Identifier: MIT */
/* A signal without the lock falls between the waiter's look and its wait.
 *
 *   waiter      lock, not ready yet                    wait …  for ever
 *   signaller                        ready, signal: nobody waits
 *
 * Repaired: the signaller takes the lock, so it cannot come in between. */
#include <stdatomic.h>

#include "programs.h"
#include "runtime/cond.h"

struct gate {
    struct mutex *m;
    struct cond *c;
    _Atomic bool ready;
    bool locks;
};

static void waits(void *arg)
{
    struct gate *g = arg;
    mutex_lock(g->m);
    while (!atomic_load(&g->ready)) {
        rt_step();
        cond_wait(g->c);
    }
    mutex_unlock(g->m);
}

static void signals(void *arg)
{
    struct gate *g = arg;
    if (g->locks)
        mutex_lock(g->m);
    atomic_store(&g->ready, true);
    cond_signal(g->c);
    if (g->locks)
        mutex_unlock(g->m);
}

static void start(bool locks)
{
    struct gate *g = rt_alloc(rt_here(), sizeof *g);
    g->m = mutex_make("m");
    g->c = cond_make("ready", g->m);
    g->locks = locks;
    rt_spawn("waiter", waits, g);
    rt_spawn("signaller", signals, g);
}

void program_lost_signal(void *arg)
{
    (void)arg;
    start(false);
}

void program_signal_under_lock(void *arg)
{
    (void)arg;
    start(true);
}
