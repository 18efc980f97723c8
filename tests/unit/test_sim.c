/* SPDX-License-Identifier: MIT */
/* The simulated world: virtual time, processors, order at one instant, the same stream every time.
 */
#include <criterion/criterion.h>

#include "runtime/chan.h"
#include "runtime/mutex.h"
#include "runtime/sync.h"
#include "runtime/timer.h"
#include "sim_run.h"
#include "tests/counts.h"

static int64_t ended[16];
static int n_ended;

static void works(void *arg)
{
    rt_work((int64_t)(intptr_t)arg);
    ended[n_ended++] = rt_now();
}

static void m_work(void *arg)
{
    int n = *(int *)arg;
    n_ended = 0;
    for (int i = 0; i < n; i++)
        rt_spawn("worker", works, (void *)(intptr_t)100000000);
}

static int64_t last_end(int procs, int tasks)
{
    struct sim_run r;
    sim_run_init(&r, 3);
    r.config.procs = procs;
    sim_run_all(&r, m_work, &tasks);
    sim_run_free(&r);
    int64_t last = 0;
    for (int i = 0; i < n_ended; i++)
        last = ended[i] > last ? ended[i] : last;
    cr_assert_eq(n_ended, tasks);
    return last;
}

Test(sim, work_does_not_speed_up_past_the_processors)
{
    cr_assert_eq(last_end(1, 4), 400000000);
    cr_assert_eq(last_end(2, 4), 200000000);
    cr_assert_eq(last_end(4, 4), 100000000);
    cr_assert_eq(last_end(8, 4), 100000000);
    cr_assert_eq(last_end(0, 4), 100000000, "0 processors: no limit");
}

Test(sim, slices_share_a_processor)
{
    int two = 2;
    struct sim_run r;
    sim_run_init(&r, 1);
    r.config.procs = 1;
    sim_run_all(&r, m_work, &two);
    cr_assert_eq(ended[0], 190000000, "the first ends one slice before the second");
    cr_assert_eq(ended[1], 200000000);
    sim_run_free(&r);
}

static void m_thieves(void *arg)
{
    m_work(arg);
    rt_work(500000000);
}

Test(sim, idle_processors_steal)
{
    int six = 6;
    struct sim_run r;
    sim_run_init(&r, 1);
    sim_run_all(&r, m_thieves, &six);
    cr_assert_gt(sim_run_count(&r, EV_PROC, -1), 0);
    cr_assert_eq(n_ended, 6);
    sim_run_free(&r);
}

static int order[8], n_order;
static void fire(struct rt *rt, void *arg)
{
    (void)rt;
    order[n_order++] = (int)(intptr_t)arg;
}

static void m_order(void *arg)
{
    (void)arg;
    n_order = 0;
    timer_func(100, 0, fire, (void *)6);
    timer_func(100, timer_order(TIMER_ARRIVAL, 2), fire, (void *)5);
    timer_func(100, timer_order(TIMER_CALL_END, 9), fire, (void *)3);
    timer_func(100, 0, fire, (void *)7);
    timer_func(100, timer_order(TIMER_ARRIVAL, 1), fire, (void *)4);
    timer_func(100, timer_order(TIMER_CALL_END, 1), fire, (void *)2);
    timer_func(99, 0, fire, (void *)1);
    rt_sleep(200);
}

Test(sim, ends_of_calls_come_before_arrivals_before_other_timers)
{
    struct sim_run r;
    sim_run_init(&r, 1);
    sim_run_all(&r, m_order, NULL);
    sim_run_free(&r);
    cr_assert_eq(n_order, 7);
    for (int i = 0; i < 7; i++)
        cr_assert_eq(order[i], i + 1);
}

static struct chan *c;
static void chatter(void *arg)
{
    for (int i = 0; i < 50; i++) {
        rt_work((int64_t)(1 + (intptr_t)arg) * 777777);
        struct select_case sc[] = {{.c = c, .send = true, .value = 1}, {.c = c}};
        chan_select(sc, 2);
        rt_sleep(12345 * (intptr_t)arg + 1);
    }
}

static void m_chatter(void *arg)
{
    (void)arg;
    c = chan_make("c", 3);
    for (intptr_t i = 0; i < 9; i++)
        rt_spawn("chatter", chatter, (void *)i);
}

static void chat(struct sim_run *r, uint64_t seed, const char *schedule)
{
    sim_run_init(r, seed);
    r->config.schedule = schedule;
    sim_run_all(r, m_chatter, NULL);
}

