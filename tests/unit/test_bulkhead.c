/* SPDX-License-Identifier: MIT */
/* Bulkheads: BH-1 to BH-4, the forms and the libraries, resizing, and Erlang's formulas, also
 * against the machine itself under Poisson arrivals. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/rng.h"
#include "policies/breaker.h"
#include "policies/bulkhead.h"
#include "policies/erlang.h"
#include "tape.h"
#include "traffic/traffic.h"

#define MS(n) ((int64_t)(n)*1000000)
#define S(n)  ((int64_t)(n)*1000000000)

static struct bulkhead_params values(const char *text)
{
    struct bulkhead_params p;
    struct param_preset one[] = {{.name = "test", .help = "", .values = text}};
    struct param_table t = bulkhead_table;
    param_defaults(&bulkhead_table, &p);
    const char *preset = strstr(text, "preset = ");
    if (preset) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(preset + 9, ";"), preset + 9);
        cr_assert(param_preset(&bulkhead_table, &p, name), "%s", name);
    }
    t.presets = one;
    t.presets_n = 1;
    cr_assert(param_preset(&t, &p, "test"));
    return p;
}

static struct policy *from(const char *text)
{
    struct bulkhead_params p = values(text);
    cr_assert_null(bulkhead_check(&p));
    return bulkhead_create(&p, 0);
}

static struct admission ask(struct policy *b, int64_t now, uint64_t id)
{
    struct admission a;
    policy_admit(b, now, &(struct policy_request){.id = id, .cost = 1, .deadline_ns = POLICY_NEVER},
                 &a);
    return a;
}

static void done(struct policy *b, int64_t now, const struct ticket *t)
{
    policy_end(b, now, t, CALL_OK, 0);
}

/* BH-1 */
static void identities(const struct policy *p)
{
    struct bulkhead_metrics m = bulkhead_metrics(p);
    cr_assert(m.active >= 0 && m.active <= m.max, "active %lld of %lld", (long long)m.active,
              (long long)m.max);
    cr_assert_eq(m.available, m.max - m.active);
    cr_assert_eq(m.permitted, m.completed + (uint64_t)m.active);
    cr_assert_eq(m.offered, m.permitted + m.rejected + m.timed_out + m.cancelled + m.waiting);
}

/* ---- semaphore ------------------------------------------------------------------------------- */

Test(bulkhead, a_semaphore_refuses_at_once)
{
    struct policy *b = from("max = 2");
    struct admission one = ask(b, 0, 1), two = ask(b, 0, 2), three = ask(b, 0, 3);
    cr_assert(one.ok && two.ok && !three.ok && !three.waiting && three.why == ADMIT_FULL);
    cr_assert_float_eq(three.level, 2, 0);
    done(b, S(1), &one.ticket);
    cr_assert(ask(b, S(1), 4).ok);
    policy_free(b);
    b = from("max = 0");
    cr_assert_not(ask(b, 0, 1).ok, "0 is allowed: nothing passes");
    policy_free(b);
}

Test(bulkhead, who_waits_is_served_in_order_or_told_that_it_was_in_vain)
{
    struct policy *b = from("max = 1; max_wait = 100ms");
    struct admission one = ask(b, 0, 1);
    cr_assert(ask(b, MS(10), 2).waiting && ask(b, MS(20), 3).waiting && ask(b, MS(30), 4).waiting);
    cr_assert_eq(policy_next_ns(b, MS(30)), MS(110));
    struct decided d;
    cr_assert_not(policy_decided(b, MS(50), &d));
    done(b, MS(50), &one.ticket);
    cr_assert_not(ask(b, MS(50), 5).ok, "a newcomer does not overtake");
    cr_assert(policy_decided(b, MS(50), &d));
    cr_assert(d.id == 2 && d.a.ok && d.at_ns == MS(50) && d.a.wait_ns == MS(40));
    cr_assert_not(policy_decided(b, MS(60), &d));
    cr_assert(policy_decided(b, S(1), &d));
    cr_assert(d.id == 3 && !d.a.ok && d.a.why == ADMIT_TIMEOUT && d.at_ns == MS(120));
    cr_assert(policy_decided(b, S(1), &d) && d.id == 4 && policy_decided(b, S(1), &d));
    identities(b);
    cr_assert_eq(bulkhead_metrics(b).timed_out, 3);
    policy_free(b);
}

