/* SPDX-License-Identifier: MIT */
/* A node of the distributed limiter: takes a request from its queue, asks whom it has to ask, and
 * lets it in or not. Its windows are by its own clock; what it does to the limit is counted by the
 * true one, at the instant at which it read its clock. */
#include "event/emit.h"
#include "patterns/distributed_limiter.h"

struct verdict {
    bool ok;
    uint8_t why;      /* enum admit_why */
    uint32_t at;      /* who said no */
    int64_t number;   /* of the true window it counts in */
    int64_t node_at;  /* when the node's window began, in true time */
    int64_t n;        /* in the window, as far as the node knows */
    int64_t again_ns; /* refused: when the next window begins for it */
};

const struct distributed_params *distributed_params(const struct distributed *d)
{
    return pattern_params(d->pr, "distributed_limiter");
}

int64_t node_skew(const struct node *n)
{
    int64_t nodes = n->of->of->nodes;
    return nodes > 1 ? distributed_params(n->of->of)->skew_ns / (nodes - 1) * n->index : 0;
}

static bool asks(const struct shared_lane *l)
{
    return l->form == FORM_ATOMIC || l->form == FORM_READ_MODIFY_WRITE;
}

/* What a node may let in by itself. INT64_MAX: it does not count by itself. */
static int64_t own_limit(const struct node *n, const struct distributed_params *p)
{
    int64_t nodes = n->of->of->nodes;
    int64_t share = p->limit / nodes + (n->index < p->limit % nodes);
    if (p->mistake == M4_CLIENTS_ONLY || n->of->form == FORM_CLIENT_SIDE)
        return p->client_limit ? p->client_limit : p->limit;
    if (n->of->form == FORM_LOCAL)
        return share;
    return p->client_limit ? p->client_limit : INT64_MAX;
}

/* ---- events ---------------------------------------------------------------------------------- */

static void law_of(struct shared_lane *l, uint32_t obj, int64_t limit, int64_t span_ns)
{
    emit(&l->guard.stamp, EV_LAW, LAW_FIXED_WINDOW, 0, 0, obj,
         limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit, span_ns);
}

void lane_law(struct shared_lane *l)
{
    const struct distributed_params *p = distributed_params(l->of);
    if (!emitter)
        return;
    guard_lock(&l->guard);
    law_of(l, l->obj, p->limit, p->window_ns);
    for (int i = 0; i < l->of->nodes; i++) {
        int64_t own = own_limit(&l->node[i], p);
        law_of(l, l->node[i].obj, own == INT64_MAX ? p->limit : own, p->window_ns);
    }
    guard_unlock(&l->guard);
}

static void stands(struct shared_lane *l, uint32_t obj, int64_t n, int64_t at_ns)
{
    emit(&l->guard.stamp, EV_LIMITER, LAW_FIXED_WINDOW, 0, 0, obj, (uint32_t)(n * 1000), at_ns);
}

/* Under the guard. */
static struct true_window *window_of(struct shared_lane *l, int64_t number)
{
    struct true_window *w = &l->window[(uint64_t)number % WINDOWS_KEPT];
    if (w->number != number)
        *w = (struct true_window){.number = number};
    return w;
}

/* Counts it by true time, and says all that is to be said of it. */
static void tell(struct node *n, const struct request *r, const struct verdict *v,
                 const struct distributed_params *p)
{
    struct shared_lane *l = n->of;
    uint16_t x = (uint16_t)((v->ok ? ADMIT_IS_OK : 0) << 8 | l->lane);
    guard_lock(&l->guard);
    struct true_window *w = window_of(l, v->number);
    w->n += v->ok;
    bool over = v->ok && w->n > p->limit;
    l->over += over;
    l->newest = v->number > l->newest ? v->number : l->newest;
    if (emitter) {
        if (over)
            emit(&l->guard.stamp, EV_OVER, 0, 0, 0, l->obj, (uint32_t)p->limit,
                 emit_ab((uint32_t)w->n, (uint32_t)l->over));
        emit(&l->guard.stamp, EV_ADMIT, v->why, x, (uint32_t)(w->n * 1000), l->obj, (uint32_t)r->id,
             0);
        if (v->why == ADMIT_LIMITED)
            emit(&l->guard.stamp, EV_RETRY_AFTER, 0, l->lane, 0, l->obj, (uint32_t)r->id,
                 v->again_ns);
        if (v->ok && v->number == l->newest)
            stands(l, l->obj, w->n, (v->number - l->ahead) * p->window_ns);
        emit(&l->guard.stamp, EV_ADMIT, v->why, x, (uint32_t)(v->n * 1000), n->obj, (uint32_t)r->id,
             0);
        if (n->told_at != v->node_at || n->told_n != v->n)
            stands(l, n->obj, v->n, v->node_at);
        n->told_at = v->node_at;
        n->told_n = v->n;
    }
    guard_unlock(&l->guard);
}

/* ---- deciding -------------------------------------------------------------------------------- */

static bool own_take(struct node *n, int64_t window, int64_t limit)
{
    if (n->window != window) {
        n->window = window;
        n->used = 0;
    }
    if (n->used >= limit)
        return false;
    n->used++;
    return true;
}

/* Nobody knows how many are in: what then, is a matter of policy. */
static void unreached(struct node *n, const struct distributed_params *p, int64_t window,
                      struct verdict *v)
{
    v->at = n->obj;
    if (ctx_cancelled(n->of->of->ctx)) {
        v->ok = false;
        v->why = ADMIT_CANCELLED;
        return;
    }
    int64_t share = p->limit / n->of->of->nodes + (n->index < p->limit % n->of->of->nodes);
    v->ok =
        p->on_failure == FAIL_OPEN || (p->on_failure == FAIL_LOCAL && own_take(n, window, share));
    v->why = v->ok ? ADMIT_OK : ADMIT_UNREACHED;
    v->n = n->used;
}

