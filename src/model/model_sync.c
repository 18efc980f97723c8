/* SPDX-License-Identifier: MIT */
/* Once and condition: who is at it, how many wait, how often each thing happened. */
#include "model/model_inside.h"

static void queue(struct model *m, struct object_model *o, uint32_t waiters)
{
    if (waiters && !o->waiters)
        o->receivers_since = m->now_ns;
    o->waiters = waiters;
}

static void fold_once(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    if (e->op == ONCE_BEGIN)
        o->owner = e->task;
    if (e->op == ONCE_DONE || e->op == ONCE_PASS) {
        o->owner = 0;
        object_level(o, m->now_ns, 1);
    }
    queue(m, o, e->b);
    if (e->op == ONCE_BEGIN || e->op == ONCE_DONE)
        model_log(m, e);
}

static void fold_cond(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    object_level(o, m->now_ns, e->b);
    queue(m, o, e->b);
    o->parent = e->c;
    if (e->op != COND_WAIT && e->op != COND_WAKE)
        model_log(m, e);
}

/* ---- cells -------------------------------------------------------------------------------------
 */

static void stored(struct model *m, const struct event *e)
{
    if (m->stores_n < MODEL_STORES)
        m->stores[m->stores_n++] = (struct store_model){.task = e->task,
                                                        .obj = e->obj,
                                                        .value = e->v,
                                                        .order = (uint8_t)e->x,
                                                        .word = e->x >> 8 & CELL_WORD};
}

static void flushed(struct model *m, const struct event *e)
{
    uint32_t i = 0;
    while (i < m->stores_n && (m->stores[i].task != e->task || m->stores[i].obj != e->obj ||
                               m->stores[i].word != (e->x >> 8 & CELL_WORD)))
        i++;
    if (i == m->stores_n)
        return;
    m->stores_n--;
    for (; i < m->stores_n; i++)
        m->stores[i] = m->stores[i + 1];
}

static void fold_byte(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    if (e->op == CELL_WRITE)
        o->owner = e->task;
}

static void fold_cell(struct model *m, const struct event *e)
{
    if (e->kind == EV_BYTE) {
        fold_byte(m, e);
        return;
    }
    if (e->op == CELL_FENCE)
        return;
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    bool writes = e->op != CELL_READ && e->op != CELL_LOAD && e->op != CELL_CAS_FAILED;
    if (e->x >> 8 & CELL_BUFFERED) {
        if (writes)
            stored(m, e);
        return; /* what all others see is as it was */
    }
    if (e->op == CELL_FLUSH)
        flushed(m, e);
    if (writes)
        o->owner = e->task;
    if (o->kind == OBJ_SLICE) { /* its array and where in it, its length, its capacity */
        uint32_t word = e->x >> 8 & CELL_WORD;
        if (word == 0) {
            o->parent = e->a;
            o->part[0] = e->b;
        } else if (word == 1) {
            object_level(o, m->now_ns, (double)e->v);
        } else if (word == 2) {
            o->part[1] = (uint32_t)e->v;
        }
        return;
    }
    if (!(e->x >> 8 & CELL_WORD))
        object_level(o, m->now_ns, e->x >> 8 & CELL_TAGGED ? (double)e->a : (double)e->v);
}

void fold_sync(struct model *m, const struct event *e)
{
    if (e->kind == EV_ONCE)
        fold_once(m, e);
    else if (e->kind == EV_COND)
        fold_cond(m, e);
    else
        fold_cell(m, e);
}
