/* SPDX-License-Identifier: MIT */
/* Area I, fold: what an event costs the model, with and without detectors.
 *
 * Two streams: the one of the anchors (64 tasks, 32 objects, all kinds mixed at random) and what a
 * worker pool emits for a job. The floor is for decoding and folding together. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "detect/detect.h"
#include "event/emit.h"

enum { N = 1000000, ROUNDS = 7 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static uint64_t x = 88172645463325252u;
static uint64_t rnd(void)
{
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x;
}

static void varied(struct event *ev)
{
    static const uint8_t kinds[] = {EV_TASK, EV_TASK, EV_TASK,  EV_TASK, EV_TASK,   EV_CHAN,
                                    EV_CHAN, EV_CHAN, EV_GROUP, EV_LOCK, EV_SELECT, EV_SOURCE};
    int64_t t = 0;
    for (int i = 0; i < N; i++) {
        uint64_t k = rnd();
        t += 100 + (int64_t)((k >> 40) % 16 ? (k >> 20) % 2000 : (k >> 20) % 50000);
        struct event *e = &ev[i];
        *e = (struct event){.t_ns = t,
                            .kind = kinds[(k >> 50) % sizeof kinds],
                            .task = 1 + (uint32_t)(k >> 14) % 64,
                            .obj = 1 + (uint32_t)((k & 3) ? (k >> 8) % 4 : (k >> 8) % 32),
                            .c = (uint32_t)(k >> 60) % 3,
                            .v = emit_ab((uint32_t)(k >> 30) % 10, (uint32_t)(k >> 60) % 2)};
        e->op = (uint8_t)(k >> 33) % 2;
        if (e->kind == EV_TASK) {
            e->op = (uint8_t)(TASK_RUNNABLE + (k >> 33) % 4);
            e->x = e->op == TASK_WAITING    ? WHY_CHAN_SEND + (k >> 36) % 3
                   : e->op == TASK_SLEEPING ? WHY_SLEEP
                                            : WHY_NONE;
            if (e->op != TASK_WAITING)
                e->obj = 0;
        }
    }
}

/* A job on its way: arrives, is sent, received, started, calls, ends; ten events of tasks. */
static void pool(struct event *ev, uint32_t workers)
{
    int64_t t = 0;
    uint64_t job = 0;
    for (int i = 0; i < N;) {
        uint32_t w = 3 + (uint32_t)job % workers;
        job++;
#define PUT(...)                                              \
    do {                                                      \
        t += 2000 + (int64_t)(rnd() % 4000);                  \
        if (i < N)                                            \
            ev[i++] = (struct event){.t_ns = t, __VA_ARGS__}; \
    } while (0)
        PUT(.kind = EV_REQUEST, .op = PHASE_ARRIVE, .v = (int64_t)job);
        PUT(.kind = EV_TASK, .op = TASK_RUNNABLE, .task = 2);
        PUT(.kind = EV_TASK, .op = TASK_RUNNING, .task = 2);
        PUT(.kind = EV_CHAN, .op = CHAN_SEND, .task = 2, .obj = 1, .v = emit_ab(3, 0));
        PUT(.kind = EV_CHAN, .op = CHAN_RECV, .task = w, .obj = 1, .v = emit_ab(2, 0));
        PUT(.kind = EV_TASK, .op = TASK_WAITING, .x = WHY_CHAN_RECV, .task = 2, .obj = 3);
        PUT(.kind = EV_TASK, .op = TASK_RUNNABLE, .task = w);
        PUT(.kind = EV_TASK, .op = TASK_RUNNING, .task = w);
        PUT(.kind = EV_SELECT, .task = w, .obj = 1, .v = emit_ab(2, 1));
        PUT(.kind = EV_REQUEST, .op = PHASE_START, .task = w, .obj = 4, .v = (int64_t)job);
        PUT(.kind = EV_TASK, .op = TASK_WAITING, .x = WHY_IO, .task = w, .obj = 5);
        PUT(.kind = EV_TASK, .op = TASK_RUNNABLE, .task = w);
        PUT(.kind = EV_TASK, .op = TASK_RUNNING, .task = w);
        PUT(.kind = EV_CHAN, .op = CHAN_SEND, .task = w, .obj = 2, .v = emit_ab(1, 0));
        PUT(.kind = EV_REQUEST, .op = PHASE_DONE, .task = w, .obj = 4, .v = (int64_t)job);
        PUT(.kind = EV_TASK, .op = TASK_WAITING, .x = WHY_SELECT, .task = w, .obj = 1);
#undef PUT
    }
}

static void ping_pong(struct event *ev)
{
    int64_t t = 0;
    for (int i = 0; i < N; i++) {
        uint32_t task = 1 + (uint32_t)(i / 3) % 2, obj = task;
        t += 40 + (int64_t)(rnd() % 8);
        ev[i] = i % 3 == 0 ? (struct event){.kind = EV_CHAN, .op = (uint8_t)(i / 6 % 2)}
                : i % 3 == 1
                    ? (struct event){.kind = EV_TASK, .op = TASK_WAITING, .x = WHY_CHAN_RECV}
                    : (struct event){.kind = EV_TASK, .op = TASK_RUNNING};
        ev[i].t_ns = t;
        ev[i].task = task;
        ev[i].obj = i % 3 == 2 ? 0 : obj;
    }
}

static double fold(const struct event *ev, bool detecting)
{
    double best = 1e18;
    for (int r = 0; r < ROUNDS; r++) {
        struct strtab *names = strtab_create();
        struct model *m = model_create(names);
        struct detect *d = detect_create(names);
        model_apply_all(m, ev, N / 4); /* the tables are there */
        double from = now();
        if (detecting)
            for (int i = 0; i < N; i++)
                detect_apply(d, m, &ev[i]);
        else
            model_apply_all(m, ev, N);
        double took = (now() - from) / N;
        best = took < best ? took : best;
        detect_free(d);
        model_free(m);
        strtab_destroy(names);
    }
    return best;
}

static void row(const char *what, const char *config, double value)
{
    printf("I\t%s\tpatternscope\t%s\tns/event\t%.3g\n", what, config, value);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'I')
        return 0;
    struct event *ev = xcalloc(N, sizeof *ev);
    varied(ev);
    row("fold", "varied stream", fold(ev, false));
    row("fold with detectors", "varied stream", fold(ev, true));
    ping_pong(ev);
    row("fold", "ping-pong stream", fold(ev, false));
    pool(ev, 8);
    row("fold", "worker pool, 8 workers", fold(ev, false));
    row("fold with detectors", "worker pool, 8 workers", fold(ev, true));
    pool(ev, 10000);
    row("fold", "worker pool, 10000 workers", fold(ev, false));
    free(ev);
    return 0;
}
