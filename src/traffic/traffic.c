/* SPDX-License-Identifier: MIT */
/* Traffic: the source of requests, and their accounting.
 *
 *   timer (engine context)     at each due instant: emit `arrive`, put it in the backlog, signal
 *   producer (task)            traffic_next(): take from the backlog, or wait for the signal
 *
 * So a request arrives when it is due, even while its producer is blocked. closed arrivals come
 * back through request_end(): each user's next request is due a think time later. */
#include "traffic/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "event/emit.h"
#include "runtime/guard.h"
#include "runtime/timer.h"
#include "traffic/arrivals.h"
#include "traffic/trace.h"

#define ROW(st, f, t, d, lo, hi, ...)                                                            \
    {                                                                                            \
        .name = #f, .type = t, .offset = offsetof(struct st, f), .def = d, .min = lo, .max = hi, \
        __VA_ARGS__                                                                              \
    }
static const char *const trace_keys[] = {"client", "path", NULL};
static const struct param traffic_rows[] = {
    ROW(traffic_params, arrivals, PT_ARRIVALS, "poisson(20/s)", 0, 0, .live = true, .unit = "",
        .help = "when requests arrive"),
    ROW(traffic_params, count, PT_INT, "0", 0, 1e12, .unit = "requests",
        .help = "how many arrive in all; 0 = no limit"),
    {.name = "trace_from",
     .type = PT_DURATION,
     .offset = offsetof(struct traffic_params, trace_from_ns),
     .def = "0",
     .max = 9e17,
     .unit = "ns",
     .help = "trace: begin so long after its first line"},
    {.name = "trace_to",
     .type = PT_DURATION,
     .offset = offsetof(struct traffic_params, trace_to_ns),
     .def = "0",
     .max = 9e17,
     .unit = "ns",
     .help = "trace: end so long after its first line; 0 = at its end"},
    ROW(traffic_params, trace_key, PT_CHOICE, "client", 0, 0, .choices = trace_keys, .unit = "",
        .help = "access log: whose a request is, for a limiter with per = key"),
    ROW(traffic_params, clients, PT_INT, "0", 0, 1e6, .unit = "clients",
        .help = "how many clients send the requests, at random; each is a key; 0 = no keys"),
};
const struct param_table traffic_table = {.section = "traffic",
                                          .help = "requests that arrive",
                                          .rows = traffic_rows,
                                          .n = ARRAY_LEN(traffic_rows),
                                          .size = sizeof(struct traffic_params)};

struct traffic {
    struct guard guard;
    struct rt *rt;
    struct traffic_params params;
    struct arrival_clock clock;
    struct rng *arrivals_rng, *classes_rng, *clients_rng;
    int classes, lanes;
    struct timer *timer;
    int64_t next_ns; /* when the timer is set for; -1: not set */
    uint64_t made;
    bool stopped;                /* no more arrivals */
    struct request *head, *tail; /* backlog */
    uint32_t backlog;
    struct chan *signal;
    struct request *spare;
    /* closed: instants at which users come back, a ring in order; users: these and those whose
     * request has not ended */
    int64_t *back;
    uint64_t back_head, back_n, back_cap;
    int64_t users;
    struct trace *trace;
    struct trace_row row; /* the next one; row_ready */
    bool row_ready;
    uint32_t obj;
};

/* ---- requests
 * ------------------------------------------------------------------------------------ */

/* stamp: a request's own, so that its life is in order whichever threads it goes through. */
static inline void emit_request(int64_t *stamp, const struct request *r, enum phase phase,
                                uint32_t obj)
{
    if (!emitter)
        return;
    emit(stamp, EV_REQUEST, (uint8_t)phase, r->lane, task_self_id(), obj, r->priority,
         (int64_t)r->id);
}

static struct request *request_new(struct traffic *t)
{
    struct request *r = t->spare;
    if (r) {
        t->spare = r->next;
        memset(r, 0, sizeof *r);
    } else {
        guard_unlock(&t->guard); /* rt_alloc has a guard of its own */
        r = rt_alloc(t->rt, sizeof *r);
        guard_lock(&t->guard);
    }
    r->service_ns = -1;
    r->cost = 1;
    return r;
}

