/* SPDX-License-Identifier: MIT */
/* Contexts, timers, groups and mutexes under real threads.
 *
 *   contexts   trees that are made, waited on, cancelled and timed out by many tasks at once
 *   timers     stop and reset race with firing; stopped means: nothing was sent
 *   group      many wait, many count; nobody gets by before the count is 0
 *   mutex      a plain counter stays right
 *   barrier    who gives up just as the last one comes is let through or has not come, not both  */
#include "runtime/barrier.h"
#include "stress.h"

enum { TASKS = 6 };

static struct waitgroup *wg;

/* ---- contexts -------------------------------------------------------------------------------- */

enum { ROUNDS = 150, CHILDREN = 4 };

static struct context *root;
static _Atomic uint64_t by_cancel, by_time;

static void cancels(void *arg)
{
    rt_yield();
    ctx_cancel(arg, "enough");
    ctx_cancel(arg, "again");
    wg_done(wg);
}

static void waits(void *arg)
{
    struct select_case sc[] = {{.c = ctx_done(arg)}};
    CHECK(chan_select(sc, 1) == 0 && !sc[0].ok, "a context's channel only closes");
    CHECK(ctx_cancelled(arg), "its channel is closed");
    wg_done(wg);
}

/* A subtree of its own under root: a deadline near enough to race with the cancellation. */
static void tree_task(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "tree");
    for (int round = 0; round < ROUNDS; round++) {
        struct context *top = ctx_with_timeout(root, "top", rng_below(&rng, 200000) + 1000);
        struct context *child[CHILDREN];
        for (int i = 0; i < CHILDREN; i++)
            child[i] = i % 2 ? ctx_with_cancel(i > 1 ? child[i - 1] : top, "child")
                             : ctx_with_timeout(top, "child", rng_below(&rng, 300000) + 1000);
        wg_add(wg, 2);
        if (!rt_spawn("cancels", cancels, rng_below(&rng, 2) ? top : child[1]) ||
            !rt_spawn("waits", waits, child[CHILDREN - 1]))
            CHECK(false, "no task");
        struct context *job = ctx_with_timeout_quiet(child[0], rng_below(&rng, 100000) + 1);
        enum rt_status s = ctx_wait_until(job, WHY_SLEEP, 0, rt_now() + rng_below(&rng, 100000), 0);
        CHECK(s == RT_OK || s == RT_CANCELLED, "%d", (int)s);
        CHECK(s == RT_OK || ctx_cancelled(job), "told so too early");
        if (s == RT_CANCELLED)
            (strcmp(ctx_cause(job), "deadline exceeded") == 0 ? &by_time : &by_cancel)[0]++;
        ctx_release(job);
        if (rng_below(&rng, 4) == 0)
            ctx_cancel(top, NULL);
        CHECK(ctx_wait_until(top, WHY_CTX, 0, NEVER, 0) == RT_CANCELLED, "it has a deadline");
        for (int i = 0; i < CHILDREN; i++)
            CHECK(ctx_wait_until(child[i], WHY_CTX, 0, NEVER, 0) == RT_CANCELLED, "child %d", i);
    }
    wg_done(wg);
}

static void contexts(void *arg)
{
    (void)arg;
    root = ctx_with_cancel(ctx_background(), "root");
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    stress_spawn("tree", tree_task, TASKS);
    wg_wait(wg);
    CHECK(!ctx_cancelled(root), "a child's end is not the parent's");
    ctx_cancel(root, "over");
    struct context *late = ctx_with_cancel(root, "late");
    CHECK(ctx_cancelled(late) && strcmp(ctx_cause(late), "over") == 0, "%s", ctx_cause(late));
}

/* ---- timers ---------------------------------------------------------------------------------- */

static _Atomic uint64_t stopped, fired, called;

static void count_call(struct rt *rt, void *arg)
{
    (void)rt;
    called++;
    wg_done(arg);
}

