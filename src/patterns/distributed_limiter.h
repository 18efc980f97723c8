/* SPDX-License-Identifier: MIT */
/* Inside of the distributed limiter: distributed_limiter*.c.
 *
 * Several nodes are to let in no more than one limit together. Each lane is a way to do it, on the
 * same requests; the last lane counts exactly, in one place and at once.
 *
 *   traffic ─▶ balancer ─┬─▶ node 1 ─own gate─▶ store ─▶┐
 *                        ├─▶ node 2 ─own gate─▶ store ─▶┼─▶ server's queue ─▶ its slots
 *                        └─ exact: a limiter that sees all
 *
 * What is over the limit is counted by windows of true time, which no node's clock can move. */
#ifndef PATTERNS_DISTRIBUTED_LIMITER_H
#define PATTERNS_DISTRIBUTED_LIMITER_H

#include <stdatomic.h>

#include "patterns/pattern.h"
#include "policies/gate.h"
#include "runtime/chan.h"
#include "runtime/context.h"
#include "runtime/guard.h"
#include "runtime/sync.h"
#include "traffic/store.h"
#include "traffic/traffic.h"

enum { NODES = 8, SHARED_LANES = 2, NODE_QUEUE = 1000, SHARED_QUEUE = 100000, WINDOWS_KEPT = 8 };
enum sharing { FORM_ATOMIC, FORM_READ_MODIFY_WRITE, FORM_LOCAL, FORM_CLIENT_SIDE, FORM_NONE };
enum { CLOCK_NODE, CLOCK_STORE };
enum { FAIL_OPEN, FAIL_CLOSED, FAIL_LOCAL };
enum { BALANCE_ROUND_ROBIN, BALANCE_RANDOM, BALANCE_KEY };
enum { M4_CLIENTS_ONLY = 1 };

struct distributed_params { /* [distributed_limiter] */
    int form, beside;       /* enum sharing */
    int64_t nodes, limit, window_ns, client_limit;
    int clock, on_failure, balance;
    int64_t skew_ns;
    int64_t server;
    int mistake;
};

/* A window of true time: how many were let in. */
struct true_window {
    int64_t number;
    int64_t n;
};
struct shared_lane;
struct node {
    struct shared_lane *of;
    int index;    /* from 0 */
    uint32_t obj; /* its limiter */
    struct chan *queue;
    struct store_link *link;
    int64_t window, used; /* what it has let in by itself, by its own clock */
    int64_t told_at, told_n;
};
struct shared_lane {
    struct distributed *of;
    int form; /* enum sharing */
    uint16_t lane;
    const char *name;
    uint32_t obj; /* all nodes together, as a limiter */
    struct dependency *dependency;
    struct chan *calls; /* the server's queue */
    struct node node[NODES];
    _Atomic int nodes_left;
    struct guard guard; /* of what follows */
    struct true_window window[WINDOWS_KEPT];
    int64_t newest;
    int64_t ahead; /* the store's windows are so many further than ours */
    uint64_t over;
};
struct distributed {
    struct pattern_run *pr;
    struct rt *rt;
    struct traffic *traffic;
    struct context *ctx;
    struct waitgroup *wg;
    struct store *store;
    struct gate *exact;
    struct rng *rng;  /* of the balancer */
    int nodes, lanes; /* lanes: without the exact one */
    struct shared_lane lane[SHARED_LANES];
};

const struct distributed_params *distributed_params(const struct distributed *d);
/* How far the node's clock is ahead of true time, ns. */
int64_t node_skew(const struct node *n);
/* Emits what a lane and its nodes hold to: at first, and when it has changed. */
void lane_law(struct shared_lane *l);
/* A node's task; one of the server's slots. */
void node_task(void *node);
void shared_server(void *lane);

#endif
