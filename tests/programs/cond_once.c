/* SPDX-License-Identifier: MIT */
/* Two eaters wait on a condition until there is bread, but look only once.
 *
 *   slow    no bread: Wait ──────────────────────────── woken: eats … what is not there
 *   baker                     bread 1, Signal
 *   quick                                      eats it
 *
 * Signal is a hint that it is worth looking, no more. The twin looks again, in a loop. */
#include "programs.h"
#include "runtime/cond.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"

struct bakery {
    struct mutex *mu;
    struct cond *baked;
    struct waitgroup *wg;
    bool loop;
    int bread;
};

static void eater(void *arg)
{
    struct bakery *b = arg;
    mutex_lock(b->mu);
    if (b->loop)
        while (!b->bread)
            cond_wait(b->baked);
    else if (!b->bread)
        cond_wait(b->baked);
    if (!b->bread)
        rt_panic(cond_id(b->baked), "woken, and there is no bread");
    b->bread--;
    mutex_unlock(b->mu);
    wg_done(b->wg);
}

static void baker(void *arg)
{
    struct bakery *b = arg;
    for (int i = 0; i < 2; i++) {
        mutex_lock(b->mu);
        b->bread++;
        mutex_unlock(b->mu);
        cond_signal(b->baked);
    }
    wg_done(b->wg);
}

static void bake(bool loop)
{
    struct bakery *b = rt_alloc(rt_here(), sizeof *b);
    b->mu = mutex_make("mu");
    b->baked = cond_make("baked", b->mu);
    b->wg = wg_make("wg");
    b->loop = loop;
    wg_add(b->wg, 3);
    rt_spawn("slow", eater, b);
    rt_spawn("quick", eater, b);
    rt_spawn("baker", baker, b);
    wg_wait(b->wg);
}

void program_cond_once(void *arg)
{
    (void)arg;
    bake(false);
}

void program_cond_loop(void *arg)
{
    (void)arg;
    bake(true);
}
