/* SPDX-License-Identifier: MIT */
/* Once.
 *
 * The hard idea: "done" may be seen only after all that the function wrote. So done is written last
 * (release) and read first (acquire), and that one read is all that a call costs afterwards.
 *
 *   first: RUNNING, fn(), DONE, wakes all     others: not DONE yet ─▶ queue     later: DONE */
#include "runtime/once.h"

#include "runtime/waitq.h"
#include "runtime/word.h"

enum { NEW, RUNNING, DONE };

struct once {
    _Atomic uint32_t word;
    uint32_t id;
    struct guard guard;
    struct waitq waiters;
};

struct once *once_make(const char *name)
{
    struct once *o = rt_alloc(rt_engine, sizeof *o);
    o->id = rt_object(OBJ_ONCE, name, 0);
    return o;
}

uint32_t once_id(const struct once *o)
{
    return o->id;
}

static void emit_once(struct once *o, enum once_op op)
{
    emit(&o->guard.stamp, EV_ONCE, (uint8_t)op, 0, task_self_id(), o->id, 0,
         emit_ab(0, o->waiters.n));
}

static void run(struct once *o, void (*fn)(void *arg), void *arg)
{
    const char *panic = rt_catch(fn, arg);
    rt_gate(); /* what it stored is visible to all who pass */
    guard_lock(&o->guard);
    atomic_store_explicit(&o->word, DONE, memory_order_release);
    struct waiter *woken = waitq_claim_all(&o->waiters);
    emit_once(o, ONCE_DONE);
    guard_unlock(&o->guard);
    waitq_unpark_all(woken);
    if (panic)
        rt_again(o->id, panic);
}

static NOINLINE void do_slow(struct once *o, void (*fn)(void *arg), void *arg)
{
    struct task *self = rt_current;
    guard_lock(&o->guard);
    switch (word_load(&o->word)) {
    case NEW:
        atomic_store_explicit(&o->word, RUNNING, memory_order_relaxed);
        emit_once(o, ONCE_BEGIN);
        guard_unlock(&o->guard);
        run(o, fn, arg);
        return;
    case DONE:
        emit_once(o, ONCE_PASS);
        guard_unlock(&o->guard);
        return;
    default:
        break;
    }
    struct waiter w;
    waitq_add(&o->waiters, &w, self, 0, 0);
    uint32_t ticket = w.ticket;
    emit_once(o, ONCE_WAIT);
    task_waits(self, &o->guard, TASK_WAITING, WHY_ONCE, o->id);
    guard_unlock(&o->guard);
    wait_completed(self, ticket, NEVER);
}

void once_do(struct once *o, void (*fn)(void *arg), void *arg)
{
    rt_gate();
    if (LIKELY(!emitter) && LIKELY(atomic_load_explicit(&o->word, memory_order_acquire) == DONE))
        return;
    do_slow(o, fn, arg);
}
