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

struct plan {
    struct select_case *cases;
    int n;
    struct chan *order[SELECT_MAX]; /* live: each channel once, by address */
    int locks;
};

/* Field by field: clearing the whole plan would cost more than the rest of a select in sim. */
static inline void plan_locks(struct plan *p, struct select_case *cases, int n, bool live)
{
    p->cases = cases;
    p->n = n;
    p->locks = 0;
    if (!live)
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

static inline void lock_all(struct plan *p, bool live)
{
    for (int i = 0; live && i < p->locks; i++)
        guard_lock_as(&p->order[i]->guard, live);
}

static inline void unlock_all(struct plan *p, bool live)
{
    for (int i = p->locks; live && i-- > 0;)
        guard_unlock_as(&p->order[i]->guard, live);
}

static inline bool case_ready(const struct select_case *sc, bool live)
{
    struct chan *c = sc->c;
    if (!c)
        return false;
    if (sc->send)
        return c->len < c->cap || waitq_any(&c->recv) || c->closed;
    return c->len || (live ? waitq_any(&c->send) : c->send.head != NULL) || c->closed;
}

static NOINLINE void emit_choice(struct task *self, int n, int ready, int picked, uint32_t obj)
{
    enum select_op op = picked == SELECT_DEFAULT ? SELECT_NONE_READY
                        : ready > 1              ? SELECT_SEVERAL_READY
                                                 : SELECT_ONE_READY;
    emit(NULL, EV_SELECT, (uint8_t)op, 0, self->id, obj, (uint32_t)picked,
         emit_ab((uint32_t)n, (uint32_t)ready));
}

static inline void emit_select(struct task *self, int n, int ready, int picked, uint32_t obj)
{
    if (UNLIKELY(emitter))
        emit_choice(self, n, ready, picked, obj);
}

/* Takes one of the ready cases at random; -1: none is ready. All guards are held. */
static inline __attribute__((always_inline)) int take_ready(struct plan *p, struct task *self,
                                                            struct task **wake, bool live)
{
    for (;;) {
        uint8_t ready[SELECT_MAX];
        uint32_t n = 0;
        for (int i = 0; i < p->n; i++)
            if (case_ready(&p->cases[i], live))
                ready[n++] = (uint8_t)i;
        if (!n)
            return -1;
        struct rng *rng = live ? &self->rng : self->rt->select_rng;
        int picked = ready[n > 1 ? rng_below(rng, n) : 0];
        struct select_case *sc = &p->cases[picked];
        struct chan *c = sc->c;
        if (sc->send && UNLIKELY(c->closed)) {
            unlock_all(p, live);
            chan_send(c, 0); /* panics */
        }
        /* False: in live the waiter it counted on was completed elsewhere meanwhile. */
        if (sc->send ? chan_send_half(c, sc->value, self, wake, live)
                     : chan_recv_half(c, &sc->value, &sc->ok, self, wake, live)) {
            emit_select(self, p->n, (int)n, picked, c->id);
            return picked;
        }
    }
}

/* What a select waits on, when there is one answer: a channel beside contexts, timers and signals
 * (which are quiet), or the only object at all. Then the wait is shown as that channel's send or
 * receive; else as a select on nothing in particular. *others: the cases beside it. */
static NOINLINE uint32_t only_object(const struct select_case *cases, int n, enum why *why,
                                     uint32_t *others)
{
    uint32_t only = 0, loud = 0, ways = 0;
    bool several = false;
    *why = WHY_SELECT;
    for (int i = 0; i < n; i++) {
        const struct chan *c = cases[i].c;
        ways += c != NULL;
        *others = ways ? ways - 1 : 0;
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
        *why = cases[i].send ? WHY_CHAN_SEND : WHY_CHAN_RECV;
    }
    return loud ? loud : several ? 0 : only;
}

static inline struct waitq *case_queue(const struct select_case *sc)
{
    return sc->send ? &sc->c->send : &sc->c->recv;
}

/* The waiters of a select: in the task, because a stopped run's tasks leave their stacks and a
 * simulated one leaves this frame. */
static inline struct waiter *case_waiters(struct task *self, int n)
{
    if (LIKELY(n <= FEW_CASES))
        return self->few;
    if (!self->many)
        self->many = rt_alloc(self->rt, SELECT_MAX * sizeof *self->many);
    return self->many;
}

void select_completed(struct task *t, const struct waiter *w)
{
    const struct select_case *cases = t->on;
    struct waiter *all = case_waiters(t, t->cases_n);
    for (int i = 0; i < t->cases_n; i++)
        if (cases[i].c && &all[i] != w)
            waitq_remove(case_queue(&cases[i]), &all[i]);
    t->selecting = false;
}

/* A select that waited goes on; completed: no deadline came first. */
static inline __attribute__((always_inline)) int goes_on(struct task *self, bool completed,
                                                         bool live)
{
    struct select_case *cases = self->on;
    int n = self->cases_n, fired = completed ? (int)self->fired : SELECT_TIMEOUT;
    struct waiter *w = case_waiters(self, n);
    for (int i = 0; (live || UNLIKELY(self->selecting)) && i < n; i++) {
        struct select_case *sc = &cases[i];
        if (!sc->c || i == fired)
            continue;
        guard_lock_as(&sc->c->guard, live);
        waitq_remove(case_queue(sc), &w[i]);
        guard_unlock_as(&sc->c->guard, live);
    }
    self->selecting = false;
    if (UNLIKELY(!completed))
        return SELECT_TIMEOUT;
    struct select_case *sc = &cases[fired];
    emit_select(self, n, 0, fired, sc->c->id);
    if (!sc->send) {
        sc->value = self->value;
        sc->ok = self->ok;
    } else if (UNLIKELY(!self->ok)) {
        chan_send(sc->c, 0); /* closed meanwhile: panics */
    }
    return fired;
}

static int selected_in_sim(void *arg)
{
    struct task *self = arg;
    bool completed = sim_park_ended(self);
    if (UNLIKELY(!completed) && !task_claim_as(self, self->wait.ticket, false))
        completed = task_park(self, NEVER);
    return goes_on(self, completed, false);
}

static inline __attribute__((always_inline)) int wait_for_one(struct plan *p, struct task *self,
                                                              int64_t deadline_ns, bool live)
{
    uint32_t ticket = atomic_load_explicit(&self->ticket, memory_order_relaxed);
    struct waiter *w = case_waiters(self, p->n);
    self->on = p->cases;
    self->cases_n = p->n;
    self->selecting = !live;
    self->wait.ticket = ticket;
    for (int i = 0; i < p->n; i++) {
        struct select_case *sc = &p->cases[i];
        w[i].queued = false;
        if (sc->c)
            waitq_add(case_queue(sc), &w[i], self, (uint32_t)i, sc->value);
    }
    enum why why = WHY_SELECT;
    uint32_t on = 0, others = 0;
    if (UNLIKELY(emitter))
        on = only_object(p->cases, p->n, &why, &others);
    task_state_until(self, live && p->locks ? &p->order[0]->guard.stamp : NULL, why, on, others,
                     deadline_ns);
    for (int i = 1; i < p->locks;
         i++) /* "waits" comes before whoever wakes, whatever the channel */
        if (p->order[i]->guard.stamp < p->order[0]->guard.stamp)
            p->order[i]->guard.stamp = p->order[0]->guard.stamp;
    unlock_all(p, live);
    if (!live)
        return sim_park_then(self, deadline_ns, selected_in_sim);
    return goes_on(self, wait_completed(self, ticket, deadline_ns), live);
}

static inline __attribute__((always_inline)) int
select_as(struct select_case *cases, int n, bool has_default, int64_t deadline_ns, bool live)
{
    struct task *self = rt_current, *wake = NULL;
    VERIFY(n <= SELECT_MAX);
    struct plan p;
    plan_locks(&p, cases, n, live);
    lock_all(&p, live);
    int picked = take_ready(&p, self, &wake, live);
    if (picked >= 0) {
        unlock_all(&p, live);
        if (wake)
            task_unpark_as(wake, live);
        return picked;
    }
    if (has_default) {
        unlock_all(&p, live);
        emit_select(self, n, 0, SELECT_DEFAULT, n == 1 ? chan_id(cases[0].c) : 0);
        return SELECT_DEFAULT;
    }
    return wait_for_one(&p, self, deadline_ns, live);
}

/* In live, and in sim where the gate wants to be asked. */
static NOINLINE int select_watched(struct select_case *cases, int n, bool has_default,
                                   int64_t deadline_ns)
{
    rt_gate();
    return guard_live ? select_as(cases, n, has_default, deadline_ns, true)
                      : select_as(cases, n, has_default, deadline_ns, false);
}

int chan_select(struct select_case *cases, int n)
{
    if (LIKELY(!gate_watch))
        return select_as(cases, n, false, NEVER, false);
    return select_watched(cases, n, false, NEVER);
}

int chan_select_default(struct select_case *cases, int n)
{
    if (LIKELY(!gate_watch))
        return select_as(cases, n, true, NEVER, false);
    return select_watched(cases, n, true, NEVER);
}

int chan_select_until(struct select_case *cases, int n, int64_t deadline_ns)
{
    if (LIKELY(!gate_watch))
        return select_as(cases, n, false, deadline_ns, false);
    return select_watched(cases, n, false, deadline_ns);
}
