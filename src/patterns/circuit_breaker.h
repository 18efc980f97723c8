/* SPDX-License-Identifier: MIT */
/* Inside of the circuit breaker: circuit_breaker*.c.
 *
 *   traffic ─▶ tape ─┬─ breaker A ─ok──▶ a caller ─▶ the dependency
 *                    │      └──no──▶ the fallback, or an error
 *                    └─ breaker B …
 *
 * What a call will bring is settled when its request arrives (dependency_foretell()): several
 * breakers, a lane each, find the same outcomes. With several dependencies, endpoints, there is one
 * lane, and a breaker for each of them; or one for all, which is the mistake. */
#ifndef PATTERNS_CIRCUIT_BREAKER_H
#define PATTERNS_CIRCUIT_BREAKER_H

#include <stdatomic.h>

#include "patterns/pattern.h"
#include "policies/gate.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/guard.h"
#include "runtime/sync.h"
#include "traffic/traffic.h"

enum { BREAKER_LANES = 8, BREAKER_ENDPOINTS = 8, BREAKER_GATES = 8 };
enum breaker_mistake { M3_NO_FALLBACK = 1, M4_ONE_FOR_ALL };
struct circuit_breaker_params { /* [circuit_breaker] */
    int64_t timeout;            /* 0: none */
    bool fallback;
    int mistake;
};

struct breaker_call {
    struct breaker_lane *lane;
    struct request *r;
    struct gate *gate;
    struct dependency *dependency; /* NULL: refused, only the fallback is asked */
    struct ticket ticket;
    struct breaker_call *next;
};
struct breaker_lane {
    struct circuit_breaker *of;
    const char *name;
    struct gate *gate[BREAKER_ENDPOINTS]; /* by endpoint; may be the same one */
    struct policy *fallback;
    struct chan *calls; /* to idle callers */
    struct guard guard; /* of what follows, and of the fallback */
    struct breaker_call *spare;
    uint32_t idle, callers;
};
struct circuit_breaker {
    struct pattern_run *pr;
    struct rt *rt;
    struct traffic *traffic;
    struct context *ctx;
    struct waitgroup *wg;
    struct chan *poke; /* something has changed for the clock's task */
    int endpoints_n, lanes_n, gates_n;
    struct dependency *endpoint[BREAKER_ENDPOINTS];
    struct breaker_lane lane[BREAKER_LANES];
    struct gate *gates[BREAKER_GATES]; /* each once */
    _Atomic uint64_t open;             /* requests that have not ended */
    _Atomic bool last, stopping;       /* last: no more will come */
};

/* A request has arrived in this lane, for that endpoint. The tape's task. */
void breaker_lane_offer(struct breaker_lane *l, struct request *r, int endpoint);
/* Wakes the clock's task. Any engine thread. */
void breaker_poke(struct circuit_breaker *w);

#endif
