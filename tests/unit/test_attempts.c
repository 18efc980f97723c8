/* SPDX-License-Identifier: MIT */
/* Retry, timeout, fallback and hedge: their waits, their bounds, what they draw. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "policies/attempts.h"

#define MS(n) ((int64_t)(n)*1000000)
#define S(n)  ((int64_t)(n)*1000000000)

static void set_values(const struct param_table *table, void *block, const char *values)
{
    struct param_preset one[] = {{.name = "test", .help = "", .values = values}};
    struct param_table t = *table;
    param_defaults(table, block);
    t.presets = one;
    t.presets_n = 1;
    cr_assert(param_preset(&t, block, "test"));
}

static struct rng rng;

static struct policy *retry(const char *values)
{
    struct retry_params p;
    set_values(&retry_table, &p, values);
    rng_init(&rng, 1, "retry");
    return retry_create(&p, 0, &rng);
}

static struct admission admit(struct policy *p, int64_t now)
{
    struct admission a;
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    policy_admit(p, now, &r, &a);
    return a;
}

static struct step failed(struct policy *p, int64_t now, uint32_t number, int64_t last_wait)
{
    struct step s;
    struct attempt t = {.id = 1,
                        .number = number,
                        .how = CALL_ERROR,
                        .deadline_ns = POLICY_NEVER,
                        .last_wait_ns = last_wait};
    policy_again(p, now, &t, &s);
    return s;
}

Test(attempts, retries_so_often_and_then_returns_what_it_got)
{
    struct policy *p = retry("attempts = 3; backoff = fixed; delay = 100ms; jitter = none");
    cr_assert(admit(p, 0).ok);
    for (uint32_t n = 1; n < 3; n++) {
        struct step s = failed(p, 0, n, 0);
        cr_assert(s.what == STEP_ATTEMPT && s.wait_ns == MS(100));
    }
    struct step s = failed(p, 0, 3, 0);
    cr_assert(s.what == STEP_RETURN && s.as == CALL_ERROR && s.denied);
    cr_assert_str_eq(s.why, "attempt 3 of 3 was the last");
    cr_assert(p->figures.again == 2 && p->figures.denied == 1);
    policy_free(p);
}

Test(attempts, only_after_the_ends_that_are_named)
{
    struct policy *p = retry("on = timeout; jitter = none");
    for (int how = 0; how < CALL_END_COUNT; how++) {
        struct step s;
        struct attempt t = {.number = 1, .how = (uint8_t)how, .deadline_ns = POLICY_NEVER};
        policy_again(p, 0, &t, &s);
        cr_assert_eq(s.what, how == CALL_TIMEOUT ? STEP_ATTEMPT : STEP_RETURN);
        cr_assert_eq(s.as, how);
    }
    policy_free(p);
}

Test(attempts, the_wait_grows_up_to_its_bound)
{
    struct policy *p = retry("attempts = 20; delay = 100ms; factor = 3; max_delay = 2s; "
                             "jitter = none");
    static const int64_t want[] = {MS(100), MS(300), MS(900), S(2), S(2)};
    for (uint32_t n = 0; n < ARRAY_LEN(want); n++)
        cr_assert_eq(failed(p, 0, n + 1, 0).wait_ns, want[n]);
    policy_free(p);
}

/* Where waits lie, and that they fill that range. */
static void spread(const char *jitter, int64_t last, int64_t low, int64_t high)
{
    char values[160];
    snprintf(values, sizeof values,
             "attempts = 9; delay = 100ms; factor = 2; max_delay = 10s; jitter = %s", jitter);
    struct policy *p = retry(values);
    double sum = 0;
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 4000; i++) {
        int64_t w = failed(p, 0, 3, last).wait_ns; /* d = 400 ms */
        cr_assert(w >= low && w <= high, "%s: %lld", jitter, (long long)w);
        sum += (double)w;
        least = w < least ? w : least;
        most = w > most ? w : most;
    }
    double width = (double)(high - low);
    cr_assert_float_eq(sum / 4000, (double)(low + high) / 2, width / 40, "%s", jitter);
    cr_assert(least < low + (int64_t)(width / 50) && most > high - (int64_t)(width / 50));
    policy_free(p);
}

