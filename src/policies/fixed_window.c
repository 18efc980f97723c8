/* SPDX-License-Identifier: MIT */
/* Fixed window: `limit` for each window since it was made. A promise borrows from windows to come:
 * the balance goes negative and each new window pays `limit` back (resilience4j's atomic limiter,
 * failsafe-go's bursty one).
 *
 * deficit = uncapped is failsafe-go's defect: after a deficit the windows that passed are added up
 * without a bound, so a long pause after it buys a burst. Two windows meet at a seam: `limit` just
 * before it and `limit` just after it both pass, in any limiter of this kind. */
#include <stdio.h>

#include "policies/limiter_inside.h"

struct window {
    int64_t origin_ns;
    int64_t index; /* of the window that `left` is of */
    int64_t left;  /* negative: borrowed */
};

static int64_t index_at(const struct limiter *l, const struct window *w, int64_t now_ns)
{
    return now_ns > w->origin_ns ? (now_ns - w->origin_ns) / l->params.window_ns : 0;
}

static int64_t left_at(const struct limiter *l, const struct window *w, int64_t now_ns)
{
    int64_t passed = index_at(l, w, now_ns) - w->index, refill, left;
    if (passed <= 0)
        return w->left;
    if (w->left >= 0)
        return l->params.limit;
    if (__builtin_mul_overflow(passed, l->params.limit, &refill))
        refill = INT64_MAX / 2;
    left = w->left + refill;
    return l->params.deficit == DEFICIT_CAPPED && left > l->params.limit ? l->params.limit : left;
}

static void init(struct limiter *l, int64_t now_ns)
{
    *(struct window *)limiter_state(l) =
        (struct window){.origin_ns = now_ns, .left = l->params.limit};
}

static void advance(struct limiter *l, int64_t now_ns)
{
    struct window *w = limiter_state(l);
    int64_t index = index_at(l, w, now_ns);
    if (index <= w->index)
        return;
    w->left = left_at(l, w, now_ns);
    w->index = index;
}

/* What this window has used stays used. A new length begins with a new window. */
static void changed(struct limiter *l, int64_t now_ns, const struct limiter_params *old)
{
    struct window *w = limiter_state(l);
    struct limiter_params now = l->params;
    l->params = *old;
    advance(l, now_ns);
    l->params = now;
    w->left += now.limit - old->limit;
    if (now.window_ns != old->window_ns) {
        w->origin_ns = now_ns;
        w->index = 0;
    }
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct window *w = limiter_state(l);
    advance(l, now_ns);
    if (w->left < n)
        return false;
    w->left -= n;
    *level = (double)w->left;
    return true;
}

/* Windows that must begin first until `short_of` more are there. */
static int64_t begins_at(const struct limiter *l, const struct window *w, int64_t now_ns,
                         int64_t short_of)
{
    if (l->params.limit <= 0)
        return POLICY_NEVER;
    int64_t windows = (short_of + l->params.limit - 1) / l->params.limit, ns;
    if (__builtin_mul_overflow(index_at(l, w, now_ns) + windows, l->params.window_ns, &ns))
        return POLICY_NEVER;
    return limiter_after(w->origin_ns, ns);
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    const struct window *w = limiter_state_const(l);
    int64_t left = left_at(l, w, now_ns);
    if (left >= n)
        return now_ns;
    return n > l->params.limit ? POLICY_NEVER : begins_at(l, w, now_ns, n - left);
}

static int64_t reserve(struct limiter *l, int64_t now_ns, uint32_t n, int64_t max_wait_ns,
                       struct ticket *t)
{
    struct window *w = limiter_state(l);
    advance(l, now_ns);
    int64_t at = w->left >= n ? now_ns : begins_at(l, w, now_ns, n - w->left);
    if (at == POLICY_NEVER || at - now_ns > max_wait_ns)
        return -1;
    w->left -= n;
    *t = (struct ticket){.at_ns = at, .cost = n, .rate = l->params.rate};
    return at - now_ns;
}

static double level(const struct limiter *l, int64_t now_ns)
{
    return (double)left_at(l, limiter_state_const(l), now_ns);
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct window *w = limiter_state_const(l);
    s->now = (double)(l->params.limit - left_at(l, w, now_ns));
    s->at_ns = w->origin_ns + index_at(l, w, now_ns) * l->params.window_ns;
}

static double cap(const struct limiter *l)
{
    return (double)l->params.limit;
}

static double admits(const struct limiter *l, int64_t span_ns)
{
    if (l->params.deficit == DEFICIT_UNCAPPED)
        return __builtin_inf();
    int64_t windows = (span_ns + l->params.window_ns - 1) / l->params.window_ns + 1;
    return (double)windows * (double)l->params.limit;
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    const struct window *w = limiter_state_const(l);
    char length[64], into[64];
    value_human_duration(l->params.window_ns, length, sizeof length);
    int64_t begun = w->origin_ns + index_at(l, w, now_ns) * l->params.window_ns;
    value_human_duration(now_ns - begun, into, sizeof into);
    snprintf(why->rule, sizeof why->rule, "%lld in each window of %s; a request takes %u",
             (long long)l->params.limit, length, n);
    snprintf(why->operands, sizeof why->operands, "%lld left, %s into the window",
             (long long)left_at(l, w, now_ns), into);
}

const struct limiter_kind limiter_fixed_window = {
    .name = "fixed_window",
    .state_size = sizeof(struct window),
    .init = init,
    .changed = changed,
    .take = take,
    .when = when,
    .reserve = reserve,
    .level = level,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
};
