/* SPDX-License-Identifier: MIT */
/* Channels.
 *
 * The hard idea: a value never waits in the channel when somebody waits for it. A sender that finds
 * a receiver writes the value straight into that task and makes it runnable; a receiver that makes
 * room in a full buffer moves the first waiting sender's value in. So order is kept (first in,
 * first out) and each message costs one wake-up.
 *
 *   send:  receiver waits?  ─▶ hand over       recv:  buffered?      ─▶ take, refill from a sender
 *          room?            ─▶ buffer                 sender waits?  ─▶ take over
 *          else             ─▶ queue, park            closed?        ─▶ 0, false
 *                                                     else           ─▶ queue, park
 *
 * What follows a park is a function of its own (…_goes_on): in sim the operation is left for good
 * and that is called instead (coro.h says why), so what it needs stands in the task. live is a
 * constant of each variant of an operation.
 *
 * Source of the semantics: The Go Programming Language Specification; runtime/chan.go. */
#include "runtime/chan_inside.h"

#include <string.h>

NOINLINE void chan_emit(struct chan *c, enum chan_op op, const struct task *t)
{
    emit(&c->guard.stamp, EV_CHAN, (uint8_t)op, 0, t ? t->id : 0, c->id, c->recv.n,
         emit_ab(c->len, c->send.n));
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

/* ---- send ------------------------------------------------------------------------------------ */

NORETURN static void block_for_ever(enum why why)
{
    struct task *self = rt_current;
    task_waits(self, NULL, TASK_WAITING, why, 0);
    for (;;)
        task_park(self, NEVER);
}

/* A channel without a name may be a timer's, which ends the wait in time; nil never ends it. */
static inline void waits(struct chan *c, struct task *self, enum why why, int64_t deadline_ns)
{
    task_state_until(self, &c->guard.stamp, why, c->id, !c->id, deadline_ns);
}

/* A send that waited goes on; completed: nobody's deadline came first. */
static inline int send_goes_on(struct task *self, bool completed, bool live)
{
    struct chan *c = self->on;
    if (UNLIKELY(!completed)) {
        guard_lock_as(&c->guard, live);
        waitq_remove(&c->send, &self->wait);
        guard_unlock_as(&c->guard, live);
        return RT_TIMEOUT;
    }
    if (UNLIKELY(!self->ok))
        panic_closed(c, "send on");
    return RT_OK;
}

static int sent_in_sim(void *self)
{
    return send_goes_on(self, sim_wait_completed(self), false);
}

/* RT_AGAIN when deadline_ns is 0 and it would block. */
static inline __attribute__((always_inline)) int send_as(struct chan *c, chan_value v,
                                                         int64_t deadline_ns, bool live)
{
    struct task *self = rt_current, *wake = NULL;
    guard_lock_as(&c->guard, live);
    if (UNLIKELY(c->closed)) {
        guard_unlock_as(&c->guard, live);
        panic_closed(c, "send on");
    }
    if (chan_send_half(c, v, self, &wake, live)) {
        guard_unlock_as(&c->guard, live);
        if (wake)
            task_unpark_as(wake, live);
        return RT_OK;
    }
    if (!deadline_ns) {
        guard_unlock_as(&c->guard, live);
        return RT_AGAIN;
    }
    self->on = c;
    waitq_add(&c->send, &self->wait, self, 0, v);
    waits(c, self, WHY_CHAN_SEND, deadline_ns);
    guard_unlock_as(&c->guard, live);
    if (!live)
        return sim_park_then(self, deadline_ns, sent_in_sim);
    return send_goes_on(self, wait_completed(self, self->wait.ticket, deadline_ns), true);
}

/* In live, and in sim where the gate wants to be asked. */
static NOINLINE int send_watched(struct chan *c, chan_value v, int64_t deadline_ns)
{
    rt_gate();
    return guard_live ? send_as(c, v, deadline_ns, true) : send_as(c, v, deadline_ns, false);
}

void chan_send(struct chan *c, chan_value v)
{
    if (UNLIKELY(!c))
        block_for_ever(WHY_CHAN_SEND);
    if (LIKELY(!gate_watch))
        send_as(c, v, NEVER, false);
    else
        send_watched(c, v, NEVER);
}

static enum rt_status send_until(struct chan *c, chan_value v, int64_t deadline_ns)
{
    return (enum rt_status)(LIKELY(!gate_watch) ? send_as(c, v, deadline_ns, false)
                                                : send_watched(c, v, deadline_ns));
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

/* ---- receive --------------------------------------------------------------------------------- */

static inline int recv_goes_on(struct task *self, bool completed, bool live)
{
    struct chan *c = self->on;
    if (UNLIKELY(!completed)) {
        guard_lock_as(&c->guard, live);
        waitq_remove(&c->recv, &self->wait);
        guard_unlock_as(&c->guard, live);
        return RT_TIMEOUT;
    }
    chan_value *out = self->out;
    if (out)
        *out = self->value;
    return self->ok ? RT_OK : RT_CLOSED;
}

static int received_in_sim(void *self)
{
    return recv_goes_on(self, sim_wait_completed(self), false);
}

static inline __attribute__((always_inline)) int recv_as(struct chan *c, chan_value *v,
                                                         int64_t deadline_ns, bool live)
{
    struct task *self = rt_current, *wake = NULL;
    chan_value got = 0;
    bool ok = false;
    guard_lock_as(&c->guard, live);
    if (chan_recv_half(c, &got, &ok, self, &wake, live)) {
        guard_unlock_as(&c->guard, live);
        if (v)
            *v = got;
        if (wake)
            task_unpark_as(wake, live);
        return ok ? RT_OK : RT_CLOSED;
    }
    if (!deadline_ns) {
        guard_unlock_as(&c->guard, live);
        return RT_AGAIN;
    }
    self->on = c;
    self->out = v;
    waitq_add(&c->recv, &self->wait, self, 0, 0);
    waits(c, self, WHY_CHAN_RECV, deadline_ns);
    guard_unlock_as(&c->guard, live);
    if (!live)
        return sim_park_then(self, deadline_ns, received_in_sim);
    return recv_goes_on(self, wait_completed(self, self->wait.ticket, deadline_ns), true);
}

static NOINLINE int recv_watched(struct chan *c, chan_value *v, int64_t deadline_ns)
{
    rt_gate();
    return guard_live ? recv_as(c, v, deadline_ns, true) : recv_as(c, v, deadline_ns, false);
}

static enum rt_status recv_until(struct chan *c, chan_value *v, int64_t deadline_ns)
{
    return (enum rt_status)(LIKELY(!gate_watch) ? recv_as(c, v, deadline_ns, false)
                                                : recv_watched(c, v, deadline_ns));
}

enum rt_status chan_recv_status(struct chan *c, chan_value *v)
{
    if (UNLIKELY(!c))
        block_for_ever(WHY_CHAN_RECV);
    if (LIKELY(!gate_watch))
        return (enum rt_status)recv_as(c, v, NEVER, false);
    return (enum rt_status)recv_watched(c, v, NEVER);
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

/* ---- close and drain ------------------------------------------------------------------------- */

/* Claims everybody on q with ok = false, into a list that is woken after the guard is free. A task
 * is in at most one claimed wait, so its own link field could carry the list; the waiters do. */
static struct waiter *claim_all(struct waitq *q, struct waiter *list)
{
    struct waiter *w;
    struct waiter **tail = &list;
    while (*tail)
        tail = &(*tail)->next;
    while ((w = chan_claim(q, UNLIKELY(guard_live)))) {
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
    chan_say(c, CHAN_CLOSE, rt_current);
    struct waiter *woken = claim_all(&c->recv, NULL);
    for (struct waiter *w = woken; w; w = w->next)
        chan_say(c, CHAN_RECV, w->task);
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
            v = chan_get(c);
        } else if ((w = chan_claim(&c->send, UNLIKELY(guard_live)))) {
            v = w->value;
            wake = w->task;
            wake->ok = true;
            wake->fired = w->index;
            chan_say(c, CHAN_SEND, wake);
        } else {
            guard_unlock(&c->guard);
            return n;
        }
        chan_say(c, CHAN_DROP, rt_current);
        guard_unlock(&c->guard);
        n++;
        if (each)
            each(v, arg);
        if (wake)
            task_unpark(wake);
    }
}
