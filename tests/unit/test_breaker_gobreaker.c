/* SPDX-License-Identifier: MIT */
/* The preset gobreaker against sony/gobreaker itself: CB-1 to CB-8, and 100 000 random tapes whose
 * results the library gave (golden/gobreaker.inc). */
#include "breaker_run.h"
#include "golden/gobreaker.inc"
#include "tape.h"

/* The library's numbers for its states. */
static const uint64_t number[] = {
    [BREAKER_CLOSED] = 0, [BREAKER_HALF_OPEN] = 1, [BREAKER_OPEN] = 2};

static int64_t step_ms(struct tape *r)
{
    switch (tape_below(r, 6)) {
    case 0:
        return 0;
    case 1:
        return 1000;
    case 2:
        return (int64_t)tape_below(r, 20) * 1000;
    case 3:
        return (int64_t)tape_below(r, 400);
    default:
        return (int64_t)tape_below(r, 3000);
    }
}

static struct policy *settings(struct tape *r, bool any, uint64_t *bias)
{
    uint64_t kind = tape_below(r, 3), n = tape_below(r, 6) + 1, most = tape_below(r, 4);
    uint64_t interval = tape_below(r, 4), bucket = tape_below(r, 3);
    *bias = tape_below(r, 4);
    struct breaker_params p = breaker_values("preset = gobreaker");
    if (any) {
        p.half_open_requests = p.close_after = most ? (int64_t)most : 1;
        p.open_for_ns = S(1 + (int64_t)tape_below(r, 10));
        p.interval_ns = S((int64_t)interval * 5);
        p.bucket_ns = interval ? MS((int64_t)bucket * 1500) : 0;
        if (kind == 0)
            snprintf(p.trip, sizeof p.trip, "consecutive(%d)", (int)n);
        else if (kind == 1)
            snprintf(p.trip, sizeof p.trip, "rate(60%% in interval, min 3)");
        else
            snprintf(p.trip, sizeof p.trip, "rate(> 50%% in interval, min %d)", (int)n);
    }
    return breaker_create(&p, 0);
}

static void mix_state(struct policy *b, uint64_t *h)
{
    uint64_t changes = 0;
    struct policy_change c;
    while (policy_changed(b, &c))
        changes = changes * 16 + number[c.from] * 4 + number[c.to] + 1;
    struct breaker_counts n = breaker_counts(b);
    tape_mix(h, changes);
    tape_mix(h, number[breaker_state(b)]);
    tape_mix(h, n.requests);
    tape_mix(h, n.successes);
    tape_mix(h, n.failures);
    tape_mix(h, n.ignored);
    tape_mix(h, n.consecutive_successes);
    tape_mix(h, n.consecutive_failures);
}

static void play(uint64_t seed, bool any, uint64_t *h)
{
    struct tape r = {seed};
    uint64_t bias;
    struct policy *b = settings(&r, any, &bias);
    struct ticket calls[6];
    bool out[6] = {false};
    int64_t t = 0;
    for (int i = 0; i < 100; i++) {
        t += step_ms(&r);
        if (!any && tape_below(&r, 8) == 0)
            t += (int64_t)tape_below(&r, 70000);
        uint64_t k = tape_below(&r, 6);
        if (!out[k]) {
            struct admission a = breaker_ask(b, MS(t));
            calls[k] = a.ticket;
            out[k] = a.ok;
            tape_mix(h, a.ok ? 0 : a.why == ADMIT_OPEN ? 1 : 2);
        } else {
            uint64_t e = tape_below(&r, 8);
            out[k] = false;
            policy_end(b, MS(t), &calls[k],
                       e == 0              ? CALL_IGNORED
                       : e <= 1 + 2 * bias ? CALL_ERROR
                                           : CALL_OK,
                       0);
        }
        mix_state(b, h);
    }
    policy_free(b);
}

Test(breaker_gobreaker, fifty_thousand_tapes_with_default_settings)
{
    for (size_t k = 0; k < ARRAY_LEN(gobreaker_blocks); k += TAPE_EVERY) {
        uint64_t h = TAPE_HASH;
        for (size_t s = k * 1000; s < k * 1000 + 1000; s++)
            play(s, false, &h);
        cr_assert_eq(h, gobreaker_blocks[k].defaults, "block %zu", k);
    }
}

Test(breaker_gobreaker, fifty_thousand_tapes_with_any_settings)
{
    for (size_t k = 0; k < ARRAY_LEN(gobreaker_blocks); k += TAPE_EVERY) {
        uint64_t h = TAPE_HASH;
        for (size_t s = k * 1000; s < k * 1000 + 1000; s++)
            play(s, true, &h);
        cr_assert_eq(h, gobreaker_blocks[k].any, "block %zu", k);
    }
}

