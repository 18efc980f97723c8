/* SPDX-License-Identifier: MIT */
/* What the well-known limiters do: RL-8 to RL-13, by preset, and what happens to the refused. The
 * expectations are the libraries' own tests, or were got by running them. */
#include "limiter_run.h"

/* Takers that come back as soon as they were let through: how many had passed by `until`. */
static int taken(struct policy *l, int takers, int64_t *free_at, int64_t until)
{
    int n = 0;
    for (;;) {
        int next = 0;
        for (int i = 1; i < takers; i++)
            if (free_at[i] < free_at[next])
                next = i;
        if (free_at[next] >= until)
            return n;
        struct admission a = limiter_ask(l, free_at[next], 1);
        cr_assert(a.ok, "uber's Take never refuses");
        free_at[next] += a.wait_ns;
        if (free_at[next] >= until)
            return n;
        n++;
    }
}

static void uber(const char *values, int takers, const int64_t *at_s, const int *want)
{
    for (size_t i = 0; i < 3; i++) {
        struct policy *l = limiter_from(values);
        int64_t free_at[8] = {0};
        int n = taken(l, takers, free_at, S(at_s[i]) + 1);
        cr_assert_eq(n, want[i], "%s: %d by %lld s", values, n, (long long)at_s[i]);
        policy_free(l);
    }
}

Test(limiter_facts, RL_8_uber_spaces_its_takers)
{
    /* The library's test counts those after the first, which passes at once. */
    uber("preset = uber_ratelimit; rate = 100/s; slack = 0", 4, (int64_t[]){1, 2, 3},
         (int[]){101, 201, 301});
    uber("preset = uber_ratelimit; rate = 7/m; slack = 0", 1, (int64_t[]){1, 60, 120},
         (int[]){1, 8, 15});
}

/* One that takes as fast as it may, others that come at fixed times, as in the library's test. */
static int with_slack(int64_t slack)
{
    char values[128];
    snprintf(values, sizeof values, "preset = uber_ratelimit; rate = 100/s; slack = %lld",
             (long long)slack);
    struct policy *l = limiter_from(values);
    int64_t blocked_until = 0, slow = MS(0);
    int n = 0;
    /* a slow one each 50 ms for a second, then one that never stops */
    for (; slow < S(1); slow += MS(50)) {
        struct admission a = limiter_ask(l, slow, 1);
        n += slow + a.wait_ns < S(2);
        blocked_until = slow + a.wait_ns;
    }
    for (int64_t t = S(1) > blocked_until ? S(1) : blocked_until; t < S(2);) {
        t += limiter_ask(l, t, 1).wait_ns;
        n += t < S(2);
        if (t >= S(2))
            break;
    }
    policy_free(l);
    return n;
}

Test(limiter_facts, RL_8_slack_lets_it_catch_up)
{
    int none = with_slack(0), ten = with_slack(10), many = with_slack(150);
    cr_assert_eq(none, 20 + 100);
    cr_assert_eq(ten, none + 10);
    /* a second of 20 left 80 drops unused, all of which fit into the slack */
    cr_assert(many > none + 70 && many <= none + 85, "%d", many);
}

Test(limiter_facts, RL_8_after_idle_eleven_pass_at_once_with_slack_and_one_without)
{
    static const struct {
        const char *values;
        int at_once;
    } c[] = {{"preset = uber_ratelimit", 11}, {"preset = uber_ratelimit; slack = 0", 1}};
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        struct policy *l = limiter_from(c[i].values);
        cr_assert_eq(limiter_ask(l, 0, 1).wait_ns, 0);
        int n = 0;
        while (limiter_ask(l, S(100), 1).wait_ns == 0)
            n++;
        cr_assert_eq(n, c[i].at_once);
        policy_free(l);
    }
    /* nothing to catch up with before the first */
    struct policy *l = limiter_from("preset = uber_ratelimit");
    cr_assert(limiter_ask(l, S(100), 1).wait_ns == 0 &&
              limiter_ask(l, S(100), 1).wait_ns == MS(10));
    policy_free(l);
}

