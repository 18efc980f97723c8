/* SPDX-License-Identifier: MIT */
/* Sliding counter: two counts instead of a log. Of the last window only the part that the sliding
 * frame still covers counts, as if its requests had come evenly:
 *
 *   estimate = previous * (window - elapsed) / window + current
 *
 * Compared in whole numbers (both sides times the window), so no rounding decides. */
#include <stdio.h>

#include "policies/limiter_inside.h"

__extension__ typedef __int128 wide;

struct counter {
    int64_t origin_ns;
    int64_t index;
    int64_t previous, current;
};

static int64_t index_at(const struct limiter *l, const struct counter *c, int64_t now_ns)
{
    return now_ns > c->origin_ns ? (now_ns - c->origin_ns) / l->params.window_ns : 0;
}

static struct counter counter_at(const struct limiter *l, const struct counter *c, int64_t now_ns)
{
    struct counter x = *c;
    int64_t index = index_at(l, c, now_ns), passed = index - c->index;
    if (passed <= 0)
        return x;
    x.index = index;
    x.previous = passed == 1 ? c->current : 0;
    x.current = 0;
    return x;
}

static int64_t begun_ns(const struct limiter *l, const struct counter *c)
{
    return c->origin_ns + c->index * l->params.window_ns;
}

static void init(struct limiter *l, int64_t now_ns)
{
    *(struct counter *)limiter_state(l) = (struct counter){.origin_ns = now_ns};
}

/* A new length begins with a new window; what has passed counts as this window's. */
static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct counter *c = limiter_state(l);
    if (old->window_ns == l->params.window_ns)
        return;
    struct limiter_params now = l->params;
    l->params = *old;
    struct counter x = counter_at(l, c, now_ns);
    l->params = now;
    *c = (struct counter){.origin_ns = now_ns, .current = x.current, .previous = x.previous};
}

static bool fits(const struct limiter *l, const struct counter *c, int64_t now_ns, uint32_t n)
{
    int64_t window = l->params.window_ns, begun = begun_ns(l, c);
    int64_t rest = window - (now_ns > begun ? now_ns - begun : 0);
    return (wide)c->previous * rest + (wide)(c->current + n) * window <=
           (wide)l->params.limit * window;
}

static double estimate(const struct limiter *l, int64_t now_ns)
{
    struct counter c = counter_at(l, limiter_state_const(l), now_ns);
    double into = (double)(now_ns - begun_ns(l, &c)) / (double)l->params.window_ns;
    return (double)c.previous * (1 - (into > 0 ? into : 0)) + (double)c.current;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct counter *c = limiter_state(l);
    *c = counter_at(l, c, now_ns);
    if (!fits(l, c, now_ns, n))
        return false;
    c->current += n;
    *level = estimate(l, now_ns);
    return true;
}

/* The instant in the window of c, from `now` on, at which n fit; POLICY_NEVER: not in this one. */
static int64_t fits_at(const struct limiter *l, const struct counter *c, int64_t now_ns, uint32_t n)
{
    int64_t window = l->params.window_ns, begun = begun_ns(l, c);
    wide room = (wide)(l->params.limit - c->current - n) * window;
    if (room < 0)
        return POLICY_NEVER;
    int64_t rest = c->previous == 0                    ? window
                   : room / c->previous < (wide)window ? (int64_t)(room / c->previous)
                                                       : window;
    int64_t at = begun + window - rest;
    at = at > now_ns ? at : now_ns;
    return at < begun + window ? at : POLICY_NEVER;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    if (n > l->params.limit)
        return POLICY_NEVER;
    struct counter c = counter_at(l, limiter_state_const(l), now_ns);
    for (int i = 0; i < 3; i++) { /* in two windows from now both counts are empty */
        int64_t at = fits_at(l, &c, now_ns, n);
        if (at != POLICY_NEVER)
            return at;
        c = counter_at(l, &c, begun_ns(l, &c) + l->params.window_ns);
    }
    return POLICY_NEVER;
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    struct counter c = counter_at(l, limiter_state_const(l), now_ns);
    s->now = (double)c.current;
    s->other = (double)c.previous;
    s->at_ns = begun_ns(l, &c);
}

static double cap(const struct limiter *l)
{
    return (double)l->params.limit;
}

/* All of the last window may have come at its end: then nearly two limits lie close together. */
static double admits(const struct limiter *l, int64_t span_ns)
{
    int64_t windows = (span_ns + l->params.window_ns - 1) / l->params.window_ns + 1;
    return (double)windows * (double)l->params.limit;
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    struct counter c = counter_at(l, limiter_state_const(l), now_ns);
    char length[64];
    value_human_duration(l->params.window_ns, length, sizeof length);
    double rest = 1 - (double)(now_ns - begun_ns(l, &c)) / (double)l->params.window_ns;
    snprintf(why->rule, sizeof why->rule, "previous x overlap + current + %u <= %lld, window %s", n,
             (long long)l->params.limit, length);
    snprintf(why->operands, sizeof why->operands, "%lld x %.3f + %lld = %.3f",
             (long long)c.previous, rest, (long long)c.current, estimate(l, now_ns));
}

const struct limiter_kind limiter_sliding_counter = {
    .name = "sliding_counter",
    .state_size = sizeof(struct counter),
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .level = estimate,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
