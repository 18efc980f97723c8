/* SPDX-License-Identifier: MIT */
/* Area G: simulated jobs a second, and wake-ups of tasks that only sleep.
 *
 * M/M/8 is the worker pool itself, not a program made for the bench: poisson arrivals at 80 % of
 * what eight workers can do, exponential service, a long queue. "events": each is made and handed
 * to somebody who looks at none; "recording": into a session by the recorder's thread, as the
 * program does it, so the clock on the wall counts; "folding": the model takes it in, as whoever
 * watches needs; "recording and folding": both. */
#include "bench.h"

#include <unistd.h>

#include "app/recorder.h"
#include "model/model.h"
#include "patterns/pattern.h"
#include "traffic/traffic.h"

static double now_ns(void)
{
    return bench_clock(CLOCK_THREAD_CPUTIME_ID);
}

static void row(const char *name, const char *configuration, const char *unit, double value)
{
    bench_row("G", name, "patternscope", configuration, unit, value);
}

static struct rt *run_make(struct strtab *names, void (*sink)(void *, const struct event *, size_t),
                           void *arg)
{
    struct rt_config c = {.world = WORLD_SIM,
                          .seed = 1,
                          .probes = sink != NULL,
                          .names = names,
                          .sink = sink,
                          .sink_arg = arg};
    const char *why = NULL;
    struct rt *rt = rt_create(&c, &why);
    if (!rt)
        die("%s", why);
    return rt;
}

/* ---- the worker pool ------------------------------------------------------------------------- */

enum { BLOCKS = 16 };

static void set(const struct pattern *p, struct pattern_block *blocks, const char *name,
                const char *value)
{
    struct param_at at;
    if (!pattern_param(p, name, &at))
        die("no parameter %s", name);
    for (size_t i = 0; blocks[i].table; i++) {
        const char *bad = blocks[i].table == at.table
                              ? param_set(at.row, (void *)(uintptr_t)blocks[i].values, value)
                              : NULL;
        if (bad)
            die("%s: %s", name, bad);
    }
}

static struct pattern_run *pool_make(struct rt *rt, long jobs)
{
    const struct pattern *p = pattern_find("worker_pool");
    struct pattern_block blocks[BLOCKS] = {0};
    char count[32];
    for (size_t i = 0; p->tables[i]; i++) {
        void *values = xcalloc(1, p->tables[i]->size);
        param_defaults(p->tables[i], values);
        blocks[i] = (struct pattern_block){p->tables[i], p->tables[i]->section, values, false};
    }
    snprintf(count, sizeof count, "%ld", jobs);
    set(p, blocks, "traffic.arrivals", "poisson(6.4/s)");
    set(p, blocks, "traffic.count", count);
    set(p, blocks, "dependency.latency", "exp(1s)");
    set(p, blocks, "worker_pool.workers", "8");
    set(p, blocks, "worker_pool.queue", "100000");
    struct pattern_run *pr = pattern_run_create(p, rt, blocks, NULL);
    for (size_t i = 0; blocks[i].table; i++)
        free((void *)(uintptr_t)blocks[i].values);
    return pr;
}

enum watching { NOBODY, EMITTED, RECORDED, FOLDED, RECORDED_AND_FOLDED, WATCHINGS };

struct watch {
    struct model *m;
    struct recorder *recorder;
    uint64_t events;
};
static void watch(void *arg, const struct event *ev, size_t n)
{
    struct watch *w = arg;
    w->events += n;
    if (w->m)
        model_apply_all(w->m, ev, n);
    while (w->recorder && !recorder_give(w->recorder, ev, n))
        recorder_wait(w->recorder);
}

/* The file has no name, and goes when it is closed. */
static struct recorder *record(struct strtab *names)
{
    char path[] = "/tmp/patternscope-bench-XXXXXX", *error = NULL;
    int fd = mkstemp(path);
    if (fd < 0)
        die("no place in /tmp");
    close(fd);
    struct psr_header h = {.program = "bench", .scenario = "bench", .text = ""};
    struct recorder *r = recorder_start(path, true, &h, names, &error);
    if (!r)
        die("%s", error);
    unlink(path);
    return r;
}