static void timer_task(void *arg)
{
    struct rng rng;
    chan_value v;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "timer");
    struct timer *t = timer_make("timer", 1000);
    CHECK(chan_recv(timer_chan(t), &v), "it fires once");
    for (int round = 0; round < 400; round++) {
        int64_t delay = rng_below(&rng, 40000);
        timer_reset(t, delay);
        if (rng_below(&rng, 2))
            rt_sleep(rng_below(&rng, 40000) + 1);
        if (timer_stop(t)) {
            CHECK(chan_try_recv(timer_chan(t), &v) == RT_AGAIN, "stopped, but it has sent");
            stopped++;
        } else {
            CHECK(chan_try_recv(timer_chan(t), &v) == RT_OK, "not stopped, but it sent nothing");
            fired++;
        }
        CHECK(!timer_stop(t), "stopped twice");
    }
    struct timer *tick = ticker_make("ticker", 20000);
    int64_t last = 0;
    for (int i = 0; i < 50; i++) {
        CHECK(chan_recv(timer_chan(tick), &v) && (int64_t)v > last, "tick %d", i);
        last = (int64_t)v;
    }
    timer_stop(tick);
    timer_func(rt_now() + rng_below(&rng, 50000), 0, count_call, wg);
    wg_done(wg);
}

static void timers(void *arg)
{
    (void)arg;
    wg = wg_make("wg");
    wg_add(wg, 2 * TASKS); /* each task, and a function that it leaves behind */
    stress_spawn("timer", timer_task, TASKS);
    wg_wait(wg);
}

/* ---- groups and mutexes ---------------------------------------------------------------------- */

enum { LOCKS = 3000 };

static struct mutex *mu;
static uint64_t counter; /* mu's */
static _Atomic int inside;
static struct waitgroup *gate;
static _Atomic uint32_t opened;

static void locker(void *arg)
{
    (void)arg;
    for (int i = 0; i < LOCKS; i++) {
        if (i % 3 || !mutex_try_lock(mu))
            mutex_lock(mu);
        CHECK(atomic_fetch_add(&inside, 1) == 0, "two inside");
        counter++;
        CHECK(atomic_fetch_sub(&inside, 1) == 1, "two inside");
        mutex_unlock(mu);
    }
    wg_done(wg);
}

static void gate_waiter(void *arg)
{
    (void)arg;
    wg_wait(gate);
    CHECK(opened == TASKS, "let through at %u of %d", opened, TASKS);
    wg_done(wg);
}

static void gate_opener(void *arg)
{
    (void)arg;
    rt_yield();
    opened++;
    wg_done(gate);
}

static void locks(void *arg)
{
    (void)arg;
    counter = 0;
    mu = mutex_make("mu");
    wg = wg_make("wg");
    wg_add(wg, TASKS);
    stress_spawn("locker", locker, TASKS);
    wg_wait(wg);
    CHECK(counter == (uint64_t)TASKS * LOCKS, "%lu", (unsigned long)counter);
    for (int round = 0; round < 150; round++) {
        gate = wg_make("gate");
        opened = 0;
        wg_add(gate, TASKS);
        wg_add(wg, TASKS);
        stress_spawn("waiter", gate_waiter, TASKS);
        stress_spawn("opener", gate_opener, TASKS);
        wg_wait(wg);
    }
}

/* ---- barriers ----------------------------------------------------------------------------------
 */

enum { PARTIES = 3, TRIPS = 2000, PATIENCE = 1000000 };

static struct barrier *barrier;
static _Atomic uint64_t gave_up;

/* Comes to each round until it is let through. */
static void party(void *arg)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)(intptr_t)arg, "party");
    for (int trip = 0; trip < TRIPS; trip++) {
        int tries = 0;
        while (barrier_wait_until(barrier, rt_now() + rng_below(&rng, 30000)) != RT_OK)
            CHECK(++tries < PATIENCE, "trip %d: the others are through", trip);
        gave_up += (uint64_t)tries;
    }
    wg_done(wg);
}

static void barriers(void *arg)
{
    (void)arg;
    barrier = barrier_make("barrier", PARTIES);
    wg = wg_make("wg");
    wg_add(wg, PARTIES);
    stress_spawn("party", party, PARTIES);
    wg_wait(wg);
}

int main(void)
{
    struct stress s;
    stress_run(&s, contexts, NULL);
    CHECK(s.end == END_DONE, "contexts ended %s", end_names[s.end]);
    CHECK(by_cancel + by_time > 0, "no job's context ever ended");
    stress_run(&s, timers, NULL);
    CHECK(s.end == END_DONE, "timers ended %s", end_names[s.end]);
    CHECK(stopped && fired, "%lu stopped, %lu fired", (unsigned long)stopped, (unsigned long)fired);
    CHECK(called == TASKS, "%lu called", (unsigned long)called);
    stress_run(&s, locks, NULL);
    CHECK(s.end == END_DONE, "locks ended %s", end_names[s.end]);
    stress_run(&s, barriers, NULL);
    CHECK(s.end == END_DONE, "barriers ended %s", end_names[s.end]);
    CHECK(gave_up, "nobody ever gave up");
    return 0;
}
