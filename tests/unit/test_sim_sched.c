/* SPDX-License-Identifier: MIT */
/* The simulated scheduler: run queues first in first out, slices of 10 ms, stealing by idle
 * processors, and never more running tasks than processors while time passes. */
#include <criterion/criterion.h>

#include "runtime/chan.h"
#include "runtime/sync.h"
#include "sim_run.h"

enum { MS = 1000000, MANY = 64 };

static int order[MANY], n_order;
static int64_t ended[MANY];

static void run(struct sim_run *r, int procs, uint64_t seed, const char *schedule,
                void (*fn)(void *), void *arg)
{
    n_order = 0;
    sim_run_init(r, seed);
    r->config.procs = procs;
    r->config.schedule = schedule;
    sim_run_all(r, fn, arg);
    cr_assert_eq(sim_run_end(r), END_DONE);
}

/* ---- first in, first out --------------------------------------------------------------------- */

static void notes(void *arg)
{
    for (int i = 0; i < 3; i++) {
        order[n_order++] = (int)(intptr_t)arg;
        rt_yield();
    }
}

static void m_fifo(void *arg)
{
    (void)arg;
    for (intptr_t i = 0; i < 4; i++)
        rt_spawn("task", notes, (void *)i);
}

Test(sched, tasks_run_in_the_order_in_which_they_became_runnable)
{
    struct sim_run r;
    run(&r, 1, 1, NULL, m_fifo, NULL);
    cr_assert_eq(n_order, 12);
    for (int i = 0; i < 12; i++)
        cr_assert_eq(order[i], i % 4);
    sim_run_free(&r);
}

static void notes_once(void *arg)
{
    chan_recv(arg, NULL);
    order[n_order++] = (int)task_self_id();
}

static void m_woken(void *arg)
{
    (void)arg;
    struct chan *c = chan_make("c", 0);
    for (int i = 0; i < 5; i++)
        rt_spawn("task", notes_once, c);
    rt_sleep(1);
    chan_close(c);
}

Test(sched, who_waited_longest_is_woken_first)
{
    struct sim_run r;
    run(&r, 1, 1, "fifo", m_woken, NULL);
    cr_assert_eq(n_order, 5);
    for (int i = 1; i < 5; i++)
        cr_assert_eq(order[i], order[i - 1] + 1);
    sim_run_free(&r);
}

static int signature(uint64_t seed)
{
    struct sim_run r;
    int s = 0, count[4] = {0};
    run(&r, 1, seed, "random", m_fifo, NULL);
    cr_assert_eq(n_order, 12);
    for (int i = 0; i < 12; i++) {
        count[order[i]]++;
        s = (s * 4 + order[i]) % 16777213;
    }
    for (int i = 0; i < 4; i++)
        cr_assert_eq(count[i], 3, "nobody is forgotten");
    sim_run_free(&r);
    return s;
}

Test(sched, random_gives_many_orders_and_the_same_for_a_seed)
{
    int seen[20], kinds = 0;
    for (int i = 0; i < 20; i++) {
        seen[i] = signature((uint64_t)i);
        cr_assert_eq(signature((uint64_t)i), seen[i]);
        int k = 0;
        while (seen[k] != seen[i])
            k++;
        kinds += k == i;
    }
    cr_assert_gt(kinds, 15, "%d different orders of 20", kinds);
}

/* ---- slices ---------------------------------------------------------------------------------- */

static void works(void *arg)
{
    rt_work((int64_t)(intptr_t)arg * MS);
    ended[n_order] = rt_now();
    order[n_order++] = (int)task_self_id();
}

static void m_three(void *arg)
{
    (void)arg;
    for (int i = 0; i < 3; i++)
        rt_spawn("task", works, (void *)(intptr_t)25);
}

