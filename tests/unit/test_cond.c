/* SPDX-License-Identifier: MIT */
/* Once and Cond, as Go's package sync says; and what an `if` around a wait does where a loop should
 * stand. */
#include "both.h"

#include "runtime/cond.h"
#include "runtime/once.h"
#include "runtime/sync.h"

static struct once *once;
static struct waitgroup *wg;
static struct mutex *mu;
static struct cond *cond;
static int items, taken, empty_takes;
static bool loops;

/* ---- Once --------------------------------------------------------------------------------------
 */

static int value;
static void init(void *arg)
{
    (void)arg;
    both_note('b');
    both_settle();
    value = 7;
    both_note('e');
}

static void needs(void *arg)
{
    (void)arg;
    once_do(once, init, NULL);
    if (value != 7)
        both_note('!');
    wg_done(wg);
}

static void m_once(void *arg)
{
    (void)arg;
    value = 0;
    once = once_make("init");
    wg = wg_make("wg");
    wg_add(wg, 5);
    for (int i = 0; i < 5; i++)
        rt_spawn("needs", needs, NULL);
    wg_wait(wg);
    once_do(once, init, NULL);
    once_do(once, NULL, NULL);
}

BOTH(once, one_runs_and_the_others_wait_for_its_end)
{
    cr_assert_eq(both_ends(m_once, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "be");
    cr_assert_eq(sim_run_count(&both_run, EV_ONCE, ONCE_BEGIN), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_ONCE, ONCE_DONE), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_ONCE, ONCE_WAIT) +
                     sim_run_count(&both_run, EV_ONCE, ONCE_PASS),
                 6);
    if (world == WORLD_SIM)
        cr_assert_eq(sim_run_count(&both_run, EV_ONCE, ONCE_WAIT), 4);
    both_over();
}

static void fails(void *arg)
{
    (void)arg;
    rt_panic(0, "no config");
}
static void does(void *arg)
{
    (void)arg;
    once_do(once, fails, NULL);
}
static void m_once_panics(void *arg)
{
    *(const char **)arg = NULL;
    once = once_make("init");
    *(const char **)arg = rt_recover(does, NULL) ? "panicked" : "";
    once_do(once, fails, NULL); /* it had its one time */
    both_note('y');
}

BOTH(once, a_panic_was_the_one_time)
{
    const char *text = NULL;
    cr_assert_eq(both_whole(m_once_panics, &text), END_DONE);
    cr_assert_str_eq(text, "panicked");
    cr_assert_str_eq(both_notes, "y");
}

static void again(void *arg)
{
    (void)arg;
    once_do(once, fails, NULL);
}
static void m_once_in_once(void *arg)
{
    (void)arg;
    once = once_make("init");
    once_do(once, again, NULL);
}

BOTH(once, within_itself_it_waits_for_itself)
{
    cr_assert_eq(both_whole(m_once_in_once, NULL), END_ASLEEP);
}

/* ---- Cond --------------------------------------------------------------------------------------
 */

static void consumes(void *arg)
{
    mutex_lock(mu);
    if (loops)
        while (!items)
            cond_wait(cond);
    else if (!items)
        cond_wait(cond);
    if (items) {
        items--;
        taken++;
        both_note((char)(intptr_t)arg);
    } else {
        empty_takes++;
    }
    mutex_unlock(mu);
    wg_done(wg);
}

static void put(void)
{
    mutex_lock(mu);
    items++;
    mutex_unlock(mu);
    cond_signal(cond);
}

static void begin(int consumers)
{
    items = taken = empty_takes = 0;
    mu = mutex_make("mu");
    cond = cond_make("items", mu);
    wg = wg_make("wg");
    wg_add(wg, consumers);
    for (int i = 0; i < consumers; i++) {
        rt_spawn("consumer", consumes, (void *)(intptr_t)('a' + i));
        both_settle();
    }
}

static void m_signals(void *arg)
{
    (void)arg;
    begin(3);
    for (int i = 0; i < 3; i++) {
        put();
        both_settle();
    }
    wg_wait(wg);
    cond_signal(cond); /* nobody there: lost, as it should be */
}

