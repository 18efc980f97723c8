/* SPDX-License-Identifier: MIT */
/* Channels.
 *
 * The hard idea: a value never waits in the channel when somebody waits for it. A sender that finds
 * a receiver writes the value straight into that task and makes it runnable; a receiver that makes
 * room in a full buffer moves the first waiting sender's value in. So order is kept (first in,
 * first out) and each message costs one wake-up.
 *
 *   send:  receiver waits?  ─▶ hand over        recv:  buffered?       ─▶ take, refill from a
 * sender room?            ─▶ buffer                  sender waits?   ─▶ take over else ─▶ queue,
 * park             closed?         ─▶ 0, false else            ─▶ queue, park Source of the
 * semantics: The Go Programming Language Specification; runtime/chan.go. */
#include "runtime/chan_inside.h"

#include <string.h>

static NOINLINE void emit_chan(struct chan *c, enum chan_op op, const struct task *t)
{
    emit(&c->guard.stamp, EV_CHAN, (uint8_t)op, 0, t ? t->id : 0, c->id, c->recv.n,
         emit_ab(c->len, c->send.n));
}

static inline void emit_op(struct chan *c, enum chan_op op, const struct task *t)
{
    if (emitter && !c->quiet)
        emit_chan(c, op, t);
}

static struct chan *make(uint32_t cap)
{
    struct chan *c = rt_alloc(rt_engine, sizeof *c);
    c->cap = cap;
    c->buf = cap ? rt_alloc(rt_engine, cap * sizeof *c->buf) : NULL;
    return c;
}

struct chan *chan_make(const char *name, uint32_t cap)
{
    struct chan *c = make(cap);
    c->id = rt_object(OBJ_CHAN, name, cap);
    c->name = rt_alloc(rt_engine, strlen(name) + 1);
    memcpy(c->name, name, strlen(name) + 1);
    return c;
}

struct chan *chan_make_quiet(uint32_t cap)
{
    struct chan *c = make(cap);
    c->quiet = true;
    c->name = NULL;
    return c;
}

struct chan *chan_make_signal(uint32_t obj)
{
    struct chan *c = chan_make_quiet(1);
    c->id = obj;
    return c;
}

uint32_t chan_id(const struct chan *c)
{
    return c ? c->id : 0;
}

uint32_t chan_cap(const struct chan *c)
{
    return c ? c->cap : 0;
}

uint32_t chan_len(struct chan *c)
{
    if (!c)
        return 0;
    rt_gate();
    guard_lock(&c->guard);
    uint32_t len = c->len;
    guard_unlock(&c->guard);
    return len;
}

bool chan_closed(struct chan *c)
{
    rt_gate();
    guard_lock(&c->guard);
    bool closed = c->closed;
    guard_unlock(&c->guard);
    return closed;
}

NORETURN static void panic_closed(struct chan *c, const char *what)
{
    if (c->name)
        rt_panic(c->id, "%s closed channel %s", what, c->name);
    rt_panic(c->id, "%s closed channel", what);
}

/* ---- the two halves, inside the guard -------------------------------------------------------- */

static inline bool send_locked(struct chan *c, chan_value v, struct task *self, struct task **wake)
{
    struct waiter *w = waitq_claim(&c->recv);
    if (w) {
        struct task *t = w->task;
        t->value = v;
        t->ok = true;
        t->fired = w->index;
        emit_op(c, CHAN_SEND, self);
        emit_op(c, CHAN_RECV, t);
        *wake = t;
        return true;
    }
    if (c->len == c->cap)
        return false;
    uint32_t at = c->head + c->len;
    c->buf[at < c->cap ? at : at - c->cap] = v;
    c->len++;
    emit_op(c, CHAN_SEND, self);
    return true;
}

