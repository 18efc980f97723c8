/* SPDX-License-Identifier: MIT */
/* What people do to a worker pool while it runs: shut it down, cancel it, hurt it, tune it. All of
 * it in engine context, where nothing may block. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "patterns/worker_pool.h"

static struct pool *pool_of(const struct pattern_run *pr)
{
    return pattern_state(pr);
}

/* ---- actions ----------------------------------------------------------------------------------
 */

/* Takes no more jobs; what stands in the channel is worked off. */
static void shut_down(struct pattern_run *pr)
{
    struct pool *p = pool_of(pr);
    if (atomic_exchange(&p->stopping, true))
        return;
    p->stopped_ns = rt_now();
    char text[128];
    snprintf(text, sizeof text, "shutdown: no new jobs, %" PRId64 " in the queue to drain",
             jobs_waiting(p));
    rt_mark(text, BY_ENGINE);
    traffic_stop(p->traffic);
    chan_close(p->stop);
}

/* Everybody who listens to the context leaves at once. */
static void cancel(struct pattern_run *pr)
{
    struct pool *p = pool_of(pr);
    if (atomic_exchange(&p->cancelled, true))
        return;
    if (!atomic_load(&p->stopping))
        p->stopped_ns = rt_now();
    char text[128];
    snprintf(text, sizeof text, "cancel: %" PRId64 " jobs stand in the queue", jobs_waiting(p));
    rt_mark(text, BY_ENGINE);
    ctx_cancel(p->ctx, NULL);
}

const struct pattern_action pool_actions[] = {
    {"shutdown", "graceful: close jobs, drain what is queued", shut_down},
    {"cancel", "hard: cancel the context, drop what is in flight", cancel},
    {NULL, NULL, NULL},
};

/* ---- faults -----------------------------------------------------------------------------------
 */

static const char *dependency_hangs(struct pattern_run *pr, const char *arg)
{
    return dependency_inject(pool_of(pr)->dependency, "hang", arg);
}
static const char *dependency_fails(struct pattern_run *pr, const char *arg)
{
    return dependency_inject(pool_of(pr)->dependency, "errors", arg);
}
static const char *dependency_slows(struct pattern_run *pr, const char *arg)
{
    return dependency_inject(pool_of(pr)->dependency, "slow", arg);
}
static const char *dependency_recovers(struct pattern_run *pr, const char *arg)
{
    return dependency_inject(pool_of(pr)->dependency, "recover", arg);
}

static const char *consumer_slows(struct pattern_run *pr, const char *arg)
{
    int64_t ns = INT64_C(500000000);
    if (arg && (value_duration(arg, &ns) || ns <= 0))
        return "inject consumer slow D: D is a duration such as 500ms";
    atomic_store(&pool_of(pr)->consumer_extra_ns, ns);
    return NULL;
}
static const char *consumer_recovers(struct pattern_run *pr, const char *arg)
{
    (void)arg;
    atomic_store(&pool_of(pr)->consumer_extra_ns, 0);
    return NULL;
}

const struct pattern_fault pool_faults[] = {
    {"dependency", "hang", "the next call (or the next N) never returns", dependency_hangs},
    {"dependency", "errors", "calls fail for 5s, for a time, or the next N", dependency_fails},
    {"dependency", "slow", "calls take 10 times as long, or X times", dependency_slows},
    {"dependency", "recover", "calls are as the parameters say again", dependency_recovers},
    {"consumer", "slow", "each result takes the consumer 500ms more, or D more", consumer_slows},
    {"consumer", "recover", "the consumer is as fast as before", consumer_recovers},
    {NULL, NULL, NULL, NULL},
};

/* ---- parameters -------------------------------------------------------------------------------
 */

void pool_changed(struct pattern_run *pr, const char *section, const char *name)
{
    struct pool *p = pool_of(pr);
    if (strcmp(section, "traffic") == 0)
        traffic_changed(p->traffic, pattern_params(pr, "traffic"));
    else if (strcmp(section, "dependency") == 0)
        dependency_changed(p->dependency, pattern_params(pr, "dependency"));
    else if (strcmp(name, "workers") == 0)
        pool_resize(p, pool_workers(p->rt, params_of(p)));
    else if (strcmp(name, "autoscale") == 0 && params_of(p)->autoscale)
        pool_scaler_start(p);
}

int64_t pool_automatic(const struct pattern_run *pr, const char *section, const char *name)
{
    (void)section;
    const struct pool *p = pool_of(pr);
    if (strcmp(name, "results") == 0 && p)
        return chan_cap(p->results);
    return pool_workers(pattern_rt(pr), pattern_params(pr, "worker_pool"));
}
