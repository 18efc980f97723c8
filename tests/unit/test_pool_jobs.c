/* SPDX-License-Identifier: MIT */
/* The worker pool's jobs: which is next, what becomes of those that hang, and the four mistakes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "pool_run.h"

#define SECOND        INT64_C(1000000000)
#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void begin(struct pool_run *q, uint64_t seed, const char *const *settings)
{
    sim_run_init(&q->r, seed);
    q->r.config.procs = 0;
    pool_run_begin(q, settings);
}

static struct account closes(const struct pool_run *q)
{
    struct account a = account_fold(q->r.ev, q->r.n);
    cr_assert_eq(a.bad, 0, "accounting does not close: %lu steps are wrong", (unsigned long)a.bad);
    return a;
}

/* ---- priorities -------------------------------------------------------------------------------
 */

/* One worker, all jobs there from the start: the order in which they begin, as "c:id c:id …". */
static void order_of(const char *const *settings, char *out, size_t size)
{
    char path[] = "/tmp/patternscope-jobs-XXXXXX", trace[128];
    static const char csv[] =
        "at_ms,service_ms,priority\n"
        "0,100,0\n10,100,2\n10,100,1\n10,100,0\n10,100,2\n10,100,1\n10,100,0\n";
    int fd = mkstemp(path);
    cr_assert_eq(write(fd, csv, sizeof csv - 1), (ssize_t)(sizeof csv - 1));
    close(fd);
    snprintf(trace, sizeof trace, "traffic.arrivals=trace(%s)", path);
    const char *all[16] = {trace, "worker_pool.workers=1"};
    for (size_t n = 2; *settings && n < 15; n++)
        all[n] = *settings++;
    struct pool_run q;
    begin(&q, 1, all);
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    unlink(path);
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; i < q.r.n; i++)
        if (q.r.ev[i].kind == EV_REQUEST && q.r.ev[i].op == PHASE_START)
            len += (size_t)snprintf(out + len, size - len, "%s%u:%ld", len ? " " : "", q.r.ev[i].c,
                                    (long)q.r.ev[i].v);
    cr_assert_eq(closes(&q).n[PHASE_DONE], 7);
    pool_run_free(&q);
}

Test(pool_jobs, the_most_urgent_is_next_and_among_equals_the_first)
{
    char order[200];
    order_of(SETTINGS("worker_pool.priorities=1"), order, sizeof order);
    cr_assert_str_eq(order, "0:1 0:2 0:3 0:4 0:5 0:6 0:7");
    order_of(SETTINGS("worker_pool.priorities=3", "worker_pool.scheduling=heap"), order,
             sizeof order);
    cr_assert_str_eq(order, "0:1 0:4 0:7 1:3 1:6 2:2 2:5");
    order_of(SETTINGS("worker_pool.priorities=3", "worker_pool.scheduling=queues"), order,
             sizeof order);
    cr_assert_str_eq(order, "0:1 0:4 0:7 1:3 1:6 2:2 2:5");
    order_of(SETTINGS("worker_pool.priorities=2", "worker_pool.scheduling=heap"), order,
             sizeof order);
    cr_assert_str_eq(order, "0:1 0:4 0:7 1:2 1:3 1:5 1:6", "a class above the last is the last");
}

/* The longest wait of a class. */
static int64_t longest_wait(const struct pool_run *q, uint32_t class)
{
    static int64_t arrived[1 << 16];
    int64_t most = 0;
    for (size_t i = 0; i < q->r.n; i++) {
        const struct event *e = &q->r.ev[i];
        if (e->kind != EV_REQUEST || e->c != class)
            continue;
        if (e->op == PHASE_ARRIVE)
            arrived[e->v & 0xffff] = e->t_ns;
        else if (e->op == PHASE_START && e->t_ns - arrived[e->v & 0xffff] > most)
            most = e->t_ns - arrived[e->v & 0xffff];
    }
    return most;
}

