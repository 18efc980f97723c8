/* SPDX-License-Identifier: MIT */
/* Singleflight's facts (SF-1: one call a key at a time, everybody has its result; Forget, DoChan,
 * the shared flag, panics and Goexit), and the defects that presets keep. */
#include "both.h"

#include "runtime/errgroup.h"
#include "runtime/once.h"
#include "runtime/singleflight.h"
#include "runtime/sync.h"

static struct singleflight *g;
static struct waitgroup *wg;
static struct chan *gate, *inside;
static const struct flight_rules *rules;
static _Atomic int ran, shared, values;
static char texts[4][64];
static _Atomic int texts_n;

static void begin(int tasks)
{
    g = flight_make("flights", rules);
    wg = wg_make("wg");
    wg_add(wg, tasks);
    gate = chan_make("gate", 0);
    inside = chan_make("inside", 8);
    ran = shared = values = texts_n = 0;
    memset(texts, 0, sizeof texts);
}

/* Tells that it has begun, and goes on when the gate opens. */
static struct flight_result slow(void *arg)
{
    atomic_fetch_add(&ran, 1);
    chan_send(inside, 1);
    chan_recv(gate, NULL);
    return (struct flight_result){.value = (uintptr_t)arg};
}

static void does(void *arg)
{
    struct flight_result r = flight_do(g, "k", slow, arg);
    atomic_fetch_add(&values, (int)r.value);
    atomic_fetch_add(&shared, r.shared);
    wg_done(wg);
}

static void m_shares(void *arg)
{
    (void)arg;
    begin(5);
    rt_spawn("first", does, (void *)7);
    chan_recv(inside, NULL);
    for (int i = 0; i < 4; i++)
        rt_spawn("more", does, (void *)100);
    both_settle();
    chan_close(gate);
    wg_wait(wg);
    struct flight_result r = flight_do(g, "k", slow, (void *)3); /* it is over: a new flight */
    both_note(r.value == 3 && !r.shared ? '+' : '-');
}

BOTH(singleflight, SF_1_one_call_a_key_and_everybody_has_its_result)
{
    rules = NULL;
    cr_assert_eq(both_ends(m_shares, NULL), END_DONE);
    cr_assert_eq(ran, 2);
    cr_assert_eq(values, 5 * 7);
    cr_assert_eq(shared, 5, "all of them, the first too");
    cr_assert_str_eq(both_notes, "+");
    cr_assert_eq(sim_run_count(&both_run, EV_FLIGHT, FLIGHT_BEGIN), 2);
    cr_assert_eq(sim_run_count(&both_run, EV_FLIGHT, FLIGHT_JOIN), 4);
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_FLIGHT) {
            cr_assert_str_eq(strtab_get(both_run.names, both_run.ev[i].c), "k");
            cr_assert_leq(both_run.ev[i].a, 1, "flights at once");
        }
    both_over();
}

static void keyed(void *arg)
{
    flight_do(g, arg, slow, NULL);
    wg_done(wg);
}

static void m_keys(void *arg)
{
    (void)arg;
    static char names[100][8];
    begin(100);
    inside = chan_make("inside", 100);
    for (int i = 0; i < 100; i++) {
        snprintf(names[i], sizeof names[i], "k%d", i % 50);
        rt_spawn("call", keyed, names[i]);
    }
    both_settle();
    both_note(ran == 50 ? '+' : '-');
    chan_close(gate);
    wg_wait(wg);
}

BOTH(singleflight, keys_do_not_wait_for_each_other)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_keys, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+");
}

static struct flight_result fails(void *arg)
{
    (void)arg;
    return (struct flight_result){.error = "no"};
}

static void m_error(void *arg)
{
    (void)arg;
    begin(0);
    struct flight_result r = flight_do(g, "k", fails, NULL);
    both_note(r.error && strcmp(r.error, "no") == 0 && !r.shared ? '+' : '-');
}

BOTH(singleflight, an_error_is_a_result)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_error, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+");
}

/* ---- Forget ------------------------------------------------------------------------------------
 */

