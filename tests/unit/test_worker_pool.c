/* SPDX-License-Identifier: MIT */
/* The worker pool: accounting at every instant, shutdown and cancel, resizing, the mistakes. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "pool_run.h"

#define SECOND        INT64_C(1000000000)
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void begin(struct pool_run *q, uint64_t seed, const char *const *settings)
{
    sim_run_init(&q->r, seed);
    pool_run_begin(q, settings);
}

static struct account closes(const struct pool_run *q)
{
    struct account a = account_fold(q->r.ev, q->r.n);
    cr_assert_eq(a.bad, 0, "accounting does not close: %lu steps are wrong", (unsigned long)a.bad);
    return a;
}

static size_t tasks_not_done(const struct pool_run *q)
{
    return sim_run_count(&q->r, EV_TASK, TASK_NEW) - sim_run_count(&q->r, EV_TASK, TASK_DONE);
}

Test(worker_pool, everything_that_arrives_is_done_and_all_tasks_end)
{
    struct pool_run q;
    begin(&q, 7, SETTINGS("traffic.count=1000", "worker_pool.workers=4"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    cr_assert_eq(sim_run_end(&q.r), END_DONE);
    struct account a = closes(&q);
    cr_assert_eq(a.n[PHASE_ARRIVE], 1000);
    cr_assert_eq(a.n[PHASE_DONE], 1000);
    cr_assert_eq(tasks_not_done(&q), 0);
    int64_t end = q.r.ev[q.r.n - 1].t_ns;
    cr_assert(end > 40 * SECOND && end < 62 * SECOND, "it lasts about 50 s, not %ld", (long)end);
    pool_run_free(&q);
}

/* ---- the same run again -----------------------------------------------------------------------
 */

/* A run with commands, folded to a number. */
static uint64_t stream_hash(uint64_t seed)
{
    struct pool_run q;
    begin(&q, seed,
          SETTINGS("worker_pool.workers=4", "worker_pool.queue=20", "worker_pool.priorities=3",
                   "worker_pool.job_timeout=400ms", "worker_pool.cpu=0.3",
                   "worker_pool.consumer=exp(10ms)", "dependency.hang_rate=0.02",
                   "dependency.error_rate=0.05"));
    pool_run_command(&q, 2 * SECOND, "set worker_pool.workers 9");
    pool_run_command(&q, 4 * SECOND, "set worker_pool.workers 2");
    pool_run_command(&q, 5 * SECOND, "inject dependency slow 3");
    pool_run_command(&q, 7 * SECOND, "set worker_pool.aging 500ms");
    pool_run_command(&q, 8 * SECOND, "do shutdown");
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    closes(&q);
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < q.r.n; i++)
        for (size_t k = 0; k < sizeof q.r.ev[i]; k++)
            h = (h ^ ((const uint8_t *)&q.r.ev[i])[k]) * UINT64_C(1099511628211);
    pool_run_free(&q);
    return h;
}

Test(worker_pool, same_seed_and_commands_same_stream)
{
    cr_assert_eq(stream_hash(5), stream_hash(5));
    cr_assert_neq(stream_hash(5), stream_hash(6));
}

/* ---- shutdown and cancel ----------------------------------------------------------------------
 */