static inline bool recv_locked(struct chan *c, chan_value *v, bool *ok, struct task *self,
                               struct task **wake)
{
    *ok = true;
    if (c->len) {
        *v = c->buf[c->head];
        if (++c->head == c->cap)
            c->head = 0;
        c->len--;
        struct waiter *w = c->send.n ? waitq_claim(&c->send) : NULL;
        emit_op(c, CHAN_RECV, self);
        if (w) {
            struct task *t = w->task;
            uint32_t at = c->head + c->len;
            c->buf[at < c->cap ? at : at - c->cap] = w->value;
            c->len++;
            t->ok = true;
            t->fired = w->index;
            emit_op(c, CHAN_SEND, t);
            *wake = t;
        }
        return true;
    }
    struct waiter *w = c->send.n ? waitq_claim(&c->send) : NULL;
    if (w) {
        struct task *t = w->task;
        *v = w->value;
        t->ok = true;
        t->fired = w->index;
        emit_op(c, CHAN_SEND, t);
        emit_op(c, CHAN_RECV, self);
        *wake = t;
        return true;
    }
    if (!c->closed)
        return false;
    *v = 0;
    *ok = false;
    emit_op(c, CHAN_RECV, self);
    return true;
}

bool chan_send_locked(struct chan *c, chan_value v, struct task *self, struct task **wake)
{
    return send_locked(c, v, self, wake);
}

bool chan_recv_locked(struct chan *c, chan_value *v, bool *ok, struct task *self,
                      struct task **wake)
{
    return recv_locked(c, v, ok, self, wake);
}

/* ---- send ------------------------------------------------------------------------------------ */

NORETURN static void block_for_ever(enum why why)
{
    struct task *self = rt_current;
    task_waits(self, NULL, TASK_WAITING, why, 0);
    for (;;)
        task_park(self, NEVER);
}

/* RT_AGAIN when deadline_ns is 0 and it would block. */
static inline __attribute__((always_inline)) enum rt_status send_until(struct chan *c, chan_value v,
                                                                       int64_t deadline_ns)
{
    struct task *self = rt_current, *wake = NULL;
    rt_gate();
    guard_lock(&c->guard);
    if (UNLIKELY(c->closed)) {
        guard_unlock(&c->guard);
        panic_closed(c, "send on");
    }
    if (send_locked(c, v, self, &wake)) {
        guard_unlock(&c->guard);
        if (wake)
            task_unpark(wake);
        return RT_OK;
    }
    if (!deadline_ns) {
        guard_unlock(&c->guard);
        return RT_AGAIN;
    }
    struct waiter w;
    waitq_add(&c->send, &w, self, 0, v);
    uint32_t ticket = w.ticket;
    task_waits(self, &c->guard, TASK_WAITING, WHY_CHAN_SEND, c->id);
    guard_unlock(&c->guard);
    if (!wait_completed(self, ticket, deadline_ns)) {
        guard_lock(&c->guard);
        waitq_remove(&c->send, &w);
        guard_unlock(&c->guard);
        return RT_TIMEOUT;
    }
    if (UNLIKELY(!self->ok))
        panic_closed(c, "send on");
    return RT_OK;
}

void chan_send(struct chan *c, chan_value v)
{
    if (UNLIKELY(!c))
        block_for_ever(WHY_CHAN_SEND);
    send_until(c, v, NEVER);
}

enum rt_status chan_try_send(struct chan *c, chan_value v)
{
    return c ? send_until(c, v, 0) : RT_AGAIN;
}

enum rt_status chan_send_until(struct chan *c, chan_value v, int64_t deadline_ns)
{
    if (!c) {
        rt_sleep(deadline_ns - rt_now());
        return RT_TIMEOUT;
    }
    enum rt_status s = send_until(c, v, deadline_ns > 0 ? deadline_ns : 0);
    return s == RT_AGAIN ? RT_TIMEOUT : s;
}

/* ---- receive ----------------------------------------------------------------------------------
 */