Test(attempts, jitter)
{
    spread("full", 0, 0, MS(400));
    spread("equal", 0, MS(200), MS(400));
    spread("decorrelated", MS(500), MS(100), MS(1500));
    spread("decorrelated", 0, MS(100), MS(300));
    struct policy *p = retry("delay = 1s; max_delay = 2s; jitter = decorrelated");
    for (int i = 0; i < 1000; i++)
        cr_assert_leq(failed(p, 0, 1, S(60)).wait_ns, S(2));
    policy_free(p);
}

Test(attempts, the_same_stream_gives_the_same_waits)
{
    int64_t first[50];
    for (int round = 0; round < 2; round++) {
        struct policy *p = retry("jitter = full");
        for (int i = 0; i < 50; i++) {
            int64_t w = failed(p, 0, 1, 0).wait_ns;
            if (round)
                cr_assert_eq(w, first[i]);
            first[i] = w;
        }
        policy_free(p);
    }
}

Test(attempts, a_budget_bounds_what_retries_add)
{
    struct policy *p = retry("attempts = 10; budget = 20%; budget_burst = 5; jitter = none");
    uint64_t requests = 10000;
    for (uint64_t i = 0; i < requests; i++) {
        admit(p, 0);
        for (uint32_t n = 1; failed(p, 0, n, 0).what == STEP_ATTEMPT; n++)
            ;
    }
    /* everything fails, and the load grows by a fifth and what was saved up */
    cr_assert(p->figures.again <= requests / 5 + 5 && p->figures.again >= requests / 5 - 1, "%llu",
              (unsigned long long)p->figures.again);
    struct step s = failed(p, 0, 1, 0);
    cr_assert(s.denied && strstr(s.why, "budget"));
    cr_assert_lt(policy_level(p, 0), 1);
    policy_free(p);

    p = retry("attempts = 10; budget = 0.001; budget_rate = 2/s; budget_burst = 5; jitter = none");
    for (int i = 0; i < 5; i++)
        cr_assert_eq(failed(p, 0, 1, 0).what, STEP_ATTEMPT);
    cr_assert_eq(failed(p, MS(400), 1, 0).what, STEP_RETURN);
    cr_assert_eq(failed(p, MS(500), 1, 0).what, STEP_ATTEMPT, "two a second");
    policy_free(p);
}

Test(attempts, no_attempt_after_the_deadline)
{
    struct policy *p = retry("delay = 100ms; jitter = none");
    struct step s;
    struct attempt t = {.number = 1, .how = CALL_ERROR, .deadline_ns = MS(600)};
    policy_again(p, MS(499), &t, &s);
    cr_assert_eq(s.what, STEP_ATTEMPT);
    policy_again(p, MS(500), &t, &s);
    cr_assert(s.what == STEP_RETURN && s.denied);
    policy_free(p);
}

Test(attempts, a_timeout_is_the_sooner_of_its_own_and_the_callers)
{
    struct timeout_params v;
    set_values(&timeout_table, &v, "after = 1s");
    struct policy *p = timeout_create(&v);
    struct admission a;
    struct policy_request r = {.id = 1, .deadline_ns = S(20)};
    policy_admit(p, S(5), &r, &a);
    cr_assert(a.ok && a.give_up_ns == S(6) && timeout_cancels(p));
    r.deadline_ns = S(5) + MS(1);
    policy_admit(p, S(5), &r, &a);
    cr_assert_eq(a.give_up_ns, S(5) + MS(1));
    policy_end(p, S(6), &a.ticket, CALL_TIMEOUT, S(1));
    cr_assert(p->figures.given_up == 1 && p->figures.active == 1);
    v.after_ns = 0;
    v.cancel = false;
    cr_assert_null(policy_set(p, S(6), &v));
    r.deadline_ns = POLICY_NEVER;
    policy_admit(p, S(7), &r, &a);
    cr_assert(a.give_up_ns == POLICY_NEVER && !timeout_cancels(p));
    policy_free(p);
}

