/* SPDX-License-Identifier: MIT */
/* Channels and select, as the Go specification says. */
#include "both.h"
#include "runtime/chan.h"
#include "runtime/context.h"

static struct chan *c, *d;
static int64_t log_at[64];
static chan_value log_v[64];
static int logged;

static void note(chan_value v)
{
    log_v[logged] = v;
    log_at[logged++] = rt_now();
}

static int run_ends(void (*fn)(void *), void *arg, const char **panic)
{
    static char text[256];
    struct sim_run r;
    sim_run_init(&r, 1);
    r.config.world = world;
    logged = 0;
    sim_run_all(&r, fn, arg);
    int end = sim_run_end(&r);
    snprintf(text, sizeof text, "%s", sim_run_panic(&r));
    if (panic)
        *panic = text;
    sim_run_free(&r);
    return end;
}

static void send_three(void *arg)
{
    (void)arg;
    for (chan_value i = 1; i <= 3; i++)
        chan_send(c, i);
    chan_close(c);
}

static void m_unbuffered(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    rt_spawn("sender", send_three, NULL);
    chan_value v;
    while (chan_recv(c, &v))
        note(v);
    note(v);
}

BOTH(chan, unbuffered_keeps_order_and_ends_with_close)
{
    cr_assert_eq(run_ends(m_unbuffered, NULL, NULL), END_DONE);
    cr_assert_eq(logged, 4);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(log_v[i], (chan_value)i + 1);
    cr_assert_eq(log_v[3], 0, "a receive from a closed channel gives 0");
}

static void m_buffer_after_close(void *arg)
{
    (void)arg;
    c = chan_make("c", 2);
    chan_send(c, 7);
    chan_send(c, 8);
    chan_close(c);
    chan_value v;
    while (chan_recv(c, &v))
        note(v);
}

BOTH(chan, the_buffer_outlives_the_close)
{
    run_ends(m_buffer_after_close, NULL, NULL);
    cr_assert_eq(logged, 2);
    cr_assert_eq(log_v[0], 7);
    cr_assert_eq(log_v[1], 8);
}

static void sender(void *arg)
{
    chan_send(c, (chan_value)(uintptr_t)arg);
}

static void m_fifo(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    for (uintptr_t i = 1; i <= 5; i++)
        rt_spawn("sender", sender, (void *)i);
    rt_sleep(1000);
    chan_value v;
    for (int i = 0; i < 5; i++) {
        chan_recv(c, &v);
        note(v);
    }
}

Test(chan, waiting_senders_go_first_in_first_out)
{
    run_ends(m_fifo, NULL, NULL);
    for (int i = 0; i < 5; i++)
        cr_assert_eq(log_v[i], (chan_value)i + 1);
}

static void receiver(void *arg)
{
    (void)arg;
    chan_value v;
    bool ok = chan_recv(c, &v);
    note(ok ? v : 99);
}

static void m_close_wakes(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    rt_spawn("r1", receiver, NULL);
    rt_spawn("r2", receiver, NULL);
    rt_sleep(10);
    chan_close(c);
}

Test(chan, close_wakes_all_receivers)
{
    cr_assert_eq(run_ends(m_close_wakes, NULL, NULL), END_DONE);
    cr_assert_eq(logged, 2);
    cr_assert(log_v[0] == 99 && log_v[1] == 99);
}

static void m_send_closed(void *arg)
{
    (void)arg;
    c = chan_make("results", 1);
    chan_close(c);
    chan_send(c, 1);
}
static void m_close_closed(void *arg)
{
    (void)arg;
    c = chan_make("jobs", 1);
    chan_close(c);
    chan_close(c);
}
static void m_close_nil(void *arg)
{
    (void)arg;
    chan_close(NULL);
}
static void m_blocked_send_closed(void *arg)
{
    (void)arg;
    c = chan_make("jobs", 0);
    rt_spawn("sender", sender, (void *)(uintptr_t)1);
    rt_sleep(10);
    chan_close(c);
    rt_sleep(10);
}

BOTH(chan, misuse_panics_and_ends_the_run)
{
    const char *text;
    cr_assert_eq(run_ends(m_send_closed, NULL, &text), END_PANIC);
    cr_assert_str_eq(text, "send on closed channel results");
    cr_assert_eq(run_ends(m_close_closed, NULL, &text), END_PANIC);
    cr_assert_str_eq(text, "close of closed channel jobs");
    cr_assert_eq(run_ends(m_close_nil, NULL, &text), END_PANIC);
    cr_assert_str_eq(text, "close of nil channel");
    cr_assert_eq(run_ends(m_blocked_send_closed, NULL, &text), END_PANIC);
    cr_assert_str_eq(text, "send on closed channel jobs");
}

static void bad(void *arg)
{
    (void)arg;
    chan_close(NULL);
}
static void m_recover(void *arg)
{
    (void)arg;
    const char *text = rt_recover(bad, NULL);
    note(text && strcmp(text, "close of nil channel") == 0);
}

