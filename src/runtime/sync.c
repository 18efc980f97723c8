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

NORETURN static NOINLINE void negative(struct waitgroup *wg, enum group_op op)
{
    emit_group(wg, op);
    guard_unlock(&wg->guard);
    rt_panic(wg->id, "negative counter of WaitGroup %s", wg->name);
}

/* The count has come to 0 while others wait. Frees the guard. */
static NOINLINE void wake_in_live(struct waitgroup *wg, enum group_op op)
{
    struct waiter *woken = waitq_claim_all(&wg->waiters);
    emit_group(wg, op);
    guard_unlock(&wg->guard);
    waitq_unpark_all(woken);
}

/* There nothing runs before they are all woken, and none has a deadline. */
static NOINLINE void wake_in_sim(struct waitgroup *wg, enum group_op op)
{
    struct waiter *w = wg->waiters.head;
    wg->waiters = (struct waitq){0};
    emit_group(wg, op);
    for (; w; w = w->next) {
        task_claim_as(w->task, w->ticket, false);
        task_unpark_as(w->task, false);
    }
}

/* live is a constant of each of the two variants of an operation. */
static inline __attribute__((always_inline)) void add_as(struct waitgroup *wg, int32_t delta,
                                                         bool live)
{
    enum group_op op = delta < 0 ? GROUP_DONE : GROUP_ADD;
    guard_lock_as(&wg->guard, live);
    wg->count += delta;
    if (UNLIKELY(wg->count < 0))
        negative(wg, op);
    if (wg->count == 0 && wg->waiters.head) {
        if (live)
            wake_in_live(wg, op);
        else
            wake_in_sim(wg, op);
        return;
    }
    emit_group(wg, op);
    guard_unlock_as(&wg->guard, live);
}

static NOINLINE void add_watched(struct waitgroup *wg, int32_t delta)
{
    rt_gate();
    if (guard_live)
        add_as(wg, delta, true);
    else
        add_as(wg, delta, false);
}

void wg_add(struct waitgroup *wg, int32_t delta)
{
    if (LIKELY(!gate_watch))
        add_as(wg, delta, false);
    else
        add_watched(wg, delta);
}

void wg_done(struct waitgroup *wg)
{
    wg_add(wg, -1);
}

static int waited_in_sim(void *self)
{
    return sim_wait_completed(self);
}

static inline __attribute__((always_inline)) int wait_as(struct waitgroup *wg, bool live)
{
    struct task *self = rt_current;
    guard_lock_as(&wg->guard, live);
    if (wg->count == 0) {
        emit_group(wg, GROUP_WAIT);
        guard_unlock_as(&wg->guard, live);
        return true;
    }
    waitq_add(&wg->waiters, &self->wait, self, 0, 0);
    emit_group(wg, GROUP_WAIT);
    task_waits(self, &wg->guard, TASK_WAITING, WHY_WAITGROUP, wg->id);
    guard_unlock_as(&wg->guard, live);
    if (!live)
        return sim_park_then(self, NEVER, waited_in_sim);
    return wait_completed(self, self->wait.ticket, NEVER);
}

static NOINLINE void wait_watched(struct waitgroup *wg)
{
    rt_gate();
    if (guard_live)
        wait_as(wg, true);
    else
        wait_as(wg, false);
}

void wg_wait(struct waitgroup *wg)
{
    if (LIKELY(!gate_watch))
        wait_as(wg, false);
    else
        wait_watched(wg);
}