Test(pool_jobs, without_aging_the_least_urgent_starve_with_it_they_do_not)
{
    int64_t least[2], urgent[2];
    for (int aging = 0; aging < 2; aging++) {
        struct pool_run q;
        begin(&q, 3,
              SETTINGS("traffic.arrivals=poisson(25/s)", "worker_pool.workers=4",
                       "worker_pool.queue=2000", "worker_pool.priorities=3",
                       "dependency.latency=exp(180ms)",
                       aging ? "worker_pool.aging=500ms" : "worker_pool.aging=0"));
        pool_run_to(&q, 60 * SECOND);
        closes(&q);
        least[aging] = longest_wait(&q, 2);
        urgent[aging] = longest_wait(&q, 0);
        pool_run_free(&q);
    }
    cr_assert_lt(urgent[0], 2 * SECOND, "urgent jobs do not notice: %ld", (long)urgent[0]);
    cr_assert_gt(least[0], 10 * SECOND, "starved for %ld", (long)least[0]);
    cr_assert_lt(least[1], least[0] / 2);
    cr_assert_gt(urgent[1], urgent[0]);
}

Test(pool_jobs, the_heap_is_emptied_by_shutdown_and_cancel_alike)
{
    static const char *const commands[] = {"do shutdown", "do cancel"};
    static const char *const kinds[] = {"worker_pool.scheduling=heap",
                                        "worker_pool.scheduling=queues"};
    for (int k = 0; k < 4; k++) {
        struct pool_run q;
        begin(&q, 3,
              SETTINGS("traffic.arrivals=poisson(100/s)", "worker_pool.workers=4",
                       "worker_pool.queue=30", "worker_pool.priorities=4", kinds[k / 2]));
        cr_assert_null(pool_run_command(&q, 3 * SECOND, commands[k % 2]));
        cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
        cr_assert_eq(closes(&q).in_flight, 0, "%s, %s", commands[k % 2], kinds[k / 2]);
        pool_run_free(&q);
    }
}

/* ---- jobs that hang ---------------------------------------------------------------------------
 */

