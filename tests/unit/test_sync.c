/* SPDX-License-Identifier: MIT */
/* WaitGroup, timers and tickers, as Go's packages sync and time say; panics end the scenario. */
#include "both.h"

#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/sync.h"
#include "runtime/timer.h"

static struct waitgroup *wg;
static struct chan *gate;

static void waits(void *arg)
{
    (void)arg;
    wg_wait(wg);
    both_note('w');
    chan_send(gate, 1);
}

static void m_group(void *arg)
{
    (void)arg;
    wg = wg_make("wg");
    gate = chan_make("gate", 8);
    wg_wait(wg); /* nothing to wait for */
    for (int round = 0; round < 2; round++) {
        wg_add(wg, 2);
        rt_spawn("waiter", waits, NULL);
        rt_spawn("waiter", waits, NULL);
        both_settle();
        wg_done(wg);
        wg_add(wg, 1); /* while others wait */
        wg_done(wg);
        both_settle();
        both_note('.');
        wg_add(wg, -1);
        chan_recv(gate, NULL);
        chan_recv(gate, NULL);
        both_note('|'); /* and it can be used again */
    }
}

BOTH(group, all_waiters_go_when_the_count_is_zero_and_it_can_be_used_again)
{
    cr_assert_eq(both_whole(m_group, NULL), END_DONE);
    cr_assert_str_eq(both_notes, ".ww|.ww|");
}

static void m_negative(void *arg)
{
    (void)arg;
    wg = wg_make("jobs");
    wg_add(wg, 2);
    wg_add(wg, -3);
}

