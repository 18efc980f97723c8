/* SPDX-License-Identifier: MIT */
/* Locks and what is built like them: who has it, how many wait, how often each thing happened. */
#include "model/model_inside.h"

static void queue(struct model *m, struct object_model *o, uint32_t waiters)
{
    if (waiters && !o->waiters)
        o->receivers_since = m->now_ns;
    o->waiters = waiters;
}

void fold_lock(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    switch (e->op) {
    case LOCK_LOCK:
        o->owner = e->task;
        object_level(o, m->now_ns, 1);
        break;
    case LOCK_UNLOCK:
        o->owner = 0;
        object_level(o, m->now_ns, 0);
        break;
    case LOCK_RLOCK:
    case LOCK_RUNLOCK:
        object_level(o, m->now_ns, e->a);
        break;
    default:
        break;
    }
    queue(m, o, e->b);
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

void fold_sem(struct model *m, const struct event *e)
{
    struct object_model *o = object_at(m, e->obj);
    if (!o)
        return;
    count_op(o, e->op);
    object_level(o, m->now_ns, e->a);
    queue(m, o, e->b);
    if (e->op == SEM_CANCEL || e->op == SEM_TIMEOUT || e->op == SEM_NEVER)
        model_log(m, e);
}
