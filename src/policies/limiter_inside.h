/* SPDX-License-Identifier: MIT */
/* What an algorithm of a limiter has to say; limiter.c does the rest (waiting, counting,
 * deadlines).
 *
 * An algorithm says what may pass now (take), when something may (when), and, if it can promise the
 * future, at what instant (reserve). Each has its law in `admits`: the most it lets through in any
 * interval, which the property tests hold it to. */
#ifndef POLICIES_LIMITER_INSIDE_H
#define POLICIES_LIMITER_INSIDE_H

#include "policies/limiter.h"
#include "policies/waiting.h"

struct limiter;
struct limiter_kind {
    const char *name;
    size_t state_size;
    bool by_rate; /* needs rate (else limit and window) */
    /* Begins anew: a full bucket, an empty window. */
    void (*init)(struct limiter *l, int64_t now_ns);
    /* l->params is new already; old: what was in force. NULL: nothing but the numbers changes. */
    void (*changed)(struct limiter *l, int64_t now_ns, const struct limiter_params *old);
    /* Takes n now and says the level after it, or changes nothing. */
    bool (*take)(struct limiter *l, int64_t now_ns, uint32_t n, double *level);
    /* The earliest instant from which take(n) would succeed if nothing else happened; POLICY_NEVER:
     * not by time. Changes nothing. */
    int64_t (*when)(const struct limiter *l, int64_t now_ns, uint32_t n);
    /* Takes n for the earliest instant that is at most max_wait away: the wait (0 = now), or -1 and
     * nothing has changed. NULL: this one cannot promise, requests wait in line. */
    int64_t (*reserve)(struct limiter *l, int64_t now_ns, uint32_t n, int64_t max_wait_ns,
                       struct ticket *t);
    /* Gives back what it can of a reservation. NULL: nothing. */
    void (*refund)(struct limiter *l, int64_t now_ns, const struct ticket *t);
    /* A call has ended. NULL: rates do not care. */
    void (*end)(struct limiter *l, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns);
    void (*shutdown)(struct limiter *l, int64_t now_ns); /* or NULL */
    double (*level)(const struct limiter *l, int64_t now_ns);
    /* policy_stand's now, other and at_ns (policy.h); changes nothing. */
    void (*stand)(const struct limiter *l, int64_t now_ns, struct policy_stand *s);
    double (*cap)(const struct limiter *l);
    /* How many units at most pass in an interval of that length (the law), of one unit each. */
    double (*admits)(const struct limiter *l, int64_t span_ns);
    /* The rule and its operands; `change` is written by limiter.c from when(). */
    void (*explain)(const struct limiter *l, int64_t now_ns, uint32_t n, struct policy_reason *why);
    void (*destroy)(struct limiter *l); /* frees what the state points to; or NULL */
};
extern const struct limiter_kind *const limiter_kinds[]; /* as enum limiter_algorithm */

struct limiter {
    struct policy policy;
    const struct limiter_kind *kind;
    int64_t seen_ns; /* the latest instant it was told */
    struct limiter_params params;
    struct waiting waiting;
    struct decided *shed; /* thrown out of the line, not popped yet; the oldest first */
    size_t shed_n, shed_cap;
    _Alignas(16) unsigned char state[];
};

static inline void *limiter_state(struct limiter *l)
{
    return l->state;
}
static inline const void *limiter_state_const(const struct limiter *l)
{
    return l->state;
}

/* limiter_create() where per = key (limiter_keyed.c). */
struct policy *limiter_keyed_create(const struct limiter_params *p, int64_t now_ns);

/* A span of time, ns, as seconds: whole seconds and the rest apart, so that the result does not
 * depend on how large the instants are. */
static inline double limiter_seconds(int64_t ns)
{
    int64_t whole = ns / 1000000000;
    return (double)whole + (double)(ns - whole * 1000000000) / 1e9;
}

/* a + b without overflow; POLICY_NEVER stays. b >= 0. */
static inline int64_t limiter_after(int64_t a, int64_t b)
{
    return a > POLICY_NEVER - b ? POLICY_NEVER : a + b;
}

#endif
