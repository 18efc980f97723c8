/* SPDX-License-Identifier: MIT */
/* Writing an event: the hot path, inline.
 *
 * Every OS thread that runs engine code has an emitter, or NULL when probes are off (then an event
 * costs one load and a branch). There are two kinds of emitter:
 *
 *   sim   one for the whole engine: a chunk of records; the time is the virtual clock. A full chunk
 *         is handed to the sink, which may block or consume it: nothing is ever lost.
 *   live  one a thread: a single-producer ring that the collector reads (collector.h). The stamp is
 *         the raw time-stamp counter, made consistent with cause and effect (a hybrid logical
 * clock):
 *
 *           stamp = max(counter, this thread's last + 1, the object's last + 1)
 *
 *         The object's last stamp is kept in its guard, so "an object's own events are numbered
 *         inside its guard". A full ring drops the event and counts it.
 */
#ifndef EVENT_EMIT_H
#define EVENT_EMIT_H

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/diag.h"
#include "event/event.h"

struct emitter {
    struct event *next;    /* where the next record goes */
    struct event *end;     /* when next == end, refill() must be asked */
    const int64_t *now_ns; /* sim: the virtual clock. NULL in live */
    int64_t last;          /* live: this thread's last stamp */
    /* live: free-running counts of records: published (the reader may read them) and begun (the
     * stamp may be taken already). begun - head is 0 or 1. */
    _Atomic uint64_t head, begun;
    /* Makes room (sim: hands the chunk to the sink; live: looks at the reader's tail and wraps).
     * False: no room, the event is counted as lost. */
    bool (*refill)(struct emitter *e);
    _Atomic uint64_t lost;
};

extern _Thread_local struct emitter *emitter;

/* The raw time-stamp counter where it is invariant, else CLOCK_MONOTONIC in ns; collector.h
 * converts. */
extern bool emit_use_tsc;
/* Decides which clock it is and measures its rate; again: refines the rate over all the time since
 * the first call. Any thread; the first call takes some ms. */
void emit_clock_init(void);
/* Nanoseconds a tick of the raw clock: 1 for CLOCK_MONOTONIC. After emit_clock_init(). */
double emit_tick_ns(void);
int64_t emit_clock_ns(void);

static inline int64_t emit_raw_clock(void)
{
#if defined(__x86_64__)
    if (LIKELY(emit_use_tsc))
        return (int64_t)__builtin_ia32_rdtsc();
#endif
    return emit_clock_ns();
}

/* The fields but the time, in few stores. */
static inline void emit_fill(struct event *e, uint8_t kind, uint8_t op, uint16_t x, uint32_t task,
                             uint32_t obj, uint32_t c, int64_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    uint64_t what = kind | (uint64_t)op << 8 | (uint64_t)x << 16 | (uint64_t)task << 32;
    /* Not by a shift: clang-tidy 14 takes the one of a small constant for undefined. */
    uint64_t where = obj + (uint64_t)c * (UINT64_C(1) << 32);
    memcpy((char *)e + offsetof(struct event, kind), &what, sizeof what);
    memcpy((char *)e + offsetof(struct event, obj), &where, sizeof where);
#else
    e->kind = kind;
    e->op = op;
    e->x = x;
    e->task = task;
    e->obj = obj;
    e->c = c;
#endif
    e->v = v;
}

/* live: stamps the record e, which is o's next, and publishes it. */
static inline void emit_stamp(struct emitter *o, struct event *e, int64_t *stamp)
{
    uint64_t head = atomic_load_explicit(&o->head, memory_order_relaxed) + 1;
    atomic_store_explicit(&o->begun, head, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* begun before the clock is read */
    int64_t t = emit_raw_clock();
    if (t <= o->last)
        t = o->last + 1;
    if (stamp) {
        if (t <= *stamp)
            t = *stamp + 1;
        *stamp = t;
    }
    o->last = t;
    e->t_ns = t;
    atomic_store_explicit(&o->head, head, memory_order_release);
}
void emit_stamp_far(struct emitter *o, struct event *e, int64_t *stamp); /* the same, a call */

/* The record's fields go to the ring; stamp is the guard's last stamp, or NULL for events of the
 * task alone. Called by the thread that owns `emitter`, inside the object's guard. Never blocks in
 * live. */
static inline void emit(int64_t *stamp, uint8_t kind, uint8_t op, uint16_t x, uint32_t task,
                        uint32_t obj, uint32_t c, int64_t v)
{
    struct emitter *o = emitter;
    if (LIKELY(!o))
        return;
    if (UNLIKELY(o->next == o->end) && !o->refill(o))
        return;
    struct event *e = o->next++;
    emit_fill(e, kind, op, x, task, obj, c, v);
    if (LIKELY(o->now_ns))
        e->t_ns = *o->now_ns;
    else
        emit_stamp_far(o, e, stamp);
}

/* live: what this thread emits from now on comes after stamp. */
static inline void emit_after(int64_t stamp)
{
    if (emitter && emitter->last < stamp)
        emitter->last = stamp;
}

/* live: this thread's last stamp; 0 without an emitter. */
static inline int64_t emit_last(void)
{
    return emitter ? emitter->last : 0;
}

/* Two 32-bit values as the slots a and b. */
static inline int64_t emit_ab(uint32_t a, uint32_t b)
{
    union {
        struct {
            uint32_t a, b;
        } s;
        int64_t v;
    } u = {.s = {a, b}};
    return u.v;
}

#endif
