/* SPDX-License-Identifier: MIT */
/* What the stress programs share: checks, and a live run whose stream is watched.
 *
 * Nothing here asserts timing: only that nothing is lost or doubled, that order is kept, that a
 * run ends as it must. The stream's own rules hold for every run: time never falls, END is last. */
#ifndef TESTS_STRESS_STRESS_H
#define TESTS_STRESS_STRESS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/mutex.h"
#include "runtime/rt.h"
#include "runtime/sync.h"
#include "runtime/timer.h"
#include "tests/counts.h"

#define CHECK(cond, ...)                                               \
    do {                                                               \
        if (!(cond)) {                                                 \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #cond); \
            fprintf(stderr, " " __VA_ARGS__);                          \
            fputc('\n', stderr);                                       \
            _Exit(1); /* the other threads are anywhere */             \
        }                                                              \
    } while (0)

/* A watched live run. The sink's fields are the collector thread's until the run is over. */
struct stress {
    struct strtab *names;
    struct rt *rt;
    sem_t over;
    int64_t last_ns;
    int end; /* enum end_why, -1: no END yet */
    uint64_t events, lost, of_kind[EV_COUNT];
    uint64_t task_ops[TASK_STATE_COUNT];
};

static inline void stress_take(void *arg, const struct event *ev, size_t n)
{
    struct stress *s = arg;
    for (size_t i = 0; i < n; i++) {
        const struct event *e = &ev[i];
        CHECK(s->end < 0, "event %s after END", event_info[e->kind].name);
        CHECK(e->t_ns >= s->last_ns, "time fell from %ld to %ld", (long)s->last_ns, (long)e->t_ns);
        CHECK(e->kind < EV_COUNT, "no kind");
        s->last_ns = e->t_ns;
        s->events++;
        s->of_kind[e->kind]++;
        if (e->kind == EV_LOST)
            s->lost += (uint64_t)e->v;
        if (e->kind == EV_TASK)
            s->task_ops[e->op]++;
        if (e->kind == EV_END) {
            s->end = e->op;
            sem_post(&s->over);
        }
    }
}

static inline void stress_start(struct stress *s, void (*fn)(void *), void *arg)
{
    memset(s, 0, sizeof *s);
    s->end = -1;
    s->names = strtab_create();
    sem_init(&s->over, 0, 0);
    struct rt_config c = {.world = WORLD_LIVE,
                          .seed = 1,
                          .probes = true,
                          .names = s->names,
                          .sink = stress_take,
                          .sink_arg = s};
    const char *why = NULL;
    s->rt = rt_create(&c, &why);
    CHECK(s->rt, "%s", why);
    rt_start(s->rt, "stress", fn, arg);
}

/* Waits for END, then frees the run; what it saw stays in s. */
static inline void stress_end(struct stress *s)
{
    while (sem_wait(&s->over) != 0)
        ;
    rt_destroy(s->rt);
    strtab_destroy(s->names);
    sem_destroy(&s->over);
}

static inline void stress_run(struct stress *s, void (*fn)(void *), void *arg)
{
    stress_start(s, fn, arg);
    stress_end(s);
}

/* n tasks fn(0) … fn(n - 1). */
static inline void stress_spawn(const char *name, void (*fn)(void *), int n)
{
    for (intptr_t i = 0; i < n; i++)
        CHECK(rt_spawn(name, fn, (void *)i), "task %d of %d could not be had", (int)i, n);
}

#endif
