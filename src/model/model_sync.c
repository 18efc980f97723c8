/* SPDX-License-Identifier: MIT */
/* Once and condition: who is at it, how many wait, how often each thing happened. */
#include "model/model_inside.h"

static void queue(struct model *m, struct object_model *o, uint32_t waiters)
{
    if (waiters && !o->waiters)
        o->receivers_since = m->now_ns;
    o->waiters = waiters;
}

void fold_once(struct model *m, const struct event *e)
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

void fold_cond(struct model *m, const struct event *e)
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
