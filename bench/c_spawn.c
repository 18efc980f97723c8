/* SPDX-License-Identifier: MIT */
/* Area C: a task's life and its memory. Spawn and join one at a time and in groups of 1000, in both
 * worlds, beside bare threads; what a blocked simulated task keeps, for 100 000 and for a million
 * of them. */
#include "bench.h"

#include <sys/wait.h>
#include <unistd.h>

#include "runtime/chan.h"
#include "runtime/sync.h"

static struct waitgroup *wg;
static struct chan *gate;

static void nothing(void *arg)
{
    (void)arg;
    wg_done(wg);
}

static void groups_of(uint64_t n, int32_t size)
{
    wg = wg_make("wg");
    for (uint64_t i = 0; i < n; i += (uint64_t)size) {
        wg_add(wg, size);
        for (int32_t j = 0; j < size; j++)
            rt_spawn("task", nothing, NULL);
        wg_wait(wg);
    }
}

static void ones(uint64_t n)
{
    groups_of(n, 1);
}

static void thousands(uint64_t n)
{
    groups_of(n, 1000);
}

/* ---- bare threads ---------------------------------------------------------------------------- */

static void *thread(void *arg)
{
    return arg;
}

static double threads(uint64_t n, void *arg)
{
    pthread_attr_t *attr = arg;
    double from = bench_clock(CLOCK_MONOTONIC);
    for (uint64_t i = 0; i < n; i++) {
        pthread_t t;
        if (pthread_create(&t, attr, thread, NULL) != 0)
            die("no threads are to be had");
        pthread_join(t, NULL);
    }
    return bench_clock(CLOCK_MONOTONIC) - from;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static double resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (!f || fscanf(f, "%*s %ld", &pages) != 1)
        die("/proc/self/statm is not readable");
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void blocks(void *arg)
{
    (void)arg;
    chan_recv(gate, NULL);
    wg_done(wg);
}

static double bytes_each, spawn_each, all_each;

static void many(uint64_t n)
{
    gate = chan_make("gate", 0);
    wg = wg_make("wg");
    wg_add(wg, (int32_t)n);
    double before = resident(), from = bench_clock(CLOCK_THREAD_CPUTIME_ID);
    for (uint64_t i = 0; i < n; i++)
        if (!rt_spawn("task", blocks, NULL))
            die("task %zu of %zu could not be had", (size_t)i, (size_t)n);
    rt_sleep(1); /* virtual: until all of them wait */
    spawn_each = (bench_clock(CLOCK_THREAD_CPUTIME_ID) - from) / (double)n;
    bytes_each = (resident() - before) / (double)n;
    chan_close(gate);
    wg_wait(wg);
    all_each = (bench_clock(CLOCK_THREAD_CPUTIME_ID) - from) / (double)n;
}

/* In a process of its own, so that no memory is there already. A machine without the memory has no
 * such row. */
static void blocked(const char *name, uint64_t n)
{
    long pages = sysconf(_SC_AVPHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if ((double)pages * (double)page < (double)n * 6000)
        return;
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        die("no process is to be had");
    if (child) {
        int status = 0;
        if (waitpid(child, &status, 0) != child || status != 0)
            die("%s failed", name);
        return;
    }
    struct bench_run b = {.world = WORLD_SIM, .op = many};
    bench_round(n, &b);
    bench_row("C", name, "patternscope", "sim", "B RSS/task", bytes_each);
    bench_row("C", name, "patternscope", "sim", "ns spawn/task", spawn_each);
    bench_row("C", name, "patternscope", "sim", "ns all/task", all_each);
    _exit(0);
}

static void ignore(void *arg, const struct event *ev, size_t n)
{
    (void)arg;
    (void)ev;
    (void)n;
}

static void spawns(enum world world, bool probes, const char *configuration)
{
    struct bench_run b = {.world = world, .probes = probes, .sink = ignore, .op = ones};
    bench_row("C", "spawn+join 1", "patternscope", configuration, "ns",
              bench_median(bench_round, &b, b.warm + 64));
    b.op = thousands;
    b.warm = 1000; /* stacks and threads are there */
    bench_row("C", "spawn+join x1000", "patternscope", configuration, "ns",
              bench_median(bench_round, &b, b.warm + 64));
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'C')
        return 0;
    bool memory_only = argc > 1 && strcmp(argv[1], "Cmem") == 0;
    bench_cpus(1);
    if (!memory_only) {
        pthread_attr_t small;
        pthread_attr_init(&small);
        pthread_attr_setstacksize(&small, 65536);
        spawns(WORLD_SIM, false, "sim");
        spawns(WORLD_SIM, true, "sim, events");
        bench_row("C", "spawn+join 1", "pthread", "live, one core", "ns",
                  bench_median(threads, &small, 64));
        spawns(WORLD_LIVE, false, "live, one core");
        spawns(WORLD_LIVE, true, "live, one core, events");
        pthread_attr_destroy(&small);
    }
    blocked("blocked 100k", 100000);
    if (bench_seconds() >= 0.1) /* else quick: the kernel alone takes ten seconds for its pages */
        blocked("blocked 1000k", 1000000);
    return 0;
}
