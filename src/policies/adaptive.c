/* SPDX-License-Identifier: MIT */
/* Adaptive: a bound on how many are under way at once, found by additive increase and
 * multiplicative decrease (AIMD) on their latency.
 *
 * A call slower than `target` takes the bound down by a share, at most once for each flight of
 * calls: one that started before the last decrease says nothing about the bound after it. A quick
 * one raises it by increase/bound, so by `increase` for each flight, while at least half is used.
 */
#include <stdio.h>

#include "policies/limiter_inside.h"

struct aimd {
    double bound;
    int64_t under_way;
    int64_t lowered_ns; /* the last decrease */
    int64_t took_ns;    /* the last call that says something about latency */
};

static void init(struct limiter *l, int64_t now_ns)
{
    *(struct aimd *)limiter_state(l) =
        (struct aimd){.bound = (double)l->params.limit, .lowered_ns = now_ns};
}

static double within(const struct limiter *l, double bound)
{
    double least = (double)l->params.limit_min, most = (double)l->params.limit_max;
    return bound < least ? least : bound > most ? most : bound;
}

static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct aimd *s = limiter_state(l);
    (void)now_ns;
    s->bound = within(l, old->limit != l->params.limit ? (double)l->params.limit : s->bound);
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct aimd *s = limiter_state(l);
    (void)now_ns;
    if (s->under_way + n > (int64_t)s->bound)
        return false;
    s->under_way += n;
    *level = (double)s->under_way;
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    const struct aimd *s = limiter_state_const(l);
    return s->under_way + n <= (int64_t)s->bound ? now_ns : POLICY_NEVER;
}

static void end(struct limiter *l, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    struct aimd *s = limiter_state(l);
    int64_t before = s->under_way;
    s->under_way -= t->cost;
    if (how == CALL_REJECTED || how == CALL_CANCELLED || how == CALL_IGNORED)
        return; /* says nothing about latency */
    s->took_ns = took_ns;
    if (how == CALL_TIMEOUT || took_ns > l->params.target_ns) {
        if (now_ns - took_ns < s->lowered_ns)
            return;
        s->bound = within(l, s->bound * l->params.decrease);
        s->lowered_ns = now_ns;
    } else if (2 * before >= (int64_t)s->bound) {
        s->bound = within(l, s->bound + l->params.increase / s->bound);
    }
}

static void refund(struct limiter *l, int64_t now_ns, const struct ticket *t)
{
    (void)now_ns;
    ((struct aimd *)limiter_state(l))->under_way -= t->cost;
}

static double level(const struct limiter *l, int64_t now_ns)
{
    (void)now_ns;
    return (double)((const struct aimd *)limiter_state_const(l))->under_way;
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct aimd *a = limiter_state_const(l);
    (void)now_ns;
    s->now = (double)a->under_way;
    s->other = a->bound;
    s->at_ns = a->took_ns;
}

static double cap(const struct limiter *l)
{
    return (double)(int64_t)((const struct aimd *)limiter_state_const(l))->bound;
}

static double admits(const struct limiter *l, int64_t span_ns)
{
    (void)l;
    (void)span_ns;
    return __builtin_inf(); /* it bounds how many at once, not how often */
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    const struct aimd *s = limiter_state_const(l);
    char target[64];
    (void)now_ns;
    value_human_duration(l->params.target_ns, target, sizeof target);
    snprintf(why->rule, sizeof why->rule,
             "under way + %u <= the bound, which falls while calls take longer than %s", n, target);
    snprintf(why->operands, sizeof why->operands, "%lld under way, the bound is %.2f",
             (long long)s->under_way, s->bound);
}

const struct limiter_kind limiter_adaptive = {
    .name = "adaptive",
    .state_size = sizeof(struct aimd),
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .end = end,
    .refund = refund,
    .level = level,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