Test(limiter_facts, RL_9_resilience4j_atomic)
{
    struct policy *l =
        limiter_from("preset = resilience4j_atomic; limit = 1; window = 1s; max_wait = 5s");
    cr_assert_eq(limiter_ask(l, 0, 1).wait_ns, 0);
    cr_assert_eq(limiter_ask(l, MS(100), 1).wait_ns, MS(900));
    cr_assert_eq(limiter_ask(l, MS(100), 1).wait_ns, MS(1900));
    policy_free(l);

    l = limiter_from("preset = resilience4j_atomic; limit = 10; window = 1s; max_wait = 0");
    int n = 0;
    while (limiter_ok(l, MS(999), 1))
        n++;
    while (limiter_ok(l, MS(1000), 1))
        n++;
    cr_assert_eq(n, 20, "twice the limit within a millisecond");
    policy_free(l);

    l = limiter_from("preset = resilience4j_atomic; limit = 5; window = 1s; max_wait = 5s");
    cr_assert_eq(limiter_ask(l, 0, 12).wait_ns, S(2));
    cr_assert_float_eq(policy_level(l, 0), -7, 0);
    policy_free(l);
}

Test(limiter_facts, RL_9_who_is_refused_sleeps_the_whole_timeout)
{
    struct policy *l =
        limiter_from("preset = resilience4j_atomic; limit = 1; window = 10s; max_wait = 5s");
    cr_assert(limiter_ok(l, 0, 1));
    struct admission a = limiter_ask(l, S(1), 1);
    cr_assert(!a.ok && a.why == ADMIT_TIMEOUT && a.wait_ns == S(5));
    cr_assert_eq(a.retry_after_ns, S(9));
    cr_assert_eq(l->figures.timed_out, 1);
    cr_assert_float_eq(policy_level(l, S(1)), 0, 0, "and took nothing");
    policy_free(l);
}

static struct decided next(struct policy *l, int64_t now)
{
    struct decided d = {0};
    cr_assert(policy_decided(l, now, &d));
    return d;
}

Test(limiter_facts, resilience4j_semaphore_is_fair_and_never_grants_more_than_the_limit)
{
    struct policy *l =
        limiter_from("preset = resilience4j_semaphore; limit = 2; window = 1s; max_wait = 5s");
    struct decided d;
    cr_assert(limiter_ok(l, 0, 1) && limiter_ok(l, 0, 1));
    for (uint64_t i = 10; i < 13; i++) {
        struct admission a;
        policy_admit(l, MS(100),
                     &(struct policy_request){.id = i, .cost = 1, .deadline_ns = POLICY_NEVER}, &a);
        cr_assert(a.waiting);
    }
    cr_assert_eq(policy_next_ns(l, MS(100)), S(1));
    cr_assert_not(policy_decided(l, S(1) - 1, &d));
    d = next(l, S(1));
    cr_assert(d.id == 10 && d.a.ok && d.a.wait_ns == MS(900));
    cr_assert_eq(next(l, S(1)).id, 11);
    cr_assert_not(policy_decided(l, S(1), &d), "two a period");
    cr_assert_eq(policy_next_ns(l, S(1)), S(2));
    d = next(l, S(3));
    cr_assert(d.id == 12 && d.at_ns == S(2), "at its instant, not at ours");

    /* three at once never come, and block who stands behind them */
    struct admission a = limiter_ask(l, S(3), 3), b = limiter_ask(l, S(3), 1);
    cr_assert(a.waiting && b.waiting);
    cr_assert_eq(policy_next_ns(l, S(3)), S(8));
    d = next(l, S(8));
    cr_assert(!d.a.ok && d.a.why == ADMIT_TIMEOUT && d.at_ns == S(8) && d.a.wait_ns == S(5));
    d = next(l, S(8));
    cr_assert(d.a.ok && d.at_ns == S(8), "free once the head has given up");
    policy_free(l);
}

