/* SPDX-License-Identifier: MIT */
/* Shared cells: 64-bit words that tasks read and write with or without synchronisation, seen by the
 * instruments. Orders are C11's. A plain access is a data race where nothing orders it, and so are
 * the words of a wide cell, which are read and written one after the other.
 *
 * The hard idea: what a weak order may do. In sim each task has a store buffer: a store that is not
 * sequentially consistent first stands there, seen by its own task alone, and becomes visible a
 * little later (event "flush"); two of them may change places, unless the second is a release. Any
 * operation on another primitive, the task's end, and the passing of time make them visible too. So
 * a missing release, or two tasks that look at each other's flag, go wrong under some schedules, as
 * they do on real machines. Loads take place at once and in order (a machine of SPARC's PSO kind):
 * what only a reordered load could break does not break here.
 *
 * In live these are the processor's own operations. With probes on, each is done inside the cell's
 * guard so that events stand in the order of what happened, which also orders the accesses. */
#ifndef RUNTIME_CELL_H
#define RUNTIME_CELL_H

#include "runtime/exec.h"

struct cell {
    _Atomic uint64_t value; /* what is visible to all */
    uint32_t version;       /* writes to it that became visible; with probes or in sim */
    uint32_t id;
    struct guard guard;
    bool tagged;
};
_Static_assert(sizeof(struct cell) <= 40, "a cell and its guard fit a cache line");

/* Emits OBJECT. Lives as long as the run. Task or engine context. */
struct cell *cell_make(const char *name, uint64_t value);
/* The value is an address (low half) and a tag that counts its uses (high half), as against ABA. */
struct cell *cell_make_tagged(const char *name, uint32_t address, uint32_t tag);
static inline uint64_t cell_tagged(uint32_t address, uint32_t tag)
{
    return (uint64_t)tag << 32 | address;
}

/* The rest is for tasks; nothing blocks. These are the ways with instruments … */
uint64_t cell_load_seen(struct cell *c, enum cell_order order);
void cell_store_seen(struct cell *c, uint64_t value, enum cell_order order);
bool cell_cas_seen(struct cell *c, uint64_t *expected, uint64_t desired, enum cell_order order);
uint64_t cell_add_seen(struct cell *c, uint64_t n, enum cell_order order);
uint64_t cell_swap_seen(struct cell *c, uint64_t value, enum cell_order order);

/* … and with the processor alone, in live without probes. */
static inline bool cell_direct(void)
{
    return guard_live && !emitter;
}

static inline memory_order cell_c11(enum cell_order order)
{
    switch (order) {
    case ORDER_PLAIN: /* a race by intent: relaxed is the nearest that C allows */
    case ORDER_RELAXED:
        return memory_order_relaxed;
    case ORDER_ACQUIRE:
        return memory_order_acquire;
    case ORDER_RELEASE:
        return memory_order_release;
    case ORDER_ACQ_REL:
        return memory_order_acq_rel;
    default:
        return memory_order_seq_cst;
    }
}

/* order: plain, relaxed, acquire or seq_cst. */
static inline uint64_t cell_load(struct cell *c, enum cell_order order)
{
    if (UNLIKELY(!cell_direct()))
        return cell_load_seen(c, order);
    rt_gate();
    return atomic_load_explicit(&c->value, cell_c11(order));
}

/* order: plain, relaxed, release or seq_cst. */
static inline void cell_store(struct cell *c, uint64_t value, enum cell_order order)
{
    if (UNLIKELY(!cell_direct())) {
        cell_store_seen(c, value, order);
        return;
    }
    rt_gate();
    atomic_store_explicit(&c->value, value, cell_c11(order));
}

/* False: *expected is what is there. Fails only when the values differ; then it is an acquire at
 * most. */
static inline bool cell_cas(struct cell *c, uint64_t *expected, uint64_t desired,
                            enum cell_order order)
{
    if (UNLIKELY(!cell_direct()))
        return cell_cas_seen(c, expected, desired, order);
    rt_gate();
    memory_order failed = order == ORDER_SEQ_CST                             ? memory_order_seq_cst
                          : order == ORDER_ACQUIRE || order == ORDER_ACQ_REL ? memory_order_acquire
                                                                             : memory_order_relaxed;
    return atomic_compare_exchange_strong_explicit(&c->value, expected, desired, cell_c11(order),
                                                   failed);
}

/* Adds (modulo 2^64) and returns what was there before. */
static inline uint64_t cell_add(struct cell *c, uint64_t n, enum cell_order order)
{
    if (UNLIKELY(!cell_direct()))
        return cell_add_seen(c, n, order);
    rt_gate();
    return atomic_fetch_add_explicit(&c->value, n, cell_c11(order));
}

static inline uint64_t cell_swap(struct cell *c, uint64_t value, enum cell_order order)
{
    if (UNLIKELY(!cell_direct()))
        return cell_swap_seen(c, value, order);
    rt_gate();
    return atomic_exchange_explicit(&c->value, value, cell_c11(order));
}

/* Accesses without any synchronisation. */
static inline uint64_t cell_read(struct cell *c)
{
    return cell_load(c, ORDER_PLAIN);
}
static inline void cell_write(struct cell *c, uint64_t value)
{
    cell_store(c, value, ORDER_PLAIN);
}

/* atomic_thread_fence. order: acquire, release, acq_rel or seq_cst. */
void cell_fence(enum cell_order order);

/* A value of several words, each read and written by itself: what an interface or a slice header is
 * to Go. Plain accesses; a reader may find halves of two writes. */
struct wide_cell;
enum { WIDE_WORDS = 8 };
struct wide_cell *wide_make(const char *name, int words, const uint64_t *value);
void wide_read(struct wide_cell *c, uint64_t *value);
void wide_write(struct wide_cell *c, const uint64_t *value);

#endif
