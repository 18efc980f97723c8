/* SPDX-License-Identifier: MIT */
/* Channels and select, with Go's semantics (The Go Programming Language Specification, "Channel
 * types", "Send statements", "Select statements"; runtime/chan.go, runtime/select.go for the order
 * of waiters).
 *
 * Waiters stand in first-in first-out queues; a value goes straight to a waiting receiver. A
 * receive from a closed channel gives the rest of the buffer, then ok = false; a send on a closed
 * channel, a close of a closed or nil channel panics. A nil channel blocks for ever. */
#ifndef RUNTIME_CHAN_H
#define RUNTIME_CHAN_H

#include "runtime/rt.h"

struct chan;
typedef uintptr_t chan_value;

/* cap 0: unbuffered. Emits OBJECT. Lives as long as the run. Task or engine context. */
struct chan *chan_make(const char *name, uint32_t cap);
/* The same without events and without a name (inner channels: a context's done, tests of cost). */
struct chan *chan_make_quiet(uint32_t cap);
/* A quiet channel of capacity 1 that stands for an object of somebody else's: who waits on it is
 * shown to wait on obj. */
struct chan *chan_make_signal(uint32_t obj);
uint32_t chan_id(const struct chan *c);
uint32_t chan_len(struct chan *c);
uint32_t chan_cap(const struct chan *c);
bool chan_closed(struct chan *c);

/* Blocks until a receiver or the buffer takes it. Panics when c is (or becomes) closed. */
void chan_send(struct chan *c, chan_value v);
/* Blocks for a value: RT_OK, or RT_CLOSED: closed and empty, *v = 0. v may be NULL. */
enum rt_status chan_recv_status(struct chan *c, chan_value *v);
/* The same; false: closed and empty. */
static inline bool chan_recv(struct chan *c, chan_value *v)
{
    return chan_recv_status(c, v) == RT_OK;
}
/* Never block; RT_OK, RT_AGAIN, recv: RT_CLOSED. Engine context too. A try-send that finds no room
 * emits nothing. */
enum rt_status chan_try_send(struct chan *c, chan_value v);
enum rt_status chan_try_recv(struct chan *c, chan_value *v);
/* Until deadline_ns of scenario time: RT_OK, RT_TIMEOUT, recv: RT_CLOSED. */
enum rt_status chan_send_until(struct chan *c, chan_value v, int64_t deadline_ns);
enum rt_status chan_recv_until(struct chan *c, chan_value *v, int64_t deadline_ns);
/* Wakes all waiters. Panics on nil or closed. Engine context too. */
void chan_close(struct chan *c);
/* Empties the buffer and wakes senders into it, counting what was thrown away (events "drop"). */
uint32_t chan_drain(struct chan *c, void (*each)(chan_value v, void *arg), void *arg);

/* A case of a select. A nil channel's case is never ready. */
struct select_case {
    struct chan *c;
    bool send;
    chan_value value; /* to send; or what was received */
    bool ok;          /* received: false = closed */
};
enum { SELECT_MAX = 64, SELECT_DEFAULT = -1, SELECT_TIMEOUT = -2 };
/* Blocks until one case can go on and takes it; several ready: one at random. Returns its index.
 * n = 0, or all nil: blocks for ever. */
int chan_select(struct select_case *cases, int n);
/* With a default: SELECT_DEFAULT when nothing is ready. */
int chan_select_default(struct select_case *cases, int n);
/* SELECT_TIMEOUT when nothing was ready by deadline_ns. */
int chan_select_until(struct select_case *cases, int n, int64_t deadline_ns);

#endif
