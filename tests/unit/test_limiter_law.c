/* SPDX-License-Identifier: MIT */
/* The laws of all limiters on random traces: none lets more through in any interval than it may,
 * `when` is the first instant at which it would, GCRA is the token bucket, the counts add up. */
#include <stdlib.h>

#include "base/mem.h"
#include "limiter_run.h"
#include "tape.h"

static struct policy *any(struct tape *r, struct limiter_params *p)
{
    *p = limiter_values("");
    p->algorithm = (int)tape_below(r, LIMITER_COUNT);
    static const double rates[] = {1, 3, 7.3, 10, 100, 1000, 7.0 / 60};
    p->rate = rates[tape_below(r, ARRAY_LEN(rates))];
    p->burst = (int64_t)tape_below(r, 9) + 1;
    p->limit = (int64_t)tape_below(r, 20) + 1;
    p->window_ns = (int64_t)tape_below(r, 3) * S(1) + MS(100);
    p->slack = tape_below(r, 2) ? 0 : (int64_t)tape_below(r, 5);
    p->align = tape_below(r, 4) == 0;
    p->queue = (int64_t)tape_below(r, 6);
    p->on_limit = (int)tape_below(r, 4);
    p->max_wait_ns = tape_below(r, 2) ? POLICY_NEVER : (int64_t)tape_below(r, (uint64_t)S(2));
    return limiter_create(p, 0);
}

static int64_t period_of(const struct limiter_params *p)
{
    bool windows = p->algorithm >= LIMITER_fixed_window && p->algorithm <= LIMITER_sliding_counter;
    return windows ? p->window_ns / (p->limit + 1) + 1 : (int64_t)(1e9 / p->rate);
}

struct passes {
    int64_t at[512];
    size_t n;
};

static int in_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* In no interval that begins and ends at a request more passed than the law allows. The interval
 * from the i-th to the j-th, both in it, is half-open of their distance and 1 ns. */
static void hold_the_law(struct policy *p, struct passes *x, uint64_t seed)
{
    const struct limiter *l = (const struct limiter *)p;
    qsort(x->at, x->n, sizeof x->at[0], in_order);
    for (size_t i = 0; i < x->n; i++)
        for (size_t j = i; j < x->n; j++) {
            double most = l->kind->admits(l, x->at[j] - x->at[i] + 1);
            cr_assert((double)(j - i + 1) <= most + 1e-6,
                      "seed %llu, %s: %zu pass in %lld ns, %g may", (unsigned long long)seed,
                      l->kind->name, j - i + 1, (long long)(x->at[j] - x->at[i]), most);
        }
}

static void counts_add_up(const struct policy *p)
{
    const struct policy_figures *f = &p->figures;
    cr_assert_eq(f->offered, f->permitted + f->rejected + f->timed_out + f->cancelled + f->waiting);
    cr_assert_eq(f->permitted, f->ended + f->active);
    cr_assert(f->max_active >= f->active && f->max_waiting >= f->waiting);
}

static void collect(struct policy *p, int64_t now, struct passes *x)
{
    struct decided d;
    int64_t last = INT64_MIN;
    while (policy_decided(p, now, &d)) {
        cr_assert(d.at_ns <= now && d.at_ns >= last, "in the order of the instants");
        last = d.at_ns;
        if (d.a.ok)
            x->at[x->n++] = d.at_ns;
        counts_add_up(p);
    }
    cr_assert(policy_next_ns(p, now) > now);
}

Test(limiter_law, none_lets_more_through_than_it_may)
{
    for (uint64_t seed = 0; seed < 6000; seed++) {
        struct tape r = {seed};
        struct limiter_params v;
        struct policy *p = any(&r, &v);
        struct passes x = {.n = 0};
        int64_t period = period_of(&v), t = 0;
        for (int i = 0; i < 120; i++) {
            t += tape_step(&r, period);
            collect(p, t, &x);
            struct admission a = limiter_ask(p, t, 1);
            cr_assert_eq(a.ok, !a.waiting && a.why == ADMIT_OK);
            if (a.ok)
                x.at[x.n++] = t + a.wait_ns;
            if (a.ok && v.algorithm == LIMITER_adaptive)
                policy_end(p, t, &a.ticket, CALL_OK, MS(1));
            counts_add_up(p);
        }
        collect(p, t + S(100000), &x);
        hold_the_law(p, &x, seed);
        policy_free(p);
    }
}

