/* SPDX-License-Identifier: MIT */
/* resilience4j, Hystrix and the source document's breaker by preset (CB-9 to CB-13), and what the
 * parameters do that no preset uses. */
#include "breaker_run.h"
#include "policies/breaker_trip.h"
#include "tape.h"

/* ---- resilience4j ---------------------------------------------------------------------------- */

static void many(struct policy *b, int64_t now, int n, const char *what)
{
    for (int i = 0; i < n; i++)
        breaker_play(b, now, what);
}

Test(breaker_facts, resilience4j_opens_at_half_of_a_hundred)
{
    struct policy *b = breaker_from("preset = resilience4j");
    many(b, 0, 99, "F");
    IS(b, BREAKER_CLOSED); /* fewer than min */
    breaker_play(b, 0, "S");
    IS(b, BREAKER_OPEN); /* a success opens it: 99 of 100 */
    breaker_play(b, S(60), "R");
    struct admission probe[10];
    for (int i = 0; i < 10; i++)
        cr_assert((probe[i] = breaker_ask(b, S(61))).ok);
    breaker_play(b, S(61), "R");
    for (int i = 0; i < 9; i++)
        breaker_end(b, S(61), &probe[i], i < 5 ? CALL_OK : CALL_ERROR);
    IS(b, BREAKER_HALF_OPEN);
    breaker_play(b, S(61), "R"); /* a budget: it is not given back */
    breaker_end(b, S(61), &probe[9], CALL_OK);
    IS(b, BREAKER_CLOSED); /* 4 of 10 */
    policy_free(b);
}

Test(breaker_facts, CB_9_the_verdict_comes_after_the_smaller_of_permitted_and_minimum)
{
    static const struct {
        const char *values;
        int verdict_after;
    } c[] = {{"preset = resilience4j; trip = rate(50% of 100 calls, min 5)", 5},
             {"preset = resilience4j; half_open_requests = 2", 2}};
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        struct policy *b = breaker_from(c[i].values);
        breaker_force(b, 0, BREAKER_OPEN);
        for (int k = 1; k < c[i].verdict_after; k++) {
            breaker_play(b, S(61), "S");
            IS(b, BREAKER_HALF_OPEN);
        }
        breaker_play(b, S(61), "S");
        IS(b, BREAKER_CLOSED);
        policy_free(b);
    }
    struct trip t;
    cr_assert_null(trip_parse("rate(50% of 10 calls, min 100)", &t));
    cr_assert_eq(t.minimum, 10, "a count window clips it");
}

Test(breaker_facts, resilience4j_counts_late_results_as_probes)
{
    struct policy *b = breaker_from("preset = resilience4j; trip = rate(50% of 4 calls, min 4); "
                                    "half_open_requests = 2");
    struct admission late[2] = {breaker_ask(b, 0), breaker_ask(b, 0)};
    many(b, 0, 4, "F");
    IS(b, BREAKER_OPEN);
    struct admission probe = breaker_ask(b, S(61));
    cr_assert(probe.ok);
    breaker_end(b, S(61), &late[0], CALL_ERROR);
    breaker_end(b, S(61), &late[1], CALL_ERROR);
    IS(b, BREAKER_OPEN); /* the probe was never heard */
    policy_free(b);
}

Test(breaker_facts, resilience4j_slow_calls_open_it_and_an_ignored_one_gives_its_permit_back)
{
    struct policy *b = breaker_from("preset = resilience4j; trip = rate(50% of 4 calls, min 4); "
                                    "slow_call = 2s; slow_rate = 50%; half_open_requests = 1");
    static const int64_t took[] = {S(2), S(2) + 1, S(1), S(3)};
    for (size_t i = 0; i < 4; i++) {
        struct admission a = breaker_ask(b, 0);
        policy_end(b, 0, &a.ticket, CALL_OK, took[i]);
    }
    IS(b, BREAKER_OPEN); /* 2 of 4 took longer than 2 s; exactly 2 s is not slow */
    struct policy_change c;
    cr_assert(policy_changed(b, &c));
    cr_assert_str_eq(c.why, "2 of 4 slow, 50% >= 50%");
    breaker_play(b, S(61), "I I I S");
    IS(b, BREAKER_CLOSED);
    policy_free(b);
}

