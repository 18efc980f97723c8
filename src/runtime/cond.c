/* SPDX-License-Identifier: MIT */
/* Cond.
 *
 * The hard idea: the waiter stands in the queue before it gives the mutex back, so a signal that
 * comes as soon as the mutex is free finds it.
 *
 *   waiter (has the mutex)          signaller
 *   into the queue
 *   unlock                          lock, make it true, signal ─▶ takes the waiter from the queue
 *   park ◀── permit ──────────────  unlock
 *   lock, look again
 *
 * Between the permit and "lock, look again" lies the stolen wake-up. Source: Go's sync/cond.go. */
#include "runtime/cond.h"

#include "runtime/mutex_inside.h"
#include "runtime/waitq.h"

struct cond {
    struct guard guard;
    uint32_t id;
    struct mutex *mutex;
    struct waitq waiters;
    int64_t delay_ns; /* of the next to be signalled */
};

struct cond_waiter {
    struct waiter w;
    int64_t delay_ns;
};

struct cond *cond_make(const char *name, struct mutex *m)
{
    struct cond *c = rt_alloc(rt_engine, sizeof *c);
    c->id = rt_object(OBJ_COND, name, 0);
    c->mutex = m;
    return c;
}

uint32_t cond_id(const struct cond *c)
{
    return c->id;
}

static void emit_cond(struct cond *c, enum cond_op op, uint32_t task, uint32_t woken)
{
    emit(&c->guard.stamp, EV_COND, (uint8_t)op, 0, task, c->id, mutex_id(c->mutex),
         emit_ab(woken, c->waiters.n));
}

enum rt_status cond_wait_until(struct cond *c, int64_t deadline_ns)
{
    struct task *self = rt_current;
    struct cond_waiter cw = {.delay_ns = 0};
    rt_gate();
    mutex_must_be_locked(c->mutex);
    guard_lock(&c->guard);
    waitq_add(&c->waiters, &cw.w, self, 0, 0);
    uint32_t ticket = cw.w.ticket;
    emit_cond(c, COND_WAIT, self->id, 0);
    task_waits_until(self, &c->guard, WHY_COND, c->id, deadline_ns);
    guard_unlock(&c->guard);
    mutex_unlock_now(c->mutex); /* no gate: we wait already */
    bool woken = wait_completed(self, ticket, deadline_ns);
    guard_lock(&c->guard);
    if (!woken) {
        waitq_remove(&c->waiters, &cw.w);
        emit_cond(c, COND_TIMEOUT, self->id, 0);
    } else if (cw.delay_ns) {
        emit_cond(c, COND_DELAY, self->id, 0);
    }
    guard_unlock(&c->guard);
    if (cw.delay_ns)
        rt_sleep(cw.delay_ns);
    mutex_lock(c->mutex);
    return woken ? RT_OK : RT_TIMEOUT;
}

void cond_wait(struct cond *c)
{
    cond_wait_until(c, NEVER);
}

static bool wake_one(struct cond *c, enum cond_op op)
{
    rt_gate();
    guard_lock(&c->guard);
    struct cond_waiter *cw = (struct cond_waiter *)waitq_claim(&c->waiters);
    struct task *t = NULL;
    if (op == COND_SIGNAL)
        emit_cond(c, op, task_self_id(), cw != NULL);
    if (cw) {
        t = cw->w.task;
        cw->delay_ns = c->delay_ns;
        c->delay_ns = 0;
        emit_cond(c, op == COND_SIGNAL ? COND_WAKE : op, t->id, 1);
    }
    guard_unlock(&c->guard);
    if (!t)
        return false;
    task_unpark(t);
    return true;
}

void cond_signal(struct cond *c)
{
    wake_one(c, COND_SIGNAL);
}

bool cond_inject_spurious(struct cond *c)
{
    return wake_one(c, COND_SPURIOUS);
}

void cond_inject_stolen(struct cond *c, int64_t delay_ns)
{
    rt_gate();
    guard_lock(&c->guard);
    c->delay_ns = delay_ns;
    guard_unlock(&c->guard);
}

void cond_broadcast(struct cond *c)
{
    rt_gate();
    guard_lock(&c->guard);
    struct waiter *woken = waitq_claim_all(&c->waiters);
    uint32_t n = 0;
    for (struct waiter *w = woken; w; w = w->next)
        n++;
    emit_cond(c, COND_BROADCAST, task_self_id(), n);
    for (struct waiter *w = woken; w; w = w->next)
        emit_cond(c, COND_WAKE, w->task->id, 1);
    guard_unlock(&c->guard);
    waitq_unpark_all(woken);
}
