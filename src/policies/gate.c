/* SPDX-License-Identifier: MIT */
/* Policies as objects of a run: the clock and the guard that policy.h leaves to its caller. */
#include "policies/gate.h"

#include "event/emit.h"
#include "runtime/guard.h"

struct gate {
    struct guard guard;
    struct policy *p;
    uint32_t obj;
    uint16_t lane;
    struct policy_stand told; /* by the last event */
};

static void free_policy(void *arg)
{
    struct gate *g = arg;
    policy_free(g->p);
}

/* Thousandths, as far as 32 bits go. */
static int32_t milli(double level)
{
    double m = level * 1000 + (level < 0 ? -0.5 : 0.5);
    return m >= INT32_MAX ? INT32_MAX : m <= INT32_MIN ? INT32_MIN : (int32_t)m;
}

static uint32_t word(int64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : n < 0 ? 0 : (uint32_t)n;
}

static void tell_law(struct gate *g)
{
    struct policy_law law;
    if (emitter && policy_law(g->p, &law))
        emit(&g->guard.stamp, EV_LAW, law.law, 0, word(law.queue), g->obj, word(law.count),
             law.span_ns);
}

/* How it stands, if that is news. */
static void tell_stand(struct gate *g)
{
    struct policy_stand s;
    struct policy_law law;
    if (!emitter || !policy_stand(g->p, rt_now(), &s) || !policy_law(g->p, &law))
        return;
    const struct policy_stand *t = &g->told;
    if (milli(s.now) == milli(t->now) && milli(s.other) == milli(t->other) && s.at_ns == t->at_ns &&
        s.line == t->line)
        return;
    g->told = s;
    emit(&g->guard.stamp, EV_LIMITER, law.law,
         (uint16_t)(s.line > UINT16_MAX ? UINT16_MAX : s.line), (uint32_t)milli(s.other), g->obj,
         (uint32_t)milli(s.now), s.at_ns);
}

struct gate *gate_make(const char *name, enum obj_kind kind, int64_t cap, struct policy *p,
                       uint16_t lane)
{
    struct gate *g = rt_alloc(rt_here(), sizeof *g);
    g->p = p;
    g->lane = lane;
    g->obj = rt_object(kind, name, cap);
    rt_at_destroy(rt_here(), free_policy, g);
    guard_lock(&g->guard);
    tell_law(g);
    tell_stand(g);
    guard_unlock(&g->guard);
    return g;
}

uint32_t gate_id(const struct gate *g)
{
    return g->obj;
}

/* ahead: its wait lies before it. */
static void tell(struct gate *g, uint64_t id, const struct admission *a, bool ahead)
{
    if (!emitter)
        return;
    unsigned how = a->ok ? ADMIT_IS_OK | (ahead && a->wait_ns > 0 ? ADMIT_AHEAD : 0) : 0;
    emit(&g->guard.stamp, EV_ADMIT, a->why, (uint16_t)(how << 8 | (g->lane & 0xff)),
         (uint32_t)milli(a->level), g->obj, (uint32_t)id, a->wait_ns);
    if (!a->ok && (a->why == ADMIT_LIMITED || a->why == ADMIT_FULL) && g->p->kind == POLICY_LIMITER)
        emit(&g->guard.stamp, EV_RETRY_AFTER, 0, g->lane & 0xff, 0, g->obj, (uint32_t)id,
             a->retry_after_ns == POLICY_NEVER ? -1 : a->retry_after_ns);
    tell_stand(g);
}

void gate_admit(struct gate *g, const struct policy_request *r, struct admission *a)
{
    guard_lock(&g->guard);
    policy_admit(g->p, rt_now(), r, a);
    if (!a->waiting)
        tell(g, r->id, a, true);
    else
        tell_stand(g);
    guard_unlock(&g->guard);
}

bool gate_decided(struct gate *g, struct decided *d)
{
    guard_lock(&g->guard);
    bool got = policy_decided(g->p, rt_now(), d);
    if (got)
        tell(g, d->id, &d->a, false);
    guard_unlock(&g->guard);
    return got;
}

void gate_end(struct gate *g, const struct ticket *t, enum call_end how, int64_t took_ns)
{
    guard_lock(&g->guard);
    policy_end(g->p, rt_now(), t, how, took_ns);
    tell_stand(g);
    guard_unlock(&g->guard);
}

void gate_cancel(struct gate *g, uint64_t id, const struct ticket *t, bool waiting)
{
    guard_lock(&g->guard);
    policy_cancel(g->p, rt_now(), t);
    struct admission a;
    admission_begin(&a);
    a.why = ADMIT_CANCELLED;
    a.level = policy_level(g->p, rt_now());
    if (waiting)
        tell(g, id, &a, false);
    else
        tell_stand(g);
    guard_unlock(&g->guard);
}

int64_t gate_next_ns(struct gate *g)
{
    guard_lock(&g->guard);
    int64_t next = policy_next_ns(g->p, rt_now());
    guard_unlock(&g->guard);
    return next;
}

const char *gate_set(struct gate *g, const void *params)
{
    guard_lock(&g->guard);
    const char *bad = policy_set(g->p, rt_now(), params);
    if (!bad) {
        tell_law(g);
        tell_stand(g);
    }
    guard_unlock(&g->guard);
    return bad;
}

void gate_shutdown(struct gate *g)
{
    guard_lock(&g->guard);
    policy_shutdown(g->p, rt_now());
    tell_stand(g);
    guard_unlock(&g->guard);
}