Test(sched, a_slice_is_ten_milliseconds)
{
    struct sim_run r;
    run(&r, 1, 1, NULL, m_three, NULL);
    /* 10 10 10, 10 10 10, 5 5 5 */
    cr_assert_eq(n_order, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(ended[i], (65 + 5 * i) * MS, "%ld", (long)ended[i]);
    size_t runnable = 0, running = 0;
    for (size_t i = 0; i < r.n; i++)
        if (r.ev[i].kind == EV_TASK && r.ev[i].task > 1) {
            runnable += r.ev[i].op == TASK_RUNNABLE;
            running += r.ev[i].op == TASK_RUNNING;
        }
    cr_assert_eq(runnable, 6, "each was put back twice: %zu", runnable);
    cr_assert_eq(running, 9);
    sim_run_free(&r);
}

static void m_alone(void *arg)
{
    (void)arg;
    rt_work(95 * (int64_t)MS);
    ended[0] = rt_now();
}

Test(sched, alone_one_is_not_interrupted)
{
    struct sim_run r;
    run(&r, 1, 1, NULL, m_alone, NULL);
    cr_assert_eq(ended[0], 95 * (int64_t)MS);
    cr_assert_eq(sim_run_count(&r, EV_TASK, TASK_RUNNABLE), 0);
    sim_run_free(&r);
}

/* ---- processors ------------------------------------------------------------------------------ */

static void m_stealing(void *arg)
{
    (void)arg;
    for (int i = 0; i < 6; i++)
        rt_spawn("task", works, (void *)(intptr_t)10);
    rt_work(100 * (int64_t)MS);
}

Test(sched, an_idle_processor_takes_half)
{
    struct sim_run r;
    run(&r, 2, 1, NULL, m_stealing, NULL);
    const struct event *first = NULL;
    for (size_t i = 0; i < r.n && !first; i++)
        first = r.ev[i].kind == EV_PROC ? &r.ev[i] : NULL;
    cr_assert(first);
    cr_assert_eq(first->x, 0, "from the busy one");
    cr_assert_eq(first->a, 1, "by the idle one");
    cr_assert_eq(first->c, 3, "half of six");
    cr_assert_eq(first->b, 3);
    cr_assert_eq(n_order, 6);
    sim_run_free(&r);
}

/* Tasks in each queue, counted from the events as model_proc.c does; what an event says of a length
 * must be what was counted. */
static void count_queues(const struct sim_run *r, int procs, uint32_t *thefts, uint32_t *global_max)
{
    uint32_t runq[64] = {0}, global = 0;
    uint8_t state[MANY] = {0};
    *thefts = *global_max = 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct event *e = &r->ev[i];
        uint32_t proc = e->x >> 8;
        if (e->kind == EV_PROC) {
            uint32_t *from = e->op == PROC_STEAL ? &runq[e->x] : &global;
            cr_assert_geq(*from, e->c, "took more than was there");
            *from -= e->c;
            runq[e->a] += e->c;
            cr_assert_eq(runq[e->a], e->b, "event %zu", i);
            *thefts += e->op == PROC_STEAL;
        }
        if (e->kind != EV_TASK)
            continue;
        bool was_queued = state[e->task] == 1;
        state[e->task] = e->op == TASK_NEW || e->op == TASK_RUNNABLE ? 1 : 2;
        if (state[e->task] == 1) {
            cr_assert(proc < (uint32_t)procs || proc == PROC_NONE);
            ++*(proc == PROC_NONE ? &global : &runq[proc]);
            *global_max = global > *global_max ? global : *global_max;
        } else if (was_queued) {
            cr_assert_eq(e->op, TASK_RUNNING);
            cr_assert_gt(runq[proc], 0, "event %zu: processor %u had nobody in its queue", i, proc);
            runq[proc]--;
        }
    }
    for (int i = 0; i < procs; i++)
        cr_assert_eq(runq[i], 0, "somebody was left in queue %d", i);
    cr_assert_eq(global, 0);
}

static void mixes(void *arg)
{
    struct chan *c = arg;
    for (int i = 0; i < 40; i++) {
        rt_work((int64_t)(1 + task_self_id() % 5) * 3 * MS + 1);
        struct select_case sc[] = {{.c = c, .send = true}, {.c = c}};
        chan_select(sc, 2);
        rt_sleep((int64_t)(task_self_id() % 7) * MS);
    }
}