Test(breaker_facts, CB_10_a_window_of_seconds_covers_one_less_to_all_of_them)
{
    struct policy *b =
        breaker_from("preset = resilience4j; trip = rate(50% in 10s, min 2); bucket = 1s");
    breaker_play(b, MS(900), "F");
    cr_assert_eq(breaker_window(b).calls, 1);
    breaker_play(b, MS(9999), "S");
    IS(b, BREAKER_OPEN); /* 9.1 s later both count */
    policy_free(b);
    b = breaker_from("preset = resilience4j; trip = rate(50% in 10s, min 2); bucket = 1s");
    breaker_play(b, MS(900), "F");
    breaker_play(b, MS(10000), "S");
    IS(b, BREAKER_CLOSED); /* 9.1 s later the first second is out */
    cr_assert_eq(breaker_window(b).calls, 1);
    policy_free(b);
}

Test(breaker_facts, CB_13_a_result_that_is_never_recorded_leaks_its_permit)
{
    struct policy *b = breaker_from("preset = resilience4j; half_open_requests = 3");
    breaker_force(b, 0, BREAKER_OPEN);
    for (int i = 0; i < 3; i++)
        cr_assert(breaker_ask(b, S(61)).ok);
    breaker_play(b, S(100000), "R");
    IS(b, BREAKER_HALF_OPEN);
    policy_free(b);
}

Test(breaker_facts, resilience4j_half_open_can_end_by_a_timer)
{
    static const struct {
        const char *then;
        enum breaker_state state;
    } c[] = {{"open", BREAKER_OPEN}, {"closed", BREAKER_CLOSED}};
    for (size_t i = 0; i < 2; i++) {
        char values[160];
        snprintf(values, sizeof values,
                 "preset = resilience4j; half_open_max_wait = 5s; half_open_then = %s", c[i].then);
        struct policy *b = breaker_from(values);
        struct decided d;
        breaker_force(b, 0, BREAKER_OPEN);
        cr_assert(breaker_ask(b, S(61)).ok);
        cr_assert_eq(policy_next_ns(b, S(61)), S(66));
        policy_decided(b, S(66) - 1, &d);
        IS(b, BREAKER_HALF_OPEN);
        policy_decided(b, S(66), &d);
        IS(b, c[i].state);
        policy_free(b);
    }
}

Test(breaker_facts, open_time_grows_with_each_opening_in_a_row)
{
    struct policy *b =
        breaker_from("preset = resilience4j; trip = rate(50% of 2 calls, min 2); open_for = 10s; "
                     "open_growth = 2; open_max = 60s; half_open_requests = 1");
    static const int64_t lasts[] = {10, 20, 40, 60, 60};
    int64_t t = 0;
    breaker_play(b, t, "F F");
    for (size_t i = 0; i < ARRAY_LEN(lasts); i++) {
        cr_assert_eq(breaker_open_until(b) - t, S(lasts[i]), "opening %zu", i);
        t = breaker_open_until(b) + 1;
        breaker_play(b, t, "F");
    }
    t = breaker_open_until(b) + 1;
    breaker_play(b, t, "S");
    IS(b, BREAKER_CLOSED);
    breaker_play(b, t, "F F");
    cr_assert_eq(breaker_open_until(b) - t, S(10), "closed in between: anew");
    policy_free(b);
}

Test(breaker_facts, half_open_by_itself)
{
    struct policy *b = breaker_from("preset = resilience4j; open_auto = on");
    struct decided d;
    breaker_force(b, 0, BREAKER_OPEN);
    cr_assert_eq(policy_next_ns(b, 0), S(60) + 1);
    policy_decided(b, S(60) + 1, &d);
    IS(b, BREAKER_HALF_OPEN);
    policy_free(b);
}

