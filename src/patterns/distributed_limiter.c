/* SPDX-License-Identifier: MIT */
/* The distributed limiter: N nodes, one limit. Checklist T2.C9, T2.F1, T2.F2, P2. */
#include "patterns/distributed_limiter.h"

#include <stdio.h>
#include <string.h>

#include "policies/limiter.h"

#define ROW(f, key, t, d, lo, hi, ...)                                                      \
    {                                                                                       \
        .name = key, .type = t, .offset = offsetof(struct distributed_params, f), .def = d, \
        .min = lo, .max = hi, __VA_ARGS__                                                   \
    }
static const char *const forms[] = {"atomic", "read_modify_write", "local", "client_side", NULL};
static const char *const besides[] = {"atomic", "read_modify_write", "local", "client_side", "none",
                                      NULL};
static const char *const lane_names[] = {"atomic", "rmw", "local", "clients"};
static const char *const clocks[] = {"node", "store", NULL};
static const char *const failures[] = {"open", "closed", "local", NULL};
static const char *const balances[] = {"round_robin", "random", "key", NULL};
static const char *const mistakes[] = {"none", "M4", NULL};
static const struct param rows[] = {
    ROW(form, "form", PT_CHOICE, "atomic", 0, 0, .choices = forms, .unit = "",
        .help = "how the nodes share: one atomic step at the store; read, look, write; a share of "
                "the limit for each; or each keeps to the whole limit by itself"),
    ROW(beside, "beside", PT_CHOICE, "none", 0, 0, .choices = besides, .unit = "",
        .help = "another form on the same requests, as a lane of its own"),
    ROW(nodes, "nodes", PT_INT, "4", 1, NODES, .unit = "tasks", .help = "how many share"),
    ROW(limit, "limit", PT_INT, "100", 1, 1000000, .live = true, .unit = "requests",
        .help = "what all nodes together may let in, in a window"),
    ROW(window_ns, "window", PT_DURATION, "1s", 1e6, 3600e9, .unit = "ns",
        .help = "how long a window is"),
    ROW(client_limit, "client_limit", PT_INT, "0", 0, 1000000, .live = true, .unit = "requests",
        .help = "a gate of each node's own, before it asks: so many in a window; 0 = none "
                "(client_side: the limit)"),
    ROW(clock, "clock", PT_CHOICE, "node", 0, 0, .choices = clocks, .live = true, .unit = "",
        .help = "atomic: whose clock says which window it is"),
    ROW(skew_ns, "skew", PT_DURATION, "0", 0, 3600e9, .live = true, .unit = "ns",
        .help = "how far the last node's clock is ahead of the first's; the others lie between"),
    ROW(on_failure, "on_failure", PT_CHOICE, "closed", 0, 0, .choices = failures, .live = true,
        .unit = "",
        .help = "when the store does not answer: let all in, refuse all, or each node its share"),
    ROW(balance, "balance", PT_CHOICE, "round_robin", 0, 0, .choices = balances, .live = true,
        .unit = "", .help = "which node a request comes to: in turn, by chance, or by its key"),
    ROW(server, "server", PT_INT, "8", 1, 1000, .unit = "calls",
        .help = "how many calls the server behind the nodes works on at once"),
    ROW(mistake, "mistake", PT_CHOICE, "none", 0, 0, .choices = mistakes, .live = true, .unit = "",
        .help = "M4 nobody asks the store: each client keeps to the limit by itself"),
};
static const struct param_table distributed_table = {.section = "distributed_limiter",
                                                     .help = "nodes that share one limit",
                                                     .rows = rows,
                                                     .n = ARRAY_LEN(rows),
                                                     .size = sizeof(struct distributed_params)};

static const char *check(const struct pattern_run *pr)
{
    const struct distributed_params *p = pattern_params(pr, "distributed_limiter");
    const struct traffic_params *t = pattern_params(pr, "traffic");
    if (p->form == p->beside)
        return "[distributed_limiter] beside: is the same as form";
    if (t->arrivals.kind == ARR_CLOSED)
        return "closed(…) arrivals depend on the answers, which differ from lane to lane: use "
               "other arrivals";
    return NULL;
}

/* ---- making it ------------------------------------------------------------------------------- */

static void node_make(struct shared_lane *l, int i)
{
    struct node *n = &l->node[i];
    char name[64];
    *n = (struct node){.of = l, .index = i, .window = -1, .told_at = -1};
    snprintf(name, sizeof name, "%.16s-%d", l->name, i + 1);
    n->obj = rt_object(OBJ_LIMITER, name, 0);
    snprintf(name, sizeof name, "%.16s-%d.queue", l->name, i + 1);
    n->queue = chan_make(name, NODE_QUEUE);
    n->link = store_link(l->of->store, l->of->ctx);
}