/* The law of the sliding log by itself, not by what it says of itself: any window, `limit`. */
Test(limiter_law, the_sliding_log_never_lets_more_than_limit_through_any_window)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct tape r = {seed};
        struct limiter_params v;
        policy_free(any(&r, &v));
        v.algorithm = LIMITER_sliding_log;
        v.on_limit = (int)(seed % 3 == 0 ? ON_LIMIT_QUEUE : ON_LIMIT_REJECT);
        struct policy *p = limiter_create(&v, 0);
        struct passes x = {.n = 0};
        int64_t t = 0;
        for (int i = 0; i < 200; i++) {
            t += tape_step(&r, period_of(&v));
            collect(p, t, &x);
            if (limiter_ok(p, t, 1))
                x.at[x.n++] = t;
        }
        for (size_t i = (size_t)v.limit; i < x.n; i++)
            cr_assert_geq(x.at[i] - x.at[i - (size_t)v.limit], v.window_ns, "seed %llu",
                          (unsigned long long)seed);
        policy_free(p);
    }
}

/* `when` is the first instant: the request passes there and not 1 ns before. Where tokens are a
 * double a deficit of exactly 1 ns may come out as a little less, which is none, or more: 1 ns off.
 */
Test(limiter_law, retry_after_is_the_first_instant_at_which_it_passes)
{
    int refused = 0;
    for (uint64_t seed = 0; seed < 4000; seed++) {
        struct tape r = {seed};
        struct limiter_params v;
        policy_free(any(&r, &v));
        v.on_limit = ON_LIMIT_REJECT;
        if (v.algorithm == LIMITER_adaptive)
            continue;
        struct policy *p = limiter_create(&v, 0);
        int64_t t = 0;
        for (int i = 0; i < 60; i++) {
            t += tape_step(&r, period_of(&v));
            uint32_t n = tape_below(&r, 4) ? 1 : (uint32_t)tape_below(&r, 4);
            struct admission a = limiter_ask(p, t, n);
            if (a.ok || a.retry_after_ns == POLICY_NEVER)
                continue;
            refused++;
            cr_assert_gt(a.retry_after_ns, 0);
            int64_t off = v.algorithm == LIMITER_token_bucket || v.algorithm == LIMITER_leaky_meter;
            t += a.retry_after_ns;
            if (a.retry_after_ns > 1 + off)
                cr_assert_not(limiter_ok(p, t - 1 - off, n), "seed %llu %s: too late",
                              (unsigned long long)seed, limiter_names[v.algorithm]);
            cr_assert(limiter_ok(p, t, n) || (off && limiter_ok(p, t + 1, n)),
                      "seed %llu %s: too early", (unsigned long long)seed,
                      limiter_names[v.algorithm]);
            t += off;
        }
        policy_free(p);
    }
    cr_assert_gt(refused, 10000);
}

/* Looking changes nothing: level, cap, next, due and explain leave every decision as it was. */
Test(limiter_law, looking_changes_nothing)
{
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct tape r = {seed}, look = {seed ^ 0xabcdef};
        struct limiter_params v;
        struct policy *a = any(&r, &v), *b = limiter_create(&v, 0);
        int64_t t = 0;
        for (int i = 0; i < 80; i++) {
            t += tape_step(&r, period_of(&v));
            int64_t later = t + (int64_t)tape_below(&look, (uint64_t)S(100));
            struct policy_reason why;
            struct policy_request q = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
            struct admission none = {.ok = false};
            policy_level(b, later);
            policy_cap(b);
            policy_next_ns(b, later);
            policy_due_ns(b);
            policy_explain(b, later, &q, &none, &why);
            struct admission x = limiter_ask(a, t, 1), y = limiter_ask(b, t, 1);
            cr_assert(x.ok == y.ok && x.wait_ns == y.wait_ns && x.waiting == y.waiting &&
                          x.level == y.level,
                      "seed %llu, %s", (unsigned long long)seed, limiter_names[v.algorithm]);
        }
        policy_free(a);
        policy_free(b);
    }
}

