/* SPDX-License-Identifier: MIT */
/* A worker pool with settings drawn at random, and random commands on the way: every parameter and
 * every command of the pattern takes part. The same number gives the same pool. */
#ifndef TESTS_RANDOM_POOL_H
#define TESTS_RANDOM_POOL_H

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "patterns/pattern.h"

enum { RANDOM_SETTINGS = 24, RANDOM_COMMANDS = 40 };
#define RANDOM_SECOND INT64_C(1000000000)

struct random_pool {
    char text[RANDOM_SETTINGS][80];
    const char *settings[RANDOM_SETTINGS + 1]; /* NULL-terminated "section.key=value" */
    struct random_command {
        int64_t at_ns;
        char text[96];
    } command[RANDOM_COMMANDS];
    int commands;
    int procs;
    const char *schedule;
    bool mistaken, hangs; /* some mistake, some hang on the way */
};

struct random_values {
    const char *name;
    bool live;
    const char *values[10];
};
static const struct random_values random_values[] = {
    {"traffic.arrivals",
     true,
     {"poisson(40/s)", "steady(30/s)", "burst(12 every 200ms)", "wave(5/s..80/s every 3s)",
      "ramp(1/s..90/s over 4s)", "closed(6 think 20ms)", "eager", "poisson(3/s)"}},
    {"traffic.count", false, {"0", "0", "50", "150", "1"}},
    {"dependency.latency",
     true,
     {"exp(100ms)", "const(50ms)", "lognormal(80ms, 0.5)", "uniform(1ms..300ms)", "const(7ms)",
      "pareto(20ms, 1.5)"}},
    {"dependency.error_rate", true, {"0", "0.1", "1"}},
    {"dependency.hang_rate", true, {"0", "0", "0", "0.05", "0.3"}},
    {"worker_pool.workers", true, {"auto", "1", "2", "3", "5", "12", "40"}},
    {"worker_pool.queue", false, {"0", "1", "3", "10", "100"}},
    {"worker_pool.results", false, {"auto", "0", "1", "20"}},
    {"worker_pool.consumer", true, {"0", "0", "const(10ms)", "exp(60ms)", "const(300ms)"}},
    {"worker_pool.cpu", true, {"0", "0", "0.5", "1"}},
    {"worker_pool.priorities", false, {"1", "2", "3", "8"}},
    {"worker_pool.scheduling", false, {"heap", "queues"}},
    {"worker_pool.aging", true, {"0", "100ms", "2s"}},
    {"worker_pool.job_timeout", true, {"0", "80ms", "200ms", "1s"}},
    {"worker_pool.replace_hung", true, {"off", "off", "on"}},
    {"worker_pool.autoscale", true, {"off", "off", "on"}},
    {"worker_pool.autoscale_min", true, {"1", "2", "6"}},
    {"worker_pool.autoscale_max", true, {"4", "9", "16"}},
    {"worker_pool.autoscale_up", true, {"0.3", "0.9"}},
    {"worker_pool.autoscale_down", true, {"0.05", "0.2"}},
    {"worker_pool.autoscale_every", true, {"50ms", "500ms"}},
    {"worker_pool.mistake", true, {"none", "none", "none", "none", "M1", "M2", "M3", "M4"}},
};
enum { RANDOM_VALUES = sizeof random_values / sizeof *random_values };
_Static_assert((int)RANDOM_VALUES <= (int)RANDOM_SETTINGS, "all of them may be set");

static inline const char *random_of(struct rng *r, const char *const *list, uint32_t most)
{
    uint32_t n = 0;
    while (n < most && list[n])
        n++;
    return list[rng_below(r, n)];
}

static inline void random_note(struct random_pool *p, const char *name, const char *value)
{
    p->mistaken |= strcmp(name, "worker_pool.mistake") == 0 && strcmp(value, "none") != 0;
    p->hangs |= strcmp(name, "dependency.hang_rate") == 0 && strcmp(value, "0") != 0;
}

static inline void random_set(struct random_pool *p, struct rng *r, char *out, size_t size)
{
    const struct random_values *v;
    do
        v = &random_values[rng_below(r, RANDOM_VALUES)];
    while (!v->live);
    if (rng_below(r, 6) == 0) {
        snprintf(out, size, "reset %s", v->name);
        return;
    }
    const char *value = random_of(r, v->values, 10);
    random_note(p, v->name, value);
    snprintf(out, size, "set %s %s", v->name, value);
}

static inline void random_command(struct random_pool *p, struct rng *r, char *out, size_t size)
{
    static const char *const faults[] = {
        "inject dependency hang",      "inject dependency hang 3", "inject dependency errors",
        "inject dependency errors 5",  "inject dependency slow 5", "inject dependency recover",
        "inject dependency errors 1s", "inject consumer slow",     "inject consumer slow 20ms",
        "inject consumer recover"};
    static const char *const steps[] = {"set worker_pool.workers +1", "set worker_pool.workers -1",
                                        "set worker_pool.workers +3", "mark here", "reset"};
    uint32_t kind = rng_below(r, 10);
    if (kind < 6) {
        random_set(p, r, out, size);
        return;
    }
    const char *text = kind < 8 ? steps[rng_below(r, 5)] : faults[rng_below(r, 10)];
    p->hangs |= strstr(text, " hang") != NULL;
    snprintf(out, size, "%s", text);
}

/* Ends within about 8 s of scenario time: a shutdown or a cancel comes, and in the end a cancel. */
static inline void random_pool(struct random_pool *p, uint64_t number)
{
    struct rng r;
    rng_init(&r, number, "pool");
    *p = (struct random_pool){.procs = (int)rng_below(&r, 6)};
    p->schedule = rng_below(&r, 2) ? "random" : "fifo";
    int n = 0;
    for (int i = 0; i < RANDOM_VALUES; i++) {
        if (rng_below(&r, 3) == 0)
            continue;
        const char *value = random_of(&r, random_values[i].values, 10);
        random_note(p, random_values[i].name, value);
        snprintf(p->text[n], sizeof p->text[n], "%s=%s", random_values[i].name, value);
        p->settings[n] = p->text[n];
        n++;
    }
    int64_t t = 0;
    int commands = (int)rng_below(&r, RANDOM_COMMANDS - 2);
    for (int i = 0; i < commands && t < 6 * RANDOM_SECOND; i++) {
        struct random_command *c = &p->command[p->commands++];
        /* some at one instant, some after a while */
        t += rng_below(&r, 4) ? (int64_t)rng_below(&r, 700) * 1000000 : 0;
        c->at_ns = t;
        random_command(p, &r, c->text, sizeof c->text);
    }
    if (rng_below(&r, 2))
        p->command[p->commands++] = (struct random_command){t += RANDOM_SECOND, "do shutdown"};
    p->command[p->commands++] = (struct random_command){t + 2 * RANDOM_SECOND, "do cancel"};
}

#endif
