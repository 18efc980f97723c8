/* SPDX-License-Identifier: MIT */
/* An early return skips the unlock. Repaired: it unlocks on every way out. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/mutex.h"

struct account {
    struct mutex *m;
    struct chan *ended;
    bool forgets;
};

static void early(void *arg)
{
    struct account *a = arg;
    mutex_lock(a->m);
    if (!a->forgets)
        mutex_unlock(a->m);
    chan_close(a->ended);
}

static void later(void *arg)
{
    struct account *a = arg;
    chan_recv(a->ended, NULL);
    mutex_lock(a->m);
    mutex_unlock(a->m);
}

static void start(bool forgets)
{
    struct account *a = rt_alloc(rt_here(), sizeof *a);
    *a = (struct account){mutex_make("account"), chan_make("ended", 0), forgets};
    rt_spawn("early", early, a);
    rt_spawn("later", later, a);
}

void program_no_unlock(void *arg)
{
    (void)arg;
    start(true);
}

void program_always_unlock(void *arg)
{
    (void)arg;
    start(false);
}