static void m_mix(void *arg)
{
    (void)arg;
    struct chan *c = chan_make("c", 5);
    for (int i = 0; i < 24; i++)
        rt_spawn("task", mixes, c);
}

/* Whenever time passes, no more tasks run than there are processors, no two on the same one; and
 * nobody stays runnable while a processor idles. */
static void watch(const struct sim_run *r, int procs)
{
    uint8_t state[MANY] = {0}, on[MANY];
    for (size_t i = 0; i < r->n; i++) {
        const struct event *e = &r->ev[i];
        if (i && e->t_ns != r->ev[i - 1].t_ns) {
            int running = 0, runnable = 0;
            uint64_t taken = 0;
            for (int t = 0; t < MANY; t++) {
                runnable += state[t] == TASK_RUNNABLE;
                if (state[t] != TASK_RUNNING)
                    continue;
                running++;
                cr_assert_lt(on[t], procs);
                cr_assert_not(taken >> on[t] & 1, "two on processor %d", on[t]);
                taken |= UINT64_C(1) << on[t];
            }
            cr_assert_leq(running, procs);
            cr_assert(runnable == 0 || running == procs, "%d wait, %d of %d run", runnable, running,
                      procs);
        }
        if (e->kind == EV_TASK) {
            state[e->task] = e->op;
            on[e->task] = (uint8_t)(e->x >> 8);
        }
    }
}

Test(sched, never_more_run_than_there_are_processors)
{
    static const int procs[] = {1, 2, 3, 8};
    static const char *const schedule[] = {"fifo", "random"};
    for (int i = 0; i < 8; i++) {
        struct sim_run r;
        run(&r, procs[i / 2], (uint64_t)i, schedule[i % 2], m_mix, NULL);
        watch(&r, procs[i / 2]);
        sim_run_free(&r);
    }
}

/* Work is conserved: the sum of what was worked is the sum of what ran. */
Test(sched, all_work_is_done_in_the_least_time)
{
    struct sim_run r;
    static const int procs[] = {1, 2, 3, 6};
    for (int i = 0; i < 4; i++) {
        run(&r, procs[i], 1, NULL, m_stealing, NULL);
        int64_t last = r.ev[r.n - 1].t_ns, sum = 160 * (int64_t)MS;
        cr_assert_geq(last * procs[i], sum);
        cr_assert_leq(last, sum / procs[i] + 100 * (int64_t)MS);
        sim_run_free(&r);
    }
}

Test(sched, the_events_say_how_long_each_queue_is)
{
    uint32_t all_thefts = 0, all_global = 0;
    for (int procs = 1; procs <= 5; procs += 2)
        for (uint64_t seed = 0; seed < 8; seed++) {
            struct sim_run r;
            uint32_t thefts, global_max;
            run(&r, procs, seed, seed % 2 ? "random" : "fifo", m_mix, NULL);
            count_queues(&r, procs, &thefts, &global_max);
            all_thefts += thefts;
            all_global += global_max;
            sim_run_free(&r);
        }
    cr_assert_gt(all_thefts, 0);
    cr_assert_gt(all_global, 0);
}

/* Two that never use up a slice keep the only processor busy; the third is not forgotten. */
static _Atomic bool greedy_done;
static void greedy(void *arg)
{
    (void)arg;
    rt_work(25 * (int64_t)MS);
    ended[0] = rt_now();
    greedy_done = true;
}
static void modest(void *arg)
{
    (void)arg;
    while (!greedy_done) {
        rt_work(MS);
        rt_yield();
    }
}
static void m_greedy(void *arg)
{
    (void)arg;
    greedy_done = false;
    for (int i = 0; i < 2; i++)
        rt_spawn("modest", modest, NULL);
    rt_spawn("greedy", greedy, NULL);
}

Test(sched, nobody_waits_in_the_global_queue_for_ever)
{
    struct sim_run r;
    run(&r, 1, 1, NULL, m_greedy, NULL);
    cr_assert_lt(ended[0], 400 * (int64_t)MS);
    sim_run_free(&r);
}
