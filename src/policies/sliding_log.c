/* SPDX-License-Identifier: MIT */
/* Sliding log: the instant of every unit that passed within the last window, oldest first. Exact,
 * and its memory is its price: one instant for each of `limit`. An instant falls out when it is a
 * whole window old, so no half-open window of that length ever holds more than `limit`. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/limiter_inside.h"

struct log {
    int64_t *ring; /* of cap places, a power of two */
    size_t cap;
    uint64_t head, tail;
};

static void init(struct limiter *l, int64_t now_ns)
{
    (void)now_ns;
    *(struct log *)limiter_state(l) = (struct log){0};
}

/* The first that is not out of the window yet. */
static uint64_t head_at(const struct limiter *l, const struct log *g, int64_t now_ns)
{
    uint64_t head = g->head;
    while (head < g->tail && g->ring[head & (g->cap - 1)] <= now_ns - l->params.window_ns)
        head++;
    return head;
}

static void log_grow(struct log *g)
{
    size_t cap = g->cap ? 2 * g->cap : 16;
    int64_t *ring = xmalloc(cap * sizeof *ring);
    for (uint64_t i = g->head; i < g->tail; i++)
        ring[i & (cap - 1)] = g->ring[i & (g->cap - 1)];
    free(g->ring);
    g->ring = ring;
    g->cap = cap;
}

static bool take(struct limiter *l, int64_t now_ns, uint32_t n, double *level)
{
    struct log *g = limiter_state(l);
    g->head = head_at(l, g, now_ns);
    if ((int64_t)(g->tail - g->head) + n > l->params.limit)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (g->tail - g->head == g->cap)
            log_grow(g);
        g->ring[g->tail++ & (g->cap - 1)] = now_ns;
    }
    *level = (double)(g->tail - g->head);
    return true;
}

static int64_t when(const struct limiter *l, int64_t now_ns, uint32_t n)
{
    const struct log *g = limiter_state_const(l);
    if (n > l->params.limit)
        return POLICY_NEVER;
    uint64_t head = head_at(l, g, now_ns);
    int64_t over = (int64_t)(g->tail - head) + n - l->params.limit;
    if (over <= 0)
        return now_ns;
    return limiter_after(g->ring[(head + (uint64_t)over - 1) & (g->cap - 1)], l->params.window_ns);
}

/* As far as its units are still the last ones, they are taken out again. */
static void refund(struct limiter *l, int64_t now_ns, const struct ticket *t)
{
    struct log *g = limiter_state(l);
    (void)now_ns;
    for (uint32_t i = 0; i < t->cost && g->tail > g->head; i++) {
        if (g->ring[(g->tail - 1) & (g->cap - 1)] != t->at_ns)
            return;
        g->tail--;
    }
}

static double level(const struct limiter *l, int64_t now_ns)
{
    const struct log *g = limiter_state_const(l);
    return (double)(g->tail - head_at(l, g, now_ns));
}

static void stand(const struct limiter *l, int64_t now_ns, struct policy_stand *s)
{
    const struct log *g = limiter_state_const(l);
    uint64_t head = head_at(l, g, now_ns);
    s->now = (double)(g->tail - head);
    s->at_ns = head < g->tail ? g->ring[head & (g->cap - 1)] : now_ns;
}

static double cap(const struct limiter *l)
{
    return (double)l->params.limit;
}

static double admits(const struct limiter *l, int64_t span_ns)
{
    int64_t windows = (span_ns + l->params.window_ns - 1) / l->params.window_ns;
    return (double)(windows > 0 ? windows : 1) * (double)l->params.limit;
}

static void explain(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why)
{
    char length[64];
    value_human_duration(l->params.window_ns, length, sizeof length);
    snprintf(why->rule, sizeof why->rule, "at most %lld in any %s; a request adds %u",
             (long long)l->params.limit, length, n);
    snprintf(why->operands, sizeof why->operands, "%.0f in the last %s", level(l, now_ns), length);
}

static void destroy(struct limiter *l)
{
    free(((struct log *)limiter_state(l))->ring);
}

const struct limiter_kind limiter_sliding_log = {
    .name = "sliding_log",
    .state_size = sizeof(struct log),
    .init = init,
    .take = take,
    .when = when,
    .refund = refund,
    .level = level,
    .stand = stand,
    .cap = cap,
    .admits = admits,
    .explain = explain,
    .destroy = destroy,
};
