/* SPDX-License-Identifier: MIT */
/* What the runtime's benchmarks share: rows, clocks, and a scenario that measures itself.
 *
 * An operation is a function of n; n grows until a round takes its share of BENCH_SECS, and the
 * median of the rounds is the figure. A simulated run is one thread, so its processor time is
 * taken: what else the machine does meanwhile is not counted. Live is taken by the wall clock,
 * unless a single task never waits. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "runtime/rt.h"

enum { BENCH_ROUNDS = 5 };

static inline double bench_seconds(void)
{
    const char *s = getenv("BENCH_SECS");
    return s ? strtod(s, NULL) : 0.25;
}

static inline double bench_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline void bench_row(const char *area, const char *name, const char *implementation,
                             const char *configuration, const char *unit, double value)
{
    printf("%s\t%s\t%s\t%s\t%s\t%.4g\n", area, name, implementation, configuration, unit, value);
    fflush(stdout);
}

static inline int bench_less(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* round(n, arg): does the operation n times, at least `least`, and returns the ns it took. The
 * median's ns for one. */
static inline double bench_median(double (*round)(uint64_t n, void *arg), void *arg, uint64_t least)
{
    double each = bench_seconds() * 1e9 / BENCH_ROUNDS, took, got[BENCH_ROUNDS];
    uint64_t n = least;
    while ((took = round(n, arg)) < each / 4)
        n = took < each / 64 ? n * 8 : n * 2;
    n = (uint64_t)((double)n * each / took) + least;
    for (int i = 0; i < BENCH_ROUNDS; i++)
        got[i] = round(n, arg) / (double)n;
    qsort(got, BENCH_ROUNDS, sizeof got[0], bench_less);
    return got[BENCH_ROUNDS / 2];
}

/* Restricts the process to so many processors, the last it may have; what is made from now on
 * inherits it. 0: all it began with. False: there are not so many. */
static inline bool bench_cpus(int n)
{
    static cpu_set_t all;
    if (!CPU_COUNT(&all))
        sched_getaffinity(0, sizeof all, &all);
    cpu_set_t set = all;
    if (n > CPU_COUNT(&all))
        return false;
    for (int cpu = 0; n && cpu < CPU_SETSIZE && CPU_COUNT(&set) > n; cpu++)
        CPU_CLR(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) == 0;
}

/* ---- a scenario ------------------------------------------------------------------------------ */

struct bench_run {
    enum world world;
    bool probes;
    void (*sink)(void *arg, const struct event *ev, size_t n);
    void *sink_arg;
    struct strtab *names; /* NULL: of each run its own */
    void (*op)(uint64_t n);
    uint64_t warm;    /* done before the clock starts */
    bool never_waits; /* live: one task that computes all the time */
    bool two_threads; /* sim: what comes of it is another thread's work, so the wall clock counts */
    uint64_t n;
    double took;
    sem_t done;
};

static inline void bench_main(void *arg)
{
    struct bench_run *b = arg;
    clockid_t clock = b->two_threads          ? CLOCK_MONOTONIC
                      : b->world == WORLD_SIM ? CLOCK_THREAD_CPUTIME_ID
                      : b->never_waits        ? CLOCK_PROCESS_CPUTIME_ID
                                              : CLOCK_MONOTONIC;
    if (b->warm)
        b->op(b->warm);
    double from = bench_clock(clock);
    b->op(b->n);
    b->took = bench_clock(clock) - from;
    sem_post(&b->done);
}

/* As bench_median() wants it; arg: struct bench_run. */
static inline double bench_round(uint64_t n, void *arg)
{
    struct bench_run *b = arg;
    struct strtab *own = b->names ? NULL : strtab_create();
    struct rt_config c = {.world = b->world,
                          .seed = 1,
                          .procs = 1,
                          .probes = b->probes,
                          .names = own ? own : b->names,
                          .sink = b->sink,
                          .sink_arg = b->sink_arg};
    const char *why = NULL;
    struct rt *rt = rt_create(&c, &why);
    if (!rt)
        die("%s", why);
    b->n = n;
    sem_init(&b->done, 0, 0);
    rt_start(rt, "bench", bench_main, b);
    if (b->world == WORLD_SIM)
        rt_sim_run(rt, NEVER, UINT64_MAX);
    sem_wait(&b->done);
    rt_destroy(rt);
    sem_destroy(&b->done);
    strtab_destroy(own);
    return b->took;
}

#endif