/* ---- GCRA and the token bucket --------------------------------------------------------------- */

static struct policy *of(int algorithm, double rate, int64_t burst)
{
    struct limiter_params p = limiter_values("");
    p.algorithm = algorithm;
    p.rate = rate;
    p.burst = burst;
    return limiter_create(&p, 0);
}

static int64_t when_of(struct policy *p, int64_t t)
{
    const struct limiter *l = (const struct limiter *)p;
    return l->kind->when(l, t, 1);
}

/* Whole intervals: the same decisions, whatever the trace. One exception is the double's: a request
 * that comes exactly 1 ns too early lacks 1 ns of tokens, which may come out as a little less than
 * 1 ns, and less than 1 ns is forgiven. */
static int whole_intervals(bool on_the_edge)
{
    static const double rates[] = {1, 2, 10, 100, 1000, 0.25, 1e6, 8, 40};
    int edges = 0;
    for (uint64_t seed = 0; seed < 40000; seed++) {
        struct tape r = {seed};
        double rate = rates[tape_below(&r, ARRAY_LEN(rates))];
        int64_t burst = (int64_t)tape_below(&r, 20) + 1, period = (int64_t)(1e9 / rate), t = 0;
        struct policy *g = of(LIMITER_gcra, rate, burst);
        struct policy *b = of(LIMITER_token_bucket, rate, burst);
        for (int i = 0; i < 80; i++) {
            int64_t step = tape_step(&r, period);
            t += on_the_edge ? step : (step + period / 20) / (period / 10) * (period / 10);
            uint32_t n = tape_below(&r, 4) ? 1 : (uint32_t)tape_below(&r, (uint64_t)burst + 2);
            int64_t at = ((struct limiter *)g)->kind->when((struct limiter *)g, t, n);
            bool x = limiter_ok(g, t, n), y = limiter_ok(b, t, n);
            if (x == y)
                continue;
            cr_assert(y && at == t + 1, "seed %llu, step %d: gcra %d, token bucket %d",
                      (unsigned long long)seed, i, x, y);
            edges++;
            break;
        }
        policy_free(g);
        policy_free(b);
    }
    return edges;
}

Test(limiter_law, gcra_is_the_token_bucket_where_the_interval_is_whole)
{
    cr_assert_eq(whole_intervals(false), 0);
    int edges = whole_intervals(true);
    cr_assert(edges > 0 && edges < 4000, "%d of 40000 traces", edges);
}

/* Else within 1 ns, and it does not drift: a million in a row. */
Test(limiter_law, gcra_is_within_a_nanosecond_where_it_is_not)
{
    static const double rates[] = {3, 7, 7.3, 33, 12345.678, 7.0 / 60, 1.0 / 7, 999983};
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        struct policy *g = of(LIMITER_gcra, rates[i], 4);
        struct policy *b = of(LIMITER_token_bucket, rates[i], 4);
        int64_t t = 0;
        for (int k = 0; k < 200000; k++) {
            int64_t x = when_of(g, t), y = when_of(b, t);
            cr_assert(x - y <= 1 && y - x <= 1, "rate %g, request %d: %lld and %lld", rates[i], k,
                      (long long)x, (long long)y);
            t = x > y ? x : y;
            cr_assert(limiter_ok(g, t, 1) && limiter_ok(b, t, 1));
        }
        policy_free(g);
        policy_free(b);
    }
}