BOTH(chan, a_panic_can_be_recovered)
{
    cr_assert_eq(run_ends(m_recover, NULL, NULL), END_DONE);
    cr_assert_eq(log_v[0], 1);
}

static void m_asleep(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    chan_send(c, 1);
}
static void m_nil(void *arg)
{
    (void)arg;
    chan_recv(NULL, NULL);
}

BOTH(chan, nobody_there_is_all_asleep)
{
    cr_assert_eq(run_ends(m_asleep, NULL, NULL), END_ASLEEP);
    cr_assert_eq(run_ends(m_nil, NULL, NULL), END_ASLEEP);
}

static void m_try(void *arg)
{
    (void)arg;
    chan_value v;
    c = chan_make("c", 1);
    note(chan_try_recv(c, &v) == RT_AGAIN);
    note(chan_try_send(c, 5) == RT_OK);
    note(chan_try_send(c, 6) == RT_AGAIN);
    note(chan_try_recv(c, &v) == RT_OK && v == 5);
    note(chan_recv_until(c, &v, rt_now() + 300) == RT_TIMEOUT);
    note(rt_now() == 300);
    chan_close(c);
    note(chan_try_recv(c, &v) == RT_CLOSED);
}

Test(chan, operations_that_do_not_wait_or_not_for_ever)
{
    run_ends(m_try, NULL, NULL);
    cr_assert_eq(logged, 7);
    for (int i = 0; i < 7; i++)
        cr_assert(log_v[i], "step %d", i);
}

static void m_select_fair(void *arg)
{
    int *picked = arg;
    c = chan_make("c", 1);
    d = chan_make("d", 1);
    for (int i = 0; i < 3000; i++) {
        chan_try_send(c, 1);
        chan_try_send(d, 2);
        struct select_case sc[] = {{.c = c}, {.c = d}, {.c = NULL}};
        picked[chan_select(sc, 3)]++;
    }
}

BOTH(select, several_ready_are_picked_at_random)
{
    int picked[3] = {0};
    run_ends(m_select_fair, picked, NULL);
    cr_assert_eq(picked[2], 0, "a nil channel is never ready");
    /* binomial(3000, 1/2): sigma 27; five of them */
    cr_assert(abs(picked[0] - 1500) < 137, "%d of 3000", picked[0]);
}

static void m_select_kinds(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    d = chan_make("d", 0);
    struct select_case sc[] = {{.c = c}, {.c = d, .send = true, .value = 4}};
    note(chan_select_default(sc, 2) == SELECT_DEFAULT);
    note(chan_select_until(sc, 2, 500) == SELECT_TIMEOUT && rt_now() == 500);
    rt_spawn("sender", sender, (void *)(uintptr_t)9);
    note(chan_select(sc, 2) == 0 && sc[0].value == 9 && sc[0].ok);
    chan_close(c);
    note(chan_select(sc, 1) == 0 && !sc[0].ok);
    note(chan_len(d) == 0);
}

Test(select, default_timeout_receive_and_closed)
{
    cr_assert_eq(run_ends(m_select_kinds, NULL, NULL), END_DONE);
    cr_assert_eq(logged, 5);
    for (int i = 0; i < 5; i++)
        cr_assert(log_v[i], "step %d", i);
}

static struct context *ctx;

static void waits_for_cancel(void *arg)
{
    (void)arg;
    struct select_case sc[] = {{.c = c}, {.c = ctx_done(ctx)}};
    note((chan_value)chan_select(sc, 2));
}

static void m_cancel_tree(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    struct context *root = ctx_with_cancel(ctx_background(), "root");
    ctx = ctx_with_timeout(root, "child", 1000);
    note(ctx_deadline(ctx) == 1000);
    rt_spawn("w1", waits_for_cancel, NULL);
    rt_spawn("w2", waits_for_cancel, NULL);
    rt_sleep(100);
    ctx_cancel(root, "shutdown");
    note(strcmp(ctx_cause(ctx), "shutdown") == 0);
    struct context *late = ctx_with_cancel(root, "late");
    note(ctx_cancelled(late));
    struct context *timed = ctx_with_timeout(ctx_background(), "timed", 50);
    note(ctx_wait_until(timed, WHY_SLEEP, 0, rt_now() + 500, 0) == RT_CANCELLED);
    note(rt_now() == 150 && strcmp(ctx_cause(timed), "deadline exceeded") == 0);
}

Test(context, cancel_goes_down_the_tree_and_deadlines_pass)
{
    cr_assert_eq(run_ends(m_cancel_tree, NULL, NULL), END_DONE);
    cr_assert_eq(logged, 7);
    int ones = 0;
    for (int i = 0; i < 7; i++)
        ones += log_v[i] == 1;
    cr_assert_eq(ones, 7, "both waiters fired case 1, and all checks held");
}
