/* SPDX-License-Identifier: MIT */
/* The errgroup's facts, EG-1 and so on, and the presets that differ from the library. */
#include "both.h"

#include "runtime/chan.h"
#include "runtime/errgroup.h"

static struct errgroup *g;
static struct context *ctx;
static struct chan *begin;
static const char *result;
static _Atomic int started, active, most_active;
static char said[2][64];

static void reset(void)
{
    result = NULL;
    started = active = most_active = 0;
    memset(said, 0, sizeof said);
}

static const char *fine(void *arg)
{
    (void)arg;
    atomic_fetch_add(&started, 1);
    return NULL;
}

/* After the group has taken the other's error: that is what cancels its context. */
static const char *slow_fails_after(void *arg)
{
    (void)arg;
    chan_recv(ctx_done(ctx), NULL);
    both_note('s');
    return "slow";
}
static const char *slow_fails(void *arg)
{
    (void)arg;
    both_settle();
    both_settle();
    both_note('s');
    return "slow";
}
static const char *quick_fails(void *arg)
{
    (void)arg;
    both_settle();
    both_note('q');
    return "quick";
}

static const char *quick_fails_when_told(void *arg)
{
    (void)arg;
    chan_recv(begin, NULL);
    both_note('q');
    return "quick";
}

static void m_first(void *arg)
{
    (void)arg;
    g = errgroup_with_context(ctx_background(), "g", NULL, &ctx);
    begin = chan_make("begin", 0);
    errgroup_go(g, "slow", slow_fails_after, NULL);
    errgroup_go(g, "quick", quick_fails_when_told, NULL);
    for (int i = 0; i < 20; i++) /* no limit: none of these waits */
        errgroup_go(g, "fine", fine, NULL);
    both_note('-');
    chan_close(begin);
    result = errgroup_wait(g);
    both_note('w');
}

BOTH(errgroup, EG_1_wait_returns_the_first_error_in_time_after_all_have_ended)
{
    reset();
    cr_assert_eq(both_ends(m_first, NULL), END_DONE);
    cr_assert_str_eq(result, "quick", "the first in time, not the first started");
    cr_assert_str_eq(both_notes, "-qsw");
    cr_assert_eq(sim_run_count(&both_run, EV_GROUP, GROUP_GO_WAIT), 0);
    cr_assert_eq(sim_run_count(&both_run, EV_GROUP, GROUP_ERROR), 2);
    int kept = 0;
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_ERROR) {
            kept += both_run.ev[i].x;
            cr_assert_str_eq(strtab_get(both_run.names, both_run.ev[i].c),
                             both_run.ev[i].x ? "quick" : "slow");
        }
    cr_assert_eq(kept, 1, "the other one is lost");
    both_over();
}

static const char *until_cancelled(void *arg)
{
    (void)arg;
    chan_recv(ctx_done(ctx), NULL);
    snprintf(said[0], sizeof said[0], "%s", ctx_cause(ctx));
    return "cancelled too";
}

static void m_cancel(void *arg)
{
    (void)arg;
    g = errgroup_with_context(ctx_background(), "g", NULL, &ctx);
    errgroup_go(g, "until", until_cancelled, NULL);
    errgroup_go(g, "quick", quick_fails, NULL);
    result = errgroup_wait(g);
}
static void m_cancel_anyway(void *arg)
{
    (void)arg;
    g = errgroup_with_context(ctx_background(), "g", NULL, &ctx);
    errgroup_go(g, "fine", fine, NULL);
    both_note(ctx_cancelled(ctx) ? 'c' : 'a');
    result = errgroup_wait(g);
    both_note(ctx_cancelled(ctx) ? 'c' : 'a');
    snprintf(said[0], sizeof said[0], "%s", ctx_cause(ctx));
}

BOTH(errgroup, EG_2_the_context_ends_with_the_first_error_or_with_wait)
{
    reset();
    cr_assert_eq(both_whole(m_cancel, NULL), END_DONE);
    cr_assert_str_eq(result, "quick");
    cr_assert_str_eq(said[0], "quick", "the cause is that error");
    reset();
    cr_assert_eq(both_whole(m_cancel_anyway, NULL), END_DONE);
    cr_assert_null(result);
    cr_assert_str_eq(both_notes, "ac", "on success too");
    cr_assert_str_eq(said[0], "context canceled");
}

static const char *fails(void *arg)
{
    (void)arg;
    atomic_fetch_add(&started, 1);
    return "first";
}

/* One slot: each task starts when the one before has ended, the first with an error. */
static void m_goes_on(void *arg)
{
    g = errgroup_with_context(ctx_background(), "g", arg, &ctx);
    errgroup_set_limit(g, 1);
    for (int i = 0; i < 5; i++)
        both_note(errgroup_go(g, "task", i ? fine : fails, NULL) == RT_OK ? '+' : 'c');
    result = errgroup_wait(g);
}

BOTH(errgroup, EG_3_go_ignores_the_context)
{
    reset();
    cr_assert_eq(both_ends(m_goes_on, NULL), END_DONE);
    cr_assert_eq(started, 5, "tasks still start after the first error");
    cr_assert_str_eq(both_notes, "+++++");
    cr_assert_str_eq(result, "first");
    cr_assert_geq(sim_run_count(&both_run, EV_GROUP, GROUP_GO_WAIT), 1);
    both_over();
    reset();
    const struct errgroup_preset *p = errgroup_preset_find("go_sees_cancel");
    cr_assert_eq(both_whole(m_goes_on, (void *)(uintptr_t)&p->rules), END_DONE);
    cr_assert_eq(started, 1);
    cr_assert_str_eq(both_notes, "+cccc");
}

