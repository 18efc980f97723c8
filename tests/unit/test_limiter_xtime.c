/* SPDX-License-Identifier: MIT */
/* The token bucket against x/time/rate itself: RL-0 to RL-7, and 100 000 random traces of each
 * kind, whose results the library gave (golden/x_time_rate.inc). */
#include "golden/x_time_rate.inc"
#include "limiter_run.h"
#include "tape.h"

static const double rates[] = {0.1, 0.25, 1,    1.5,       3,   7.3,     10,
                               33,  100,  1000, 12345.678, 1e6, 7.0 / 60};

static struct policy *bucket(double rate, int64_t burst, const char *more)
{
    struct limiter_params p = limiter_values(more);
    p.rate = rate;
    p.burst = burst;
    return limiter_create(&p, 0);
}

static uint64_t allow(uint64_t seed)
{
    struct tape r = {seed};
    double rate = rates[tape_below(&r, ARRAY_LEN(rates))];
    int64_t burst = (int64_t)tape_below(&r, 20) + 1, period = (int64_t)(1e9 / rate), t = 0;
    struct policy *l = bucket(rate, burst, "on_limit = reject");
    uint64_t mask = 0;
    for (int i = 0; i < 64; i++) {
        t += tape_step(&r, period);
        mask |= (uint64_t)limiter_ok(l, t, 1) << i;
    }
    policy_free(l);
    return mask;
}

Test(limiter_xtime, RL_0_the_first_traces_decision_by_decision)
{
    for (size_t i = 0; i < ARRAY_LEN(x_time_rate_masks); i++)
        cr_assert_eq(allow(i), x_time_rate_masks[i], "trace %zu: %016llx", i,
                     (unsigned long long)allow(i));
}

Test(limiter_xtime, RL_0_a_hundred_thousand_traces_decide_as_AllowN)
{
    for (size_t b = 0; b < ARRAY_LEN(x_time_rate_blocks); b += TAPE_EVERY) {
        uint64_t h = TAPE_HASH;
        for (size_t s = b * 1000; s < b * 1000 + 1000; s++)
            tape_mix(&h, allow(s));
        cr_assert_eq(h, x_time_rate_blocks[b].allow, "block %zu", b);
    }
}

struct mixed {
    struct policy *l;
    struct limiter_params p;
    struct ticket kept[4];
    bool has[4];
    uint64_t *h;
};

static struct admission ask_until(struct policy *l, int64_t t, uint32_t n, int64_t deadline)
{
    struct admission a;
    struct policy_request q = {.id = 1, .cost = n, .deadline_ns = deadline};
    policy_admit(l, t, &q, &a);
    return a;
}

static void one_of(struct mixed *m, struct tape *r, int64_t t)
{
    uint32_t n = 1;
    if (tape_below(r, 3) == 0)
        n = (uint32_t)tape_below(r, (uint64_t)m->p.burst + 2);
    uint64_t op = tape_below(r, 10), k = tape_below(r, 4);
    if (op < 4) {
        tape_mix(m->h, ask_until(m->l, t, n, t).ok);
    } else if (op < 7) {
        struct admission a = ask_until(m->l, t, n, POLICY_NEVER);
        if (a.ok) {
            m->kept[k] = a.ticket;
            m->has[k] = true;
        }
        tape_mix(m->h, a.ok ? (uint64_t)a.wait_ns + 1 : 0);
    } else if (op < 9) {
        if (m->has[k])
            policy_cancel(m->l, t, &m->kept[k]);
        m->has[k] = false;
    } else {
        if (k < 2)
            m->p.rate = rates[tape_below(r, ARRAY_LEN(rates))];
        else
            m->p.burst = (int64_t)tape_below(r, 20) + 1;
        cr_assert_null(policy_set(m->l, t, &m->p));
    }
    tape_mix(m->h, tape_bits(policy_level(m->l, t)));
}

