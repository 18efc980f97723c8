/* SPDX-License-Identifier: MIT */
/* Area D, decisions: in sim (the virtual clock) and live, the clock read included, without probes.
 * Live a limiter and a bulkhead are asked under the guard of their object, a breaker is glanced at
 * first. `limiter allow` is the token bucket; the other algorithms stand beside it. The bare forms
 * do the decision alone, on one atomic word. One live thread is its own processor time, so that it
 * does not matter what else the machine does; two are the wall's, over the operations of both. */
#include "contend.h"

#include <stdatomic.h>

#include "policies/breaker.h"
#include "policies/bulkhead.h"
#include "policies/limiter.h"
#include "runtime/guard.h"

static struct policy *policy;
static struct breaker_gate *gate;
static struct {
    _Alignas(64) struct guard guard;
    char apart[64];
} lock;
static void (*body)(uint64_t n);
static double alone; /* ns of a thread that has nobody beside it */

static inline bool ask(int64_t now, struct admission *a)
{
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    guard_lock(&lock.guard);
    policy_admit(policy, now, &r, a);
    guard_unlock(&lock.guard);
    return a->ok;
}

static void b_ask(uint64_t n)
{
    struct admission a;
    for (uint64_t i = 0; i < n; i++)
        ask(rt_now(), &a);
}

static void end_ok(const struct ticket *t)
{
    guard_lock(&lock.guard);
    policy_end(policy, t->at_ns, t, CALL_OK, 0);
    guard_unlock(&lock.guard);
}

static void b_call(uint64_t n)
{
    struct admission a;
    for (uint64_t i = 0; i < n; i++)
        if (ask(rt_now(), &a))
            end_ok(&a.ticket);
}

static void b_glance(uint64_t n)
{
    struct admission a;
    for (uint64_t i = 0; i < n; i++) {
        int64_t now = rt_now();
        enum breaker_quick quick = breaker_quick_admit(gate, now, &a.ticket);
        if (quick == BREAKER_REFUSES || (quick == BREAKER_ASK && !ask(now, &a)))
            continue;
        if (!breaker_quick_success(gate, &a.ticket))
            end_ok(&a.ticket);
    }
}

/* ---- the bare forms -------------------------------------------------------------------------- */

static struct {
    _Alignas(64) _Atomic int64_t tat;
    _Atomic int64_t open_until;
} bare;
static int64_t bare_step, bare_depth;
static volatile bool kept;

static void b_bare_gcra(uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        int64_t now = rt_now(), next;
        int64_t tat = atomic_load_explicit(&bare.tat, memory_order_relaxed);
        bool ok;
        do {
            next = (tat > now ? tat : now) + bare_step;
            ok = next - now <= bare_depth;
        } while (ok && !atomic_compare_exchange_weak_explicit(
                           &bare.tat, &tat, next, memory_order_acq_rel, memory_order_relaxed));
        kept = ok;
    }
}

static void b_bare_open(uint64_t n) /* a clock and a word */
{
    for (uint64_t i = 0; i < n; i++)
        kept = rt_now() < atomic_load_explicit(&bare.open_until, memory_order_acquire);
}

/* ---- measuring ------------------------------------------------------------------------------- */

static void timed(uint64_t n)
{
    double from = bench_clock(CLOCK_THREAD_CPUTIME_ID);
    body(n);
    alone = bench_clock(CLOCK_THREAD_CPUTIME_ID) - from;
}

static double live_round(uint64_t n, void *arg)
{
    double took = bench_round(n, arg);
    return contend_tasks == 1 ? alone : took;
}

static void measure(const char *name, const char *whose, void (*op)(uint64_t n))
{
    struct bench_run b = {.world = WORLD_SIM, .op = op, .warm = 1000};
    bench_row("D", name, whose, "sim", "ns/op", bench_median(bench_round, &b, 1000));
    body = op;
    contend_body = timed;
    for (contend_tasks = 1; contend_tasks <= 2; contend_tasks++) {
        struct bench_run c = {.world = WORLD_LIVE, .op = contend_run};
        bench_row("D", name, whose, contend_words(contend_tasks), "ns/op",
                  bench_median(live_round, &c, 1000));
    }
}

static void ours(const char *name, struct policy *p, void (*op)(uint64_t n))
{
    policy = p;
    gate = p->kind == POLICY_BREAKER ? breaker_gate(p) : NULL;
    measure(name, "patternscope", op);
    policy_free(p);
}

/* ---- the cases ------------------------------------------------------------------------------- */

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
    ours("limiter allow", limiter(LIMITER_token_bucket, true), b_ask);
    bare_step = 1;
    bare_depth = (int64_t)1 << 40;
    measure("limiter allow", "bare GCRA", b_bare_gcra);
    ours("limiter deny", limiter(LIMITER_token_bucket, false), b_ask);
    bare_depth = 0;
    measure("limiter deny", "bare GCRA", b_bare_gcra);
    for (int i = LIMITER_token_bucket + 1; i < LIMITER_COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name, "limiter allow, %s", limiter_names[i]);
        ours(name, limiter(i, true), b_ask);
    }
    ours("breaker closed", breaker("consecutive(5)", false), b_glance);
    ours("breaker closed, asked", breaker("consecutive(5)", false), b_call);
    ours("breaker closed, rate in time", breaker("rate(50% in 10s, min 20)", false), b_glance);
    ours("breaker open", breaker("consecutive(5)", true), b_glance);
    atomic_store(&bare.open_until, INT64_MAX);
    measure("breaker open", "bare word", b_bare_open);
    measure("breaker closed", "bare word", b_bare_open); /* what a glance cannot be below */
    struct bulkhead_params p;
    param_defaults(&bulkhead_table, &p);
    ours("bulkhead", bulkhead_create(&p, 0), b_call);
    return 0;
}
