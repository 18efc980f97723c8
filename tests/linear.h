/* SPDX-License-Identifier: MIT */
/* A linearizability checker for small histories, after Wing and Gong (1993) with the memory of Lowe
 * (2017): is there an order of the operations, each somewhere between its call and its return, in
 * which a sequential object would have answered the same?
 *
 *   task A   push 1 ├────────┤
 *   task B      pop = 1 ├──────────┤        push 1, pop = 1 would do; pop, push 1 would not
 *
 * The search takes any operation that may come first (no other has returned before it was called),
 * asks the sequential object whether it could answer so, and goes on with the rest; where that
 * leads nowhere, with another. The same set of operations done with the same state is not tried
 * twice. */
#ifndef TESTS_LINEAR_H
#define TESTS_LINEAR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { LINEAR_OPS = 64, LINEAR_STATE = 128 };

struct linear_op {
    uint8_t kind; /* the object's own */
    bool ok;      /* what it answered */
    uint64_t arg, arg2, result;
    uint64_t called, returned; /* in one order for all tasks */
};

/* The sequential object: its state is flat, starts as zeroes and tells two states apart by their
 * bytes. Does op; false: it would have answered otherwise (the state may be spoilt then). */
typedef bool linear_step(void *state, const struct linear_op *op);

struct linear_seen {
    uint64_t done;
    unsigned char state[LINEAR_STATE];
};
struct linear_search {
    const struct linear_op *op;
    int n;
    linear_step *step;
    size_t size;
    struct linear_seen *seen;
    size_t seen_n, seen_cap;
    uint64_t steps;
};

static inline bool linear_known(struct linear_search *s, uint64_t done, const void *state)
{
    for (size_t i = 0; i < s->seen_n; i++)
        if (s->seen[i].done == done && memcmp(s->seen[i].state, state, s->size) == 0)
            return true;
    grow(&s->seen, &s->seen_cap, s->seen_n + 1, sizeof *s->seen);
    s->seen[s->seen_n].done = done;
    memcpy(s->seen[s->seen_n++].state, state, s->size);
    return false;
}

static inline bool linear_from(struct linear_search *s, uint64_t done, const void *state)
{
    uint64_t all = s->n == 64 ? ~UINT64_C(0) : (UINT64_C(1) << s->n) - 1;
    if (done == all)
        return true;
    if (linear_known(s, done, state))
        return false;
    uint64_t first_return = UINT64_MAX;
    for (int i = 0; i < s->n; i++)
        if (!(done >> i & 1) && s->op[i].returned < first_return)
            first_return = s->op[i].returned;
    for (int i = 0; i < s->n; i++) {
        unsigned char next[LINEAR_STATE];
        if (done >> i & 1 || s->op[i].called > first_return)
            continue;
        memcpy(next, state, s->size);
        s->steps++;
        if (s->step(next, &s->op[i]) && linear_from(s, done | UINT64_C(1) << i, next))
            return true;
    }
    return false;
}

/* size: of the state, at most LINEAR_STATE. */
static inline bool linearizable(const struct linear_op *op, int n, linear_step *step, size_t size)
{
    static const unsigned char zero[LINEAR_STATE];
    struct linear_search s = {.op = op, .n = n, .step = step, .size = size};
    if (n > LINEAR_OPS || size > LINEAR_STATE)
        abort();
    bool ok = linear_from(&s, 0, zero);
    free(s.seen);
    return ok;
}

/* ---- taking a history down ---------------------------------------------------------------------
 *
 * In sim one thread runs all tasks, so a plain counter puts calls and returns in order. */

struct linear_history {
    struct linear_op op[LINEAR_OPS];
    int n;
    uint64_t clock;
};

static inline struct linear_op *linear_call(struct linear_history *h, uint8_t kind, uint64_t arg,
                                            uint64_t arg2)
{
    if (h->n == LINEAR_OPS)
        abort();
    struct linear_op *op = &h->op[h->n++];
    *op = (struct linear_op){
        .kind = kind, .arg = arg, .arg2 = arg2, .called = ++h->clock, .returned = UINT64_MAX};
    return op;
}

static inline void linear_return(struct linear_history *h, struct linear_op *op, bool ok,
                                 uint64_t result)
{
    op->ok = ok;
    op->result = result;
    op->returned = ++h->clock;
}

#endif
