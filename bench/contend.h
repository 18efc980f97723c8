/* SPDX-License-Identifier: MIT */
/* n operations shared by some live tasks that are pinned in turn to two processors: the time of all
 * over all operations of all of them. One alone must not wait. */
#ifndef BENCH_CONTEND_H
#define BENCH_CONTEND_H

#include "bench.h"

#include "runtime/sync.h"

enum { CONTEND_MOST = 8 };

static int contend_tasks;                /* set these before contend() */
static void (*contend_body)(uint64_t n); /* one task's share */
static void (*contend_begin)(void);      /* makes what they contend for; NULL: nothing */
static struct waitgroup *contend_wg;
static struct contend_share {
    uint64_t n;
    int cpu;
} contend_shares[CONTEND_MOST];

static inline void contend_pinned(void *arg)
{
    const struct contend_share *s = arg;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(s->cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    contend_body(s->n);
    wg_done(contend_wg);
}

static inline void contend_run(uint64_t n)
{
    int cpu[2] = {0, 0}, found = 0;
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    for (int i = CPU_SETSIZE; i-- > 0 && found < 2;)
        if (CPU_ISSET(i, &all))
            cpu[found++] = i;
    if (found < 2)
        cpu[1] = cpu[0];
    if (contend_begin)
        contend_begin();
    contend_wg = wg_make("wg");
    wg_add(contend_wg, contend_tasks);
    for (int i = 0; i < contend_tasks; i++) {
        contend_shares[i] = (struct contend_share){n / (uint64_t)contend_tasks + 1, cpu[i % 2]};
        if (!rt_spawn("contender", contend_pinned, &contend_shares[i]))
            die("no threads are to be had");
    }
    wg_wait(contend_wg);
}

/* ns an operation. */
static inline double contend(int tasks, void (*begin)(void), void (*body)(uint64_t n))
{
    struct bench_run run = {.world = WORLD_LIVE, .op = contend_run, .never_waits = tasks == 1};
    contend_tasks = tasks;
    contend_begin = begin;
    contend_body = body;
    return bench_median(bench_round, &run, 1000);
}

/* "1 thread", "2 threads": valid until the next call. */
static inline const char *contend_words(int tasks)
{
    static char text[24];
    snprintf(text, sizeof text, "%d thread%s", tasks, tasks > 1 ? "s" : "");
    return text;
}

#endif
