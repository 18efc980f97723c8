/* SPDX-License-Identifier: MIT */
/* The preset failsafe against failsafe-go itself: CB-14, CB-15, and 90 000 random tapes whose
 * results the library gave (golden/failsafe.inc). */
#include "breaker_run.h"
#include "golden/failsafe.inc"
#include "tape.h"

/* The library's numbers for its states. */
static const uint64_t number[] = {
    [BREAKER_CLOSED] = 0, [BREAKER_OPEN] = 1, [BREAKER_HALF_OPEN] = 2};

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

enum { WITH_SUCCESSES, WITHOUT, IN_TIME };

static struct policy *settings(struct tape *r, int what, uint64_t *bias)
{
    int of = (int)tape_below(r, 10) + 1, failures = (int)tape_below(r, (uint64_t)of) + 1;
    int probes = (int)tape_below(r, 6) + 1, successes = (int)tape_below(r, (uint64_t)probes) + 1;
    int least = (int)tape_below(r, 8) + 1, percent = 5 * ((int)tape_below(r, 20) + 1);
    int period = (int)tape_below(r, 10) + 1, delay = (int)tape_below(r, 10) + 1;
    *bias = tape_below(r, 4);
    struct breaker_params p = breaker_values("preset = failsafe");
    p.open_for_ns = S(delay);
    if (what == IN_TIME)
        snprintf(p.trip, sizeof p.trip, "rate(%d%% in %ds, min %d)", percent, period, least);
    else
        snprintf(p.trip, sizeof p.trip, "failures(%d of %d)", failures, of);
    if (what == WITHOUT) { /* it closes when the failure rule can no longer hold */
        probes = of;
        successes = of - failures + 1;
    }
    p.half_open_requests = p.close_of = probes;
    p.close_after = successes;
    return breaker_create(&p, 0);
}

static void play(uint64_t seed, int what, uint64_t *h)
{
    struct tape r = {seed};
    uint64_t bias;
    struct policy *b = settings(&r, what, &bias);
    struct ticket calls[6];
    bool out[6] = {false};
    int64_t t = 0;
    for (int i = 0; i < 100; i++) {
        t += step_ms(&r);
        uint64_t k = tape_below(&r, 6), changes = 0;
        if (!out[k]) {
            struct admission a = breaker_ask(b, MS(t));
            calls[k] = a.ticket;
            out[k] = a.ok;
            tape_mix(h, a.ok);
        } else {
            out[k] = false;
            policy_end(b, MS(t), &calls[k], tape_below(&r, 8) > 2 * bias ? CALL_OK : CALL_ERROR, 0);
        }
        struct policy_change c;
        while (policy_changed(b, &c))
            changes = changes * 16 + number[c.from] * 4 + number[c.to] + 1;
        tape_mix(h, changes);
        tape_mix(h, number[breaker_state(b)]);
    }
    policy_free(b);
}

static void blocks(int what)
{
    for (size_t k = 0; k < ARRAY_LEN(failsafe_blocks); k += TAPE_EVERY) {
        uint64_t h = TAPE_HASH;
        for (size_t s = k * 1000; s < k * 1000 + 1000; s++)
            play(s, what, &h);
        cr_assert_eq(h, failsafe_blocks[k].hash[what], "block %zu", k);
    }
}

Test(breaker_failsafe, thirty_thousand_tapes_by_count_with_a_success_threshold)
{
    blocks(WITH_SUCCESSES);
}

Test(breaker_failsafe, thirty_thousand_tapes_by_count_without)
{
    blocks(WITHOUT);
}

Test(breaker_failsafe, thirty_thousand_tapes_by_rate_in_time)
{
    blocks(IN_TIME);
}

/* ---- the facts ------------------------------------------------------------------------------- */

Test(breaker_failsafe, the_defaults)
{
    struct policy *b = breaker_from("preset = failsafe");
    breaker_play(b, 0, "S F R");
    IS(b, BREAKER_OPEN);
    breaker_play(b, S(60) - 1, "R");
    breaker_play(b, S(60), "S"); /* at its very end */
    IS(b, BREAKER_CLOSED);
    policy_free(b);
}

Test(breaker_failsafe, CB_14_counts)
{
    struct policy *b = breaker_from("preset = failsafe; trip = failures(3 of 3)");
    breaker_play(b, 0, "F S F F");
    IS(b, BREAKER_CLOSED);
    breaker_play(b, 0, "F");
    IS(b, BREAKER_OPEN);
    policy_free(b);

    b = breaker_from("preset = failsafe; trip = failures(2 of 3)");
    breaker_play(b, 0, "F S");
    IS(b, BREAKER_CLOSED);
    breaker_play(b, 0, "F");
    IS(b, BREAKER_OPEN);
    policy_free(b);

    b = breaker_from("preset = failsafe; trip = failures(3 of 4)");
    for (int i = 0; i < 1000; i++)
        breaker_play(b, 0, "S F");
    IS(b, BREAKER_CLOSED);
    policy_free(b);
}

Test(breaker_failsafe, CB_15_three_of_four_probes)
{
    struct policy *b = breaker_from("preset = failsafe; half_open_requests = 4; close_after = 3; "
                                    "close_of = 4; open_for = 1s");
    breaker_play(b, 0, "F");
    breaker_play(b, S(1), "S F S");
    IS(b, BREAKER_HALF_OPEN);
    breaker_play(b, S(1), "F");
    IS(b, BREAKER_OPEN);
    breaker_play(b, S(2), "S F S S");
    IS(b, BREAKER_CLOSED);
    policy_free(b);
}

Test(breaker_failsafe, rates_are_rounded_to_hundredths)
{
    /* 99 of 199 is 0.4975: it opens a rule of 0.50, which exactly it does not reach */
    struct policy *b = breaker_from("preset = failsafe; trip = rate(50% of 199 calls, min 199)");
    struct policy *exact = breaker_from(
        "preset = failsafe; trip = rate(50% of 199 calls, min 199); precision = exact");
    for (int i = 0; i < 199; i++) {
        breaker_play(b, 0, i < 100 ? "S" : "F");
        breaker_play(exact, 0, i < 100 ? "S" : "F");
    }
    IS(b, BREAKER_OPEN);
    IS(exact, BREAKER_CLOSED);
    policy_free(b);
    policy_free(exact);
}

Test(breaker_failsafe, a_late_result_adds_a_permit_to_half_open)
{
    struct policy *b = breaker_from("preset = failsafe; trip = failures(2 of 2); open_for = 1s; "
                                    "half_open_requests = 2; close_after = 2; close_of = 3");
    struct admission late = breaker_ask(b, 0);
    breaker_play(b, 0, "F F");
    struct admission one = breaker_ask(b, S(1)), two = breaker_ask(b, S(1));
    cr_assert(one.ok && two.ok);
    breaker_play(b, S(1), "R");
    breaker_end(b, S(1), &late, CALL_OK);
    IS(b, BREAKER_HALF_OPEN);
    cr_assert_eq(breaker_counts(b).successes, 1, "it counts as a probe");
    cr_assert(breaker_ask(b, S(1)).ok, "and a third one may go");
    policy_free(b);
}

Test(breaker_failsafe, an_error_that_is_not_handled_is_a_success)
{
    struct policy *b = breaker_from("preset = failsafe; trip = failures(2 of 2)");
    breaker_play(b, 0, "F I F I F");
    IS(b, BREAKER_CLOSED);
    policy_free(b);
}
