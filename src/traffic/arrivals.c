/* SPDX-License-Identifier: MIT */
/* Arrival processes.
 *
 * steady, ramp and wave are deterministic: the n-th arrival is where the integral of the rate
 * reaches n. steady and ramp have it in closed form, so nothing drifts; a wave (a cosine from the
 * first rate to the second and back) is summed in 1/512 of its period. poisson draws exponential
 * gaps. */
#include "traffic/arrivals.h"

#include "traffic/det.h"
#include "traffic/traffic.h"

enum { WAVE_STEPS = 512 };
#define END_OF_TIME INT64_C(4000000000000000000) /* 126 years: later arrivals do not come */

void arrivals_begin(struct arrival_clock *c, const struct arrivals *a, int64_t now_ns)
{
    c->a = *a;
    c->from_ns = c->last_ns = now_ns;
    c->n = 0;
    c->area = 0;
}

static int64_t ns_of(double seconds)
{
    return seconds < 4e9 ? (int64_t)(seconds * 1e9 + 0.5) : END_OF_TIME;
}

/* ramp: N(t) = r t + (r2 - r) t² / 2T up to T, then at r2. The t where N(t) = n, or -1. */
static double ramp_time(const struct arrivals *a, double n)
{
    double span = (double)a->span_ns * 1e-9, slope = (a->rate2 - a->rate) / span;
    double at_end = (a->rate + a->rate2) / 2 * span;
    if (n > at_end)
        return a->rate2 > 0 ? span + (n - at_end) / a->rate2 : -1;
    if (slope == 0)
        return n / a->rate;
    /* the form that does not cancel */
    double root = a->rate * a->rate + 2 * slope * n;
    return 2 * n / (a->rate + __builtin_sqrt(root > 0 ? root : 0));
}

static int64_t wave_time(struct arrival_clock *c)
{
    double step_s = (double)c->a.span_ns * 1e-9 / WAVE_STEPS;
    double mid = (c->a.rate + c->a.rate2) / 2, swing = (c->a.rate - c->a.rate2) / 2;
    double t = (double)(c->last_ns - c->from_ns) * 1e-9;
    for (;;) {
        double period = (double)c->a.span_ns * 1e-9;
        double rate = mid + swing * det_cos_turn((t + step_s / 2) / period);
        double gain = rate * step_s;
        if (c->area + gain >= 1) {
            t += step_s * (1 - c->area) / gain;
            c->area = 0;
            return c->from_ns + ns_of(t);
        }
        c->area += gain;
        t += step_s;
    }
}

int64_t arrivals_next(struct arrival_clock *c, struct rng *rng)
{
    const struct arrivals *a = &c->a;
    int64_t at = -1;
    switch (a->kind) {
    case ARR_STEADY:
        at = c->from_ns + ns_of((double)(c->n + 1) / a->rate);
        break;
    case ARR_POISSON: {
        struct dist gap = {DIST_EXP, 1e9 / a->rate, 0};
        int64_t ns = dist_sample(&gap, rng);
        at = ns < END_OF_TIME - c->last_ns ? c->last_ns + ns : -1;
        break;
    }
    case ARR_BURST: {
        int64_t bursts = (int64_t)(c->n / (uint64_t)a->n);
        at = bursts <= (END_OF_TIME - c->from_ns) / a->span_ns ? c->from_ns + bursts * a->span_ns
                                                               : -1;
        break;
    }
    case ARR_RAMP: {
        double t = ramp_time(a, (double)(c->n + 1));
        at = t < 0 ? -1 : c->from_ns + ns_of(t);
        break;
    }
    case ARR_WAVE:
        at = wave_time(c);
        break;
    case ARR_CLOSED:
    case ARR_EAGER:
    case ARR_TRACE:
    case ARR_KIND_COUNT:
        break;
    }
    if (at < 0 || at >= END_OF_TIME)
        return -1;
    c->n++;
    if (at < c->last_ns)
        at = c->last_ns;
    c->last_ns = at;
    return at;
}