/* The meter is the token bucket upside down. */
Test(limiter_law, the_leaky_meter_decides_as_the_token_bucket)
{
    static const double rates[] = {1, 3, 10, 7.3, 1000, 7.0 / 60};
    for (uint64_t seed = 0; seed < 10000; seed++) {
        struct tape r = {seed};
        double rate = rates[tape_below(&r, ARRAY_LEN(rates))];
        int64_t burst = (int64_t)tape_below(&r, 20) + 1, period = (int64_t)(1e9 / rate), t = 0;
        struct policy *m = of(LIMITER_leaky_meter, rate, burst);
        struct policy *b = of(LIMITER_token_bucket, rate, burst);
        for (int i = 0; i < 80; i++) {
            t += tape_step(&r, period);
            int64_t x = when_of(m, t), y = when_of(b, t);
            cr_assert(x - y <= 1 && y - x <= 1, "seed %llu: %lld and %lld",
                      (unsigned long long)seed, (long long)x, (long long)y);
            int64_t at = x == t && y == t ? t : (x > y ? x : y);
            if (at == t)
                cr_assert(limiter_ok(m, t, 1) && limiter_ok(b, t, 1));
        }
        policy_free(m);
        policy_free(b);
    }
}

/* A promise taken back leaves the limiter as if it had never been made. */
Test(limiter_law, a_refund_undoes_its_reservation)
{
    static const int kinds[] = {LIMITER_token_bucket, LIMITER_gcra};
    for (uint64_t seed = 0; seed < 4000; seed++) {
        struct tape r = {seed};
        struct limiter_params v = limiter_values("rate = 10/s; on_limit = wait");
        v.algorithm = kinds[seed & 1];
        v.burst = (int64_t)tape_below(&r, 9) + 1;
        struct policy *p = limiter_create(&v, 0);
        int64_t t = 0;
        for (int i = 0; i < 40; i++) {
            t += tape_step(&r, MS(100));
            double before = policy_level(p, t);
            struct admission a = limiter_ask(p, t, 1);
            cr_assert(a.ok);
            if (tape_below(&r, 2)) {
                policy_cancel(p, t, &a.ticket);
                cr_assert_float_eq(policy_level(p, t), before, 1e-6, "seed %llu",
                                   (unsigned long long)seed);
            }
        }
        counts_add_up(p);
        policy_free(p);
    }
}

Test(limiter_law, waiting_ones_keep_their_order_and_may_leave_at_any_time)
{
    for (uint64_t seed = 0; seed < 3000; seed++) {
        struct tape r = {seed};
        struct limiter_params v;
        policy_free(any(&r, &v));
        v.on_limit = ON_LIMIT_QUEUE;
        v.queue = 50;
        if (v.algorithm == LIMITER_adaptive)
            v.algorithm = LIMITER_gcra;
        struct policy *p = limiter_create(&v, 0);
        struct ticket waits[120];
        bool there[120] = {false};
        int64_t t = 0;
        uint64_t last = 0;
        for (uint64_t i = 1; i < 100; i++) {
            t += tape_step(&r, period_of(&v) / 2);
            struct decided d;
            while (policy_decided(p, t, &d)) {
                cr_assert(there[d.id], "it had left");
                there[d.id] = false;
                if (d.a.ok) {
                    cr_assert_gt(d.id, last, "first come, first served");
                    last = d.id;
                }
            }
            struct admission a;
            policy_admit(
                p, t,
                &(struct policy_request){
                    .id = i, .cost = 1, .deadline_ns = t + (int64_t)tape_below(&r, (uint64_t)S(9))},
                &a);
            cr_assert_not(a.ok && p->figures.waiting, "nobody overtakes");
            if (a.waiting) {
                waits[i] = a.ticket;
                there[i] = true;
            }
            uint64_t leaver = tape_below(&r, i) + 1;
            if (there[leaver] && tape_below(&r, 3) == 0) {
                policy_cancel(p, t, &waits[leaver]);
                there[leaver] = false;
            }
            counts_add_up(p);
        }
        policy_free(p);
    }
}