/* ---- the facts, one by one ------------------------------------------------------------------- */

Test(breaker_gobreaker, CB_1_opens_exactly_on_the_sixth_in_a_row)
{
    struct policy *b = breaker_from("preset = gobreaker");
    breaker_play(b, 0, "FFFFF");
    IS(b, BREAKER_CLOSED);
    breaker_play(b, 0, "S F FFFF");
    IS(b, BREAKER_CLOSED);
    cr_assert_eq(breaker_counts(b).consecutive_failures, 5);
    breaker_play(b, 0, "F");
    IS(b, BREAKER_OPEN);
    struct breaker_counts n = breaker_counts(b);
    cr_assert(n.requests == 0 && n.failures == 0 && n.consecutive_failures == 0);
    struct policy_change c;
    cr_assert(policy_changed(b, &c) && c.from == BREAKER_CLOSED && c.to == BREAKER_OPEN);
    cr_assert_str_eq(c.why, "6 consecutive failures >= 6");
    cr_assert_not(policy_changed(b, &c));
    policy_free(b);
}

Test(breaker_gobreaker, open_ends_strictly_after_its_time_and_one_success_closes)
{
    struct policy *b = breaker_from("preset = gobreaker");
    breaker_play(b, 0, "FFFFFF R");
    cr_assert_eq(policy_due_ns(b), S(60) + 1);
    cr_assert_eq(breaker_ask(b, S(20)).retry_after_ns, S(40) + 1);
    breaker_play(b, S(60), "R");
    struct admission probe = breaker_ask(b, S(60) + 1);
    cr_assert(probe.ok);
    IS(b, BREAKER_HALF_OPEN);
    struct admission second = breaker_ask(b, S(60) + 1);
    cr_assert(!second.ok && second.why == ADMIT_HALF_OPEN);
    breaker_end(b, S(61), &probe, CALL_OK);
    IS(b, BREAKER_CLOSED);
    breaker_play(b, S(61), "FFFFFF");
    breaker_play(b, S(122), "F R");
    IS(b, BREAKER_OPEN);
    policy_free(b);
}

Test(breaker_gobreaker, CB_2_three_requests_and_sixty_percent)
{
    struct policy *b = breaker_from("preset = gobreaker; trip = rate(60% in interval, min 3); "
                                    "interval = 30s; open_for = 90s; half_open_requests = 3; "
                                    "close_after = 3");
    breaker_play(b, 0, "S F");
    IS(b, BREAKER_CLOSED);
    breaker_play(b, 0, "F");
    IS(b, BREAKER_OPEN);
    struct policy_change c;
    cr_assert(policy_changed(b, &c));
    cr_assert_str_eq(c.why, "2 of 3 failed, 66.67% >= 60%");
    policy_free(b);
}

static const char rolling[] = "preset = gobreaker; trip = rate(> 60% in interval, min 3); "
                              "interval = 30s; bucket = 3s; open_for = 90s; "
                              "half_open_requests = 3; close_after = 3";

Test(breaker_gobreaker, CB_3_rolling_counts_drop_their_oldest_bucket)
{
    struct policy *b = breaker_from(rolling);
    breaker_play(b, 0, "SSSSSSSSSSSSSSS");
    for (int i = 1; i < 10; i++)
        breaker_play(b, S(3 * i), "SF");
    struct breaker_counts n = breaker_counts(b);
    cr_assert(n.requests == 33 && n.successes == 24 && n.failures == 9);
    breaker_play(b, S(30), "F");
    n = breaker_counts(b);
    cr_assert(n.requests == 19 && n.successes == 9 && n.failures == 10, "the first 15 are gone");
    breaker_play(b, S(30), "FFF");
    IS(b, BREAKER_CLOSED); /* 13 of 22 */
    breaker_play(b, S(30), "F");
    IS(b, BREAKER_OPEN); /* 14 of 23 */
    policy_free(b);
}

Test(breaker_gobreaker, CB_4_late_results_go_to_their_own_bucket_or_nowhere)
{
    struct policy *b = breaker_from(rolling);
    struct admission a = breaker_ask(b, 0), old = breaker_ask(b, 0);
    breaker_end(b, S(20), &a, CALL_OK);
    cr_assert_eq(breaker_counts(b).successes, 1);
    breaker_play(b, S(30), "S"); /* bucket 10: bucket 0 and what it was credited are gone */
    cr_assert_eq(breaker_counts(b).successes, 1);
    breaker_end(b, S(31), &old, CALL_OK);
    cr_assert_eq(breaker_counts(b).successes, 1, "older than the window: nowhere");
    policy_free(b);
}

