/* SPDX-License-Identifier: MIT */
/* The channel of tokens: a ticker puts one in every 1/rate, and drops it when the channel is full.
 *
 * Ticks are counted when somebody looks. A channel of capacity 0 holds nothing: a tick is worth
 * something only to a request that waits at that very instant, so the first request always waits
 * (x/time/rate with burst 0 never lets anything through). What a closed channel gives is the
 * library's defect: receives succeed for ever (shutdown = unlimited). */
#include <stdio.h>

#include "base/diag.h"
#include "policies/limiter_inside.h"

struct ticker {
    int64_t start_ns, every_ns;
    int64_t ticks; /* that have been counted */
    int64_t tokens;
    int64_t overflowed; /* ticks that found it full */
    bool closed;
};

static int64_t ticks_at(const struct ticker *b, int64_t now_ns)
{
    return now_ns > b->start_ns ? (now_ns - b->start_ns) / b->every_ns : 0;
}

static int64_t tokens_at(const struct limiter *l, const struct ticker *b, int64_t now_ns)
{
    int64_t ticks = ticks_at(b, now_ns), fresh = ticks - b->ticks;
    if (fresh <= 0)
        return b->tokens;
    if (l->params.burst == 0)
        return now_ns == b->start_ns + ticks * b->every_ns;
    return fresh >= l->params.burst - b->tokens ? l->params.burst : b->tokens + fresh;
}

static void init(struct limiter *l, int64_t now_ns)
{
    double every = 1e9 / l->params.rate;
    *(struct ticker *)limiter_state(l) = (struct ticker){
        .start_ns = now_ns,
        .every_ns = every < 1      ? 1
                    : every > 9e18 ? (int64_t)9e18
                                   : (int64_t)(every + 1e-6),
        .tokens = l->params.burst,
    };
}

static void count(struct limiter *l, int64_t now_ns)
{
    struct ticker *b = limiter_state(l);
    int64_t ticks = ticks_at(b, now_ns), fresh = ticks - b->ticks;
    if (fresh <= 0)
        return;
    int64_t tokens = tokens_at(l, b, now_ns);
    if (l->params.burst > 0)
        b->overflowed += fresh - (tokens - b->tokens);
    b->tokens = tokens;
    b->ticks = ticks;
}

/* A new ticker begins; what is in the channel stays, as far as it fits. */
static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct ticker *b = limiter_state(l);
    struct limiter_params now = l->params;
    l->params = *old;
    count(l, now_ns);
    l->params = now;
    int64_t tokens = b->tokens < now.burst ? b->tokens : now.burst;
    bool closed = b->closed;
    init(l, now_ns);
    b->tokens = tokens;
    b->closed = closed;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct ticker *b = limiter_state(l);
    *level = (double)b->tokens;
    if (UNLIKELY(b->closed))
        return l->params.shutdown == SHUTDOWN_UNLIMITED;
    count(l, now_ns);
    if (b->tokens < n)
        return false;
    b->tokens -= n;
    *level = (double)b->tokens;
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    const struct ticker *b = limiter_state_const(l);
    if (b->closed)
        return l->params.shutdown == SHUTDOWN_UNLIMITED ? now_ns : POLICY_NEVER;
    int64_t tokens = tokens_at(l, b, now_ns), most = l->params.burst > 0 ? l->params.burst : 1;
    if (tokens >= n)
        return now_ns;
    if (n > most)
        return POLICY_NEVER;
    return b->start_ns + (ticks_at(b, now_ns) + n - tokens) * b->every_ns;
}

static void shutdown(struct limiter *l, int64_t now_ns)
{
    count(l, now_ns);
    ((struct ticker *)limiter_state(l))->closed = true;
}

static double level(const struct limiter *l, int64_t now_ns)
{
    return (double)tokens_at(l, limiter_state_const(l), now_ns);
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct ticker *b = limiter_state_const(l);
    int64_t tokens = tokens_at(l, b, now_ns), ticks = ticks_at(b, now_ns), fresh = ticks - b->ticks;
    s->now = (double)tokens;
    s->other = (double)(b->overflowed +
                        (fresh > 0 && l->params.burst > 0 ? fresh - (tokens - b->tokens) : 0));
    s->at_ns = b->start_ns + ticks * b->every_ns;
}

static double cap(const struct limiter *l)
{
    return (double)l->params.burst;
}

static double admits(const struct limiter *l, int64_t span_ns)
{
    const struct ticker *b = limiter_state_const(l);
    int64_t ticks = span_ns / b->every_ns; /* whole ones */
    return (double)(l->params.burst + 1 + ticks);
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    const struct ticker *b = limiter_state_const(l);
    char every[64];
    value_human_duration(b->every_ns, every, sizeof every);
    snprintf(why->rule, sizeof why->rule,
             "a ticker puts a token into a channel of %lld every %s; a request takes %u",
             (long long)l->params.burst, every, n);
    if (b->closed)
        snprintf(why->operands, sizeof why->operands, "the channel is closed");
    else
        snprintf(why->operands, sizeof why->operands, "%lld tokens; %lld ticks found it full",
                 (long long)tokens_at(l, b, now_ns), (long long)b->overflowed);
}

const struct limiter_kind limiter_ticker_bucket = {
    .name = "ticker_bucket",
    .state_size = sizeof(struct ticker),
    .by_rate = true,
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .shutdown = shutdown,
    .level = level,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