static void mixed(uint64_t seed, uint64_t *h)
{
    struct tape r = {seed};
    struct mixed m = {.h = h, .p = limiter_values("on_limit = wait")};
    m.p.rate = rates[tape_below(&r, ARRAY_LEN(rates))];
    m.p.burst = (int64_t)tape_below(&r, 20) + 1;
    m.l = limiter_create(&m.p, 0);
    int64_t period = (int64_t)(1e9 / m.p.rate), t = 0;
    for (int i = 0; i < 64; i++) {
        t += tape_step(&r, period);
        one_of(&m, &r, t);
    }
    policy_free(m.l);
}

Test(limiter_xtime, reservations_cancels_and_changes_to_the_last_bit)
{
    for (size_t b = 0; b < ARRAY_LEN(x_time_rate_blocks); b += TAPE_EVERY) {
        uint64_t h = TAPE_HASH;
        for (size_t s = b * 1000; s < b * 1000 + 1000; s++)
            mixed(s, &h);
        cr_assert_eq(h, x_time_rate_blocks[b].mixed, "block %zu", b);
    }
}

/* ---- the facts, one by one ------------------------------------------------------------------- */

/* At the instant at which a refused request is told to come again there is a whole token, but often
 * not in floating point: the wait for the rest is below a nanosecond, and none. */
Test(limiter_xtime, RL_0_rounding_dust_is_forgiven)
{
    int below_one = 0, asked = 0;
    for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
        struct policy *l = bucket(rates[i], 5, "");
        struct tape r = {i};
        int64_t period = (int64_t)(1e9 / rates[i]), t = 0;
        for (int k = 0; k < 2000; k++) {
            t += (int64_t)tape_below(&r, (uint64_t)period);
            struct admission a = limiter_ask(l, t, 1);
            if (a.ok)
                continue;
            t += a.retry_after_ns;
            below_one += policy_level(l, t) < 1;
            asked++;
            cr_assert(limiter_ok(l, t, 1), "rate %g, request %d", rates[i], k);
        }
        policy_free(l);
    }
    cr_assert(below_one > asked / 100, "%d of %d: this test tests nothing", below_one, asked);
}

Test(limiter_xtime, RL_1_steps_of_100ms)
{
    static const struct {
        int64_t at;
        uint32_t n;
        bool ok;
    } run[] = {{0, 2, true},  {0, 2, false}, {0, 1, true},  {0, 1, false}, {1, 4, false},
               {2, 1, true},  {2, 1, true},  {2, 1, false}, {4, 1, true},  {4, 1, true},
               {4, 1, false}, {9, 3, true},  {9, 0, true}};
    struct policy *l = bucket(10, 3, "");
    for (size_t i = 0; i < ARRAY_LEN(run); i++)
        cr_assert_eq(limiter_ok(l, MS(100) * run[i].at, run[i].n), run[i].ok, "step %zu", i);
    policy_free(l);
}

Test(limiter_xtime, RL_2_more_than_the_burst_never_passes)
{
    struct policy *l = bucket(10, 1, "");
    for (int i = 0; i < 100; i++) {
        struct admission a = limiter_ask(l, S(i), 2);
        cr_assert(!a.ok && a.why == ADMIT_LIMITED && a.retry_after_ns == POLICY_NEVER);
    }
    policy_free(l);
    l = bucket(10, 1, "on_limit = wait");
    cr_assert_not(limiter_ok(l, S(1), 2), "nor is it promised");
    policy_free(l);
}

Test(limiter_xtime, RL_3_rate_0_is_exactly_the_burst)
{
    struct limiter_params p = limiter_values("rate = 0/s; burst = 1");
    struct policy *l = limiter_create(&p, 0);
    cr_assert(limiter_ok(l, S(1), 1));
    for (int i = 1; i < 10; i++)
        cr_assert_not(limiter_ok(l, S(i * 1000), 1));
    p.rate = 10;
    cr_assert_null(policy_set(l, S(10000), &p));
    cr_assert_not(limiter_ok(l, S(10000) + MS(99), 1));
    cr_assert(limiter_ok(l, S(10000) + MS(100), 1));
    policy_free(l);
}

