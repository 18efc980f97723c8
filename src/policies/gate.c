/* SPDX-License-Identifier: MIT */
/* Policies as objects of a run: the clock and the guard that policy.h leaves to its caller. */
#include "event/emit.h"
#include "policies/breaker.h"
#include "policies/gate_inside.h"

static void free_policy(void *arg)
{
    struct gate *g = arg;
    policy_free(g->p);
}

int32_t gate_milli(double level)
{
    double m = level * 1000 + (level < 0 ? -0.5 : 0.5);
    return m >= INT32_MAX ? INT32_MAX : m <= INT32_MIN ? INT32_MIN : (int32_t)m;
}

uint32_t gate_word(int64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : n < 0 ? 0 : (uint32_t)n;
}

static void tell_law(struct gate *g)
{
    struct policy_law law;
    if (emitter && policy_law(g->p, &law))
        emit(&g->guard.stamp, EV_LAW, law.law, 0, gate_word(law.queue), g->obj,
             gate_word(law.count), law.span_ns);
}

/* How it stands, if that is news. */
static void tell_stand(struct gate *g)
{
    struct policy_stand s;
    struct policy_law law;
    if (!emitter || !policy_stand(g->p, rt_now(), &s) || !policy_law(g->p, &law))
        return;
    const struct policy_stand *t = &g->told;
    if (gate_milli(s.now) == gate_milli(t->now) && gate_milli(s.other) == gate_milli(t->other) &&
        s.at_ns == t->at_ns && s.line == t->line)
        return;
    g->told = s;
    emit(&g->guard.stamp, EV_LIMITER, law.law,
         (uint16_t)(s.line > UINT16_MAX ? UINT16_MAX : s.line), (uint32_t)gate_milli(s.other),
         g->obj, (uint32_t)gate_milli(s.now), s.at_ns);
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
    gate_tell_rule(g);
    tell_stand(g);
    guard_unlock(&g->guard);
    return g;
}

uint32_t gate_id(const struct gate *g)
{
    return g->obj;
}

/* Is the refused one told when to come again? */
static bool tells_after(const struct gate *g, const struct admission *a)
{
    return !a->ok &&
           ((g->p->kind == POLICY_LIMITER && (a->why == ADMIT_LIMITED || a->why == ADMIT_FULL)) ||
            (g->p->kind == POLICY_BREAKER && a->why == ADMIT_OPEN));
}

/* ahead: its wait lies before it. */
static void tell(struct gate *g, uint64_t id, const struct admission *a, bool ahead)
{
    gate_tell_changes(g); /* what it decided by */
    if (!emitter)
        return;
    unsigned how = a->ok ? ADMIT_IS_OK | (ahead && a->wait_ns > 0 ? ADMIT_AHEAD : 0) : 0;
    emit(&g->guard.stamp, EV_ADMIT, a->why, (uint16_t)(how << 8 | (g->lane & 0xff)),
         (uint32_t)gate_milli(a->level), g->obj, (uint32_t)id, a->wait_ns);
    if (tells_after(g, a))
        emit(&g->guard.stamp, EV_RETRY_AFTER, 0, g->lane & 0xff, 0, g->obj, (uint32_t)id,
             a->retry_after_ns == POLICY_NEVER ? -1 : a->retry_after_ns);
    gate_tell_counts(g, SAW_NONE);
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
    gate_tell_changes(g);
    if (got)
        tell(g, d->id, &d->a, false);
    guard_unlock(&g->guard);
    return got;
}

void gate_end(struct gate *g, const struct ticket *t, enum call_end how, int64_t took_ns)
{
    guard_lock(&g->guard);
    uint64_t late = g->p->kind == POLICY_BREAKER ? breaker_late(g->p) : 0;
    policy_end(g->p, rt_now(), t, how, took_ns);
    gate_tell_counts(g, gate_result(g, how, took_ns, t, late));
    gate_tell_changes(g);
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
    gate_tell_changes(g);
    gate_tell_counts(g, SAW_NONE);
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
        gate_tell_rule(g);
        gate_tell_changes(g);
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

void gate_force(struct gate *g, enum breaker_state to)
{
    guard_lock(&g->guard);
    breaker_force(g->p, rt_now(), to);
    gate_tell_changes(g);
    guard_unlock(&g->guard);
}
