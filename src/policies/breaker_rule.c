/* SPDX-License-Identifier: MIT */
/* When a breaker trips and when it closes again, how that is said, and what may be read of it. */
#include <stdio.h>

#include "base/diag.h"
#include "policies/breaker_inside.h"

/* A share as the library sees it. */
static double share_of(const struct breaker *b, uint64_t part, uint64_t all)
{
    if (all == 0)
        return 0;
    double share = (double)part / (double)all;
    switch ((enum breaker_precision)b->params.precision) {
    case PRECISION_EXACT:
        break;
    case PRECISION_HUNDREDTH:
        return (double)(int64_t)(share * 100 + 0.5) / 100;
    case PRECISION_PERCENT_DOWN: /* 29 of 50 is 57.99 and 57 */
        return (double)(int64_t)(share * 100) / 100;
    }
    return share;
}

static bool reached(const struct breaker *b, double v, double threshold)
{
    return b->trip.above ? v > threshold : v >= threshold;
}

static const char *sign(const struct breaker *b)
{
    return b->trip.above ? ">" : ">=";
}

struct breaker_window breaker_looks_at(const struct breaker *b)
{
    if (b->trip.kind != TRIP_CONSECUTIVE && b->trip.kind != TRIP_RATE_INTERVAL)
        return b->results.sum;
    const struct breaker_counts *c = &b->tally.total;
    return (struct breaker_window){.calls = c->requests, .failures = c->failures, .slow = c->slow};
}

/* Whether the rule holds comes first and often; its words are only made when it does. */
enum rule { RULE_NONE, RULE_STREAK, RULE_FAILURES, RULE_RATE, RULE_SLOW };

static enum rule rule_that_holds(const struct breaker *b)
{
    if (b->trip.kind == TRIP_CONSECUTIVE)
        return reached(b, (double)b->tally.total.consecutive_failures, (double)b->trip.count)
                   ? RULE_STREAK
                   : RULE_NONE;
    struct breaker_window w = breaker_looks_at(b);
    if (w.calls == 0 || w.calls < b->trip.minimum)
        return RULE_NONE;
    if (!trip_by_rate(&b->trip))
        return reached(b, (double)w.failures, (double)b->trip.count) ? RULE_FAILURES : RULE_NONE;
    if (reached(b, share_of(b, w.failures, w.calls), b->trip.share))
        return RULE_RATE;
    if (b->params.slow_call_ns > 0 && reached(b, share_of(b, w.slow, w.calls), b->params.slow_rate))
        return RULE_SLOW;
    return RULE_NONE;
}

static void say_count(const struct breaker *b, uint64_t n, const char *what, char *why, size_t size)
{
    snprintf(why, size, "%llu %s %s %llu", (unsigned long long)n, what, sign(b),
             (unsigned long long)b->trip.count);
}

static void say_share(const struct breaker *b, uint64_t part, uint64_t all, double threshold,
                      const char *what, char *why, size_t size)
{
    snprintf(why, size, "%llu of %llu %s, %.4g%% %s %.4g%%", (unsigned long long)part,
             (unsigned long long)all, what, share_of(b, part, all) * 100, sign(b), threshold * 100);
}

static void say(const struct breaker *b, enum rule rule, char *why, size_t size)
{
    struct breaker_window w = breaker_looks_at(b);
    switch (rule) {
    case RULE_NONE:
        break;
    case RULE_STREAK:
        say_count(b, b->tally.total.consecutive_failures, "consecutive failures", why, size);
        break;
    case RULE_FAILURES:
        say_count(b, w.failures, "failures", why, size);
        break;
    case RULE_RATE:
        say_share(b, w.failures, w.calls, b->trip.share, "failed", why, size);
        break;
    case RULE_SLOW:
        say_share(b, w.slow, w.calls, b->params.slow_rate, "slow", why, size);
        break;
    }
}

bool breaker_trips(const struct breaker *b, char *why, size_t size)
{
    enum rule rule = rule_that_holds(b);
    if (LIKELY(rule == RULE_NONE))
        return false;
    say(b, rule, why, size);
    return true;
}

/* Half open, judged by rate: after so many results. */
static uint64_t judged_after(const struct breaker *b)
{
    uint64_t n = (uint64_t)b->params.half_open_requests;
    return b->trip.minimum > 0 && b->trip.minimum < n ? b->trip.minimum : n;
}

