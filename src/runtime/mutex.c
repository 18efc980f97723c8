/* SPDX-License-Identifier: MIT */
/* Mutex.
 *
 * The hard idea: a lock that is handed over costs a wake-up each time; one that is thrown open may
 * starve a waiter. So it is thrown open until somebody has waited too long (Go's sync/mutex.go).
 *
 *   bit       set when                                    who changes it
 *   LOCKED    somebody holds it                           anybody
 *   WAITING   the queue is not empty                      under the guard
 *   WOKEN     one was taken from the queue and comes to   under the guard; a hint: then unlock
 *             try; wake no other meanwhile                need not look at the queue
 *   STARVING  unlock hands over to the first in the       under the guard
 *             queue; newcomers stand in line
 *
 *   holder              waiter W                        newcomer N
 *   unlock: ~LOCKED     (asleep)
 *   WOKEN, wake W       …
 *                                                       lock: free ✓
 *                       tries: LOCKED, to the front,
 *                       sleeps; after 1 ms of that: STARVING
 *                                                       unlock: hands over to W, N stands in line
 */
#include "runtime/mutex_inside.h"

#include "runtime/spin.h"
#include "runtime/waitq.h"
#include "runtime/word.h"

enum { LOCKED = 1, WAITING = 2, WOKEN = 4, STARVING = 8 };
enum { PATIENCE_NS = 1000000 };

struct mutex {
    _Atomic uint32_t word;
    uint32_t id;
    struct guard guard;
    struct waitq waiters;
    const char *name;
};

struct mutex *mutex_make(const char *name)
{
    struct mutex *m = rt_alloc_line(rt_engine, sizeof *m);
    m->id = rt_object(OBJ_LOCK, name, 0);
    m->name = rt_keep(rt_engine, name);
    return m;
}

uint32_t mutex_id(const struct mutex *m)
{
    return m->id;
}

/* tries: it does not wait for ever. */
static void emit_lock(struct mutex *m, enum lock_op op, const struct task *t, bool tries)
{
    emit(&m->guard.stamp, EV_LOCK, (uint8_t)op, tries, t ? t->id : 0, m->id, 0,
         emit_ab(0, m->waiters.n));
}

/* Takes it if it is free and nobody starves. */
static inline bool take(struct mutex *m, uint32_t clear)
{
    uint32_t seen = word_load(&m->word);
    while (!(seen & (LOCKED | STARVING)))
        if (LIKELY(word_cas(&m->word, &seen, (seen | LOCKED) & ~clear, memory_order_acquire)))
            return true;
    return false;
}

/* The guard is held, LOCKED is not ours to take: sets the bits, unless it becomes free. */
static bool must_wait(struct mutex *m, uint32_t set, uint32_t clear)
{
    uint32_t seen = word_load(&m->word);
    while (seen & (LOCKED | STARVING)) {
        /* Only a locked mutex can be handed over by its unlock. */
        uint32_t more = seen & LOCKED ? set : set & ~(uint32_t)STARVING;
        if (word_cas(&m->word, &seen, (seen | more) & ~clear, memory_order_relaxed))
            return true;
    }
    return false;
}

/* What waits: its task may be handed the lock, or only woken to try. */
struct mutex_waiter {
    struct waiter w;
    bool handed, tries;
};

/* The guard is held, LOCKED was taken off. Returns whom to unpark, or NULL.
 *
 * Without probes it was taken off outside of the guard, and much may have happened since: the last
 * waiter gives up and takes STARVING along, a newcomer locks it, others starve at him. */
static struct task *wake_next(struct mutex *m)
{
    /* Acquire: what is handed over may be another's unlock, who is on his way to the guard. */
    uint32_t seen = atomic_load_explicit(&m->word, memory_order_acquire);
    if (seen & LOCKED || (seen & WOKEN && !(seen & STARVING)))
        return NULL; /* who has it or comes to try sees to the queue */
    struct waiter *w = waitq_claim(&m->waiters);
    uint32_t clear = m->waiters.n ? 0 : WAITING;
    if (!w) {
        word_bits(&m->word, 0, WAITING | STARVING);
        return NULL;
    }
    struct mutex_waiter *mw = (struct mutex_waiter *)w;
    mw->handed = seen & STARVING;
    word_bits(&m->word, mw->handed ? LOCKED : WOKEN, clear);
    if (mw->handed)
        emit_lock(m, LOCK_LOCK, w->task, mw->tries);
    return w->task;
}

/* The deadline has passed in the queue. The guard is held and is given back. */
static enum rt_status give_up(struct mutex *m, struct mutex_waiter *mw)
{
    waitq_remove(&m->waiters, &mw->w);
    if (!m->waiters.n)
        word_bits(&m->word, 0, WAITING | STARVING);
    emit_lock(m, LOCK_TIMEOUT, mw->w.task, true);
    guard_unlock(&m->guard);
    return RT_TIMEOUT;
}