Test(bulkhead, a_place_that_comes_free_at_the_deadline_is_still_had)
{
    struct policy *b = from("max = 1; max_wait = 100ms");
    struct admission one = ask(b, 0, 1);
    struct decided d;
    cr_assert(ask(b, 0, 2).waiting);
    done(b, MS(100), &one.ticket);
    cr_assert(policy_decided(b, MS(100), &d) && d.a.ok);
    policy_free(b);
}

Test(bulkhead, the_line_has_room_for_so_many)
{
    struct policy *b = from("max = 1; max_wait = forever; queue = 2");
    ask(b, 0, 1);
    cr_assert(ask(b, 0, 2).waiting && ask(b, 0, 3).waiting);
    struct admission a = ask(b, 0, 4);
    cr_assert(!a.ok && !a.waiting && a.why == ADMIT_FULL);
    cr_assert_eq(policy_next_ns(b, 0), POLICY_NEVER);
    policy_free(b);
}

/* ---- pool ------------------------------------------------------------------------------------ */

Test(bulkhead, a_pool_grows_only_when_its_queue_is_full_and_then_for_the_newcomer)
{
    struct policy *b = from("form = pool; core = 1; max = 3; queue = 2; keep_alive = 20ms");
    struct admission a[8];
    for (uint64_t i = 0; i < 6; i++)
        a[i] = ask(b, 0, i + 1);
    cr_assert(a[0].ok && bulkhead_threads(b) == 3);
    cr_assert(a[1].waiting && a[2].waiting);
    cr_assert(a[3].ok && a[4].ok, "past the two who wait");
    cr_assert(!a[5].ok && a[5].why == ADMIT_FULL, "queue and threads full");
    struct decided d;
    done(b, MS(5), &a[3].ticket);
    cr_assert(policy_decided(b, MS(5), &d) && d.id == 2 && d.a.ok);
    cr_assert_not(policy_decided(b, S(1), &d), "a queue does not look at the time");
    identities(b);
    /* all done: threads above core die after keep_alive */
    done(b, MS(6), &a[0].ticket);
    cr_assert(policy_decided(b, MS(6), &d) && d.id == 3);
    done(b, MS(7), &a[4].ticket);
    done(b, MS(8), &d.a.ticket);
    done(b, MS(9), &d.a.ticket);
    cr_assert_eq(bulkhead_threads(b), 3);
    a[0] = ask(b, MS(26), 9);
    cr_assert(a[0].ok, "an idle one takes it");
    a[1] = ask(b, MS(40), 10);
    cr_assert(a[1].waiting && bulkhead_threads(b) == 1, "the others are dead: it queues at core");
    policy_free(b);
}

Test(bulkhead, a_pool_without_a_queue_hands_over_or_refuses)
{
    struct policy *b = from("preset = hystrix_pool");
    for (uint64_t i = 0; i < 10; i++)
        cr_assert(ask(b, 0, i).ok);
    cr_assert_eq(ask(b, 0, 11).why, ADMIT_FULL);
    policy_free(b);
}

/* ---- at every instant ------------------------------------------------------------------------ */

static struct bulkhead_params any(struct tape *r)
{
    struct bulkhead_params p = values("");
    p.form = (int)tape_below(r, 2);
    p.max = (int64_t)tape_below(r, 6);
    p.max_wait_ns = tape_below(r, 3) == 0 ? 0 : tape_below(r, 2) ? PARAM_FOREVER : MS(50);
    p.queue = tape_below(r, 2) ? PARAM_AUTO : (int64_t)tape_below(r, 5);
    p.core = tape_below(r, 2) ? PARAM_AUTO : (int64_t)tape_below(r, (uint64_t)p.max + 1);
    p.keep_alive_ns = MS((int64_t)tape_below(r, 100));
    return p;
}

