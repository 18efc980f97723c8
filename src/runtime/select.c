/* SPDX-License-Identifier: MIT */
/* Select.
 *
 * The hard idea: one task waits in several queues and must be completed once. All its waiters carry
 * the same ticket (waitq.h), so the first completer wins and the others find them dead.
 *
 *   lock all channels, in order of address (live; sim has no locks)
 *   ready cases?   ─▶ one at random, take it
 *   none, default  ─▶ default
 *   none           ─▶ a waiter on each, unlock, park; awake: take the losing waiters out
 *
 * Source: The Go Programming Language Specification, "Select statements"; runtime/select.go. */
#include "runtime/chan_inside.h"

enum { FEW = 8 };

struct plan {
    struct select_case *cases;
    int n;
    struct chan *order[SELECT_MAX]; /* live: each channel once, by address */
    int locks;
};

/* Field by field: clearing the whole plan would cost more than the rest of a select in sim. */
static void plan_locks(struct plan *p, struct select_case *cases, int n)
{
    p->cases = cases;
    p->n = n;
    p->locks = 0;
    if (LIKELY(!guard_live))
        return;
    for (int i = 0; i < p->n; i++) {
        struct chan *c = p->cases[i].c;
        int at = p->locks;
        while (at > 0 && (uintptr_t)p->order[at - 1] > (uintptr_t)c)
            at--;
        if (!c || (at > 0 && p->order[at - 1] == c))
            continue;
        for (int j = p->locks; j > at; j--)
            p->order[j] = p->order[j - 1];
        p->order[at] = c;
        p->locks++;
    }
}

static inline void lock_all(struct plan *p)
{
    for (int i = 0; i < p->locks; i++)
        guard_lock(&p->order[i]->guard);
}

static inline void unlock_all(struct plan *p)
{
    for (int i = p->locks; i-- > 0;)
        guard_unlock(&p->order[i]->guard);
}

static inline bool case_ready(const struct select_case *sc)
{
    struct chan *c = sc->c;
    if (!c)
        return false;
    if (sc->send)
        return c->closed || c->len < c->cap || waitq_any(&c->recv);
    return c->len || c->closed || waitq_any(&c->send);
}

/* False: the waiter it counted on was completed elsewhere meanwhile. */
static bool take(struct select_case *sc, struct task *self, struct task **wake)
{
    struct chan *c = sc->c;
    if (sc->send)
        return chan_send_locked(c, sc->value, self, wake);
    return chan_recv_locked(c, &sc->value, &sc->ok, self, wake);
}

static NOINLINE void emit_choice(struct task *self, int n, int ready, int picked, uint32_t obj)
{
    emit(NULL, EV_SELECT, 0, 0, self->id, obj, (uint32_t)picked,
         emit_ab((uint32_t)n, (uint32_t)ready));
}

static inline void emit_select(struct task *self, int n, int ready, int picked, uint32_t obj)
{
    if (emitter)
        emit_choice(self, n, ready, picked, obj);
}

/* Takes one of the ready cases at random; -1: none is ready. All guards are held. */
static inline int take_ready(struct plan *p, struct task *self, struct task **wake)
{
    for (;;) {
        uint8_t ready[SELECT_MAX];
        int n = 0;
        for (int i = 0; i < p->n; i++)
            if (case_ready(&p->cases[i]))
                ready[n++] = (uint8_t)i;
        if (!n)
            return -1;
        struct rng *rng = guard_live ? &self->rng : self->rt->select_rng;
        int picked = ready[n > 1 ? rng_below(rng, (uint32_t)n) : 0];
        struct chan *c = p->cases[picked].c;
        if (p->cases[picked].send && c->closed) {
            unlock_all(p);
            chan_send(c, 0); /* panics */
        }
        if (take(&p->cases[picked], self, wake)) {
            emit_select(self, p->n, n, picked, c->id);
            return picked;
        }
    }
}

/* What a select waits on, when there is one answer: a channel beside contexts, timers and signals
 * (which are quiet), or the only object at all. Then the wait is shown as that channel's send or
 * receive; else as a select on nothing in particular. */
