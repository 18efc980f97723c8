/* SPDX-License-Identifier: MIT */
/* GCRA: the generic cell rate algorithm (ITU-T I.371). One instant is all it keeps: the theoretical
 * arrival time (TAT), up to which what was admitted has been paid for. A request of cost n passes
 * if max(TAT, now) + n T lies at most `burst` T ahead.
 *
 * T = 1e9/rate ns need not be whole. The rate is taken as the fraction of whole numbers that it was
 * written as (7/h is 7/3600), and the TAT as whole ns and a remainder: sums are exact, nothing
 * drifts. */
#include <stdio.h>

#include "base/diag.h"
#include "policies/limiter_inside.h"

struct span { /* ns + part / den */
    int64_t ns;
    int64_t part;
};
struct gcra {
    struct span tat;
    int64_t whole, rest, den; /* T = whole + rest / den ns */
    struct span depth;        /* burst T */
    double per_t;             /* 1 / T */
};

/* The fraction nearest to v with a denominator of at most most: continued fractions. */
static void fraction(double v, int64_t most, int64_t *num, int64_t *den)
{
    int64_t h0 = 0, h1 = 1, k0 = 1, k1 = 0;
    double x = v;
    for (int i = 0; i < 64; i++) {
        if (x > 9e15)
            break;
        int64_t a = (int64_t)x;
        if (k1 != 0 && a > (most - k0) / k1)
            break;
        int64_t h = a * h1 + h0, k = a * k1 + k0;
        h0 = h1;
        k0 = k1;
        h1 = h;
        k1 = k;
        double off = v - (double)h1 / (double)k1;
        if (off < 0)
            off = -off;
        if (off <= v * 1e-15 || x - (double)a <= 0)
            break;
        x = 1 / (x - (double)a);
    }
    *num = h1;
    *den = k1;
}

static struct span times(const struct gcra *g, uint32_t n)
{
    __extension__ typedef __int128 wide;
    wide all = ((wide)g->whole * g->den + g->rest) * n;
    wide ns = all / g->den;
    if (ns > POLICY_NEVER)
        return (struct span){POLICY_NEVER, 0};
    return (struct span){(int64_t)ns, (int64_t)(all - ns * g->den)};
}

static struct span plus(const struct gcra *g, struct span a, struct span b)
{
    struct span s = {limiter_after(a.ns, b.ns), a.part + b.part};
    if (s.part >= g->den) {
        s.part -= g->den;
        s.ns = limiter_after(s.ns, 1);
    }
    return s;
}

static struct span minus(const struct gcra *g, struct span a, struct span b)
{
    struct span s = {a.ns - b.ns, a.part - b.part};
    if (s.part < 0) {
        s.part += g->den;
        s.ns--;
    }
    return s;
}

static bool above(struct span a, struct span b)
{
    return a.ns > b.ns || (a.ns == b.ns && a.part > b.part);
}

static void set_rate(struct limiter *l)
{
    struct gcra *g = limiter_state(l);
    int64_t p, q; /* rate = p / q a second */
    if (l->params.rate <= 0) {
        *g = (struct gcra){.tat = g->tat, .whole = POLICY_NEVER / 4, .den = 1};
    } else {
        fraction(l->params.rate, 1000000, &p, &q);
        if (p == 0) {
            p = 1;
            q = 1000000;
        }
        g->den = p;
        g->whole = (int64_t)(1000000000LL * q / p);
        g->rest = 1000000000LL * q % p;
    }
    g->per_t = (double)g->den / ((double)g->whole * (double)g->den + (double)g->rest);
    g->depth = times(g, (uint32_t)l->params.burst);
    if (g->tat.part >= g->den)
        g->tat.part = 0;
}

static void init(struct limiter *l, int64_t now_ns)
{
    struct gcra *g = limiter_state(l);
    g->tat = (struct span){now_ns, 0};
    set_rate(l);
}

