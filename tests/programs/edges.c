/* SPDX-License-Identifier: MIT */
/* Every primitive as the edge that orders plain accesses: nothing of it is a race. One value goes
 * from hand to hand; each step writes it after the one before has let it go. At the end, edges that
 * do not hold: a write after the release. */
#include "programs.h"
#include "runtime/cell.h"
#include "runtime/chan.h"
#include "runtime/cond.h"
#include "runtime/context.h"
#include "runtime/errgroup.h"
#include "runtime/mutex.h"
#include "runtime/once.h"
#include "runtime/rwmutex.h"
#include "runtime/semaphore.h"
#include "runtime/sync.h"
#include "runtime/timer.h"

struct hands {
    struct cell *x, *go, *token;
    struct chan *ch, *back;
    struct mutex *mu;
    struct rwmutex *rw;
    struct cond *cond;
    struct once *once;
    struct semaphore *sem;
    struct waitgroup *wg;
    struct context *ctx;
    bool there;
};

static void touch(struct hands *h)
{
    cell_write(h->x, cell_read(h->x) + 1);
}

static struct hands *make(uint32_t cap)
{
    struct hands *h = rt_alloc(rt_here(), sizeof *h);
    h->x = cell_make("x", 0);
    h->go = cell_make("go", 0);
    h->token = cell_make("token", 0);
    h->ch = chan_make("ch", cap);
    h->back = chan_make("back", 0);
    h->mu = mutex_make("mu");
    h->rw = rwmutex_make("rw");
    h->cond = cond_make("cond", h->mu);
    h->once = once_make("once");
    h->sem = sem_make("sem", 1, NULL);
    h->wg = wg_make("wg");
    h->ctx = ctx_with_cancel(ctx_background(), "ctx");
    return h;
}

/* ---- channels ----------------------------------------------------------------------------------
 */

static void takes(void *arg)
{
    struct hands *h = arg;
    chan_recv(h->ch, NULL);
    touch(h);
    chan_send(h->back, 1);
    chan_recv(h->ch, NULL); /* the close */
    touch(h);
    chan_recv(h->back, NULL); /* of an unbuffered one: the sender goes on after it */
}

static void channels(uint32_t cap)
{
    struct hands *h = make(cap);
    rt_spawn("takes", takes, h);
    touch(h);
    chan_send(h->ch, 1);
    chan_recv(h->back, NULL);
    touch(h);
    chan_close(h->ch);
    chan_send(h->back, 1);
    touch(h);
}

void program_edges_channels(void *arg)
{
    (void)arg;
    channels(0);
    channels(2);
}

/* A buffered channel as a lock: the k-th receive before the (k + capacity)-th send's end. */
static void locks_by_channel(void *arg)
{
    struct hands *h = arg;
    for (int i = 0; i < 2; i++) {
        struct select_case sc[] = {{.c = h->ch, .send = true, .value = 1}, {.c = h->back}};
        if (chan_select(sc, 2) == 0) {
            touch(h);
            chan_recv(h->ch, NULL);
        }
    }
    wg_done(h->wg);
}

void program_edges_channel_as_lock(void *arg)
{
    (void)arg;
    struct hands *h = make(1);
    wg_add(h->wg, 3);
    for (int i = 0; i < 3; i++)
        rt_spawn("locks", locks_by_channel, h);
    wg_wait(h->wg);
    touch(h);
}

/* ---- locks, semaphore, once, condition ---------------------------------------------------------
 */

static void initialise(void *arg)
{
    touch(arg);
}

static void shares(void *arg)
{
    struct hands *h = arg;
    once_do(h->once, initialise, h);
    cell_read(h->x);
    mutex_lock(h->mu); /* all have read it */
    h->there = true;
    cond_broadcast(h->cond);
    mutex_unlock(h->mu);
    wg_done(h->wg);
}

static void locked(void *arg)
{
    struct hands *h = arg;
    for (int i = 0; i < 2; i++) {
        rwmutex_lock(h->rw);
        touch(h);
        rwmutex_unlock(h->rw);
        rwmutex_rlock(h->rw);
        cell_read(h->x);
        rwmutex_runlock(h->rw);
    }
    wg_done(h->wg);
}

static void counted(void *arg)
{
    struct hands *h = arg;
    sem_acquire(h->sem, ctx_background(), 1);
    touch(h);
    sem_release(h->sem, 1);
    wg_done(h->wg);
}

static void all(struct hands *h, int n, void (*fn)(void *arg))
{
    wg_add(h->wg, n);
    for (int i = 0; i < n; i++)
        rt_spawn("hand", fn, h);
    wg_wait(h->wg);
    touch(h);
}

