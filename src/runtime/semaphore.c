/* SPDX-License-Identifier: MIT */
/* Weighted semaphore.
 *
 * The hard idea: first in, first out needs a queue, but as long as nobody waits one number is all
 * there is. So the tokens that are out and "somebody waits" share one word: who finds the bit goes
 * through the guard, all others never see it.
 *
 *   size 10, out 8    A wants 5: bit on, waits      B wants 1: the bit, so behind A
 *   release 4 ──────▶ out 9, for A; then B's 1: out 10, bit off
 *
 * A release gives tokens to the waiters itself, from the front, until the next does not fit: a
 * large one in front is not passed. Source: golang.org/x/sync/semaphore. */
#include "runtime/semaphore.h"

#include <string.h>

#include "runtime/context_inside.h"

#define WAITERS ((int64_t)1 << 62)

struct semaphore {
    _Atomic int64_t word; /* tokens that are out, and WAITERS */
    int64_t size;
    uint32_t id;
    struct sem_rules rules;
    struct guard guard;
    struct waitq waiters; /* value: how many */
    const char *name;
};

const struct sem_preset sem_presets[] = {
    {.name = "x_sync", .help = "first in, first out; a large one in front holds back small ones"},
    {.name = "barging",
     .help = "whoever fits goes first: small ones are not held back, a large one may starve",
     .rules = {.barge = true}},
    {.name = "x_sync_stuck_cancel",
     .help = "x/sync before its fix of issue 37852: when the waiter in front is cancelled, those "
             "behind it stay asleep although there are tokens for them",
     .defect = true,
     .rules = {.stuck_cancel = true}},
    {.name = "x_sync_dead_context",
     .help = "x/sync as it was: a cancelled context still gets tokens that are free",
     .defect = true,
     .rules = {.dead_ctx_acquires = true}},
    {0},
};