/* ---- Hystrix --------------------------------------------------------------------------------- */

Test(breaker_facts, hystrix_trips_when_its_timer_looks)
{
    struct policy *b = breaker_from("preset = hystrix");
    many(b, MS(100), 20, "F");
    IS(b, BREAKER_CLOSED);
    many(b, MS(499), 10, "F");
    IS(b, BREAKER_CLOSED);
    cr_assert_eq(policy_next_ns(b, MS(499)), MS(500));
    breaker_play(b, MS(500), "R");
    IS(b, BREAKER_OPEN);
    breaker_play(b, MS(5500), "R");
    struct admission probe = breaker_ask(b, MS(5501));
    cr_assert(probe.ok);
    breaker_play(b, MS(5501), "R R");
    breaker_end(b, MS(5600), &probe, CALL_OK);
    IS(b, BREAKER_CLOSED);
    cr_assert_eq(breaker_window(b).calls, 0, "it begins anew");
    policy_free(b);
}

Test(breaker_facts, hystrix_cuts_the_percentage)
{
    /* 29 of 50 is 57.99… and 57: a rule of 58 % does not open, and does exactly */
    static const struct {
        const char *precision;
        enum breaker_state state;
    } c[] = {{"percent_down", BREAKER_CLOSED}, {"exact", BREAKER_OPEN}};
    for (size_t i = 0; i < 2; i++) {
        char values[160];
        snprintf(values, sizeof values,
                 "preset = hystrix; trip = rate(58%% in 10s, min 20); precision = %s",
                 c[i].precision);
        struct policy *b = breaker_from(values);
        struct decided d;
        many(b, 0, 21, "S");
        many(b, 0, 29, "F");
        policy_decided(b, MS(500), &d);
        IS(b, c[i].state);
        policy_free(b);
    }
}

Test(breaker_facts, hystrix_looks_only_at_the_last_ten_seconds)
{
    struct policy *b = breaker_from("preset = hystrix; trip = rate(50% in 10s, min 30)");
    struct decided d;
    many(b, 0, 20, "F");
    policy_decided(b, S(10), &d); /* 20 so far, at every look */
    IS(b, BREAKER_CLOSED);
    many(b, S(10) + MS(100), 20, "F");
    policy_decided(b, S(19), &d);
    IS(b, BREAKER_CLOSED); /* the first are out when the next look comes */
    many(b, S(19), 10, "F");
    policy_decided(b, MS(19500), &d);
    IS(b, BREAKER_OPEN);
    policy_free(b);
}

/* ---- the source document's ------------------------------------------------------------------- */

/* Its logic by itself, in the order of the document's state machine. */
struct by_hand {
    int state; /* 0 closed, 1 open, 2 half open */
    int failures, successes;
    int64_t last_failure;
};
static bool hand_allows(struct by_hand *h, int64_t now)
{
    if (h->state == 1 && now - h->last_failure > S(30)) {
        h->state = 2;
        h->successes = 0;
    }
    return h->state != 1;
}
static void hand_records(struct by_hand *h, int64_t now, bool ok)
{
    if (h->state == 0 && ok) {
        h->failures = 0;
    } else if (h->state == 0) {
        h->last_failure = now;
        if (++h->failures >= 5)
            h->state = 1;
    } else if (h->state == 2 && ok) {
        if (++h->successes >= 1) {
            h->state = 0;
            h->failures = 0;
        }
    } else if (h->state == 2) {
        h->state = 1;
        h->last_failure = now;
    }
}

