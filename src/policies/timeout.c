/* SPDX-License-Identifier: MIT */
/* Timeout: the call is given up after so long, or at the caller's own deadline if that is sooner.
 * Whether what was given up is also cancelled, or runs on and takes its place until it ends, is the
 * difference between a timeout and a promise of one. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "policies/attempts_inside.h"

struct timeout {
    struct policy policy;
    struct timeout_params params;
};

static const struct timeout *timeout_of_const(const struct policy *p)
{
    return (const struct timeout *)p;
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a)
{
    int64_t after = timeout_of_const(p)->params.after_ns;
    attempts_admit(p, now_ns, r, a);
    if (after > 0)
        a->give_up_ns = now_ns > POLICY_NEVER - after ? POLICY_NEVER : now_ns + after;
    if (r->deadline_ns < a->give_up_ns)
        a->give_up_ns = r->deadline_ns;
    a->level = (double)p->figures.active;
}

static void end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    attempts_end(p, now_ns, t, how, took_ns);
    p->figures.given_up += how == CALL_TIMEOUT;
}

static double level(const struct policy *p, int64_t now_ns)
{
    (void)now_ns;
    return (double)p->figures.active;
}

static double cap(const struct policy *p)
{
    (void)p;
    return 0;
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    (void)now_ns;
    ((struct timeout *)p)->params = *(const struct timeout_params *)params;
    return NULL;
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    const struct timeout *t = timeout_of_const(p);
    char after[32], left[32];
    (void)r;
    value_human_duration(t->params.after_ns, after, sizeof after);
    snprintf(why->rule, sizeof why->rule, "given up after %s, then %s", after,
             t->params.cancel ? "cancelled" : "it runs on");
    if (a->give_up_ns != POLICY_NEVER) {
        value_human_duration(a->give_up_ns - now_ns, left, sizeof left);
        snprintf(why->operands, sizeof why->operands, "%s left", left);
    }
    snprintf(why->change, sizeof why->change, "an end before that");
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = end,
    .cancel = attempts_cancel,
    .level = level,
    .cap = cap,
    .set = set,
    .explain = explain,
};

struct policy *timeout_create(const struct timeout_params *p)
{
    struct timeout *t = xcalloc(1, sizeof *t);
    t->policy = (struct policy){.ops = &ops, .kind = POLICY_TIMEOUT};
    t->params = *p;
    return &t->policy;
}

bool timeout_cancels(const struct policy *p)
{
    return timeout_of_const(p)->params.cancel;
}