static uint32_t only_object(const struct plan *p, enum why *why)
{
    uint32_t only = 0, loud = 0;
    bool several = false;
    *why = WHY_SELECT;
    for (int i = 0; i < p->n; i++) {
        const struct chan *c = p->cases[i].c;
        if (!c || !c->id)
            continue;
        several |= only && c->id != only;
        only = c->id;
        if (c->quiet)
            continue;
        if (loud) {
            *why = WHY_SELECT;
            return 0;
        }
        loud = c->id;
        *why = p->cases[i].send ? WHY_CHAN_SEND : WHY_CHAN_RECV;
    }
    return loud ? loud : several ? 0 : only;
}

static inline __attribute__((always_inline)) int wait_for_one(struct plan *p, struct task *self,
                                                              struct waiter *w, int64_t deadline_ns)
{
    uint32_t ticket = atomic_load_explicit(&self->ticket, memory_order_relaxed);
    for (int i = 0; i < p->n; i++) {
        struct select_case *sc = &p->cases[i];
        w[i].queued = false;
        if (sc->c)
            waitq_add(sc->send ? &sc->c->send : &sc->c->recv, &w[i], self, (uint32_t)i, sc->value);
    }
    enum why why = WHY_SELECT;
    uint32_t on = emitter ? only_object(p, &why) : 0;
    task_waits(self, p->locks ? &p->order[0]->guard : NULL, TASK_WAITING, why, on);
    for (int i = 1; i < p->locks;
         i++) /* "waits" comes before whoever wakes, whatever the channel */
        if (p->order[i]->guard.stamp < p->order[0]->guard.stamp)
            p->order[i]->guard.stamp = p->order[0]->guard.stamp;
    unlock_all(p);
    bool completed = wait_completed(self, ticket, deadline_ns);
    int fired = completed ? (int)self->fired : SELECT_TIMEOUT;
    chan_value value = self->value;
    bool ok = self->ok;
    for (int i = 0; i < p->n; i++) {
        struct select_case *sc = &p->cases[i];
        if (!sc->c || (i == fired && !w[i].queued))
            continue;
        guard_lock(&sc->c->guard);
        waitq_remove(sc->send ? &sc->c->send : &sc->c->recv, &w[i]);
        guard_unlock(&sc->c->guard);
    }
    if (!completed)
        return SELECT_TIMEOUT;
    struct select_case *sc = &p->cases[fired];
    emit_select(self, p->n, 0, fired, sc->c->id);
    if (sc->send) {
        if (!ok)
            chan_send(sc->c, 0); /* closed meanwhile: panics */
    } else {
        sc->value = value;
        sc->ok = ok;
    }
    return fired;
}

static inline __attribute__((always_inline)) int run(struct select_case *cases, int n,
                                                     bool has_default, int64_t deadline_ns)
{
    struct task *self = rt_current, *wake = NULL;
    VERIFY(n <= SELECT_MAX);
    rt_gate();
    struct plan p;
    plan_locks(&p, cases, n);
    lock_all(&p);
    int picked = take_ready(&p, self, &wake);
    if (picked >= 0) {
        unlock_all(&p);
        if (wake)
            task_unpark(wake);
        return picked;
    }
    if (has_default) {
        unlock_all(&p);
        emit_select(self, n, 0, SELECT_DEFAULT, 0);
        return SELECT_DEFAULT;
    }
    struct waiter few[FEW], *w = few;
    if (n > FEW) {
        if (!self->waiters)
            self->waiters = rt_alloc(self->rt, SELECT_MAX * sizeof *self->waiters);
        w = self->waiters;
    }
    return wait_for_one(&p, self, w, deadline_ns);
}

int chan_select(struct select_case *cases, int n)
{
    return run(cases, n, false, NEVER);
}

int chan_select_default(struct select_case *cases, int n)
{
    return run(cases, n, true, NEVER);
}

int chan_select_until(struct select_case *cases, int n, int64_t deadline_ns)
{
    return run(cases, n, false, deadline_ns);
}
