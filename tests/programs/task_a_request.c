/* SPDX-License-Identifier: MIT */
/* A task for each request, and requests come faster than they end: nothing limits how many there
 * are. Repaired: a semaphore of 8 before `go`. The same with an errgroup: without SetLimit all are
 * started at one instant (T3.M4). */
#include "programs.h"
#include "runtime/errgroup.h"
#include "runtime/semaphore.h"

enum { REQUESTS = 1200, FEW = 60, LIMIT = 8 };

struct server {
    struct semaphore *limit; /* or NULL */
    int64_t takes_ns;
};

static void serves(void *arg)
{
    struct server *s = arg;
    rt_sleep(s->takes_ns);
    if (s->limit)
        sem_release(s->limit, 1);
}

static void start(bool limited, int requests, int64_t takes_ns)
{
    struct server *s = rt_alloc(rt_here(), sizeof *s);
    s->takes_ns = takes_ns;
    if (limited)
        s->limit = sem_make("limit", LIMIT, NULL);
    for (int i = 0; i < requests; i++) {
        if (s->limit)
            sem_acquire(s->limit, ctx_background(), 1);
        rt_spawn("request", serves, s);
        rt_sleep(1000000);
    }
}

void program_task_a_request(void *arg)
{
    (void)arg;
    start(false, REQUESTS, INT64_C(5000000000));
}

void program_task_a_request_limited(void *arg)
{
    (void)arg;
    start(true, FEW, 20000000);
}

static const char *fetch(void *arg)
{
    (void)arg;
    rt_sleep(1000000);
    return NULL;
}

static void fetch_all(int64_t limit, int n)
{
    struct errgroup *g = errgroup_make("fetch", NULL);
    if (limit)
        errgroup_set_limit(g, limit);
    for (int i = 0; i < n; i++)
        errgroup_go(g, "fetch", fetch, NULL);
    errgroup_wait(g);
}

void program_group_unlimited(void *arg)
{
    (void)arg;
    fetch_all(0, REQUESTS);
}

void program_group_limited(void *arg)
{
    (void)arg;
    fetch_all(LIMIT, FEW);
}
