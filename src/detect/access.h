/* SPDX-License-Identifier: MIT */
/* What detectors of shared memory share: an access, whatever kind of event says it, and the stores
 * that a task has made and others do not see yet. */
#ifndef DETECT_ACCESS_H
#define DETECT_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "model/model.h"

/* The kinds of event that may be one. */
#define ACCESS_KINDS (UINT64_C(1) << EV_CELL | UINT64_C(1) << EV_BYTE)

struct access {
    uint64_t word; /* which: its object in the upper half, its place in it in the lower */
    uint32_t task, obj;
    uint8_t op, order; /* enum cell_op, enum cell_order */
    bool buffered;     /* a store that others do not see yet, or a load of such a one */
    bool tagged;
    uint64_t value; /* read, or as it is afterwards */
    uint32_t version;
};

/* False: e is none (a fence is none either). */
static inline bool access_of(const struct event *e, struct access *a)
{
    if ((e->kind != EV_CELL && e->kind != EV_BYTE) || e->op >= CELL_FENCE)
        return false;
    uint8_t marks = (uint8_t)(e->x >> 8);
    if (e->kind == EV_BYTE) {
        *a = (struct access){.word = (uint64_t)e->obj << 32 | e->a,
                             .task = e->task,
                             .obj = e->obj,
                             .op = e->op,
                             .buffered = marks & CELL_BUFFERED,
                             .value = e->b,
                             .version = e->c};
        return true;
    }
    *a = (struct access){.word = (uint64_t)e->obj << 32 | (marks & CELL_WORD),
                         .task = e->task,
                         .obj = e->obj,
                         .op = e->op,
                         .order = (uint8_t)e->x,
                         .buffered = marks & CELL_BUFFERED,
                         .tagged = marks & CELL_TAGGED,
                         .value = (uint64_t)e->v,
                         .version = e->c};
    return true;
}

static inline bool access_writes(const struct access *a)
{
    return a->op != CELL_READ && a->op != CELL_LOAD && a->op != CELL_CAS_FAILED;
}
static inline bool access_plain(const struct access *a)
{
    return a->op == CELL_READ || a->op == CELL_WRITE;
}
/* Reads and writes in one. */
static inline bool access_rmw(const struct access *a)
{
    return a->op == CELL_CAS || a->op == CELL_ADD || a->op == CELL_SWAP;
}
static inline bool order_releases(uint8_t order)
{
    return order >= ORDER_RELEASE;
}
static inline bool order_acquires(uint8_t order)
{
    return order == ORDER_ACQUIRE || order >= ORDER_ACQ_REL;
}

/* Stores in buffers, oldest first, with numbers of the detector's. Zeroed memory is an empty list;
 * a full one forgets its oldest. */
enum { PENDING = 32 };
struct pending {
    struct pending_store {
        uint64_t word;
        uint64_t what, more;
        uint32_t task;
    } at[PENDING];
    uint32_t n;
};
static inline void pending_cut(struct pending *p, uint32_t i)
{
    p->n--;
    for (; i < p->n; i++)
        p->at[i] = p->at[i + 1];
}
/* Returns what had to be forgotten, or 0. */
static inline uint64_t pending_add(struct pending *p, uint32_t task, uint64_t word, uint64_t what,
                                   uint64_t more)
{
    uint64_t forgotten = 0;
    if (p->n == PENDING) {
        forgotten = p->at[0].what;
        pending_cut(p, 0);
    }
    p->at[p->n++] = (struct pending_store){word, what, more, task};
    return forgotten;
}
/* The oldest store of task to that word goes; false: there is none. */
static inline bool pending_take(struct pending *p, uint32_t task, uint64_t word,
                                struct pending_store *out)
{
    for (uint32_t i = 0; i < p->n; i++)
        if (p->at[i].task == task && p->at[i].word == word) {
            *out = p->at[i];
            pending_cut(p, i);
            return true;
        }
    return false;
}

/* A place in a direct-mapped table of n rows (a power of two): what is put there replaces what was.
 */
static inline uint32_t access_row(uint32_t task, uint64_t word, uint32_t n)
{
    uint64_t h = (word ^ (uint64_t)task << 40) * UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(h >> 40) & (n - 1);
}

/* A detector's state that is made when there is something to see: `state` is a struct lazy. */
struct lazy {
    void *p;
    size_t bytes;
};
void *lazy_state(void *state, size_t bytes); /* zeroed at first */
void lazy_adopt(void *state);
void lazy_drop(void *state);
size_t lazy_bytes(const void *state);

/* "x", "x[2]" of an array or for another word than the first. */
void access_name(const struct model *m, uint64_t word, struct str *out);
/* "(event 14, 0.000200 s, line 12)"; line 0: not known. */
void access_place(uint32_t line, uint64_t seq, int64_t t_ns, struct str *out);
/* Where the task stands in the listing, or 0. */
uint32_t access_line(const struct model *m, uint32_t task);

#endif