int breaker_verdict(const struct breaker *b, char *why, size_t size)
{
    const struct breaker_counts *c = &b->tally.total;
    if (b->params.close_rate > 0) {
        struct breaker_window w = {
            .calls = c->successes + c->failures, .failures = c->failures, .slow = c->slow};
        if (w.calls < judged_after(b))
            return 0;
        if (reached(b, share_of(b, w.failures, w.calls), b->params.close_rate)) {
            say_share(b, w.failures, w.calls, b->params.close_rate, "probes failed", why, size);
            return -1;
        }
        if (b->params.slow_call_ns > 0 &&
            reached(b, share_of(b, w.slow, w.calls), b->params.slow_rate)) {
            say_share(b, w.slow, w.calls, b->params.slow_rate, "probes slow", why, size);
            return -1;
        }
        snprintf(why, size, "%llu of %llu probes failed, below %.4g%%",
                 (unsigned long long)w.failures, (unsigned long long)w.calls,
                 b->params.close_rate * 100);
        return 1;
    }
    uint64_t need = (uint64_t)b->params.close_after, of = (uint64_t)b->params.close_of;
    uint64_t spare = of > need ? of - need : 0;
    if (c->successes >= need) {
        snprintf(why, size, "%llu successes >= %llu", (unsigned long long)c->successes,
                 (unsigned long long)need);
        return 1;
    }
    if (c->failures > spare) {
        snprintf(why, size, "%llu probes failed > %llu", (unsigned long long)c->failures,
                 (unsigned long long)spare);
        return -1;
    }
    return 0;
}

/* ---- the card -------------------------------------------------------------------------------- */

static void explain_open(const struct breaker *b, int64_t now_ns, struct policy_reason *why)
{
    char text[64];
    int64_t left = b->until_ns - now_ns;
    snprintf(why->rule, sizeof why->rule, "open: nothing passes until its time is over");
    value_human_duration(left < 0 ? 0 : left, text, sizeof text);
    snprintf(why->operands, sizeof why->operands, "opening %u in a row, %s left", b->attempt, text);
    snprintf(why->change, sizeof why->change, "%s later it would be a probe", text);
}

static void explain_half_open(const struct breaker *b, struct policy_reason *why)
{
    const struct breaker_counts *c = &b->tally.total;
    snprintf(why->rule, sizeof why->rule, "half open: %s of %lld probes",
             b->params.half_open_admission == PROBES_CAP ? "at most so many at once" : "a budget",
             (long long)b->params.half_open_requests);
    snprintf(why->operands, sizeof why->operands,
             "%llu let in, %llu succeeded, %llu failed, %lld permits left",
             (unsigned long long)c->requests, (unsigned long long)c->successes,
             (unsigned long long)c->failures, (long long)b->permits);
    snprintf(why->change, sizeof why->change, "a probe that comes back%s",
             b->params.half_open_max_wait_ns > 0 ? ", or the longest wait in half open" : "");
}

static void explain_closed(const struct breaker *b, struct policy_reason *why)
{
    struct breaker_window w = breaker_looks_at(b);
    snprintf(why->rule, sizeof why->rule, "closed: opens at %.120s", b->params.trip);
    if (b->trip.kind == TRIP_CONSECUTIVE)
        say(b, RULE_STREAK, why->operands, sizeof why->operands);
    else if (w.calls && w.calls >= b->trip.minimum)
        say(b, trip_by_rate(&b->trip) ? RULE_RATE : RULE_FAILURES, why->operands,
            sizeof why->operands);
    else
        snprintf(why->operands, sizeof why->operands, "%llu results, it takes %llu",
                 (unsigned long long)w.calls, (unsigned long long)b->trip.minimum);
    snprintf(why->change, sizeof why->change, "passes");
}

void breaker_explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                     const struct admission *a, struct policy_reason *why)
{
    const struct breaker *b = breaker_of_const(p);
    (void)r;
    if (b->params.mode == MODE_FORCED_OPEN) {
        snprintf(why->rule, sizeof why->rule, "forced open: nothing passes");
        snprintf(why->change, sizeof why->change, "mode = auto");
    } else if (b->params.mode == MODE_DISABLED) {
        snprintf(why->rule, sizeof why->rule, "disabled: everything passes, nothing is counted");
    } else if (a->why == ADMIT_OPEN) {
        explain_open(b, now_ns, why);
    } else if (a->why == ADMIT_HALF_OPEN) {
        explain_half_open(b, why);
    } else if (b->state == BREAKER_HALF_OPEN) {
        explain_half_open(b, why);
        snprintf(why->change, sizeof why->change, "passes as a probe");
    } else {
        explain_closed(b, why);
    }
    if (a->dry)
        snprintf(why->change, sizeof why->change, "a dry run: it passes all the same");
}

/* ---- what may be read ------------------------------------------------------------------------ */

const struct breaker_params *breaker_params(const struct policy *p)
{
    return &breaker_of_const(p)->params;
}

struct breaker_counts breaker_counts(const struct policy *p)
{
    return breaker_of_const(p)->tally.total;
}

struct breaker_window breaker_window(const struct policy *p)
{
    return breaker_looks_at(breaker_of_const(p));
}

enum breaker_state breaker_shadow(const struct policy *p)
{
    return (enum breaker_state)breaker_of_const(p)->state;
}

int64_t breaker_open_until(const struct policy *p)
{
    const struct breaker *b = breaker_of_const(p);
    return b->state == BREAKER_OPEN ? b->until_ns : POLICY_NEVER;
}

uint64_t breaker_openings(const struct policy *p)
{
    return breaker_of_const(p)->openings;
}

uint64_t breaker_late(const struct policy *p)
{
    return breaker_of_const(p)->late;
}

uint32_t breaker_in_a_row(const struct policy *p)
{
    return breaker_of_const(p)->attempt;
}
