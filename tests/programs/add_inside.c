/* SPDX-License-Identifier: MIT */
/* The wait group is told of a task by the task itself (T3.M1).
 *
 *   main     go ─ send job ─────────── Wait: nothing to wait for ─ returns
 *   worker        receive job ──┃                                  Add(1) …
 *                               it is interrupted here
 *
 * It usually goes well, because the worker has just been given its job. The twin adds before go. */
#include "programs.h"
#include "runtime/chan.h"
#include "runtime/sync.h"

enum { JOBS = 2 };

struct crew {
    struct chan *jobs;
    struct waitgroup *wg;
    bool before;
};

static void worker(void *arg)
{
    struct crew *c = arg;
    chan_recv(c->jobs, NULL);
    if (!c->before)
        wg_add(c->wg, 1);
    wg_done(c->wg);
}

static void hire(bool before)
{
    struct crew *c = rt_alloc(rt_here(), sizeof *c);
    *c = (struct crew){chan_make("jobs", 0), wg_make("crew"), before};
    for (int i = 0; i < JOBS; i++) {
        if (before)
            wg_add(c->wg, 1);
        rt_spawn(i ? "worker-2" : "worker-1", worker, c);
        chan_send(c->jobs, 1);
    }
    wg_wait(c->wg);
}

void program_add_inside(void *arg)
{
    (void)arg;
    hire(false);
}

void program_add_before(void *arg)
{
    (void)arg;
    hire(true);
}