Test(limiter_facts, RL_10_failsafe_smooth)
{
    struct policy *l = limiter_from("preset = failsafe_smooth; rate = 2/s; on_limit = wait; "
                                    "max_wait = forever");
    for (int i = 0; i < 7; i++)
        cr_assert_eq(limiter_ask(l, 0, 1).wait_ns, MS(500) * i);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(limiter_ask(l, MS(800), 1).wait_ns, MS(2700 + 500 * i));
    cr_assert_eq(limiter_ask(l, MS(2300), 1).wait_ns, MS(2700));
    policy_free(l);

    l = limiter_from("preset = failsafe_smooth; rate = 10/s");
    cr_assert(limiter_ok(l, MS(199), 1) && limiter_ok(l, MS(200), 1), "either side of a line");
    cr_assert_not(limiter_ok(l, MS(299), 1));
    policy_free(l);

    l = limiter_from("preset = failsafe_smooth; rate = 10/s; on_limit = wait; max_wait = 1s");
    cr_assert_eq(limiter_ask(l, 0, 5).wait_ns, MS(400), "n intervals");
    struct admission a = limiter_ask(l, 0, 1);
    policy_cancel(l, MS(1), &a.ticket);
    cr_assert_eq(limiter_ask(l, 0, 1).wait_ns, MS(600), "a cancelled wait keeps its permit");
    policy_free(l);
}

Test(limiter_facts, RL_11_failsafe_bursty)
{
    struct policy *l = limiter_from(
        "preset = failsafe_bursty; limit = 2; window = 1s; on_limit = wait; max_wait = forever");
    int64_t last = 0;
    for (int i = 0; i < 7; i++)
        last = limiter_ask(l, 0, 1).wait_ns;
    cr_assert_eq(last, S(3));
    cr_assert_float_eq(policy_level(l, 0), -5, 0);
    policy_free(l);

    /* a deficit of 1, ten seconds of quiet: 19 in one period */
    static const struct {
        const char *deficit;
        int passed;
    } c[] = {{"uncapped", 19}, {"capped", 2}};
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        char values[160];
        snprintf(values, sizeof values,
                 "preset = failsafe_bursty; limit = 2; window = 1s; on_limit = wait; "
                 "max_wait = forever; deficit = %s",
                 c[i].deficit);
        l = limiter_from(values);
        cr_assert(limiter_ok(l, 0, 3));
        int n = 0;
        while (limiter_ask(l, S(10), 1).wait_ns == 0)
            n++;
        cr_assert_eq(n, c[i].passed, "%s: %d", c[i].deficit, n);
        policy_free(l);
    }
}

Test(limiter_facts, RL_12_closing_the_seeds_bucket_lifts_the_limit)
{
    struct policy *l = limiter_from("preset = seed; rate = 10/s; burst = 3");
    for (int i = 0; i < 3; i++)
        cr_assert(limiter_ok(l, 0, 1), "it is filled at first");
    struct admission a = limiter_ask(l, 0, 1);
    cr_assert(a.waiting && policy_next_ns(l, 0) == MS(100));
    policy_shutdown(l, MS(50));
    struct decided d = next(l, MS(50));
    cr_assert(d.a.ok && d.at_ns == MS(50), "who waits receives from the closed channel");
    for (int i = 0; i < 1000; i++)
        cr_assert(limiter_ok(l, MS(50), 1), "for ever");
    policy_free(l);

    l = limiter_from("preset = seed; shutdown = refuse");
    policy_shutdown(l, MS(50));
    cr_assert_not(limiter_ok(l, MS(50), 1), "the repaired one gives nothing");
    policy_free(l);

    struct limiter_params p = limiter_values("preset = seed; rate = 0/s");
    cr_assert(strstr(limiter_check(&p), "divides by zero"));
}

Test(limiter_facts, the_ticker_drops_what_does_not_fit_and_serves_who_waits)
{
    struct policy *l = limiter_from("preset = seed; rate = 10/s; burst = 2");
    cr_assert(limiter_ok(l, S(5), 1) && limiter_ok(l, S(5), 1), "50 ticks found it full");
    struct admission a = limiter_ask(l, S(5) + MS(30), 1), b = limiter_ask(l, S(5) + MS(31), 1);
    cr_assert(a.waiting && b.waiting);
    policy_cancel(l, S(5) + MS(40), &a.ticket);
    struct decided d = next(l, S(6));
    cr_assert(d.at_ns == S(5) + MS(100), "the one behind moves up");
    cr_assert_not(policy_decided(l, S(6), &d));
    policy_free(l);
}