Test(breaker_facts, the_seeds_breaker_on_random_tapes)
{
    static const enum breaker_state as[] = {BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN};
    for (uint64_t seed = 0; seed < 5000; seed++) {
        struct tape r = {seed};
        struct by_hand h = {0};
        struct policy *b = breaker_from("preset = seed");
        struct ticket calls[6];
        bool out[6] = {false};
        int64_t t = 0;
        uint64_t bias = tape_below(&r, 4);
        for (int i = 0; i < 100; i++) {
            t += S((int64_t)tape_below(&r, tape_below(&r, 8) ? 4 : 40));
            uint64_t k = tape_below(&r, 6);
            if (!out[k]) {
                struct admission a = breaker_ask(b, t);
                cr_assert_eq(a.ok, hand_allows(&h, t), "seed %llu", (unsigned long long)seed);
                calls[k] = a.ticket;
                out[k] = a.ok;
            } else {
                bool ok = tape_below(&r, 8) > 2 * bias;
                policy_end(b, t, &calls[k], ok ? CALL_OK : CALL_ERROR, 0);
                hand_records(&h, t, ok);
                out[k] = false;
            }
            cr_assert_eq(breaker_state(b), as[h.state], "seed %llu, step %d",
                         (unsigned long long)seed, i);
        }
        policy_free(b);
    }
}

Test(breaker_facts, the_seed_lets_everything_through_in_half_open_and_never_counts_a_panic)
{
    struct policy *b = breaker_from("preset = seed");
    for (int i = 0; i < 20; i++) {
        struct admission a = breaker_ask(b, 0);
        breaker_end(b, 0, &a, CALL_PANIC);
    }
    IS(b, BREAKER_CLOSED);
    breaker_play(b, 0, "FFFFF R");
    for (int i = 0; i < 100; i++)
        cr_assert(breaker_ask(b, S(31)).ok, "a storm instead of a probe");
    IS(b, BREAKER_HALF_OPEN);
    policy_free(b);
}

/* ---- what no preset uses --------------------------------------------------------------------- */

Test(breaker_facts, thresholds_are_reached_or_exceeded_as_written)
{
    struct policy *b = breaker_from("trip = consecutive(5)");
    breaker_play(b, 0, "FFFF");
    IS(b, BREAKER_CLOSED);
    breaker_play(b, 0, "F");
    IS(b, BREAKER_OPEN); /* on the fifth */
    policy_free(b);
    static const struct {
        const char *trip, *stays, *opens;
    } c[] = {
        {"consecutive(> 2)", "FF", "F"},
        {"failures(>= 2 of 4)", "F S", "F"},
        {"failures(> 2 of 4)", "F F S", "F"},
        {"failures(2 in 10s)", "S F S S", "F"},
        {"rate(50% of 4 calls, min 2)", "S S F", "F"},
        {"rate(> 50% of 4 calls, min 2)", "S S F F", "F"},
        {"rate(50% in 10s, min 4)", "F F F", "S"},
        {"rate(50% of 2 calls)", "S S S", "F"},
    };
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        char values[96];
        snprintf(values, sizeof values, "trip = %s", c[i].trip);
        b = breaker_from(values);
        breaker_play(b, 0, c[i].stays);
        cr_assert_eq(breaker_state(b), BREAKER_CLOSED, "%s after %s", c[i].trip, c[i].stays);
        breaker_play(b, 0, c[i].opens);
        cr_assert_eq(breaker_state(b), BREAKER_OPEN, "%s after %s %s", c[i].trip, c[i].stays,
                     c[i].opens);
        policy_free(b);
    }
    static const char *const wrong[] = {"",
                                        "consecutive",
                                        "consecutive()",
                                        "consecutive(0)",
                                        "consecutive(5",
                                        "consecutive(5) x",
                                        "consecutive(5.5)",
                                        "failures(5 of 3)",
                                        "failures(3)",
                                        "failures(3 in 0s)",
                                        "rate(150% of 10 calls)",
                                        "rate(50% of 10)",
                                        "rate(50% in)",
                                        "rate(50% in 10s min 5)",
                                        "rate(50% in 10s, min)",
                                        "rate(< 50% in 10s)",
                                        "never"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        cr_assert_not_null(trip_parse(wrong[i], NULL), "%s", wrong[i]);
}

