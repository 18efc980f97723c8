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
