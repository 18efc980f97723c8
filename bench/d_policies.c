/* SPDX-License-Identifier: MIT */
/* Area D: what a decision costs, in sim (the virtual clock) and live under the guard of the
 * policy's object, the clock read included; without probes. With two threads: wall time over the
 * operations of both. `limiter allow` is the token bucket; the other algorithms stand beside it. */
#include "bench.h"

#include "policies/breaker.h"
#include "policies/bulkhead.h"
#include "policies/limiter.h"
#include "runtime/guard.h"
#include "runtime/sync.h"

static struct policy *policy;
static struct {
    _Alignas(64) struct guard guard;
    char apart[64];
} lock;
static struct waitgroup *wg;
static int threads;
static double alone; /* processor time of a thread that has nobody beside it */
static void (*body)(uint64_t n);

static inline bool ask(struct admission *a)
{
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    int64_t now = rt_now();
    guard_lock(&lock.guard);
    policy_admit(policy, now, &r, a);
    guard_unlock(&lock.guard);
    return a->ok;
}

static void b_ask(uint64_t n)
{
    struct admission a;
    for (uint64_t i = 0; i < n; i++)
        ask(&a);
}

static void b_call(uint64_t n)
{
    struct admission a;
    for (uint64_t i = 0; i < n; i++) {
        if (!ask(&a))
            continue;
        guard_lock(&lock.guard);
        policy_end(policy, a.ticket.at_ns, &a.ticket, CALL_OK, 0);
        guard_unlock(&lock.guard);
    }
}

/* ---- so many tasks at once ------------------------------------------------------------------- */

static struct share {
    uint64_t n;
    int cpu;
} shares[2];

static void pinned(void *arg)
{
    const struct share *s = arg;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(s->cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    double from = bench_clock(CLOCK_THREAD_CPUTIME_ID);
    body(s->n);
    alone = bench_clock(CLOCK_THREAD_CPUTIME_ID) - from;
    wg_done(wg);
}

static void contend(uint64_t n)
{
    int cpu[2] = {0, 0}, found = 0;
    cpu_set_t all;
    sched_getaffinity(0, sizeof all, &all);
    for (int i = CPU_SETSIZE; i-- > 0 && found < 2;)
        if (CPU_ISSET(i, &all))
            cpu[found++] = i;
    if (found < 2)
        cpu[1] = cpu[0];
    wg = wg_make("wg");
    wg_add(wg, threads);
    for (int i = 0; i < threads; i++) {
        shares[i] = (struct share){n / (uint64_t)threads + 1, cpu[i]};
        if (!rt_spawn("caller", pinned, &shares[i]))
            die("no threads are to be had");
    }
    wg_wait(wg);
}

/* One thread's processor time, so that it does not matter what else the machine does; the wall's of
 * two. */
static double live_round(uint64_t n, void *arg)
{
    double took = bench_round(n, arg);
    return threads == 1 ? alone : took;
}

/* ---- the cases ------------------------------------------------------------------------------- */

static void measure(const char *name, void (*op)(uint64_t n))
{
    static const char *const configurations[] = {"1 threads", "2 threads"};
    struct bench_run b = {.world = WORLD_SIM, .op = op, .warm = 1000};
    bench_row("D", name, "patternscope", "sim", "ns/op", bench_median(bench_round, &b, 1000));
    body = op;
    for (threads = 1; threads <= 2; threads++) {
        struct bench_run c = {.world = WORLD_LIVE, .op = contend};
        bench_row("D", name, "patternscope", configurations[threads - 1], "ns/op",
                  bench_median(live_round, &c, 1000));
    }
    policy_free(policy);
    policy = NULL;
}

static struct policy *limiter(int algorithm, bool allows)
{
    struct limiter_params p;
    param_defaults(&limiter_table, &p);
    p.algorithm = algorithm;
    p.rate = allows ? 1e9 : 1e-6;
    p.burst = allows ? 1 << 30 : 0;
    p.limit = allows ? 1 << 30 : 0;
    if (algorithm == LIMITER_adaptive) {
        p.limit = p.limit_max = allows ? 1 << 30 : 1;
        p.on_limit = ON_LIMIT_REJECT;
    }
    if (algorithm == LIMITER_sliding_log)
        p.window_ns = allows ? 1000 : 1000000000; /* else the log grows without a bound */
    if (algorithm == LIMITER_leaky_bucket && allows)
        p.slack = 1000000; /* drops of 1 ns: each op takes longer than that */
    return limiter_create(&p, 0);
}

static struct policy *breaker(const char *trip, bool open)
{
    struct breaker_params p;
    param_defaults(&breaker_table, &p);
    snprintf(p.trip, sizeof p.trip, "%s", trip);
    p.open_for_ns = 9000000000000000;
    struct policy *b = breaker_create(&p, 0);
    if (open)
        breaker_force(b, 0, BREAKER_OPEN);
    return b;
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] != 'D')
        return 0;
    policy = limiter(LIMITER_token_bucket, true);
    measure("limiter allow", b_ask);
    policy = limiter(LIMITER_token_bucket, false);
    measure("limiter deny", b_ask);
    for (int i = LIMITER_token_bucket + 1; i < LIMITER_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name, "limiter allow, %s", limiter_names[i]);
        policy = limiter(i, true);
        measure(name, b_ask);
    }
    policy = breaker("consecutive(5)", false);
    measure("breaker closed", b_call);
    policy = breaker("rate(50% in 10s, min 20)", false);
    measure("breaker closed, rate in time", b_call);
    policy = breaker("consecutive(5)", true);
    measure("breaker open", b_call);
    struct bulkhead_params p;
    param_defaults(&bulkhead_table, &p);
    policy = bulkhead_create(&p, 0);
    measure("bulkhead", b_call);
    return 0;
}