BOTH(cond, a_signal_wakes_the_one_that_waited_longest)
{
    loops = true;
    cr_assert_eq(both_ends(m_signals, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "abc");
    cr_assert_eq(sim_run_count(&both_run, EV_COND, COND_SIGNAL), 4);
    cr_assert_eq(sim_run_count(&both_run, EV_COND, COND_WAKE), 3);
    both_over();
}

static void m_broadcast(void *arg)
{
    (void)arg;
    begin(4);
    mutex_lock(mu);
    items = 4;
    cond_broadcast(cond);
    mutex_unlock(mu);
    wg_wait(wg);
}

BOTH(cond, a_broadcast_wakes_all)
{
    loops = true;
    cr_assert_eq(both_whole(m_broadcast, NULL), END_DONE);
    cr_assert_eq(taken, 4);
}

static void m_timeout(void *arg)
{
    enum rt_status *s = arg;
    mu = mutex_make("mu");
    cond = cond_make("items", mu);
    mutex_lock(mu);
    int64_t from = rt_now();
    s[0] = cond_wait_until(cond, from + 5000000);
    both_note(rt_now() - from >= 5000000 ? 'y' : 'n');
    both_note(mutex_try_lock(mu) ? 'n' : 'y'); /* we have it again */
    mutex_unlock(mu);
    both_note(cond_inject_spurious(cond) ? 'n' : 'y'); /* nobody waits any more */
}

BOTH(cond, a_timeout_has_the_lock_again)
{
    enum rt_status s[1];
    cr_assert_eq(both_whole(m_timeout, s), END_DONE);
    cr_assert_eq(s[0], RT_TIMEOUT);
    cr_assert_str_eq(both_notes, "yyy");
}

static void m_spurious(void *arg)
{
    (void)arg;
    begin(1);
    cond_inject_spurious(cond);
    both_settle();
    put();
    wg_wait(wg);
}

BOTH(cond, a_loop_survives_a_spurious_wake_up_an_if_does_not)
{
    loops = true;
    cr_assert_eq(both_whole(m_spurious, NULL), END_DONE);
    cr_assert_eq(taken, 1);
    cr_assert_eq(empty_takes, 0);
    loops = false;
    cr_assert_eq(both_ends(m_spurious, NULL), END_DONE);
    cr_assert_eq(empty_takes, 1);
    cr_assert_eq(sim_run_count(&both_run, EV_COND, COND_SPURIOUS), 1);
    both_over();
}

/* a waits and is signalled, but comes late; t, who never waited, takes the item meanwhile. That it
 * is early enough is certain in sim alone. */
static void m_stolen(void *arg)
{
    (void)arg;
    begin(1);
    cond_inject_stolen(cond, 50000000);
    put();
    wg_add(wg, 1);
    rt_spawn("thief", consumes, (void *)'t');
    both_settle();
    both_settle();
    both_settle();
    both_settle();
    put();
    wg_wait(wg);
}

Test(cond, a_loop_survives_a_stolen_wake_up_an_if_does_not)
{
    loops = true;
    cr_assert_eq(both_whole(m_stolen, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "ta");
    cr_assert_eq(empty_takes, 0);
    loops = false;
    cr_assert_eq(both_whole(m_stolen, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "t");
    cr_assert_eq(empty_takes, 1);
    cr_assert_eq(items, 1);
}

/* ---- without the lock ------------------------------------------------------------------------ */

static void waits_without(void *arg)
{
    (void)arg;
    cond_wait(cond);
}

static void m_without(void *arg)
{
    (void)arg;
    mu = mutex_make("mu");
    cond = cond_make("cond", mu);
    const char *text = rt_recover(waits_without, NULL);
    if (text && strcmp(text, "unlock of unlocked mutex mu") == 0)
        both_note('p');
    cond_signal(cond); /* nobody stands there */
}

BOTH(cond, a_wait_without_the_lock_panics_and_leaves_nobody_waiting)
{
    cr_assert_eq(both_ends(m_without, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "p");
    cr_assert_eq(sim_run_count(&both_run, EV_COND, COND_WAIT), 0);
    cr_assert_eq(sim_run_count(&both_run, EV_COND, COND_WAKE), 0);
}
