/* SPDX-License-Identifier: MIT */
/* Area F: what an event costs the one who emits it, in nanoseconds of the emitting thread.
 *
 * Beside each stands the bare thing: a ring of 32-byte records with the same clock and nothing
 * else. In live the events come in bursts that a ring holds, and the collector reads them out in
 * between; what it lost is a row too, and must be 0. The ring has been round once before: what the
 * machine takes for a page's first touch is no event's. */
#include "bench.h"

#include <unistd.h>

#include "event/emit.h"

enum { RING = 1 << 15, BURST = 8000 };

/* ---- the bare ring --------------------------------------------------------------------------- */

struct record {
    uint64_t stamp;
    uint32_t kind, a, b, c;
    uint64_t seq;
};
static struct record ring[RING];
static _Atomic uint64_t head;
static volatile int64_t virtual_ns;

#define BARE(name, clock)                                                                \
    static NOINLINE void name##_write(uint32_t kind, uint32_t a, uint32_t b, uint32_t c) \
    {                                                                                    \
        uint64_t at = atomic_load_explicit(&head, memory_order_relaxed);                 \
        struct record *r = &ring[at & (RING - 1)];                                       \
        r->stamp = (uint64_t)(clock);                                                    \
        r->kind = kind;                                                                  \
        r->a = a;                                                                        \
        r->b = b;                                                                        \
        r->c = c;                                                                        \
        atomic_store_explicit(&head, at + 1, memory_order_release);                      \
    }                                                                                    \
    static double name(uint64_t n, void *arg)                                            \
    {                                                                                    \
        double from = bench_clock(CLOCK_THREAD_CPUTIME_ID);                              \
        (void)arg;                                                                       \
        for (uint64_t i = 0; i < n; i++)                                                 \
            name##_write(3, (uint32_t)i, (uint32_t)(i >> 3), 7);                         \
        return bench_clock(CLOCK_THREAD_CPUTIME_ID) - from;                              \
    }
BARE(bare_virtual, virtual_ns)
BARE(bare_raw, emit_raw_clock())

/* ---- ours ------------------------------------------------------------------------------------ */

/* As a primitive says it: a call, an object's stamp, all the fields. */
static NOINLINE void say(int64_t *stamp, uint32_t task, uint32_t a, uint32_t b)
{
    emit(stamp, EV_CHAN, CHAN_SEND, 0, task, 1, b, emit_ab(a, b));
}

static int64_t stamp;

static void say_n(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        say(&stamp, 1, (uint32_t)i, (uint32_t)(i >> 3));
}

/* Off, the probe is inline. Four a round, so that it is the probe that is measured. */
#define OFF                                                    \
    emit(&stamp, EV_CHAN, CHAN_SEND, 0, 1, 1, (uint32_t)i, 0); \
    __asm__ volatile("" ::: "memory") /* the emitter is looked up every time */
static void off_n(uint64_t n)
{
    for (uint64_t i = 0; i < n; i += 4) {
        OFF;
        OFF;
        OFF;
        OFF;
    }
}

static double live_ns, live_n;

/* The bursts alone are timed: what lies between them is for the collector. */
static void say_bursts(uint64_t n)
{
    double took = 0;
    uint64_t said = 0;
    for (; said < n; said += BURST) {
        double from = bench_clock(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < BURST; i++)
            say(&stamp, 1, (uint32_t)i, (uint32_t)(i >> 3));
        took += bench_clock(CLOCK_THREAD_CPUTIME_ID) - from;
        rt_sleep(10000000);
    }
    live_ns = took;
    live_n = (double)said;
}

static _Atomic uint64_t lost;

static void count_lost(void *arg, const struct event *ev, size_t n)
{
    (void)arg;
    for (size_t i = 0; i < n; i++)
        if (ev[i].kind == EV_LOST)
            lost += (uint64_t)ev[i].v;
}

static void row(const char *implementation, const char *configuration, double ns)
{
    bench_row("F", "ring write", implementation, configuration, "ns/event", ns);
}

static void live(void)
{
    double got[BENCH_ROUNDS];
    struct bench_run b = {.world = WORLD_LIVE,
                          .probes = true,
                          .sink = count_lost,
                          .op = say_bursts,
                          .warm = 3 * BURST};
    uint64_t n = (uint64_t)(bench_seconds() * 100 / BENCH_ROUNDS + 1) * BURST;
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        bench_round(n, &b);
        got[i] = live_ns / live_n;
    }
    qsort(got, BENCH_ROUNDS, sizeof got[0], bench_less);
    row("patternscope", emit_use_tsc ? "live: tsc" : "live: clock_gettime", got[BENCH_ROUNDS / 2]);
    bench_row("F", "ring write", "patternscope", "live: lost of the bursts", "events",
              (double)lost);
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'F')
        return 0;
    bench_cpus(1);
    emit_clock_init();
    row("bare ring", "sim: virtual clock", bench_median(bare_virtual, NULL, 64));
    row("bare ring", emit_use_tsc ? "live: tsc" : "live: clock_gettime",
        bench_median(bare_raw, NULL, 64));
    struct bench_run b = {.world = WORLD_SIM, .sink = count_lost, .op = off_n};
    row("patternscope", "probe off", bench_median(bench_round, &b, 64));
    b.op = say_n;
    b.probes = true;
    row("patternscope", "sim: virtual clock", bench_median(bench_round, &b, 64));
    bench_cpus(0);
    live();
    return 0;
}