/* Returns jobs a second, *per_job the events of one. */
static double pool(long jobs, enum watching what, double *per_job)
{
    struct strtab *names = strtab_create();
    bool records = what == RECORDED || what == RECORDED_AND_FOLDED;
    struct watch w = {.m = what >= FOLDED ? model_create(names) : NULL,
                      .recorder = records ? record(names) : NULL};
    struct rt *rt = run_make(names, what == NOBODY ? NULL : watch, &w);
    struct pattern_run *pr = pool_make(rt, jobs);
    clockid_t clock = records ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
    rt_start(rt, "bench", pattern_main, pr);
    double from = bench_clock(clock);
    if (rt_sim_run(rt, NEVER, UINT64_MAX) != RT_ENDED)
        die("the pool has not ended");
    char *error = records ? recorder_stop(w.recorder) : NULL;
    double took = bench_clock(clock) - from;
    if (error)
        die("%s", error);
    if (w.m && w.m->lanes[0].done != (uint64_t)jobs)
        die("not all jobs are done");
    *per_job = (double)w.events / (double)jobs;
    rt_destroy(rt);
    pattern_run_free(pr);
    model_free(w.m);
    strtab_destroy(names);
    return (double)jobs / took * 1e9;
}

static double median(double *got)
{
    qsort(got, BENCH_ROUNDS, sizeof *got, bench_less);
    return got[BENCH_ROUNDS / 2];
}

static void pools(long jobs)
{
    static const char *const name[] = {"worker pool", "worker pool, events",
                                       "worker pool, recording", "worker pool, folding",
                                       "worker pool, recording and folding"};
    for (int w = NOBODY; w < WATCHINGS; w++) {
        double per_job = 0, got[BENCH_ROUNDS];
        bench_cpus(w == RECORDED || w == RECORDED_AND_FOLDED ? 2 : 1);
        for (int i = 0; i < BENCH_ROUNDS; i++)
            got[i] = pool(jobs, (enum watching)w, &per_job);
        row("M/M/8", name[w], "jobs/s", median(got));
        if (w == EMITTED)
            row("M/M/8", "worker pool", "events/job", per_job);
    }
    bench_cpus(1);
}

/* ---- tasks that sleep ------------------------------------------------------------------------ */

struct hold {
    int tasks;
    long left;
    struct rng *rng;
    struct dist span;
};

static void sleeper(void *arg)
{
    struct hold *h = arg;
    while (h->left > 0) {
        h->left--;
        rt_sleep(dist_sample(&h->span, h->rng));
    }
}

static void hold_main(void *arg)
{
    struct hold *h = arg;
    h->rng = rt_rng(rt_here(), "sleep");
    for (int i = 0; i < h->tasks; i++)
        rt_spawn("sleeper", sleeper, h);
}

static void hold(int tasks, long wakes)
{
    char name[64];
    double got[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        struct hold h = {.tasks = tasks, .left = wakes};
        value_dist("exp(1s)", &h.span);
        struct strtab *names = strtab_create();
        struct rt *rt = run_make(names, NULL, NULL);
        rt_start(rt, "bench", hold_main, &h);
        rt_sim_run(rt, 0, UINT64_MAX); /* all sleep */
        double from = now_ns(), left = (double)h.left;
        rt_sim_run(rt, NEVER, UINT64_MAX);
        got[i] = left / (now_ns() - from) * 1e9;
        rt_destroy(rt);
        strtab_destroy(names);
    }
    snprintf(name, sizeof name, "%d sleeping tasks", tasks);
    row("hold", name, "wake-ups/s", median(got));
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'G')
        return 0;
    bool quick = bench_seconds() < 0.1;
    bench_cpus(1);
    pools(quick ? 50000 : 1000000);
    hold(100, quick ? 100000 : 2000000);
    hold(10000, quick ? 100000 : 2000000);
    return 0;
}