Test(limiter_facts, burst_0_waits_for_each_tick_with_a_channel_and_never_passes_with_the_library)
{
    struct policy *l = limiter_from("preset = seed; rate = 10/s; burst = 0");
    for (int i = 0; i < 5; i++)
        cr_assert(limiter_ask(l, 0, 1).waiting);
    for (int i = 1; i <= 5; i++)
        cr_assert_eq(next(l, S(1)).at_ns, MS(100) * i);
    cr_assert(limiter_ask(l, MS(9950), 1).waiting, "nothing is kept for it");
    cr_assert_eq(policy_next_ns(l, MS(9950)), S(10));
    policy_free(l);
}

Test(limiter_facts, RL_13_windows)
{
    /* fixed: twice at the seam; sliding log: exact; sliding counter: previous x overlap + current
     */
    static const struct {
        const char *algorithm;
        int before, after;
    } c[] = {{"fixed_window", 10, 10}, {"sliding_log", 10, 0}, {"sliding_counter", 10, 0}};
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        char values[96];
        snprintf(values, sizeof values, "algorithm = %s; limit = 10; window = 1s", c[i].algorithm);
        struct policy *l = limiter_from(values);
        int before = 0, after = 0;
        while (limiter_ok(l, MS(999), 1))
            before++;
        while (limiter_ok(l, MS(1000), 1))
            after++;
        cr_assert(before == c[i].before && after == c[i].after, "%s: %d, %d", c[i].algorithm,
                  before, after);
        policy_free(l);
    }
    struct policy *l = limiter_from("algorithm = sliding_counter; limit = 10; window = 1s");
    for (int i = 0; i < 8; i++)
        cr_assert(limiter_ok(l, MS(500), 1));
    cr_assert_float_eq(policy_level(l, MS(1250)), 6, 1e-9, "8 x 0.75");
    for (int i = 0; i < 4; i++)
        cr_assert(limiter_ok(l, MS(1250), 1));
    struct admission a = limiter_ask(l, MS(1250), 1);
    cr_assert(!a.ok && a.retry_after_ns == MS(125), "8 x overlap <= 5 at 1.375 s");
    cr_assert_not(limiter_ok(l, MS(1375) - 1, 1));
    cr_assert(limiter_ok(l, MS(1375), 1));
    policy_free(l);
}

/* ---- what happens to the refused ------------------------------------------------------------- */

Test(limiter_facts, a_queue_has_room_for_so_many_and_drains_evenly)
{
    struct policy *l =
        limiter_from("algorithm = leaky_bucket; rate = 10/s; on_limit = queue; queue = 3");
    cr_assert(limiter_ok(l, 0, 1));
    for (int i = 0; i < 3; i++)
        cr_assert(limiter_ask(l, 0, 1).waiting);
    struct admission a = limiter_ask(l, 0, 1);
    cr_assert(!a.ok && !a.waiting && a.why == ADMIT_FULL);
    for (int i = 1; i <= 3; i++)
        cr_assert_eq(next(l, S(1)).at_ns, MS(100) * i, "strictly even");
    cr_assert_eq(l->figures.max_waiting, 3);
    policy_free(l);
}

static struct admission ask_class(struct policy *l, int64_t t, uint64_t id, uint8_t priority)
{
    struct admission a;
    policy_admit(l, t,
                 &(struct policy_request){
                     .id = id, .cost = 1, .priority = priority, .deadline_ns = POLICY_NEVER},
                 &a);
    return a;
}

Test(limiter_facts, shedding_throws_out_the_least_urgent_last_one)
{
    struct policy *l = limiter_from("rate = 10/s; burst = 1; on_limit = shed; queue = 3");
    cr_assert(ask_class(l, 0, 1, 5).ok);
    for (uint64_t i = 2; i <= 4; i++)
        cr_assert(ask_class(l, 0, i, 5).waiting);
    struct admission a = ask_class(l, 0, 5, 5);
    cr_assert(!a.ok && a.why == ADMIT_FULL, "no more urgent than those who wait");
    cr_assert(ask_class(l, MS(1), 6, 0).waiting, "an urgent one");
    struct decided d = next(l, MS(1));
    cr_assert(d.id == 4 && !d.a.ok && d.a.why == ADMIT_FULL && d.a.wait_ns == MS(1));
    static const uint64_t order[] = {6, 2, 3};
    for (int i = 0; i < 3; i++) {
        d = next(l, S(1));
        cr_assert(d.id == order[i] && d.a.ok, "%llu", (unsigned long long)d.id);
    }
    policy_free(l);
}

