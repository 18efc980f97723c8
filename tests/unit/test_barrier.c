/* SPDX-License-Identifier: MIT */
/* Barrier and latch. */
#include "both.h"

#include "runtime/barrier.h"
#include "runtime/sync.h"

enum { PARTIES = 4, ROUNDS = 50 };

static struct barrier *b;
static struct latch *latch;
static struct waitgroup *wg;
static _Atomic int came[ROUNDS], lasts, early;

static void party(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        atomic_fetch_add(&came[i], 1);
        if (barrier_wait(b))
            atomic_fetch_add(&lasts, 1);
        if (came[i] != PARTIES)
            atomic_fetch_add(&early, 1);
    }
    wg_done(wg);
}

static void m_rounds(void *arg)
{
    (void)arg;
    memset(came, 0, sizeof came);
    lasts = early = 0;
    b = barrier_make("b", PARTIES);
    wg = wg_make("wg");
    wg_add(wg, PARTIES);
    for (int i = 0; i < PARTIES; i++)
        rt_spawn("party", party, NULL);
    wg_wait(wg);
}

BOTH(barrier, nobody_goes_on_before_all_have_come_round_after_round)
{
    cr_assert_eq(both_ends(m_rounds, NULL), END_DONE);
    cr_assert_eq(early, 0);
    cr_assert_eq(lasts, ROUNDS, "one a round is the last");
    cr_assert_eq(sim_run_count(&both_run, EV_BARRIER, BARRIER_TRIP), ROUNDS);
    cr_assert_eq(sim_run_count(&both_run, EV_BARRIER, BARRIER_ARRIVE), ROUNDS * (PARTIES - 1));
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_BARRIER)
            cr_assert_eq(both_run.ev[i].a + both_run.ev[i].b, PARTIES, "missing and waiting");
    both_over();
}

static void comes(void *arg)
{
    both_note(barrier_wait_until(b, *(int64_t *)arg) == RT_OK ? 'o' : 't');
    wg_done(wg);
}

static void m_late(void *arg)
{
    (void)arg;
    static int64_t soon, never = NEVER;
    b = barrier_make("b", 3);
    wg = wg_make("wg");
    wg_add(wg, 4);
    soon = rt_now() + 5000000;
    rt_spawn("soon", comes, &soon);
    rt_spawn("never", comes, &never);
    both_settle(); /* one has given up: two are missing again */
    both_settle();
    both_note('.');
    rt_spawn("never", comes, &never);
    both_settle();
    both_note('.');
    rt_spawn("never", comes, &never);
    wg_wait(wg);
}

BOTH(barrier, who_gives_up_has_not_come)
{
    cr_assert_eq(both_ends(m_late, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "t..ooo");
    cr_assert_eq(sim_run_count(&both_run, EV_BARRIER, BARRIER_LEAVE), 1);
    both_over();
}

static void m_alone(void *arg)
{
    (void)arg;
    b = barrier_make("b", 1);
    both_note(barrier_wait(b) && barrier_wait(b) ? '+' : '-');
    b = barrier_make("b", 2);
    barrier_wait(b);
}

BOTH(barrier, of_one_and_of_one_too_many)
{
    cr_assert_eq(both_whole(m_alone, NULL), END_ASLEEP);
    cr_assert_str_eq(both_notes, "+");
}

static void waits(void *arg)
{
    (void)arg;
    latch_wait(latch);
    both_note('w');
    wg_done(wg);
}

static void m_latch(void *arg)
{
    (void)arg;
    latch = latch_make("latch", 2);
    wg = wg_make("wg");
    wg_add(wg, 3);
    for (int i = 0; i < 3; i++)
        rt_spawn("waits", waits, NULL);
    both_note(latch_wait_until(latch, rt_now() + 1000000) == RT_TIMEOUT ? 't' : '!');
    both_settle();
    latch_down(latch);
    both_settle();
    both_note(latch_open(latch) ? '!' : '1');
    latch_down(latch);
    wg_wait(wg);
    latch_down(latch); /* nothing */
    both_note(latch_open(latch) ? '0' : '!');
    latch_wait(latch);
    both_note('p');
    latch = latch_make("open", 0);
    latch_wait(latch);
}

BOTH(barrier, a_latch_opens_once_and_stays_open)
{
    cr_assert_eq(both_ends(m_latch, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "t1www0p");
    cr_assert_eq(sim_run_count(&both_run, EV_BARRIER, BARRIER_OPEN), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_BARRIER, BARRIER_DOWN), 1);
    cr_assert_eq(sim_run_count(&both_run, EV_BARRIER, BARRIER_PASS), 2);
    both_over();
}