struct open_calls {
    struct ticket active[64], waiting[200];
    size_t active_n, waiting_n;
    uint64_t waiting_id[200];
};

static void take_decided(struct policy *b, int64_t t, struct open_calls *o)
{
    struct decided d;
    while (policy_decided(b, t, &d)) {
        size_t i = 0;
        while (i < o->waiting_n && o->waiting_id[i] != d.id)
            i++;
        cr_assert_lt(i, o->waiting_n, "it does not wait");
        o->waiting_n--;
        memmove(&o->waiting[i], &o->waiting[i + 1], (o->waiting_n - i) * sizeof o->waiting[0]);
        memmove(&o->waiting_id[i], &o->waiting_id[i + 1], (o->waiting_n - i) * sizeof(uint64_t));
        if (d.a.ok)
            o->active[o->active_n++] = d.a.ticket;
        identities(b);
    }
}

Test(bulkhead, BH_1_the_identities_hold_at_every_instant_also_while_it_is_resized)
{
    for (uint64_t seed = 0; seed < 6000; seed++) {
        struct tape r = {seed};
        struct bulkhead_params p = any(&r);
        struct policy *b = bulkhead_create(&p, 0);
        struct open_calls o = {.active_n = 0};
        int64_t t = 0;
        for (uint64_t i = 1; i < 150; i++) {
            t += MS((int64_t)tape_below(&r, 12));
            take_decided(b, t, &o);
            uint64_t what = tape_below(&r, 10);
            if (what < 5) {
                struct admission a = ask(b, t, i);
                if (a.ok) {
                    o.active[o.active_n++] = a.ticket;
                } else if (a.waiting) {
                    o.waiting[o.waiting_n] = a.ticket;
                    o.waiting_id[o.waiting_n++] = i;
                }
            } else if (what < 8 && o.active_n) {
                size_t k = (size_t)tape_below(&r, o.active_n);
                done(b, t, &o.active[k]);
                o.active[k] = o.active[--o.active_n];
            } else if (what == 8 && o.waiting_n) {
                policy_cancel(b, t, &o.waiting[--o.waiting_n]);
            } else if (what == 9) {
                p.max = (int64_t)tape_below(&r, 8);
                p.core = PARAM_AUTO;
                cr_assert_null(policy_set(b, t, &p));
            }
            identities(b);
            cr_assert_eq(bulkhead_metrics(b).active, (int64_t)o.active_n);
            take_decided(b, t, &o);
            cr_assert_eq(b->figures.waiting, o.waiting_n);
            if (p.form == BULKHEAD_SEMAPHORE && o.waiting_n)
                cr_assert_geq((int64_t)o.active_n, bulkhead_metrics(b).max,
                              "seed %llu: places are free and somebody waits",
                              (unsigned long long)seed);
        }
        policy_free(b);
    }
}

Test(bulkhead, shrinking_takes_places_as_calls_end_and_growing_at_once)
{
    struct bulkhead_params p = values("max = 4; max_wait = forever");
    struct policy *b = bulkhead_create(&p, 0);
    struct admission a[4];
    struct decided d;
    for (uint64_t i = 0; i < 4; i++)
        a[i] = ask(b, 0, i);
    p.max = 2;
    cr_assert_null(policy_set(b, 0, &p));
    cr_assert_eq(bulkhead_metrics(b).max, 4, "four are in");
    cr_assert(ask(b, 0, 9).waiting);
    done(b, S(1), &a[0].ticket);
    cr_assert_eq(bulkhead_metrics(b).max, 3);
    cr_assert_not(policy_decided(b, S(1), &d));
    done(b, S(2), &a[1].ticket);
    cr_assert_not(policy_decided(b, S(2), &d));
    p.max = 3;
    cr_assert_null(policy_set(b, S(3), &p));
    cr_assert(policy_decided(b, S(3), &d) && d.a.ok && d.at_ns == S(3));
    policy_free(b);
}

/* ---- the libraries --------------------------------------------------------------------------- */