/* Handed over: the long waits are over when this one was short or the last. The guard is held. */
static enum rt_status inherit(struct mutex *m, int64_t waited_ns)
{
    if (!m->waiters.n || waited_ns < PATIENCE_NS)
        word_bits(&m->word, 0, STARVING);
    guard_unlock(&m->guard);
    return RT_OK;
}

static NOINLINE enum rt_status lock_slow(struct mutex *m, int64_t deadline_ns)
{
    struct task *self = rt_current;
    if (!emitter)
        for (int look = 0; spin_pause(look); look++)
            if (take(m, 0))
                return RT_OK;
    int64_t since_ns = -1, waited_ns = 0;
    uint32_t mine = 0; /* WOKEN, while we are the one who was woken */
    bool tries = deadline_ns != NEVER;
    guard_lock(&m->guard);
    for (;;) {
        if (take(m, mine)) {
            emit_lock(m, LOCK_LOCK, self, tries);
            guard_unlock(&m->guard);
            return RT_OK;
        }
        if (!must_wait(m, WAITING | (waited_ns > PATIENCE_NS ? STARVING : 0), mine))
            continue;
        struct mutex_waiter mw = {.tries = tries};
        (mine ? waitq_add_first : waitq_add)(&m->waiters, &mw.w, self, 0, 0);
        uint32_t ticket = mw.w.ticket;
        emit_lock(m, LOCK_WAIT, self, tries);
        task_waits_until(self, &m->guard, WHY_MUTEX, m->id, deadline_ns);
        guard_unlock(&m->guard);
        if (since_ns < 0)
            since_ns = rt_engine->ops->now(rt_engine);
        bool woken = wait_completed(self, ticket, deadline_ns);
        guard_lock(&m->guard);
        if (!woken)
            return give_up(m, &mw);
        waited_ns = rt_engine->ops->now(rt_engine) - since_ns;
        if (mw.handed)
            return inherit(m, waited_ns);
        mine = WOKEN;
    }
}

void mutex_lock(struct mutex *m)
{
    rt_gate();
    if (LIKELY(!emitter) && LIKELY(take(m, 0)))
        return;
    lock_slow(m, NEVER);
}

enum rt_status mutex_lock_until(struct mutex *m, int64_t deadline_ns)
{
    rt_gate();
    if (LIKELY(!emitter) && LIKELY(take(m, 0)))
        return RT_OK;
    return lock_slow(m, deadline_ns);
}

static NOINLINE bool try_traced(struct mutex *m)
{
    guard_lock(&m->guard);
    bool got = take(m, 0);
    emit_lock(m, got ? LOCK_LOCK : LOCK_TRY_FAILED, rt_current, true);
    guard_unlock(&m->guard);
    return got;
}

bool mutex_try_lock(struct mutex *m)
{
    rt_gate();
    return LIKELY(!emitter) ? take(m, 0) : try_traced(m);
}

NORETURN static void panic_unlocked(struct mutex *m)
{
    rt_panic(m->id, "unlock of unlocked mutex %s", m->name);
}

/* was: the word before LOCKED was taken off. The guard is not held. */
static NOINLINE void unlock_slow(struct mutex *m, uint32_t was)
{
    if (!(was & LOCKED)) {
        word_add(&m->word, LOCKED, memory_order_relaxed);
        panic_unlocked(m);
    }
    guard_lock(&m->guard);
    struct task *next = wake_next(m);
    guard_unlock(&m->guard);
    if (next)
        task_unpark(next);
}

static NOINLINE void unlock_traced(struct mutex *m)
{
    guard_lock(&m->guard);
    if (!(word_load(&m->word) & LOCKED)) {
        guard_unlock(&m->guard);
        panic_unlocked(m);
    }
    word_bits(&m->word, 0, LOCKED);
    emit_lock(m, LOCK_UNLOCK, rt_current, false);
    struct task *next = wake_next(m);
    guard_unlock(&m->guard);
    if (next)
        task_unpark(next);
}

static inline void unlock(struct mutex *m)
{
    if (UNLIKELY(emitter)) {
        unlock_traced(m);
        return;
    }
    uint32_t was = word_add(&m->word, 0u - LOCKED, memory_order_release);
    if (UNLIKELY(!(was & LOCKED) || (was & WAITING && !(was & WOKEN)) || was & STARVING))
        unlock_slow(m, was);
}

void mutex_unlock(struct mutex *m)
{
    rt_gate();
    unlock(m);
}

void mutex_unlock_now(struct mutex *m)
{
    unlock(m);
}

void mutex_must_be_locked(struct mutex *m)
{
    if (!(word_load(&m->word) & LOCKED))
        panic_unlocked(m);
}
