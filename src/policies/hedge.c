/* SPDX-License-Identifier: MIT */
/* Hedge: a call that is still out after so long gets a second one beside it; the first to come back
 * wins (Dean and Barroso, "The Tail at Scale", 2013). How long is a fixed span, or a quantile of
 * the latencies seen so far, looked up anew every 64 ends. A budget keeps the extra load small. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hist.h"
#include "base/mem.h"
#include "policies/attempts_inside.h"

enum { ENOUGH = 100, LOOK_EVERY = 64 };

struct hedge {
    struct policy policy;
    struct hedge_params params;
    struct budget budget;
    struct hist seen;
    int64_t after_ns; /* in force */
};

static struct hedge *hedge_of(struct policy *p)
{
    return (struct hedge *)p;
}

static const struct hedge *hedge_of_const(const struct policy *p)
{
    return (const struct hedge *)p;
}

static int64_t later(const struct hedge *h, int64_t now_ns)
{
    return now_ns > POLICY_NEVER - h->after_ns ? POLICY_NEVER : now_ns + h->after_ns;
}

static void look(struct hedge *h)
{
    bool learned = h->params.quantile > 0 && h->seen.count >= ENOUGH;
    h->after_ns = learned ? hist_quantile(&h->seen, h->params.quantile) : h->params.after_ns;
}

static void admit(struct policy *p, int64_t now_ns, const struct policy_request *r,
                  struct admission *a)
{
    struct hedge *h = hedge_of(p);
    attempts_admit(p, now_ns, r, a);
    if (h->params.budget > 0)
        budget_request(&h->budget, h->params.budget, h->params.budget_burst);
    if (h->params.most > 0)
        a->again_ns = later(h, now_ns);
    a->level = (double)h->after_ns / 1e6;
}

static void end(struct policy *p, int64_t now_ns, const struct ticket *t, enum call_end how,
                int64_t took_ns)
{
    struct hedge *h = hedge_of(p);
    attempts_end(p, now_ns, t, how, took_ns);
    if (how != CALL_OK && how != CALL_ERROR)
        return; /* not a latency */
    hist_add(&h->seen, took_ns);
    if (h->params.quantile > 0 && h->seen.count % LOOK_EVERY == 0)
        look(h);
}

static void again(struct policy *p, int64_t now_ns, const struct attempt *t, struct step *s)
{
    struct hedge *h = hedge_of(p);
    if (!t->out || (int64_t)t->number > h->params.most)
        return;
    if (h->params.budget > 0 && !budget_take(&h->budget)) {
        snprintf(s->why, sizeof s->why, "the budget is spent: %.2f of 1", h->budget.balance);
        s->denied = true;
        p->figures.denied++;
        return;
    }
    char after[32];
    value_human_duration(h->after_ns, after, sizeof after);
    snprintf(s->why, sizeof s->why, "still out after %s", after);
    s->what = STEP_ATTEMPT;
    p->figures.again++;
    if ((int64_t)t->number < h->params.most)
        s->again_ns = later(h, now_ns);
}

static double level(const struct policy *p, int64_t now_ns)
{
    (void)now_ns;
    return (double)hedge_of_const(p)->after_ns / 1e6;
}

static double cap(const struct policy *p)
{
    (void)p;
    return 0;
}

static const char *set(struct policy *p, int64_t now_ns, const void *params)
{
    struct hedge *h = hedge_of(p);
    (void)now_ns;
    h->params = *(const struct hedge_params *)params;
    look(h);
    return NULL;
}

static void explain(const struct policy *p, int64_t now_ns, const struct policy_request *r,
                    const struct admission *a, struct policy_reason *why)
{
    const struct hedge *h = hedge_of_const(p);
    char after[32];
    (void)now_ns;
    (void)r;
    (void)a;
    value_human_duration(h->after_ns, after, sizeof after);
    snprintf(why->rule, sizeof why->rule, "up to %lld more beside it, one after each %s",
             (long long)h->params.most, after);
    snprintf(why->operands, sizeof why->operands, "%llu latencies seen, %llu hedged, %llu denied",
             (unsigned long long)h->seen.count, (unsigned long long)p->figures.again,
             (unsigned long long)p->figures.denied);
    snprintf(why->change, sizeof why->change, "an end before %s", after);
}

static const struct policy_ops ops = {
    .admit = admit,
    .end = end,
    .cancel = attempts_cancel,
    .again = again,
    .level = level,
    .cap = cap,
    .set = set,
    .explain = explain,
};

struct policy *hedge_create(const struct hedge_params *p, int64_t now_ns)
{
    struct hedge *h = xcalloc(1, sizeof *h);
    h->policy = (struct policy){.ops = &ops, .kind = POLICY_HEDGE};
    h->params = *p;
    budget_init(&h->budget, now_ns, p->budget_burst);
    look(h);
    return &h->policy;
}
