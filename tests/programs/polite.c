/* SPDX-License-Identifier: MIT */
/* Two tasks give way to each other, at the same pace: neither ever passes (a livelock). Repaired:
 * both lock in the same order and wait. */
#include "programs.h"
#include "runtime/mutex.h"

enum { TRIES = 50 };
struct way {
    struct mutex *mine, *other;
    bool waits;
};

static bool give_way(struct way *w)
{
    mutex_lock(w->mine);
    rt_sleep(1000000);
    bool got = mutex_try_lock(w->other);
    if (got)
        mutex_unlock(w->other);
    else
        rt_sleep(1000000);
    mutex_unlock(w->mine);
    return got;
}

static void passes(void *arg)
{
    struct way *w = arg;
    if (!w->waits) {
        for (int i = 0; i < TRIES && !give_way(w); i++)
            ;
        return;
    }
    mutex_lock(w->mine);
    rt_sleep(1000000);
    mutex_lock(w->other);
    mutex_unlock(w->other);
    mutex_unlock(w->mine);
}

static void start(bool waits)
{
    struct mutex *left = mutex_make("left"), *right = mutex_make("right");
    struct way *a = rt_alloc(rt_here(), sizeof *a), *b = rt_alloc(rt_here(), sizeof *b);
    *a = (struct way){left, right, waits};
    *b = waits ? *a : (struct way){right, left, false};
    rt_spawn("alphonse", passes, a);
    rt_spawn("gaston", passes, b);
}

void program_polite(void *arg)
{
    (void)arg;
    start(false);
}

void program_polite_ordered(void *arg)
{
    (void)arg;
    start(true);
}
