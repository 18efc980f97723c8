/* SPDX-License-Identifier: MIT */
/* Runs a function as the task "main" of a run and keeps its events, for tests. Simulated unless
 * config.world says live; then sim_run_all() waits until END has reached the sink. */
#ifndef TESTS_UNIT_SIM_RUN_H
#define TESTS_UNIT_SIM_RUN_H

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "runtime/rt.h"

struct sim_run {
    struct strtab *names;
    struct rt *rt;
    struct event *ev;
    size_t n, cap;
    pthread_mutex_t lock; /* live: of `over`; ev is the sink's thread's until then */
    pthread_cond_t changed;
    bool over;
    struct rt_config config; /* fill in before sim_run_start() to change it */
};

static inline void sim_run_take(void *arg, const struct event *ev, size_t n)
{
    struct sim_run *r = arg;
    if (!n)
        return;
    grow(&r->ev, &r->cap, r->n + n, sizeof *ev);
    memcpy(r->ev + r->n, ev, n * sizeof *ev);
    r->n += n;
    if (ev[n - 1].kind == EV_END) {
        pthread_mutex_lock(&r->lock);
        r->over = true;
        pthread_cond_signal(&r->changed);
        pthread_mutex_unlock(&r->lock);
    }
}

static inline void sim_run_init(struct sim_run *r, uint64_t seed)
{
    memset(r, 0, sizeof *r);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->names = strtab_create();
    r->config = (struct rt_config){.world = WORLD_SIM,
                                   .seed = seed,
                                   .procs = 4,
                                   .probes = true,
                                   .names = r->names,
                                   .sink = sim_run_take,
                                   .sink_arg = r};
}

static inline void sim_run_start(struct sim_run *r, void (*fn)(void *), void *arg)
{
    const char *why = NULL;
    r->rt = rt_create(&r->config, &why);
    if (!r->rt)
        die("%s", why);
    rt_start(r->rt, "test", fn, arg);
}

/* Runs to the end. */
static inline enum rt_state sim_run_all(struct sim_run *r, void (*fn)(void *), void *arg)
{
    sim_run_start(r, fn, arg);
    if (r->config.world == WORLD_SIM)
        return rt_sim_run(r->rt, NEVER, UINT64_MAX);
    pthread_mutex_lock(&r->lock);
    while (!r->over)
        pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    return RT_ENDED;
}

static inline void sim_run_free(struct sim_run *r)
{
    rt_destroy(r->rt);
    pthread_mutex_destroy(&r->lock);
    pthread_cond_destroy(&r->changed);
    strtab_destroy(r->names);
    free(r->ev);
}

/* How the run ended: enum end_why, or -1. */
static inline int sim_run_end(const struct sim_run *r)
{
    return r->n && r->ev[r->n - 1].kind == EV_END ? r->ev[r->n - 1].op : -1;
}

/* How many events of that kind and op (op < 0: any). */
static inline size_t sim_run_count(const struct sim_run *r, int kind, int op)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++)
        n += r->ev[i].kind == kind && (op < 0 || r->ev[i].op == op);
    return n;
}

/* The text of the first PANIC event, or "". */
static inline const char *sim_run_panic(const struct sim_run *r)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->ev[i].kind == EV_PANIC)
            return strtab_get(r->names, r->ev[i].c);
    return "";
}

#endif
