/* SPDX-License-Identifier: MIT */
/* A lane: its limiter's decisions, what waits for them, and the callers of what was let in.
 *
 * The hard idea: a limiter has no thread. Some let a request in "in 300 ms" (a reservation), some
 * keep it in a queue and decide when tokens come. Both end in the lane's task, which sleeps until
 * the next turn or the limiter's next instant, whichever is first, and is poked when there is a new
 * one. */
#include <stdio.h>

#include "patterns/rate_limiter.h"

static struct kept *keep(struct lane *l, struct request *r)
{
    guard_lock(&l->guard);
    struct kept *k = l->spare;
    if (k)
        l->spare = k->next;
    guard_unlock(&l->guard);
    if (!k)
        k = rt_alloc(l->of->rt, sizeof *k);
    *k = (struct kept){.r = r};
    return k;
}

/* No longer kept: its request. Under the guard. */
static struct request *let_go(struct lane *l, struct kept *k)
{
    struct request *r = k->r;
    k->next = l->spare;
    l->spare = k;
    return r;
}

static void poke(struct lane *l)
{
    chan_try_send(l->poke, 1);
}

static void end(struct lane *l, struct request *r, enum phase phase, uint32_t obj)
{
    request_end(l->of->traffic, r, phase, obj);
    request_free(l->of->traffic, r);
    guard_lock(&l->guard);
    bool over = --l->open == 0 && l->last;
    guard_unlock(&l->guard);
    if (over)
        poke(l);
}

static void refuse(struct lane *l, struct request *r, enum admit_why why)
{
    end(l, r,
        why == ADMIT_TIMEOUT     ? PHASE_TIMEOUT
        : why == ADMIT_CANCELLED ? PHASE_CANCEL
                                 : PHASE_REJECT,
        gate_id(l->gate));
}

/* ---- callers -----------------------------------------------------------------------------------
 */

struct call {
    struct lane *lane;
    struct request *r;
    struct ticket ticket;
    struct call *next;
};

static struct call *call_new(struct lane *l, struct request *r, const struct ticket *t)
{
    guard_lock(&l->guard);
    struct call *c = l->spare_calls;
    if (c)
        l->spare_calls = c->next;
    guard_unlock(&l->guard);
    if (!c)
        c = rt_alloc(l->of->rt, sizeof *c);
    *c = (struct call){.lane = l, .r = r, .ticket = *t};
    return c;
}

static void call(struct lane *l, struct call *c)
{
    static const struct {
        uint8_t phase, how;
    } ends[] = {[OUTCOME_NONE] = {PHASE_DONE, CALL_OK},
                [OUTCOME_OK] = {PHASE_DONE, CALL_OK},
                [OUTCOME_ERROR] = {PHASE_ERROR, CALL_ERROR},
                [OUTCOME_HANG] = {PHASE_CANCEL, CALL_CANCELLED},
                [OUTCOME_IGNORED] = {PHASE_ERROR, CALL_IGNORED}};
    enum outcome outcome = OUTCOME_NONE;
    int64_t from = rt_now();
    request_start(l->of->traffic, c->r, l->dependency_obj);
    bool came_back = dependency_call(l->dependency, l->of->ctx, c->r, 0, &outcome) == RT_OK;
    gate_end(l->gate, &c->ticket, came_back ? ends[outcome].how : CALL_CANCELLED, rt_now() - from);
    end(l, c->r, came_back ? ends[outcome].phase : PHASE_CANCEL, l->dependency_obj);
    poke(l); /* a limiter that looks at latencies may have changed its mind */
}

static void caller(void *arg)
{
    struct call *c = arg;
    struct lane *l = c->lane;
    rt_hold(l->dependency_obj, ROLE_CALLS);
    for (chan_value v = (chan_value)c; v;) {
        c = (struct call *)v;
        call(l, c);
        guard_lock(&l->guard);
        c->next = l->spare_calls;
        l->spare_calls = c;
        l->idle++;
        guard_unlock(&l->guard);
        if (!chan_recv(l->calls, &v))
            break;
    }
    limiter_leave(l->of);
}

void lane_server(void *arg)
{
    struct lane *l = arg;
    rt_hold(l->dependency_obj, ROLE_CALLS);
    rt_hold(chan_id(l->calls), ROLE_RECEIVES);
    for (chan_value v; chan_recv(l->calls, &v);) {
        struct call *c = (struct call *)v;
        call(l, c);
        guard_lock(&l->guard);
        c->next = l->spare_calls;
        l->spare_calls = c;
        guard_unlock(&l->guard);
    }
    limiter_leave(l->of);
}

/* Into the server's queue; when that is full, it is lost. */
static void queue_up(struct lane *l, struct call *c)
{
    if (chan_try_send(l->calls, (chan_value)c) == RT_OK)
        return;
    gate_cancel(l->gate, c->r->id, &c->ticket, false);
    end(l, c->r, PHASE_DROP, chan_id(l->calls));
}

