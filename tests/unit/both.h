/* SPDX-License-Identifier: MIT */
/* A test in both worlds, where luck plays no part: BOTH(suite, name) { … } makes the tests
 * suite/name and suite_live/name. What the tasks did is asserted by the test after the run, in its
 * own thread; both_note() keeps the order of things for it. */
#ifndef TESTS_UNIT_BOTH_H
#define TESTS_UNIT_BOTH_H

#include <criterion/criterion.h>

#include <stdatomic.h>
#include <stdio.h>

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

/* Lets everybody else come to where they wait: in sim time stands still until they have, in live
 * 20 ms are enough unless the machine is very busy; then a test waits longer, never judges. */
static inline void both_settle(void)
{
    rt_sleep(20000000);
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