/* Reads, looks, writes: between the first and the last of it others do the same. */
static enum store_answer read_modify_write(struct node *n, const struct store_window *w,
                                           int64_t limit, int64_t *count)
{
    int64_t base;
    enum store_answer a = store_get(n->link, w, &base);
    *count = base;
    if (a != STORE_YES || base >= limit)
        return a == STORE_YES ? STORE_NO : a;
    *count = base + 1;
    return store_set(n->link, w, base + 1, base);
}

static void ask(struct node *n, const struct distributed_params *p, int64_t window,
                struct verdict *v)
{
    struct shared_lane *l = n->of;
    struct store_window w = {.space = l->lane,
                             .number = window,
                             .span_ns = p->window_ns,
                             .its_clock = l->form == FORM_ATOMIC && p->clock == CLOCK_STORE};
    enum store_answer a = l->form == FORM_ATOMIC ? store_take(n->link, &w, p->limit, &v->n)
                                                 : read_modify_write(n, &w, p->limit, &v->n);
    if (a == STORE_SILENT) {
        unreached(n, p, window, v);
        return;
    }
    if (w.its_clock) { /* its window is the true one */
        guard_lock(&l->guard);
        l->ahead = w.number - rt_now() / p->window_ns;
        guard_unlock(&l->guard);
        v->number = w.number;
        v->node_at = rt_now() / p->window_ns * p->window_ns;
    }
    v->ok = a == STORE_YES;
    v->why = v->ok ? ADMIT_OK : ADMIT_LIMITED;
    v->at = store_id(l->of->store);
}

static void decide(struct node *n, const struct distributed_params *p, struct verdict *v)
{
    struct shared_lane *l = n->of;
    int64_t now = rt_now(), skew = node_skew(n), mine = now + skew;
    int64_t window = mine / p->window_ns, own = own_limit(n, p);
    guard_lock(&l->guard);
    int64_t ahead = l->ahead;
    guard_unlock(&l->guard);
    *v = (struct verdict){.number = now / p->window_ns + ahead,
                          .node_at = window * p->window_ns - skew,
                          .again_ns = (window + 1) * p->window_ns - mine,
                          .at = n->obj};
    v->ok = own == INT64_MAX || own_take(n, window, own);
    v->why = v->ok ? ADMIT_OK : ADMIT_LIMITED;
    v->n = n->used;
    if (v->ok && asks(l) && p->mistake != M4_CLIENTS_ONLY)
        ask(n, p, window, v);
    if (own != INT64_MAX)
        v->n = n->used; /* what its own gate has let in, not what the store knows */
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static void finish(struct shared_lane *l, struct request *r, enum phase phase, uint32_t obj)
{
    request_end(l->of->traffic, r, phase, obj);
    request_free(l->of->traffic, r);
}

static void handle(struct node *n, struct request *r)
{
    const struct distributed_params *p = distributed_params(n->of->of);
    struct verdict v;
    decide(n, p, &v);
    tell(n, r, &v, p);
    if (!v.ok)
        finish(n->of, r, v.why == ADMIT_CANCELLED ? PHASE_CANCEL : PHASE_REJECT, v.at);
    else if (chan_try_send(n->of->calls, (chan_value)r) != RT_OK)
        finish(n->of, r, PHASE_DROP, chan_id(n->of->calls));
}

void node_task(void *arg)
{
    struct node *n = arg;
    struct shared_lane *l = n->of;
    struct select_case sc[] = {{.c = n->queue}, {.c = ctx_done(l->of->ctx)}};
    rt_hold(chan_id(n->queue), ROLE_RECEIVES);
    rt_hold(chan_id(l->calls), ROLE_SENDS);
    if (asks(l))
        rt_hold(store_id(l->of->store), ROLE_CALLS);
    rt_hold(ctx_id(l->of->ctx), ROLE_RECEIVES);
    while (chan_select(sc, 2) == 0 && sc[0].ok)
        handle(n, (struct request *)sc[0].value);
    store_unlink(n->link);
    if (atomic_fetch_sub(&l->nodes_left, 1) == 1)
        chan_close(l->calls);
    wg_done(l->of->wg);
}

void shared_server(void *arg)
{
    struct shared_lane *l = arg;
    struct distributed *d = l->of;
    struct select_case sc[] = {{.c = l->calls}, {.c = ctx_done(d->ctx)}};
    uint32_t obj = dependency_id(l->dependency);
    rt_hold(obj, ROLE_CALLS);
    rt_hold(chan_id(l->calls), ROLE_RECEIVES);
    rt_hold(ctx_id(d->ctx), ROLE_RECEIVES);
    while (chan_select(sc, 2) == 0 && sc[0].ok) {
        struct request *r = (struct request *)sc[0].value;
        enum outcome outcome = OUTCOME_NONE;
        request_start(d->traffic, r, obj);
        bool back = dependency_call(l->dependency, d->ctx, r, 0, &outcome) == RT_OK;
        enum phase phase = !back || outcome == OUTCOME_HANG                   ? PHASE_CANCEL
                           : outcome == OUTCOME_OK || outcome == OUTCOME_NONE ? PHASE_DONE
                                                                              : PHASE_ERROR;
        finish(l, r, phase, obj);
    }
    wg_done(d->wg);
}
