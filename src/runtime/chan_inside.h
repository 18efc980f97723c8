/* SPDX-License-Identifier: MIT */
/* Inside of a channel, for chan.c, select.c and context.c. */
#ifndef RUNTIME_CHAN_INSIDE_H
#define RUNTIME_CHAN_INSIDE_H

#include "runtime/chan.h"
#include "runtime/waitq.h"

struct chan {
    struct guard guard;
    uint32_t id, cap;
    uint32_t head, len;
    bool closed, quiet;
    chan_value *buf;
    struct waitq recv, send;
    char *name; /* NULL: quiet */
};

/* Closes without the gate: guards of contexts may be held. Panics when it is closed. */
void chan_close_now(struct chan *c);

/* ---- the two halves, inside the guard ----------------------------------------------------------
 * Each tries its operation. True: it took effect; *wake is a task to unpark once the guard is free.
 * live: is it a live run? A constant of the caller, which has one variant for each world. */

NOINLINE void chan_emit(struct chan *c, enum chan_op op, const struct task *t);

static inline void chan_say(struct chan *c, enum chan_op op, const struct task *t)
{
    if (UNLIKELY(emitter) && !c->quiet)
        chan_emit(c, op, t);
}

static inline void chan_put(struct chan *c, chan_value v)
{
    uint32_t at = c->head + c->len;
    c->buf[at < c->cap ? at : at - c->cap] = v;
    c->len++;
}

static inline chan_value chan_get(struct chan *c)
{
    chan_value v = c->buf[c->head];
    if (++c->head == c->cap)
        c->head = 0;
    c->len--;
    return v;
}

/* sim: takes the other waiters of t's select out of their queues, w is out already. So none that
 * are dead stand in a channel, and to look whether somebody waits is one look. (In live their
 * channels' guards are not held; there t does it itself.) */
NOINLINE void select_completed(struct task *t, const struct waiter *w);

static inline struct waiter *chan_claim(struct waitq *q, bool live)
{
    struct waiter *w = waitq_claim_as(q, live);
    if (!live && w && UNLIKELY(w->task->selecting))
        select_completed(w->task, w);
    return w;
}

/* c is not closed. */
static inline __attribute__((always_inline)) bool
chan_send_half(struct chan *c, chan_value v, struct task *self, struct task **wake, bool live)
{
    struct waiter *w = chan_claim(&c->recv, live);
    if (w) {
        struct task *t = w->task;
        t->value = v;
        t->ok = true;
        t->fired = w->index;
        chan_say(c, CHAN_SEND, self);
        chan_say(c, CHAN_RECV, t);
        *wake = t;
        return true;
    }
    if (c->len == c->cap)
        return false;
    chan_put(c, v);
    chan_say(c, CHAN_SEND, self);
    return true;
}

static inline __attribute__((always_inline)) bool chan_recv_half(struct chan *c, chan_value *v,
                                                                 bool *ok, struct task *self,
                                                                 struct task **wake, bool live)
{
    *ok = true;
    if (c->len) {
        *v = chan_get(c);
        struct waiter *w = chan_claim(&c->send, live);
        chan_say(c, CHAN_RECV, self);
        if (w) {
            struct task *t = w->task;
            chan_put(c, w->value);
            t->ok = true;
            t->fired = w->index;
            chan_say(c, CHAN_SEND, t);
            *wake = t;
        }
        return true;
    }
    struct waiter *w = chan_claim(&c->send, live);
    if (w) {
        struct task *t = w->task;
        *v = w->value;
        t->ok = true;
        t->fired = w->index;
        chan_say(c, CHAN_SEND, t);
        chan_say(c, CHAN_RECV, self);
        *wake = t;
        return true;
    }
    if (!c->closed)
        return false;
    *v = 0;
    *ok = false;
    chan_say(c, CHAN_RECV, self);
    return true;
}

#endif