/* What is owed stays owed in tokens: the TAT's lead is stretched to the new interval. */
static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    (void)old;
    struct gcra *g = limiter_state(l);
    double owed = g->tat.ns > now_ns ? (double)(g->tat.ns - now_ns) * g->per_t : 0;
    set_rate(l);
    g->tat = (struct span){limiter_after(now_ns, (int64_t)(owed / g->per_t)), 0};
}

/* The TAT after n more, from now on. */
static struct span next_tat(const struct gcra *g, int64_t now_ns, uint32_t n)
{
    struct span from = g->tat.ns >= now_ns ? g->tat : (struct span){now_ns, 0};
    struct span step = {g->whole, g->rest};
    return plus(g, from, LIKELY(n == 1) ? step : times(g, n));
}

/* How long until the lead of `tat` is no deeper than the burst; whole ns, rounded up. */
static int64_t too_early(const struct gcra *g, struct span tat, int64_t now_ns)
{
    struct span limit = plus(g, (struct span){now_ns, 0}, g->depth);
    if (!above(tat, limit))
        return 0;
    return tat.ns - limit.ns + (tat.part > limit.part);
}

static double level_of(const struct limiter *l, int64_t now_ns)
{
    const struct gcra *g = limiter_state_const(l);
    if (g->tat.ns <= now_ns)
        return (double)l->params.burst;
    return (double)l->params.burst - (double)(g->tat.ns - now_ns) * g->per_t;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct gcra *g = limiter_state(l);
    struct span tat = next_tat(g, now_ns, n);
    if (UNLIKELY(above(tat, plus(g, (struct span){now_ns, 0}, g->depth))))
        return false;
    g->tat = tat;
    *level = level_of(l, now_ns);
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    const struct gcra *g = limiter_state_const(l);
    if (n > l->params.burst)
        return POLICY_NEVER;
    return limiter_after(now_ns, too_early(g, next_tat(g, now_ns, n), now_ns));
}

static int64_t reserve(struct limiter *l, int64_t now_ns, uint32_t n, int64_t max_wait_ns,
                       struct ticket *t)
{
    struct gcra *g = limiter_state(l);
    struct span tat = next_tat(g, now_ns, n);
    int64_t wait = too_early(g, tat, now_ns);
    if (n > l->params.burst || wait > max_wait_ns || tat.ns > POLICY_NEVER / 2)
        return -1;
    g->tat = tat;
    *t = (struct ticket){.at_ns = now_ns + wait, .cost = n, .rate = l->params.rate};
    return wait;
}

/* Gives back what was not promised to somebody else since: what the TAT has moved beyond where this
 * promise put it. */
static void refund(struct limiter *l, int64_t now_ns, const struct ticket *t)
{
    struct gcra *g = limiter_state(l);
    if (t->at_ns < now_ns || t->rate != l->params.rate)
        return;
    struct span mine = plus(g, (struct span){t->at_ns, 0}, g->depth), back = times(g, t->cost);
    if (above(g->tat, mine))
        back = minus(g, back, minus(g, g->tat, mine));
    if (back.ns >= 0)
        g->tat = minus(g, g->tat, back);
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct gcra *g = limiter_state_const(l);
    s->now = level_of(l, now_ns);
    s->at_ns = g->tat.ns;
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
    const struct gcra *g = limiter_state_const(l);
    char t[32], depth[32], lead[32];
    value_human_duration(g->whole, t, sizeof t);
    value_human_duration(g->depth.ns, depth, sizeof depth);
    int64_t ahead = next_tat(g, now_ns, n).ns - now_ns;
    value_human_duration(ahead, lead, sizeof lead);
    snprintf(why->rule, sizeof why->rule,
             "each takes %s; the theoretical arrival time may lead by %lld of them, %s", t,
             (long long)l->params.burst, depth);
    snprintf(why->operands, sizeof why->operands, "with this one it would lead by %s", lead);
}

const struct limiter_kind limiter_gcra = {
    .name = "gcra",
    .state_size = sizeof(struct gcra),
    .by_rate = true,
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .reserve = reserve,
    .refund = refund,
    .level = level_of,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
