/* SPDX-License-Identifier: MIT */
/* A cycle over a group and a lock: main waits for its workers and holds what they need. Repaired:
 * it waits after the unlock. */
#include <stdio.h>

#include "programs.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"

enum { WORKERS = 2 };
struct job {
    struct mutex *m;
    struct waitgroup *wg;
};

static void worker(void *arg)
{
    struct job *j = arg;
    rt_hold(wg_id(j->wg), ROLE_OWNS);
    mutex_lock(j->m);
    mutex_unlock(j->m);
    wg_done(j->wg);
}

static void start(bool under_lock)
{
    struct job *j = rt_alloc(rt_here(), sizeof *j);
    *j = (struct job){mutex_make("results"), wg_make("workers")};
    mutex_lock(j->m);
    for (int i = 1; i <= WORKERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "worker-%d", i);
        wg_add(j->wg, 1);
        rt_spawn(name, worker, j);
    }
    if (!under_lock)
        mutex_unlock(j->m);
    wg_wait(j->wg);
    if (under_lock)
        mutex_unlock(j->m);
}

void program_wait_under_lock(void *arg)
{
    (void)arg;
    start(true);
}

void program_wait_after_unlock(void *arg)
{
    (void)arg;
    start(false);
}