/* Let in: an idle caller takes it, or a new one. */
static void go(struct lane *l, struct request *r, const struct ticket *t)
{
    struct call *c = call_new(l, r, t);
    if (l->of->server) {
        queue_up(l, c);
        return;
    }
    guard_lock(&l->guard);
    bool there = l->idle > 0;
    l->idle -= there;
    uint32_t number = there ? 0 : ++l->callers;
    guard_unlock(&l->guard);
    if (there) {
        chan_send(l->calls, (chan_value)c);
        return;
    }
    char name[96];
    snprintf(name, sizeof name, "%.64s-%u", l->name, number);
    limiter_enter(l->of);
    if (!rt_spawn(name, caller, c)) {
        limiter_leave(l->of);
        gate_cancel(l->gate, r->id, t, false);
        end(l, r, PHASE_DROP, gate_id(l->gate));
    }
}

/* ---- decisions ---------------------------------------------------------------------------------
 */

static void decided(struct lane *l, struct request *r, const struct admission *a)
{
    if (a->wait_ns > 0) {
        struct kept *k = keep(l, r);
        k->ticket = a->ticket;
        k->at_ns = rt_now() + a->wait_ns;
        k->ok = a->ok;
        k->why = a->why;
        guard_lock(&l->guard);
        turns_add(&l->turns, k);
        guard_unlock(&l->guard);
        poke(l);
    } else if (a->ok) {
        go(l, r, &a->ticket);
    } else {
        refuse(l, r, a->why);
    }
}

void lane_offer(struct lane *l, struct request *r)
{
    const struct rate_limiter_params *w = pattern_params(l->of->pr, "rate_limiter");
    struct policy_request q = {
        .id = r->id,
        .deadline_ns = w->patience == PARAM_FOREVER ? POLICY_NEVER : r->arrive_ns + w->patience,
        .cost = r->cost,
        .priority = r->priority,
        .key = r->key};
    struct admission a;
    struct kept *k = keep(l, r);
    admission_begin(&a);
    guard_lock(&l->guard); /* the lane's task must not see it decided before it stands here */
    l->open++;
    gate_admit(l->gate, &q, &a);
    if (a.waiting) {
        k->ticket = a.ticket;
        undecided_add(&l->waiting, k);
    } else {
        let_go(l, k);
    }
    guard_unlock(&l->guard);
    if (a.waiting)
        poke(l);
    else
        decided(l, r, &a);
}

void lane_last(struct lane *l)
{
    guard_lock(&l->guard);
    l->last = true;
    guard_unlock(&l->guard);
    poke(l);
}

/* The first whose turn has come; false: none. */
static bool take_turn(struct lane *l, struct kept *out)
{
    guard_lock(&l->guard);
    bool due = l->turns.n && l->turns.heap[0]->at_ns <= rt_now();
    if (due) {
        struct kept *k = turns_take(&l->turns);
        *out = *k;
        let_go(l, k);
    }
    guard_unlock(&l->guard);
    return due;
}

/* The next that has waited and is decided; NULL: none. */
static struct request *next_decided(struct lane *l, struct decided *d)
{
    struct request *r = NULL;
    guard_lock(&l->guard);
    while (!r && gate_decided(l->gate, d)) {
        struct kept *k = undecided_take(&l->waiting, d->id);
        r = k ? let_go(l, k) : NULL;
    }
    guard_unlock(&l->guard);
    return r;
}

static void settle(struct lane *l)
{
    struct decided d;
    struct kept k;
    for (struct request *r; (r = next_decided(l, &d));) {
        d.a.wait_ns = 0; /* it has waited */
        decided(l, r, &d.a);
    }
    while (take_turn(l, &k)) {
        if (k.ok)
            go(l, k.r, &k.ticket);
        else
            refuse(l, k.r, k.why);
    }
}

/* The context was cancelled: whatever waits gives up, and what can be given back is. */
static void give_up(struct lane *l)
{
    for (;;) {
        guard_lock(&l->guard);
        bool undecided = l->waiting.n > 0;
        struct kept *k = undecided ? undecided_take(&l->waiting, l->waiting.first->r->id)
                                   : turns_take(&l->turns);
        guard_unlock(&l->guard);
        if (!k)
            return;
        if (undecided || k->ok)
            gate_cancel(l->gate, k->r->id, &k->ticket, undecided);
        end(l, k->r, PHASE_CANCEL, gate_id(l->gate));
    }
}

/* Until when to sleep; 0: it is all over. */
static int64_t sleep_until(struct lane *l)
{
    int64_t next = gate_next_ns(l->gate);
    guard_lock(&l->guard);
    if (l->turns.n && l->turns.heap[0]->at_ns < next)
        next = l->turns.heap[0]->at_ns;
    bool over = l->last && !l->open;
    guard_unlock(&l->guard);
    return over ? 0 : next;
}

void lane_task(void *arg)
{
    struct lane *l = arg;
    struct select_case sc[] = {{.c = l->poke}, {.c = ctx_done(l->of->ctx)}};
    rt_hold(gate_id(l->gate), ROLE_CALLS);
    if (l->of->server) {
        rt_hold(chan_id(l->calls), ROLE_SENDS);
        rt_hold(chan_id(l->calls), ROLE_CLOSES);
    }
    if (l->of->heeds)
        rt_hold(ctx_id(l->of->ctx), ROLE_RECEIVES);
    for (int64_t until;;) {
        settle(l);
        until = sleep_until(l);
        if (!until)
            break;
        if (chan_select_until(sc, l->of->heeds ? 2 : 1, until) == 1) {
            give_up(l);
            sc[1].c = NULL; /* what is being called ends by itself */
        }
    }
    chan_close(l->calls);
    limiter_leave(l->of);
}
