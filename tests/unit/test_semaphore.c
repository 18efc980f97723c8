/* SPDX-License-Identifier: MIT */
/* The weighted semaphore's facts, SEM-1 and so on, and the defects that presets keep. */
#include "both.h"

#include "runtime/semaphore.h"
#include "runtime/sync.h"

static struct semaphore *sem;
static struct waitgroup *wg;
static struct context *ctx, *other;
static const struct sem_rules *rules;

/* A task that wants n and notes its letter when it has them, or in lower case that it has not. */
struct want {
    char letter;
    int64_t n;
    struct context *ctx;
};

static void wants(void *arg)
{
    const struct want *w = arg;
    enum rt_status s = sem_acquire(sem, w->ctx ? w->ctx : ctx_background(), w->n);
    both_note(s == RT_OK ? w->letter : (char)(w->letter - 'A' + 'a'));
    wg_done(wg);
}

static void begin(int64_t size, int32_t tasks)
{
    sem = sem_make("sem", size, rules);
    wg = wg_make("wg");
    wg_add(wg, tasks);
    ctx = ctx_with_cancel(ctx_background(), "ctx");
    other = ctx_with_cancel(ctx_background(), "other");
}

static void start(struct want *w)
{
    rt_spawn("wants", wants, w);
    both_settle();
}

static void m_fifo(void *arg)
{
    (void)arg;
    static struct want a = {'A', 5, NULL}, b = {'B', 1, NULL};
    begin(10, 2);
    sem_acquire(sem, ctx_background(), 8);
    start(&a);
    both_note(sem_try_acquire(sem, 1) ? '+' : '-'); /* 2 are free, but A waits */
    start(&b);
    both_note('.');
    sem_release(sem, 3); /* 5 out, 5 free: A has them, then nothing is left for B */
    both_settle();
    both_note('.');
    sem_release(sem, 5);
    wg_wait(wg);
    both_note(sem_try_acquire(sem, 4) ? '+' : '-');
    both_note(sem_taken(sem) == 10 ? '=' : '!');
}

BOTH(semaphore, SEM_1_nobody_overtakes_even_where_tokens_are_free)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_fifo, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "-.A.B+=");
}

static void m_large_front(void *arg)
{
    (void)arg;
    static struct want a = {'A', 10, NULL}, b = {'B', 1, NULL}, c = {'C', 2, NULL};
    begin(10, 3);
    sem_acquire(sem, ctx_background(), 3);
    start(&a);
    start(&b);
    start(&c);
    both_note('.');
    sem_release(sem, 2);
    both_settle();
    both_note('.'); /* 1 is out, 9 are free, and three wait */
    sem_release(sem, 1);
    both_settle();
    if (!rules)
        sem_release(sem, 10); /* A's */
    wg_wait(wg);
}

BOTH(semaphore, SEM_2_a_large_one_in_front_holds_back_the_small)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_large_front, NULL), END_DONE);
    cr_assert_eq(strncmp(both_notes, "..A", 3), 0, "%s", both_notes);
    cr_assert_eq(strlen(both_notes), 5);
    rules = &sem_preset_find("barging")->rules;
    cr_assert_eq(both_whole(m_large_front, NULL), END_ASLEEP,
                 "the small ones keep what they took, so the large one never fits");
    cr_assert_eq(strlen(both_notes), 4);
    cr_assert_null(strchr(both_notes, 'A'));
}

static void m_cancel_front(void *arg)
{
    (void)arg;
    static struct want a = {'A', 10, NULL}, b = {'B', 1, NULL}, c = {'C', 2, NULL};
    begin(10, 3);
    a.ctx = ctx;
    sem_acquire(sem, ctx_background(), 7);
    start(&a);
    start(&b);
    start(&c);
    both_note('.');
    ctx_cancel(ctx, NULL);
    wg_wait(wg);
    both_note(sem_taken(sem) == 10 ? '=' : '!');
}

BOTH(semaphore, SEM_3_cancelling_the_front_wakes_those_behind)
{
    rules = NULL;
    cr_assert_eq(both_ends(m_cancel_front, NULL), END_DONE);
    cr_assert_eq(strlen(both_notes), 5);
    cr_assert_eq(both_notes[0], '.');
    cr_assert(strchr(both_notes, 'a') && strchr(both_notes, 'B') && strchr(both_notes, 'C'));
    cr_assert_eq(sim_run_count(&both_run, EV_SEM, SEM_CANCEL), 1);
    both_over();
    rules = &sem_preset_find("x_sync_stuck_cancel")->rules;
    cr_assert_eq(both_whole(m_cancel_front, NULL), END_ASLEEP, "the defect");
    cr_assert_str_eq(both_notes, ".a");
}

static void m_too_many(void *arg)
{
    (void)arg;
    static struct want a = {'A', 11, NULL}, b = {'B', 10, NULL};
    begin(10, 2);
    a.ctx = ctx;
    start(&a);
    start(&b); /* not behind A: A is not in the queue */
    both_note('.');
    ctx_cancel(ctx, NULL);
    wg_wait(wg);
    both_note(sem_try_acquire(sem, 11) ? '+' : '-');
    both_note(sem_acquire_until(sem, ctx_background(), 11, rt_now() + 1000) == RT_TIMEOUT ? 't'
                                                                                          : '!');
}