Test(pool_jobs, a_timeout_frees_the_worker_of_a_job_that_heeds_its_context)
{
    struct pool_run q;
    begin(&q, 3,
          SETTINGS("traffic.count=300", "worker_pool.workers=4", "worker_pool.job_timeout=500ms",
                   "dependency.hang_rate=0.1", "dependency.latency=const(100ms)"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    struct account a = closes(&q);
    cr_assert(a.n[PHASE_TIMEOUT] > 10 && !a.n[PHASE_LATE]);
    cr_assert_eq(a.n[PHASE_DONE] + a.n[PHASE_TIMEOUT], 300);
    cr_assert_eq(sim_run_count(&q.r, EV_TASK, TASK_NEW), 1 + 4 + 3, "nobody was replaced");
    pool_run_free(&q);
}

Test(pool_jobs, stuck_workers_are_replaced_and_stay_zombies)
{
    struct pool_run q;
    begin(&q, 3,
          SETTINGS("traffic.count=300", "worker_pool.workers=4", "worker_pool.job_timeout=500ms",
                   "worker_pool.replace_hung=on", "dependency.hang_rate=0.1",
                   "dependency.latency=const(100ms)"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    cr_assert_eq(sim_run_end(&q.r), END_DONE, "only hung requests remain");
    struct account a = closes(&q);
    uint64_t hung = a.n[PHASE_TIMEOUT];
    cr_assert_gt(hung, 10);
    cr_assert_eq(a.in_flight, 0, "their callers have an answer");
    cr_assert_eq(sim_run_count(&q.r, EV_TASK, TASK_NEW), 1 + 3 + 4 + hung);
    cr_assert_eq(sim_run_count(&q.r, EV_TASK, TASK_NEW) - sim_run_count(&q.r, EV_TASK, TASK_DONE),
                 hung, "one zombie each");
    pool_run_free(&q);
}

Test(pool_jobs, a_zombie_whose_call_returns_counts_as_late_and_goes)
{
    struct pool_run q;
    begin(&q, 3,
          SETTINGS("traffic.count=20", "traffic.arrivals=steady(10/s)", "worker_pool.workers=2",
                   "worker_pool.job_timeout=100ms", "worker_pool.replace_hung=on",
                   "dependency.latency=const(1s)"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    struct account a = closes(&q);
    cr_assert(a.n[PHASE_TIMEOUT] == 20 && a.n[PHASE_LATE] == 20, "%lu late",
              (unsigned long)a.n[PHASE_LATE]);
    cr_assert_eq(sim_run_count(&q.r, EV_TASK, TASK_NEW), sim_run_count(&q.r, EV_TASK, TASK_DONE));
    pool_run_free(&q);
}

Test(pool_jobs, cancel_does_not_wait_for_what_cannot_be_cancelled_for_ever)
{
    struct pool_run q;
    begin(&q, 3,
          SETTINGS("traffic.arrivals=poisson(50/s)", "worker_pool.workers=4",
                   "worker_pool.job_timeout=2s", "worker_pool.replace_hung=on",
                   "dependency.hang_rate=1"));
    pool_run_command(&q, 1 * SECOND, "do cancel");
    cr_assert_eq(pool_run_to(&q, 4 * SECOND), RT_ENDED);
    cr_assert_eq(closes(&q).in_flight, 0);
    pool_run_free(&q);
}

Test(pool_jobs, faults_do_what_they_say)
{
    struct pool_run q;
    begin(&q, 3,
          SETTINGS("traffic.arrivals=steady(10/s)", "worker_pool.workers=8",
                   "dependency.latency=const(50ms)", "worker_pool.results=0"));
    pool_run_command(&q, 1 * SECOND + 1, "inject dependency errors 3");
    pool_run_command(&q, 2 * SECOND + 1, "inject dependency hang 2");
    pool_run_command(&q, 3 * SECOND + 1, "inject dependency errors 1s");
    pool_run_command(&q, 5 * SECOND + 1, "inject dependency slow 10");
    pool_run_command(&q, 6 * SECOND + 1, "inject dependency recover");
    pool_run_command(&q, 7 * SECOND + 1, "inject consumer slow 1s");
    pool_run_command(&q, 9 * SECOND + 1, "inject consumer recover");
    cr_assert_not_null(pool_run_command(&q, 9 * SECOND + 1, "inject consumer slow x"));
    cr_assert_not_null(pool_run_command(&q, 9 * SECOND + 1, "inject dependency slow -1"));
    pool_run_command(&q, 15 * SECOND, "do shutdown");
    pool_run_to(&q, 20 * SECOND);
    struct account a = closes(&q);
    cr_assert_eq(a.n[PHASE_ERROR], 3 + 10);
    cr_assert_eq(a.in_flight, 2, "the hung ones");
    int64_t slow = 0, blocked = 0, arrived[256] = {0};
    for (size_t i = 0; i < q.r.n; i++) {
        const struct event *e = &q.r.ev[i];
        if (e->kind != EV_REQUEST)
            continue;
        if (e->op == PHASE_ARRIVE)
            arrived[e->v & 255] = e->t_ns;
        else if (e->op == PHASE_DONE) {
            int64_t took = e->t_ns - arrived[e->v & 255];
            slow += took == SECOND / 2;
            blocked += took > SECOND;
        }
    }
    cr_assert_geq(slow, 8, "ten times 50 ms: %ld", (long)slow);
    cr_assert_geq(blocked, 5, "a slow consumer holds the workers: %ld", (long)blocked);
    pool_run_free(&q);
}

/* ---- the mistakes -----------------------------------------------------------------------------
 */

/* Tasks that never ended, and whether main did. */
static size_t left_behind(const struct pool_run *q, bool *main_done)
{
    size_t n = 0;
    *main_done = false;
    for (size_t i = 0; i < q->r.n; i++) {
        n += q->r.ev[i].kind == EV_TASK && q->r.ev[i].op == TASK_NEW;
        n -= q->r.ev[i].kind == EV_TASK && q->r.ev[i].op == TASK_DONE;
        *main_done |=
            q->r.ev[i].kind == EV_TASK && q->r.ev[i].op == TASK_DONE && q->r.ev[i].task == 1;
    }
    return n;
}

Test(pool_jobs, m1_leaves_workers_closer_and_consumer_behind)
{
    for (int live = 0; live < 2; live++) {
        struct pool_run q;
        bool main_done;
        begin(&q, 3,
              SETTINGS("traffic.count=60", "worker_pool.workers=4",
                       live ? "worker_pool.mistake=none" : "worker_pool.mistake=M1"));
        if (live)
            cr_assert_null(pool_run_command(&q, SECOND, "set worker_pool.mistake M1"));
        cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
        cr_assert_eq(closes(&q).n[PHASE_DONE], 60);
        cr_assert_eq(left_behind(&q, &main_done), 4 + 1 + 1);
        cr_assert(main_done);
        cr_assert_eq(sim_run_count(&q.r, EV_CHAN, CHAN_CLOSE), 0);
        pool_run_free(&q);
    }
}

Test(pool_jobs, m2_panics_with_send_on_closed)
{
    for (int live = 0; live < 2; live++) {
        struct pool_run q;
        begin(&q, 3,
              SETTINGS("traffic.arrivals=steady(20/s)", "traffic.count=60",
                       live ? "worker_pool.mistake=none" : "worker_pool.mistake=M2",
                       "worker_pool.workers=8"));
        if (live)
            cr_assert_null(pool_run_command(&q, SECOND, "set worker_pool.mistake M2"));
        cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
        cr_assert_eq(sim_run_end(&q.r), END_PANIC);
        cr_assert_str_eq(sim_run_panic(&q.r), "send on closed channel results");
        closes(&q);
        pool_run_free(&q);
    }
}

Test(pool_jobs, m3_outlives_the_cancel)
{
    struct pool_run q;
    bool main_done;
    begin(&q, 3,
          SETTINGS("traffic.count=200", "worker_pool.workers=4", "worker_pool.queue=10",
                   "worker_pool.mistake=M3"));
    pool_run_command(&q, 3 * SECOND, "do cancel");
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    struct account a = closes(&q);
    cr_assert_gt(a.in_flight, 100);
    cr_assert_eq(left_behind(&q, &main_done), 4 + 1 + 1, "workers, closer, producer");
    cr_assert(main_done);
    pool_run_free(&q);
}

Test(pool_jobs, m4_sleeps_for_ever_without_room_and_works_with_it)
{
    struct pool_run q;
    bool main_done;
    begin(&q, 3,
          SETTINGS("traffic.count=20", "worker_pool.workers=4", "worker_pool.queue=0",
                   "worker_pool.results=0", "worker_pool.mistake=M4"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    cr_assert_eq(sim_run_end(&q.r), END_ASLEEP);
    cr_assert_eq(closes(&q).n[PHASE_START], 4);
    left_behind(&q, &main_done);
    cr_assert_not(main_done, "main is the one that waits");
    pool_run_free(&q);
    begin(&q, 3,
          SETTINGS("traffic.count=20", "worker_pool.workers=4", "worker_pool.queue=20",
                   "worker_pool.results=0", "worker_pool.mistake=M4"));
    cr_assert_eq(pool_run_to(&q, NEVER), RT_ENDED);
    cr_assert_eq(sim_run_end(&q.r), END_DONE, "a buffer as long as the work hides the mistake");
    cr_assert_eq(closes(&q).n[PHASE_DONE], 20);
    pool_run_free(&q);
}

Test(pool_jobs, a_run_ends_when_only_hung_requests_remain_whatever_the_arrivals)
{
    static const char *const arrivals[] = {
        "traffic.arrivals=eager", "traffic.arrivals=closed(3 think 10ms)",
        "traffic.arrivals=steady(50/s)", "traffic.arrivals=ramp(9/s..0/s over 1s)"};
    for (size_t i = 0; i < ARRAY_LEN(arrivals); i++) {
        struct pool_run q;
        begin(&q, 1,
              SETTINGS(arrivals[i], "traffic.count=3", "worker_pool.workers=4",
                       "dependency.hang_rate=1"));
        cr_assert_eq(pool_run_to(&q, 1000 * SECOND), RT_ENDED, "%s", arrivals[i]);
        cr_assert_eq(sim_run_end(&q.r), END_DONE);
        cr_assert_eq(closes(&q).in_flight, 3);
        pool_run_free(&q);
    }
}
