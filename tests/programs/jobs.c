/* SPDX-License-Identifier: MIT */
/* A worker ranges over a channel of jobs.
 *
 *   main     send send send [close] return
 *   worker   recv recv recv recv …            without the close: for ever */
#include "programs.h"
#include "runtime/chan.h"

static void worker(void *arg)
{
    struct chan *jobs = arg;
    rt_hold(chan_id(jobs), ROLE_RECEIVES);
    while (chan_recv(jobs, NULL)) {
    }
}

static struct chan *work(void)
{
    struct chan *jobs = chan_make("jobs", 1);
    rt_hold(chan_id(jobs), ROLE_SENDS);
    rt_spawn("worker", worker, jobs);
    for (chan_value i = 0; i < 3; i++)
        chan_send(jobs, i);
    return jobs;
}

void program_jobs_left_open(void *arg)
{
    (void)arg;
    work();
}

void program_jobs_closed(void *arg)
{
    (void)arg;
    chan_close(work());
}