/* FNV-1a; keys are compared by it alone. Never 0. */
static uint64_t hash_key(const char *key)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *key; key++)
        h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    return h ? h : 1;
}

static struct trace *open_trace(const struct traffic_params *p, const char *base_dir,
                                struct errors *e)
{
    struct trace_part part = {
        .from_ns = p->trace_from_ns, .to_ns = p->trace_to_ns, .key = p->trace_key};
    char *path = trace_path(base_dir, p->arrivals.file);
    struct trace *t = trace_open_part(path, &part, e);
    free(path);
    return t;
}

/* One arrival, now; the guard is held. */
static void arrive(struct traffic *t, const struct trace_row *row)
{
    struct request *r = request_new(t);
    r->id = ++t->made;
    r->arrive_ns = rt_now();
    if (t->classes > 1)
        r->priority = (uint8_t)rng_below(t->classes_rng, (uint32_t)t->classes);
    if (t->params.clients > 0)
        r->key = 1 + rng_below(t->clients_rng, (uint32_t)t->params.clients);
    if (row) {
        r->service_ns = row->service_ns;
        r->outcome = row->outcome;
        r->cost = row->cost;
        r->key = row->key ? hash_key(row->key) : r->key;
        if (row->priority >= 0)
            r->priority = (uint8_t)(row->priority < t->classes ? row->priority : t->classes - 1);
    }
    r->user = t->params.arrivals.kind == ARR_CLOSED;
    for (r->lane = 0; r->lane < t->lanes; r->lane++)
        emit_request(&t->guard.stamp, r, PHASE_ARRIVE, t->obj);
    r->lane = 0;
    r->stamp = t->guard.stamp;
    if (t->tail)
        t->tail->next = r;
    else
        t->head = r;
    t->tail = r;
    t->backlog++;
}

static bool limit_reached(const struct traffic *t)
{
    return t->stopped || (t->params.count && t->made >= (uint64_t)t->params.count);
}

/* ---- when the next one is due
 * ---------------------------------------------------------------------- */

static void read_trace(struct traffic *t)
{
    struct errors e = {0};
    if (t->row_ready || !t->trace)
        return;
    int got = trace_next(t->trace, &t->row, &e);
    t->row_ready = got == 1;
    if (got < 0) { /* it was checked before the run, so it has changed since */
        char text[256];
        snprintf(text, sizeof text, "the trace ends here, line %d: %.200s", e.item[0].line,
                 e.item[0].text);
        rt_mark(text, BY_ENGINE);
    }
    errors_free(&e);
}

/* The instant of the next arrival, or -1. */
static int64_t due_next(struct traffic *t)
{
    if (limit_reached(t))
        return -1;
    switch (t->params.arrivals.kind) {
    case ARR_TRACE:
        read_trace(t);
        return t->row_ready ? t->row.at_ns : -1;
    case ARR_CLOSED:
        return t->back_n ? t->back[t->back_head & (t->back_cap - 1)] : -1;
    case ARR_EAGER:
        return -1;
    default:
        return arrivals_next(&t->clock, t->arrivals_rng);
    }
}

static void set_timer(struct traffic *t)
{
    t->next_ns = due_next(t);
    if (t->next_ns >= 0)
        timer_func_at(t->timer, t->next_ns, timer_order(TIMER_ARRIVAL, t->made + 1));
}

static void due(struct rt *rt, void *arg)
{
    struct traffic *t = arg;
    (void)rt;
    int64_t now = rt_now();
    guard_lock(&t->guard);
    while (t->next_ns >= 0 && t->next_ns <= now && !limit_reached(t)) {
        bool trace = t->params.arrivals.kind == ARR_TRACE;
        arrive(t, trace ? &t->row : NULL);
        if (trace)
            t->row_ready = false;
        if (t->params.arrivals.kind == ARR_CLOSED) {
            t->back_head++;
            t->back_n--;
        }
        t->next_ns = due_next(t);
        if (rt_world(t->rt) == WORLD_SIM)
            break; /* one at a time, so that each is handled before the next */
    }
    if (t->next_ns >= 0 && !limit_reached(t))
        timer_func_at(t->timer, t->next_ns, timer_order(TIMER_ARRIVAL, t->made + 1));
    guard_unlock(&t->guard);
    chan_try_send(t->signal, 1);
}

