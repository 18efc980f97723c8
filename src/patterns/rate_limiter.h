/* SPDX-License-Identifier: MIT */
/* Inside of the rate limiter: rate_limiter*.c.
 *
 * One tape of requests, several lanes: each lane has a limiter of its own and treats every request
 * as if it were alone. The tape's task asks all limiters at the instant of the arrival, lane by
 * lane, so that they see the same traffic in lockstep. What waits belongs to its lane's task, what
 * is let in to one of the lane's callers.
 *
 *   traffic ─▶ tape ─┬─ limiter A ─ok──▶ a caller of A ─▶ A's dependency
 *                    │      └─waits─▶ A's task, until it is decided or its turn comes
 *                    └─ limiter B ─no──▶ reject */
#ifndef PATTERNS_RATE_LIMITER_H
#define PATTERNS_RATE_LIMITER_H

#include <stdatomic.h>

#include "patterns/pattern.h"
#include "policies/gate.h"
#include "policies/limiter.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/guard.h"
#include "runtime/sync.h"
#include "traffic/traffic.h"

enum { LIMITER_LANES = 8, SERVER_QUEUE = 100000 };

enum { M1_NO_CONTEXT = 1 };
struct rate_limiter_params { /* [rate_limiter] */
    int64_t patience;
    int64_t server;
    int64_t priorities;
    int mistake;
};

/* A request that its lane keeps: it waits for a decision, or for its turn. */
struct kept {
    struct request *r;
    struct ticket ticket;
    int64_t at_ns; /* its turn */
    bool ok;       /* goes on then; else it is refused then */
    uint8_t why;
    struct kept *next, *before, *chain;
};
/* Those that wait for a decision, by request. */
struct undecided {
    struct kept **chains; /* chains_n of them, a power of two */
    size_t chains_n, n;
    struct kept *first, *last; /* in the order in which they came */
};
/* Those that wait for their turn. */
struct turns {
    struct kept **heap;
    size_t n, cap;
};
struct lane {
    struct rate_limiter *of;
    const char *name;
    struct gate *gate;
    struct dependency *dependency;
    uint32_t dependency_obj;
    struct chan *poke;  /* something has changed for the lane's task */
    struct chan *calls; /* to idle callers */
    struct guard guard; /* of what follows */
    struct undecided waiting;
    struct turns turns;
    struct kept *spare;
    struct call *spare_calls;
    uint32_t idle, callers;
    uint64_t open; /* requests that have not ended */
    bool last;     /* no more will come */
};
struct rate_limiter {
    struct pattern_run *pr;
    struct rt *rt;
    struct traffic *traffic;
    struct context *ctx;
    struct waitgroup *wg;
    struct chan *over; /* closed when all tasks have ended */
    int server;        /* slots of each lane's server; 0 = as many as are wanted */
    bool heeds;        /* tasks listen to the context (else M1) */
    int lanes_n;
    struct lane lane[LIMITER_LANES];
    _Atomic bool stopping;
    _Atomic int tasks; /* that have not ended */
};
/* A task of the pattern begins (before it is spawned); it ends. */
void limiter_enter(struct rate_limiter *w);
void limiter_leave(struct rate_limiter *w);

/* All under the lane's guard. */
void undecided_add(struct undecided *u, struct kept *k);
struct kept *undecided_take(struct undecided *u, uint64_t id); /* NULL: it does not wait */
void turns_add(struct turns *t, struct kept *k);
struct kept *turns_take(struct turns *t); /* the first; NULL: none */
void kept_free(struct undecided *u, struct turns *t);

/* A request has arrived in this lane. The tape's task. */
void lane_offer(struct lane *l, struct request *r);
/* Nothing more will come. */
void lane_last(struct lane *l);
/* One of the server's slots (server > 0): takes what was let in from its queue. */
void lane_server(void *lane);
/* The lane's task. */
void lane_task(void *lane);

#endif
