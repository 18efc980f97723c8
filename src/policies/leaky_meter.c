/* SPDX-License-Identifier: MIT */
/* Leaky bucket as a meter: a level drains at `rate`, each request raises it, and may not raise it
 * above `burst`. The token bucket upside down; nothing waits in it, so it cannot promise. */
#include <stdio.h>

#include "policies/limiter_inside.h"

struct meter {
    double level;
    int64_t last_ns;
};

static double level_at(const struct limiter *l, const struct meter *m, int64_t now_ns)
{
    if (now_ns <= m->last_ns)
        return m->level;
    double level = m->level - limiter_seconds(now_ns - m->last_ns) * l->params.rate;
    return level > 0 ? level : 0;
}

static void init(struct limiter *l, int64_t now_ns)
{
    *(struct meter *)limiter_state(l) = (struct meter){.last_ns = now_ns};
}

static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct meter *m = limiter_state(l);
    struct limiter_params now = l->params;
    l->params = *old;
    m->level = level_at(l, m, now_ns);
    m->last_ns = now_ns;
    l->params = now;
}

/* Whole ns until so much has drained; less than one is none, as in the token bucket. */
static int64_t drain_ns(const struct limiter *l, double excess)
{
    if (excess <= 0)
        return 0;
    double ns = l->params.rate > 0 ? excess / l->params.rate * 1e9 : 0x1p63;
    return ns >= 0x1p63 ? POLICY_NEVER : (int64_t)ns;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct meter *m = limiter_state(l);
    double risen = level_at(l, m, now_ns) + n;
    if (n > l->params.burst || drain_ns(l, risen - (double)l->params.burst) > 0)
        return false;
    *level = m->level = risen;
    m->last_ns = now_ns;
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    if (n > l->params.burst)
        return POLICY_NEVER;
    double level = level_at(l, limiter_state_const(l), now_ns) + n;
    return limiter_after(now_ns, drain_ns(l, level - (double)l->params.burst));
}

static double level(const struct limiter *l, int64_t now_ns)
{
    return level_at(l, limiter_state_const(l), now_ns);
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct meter *m = limiter_state_const(l);
    (void)now_ns;
    s->now = m->level;
    s->at_ns = m->last_ns;
}

static double cap(const struct limiter *l)
{
    return (double)l->params.burst;
}

static double admits(const struct limiter *l, int64_t span_ns)
{
    return (double)l->params.burst + limiter_seconds(span_ns) * l->params.rate;
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    char rate[64];
    value_format_rate(l->params.rate, rate, sizeof rate);
    snprintf(why->rule, sizeof why->rule,
             "a request raises the level by %u, %s drain away, and it may not rise above %lld", n,
             rate, (long long)l->params.burst);
    snprintf(why->operands, sizeof why->operands, "the level is %.3f", level(l, now_ns));
}

const struct limiter_kind limiter_leaky_meter = {
    .name = "leaky_meter",
    .state_size = sizeof(struct meter),
    .by_rate = true,
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .level = level,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