Test(sim, the_same_seed_gives_the_same_stream)
{
    const char *schedule[] = {"fifo", "random"};
    for (int i = 0; i < 2; i++) {
        struct sim_run a, b, other;
        chat(&a, 5, schedule[i]);
        chat(&b, 5, schedule[i]);
        chat(&other, 6, schedule[i]);
        cr_assert_gt(a.n, 1000);
        cr_assert_eq(a.n, b.n);
        cr_assert_eq(memcmp(a.ev, b.ev, a.n * sizeof *a.ev), 0);
        cr_assert(a.n != other.n || memcmp(a.ev, other.ev, a.n * sizeof *a.ev) != 0,
                  "another seed is another run");
        sim_run_free(&a);
        sim_run_free(&b);
        sim_run_free(&other);
    }
}

Test(sim, a_run_in_steps_is_the_same_run)
{
    struct sim_run whole, parts;
    chat(&whole, 5, "random");
    sim_run_init(&parts, 5);
    parts.config.schedule = "random";
    sim_run_start(&parts, m_chatter, NULL);
    int64_t until = 0;
    int rounds = 0;
    for (enum rt_state s = RT_MORE; s != RT_ENDED; rounds++) {
        s = rt_sim_run(parts.rt, until, 7);
        if (s != RT_MORE || rt_sim_next(parts.rt) > until)
            until += 100000;
    }
    cr_assert_gt(rounds, 100);
    cr_assert_eq(whole.n, parts.n);
    cr_assert_eq(memcmp(whole.ev, parts.ev, whole.n * sizeof *whole.ev), 0);
    sim_run_free(&whole);
    sim_run_free(&parts);
}

static void stuck(void *arg)
{
    chan_recv(arg, NULL);
}
static void m_leak(void *arg)
{
    (void)arg;
    rt_spawn("leaked", stuck, chan_make("never", 0));
    rt_sleep(5);
}

Test(sim, ends_when_main_is_done_and_nothing_can_run)
{
    struct sim_run r;
    sim_run_init(&r, 1);
    cr_assert_eq(sim_run_all(&r, m_leak, NULL), RT_ENDED);
    cr_assert_eq(sim_run_end(&r), END_DONE);
    cr_assert_eq(r.ev[r.n - 1].t_ns, 5);
    sim_run_free(&r);
}

static void posted(struct rt *rt, void *arg)
{
    (void)rt;
    *(int64_t *)arg = rt_now();
    rt_mark("here", BY_KEY);
}
static void m_long(void *arg)
{
    (void)arg;
    rt_sleep(1000);
}

Test(sim, a_post_takes_effect_at_the_present_instant)
{
    struct sim_run r;
    int64_t at = -1;
    sim_run_init(&r, 1);
    sim_run_start(&r, m_long, NULL);
    cr_assert_eq(rt_sim_run(r.rt, 400, UINT64_MAX), RT_IDLE);
    rt_post(r.rt, posted, &at);
    cr_assert_eq(rt_sim_run(r.rt, NEVER, UINT64_MAX), RT_ENDED);
    cr_assert_eq(at, 400);
    cr_assert_eq(sim_run_count(&r, EV_MARK, -1), 1);
    sim_run_free(&r);
}

static struct waitgroup *wg;
static struct mutex *mu;
static int inside, most_inside;
static void locker(void *arg)
{
    (void)arg;
    for (int i = 0; i < 20; i++) {
        mutex_lock(mu);
        inside++;
        most_inside = inside > most_inside ? inside : most_inside;
        rt_sleep(10);
        inside--;
        mutex_unlock(mu);
    }
    wg_done(wg);
}
static void m_sync(void *arg)
{
    *(int64_t *)arg = 0;
    inside = most_inside = 0;
    wg = wg_make("wg");
    mu = mutex_make("mu");
    wg_add(wg, 3);
    for (int i = 0; i < 3; i++)
        rt_spawn("locker", locker, NULL);
    wg_wait(wg);
    *(int64_t *)arg = rt_now();
    cr_assert(mutex_try_lock(mu));
    cr_assert_not(mutex_try_lock(mu));
    mutex_unlock(mu);
}

Test(sync, a_mutex_admits_one_and_a_group_waits_for_all)
{
    struct sim_run r;
    int64_t at;
    sim_run_init(&r, 1);
    sim_run_all(&r, m_sync, &at);
    cr_assert_eq(most_inside, 1);
    cr_assert_eq(at, 600);
    sim_run_free(&r);
}

static void m_negative(void *arg)
{
    (void)arg;
    wg_done(wg_make("wg"));
}
static void m_unlock(void *arg)
{
    (void)arg;
    mutex_unlock(mutex_make("mu"));
}

Test(sync, misuse_panics)
{
    struct sim_run r;
    sim_run_init(&r, 1);
    sim_run_all(&r, m_negative, NULL);
    cr_assert_str_eq(sim_run_panic(&r), "negative counter of WaitGroup wg");
    sim_run_free(&r);
    sim_run_init(&r, 1);
    sim_run_all(&r, m_unlock, NULL);
    cr_assert_str_eq(sim_run_panic(&r), "unlock of unlocked mutex mu");
    sim_run_free(&r);
}