const struct sem_preset *sem_preset_find(const char *name)
{
    for (const struct sem_preset *p = sem_presets; p->name; p++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

struct semaphore *sem_make(const char *name, int64_t size, const struct sem_rules *rules)
{
    struct semaphore *s = rt_alloc_line(rt_engine, sizeof *s);
    VERIFY(size >= 0 && size < WAITERS);
    s->size = size;
    s->id = rt_object(OBJ_SEM, name, size);
    s->name = rt_keep(rt_engine, name);
    s->rules = rules ? *rules : sem_presets[0].rules;
    return s;
}

uint32_t sem_id(const struct semaphore *s)
{
    return s->id;
}

static inline int64_t load(const struct semaphore *s)
{
    return atomic_load_explicit(&s->word, memory_order_relaxed);
}

int64_t sem_taken(const struct semaphore *s)
{
    return load(s) & ~WAITERS;
}

static inline bool cas(struct semaphore *s, int64_t *seen, int64_t want, memory_order order)
{
    if (UNLIKELY(guard_live))
        return atomic_compare_exchange_strong_explicit(&s->word, seen, want, order,
                                                       memory_order_relaxed);
    atomic_store_explicit(&s->word, want, memory_order_relaxed);
    return true;
}

static uint32_t shown(int64_t n)
{
    return n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void emit_sem(struct semaphore *s, enum sem_op op, const struct task *t, int64_t n)
{
    emit(&s->guard.stamp, EV_SEM, (uint8_t)op, 0, t ? t->id : 0, s->id, shown(n),
         emit_ab(shown(sem_taken(s)), s->waiters.n));
}

/* Takes n tokens if they are free and, unless we may pass, nobody waits. */
static inline bool take(struct semaphore *s, int64_t n, bool pass)
{
    int64_t seen = load(s);
    while ((seen & ~WAITERS) <= s->size - n && (pass || !(seen & WAITERS)))
        if (LIKELY(cas(s, &seen, seen + n, memory_order_acquire)))
            return true;
    return false;
}

/* Gives back n; false: so many are not out. */
static inline bool give(struct semaphore *s, int64_t n, int64_t *was)
{
    int64_t seen = load(s);
    while ((seen & ~WAITERS) >= n)
        if (LIKELY(cas(s, &seen, seen - n, memory_order_release))) {
            *was = seen;
            return true;
        }
    return false;
}

static void set_waiters(struct semaphore *s, bool on)
{
    int64_t seen = load(s);
    while (!cas(s, &seen, on ? seen | WAITERS : seen & ~WAITERS, memory_order_relaxed)) {
    }
}

/* The guard is held: gives tokens to those who wait, from the front. Returns them, linked. */
static struct waiter *notify(struct semaphore *s)
{
    struct waiter *list = NULL, **tail = &list, *next;
    /* Acquire: who is let in must see what all that gave tokens back have done. */
    (void)atomic_load_explicit(&s->word, memory_order_acquire);
    for (struct waiter *w = s->waiters.head; w; w = next) {
        int64_t n = (int64_t)w->value, was;
        struct task *t = w->task;
        next = w->next;
        if (waiter_dead(w))
            continue; /* takes itself out */
        if (!take(s, n, true)) {
            if (!s->rules.barge)
                break;
            continue;
        }
        if (!task_claim(t, w->ticket)) {
            give(s, n, &was);
            continue;
        }
        waitq_remove(&s->waiters, w);
        t->fired = 0;
        emit_sem(s, SEM_ACQUIRE, t, n);
        w->next = NULL;
        *tail = w;
        tail = &w->next;
    }
    if (!s->waiters.n)
        set_waiters(s, false);
    return list;
}

/* A waiter has left the queue without tokens. The guard is held and is given back. */
static void left(struct semaphore *s, struct waiter *w, enum sem_op op)
{
    bool front = s->waiters.head == w;
    struct waiter *woken = NULL;
    waitq_remove(&s->waiters, w);
    if (!s->waiters.n)
        set_waiters(s, false);
    emit_sem(s, op, w->task, (int64_t)w->value);
    if (front && !s->rules.stuck_cancel)
        woken = notify(s);
    guard_unlock(&s->guard);
    waitq_unpark_all(woken);
}

/* More than there can ever be: nothing but the context can end it. */
static enum rt_status doomed(struct semaphore *s, struct context *ctx, int64_t n,
                             int64_t deadline_ns)
{
    emit_sem(s, SEM_NEVER, rt_current, n);
    guard_unlock(&s->guard);
    enum rt_status status = ctx_wait_until(ctx, WHY_SEM, s->id, deadline_ns, 0);
    guard_lock(&s->guard);
    emit_sem(s, status == RT_CANCELLED ? SEM_CANCEL : SEM_TIMEOUT, rt_current, n);
    guard_unlock(&s->guard);
    return status == RT_CANCELLED ? RT_CANCELLED : RT_TIMEOUT;
}

/* The guard is held. */
static enum rt_status cancelled(struct semaphore *s, int64_t n)
{
    emit_sem(s, SEM_CANCEL, rt_current, n);
    guard_unlock(&s->guard);
    return RT_CANCELLED;
}

static NOINLINE enum rt_status acquire_slow(struct semaphore *s, struct context *ctx, int64_t n,
                                            int64_t deadline_ns)
{
    struct task *self = rt_current;
    struct waiter w, cw;
    guard_lock(&s->guard);
    if (!s->rules.dead_ctx_acquires && ctx_is_done(ctx))
        return cancelled(s, n);
    if (take(s, n, s->rules.barge)) {
        emit_sem(s, SEM_ACQUIRE, self, n);
        guard_unlock(&s->guard);
        return RT_OK;
    }
    if (n > s->size)
        return doomed(s, ctx, n, deadline_ns);
    if (!ctx_join(ctx, &cw, self))
        return cancelled(s, n);
    set_waiters(s, true);
    waitq_add(&s->waiters, &w, self, 0, (uintptr_t)n);
    uint32_t ticket = w.ticket = cw.ticket;
    emit_sem(s, SEM_WAIT, self, n);
    struct waiter *woken = notify(s); /* some may have come back before the bit was on */
    task_state_until(self, &s->guard.stamp, WHY_SEM, s->id, ctx_done(ctx) != NULL, deadline_ns);
    guard_unlock(&s->guard);
    waitq_unpark_all(woken);
    bool completed = wait_completed(self, ticket, deadline_ns);
    uint32_t fired = self->fired;
    bool alive = ctx_leave(ctx, &cw);
    if (completed && fired != CTX_FIRED && alive)
        return RT_OK;
    if (completed && fired != CTX_FIRED) {
        sem_release(s, n); /* granted, then cancelled */
        return RT_CANCELLED;
    }
    guard_lock(&s->guard);
    left(s, &w, completed ? SEM_CANCEL : SEM_TIMEOUT);
    return completed ? RT_CANCELLED : RT_TIMEOUT;
}

enum rt_status sem_acquire_until(struct semaphore *s, struct context *ctx, int64_t n,
                                 int64_t deadline_ns)
{
    rt_gate();
    if (!emitter && !ctx_done(ctx) && take(s, n, s->rules.barge))
        return RT_OK;
    return acquire_slow(s, ctx, n, deadline_ns);
}

enum rt_status sem_acquire(struct semaphore *s, struct context *ctx, int64_t n)
{
    return sem_acquire_until(s, ctx, n, NEVER);
}

static NOINLINE bool try_traced(struct semaphore *s, int64_t n)
{
    guard_lock(&s->guard);
    bool got = take(s, n, s->rules.barge);
    emit_sem(s, got ? SEM_ACQUIRE : SEM_TRY_FAILED, rt_current, n);
    guard_unlock(&s->guard);
    return got;
}

bool sem_try_acquire(struct semaphore *s, int64_t n)
{
    rt_gate();
    return LIKELY(!emitter) ? take(s, n, s->rules.barge) : try_traced(s, n);
}

static NOINLINE void release_slow(struct semaphore *s, int64_t n)
{
    int64_t was;
    guard_lock(&s->guard);
    if (n && !give(s, n, &was)) {
        guard_unlock(&s->guard);
        rt_panic(s->id, "semaphore %s: released more than held", s->name);
    }
    emit_sem(s, SEM_RELEASE, rt_current, n);
    struct waiter *woken = notify(s);
    guard_unlock(&s->guard);
    waitq_unpark_all(woken);
}

void sem_release(struct semaphore *s, int64_t n)
{
    int64_t was = 0;
    rt_gate();
    if (UNLIKELY(emitter)) {
        release_slow(s, n);
        return;
    }
    if (UNLIKELY(!give(s, n, &was)))
        rt_panic(s->id, "semaphore %s: released more than held", s->name);
    if (UNLIKELY(was & WAITERS))
        release_slow(s, 0);
}
