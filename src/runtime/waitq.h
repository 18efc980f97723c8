/* SPDX-License-Identifier: MIT */
/* Waiters: one per blocked operation (a select has one per case), in first-in first-out queues.
 *
 * A task's ticket says which wait it is in. Whoever completes a wait claims it by moving the ticket
 * on, and only one can: another sender, a close, a deadline. The claim comes first, then the
 * outcome is written, then the permit is given; every claim gives exactly one permit.
 *
 *   receiver R            sender S                       R's deadline
 *   ticket = 7, queued
 *   parks                 claim 7→8 ✓ (value, ok)        claim 7→8 ✗: S was first,
 *   ◀───── permit ─────── unpark(R)                      R parks again for the permit
 *
 * A waiter whose ticket has moved on is dead; it stays queued until its owner, who is awake by
 * then, takes it out, or until somebody who passes by drops it. */
#ifndef RUNTIME_WAITQ_H
#define RUNTIME_WAITQ_H

#include "runtime/park.h"

static inline void waitq_add(struct waitq *q, struct waiter *w, struct task *self, uint32_t index,
                             uintptr_t value)
{
    w->task = self;
    w->ticket = atomic_load_explicit(&self->ticket, memory_order_relaxed);
    w->index = index;
    w->value = value;
    w->queued = true;
    w->next = NULL;
    w->prev = q->tail;
    if (q->tail)
        q->tail->next = w;
    else
        q->head = w;
    q->tail = w;
    q->n++;
}

/* The same at the head: who was woken and came too late keeps its place. */
static inline void waitq_add_first(struct waitq *q, struct waiter *w, struct task *self,
                                   uint32_t index, uintptr_t value)
{
    waitq_add(q, w, self, index, value);
    if (q->head == w)
        return;
    q->tail = w->prev;
    w->prev->next = NULL;
    w->prev = NULL;
    w->next = q->head;
    q->head->prev = w;
    q->head = w;
}

static inline void waitq_remove(struct waitq *q, struct waiter *w)
{
    if (!w->queued)
        return;
    w->queued = false;
    if (w->prev)
        w->prev->next = w->next;
    else
        q->head = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        q->tail = w->prev;
    q->n--;
}

static inline bool waiter_dead(const struct waiter *w)
{
    return atomic_load_explicit(&w->task->ticket, memory_order_relaxed) != w->ticket;
}

/* True: the wait is ours to complete. */
static inline bool task_claim_as(struct task *t, uint32_t ticket, bool live)
{
    if (!live) {
        if (atomic_load_explicit(&t->ticket, memory_order_relaxed) != ticket)
            return false;
        atomic_store_explicit(&t->ticket, ticket + 1, memory_order_relaxed);
        return true;
    }
    return atomic_compare_exchange_strong(&t->ticket, &ticket, ticket + 1);
}

static inline bool task_claim(struct task *t, uint32_t ticket)
{
    return task_claim_as(t, ticket, UNLIKELY(guard_live));
}

/* Is somebody alive waiting? Drops the dead at the front. */
static inline bool waitq_any(struct waitq *q)
{
    while (q->head && waiter_dead(q->head))
        waitq_remove(q, q->head);
    return q->head != NULL;
}

/* Takes the first whose wait could be claimed, or NULL. The caller writes the outcome and unparks
 * w->task; the waiter itself is that task's and is gone after the unpark. */
static inline struct waiter *waitq_claim_as(struct waitq *q, bool live)
{
    struct waiter *w;
    while ((w = q->head)) {
        q->head = w->next;
        if (w->next)
            w->next->prev = NULL;
        else
            q->tail = NULL;
        q->n--;
        w->queued = false;
        if (LIKELY(task_claim_as(w->task, w->ticket, live)))
            return w;
    }
    return NULL;
}

static inline struct waiter *waitq_claim(struct waitq *q)
{
    return waitq_claim_as(q, UNLIKELY(guard_live));
}

/* Takes all whose waits could be claimed, in order, linked by next. */
static inline struct waiter *waitq_claim_all(struct waitq *q)
{
    struct waiter *list = NULL, **tail = &list, *w;
    while ((w = waitq_claim(q))) {
        w->next = NULL;
        *tail = w;
        tail = &w->next;
    }
    return list;
}

/* Unparks such a list. Outside of guards. */
static inline void waitq_unpark_all(struct waiter *w)
{
    while (w) {
        struct waiter *next = w->next; /* gone once its task runs */
        task_unpark(w->task);
        w = next;
    }
}

/* Parks until the wait with this ticket was completed, or the deadline claims it: then false, and
 * nobody will complete it. */
static inline __attribute__((always_inline)) bool wait_completed(struct task *self, uint32_t ticket,
                                                                 int64_t deadline_ns)
{
    if (task_park(self, deadline_ns))
        return true;
    if (task_claim(self, ticket))
        return false;
    return task_park(self, NEVER);
}

/* The same in sim, in what an operation left to be called after its park (sim_park_then): of the
 * wait of self->wait. */
static inline bool sim_wait_completed(struct task *self)
{
    if (LIKELY(sim_park_ended(self)))
        return true;
    if (task_claim_as(self, self->wait.ticket, false))
        return false;
    return task_park(self, NEVER);
}

#endif