BOTH(group, a_negative_count_panics)
{
    cr_assert_eq(both_whole(m_negative, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "negative counter of WaitGroup jobs");
}

/* ---- panics ---------------------------------------------------------------------------------- */

static void goes_on(void *arg)
{
    (void)arg;
    for (;;) {
        both_note('o');
        rt_sleep(1000000);
    }
}

static void panics(void *arg)
{
    (void)arg;
    both_settle();
    rt_panic(0, "number %d", 13);
}

static void m_panic(void *arg)
{
    (void)arg;
    rt_spawn("other", goes_on, NULL);
    rt_spawn("bad", panics, NULL);
    chan_recv(NULL, NULL);
}

/* The scenario is over, the program is not: its events can be read, another run can be made. */
BOTH(panic, ends_the_scenario_and_never_the_program)
{
    cr_assert_eq(both_ends(m_panic, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "number 13");
    cr_assert_eq(sim_run_count(&both_run, EV_TASK, TASK_PANICKED), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_TASK, TASK_DONE), 0, "nobody else ended");
    size_t noted = (size_t)both_noted;
    cr_assert(rt_ended(both_run.rt));
    both_over();
    cr_assert_gt(noted, 0);
    cr_assert_eq(both_whole(m_group, NULL), END_DONE);
}

static void in_engine(struct rt *rt, void *arg)
{
    (void)rt;
    (void)arg;
    chan_close(NULL);
}

static void m_engine_panic(void *arg)
{
    (void)arg;
    timer_func(rt_now() + 1000, 0, in_engine, NULL);
    rt_sleep(1000000000000);
}

BOTH(panic, of_a_timer_function_is_the_scenarios_too)
{
    cr_assert_eq(both_whole(m_engine_panic, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "close of nil channel");
}

static void inner(void *arg)
{
    (void)arg;
    rt_panic(0, "inner");
}
static void middle(void *arg)
{
    const char *text = rt_recover(inner, NULL);
    both_note(text && strcmp(text, "inner") == 0 ? 'i' : '?');
    (void)arg;
    rt_panic(0, "outer");
}
static void calm(void *arg)
{
    (void)arg;
}

static void m_nested(void *arg)
{
    (void)arg;
    const char *text = rt_recover(middle, NULL);
    both_note(text && strcmp(text, "outer") == 0 ? 'o' : '?');
    both_note(rt_recover(calm, NULL) ? '?' : '-');
    rt_panic(0, "nobody recovers this");
}

BOTH(panic, the_innermost_recover_catches_it)
{
    cr_assert_eq(both_whole(m_nested, NULL), END_PANIC);
    cr_assert_str_eq(both_notes, "io-");
    cr_assert_str_eq(both_panic, "nobody recovers this");
}

/* ---- timers ---------------------------------------------------------------------------------- */

static void m_ticker(void *arg)
{
    int64_t *at = arg;
    chan_value v;
    struct timer *t = ticker_make("ticker", 10000000);
    rt_sleep(35000000); /* three ticks, and nobody takes them */
    at[0] = chan_try_recv(timer_chan(t), &v) == RT_OK ? (int64_t)v : -1;
    at[1] = chan_try_recv(timer_chan(t), &v) == RT_AGAIN;
    chan_recv(timer_chan(t), &v);
    at[2] = (int64_t)v;
    at[3] = timer_stop(t);
    rt_sleep(30000000);
    at[4] = chan_try_recv(timer_chan(t), &v) == RT_AGAIN;
    at[5] = chan_closed(timer_chan(t));
    at[6] = timer_reset(t, 1000);
    chan_recv(timer_chan(t), &v);
    chan_recv(timer_chan(t), &v); /* a ticker goes on ticking */
    at[7] = timer_stop(t);
}

/* Not in live: there a tick may come between any two steps. */
Test(timer, a_ticker_drops_what_nobody_takes)
{
    int64_t at[8] = {0};
    cr_assert_eq(both_whole(m_ticker, at), END_DONE);
    cr_assert_eq(at[0], 10000000, "the first tick stayed: %ld", (long)at[0]);
    cr_assert(at[1], "the others were dropped");
    cr_assert_eq(at[2], 40000000);
    cr_assert(at[3] && at[4], "stopped: it was running, and ticks no more");
    cr_assert_not(at[5], "stopping does not close");
    cr_assert_not(at[6], "reset: it was not running");
    cr_assert(at[7]);
}

static void m_bad_ticker(void *arg)
{
    (void)arg;
    ticker_make("nonsense", 0);
}

BOTH(timer, a_ticker_without_a_period_panics)
{
    cr_assert_eq(both_whole(m_bad_ticker, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "non-positive interval for ticker nonsense");
}

static void m_once(void *arg)
{
    int *ok = arg;
    chan_value v;
    struct timer *t = timer_make("once", 1000);
    ok[0] = chan_recv(timer_chan(t), &v) && (int64_t)v >= 1000;
    ok[1] = !timer_stop(t);
    ok[2] = chan_recv_until(timer_chan(t), &v, rt_now() + 5000000) == RT_TIMEOUT;
    ok[3] = !timer_reset(t, INT64_C(1000000000000)) && timer_reset(t, 500);
    ok[4] = chan_recv(timer_chan(t), &v);
    t = timer_make("at once", -5);
    ok[5] = chan_recv(timer_chan(t), &v);
}

BOTH(timer, fires_once_and_can_be_set_again)
{
    int ok[6] = {0};
    cr_assert_eq(both_whole(m_once, ok), END_DONE);
    for (int i = 0; i < 6; i++)
        cr_assert(ok[i], "step %d", i);
}

static void ticks_context(void *arg)
{
    struct context *ctx = arg;
    struct select_case sc[] = {{.c = ctx_done(ctx)}};
    chan_select(sc, 1);
    both_note('c');
}

static void m_tree(void *arg)
{
    int *ok = arg;
    struct context *root = ctx_with_cancel(ctx_background(), "root");
    struct context *a = ctx_with_timeout(root, "a", INT64_C(3600000000000));
    struct context *b = ctx_with_timeout(a, "b", INT64_C(7200000000000));
    struct context *side = ctx_with_cancel(root, "side");
    ok[0] = ctx_deadline(b) == ctx_deadline(a); /* the parent's is the earlier */
    rt_spawn("waiter", ticks_context, b);
    rt_spawn("waiter", ticks_context, b);
    both_settle();
    ctx_cancel(a, NULL);
    both_settle();
    ok[1] = ctx_cancelled(a) && ctx_cancelled(b);
    ok[2] = !ctx_cancelled(root) && !ctx_cancelled(side);
    ctx_cancel(root, "late");
    ok[3] = ctx_cancelled(side) && strcmp(ctx_cause(side), "late") == 0;
    ok[4] = strcmp(ctx_cause(b), "context canceled") == 0; /* the first cause stays */
    ok[5] = !ctx_done(ctx_background()) && !ctx_cancelled(ctx_background());
}

BOTH(context, a_branch_is_cancelled_and_no_more)
{
    int ok[6] = {0};
    cr_assert_eq(both_whole(m_tree, ok), END_DONE);
    for (int i = 0; i < 6; i++)
        cr_assert(ok[i], "step %d", i);
    cr_assert_str_eq(both_notes, "cc");
}