Test(breaker_facts, late_failures_prolong_open_where_the_timer_is_the_last_failure)
{
    struct policy *b =
        breaker_from("trip = consecutive(2); open_for = 10s; open_timer = last_failure; "
                     "late_results = count");
    struct admission late = breaker_ask(b, 0);
    breaker_play(b, 0, "F F");
    cr_assert_eq(breaker_open_until(b), S(10));
    breaker_end(b, S(7), &late, CALL_ERROR);
    cr_assert_eq(breaker_open_until(b), S(17));
    breaker_play(b, S(17), "R");
    breaker_play(b, S(17) + 1, "S");
    IS(b, BREAKER_CLOSED);
    policy_free(b);
}

Test(breaker_facts, forced_open_disabled_and_back)
{
    struct breaker_params p = breaker_values("trip = consecutive(2)");
    struct policy *b = breaker_create(&p, 0);
    struct policy_change c;
    p.mode = MODE_FORCED_OPEN;
    cr_assert_null(policy_set(b, S(1), &p));
    cr_assert(policy_changed(b, &c) && c.from == BREAKER_CLOSED && c.to == BREAKER_FORCED_OPEN);
    struct admission a = breaker_ask(b, S(100));
    cr_assert(!a.ok && a.why == ADMIT_OPEN && a.retry_after_ns == POLICY_NEVER);
    p.mode = MODE_DISABLED;
    cr_assert_null(policy_set(b, S(2), &p));
    breaker_play(b, S(2), "FFFFFFFF");
    IS(b, BREAKER_DISABLED);
    p.mode = MODE_AUTO;
    cr_assert_null(policy_set(b, S(3), &p));
    IS(b, BREAKER_CLOSED);
    cr_assert_eq(breaker_counts(b).failures, 0, "nothing was counted");
    cr_assert(policy_changed(b, &c) && policy_changed(b, &c) && c.to == BREAKER_CLOSED);
    policy_free(b);
}

/* The dry run is the machine itself: beside a real one on the same tape of requests it refuses in
 * words what that one refuses, as long as the calls are the same. */
Test(breaker_facts, a_dry_run_says_what_it_would_have_done)
{
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct tape r = {seed};
        static const char rule[] = "trip = rate(50% of 8 calls, min 4); open_for = 5s; "
                                   "half_open_requests = 2; close_after = 2";
        struct breaker_params p = breaker_values(rule);
        struct policy *real = breaker_create(&p, 0);
        p.mode = MODE_METRICS_ONLY;
        struct policy *dry = breaker_create(&p, 0);
        int64_t t = 0;
        for (int i = 0; i < 100; i++) {
            t += MS((int64_t)tape_below(&r, 2000));
            enum call_end how = tape_below(&r, 2) ? CALL_OK : CALL_ERROR;
            struct admission a = breaker_ask(real, t), d = breaker_ask(dry, t);
            cr_assert(d.ok && d.dry == !a.ok && d.why == a.why);
            if (a.ok)
                breaker_end(real, t, &a, how);
            breaker_end(dry, t, &d, how);
            cr_assert_eq(breaker_state(real), breaker_shadow(dry));
            cr_assert_eq(breaker_state(dry), BREAKER_METRICS_ONLY);
            struct policy_change x, y;
            bool changed = policy_changed(real, &x);
            cr_assert_eq(policy_changed(dry, &y), changed);
            if (changed)
                cr_assert(y.dry && !x.dry && x.to == y.to && strcmp(x.why, y.why) == 0);
        }
        cr_assert_eq(dry->figures.rejected, 0);
        policy_free(real);
        policy_free(dry);
    }
}