Test(bulkhead, BH_2_the_seeds_metrics_show_three_active_in_two_places)
{
    struct policy *b = from("preset = seed; max = 2");
    struct admission one = ask(b, 0, 1);
    ask(b, 0, 2);
    done(b, 0, &one.ticket); /* the slot is free, the counter has not dropped yet */
    cr_assert(ask(b, 0, 3).ok);
    struct bulkhead_metrics m = bulkhead_metrics(b);
    cr_assert(m.active == 3 && m.max == 2 && m.available == -1);
    cr_assert_eq(b->figures.active, 2, "there are two");
    policy_settle(b);
    identities(b);
    policy_free(b);
}

Test(bulkhead, BH_3_who_is_inside_decides_whether_a_rejection_counts)
{
    struct breaker_params bp;
    param_defaults(&breaker_table, &bp); /* five failures in a row */
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    for (int outside = 0; outside < 2; outside++) {
        struct policy *bulk = from("max = 1"), *breaker = breaker_create(&bp, 0);
        struct admission held = ask(bulk, 0, 1), a, b;
        cr_assert(held.ok);
        for (int i = 0; i < 10; i++) {
            struct policy *first = outside ? breaker : bulk;
            struct policy *second = outside ? bulk : breaker;
            policy_admit(first, 0, &r, &a);
            if (!a.ok)
                continue;
            policy_admit(second, 0, &r, &b);
            cr_assert_not(b.ok);
            policy_end(first, 0, &a.ticket, CALL_REJECTED, 0);
        }
        cr_assert_eq(breaker_state(breaker), outside ? BREAKER_OPEN : BREAKER_CLOSED);
        cr_assert_eq(breaker->figures.offered, outside ? 10 : 0);
        policy_free(bulk);
        policy_free(breaker);
    }
}

Test(bulkhead, a_release_too_many)
{
    struct policy *b = from("preset = resilience4j; max = 1");
    cr_assert(bulkhead_over_release(b, 0));
    cr_assert(ask(b, 0, 1).ok && ask(b, 0, 2).ok, "one place more, silently");
    identities(b);
    policy_free(b);
    b = from("preset = failsafe; max = 1");
    cr_assert_not(bulkhead_over_release(b, 0));
    cr_assert(ask(b, 0, 1).ok && !ask(b, 0, 2).ok);
    policy_free(b);
}

/* ---- how many are enough --------------------------------------------------------------------- */

Test(bulkhead, erlangs_formulas)
{
    /* B(n, a) = (a^n / n!) / sum of a^k / k! */
    for (int n = 1; n <= 20; n++)
        for (double a = 0.5; a < 30; a += 1.7) {
            double term = 1, sum = 1;
            for (int k = 1; k <= n; k++)
                sum += term *= a / k;
            cr_assert_float_eq(erlang_b(n, a), term / sum, 1e-12);
        }
    cr_assert_float_eq(erlang_c_wait(8, 6.4), 0.286, 5e-4); /* M/M/8 at 0.8 */
    cr_assert_float_eq(erlang_c(1, 0.7), 0.7, 1e-12); /* one server waits as often as it is busy */
    cr_assert_eq(erlang_c(3, 3), 1);
    cr_assert(isinf(erlang_c_wait(3, 4)));
    cr_assert_float_eq(erlang_b(0, 5), 1, 0);
    for (double a = 0.3; a < 200; a *= 1.6) {
        int64_t n = erlang_b_places(a, 0.01, 100000);
        cr_assert(erlang_b(n, a) <= 0.01 && erlang_b(n - 1, a) > 0.01);
        n = erlang_c_places(a, 0.05, 100000);
        cr_assert(erlang_c(n, a) <= 0.05 && erlang_c(n - 1, a) > 0.05);
    }
    cr_assert_eq(erlang_b_places(1e6, 0.01, 50), 50);
}

Test(bulkhead, BH_4_the_mean_fits_and_a_burst_does_not)
{
    /* 150 calls a second of at most 0.5 s need 75 places on average; 300 refuse nobody of a Poisson
     * stream, but a burst of 400 loses a quarter. */
    cr_assert_lt(erlang_b(300, 75), 1e-12);
    struct policy *b = from("max = 300");
    for (uint64_t i = 0; i < 400; i++)
        ask(b, 0, i);
    cr_assert_eq(bulkhead_metrics(b).rejected, 100);
    policy_free(b);
}