static void m_timers(void *arg)
{
    int *ok = arg;
    struct timer *t = timer_make("once", 100);
    chan_value v;
    chan_recv(timer_chan(t), &v);
    ok[0] = v == 100 && rt_now() == 100 && !timer_stop(t);
    struct timer *k = ticker_make("tick", 50);
    rt_sleep(175); /* ticks at 150, 200, 250: one stays, two are dropped */
    chan_recv(timer_chan(k), &v);
    ok[1] = v == 150 && chan_try_recv(timer_chan(k), &v) == RT_AGAIN;
    chan_recv(timer_chan(k), &v);
    ok[2] = v == 300 && timer_stop(k);
    timer_reset(t, 10);
    ok[3] = timer_stop(t) && chan_try_recv(timer_chan(t), &v) == RT_AGAIN;
}

Test(timer, once_ticker_stop_reset)
{
    struct sim_run r;
    int ok[4] = {0};
    sim_run_init(&r, 1);
    sim_run_all(&r, m_timers, ok);
    cr_assert_eq(sim_run_end(&r), END_DONE);
    for (int i = 0; i < 4; i++)
        cr_assert(ok[i], "step %d", i);
    sim_run_free(&r);
}

static int many(void)
{
    return (int)counts(20000, 20000, 4000); /* a red zone and a shadow for each stack */
}

static void m_many(void *arg)
{
    (void)arg;
    struct chan *gate = chan_make("gate", 0);
    for (int i = 0; i < many(); i++)
        rt_spawn("task", stuck, gate);
    rt_sleep(1);
    chan_close(gate);
}

Test(sim, thousands_of_tasks)
{
    struct sim_run r;
    sim_run_init(&r, 1);
    sim_run_all(&r, m_many, NULL);
    cr_assert_eq(sim_run_count(&r, EV_TASK, TASK_DONE), (size_t)many() + 1);
    sim_run_free(&r);
}

/* Between two runs nobody's stack is there to borrow: timers and commands run on the caller's. */
static void closes_nil(struct rt *rt, void *arg)
{
    (void)rt;
    (void)arg;
    chan_close(NULL);
}
static void m_sleeps_with_a_bad_timer(void *arg)
{
    (void)arg;
    timer_func(rt_now() + 1000, 0, closes_nil, NULL);
    rt_sleep(1000000000);
}
static void never(struct rt *rt, void *arg)
{
    (void)rt;
    *(bool *)arg = true;
}

Test(panic, of_a_timer_between_two_runs)
{
    struct sim_run r;
    sim_run_init(&r, 1);
    sim_run_start(&r, m_sleeps_with_a_bad_timer, NULL);
    cr_assert_eq(rt_sim_run(r.rt, 500, UINT64_MAX), RT_IDLE);
    cr_assert_eq(rt_sim_run(r.rt, NEVER, UINT64_MAX), RT_ENDED);
    cr_assert_eq(sim_run_end(&r), END_PANIC);
    cr_assert_eq(rt_sim_run(r.rt, NEVER, UINT64_MAX), RT_ENDED, "and it stays so");
    sim_run_free(&r);
}

Test(panic, of_a_command_between_two_runs)
{
    struct sim_run r;
    bool came = false;
    sim_run_init(&r, 1);
    sim_run_start(&r, m_sleeps_with_a_bad_timer, NULL);
    cr_assert_eq(rt_sim_run(r.rt, 500, UINT64_MAX), RT_IDLE);
    rt_post(r.rt, closes_nil, NULL);
    rt_post(r.rt, never, &came);
    cr_assert_eq(rt_sim_run(r.rt, NEVER, UINT64_MAX), RT_ENDED);
    cr_assert_eq(sim_run_end(&r), END_PANIC);
    cr_assert_eq(r.ev[r.n - 1].t_ns, 500);
    sim_run_free(&r);
    cr_assert(!came);
}

static void m_yields_for_ever(void *arg)
{
    rt_sleep(5);
    for (;;) {
        ++*(int *)arg;
        rt_yield();
    }
}

/* However the steps are dealt out. */
Test(sim, time_that_stands_still_ends_the_run)
{
    int turns[2] = {0, 0};
    for (int part = 0; part < 2; part++) {
        struct sim_run r;
        sim_run_init(&r, 1);
        r.config.still_steps = 1000;
        sim_run_start(&r, m_yields_for_ever, &turns[part]);
        while (rt_sim_run(r.rt, NEVER, part ? 7 : UINT64_MAX) != RT_ENDED)
            ;
        cr_assert_eq(sim_run_end(&r), END_PANIC);
        cr_assert_eq(r.ev[r.n - 1].t_ns, 5);
        cr_assert(strstr(sim_run_panic(&r), "1000 steps"));
        sim_run_free(&r);
    }
    cr_assert_gt(turns[0], 900);
    cr_assert_eq(turns[0], turns[1]);
}