static void m_try(void *arg)
{
    (void)arg;
    g = errgroup_make("g", NULL);
    errgroup_set_limit(g, 0);
    both_note(errgroup_try_go(g, "task", fine, NULL) ? '+' : '-');
    errgroup_set_limit(g, 1);
    both_note(errgroup_try_go(g, "slow", slow_fails, NULL) ? '+' : '-');
    both_note(errgroup_try_go(g, "task", fine, NULL) ? '+' : '-');
    errgroup_wait(g);
    errgroup_set_limit(g, -7); /* none */
    for (int i = 0; i < 50; i++)
        if (!errgroup_try_go(g, "task", fine, NULL))
            both_note('!');
    errgroup_wait(g);
}
static void m_zero(void *arg)
{
    (void)arg;
    g = errgroup_make("g", NULL);
    errgroup_set_limit(g, 0);
    errgroup_go(g, "task", fine, NULL);
}
static void m_change(void *arg)
{
    (void)arg;
    g = errgroup_make("g", NULL);
    errgroup_set_limit(g, 2);
    errgroup_go(g, "slow", slow_fails, NULL);
    errgroup_set_limit(g, 3);
}

BOTH(errgroup, EG_4_limits)
{
    reset();
    cr_assert_eq(both_whole(m_try, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "-+-s");
    cr_assert_eq(started, 50);
    cr_assert_eq(both_whole(m_zero, NULL), END_ASLEEP, "limit 0: Go blocks for ever");
    cr_assert_eq(both_whole(m_change, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "errgroup g: limit modified while 1 tasks are still active");
}

static const char *goes(void *arg)
{
    errgroup_go(g, "inner", fine, NULL);
    return arg;
}
static void m_nested(void *arg)
{
    (void)arg;
    g = errgroup_make("g", NULL);
    errgroup_set_limit(g, 1);
    errgroup_go(g, "outer", goes, NULL);
    errgroup_wait(g);
}

BOTH(errgroup, EG_5_go_within_a_task_with_limit_1_deadlocks)
{
    cr_assert_eq(both_whole(m_nested, NULL), END_ASLEEP);
}

static const char *panics(void *arg)
{
    (void)arg;
    rt_panic(0, "oh no");
}
static void waits(void *arg)
{
    (void)arg;
    errgroup_wait(g);
}
static void m_panic(void *arg)
{
    g = errgroup_make("g", arg);
    errgroup_go(g, "panics", panics, NULL);
    const char *text = rt_recover(waits, NULL);
    both_note(text && strcmp(text, "oh no") == 0 ? 'r' : '-');
}

BOTH(errgroup, EG_6_a_panic_ends_the_program_not_the_wait)
{
    cr_assert_eq(both_whole(m_panic, NULL), END_PANIC);
    cr_assert_str_eq(both_notes, "");
    cr_assert_str_eq(both_panic, "oh no");
    const struct errgroup_preset *p = errgroup_preset_find("panic_to_wait");
    cr_assert_eq(both_whole(m_panic, (void *)(uintptr_t)&p->rules), END_DONE);
    cr_assert_str_eq(both_notes, "r");
}

static const char *counts(void *arg)
{
    (void)arg;
    int now = atomic_fetch_add(&active, 1) + 1, most = most_active;
    while (now > most && !atomic_compare_exchange_weak(&most_active, &most, now)) {
    }
    atomic_fetch_add(&started, 1);
    rt_yield();
    atomic_fetch_sub(&active, 1);
    return NULL;
}
static void m_many(void *arg)
{
    (void)arg;
    g = errgroup_make("g", NULL);
    errgroup_set_limit(g, 10);
    for (int i = 0; i < 1025; i++)
        errgroup_go(g, "task", counts, NULL);
    errgroup_wait(g);
}

BOTH(errgroup, EG_7_never_more_than_the_limit_at_once)
{
    reset();
    cr_assert_eq(both_ends(m_many, NULL), END_DONE);
    cr_assert_eq(started, 1025);
    cr_assert_leq(most_active, 10);
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_GROUP)
            cr_assert_leq(both_run.ev[i].a, 10);
    if (world == WORLD_SIM)
        cr_assert_eq(most_active, 10);
    both_over();
}

static void m_reuse(void *arg)
{
    (void)arg;
    g = errgroup_make("g", NULL);
    both_note(errgroup_wait(g) ? '!' : '0'); /* nothing to wait for */
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 4; i++)
            errgroup_go(g, "task", round == 1 && i == 2 ? fails : fine, NULL);
        const char *e = errgroup_wait(g);
        both_note(e ? 'e' : '0'); /* and the error stays */
    }
}

BOTH(errgroup, a_group_can_be_waited_for_again)
{
    reset();
    cr_assert_eq(both_whole(m_reuse, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "00ee");
    cr_assert_eq(started, 12);
}

Test(errgroup, presets_have_names_and_say_what_they_are)
{
    for (const struct errgroup_preset *p = errgroup_presets; p->name; p++) {
        cr_assert_eq(errgroup_preset_find(p->name), p);
        cr_assert_gt(strlen(p->help), 20);
    }
    cr_assert_null(errgroup_preset_find("none such"));
}
