/* SPDX-License-Identifier: MIT */
/* The raw clock of live events.
 *
 * The time-stamp counter costs half of clock_gettime(), but only an invariant one counts time: it
 * keeps its rate when the processor changes its own, and all processors agree. The CPU says the
 * first (CPUID 80000007h, EDX bit 8), the kernel has tested the second when the counter is its
 * clock source. Its rate is measured against CLOCK_MONOTONIC; the longer the base line, the better,
 * so later calls of emit_clock_init() refine it. */
#include "event/emit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

_Thread_local struct emitter *emitter;
bool emit_use_tsc;

static pthread_once_t once = PTHREAD_ONCE_INIT;
/* A double's bits, so that it can be read while another thread refines it. */
static _Atomic uint64_t tick_ns_bits;

int64_t emit_clock_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

void emit_stamp_far(struct emitter *o, struct event *e, int64_t *stamp)
{
    emit_stamp(o, e, stamp);
}

static void set_tick_ns(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    atomic_store_explicit(&tick_ns_bits, bits, memory_order_relaxed);
}

double emit_tick_ns(void)
{
    uint64_t bits = atomic_load_explicit(&tick_ns_bits, memory_order_relaxed);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

#if defined(__x86_64__)
static int64_t base_ticks, base_ns;

static bool counter_is_time(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & 1U << 8))
        return false;
    /* Where the kernel does not trust the counter, neither do we. No such file: the CPU's word. */
    FILE *f = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    char source[32] = "tsc";
    if (f) {
        if (!fgets(source, sizeof source, f))
            source[0] = '\0';
        fclose(f);
    }
    return strncmp(source, "tsc", 3) == 0;
}

/* Both clocks at one instant: the read of the narrowest of some tries. */
static void both(int64_t *ticks, int64_t *ns)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 8; i++) {
        int64_t before = (int64_t)__builtin_ia32_rdtsc();
        int64_t t = emit_clock_ns();
        int64_t width = (int64_t)__builtin_ia32_rdtsc() - before;
        if (width < best) {
            best = width;
            *ticks = before + width / 2;
            *ns = t;
        }
    }
}

static void measure(int64_t least_ns)
{
    int64_t ticks = 0, ns = 0;
    do
        both(&ticks, &ns);
    while (ns - base_ns < least_ns);
    if (ticks > base_ticks)
        set_tick_ns((double)(ns - base_ns) / (double)(ticks - base_ticks));
}

static void first(void)
{
    set_tick_ns(1);
    emit_use_tsc = counter_is_time();
    if (!emit_use_tsc)
        return;
    both(&base_ticks, &base_ns);
    measure(2000000);
}

void emit_clock_init(void)
{
    pthread_once(&once, first);
    if (emit_use_tsc)
        measure(1);
}
#else
static void first(void)
{
    set_tick_ns(1);
}

void emit_clock_init(void)
{
    pthread_once(&once, first);
}
#endif
