/* SPDX-License-Identifier: MIT */
/* WaitGroup over the seam: a guard, a counter, a queue of waiters. */
#include "runtime/sync.h"

#include "runtime/waitq.h"

struct waitgroup {
    struct guard guard;
    uint32_t id;
    int32_t count;
    struct waitq waiters;
    char *name;
};

struct waitgroup *wg_make(const char *name)
{
    struct waitgroup *wg = rt_alloc(rt_engine, sizeof *wg);
    wg->id = rt_object(OBJ_GROUP, name, 0);
    wg->name = rt_keep(rt_engine, name);
    return wg;
}

uint32_t wg_id(const struct waitgroup *wg)
{
    return wg->id;
}

static NOINLINE void emit_count(struct waitgroup *wg, enum group_op op)
{
    emit(&wg->guard.stamp, EV_GROUP, (uint8_t)op, 0, task_self_id(), wg->id, 0,
         emit_ab((uint32_t)wg->count, wg->waiters.n));
}

static inline void emit_group(struct waitgroup *wg, enum group_op op)
{
    if (emitter)
        emit_count(wg, op);
}

void wg_add(struct waitgroup *wg, int32_t delta)
{
    rt_gate();
    guard_lock(&wg->guard);
    wg->count += delta;
    bool negative = wg->count < 0;
    struct waiter *woken = wg->count == 0 && wg->waiters.n ? waitq_claim_all(&wg->waiters) : NULL;
    emit_group(wg, delta < 0 ? GROUP_DONE : GROUP_ADD);
    guard_unlock(&wg->guard);
    if (negative)
        rt_panic(wg->id, "negative counter of WaitGroup %s", wg->name);
    waitq_unpark_all(woken);
}

void wg_done(struct waitgroup *wg)
{
    wg_add(wg, -1);
}

void wg_wait(struct waitgroup *wg)
{
    struct task *self = rt_current;
    rt_gate();
    guard_lock(&wg->guard);
    if (wg->count == 0) {
        emit_group(wg, GROUP_WAIT);
        guard_unlock(&wg->guard);
        return;
    }
    struct waiter w;
    waitq_add(&wg->waiters, &w, self, 0, 0);
    uint32_t ticket = w.ticket;
    emit_group(wg, GROUP_WAIT);
    task_waits(self, &wg->guard, TASK_WAITING, WHY_WAITGROUP, wg->id);
    guard_unlock(&wg->guard);
    wait_completed(self, ticket, NEVER);
}
