/* SPDX-License-Identifier: MIT */
/* When a breaker trips and when it closes again, and how that is said. */
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

static bool by_count(const struct breaker *b, uint64_t n, const char *what, char *why, size_t size)
{
    snprintf(why, size, "%llu %s %s %llu", (unsigned long long)n, what, sign(b),
             (unsigned long long)b->trip.count);
    return reached(b, (double)n, (double)b->trip.count);
}

static bool by_share(const struct breaker *b, uint64_t part, const struct breaker_window *w,
                     double threshold, const char *what, char *why, size_t size)
{
    double share = share_of(b, part, w->calls);
    snprintf(why, size, "%llu of %llu %s, %.4g%% %s %.4g%%", (unsigned long long)part,
             (unsigned long long)w->calls, what, share * 100, sign(b), threshold * 100);
    return reached(b, share, threshold);
}

bool breaker_trips(const struct breaker *b, char *why, size_t size)
{
    struct breaker_window w = breaker_looks_at(b);
    if (b->trip.kind == TRIP_CONSECUTIVE)
        return by_count(b, b->tally.total.consecutive_failures, "consecutive failures", why, size);
    if (w.calls == 0 || w.calls < b->trip.minimum)
        return false;
    if (!trip_by_rate(&b->trip))
        return by_count(b, w.failures, "failures", why, size);
    return by_share(b, w.failures, &w, b->trip.share, "failed", why, size) ||
           (b->params.slow_call_ns > 0 &&
            by_share(b, w.slow, &w, b->params.slow_rate, "slow", why, size));
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
        if (by_share(b, w.failures, &w, b->params.close_rate, "probes failed", why, size) ||
            (b->params.slow_call_ns > 0 &&
             by_share(b, w.slow, &w, b->params.slow_rate, "probes slow", why, size)))
            return -1;
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
    char text[96] = "";
    snprintf(why->rule, sizeof why->rule, "closed: opens at %.120s", b->params.trip);
    if (breaker_trips(b, text, sizeof text) || *text)
        snprintf(why->operands, sizeof why->operands, "%s", text);
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
