/* SPDX-License-Identifier: MIT */
/* Singleflights, barriers, latches, maps and pools: what several tasks share beyond locks. */
#include "base/mem.h"
#include "model/model_inside.h"

static void queue(struct model *m, struct object_model *o, uint32_t waiters)
{
    if (waiters && !o->waiters)
        o->receivers_since = m->now_ns;
    o->waiters = waiters;
}

/* Level: flights under way. */
static void fold_flight(struct model *m, struct object_model *o, const struct event *e)
{
    count_op(o, e->op);
    object_level(o, m->now_ns, e->a);
    o->part[0] = e->b;
    if (e->op != FLIGHT_JOIN)
        model_log(m, e);
}

/* Level: those who have come, or what the latch is counted down to. */
static void fold_barrier(struct model *m, struct object_model *o, const struct event *e)
{
    bool latch = o->kind == OBJ_LATCH;
    count_op(o, e->op);
    object_level(o, m->now_ns, latch ? e->a : o->cap > e->a ? (double)(o->cap - e->a) : 0);
    queue(m, o, e->b);
    o->part[0] = e->c;
    if (e->op == BARRIER_OPEN) {
        o->closed = true;
        o->closed_ns = m->now_ns;
    }
    if (e->op == BARRIER_TRIP || e->op == BARRIER_OPEN || e->op == BARRIER_LEAVE)
        model_log(m, e);
}

/* Level: the keys it keeps, deleted ones too until they are expunged. */
static void fold_map(struct model *m, struct object_model *o, const struct event *e)
{
    count_op(o, e->op);
    object_level(o, m->now_ns, e->b > e->a ? e->b : e->a);
    o->part[0] = e->a;
    o->part[1] = e->b;
    o->part[2] = e->x;
    if (e->op == MAP_COPY || e->op == MAP_PROMOTE || e->op == MAP_CLEAR)
        model_log(m, e);
}

static struct shelves_model *shelves_of(struct model *m, uint32_t obj)
{
    for (size_t i = 0; i < m->shelves_n; i++)
        if (m->shelves[i].obj == obj)
            return &m->shelves[i];
    grow(&m->shelves, &m->shelves_cap, m->shelves_n + 1, sizeof *m->shelves);
    m->shelves[m->shelves_n] = (struct shelves_model){.obj = obj};
    return &m->shelves[m->shelves_n++];
}

/* Level: items on shelves. */
static void fold_pool(struct model *m, struct object_model *o, const struct event *e)
{
    struct shelves_model *s = shelves_of(m, e->obj);
    uint8_t shelf = (uint8_t)(e->x & 0xff), items = (uint8_t)(e->x >> 8);
    count_op(o, e->op);
    object_level(o, m->now_ns, e->a);
    o->part[0] = e->a;
    o->part[1] = e->b;
    if (e->op == POOL_COLLECT) {
        for (uint32_t i = 0; i < MODEL_SHELVES; i++)
            s->items[i] = 0;
        model_log(m, e);
    } else if (shelf < MODEL_SHELVES) {
        s->n = shelf >= s->n ? shelf + 1U : s->n;
        s->items[shelf] = items;
    }
    if (e->op == POOL_NEW || e->op == POOL_STEAL)
        model_log(m, e);
}

void fold_shared(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    if (e->kind == EV_FLIGHT)
        fold_flight(m, o, e);
    else if (e->kind == EV_BARRIER)
        fold_barrier(m, o, e);
    else if (e->kind == EV_MAP)
        fold_map(m, o, e);
    else
        fold_pool(m, o, e);
}