BOTH(semaphore, SEM_4_more_than_its_size_waits_for_the_context_alone)
{
    rules = NULL;
    cr_assert_eq(both_ends(m_too_many, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "B.a-t");
    cr_assert_eq(sim_run_count(&both_run, EV_SEM, SEM_NEVER), 2);
    cr_assert_eq(sim_run_count(&both_run, EV_SEM, SEM_WAIT), 0);
    both_over();
}

static void m_dead(void *arg)
{
    (void)arg;
    begin(10, 0);
    ctx_cancel(ctx, NULL);
    both_note(sem_acquire(sem, ctx, 1) == RT_OK ? '+' : '-');
    both_note(sem_taken(sem) == 0 ? '0' : '1');
}

BOTH(semaphore, SEM_5_a_dead_context_loses_even_where_tokens_are_free)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_dead, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "-0");
    rules = &sem_preset_find("x_sync_dead_context")->rules;
    cr_assert_eq(both_whole(m_dead, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "+1");
}

/* In one step: the release grants, the cancel comes before the waiter runs. */
static void m_granted_then_cancelled(void *arg)
{
    (void)arg;
    static struct want a = {'A', 10, NULL};
    begin(10, 1);
    a.ctx = ctx;
    sem_acquire(sem, ctx_background(), 10);
    start(&a);
    sem_release(sem, 10);
    both_note(sem_taken(sem) == 10 ? '=' : '!');
    ctx_cancel(ctx, NULL);
    wg_wait(wg);
    both_note(sem_taken(sem) == 0 ? '0' : '!');
}

Test(semaphore, SEM_5_granted_then_cancelled_gives_the_tokens_back)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_granted_then_cancelled, NULL), END_DONE);
    cr_assert_str_eq(both_notes, "=a0");
}

static void m_over(void *arg)
{
    (void)arg;
    begin(10, 0);
    sem_acquire(sem, ctx_background(), 3);
    sem_release(sem, 4);
}

BOTH(semaphore, over_release_panics)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_over, NULL), END_PANIC);
    cr_assert_str_eq(both_panic, "semaphore sem: released more than held");
}

static void m_edges(void *arg)
{
    (void)arg;
    static struct want a = {'A', 1, NULL}, b = {'B', 2, NULL}, c = {'C', 3, NULL};
    begin(6, 3);
    both_note(sem_acquire(sem, ctx, 0) == RT_OK ? '+' : '-');
    sem_acquire(sem, ctx, 6);
    int64_t from = rt_now();
    both_note(sem_acquire_until(sem, ctx, 1, from + 3000000) == RT_TIMEOUT ? 't' : '!');
    both_note(rt_now() - from >= 3000000 ? '+' : '-');
    start(&a);
    start(&b);
    start(&c);
    sem_release(sem, 6); /* one release serves all that fit */
    wg_wait(wg);
    both_note(sem_taken(sem) == 6 ? '=' : '!');
    sem = sem_make("none", 0, NULL);
    both_note(sem_try_acquire(sem, 1) ? '+' : '-');
    both_note(sem_try_acquire(sem, 0) ? '+' : '-');
}

BOTH(semaphore, zero_timeout_and_one_release_for_many)
{
    rules = NULL;
    cr_assert_eq(both_whole(m_edges, NULL), END_DONE);
    cr_assert_eq(strlen(both_notes), 9);
    cr_assert_eq(strncmp(both_notes, "+t+", 3), 0);
    cr_assert_str_eq(both_notes + 6, "=-+");
}

static void m_cancel_middle(void *arg)
{
    (void)arg;
    static struct want a = {'A', 5, NULL}, b = {'B', 5, NULL}, c = {'C', 5, NULL};
    begin(10, 3);
    b.ctx = ctx;
    c.ctx = other;
    sem_acquire(sem, ctx_background(), 8);
    start(&a);
    start(&b);
    start(&c);
    ctx_cancel(ctx, NULL);
    both_settle();
    sem_release(sem, 8);
    wg_wait(wg);
    both_note(sem_taken(sem) == 10 ? '=' : '!');
}

BOTH(semaphore, a_cancel_in_the_middle_of_the_queue)
{
    rules = NULL;
    cr_assert_eq(both_ends(m_cancel_middle, NULL), END_DONE);
    cr_assert_eq(both_notes[0], 'b');
    cr_assert_eq(both_notes[3], '=');
    /* What is out never exceeds the size, and the stream says how much that is. */
    for (size_t i = 0; i < both_run.n; i++)
        if (both_run.ev[i].kind == EV_SEM)
            cr_assert_leq(both_run.ev[i].a, 10);
    both_over();
}

Test(semaphore, presets_have_names_and_say_what_they_are)
{
    cr_assert_not(sem_presets[0].defect);
    for (const struct sem_preset *p = sem_presets; p->name; p++) {
        cr_assert_eq(sem_preset_find(p->name), p);
        cr_assert_gt(strlen(p->help), 20);
    }
    cr_assert_null(sem_preset_find("none such"));
}