Test(breaker_gobreaker, CB_5_counts_do_not_expire_by_being_read)
{
    struct policy *b = breaker_from("preset = gobreaker; interval = 10s");
    breaker_play(b, 0, "F");
    for (int i = 0; i < 3; i++) {
        policy_level(b, S(100));
        policy_next_ns(b, S(100));
        cr_assert_eq(breaker_counts(b).requests, 1);
    }
    breaker_play(b, S(100), "S");
    cr_assert(breaker_counts(b).requests == 1 && breaker_counts(b).failures == 0);
    policy_free(b);
}

Test(breaker_gobreaker, CB_6_a_panic_is_a_failure_and_a_call_that_never_returns_keeps_its_slot)
{
    struct policy *b = breaker_from("preset = gobreaker");
    for (int i = 0; i < 6; i++) {
        struct admission a = breaker_ask(b, 0);
        breaker_end(b, 0, &a, CALL_PANIC);
    }
    IS(b, BREAKER_OPEN);
    cr_assert(breaker_ask(b, S(61)).ok, "the probe, which never comes back");
    for (int64_t t = 62; t < 100000; t += 1000)
        breaker_play(b, S(t), "R");
    IS(b, BREAKER_HALF_OPEN);
    cr_assert_eq(policy_next_ns(b, S(100000)), POLICY_NEVER, "nothing will ever happen");
    policy_free(b);

    b = breaker_from("preset = gobreaker; half_open_max_wait = 10s");
    breaker_play(b, 0, "FFFFFF");
    cr_assert(breaker_ask(b, S(61)).ok);
    cr_assert_eq(policy_next_ns(b, S(61)), S(71));
    breaker_play(b, S(71), "R");
    IS(b, BREAKER_OPEN); /* the repaired one opens again */
    policy_free(b);
}

Test(breaker_gobreaker, CB_7_a_tumbling_interval_splits_failures)
{
    struct policy *b = breaker_from("preset = gobreaker; interval = 10s");
    for (int i = 0; i < 20; i++) {
        breaker_play(b, S(11) * i, "FFFFF");
        IS(b, BREAKER_CLOSED);
    }
    policy_free(b);
    b = breaker_from("preset = gobreaker");
    breaker_play(b, S(9), "FFFFF");
    breaker_play(b, S(11), "F");
    IS(b, BREAKER_OPEN);
    policy_free(b);
}

Test(breaker_gobreaker, CB_8_ignored_is_asked_first_also_of_a_success)
{
    struct policy *b = breaker_from("preset = gobreaker; ignore = ok ignored");
    breaker_play(b, 0, "FFFFF S I");
    struct breaker_counts n = breaker_counts(b);
    cr_assert(n.requests == 7 && n.ignored == 2 && n.successes == 0);
    cr_assert_eq(n.consecutive_failures, 5, "a streak is left alone");
    breaker_play(b, 0, "F");
    IS(b, BREAKER_OPEN);
    /* half open: an ignored one frees its slot */
    breaker_play(b, S(61), "I I I F");
    IS(b, BREAKER_OPEN);
    policy_free(b);
}

Test(breaker_gobreaker, in_flight_calls_of_another_generation_are_dropped)
{
    struct policy *b = breaker_from("preset = gobreaker");
    struct admission late = breaker_ask(b, 0);
    breaker_play(b, 0, "FFFFFF");
    breaker_end(b, S(1), &late, CALL_OK);
    IS(b, BREAKER_OPEN);
    cr_assert_eq(breaker_late(b), 1);
    /* a late result notices that its time is over */
    late = breaker_ask(b, S(61));
    cr_assert(late.ok);
    breaker_end(b, S(61), &late, CALL_ERROR);
    struct admission never = breaker_ask(b, S(62));
    cr_assert_not(never.ok);
    policy_free(b);
}

Test(breaker_gobreaker, CB_17_looking_changes_nothing_and_what_is_due_is_said)
{
    struct policy *b = breaker_from("preset = gobreaker");
    breaker_play(b, 0, "FFFFFF");
    for (int64_t t = 0; t < 200; t += 10) {
        struct policy_reason why;
        struct policy_request r = {.id = 1, .cost = 1, .deadline_ns = POLICY_NEVER};
        struct admission a = {.why = ADMIT_OPEN};
        policy_level(b, S(t));
        policy_cap(b);
        policy_next_ns(b, S(t));
        policy_explain(b, S(t), &r, &a, &why);
        IS(b, BREAKER_OPEN);
        cr_assert_eq(policy_due_ns(b), S(60) + 1);
    }
    struct policy_change c;
    cr_assert(policy_changed(b, &c));
    cr_assert_not(policy_changed(b, &c), "only the opening");
    policy_free(b);
}
