/* SPDX-License-Identifier: MIT */
/* A test in both worlds, where luck plays no part: BOTH(suite, name) { … } makes the tests
 * suite/name and suite_live/name. What the tasks did is asserted by the test after the run, in its
 * own thread; both_note() keeps the order of things for it. */
#ifndef TESTS_UNIT_BOTH_H
#define TESTS_UNIT_BOTH_H

#include <criterion/criterion.h>

#include <stdatomic.h>
#include <stdio.h>

#include "runtime/live.h"
#include "sim_run.h"

static enum world world = WORLD_SIM;
#define BOTH(suite, name)             \
    static void suite##_##name(void); \
    Test(suite, name)                 \
    {                                 \
        suite##_##name();             \
    }                                 \
    Test(suite##_live, name)          \
    {                                 \
        world = WORLD_LIVE;           \
        suite##_##name();             \
    }                                 \
    static void suite##_##name(void)

enum { BOTH_NOTES = 256 };
static char both_notes[BOTH_NOTES];
static _Atomic int both_noted;

static inline void both_note(char what)
{
    int at = atomic_fetch_add(&both_noted, 1);
    if (at < BOTH_NOTES - 1)
        both_notes[at] = what;
}

/* ---- both_settle: lets everybody else come to where they wait --------------------------------
 *
 * In sim time stands still until they have. In live it is looked at: a task goes on from here only
 * when every other one rests (asleep without a permit, or ended) or settles too, and of those who
 * settle the one that has settled the fewest times, else the one that came first. So the order of
 * things does not depend on how busy the machine is. */
struct both_settler {
    struct both_settler *next;
    const struct live_task *task;
    uint64_t turn;
};
static pthread_mutex_t both_lock = PTHREAD_MUTEX_INITIALIZER;
static struct both_settler *both_settlers; /* by turn, then by coming */
static uint64_t both_turn;                 /* of whoever went on last */

static inline bool both_settles(const struct live_task *lt)
{
    const struct both_settler *s = both_settlers;
    while (s && s->task != lt)
        s = s->next;
    return s != NULL;
}

/* Both locks are held. */
static inline bool both_rests(struct live *l, const struct live_task *lt)
{
    for (int i = 0; i < 2; i++)
        for (const struct live_task *x = i ? l->idle : l->free; x; x = x->next)
            if (x == lt)
                return true;
    return atomic_load(&lt->rests) && atomic_load(&lt->start) != START_GO &&
           atomic_load(&lt->word) & WORD_SLEEP;
}

/* Adds me where its turn is. */
static inline void both_queue(struct both_settler *me)
{
    struct both_settler **at = &both_settlers;
    pthread_mutex_lock(&both_lock);
    me->turn = both_turn + 1;
    while (*at && (*at)->turn <= me->turn)
        at = &(*at)->next;
    me->next = *at;
    *at = me;
    pthread_mutex_unlock(&both_lock);
}

static inline bool both_may_go(struct live *l, const struct both_settler *me)
{
    pthread_mutex_lock(&both_lock);
    bool may = both_settlers == me;
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; may && i < l->tasks_n; i++)
        may = both_settles(l->tasks[i]) || both_rests(l, l->tasks[i]);
    pthread_mutex_unlock(&l->lock);
    if (may) {
        both_settlers = me->next;
        both_turn = me->turn;
    }
    pthread_mutex_unlock(&both_lock);
    return may;
}

static inline void both_settle(void)
{
    struct both_settler me = {.task = live_task(rt_self())};
    if (world == WORLD_LIVE)
        both_queue(&me);
    rt_sleep(20000000);
    while (world == WORLD_LIVE && !both_may_go(live_of(rt_here()), &me))
        rt_sleep(1000000);
}

static struct sim_run both_run;
static char both_panic[256];

/* How it ended; events stay in both_run until both_over(). */
static inline int both_ends(void (*fn)(void *), void *arg)
{
    sim_run_init(&both_run, 1);
    both_run.config.world = world;
    memset(both_notes, 0, sizeof both_notes);
    both_noted = 0;
    both_settlers = NULL;
    both_turn = 0;
    sim_run_all(&both_run, fn, arg);
    snprintf(both_panic, sizeof both_panic, "%s", sim_run_panic(&both_run));
    return sim_run_end(&both_run);
}

static inline void both_over(void)
{
    sim_run_free(&both_run);
}

/* Runs it whole; returns how it ended. */
static inline int both_whole(void (*fn)(void *), void *arg)
{
    int end = both_ends(fn, arg);
    both_over();
    return end;
}

#endif
