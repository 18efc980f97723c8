/* SPDX-License-Identifier: MIT */
/* Leaky bucket as a queue: one drop every T = 1/rate. What it keeps is the instant of the next
 * drop; a request gets that drop and waits for it.
 *
 *   slack = s      a quiet time may be caught up with: up to s drops lie in the past
 * (uber-go/ratelimit) align = grid   drops fall at multiples of T since it was made (failsafe-go's
 * smooth limiter): two requests on either side of a grid line pass however near to each other they
 * are
 *
 * A request of cost n takes n drops and waits for the last. */
#include <stdio.h>

#include "base/diag.h"
#include "policies/limiter_inside.h"

struct leak {
    int64_t origin_ns;
    int64_t every_ns; /* T */
    int64_t next_ns;  /* the next free drop */
    bool begun;
};

static void set_rate(struct limiter *l)
{
    struct leak *b = limiter_state(l);
    double every = l->params.rate > 0 ? 1e9 / l->params.rate : 4e18;
    b->every_ns = every < 1 ? 1 : every > 4e18 ? (int64_t)4e18 : (int64_t)(every + 1e-6);
}

static void init(struct limiter *l, int64_t now_ns)
{
    *(struct leak *)limiter_state(l) = (struct leak){.origin_ns = now_ns, .next_ns = now_ns};
    set_rate(l);
}

/* Drops that were promised stay; the next ones fall at the new distance. */
static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct leak *b = limiter_state(l);
    set_rate(l);
    if (old->rate != l->params.rate && b->next_ns > now_ns + b->every_ns && old->rate <= 0)
        b->next_ns = now_ns + b->every_ns;
}

static int64_t drops_ns(const struct leak *b, uint32_t n)
{
    int64_t ns;
    return __builtin_mul_overflow(b->every_ns, (int64_t)n, &ns) ? POLICY_NEVER : ns;
}

/* The instant of the first drop that a request at `now` would get. */
static int64_t first_drop(const struct limiter *l, const struct leak *b, int64_t now_ns)
{
    if (l->params.align == ALIGN_GRID)
        return now_ns >= b->next_ns ? now_ns - (now_ns - b->origin_ns) % b->every_ns : b->next_ns;
    if (!b->begun)
        return now_ns; /* nothing to catch up with yet */
    int64_t most = drops_ns(b, (uint32_t)l->params.slack), earliest;
    if (__builtin_sub_overflow(now_ns, most, &earliest))
        earliest = INT64_MIN;
    return b->next_ns > earliest ? b->next_ns : earliest;
}

static int64_t reserve(struct limiter *l, int64_t now_ns, uint32_t n, int64_t max_wait_ns,
                       struct ticket *t)
{
    struct leak *b = limiter_state(l);
    int64_t next = limiter_after(first_drop(l, b, now_ns), drops_ns(b, n));
    int64_t wait = next == POLICY_NEVER ? POLICY_NEVER : next - b->every_ns - now_ns;
    if (wait < 0 || n == 0)
        wait = 0;
    if (wait > max_wait_ns || wait == POLICY_NEVER)
        return -1;
    b->next_ns = next;
    b->begun = true;
    *t = (struct ticket){.at_ns = now_ns + wait, .cost = n, .rate = l->params.rate};
    return wait;
}

static double level_of(const struct limiter *l, int64_t now_ns)
{
    const struct leak *b = limiter_state_const(l);
    int64_t lead = b->next_ns - now_ns;
    (void)l;
    if (!b->begun || lead <= 0)
        return 0;
    int64_t drops = (lead + b->every_ns - 1) / b->every_ns; /* the one under way too */
    return (double)drops;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct ticket t;
    if (reserve(l, now_ns, n, 0, &t) != 0)
        return false;
    *level = level_of(l, now_ns);
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    const struct leak *b = limiter_state_const(l);
    if (n == 0)
        return now_ns;
    if (l->params.align == ALIGN_GRID || !b->begun)
        return n > 1 ? POLICY_NEVER : now_ns > b->next_ns ? now_ns : b->next_ns;
    if (n - 1 > l->params.slack)
        return POLICY_NEVER;
    int64_t at = limiter_after(b->next_ns, drops_ns(b, n - 1));
    return at > now_ns ? at : now_ns;
}

/* Drops are spoken for in order: none is given back (uber has no cancel; failsafe-go's permits stay
 * taken when the context ends). */

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct leak *b = limiter_state_const(l);
    s->now = level_of(l, now_ns);
    s->at_ns = b->next_ns;
}

static double cap(const struct limiter *l)
{
    return l->params.on_limit == ON_LIMIT_QUEUE || l->params.on_limit == ON_LIMIT_SHED
               ? (double)l->params.queue
               : 0;
}

/* Drops, not requests: of cost 1. On the grid the one before the interval and the one after both
 * count. */
static double admits(const struct limiter *l, int64_t span_ns)
{
    const struct leak *b = limiter_state_const(l);
    double drops = (double)span_ns / (double)b->every_ns;
    return drops + 1 + (l->params.align == ALIGN_GRID ? 1 : (double)l->params.slack);
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    const struct leak *b = limiter_state_const(l);
    char every[64], lead[64];
    value_human_duration(b->every_ns, every, sizeof every);
    int64_t ns = b->next_ns - now_ns;
    value_human_duration(ns < 0 ? -ns : ns, lead, sizeof lead);
    snprintf(why->rule, sizeof why->rule, "one drop every %s%s, slack %lld; a request takes %u",
             every, l->params.align == ALIGN_GRID ? " on a grid" : "", (long long)l->params.slack,
             n);
    snprintf(why->operands, sizeof why->operands, "the next free drop %s %s",
             ns < 0 ? "has been there for" : "falls in", lead);
}

const struct limiter_kind limiter_leaky_bucket = {
    .name = "leaky_bucket",
    .state_size = sizeof(struct leak),
    .by_rate = true,
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .reserve = reserve,
    .level = level_of,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
