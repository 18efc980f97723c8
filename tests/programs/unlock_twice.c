/* SPDX-License-Identifier: MIT */
/* An unlock by hand and a deferred one: the second opens the lock of whoever took it in between.
 *
 *   hasty     lock  unlock          unlock: of careful's lock
 *   careful                lock ✓           … no longer alone
 *
 * Repaired: one unlock. And alone: the second unlock meets an open lock, a panic. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"

struct shared {
    struct mutex *m;
    struct chan *free, *taken, *opened;
    bool twice;
};

static void hasty(void *arg)
{
    struct shared *s = arg;
    mutex_lock(s->m);
    mutex_unlock(s->m);
    chan_close(s->free);
    chan_recv(s->taken, NULL);
    if (s->twice)
        mutex_unlock(s->m);
    chan_close(s->opened);
}

static void careful(void *arg)
{
    struct shared *s = arg;
    chan_recv(s->free, NULL);
    mutex_lock(s->m);
    chan_close(s->taken);
    chan_recv(s->opened, NULL);
    if (!s->twice)
        mutex_unlock(s->m);
}

static void start(bool twice)
{
    struct shared *s = rt_alloc(rt_here(), sizeof *s);
    *s = (struct shared){mutex_make("table"), chan_make("free", 0), chan_make("taken", 0),
                         chan_make("opened", 0), twice};
    rt_spawn("hasty", hasty, s);
    rt_spawn("careful", careful, s);
}

void program_unlock_twice(void *arg)
{
    (void)arg;
    start(true);
}

void program_unlock_once(void *arg)
{
    (void)arg;
    start(false);
}

void program_unlock_twice_alone(void *arg)
{
    (void)arg;
    struct mutex *m = mutex_make("table");
    mutex_lock(m);
    mutex_unlock(m);
    mutex_unlock(m);
}
