/* SPDX-License-Identifier: MIT */
/* The programs as the search for schedules is asked about them: which mistake within how many
 * schedules, with how many choices at most, and the twin that must raise nothing. For the tests and
 * for the benchmark. */
#ifndef TESTS_PROGRAMS_SEARCH_H
#define TESTS_PROGRAMS_SEARCH_H

#include <string.h>

#include "app/explore.h"
#include "base/mem.h"
#include "programs.h"
#include "runtime/rt.h"

struct search_row {
    const char *mistake, *twin, *what;
    uint64_t within; /* schedules, with seeds from 1 on */
    size_t most;     /* choices against fifo that are left of it */
    bool by_draw;    /* it takes a random pick too (select) */
};
static const struct search_row search_rows[] = {
    {"two_locks", "two_locks_ordered", "AB/BA deadlock", 200, 1, false},
    {"three_locks", "three_locks_ordered", "three-mutex cycle", 200, 3, false},
    {"count_load_store", "count_add", "lost update", 200, 1, false},
    {"add_inside", "add_before", "early Wait (T3.M1)", 200, 1, false},
    {"stack_untagged", "stack_tagged", "ABA in a stack", 500, 2, false},
    {"priority_two_steps", "priority_one_queue", "priority inversion (T6.C6)", 200, 3, true},
    {"cond_once", "cond_loop", "Cond without a loop", 200, 3, false},
};
enum { search_rows_n = sizeof search_rows / sizeof search_rows[0] };

static inline const struct program *program_named(const char *name)
{
    for (unsigned i = 0; i < programs_n; i++)
        if (strcmp(programs[i].name, name) == 0)
            return &programs[i];
    return NULL;
}

struct program_taking {
    bool (*take)(void *arg, const struct event *ev, size_t n);
    void *arg;
    bool enough;
};

static inline void program_hand_on(void *arg, const struct event *ev, size_t n)
{
    struct program_taking *t = arg;
    if (n && !t->enough)
        t->enough = !t->take(t->arg, ev, n);
}

/* arg: struct program. */
static inline char *program_make(void *arg, uint64_t seed, const char *schedule,
                                 const struct schedule_use *use, struct strtab *names,
                                 bool (*take)(void *, const struct event *, size_t), void *take_arg)
{
    const struct program *p = arg;
    struct program_taking t = {.take = take, .arg = take_arg};
    struct rt_config c = {.world = WORLD_SIM,
                          .seed = seed,
                          .procs = 1,
                          .schedule = schedule,
                          .schedule_use = use,
                          .probes = true,
                          .names = names,
                          .sink = program_hand_on,
                          .sink_arg = &t};
    const char *why = NULL;
    struct rt *rt = rt_create(&c, &why);
    if (!rt)
        return xstrdup(why);
    rt_start(rt, p->name, p->fn, NULL);
    while (!t.enough && rt_sim_run(rt, NEVER, 1024) == RT_MORE) {
    }
    rt_destroy(rt);
    return NULL;
}

static inline struct explore_maker program_maker(const struct program *p)
{
    return (struct explore_maker){.arg = (void *)(uintptr_t)p, .run = program_make};
}

#endif
