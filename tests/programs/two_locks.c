/* SPDX-License-Identifier: MIT */
/* Two transfers between two accounts, each under the locks of both.
 *
 *   there   lock a ──────────── lock b (b is back's: for ever)
 *   back           lock b ─ lock a (a is there's: for ever)
 *
 * The twin takes them in one order, whatever the direction. */
#include "programs.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"

struct bank {
    struct mutex *a, *b;
    struct waitgroup *wg;
    bool ordered;
};

static void transfer(const struct bank *k, struct mutex *first, struct mutex *second)
{
    mutex_lock(first);
    mutex_lock(second);
    mutex_unlock(second);
    mutex_unlock(first);
    wg_done(k->wg);
}

static void there(void *arg)
{
    const struct bank *k = arg;
    transfer(k, k->a, k->b);
}

static void back(void *arg)
{
    const struct bank *k = arg;
    if (k->ordered)
        transfer(k, k->a, k->b);
    else
        transfer(k, k->b, k->a);
}

static void bank(bool ordered)
{
    struct bank *k = rt_alloc(rt_here(), sizeof *k);
    *k = (struct bank){mutex_make("a"), mutex_make("b"), wg_make("transfers"), ordered};
    wg_add(k->wg, 2);
    rt_spawn("there", there, k);
    rt_spawn("back", back, k);
    wg_wait(k->wg);
}

void program_two_locks(void *arg)
{
    (void)arg;
    bank(false);
}

void program_two_locks_ordered(void *arg)
{
    (void)arg;
    bank(true);
}
