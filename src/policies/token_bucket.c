/* SPDX-License-Identifier: MIT */
/* Token bucket, refilled lazily, in the arithmetic that x/time/rate documents by its results:
 * tokens are a double, spans are seconds as a double, and a deficit is a wait truncated to whole
 * nanoseconds. So a deficit of less than a nanosecond is none (rounding dust is forgiven), and that
 * is what decisions are compared by.
 *
 * A reservation takes its tokens at once; the balance goes negative, and the wait is what it takes
 * to come back to zero. Cancelling gives back the tokens less those that were reserved after it. */
#include <stdio.h>

#include "base/diag.h"
#include "policies/limiter_inside.h"

struct bucket {
    double tokens;
    int64_t last_ns;       /* tokens are as of then */
    int64_t last_event_ns; /* the latest instant that was promised */
    bool begun;            /* else the bucket is full since ever */
};

static double tokens_at(const struct limiter *l, const struct bucket *b, int64_t now_ns)
{
    double tokens = b->tokens, burst = (double)l->params.burst;
    /* An instant before the last one adds nothing (but becomes the last one: RL-7). */
    if (b->begun && now_ns > b->last_ns && l->params.rate > 0)
        tokens += limiter_seconds(now_ns - b->last_ns) * l->params.rate;
    else if (!b->begun && l->params.rate > 0)
        tokens = burst;
    return tokens > burst ? burst : tokens;
}

/* How long `deficit` tokens take to drip in, whole ns. */
static int64_t drip_ns(double rate, double deficit)
{
    if (deficit <= 0)
        return 0;
    if (rate <= 0)
        return POLICY_NEVER;
    double ns = deficit / rate * 1e9;
    return ns >= 0x1p63 ? POLICY_NEVER : (int64_t)ns;
}

static bool unlimited(const struct limiter *l)
{
    return l->params.rate > 1e300;
}

static void init(struct limiter *l, int64_t now_ns)
{
    struct bucket *b = limiter_state(l);
    *b = (struct bucket){.tokens = (double)l->params.burst, .last_event_ns = now_ns};
}

/* What has dripped in so far did so at the old rate; promises already made are not made anew. */
static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct bucket *b = limiter_state(l);
    struct limiter_params now = l->params;
    l->params = *old;
    b->tokens = tokens_at(l, b, now_ns);
    b->last_ns = now_ns;
    b->begun = true;
    l->params = now;
}

static int64_t reserve(struct limiter *l, int64_t now_ns, uint32_t n, int64_t max_wait_ns,
                       struct ticket *t)
{
    struct bucket *b = limiter_state(l);
    if (UNLIKELY(unlimited(l))) {
        *t = (struct ticket){.at_ns = now_ns, .cost = n, .rate = l->params.rate};
        return 0;
    }
    double tokens = tokens_at(l, b, now_ns) - n;
    int64_t wait = tokens < 0 ? drip_ns(l->params.rate, -tokens) : 0;
    if (n > l->params.burst || wait > max_wait_ns || wait == POLICY_NEVER)
        return -1;
    b->tokens = tokens;
    b->last_ns = now_ns;
    b->begun = true;
    b->last_event_ns = limiter_after(now_ns, wait);
    *t = (struct ticket){.at_ns = b->last_event_ns, .cost = n, .rate = l->params.rate};
    return wait;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct bucket *b = limiter_state(l);
    if (UNLIKELY(unlimited(l))) {
        *level = (double)l->params.burst;
        return true;
    }
    double tokens = tokens_at(l, b, now_ns) - n;
    if (UNLIKELY(tokens < 0) && drip_ns(l->params.rate, -tokens) > 0)
        return false;
    if (UNLIKELY(n > l->params.burst))
        return false;
    *level = b->tokens = tokens;
    b->last_ns = now_ns;
    b->begun = true;
    b->last_event_ns = now_ns;
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    if (unlimited(l))
        return now_ns;
    if (n > l->params.burst)
        return POLICY_NEVER;
    double tokens = tokens_at(l, limiter_state_const(l), now_ns);
    return limiter_after(now_ns, drip_ns(l->params.rate, n - tokens));
}

static void refund(struct limiter *l, int64_t now_ns, const struct ticket *t)
{
    struct bucket *b = limiter_state(l);
    if (unlimited(l) || t->cost == 0 || t->at_ns < now_ns)
        return;
    double after = t->rate > 0 ? limiter_seconds(b->last_event_ns - t->at_ns) * t->rate : 0;
    double back = t->cost - after;
    if (back <= 0)
        return;
    double tokens = tokens_at(l, b, now_ns) + back;
    b->tokens = tokens > (double)l->params.burst ? (double)l->params.burst : tokens;
    b->last_ns = now_ns;
    b->begun = true;
    if (t->at_ns == b->last_event_ns) {
        int64_t before = t->at_ns - drip_ns(t->rate, t->cost);
        if (before >= now_ns)
            b->last_event_ns = before;
    }
}

static double level(const struct limiter *l, int64_t now_ns)
{
    return unlimited(l) ? (double)l->params.burst : tokens_at(l, limiter_state_const(l), now_ns);
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct bucket *b = limiter_state_const(l);
    s->now = unlimited(l) ? (double)l->params.burst : b->begun ? b->tokens : level(l, now_ns);
    s->at_ns = b->begun ? b->last_ns : now_ns;
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
             "a request takes %u of the tokens; %s drip in, up to %lld", n,
             unlimited(l) ? "unlimited" : rate, (long long)l->params.burst);
    snprintf(why->operands, sizeof why->operands, "%.3f tokens, %u needed", level(l, now_ns), n);
}

const struct limiter_kind limiter_token_bucket = {
    .name = "token_bucket",
    .state_size = sizeof(struct bucket),
    .by_rate = true,
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .reserve = reserve,
    .refund = refund,
    .level = level,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