static inline __attribute__((always_inline)) enum rt_status
recv_until(struct chan *c, chan_value *v, int64_t deadline_ns)
{
    struct task *self = rt_current, *wake = NULL;
    chan_value got = 0;
    bool ok = false;
    rt_gate();
    guard_lock(&c->guard);
    if (recv_locked(c, &got, &ok, self, &wake)) {
        guard_unlock(&c->guard);
        if (wake)
            task_unpark(wake);
    } else if (!deadline_ns) {
        guard_unlock(&c->guard);
        return RT_AGAIN;
    } else {
        struct waiter w;
        waitq_add(&c->recv, &w, self, 0, 0);
        uint32_t ticket = w.ticket;
        task_waits(self, &c->guard, TASK_WAITING, WHY_CHAN_RECV, c->id);
        guard_unlock(&c->guard);
        if (!wait_completed(self, ticket, deadline_ns)) {
            guard_lock(&c->guard);
            waitq_remove(&c->recv, &w);
            guard_unlock(&c->guard);
            return RT_TIMEOUT;
        }
        got = self->value;
        ok = self->ok;
    }
    if (v)
        *v = got;
    return ok ? RT_OK : RT_CLOSED;
}

bool chan_recv(struct chan *c, chan_value *v)
{
    if (UNLIKELY(!c))
        block_for_ever(WHY_CHAN_RECV);
    return recv_until(c, v, NEVER) == RT_OK;
}

enum rt_status chan_try_recv(struct chan *c, chan_value *v)
{
    return c ? recv_until(c, v, 0) : RT_AGAIN;
}

enum rt_status chan_recv_until(struct chan *c, chan_value *v, int64_t deadline_ns)
{
    if (!c) {
        rt_sleep(deadline_ns - rt_now());
        return RT_TIMEOUT;
    }
    enum rt_status s = recv_until(c, v, deadline_ns > 0 ? deadline_ns : 0);
    return s == RT_AGAIN ? RT_TIMEOUT : s;
}

/* ---- close and drain --------------------------------------------------------------------------
 */

/* Claims everybody on q with ok = false, into a list that is woken after the guard is free. A task
 * is in at most one claimed wait, so its own link field could carry the list; the waiters do. */
static struct waiter *claim_all(struct waitq *q, struct waiter *list)
{
    struct waiter *w;
    struct waiter **tail = &list;
    while (*tail)
        tail = &(*tail)->next;
    while ((w = waitq_claim(q))) {
        w->task->value = 0;
        w->task->ok = false;
        w->task->fired = w->index;
        w->next = NULL;
        *tail = w;
        tail = &w->next;
    }
    return list;
}

void chan_close(struct chan *c)
{
    if (!c)
        rt_panic(0, "close of nil channel");
    rt_gate();
    chan_close_now(c);
}

void chan_close_now(struct chan *c)
{
    guard_lock(&c->guard);
    if (c->closed) {
        guard_unlock(&c->guard);
        panic_closed(c, "close of");
    }
    c->closed = true;
    emit_op(c, CHAN_CLOSE, rt_current);
    struct waiter *woken = claim_all(&c->recv, NULL);
    for (struct waiter *w = woken; w; w = w->next)
        emit_op(c, CHAN_RECV, w->task);
    struct waiter *senders = claim_all(&c->send, NULL);
    guard_unlock(&c->guard);
    for (int half = 0; half < 2; half++)
        for (struct waiter *w = half ? senders : woken; w;) {
            struct waiter *next = w->next; /* gone once its task runs */
            task_unpark(w->task);
            w = next;
        }
}

uint32_t chan_drain(struct chan *c, void (*each)(chan_value v, void *arg), void *arg)
{
    uint32_t n = 0;
    rt_gate();
    for (;;) {
        struct task *wake = NULL;
        guard_lock(&c->guard);
        struct waiter *w = NULL;
        chan_value v;
        if (c->len) {
            v = c->buf[c->head];
            if (++c->head == c->cap)
                c->head = 0;
            c->len--;
        } else if ((w = waitq_claim(&c->send))) {
            v = w->value;
            wake = w->task;
            wake->ok = true;
            wake->fired = w->index;
            emit_op(c, CHAN_SEND, wake);
        } else {
            guard_unlock(&c->guard);
            return n;
        }
        emit_op(c, CHAN_DROP, rt_current);
        guard_unlock(&c->guard);
        n++;
        if (each)
            each(v, arg);
        if (wake)
            task_unpark(wake);
    }
}