/* Whoever glances decides as whoever asks, on the same tape. */
Test(breaker_facts, a_glance_decides_as_the_machine)
{
    static const char *const rules[] = {
        "trip = consecutive(3); open_for = 3s",
        "trip = failures(3 of 5); open_for = 3s",
        "trip = rate(50% in 10s, min 4); open_for = 3s; late_results = count",
        "trip = consecutive(3); open_for = 3s; open_timer = last_failure; late_results = count",
        "preset = gobreaker; open_for = 3s; interval = 5s",
        "preset = hystrix"};
    uint64_t glanced = 0;
    for (uint64_t seed = 0; seed < 6000; seed++) {
        struct tape r = {seed};
        const char *rule = rules[seed % ARRAY_LEN(rules)];
        struct policy *a = breaker_from(rule), *b = breaker_from(rule);
        struct breaker_gate *gate = breaker_gate(b);
        struct ticket ours[6], theirs[6];
        bool out[6] = {false};
        int64_t t = 0;
        uint64_t bias = tape_below(&r, 4);
        for (int i = 0; i < 100; i++) {
            t += MS((int64_t)tape_below(&r, 1500));
            uint64_t k = tape_below(&r, 6);
            if (out[k]) {
                enum call_end how = tape_below(&r, 8) > 2 * bias ? CALL_OK : CALL_ERROR;
                policy_end(a, t, &ours[k], how, 0);
                if (how != CALL_OK || !breaker_quick_success(gate, &theirs[k]))
                    policy_end(b, t, &theirs[k], how, 0);
                out[k] = false;
            } else {
                struct admission x = breaker_ask(a, t), y = {.ok = true};
                enum breaker_quick quick = breaker_quick_admit(gate, t, &y.ticket);
                if (quick == BREAKER_ASK)
                    y = breaker_ask(b, t);
                else if (quick == BREAKER_REFUSES)
                    y.ok = false;
                glanced += quick != BREAKER_ASK;
                cr_assert_eq(x.ok, y.ok, "seed %llu, step %d", (unsigned long long)seed, i);
                if (quick == BREAKER_REFUSES)
                    cr_assert_leq(y.ticket.at_ns - t, x.retry_after_ns);
                ours[k] = x.ticket;
                theirs[k] = y.ticket;
                out[k] = x.ok;
            }
            cr_assert_eq(breaker_state(a), breaker_state(b), "seed %llu, step %d",
                         (unsigned long long)seed, i);
        }
        policy_free(a);
        policy_free(b);
    }
    cr_assert_gt(glanced, 100000);
}

Test(breaker_facts, rejections_by_a_policy_further_in_count_unless_they_are_ignored)
{
    struct policy *outer = breaker_from("trip = consecutive(3)");
    struct policy *wise = breaker_from("trip = consecutive(3); ignore = rejected");
    for (int i = 0; i < 3; i++) {
        struct admission a = breaker_ask(outer, 0), w = breaker_ask(wise, 0);
        breaker_end(outer, 0, &a, CALL_REJECTED);
        breaker_end(wise, 0, &w, CALL_REJECTED);
    }
    IS(outer, BREAKER_OPEN); /* BH-3 */
    IS(wise, BREAKER_CLOSED);
    policy_free(outer);
    policy_free(wise);
}

Test(breaker_facts, why)
{
    struct policy *b = breaker_from("trip = consecutive(3); open_for = 30s");
    struct policy_reason why;
    struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
    breaker_play(b, 0, "FFF");
    struct admission a = breaker_ask(b, S(10));
    policy_explain(b, S(10), &r, &a, &why);
    cr_assert_str_eq(why.rule, "open: nothing passes until its time is over");
    cr_assert_str_eq(why.operands, "opening 1 in a row, 20.0s left");
    cr_assert_str_eq(why.change, "20.0s later it would be a probe");
    breaker_ask(b, S(31));
    a = breaker_ask(b, S(31));
    policy_explain(b, S(31), &r, &a, &why);
    cr_assert_str_eq(why.operands, "1 let in, 0 succeeded, 0 failed, 0 permits left");
    policy_free(b);
}
