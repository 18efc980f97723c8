/* SPDX-License-Identifier: MIT */
/* A deadlock that never happens here: b takes its locks only once a has given back its own.
 *
 *   a   lock x  lock y  unlock both  "done" ─┐            waits for the end
 *   b                                        └▶ lock y  lock x: the other order
 *
 * Harmless twins: a third lock around both (a gate), readers on both sides, a try. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"
#include "runtime/rwmutex.h"

enum form { PLAIN, GATED, READERS, TRIES };
struct locks {
    enum form form;
    struct mutex *x, *y, *gate;
    struct rwmutex *rx, *ry;
    struct chan *done, *end;
};

static void take(struct locks *l, bool x_first)
{
    if (l->form == READERS) {
        rwmutex_rlock(x_first ? l->rx : l->ry);
        rwmutex_rlock(x_first ? l->ry : l->rx);
        rwmutex_runlock(l->rx);
        rwmutex_runlock(l->ry);
        return;
    }
    if (l->form == GATED)
        mutex_lock(l->gate);
    mutex_lock(x_first ? l->x : l->y);
    struct mutex *second = x_first ? l->y : l->x;
    if (l->form != TRIES)
        mutex_lock(second);
    if (l->form != TRIES || mutex_try_lock(second))
        mutex_unlock(second);
    mutex_unlock(x_first ? l->x : l->y);
    if (l->form == GATED)
        mutex_unlock(l->gate);
}

static void a(void *arg)
{
    struct locks *l = arg;
    take(l, true);
    chan_send(l->done, 1);
    chan_recv(l->end, NULL);
}

static void b(void *arg)
{
    struct locks *l = arg;
    chan_recv(l->done, NULL);
    take(l, false);
    chan_close(l->end);
}

static void start(enum form form)
{
    struct locks *l = rt_alloc(rt_here(), sizeof *l);
    l->form = form;
    if (form == READERS) {
        l->rx = rwmutex_make("x");
        l->ry = rwmutex_make("y");
    } else {
        l->x = mutex_make("x");
        l->y = mutex_make("y");
        l->gate = mutex_make("gate");
    }
    l->done = chan_make("done", 0);
    l->end = chan_make("end", 0);
    rt_spawn("a", a, l);
    rt_spawn("b", b, l);
}

void program_lock_order(void *arg)
{
    (void)arg;
    start(PLAIN);
}

void program_lock_order_gate(void *arg)
{
    (void)arg;
    start(GATED);
}

void program_lock_order_readers(void *arg)
{
    (void)arg;
    start(READERS);
}

void program_lock_order_try(void *arg)
{
    (void)arg;
    start(TRIES);
}