static void shared_lane_make(struct distributed *d, int form)
{
    struct shared_lane *l = &d->lane[d->lanes];
    char name[64];
    l->of = d;
    l->form = form;
    l->lane = (uint16_t)d->lanes++;
    l->name = lane_names[form];
    l->obj = rt_object(OBJ_LIMITER, l->name, 0);
    snprintf(name, sizeof name, "%.16s.server", l->name);
    l->dependency = dependency_make(name, pattern_params(d->pr, "dependency"));
    snprintf(name, sizeof name, "%.16s.calls", l->name);
    l->calls = chan_make(name, SHARED_QUEUE);
    for (int i = 0; i < WINDOWS_KEPT; i++)
        l->window[i].number = -1;
    for (int i = 0; i < d->nodes; i++)
        node_make(l, i);
    atomic_store(&l->nodes_left, d->nodes);
    lane_law(l);
}

static void exact_params(const struct distributed_params *p, struct limiter_params *out)
{
    param_defaults(&limiter_table, out);
    out->algorithm = LIMITER_fixed_window;
    out->limit = p->limit;
    out->window_ns = p->window_ns;
    out->align = ALIGN_GRID;
    out->on_limit = ON_LIMIT_REJECT;
}

static void exact_make(struct distributed *d)
{
    struct limiter_params p;
    exact_params(distributed_params(d), &p);
    d->exact = gate_make("exact", OBJ_LIMITER, 0, limiter_create(&p, 0), (uint16_t)d->lanes);
}

/* ---- tasks ----------------------------------------------------------------------------------- */

/* The reference: at the arrival, in one place, without a trip; what it lets in is done. */
static void exact_offer(struct distributed *d, struct request *r)
{
    struct policy_request q = {.id = r->id, .deadline_ns = POLICY_NEVER, .cost = 1};
    struct admission a;
    admission_begin(&a);
    gate_admit(d->exact, &q, &a);
    if (a.ok)
        gate_end(d->exact, &a.ticket, CALL_OK, 0);
    request_end(d->traffic, r, a.ok ? PHASE_DONE : PHASE_REJECT, gate_id(d->exact));
    request_free(d->traffic, r);
}

static int pick(struct distributed *d, const struct request *r)
{
    switch (distributed_params(d)->balance) {
    case BALANCE_RANDOM:
        return (int)rng_below(d->rng, (uint32_t)d->nodes);
    case BALANCE_KEY:
        return (int)((r->key ? r->key : r->id) % (uint64_t)d->nodes);
    default:
        return (int)((r->id - 1) % (uint64_t)d->nodes);
    }
}

static void balancer(void *arg)
{
    struct distributed *d = arg;
    struct request *r[SHARED_LANES + 1];
    rt_hold(gate_id(d->exact), ROLE_SENDS);
    rt_hold(ctx_id(d->ctx), ROLE_RECEIVES);
    for (int i = 0; i < d->lanes * d->nodes; i++) {
        uint32_t queue = chan_id(d->lane[i / d->nodes].node[i % d->nodes].queue);
        rt_hold(queue, ROLE_SENDS);
        rt_hold(queue, ROLE_CLOSES);
    }
    while (traffic_next(d->traffic, d->ctx, &r[0]) == RT_OK) {
        int node = pick(d, r[0]);
        for (int i = 1; i <= d->lanes; i++)
            r[i] = request_for_lane(d->traffic, r[0], (uint16_t)i);
        exact_offer(d, r[d->lanes]);
        for (int i = 0; i < d->lanes; i++) {
            struct chan *queue = d->lane[i].node[node].queue;
            if (chan_try_send(queue, (chan_value)r[i]) == RT_OK)
                continue;
            request_end(d->traffic, r[i], PHASE_DROP, chan_id(queue));
            request_free(d->traffic, r[i]);
        }
        traffic_taken(d->traffic);
    }
    for (int i = 0; i < d->lanes * d->nodes; i++)
        chan_close(d->lane[i / d->nodes].node[i % d->nodes].queue);
    wg_done(d->wg);
}

/* After a cancel: what stands in the queues. */
static void empty(struct distributed *d, struct chan *c)
{
    chan_value v;
    while (chan_try_recv(c, &v) == RT_OK) {
        request_end(d->traffic, (struct request *)v, PHASE_CANCEL, chan_id(c));
        request_free(d->traffic, (struct request *)v);
    }
}

static void start(struct distributed *d, const char *name, void (*fn)(void *arg), void *arg)
{
    wg_add(d->wg, 1);
    if (!rt_spawn(name, fn, arg))
        wg_done(d->wg);
}

static void start_lane(struct distributed *d, struct shared_lane *l, int server)
{
    char name[64];
    for (int i = 0; i < d->nodes; i++) {
        snprintf(name, sizeof name, "%.16s-node-%d", l->name, i + 1);
        start(d, name, node_task, &l->node[i]);
    }
    for (int i = 0; i < server; i++) {
        snprintf(name, sizeof name, "%.16s-slot-%d", l->name, i + 1);
        start(d, name, shared_server, l);
    }
}

