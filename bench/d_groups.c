/* SPDX-License-Identifier: MIT */
/* Area D, semaphore and groups: try-acquire and release, live and without probes, beside a bare
 * compare-and-swap loop; a simulated errgroup of 100 tasks that do nothing, with its context. */
#include "contend.h"

#include <stdatomic.h>

#include "runtime/errgroup.h"
#include "runtime/semaphore.h"

enum { TOKENS = 1 << 20 };

static struct semaphore *sem;
static struct {
    _Alignas(64) _Atomic int64_t free;
} bare;

static void begin(void)
{
    sem = sem_make("sem", TOKENS, NULL);
    atomic_store(&bare.free, TOKENS);
}

static void b_semaphore(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (sem_try_acquire(sem, 1))
            sem_release(sem, 1);
}

static void b_acquire(uint64_t n)
{
    struct context *ctx = ctx_background();
    for (uint64_t i = 0; i < n; i++)
        if (sem_acquire(sem, ctx, 1) == RT_OK)
            sem_release(sem, 1);
}

static void b_bare(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        int64_t seen = atomic_load_explicit(&bare.free, memory_order_relaxed);
        while (seen > 0 &&
               !atomic_compare_exchange_weak_explicit(&bare.free, &seen, seen - 1,
                                                      memory_order_acquire, memory_order_relaxed)) {
        }
        atomic_fetch_add_explicit(&bare.free, 1, memory_order_release);
    }
}

static const char *nothing(void *arg)
{
    return arg;
}

static void b_group(uint64_t n)
{
    struct context *ctx;
    for (uint64_t i = 0; i < n; i++) {
        struct errgroup *g = errgroup_with_context(ctx_background(), "g", NULL, &ctx);
        for (int k = 0; k < 100; k++)
            errgroup_go(g, "task", nothing, NULL);
        errgroup_wait(g);
    }
}

int main(void)
{
    static const struct {
        const char *name, *implementation;
        void (*body)(uint64_t n);
    } cases[] = {
        {"semaphore", "patternscope", b_semaphore},
        {"semaphore acquire", "patternscope", b_acquire},
        {"semaphore", "bare atomic", b_bare},
    };
    for (int tasks = 1; tasks <= 2; tasks++)
        for (size_t i = 0; i < ARRAY_LEN(cases); i++)
            bench_row("D", cases[i].name, cases[i].implementation, contend_words(tasks),
                      "ns/acq+rel", contend(tasks, begin, cases[i].body));
    struct bench_run run = {.world = WORLD_SIM, .op = b_group, .warm = 4};
    bench_row("D", "errgroup 100", "patternscope", "sim", "ns/group",
              bench_median(bench_round, &run, 10));
    return 0;
}
