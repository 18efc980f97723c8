/* SPDX-License-Identifier: MIT */
/* Area B: what one switch costs: the bare switch between two stacks, and a yield, which goes
 * through the run queue. */
#include "bench.h"

#include "runtime/coro.h"
#include "runtime/sync.h"

static struct coro here, there;
static uint64_t each;

static void back(void)
{
    coro_entered();
    for (;;)
        coro_switch(&there, &here, false);
}

static double bare(uint64_t n, void *arg)
{
    coro_main(&here);
    coro_make(&there, arg, (char *)arg + 65536, back);
    double from = bench_clock(CLOCK_THREAD_CPUTIME_ID);
    for (uint64_t i = 0; i < n; i += 2)
        coro_switch(&here, &there, false);
    double took = bench_clock(CLOCK_THREAD_CPUTIME_ID) - from;
    coro_free(&there);
    coro_free(&here);
    return took;
}

static void yields(void *arg)
{
    for (uint64_t i = 0; i < each; i++)
        rt_yield();
    if (arg)
        wg_done(arg);
}

static void yield(uint64_t n)
{
    each = n / 2;
    rt_spawn("other", yields, NULL);
    yields(NULL);
}

/* k tasks in a ring: what the caches add. */
static void yield_among(uint64_t n, uint64_t k)
{
    struct waitgroup *wg = wg_make("wg");
    each = n / k + 1;
    wg_add(wg, (int32_t)k);
    for (uint64_t i = 0; i < k; i++)
        rt_spawn("one", yields, wg);
    wg_wait(wg);
}

static void yield_100(uint64_t n)
{
    yield_among(n, 100);
}

static void yield_10k(uint64_t n)
{
    yield_among(n, 10000);
}

static void ignore(void *arg, const struct event *ev, size_t n)
{
    (void)arg;
    (void)ev;
    (void)n;
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'B')
        return 0;
    bench_cpus(1);
    char *stack = aligned_alloc(4096, 65536);
    bench_row("B", "switch", "patternscope", "2 coroutines", "ns/switch",
              bench_median(bare, stack, 64));
    free(stack);
    static const struct {
        const char *name, *configuration;
        void (*op)(uint64_t n);
        bool probes;
        uint64_t warm;
    } cases[] = {
        {"switch", "rt_yield, sim", yield, false, 0},
        {"switch", "rt_yield, sim, events", yield, true, 0},
        {"switch ring", "rt_yield, sim, 100 tasks", yield_100, false, 100},
        {"switch ring", "rt_yield, sim, 10k tasks", yield_10k, false, 10000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench_run b = {.world = WORLD_SIM,
                              .probes = cases[i].probes,
                              .sink = ignore,
                              .op = cases[i].op,
                              .warm = cases[i].warm};
        bench_row("B", cases[i].name, "patternscope", cases[i].configuration, "ns/switch",
                  bench_median(bench_round, &b, b.warm + 64));
    }
    return 0;
}