Test(worker_pool, shutdown_drains_the_queue_and_refuses_the_rest)
{
    struct pool_run q;
    begin(&q, 2,
          SETTINGS("traffic.arrivals=poisson(60/s)", "worker_pool.workers=4",
                   "worker_pool.queue=50"));
    cr_assert_null(pool_run_command(&q, 5 * SECOND, "do shutdown"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    struct account a = closes(&q);
    cr_assert_eq(a.in_flight, 0);
    cr_assert(a.n[PHASE_REJECT] > 0 && !a.n[PHASE_DROP] && !a.n[PHASE_CANCEL]);
    cr_assert_eq(tasks_not_done(&q), 0);
    /* what ended after the command and what the mark says are the same */
    uint64_t drained = 0, rejected = a.n[PHASE_REJECT];
    for (size_t i = 0; i < q.r.n; i++)
        drained += q.r.ev[i].kind == EV_REQUEST && q.r.ev[i].op == PHASE_DONE &&
                   q.r.ev[i].t_ns > 5 * SECOND;
    char want[100];
    snprintf(want, sizeof want, "%lu drained, %lu rejected, 0 dropped", (unsigned long)drained,
             (unsigned long)rejected);
    cr_assert(strstr(last_mark(&q.r, "drained"), want), "%s, not %s", last_mark(&q.r, "drained"),
              want);
    cr_assert_geq(drained, 50, "the full queue");
    pool_run_free(&q);
}

Test(worker_pool, cancel_ends_everybody_at_once_and_counts_what_is_lost)
{
    struct pool_run q;
    begin(&q, 2,
          SETTINGS("traffic.arrivals=poisson(60/s)", "worker_pool.workers=4",
                   "worker_pool.queue=50", "worker_pool.results=0",
                   "worker_pool.consumer=const(100ms)"));
    cr_assert_null(pool_run_command(&q, 5 * SECOND, "do cancel"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    struct account a = closes(&q);
    cr_assert_eq(a.in_flight, 0);
    cr_assert_gt(a.n[PHASE_DROP], 50, "the queue, and results in hand");
    cr_assert_gt(a.n[PHASE_CANCEL], 0, "calls, and what had not been taken");
    cr_assert_eq(tasks_not_done(&q), 0);
    for (size_t i = 0; i < q.r.n; i++)
        if (q.r.ev[i].kind == EV_REQUEST)
            cr_assert_leq(q.r.ev[i].t_ns, 5 * SECOND);
    pool_run_free(&q);
}

Test(worker_pool, a_shutdown_that_takes_too_long_can_be_cancelled)
{
    struct pool_run q;
    begin(&q, 2,
          SETTINGS("traffic.arrivals=poisson(60/s)", "worker_pool.workers=2",
                   "dependency.latency=const(30s)"));
    cr_assert_null(pool_run_command(&q, 3 * SECOND, "do shutdown"));
    cr_assert_neq(pool_run_to(&q, 20 * SECOND), RT_ENDED, "the calls take half a minute");
    cr_assert_null(pool_run_command(&q, 20 * SECOND, "do cancel"));
    cr_assert_eq(pool_run_to(&q, 21 * SECOND), RT_ENDED);
    cr_assert_eq(closes(&q).in_flight, 0);
    cr_assert_eq(tasks_not_done(&q), 0);
    pool_run_free(&q);
}

/* ---- how many workers -------------------------------------------------------------------------
 */

/* The wait group's counter at the end of t_ns. */
static int32_t workers_at(const struct pool_run *q, int64_t t_ns)
{
    uint32_t wg = object_named(&q->r, "workers");
    int32_t count = -1;
    for (size_t i = 0; i < q->r.n && q->r.ev[i].t_ns <= t_ns; i++)
        if (q->r.ev[i].kind == EV_GROUP && q->r.ev[i].obj == wg)
            count = (int32_t)q->r.ev[i].a;
    return count;
}

Test(worker_pool, growing_starts_tasks_and_shrinking_retires_them_after_their_job)
{
    struct pool_run q;
    begin(&q, 4,
          SETTINGS("traffic.arrivals=poisson(100/s)", "worker_pool.workers=4",
                   "dependency.latency=const(100ms)"));
    pool_run_command(&q, 2 * SECOND, "set worker_pool.workers 12");
    pool_run_command(&q, 4 * SECOND, "set worker_pool.workers 3");
    pool_run_command(&q, 6 * SECOND, "set worker_pool.workers 20");
    pool_run_command(&q, 6 * SECOND + 1, "set worker_pool.workers 5");
    pool_run_command(&q, 6 * SECOND + 2, "set worker_pool.workers 18");
    pool_run_to(&q, 8 * SECOND);
    cr_assert_eq(workers_at(&q, 2 * SECOND - 1), 4);
    cr_assert_eq(workers_at(&q, 2 * SECOND), 12);
    cr_assert_geq(workers_at(&q, 4 * SECOND), 4, "busy ones finish first");
    cr_assert_eq(workers_at(&q, 4 * SECOND + 110000000), 3);
    cr_assert_eq(workers_at(&q, 7 * SECOND), 18);
    closes(&q);
    pool_run_command(&q, 8 * SECOND, "do shutdown");
    pool_run_to(&q, NEVER);
    cr_assert_eq(closes(&q).n[PHASE_DROP], 0, "no job is lost on the way");
    cr_assert_eq(tasks_not_done(&q), 0);
    pool_run_free(&q);
}

Test(worker_pool, idle_workers_retire_at_once)
{
    struct pool_run q;
    begin(&q, 4, SETTINGS("traffic.arrivals=steady(1/h)", "worker_pool.workers=100"));
    pool_run_command(&q, SECOND, "set worker_pool.workers 1");
    pool_run_to(&q, SECOND);
    cr_assert_eq(workers_at(&q, SECOND), 1);
    pool_run_free(&q);
}

Test(worker_pool, after_the_end_nothing_grows)
{
    struct pool_run q;
    begin(&q, 4,
          SETTINGS("traffic.count=5", "worker_pool.workers=2", "dependency.hang_rate=1",
                   "worker_pool.job_timeout=1s"));
    pool_run_command(&q, 100 * SECOND, "set worker_pool.workers 50");
    cr_assert_eq(sim_run_count(&q.r, EV_TASK, TASK_NEW), 1 + 3 + 2);
    pool_run_free(&q);
}

Test(worker_pool, autoscaler_follows_the_queue_within_its_bounds)
{
    struct pool_run q;
    begin(&q, 4,
          SETTINGS("traffic.arrivals=steady(100/s)", "worker_pool.workers=1",
                   "worker_pool.queue=100", "worker_pool.autoscale=on",
                   "worker_pool.autoscale_min=2", "worker_pool.autoscale_max=9",
                   "dependency.latency=const(200ms)"));
    pool_run_to(&q, 20 * SECOND);
    cr_assert_eq(workers_at(&q, 0), 2, "at least the minimum");
    cr_assert_eq(workers_at(&q, 20 * SECOND), 9, "20 were needed, 9 are allowed");
    pool_run_command(&q, 20 * SECOND, "set traffic.arrivals steady(1/s)");
    pool_run_to(&q, 60 * SECOND);
    cr_assert_eq(workers_at(&q, 60 * SECOND), 2);
    pool_run_command(&q, 60 * SECOND, "set worker_pool.autoscale off");
    pool_run_command(&q, 60 * SECOND, "set worker_pool.workers 6");
    pool_run_to(&q, 70 * SECOND);
    cr_assert_eq(workers_at(&q, 70 * SECOND), 6, "nobody scales any more");
    pool_run_command(&q, 70 * SECOND, "set worker_pool.autoscale on");
    pool_run_to(&q, 80 * SECOND);
    cr_assert_eq(workers_at(&q, 80 * SECOND), 2);
    pool_run_command(&q, 80 * SECOND, "do shutdown");
    cr_assert_eq(pool_run_to(&q, 90 * SECOND), RT_ENDED, "the autoscaler goes too");
    cr_assert_eq(tasks_not_done(&q), 0);
    closes(&q);
    pool_run_free(&q);
}