Test(limiter_facts, who_waits_too_long_is_told_so_and_a_grant_at_that_instant_wins)
{
    struct policy *l =
        limiter_from("rate = 10/s; burst = 1; on_limit = queue; queue = 9; max_wait = 100ms");
    cr_assert(limiter_ok(l, 0, 1));
    cr_assert(limiter_ask(l, 0, 1).waiting && limiter_ask(l, 0, 1).waiting);
    struct decided d = next(l, S(1));
    cr_assert(d.a.ok && d.at_ns == MS(100));
    d = next(l, S(1));
    cr_assert(!d.a.ok && d.a.why == ADMIT_TIMEOUT && d.at_ns == MS(100));
    policy_free(l);
}

/* ---- adaptive -------------------------------------------------------------------------------- */

Test(limiter_facts, the_adaptive_bound_falls_once_a_flight_and_rises_slowly)
{
    struct policy *l =
        limiter_from("algorithm = adaptive; limit = 16; target = 100ms; decrease = 0.5");
    struct admission a[16];
    for (int i = 0; i < 16; i++)
        cr_assert((a[i] = limiter_ask(l, 0, 1)).ok);
    struct admission refused = limiter_ask(l, 0, 1);
    cr_assert(!refused.ok && refused.retry_after_ns == POLICY_NEVER);
    for (int i = 0; i < 16; i++)
        policy_end(l, MS(200) + i, &a[i].ticket, CALL_OK, MS(200));
    cr_assert_float_eq(policy_cap(l), 8, 0, "sixteen slow calls of one flight halve it once");
    int64_t t = S(1);
    for (int flight = 0; flight < 4; flight++) {
        int n = 0;
        while (n < 16 && (a[n] = limiter_ask(l, t, 1)).ok)
            n++;
        for (int i = 0; i < n; i++)
            policy_end(l, t + MS(50), &a[i].ticket, CALL_OK, MS(50));
        t += S(1);
    }
    cr_assert(policy_cap(l) >= 9 && policy_cap(l) <= 12, "%g: about one a flight", policy_cap(l));
    struct admission one = limiter_ask(l, t, 1);
    policy_end(l, t + S(1), &one.ticket, CALL_TIMEOUT, S(1));
    cr_assert(policy_cap(l) <= 6);
    policy_free(l);
}

/* ---- why ------------------------------------------------------------------------------------- */

Test(limiter_facts, every_refusal_explains_itself)
{
    for (int i = 0; i < LIMITER_COUNT; i++) {
        char values[128];
        snprintf(values, sizeof values, "algorithm = %s; rate = 10/s; burst = 1; limit = 1",
                 limiter_names[i]);
        struct policy *l = limiter_from(values);
        struct policy_reason why;
        struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
        struct admission a;
        policy_admit(l, 0, &r, &a);
        cr_assert(a.ok, "%s", values);
        policy_admit(l, MS(10), &r, &a);
        cr_assert_not(a.ok);
        policy_explain(l, MS(10), &r, &a, &why);
        cr_assert(*why.rule && *why.operands && *why.change, "%s", values);
        if (i != LIMITER_adaptive)
            cr_assert(strstr(why.change, "later"), "%s: %s", values, why.change);
        policy_free(l);
    }
    struct policy *l = limiter_from("rate = 10/s; burst = 1");
    struct policy_reason why;
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    struct admission a;
    policy_admit(l, 0, &r, &a);
    policy_admit(l, MS(40), &r, &a);
    policy_explain(l, MS(40), &r, &a, &why);
    cr_assert_str_eq(why.rule, "a request takes 1 of the tokens; 10/s drip in, up to 1");
    cr_assert_str_eq(why.operands, "0.400 tokens, 1 needed");
    cr_assert_str_eq(why.change, "would pass 60.0ms later");
    policy_free(l);
}