static void m_forget(void *arg)
{
    (void)arg;
    begin(3);
    flight_forget(g, "none such");
    rt_spawn("first", does, (void *)1);
    chan_recv(inside, NULL);
    flight_forget(g, "k");
    rt_spawn("second", does, (void *)10);
    chan_recv(inside, NULL); /* it runs its own, while the first is under way */
    rt_spawn("third", does, (void *)100);
    both_settle();
    both_note(ran == 2 ? '+' : '-');
    chan_send(gate, 1); /* the first ends, and leaves the second where it is */
    both_settle();
    both_note(values == 1 || values == 20 ? '+' : '-');
    chan_close(gate);
    wg_wait(wg);
}

BOTH(singleflight, after_a_forget_the_next_call_runs_its_own)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_forget, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "++");
    cr_assert_eq(values, 1 + 10 + 10);
    cr_assert_eq(shared, 2, "the forgotten one was not shared");
    cr_assert_eq(ran, 2);
}

/* ---- DoChan ------------------------------------------------------------------------------------
 */

static void m_chan(void *arg)
{
    (void)arg;
    begin(1);
    struct flight_chan *a = flight_do_chan(g, "k", slow, (void *)5);
    chan_recv(inside, NULL);
    rt_spawn("waits", does, (void *)9);
    both_settle();
    struct flight_chan *b = flight_do_chan(g, "k", slow, (void *)6);
    both_note(chan_try_recv(a->done, NULL) == RT_AGAIN ? '+' : '-');
    chan_close(gate);
    both_note(chan_recv(a->done, NULL) && a->result.value == 5 && a->result.shared ? '+' : '-');
    both_note(chan_recv(b->done, NULL) && b->result.value == 5 && b->result.shared ? '+' : '-');
    wg_wait(wg);
    flight_chan_release(g, a);
    struct flight_chan *c = flight_do_chan(g, "k", slow, (void *)8);
    both_note(c == a ? '+' : '-');
    both_note(chan_recv(c->done, NULL) && c->result.value == 8 && !c->result.shared ? '+' : '-');
}

BOTH(singleflight, DoChan_gives_the_result_through_a_channel)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_chan, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+++++");
    cr_assert_eq(values, 5);
}

/* ---- panics and Goexit ------------------------------------------------------------------------
 */

static struct flight_result panics(void *arg)
{
    slow(arg);
    rt_panic(0, "oh no");
}

static struct flight_result ends_task(void *arg)
{
    slow(arg);
    rt_goexit();
}

static void do_it(void *fn)
{
    flight_do(g, "k", *(flight_fn **)fn, NULL);
}

static flight_fn *const fn_panics = panics, *const fn_ends = ends_task;

static void recovers(void *fn)
{
    const char *text = rt_recover(do_it, fn);
    int at = atomic_fetch_add(&texts_n, 1);
    snprintf(texts[at], sizeof texts[at], "%s", text ? text : "none");
    wg_done(wg);
}

static void m_panic(void *arg)
{
    (void)arg;
    begin(3);
    rt_spawn("first", recovers, (void *)(uintptr_t)&fn_panics);
    chan_recv(inside, NULL);
    for (int i = 0; i < 2; i++)
        rt_spawn("more", recovers, (void *)(uintptr_t)&fn_panics);
    both_settle();
    chan_close(gate);
    wg_wait(wg);
    both_note('w');
}

BOTH(singleflight, a_panic_comes_out_of_every_Do)
{
    rules = NULL;
    cr_assert_eq(both_ends(m_panic, NULL), END_DONE);
    cr_assert_eq(texts_n, 3);
    for (int i = 0; i < 3; i++)
        cr_assert_str_eq(texts[i], "oh no");
    cr_assert_eq(ran, 1);
    cr_assert_eq(sim_run_count(&both_run, EV_FLIGHT, FLIGHT_PANIC), 1);
    both_over();
    rules = &flight_preset_find("x_sync_stuck_panic")->rules;
    cr_assert_eq(both_whole(m_panic, NULL), END_ASLEEP, "the defect of issue 33519");
    cr_assert_eq(texts_n, 1);
}

/* A Goexit runs what is deferred, here: an outer catch. */
static void until_goexit(void *fn)
{
    const char *text = rt_catch(do_it, fn);
    both_note(text == RT_GOEXIT ? 'g' : '-');
    wg_done(wg);
    if (text)
        rt_again(0, text);
    both_note('!');
}