Test(limiter_xtime, RL_4_burst_0_and_no_limit)
{
    struct policy *l = bucket(10, 0, "on_limit = wait");
    for (int i = 0; i < 10; i++) {
        struct admission a = limiter_ask(l, S(i), 1);
        cr_assert(!a.ok && !a.waiting && a.wait_ns == 0, "Wait fails at once");
    }
    cr_assert(limiter_ok(l, S(10), 0));
    policy_free(l);
    l = bucket(__builtin_inf(), 0, "");
    for (uint32_t n = 0; n < 100; n++)
        cr_assert(limiter_ok(l, 0, n), "no limit ignores the burst");
    policy_free(l);
}

Test(limiter_xtime, RL_5_reservations_and_cancels)
{
    struct policy *l = bucket(10, 2, "on_limit = wait");
    cr_assert_eq(limiter_ask(l, 0, 2).wait_ns, 0);
    cr_assert_eq(limiter_ask(l, 0, 2).wait_ns, MS(200));
    cr_assert_float_eq(policy_level(l, 0), -2, 0, "a negative balance");
    cr_assert_eq(limiter_ask(l, MS(300), 2).wait_ns, MS(100));
    policy_free(l);

    /* Cancelling gives back what was not promised to somebody else since. */
    l = bucket(10, 4, "on_limit = wait");
    cr_assert(limiter_ok(l, 0, 4));
    struct admission a = limiter_ask(l, 0, 3), b = limiter_ask(l, 0, 2);
    cr_assert(a.wait_ns == MS(300) && b.wait_ns == MS(500));
    policy_cancel(l, MS(100), &a.ticket);
    cr_assert_float_eq(policy_level(l, MS(100)), -3, 1e-9, "1 of 3");
    policy_cancel(l, MS(200), &b.ticket);
    cr_assert_float_eq(policy_level(l, MS(200)), 0, 1e-9, "2 of 2");
    /* too late: nothing */
    a = limiter_ask(l, MS(200), 1);
    policy_cancel(l, a.ticket.at_ns + 1, &a.ticket);
    cr_assert_float_eq(policy_level(l, MS(300)), 0, 1e-6);
    policy_free(l);
}

Test(limiter_xtime, RL_5_wait_fails_at_once_when_the_deadline_is_too_near)
{
    struct policy *l = bucket(10, 1, "on_limit = wait");
    cr_assert(limiter_ok(l, 0, 1));
    struct admission a = ask_until(l, 0, 1, MS(99));
    cr_assert(!a.ok && a.wait_ns == 0 && a.retry_after_ns == MS(100));
    cr_assert_eq(ask_until(l, 0, 1, MS(100)).wait_ns, MS(100));
    cr_assert_float_eq(policy_level(l, 0), -1, 0, "the refused one took nothing");
    policy_free(l);
}

Test(limiter_xtime, RL_6_changes_do_not_move_promises)
{
    struct limiter_params p = limiter_values("rate = 10/s; burst = 2; on_limit = wait");
    struct policy *l = limiter_create(&p, 0);
    limiter_ok(l, 0, 2);
    struct admission a = limiter_ask(l, 0, 2);
    p.rate = 1;
    cr_assert_null(policy_set(l, MS(100), &p));
    cr_assert_eq(a.ticket.at_ns, MS(200), "as it was promised");
    cr_assert_eq(limiter_ask(l, MS(100), 1).wait_ns, S(2), "the next one at the new rate");
    policy_free(l);
}

Test(limiter_xtime, RL_7_a_stale_instant_mints_tokens)
{
    struct policy *l = bucket(1, 1, "");
    cr_assert(limiter_ok(l, 0, 1));
    int granted = 0;
    for (int i = 0; i < 20; i++) {
        granted += limiter_ok(l, S(1), 1);
        limiter_ok(l, 0, 0);
    }
    cr_assert_eq(granted, 20);
    policy_free(l);
    /* GCRA keeps one instant and does not have the defect */
    struct limiter_params p = limiter_values("algorithm = gcra; rate = 1/s; burst = 1");
    l = limiter_create(&p, 0);
    cr_assert(limiter_ok(l, 0, 1));
    granted = 0;
    for (int i = 0; i < 20; i++) {
        granted += limiter_ok(l, S(1), 1);
        limiter_ok(l, 0, 0);
    }
    cr_assert_eq(granted, 1);
    policy_free(l);
}
