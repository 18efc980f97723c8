/* SPDX-License-Identifier: MIT */
/* Retry: another attempt after a wait that may grow and be spread out (jitter), as long as
 * attempts, the budget and the caller's deadline allow.
 *
 *   full          anywhere in 0..d       equal   in d/2..d
 *   decorrelated  in delay..3 times what it waited last, at most max_delay (Brooker 2015) */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/attempts_inside.h"

struct retry {
    struct policy policy;
    struct retry_params params;
    uint32_t on;
    struct budget budget;
    struct rng *rng;
};

static struct retry *retry_of(struct policy *p)
{
    return (struct retry *)p;
}

static const struct retry *retry_of_const(const struct policy *p)
{
    return (const struct retry *)p;
}

static int64_t between(struct retry *r, double low, double high)
{
    return (int64_t)(low + (high - low) * rng_double(r->rng));
}

/* The wait before attempt number + 1. */
static int64_t backoff(struct retry *r, const struct attempt *t)
{
    const struct retry_params *p = &r->params;
    double most = (double)p->max_delay_ns, d = (double)p->delay_ns;
    if (p->backoff == BACKOFF_EXPONENTIAL)
        for (uint32_t i = 1; i < t->number && d < most; i++)
            d *= p->factor;
    if (d > most)
        d = most;
    switch ((enum retry_jitter)p->jitter) {
    case JITTER_NONE:
        break;
    case JITTER_FULL:
        return between(r, 0, d);
    case JITTER_EQUAL:
        return between(r, d / 2, d);
    case JITTER_DECORRELATED: {
        double least = (double)p->delay_ns, high = 3 * (double)t->last_wait_ns;
        if (high < least)
            high = 3 * least;
        int64_t ns = between(r, least, high);
        return (double)ns > most ? (int64_t)most : ns;
    }
    }
    return (int64_t)d;
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *q,
                  struct admission *a)
{
    struct retry *r = retry_of(p);
    attempts_admit(p, now_ns, q, a);
    if (r->params.budget > 0) {
        budget_roll(&r->budget, now_ns, r->params.budget_rate, r->params.budget_burst);
        budget_request(&r->budget, r->params.budget, r->params.budget_burst);
    }
    a->level = r->budget.balance;
}

static void deny(struct policy *p, struct step *s)
{
    s->denied = true;
    p->figures.denied++;
}

static void again(struct policy *p, int64_t now_ns, const struct attempt *t, struct step *s)
{
    struct retry *r = retry_of(p);
    if (t->out || !((r->on >> t->how) & 1))
        return;
    if ((int64_t)t->number >= r->params.attempts) {
        snprintf(s->why, sizeof s->why, "attempt %u of %lld was the last", t->number,
                 (long long)r->params.attempts);
        deny(p, s);
        return;
    }
    int64_t wait = backoff(r, t);
    if (t->deadline_ns != POLICY_NEVER && t->deadline_ns - now_ns <= wait) {
        snprintf(s->why, sizeof s->why, "the deadline comes before the next attempt");
        deny(p, s);
        return;
    }
    if (r->params.budget > 0) {
        budget_roll(&r->budget, now_ns, r->params.budget_rate, r->params.budget_burst);
        if (!budget_take(&r->budget)) {
            snprintf(s->why, sizeof s->why, "the budget is spent: %.2f of 1", r->budget.balance);
            deny(p, s);
            return;
        }
    }
    p->figures.again++;
    s->what = STEP_ATTEMPT;
    s->wait_ns = wait;
    snprintf(s->why, sizeof s->why, "attempt %u of %lld", t->number + 1,
             (long long)r->params.attempts);
}

static double level(const struct policy *p, int64_t now_ns)
{
    struct budget b = retry_of_const(p)->budget;
    const struct retry_params *v = &retry_of_const(p)->params;
    if (v->budget > 0)
        budget_roll(&b, now_ns, v->budget_rate, v->budget_burst);
    return v->budget > 0 ? b.balance : 0;
}

static double cap(const struct policy *p)
{
    const struct retry_params *v = &retry_of_const(p)->params;
    return v->budget > 0 ? (double)v->budget_burst : 0;
}

static void take_params(struct retry *r, const struct retry_params *p)
{
    r->params = *p;
    r->on = call_ends(p->on);
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    struct retry *r = retry_of(p);
    const char *bad = retry_check(params);
    if (bad)
        return bad;
    budget_roll(&r->budget, now_ns, r->params.budget_rate, r->params.budget_burst);
    take_params(r, params);
    return NULL;
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *q,
                    const struct admission *a, struct policy_reason *why)
{
    const struct retry *r = retry_of_const(p);
    (void)q;
    (void)a;
    snprintf(why->rule, sizeof why->rule, "up to %lld attempts on: %.100s",
             (long long)r->params.attempts, r->params.on);
    if (r->params.budget > 0)
        snprintf(why->operands, sizeof why->operands, "the budget holds %.2f of %lld",
                 level(p, now_ns), (long long)r->params.budget_burst);
    snprintf(why->change, sizeof why->change, "%llu retried, %llu denied",
             (unsigned long long)p->figures.again, (unsigned long long)p->figures.denied);
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = attempts_end,
    .cancel = attempts_cancel,
    .again = again,
    .level = level,
    .cap = cap,
    .set = set,
    .explain = explain,
};

struct policy *retry_create(const struct retry_params *p, int64_t now_ns, struct rng *rng)
{
    VERIFY(!retry_check(p));
    struct retry *r = xcalloc(1, sizeof *r);
    r->policy = (struct policy){.ops = &ops, .kind = POLICY_RETRY};
    r->rng = rng;
    take_params(r, p);
    budget_init(&r->budget, now_ns, p->budget_burst);
    return &r->policy;
}
