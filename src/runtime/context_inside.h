/* SPDX-License-Identifier: MIT */
/* Waiting in a queue of one's own and for a cancellation: two waiters with one ticket (waitq.h),
 * and task->fired says which of them was completed. For semaphore.c and its like.
 *
 *   guard_lock(own)
 *   ctx_join(ctx, &cw, self)      false: cancelled already; the own guard may be held meanwhile
 *   waitq_add(own queue, &w, …), w.ticket = cw.ticket: a cancellation may have claimed it already
 *   task_waits(…), guard_unlock(own), wait_completed(…)
 *   ctx_leave(ctx, &cw)           outside of the own guard */
#ifndef RUNTIME_CONTEXT_INSIDE_H
#define RUNTIME_CONTEXT_INSIDE_H

#include "runtime/chan_inside.h"
#include "runtime/context.h"

enum { CTX_FIRED = 1000000 }; /* task->fired after a cancellation; cases of a select are below */

/* Without the gate; the own guard may be held. */
static inline bool ctx_is_done(struct context *ctx)
{
    struct chan *done = ctx_done(ctx);
    if (!done)
        return false;
    guard_lock(&done->guard);
    bool closed = done->closed;
    guard_unlock(&done->guard);
    return closed;
}

static inline bool ctx_join(struct context *ctx, struct waiter *cw, struct task *self)
{
    struct chan *done = ctx_done(ctx);
    cw->queued = false;
    cw->ticket = atomic_load_explicit(&self->ticket, memory_order_relaxed);
    if (!done)
        return true;
    guard_lock(&done->guard);
    bool alive = !done->closed;
    if (alive)
        waitq_add(&done->recv, cw, self, CTX_FIRED, 0);
    guard_unlock(&done->guard);
    return alive;
}

/* False: the context was cancelled, by now at the latest. */
static inline bool ctx_leave(struct context *ctx, struct waiter *cw)
{
    struct chan *done = ctx_done(ctx);
    if (!done)
        return true;
    guard_lock(&done->guard);
    waitq_remove(&done->recv, cw);
    bool alive = !done->closed;
    guard_unlock(&done->guard);
    return alive;
}

#endif