Test(attempts, a_fallback_answers_takes_its_time_and_may_fail)
{
    struct fallback_params v;
    set_values(&fallback_table, &v, "on = error rejected; latency = const(5ms); error_rate = 25%");
    rng_init(&rng, 3, "fallback");
    struct policy *p = fallback_create(&v, &rng);
    struct step s;
    struct attempt t = {.number = 1, .how = CALL_OK};
    policy_again(p, 0, &t, &s);
    cr_assert_eq(s.what, STEP_RETURN);
    t.how = CALL_TIMEOUT;
    policy_again(p, 0, &t, &s);
    cr_assert_eq(s.what, STEP_RETURN);
    t.how = CALL_REJECTED;
    int ok = 0;
    for (int i = 0; i < 4000; i++) {
        policy_again(p, 0, &t, &s);
        cr_assert(s.what == STEP_ANSWER && s.wait_ns == MS(5));
        ok += s.as == CALL_OK;
    }
    cr_assert(ok > 2900 && ok < 3100, "%d", ok);
    cr_assert(p->figures.again == 4000 && p->figures.denied == 4000 - (uint64_t)ok);
    policy_free(p);
}

static struct step out(struct policy *p, int64_t now, uint32_t number)
{
    struct step s;
    struct attempt t = {.id = 1, .number = number, .out = true, .deadline_ns = POLICY_NEVER};
    policy_again(p, now, &t, &s);
    return s;
}

Test(attempts, a_hedge_starts_another_beside_a_slow_call)
{
    struct hedge_params v;
    set_values(&hedge_table, &v, "after = 100ms; most = 2");
    struct policy *p = hedge_create(&v, 0);
    cr_assert_eq(admit(p, S(1)).again_ns, S(1) + MS(100));
    struct step s = out(p, S(1) + MS(100), 1);
    cr_assert(s.what == STEP_ATTEMPT && s.wait_ns == 0 && s.again_ns == S(1) + MS(200));
    s = out(p, S(1) + MS(200), 2);
    cr_assert(s.what == STEP_ATTEMPT && s.again_ns == POLICY_NEVER);
    cr_assert_eq(out(p, S(1) + MS(300), 3).what, STEP_RETURN);
    policy_free(p);
}

Test(attempts, a_hedge_learns_when_a_call_is_slow)
{
    struct hedge_params v;
    set_values(&hedge_table, &v, "after = 1s; quantile = 0.9");
    struct policy *p = hedge_create(&v, 0);
    for (int i = 0; i < 1280; i++) {
        struct admission a = admit(p, 0);
        if (i < 100)
            cr_assert_eq(a.again_ns, S(1), "too few so far");
        policy_end(p, 0, &a.ticket, CALL_OK, MS(i % 100));
    }
    int64_t after = admit(p, 0).again_ns;
    cr_assert(after > MS(85) && after < MS(95), "%lld", (long long)after);
    policy_free(p);
}

Test(attempts, a_hedges_budget)
{
    struct hedge_params v;
    set_values(&hedge_table, &v, "after = 100ms; budget = 5%; budget_burst = 2");
    struct policy *p = hedge_create(&v, 0);
    uint64_t hedged = 0;
    for (int i = 0; i < 1000; i++) {
        admit(p, 0);
        hedged += out(p, 0, 1).what == STEP_ATTEMPT;
    }
    cr_assert(hedged >= 50 && hedged <= 52, "%llu", (unsigned long long)hedged);
    cr_assert_eq(p->figures.denied, 1000 - hedged);
    policy_free(p);
}

Test(attempts, they_count_and_explain_themselves)
{
    struct retry_params r;
    struct timeout_params t;
    struct fallback_params f;
    struct hedge_params h;
    param_defaults(&retry_table, &r);
    param_defaults(&timeout_table, &t);
    param_defaults(&fallback_table, &f);
    param_defaults(&hedge_table, &h);
    struct policy *all[] = {retry_create(&r, 0, &rng), timeout_create(&t),
                            fallback_create(&f, &rng), hedge_create(&h, 0)};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct policy_reason why;
        struct policy_request q = {.id = 1, .deadline_ns = POLICY_NEVER};
        struct admission a = admit(all[i], 0), b = admit(all[i], 0);
        cr_assert(a.ok && a.wait_ns == 0);
        policy_explain(all[i], 0, &q, &a, &why);
        cr_assert(*why.rule && *why.change);
        policy_end(all[i], S(1), &a.ticket, CALL_OK, S(1));
        policy_cancel(all[i], S(1), &b.ticket);
        const struct policy_figures *g = &all[i]->figures;
        cr_assert(g->offered == 2 && g->permitted == 1 && g->cancelled == 1 && g->ended == 1);
        cr_assert(g->active == 0 && g->max_active == 2);
        cr_assert_eq(policy_next_ns(all[i], S(1)), POLICY_NEVER);
        policy_free(all[i]);
    }
}