static void m_goexit(void *arg)
{
    (void)arg;
    begin(2);
    rt_spawn("first", until_goexit, (void *)(uintptr_t)&fn_ends);
    chan_recv(inside, NULL);
    rt_spawn("second", until_goexit, (void *)(uintptr_t)&fn_ends);
    both_settle();
    chan_close(gate);
    wg_wait(wg);
}

BOTH(singleflight, a_Goexit_ends_all_who_share_it)
{
    rules = NULL;
    cr_assert_eq(both_ends(m_goexit, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "gg");
    cr_assert_eq(sim_run_count(&both_run, EV_TASK, TASK_DONE), 3);
    both_over();
}

static void chan_of(void *fn)
{
    struct flight_chan *fc = flight_do_chan(g, "k", *(flight_fn **)fn, NULL);
    chan_recv(inside, NULL);
    chan_close(gate);
    both_note(chan_recv(fc->done, NULL) ? 'v' : 'c');
}

static void m_chan_of(void *fn)
{
    begin(0);
    both_note(rt_recover(chan_of, fn) ? 'r' : '.');
}

BOTH(singleflight, DoChan_after_a_panic_or_a_Goexit)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_chan_of, (void *)(uintptr_t)&fn_panics), END_PANIC);
    cr_assert_str_eq(both_notes, "", "nobody can recover it");
    cr_assert_str_eq(both_panic, "oh no");
    cr_assert_eq(both_whole(m_chan_of, (void *)(uintptr_t)&fn_ends), END_ASLEEP,
                 "the channel never has a value: issue 52557");
    rules = &flight_preset_find("goexit_closes")->rules;
    cr_assert_eq(both_whole(m_chan_of, (void *)(uintptr_t)&fn_ends), END_DONE);
    cr_assert_str_eq(both_notes, "c.");
}

static void m_do_and_chan(void *arg)
{
    (void)arg;
    begin(1);
    rt_spawn("first", recovers, (void *)(uintptr_t)&fn_panics);
    chan_recv(inside, NULL);
    flight_do_chan(g, "k", panics, NULL);
    chan_close(gate);
    wg_wait(wg);
}

BOTH(singleflight, a_panic_of_a_Do_that_a_channel_waits_for_cannot_be_recovered)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_do_and_chan, NULL), END_PANIC);
    cr_assert_eq(texts_n, 0);
}

/* ---- Goexit elsewhere --------------------------------------------------------------------------
 */

static void exits(void *arg)
{
    (void)arg;
    rt_goexit();
}
static const char *exits_in_group(void *arg)
{
    exits(arg);
    return "not reached";
}
static void not_stopped(void *arg)
{
    both_note(rt_recover(exits, arg) ? '!' : '?');
}
static struct once *once;
static void once_exits(void *arg)
{
    (void)arg;
    once_do(once, exits, NULL);
    both_note('!');
}

static void m_goexits(void *arg)
{
    (void)arg;
    rt_spawn("no recover stops it", not_stopped, NULL);
    struct errgroup *group = errgroup_make("g", NULL);
    errgroup_set_limit(group, 1);
    for (int i = 0; i < 3; i++)
        errgroup_go(group, "exits", exits_in_group, NULL);
    both_note(errgroup_wait(group) ? 'e' : '0');
    once = once_make("once");
    rt_spawn("once", once_exits, NULL);
    both_settle();
    once_do(once, exits, NULL); /* that was the one time */
    both_note('1');
}

BOTH(singleflight, Goexit_runs_what_is_deferred_and_ends_one_task)
{
    cr_assert_eq(both_ends(m_goexits, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "01");
    cr_assert_eq(sim_run_count(&both_run, EV_TASK, TASK_DONE), 6);
    cr_assert_eq(sim_run_count(&both_run, EV_TASK, TASK_PANICKED), 0);
    both_over();
}

Test(singleflight, presets_have_names_and_say_what_they_are)
{
    cr_assert_not(flight_presets[0].defect);
    for (const struct flight_preset *p = flight_presets; p->name; p++) {
        cr_assert_eq(flight_preset_find(p->name), p);
        cr_assert_gt(strlen(p->help), 20);
    }
    cr_assert_null(flight_preset_find("none such"));
}