/* ---- under Poisson arrivals ------------------------------------------------------------------ */

struct busy {
    int64_t end_ns;
    struct ticket t;
};

/* Ends of calls, soonest first. */
struct ends {
    struct busy heap[64];
    size_t n;
};
static void ends_push(struct ends *e, struct busy b)
{
    size_t i = e->n++;
    for (; i && e->heap[(i - 1) / 2].end_ns > b.end_ns; i = (i - 1) / 2)
        e->heap[i] = e->heap[(i - 1) / 2];
    e->heap[i] = b;
}
static struct busy ends_pop(struct ends *e)
{
    struct busy top = e->heap[0], last = e->heap[--e->n];
    size_t i = 0;
    for (size_t k; (k = 2 * i + 1) < e->n; i = k) {
        if (k + 1 < e->n && e->heap[k + 1].end_ns < e->heap[k].end_ns)
            k++;
        if (e->heap[k].end_ns >= last.end_ns)
            break;
        e->heap[i] = e->heap[k];
    }
    e->heap[i] = last;
    return top;
}

/* Poisson arrivals of that load at a bulkhead: mean wait in mean service times; *refused: share. */
static double queueing(const char *text, double load, const struct dist *service, int arrivals,
                       double *refused)
{
    struct policy *b = from(text);
    struct rng when, how_long;
    struct ends e = {.n = 0};
    struct decided d;
    struct dist gap = {DIST_EXP, dist_mean(service) / load, 0};
    rng_init(&when, 1, "arrivals");
    rng_init(&how_long, 1, "service");
    int64_t t = 0;
    double waited = 0;
    for (int i = 0; i < arrivals; i++) {
        t += dist_sample(&gap, &when);
        while (e.n && e.heap[0].end_ns <= t) {
            struct busy x = ends_pop(&e);
            done(b, x.end_ns, &x.t);
            while (policy_decided(b, x.end_ns, &d)) {
                waited += (double)d.a.wait_ns;
                ends_push(&e,
                          (struct busy){x.end_ns + dist_sample(service, &how_long), d.a.ticket});
            }
        }
        struct admission a = ask(b, t, (uint64_t)i);
        if (a.ok)
            ends_push(&e, (struct busy){t + dist_sample(service, &how_long), a.ticket});
    }
    identities(b);
    struct bulkhead_metrics m = bulkhead_metrics(b);
    *refused = (double)m.rejected / (double)m.offered;
    waited /= (double)m.permitted * dist_mean(service);
    policy_free(b);
    return waited;
}

/* What is refused depends on the load, not on how service times are spread. */
Test(bulkhead, refuses_what_erlang_b_says_for_any_service_time)
{
    static const struct dist service[] = {
        {DIST_EXP, 1e8, 0}, {DIST_CONST, 1e8, 0}, {DIST_LOGNORMAL, 8e7, 0.7}};
    static const double load[] = {8, 12, 20};
    for (size_t i = 0; i < ARRAY_LEN(service); i++)
        for (size_t k = 0; k < ARRAY_LEN(load); k++) {
            double refused, want = erlang_b(10, load[k]);
            queueing("max = 10", load[k], &service[i], 300000, &refused);
            cr_assert_float_eq(refused / want, 1, 0.02, "service %zu, load %g: %g, Erlang B %g", i,
                               load[k], refused, want);
        }
}

Test(bulkhead, makes_wait_as_long_as_erlang_c_says)
{
    static const struct dist service = {DIST_EXP, 1e8, 0};
    static const double load[] = {5, 6, 7};
    for (size_t k = 0; k < ARRAY_LEN(load); k++) {
        double refused, want = erlang_c_wait(10, load[k]);
        double got = queueing("max = 10; max_wait = forever", load[k], &service, 800000, &refused);
        cr_assert_float_eq(got / want, 1, 0.04, "load %g: %g, Erlang C %g", load[k], got, want);
        cr_assert_eq(refused, 0);
    }
}