void program_edges_locks(void *arg)
{
    (void)arg;
    struct hands *h = make(0);
    wg_add(h->wg, 3);
    for (int i = 0; i < 3; i++)
        rt_spawn("shares", shares, h);
    mutex_lock(h->mu);
    while (!h->there)
        cond_wait(h->cond);
    mutex_unlock(h->mu);
    wg_wait(h->wg);
    touch(h);
    all(h, 3, locked);
    all(h, 3, counted);
}

/* ---- groups, contexts, timers ------------------------------------------------------------------
 */

static const char *one_slot(void *arg)
{
    touch(arg);
    return NULL;
}

static void waits_for_cancel(void *arg)
{
    struct hands *h = arg;
    chan_recv(ctx_done(h->ctx), NULL);
    touch(h);
    wg_done(h->wg);
}

void program_edges_groups(void *arg)
{
    (void)arg;
    struct hands *h = make(0);
    struct errgroup *g = errgroup_make("g", NULL);
    errgroup_set_limit(g, 1); /* the slot is a lock */
    for (int i = 0; i < 3; i++)
        errgroup_go(g, "go", one_slot, h);
    errgroup_wait(g);
    touch(h);
    wg_add(h->wg, 1);
    rt_spawn("waits", waits_for_cancel, h);
    rt_yield();
    touch(h);
    ctx_cancel(h->ctx, NULL);
    wg_wait(h->wg);
    touch(h);
}

/* ---- atomics -----------------------------------------------------------------------------------
 */

static void spins(void *arg)
{
    struct hands *h = arg;
    uint64_t is = 0;
    while (!cell_cas(h->token, &is, 1, ORDER_ACQUIRE)) {
        is = 0;
        rt_sleep(1000);
    }
    touch(h);
    cell_store(h->token, 0, ORDER_RELEASE);
    cell_add(h->go, 1, ORDER_RELEASE);
    wg_done(h->wg);
}

void program_edges_atomics(void *arg)
{
    (void)arg;
    struct hands *h = make(0);
    wg_add(h->wg, 3);
    for (int i = 0; i < 3; i++)
        rt_spawn("spins", spins, h);
    while (cell_load(h->go, ORDER_ACQUIRE) < 3) /* three releases, of which each adds its own */
        rt_sleep(1000);
    touch(h);
    wg_wait(h->wg);
}

/* ---- edges that do not hold --------------------------------------------------------------------
 */

static void receives(void *arg)
{
    struct hands *h = arg;
    chan_recv(h->ch, NULL);
    touch(h);
    wg_done(h->wg);
}

void program_write_after_send(void *arg)
{
    (void)arg;
    struct hands *h = make(1);
    wg_add(h->wg, 1);
    rt_spawn("receives", receives, h);
    chan_send(h->ch, 1);
    touch(h);
    wg_wait(h->wg);
}

static void under_rlock(void *arg)
{
    struct hands *h = arg;
    rwmutex_rlock(h->rw);
    touch(h);
    rwmutex_runlock(h->rw);
    wg_done(h->wg);
}

void program_write_under_rlock(void *arg)
{
    (void)arg;
    all(make(0), 2, under_rlock);
}

static void after_done(void *arg)
{
    struct hands *h = arg;
    wg_done(h->wg);
    touch(h);
}

void program_write_after_done(void *arg)
{
    (void)arg;
    all(make(0), 1, after_done);
}

/* A cancel gives what its task knows, and to all who see it; what others did it does not give. */
static void reads_when_cancelled(void *arg)
{
    struct hands *h = arg;
    chan_recv(ctx_done(h->ctx), NULL);
    cell_read(h->x);
    wg_done(h->wg);
}

static void cancels(void *arg)
{
    struct hands *h = arg;
    if (h->there)
        touch(h);
    ctx_cancel(h->ctx, NULL);
    wg_done(h->wg);
}

static void writes(void *arg)
{
    struct hands *h = arg;
    if (!h->there)
        touch(h);
    wg_done(h->wg);
}

static void cancel(bool fixed)
{
    struct hands *h = make(0);
    h->there = fixed;
    wg_add(h->wg, 3);
    rt_spawn("reads", reads_when_cancelled, h);
    rt_spawn("writes", writes, h);
    rt_spawn("cancels", cancels, h);
    wg_wait(h->wg);
}

void program_write_beside_cancel(void *arg)
{
    (void)arg;
    cancel(false);
}

void program_write_before_cancel(void *arg)
{
    (void)arg;
    cancel(true);
}