static void user_back(struct traffic *t, int64_t at_ns)
{
    if (t->back_n == t->back_cap) {
        uint64_t cap = t->back_cap ? t->back_cap * 2 : 64;
        int64_t *ring = rt_alloc(t->rt, cap * sizeof *ring);
        for (uint64_t i = 0; i < t->back_n; i++)
            ring[i] = t->back[(t->back_head + i) & (t->back_cap - 1)];
        t->back = ring;
        t->back_cap = cap;
        t->back_head = 0;
    }
    uint64_t last = t->back_head + t->back_n;
    if (t->back_n && t->back[(last - 1) & (t->back_cap - 1)] > at_ns)
        at_ns =
            t->back[(last - 1) & (t->back_cap - 1)]; /* think time was made shorter: keep order */
    t->back[last & (t->back_cap - 1)] = at_ns;
    t->back_n++;
}

/* ---- the producer's side
 * ---------------------------------------------------------------------------- */

bool traffic_check(const struct traffic_params *p, const char *base_dir, struct errors *e)
{
    if (p->arrivals.kind != ARR_TRACE)
        return true;
    struct trace *t = open_trace(p, base_dir, e);
    if (!t)
        return false;
    struct trace_row row;
    bool good = true;
    for (int got; (got = trace_next(t, &row, e)) && e->kept < ERRORS_MAX;)
        good &= got > 0;
    trace_close(t);
    return good;
}

/* As many users as the parameter says: new ones come at once, surplus ones go as they come back. */
static void set_users(struct traffic *t, int64_t now)
{
    int64_t wanted = t->params.arrivals.kind == ARR_CLOSED ? t->params.arrivals.n : 0;
    for (; t->users < wanted; t->users++)
        user_back(t, now);
    while (t->users > wanted && t->back_n) {
        t->back_n--;
        t->users--;
    }
}

static void begin(struct traffic *t)
{
    int64_t now = rt_now();
    arrivals_begin(&t->clock, &t->params.arrivals, now);
    set_users(t, now);
    set_timer(t);
}

static void close_trace(void *arg)
{
    struct traffic *t = arg;
    trace_close(t->trace);
}

struct traffic *traffic_start(const struct traffic_params *p, int classes, int lanes,
                              const char *base_dir, uint32_t source_obj)
{
    struct rt *rt = rt_here();
    struct traffic *t = rt_alloc(rt, sizeof *t);
    t->rt = rt;
    t->params = *p;
    t->classes = classes;
    t->lanes = lanes;
    t->obj = source_obj;
    t->arrivals_rng = rt_rng(rt, "arrivals");
    t->classes_rng = rt_rng(rt, "classes");
    t->clients_rng = rt_rng(rt, "clients");
    t->signal = chan_make_signal(source_obj);
    t->timer = timer_func(NEVER, 0, due, t);
    if (p->arrivals.kind == ARR_TRACE) {
        struct errors e = {0};
        t->trace = open_trace(p, base_dir, &e);
        errors_free(&e);
        rt_at_destroy(rt, close_trace, t);
    }
    guard_lock(&t->guard);
    begin(t);
    guard_unlock(&t->guard);
    return t;
}

/* Takes the first of the backlog, or makes one if arrivals are eager. NULL: none now; *more: but
 * later. */
static struct request *take(struct traffic *t, bool *more)
{
    guard_lock(&t->guard);
    if (!t->head && t->params.arrivals.kind == ARR_EAGER && !limit_reached(t))
        arrive(t, NULL);
    struct request *r = t->head;
    if (r) {
        t->head = r->next;
        if (!t->head)
            t->tail = NULL;
        r->next = NULL;
        t->backlog--;
    }
    *more = !limit_reached(t) && (t->next_ns >= 0 || t->params.arrivals.kind == ARR_CLOSED ||
                                  t->params.arrivals.kind == ARR_EAGER);
    guard_unlock(&t->guard);
    return r;
}

