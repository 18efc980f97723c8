/* SPDX-License-Identifier: MIT */
/* The finer rules of channels and select: who is served in which order, what a close leaves, what
 * nil does, and how fair the random pick is. (The Go Programming Language Specification, "Channel
 * types", "Receive operator", "Send statements", "Select statements", "Close".) */
#include "both.h"

#include "runtime/chan.h"
#include "runtime/sync.h"

static struct chan *c, *d;
static struct waitgroup *wg;
static chan_value got[16];

/* A check inside a task: 'y' or 'n'. */
static void is(bool what)
{
    both_note(what ? 'y' : 'n');
}

static void all_yes(int n)
{
    cr_assert_eq(both_noted, n, "%d of %d checks were made", both_noted, n);
    for (int i = 0; i < n; i++)
        cr_assert_eq(both_notes[i], 'y', "check %d of %d: %s", i, n, both_notes);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static void takes(void *arg)
{
    chan_value v;
    if (chan_recv(c, &v))
        got[(uintptr_t)arg] = v;
    if (wg)
        wg_done(wg);
}

static void gives(void *arg)
{
    chan_send(c, (chan_value)(uintptr_t)arg);
    if (wg)
        wg_done(wg);
}

static void m_receivers(void *arg)
{
    c = chan_make("c", *(uint32_t *)arg);
    wg = wg_make("wg");
    wg_add(wg, 4);
    for (uintptr_t i = 0; i < 4; i++) {
        rt_spawn("receiver", takes, (void *)i);
        both_settle();
    }
    for (chan_value v = 10; v < 14; v++)
        chan_send(c, v);
    wg_wait(wg);
}

BOTH(queue, receivers_are_served_first_in_first_out)
{
    for (uint32_t cap = 0; cap < 3; cap += 2) {
        cr_assert_eq(both_whole(m_receivers, &cap), END_DONE);
        for (uintptr_t i = 0; i < 4; i++)
            cr_assert_eq(got[i], 10 + i, "receiver %zu got %zu", (size_t)i, (size_t)got[i]);
    }
}

static void m_hand_off(void *arg)
{
    (void)arg;
    chan_value v;
    c = chan_make("c", 3);
    wg = NULL;
    rt_spawn("receiver", takes, (void *)(uintptr_t)0);
    both_settle();
    got[0] = 0;
    chan_send(c, 7);
    /* It is the waiting one's already, though that one may not have run yet. */
    is(chan_len(c) == 0);
    is(chan_try_recv(c, &v) == RT_AGAIN);
    both_settle();
    is(got[0] == 7);
}

BOTH(queue, a_value_goes_straight_to_who_waits)
{
    cr_assert_eq(both_whole(m_hand_off, NULL), END_DONE);
    all_yes(3);
}

static void m_refill(void *arg)
{
    (void)arg;
    chan_value v;
    c = chan_make("c", 2);
    wg = wg_make("wg");
    wg_add(wg, 2);
    chan_send(c, 1);
    chan_send(c, 2);
    for (uintptr_t i = 3; i <= 4; i++) {
        rt_spawn("sender", gives, (void *)i);
        both_settle();
    }
    is(chan_len(c) == 2);
    is(chan_recv(c, &v) && v == 1);
    is(chan_len(c) == 2); /* the first waiting sender's value came in with the same operation */
    is(chan_try_send(c, 9) == RT_AGAIN);
    for (chan_value want = 2; want <= 4; want++)
        is(chan_recv(c, &v) && v == want);
    wg_wait(wg);
    is(chan_len(c) == 0 && chan_cap(c) == 2);
}

BOTH(queue, a_receive_lets_the_first_waiting_sender_in)
{
    cr_assert_eq(both_whole(m_refill, NULL), END_DONE);
    all_yes(8);
}

static void m_gave_up(void *arg)
{
    (void)arg;
    chan_value v;
    c = chan_make("c", 0);
    is(chan_recv_until(c, &v, rt_now() + 1000) == RT_TIMEOUT);
    is(chan_send_until(c, 5, rt_now() + 1000) == RT_TIMEOUT);
    is(chan_send_until(c, 5, 0) == RT_TIMEOUT); /* a deadline in the past */
    is(chan_try_send(c, 6) == RT_AGAIN);        /* nobody stands there any more */
    is(chan_try_recv(c, &v) == RT_AGAIN);
    wg = NULL;
    rt_spawn("sender", gives, (void *)(uintptr_t)8);
    is(chan_recv_until(c, &v, NEVER) == RT_OK && v == 8);
}

BOTH(queue, who_gives_up_leaves_no_trace)
{
    cr_assert_eq(both_whole(m_gave_up, NULL), END_DONE);
    all_yes(6);
}

/* ---- close ----------------------------------------------------------------------------------- */

static void takes_all(void *arg)
{
    (void)arg;
    chan_value v = 1;
    int n = 0;
    while (chan_recv(c, &v))
        n++;
    is(v == 0);
    both_note((char)('0' + n));
    wg_done(wg);
}

static void m_close_all(void *arg)
{
    (void)arg;
    chan_value v;
    c = chan_make("c", 2);
    wg = wg_make("wg");
    wg_add(wg, 3);
    for (int i = 0; i < 3; i++)
        rt_spawn("receiver", takes_all, NULL);
    both_settle();
    chan_close(c);
    wg_wait(wg);
    is(chan_closed(c));
    is(chan_try_recv(c, &v) == RT_CLOSED && v == 0);
    is(chan_recv_until(c, &v, rt_now() + 1000) == RT_CLOSED);
    struct select_case sc[] = {{.c = c, .value = 77}};
    is(chan_select_default(sc, 1) == 0 && !sc[0].ok && sc[0].value == 0);
}

BOTH(close, wakes_every_receiver_and_stays_ready)
{
    cr_assert_eq(both_whole(m_close_all, NULL), END_DONE);
    cr_assert_eq(both_noted, 10);
    int yes = 0, none = 0;
    for (int i = 0; i < 10; i++) {
        yes += both_notes[i] == 'y';
        none += both_notes[i] == '0';
    }
    cr_assert(yes == 7 && none == 3, "%s", both_notes);
}

static void m_select_send_closed(void *arg)
{
    (void)arg;
    c = chan_make("c", 1);
    d = chan_make("d", 0);
    chan_close(c);
    struct select_case sc[] = {{.c = c, .send = true}, {.c = d}};
    chan_select(sc, 2);
}

static void selects_send(void *arg)
{
    (void)arg;
    struct select_case sc[] = {{.c = d}, {.c = c, .send = true}};
    chan_select(sc, 2);
}

static void m_select_send_closes(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    d = chan_make("d", 0);
    rt_spawn("sender", selects_send, NULL);
    both_settle();
    chan_close(c);
    both_settle();
    is(false);
}

BOTH(close, a_send_in_a_select_panics_too)
{
    cr_assert_eq(both_whole(m_select_send_closed, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "send on closed channel c");
    cr_assert_eq(both_whole(m_select_send_closes, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "send on closed channel c");
}

static void add_up(chan_value v, void *arg)
{
    *(uint32_t *)arg = *(uint32_t *)arg * 10 + (uint32_t)v;
}

static void m_drain(void *arg)
{
    uint32_t *digits = arg;
    c = chan_make("c", 2);
    wg = wg_make("wg");
    wg_add(wg, 1);
    chan_send(c, 1);
    chan_send(c, 2);
    rt_spawn("sender", gives, (void *)(uintptr_t)3);
    both_settle();
    is(chan_drain(c, add_up, digits) == 3);
    wg_wait(wg); /* the waiting sender went on */
    is(chan_drain(c, NULL, NULL) == 0);
}

BOTH(close, a_drain_takes_the_buffer_and_the_waiting)
{
    uint32_t digits = 0;
    cr_assert_eq(both_ends(m_drain, &digits), END_DONE);
    all_yes(2);
    cr_assert_eq(digits, 123, "in order: %u", digits);
    cr_assert_eq(sim_run_count(&both_run, EV_CHAN, CHAN_DROP), 3);
    both_over();
}

/* ---- nil ------------------------------------------------------------------------------------- */

static void m_nil_tries(void *arg)
{
    (void)arg;
    chan_value v;
    is(chan_try_send(NULL, 1) == RT_AGAIN);
    is(chan_try_recv(NULL, &v) == RT_AGAIN);
    int64_t from = rt_now();
    is(chan_recv_until(NULL, &v, from + 1000) == RT_TIMEOUT);
    is(chan_send_until(NULL, 1, from + 2000) == RT_TIMEOUT);
    is(rt_now() >= from + 2000);
    struct select_case sc[] = {{.c = NULL}, {.c = NULL, .send = true}};
    is(chan_select_default(sc, 2) == SELECT_DEFAULT);
    is(chan_select_until(sc, 2, from + 3000) == SELECT_TIMEOUT && rt_now() >= from + 3000);
    is(chan_len(NULL) == 0 && chan_cap(NULL) == 0);
}

BOTH(nil, never_ready_and_never_a_crash)
{
    cr_assert_eq(both_whole(m_nil_tries, NULL), END_DONE);
    all_yes(8);
}

static void m_nil_send(void *arg)
{
    (void)arg;
    chan_send(NULL, 1);
}
static void m_nil_select(void *arg)
{
    struct select_case sc[] = {{.c = NULL}, {.c = NULL, .send = true}};
    chan_select(sc, arg ? 2 : 0);
}

BOTH(nil, blocks_for_ever)
{
    cr_assert_eq(both_whole(m_nil_send, NULL), END_ASLEEP);
    cr_assert_eq(both_whole(m_nil_select, both_notes), END_ASLEEP);
    cr_assert_eq(both_whole(m_nil_select, NULL), END_ASLEEP, "a select without cases");
}

/* ---- select ---------------------------------------------------------------------------------- */

static void m_itself(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    struct select_case sc[] = {{.c = c}, {.c = c, .send = true, .value = 3}};
    is(chan_select_default(sc, 2) == SELECT_DEFAULT);
    is(chan_select_until(sc, 2, rt_now() + 1000) == SELECT_TIMEOUT);
    wg = NULL;
    rt_spawn("receiver", takes, (void *)(uintptr_t)1);
    is(chan_select(sc, 2) == 1);
    both_settle();
    is(got[1] == 3);
    is(chan_try_send(c, 1) == RT_AGAIN && chan_try_recv(c, NULL) == RT_AGAIN);
}

BOTH(select, does_not_talk_to_itself_and_leaves_no_waiter)
{
    cr_assert_eq(both_whole(m_itself, NULL), END_DONE);
    all_yes(5);
}

enum { MANY = SELECT_MAX };

static void m_many(void *arg)
{
    (void)arg;
    static struct chan *all[MANY];
    struct select_case sc[MANY];
    for (int i = 0; i < MANY; i++) {
        all[i] = chan_make("one", 0);
        sc[i] = (struct select_case){.c = all[i]};
    }
    c = all[MANY - 1];
    wg = NULL;
    rt_spawn("sender", gives, (void *)(uintptr_t)9);
    is(chan_select(sc, MANY) == MANY - 1 && sc[MANY - 1].value == 9);
    bool alone = true;
    for (int i = 0; i < MANY; i++)
        alone &= chan_try_send(all[i], 1) == RT_AGAIN;
    is(alone);
}

BOTH(select, over_as_many_as_there_may_be)
{
    cr_assert_eq(both_whole(m_many, NULL), END_DONE);
    all_yes(2);
}

enum { FAIR = 8, PICKS = 8000 };

static void m_fair(void *arg)
{
    int *picked = arg;
    struct select_case sc[FAIR];
    for (int i = 0; i < FAIR; i++) {
        sc[i] = (struct select_case){.c = chan_make("always", 1)};
        chan_send(sc[i].c, 1);
    }
    for (int i = 0; i < PICKS; i++) {
        int k = chan_select(sc, FAIR);
        picked[k]++;
        chan_send(sc[k].c, 1);
    }
}

/* Chi-square with 7 degrees of freedom: above 40 once in a million. */
BOTH(select, each_of_eight_has_its_share)
{
    int picked[FAIR] = {0};
    cr_assert_eq(both_whole(m_fair, picked), END_DONE);
    double chi = 0, want = (double)PICKS / FAIR;
    for (int i = 0; i < FAIR; i++)
        chi += (picked[i] - want) * (picked[i] - want) / want;
    cr_assert_lt(chi, 40);
}

static void m_twice(void *arg)
{
    int *picked = arg;
    c = chan_make("c", 1);
    for (int i = 0; i < 2000; i++) {
        chan_send(c, 1);
        struct select_case sc[] = {{.c = c}, {.c = c}};
        picked[chan_select(sc, 2)]++;
    }
}

/* Binomial(2000, 1/2): sigma 22.4; six of them. */
BOTH(select, one_channel_in_two_cases_counts_twice)
{
    int picked[2] = {0};
    cr_assert_eq(both_whole(m_twice, picked), END_DONE);
    cr_assert(abs(picked[0] - 1000) < 135, "%d of 2000", picked[0]);
}

static void select_takes(void *arg)
{
    struct select_case sc[] = {{.c = d}, {.c = c}};
    int k = chan_select(sc, 2);
    got[(uintptr_t)arg] = k == 1 ? sc[1].value : 0;
    wg_done(wg);
}

static void m_in_line(void *arg)
{
    (void)arg;
    c = chan_make("c", 0);
    d = chan_make("d", 0);
    wg = wg_make("wg");
    wg_add(wg, 4);
    for (uintptr_t i = 0; i < 4; i++) {
        rt_spawn("receiver", i % 2 ? select_takes : takes, (void *)i);
        both_settle();
    }
    for (chan_value v = 20; v < 24; v++)
        chan_send(c, v);
    wg_wait(wg);
}

BOTH(select, stands_in_line_with_the_others)
{
    cr_assert_eq(both_whole(m_in_line, NULL), END_DONE);
    for (uintptr_t i = 0; i < 4; i++)
        cr_assert_eq(got[i], 20 + i, "receiver %zu got %zu", (size_t)i, (size_t)got[i]);
}
