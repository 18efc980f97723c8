/* SPDX-License-Identifier: MIT */
/* What policies decide: how full each is, and where lanes disagree.
 *
 * Lanes are ways to treat the same request. Their decisions on one request stand beside each other
 * until the ring has gone round: a request on which they differ is what a comparison is about. A
 * lane that lets its caller wait decides later, perhaps after the next request. */
#include "model/model_inside.h"

#include <stdio.h>

const char *model_lane_name(const struct model *m, size_t lane)
{
    static _Thread_local char number[16];
    uint32_t obj = lane < m->lanes_n ? m->lanes[lane].obj : 0;
    if (obj)
        return model_object_name(m, obj);
    snprintf(number, sizeof number, "%zu", lane);
    return number;
}

const struct comparison *model_comparison(const struct model *m, size_t back)
{
    if (back >= m->compared_n || back >= MODEL_COMPARED)
        return NULL;
    return &m->compared[(m->compared_n - 1 - back) % MODEL_COMPARED];
}

bool comparison_differs(const struct comparison *v)
{
    return v->ok && (v->ok ^ v->decided);
}

static struct comparison *comparison_of(struct model *m, uint32_t id)
{
    for (size_t back = 0; back < MODEL_COMPARED && back < m->compared_n; back++) {
        struct comparison *v = &m->compared[(m->compared_n - 1 - back) % MODEL_COMPARED];
        if (v->id == id)
            return v;
        if (v->id < id)
            break;
    }
    struct comparison *v = &m->compared[m->compared_n++ % MODEL_COMPARED];
    *v = (struct comparison){.t_ns = m->now_ns, .id = id};
    return v;
}

/* Who stood alone. */
static void all_decided(struct model *m, const struct comparison *v)
{
    unsigned out = v->decided & ~(unsigned)v->ok;
    if (v->ok && !(v->ok & (v->ok - 1)))
        m->lanes[__builtin_ctz(v->ok)].alone_in++;
    if (out && !(out & (out - 1)) && m->lanes_n > 2)
        m->lanes[__builtin_ctz(out)].alone_out++;
}

static void fold_admit(struct model *m, const struct event *e)
{
    uint16_t number = e->x & 0xff;
    bool ok = e->x >> 8 & 1;
    struct object_model *o =
        number < MODEL_LANES && e->op < ADMIT_WHY_COUNT ? object_at(m, e->obj) : NULL;
    if (!o) {
        m->ignored++;
        return;
    }
    count_op(o, ok ? (uint8_t)ADMIT_OK : e->op); /* a dry run lets in whom it would refuse */
    object_level(o, m->now_ns, (double)(int32_t)e->task / 1000);
    object_rate(o, m->now_ns, 1, ok);
    limiter_admit(m, e);
    breaker_admit(m, e);
    if (number >= m->lanes_n)
        m->lanes_n = (size_t)number + 1;
    struct lane_model *l = &m->lanes[number];
    if (!l->obj)
        l->obj = e->obj;
    if (l->obj != e->obj)
        return; /* a path of several: its first decides whether the lane took it */
    struct comparison *v = comparison_of(m, e->c);
    bool differed = comparison_differs(v);
    v->decided |= (uint8_t)(1u << number);
    v->ok |= (uint8_t)((unsigned)ok << number);
    v->waited |= (uint8_t)((e->v > 0u) << number);
    v->why[number] = e->op;
    m->differ += comparison_differs(v) && !differed;
    if (v->decided == (1u << m->lanes_n) - 1 && m->lanes_n > 1)
        all_decided(m, v);
}

void fold_policy(struct model *m, const struct event *e)
{
    if (e->kind == EV_ADMIT)
        fold_admit(m, e);
    else if (e->kind == EV_STORE)
        fold_store(m, e);
    else
        fold_limiter(m, e);
}