static void distributed_main(struct pattern_run *pr)
{
    struct distributed *d = rt_alloc(pattern_rt(pr), sizeof *d);
    d->pr = pr;
    d->rt = pattern_rt(pr);
    const struct distributed_params *p = distributed_params(d);
    d->nodes = (int)p->nodes;
    d->rng = rt_rng(d->rt, "balancer");
    uint32_t source = rt_object(OBJ_SOURCE, "traffic", 0);
    d->ctx = ctx_with_cancel(ctx_background(), "run");
    d->wg = wg_make("work");
    d->store = store_make("store", pattern_params(pr, "store"), pattern_params(pr, "redis"));
    shared_lane_make(d, p->form);
    if (p->beside != FORM_NONE)
        shared_lane_make(d, p->beside);
    exact_make(d);
    d->traffic =
        traffic_start(pattern_params(pr, "traffic"), 1, d->lanes + 1, pattern_base_dir(pr), source);
    rt_hold(ctx_id(d->ctx), ROLE_CLOSES);
    pattern_set_state(pr, d);
    for (int i = 0; i < d->lanes; i++)
        start_lane(d, &d->lane[i], (int)p->server);
    start(d, "balancer", balancer, d);
    wg_wait(d->wg);
    for (int i = 0; i < d->lanes; i++) {
        for (int k = 0; k < d->nodes; k++)
            empty(d, d->lane[i].node[k].queue);
        empty(d, d->lane[i].calls);
    }
    traffic_discard(d->traffic, PHASE_CANCEL);
}

/* ---- what people do to it -------------------------------------------------------------------- */

static void shut_down(struct pattern_run *pr)
{
    struct distributed *d = pattern_state(pr);
    rt_mark("shutdown: no new requests; those under way are decided", BY_ENGINE);
    traffic_stop(d->traffic);
}

static void cancel(struct pattern_run *pr)
{
    struct distributed *d = pattern_state(pr);
    traffic_stop(d->traffic);
    ctx_cancel(d->ctx, NULL);
}

static const struct pattern_action actions[] = {
    {"shutdown", "graceful: no new requests, those under way are decided", shut_down},
    {"cancel", "hard: cancel the context; what is under way is given up", cancel},
    {NULL, NULL, NULL},
};

static const char *inject(struct pattern_run *pr, const char *fault, const char *arg)
{
    struct distributed *d = pattern_state(pr);
    return store_inject(d->store, fault, arg);
}
static const char *store_downs(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "down", arg);
}
static const char *store_stalls(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "stall", arg);
}
static const char *store_slows(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "slow", arg);
}
static const char *store_lies(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "nonsense", arg);
}
static const char *store_restarts(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "restart", arg);
}
static const char *store_recovers(struct pattern_run *pr, const char *arg)
{
    return inject(pr, "recover", arg);
}
static const struct pattern_fault faults[] = {
    {"store", "down", "no way to it, for a time such as 5s or until it recovers", store_downs},
    {"store", "stall", "it takes what comes and does not answer", store_stalls},
    {"store", "slow", "trips take 10 times as long, or X times", store_slows},
    {"store", "nonsense", "its answers cannot be", store_lies},
    {"store", "restart", "it has forgotten all counts", store_restarts},
    {"store", "recover", "trips are as the parameters say again", store_recovers},
    {NULL, NULL, NULL, NULL},
};

static void changed(struct pattern_run *pr, const char *section, const char *name)
{
    struct distributed *d = pattern_state(pr);
    (void)name;
    if (strcmp(section, "traffic") == 0) {
        traffic_changed(d->traffic, pattern_params(pr, "traffic"));
    } else if (strcmp(section, "store") == 0) {
        store_changed(d->store, pattern_params(pr, "store"));
    } else if (strcmp(section, "dependency") == 0) {
        for (int i = 0; i < d->lanes; i++)
            dependency_changed(d->lane[i].dependency, pattern_params(pr, "dependency"));
    } else {
        struct limiter_params p;
        exact_params(distributed_params(d), &p);
        const char *bad = gate_set(d->exact, &p);
        if (bad)
            rt_mark(bad, BY_ENGINE);
        for (int i = 0; i < d->lanes; i++)
            lane_law(&d->lane[i]);
    }
}

static const struct param_table *const tables[] = {
    &distributed_table, &store_table, &redis_table, &traffic_table, &dependency_table, NULL};

const struct pattern pattern_distributed_limiter = {
    .name = "distributed_limiter",
    .title = "Distributed limiter",
    .tables = tables,
    .check = check,
    .main = distributed_main,
    .changed = changed,
    .actions = actions,
    .faults = faults,
};