enum rt_status traffic_next(struct traffic *t, struct context *ctx, struct request **out)
{
    struct select_case sc[2] = {{.c = t->signal}, {.c = ctx_done(ctx)}};
    for (;;) {
        bool more;
        if (sc[1].c && ctx_cancelled(ctx))
            return RT_CANCELLED;
        *out = take(t, &more);
        if (*out)
            return RT_OK;
        if (!more)
            return RT_CLOSED;
        if (!sc[1].c)
            chan_recv(t->signal, NULL);
        else if (chan_select(sc, 2) == 1)
            return RT_CANCELLED;
    }
}

void traffic_taken(struct traffic *t)
{
    guard_lock(&t->guard);
    bool eager = t->params.arrivals.kind == ARR_EAGER;
    guard_unlock(&t->guard);
    if (eager)
        chan_try_send(t->signal, 1);
}

void traffic_stop(struct traffic *t)
{
    guard_lock(&t->guard);
    t->stopped = true;
    t->next_ns = -1;
    timer_stop(t->timer);
    guard_unlock(&t->guard);
    chan_try_send(t->signal, 1);
}

uint32_t traffic_discard(struct traffic *t, enum phase phase)
{
    guard_lock(&t->guard);
    struct request *r = t->head;
    uint32_t n = t->backlog;
    t->head = t->tail = NULL;
    t->backlog = 0;
    guard_unlock(&t->guard);
    while (r) {
        struct request *next = r->next;
        request_end(t, r, phase, t->obj);
        request_free(t, r);
        r = next;
    }
    return n;
}

uint32_t traffic_backlog(struct traffic *t)
{
    guard_lock(&t->guard);
    uint32_t n = t->backlog;
    guard_unlock(&t->guard);
    return n;
}

bool traffic_has_trace(const struct traffic *t)
{
    return t->trace != NULL;
}

void traffic_changed(struct traffic *t, const struct traffic_params *p)
{
    guard_lock(&t->guard);
    bool trace = t->params.arrivals.kind == ARR_TRACE;
    if (!t->stopped && !(trace && p->arrivals.kind == ARR_TRACE)) {
        t->params.arrivals = p->arrivals;
        timer_stop(t->timer);
        begin(t);
    }
    guard_unlock(&t->guard);
    chan_try_send(t->signal, 1);
}

/* ---- a request's life
 * ---------------------------------------------------------------------------------- */

void request_start(struct traffic *t, struct request *r, uint32_t obj)
{
    (void)t;
    r->start_ns = rt_now();
    emit_request(&r->stamp, r, PHASE_START, obj);
}

void request_end(struct traffic *t, struct request *r, enum phase phase, uint32_t obj)
{
    if (r->ended) {
        emit_request(&r->stamp, r, PHASE_LATE, obj);
        return;
    }
    r->ended = 1;
    emit_request(&r->stamp, r, phase, obj);
    if (!r->user)
        return;
    guard_lock(&t->guard);
    bool closed = t->params.arrivals.kind == ARR_CLOSED;
    if (limit_reached(t) || !closed || t->users > t->params.arrivals.n) {
        t->users--;
    } else {
        user_back(t, rt_now() + t->params.arrivals.span_ns);
        if (t->next_ns < 0)
            set_timer(t);
    }
    guard_unlock(&t->guard);
}

struct request *request_for_lane(struct traffic *t, const struct request *r, uint16_t lane)
{
    guard_lock(&t->guard);
    struct request *other = request_new(t);
    guard_unlock(&t->guard);
    *other = *r;
    other->lane = lane;
    other->next = NULL;
    return other;
}

void request_free(struct traffic *t, struct request *r)
{
    guard_lock(&t->guard);
    r->next = t->spare;
    t->spare = r;
    guard_unlock(&t->guard);
}
