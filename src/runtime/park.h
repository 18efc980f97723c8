/* SPDX-License-Identifier: MIT */
/* Park and unpark, inline down to the coroutine switch in sim (coro.h says why); through the
 * executor's table in live. */
#ifndef RUNTIME_PARK_H
#define RUNTIME_PARK_H

#include "runtime/sim.h"

/* The events, out of line: an operation that is not watched stays short. */
NOINLINE void task_say(const struct task *t, int64_t *stamp, enum task_state state, enum why why,
                       uint32_t obj);
NOINLINE void task_say_until(const struct task *t, int64_t *stamp, enum why why, uint32_t obj,
                             uint32_t others, int64_t until_ns);

static inline void task_state(struct task *t, int64_t *stamp, enum task_state state, enum why why,
                              uint32_t obj)
{
    atomic_store_explicit(&t->state, (uint8_t)state, memory_order_relaxed);
    atomic_store_explicit(&t->why, (uint8_t)why, memory_order_relaxed);
    if (UNLIKELY(emitter))
        task_say(t, stamp, state, why, obj);
}

/* The same of a wait that may end by itself: at until_ns (NEVER: it does not), or by one of the
 * `others`: cases of a select beside obj, a context, a channel that has no name. */
static inline void task_state_until(struct task *t, int64_t *stamp, enum why why, uint32_t obj,
                                    uint32_t others, int64_t until_ns)
{
    atomic_store_explicit(&t->state, (uint8_t)TASK_WAITING, memory_order_relaxed);
    atomic_store_explicit(&t->why, (uint8_t)why, memory_order_relaxed);
    if (UNLIKELY(emitter))
        task_say_until(t, stamp, why, obj, others, until_ns);
}

/* Emits that self waits. Inside the guard g (or NULL) of what it waits on, so that it comes before
 * the waker's "runnable". */
static inline void task_waits(struct task *self, struct guard *g, enum task_state state,
                              enum why why, uint32_t obj)
{
    task_state(self, g ? &g->stamp : NULL, state, why, obj);
}

static inline void task_waits_until(struct task *self, struct guard *g, enum why why, uint32_t obj,
                                    int64_t until_ns)
{
    task_state_until(self, g ? &g->stamp : NULL, why, obj, 0, until_ns);
}

/* Parks until the permit or the deadline, then emits that self runs. False: the deadline passed. */
static inline __attribute__((always_inline)) bool task_park(struct task *self, int64_t deadline_ns)
{
    bool ok =
        LIKELY(!guard_live) ? sim_park(self, deadline_ns) : self->rt->ops->park(self, deadline_ns);
    task_state(self, NULL, TASK_RUNNING, WHY_NONE, 0);
    return ok;
}

/* The same for operations that are called very often, in sim, as their last act: then(self) is
 * their result, and begins with sim_park_ended(). What it needs to know stands in the task, for the
 * operation's frame is gone. */
static inline __attribute__((always_inline)) int
sim_park_then(struct task *self, int64_t deadline_ns, int (*then)(void *self))
{
    struct sim *s = sim_of(self->rt);
    if (!sim_park_begins(s, sim_task(self), deadline_ns))
        return then(self);
    return sim_leave(s, sim_task(self), then);
}

static inline bool sim_park_ended(struct task *self)
{
    sim_back(sim_of(self->rt), sim_task(self));
    bool ok = sim_parked(sim_task(self));
    task_state(self, NULL, TASK_RUNNING, WHY_NONE, 0);
    return ok;
}

/* Emits "runnable" for t and gives it the permit. Outside of guards, once per wait. live: a caller
 * that has looked already says what it saw. */
static inline void task_unpark_as(struct task *t, bool live)
{
    if (!live)
        sim_goes_to(t);
    task_state(t, NULL, TASK_RUNNABLE, WHY_NONE, 0);
    if (!live)
        sim_unpark(t);
    else
        t->rt->ops->unpark(t);
}

static inline void task_unpark(struct task *t)
{
    task_unpark_as(t, UNLIKELY(guard_live));
}

#endif
