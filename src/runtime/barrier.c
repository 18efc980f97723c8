/* SPDX-License-Identifier: MIT */
/* Barrier and latch.
 *
 * The hard idea: the last of a round sets up the next one before it wakes anybody, all inside the
 * guard. So one that is quick and comes again at once belongs to the next round, and cannot get
 * through on the strength of the old one.
 *
 *   A  arrive, missing 2→1, queue ············ permit ─▶ arrive again: round 2, missing 2→1
 *   B        arrive: the last: round 2, missing 2, takes A out, wakes it                     */
#include "runtime/barrier.h"

#include "runtime/waitq.h"

struct barrier {
    struct guard guard;
    uint32_t id, parties, missing, round;
    struct waitq waiters;
};

struct latch {
    struct guard guard;
    uint32_t id, count;
    struct waitq waiters;
};

struct barrier *barrier_make(const char *name, uint32_t parties)
{
    VERIFY(parties > 0);
    struct barrier *b = rt_alloc(rt_engine, sizeof *b);
    b->parties = b->missing = parties;
    b->round = 1;
    b->id = rt_object(OBJ_BARRIER, name, parties);
    return b;
}

uint32_t barrier_id(const struct barrier *b)
{
    return b->id;
}

static void emit_barrier(struct barrier *b, enum barrier_op op)
{
    emit(&b->guard.stamp, EV_BARRIER, (uint8_t)op, 0, task_self_id(), b->id, b->round,
         emit_ab(b->missing, b->waiters.n));
}

/* The guard is held; given back. The caller is the last of the round. */
static void trip(struct barrier *b)
{
    b->missing = b->parties;
    b->round++;
    struct waiter *woken = waitq_claim_all(&b->waiters);
    emit_barrier(b, BARRIER_TRIP);
    guard_unlock(&b->guard);
    waitq_unpark_all(woken);
}

static enum rt_status wait_until(struct barrier *b, int64_t deadline_ns, bool *last)
{
    struct task *self = rt_current;
    rt_gate();
    guard_lock(&b->guard);
    *last = --b->missing == 0;
    if (*last) {
        trip(b);
        return RT_OK;
    }
    struct waiter w;
    waitq_add(&b->waiters, &w, self, 0, 0);
    uint32_t ticket = w.ticket, round = b->round;
    emit_barrier(b, BARRIER_ARRIVE);
    task_waits(self, &b->guard, TASK_WAITING, WHY_BARRIER, b->id);
    guard_unlock(&b->guard);
    if (wait_completed(self, ticket, deadline_ns))
        return RT_OK;
    guard_lock(&b->guard);
    bool late = b->round == round; /* else the last has come between the deadline and the guard */
    if (late) {
        waitq_remove(&b->waiters, &w);
        b->missing++;
        emit_barrier(b, BARRIER_LEAVE);
    }
    guard_unlock(&b->guard);
    return late ? RT_TIMEOUT : RT_OK;
}

bool barrier_wait(struct barrier *b)
{
    bool last;
    wait_until(b, NEVER, &last);
    return last;
}

enum rt_status barrier_wait_until(struct barrier *b, int64_t deadline_ns)
{
    bool last;
    return wait_until(b, deadline_ns, &last);
}

/* ---- latch -------------------------------------------------------------------------------------
 */

struct latch *latch_make(const char *name, uint32_t count)
{
    struct latch *l = rt_alloc(rt_engine, sizeof *l);
    l->count = count;
    l->id = rt_object(OBJ_LATCH, name, count);
    return l;
}

uint32_t latch_id(const struct latch *l)
{
    return l->id;
}

static void emit_latch(struct latch *l, enum barrier_op op)
{
    emit(&l->guard.stamp, EV_BARRIER, (uint8_t)op, 0, task_self_id(), l->id, 0,
         emit_ab(l->count, l->waiters.n));
}

void latch_down(struct latch *l)
{
    rt_gate();
    guard_lock(&l->guard);
    struct waiter *woken = NULL;
    bool counts = l->count > 0, opens = l->count == 1;
    l->count -= counts;
    if (opens)
        woken = waitq_claim_all(&l->waiters);
    if (counts)
        emit_latch(l, opens ? BARRIER_OPEN : BARRIER_DOWN);
    guard_unlock(&l->guard);
    waitq_unpark_all(woken);
}

enum rt_status latch_wait_until(struct latch *l, int64_t deadline_ns)
{
    struct task *self = rt_current;
    rt_gate();
    guard_lock(&l->guard);
    if (!l->count) {
        emit_latch(l, BARRIER_PASS);
        guard_unlock(&l->guard);
        return RT_OK;
    }
    struct waiter w;
    waitq_add(&l->waiters, &w, self, 0, 0);
    uint32_t ticket = w.ticket;
    emit_latch(l, BARRIER_WAIT);
    task_waits(self, &l->guard, TASK_WAITING, WHY_BARRIER, l->id);
    guard_unlock(&l->guard);
    if (wait_completed(self, ticket, deadline_ns))
        return RT_OK;
    guard_lock(&l->guard);
    waitq_remove(&l->waiters, &w);
    emit_latch(l, BARRIER_LEAVE);
    guard_unlock(&l->guard);
    return RT_TIMEOUT;
}

void latch_wait(struct latch *l)
{
    latch_wait_until(l, NEVER);
}

bool latch_open(struct latch *l)
{
    rt_gate();
    guard_lock(&l->guard);
    bool open = !l->count;
    guard_unlock(&l->guard);
    return open;
}
