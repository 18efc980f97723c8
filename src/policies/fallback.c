/* SPDX-License-Identifier: MIT */
/* Fallback: when a call did not end well, an answer of one's own: from a cache, a default, another
 * service. It takes its time too, and may fail. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/attempts_inside.h"
#include "traffic/traffic.h"

struct fallback {
    struct policy policy;
    struct fallback_params params;
    uint32_t on;
    struct rng *rng;
};

static struct fallback *fallback_of(struct policy *p)
{
    return (struct fallback *)p;
}

static const struct fallback *fallback_of_const(const struct policy *p)
{
    return (const struct fallback *)p;
}

static void again(struct policy *p, int64_t now_ns, const struct attempt *t, struct step *s)
{
    struct fallback *f = fallback_of(p);
    (void)now_ns;
    if (t->out || !((f->on >> t->how) & 1))
        return;
    s->what = STEP_ANSWER;
    s->wait_ns = dist_sample(&f->params.latency, f->rng);
    s->as = rng_double(f->rng) < f->params.error_rate ? CALL_ERROR : CALL_OK;
    snprintf(s->why, sizeof s->why, "the call ended in %s", call_end_names[t->how]);
    p->figures.again++;
    p->figures.denied += s->as == CALL_ERROR;
}

static double level(const struct policy *p, int64_t now_ns)
{
    (void)now_ns;
    return (double)p->figures.again;
}

static double cap(const struct policy *p)
{
    (void)p;
    return 0;
}

static void take_params(struct fallback *f, const struct fallback_params *p)
{
    f->params = *p;
    f->on = call_ends(p->on);
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    (void)now_ns;
    take_params(fallback_of(p), params);
    return NULL;
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    (void)now_ns;
    (void)r;
    (void)a;
    snprintf(why->rule, sizeof why->rule, "answers itself on: %.100s",
             fallback_of_const(p)->params.on);
    snprintf(why->operands, sizeof why->operands, "%llu answers, %llu of them failed",
             (unsigned long long)p->figures.again, (unsigned long long)p->figures.denied);
    snprintf(why->change, sizeof why->change, "a call that ends well");
}

static const struct policy_ops ops = {
    .admit = attempts_admit,
    .end = attempts_end,
    .cancel = attempts_cancel,
    .again = again,
    .level = level,
    .cap = cap,
    .set = set,
    .explain = explain,
};

struct policy *fallback_create(const struct fallback_params *p, struct rng *rng)
{
    struct fallback *f = xcalloc(1, sizeof *f);
    f->policy = (struct policy){.ops = &ops, .kind = POLICY_FALLBACK};
    f->rng = rng;
    take_params(f, p);
    return &f->policy;
}
